"""TLS as the configuration wants it: whom to trust, what to show, and both again when they change.

In:    a `Config` (from client/config.py) and the certificate its credentials may hand out
Out:   an `ssl.SSLContext` and its generation (to client/connection.py)
Next:  client/connection.py
Rules: TLS 1.2 at least; files are read again only if `stat` says so; what is broken never replaces what works;
       key material that OpenSSL wants as a file is in one that only we can read, for no longer than the call
Source: client-go transport.TLSConfigFor, transport's cert and CA reloading; differs: a CA that changes takes
       effect within seconds, not minutes
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.errors import ConfigError
from listwatch.client.config import Config, TLSConfig
from listwatch.client.credentials import ClientCertificate, reason

logger = logging.getLogger(__name__)

# client-go looks at client certificates once a second at most.
CHECK_SECONDS: Final = 1.0
_FILE_MAX_BYTES: Final = 16 * 1024 * 1024
_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)

Fingerprint = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TLSMaterial:
    """The bytes that a context is made of, all PEM. None: the system's CAs; no client certificate."""

    ca: bytes | None = field(default=None, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)


class TLSSource:
    """The TLS context to open connections with, kept up to date.

    Not for several threads at once.

    Args:
        config: Whose `tls` and `credentials` decide. A client certificate of `tls` wins over one of the
            credentials.
        clock: Whose `monotonic` spaces the looks at files.
        check_seconds: The least time between two looks.

    Attributes:
        server_hostname: The name that the server's certificate must hold; None for the host's own.
    """

    def __init__(
        self, config: Config, *, clock: Clock | None = None, check_seconds: float = CHECK_SECONDS
    ) -> None:
        self._config = config
        self._clock = clock if clock is not None else SystemClock()
        self._check_seconds = check_seconds
        self._generation = 0
        self._context: ssl.SSLContext | None = None
        self._material: TLSMaterial | None = None
        self._given: ClientCertificate | None = None
        self._fingerprint: Fingerprint = ()
        self._warning = ""
        self._checked_at = 0.0
        self.server_hostname = config.tls.server_name

    def current(self) -> tuple[int, ssl.SSLContext | None]:
        """The generation and the context; the context is None for a server without TLS.

        A higher generation means other contents: open connections still trust and show the old ones. Call it
        after `credentials.authorization()`, which is what fetches a certificate. Blocks for a few `stat` calls
        at most once in `check_seconds`, and for reading files if they changed.

        Raises:
            ConfigError: No context can be built, and there has never been one. Names the file and what is
                wrong with it. The next call tries again.
        """
        if not self._config.is_tls:
            return 0, None
        given = self._config.credentials.client_certificate()
        now = self._clock.monotonic()
        is_due = self._context is None or now - self._checked_at >= self._check_seconds
        if is_due or given != self._given:
            self._checked_at = now
            self._check(given)
        return self._generation, self._context

    def _check(self, given: ClientCertificate | None) -> None:
        # Taken before the files are read: a change in between is seen by the next look.
        fingerprint = _fingerprint(self._config.tls)
        is_same = fingerprint == self._fingerprint and given == self._given
        if self._context is not None and is_same and not self._warning:
            return
        try:
            material = read_material(self._config.tls, given=given)
            if material != self._material:
                self._context = build_context(self._config.tls, material)
                self._material = material
                self._generation += 1
            self._warning = ""
        except ConfigError as error:
            if self._context is None:
                raise
            if self._warning != str(error):
                self._warning = str(error)
                logger.warning("%s; the TLS settings from before stay in use", error)
        self._fingerprint, self._given = fingerprint, given


