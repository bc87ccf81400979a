"""How long ago something was, in two or three characters, as kubectl shows it.

In:    two moments, or seconds
Out:   `45s`, `3m20s`, `5h`, `12d`, `2y30d`
Next:  apiserver/printing/printers.py
Rules: pure
Source: apimachinery pkg/util/duration, HumanDuration
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from listwatch.apiserver.wire.timestamps import TimestampError, parse_timestamp

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_YEAR: Final = 365 * _DAY
UNKNOWN: Final = "<unknown>"

# Up to here (exclusive): the unit that is shown, the finer one beside it (if any).
_STEPS: Final = (
    (2 * _MINUTE, (1, "s"), None),
    (10 * _MINUTE, (_MINUTE, "m"), (1, "s")),
    (3 * _HOUR, (_MINUTE, "m"), None),
    (8 * _HOUR, (_HOUR, "h"), (_MINUTE, "m")),
    (2 * _DAY, (_HOUR, "h"), None),
    (8 * _DAY, (_DAY, "d"), (_HOUR, "h")),
    (2 * _YEAR, (_DAY, "d"), None),
    (8 * _YEAR, (_YEAR, "y"), (_DAY, "d")),
)


def human_duration(seconds: float) -> str:
    """`seconds` with two or three significant figures. One second of a clock's lag counts as none."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(whole, 0)
    for limit, (size, unit), finer in _STEPS:
        if whole < limit:
            shown = f"{whole // size}{unit}"
            rest = whole % size // finer[0] if finer is not None else 0
            return f"{shown}{rest}{finer[1]}" if finer is not None and rest else shown
    return f"{whole // _YEAR}y"


def moment_of(timestamp: object) -> datetime | None:
    """The moment that a timestamp in an object names, or None if it is no timestamp."""
    if not isinstance(timestamp, str):
        return None
    try:
        return parse_timestamp(timestamp)
    except TimestampError:
        return None


def age(timestamp: object, now: datetime) -> str:
    """How long before `now` it was, or `<unknown>` for what is no timestamp."""
    moment = moment_of(timestamp)
    return UNKNOWN if moment is None else human_duration((now - moment).total_seconds())
