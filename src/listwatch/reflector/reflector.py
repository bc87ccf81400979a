"""Keeps a store in step with a collection, whatever the network does.

In:    a `ListerWatcher`                          (reflector/list_watch.py)
Out:   `ReflectorStore` calls: replace, apply, bookmark; and `ReflectorState`s for whoever wants to know
Next:  shared_informer/shared_informer.py
Rules: I/O only: what to do next is machine.py's, what is news is intake.py's; one task, nothing awaited per event; what
       the store raises ends the reflector, what the server or the network does never does unless a policy says so
Source: client-go tools/cache reflector.go; differs: states instead of log lines, failures in the stream are visible, a
        deadline for silence and for the mark of a streamed list, `run` can be run again
"""

from __future__ import annotations

import asyncio
import logging
import math
import random as random_module
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, Generic

from listwatch.apimachinery.backoff import Backoff
from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.errors import APIStatusError, ConnectionLost, ListWatchError
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.client.pager import list_all
from listwatch.reflector import machine
from listwatch.reflector.failure import Failure, InitialEventsEndMissing, classify
from listwatch.reflector.intake import Counts, Cursor, Expected, InitialEvents, fitting, known_version
from listwatch.reflector.list_watch import ListerWatcher
from listwatch.reflector.machine import PAGE_SIZE, Policy, Rules
from listwatch.reflector.state_feed import OnState, StateFeed
from listwatch.reflector.states import (
    BackingOff,
    Broken,
    Idle,
    Listing,
    ReflectorState,
    Stopped,
    Watching,
)
from listwatch.reflector.store import HoldingStore, ReflectorStore
from listwatch.reflector.stream import EventStream
from listwatch.reflector.watch_list_support import WatchListSupport

logger = logging.getLogger(__name__)

MIN_WATCH_SECONDS: Final = 300.0
MARKER_SECONDS: Final = 30.0
LIVENESS_SECONDS: Final = 90.0
_ORDINARY: Final = frozenset({Failure.EXPIRED, Failure.OVERLOADED, Failure.REFUSED, Failure.CUT})
"""Ordinary life of a long watch: told as a state, but no warning."""


