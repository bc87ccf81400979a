"""Where a reflector puts what it learns.

Source: client-go tools/cache ReflectorStore; differs: batches instead of single objects, so that nothing is awaited,
        locked or woken per event; every call says which version it leads to
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.watch_event import WatchEvent


class ReflectorStore(Protocol[AnyObject]):
    """Takes a collection's state and changes. All calls come from one task, in the server's order.

    Objects that are passed in belong to the store from then on. The plain methods must not await and must not raise
    for the sake of a single object.
    """

    def replace(self, objects: Sequence[AnyObject], resource_version: ResourceVersion) -> None:
        """Make `objects` the whole truth as of `resource_version`: what is missing is gone."""
        ...

    def apply(self, events: Sequence[WatchEvent[AnyObject]], resource_version: ResourceVersion) -> None:
        """Changes, oldest first: ADDED, MODIFIED and DELETED only. They lead to `resource_version`."""
        ...

    def bookmark(self, resource_version: ResourceVersion) -> None:
        """Nothing has changed up to `resource_version`."""
        ...

    async def ready(self) -> None:
        """Returns when more can be taken. Awaited between batches: here a store may hold the stream back."""
        ...


@runtime_checkable
class HoldingStore(Protocol[AnyObject]):
    """A store that wants less than all of what it is told, from the moment at which a list's part arrives."""

    def hold(self, obj: AnyObject) -> AnyObject:
        """What to hold of an object until `replace`: with its key, uid and version. It may be something that it has."""
        ...
