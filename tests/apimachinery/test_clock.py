"""Clocks: the machine's, and the loop's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from listwatch.apimachinery.clock import LoopClock, SystemClock

Virtual = Callable[[Callable[[], Any]], Any]


def test_the_system_clock_is_the_machines() -> None:
    """Aware, UTC, and between the readings around it."""
    clock = SystemClock()
    before = datetime.now(UTC)
    now = clock.now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
    start = time.monotonic()
    assert start <= clock.monotonic() <= time.monotonic()


def test_loop_time_passes_only_by_waiting(virtual: Virtual) -> None:
    """In virtual time an hour's sleep takes an hour of the loop's clock, and of the time of day told by it."""

    async def main() -> None:
        clock = LoopClock(start=datetime(2030, 1, 1, tzinfo=UTC))
        begun, first = clock.monotonic(), clock.now()
        await clock.sleep(3600)
        assert clock.monotonic() - begun == 3600
        assert (first, clock.now()) == (datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, 1, tzinfo=UTC))

    virtual(main)


@pytest.mark.parametrize("clock", [SystemClock(), LoopClock()], ids=["system", "loop"])
@pytest.mark.parametrize("seconds", [0, -5])
def test_no_time_still_lets_others_run(
    clock: SystemClock | LoopClock, seconds: float, virtual: Virtual
) -> None:
    """A sleep of zero or less ends at once, but not before the other tasks had a turn."""

    async def main() -> None:
        turns: list[str] = []

        async def other() -> None:
            turns.append("other")

        task = asyncio.create_task(other())
        await clock.sleep(seconds)
        assert turns == ["other"]
        await task

    virtual(main)


def test_two_loop_clocks_begin_when_first_read(virtual: Virtual) -> None:
    """Each clock's time of day starts at its own first reading."""

    async def main() -> None:
        early, late = LoopClock(), LoopClock()
        _ = early.now()
        await asyncio.sleep(60)
        assert early.now() - late.now() == timedelta(seconds=60)

    virtual(main)


def test_loop_time_needs_a_loop() -> None:
    """Outside a running loop there is no loop time, and asking for it is an error."""
    with pytest.raises(RuntimeError, match="no running event loop"):
        LoopClock().monotonic()
