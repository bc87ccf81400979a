"""A collection's present state and everything that happens to it from then on, told to whoever shows it.

In:    a `ListerWatcher`                           (cli/sources.py)
Out:   batches of changes, and how the connection is, to a `Sink`
Next:  cli/render.py (lines), cli/live.py (a table)
Rules: how to go on is the reflector's to decide, and what has changed cli/changes.py's; here is only what a person at
       a terminal wants otherwise: to see at once that it does not work, and to be asked where waiting does not help
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Generic, Protocol

from listwatch.apimachinery.backoff import Backoff
from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.cli.changes import Change, Known
from listwatch.reflector.failure import Failure
from listwatch.reflector.list_watch import ListerWatcher
from listwatch.reflector.machine import Policy
from listwatch.reflector.reflector import Reflector
from listwatch.reflector.states import BackingOff, Listing, ReflectorState, Watching

BACKOFF: Final = Backoff(cap=15.0)
"""From 0.8 s to half a minute: somebody is looking."""

POLICIES: Final = dict.fromkeys(
    (Failure.UNAUTHORIZED, Failure.FORBIDDEN, Failure.NOT_FOUND, Failure.MISCONFIGURED, Failure.OTHER),
    Policy.GIVE_UP,
)
"""Somebody has to do something, and is at hand."""

Connection = Listing | Watching | BackingOff
"""How the connection is, while there is one to be had."""


def trouble(waiting: BackingOff) -> str:
    """What is wrong, in words."""
    return str(waiting.error) if waiting.error is not None else "the server ends every watch at once"


class Sink(Protocol[AnyObject]):
    """Whoever shows what happens. What it raises ends the following."""

    def changes(self, batch: Sequence[Change[AnyObject]], *, is_initial: bool) -> None:
        """Changes, oldest first. `is_initial` marks the state as of the beginning, told once, perhaps empty."""
        ...

    def connection(self, connection: Connection, *, relists: int) -> None:
        """The connection has changed its state; `relists` is how often all had to be fetched again."""
        ...


async def follow(list_watch: ListerWatcher[AnyObject], sink: Sink[AnyObject], *, clock: Clock) -> None:
    """Follow a collection until it is cancelled or refused.

    Promised: every object of the first list is told as ADDED; from then on each change once, in the server's
    order. A watch that ends goes on from the last version; where that is not possible the differences to a new list
    are told, with changes in between merged, and vanished objects as DELETED in the last state that was seen.

    Args:
        list_watch: What to follow.
        sink: Who is told.
        clock: For waits.

    Raises:
        ListWatchError: The first list failed, or something later in a way that waiting does not cure.
        Exception: What the sink raised.
    """
    teller = _Teller(sink)
    reflector = Reflector(
        list_watch,
        teller,
        clock=clock,
        watch_list=False,  # a command would learn anew each time whether its server has them
        backoff=BACKOFF,
        policies=POLICIES,
        on_state=teller.on_state,
    )
    running = teller.running = asyncio.create_task(reflector.run())
    try:
        await running
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if teller.error is None or (current is not None and current.cancelling()):
            raise
        raise teller.error from None


class _Teller(Generic[AnyObject]):
    """The store of a reflector that keeps what has been told, to tell what is new.

    Attributes:
        running: The reflector's task.
        error: Why it was ended from here.
    """

    def __init__(self, sink: Sink[AnyObject]) -> None:
        self.running: asyncio.Task[None] | None = None
        self.error: Exception | None = None
        self._sink = sink
        self._known: Known[AnyObject] = Known()
        self._lists = 0

    def replace(self, objects: Sequence[AnyObject], resource_version: ResourceVersion) -> None:
        """Tell the differences to what was known."""
        is_initial = self._lists == 0
        self._lists += 1
        changes = self._known.replace(objects)
        if changes or is_initial:
            self._sink.changes(changes, is_initial=is_initial)

    def apply(self, events: Sequence[WatchEvent[AnyObject]], resource_version: ResourceVersion) -> None:
        """Tell the events."""
        changes = [self._known.note(event.type, event.object) for event in events]
        self._sink.changes(changes, is_initial=False)

    def bookmark(self, resource_version: ResourceVersion) -> None:
        """Nothing to tell."""

    async def ready(self) -> None:
        """Always: whoever is slow to read holds up the process."""

    def on_state(self, state: ReflectorState) -> None:
        """Tell how the connection is; end it all if it has never been any good."""
        if isinstance(state, BackingOff):
            if not self._lists:
                return self._end(state.error or ListWatchError(f"no list: {state.failure}"))
            if state.failure is Failure.EXPIRED and state.failures == 1:
                return None  # ordinary life of a watch: a list follows, and nothing is lost
        if isinstance(state, Connection):
            try:
                self._sink.connection(state, relists=max(0, self._lists - 1))
            except Exception as error:  # noqa: BLE001 (what is raised here would be logged and forgotten)
                self._end(error)
        return None

    def _end(self, error: Exception) -> None:
        self.error = error
        if self.running is not None:
            self.running.cancel()
