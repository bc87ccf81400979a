"""What of a collection has been told, and what is new about it.

In:    whole states (lists) and single events (a watch)
Out:   `Change`s
Next:  cli/follow.py
Rules: pure; after a relist only differences are changes; nothing vanishes without a DELETED
Source: client-go tools/cache, the Replace of its stores; differs: keeps nothing but the last state of each object
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.watch_event import EventType


@dataclass(frozen=True, slots=True)
class Change(Generic[AnyObject]):
    """One thing that happened to one object.

    Attributes:
        type: ADDED, MODIFIED or DELETED.
        item: The object after the change; for DELETED its last state.
        is_guess: DELETED only: it vanished while nobody looked; `item` is the last state seen, not the last there was.
    """

    type: EventType
    item: AnyObject
    is_guess: bool = False


class Known(Generic[AnyObject]):
    """The collection as it has been told so far: the last state of each object."""

    def __init__(self) -> None:
        self._items: dict[ObjectKey, AnyObject] = {}

    def __len__(self) -> int:
        return len(self._items)

    def replace(self, items: Iterable[AnyObject]) -> list[Change[AnyObject]]:
        """Make `items` the whole truth, and tell the differences: what vanished first, then `items` in their order.

        An object that was replaced by another of its name is DELETED, then ADDED.
        """
        after = {item.key: item for item in items}
        gone = [
            Change(EventType.DELETED, old, is_guess=True)
            for key, old in self._items.items()
            if key not in after or after[key].uid != old.uid
        ]
        come: list[Change[AnyObject]] = []
        for key, item in after.items():
            old = self._items.get(key)
            if old is None or old.uid != item.uid:
                come.append(Change(EventType.ADDED, item))
            elif old.resource_version != item.resource_version:
                come.append(Change(EventType.MODIFIED, item))
        self._items = after
        return [*gone, *come]

    def note(self, kind: EventType, item: AnyObject) -> Change[AnyObject]:
        """Take one event of a watch, as the server tells it."""
        if kind is EventType.DELETED:
            self._items.pop(item.key, None)
        else:
            self._items[item.key] = item
        return Change(kind, item)