def _fingerprint(tls: TLSConfig) -> Fingerprint:
    seen: list[tuple[int, int, int] | None] = []
    for path in (tls.ca_file, tls.cert_file, tls.key_file):
        try:
            stat = path.stat() if path is not None else None
        except OSError:
            stat = None
        seen.append((stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat is not None else None)
    return tuple(seen)


def read_material(tls: TLSConfig, *, given: ClientCertificate | None = None) -> TLSMaterial:
    """The contents of all that `tls` names, or `given` where `tls` holds no client certificate.

    Raises:
        ConfigError: A file cannot be read. It is named.
    """
    ca = tls.ca_data if tls.ca_file is None else _read(tls.ca_file, "CA")
    certificate = tls.cert_data if tls.cert_file is None else _read(tls.cert_file, "client certificate")
    key = tls.key_data if tls.key_file is None else _read(tls.key_file, "client key")
    if certificate is None and given is not None:
        certificate, key = given.certificate, given.key
    return TLSMaterial(ca=ca, certificate=certificate, key=key)


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{what} file {path}: {reason(error)}") from error
    if len(content) > _FILE_MAX_BYTES:
        raise ConfigError(f"{what} file {path}: is larger than {_FILE_MAX_BYTES} bytes")
    return content


def build_context(tls: TLSConfig, material: TLSMaterial) -> ssl.SSLContext:
    """A client's context.

    Any certificate of the CA bundle is an anchor, self-signed or not, as in Go and as Python has it from 3.13.

    Raises:
        ConfigError: The contents cannot be used. The file is named, or the field for inline data.
    """
    if material.ca is not None and (problem := ca_problem(material.ca)):
        raise ConfigError(f"{_named('CA', tls.ca_file)}: {problem}")
    if tls.insecure_skip_verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        # Without a CA of its own this reads the system's.
        ca = _certificates(material.ca).decode("ascii") if material.ca is not None else None
        context = ssl.create_default_context(cadata=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if tls.strict is not None:
        strict = ssl.VERIFY_X509_STRICT
        context.verify_flags = context.verify_flags | strict if tls.strict else context.verify_flags & ~strict
    context.set_alpn_protocols(["http/1.1"])
    if material.certificate is not None:
        problem = certificate_problem(material.certificate)
        if problem:
            raise ConfigError(f"{_named('client certificate', tls.cert_file)}: {problem}")
        problem = key_problem(material.key or b"")
        if not problem:
            problem = _load_pair(context, certificate=material.certificate, key=material.key or b"")
        if problem:
            raise ConfigError(f"{_named('client key', tls.key_file)}: {problem}")
    return context


def _named(what: str, path: Path | None) -> str:
    return f"{what} file {path}" if path is not None else f"{what} data"


def ca_problem(pem: bytes) -> str | None:
    """Why this cannot be a CA bundle; None if it can."""
    if problem := certificate_problem(pem):
        return problem
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
            cadata=_certificates(pem).decode("ascii")
        )
    except ssl.SSLError:
        return "holds a certificate that cannot be read"
    return None


def certificate_problem(pem: bytes) -> str | None:
    """Why this holds no certificate, or a damaged one; None if it is fine as far as PEM goes."""
    blocks = [body for label, body in _BLOCK.findall(pem) if label == b"CERTIFICATE"]
    if not blocks:
        return f"holds no certificate in PEM form{_instead(pem)}"
    return (
        None if all(_is_base64(body) for body in blocks) else "holds a certificate whose PEM body is damaged"
    )


def key_problem(pem: bytes) -> str | None:
    """Why this holds no private key that can be used; None if it looks like one."""
    blocks = [(label, body) for label, body in _BLOCK.findall(pem) if label.endswith(b"PRIVATE KEY")]
    if not blocks:
        return f"holds no private key in PEM form{_instead(pem)}"
    label, body = blocks[0]
    if label.startswith(b"ENCRYPTED") or b"ENCRYPTED" in body:
        return "is encrypted with a password; keep the key in clear, or use an exec plugin"
    return None if _is_base64(body) else "holds a private key whose PEM body is damaged"


def pair_problem(*, certificate: bytes, key: bytes) -> str | None:
    """Why the two cannot be used together; None if they can."""
    return (
        certificate_problem(certificate)
        or key_problem(key)
        or _load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate=certificate, key=key)
    )


def _load_pair(context: ssl.SSLContext, *, certificate: bytes, key: bytes) -> str | None:
    """Load the pair into the context; why that cannot be done, or None."""
    try:
        with _private_file(b"\n".join((_certificates(certificate), _key(key), b""))) as path:
            # An empty password instead of OpenSSL's prompt on the terminal.
            context.load_cert_chain(path, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return "does not belong to the certificate"
        return f"the certificate and the key cannot be loaded ({error.reason or 'unknown reason'})"
    except OSError as error:
        return f"cannot be handed to OpenSSL: {reason(error)}"
    return None


@contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    """A file with this content that nobody else can read, gone afterwards whatever happens.

    In memory where the system can do that: then no disk ever holds the key, and no disk is needed.
    """
    descriptor = _memory_file()
    if descriptor is not None:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{descriptor}"
        return
    descriptor, name = tempfile.mkstemp(prefix="listwatch-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield name
    finally:
        Path(name).unlink()


def _memory_file() -> int | None:
    if not hasattr(os, "memfd_create") or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.memfd_create("listwatch")
    except OSError:
        # Forbidden by a sandbox: a file on disk does it, too.
        return None


def _key(pem: bytes) -> bytes:
    """The first private key alone: the same file may hold certificates, too."""
    found = next(each for each in _BLOCK.finditer(pem) if each[1].endswith(b"PRIVATE KEY"))
    return found[0]


def _certificates(pem: bytes) -> bytes:
    """The certificates alone: bundles hold comments, which OpenSSL wants in ASCII."""
    return b"\n".join(
        b"-----BEGIN CERTIFICATE-----%b-----END CERTIFICATE-----" % body
        for label, body in _BLOCK.findall(pem)
        if label == b"CERTIFICATE"
    )


def _is_base64(body: bytes) -> bool:
    try:
        return bool(base64.b64decode(b"".join(body.split()), validate=True))
    except binascii.Error:
        return False


def _instead(pem: bytes) -> str:
    """What is there instead, as far as that can be told without quoting it."""
    if not pem.strip():
        return " (it is empty)"
    labels = [label.decode("ascii").lower() for label, _ in _BLOCK.findall(pem)]
    return f" (it holds a {labels[0]})" if labels else ""
