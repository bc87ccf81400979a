"""Workers that reconcile what informers say has changed.

In:    changes of the kinds that are watched      (from shared_informer/shared_informer.py)
Out:   calls of a reconcile function, with keys   (by way of workqueue/work_queue.py)
Next:  the program
Rules: keys, never events; one key at one worker; a failure is reported, counted and tried again; nothing that was
       begun outlives `stop`
Source: controller-runtime pkg/internal/controller; differs: a grace period at the end, no global manager
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject
from listwatch.controller.keys import Change, own_key
from listwatch.controller.reconcile import (
    ControllerMetrics,
    Outcome,
    Reconcile,
    Result,
    Tally,
    TerminalError,
)
from listwatch.shared_informer.registration import Registration
from listwatch.shared_informer.shared_informer import SharedInformer
from listwatch.workqueue import LOW_PRIORITY, QueueShutDown, WorkQueue

logger = logging.getLogger(__name__)


class Controller:
    """Calls a function with the key of whatever may not be as it should.

        async def reconcile(key: ObjectKey) -> Result | None:
            deployment = deployments.indexer.get(key)
            ...

        controller = Controller(reconcile, name="deployments", workers=2)
        controller.watch(deployments)
        controller.watch(replica_sets, keys=owner_key("Deployment", api_version="apps/v1"))
        async with deployments, replica_sets, controller:
            ...                                  # or: await controller.run()

    Promised:
        * Workers begin when every watched informer has synced and its objects' keys are queued: a reconcile sees
          whole caches.
        * After a change, and after every failure, the key is reconciled at least once; changes that come together
          are one call. Keys of initial lists and resyncs wait behind those of changes.
        * One key is reconciled by one worker at a time. A change that comes meanwhile has it reconciled again.
        * A reconcile that raises, or takes longer than `timeout`, is called again with a rising wait, for ever, until
          it does not; see `WorkQueue` for the waits. One that raises `TerminalError` is not.
        * After `stop` no reconcile runs, and no task of the controller.

    Not promised: which change, or how many, led to a call; an order between keys.

    Runs once; make another to run again. Belongs to one event loop.

    Args:
        reconcile: See `Reconcile`.
        name: For logs, tasks and metrics.
        workers: How many keys may be reconciled at once.
        queue: Where keys wait, with a rate limiter of one's own; None for an ordinary one. It is shut down at the
            end. What else is added to it is reconciled, too.
        timeout: Seconds that one reconcile may take before it is cancelled; None for any time.
        sync_timeout: Seconds that informers may take to sync; None for any time.
        grace: Seconds that running reconciles get to end by themselves when the controller stops.
        on_error: Called with each failure, besides the log; to be quick.
        clock: Tells the time.

    Raises:
        ValueError: No worker, or a time that is none.

    Source: controller-runtime builder and Controller in one
    """

    def __init__(
        self,
        reconcile: Reconcile,
        *,
        name: str = "",
        workers: int = 1,
        queue: WorkQueue[ObjectKey] | None = None,
        timeout: float | None = None,
        sync_timeout: float | None = None,
        grace: float = 30.0,
        on_error: Callable[[ObjectKey, Exception], object] | None = None,
        clock: Clock | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError(f"a controller needs at least one worker, got {workers}")
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout wants a positive number of seconds or None, got {timeout}")
        if not grace >= 0:
            raise ValueError(f"grace wants 0 or more seconds, got {grace}")
        self.name = name or getattr(reconcile, "__qualname__", type(reconcile).__qualname__)
        self._reconcile = reconcile
        self._clock: Clock = SystemClock() if clock is None else clock
        self.queue: WorkQueue[ObjectKey] = (
            WorkQueue(clock=self._clock, name=self.name) if queue is None else queue
        )
        self._worker_count = workers
        self._timeout = timeout
        self._sync_timeout = sync_timeout
        self._grace = grace
        self._on_error = on_error
        self._watches: list[tuple[SharedInformer[Any], Registration[Any]]] = []
        self._main: asyncio.Task[None] | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._busy: set[int] = set()  # numbers of the workers that have a key
        self._is_stopping = False
        self._tally = Tally()

    # What it looks at

    def watch(
        self,
        informer: SharedInformer[AnyObject],
        *,
        keys: Callable[[AnyObject], Iterable[ObjectKey]] = own_key,
        predicate: Callable[[Change[AnyObject]], bool] | None = None,
    ) -> Registration[AnyObject]:
        """Reconcile keys when an object of this informer is added, updated or deleted.

        The informer is not started here; start it before or after.

        Args:
            informer: Of the objects.
            keys: Which keys an object concerns: `own_key`, `owner_key(…)`, or any function. Of an update both states
                are asked, so that an owner learns of what was taken from it.
            predicate: Which changes count; None for all. The objects are for reading.

        Returns:
            The registration with the informer. A `keys` or `predicate` that raises is reported and counted there,
            and that change is missed.

        Raises:
            ListWatchError: The informer, or this controller, has stopped.
        """
        if self._is_stopping:
            raise ListWatchError(f"controller {self.name} has stopped: watch before that")
        handler: _KeyHandler[AnyObject] = _KeyHandler(
            name=f"controller {self.name}", keys=keys, predicate=predicate, add=self._add
        )
        registration = informer.add_event_handler(handler)
        self._watches.append((informer, registration))
        return registration

    def metrics(self) -> ControllerMetrics:
        """The figures of this moment; those of the queue are `queue.metrics()`."""
        return self._tally.snapshot(workers=self._worker_count, active=len(self._busy))

    def __repr__(self) -> str:
        return f"<Controller {self.name!r}: {len(self._busy)} of {self._worker_count} workers busy, {self.queue!r}>"

    # Running

    async def start(self) -> None:
        """Begin: wait for the informers, then reconcile. Returns at once.

        Raises:
            RuntimeError: It has been started before.
        """
        if self._main is not None or self._is_stopping:
            raise RuntimeError(f"controller {self.name} runs only once: make another")
        self._main = asyncio.create_task(self._run(), name=f"controller {self.name}")

    async def stop(self) -> None:
        """End: no further key is begun; running reconciles get the grace period, then they are cancelled.

        Returns when all have ended. Keys that wait, or were cut short, are forgotten: whoever runs next starts from the
        informers' state. Safe to call twice, not from a reconcile.

        Cancellation: ends the grace period at once.
        """
        self._is_stopping = True
        tasks = [*self._workers]
        if self._main is not None:
            tasks.append(self._main)
        try:
            for number, worker in enumerate(self._workers):
                if number not in self._busy:
                    worker.cancel()
            self.queue.shut_down()
            busy = [self._workers[number] for number in self._busy]
            if busy:
                await asyncio.wait(busy, timeout=self._grace)
        finally:
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
            watches, self._watches = self._watches, []
            for informer, registration in watches:
                await informer.remove_event_handler(registration)

    async def run(self) -> None:
        """Start, and go on until cancelled or stopped.

        Raises:
            ListWatchError: An informer did not sync, in time or at all.
        """
        await self.start()
        try:
            await self._ended()
        finally:
            await self.stop()
        self._raise_fault()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if error is None:
            self._raise_fault()

    # Within

    async def _ended(self) -> None:
        if self._main is not None:
            await asyncio.wait([self._main])

    def _raise_fault(self) -> None:
        """What the controller ended of, if not of being stopped."""
        if self._main is not None and not self._main.cancelled():
            fault = self._main.exception()
            if fault is not None:
                raise fault

    async def _run(self) -> None:
        try:
            await self._wait_synced()
            logger.info("controller %s: starting %d workers", self.name, self._worker_count)
            self._workers = [
                asyncio.create_task(self._work(number), name=f"worker {number} of controller {self.name}")
                for number in range(self._worker_count)
            ]
            done, _ = await asyncio.wait(self._workers, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                if not task.cancelled():
                    task.result()
        except Exception:
            logger.exception("controller %s has given up", self.name)
            raise

    async def _wait_synced(self) -> None:
        try:
            async with asyncio.timeout(self._sync_timeout):
                for _, registration in list(self._watches):
                    await registration.wait_synced()
        except TimeoutError:
            missing = ", ".join(
                informer.name for informer, registration in self._watches if not registration.has_synced
            )
            raise ListWatchError(
                f"controller {self.name}: informers did not sync within {self._sync_timeout} s: {missing}; were they "
                "started, and can they reach the server?"
            ) from None

    async def _work(self, number: int) -> None:
        while not self._is_stopping:
            try:
                async with self.queue.next() as key:
                    self._busy.add(number)
                    try:
                        await self._handle(key)
                    finally:
                        self._busy.discard(number)
            except QueueShutDown:
                return

    async def _handle(self, key: ObjectKey) -> None:
        """Reconcile, and see what follows from it."""
        began = self._clock.monotonic()
        outcome = Outcome.ERROR
        try:
            result = await self._attempt(self._reconcile(key))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Something that it waited for was cancelled, not this worker.
            self._fail(key, RuntimeError(f"reconcile of {key} was cancelled from within: {error!r}"))
        except Exception as error:  # noqa: BLE001 - anybody's code; whatever it raises is reported
            self._fail(key, error)
        else:
            self.queue.forget(key)
            outcome = Outcome.SUCCESS
            if result is not None and result.requeue_after is not None:
                outcome = Outcome.REQUEUE_AFTER
                self.queue.add_after(key, result.requeue_after)
        self._tally.count(outcome, self._clock.monotonic() - began)

    async def _attempt(self, run: Awaitable[Result | None]) -> Result | None:
        """One run, within its time."""
        if self._timeout is None:
            return await run
        deadline = asyncio.timeout(self._timeout)
        try:
            async with deadline:
                return await run
        except TimeoutError:
            if not deadline.expired():
                raise  # its own
            self._tally.timeouts += 1
            raise TimeoutError(f"not done within {self._timeout} s") from None

    def _fail(self, key: ObjectKey, error: Exception) -> None:
        if isinstance(error, TerminalError):
            self._tally.terminal += 1
            self.queue.forget(key)
            logger.error("controller %s: %s failed for good: %s", self.name, key, error, exc_info=error)
        else:
            self.queue.add_rate_limited(key)
            failures = self.queue.num_requeues(key)
            logger.error(
                "controller %s: %s failed, failure %d: %s", self.name, key, failures, error, exc_info=error
            )
        if self._on_error is not None:
            try:
                self._on_error(key, error)
            except Exception:
                logger.exception("controller %s: on_error failed on %s", self.name, key)

    def _add(self, key: ObjectKey, priority: int) -> None:
        self.queue.add(key, priority=priority)


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyHandler(Generic[AnyObject]):
    """What an informer tells: it makes keys of changes."""

    name: str
    keys: Callable[[AnyObject], Iterable[ObjectKey]]
    predicate: Callable[[Change[AnyObject]], bool] | None
    add: Callable[[ObjectKey, int], None]

    def on_add(self, obj: AnyObject, *, is_initial: bool) -> None:
        self._put(Change(old=None, new=obj, is_initial=is_initial))

    def on_update(self, old: AnyObject, new: AnyObject) -> None:
        self._put(Change(old=old, new=new))

    def on_delete(self, obj: AnyObject, *, is_final_state_unknown: bool) -> None:
        self._put(Change(old=obj, new=None))

    def _put(self, change: Change[AnyObject]) -> None:
        if self.predicate is not None and not self.predicate(change):
            return
        priority = 0 if change.is_news else LOW_PRIORITY
        for state in change.states():
            for key in self.keys(state):
                self.add(key, priority)
