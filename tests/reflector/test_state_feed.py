"""States, told without waiting for anybody."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import Any, cast

import pytest
from virtual_time import run_virtual

from listwatch.apimachinery.meta import ResourceVersion
from listwatch.reflector.state_feed import KEPT, StateFeed
from listwatch.reflector.states import Idle, ReflectorState, Stopped, Watching


def watching(number: int) -> Watching:
    """A state."""
    return Watching(since=float(number), resource_version=ResourceVersion(str(number)))


def test_a_late_reader_misses_the_oldest() -> None:
    """A reader that does not read costs nobody anything: the newest states are kept, up to a bound."""

    async def main() -> list[float]:
        feed = StateFeed(Idle(since=0.0))
        states = feed.states()
        first = await anext(states)
        assert isinstance(first, Idle)
        for number in range(1, 1000):
            feed.tell(watching(number))
        feed.tell(Stopped(since=1000.0))
        return [state.since async for state in states]

    assert run_virtual(main) == [float(number) for number in range(1001 - KEPT, 1001)]


def test_readers_begin_with_the_present() -> None:
    """Who comes in the middle gets the present state first; who comes after the end gets that, and is done."""

    async def main() -> None:
        feed = StateFeed(Idle(since=0.0))
        feed.tell(watching(1))
        states = feed.states()
        assert await anext(states) == watching(1)
        feed.tell(Stopped(since=2.0))
        assert [state async for state in states] == [Stopped(since=2.0)]
        assert [state async for state in feed.states()] == [Stopped(since=2.0)]

    run_virtual(main)


def test_a_reader_that_leaves_is_forgotten() -> None:
    """A reader that stops reading is kept no longer."""

    async def main() -> int:
        feed = StateFeed(Idle(since=0.0))
        async with aclosing(cast("Any", feed.states())) as states:
            await anext(states)
            assert len(feed._readers) == 1
        waiting = asyncio.create_task(_drain(feed))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return len(feed._readers)

    assert run_virtual(main) == 0


async def _drain(feed: StateFeed) -> None:
    async for _ in feed.states():
        pass


def test_a_callback_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """What a callback raises is logged, and hinders nobody."""

    def broken(state: ReflectorState) -> None:
        raise ZeroDivisionError(str(state))

    feed = StateFeed(Idle(since=0.0), broken)
    with caplog.at_level(logging.ERROR):
        feed.tell(watching(1))
    assert feed.current == watching(1)
    assert "on_state failed" in caplog.text
