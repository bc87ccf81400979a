"""Sends events, in the background, as well as it can.

In:    `event(…)` calls, from anywhere on the loop
Out:   creates and patches of events.k8s.io/v1 Events
Next:  event_recorder/event_correlator.py, event_recorder/event_writer.py
Rules: telling never waits and never fails for the server's sake; one task; everything that is not sent is counted
Source: client-go tools/events EventRecorder and EventBroadcaster; differs: one queue of series instead of one of
        occurrences, `flush` with a deadline, and figures
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import platform
import random as _random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

from listwatch.api.core_v1 import ObjectReference
from listwatch.apimachinery.backoff import Backoff
from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.errors import (
    APIStatusError,
    CredentialError,
    ListWatchError,
    ProtocolError,
    TransportError,
)
from listwatch.apimachinery.object import Object
from listwatch.client.client import Client
from listwatch.event_recorder.event_correlator import EventCorrelator, Occurrence, Series
from listwatch.event_recorder.event_writer import EventWriter, reference_to, shortened

logger = logging.getLogger(__name__)

NAME_BYTES: Final = 128
"""What an API server takes for a reason, an action, and the reporter's names."""
QUEUE_LIMIT: Final = 1000
MAX_TRIES: Final = 12
CALL_SECONDS: Final = 30.0
HURRIED_SECONDS: Final = 0.5
"""The longest wait between tries while somebody waits for all to be sent."""

