"""List and watch of one collection as one thing, without await.

In:    a client, kind, namespace and selectors; or two plain functions of anybody's
Out:   lists, and watches that begin where a list ended
Rules: as reflector/list_watch.py, whose twin for plain functions this is
Source: client-go tools/cache, ListWatch
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, overload

from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.reflector.list_watch import EVERYTHING, selecting, unchunked
from listwatch.sync.client import Client


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
