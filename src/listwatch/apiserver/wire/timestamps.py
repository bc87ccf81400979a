"""Timestamps as the server reads and writes them.

In:    text with a time, or a datetime
Out:   the text that the server gives back: UTC, whole seconds, or microseconds for a MicroTime
Next:  apiserver/kinds/schema.py (decoding), kinds/strategy.py (stamping), printing/printers.py (ages)
Rules: pure; bad text gives `TimestampError` with the wording of Go's time.Parse
Source: Kubernetes API conventions, "Timestamps"; metav1.Time, metav1.MicroTime
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from listwatch.apimachinery.quote import go_quote

_SECONDS_LAYOUT: Final = "2006-01-02T15:04:05Z07:00"
_MICRO_LAYOUT: Final = "2006-01-02T15:04:05.000000Z07:00"
_PARTS: Final = (
    ("2006", "[0-9]{4}"),
    ("-", "-"),
    ("01", "[0-9]{2}"),
    ("-", "-"),
    ("02", "[0-9]{2}"),
    ("T", "T"),
    ("15", "[0-9]{2}"),
    (":", ":"),
    ("04", "[0-9]{2}"),
    (":", ":"),
    ("05", "[0-9]{2}"),
)
_ZONE: Final = ("Z07:00", "Z|[+-][0-9]{2}:[0-9]{2}")
_SECONDS_PARTS: Final = tuple(
    (layout, re.compile(pattern, re.ASCII))
    for layout, pattern in (*_PARTS, ("", r"(?:[.,][0-9]+)?"), _ZONE, ("", ""))
)
_MICRO_PARTS: Final = tuple(
    (layout, re.compile(pattern, re.ASCII))
    for layout, pattern in (*_PARTS, (".000000", r"[.,][0-9]{6}"), _ZONE, ("", ""))
)


class TimestampError(ValueError):
    """The text is no time; the message is the one that a Go program gives."""


def parse_timestamp(text: str, *, micro: bool = False) -> datetime:
    """The moment that `text` names, in UTC.

    Args:
        text: RFC 3339.
        micro: Whether exactly six digits of a second are asked for, as a MicroTime does.

    Raises:
        TimestampError: `text` is not of that form, or no such moment exists.
    """
    layout = _MICRO_LAYOUT if micro else _SECONDS_LAYOUT
    found: list[str] = []
    position = 0
    for part, pattern in _MICRO_PARTS if micro else _SECONDS_PARTS:
        match = pattern.match(text, position)
        if match is None:
            rest = text[position:]
            raise TimestampError(
                f"parsing time {go_quote(text)} as {go_quote(layout)}: "
                f"cannot parse {go_quote(rest)} as {go_quote(part)}"
            )
        found.append(match.group())
        position = match.end()
    if position < len(text):
        raise TimestampError(f"parsing time {go_quote(text)}: extra text: {go_quote(text[position:])}")
    return _moment(text, found)


def _moment(text: str, found: list[str]) -> datetime:
    year, month, day, hour, minute, second = (int(found[index]) for index in (0, 2, 4, 6, 8, 10))
    fraction, zone = found[11][1:7].ljust(6, "0"), found[12]
    limits = (
        ("month", 1 <= month <= 12),
        ("hour", hour < 24),
        ("minute", minute < 60),
        ("second", second < 60),
    )
    for name, within in limits:
        if not within:
            raise TimestampError(f"parsing time {go_quote(text)}: {name} out of range")
    try:
        moment = datetime(year, month, day, hour, minute, second, int(fraction), tzinfo=_offset(zone))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimestampError(f"parsing time {go_quote(text)}: day out of range") from None


def _offset(zone: str) -> timezone:
    if zone == "Z":
        return UTC
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return timezone(timedelta(minutes=minutes if zone[0] == "+" else -minutes))


def format_timestamp(moment: datetime, *, micro: bool = False) -> str:
    """`moment` (aware) as the server writes it: whole seconds, or six digits more."""
    utc = moment.astimezone(UTC)
    text = f"{utc.year:04d}-{utc.month:02d}-{utc.day:02d}T{utc.hour:02d}:{utc.minute:02d}:{utc.second:02d}"
    return f"{text}.{utc.microsecond:06d}Z" if micro else f"{text}Z"