_MAY_PASS: Final = (TransportError, ProtocolError, CredentialError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecorderMetrics:
    """What became of all that was told. Each figure only grows, but `waiting`.

    Attributes:
        told: Calls of `event`.
        created: Events that were made on the server.
        patched: Writes of a count.
        suppressed: New events that the limit for one object has cost.
        dropped: Occurrences that were lost because too many events waited, or after the end.
        refused: Events that the server did not take; they were not tried again.
        given_up: Events that could not be sent in all tries.
        waiting: Events that are to be written, now.
    """

    told: int
    created: int
    patched: int
    suppressed: int
    dropped: int
    refused: int
    given_up: int
    waiting: int


class EventRecorder:
    """Tells what happened to objects, in the form of events of events.k8s.io/v1.

    Used like this::

        async with EventRecorder(client, reporting_controller="example.com/my-controller") as recorder:
            recorder.event(pod, reason="Restarted", action="Restarting", note="its configuration has changed")

    Promised: `event` returns at once and does not raise because of the server or the network. Occurrences that
    repeat become one event with a count, see `EventCorrelator`. What cannot be sent is tried again with a rising wait
    for some minutes. `flush` and `aclose` send what waits, counts included, until a deadline, and say what is left;
    whatever is lost is in `metrics`.
    Not promised: that an event arrives. Do not build upon events what must not fail.

    Threads: belongs to one event loop, which must be running when `event` is called; there is one task, made then.

    Args:
        client: Of the cluster. Needs create and patch on events in events.k8s.io. Must outlive the recorder.
        reporting_controller: Who tells: `example.com/my-controller`.
        reporting_instance: Which of several; None for the controller's and the host's name.
        queue_limit: How many events may wait to be written; new ones beyond it are dropped.
        max_tries: How often one write is tried.
        backoff: How long to wait after each failure.
        burst, refill_seconds: How many writes one object may cause at once, and how long until one more.
        clock: Tells the time.
        random: Numbers from 0 to below 1, for the backoff.

    Raises:
        ValueError: A reporter's name is empty or too long for a server.
    """

    def __init__(
        self,
        client: Client,
        *,
        reporting_controller: str,
        reporting_instance: str | None = None,
        queue_limit: int = QUEUE_LIMIT,
        max_tries: int = MAX_TRIES,
        backoff: Backoff = Backoff(base=1.0, cap=20.0),  # noqa: B008 (immutable)
        burst: int = 25,
        refill_seconds: float = 300.0,
        clock: Clock | None = None,
        random: Callable[[], float] = _random.random,
    ) -> None:
        if reporting_instance is None:
            instance = f"{reporting_controller.rpartition('/')[2]}-{platform.node()}"
            reporting_instance = shortened(instance, NAME_BYTES)
        _check_name("reporting_controller", reporting_controller)
        _check_name("reporting_instance", reporting_instance)
        self._controller = reporting_controller
        self._queue_limit = queue_limit
        self._max_tries = max_tries
        self._backoff = backoff
        self._clock: Clock = SystemClock() if clock is None else clock
        self._random = random
        self._writer = EventWriter(
            client, controller=reporting_controller, instance=reporting_instance, clock=self._clock
        )
        self._correlator = EventCorrelator(burst=burst, refill_seconds=refill_seconds)
        self._queue: deque[Series] = deque()
        self._sending: Series | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()  # somebody waits for all to be sent
        self._is_idle = asyncio.Event()
        self._is_closed = False
        self._told = self._dropped = self._refused = self._given_up = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # Telling

    def event(
        self,
        regarding: Object | ObjectReference,
        *,
        reason: str,
        action: str,
        note: str,
        type: Literal["Normal", "Warning"] = "Normal",  # noqa: A002 (the field's name)
        related: Object | ObjectReference | None = None,
    ) -> None:
        """It happened. Returns at once; does nothing after `aclose`, but count.

        Args:
            regarding: To what. The event goes to its namespace, to `default` if it has none. For a part of an object
                (one container) an `ObjectReference` with a `field_path`.
            reason: Why, one word in CamelCase, for machines.
            action: What was done or tried, one word in CamelCase, for machines.
            note: A sentence for people. Beyond 1024 bytes it is cut.
            type: `Normal`, or `Warning` for what somebody should look at.
            related: Another object that had to do with it.

        Raises:
            ValueError: No server would take it: another type; an empty or overlong reason or action.
            RuntimeError: No event loop is running.
        """
        if type not in {"Normal", "Warning"}:
            raise ValueError(f"an event's type is Normal or Warning, not {type!r}")
        _check_name("reason", reason)
        _check_name("action", action)
        self._told += 1
        if self._is_closed:
            self._dropped += 1
            return
        occurrence = Occurrence(
            regarding=reference_to(regarding),
            type=type,
            reason=reason,
            action=action,
            note=note,
            related=None if related is None else reference_to(related),
        )
        now = self._clock.monotonic()
        for series in self._correlator.note(occurrence, now=now, time=self._clock.now()):
            self._put(series)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name=f"events of {self._controller}")
        self._wake.set()

    def metrics(self) -> EventRecorderMetrics:
        """The figures of this moment."""
        return EventRecorderMetrics(
            told=self._told,
            created=self._writer.created,
            patched=self._writer.patched,
            suppressed=self._correlator.suppressed,
            dropped=self._dropped,
            refused=self._refused,
            given_up=self._given_up,
            waiting=len(self._queue) + (self._sending is not None),
        )

    def __repr__(self) -> str:
        return f"<EventRecorder {self._controller!r}: {self.metrics().waiting} waiting>"

    # Coming to an end

    async def flush(self, timeout: float) -> int:  # noqa: ASYNC109 (it ends, it does not raise)
        """Send what waits, and the counts of what repeats, now.

        Waits between tries are cut short.

        Args:
            timeout: Seconds that it may take.

        Returns:
            How many events the server does not know, or not with their last count. 0 if all were sent or refused.
            They are sent later all the same, if there is a later.

        Cancellation: ends the waiting only.
        """
        for series in self._correlator.unwritten():
            self._put(series)
        self._is_idle.clear()
        if self._task is not None and not self._task.done():
            self._hurry.set()
            self._wake.set()
            try:
                await self._wait(self._is_idle, timeout)
            finally:
                self._hurry.clear()
        return len(self._left())

    async def aclose(self, *, flush_timeout: float = 5.0) -> int:
        """Take nothing more, `flush`, and end. Safe to call twice.

        Returns:
            How many events were not sent; what happened in them is counted as dropped.

        Cancellation: it ends at once, without flushing further.
        """
        if self._is_closed:
            return 0
        self._is_closed = True
        left = 0
        try:
            left = await self.flush(flush_timeout)
            self._dropped += sum(series.count - series.written_count for series in self._left())
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait([self._task])
        return left

    # Sending

    def _put(self, series: Series) -> None:
        """Let it be written, unless it would be a new event and too many wait."""
        if series.is_queued:
            return
        is_new = not series.written_count and series is not self._sending
        if is_new and len(self._queue) >= self._queue_limit:
            self._correlator.forget(series)
            self._dropped += series.count
            return
        series.is_queued = True
        self._queue.append(series)

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            now = self._clock.monotonic()
            if now >= self._correlator.next_due:
                for due in self._correlator.due(now):
                    self._put(due)
            if not self._queue:
                self._is_idle.set()
                await self._wait(self._wake, self._correlator.next_due - now)
                continue
            self._sending = series = self._queue.popleft()
            series.is_queued = False
            try:
                if series.is_unwritten:
                    await self._send(series)
            except Exception:  # a fault of ours or the client's must not end all events
                self._refused += 1
                self._correlator.forget(series)
                logger.exception("%s was not sent", _label(series))
            finally:
                self._sending = None

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        """Until it is set, or so many seconds have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if seconds == math.inf else max(0.0, seconds)):
                await event.wait()

    async def _send(self, series: Series) -> None:
        """Write a series, with patience."""
        failure: Exception | None = None
        for tries in range(1, self._max_tries + 1):
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    await self._writer.write(series)
            except APIStatusError as error:
                if error.code != 429 and error.code < 500:
                    self._refuse(series, error)
                    return
                failure = error
            except _MAY_PASS as error:
                failure = error
            except ListWatchError as error:  # the client is closed
                self._refuse(series, error)
                return
            else:
                return
            logger.debug("%s: %s; try %d of %d", _label(series), failure, tries, self._max_tries)
            if tries < self._max_tries:
                await self._pause(self._backoff.delay(tries, self._random()))
        self._given_up += 1
        self._correlator.forget(series)
        logger.warning("%s was given up after %d tries: %s", _label(series), self._max_tries, failure)

    def _refuse(self, series: Series, error: Exception) -> None:
        self._refused += 1
        self._correlator.forget(series)
        logger.warning("%s was refused: %s", _label(series), error)

    async def _pause(self, seconds: float) -> None:
        """Between tries; not for long if somebody waits for the end."""
        if self._hurry.is_set():
            await self._clock.sleep(min(seconds, HURRIED_SECONDS))
        else:
            await self._wait(self._hurry, seconds)

    def _left(self) -> set[Series]:
        """Of which the server does not know all."""
        left = {series for series in (*self._queue, *self._correlator.unwritten()) if series.is_unwritten}
        if self._sending is not None and self._sending.is_unwritten:
            left.add(self._sending)
        return left


def _label(series: Series) -> str:
    what = series.occurrence
    return f"event {what.reason} of {what.regarding.kind} {series.namespace}/{what.regarding.name}"


def _check_name(what: str, text: str) -> None:
    if not text or len(text.encode()) > NAME_BYTES:
        raise ValueError(f"{what} of an event needs 1 to {NAME_BYTES} bytes, got {text!r}")
