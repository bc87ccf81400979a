"""A clock that a test moves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from listwatch.testing.server_thread import shared
from listwatch.testing.virtual_clock import VirtualClock

START = datetime(2030, 1, 1, tzinfo=UTC)


async def test_it_stands_still_and_is_moved() -> None:
    """Time is what was advanced, nothing else; it does not go back."""
    clock = VirtualClock(start=START)
    assert (clock.now(), clock.monotonic()) == (START, 0.0)
    clock.advance(90)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=90), 90.0)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
    assert clock.copy().now() == clock.now()


async def test_sleepers_wake_in_order_and_what_follows_is_done_first() -> None:
    """Who is due earlier is done earlier, with all that this sets in motion, and each sees its own moment."""
    clock = VirtualClock(start=START)
    told: list[tuple[str, float]] = []

    async def chain(name: str, *pauses: float) -> None:
        for pause in pauses:
            await clock.sleep(pause)
            told.append((name, clock.monotonic()))

    tasks = [asyncio.ensure_future(chain("a", 1, 1, 3)), asyncio.ensure_future(chain("b", 1.5, 0, 10))]
    await clock.run_for(4.9)
    assert told == [("a", 1.0), ("b", 1.5), ("b", 1.5), ("a", 2.0)]
    await clock.run_for(0.1)
    assert told[-1] == ("a", 5.0)
    assert clock.monotonic() == 5.0
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await clock.run_for(100)
    assert len(told) == 5


def test_advance_waits_for_the_servers_loop() -> None:
    """From another thread, `advance` comes back when the loop has come to rest, however long the chain."""
    with shared() as thread:
        clock = VirtualClock()
        clock.bind(thread.loop, thread.settle)
        told: list[float] = []

        async def work() -> None:
            for _ in range(3):
                await clock.sleep(10)
                for _ in range(500):
                    await asyncio.sleep(0)
                told.append(clock.monotonic())

        async def begin() -> asyncio.Task[None]:
            return asyncio.create_task(work())

        task = thread.run(begin())
        clock.advance(25)
        assert told == [10.0, 20.0]
        clock.advance(5)
        assert told == [10.0, 20.0, 30.0]
        assert task.done()


def test_advance_on_the_loop_itself_is_refused() -> None:
    """A task that waited for its own loop would wait forever: it is told what to use."""
    with shared() as thread:
        clock = VirtualClock()
        clock.bind(thread.loop, thread.settle)

        async def mistake() -> None:
            clock.advance(1)

        with pytest.raises(RuntimeError, match="run_for"):
            thread.run(mistake())


def test_a_sleeper_on_another_loop_is_woken() -> None:
    """Who sleeps elsewhere is woken too; `advance` does not wait for what they do then."""
    with shared() as thread:
        clock = VirtualClock()
        clock.bind(thread.loop, thread.settle)

        async def elsewhere() -> float:
            sleeping = asyncio.ensure_future(clock.sleep(5))
            await asyncio.sleep(0)
            await asyncio.to_thread(clock.advance, 6)
            await sleeping
            return clock.monotonic()

        assert asyncio.run(elsewhere()) == 6.0
