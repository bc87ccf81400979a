"""Formats that are enforced: a good and a bad text of each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.custom.formats import _CHECKS, has_format, is_enforced

TEXTS = {
    "bsonobjectid": ("507f1f77bcf86cd799439011", "507f"),
    "uri": ("https://example.com/x", "no uri"),
    "email": ("a.b@example.com", "a.b@"),
    "hostname": ("a-b.example.com", "-a"),
    "ipv4": ("10.0.0.1", "10.0.0.256"),
    "ipv6": ("::1", "10.0.0.1"),
    "cidr": ("10.0.0.0/8", "10.0.0.0/33"),
    "mac": ("01:23:45:67:89:ab", "01:23"),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000", "123e4567"),
    "uuid3": ("6fa459ea-ee8a-3ca4-894e-db77e160355e", "6fa459ea-ee8a-4ca4-894e-db77e160355e"),
    "uuid4": ("16fd2706-8baf-433b-82eb-8c7fada847da", "16fd2706-8baf-333b-82eb-8c7fada847da"),
    "uuid5": ("886313e1-3b8a-5372-9b90-0c9aee199e5d", "886313e1-3b8a-4372-9b90-0c9aee199e5d"),
    "isbn": ("978-0-306-40615-7", "978-0-306-40615-8"),
    "isbn10": ("0-306-40615-2", "0-306-40615-3"),
    "isbn13": ("9780306406157", "9780306406158"),
    "creditcard": ("4111 1111 1111 1111", "4111 1111 1111 1112"),
    "ssn": ("123-45-6789", "123-45-678"),
    "hexcolor": ("#aabbcc", "#aabbc"),
    "rgbcolor": ("rgb(1, 2, 255)", "rgb(1, 2, 256)"),
    "byte": ("aGk=", "a"),
    "date": ("2026-02-28", "2026-02-30"),
    "duration": ("1h30m", "soon"),
    "datetime": ("2026-01-01T00:00:00Z", "2026-01-01"),
    "k8sshortname": ("a-b", "A"),
    "k8slongname": ("a.b-c", "a..b"),
}


@pytest.mark.parametrize(("name", "texts"), TEXTS.items())
def test_a_format_tells_good_from_bad(name: str, texts: tuple[str, str]) -> None:
    """The first of the two has it, the second has not."""
    good, bad = texts
    assert (has_format(name, good), has_format(name, bad)) == (True, False)


def test_every_enforced_format_is_tried() -> None:
    """The table above knows all but passwords, which may be anything."""
    assert set(_CHECKS) - set(TEXTS) == {"password"}
    assert has_format("password", "")


def test_dashes_do_not_count_and_other_formats_are_remarks() -> None:
    """`date-time` is `datetime`; an unknown format fits everything."""
    assert is_enforced("date-time")
    assert not is_enforced("int32")
    assert has_format("mine", "anything")


@given(st.sampled_from(sorted(_CHECKS)), st.text(max_size=12))
def test_no_text_breaks_a_format(name: str, text: str) -> None:
    """Whatever the text, the answer is yes or no."""
    assert has_format(name, text) in {True, False}
