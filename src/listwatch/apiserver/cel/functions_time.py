"""Functions on moments and spans of time.

In:    values
Out:   values
Next:  overloads.py
Rules: pure; without a time zone it is UTC
Source: CEL specification, "Date/Time functions"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from listwatch.apiserver.cel.errors import EvaluationError
from listwatch.apiserver.cel.overloads import declare
from listwatch.apiserver.cel.times import EPOCH, NANOS
from listwatch.apiserver.cel.values import Duration, Timestamp

_OFFSET: Final = re.compile(r"([+-]?)([0-9]{1,2}):([0-9]{2})")
_SECONDS_PER_HOUR: Final = 3600
_SECONDS_PER_MINUTE: Final = 60


def _zone(name: str) -> tzinfo:
    if name in {"UTC", ""}:
        return UTC
    match = _OFFSET.fullmatch(name)
    try:
        if match is not None:
            offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
            return timezone(-offset if match[1] == "-" else offset)
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise EvaluationError(f"unknown time zone {name}") from None


def _local(moment: Timestamp, zone: str) -> datetime:
    try:
        return (EPOCH + timedelta(seconds=moment.nanos // NANOS)).astimezone(_zone(zone))
    except OverflowError:
        raise EvaluationError("timestamp overflow") from None


def _part(read: Callable[[datetime], int]) -> Callable[..., int]:
    def part(moment: Timestamp, zone: str = "UTC") -> int:
        return read(_local(moment, zone))

    return part


_PARTS: Final[dict[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
}
for _name, _read in _PARTS.items():
    declare(f"timestamp.{_name}() -> int", _part(_read))
    declare(f"timestamp.{_name}(string) -> int", _part(_read))


def _milliseconds(moment: Timestamp, zone: str = "UTC") -> int:
    _zone(zone)
    return moment.nanos % NANOS // 10**6


def _whole(unit: int) -> Callable[[Duration], int]:
    def whole(span: Duration) -> int:
        count = abs(span.nanos) // unit
        return -count if span.nanos < 0 else count

    return whole


declare("timestamp.getMilliseconds() -> int", _milliseconds)
declare("timestamp.getMilliseconds(string) -> int", _milliseconds)
declare("duration.getHours() -> int", _whole(_SECONDS_PER_HOUR * NANOS))
declare("duration.getMinutes() -> int", _whole(_SECONDS_PER_MINUTE * NANOS))
declare("duration.getSeconds() -> int", _whole(NANOS))
declare("duration.getMilliseconds() -> int", _whole(10**6))
