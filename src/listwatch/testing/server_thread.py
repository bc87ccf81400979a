"""One thread with one event loop, in which all of a process's test clusters live.

In:    coroutines, from any thread
Out:   their results; word when the loop has nothing more to do
Rules: the thread begins with the first cluster and ends with the last: nothing is left then. Its selector knows when
       the loop is at rest, which no public function of asyncio tells: it is asked to wait, and nothing has arrived.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class _RestSelector(selectors.DefaultSelector):
    """Calls `on_rest` in the place of waiting, for as long as somebody wants to know."""

    def __init__(self) -> None:
        super().__init__()
        self.on_rest: Callable[[], None] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.on_rest is None or (timeout is not None and timeout <= 0):
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self.on_rest()
        return ready


class ServerThread:
    """A loop in a thread of its own. Use `shared` instead of making one."""

    def __init__(self) -> None:
        self._selector = _RestSelector()
        self._waiting: list[asyncio.Future[None]] = []
        self.loop: asyncio.AbstractEventLoop = asyncio.SelectorEventLoop(self._selector)
        self._thread = threading.Thread(target=self.loop.run_forever, name="listwatch.testing", daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether this is the loop's own thread, which must not wait for the loop."""
        return threading.current_thread() is self._thread

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on the loop and wait for it; an interrupt of the waiting thread cancels it.

        Raises:
            RuntimeError: This is the loop's own thread, or the loop has ended.
        """
        if self.is_current or self.loop.is_closed():
            work.close()
            raise RuntimeError(
                "a test cluster was used from its own server's thread, which would wait for itself"
                if self.is_current
                else "the test cluster is closed"
            )
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def settle(self) -> None:
        """Wait until the loop has nothing to do but to wait for time and for others."""
        at_rest: asyncio.Future[None] = self.loop.create_future()
        self._waiting.append(at_rest)
        self._selector.on_rest = self._rest
        await at_rest

    def close(self) -> None:
        """End the loop and the thread."""
        asyncio.run_coroutine_threadsafe(_wind_up(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _rest(self) -> None:
        self._selector.on_rest = None
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)


async def _wind_up() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


class _Shared:
    """The process's one thread, and how many use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.thread: ServerThread | None = None
        self.users = 0
        self.process = 0


_shared = _Shared()


def acquire() -> ServerThread:
    """The process's thread; it lives until `release` has been called as often."""
    with _shared.lock:
        if _shared.process != os.getpid():  # a forked child has the parent's memory, but not its threads
            _shared.thread, _shared.users, _shared.process = None, 0, os.getpid()
        if _shared.thread is None:
            _shared.thread = ServerThread()
        _shared.users += 1
        return _shared.thread


def release() -> None:
    """Let go of the thread; the last one ends it."""
    with _shared.lock:
        _shared.users -= 1
        if _shared.users == 0 and _shared.thread is not None:
            thread, _shared.thread = _shared.thread, None
            thread.close()


@contextlib.contextmanager
def shared() -> Iterator[ServerThread]:
    """The process's thread for the length of a block."""
    thread = acquire()
    try:
        yield thread
    finally:
        release()
