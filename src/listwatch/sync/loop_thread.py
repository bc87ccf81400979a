"""A thread with an event loop, and what lets plain code wait for it.

In:    coroutines and asynchronous iterators, from any thread
Out:   their results
Next:  sync/client.py
Rules: no thread or loop outlives the block that opened it; a waiting call ends when its client is closed; what runs on
       the loop (informers, controllers) is stopped before it
Source: the shape is anyio's blocking portal
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from listwatch.apimachinery.errors import ListWatchError

P = ParamSpec("P")
R = TypeVar("R")

_CLOSED = "this client is closed: use it inside its `with` block"
_WAITS_FOR_ITSELF = "listwatch.sync was called from inside its own event loop, which would wait for itself"
_WAITS_FOR_RECONCILE = "the client was closed from within a reconcile, for whose end closing would wait"


class ClosedError(ListWatchError):
    """The client is closed."""


class ClosedMeanwhileError(ClosedError):
    """The client was closed while a call was waiting."""


class Part(Protocol):
    """What runs on a loop until it is stopped."""

    def stop(self) -> None:
        """End it, and wait for that. Safe to call at any time, from any thread."""
        ...


class LoopThread:
    """A thread with an event loop, to which any thread may hand work."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="listwatch.sync", daemon=True)
        self._thread.start()
        # Reentrant: a collected iterator may hand in its end while this very thread holds the lock.
        self._lock = threading.RLock()
        self._is_open = True
        self._is_closing = False
        self._parts: dict[int, Part] = {}
        self._late: list[Callable[[], object]] = []
        self.waited_for: set[int] = set()
        """Idents of threads whose functions the end waits for: they must not ask for it."""

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run `work` on the loop and wait for it; an interrupt of the waiting thread cancels it.

        Raises:
            ListWatchError: The client is closed, or is closed meanwhile.
            RuntimeError: This is the loop's own thread, which would wait for itself.
        """
        if self.is_current:
            work.close()
            raise RuntimeError(_WAITS_FOR_ITSELF)
        future = self.begin(work)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise ClosedMeanwhileError("this client was closed while a call was waiting") from None
        except BaseException:
            future.cancel()
            raise

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a plain function on the loop's thread and wait for it; cheaper than `run`. It should be quick.

        Raises:
            ListWatchError: The client is closed, or is closed meanwhile.
        """
        if self.is_current:
            return function(*args, **kwargs)
        done: concurrent.futures.Future[R] = concurrent.futures.Future()

        def carry_out() -> None:
            try:
                done.set_result(function(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 (whatever it is, it is the caller's)
                done.set_exception(error)

        with self._lock:
            if not self._is_open:
                raise ClosedError(_CLOSED)
            self._loop.call_soon_threadsafe(carry_out)
        return done.result()

    def begin(self, work: Coroutine[Any, Any, R]) -> concurrent.futures.Future[R]:
        """Run `work` on the loop without waiting.

        Raises:
            ListWatchError: The client is closed.
        """
        with self._lock:
            if not self._is_open:
                work.close()
                raise ClosedError(_CLOSED)
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    @property
    def is_current(self) -> bool:
        """Whether this is the loop's own thread, which must not wait for the loop."""
        return threading.current_thread() is self._thread

    def keep(self, part: Part) -> None:
        """Stop `part` before the loop ends, unless it is let go before.

        Raises:
            ListWatchError: The client is closed.
        """
        with self._lock:
            if self._is_closing:
                raise ClosedError(_CLOSED)
            self._parts[id(part)] = part

    def let_go(self, part: Part) -> None:
        """`part` has been stopped."""
        with self._lock:
            self._parts.pop(id(part), None)

    def join_late(self, join: Callable[[], object]) -> None:
        """Call `join` at the very end: it waits for a thread that could not be waited for where it was ended."""
        self._late.append(join)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Stop what is kept, run `last`, cancel what is still waiting, end the thread. Safe to call twice.

        Raises:
            RuntimeError: This is the loop's own thread, or runs a reconcile function, and would wait for itself.
        """
        if self.is_current or threading.get_ident() in self.waited_for:
            last.close()
            raise RuntimeError(_WAITS_FOR_ITSELF if self.is_current else _WAITS_FOR_RECONCILE)
        with self._lock:
            if self._is_closing:
                last.close()
                return
            self._is_closing = True
        with contextlib.ExitStack() as steps:
            steps.callback(self._join_late)
            steps.callback(self._end, last)
            for part in list(self._parts.values()):
                steps.callback(part.stop)

    def _join_late(self) -> None:
        while self._late:
            self._late.pop()()

    def _end(self, last: Coroutine[Any, Any, None]) -> None:
        with self._lock:
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


async def within(
    timeout: float | None,  # noqa: ASYNC109 (it is what we are for)
    wait: Callable[[], Coroutine[Any, Any, None]],
    late: Callable[[], str],
) -> None:
    """Wait, and say what was waited for if it takes longer than `timeout` seconds.

    Raises:
        TimeoutError: With what `late` tells.
    """
    try:
        async with asyncio.timeout(timeout):
            await wait()
    except TimeoutError:
        raise TimeoutError(late()) from None
