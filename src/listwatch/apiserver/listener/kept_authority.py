"""The certificate authority of a cluster that is kept on disk: the same after every start.

In:    a place for secrets by name       (storage/data_directory.py has one)
Out:   a `CertificateAuthority`
Rules: made once, loaded ever after; one that has run out is made anew, since nobody can connect with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
from cryptography import x509

from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.listener.certificates import CertificateAuthority, KeyPair

LIFETIME: Final = timedelta(days=3650)  # as kubeadm's authority
_NAME: Final = "certificate authority"


class SecretPlace(Protocol):
    """Keeps secrets."""

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of that name; made, and kept, if there is none."""
        ...

    def set_secret(self, name: str, value: bytes) -> bytes:
        """Keep a secret in the place of an older one."""
        ...


def kept_authority(place: SecretPlace, *, now: datetime) -> CertificateAuthority:
    """The authority that is kept in `place`.

    Raises:
        ConfigError: What is kept there is no authority.
    """

    def make() -> bytes:
        pair = CertificateAuthority(now=now, lifetime=LIFETIME).pair
        return msgspec.json.encode([pair.certificate_pem.decode(), pair.key_pem.decode()])

    kept = place.secret(_NAME, make)
    try:
        certificate, key = msgspec.json.decode(kept, type=tuple[str, str])
        if x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc <= now:
            certificate, key = msgspec.json.decode(place.set_secret(_NAME, make()), type=tuple[str, str])
        return CertificateAuthority.load(KeyPair(certificate.encode(), key.encode()))
    except (msgspec.MsgspecError, ValueError) as error:
        # The cause may quote the key.
        raise ConfigError("the certificate authority that is kept on disk cannot be read") from error
