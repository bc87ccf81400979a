"""Controllers without await.

In:    changes of the kinds that are watched      (sync/informer.py)
Out:   calls of a plain reconcile function, with keys, in worker threads
Rules: the asynchronous controller decides; reconcile never runs on the loop; stopping waits for what runs
Source: controller-runtime pkg/internal/controller
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject
from listwatch.controller import controller as aio
from listwatch.controller.keys import Change, own_key
from listwatch.controller.reconcile import ControllerMetrics, Result
from listwatch.sync.client import Client
from listwatch.sync.informer import SharedInformer
from listwatch.sync.loop_thread import ClosedError
from listwatch.sync.registration import Registration, reporting
from listwatch.sync.work_queue import WorkQueue
from listwatch.sync.worker_threads import WorkerThreads

Reconcile = Callable[[ObjectKey], Result | None]


class Controller:
    """As `listwatch.Controller`, for a plain reconcile function.

        def reconcile(key: ObjectKey) -> Result | None:
            deployment = deployments.indexer.get(key)
            ...

        controller = Controller(client, reconcile, name="deployments", workers=2)
        controller.watch(deployments)
        controller.watch(replica_sets, keys=owner_key("Deployment", api_version="apps/v1"))
        with deployments, replica_sets, controller:
            ...                                  # or: controller.run()

    `reconcile` runs in worker threads; it may take its time, and use the client. A thread cannot be interrupted: one
    that takes longer than `timeout`, or than the grace period at the end, is waited for; it counts as a failure, and
    its key is tried again, only when it has ended. Let what takes long look at `is_stopping`.

    Stopped before its client closes. Safe to use from several threads.

    Args:
        client: On whose loop it lives.
        reconcile: Makes what stands behind a key as it should be.
        queue: One that was made for the same client; None for an ordinary one.
        on_error: Called in a worker thread.
        name, workers, timeout, sync_timeout, grace, clock: as `listwatch.Controller`.

    Raises:
        ValueError: A queue that lives elsewhere; and as `listwatch.Controller`.
    """

    def __init__(
        self,
        client: Client,
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
        if queue is not None and queue._thread is not client._thread:
            raise ValueError("the queue lives on another loop: make it with WorkQueue(client, …)")
        name = name or getattr(reconcile, "__qualname__", type(reconcile).__qualname__)
        self._thread = client._thread
        self._threads = WorkerThreads(self._thread, name=f"controller {name}", count=workers)

        async def reconcile_in_thread(key: ObjectKey) -> Result | None:
            return await self._threads.call_to_end(reconcile, key)

        self._inner = aio.Controller(
            reconcile_in_thread,
            name=name,
            workers=workers,
            queue=None if queue is None else queue._inner,
            timeout=timeout,
            sync_timeout=sync_timeout,
            grace=grace,
            on_error=None
            if on_error is None
            else reporting(on_error, self._threads, told=f"controller {name}"),
            clock=clock,
        )
        self.queue: WorkQueue[ObjectKey] = (
            WorkQueue.of(self._thread, self._inner.queue) if queue is None else queue
        )

    @property
    def name(self) -> str:
        """For logs, threads and metrics."""
        return self._inner.name

    @property
    def is_stopping(self) -> bool:
        """It has been told to stop: no further key is begun."""
        return self._inner._is_stopping

    def watch(
        self,
        informer: SharedInformer[AnyObject],
        *,
        keys: Callable[[AnyObject], Iterable[ObjectKey]] = own_key,
        predicate: Callable[[Change[AnyObject]], bool] | None = None,
    ) -> Registration[AnyObject]:
        """Reconcile keys when an object of this informer is added, updated or deleted.

        As `listwatch.Controller.watch`. `keys` and `predicate` run on the client's loop: they must be quick, may read
        caches, and must not use the client.
        """
        inner = self._thread.call(self._inner.watch, informer._inner, keys=keys, predicate=predicate)
        return informer._adopt(inner, WorkerThreads(self._thread, name=self.name))

    def metrics(self) -> ControllerMetrics:
        """The figures of this moment; those of the queue are `queue.metrics()`."""
        return self._inner.metrics()

    def __repr__(self) -> str:
        return repr(self._inner)

    def start(self) -> None:
        """Begin: wait for the informers, then reconcile. Returns at once.

        Raises:
            RuntimeError: It has been started before.
        """
        self._thread.keep(self)
        self._thread.run(self._inner.start())

    def stop(self) -> None:
        """End: no further key is begun, and running reconciles are waited for. Safe to call twice.

        Raises:
            RuntimeError: From within a reconcile, which would wait for itself.
        """
        if self._threads.is_current:
            raise RuntimeError(f"controller {self.name}: stop was called from its own reconcile")
        has_ended = False
        try:
            with contextlib.suppress(ClosedError):  # then it has been stopped already
                self._thread.run(self._inner.stop())
            has_ended = True
        finally:
            self._threads.close(wait=has_ended)
            self._thread.let_go(self)

    def run(self) -> None:
        """Start, and go on until interrupted, or stopped by another thread.

        Raises:
            ListWatchError: An informer did not sync, in time or at all.
        """
        try:
            self._thread.keep(self)
            self._thread.run(self._inner.run())
        finally:
            self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None:
            self._inner._raise_fault()
