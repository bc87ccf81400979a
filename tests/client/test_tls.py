"""TLS contexts: what they trust and show, what makes new ones, and what does not."""

from __future__ import annotations

import logging
import os
import ssl
from pathlib import Path
from typing import Any

import pytest
from manual_clock import ManualClock
from throwaway_pem import Pair, authority, leaf

from listwatch.apimachinery.errors import ConfigError
from listwatch.client.config import Config, TLSConfig
from listwatch.client.credentials import ClientCertificate
from listwatch.client.tls import (
    TLSSource,
    build_context,
    ca_problem,
    certificate_problem,
    key_problem,
    pair_problem,
    read_material,
)


class Handout:
    """Credentials whose certificate the test chooses."""

    def __init__(self, pair: Pair | None) -> None:
        self.pair = pair

    async def authorization(self) -> str | None:
        return None

    async def refused(self, used: str | None) -> bool:
        return False

    def client_certificate(self) -> ClientCertificate | None:
        return ClientCertificate(certificate=self.pair.cert_pem, key=self.pair.key_pem) if self.pair else None


def context_for(tls: TLSConfig) -> ssl.SSLContext:
    return build_context(tls, read_material(tls))


def shake_hands(
    client: ssl.SSLContext,
    folder: Path,
    *,
    hostname: str = "kubernetes.test",
    server: Pair | None = None,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
) -> str | None:
    """A handshake in memory with a server that asks for a certificate; the common name of the one shown."""
    pair = server or leaf("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority().cert_pem.decode())
    (folder / "server.pem").write_bytes(pair.cert_pem + pair.key_pem)
    context.load_cert_chain(folder / "server.pem")
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=hostname)
    there = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (here, there):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    shown: Any = there.getpeercert()
    if not shown:
        return None
    return str(next(value for ((name, value),) in shown["subject"] if name == "commonName"))


def write(folder: Path, **contents: bytes) -> TLSConfig:
    """A `TLSConfig` of files with these contents."""
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    paths = {f"{name}_file": folder / name for name in contents}
    return TLSConfig(**paths)  # type: ignore[arg-type]


def source_for(tls: TLSConfig, clock: ManualClock, pair: Pair | None = None) -> TLSSource:
    return TLSSource(Config(host="https://h", tls=tls, credentials=Handout(pair)), clock=clock)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_trusts_its_ca_only(tmp_path: Path) -> None:
    """A CA of its own is trusted, others and the system's are not."""
    shake_hands(context_for(TLSConfig(ca_data=authority().cert_pem)), tmp_path)
    for tls in (TLSConfig(ca_data=authority("other CA").cert_pem), TLSConfig()):
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(context_for(tls), tmp_path)


def test_bundle_with_comments(tmp_path: Path) -> None:
    """A bundle may hold several certificates and comments in any language."""
    bundle = (
        "# zuerst: \u00fcberfl\u00fcssig\n".encode()
        + authority("other CA").cert_pem
        + b"\nthen\n"
        + authority().cert_pem
    )
    shake_hands(context_for(TLSConfig(ca_data=bundle)), tmp_path)


def test_leaf_as_anchor(tmp_path: Path) -> None:
    """The server's own certificate can be what is trusted, as with client-go."""
    shake_hands(context_for(TLSConfig(ca_data=leaf("server").cert_pem)), tmp_path)


def test_name_must_fit(tmp_path: Path) -> None:
    """The certificate must be for the name that is asked for."""
    context = context_for(TLSConfig(ca_data=authority().cert_pem))
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(context, tmp_path, hostname="elsewhere.test")


def test_insecure(tmp_path: Path) -> None:
    """Without verification anybody is trusted, under any name."""
    shake_hands(context_for(TLSConfig(insecure_skip_verify=True)), tmp_path, hostname="elsewhere.test")


def test_versions() -> None:
    """TLS 1.2 is the least, whatever the system's own default."""
    for tls in (TLSConfig(insecure_skip_verify=True), TLSConfig(ca_data=authority().cert_pem)):
        assert context_for(tls).minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("strict", [True, False])
def test_strictness(strict: bool) -> None:
    """Strict verification can be switched; unset, it is as in Python's own default context."""
    flag, ca = ssl.VERIFY_X509_STRICT, authority().cert_pem
    assert bool(context_for(TLSConfig(ca_data=ca, strict=strict)).verify_flags & flag) is strict
    default = bool(ssl.create_default_context().verify_flags & flag)
    assert bool(context_for(TLSConfig(ca_data=ca)).verify_flags & flag) is default


