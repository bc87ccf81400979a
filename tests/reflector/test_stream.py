"""Whatever watches, read in batches with deadlines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from types import TracebackType

import pytest
from list_watch_script import added
from virtual_time import run_virtual

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.errors import RequestTimeout
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.reflector.stream import EventStream

Event = WatchEvent[Pod]


async def plain(*pieces: Event | float | Exception) -> AsyncIterator[Event]:
    """Events, waits and failures."""
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        if isinstance(piece, float):
            await asyncio.sleep(piece)
        else:
            yield piece


class InBatches:
    """A source as a client's Watch is one."""

    def __init__(self, *batches: list[Event], opens_after: float = 0.0) -> None:
        self._batches = batches
        self._opens_after = opens_after
        self.is_open = False

    async def __aenter__(self) -> InBatches:
        await asyncio.sleep(self._opens_after)
        self.is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_open = False

    def __aiter__(self) -> AsyncIterator[Event]:
        raise AssertionError("read in batches")

    async def batches(self) -> AsyncIterator[list[Event]]:
        for batch in self._batches:
            yield batch
            await asyncio.sleep(10)


def test_batches_are_used_where_there_are_any() -> None:
    """A source with batches is entered, read by them, and left; it stands from its answer on."""
    batch = [added("a", 1), added("b", 2)]

    async def main() -> None:
        source = InBatches(batch, opens_after=7.0)
        events: EventStream[Pod] = EventStream(source, timeout_seconds=300, liveness_seconds=90)
        await events.open()
        assert source.is_open
        assert await events.read() is batch
        assert await events.read() is None
        assert events.seconds == 10.0
        await events.aclose()
        assert not source.is_open

    run_virtual(main)


def test_single_events_become_batches_of_one() -> None:
    """Any async iterable will do; it is known to stand from its first event on."""

    async def main() -> None:
        events = EventStream(plain(5.0, added("a", 1), 3.0), timeout_seconds=300, liveness_seconds=90)
        await events.open()
        assert events.seconds == 0.0
        batch = await events.read()
        assert batch is not None
        assert [event.object.name for event in batch] == ["a"]
        assert await events.read() is None
        assert events.seconds == 3.0
        await events.aclose()
        await events.aclose()

    run_virtual(main)


def test_a_quiet_watch_stood_all_the_time() -> None:
    """A source that ends in good order without an event stood since it was opened."""

    async def main() -> float:
        events: EventStream[Pod] = EventStream(plain(5.0), timeout_seconds=300, liveness_seconds=90)
        await events.open()
        assert await events.read() is None
        return events.seconds

    assert run_virtual(main) == 5.0


@pytest.mark.parametrize(("has_bookmarks", "after"), [(True, 90.0), (False, 335.0)])
def test_deadlines(has_bookmarks: bool, after: float) -> None:
    """Silence ends a read: after the liveness time if bookmarks come, else after the watch's own end and a margin."""

    async def main() -> float:
        events: EventStream[Pod] = EventStream(plain(9999.0), timeout_seconds=300, liveness_seconds=90)
        await events.open()
        events.has_bookmarks = has_bookmarks
        with pytest.raises(RequestTimeout, match="the connection is dead"):
            await events.read()
        return asyncio.get_running_loop().time()

    assert run_virtual(main) == after


def test_who_comes_late_still_looks_once() -> None:
    """A reader that comes back after the deadline gets what is there."""

    async def main() -> None:
        events = EventStream(plain(added("a", 1)), timeout_seconds=300, liveness_seconds=90)
        await events.open()
        await asyncio.sleep(1000)
        assert await events.read() is not None

    run_virtual(main)


def test_a_sources_own_timeout_is_its_own() -> None:
    """A TimeoutError of the source is given on as it is."""

    async def main() -> None:
        events: EventStream[Pod] = EventStream(
            plain(TimeoutError()), timeout_seconds=300, liveness_seconds=90
        )
        await events.open()
        with pytest.raises(TimeoutError):
            await events.read()

    run_virtual(main)


def test_closing_troubles_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What a source raises on being closed is logged: the next watch need not suffer for it."""

    async def troubled() -> AsyncIterator[Event]:
        try:
            yield added("a", 1)
        finally:
            raise ZeroDivisionError

    async def main() -> None:
        events = EventStream(troubled(), timeout_seconds=300, liveness_seconds=90)
        await events.open()
        await events.read()
        await events.aclose()

    with caplog.at_level(logging.WARNING):
        run_virtual(main)
    assert "failed on being closed" in caplog.text


def test_open_comes_first() -> None:
    """Reading what is not open is a mistake, and said to be one."""

    async def main() -> None:
        events: EventStream[Pod] = EventStream(plain(), timeout_seconds=300, liveness_seconds=90)
        with pytest.raises(RuntimeError, match="open this stream"):
            await events.read()

    run_virtual(main)
