"""A work queue for workers that are threads.

In:    keys, from any thread
Out:   one key at a time to each worker, never one key to two
Next:  sync/controller.py
Rules: every call is the asynchronous queue's, made on a loop's thread
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from types import TracebackType
from typing import Any, Generic, Self

from listwatch.apimachinery.clock import Clock
from listwatch.sync.client import Client
from listwatch.sync.loop_thread import Blocking, ClosedError, LoopThread
from listwatch.workqueue import work_queue as aio
from listwatch.workqueue.metrics import QueueMetrics
from listwatch.workqueue.rate_limiter import RateLimiter
from listwatch.workqueue.work_queue import K, QueueShutDown


class WorkQueue(Generic[K]):
    """As `listwatch.WorkQueue`, without await: a queue of distinct keys for any number of threads.

        with WorkQueue() as queue:
            queue.add("default/a")               # from any thread
            ...
            queue.drain(timeout=30)

    and in each worker::

        while True:
            with queue.next() as key:            # raises QueueShutDown at the end
                ...
        for key in queue:                        # the same; ends at the end
            ...

    Promises and terms are its namesake's. Leaving the `with` block, or closing its client, ends it: workers that wait
    and that come are told the end, whatever is in line. `drain` before that, or `shut_down` and wait for the workers.

    Args:
        client: On whose loop it lives; None for a thread of its own.
        clock, rate_limiter, name: as `listwatch.WorkQueue`. A rate limiter is called on the loop's thread.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        clock: Clock | None = None,
        rate_limiter: RateLimiter[K] | None = None,
        name: str = "",
    ) -> None:
        self._owns_thread = client is None
        self._thread = LoopThread() if client is None else client._thread
        self._inner: aio.WorkQueue[K] = aio.WorkQueue(clock=clock, rate_limiter=rate_limiter, name=name)
        self._thread.keep(self)

    @classmethod
    def of(cls, thread: LoopThread, inner: aio.WorkQueue[K]) -> WorkQueue[K]:
        """A queue that somebody else has on a loop, and shuts down.

        Args:
            thread: Where it lives.
            inner: The asynchronous queue.
        """
        queue: WorkQueue[K] = cls.__new__(cls)
        queue._owns_thread, queue._thread, queue._inner = False, thread, inner
        return queue

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Shut down, and end the queue's own thread, if it has one. Safe to call twice."""
        self.stop()
        self._thread.let_go(self)
        if self._owns_thread:
            self._thread.close(_nothing())

    def stop(self) -> None:
        """As `shut_down`; nothing, if the loop is closed."""
        with contextlib.suppress(ClosedError):
            self.shut_down()

    @property
    def name(self) -> str:
        """For errors, logs and metrics."""
        return self._inner.name

    def __len__(self) -> int:
        """How many keys could be handed out now, read without crossing threads."""
        return self._inner.metrics().depth

    def __repr__(self) -> str:
        return repr(self._inner)

    # Asking for work

    def add(self, key: K, *, priority: int = 0) -> bool:
        """Ask for a run of `key` as soon as it is its turn; see `listwatch.WorkQueue.add`."""
        return self._thread.call(self._inner.add, key, priority=priority)

    def add_threadsafe(self, key: K, *, priority: int = 0) -> None:
        """`add` that waits for nothing and cannot say whether the key was accepted: the cheapest way in."""
        self._inner.add_threadsafe(key, priority=priority)

    def add_after(self, key: K, seconds: float, *, priority: int | None = None) -> bool:
        """Ask for a run of `key` in `seconds`; see `listwatch.WorkQueue.add_after`."""
        return self._thread.call(self._inner.add_after, key, seconds, priority=priority)

    def add_rate_limited(self, key: K, *, priority: int | None = None) -> bool:
        """Ask for a run of `key` when the rate limiter says so; see `listwatch.WorkQueue.add_rate_limited`."""
        return self._thread.call(self._inner.add_rate_limited, key, priority=priority)

    def forget(self, key: K) -> None:
        """Let the next failure of `key` be its first. Does not take it out of the queue."""
        self._thread.call(self._inner.forget, key)

    def num_requeues(self, key: K) -> int:
        """How many failures of `key` were counted since it was last forgotten."""
        return self._thread.call(self._inner.num_requeues, key)

    # Doing it

    def next(self) -> Turn[K]:
        """The next key's run, as a block: `with queue.next() as key`.

        Entering waits for a key; leaving, however it happens, ends the run.

        Raises:
            QueueShutDown: On entering, once no key will be handed out any more.
        """
        return Turn(self._thread, self._inner)

    def __iter__(self) -> Iterator[K]:
        """The keys, one after the other, to the queue's end. A key's run ends when the next is asked for."""
        while True:
            turn = self.next()
            try:
                key = turn.__enter__()
            except QueueShutDown:
                return
            try:
                yield key
            finally:
                turn.__exit__(None, None, None)

    # Coming to an end

    @property
    def is_shutting_down(self) -> bool:
        """Nothing new is accepted any more."""
        return self._inner.is_shutting_down

    def shut_down(self) -> None:
        """Accept nothing new and forget what is delayed. Keys in line are still handed out."""
        self._thread.call(self._inner.shut_down)

    drain = Blocking(aio.WorkQueue[K].drain)

    def metrics(self) -> QueueMetrics:
        """The figures of this moment, read without crossing threads."""
        return self._inner.metrics()


class Turn(Generic[K]):
    """One run of one key, as a block. Made by `WorkQueue.next`, to be used once."""

    def __init__(self, thread: LoopThread, queue: aio.WorkQueue[K]) -> None:
        self._thread = thread
        self._queue = queue
        self._turn = queue.next()
        self._taking: asyncio.Task[object] | None = None
        self._keys: list[K] = []

    def __enter__(self) -> K:
        try:
            return self._thread.run(self._take())
        except ClosedError:
            label = repr(self._queue.name) if self._queue.name else "this work queue"
            raise QueueShutDown(f"{label} is closed") from None
        except QueueShutDown:
            raise
        except BaseException:  # an interrupt: if a key was just on its way, it is for somebody else
            self._finish(self._give_back())
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(self._turn.__aexit__(None, None, None))

    def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        with contextlib.suppress(ClosedError):  # then nobody counts runs any more
            self._thread.run(work)

    async def _take(self) -> K:
        self._taking = asyncio.current_task()
        key = await self._turn.__aenter__()
        self._keys.append(key)
        return key

    async def _give_back(self) -> None:
        if self._taking is not None:
            await asyncio.wait([self._taking])
        for key in self._keys:
            self._queue.add(key)
            await self._turn.__aexit__(None, None, None)


async def _nothing() -> None:
    """Nothing is left to do on the loop."""