class Reflector(Generic[AnyObject]):
    """Lists a collection into a store, follows its changes, and begins again where that has to be.

        reflector = Reflector(ListWatch.from_client(client, Pod), store)
        await reflector.run()

    Promised: the store gets every change once and in the server's order, each of its calls says which version it
    leads to, and that version goes back only with a `replace`; after any finite row of failures the store is equal
    to the collection again; `state` says what is being done about a failure, and why. Not promised: every
    version of every object. What happened between an expired watch and the list after it comes as one `replace`.

    Cancellation: `run` ends at once, at any moment, with its connection closed and the store as it is. It may be run
    again, by the same loop, and goes on from the version where it stopped.
    Threads: none. Belongs to one event loop.

    Args:
        list_watch: What to follow. Its attribute `supports_watch_list` may say False: it is not asked for
            streamed lists then. Its exceptions count as failures of the server, whatever their type.
        store: Where it goes. An exception of the store is a bug of the store's and ends `run`.
        clock: For waits and ages. Deadlines of reads are by the loop's time.
        random: Gives numbers in [0, 1), for jitter.
        page_size: Objects a page of lists that are asked for in pages.
        always_page: Ask for every list in pages. See `machine.Rules`.
        expected: A class or resource: objects of other kinds are left out, and counted. None for what `list_watch`
            says of itself (`kind`), or else for what each object says of itself.
        watch_list: Whether to fetch the collection as a stream: None to try, and to remember in `support` if the
            server does not do it; True to try each time; False for never.
        support: Share one between the reflectors of one server.
        backoff, slow_backoff: Waits after failures, and after those that somebody has to cure: unauthorized,
            forbidden, not found, misconfigured.
        min_watch_seconds: The server is told to end a watch after a random time between this and its double.
        marker_seconds: How long after the last initial event a streamed list may lack its end.
        liveness_seconds: How long a watch may be silent, once a bookmark has come on it.
        policies: What to do after which class of failure; `Policy.RETRY` where nothing is said. Asked only where
            there is a wait: what a relist cures at once is no reason to give up.
        on_state: Called with each state, in the reflector's task; to be quick.

    Attributes:
        counts: What has been seen and left out so far.
        last_contact: `clock.monotonic()` of the last change, bookmark or list; None before the first. A message that
            is older than what is known is no proof of being in step, and does not count.
    """

    def __init__(
        self,
        list_watch: ListerWatcher[AnyObject],
        store: ReflectorStore[AnyObject],
        *,
        clock: Clock | None = None,
        random: Callable[[], float] = random_module.random,
        page_size: int = PAGE_SIZE,
        always_page: bool = False,
        expected: type[AnyObject] | Resource | None = None,
        watch_list: bool | None = None,
        support: WatchListSupport | None = None,
        backoff: Backoff | None = None,
        slow_backoff: Backoff | None = None,
        min_watch_seconds: float = MIN_WATCH_SECONDS,
        marker_seconds: float = MARKER_SECONDS,
        liveness_seconds: float = LIVENESS_SECONDS,
        policies: Mapping[Failure, Policy] | None = None,
        on_state: OnState | None = None,
    ) -> None:
        if page_size < 1:
            raise ValueError(f"page_size={page_size}: a page has at least one object")
        self.counts = Counts()
        self.last_contact: float | None = None
        self._list_watch = list_watch
        self._store = store
        self._hold = store.hold if isinstance(store, HoldingStore) else None
        self._clock = clock or SystemClock()
        self._random = random
        self._rules = Rules(
            page_size=page_size,
            always_page=always_page,
            backoff=backoff or Backoff(),
            slow_backoff=slow_backoff or Rules().slow_backoff,
            policies=dict(policies or {}),
        )
        self._expected: Expected = expected if expected is not None else getattr(list_watch, "kind", None)
        self._watch_list = watch_list
        self._support = support or WatchListSupport()
        self._min_watch_seconds = min_watch_seconds
        self._marker_seconds = marker_seconds
        self._liveness_seconds = liveness_seconds
        self._feed = StateFeed(Idle(since=0.0), on_state)
        self._machine_state = machine.State()
        self._cursor: Cursor[AnyObject] = self._cursor_from(machine.UNKNOWN)
        self._fetched: list[AnyObject] = []
        self._stream: EventStream[AnyObject] | None = None
        self._rest: Sequence[WatchEvent[AnyObject]] = ()
        self._error: Exception | None = None
        self._is_running = False
        self._waiting: asyncio.Future[None] | None = None

    @property
    def state(self) -> ReflectorState:
        """What it is doing."""
        return self._feed.current

    def states(self) -> AsyncIterator[ReflectorState]:
        """The present state, then each that follows; over after `Stopped` or `Broken`.

        A late reader misses the oldest states, never the newest, and never holds the reflector back.
        """
        return self._feed.states()

    @property
    def resource_version(self) -> ResourceVersion:
        """What the store is in step with; "" before the first list, or if the server names no versions."""
        return self._cursor.version

    def retry_now(self) -> None:
        """End the present wait, if there is one: the reason for it is gone (the CRD is there, the role is bound)."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def run(self) -> None:
        """Follow the collection until cancelled.

        Raises:
            Exception: What failed, if the policy for such a failure is to give up (`state` is `Broken` then); or
                what the store raised (`Stopped`).
            RuntimeError: It is running already.
        """
        if self._is_running:
            raise RuntimeError("this reflector is running already")
        self._is_running = True
        try:
            outcome: machine.Outcome = machine.Started(resource_version=self._cursor.version)
            while True:
                outcome = await self._carry_out(self._decide(outcome), outcome)
        finally:
            try:
                await self._close()
            finally:
                self._is_running = False
                if not isinstance(self.state, Broken):
                    self._feed.tell(Stopped(since=self._clock.monotonic()))

    def _decide(self, outcome: machine.Outcome) -> machine.Plan:
        self._machine_state, plan = machine.decide(
            self._machine_state,
            outcome,
            self._rules,
            may_stream=self._may_stream(),
            chance=self._random(),
        )
        logger.debug("%s: %s", outcome, plan)
        return plan

    def _may_stream(self) -> bool:
        if self._watch_list is not None:
            return self._watch_list
        can = getattr(self._list_watch, "supports_watch_list", True)
        return bool(can) and self._support.allows(self._clock.monotonic())

    async def _carry_out(self, plan: machine.Plan, outcome: machine.Outcome) -> machine.Outcome:
        if isinstance(outcome, machine.Fetched):
            await self._settle(plan)
        if plan.wait is not None:
            await self._pause(plan.wait)
        match plan:
            case machine.List():
                return await self._list(plan)
            case machine.WatchList():
                return await self._watch_list_once(plan)
            case machine.Watch():
                return await self._watch(plan)
            case machine.GiveUp():
                error = self._error or ListWatchError(f"given up: {plan.failure}")
                since = self._clock.monotonic()
                self._feed.tell(Broken(since=since, failure=plan.failure, error=error))
                raise error

    async def _pause(self, wait: machine.Wait) -> None:
        self._feed.tell(
            BackingOff(
                since=self._clock.monotonic(),
                failure=wait.failure,
                error=self._error,
                seconds=wait.seconds,
                failures=wait.failures,
            )
        )
        level = logging.DEBUG if wait.failure in _ORDINARY else logging.WARNING
        logger.log(level, "%s (%s); again in %.1f s", wait.failure, self._error, wait.seconds)
        if wait.seconds == math.inf:
            self._waiting = asyncio.get_running_loop().create_future()
        else:
            self._waiting = asyncio.ensure_future(self._clock.sleep(wait.seconds))
        waiting = self._waiting
        try:
            await asyncio.wait({waiting})
            if not waiting.cancelled():
                waiting.result()
        finally:
            self._waiting = None
            waiting.cancel()

    # The whole collection: first fetched, then judged, then given to the store

    async def _list(self, plan: machine.List) -> machine.Outcome:
        self._feed.tell(Listing(since=self._clock.monotonic(), reason=plan.reason, is_streaming=False))
        is_paginated = False

        async def fetch(options: ListOptions) -> ObjectList[AnyObject]:
            nonlocal is_paginated
            is_paginated = is_paginated or options.continue_ is not None
            page = await self._list_watch.list(options)
            page.items = fitting(page.items, self.counts, expected=self._expected)
            if (hold := self._hold) is not None:
                page.items = [hold(obj) for obj in page.items]
            return page

        try:
            found = await list_all(fetch, plan.options())
        except Exception as error:  # noqa: BLE001 (anybody's list function: all that it raises is a failure of it)
            failure = self._note(error)
            return machine.FetchFailed(failure=failure, retry_after=_retry_after(error))
        self._fetched = found.items
        version = known_version(found.resource_version)
        return machine.Fetched(resource_version=version, is_paginated=is_paginated)

    async def _watch_list_once(self, plan: machine.WatchList) -> machine.Outcome:
        self._feed.tell(Listing(since=self._clock.monotonic(), reason=plan.reason, is_streaming=True))
        initial: InitialEvents[AnyObject] = InitialEvents(
            self.counts, expected=self._expected, hold=self._hold
        )
        try:
            stream = await self._open(plan)
            self._rest = await self._read_initial(stream, initial)
        except Exception as error:  # noqa: BLE001 (anybody's watch function)
            failure = self._note(error, is_streaming_list=True)
            await self._close()
            if failure in machine.NO_STREAMS:
                self._support.refused(self._clock.monotonic())
            return machine.FetchFailed(failure=failure, is_streaming=True, retry_after=_retry_after(error))
        self._support.confirmed()
        self._fetched = list(initial.objects.values())
        return machine.Fetched(resource_version=initial.version or machine.UNKNOWN)

    async def _read_initial(
        self, stream: EventStream[AnyObject], initial: InitialEvents[AnyObject]
    ) -> Sequence[WatchEvent[AnyObject]]:
        """Read up to the mark; what came after it in the same batch."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        deadline = began + self._marker_seconds
        rest: Sequence[WatchEvent[AnyObject]] = ()
        while initial.version is None:
            timeout = asyncio.timeout_at(deadline)
            try:
                async with timeout:
                    batch = await stream.read()
            except TimeoutError:
                if not timeout.expired():
                    raise
                raise InitialEventsEndMissing(
                    f"watch: no end of the initial events within {self._marker_seconds:.0f} s of the last one: "
                    "something on the way does not know streamed lists"
                ) from None
            if batch is None:
                if loop.time() - began >= self._marker_seconds:
                    raise InitialEventsEndMissing(
                        "watch: over before the end of the initial events was marked"
                    )
                raise ConnectionLost("watch: ended in the middle of the initial events")
            rest, error = initial.take(batch)
            if error is not None:
                raise error
            if any(event.type is EventType.ADDED for event in batch):
                deadline = loop.time() + self._marker_seconds
        return rest

    async def _settle(self, plan: machine.Plan) -> None:
        """Give what was fetched to the store, unless it was judged to be too old."""
        objects, self._fetched = self._fetched, []
        if not isinstance(plan, machine.Watch):
            await self._close()
            return
        self._cursor = self._cursor_from(plan.resource_version)
        self.counts.lists += 1
        self.last_contact = self._clock.monotonic()
        self._store.replace(objects, plan.resource_version)
        await self._store.ready()

    # Changes

    async def _watch(self, plan: machine.Watch) -> machine.Outcome:
        skipped, stale = self.counts.skipped, self.counts.stale
        error = await self._read_changes(plan)
        seconds = 0.0 if self._stream is None else self._stream.seconds
        await self._close()
        if self.counts.skipped > skipped:
            left = self.counts.skipped - skipped
            logger.warning("left out %d events, the last: %s", left, self.counts.last_skipped)
        if self.counts.stale > stale:
            logger.warning("left out %d events older than what is known", self.counts.stale - stale)
        self._error = error
        return machine.Watched(
            resource_version=self._cursor.version,
            seconds=seconds,
            failure=None if error is None else self._note(error),
            retry_after=_retry_after(error),
        )

    async def _read_changes(self, plan: machine.Watch) -> Exception | None:
        """Read a watch to its end, into the store; what ended it, None for the server in good order."""
        try:
            stream = self._stream or await self._open(plan)
        except Exception as error:  # noqa: BLE001 (anybody's watch function)
            return error
        self._feed.tell(Watching(since=self._clock.monotonic(), resource_version=plan.resource_version))
        failed = await self._put(self._rest)
        self._rest = ()
        while failed is None:
            try:
                batch = await stream.read()
            except Exception as error:  # noqa: BLE001 (anybody's watch function)
                return error
            if batch is None:
                return None
            failed = await self._put(batch)
            del batch  # it may be hours until the next one
        return failed

    async def _put(self, batch: Sequence[WatchEvent[AnyObject]]) -> Exception | None:
        """Give a batch's news to the store, and wait until it takes more; what ended the watch, if the batch did."""
        if not batch:
            return None
        taken = self._cursor.take(batch)
        if taken.has_bookmark and self._stream is not None:
            self._stream.has_bookmarks = True
        if taken.is_contact:
            self.last_contact = self._clock.monotonic()
        if taken.changes:
            self._store.apply(taken.changes, self._cursor.version)
        elif taken.has_bookmark and taken.is_contact:
            self._store.bookmark(self._cursor.version)
        await self._store.ready()
        return taken.error

    def _cursor_from(self, version: ResourceVersion) -> Cursor[AnyObject]:
        return Cursor(version, self.counts, expected=self._expected)

    # Streams and failures

    async def _open(self, plan: machine.Watch | machine.WatchList) -> EventStream[AnyObject]:
        self.counts.watches += 1
        timeout = machine.watch_seconds(self._min_watch_seconds, self._random())
        self._stream = EventStream(
            self._list_watch.watch(plan.options(timeout)),
            timeout_seconds=timeout,
            liveness_seconds=self._liveness_seconds,
        )
        await self._stream.open()
        return self._stream

    async def _close(self) -> None:
        stream, self._stream, self._rest = self._stream, None, ()
        if stream is not None:
            await stream.aclose()

    def _note(self, error: Exception, *, is_streaming_list: bool = False) -> Failure:
        self._error = error
        if not isinstance(error, ListWatchError):
            logger.error("list or watch raised what nobody foresaw; it is tried again", exc_info=error)
        return classify(error, is_streaming_list=is_streaming_list)


def _retry_after(error: Exception | None) -> float:
    return (error.retry_after or 0.0) if isinstance(error, APIStatusError) else 0.0
