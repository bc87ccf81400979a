"""The client without await.

In:    plain calls, from any thread
Out:   the asynchronous client's answers, waited for
Next:  sync/list_watch.py
Rules: every verb is the asynchronous one; methods have the parameters, results and errors of their namesakes in
       `listwatch.client`, where they are documented
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, overload

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Transport
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.client import client as aio
from listwatch.client import resource as aio_resource
from listwatch.client import subresource as aio_subresource
from listwatch.client import watch as aio_watch
from listwatch.client.config import Config
from listwatch.client.rest import SILENCE_SECONDS
from listwatch.client.retry import RetryPolicy

if TYPE_CHECKING:
    from listwatch.api.autoscaling_v1 import Scale

from listwatch.sync.loop_thread import Blocking, ClosedError, LoopThread, iterate


class Watch(Generic[AnyObject]):
    """One watch request: an iterator of events, over when the server ends it, or the client is closed.

    As `listwatch.Watch`: inside `with` a second loop goes on where the first was left; without it, leaving the loop
    closes the connection. May be stopped from another thread; one thread at a time may iterate.
    """

    def __init__(self, thread: LoopThread, inner: aio_watch.Watch[AnyObject]) -> None:
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
        with contextlib.suppress(ClosedError):  # then it has ended already
            self._thread.run(self._inner.__aexit__(kind, error, trace))

    def __iter__(self) -> Iterator[WatchEvent[AnyObject]]:
        events = self._events or self._one_by_one()
        if self._is_entered:
            self._events = events
        return events

    def batches(self) -> Iterator[list[WatchEvent[AnyObject]]]:
        """The events as they arrive; the threads change once for each batch."""
        return iterate(self._thread, self._inner.batches(), may_resume=self._is_entered)

    def stop(self) -> None:
        """Close the connection; an iteration in another thread ends. Safe at any time, also twice."""
        self._is_stopped = True
        with contextlib.suppress(ClosedError):
            self._thread.run(self._inner.stop())

    def _one_by_one(self) -> Iterator[WatchEvent[AnyObject]]:
        for batch in self.batches():
            for event in batch:
                yield event
                if self._is_stopped:
                    return


class SubresourceClient(Generic[AnyObject]):
    """As `listwatch.client.SubresourceClient`, without await. Safe to use from several threads."""

    def __init__(self, thread: LoopThread, inner: aio_subresource.SubresourceClient[AnyObject]) -> None:
        self._thread = thread
        self._inner = inner

    get = Blocking(aio_subresource.SubresourceClient[AnyObject].get)
    replace = Blocking(aio_subresource.SubresourceClient[AnyObject].replace)
    patch = Blocking(aio_subresource.SubresourceClient[AnyObject].patch)
    post = Blocking(aio_subresource.SubresourceClient[AnyObject].post)

    @property
    def resource(self) -> Resource:
        """Which collection this is."""
        return self._inner.resource


class ResourceClient(SubresourceClient[AnyObject]):
    """As `listwatch.ResourceClient`, without await. Safe to use from several threads."""

    _inner: aio_resource.ResourceClient[AnyObject]

    create = Blocking(aio_resource.ResourceClient[AnyObject].create)
    delete = Blocking(aio_resource.ResourceClient[AnyObject].delete)
    delete_collection = Blocking(aio_resource.ResourceClient[AnyObject].delete_collection)
    list = Blocking(aio_resource.ResourceClient[AnyObject].list)
    list_all = Blocking(aio_resource.ResourceClient[AnyObject].list_all)

    def pages(
        self, *, label_selector: str = "", field_selector: str = "", page_size: int = 500
    ) -> Iterator[ObjectList[AnyObject]]:
        """The collection page by page; see `listwatch.ResourceClient.pages`."""
        pages = self._inner.pages(
            label_selector=label_selector, field_selector=field_selector, page_size=page_size
        )
        return iterate(self._thread, pages)

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
        self._thread = LoopThread()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop what runs with it, close every connection, end the thread; open watches end. Safe to call twice."""
        self._thread.close(self._inner.aclose())

    get_raw = Blocking(aio.Client.get_raw)

    @overload
    def resource(
        self, kind: type[AnyObject], *, namespace: str | None = None, metadata_only: Literal[False] = False
    ) -> ResourceClient[AnyObject]: ...
    @overload
    def resource(
        self, kind: Resource, *, namespace: str | None = None, metadata_only: Literal[False] = False
    ) -> ResourceClient[Unstructured]: ...
    @overload
    def resource(
        self, kind: type[Object] | Resource, *, namespace: str | None = None, metadata_only: Literal[True]
    ) -> ResourceClient[PartialObjectMetadata]: ...
    def resource(
        self, kind: type[Object] | Resource, *, namespace: str | None = None, metadata_only: bool = False
    ) -> ResourceClient[Any]:
        """What can be done with one kind of object; see `listwatch.Client.resource`."""
        inner: aio_resource.ResourceClient[Any] = self._inner.resource(
            kind,
            namespace=namespace,
            metadata_only=metadata_only,  # type: ignore[call-overload]  # one of the overloads
        )
        return ResourceClient(self._thread, inner)
