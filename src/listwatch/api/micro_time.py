"""A time that is written with all six digits of its microseconds.

Source: apimachinery's metav1.MicroTime, used by leases and events; its reader refuses fewer digits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self


class MicroTime(datetime):
    """A `datetime`, aware, that goes over the wire as `2026-01-02T03:04:05.000000Z`.

    Made as any datetime is: `MicroTime.now(UTC)`. Sums with a `timedelta` are MicroTimes too.
    """

    __slots__ = ()

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """The same moment.

        Raises:
            ValueError: `moment` has no time zone.
        """
        return cls.fromtimestamp(0, UTC) + (_aware(moment) - datetime.fromtimestamp(0, UTC))

    @classmethod
    def from_wire(cls, text: str) -> Self:
        """Read RFC 3339, with any number of digits; beyond the sixth they are dropped.

        Raises:
            ValueError: Not a time, or one without a time zone.
        """
        return cls.of(datetime.fromisoformat(text))

    def to_wire(self) -> str:
        """As the wire wants it: UTC, six digits, `Z`.

        Raises:
            ValueError: It has no time zone, so no moment is known.
        """
        return _aware(self).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; say which, for example tzinfo=UTC")
    return moment
