"""A handler of plain functions on an informer, called in a thread of its own.

In:    a handler's methods                          (from sync/informer.py)
Out:   asynchronous methods for the informer, which wait for the thread; figures
Next:  sync/worker_threads.py
Rules: a handler's functions never run on the loop; order, mailbox and counts are the asynchronous registration's
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Generic, ParamSpec

from listwatch.apimachinery.object import AnyObject
from listwatch.shared_informer import registration as aio_registration
from listwatch.shared_informer.handlers import METHODS, _methods, _nothing, handler_name
from listwatch.shared_informer.registration import HandlerFailure
from listwatch.sync.loop_thread import LoopThread, within
from listwatch.sync.worker_threads import WorkerThreads

P = ParamSpec("P")
logger = logging.getLogger(__name__)

OnError = Callable[[HandlerFailure[AnyObject]], object]


class Registration(Generic[AnyObject]):
    """As `listwatch.Registration`, without await. Safe to use from several threads."""

    def __init__(
        self,
        thread: LoopThread,
        inner: aio_registration.Registration[AnyObject],
        threads: WorkerThreads,
    ) -> None:
        self._thread = thread
        self._inner = inner
        self._threads = threads

    def wait_synced(self, timeout: float | None = None) -> None:
        """Returns when the handler has been told of every initial object.

        Args:
            timeout: Seconds; None for as long as it takes.

        Raises:
            TimeoutError: It has not, in that time.
            ListWatchError: It will not come to that; the cause says why.
        """
        inner = self._inner
        self._thread.run(
            within(
                timeout,
                inner.wait_synced,
                lambda: (
                    f"handler {inner.name} has not been told of everything within {timeout} s: "
                    f"{inner.depth} notifications wait"
                ),
            )
        )

    @property
    def name(self) -> str:
        """Of the handler, for logs and metrics."""
        return self._inner.name

    @property
    def has_synced(self) -> bool:
        """The handler has been told of every initial object, whatever it made of them. Once true, it stays so."""
        return self._inner.has_synced

    @property
    def is_active(self) -> bool:
        """Whether it still gets anything: it has not been removed."""
        return self._inner.is_active

    @property
    def resync_period(self) -> float:
        """Seconds between two repetitions of everything; 0 for none."""
        return self._inner.resync_period

    @property
    def calls(self) -> int:
        """How often the handler was called."""
        return self._inner.calls

    @property
    def failures(self) -> int:
        """How many of these calls raised."""
        return self._inner.failures

    @property
    def depth(self) -> int:
        """How many notifications wait for the handler."""
        return self._inner.depth

    @property
    def age(self) -> float:
        """Seconds that the oldest of them has waited; 0 if none waits."""
        return self._inner.age

    @property
    def merged(self) -> int:
        """How many notifications went into others, because the handler did not keep up."""
        return self._inner.merged

    @property
    def dropped_resyncs(self) -> int:
        """How many repetitions were left out, because the handler did not keep up."""
        return self._inner.dropped_resyncs

    def __repr__(self) -> str:
        return repr(self._inner)


class InThread:
    """A handler of plain functions as a handler of asynchronous ones."""

    def __init__(self, handler: object, threads: WorkerThreads) -> None:
        for method in METHODS:
            if inspect.iscoroutinefunction(getattr(handler, method, None)):
                raise TypeError(
                    f"{handler_name(handler)}.{method} is asynchronous, and there is no loop here for it: "
                    "use a plain function, or listwatch.SharedInformer"
                )
        self.name = handler_name(handler)
        self._on_add, self._on_update, self._on_delete = _methods(handler)
        self._threads = threads

    def on_add(self, obj: Any, *, is_initial: bool) -> Coroutine[Any, Any, object] | None:
        """See `ResourceEventHandler.on_add`."""
        return self._call(self._on_add, obj, is_initial=is_initial)

    def on_update(self, old: Any, new: Any) -> Coroutine[Any, Any, object] | None:
        """See `ResourceEventHandler.on_update`."""
        return self._call(self._on_update, old, new)

    def on_delete(self, obj: Any, *, is_final_state_unknown: bool) -> Coroutine[Any, Any, object] | None:
        """See `ResourceEventHandler.on_delete`."""
        return self._call(self._on_delete, obj, is_final_state_unknown=is_final_state_unknown)

    def _call(
        self, method: Callable[..., object], *args: object, **kwargs: object
    ) -> Coroutine[Any, Any, object] | None:
        return None if method is _nothing else self._threads.call(method, *args, **kwargs)


def reporting(on_error: Callable[P, object], threads: WorkerThreads, *, told: str) -> Callable[P, None]:
    """`on_error` for a loop: it is called in one of `threads`, before what is asked of that thread next.

    Args:
        on_error: What to call.
        threads: Where.
        told: What failed, for the log if `on_error` fails, too.
    """

    def report(*args: P.args, **kwargs: P.kwargs) -> None:
        def call() -> None:
            try:
                on_error(*args, **kwargs)
            except Exception:
                logger.exception("on_error of %s failed", told)

        threads.submit(call)

    return report
