"""When a request is sent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.errors import (
    CertificateError,
    ConnectionLost,
    ConnectionRefused,
    RequestTimeout,
    TransportError,
)
from listwatch.client.retry import RetryPolicy, parse_retry_after

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
        ("٣", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("Thu, 01 Jan 2026 14:00:30 +0200", 30.0),
        ("Thu, 01 Jan 2026 12:00:30 -0000", 30.0),
        ("Thu, 32 Jan 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_forms(header: str | None, seconds: float | None) -> None:
    """Retry-After is a number of seconds or an HTTP date; the past means now, nonsense means nothing."""
    assert parse_retry_after(header, now=NOW) == seconds


@given(st.text())
def test_retry_after_never_fails(header: str) -> None:
    """No header's text makes the parser fail or go back in time."""
    assert (parse_retry_after(header, now=NOW) or 0.0) >= 0.0


@pytest.mark.parametrize(
    ("status", "retry_after", "delay"),
    [
        (429, 0.0, 0.0),
        (429, 5.0, 5.0),
        (500, 5.0, 5.0),
        (503, 1.0, 1.0),
        (504, 60.0, 60.0),
        (429, None, None),
        (503, None, None),
        (503, 60.5, None),
        (403, 1.0, None),
        (409, 1.0, None),
        (301, 1.0, None),
    ],
)
def test_after_answer(status: int, retry_after: float | None, delay: float | None) -> None:
    """Only 429 and 5xx that say when are asked again, and only if that is soon."""
    assert RetryPolicy().after_answer(attempt=1, status=status, retry_after=retry_after) == delay


@pytest.mark.parametrize(
    ("method", "error", "delay"),
    [
        ("GET", ConnectionLost("cut"), 1.0),
        ("GET", ConnectionRefused("refused"), None),
        ("GET", CertificateError("untrusted"), None),
        ("GET", RequestTimeout("silent"), None),
        ("POST", ConnectionLost("cut"), None),
        ("PUT", ConnectionLost("cut"), None),
        ("PATCH", ConnectionLost("cut"), None),
        ("DELETE", ConnectionLost("cut"), None),
    ],
)
def test_after_failure(method: str, error: TransportError, delay: float | None) -> None:
    """Only a GET that was cut off is asked again; nobody knows what a write has done by then."""
    assert RetryPolicy().after_failure(attempt=1, method=method, error=error) == delay


def test_bound() -> None:
    """A request is sent again at most `max_retries` times, whatever it failed of."""
    policy = RetryPolicy(max_retries=2)
    answers = [policy.after_answer(attempt=n, status=429, retry_after=0.0) for n in (1, 2, 3)]
    cuts = [policy.after_failure(attempt=n, method="GET", error=ConnectionLost("cut")) for n in (1, 2, 3)]
    assert (answers, cuts) == ([0.0, 0.0, None], [1.0, 1.0, None])


def test_no_retries_at_all() -> None:
    """With max_retries=0 nothing is sent twice."""
    assert RetryPolicy(max_retries=0).after_answer(attempt=1, status=429, retry_after=0.0) is None
