"""Five fields that say when: the schedules of CronJobs.

In:    "*/5 * * * 1-5", "@hourly", a time zone
Out:   the next moment
Rules: pure. As cron has it, a day has to fit the day of the month or the day of the week if both are restricted.
       Moments that a change of clocks leaves out do not happen.
Source: crontab(5); github.com/robfig/cron's standard parser, which the real controller uses
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from listwatch.apimachinery.quote import go_quote

_MACROS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_DAYS: Final = {name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_FIELDS: Final[tuple[tuple[int, int, dict[str, int]], ...]] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_LONGEST_SEARCH: Final = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Minutes, hours, days, months and days of the week that fit; or a fixed pace."""

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    is_any_day: bool = True
    is_any_weekday: bool = True
    every: timedelta | None = None

    def after(self, moment: datetime, zone: tzinfo = UTC) -> datetime | None:
        """The first moment that fits, later than `moment`; None if there is none within five years."""
        if self.every is not None:
            return moment.replace(microsecond=0) + self.every
        local = moment.astimezone(zone).replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = local + _LONGEST_SEARCH
        while local < end:
            if local.month not in self.months:
                following = (local.replace(day=1) + timedelta(days=32)).replace(day=1)
                local = following.replace(hour=0, minute=0)
            elif not self._fits_day(local):
                local = (local + timedelta(days=1)).replace(hour=0, minute=0)
            elif local.hour not in self.hours:
                local = (local + timedelta(hours=1)).replace(minute=0)
            elif local.minute not in self.minutes:
                local += timedelta(minutes=1)
            else:
                found = local.astimezone(UTC)
                if found.astimezone(zone).hour == local.hour:
                    return found
                local += timedelta(minutes=1)
        return None

    def _fits_day(self, day: datetime) -> bool:
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.is_any_day or self.is_any_weekday:
            return of_month and of_week
        return of_month or of_week


def parse_schedule(text: str) -> Schedule:
    """Read a schedule.

    Raises:
        ValueError: It is none.
    """
    text = text.strip()
    if text.startswith("@every "):
        return Schedule(every=_duration(text.removeprefix("@every ").strip()))
    if text.startswith("@") and text not in _MACROS:
        raise ValueError(f"unrecognized descriptor: {text}")
    fields = _MACROS.get(text, text).split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    found = [_field(field, *rule) for field, rule in zip(fields, _FIELDS, strict=True)]
    minutes, hours, days, months, _ = found
    return Schedule(
        minutes,
        hours,
        days,
        months,
        weekdays=frozenset(each % 7 for each in found[4]),
        is_any_day=fields[2][0] in "*?",
        is_any_weekday=fields[4][0] in "*?",
    )


def _duration(text: str) -> timedelta:
    units = {"h": 3600, "m": 60, "s": 1}
    seconds, number = 0, ""
    for each in text:
        if each.isdecimal():
            number += each
        elif each in units and number:
            seconds += int(number) * units[each]
            number = ""
        else:
            raise ValueError(f"failed to parse duration @every {text}")
    if number or not seconds:
        raise ValueError(f"failed to parse duration @every {text}")
    return timedelta(seconds=seconds)


def _field(text: str, least: int, most: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first in {"*", "?"} and not dash:
            low, high = least, most
        else:
            low = _number(first, names)
            high = _number(last, names) if dash else (most if slash else low)
        pace = _integer(step) if slash else 1
        if low < least:
            raise ValueError(f"beginning of range ({low}) below minimum ({least}): {part}")
        if high > most:
            raise ValueError(f"end of range ({high}) above maximum ({most}): {part}")
        if low > high:
            raise ValueError(f"beginning of range ({low}) beyond end of range ({high}): {part}")
        if pace == 0:
            raise ValueError(f"step of range should be a positive number: {part}")
        found.update(range(low, high + 1, pace))
    return frozenset(found)


def _number(text: str, names: dict[str, int]) -> int:
    known = names.get(text.lower())
    return _integer(text) if known is None else known


def _integer(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(
            f"failed to parse int from {text}: strconv.Atoi: parsing {go_quote(text)}: invalid syntax"
        )
    return int(text)
