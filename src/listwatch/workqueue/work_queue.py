"""Where keys wait for a worker.

In:    keys, from event handlers and from workers that want to try again
Out:   one key at a time to each worker, never one key to two
Rules: all decisions are `QueueState`'s; this module only lets workers wait. One timer at most, and only while a
       worker waits; no task, no polling; a worker is woken only if there is a key for it or there never will be
Source: client-go util/workqueue, TypedRateLimitingInterface and its layers in one type; differs: priorities (as in
        controller-runtime), a run ends with its block, and a drain that waits for all there is and says what is left
"""

from __future__ import annotations

import asyncio
import math
from asyncio import get_running_loop
from collections import deque
from collections.abc import AsyncGenerator, Hashable
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Final, Generic, Literal, TypeVar

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.workqueue.metrics import QueueMetrics
from listwatch.workqueue.queue_state import Phase, QueueState, Unfinished
from listwatch.workqueue.rate_limiter import RateLimiter, default_controller_rate_limiter

K = TypeVar("K", bound=Hashable)

LOW_PRIORITY: Final = -100
"""For keys of an initial list or a resync, so that live changes go first (controller-runtime's value)."""


class _Missing(Enum):
    KEY = "no key"


_NO_KEY: Final = _Missing.KEY


class QueueShutDown(Exception):
    """The queue is shut down and every key it had accepted has been handed out: this worker may go home."""


