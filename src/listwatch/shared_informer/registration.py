"""One handler on one informer: what waits for it, the task that tells it, and what became of that.

In:    batches of notifications                     (from shared_informer/processor.py)
Out:   calls of the handler                         (shared_informer/handlers.py)
Next:  the program
Rules: between two notifications nothing is awaited but what the handler itself awaits; its calls never overlap; a
       failure is reported and counted, and the next notification comes all the same
Source: client-go tools/cache shared_informer.go, processorListener and ResourceEventHandlerRegistration; differs:
        mailboxes have a limit, a failure neither ends the process nor keeps a handler from being synced
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject
from listwatch.shared_informer.gate import Gate
from listwatch.shared_informer.handlers import caller, handler_name
from listwatch.shared_informer.mailbox import SYNCED, Backlog, Mailbox
from listwatch.shared_informer.notifications import Notification, key_of

logger = logging.getLogger(__name__)

MIN_RESYNC_SECONDS = 1.0
"""A shorter period is raised to this: everything is told again each time."""

CALLS_IN_A_ROW = 64
"""After so many calls that awaited nothing, other tasks get their turn."""

calling: ContextVar[Registration[Any] | None] = ContextVar("calling", default=None)
"""Whose handler this code runs in, if in any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerFailure(Generic[AnyObject]):
    """A handler raised.

    Attributes:
        handler: Its name.
        key: Of the object that it was told of.
        notification: What it was told. Its objects belong to everybody: take copies of them.
        error: What it raised.
    """

    handler: str
    key: ObjectKey
    notification: Notification[AnyObject]
    error: BaseException


class Registration(Generic[AnyObject]):
    """One handler on one informer. Made by `SharedInformer.add_event_handler`.

    Attributes:
        name: Of the handler, for logs and metrics.
        resync_period: Seconds between two repetitions of everything; 0 for none.
        calls: How often the handler was called.
        failures: How many of these calls raised.
        is_active: Whether it still gets anything: it has not been removed.
    """

    def __init__(
        self,
        handler: object,
        *,
        clock: Clock,
        mailbox: Mailbox,
        resync_period: float = 0.0,
        on_error: Callable[[HandlerFailure[AnyObject]], object] | None = None,
        drained: Callable[[], object] = lambda: None,
    ) -> None:
        self.name = handler_name(handler)
        self.resync_period = _checked_period(resync_period)
        self.calls = 0
        self.failures = 0
        self.is_active = True
        self._call = caller(handler)
        self._clock = clock
        self._on_error = on_error
        self._drained = drained
        self._backlog: Backlog[AnyObject] = Backlog(mailbox)
        self._wake = asyncio.Event()
        self._synced = Gate()
        # Who stops and starts from within a call must not have the next one begin before it has ended.
        self._turn = asyncio.Lock()

    # What a program may ask

    @property
    def has_synced(self) -> bool:
        """The handler has been told of every initial object, whatever it made of them. Once true, it stays so."""
        return self._synced.is_open

    async def wait_synced(self) -> None:
        """Returns when `has_synced`.

        Raises:
            ListWatchError: It will not come to that: the handler was removed, or the informer has stopped or is
                broken; the cause says why.
        """
        await self._synced.wait()

    @property
    def depth(self) -> int:
        """How many notifications wait for the handler."""
        return self._backlog.depth

    @property
    def age(self) -> float:
        """Seconds that the oldest of them has waited; 0 if none waits."""
        return 0.0 if self._backlog.is_empty else self._backlog.age(self._clock.monotonic())

    @property
    def merged(self) -> int:
        """How many notifications went into others, because the handler did not keep up."""
        return self._backlog.merged

    @property
    def dropped_resyncs(self) -> int:
        """How many repetitions were left out, because the handler did not keep up."""
        return self._backlog.dropped_resyncs

    def __repr__(self) -> str:
        return f"<Registration {self.name} depth={self.depth} failures={self.failures}>"

    # What the processor does with it

    @property
    def is_full(self) -> bool:
        """Nothing more may be put in, as its policy has it."""
        return self.is_active and self._backlog.is_full

    def push(self, batch: Sequence[Notification[AnyObject]]) -> None:
        """Let the handler be told."""
        if batch:
            self._backlog.push(batch, now=self._clock.monotonic())
            self._wake.set()

    def push_resync(self, batch: Sequence[Notification[AnyObject]]) -> None:
        """Let the handler be told again."""
        if batch:
            self._backlog.push_resync(batch, now=self._clock.monotonic())
            self._wake.set()

    def push_synced(self) -> None:
        """All that is initial has been put in."""
        self._backlog.push_synced(now=self._clock.monotonic())
        self._wake.set()

    def close(self) -> None:
        """Nothing more is told; a call that is running runs on."""
        self.is_active = False
        self._backlog.clear()
        self._synced.fail(f"handler {self.name} was removed before it had been told of everything")
        self._wake.set()
        self._drained()

    def give_up(self, why: str, cause: Exception | None) -> None:
        """Those who wait for the handler to be synced wait in vain."""
        self._synced.fail(f"handler {self.name} was not told of everything: {why}", cause)

    def hope(self) -> None:
        """It may yet be synced."""
        self._synced.reset()

    async def drain(self, stopping: asyncio.Event) -> None:
        """Tell the handler of what comes, until it is removed or `stopping`. What waits then, goes on waiting."""
        calling.set(self)
        async with self._turn:
            await self._drain(stopping)

    async def _drain(self, stopping: asyncio.Event) -> None:
        backlog, call = self._backlog, self._call
        pop, reopens_at = backlog.pop, backlog.reopens_at
        in_a_row = 0
        while self.is_active and not stopping.is_set():
            item = pop()
            if item is None:
                self._wake.clear()
                await self._wake.wait()
                in_a_row = 0
                continue
            if item is SYNCED:
                self._synced.open()
                continue
            if backlog.depth == reopens_at:
                self._drained()
            self.calls += 1
            try:
                result = call(item)
            except Exception as error:  # noqa: BLE001 (anybody's code; whatever it raises is reported)
                self._report(item, error)
            else:
                if result is not None and hasattr(result, "__await__"):
                    await self._finish(item, result)
            in_a_row += 1
            if in_a_row >= CALLS_IN_A_ROW:
                in_a_row = 0
                await asyncio.sleep(0)

    def wake(self) -> None:
        """Let the task look at what has changed around it."""
        self._wake.set()

    async def _finish(self, notification: Notification[AnyObject], result: Any) -> None:
        try:
            await result
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Something that the handler awaited was cancelled, not the handler.
            self._report(notification, error)
        except Exception as error:  # noqa: BLE001 (as above)
            self._report(notification, error)

    def _report(self, notification: Notification[AnyObject], error: BaseException) -> None:
        self.failures += 1
        key = key_of(notification)
        logger.error(
            "handler %s failed on %s of %s: the next ones are told all the same",
            self.name,
            type(notification).__name__.lower(),
            key,
            exc_info=error,
        )
        if self._on_error is not None:
            failure = HandlerFailure(handler=self.name, key=key, notification=notification, error=error)
            try:
                self._on_error(failure)
            except Exception:
                logger.exception("on_error of handler %s failed on %s", self.name, key)


def _checked_period(seconds: float) -> float:
    if seconds < 0:
        raise ValueError(f"a resync period is 0 for none or a number of seconds, not {seconds}")
    return max(seconds, MIN_RESYNC_SECONDS) if seconds else 0.0
