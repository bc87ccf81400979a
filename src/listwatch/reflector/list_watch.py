"""List and watch of one collection, as one thing.

In:    a client, kind, namespace and selectors; or two functions of anybody's
Out:   lists, and watches that begin where a list ended
Next:  reflector/reflector.py
Rules: both are asked with the same selectors: a filter that reaches only one of them corrupts every cache behind it
Source: client-go tools/cache, ListWatch, Lister, Watcher, ListerWatcher and NewListWatchFromClient
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import replace
from typing import Any, Generic, Protocol, overload

from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.client.client import Client

ListFunc = Callable[[ListOptions], Awaitable[ObjectList[AnyObject]]]
"""Fetches one page of a collection."""

WatchFunc = Callable[[ListOptions], AsyncIterable[WatchEvent[AnyObject]]]
"""Opens one watch of it; an async generator function will do."""

EVERYTHING = ListOptions()


class Lister(Protocol[AnyObject]):
    """Whatever lists a collection."""

    async def list(self, options: ListOptions = EVERYTHING) -> ObjectList[AnyObject]:
        """One page; its `resource_version` says where to watch from."""
        ...


class Watcher(Protocol[AnyObject]):
    """Whatever watches a collection."""

    def watch(self, options: ListOptions = EVERYTHING) -> AsyncIterable[WatchEvent[AnyObject]]:
        """The changes after `options.resource_version`, in order, until the server ends the watch."""
        ...


class ListerWatcher(Lister[AnyObject], Watcher[AnyObject], Protocol[AnyObject]):
    """Both: all that is needed to follow a collection."""


class ListWatch(Generic[AnyObject]):
    """A `ListerWatcher` made of two functions.

    Of a client::

        pod_list_watch = ListWatch.from_client(client, Pod, namespace="default")
        pods = await pod_list_watch.list()
        async for event in pod_list_watch.watch(ListOptions(resource_version=pods.resource_version)):
            print(event.type, ":", event.object.name)

    Args:
        list_func: Fetches one page for the options it is given, continue token and limit included.
        watch_func: Opens one watch for the options it is given.
        disable_chunking: Never ask for less than the whole collection: the limit of a list is left out.
        supports_watch_list: `watch_func` gives `send_initial_events` on to a server that may know it. A reflector
            does not ask for streamed lists otherwise.
        kind: What the objects are, as far as it is known.
    """

    def __init__(
        self,
        *,
        list_func: ListFunc[AnyObject],
        watch_func: WatchFunc[AnyObject],
        disable_chunking: bool = False,
        supports_watch_list: bool = False,
        kind: type[Object] | Resource | None = None,
    ) -> None:
        self.list_func = list_func
        self.watch_func = watch_func
        self.disable_chunking = disable_chunking
        self.supports_watch_list = supports_watch_list
        self.kind = kind

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
        """Of one kind on one server.

        Args:
            client: Who asks.
            kind, namespace: as `Client.resource`.
            field_selector, label_selector: Only matching objects; sent with every list and every watch, together
                with those of its options.
            disable_chunking: as above.
        """
        resource = client.resource(kind, namespace=namespace)

        selected = selecting(field_selector=field_selector, label_selector=label_selector)

        async def list_func(options: ListOptions) -> ObjectList[Any]:
            return await resource.list(selected(options))

        def watch_func(options: ListOptions) -> AsyncIterable[WatchEvent[Any]]:
            return resource.watch(selected(options))

        return ListWatch(
            list_func=list_func,
            watch_func=watch_func,
            disable_chunking=disable_chunking,
            supports_watch_list=True,
            kind=kind if isinstance(kind, Resource) else resource.codec.cls,
        )

    async def list(self, options: ListOptions = EVERYTHING) -> ObjectList[AnyObject]:
        """One page, or all of it without a limit.

        Raises: whatever `list_func` does.
        """
        if self.disable_chunking:
            options = unchunked(options)
        return await self.list_func(options)

    def watch(self, options: ListOptions = EVERYTHING) -> AsyncIterable[WatchEvent[AnyObject]]:
        """One watch. Nothing is sent before it is read.

        Raises: while it is read, whatever `watch_func` does.
        """
        return self.watch_func(options)


def selecting(*, field_selector: str, label_selector: str) -> Callable[[ListOptions], ListOptions]:
    """A function that adds these selectors to options. A comma means "and"."""

    def selected(options: ListOptions) -> ListOptions:
        return replace(
            options,
            field_selector=",".join(filter(None, (field_selector, options.field_selector))),
            label_selector=",".join(filter(None, (label_selector, options.label_selector))),
        )

    return selected


def unchunked(options: ListOptions) -> ListOptions:
    """Options that ask for the whole collection at once."""
    return replace(options, limit=None)
