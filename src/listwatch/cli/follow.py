"""A collection's present state and everything that happens to it from then on, through ends and failures.

In:    a `Source` that lists and watches
Out:   batches of changes, and how the connection is, to a `Sink`
Next:  cli/render.py (lines), cli/live.py (a table)
Rules: no gap and no duplicate; every decision is cli/changes.py's
Source: what client-go's Reflector does, for one reader and without a cache to share
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.cli.changes import (
    Change,
    Known,
    Recognisable,
    Step,
    after_ending,
    delay_after,
)

T = TypeVar("T", bound=Recognisable)


class Phase(StrEnum):
    """What the connection is doing."""

    LISTING = "listing"
    WATCHING = "watching"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Connection:
    """How the connection is.

    Attributes:
        phase: What it is doing.
        trouble: Why it is not watching, for people; empty if all is well.
        retry_in: Seconds until the next attempt.
        relists: How often the whole state had to be fetched again.
    """

    phase: Phase
    trouble: str = ""
    retry_in: float = 0.0
    relists: int = 0


class Batches(Protocol[T]):
    """An open watch: gives events as they arrive. `client.watch.Watch` is one."""

    def batches(self) -> AsyncIterator[list[WatchEvent[T]]]:
        """Events as they arrive, until the server ends the watch."""
        ...


class Source(Protocol[T]):
    """A collection on a server."""

    async def list(self) -> tuple[Sequence[T], str]:
        """The state, and the version to watch from."""
        ...

    def watch(self, resource_version: str) -> AbstractAsyncContextManager[Batches[T]]:
        """The changes after that version, bookmarks included."""
        ...


class Sink(Protocol[T]):
    """Whoever shows what happens."""

    def changes(self, batch: Sequence[Change[T]], *, is_initial: bool) -> None:
        """Changes, oldest first. `is_initial` marks the state as of the beginning, told once, perhaps empty."""
        ...

    def connection(self, connection: Connection) -> None:
        """The connection has changed its state."""
        ...


class Follower(Generic[T]):
    """Follows one collection until it is cancelled or refused.

    Promised: every object of the first list is told as ADDED; from then on each change once, in the server's
    order. A watch that ends goes on from the last version; after 410 the differences to a new list are told, with
    changes in between merged, and vanished objects as DELETED in the last state that was seen.

    Args:
        source: What to follow.
        sink: Who is told.
        clock: For waits.
        jitter: A random number from 0 to 1.
    """

    def __init__(
        self,
        source: Source[T],
        sink: Sink[T],
        *,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._source = source
        self._sink = sink
        self._clock = clock
        self._jitter = jitter
        self._known: Known[T] = Known()
        self._position = ""
        self._lists = 0
        self._failures = 0

    async def run(self) -> None:
        """Follow.

        Raises:
            ListWatchError: The first list or watch failed, or a later one in a way that waiting does not cure.
        """
        is_listing = True
        while True:
            started, self._seen = self._clock.monotonic(), 0
            is_fresh = is_listing
            error: ListWatchError | None = None
            try:
                if is_listing:
                    await self._list()
                    is_listing = False
                await self._watch()
            except ListWatchError as caught:
                error = caught
            decision = after_ending(
                error,
                has_synced=self._lists > 0,
                is_fresh=is_fresh,
                lasted=self._clock.monotonic() - started,
                events=self._seen,
            )
            if error is not None and decision.step is Step.GIVE_UP:
                raise error
            # A list that failed is made again, whatever else would do: nothing newer is known.
            is_listing = is_listing or decision.step is Step.LIST
            if decision.is_failure:
                await self._wait(error, at_least=decision.at_least)

    async def _list(self) -> None:
        self._say(Phase.LISTING)
        items, version = await self._source.list()
        changes = self._known.replace(items)
        self._position = version
        is_initial = self._lists == 0
        self._lists += 1
        if changes or is_initial:
            self._sink.changes(changes, is_initial=is_initial)

    async def _watch(self) -> None:
        async with self._source.watch(self._position) as watch:
            self._say(Phase.WATCHING)
            async for batch in watch.batches():
                self._take(batch)

    def _take(self, batch: list[WatchEvent[T]]) -> None:
        changes: list[Change[T]] = []
        error: ListWatchError | None = None
        for event in batch:
            if event.type is EventType.ERROR:
                error = event.error
                break
            self._seen += 1
            self._failures = 0  # it speaks, so whatever was wrong is over
            self._position = event.object.resource_version or self._position
            if event.type is not EventType.BOOKMARK:
                changes.append(self._known.note(event.type, event.object))
        if changes:
            self._sink.changes(changes, is_initial=False)
        if error is not None:
            raise error

    async def _wait(self, error: ListWatchError | None, *, at_least: float) -> None:
        self._failures += 1
        delay = delay_after(self._failures, random=self._jitter(), at_least=at_least)
        trouble = str(error) if error is not None else "the server ends every watch at once"
        self._sink.connection(Connection(Phase.WAITING, trouble, delay, max(0, self._lists - 1)))
        await self._clock.sleep(delay)

    def _say(self, phase: Phase) -> None:
        self._sink.connection(Connection(phase, relists=max(0, self._lists - 1)))