class WorkQueue(Generic[K]):
    """A queue of distinct keys for any number of workers.

    A worker, and the same in short::

        while True:
            async with queue.next() as key:      # raises QueueShutDown at the end
                try:
                    await reconcile(key)
                except Exception:
                    queue.add_rate_limited(key)  # again, later each time
                else:
                    queue.forget(key)            # it succeeded: start afresh

        async for key in queue:                  # ends at the end
            ...

    A key means "look at this object": what matters is that it is looked at after it was added, not how often it was
    added. So a key waits in one place only. Added again while it waits, it keeps the highest priority and the
    earliest time it was given: `add` ends a delay, and `add_after` changes nothing for a key that is in line.
    (client-go would hand such a key out a second time after the delay. Ask for the delay from within the run.)

    Promised:

    * Every accepted key is handed out after the add that was accepted, except that `shut_down` forgets delays.
    * A key is never at two workers. Added while one has it, it is handed out again once that run is done.
    * Order: highest priority first. Within a priority, in the order in which keys came to it; a delayed key comes
      when it is due.
    * Workers that wait are woken in the order in which they came, and no newcomer takes the key that one of them was
      woken for. Adding n keys wakes n of them at most.
    * Once closed, by `shut_down` or `drain`, nothing new is accepted, and every add says so. A worker is told the
      end only when no key will be handed out any more: nothing waits, and nothing that runs is to run again.

    Not promised: that low priorities are served while higher ones keep coming; that a delayed key is handed out the
    moment it is due, only never before; that taking a key which is ready lets other tasks run (no await in asyncio
    promises that), so a worker whose block never waits keeps the loop to itself.

    Cancellation: of a worker that waits: it has taken nothing, and if a key was just on its way, the next worker
    gets it. Inside the block: the run is over, as with any exception; whether the key is added again is the worker's
    decision. No cancellation loses a key that was not handed out.

    Threads: all calls belong to the event loop's thread, except `add_threadsafe` and `metrics`.

    Args:
        clock: Tells the time; it must go at the loop's pace (`SystemClock`, `LoopClock`). The system's by default.
        rate_limiter: Decides how long `add_rate_limited` waits; `default_controller_rate_limiter()` by default.
            It belongs to this queue.
        name: For errors, logs and metrics.
    """

    def __init__(
        self, *, clock: Clock | None = None, rate_limiter: RateLimiter[K] | None = None, name: str = ""
    ) -> None:
        self.name = name
        self._clock: Clock = SystemClock() if clock is None else clock
        self._rate_limiter: RateLimiter[K] = (
            default_controller_rate_limiter() if rate_limiter is None else rate_limiter
        )
        self._state: QueueState[K] = QueueState()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: deque[asyncio.Future[bool]] = deque()  # True: take a key; False: there will be none
        self._woken = 0  # were told to take a key and have not run since; never more than keys in line
        self._drains: list[asyncio.Future[Unfinished[K]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = math.inf
        self._inbox: deque[tuple[K, int]] = deque()  # from other threads

    def __len__(self) -> int:
        """How many keys could be handed out now. Delayed and running ones are not among them."""
        self._state.advance(now=self._clock.monotonic())
        return len(self._state)

    def __repr__(self) -> str:
        return f"<WorkQueue {self.name!r} {self._state}>"

    # Asking for work.

    def add(self, key: K, *, priority: int = 0) -> bool:
        """Ask for a run of `key` as soon as it is its turn.

        Args:
            key: Whom. Anything hashable whose equality means "the same work".
            priority: More is sooner. A key that waits already is raised to it, never lowered.

        Returns:
            Whether a run will follow. False only after `shut_down` or `drain`, for a key that does not wait already.

        Source: client-go Interface.Add; controller-runtime AddWithOpts.
        """
        accepted = self._state.add(key, now=self._clock.monotonic(), priority=priority)
        if self._waiters and len(self._state) > self._woken:
            self._settle()
        return accepted

    def add_after(self, key: K, seconds: float, *, priority: int | None = None) -> bool:
        """Ask for a run of `key` in `seconds`, at once if that is 0 or less.

        Nothing to do with the rate limiter: no failure is counted, and none forgotten.

        Args:
            key: Whom.
            seconds: The earlier time holds if the key waits already.
            priority: By default that of the run that is in progress, so that a retry is as urgent as the first
                try was; 0 if none is.

        Returns:
            As `add`.

        Raises:
            ValueError: `seconds` is infinite or no number.

        Source: client-go DelayingInterface.AddAfter; differs: a key in line does not wait for a second time.
        """
        if not math.isfinite(seconds):
            raise ValueError(f"add_after needs a finite number of seconds for {key!r}, got {seconds!r}")
        accepted = self._state.add_after(key, seconds, now=self._clock.monotonic(), priority=priority)
        if self._waiters:
            self._settle()
        return accepted

    def add_rate_limited(self, key: K, *, priority: int | None = None) -> bool:
        """Ask for a run of `key` when the rate limiter says it may be tried again, and count a failure of it.

        Args:
            key: Whom. `forget` it once it has succeeded or is given up.
            priority: As for `add_after`.

        Returns:
            As `add`.

        Source: client-go RateLimitingInterface.AddRateLimited.
        """
        seconds = self._rate_limiter.when(key, now=self._clock.monotonic())
        return self.add_after(key, seconds, priority=priority)

    def add_threadsafe(self, key: K, *, priority: int = 0) -> None:
        """`add` from any thread, also before the loop runs.

        The key arrives within the loop's next round, or when the first worker comes; keys from one thread arrive in
        order. Whether it was accepted is not known here: it is, unless the queue was closed when it arrived.

        Raises:
            RuntimeError: The loop that the queue was used on is closed.
        """
        self._inbox.append((key, priority))  # before looking at the loop: `_bind` looks the other way round
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._empty_inbox)

    def forget(self, key: K) -> None:
        """Let the next failure of `key` be its first. Does not take it out of the queue."""
        self._rate_limiter.forget(key)

    def num_requeues(self, key: K) -> int:
        """How many failures of `key` were counted since it was last forgotten."""
        return self._rate_limiter.num_requeues(key)

    # Doing it.

    def next(self) -> Turn[K]:
        """The next key's run, as a block: `async with queue.next() as key`.

        Entering waits for a key; leaving, however it happens, ends the run. Take one key at a time: a worker that
        waits for a second within the block of the first may wait for itself.

        Raises:
            QueueShutDown: On entering, once no key will be handed out any more.
            RuntimeError: On entering, if the queue was used on another event loop before.

        Source: client-go Interface.Get and Done.
        """
        return Turn(self)

    async def __aiter__(self) -> AsyncGenerator[K, None]:
        """The keys, one after the other, to the queue's end.

        A key's run ends when the next is asked for. After `break`, or an exception in the loop's body, it ends when
        the event loop has closed the iterator, a round or two later; where that matters use `next`.
        """
        while True:
            key = self._take_now()
            if key is _NO_KEY:
                try:
                    key = await self._take_later()
                except QueueShutDown:
                    return
            try:
                yield key
            finally:
                self._done(key)

    # Coming to an end.

    @property
    def is_shutting_down(self) -> bool:
        """Nothing new is accepted any more."""
        return self._state.phase is not Phase.OPEN

    def shut_down(self) -> None:
        """Accept nothing new and forget what is delayed. Keys in line are still handed out.

        Ends a `drain` that is waiting. May be called again.

        Source: client-go Interface.ShutDown.
        """
        self._empty_inbox()
        self._end_drains(self._state.shut_down())
        self._settle()

    async def drain(self, *, timeout: float | None = None) -> Unfinished[K]:  # noqa: ASYNC109 (it ends, it does not raise)
        """Accept nothing new, and wait until all that was accepted is done: what is in line, delayed and running.

        Delays are waited for. Needs workers that go on taking keys; they are told the end when none is left. Not
        from within a worker's block, which would wait for itself. After `shut_down`, it waits for what that left.

        Args:
            timeout: Seconds; None for as long as it takes. The queue stays closed afterwards, and its workers go on:
                drain again, or `shut_down`.

        Returns:
            What is not done. Nothing (false) if all work came to its end. `refused` names keys that were to run once
            more, such as those that failed meanwhile. After a `shut_down` it is what was left before that.

        Cancellation: stops the waiting only; the queue stays closed.
        Source: client-go Interface.ShutDownWithDrain; differs: that one returns while keys are in line if none is
        running (kubernetes/kubernetes#141079), forgets delays, and has no timeout.
        """
        self._bind()
        self._empty_inbox()
        self._state.drain()
        self._settle()
        if self._state.is_idle:
            return self._state.unfinished()
        drained: asyncio.Future[Unfinished[K]] = get_running_loop().create_future()
        self._drains.append(drained)
        try:
            await asyncio.wait([drained], timeout=timeout)
        finally:
            with suppress(ValueError):  # removed as it ended
                self._drains.remove(drained)
        return drained.result() if drained.done() else self._state.unfinished()

    # Looking at it.

    def metrics(self) -> QueueMetrics:
        """The figures of this moment. From any thread, if the clock can be read there (`SystemClock` can)."""
        return self._state.metrics(now=self._clock.monotonic())

    # What makes workers wait.

    def _take_now(self) -> K | Literal[_Missing.KEY]:
        """Begin the run of a key that is in line for nobody else; without waiting, so that no coroutine is made."""
        if self._loop is not get_running_loop():
            self._bind()
        state, now = self._state, self._clock.monotonic()
        state.advance(now=now)
        if self._waiters and len(state) > self._woken:
            self._settle()  # what just fell due is for those that came first
        if len(state) <= self._woken:
            return _NO_KEY
        return self._begun(now)

    async def _take_later(self) -> K:
        """Wait for a key, and begin its run."""
        if not await self._turn():
            label = repr(self.name) if self.name else "this work queue"
            raise QueueShutDown(f"{label} is shut down and has handed out all its keys")
        self._woken -= 1
        return self._begun(self._clock.monotonic())

    def _begun(self, now: float) -> K:
        key = self._state.take(now=now)
        if self._waiters and self._state.phase is not Phase.OPEN:
            self._settle()  # this may have been the last key
        return key

    async def _turn(self) -> bool:
        """Wait to be woken. Whether there is a key to take."""
        if self._state.has_ended:
            return False
        waiter: asyncio.Future[bool] = get_running_loop().create_future()
        self._waiters.append(waiter)
        self._arm()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                with suppress(ValueError):  # skipped and removed by `_settle` since
                    self._waiters.remove(waiter)
            elif waiter.result():
                self._woken -= 1  # the key goes to the next in line
            self._settle()
            raise

    def _done(self, key: K) -> None:
        self._state.done(key, now=self._clock.monotonic())
        if self._drains or (self._waiters and len(self._state) > self._woken):
            self._settle()

    def _settle(self) -> None:
        """Wake whom the present state has something to tell; wait for the next delayed key if somebody waits."""
        state, waiters = self._state, self._waiters
        while waiters and self._woken < len(state):
            self._woken += _wake(waiters.popleft(), there_is_a_key=True)
        if waiters and state.has_ended:
            while waiters:
                _wake(waiters.popleft(), there_is_a_key=False)
        self._arm()
        if self._drains and state.is_idle:
            self._end_drains(state.unfinished())

    def _end_drains(self, left: Unfinished[K]) -> None:
        drains, self._drains = self._drains, []
        for drained in drains:
            drained.set_result(left)

    def _arm(self) -> None:
        """Have a timer for the next delayed key if a worker waits, else none."""
        due = self._state.next_due if self._waiters else math.inf
        if due == self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_due = due
        if due < math.inf:
            delay = max(0.0, due - self._clock.monotonic())
            self._timer = get_running_loop().call_later(delay, self._on_time)

    def _on_time(self) -> None:
        self._timer, self._timer_due = None, math.inf
        self._state.advance(now=self._clock.monotonic())
        self._settle()  # also sets the timer again, if the loop was early by a rounding error

    def _bind(self) -> None:
        """Belong to the running loop from now on."""
        loop = get_running_loop()
        if self._loop is None:
            self._loop = loop  # before the inbox is emptied: `add_threadsafe` looks the other way round
            self._empty_inbox()
        elif self._loop is not loop:
            raise RuntimeError(f"{self!r} was used on another event loop before; make one queue per loop")

    def _empty_inbox(self) -> None:
        while self._inbox:
            key, priority = self._inbox.popleft()
            self.add(key, priority=priority)


class Turn(Generic[K]):
    """One run of one key, as a block. Made by `WorkQueue.next`, to be used once."""

    __slots__ = ("_key", "_queue")

    _key: K

    def __init__(self, queue: WorkQueue[K]) -> None:
        self._queue = queue

    async def __aenter__(self) -> K:
        queue = self._queue
        key = queue._take_now()  # noqa: SLF001 (a turn is a part of its queue)
        if key is _NO_KEY:
            key = await queue._take_later()  # noqa: SLF001
        self._key = key
        return key

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._queue._done(self._key)  # noqa: SLF001


def _wake(waiter: asyncio.Future[bool], *, there_is_a_key: bool) -> bool:
    """Tell a waiter. Whether it was still listening: one that was cancelled is not."""
    if waiter.done():
        return False
    waiter.set_result(there_is_a_key)
    return True
