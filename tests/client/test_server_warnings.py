"""Warning headers."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.client.server_warnings import WarningLog, parse_warnings


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ('299 - "v1 ComponentStatus is deprecated"', ["v1 ComponentStatus is deprecated"]),
        ('  299   kube-apiserver   "a"  ', ["a"]),
        ('299 - "a", 299 - "b"', ["a", "b"]),
        ('299 - "a","299 - "b"', ["a"]),
        ('299 - "with \\"quotes\\" and \\\\"', ['with "quotes" and \\']),
        ('299 - "a" "Thu, 01 Jan 2026 12:00:00 GMT"', ["a"]),
        ('299 - "a" "Thu, 01 Jan 2026 12:00:00 GMT", 299 - "b"', ["a", "b"]),
        ('299 - "a, b", 299 - "c"', ["a, b", "c"]),
        ('199 - "not for us"', []),
        ('199 - "not for us", 299 - "for us"', ["for us"]),
        ('299 - ""', []),
        ('299 "no agent"', []),
        ("299 - unquoted", []),
        ('299 - "open', []),
        ('2999 - "a"', []),
        ("", []),
        ("nonsense", []),
    ],
)
def test_forms(header: str, texts: list[str]) -> None:
    """Texts of code 299 are found, in order; other codes, empty texts and malformed ones are not."""
    assert parse_warnings(header) == texts


@given(st.text())
def test_parser_ends(header: str) -> None:
    """Any text at all is parsed to its end without an error."""
    assert isinstance(parse_warnings(header), list)


def test_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The same text is logged once, however often and by whatever request it comes."""
    log = WarningLog()
    with caplog.at_level(logging.WARNING, logger="listwatch.server_warnings"):
        log.note(['299 - "old"', '299 - "old"'])
        log.note(['299 other "old", 299 - "new %s"'])
    assert caplog.messages == ["old", "new %s"]


def test_memory_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """A server that warns differently each time does not fill the memory; the log starts over instead."""
    log = WarningLog()
    for number in range(2500):
        log.note([f'299 - "warning {number}"'])
    assert len(log._seen) <= 1000
    assert len(caplog.records) == 2500
