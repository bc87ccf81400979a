"""The certificates that the embedded server makes for itself and for its clients."""

import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from listwatch.apiserver.listener.certificates import (
    BACKDATING,
    LOOPBACK_NAMES,
    CertificateAuthority,
    KeyPair,
)


@pytest.fixture
def authority() -> CertificateAuthority:
    """An authority of this moment: TLS libraries compare with the machine's clock."""
    return CertificateAuthority(now=datetime.now(UTC))


def save(pair: KeyPair, folder: Path) -> Path:
    """Certificate and key in one file, as `ssl.SSLContext.load_cert_chain` wants them."""
    path = folder / "pair.pem"
    path.write_bytes(pair.certificate_pem + pair.key_pem)
    return path


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, *, name: str) -> ssl.SSLObject:
    """A whole TLS handshake in memory; gives the server's side of the connection."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    served = server.wrap_bio(up, down, server_side=True)
    asking = client.wrap_bio(down, up, server_hostname=name)
    for _ in range(6):
        for side in (asking, served):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return served


def contexts(
    authority: CertificateAuthority, folder: Path, *, names: tuple[str, ...] = ()
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's context, both verifying strictly."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(save(authority.issue_server(names=names), folder))
    server.verify_mode = ssl.CERT_OPTIONAL
    server.load_verify_locations(cadata=authority.certificate_pem.decode())
    server.verify_flags |= ssl.VERIFY_X509_STRICT
    client = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    return server, client


@pytest.mark.parametrize("name", [*LOOPBACK_NAMES, "api.test", "10.1.2.3"])
def test_server_certificate_passes_strict_verification_for_every_name(
    authority: CertificateAuthority, tmp_path: Path, name: str
) -> None:
    """A strictly verifying client accepts the server under each loopback, in-cluster and extra name."""
    server, client = contexts(authority, tmp_path, names=("api.test", "10.1.2.3"))
    assert shake_hands(server, client, name=name).version() == "TLSv1.3"


def test_server_certificate_is_refused_under_another_name(
    authority: CertificateAuthority, tmp_path: Path
) -> None:
    """A name that was not asked for is not vouched for."""
    server, client = contexts(authority, tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(server, client, name="elsewhere.test")


def test_another_authority_is_refused(authority: CertificateAuthority, tmp_path: Path) -> None:
    """Two authorities with the same name do not vouch for each other's certificates."""
    server, _ = contexts(authority, tmp_path)
    stranger = CertificateAuthority(now=datetime.now(UTC))
    client = ssl.create_default_context(cadata=stranger.certificate_pem.decode())
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server, client, name="localhost")


def test_client_certificate_says_who_and_which_groups(
    authority: CertificateAuthority, tmp_path: Path
) -> None:
    """The user is the subject's CN, its groups are the subject's Os, and the server's strict check accepts
    it.
    """
    server, client = contexts(authority, tmp_path)
    pair = authority.issue_client(common_name="kubernetes-admin", organizations=("system:masters", "dev"))
    client.load_cert_chain(save(pair, tmp_path))
    peer = shake_hands(server, client, name="localhost").getpeercert()
    assert peer is not None
    assert peer["subject"] == (
        (("organizationName", "system:masters"),),
        (("organizationName", "dev"),),
        (("commonName", "kubernetes-admin"),),
    )


def test_client_certificate_does_not_serve(authority: CertificateAuthority, tmp_path: Path) -> None:
    """A client's certificate cannot be used to pose as the server."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(save(authority.issue_client(common_name="localhost"), tmp_path))
    client = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    with pytest.raises(ssl.SSLCertVerificationError, match="unsuitable certificate purpose"):
        shake_hands(server, client, name="localhost")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_openssl_verifies_strictly(authority: CertificateAuthority, tmp_path: Path) -> None:
    """The openssl command, strict, accepts the server's certificate for serving and the client's for
    asking.
    """
    ca = tmp_path / "ca.crt"
    ca.write_bytes(authority.certificate_pem)
    for pair, purpose in (
        (authority.issue_server(), "sslserver"),
        (authority.issue_client(common_name="u", organizations=("g",)), "sslclient"),
    ):
        leaf = tmp_path / f"{purpose}.crt"
        leaf.write_bytes(pair.certificate_pem)
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", str(ca), str(leaf)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_validity_is_backdated_and_bounded_by_the_authority() -> None:
    """All certificates hold from a little before the given moment to the end of the given lifetime."""
    now = datetime(2030, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    authority = CertificateAuthority(now=now, lifetime=timedelta(days=2))
    pems = [authority.certificate_pem, authority.issue_server().certificate_pem]
    for certificate in map(x509.load_pem_x509_certificate, pems):
        assert certificate.not_valid_before_utc == (now - BACKDATING).replace(microsecond=0)
        assert certificate.not_valid_after_utc == (now + timedelta(days=2)).replace(microsecond=0)


def test_serial_numbers_and_keys_are_never_reused(authority: CertificateAuthority) -> None:
    """Two certificates of one authority differ in serial number and key, as strict clients demand."""
    first, second = (authority.issue_client(common_name="same") for _ in range(2))
    one, two = (x509.load_pem_x509_certificate(p.certificate_pem) for p in (first, second))
    assert one.serial_number != two.serial_number
    assert one.public_key() != two.public_key()


def test_private_keys_stay_out_of_repr(authority: CertificateAuthority) -> None:
    """Printing a key pair shows the certificate only."""
    assert "PRIVATE" not in repr(authority.issue_client(common_name="u"))


def test_authority_carries_the_name_given() -> None:
    """The authority's common name is the caller's."""
    authority = CertificateAuthority(now=datetime.now(UTC), common_name="my-ca")
    subject = x509.load_pem_x509_certificate(authority.certificate_pem).subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "my-ca"
