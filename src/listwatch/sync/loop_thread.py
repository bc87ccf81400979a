"""A thread with an event loop, and what lets plain code wait for it.

In:    coroutines and asynchronous iterators, from any thread
Out:   their results
Next:  sync/client.py
Rules: no thread or loop outlives the block that opened it; a waiting call ends when its client is closed
Source: the shape is anyio's blocking portal
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from listwatch.apimachinery.errors import ListWatchError

P = ParamSpec("P")
R = TypeVar("R")


class ClosedError(ListWatchError):
    """The client is closed."""


class ClosedMeanwhileError(ClosedError):
    """The client was closed while a call was waiting."""


class LoopThread:
    """A thread with an event loop, to which any thread may hand work."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="listwatch.sync", daemon=True)
        self._thread.start()
        # Reentrant: a collected iterator may hand in its end while this very thread holds the lock.
        self._lock = threading.RLock()
        self._is_open = True

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run `work` on the loop and wait for it; an interrupt of the waiting thread cancels it.

        Raises:
            ListWatchError: The client is closed, or is closed meanwhile.
            RuntimeError: This is the loop's own thread, which would wait for itself.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError(
                "listwatch.sync was called from inside its own event loop, which would wait for itself"
            )
        future = self.begin(work)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise ClosedMeanwhileError("this client was closed while a call was waiting") from None
        except BaseException:
            future.cancel()
            raise

    def begin(self, work: Coroutine[Any, Any, R]) -> concurrent.futures.Future[R]:
        """Run `work` on the loop without waiting.

        Raises:
            ListWatchError: The client is closed.
        """
        with self._lock:
            if not self._is_open:
                work.close()
                raise ClosedError("this client is closed: use it inside its `with` block")
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Run `last`, cancel what is still waiting, end the thread. Safe to call twice."""
        with self._lock:
            if not self._is_open:
                last.close()
                return
            self._is_open = False
        try:
            asyncio.run_coroutine_threadsafe(self._wind_up(last), self._loop).result()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _wind_up(self, last: Coroutine[Any, Any, None]) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        try:
            await last
        finally:
            loop = asyncio.get_running_loop()
            await loop.shutdown_asyncgens()
            await loop.shutdown_default_executor()  # where names are looked up


class Blocking(Generic[P, R]):
    """An asynchronous method of the wrapped client, made to wait."""

    def __init__(self, method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[P, R]: ...
    def __get__(self, instance: Any, owner: type) -> Callable[P, R] | Self:
        if instance is None:
            return self
        bound = functools.partial(self._method, instance._inner)

        @functools.wraps(self._method)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            return instance._thread.run(bound(*args, **kwargs))  # type: ignore[no-any-return]

        return call


def iterate(thread: LoopThread, items: AsyncIterator[R], *, may_resume: bool = False) -> Iterator[R]:
    """What an asynchronous iterator gives; ends when the client is closed meanwhile.

    Args:
        thread: Where `items` lives.
        items: To be iterated.
        may_resume: Leave `items` open when this iterator is left.
    """
    done = object()
    is_begun = False

    async def following() -> Any:
        return await anext(items, done)

    async def leave() -> None:
        if isinstance(items, AsyncGenerator):
            await items.aclose()

    try:
        while (item := thread.run(following())) is not done:
            is_begun = True
            yield item
    except ClosedError as error:
        if not is_begun and not isinstance(error, ClosedMeanwhileError):
            raise
    finally:
        if not may_resume:
            # Not waited for: whoever collects a forgotten iterator may be any thread, at any moment.
            with contextlib.suppress(ClosedError):
                thread.begin(leave())
