"""Moments and spans of time: reading them and writing them.

In:    text
Out:   `Timestamp`s and `Duration`s, and their text
Next:  functions_time.py, schema_types.py
Rules: pure; nanoseconds are exact, which Python's datetime is not
Source: CEL specification, "Timestamp", "Duration"; Go's time.ParseDuration and time.Parse(RFC3339)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.cel.errors import EvaluationError
from listwatch.apiserver.cel.values import INT_MAX, INT_MIN, Duration, Timestamp

NANOS: Final = 10**9
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": NANOS,
    "m": 60 * NANOS,
    "h": 3600 * NANOS,
}
_PART: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_OLDEST: Final = -62_135_596_800 * NANOS
_NEWEST: Final = 253_402_300_800 * NANOS


def parse_duration(text: str) -> Duration:
    """`1h30m`, as Go reads it.

    Raises:
        EvaluationError: It is no duration, or one of more than 64 bits of nanoseconds.
    """
    body = text[1:] if text[:1] in {"-", "+"} else text
    nanos, position = 0, 0
    while position < len(body):
        match = _PART.match(body, position)
        if match is None or not (match[1] or match[2]):
            break
        unit = _UNITS[match[3]]
        fraction = (match[2] or "")[:30]
        nanos += int(match[1] or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        position = match.end()
    if not body or (position < len(body) and body != "0"):
        raise EvaluationError(f"time: invalid duration {go_quote(text)}")
    return checked_duration(-nanos if text[:1] == "-" else nanos)


def checked_duration(nanos: int) -> Duration:
    """A duration of 64 bits.

    Raises:
        EvaluationError: It takes more.
    """
    if INT_MIN <= nanos <= INT_MAX:
        return Duration(nanos)
    raise EvaluationError("integer overflow")


def parse_timestamp(text: str) -> Timestamp:
    """A moment in RFC 3339.

    Raises:
        EvaluationError: It is none.
    """
    match = _MOMENT.fullmatch(text)
    layout = "2006-01-02T15:04:05Z07:00"
    shown = f'parsing time {go_quote(text)} as "{layout}": cannot parse {go_quote(text)} as "2006"'
    if match is None:
        raise EvaluationError(shown)
    try:
        moment = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
        fraction = ((match[2] or "") + "000000000")[:9]
        since = moment - EPOCH
    except (ValueError, OverflowError):
        raise EvaluationError(shown) from None
    return checked_timestamp((since.days * 86_400 + since.seconds) * NANOS + int(fraction))


def checked_timestamp(nanos: int) -> Timestamp:
    """A moment between the years 1 and 9999.

    Raises:
        EvaluationError: It is not.
    """
    if _OLDEST <= nanos < _NEWEST:
        return Timestamp(nanos)
    raise EvaluationError("timestamp overflow")


def format_moment(moment: Timestamp) -> str:
    """RFC 3339 in UTC, with as many digits of a second as it has."""
    seconds, nanos = divmod(moment.nanos, NANOS)
    shown = (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
    return f"{shown}{fraction}Z"


def format_span(span: Duration) -> str:
    """Seconds, such as `5400s` or `0.5s`."""
    sign = "-" if span.nanos < 0 else ""
    seconds, nanos = divmod(abs(span.nanos), NANOS)
    fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
    return f"{sign}{seconds}{fraction}s"