def test_strict_accepts_a_proper_ca(tmp_path: Path) -> None:
    """Strictness is no obstacle for certificates with the extensions of RFC 5280."""
    shake_hands(context_for(TLSConfig(ca_data=authority().cert_pem, strict=True)), tmp_path)


def test_shows_certificate_from_data_and_files(tmp_path: Path) -> None:
    """The client certificate is shown, wherever it comes from."""
    pair, ca = leaf("client"), authority().cert_pem
    data = TLSConfig(ca_data=ca, cert_data=pair.cert_pem, key_data=pair.key_pem)
    files = write(tmp_path, ca=ca, cert=pair.cert_pem, key=pair.key_pem)
    both = pair.cert_pem + pair.key_pem
    combined = TLSConfig(ca_data=ca, cert_data=both, key_data=both)
    for tls in (data, files, combined):
        assert shake_hands(context_for(tls), tmp_path) == "client"


def test_shows_certificate_of_credentials(tmp_path: Path, clock: ManualClock) -> None:
    """A certificate that the credentials hand out is shown, and another one makes another generation."""
    handout = Handout(None)
    config = Config(host="https://h", tls=TLSConfig(ca_data=authority().cert_pem), credentials=handout)
    source = TLSSource(config, clock=clock)
    first, context = source.current()
    assert context is not None
    assert shake_hands(context, tmp_path) is None
    handout.pair = leaf("from plugin")
    second, context = source.current()
    assert context is not None
    assert (second, shake_hands(context, tmp_path)) == (first + 1, "from plugin")
    assert source.current() == (second, context)


def test_own_certificate_wins(tmp_path: Path, clock: ManualClock) -> None:
    """The configuration's own certificate wins over one of the credentials."""
    own = leaf("client")
    tls = TLSConfig(ca_data=authority().cert_pem, cert_data=own.cert_pem, key_data=own.key_pem)
    _, context = source_for(tls, clock, leaf("from plugin")).current()
    assert context is not None
    assert shake_hands(context, tmp_path) == "client"


def test_no_tls(clock: ManualClock) -> None:
    """An http server needs no context."""
    assert TLSSource(Config(host="http://h"), clock=clock).current() == (0, None)


def test_server_hostname() -> None:
    """The name to verify is the configured one."""
    config = Config(host="https://h", tls=TLSConfig(server_name="k8s.test"))
    assert TLSSource(config).server_hostname == "k8s.test"


