"""The same without await: for scripts, notebooks, threads, and where a loop already runs.

    from listwatch.api.core_v1 import Pod
    from listwatch.sync import Client

    with Client() as client:
        pods = client.resource(Pod, namespace="default")
        for event in pods.watch():
            print(event.type, ":", event.object.name)

In:    plain calls, from any thread
Out:   the asynchronous client's answers, waited for
Rules: a facade: every verb is the asynchronous one, run on a loop in a thread that the `with` block opens and
       closes; no second implementation, no thread or loop that outlives its block
Source: the shape is anyio's blocking portal. Methods have the parameters, results and errors of their namesakes in
        `listwatch.client`, where they are documented
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.http import Transport
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.client import client as aio
from listwatch.client import resource as aio_resource
from listwatch.client import subresource as aio_subresource
from listwatch.client import watch as aio_watch
from listwatch.client.config import Config
from listwatch.client.kubeconfig import load_config
from listwatch.client.rest import SILENCE_SECONDS
from listwatch.client.retry import RetryPolicy
from listwatch.client.subresource import ALL_NAMESPACES, PatchType
from listwatch.reflector.list_watch import EVERYTHING, selecting, unchunked

if TYPE_CHECKING:
    from listwatch.api.autoscaling_v1 import Scale

__all__ = [
    "ALL_NAMESPACES",
    "Client",
    "ListWatch",
    "PatchType",
    "ResourceClient",
    "SubresourceClient",
    "Watch",
    "load_config",
]

P = ParamSpec("P")
R = TypeVar("R")


class _ClosedError(ListWatchError):
    """The client is closed."""


class _ClosedMeanwhileError(_ClosedError):
    """The client was closed while a call was waiting."""


class _LoopThread:
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
            raise _ClosedMeanwhileError("this client was closed while a call was waiting") from None
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
                raise _ClosedError("this client is closed: use it inside its `with` block")
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


class _Blocking(Generic[P, R]):
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


class Watch(Generic[AnyObject]):
    """One watch request: an iterator of events, over when the server ends it, or the client is closed.

    As `listwatch.Watch`: inside `with` a second loop goes on where the first was left; without it, leaving the loop
    closes the connection. May be stopped from another thread; one thread at a time may iterate.
    """

    def __init__(self, thread: _LoopThread, inner: aio_watch.Watch[AnyObject]) -> None:
        self._thread = thread
        self._inner = inner
        self._is_entered = self._is_stopped = False
        self._events: Iterator[WatchEvent[AnyObject]] | None = None

    def __enter__(self) -> Self:
        self._thread.run(self._inner.__aenter__())
        self._is_entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(_ClosedError):  # then it has ended already
            self._thread.run(self._inner.__aexit__(kind, error, trace))

    def __iter__(self) -> Iterator[WatchEvent[AnyObject]]:
        events = self._events or self._one_by_one()
        if self._is_entered:
            self._events = events
        return events

    def batches(self) -> Iterator[list[WatchEvent[AnyObject]]]:
        """The events as they arrive; the threads change once for each batch."""
        return _iterate(self._thread, self._inner.batches(), may_resume=self._is_entered)

    def stop(self) -> None:
        """Close the connection; an iteration in another thread ends. Safe at any time, also twice."""
        self._is_stopped = True
        with contextlib.suppress(_ClosedError):
            self._thread.run(self._inner.stop())

    def _one_by_one(self) -> Iterator[WatchEvent[AnyObject]]:
        for batch in self.batches():
            for event in batch:
                yield event
                if self._is_stopped:
                    return


def _iterate(thread: _LoopThread, items: AsyncIterator[R], *, may_resume: bool = False) -> Iterator[R]:
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
    except _ClosedError as error:
        if not is_begun and not isinstance(error, _ClosedMeanwhileError):
            raise
    finally:
        if not may_resume:
            # Not waited for: whoever collects a forgotten iterator may be any thread, at any moment.
            with contextlib.suppress(_ClosedError):
                thread.begin(leave())


class SubresourceClient(Generic[AnyObject]):
    """As `listwatch.client.SubresourceClient`, without await. Safe to use from several threads."""

    def __init__(self, thread: _LoopThread, inner: aio_subresource.SubresourceClient[AnyObject]) -> None:
        self._thread = thread
        self._inner = inner

    get = _Blocking(aio_subresource.SubresourceClient[AnyObject].get)
    replace = _Blocking(aio_subresource.SubresourceClient[AnyObject].replace)
    patch = _Blocking(aio_subresource.SubresourceClient[AnyObject].patch)
    post = _Blocking(aio_subresource.SubresourceClient[AnyObject].post)

    @property
    def resource(self) -> Resource:
        """Which collection this is."""
        return self._inner.resource


class ResourceClient(SubresourceClient[AnyObject]):
    """As `listwatch.ResourceClient`, without await. Safe to use from several threads."""

    _inner: aio_resource.ResourceClient[AnyObject]

    create = _Blocking(aio_resource.ResourceClient[AnyObject].create)
    delete = _Blocking(aio_resource.ResourceClient[AnyObject].delete)
    delete_collection = _Blocking(aio_resource.ResourceClient[AnyObject].delete_collection)
    list = _Blocking(aio_resource.ResourceClient[AnyObject].list)
    list_all = _Blocking(aio_resource.ResourceClient[AnyObject].list_all)

    def pages(
        self, *, label_selector: str = "", field_selector: str = "", page_size: int = 500
    ) -> Iterator[ObjectList[AnyObject]]:
        """The collection page by page; see `listwatch.ResourceClient.pages`."""
        pages = self._inner.pages(
            label_selector=label_selector, field_selector=field_selector, page_size=page_size
        )
        return _iterate(self._thread, pages)

    def watch(
        self,
        options: ListOptions | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str | None = None,
        timeout_seconds: int | None = None,
        allow_watch_bookmarks: bool = False,
    ) -> Watch[AnyObject]:
        """Changes of the collection; see `listwatch.ResourceClient.watch`."""
        inner = self._inner.watch(
            options,
            label_selector=label_selector,
            field_selector=field_selector,
            resource_version=resource_version,
            timeout_seconds=timeout_seconds,
            allow_watch_bookmarks=allow_watch_bookmarks,
        )
        return Watch(self._thread, inner)

    @property
    def status(self) -> SubresourceClient[AnyObject]:
        """The `status` of each object, written apart from its spec."""
        return SubresourceClient(self._thread, self._inner.status)

    @property
    def scale(self) -> SubresourceClient[Scale]:
        """How many replicas each object has and shall have (autoscaling/v1 Scale)."""
        return SubresourceClient(self._thread, self._inner.scale)

    def subresource(self, name: str, kind: type[aio_resource.Part]) -> SubresourceClient[aio_resource.Part]:
        """Another part of each object, of another kind."""
        return SubresourceClient(self._thread, self._inner.subresource(name, kind))


class Client:
    """As `listwatch.Client`, without await. Opened and closed by `with`.

    Safe to use from several threads, and where an event loop runs (which it blocks while it waits). Takes the
    arguments of `listwatch.Client`.

    Raises:
        ConfigError: No usable configuration.
        ListWatchError: It is used after it was closed.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        transport: Transport | None = None,
        clock: Clock | None = None,
        retry: RetryPolicy | None = None,
        silence: float = SILENCE_SECONDS,
        keep_managed_fields: bool = True,
    ) -> None:
        self._inner = aio.Client(
            config,
            transport=transport,
            clock=clock,
            retry=retry,
            silence=silence,
            keep_managed_fields=keep_managed_fields,
        )
        self._thread = _LoopThread()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection and end the thread; open watches end. Safe to call twice."""
        self._thread.close(self._inner.aclose())

    get_raw = _Blocking(aio.Client.get_raw)

    @overload
    def resource(
        self, kind: type[AnyObject], *, namespace: str | None = None
    ) -> ResourceClient[AnyObject]: ...
    @overload
    def resource(self, kind: Resource, *, namespace: str | None = None) -> ResourceClient[Unstructured]: ...
    def resource(self, kind: type[Object] | Resource, *, namespace: str | None = None) -> ResourceClient[Any]:
        """What can be done with one kind of object; see `listwatch.Client.resource`."""
        return ResourceClient(self._thread, self._inner.resource(kind, namespace=namespace))


class ListWatch(Generic[AnyObject]):
    """As `listwatch.ListWatch`, of two plain functions.

    Args:
        list_func: Fetches one page for the options it is given.
        watch_func: Gives the events of one watch; a generator function will do.
        disable_chunking: The limit of a list is left out.
    """

    def __init__(
        self,
        *,
        list_func: Callable[[ListOptions], ObjectList[AnyObject]],
        watch_func: Callable[[ListOptions], Iterable[WatchEvent[AnyObject]]],
        disable_chunking: bool = False,
    ) -> None:
        self.list_func = list_func
        self.watch_func = watch_func
        self.disable_chunking = disable_chunking

    @overload
    @classmethod
    def from_client(
        cls: type[ListWatch[AnyObject]],
        client: Client,
        kind: type[AnyObject],
        *,
        namespace: str | None = None,
        field_selector: str = "",
        label_selector: str = "",
        disable_chunking: bool = False,
    ) -> ListWatch[AnyObject]: ...
    @overload
    @classmethod
    def from_client(
        cls,
        client: Client,
        kind: Resource,
        *,
        namespace: str | None = None,
        field_selector: str = "",
        label_selector: str = "",
        disable_chunking: bool = False,
    ) -> ListWatch[Unstructured]: ...
    @classmethod
    def from_client(
        cls,
        client: Client,
        kind: type[Object] | Resource,
        *,
        namespace: str | None = None,
        field_selector: str = "",
        label_selector: str = "",
        disable_chunking: bool = False,
    ) -> ListWatch[Any]:
        """Of one kind on one server; see `listwatch.ListWatch.from_client`."""
        resource = client.resource(kind, namespace=namespace)
        selected = selecting(field_selector=field_selector, label_selector=label_selector)
        return ListWatch(
            list_func=lambda options: resource.list(selected(options)),
            watch_func=lambda options: resource.watch(selected(options)),
            disable_chunking=disable_chunking,
        )

    def list(self, options: ListOptions = EVERYTHING) -> ObjectList[AnyObject]:
        """One page, or all of it without a limit."""
        return self.list_func(unchunked(options) if self.disable_chunking else options)

    def watch(self, options: ListOptions = EVERYTHING) -> Iterable[WatchEvent[AnyObject]]:
        """One watch. Nothing is sent before it is read."""
        return self.watch_func(options)
