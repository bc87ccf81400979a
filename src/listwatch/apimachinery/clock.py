"""Time as a parameter.

Whatever waits, expires or stamps reads a `Clock`, so that a test can rule time. `SystemClock` is the
real one. `LoopClock` follows the running event loop, whatever that loop takes time to be: with a loop
that jumps when it is idle, hours pass in milliseconds.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Two readings and a wait. `now` may jump with the machine's clock, `monotonic` never goes back."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment, for deadlines and ages."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait. Zero or less still lets other tasks run once."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(max(0.0, seconds))


class LoopClock:
    """The running loop's own time, told as a time of day from `start` on.

    Only usable inside a running event loop. Deterministic if the loop's time is.
    """

    def __init__(self, *, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._zero: float | None = None

    def now(self) -> datetime:
        """`start` plus the loop time that has passed since this clock was first read."""
        return self._start + timedelta(seconds=self._elapsed())

    def monotonic(self) -> float:
        """The loop's time in seconds."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(max(0.0, seconds))

    def _elapsed(self) -> float:
        reading = asyncio.get_running_loop().time()
        if self._zero is None:
            self._zero = reading
        return reading - self._zero
