"""Which lists and watches a client needs for some namespaces and selectors of one kind.

In:    a client, a kind, namespaces, selectors
Out:   one `ListWatch` for each combination
Next:  shared_informer/shared_informer.py
Source: client-go tools/cache NewFilteredListWatchFromClient; differs: several namespaces and selectors at once
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from itertools import product
from typing import Any

from listwatch.apimachinery.object import Object
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.client.client import Client
from listwatch.client.subresource import ALL_NAMESPACES
from listwatch.reflector.list_watch import ListWatch, selecting

Several = str | Sequence[str]
"""One, or several of them."""


def resource_of(kind: type[Object] | Resource) -> Resource:
    """Which collection `kind` stands for."""
    return kind if isinstance(kind, Resource) else kind.resource


def several(value: Several) -> tuple[str, ...]:
    """Each once, in order.

    Raises:
        ValueError: None at all.
    """
    values = (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))
    if not values:
        raise ValueError("an empty list selects nothing: leave it out, or name at least one")
    return values


def namespaces_of(
    client: Client, kind: type[Object] | Resource, namespace: Several | None
) -> tuple[str, ...]:
    """Where to look: all namespaces (`ALL_NAMESPACES`) make the others needless; the configuration's for None."""
    if not resource_of(kind).namespaced:
        return (ALL_NAMESPACES,)
    found = several(client.config.namespace if namespace is None else namespace)
    return (ALL_NAMESPACES,) if ALL_NAMESPACES in found else found


def selectors_of(selector: Several) -> tuple[str, ...]:
    """Which selectors are needed: the empty one, which selects everything, makes the others needless."""
    found = several(selector)
    return ("",) if "" in found else found


def list_watches(
    client: Client,
    kind: type[Object] | Resource,
    *,
    namespace: Several | None = None,
    label_selector: Several = "",
    field_selector: Several = "",
    metadata_only: bool = False,
) -> list[ListWatch[Any]]:
    """One for each namespace with each label selector with each field selector.

    Args:
        client: Who asks.
        kind: as `Client.resource`.
        namespace: One, several, `ALL_NAMESPACES`, or None for the configuration's own.
        label_selector, field_selector: An object belongs to the collection if it matches one of each.
        metadata_only: as `Client.resource`.

    Raises:
        ValueError: An empty list of namespaces or selectors.
    """
    wanted = product(
        namespaces_of(client, kind, namespace), selectors_of(label_selector), selectors_of(field_selector)
    )
    return [
        _list_watch(client, kind, where, labels, fields, metadata_only=metadata_only)
        for where, labels, fields in wanted
    ]


def _list_watch(
    client: Client,
    kind: type[Object] | Resource,
    namespace: str,
    labels: str,
    fields: str,
    *,
    metadata_only: bool,
) -> ListWatch[Any]:
    if not metadata_only:
        return ListWatch.from_client(
            client,
            kind,
            namespace=namespace,
            label_selector=labels,
            field_selector=fields,
        )
    resource = client.resource(kind, namespace=namespace, metadata_only=True)
    selected = selecting(field_selector=fields, label_selector=labels)

    async def list_func(options: ListOptions) -> ObjectList[Any]:
        return await resource.list(selected(options))

    def watch_func(options: ListOptions) -> AsyncIterable[WatchEvent[Any]]:
        return resource.watch(selected(options))

    return ListWatch(list_func=list_func, watch_func=watch_func, supports_watch_list=True)
