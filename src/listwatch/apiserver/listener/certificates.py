"""A throw-away certificate authority, and the certificates it issues: who the server is, and who a client is.

Every certificate satisfies RFC 5280 as strict verifiers read it (OpenSSL's `X509_V_FLAG_X509_STRICT`, which
Python switches on by default since 3.13): subject and authority key identifiers, critical basicConstraints
and keyUsage, an extendedKeyUsage for one purpose only, a random positive serial number, a subject alternative
name for every name.

Rules: no files, no sockets, no clock; the moment of issue is a parameter. Keys live in memory and never show
       in a `repr`.
Source: kubeadm's PKI (O is the group, CN the user); differs: elliptic keys (P-256), because they cost a
thousandth of an RSA key and every client understands them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

# The names under which tools on the same machine, and pods that think they are in a cluster, reach the
# server.
LOOPBACK_NAMES = (
    "127.0.0.1",
    "::1",
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
)

# Clocks of a virtual machine and its host differ by a little; a certificate "from the future" is refused.
BACKDATING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both PEM. The key is unencrypted PKCS #8, left out of the `repr`."""

    certificate_pem: bytes
    key_pem: bytes = field(repr=False)


class CertificateAuthority:
    """A fresh authority that signs server and client certificates.

    Promised: each call issues a new key and certificate, valid from five minutes before `now` for as long as
    the authority itself. Not promised: revocation. Everything is forgotten with the object, unless `pair` is kept
    and `load`ed.

    Args:
        now: The moment of issue, aware. Take it from the machine's clock, not a virtual one: TLS libraries on
            the other side read theirs.
        lifetime: How long everything it issues is valid. A year by default.
        common_name: The authority's name, as tools show it.
    """

    def __init__(
        self, *, now: datetime, lifetime: timedelta = timedelta(days=365), common_name: str = "listwatch-ca"
    ) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        self._become(ec.generate_private_key(ec.SECP256R1()), name, now - BACKDATING, now + lifetime)
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate_pem: bytes = certificate.public_bytes(serialization.Encoding.PEM)

    @classmethod
    def load(cls, pair: KeyPair) -> CertificateAuthority:
        """The authority that `pair` was taken from: it goes on as if it had never been away.

        Raises:
            ValueError: `pair` is no certificate and key of an authority like this one.
        """
        certificate = x509.load_pem_x509_certificate(pair.certificate_pem)
        key = serialization.load_pem_private_key(pair.key_pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority's key is of another kind")  # noqa: TRY004 - the value is wrong
        authority = cls.__new__(cls)
        authority._become(  # noqa: SLF001 - this is a constructor
            key, certificate.subject, certificate.not_valid_before_utc, certificate.not_valid_after_utc
        )
        authority.certificate_pem = pair.certificate_pem
        return authority

    @property
    def pair(self) -> KeyPair:
        """The authority's own certificate and key, to be kept where nobody else can read them."""
        return KeyPair(self.certificate_pem, _pem(self._key))

    def issue_server(self, *, names: Iterable[str] = ()) -> KeyPair:
        """A certificate for the server: loopback, the in-cluster names, and `names`.

        Args:
            names: Further DNS names and IP addresses; each is told apart by its form.
        """
        every = list(dict.fromkeys([*LOOPBACK_NAMES, *names]))
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in every])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
        return self._issue(subject, ExtendedKeyUsageOID.SERVER_AUTH, alternatives)

    def issue_client(self, *, common_name: str, organizations: Sequence[str] = ()) -> KeyPair:
        """A certificate that makes its bearer the user `common_name` in the groups `organizations`."""
        subject = x509.Name(
            [
                *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organizations),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        return self._issue(subject, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def _become(
        self, key: ec.EllipticCurvePrivateKey, name: x509.Name, not_before: datetime, not_after: datetime
    ) -> None:
        self._key, self._name = key, name
        self._not_before, self._not_after = not_before, not_after
        self._key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())

    def sign_client(self, request_pem: bytes, *, now: datetime, lifetime: timedelta | None = None) -> bytes:
        """A client's certificate, as PEM, for the key and the names in a PKCS #10 request.

        Args:
            request_pem: The request.
            now: The moment of issue.
            lifetime: How long it shall be valid, at most as long as the authority; None for as long as that.

        Raises:
            ValueError: The request cannot be read, its signature is not its key's, or it asks for the rights of
                `system:masters`.
        """
        request = x509.load_pem_x509_csr(request_pem)
        try:
            key, is_signed = request.public_key(), request.is_signature_valid
        except UnsupportedAlgorithm as error:
            raise ValueError(f"the request's key is of no use here: {error}") from error
        if not is_signed or not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise ValueError("the request is not signed by an elliptic or RSA key of its own")
        organizations = request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        if any(each.value == "system:masters" for each in organizations):
            raise ValueError("no certificate of this kind makes anybody a member of system:masters")
        ends = self._not_after if lifetime is None else min(self._not_after, now + lifetime)
        builder = (
            self._builder(request.subject, key, not_before=now - BACKDATING, not_after=ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _issue(
        self,
        subject: x509.Name,
        purpose: ObjectIdentifier,
        alternatives: x509.SubjectAlternativeName | None,
    ) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._builder(subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        return KeyPair(
            certificate_pem=builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
            key_pem=_pem(key),
        )

    def _builder(
        self,
        subject: x509.Name,
        public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before or self._not_before)
            .not_valid_after(not_after or self._not_after)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._key_id), critical=False
            )
        )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
