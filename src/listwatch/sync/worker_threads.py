"""Threads in which plain functions are called for asynchronous code that waits for them.

In:    functions, from the loop                     (sync/informer.py, sync/controller.py)
Out:   their results, back on the loop
Rules: the loop never runs a user's function; a thread comes with the first call and goes with `close`; a function sees
       the context of the task that called it, so that what it stops does not wait for it
Source: asyncio.to_thread, with threads of one's own
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from listwatch.sync.loop_thread import LoopThread

P = ParamSpec("P")
R = TypeVar("R")


class WorkerThreads:
    """Up to `count` threads; with one, calls come one after the other in the order in which they were asked for.

    May be used again after `close`.

    Args:
        loop_thread: Whose code calls.
        name: Of the threads, for people.
        count: How many calls may run at once.
    """

    def __init__(self, loop_thread: LoopThread, *, name: str, count: int = 1) -> None:
        self._loop_thread = loop_thread
        self._name = name
        self._count = count
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._busy: set[int] = set()

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `function` in a thread. Cancelled, it stops waiting; the function runs on.

        Raises: what `function` raises; RuntimeError in the place of StopIteration, SystemExit and their like.
        """
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._count, thread_name_prefix=self._name)
            executor = self._executor
        work = partial(self._work, partial(function, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(executor, copy_context().run, work)

    async def call_to_end(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `call`; cancelled, it waits for the function's end before it gives in."""

        def work() -> R:
            ident = threading.get_ident()
            self._loop_thread.waited_for.add(ident)
            try:
                return function(*args, **kwargs)
            finally:
                self._loop_thread.waited_for.discard(ident)

        running = asyncio.ensure_future(self.call(work))
        is_cancelled = False
        while not running.done():
            try:
                await asyncio.wait([running])
            except asyncio.CancelledError:
                is_cancelled = True
        if is_cancelled:
            raise asyncio.CancelledError from running.exception()
        return running.result()

    def submit(self, function: Callable[[], object]) -> None:
        """Call `function` after what has been asked for so far, and wait for nothing. It must not raise.

        Without effect after `close`.
        """
        with self._lock:
            if self._executor is not None:
                self._executor.submit(self._work, function)

    def close(self, *, wait: bool = True) -> None:
        """End the threads.

        Args:
            wait: For functions that are running. One that calls this is not waited for here, but when the client is
                closed.
        """
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is None:
            return
        executor.shutdown(wait=wait and not self.is_current)
        if not wait or self.is_current:
            self._loop_thread.join_late(lambda: executor.shutdown(wait=not self.is_current))

    @property
    def is_current(self) -> bool:
        """Whether this is one of them, in the middle of a function."""
        return threading.get_ident() in self._busy

    def _work(self, function: Callable[[], R]) -> R:
        ident = threading.get_ident()
        self._busy.add(ident)
        try:
            return function()
        except (StopIteration, KeyboardInterrupt, SystemExit, GeneratorExit) as error:
            # The first no coroutine can raise, the others would end the loop, and whoever waits for it would hang.
            raise RuntimeError(f"a function called by listwatch raised {type(error).__name__}") from error
        finally:
            self._busy.discard(ident)