@pytest.mark.parametrize("has_memory_files", [True, False])
def test_key_material_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_memory_files: bool
) -> None:
    """Whether the pair can be loaded or not, no file with the key stays behind, on disk or open."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if not has_memory_files:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    open_before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
    pair = leaf("client")
    assert pair_problem(certificate=pair.cert_pem, key=pair.key_pem) is None
    assert (
        pair_problem(certificate=pair.cert_pem, key=leaf("other").key_pem)
        == "does not belong to the certificate"
    )
    assert list(tmp_path.iterdir()) == []
    if open_before:
        assert len(list(Path("/proc/self/fd").iterdir())) == open_before


def test_key_file_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is there, nobody else can read the file that OpenSSL is given."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(os, "memfd_create", _forbidden, raising=False)
    modes = []
    real = ssl.SSLContext.load_cert_chain

    def spy(self: ssl.SSLContext, certfile: str, **rest: str) -> None:
        modes.append(Path(certfile).stat().st_mode & 0o777)
        real(self, certfile, **rest)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", spy)
    pair = leaf("client")
    assert pair_problem(certificate=pair.cert_pem, key=pair.key_pem) is None
    assert modes == [0o600]


def _forbidden(name: str) -> int:
    raise PermissionError(1, name)


def test_no_place_for_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without memory files and without a disk to write to, the error says so."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    monkeypatch.delattr(os, "memfd_create", raising=False)
    pair = leaf("client")
    problem = pair_problem(certificate=pair.cert_pem, key=pair.key_pem)
    assert problem == "cannot be handed to OpenSSL: no such file or directory"


def test_files_unchanged(tmp_path: Path, clock: ManualClock) -> None:
    """As long as the contents are the same there is one context, even if a file was written again."""
    source = source_for(write(tmp_path, ca=authority().cert_pem), clock)
    generation, context = source.current()
    (tmp_path / "ca").write_bytes(authority().cert_pem)
    os.utime(tmp_path / "ca", ns=(1, 1))
    for _ in range(2):
        clock.advance(10)
        assert source.current() == (generation, context)


def test_files_changed(tmp_path: Path, clock: ManualClock) -> None:
    """New contents make a new generation, as soon as the next look is due."""
    source = source_for(write(tmp_path, ca=authority().cert_pem), clock)
    generation, context = source.current()
    (tmp_path / "ca").write_bytes(authority("next CA").cert_pem)
    assert source.current() == (generation, context)
    clock.advance(1)
    newer, replacement = source.current()
    assert newer == generation + 1
    assert replacement is not context


def test_broken_replacement(tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """Broken new contents keep the old context and are told once; when they are mended, they count."""
    caplog.set_level(logging.WARNING)
    source = source_for(write(tmp_path, ca=authority().cert_pem), clock)
    before = source.current()
    (tmp_path / "ca").write_text("broken")
    for _ in range(3):
        clock.advance(1)
        assert source.current() == before
    assert caplog.text.count(f"CA file {tmp_path}/ca: holds no certificate") == 1
    (tmp_path / "ca").unlink()
    clock.advance(1)
    assert source.current() == before
    assert f"CA file {tmp_path}/ca: no such file" in caplog.text
    (tmp_path / "ca").write_bytes(authority("next CA").cert_pem)
    clock.advance(1)
    assert source.current()[0] == before[0] + 1


def test_half_rotated_pair(tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """Between the new certificate and its key the old pair stays in use."""
    old, new = leaf("client"), leaf("renewed")
    source = source_for(write(tmp_path, ca=authority().cert_pem, cert=old.cert_pem, key=old.key_pem), clock)
    before = source.current()
    (tmp_path / "cert").write_bytes(new.cert_pem)
    clock.advance(1)
    assert source.current() == before
    assert "does not belong" in caplog.text
    (tmp_path / "key").write_bytes(new.key_pem)
    clock.advance(1)
    _, context = source.current()
    assert context is not None
    assert shake_hands(context, tmp_path) == "renewed"


def test_broken_handout(clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """A certificate of the credentials that cannot be used keeps the context from before."""
    handout = Handout(leaf("client"))
    config = Config(host="https://h", tls=TLSConfig(insecure_skip_verify=True), credentials=handout)
    source = TLSSource(config, clock=clock)
    before = source.current()
    handout.pair = Pair(leaf("other").certificate, leaf("client").key)
    assert source.current() == before
    assert "client key data: does not belong" in caplog.text


def test_broken_from_the_start(tmp_path: Path, clock: ManualClock) -> None:
    """Without anything to fall back on the error names the file, and the next call tries again."""
    source = source_for(write(tmp_path, ca=b"broken"), clock)
    for _ in range(2):
        with pytest.raises(ConfigError, match=f"CA file {tmp_path}/ca: holds no certificate"):
            source.current()
    (tmp_path / "ca").write_bytes(authority().cert_pem)
    assert source.current()[0] == 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cert", b"", "client certificate file .*cert: holds no certificate in PEM form .it is empty"),
        ("key", b"x", "client key file .*key: holds no private key"),
        ("key", None, "client key file .*key: no such file"),
        ("ca", b"x" * (16 * 1024 * 1024 + 1), "is larger than"),
    ],
)
def test_errors_name_the_file(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    """Whichever file is at fault is named, with what is wrong with it."""
    pair = leaf("client")
    tls = write(tmp_path, ca=authority().cert_pem, cert=pair.cert_pem, key=pair.key_pem)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        context_for(tls)


def test_problem_texts() -> None:
    """Each kind of unusable PEM has its own words."""
    pair = leaf("client")
    traditional = (
        b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
    )
    damaged = b"-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----\n"
    nonsense = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    assert "is encrypted" in (key_problem(pair.encrypted_key_pem) or "")
    assert "is encrypted" in (key_problem(traditional) or "")
    assert "is damaged" in (key_problem(damaged) or "")
    assert "it holds a private key" in (certificate_problem(pair.key_pem) or "")
    assert "cannot be loaded" in (pair_problem(certificate=pair.cert_pem, key=nonsense) or "")
    assert ca_problem(pair.cert_pem) is None
