"""An authority that is the same after every start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.listener.kept_authority import LIFETIME, kept_authority

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Place:
    """Keeps secrets, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """See SecretPlace."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    def set_secret(self, name: str, value: bytes) -> bytes:
        """See SecretPlace."""
        self.kept[name] = value
        return value


def test_certificates_of_both_lives_are_of_one_authority() -> None:
    """What a loaded authority issues, those accept who trust the first one."""
    place = Place()
    first = kept_authority(place, now=NOW)
    second = kept_authority(place, now=NOW + timedelta(days=30))
    assert second.certificate_pem == first.certificate_pem
    root = x509.load_pem_x509_certificate(first.certificate_pem)
    for authority in (first, second):
        leaf = x509.load_pem_x509_certificate(authority.issue_client(common_name="u").certificate_pem)
        leaf.verify_directly_issued_by(root)


def test_one_that_has_run_out_is_made_anew() -> None:
    """An authority whose time is over would let nobody in."""
    place = Place()
    first = kept_authority(place, now=NOW)
    second = kept_authority(place, now=NOW + LIFETIME + timedelta(days=1))
    assert second.certificate_pem != first.certificate_pem
    assert kept_authority(place, now=NOW + LIFETIME + timedelta(days=2)).pair == second.pair


@pytest.mark.parametrize("kept", [b"", b"[]", b'["a","b"]'])
def test_nonsense_is_refused_without_being_told(kept: bytes) -> None:
    """What is no authority is an error that does not quote it."""
    place = Place()
    place.kept["certificate authority"] = kept
    with pytest.raises(ConfigError) as caught:
        kept_authority(place, now=NOW)
    assert str(caught.value) == "the certificate authority that is kept on disk cannot be read"
