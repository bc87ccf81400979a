"""Several lists and watches that together make one cache: namespaces, selectors.

In:    each source's events and lists               (from shared_informer/shared_store.py)
Out:   what of them is news to the cache
Next:  shared_informer/transform.py, shared_informer/notifications.py
Rules: pure; of one object a source's versions only grow; an object leaves the cache when the last source that had it
       has let it go; a list removes only what no other source has
Source: none: client-go's informers have one source; the guard against versions that go back is KEP-5504's
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.watch_event import EventType, WatchEvent, object_of
from listwatch.shared_informer.freshness import is_newer, order
from listwatch.shared_informer.notifications import Change

Known = Callable[[ObjectKey], AnyObject | None]
"""What is in the cache."""

Keys = Callable[[], Iterable[ObjectKey]]
"""The keys of all that is in the cache."""


class Listed(NamedTuple, Generic[AnyObject]):
    """What a list means to the cache.

    Attributes:
        objects: Those that may be news, in the list's order.
        gone: Keys that no source has any more.
        is_initial: It is the source's first list.
    """

    objects: dict[ObjectKey, AnyObject]
    gone: list[ObjectKey]
    is_initial: bool


class Source:
    """What one source has, and how far it has come.

    Attributes:
        held: Keys and versions. Empty for a source that is alone: what it has is what the cache has.
    """

    __slots__ = ("has_listed", "held", "position")

    def __init__(self) -> None:
        self.held: dict[ObjectKey, str | None] = {}
        self.position = ""
        self.has_listed = False


class Sources(Generic[AnyObject]):
    """The sources of one cache.

    Args:
        count: How many.

    Attributes:
        stale: How many events were older than what their source had told before, and were left out.
        duplicates: How many events told what was known.
        nameless: How many objects had no name, and were left out.
    """

    def __init__(self, count: int) -> None:
        self._sources = [Source() for _ in range(count)]
        self.stale = 0
        self.duplicates = 0
        self.nameless = 0

    @property
    def count(self) -> int:
        """How many sources there are."""
        return len(self._sources)

    @property
    def have_listed(self) -> bool:
        """Every source has given its first list: the picture is complete."""
        return all(each.has_listed for each in self._sources)

    def changes(
        self, number: int, events: Iterable[WatchEvent[AnyObject]], known: Known[AnyObject]
    ) -> list[Change[AnyObject]]:
        """What a source's events are to the cache.

        Args:
            number: Which source.
            events: ADDED, MODIFIED and DELETED only, as the source told them.
            known: What is in the cache before them.

        An event older than what the source has told of the object is left out; one for an object that the source
        does not have is left out if it is older than the newest that the source has told: a repetition of the past must
        not bring the dead to life. Versions that have no order are taken as they come.
        """
        source = self._sources[number]
        is_alone = len(self._sources) == 1
        # Who is alone has what the cache has, and on top of it these events so far.
        held: dict[ObjectKey, str | None] = {} if is_alone else source.held
        accepted: list[Change[AnyObject]] = []
        for event in events:
            obj = object_of(event)
            key, version = obj.key, obj.resource_version
            if not key.name:
                self.nameless += 1
                continue
            # Without a position these may be synthetic events, whose versions come in no order.
            is_newest = is_newer(version, source.position)
            if is_newest and is_alone and event.type is not EventType.DELETED:
                # Nearly every event there is.
                held[key] = source.position = version
                accepted.append(Change(key, obj))
                continue
            before = _version_of(known(key)) if is_alone and key not in held else held.get(key)
            if event.type is EventType.DELETED:
                if self._may_go(version, before):
                    _let_go(held, key, is_alone=is_alone)
                    if is_alone or not self._held_elsewhere(source, key):
                        accepted.append(Change(key, obj, is_deletion=True))
            elif is_newest or self._is_news(version, before, source.position):
                held[key] = version
                if not self._is_behind(key, version, before, known):
                    accepted.append(Change(key, obj))
            if is_newest:
                source.position = version
        return accepted

    def listed(
        self,
        number: int,
        objects: Sequence[AnyObject],
        resource_version: str,
        known: Known[AnyObject],
        keys: Keys,
    ) -> Listed[AnyObject]:
        """What a source's whole list is to the cache. From it the source begins anew, also with older versions."""
        source = self._sources[number]
        is_initial, source.has_listed = not source.has_listed, True
        source.position = resource_version
        if len(self._sources) == 1:
            all_of_it = {key: obj for obj in objects if (key := obj.key).name}
            if len(all_of_it) < len(objects):
                self.nameless += sum(not obj.key.name for obj in objects)
            gone = [key for key in keys() if key not in all_of_it]
            return Listed(all_of_it, gone, is_initial)
        had, source.held = source.held, {}
        news: dict[ObjectKey, AnyObject] = {}
        for obj in objects:
            key, version = obj.key, obj.resource_version
            if not key.name:
                self.nameless += 1
                continue
            source.held[key] = version
            if not self._is_behind(key, version, had.get(key), known):
                news[key] = obj
        gone = [key for key in had if key not in source.held and not self._held_elsewhere(source, key)]
        return Listed(news, gone, is_initial)

    def reached(self, number: int, resource_version: str) -> None:
        """A source has told all up to this version."""
        source = self._sources[number]
        if resource_version and order(resource_version, source.position) != -1:
            source.position = resource_version

    def _is_news(self, version: str, before: str | None, position: str) -> bool:
        if before is None:
            # Equal is good: one transaction of the server's store may change several objects.
            if order(version, position) == -1:
                self.stale += 1
                return False
        elif version and version == before:
            self.duplicates += 1
            return False
        elif order(version, before) == -1:
            self.stale += 1
            return False
        return True

    def _may_go(self, version: str, before: str | None) -> bool:
        if before is None:
            self.duplicates += 1
            return False
        # Equal is good: old and aggregated servers give the last state its own version.
        if order(version, before) == -1:
            self.stale += 1
            return False
        return True

    def _held_elsewhere(self, source: Source, key: ObjectKey) -> bool:
        return len(self._sources) > 1 and any(
            key in other.held for other in self._sources if other is not source
        )

    def _is_behind(self, key: ObjectKey, version: str, before: str | None, known: Known[AnyObject]) -> bool:
        """Another source, which is or was ahead of this one, has put a newer state into the cache.

        It does not matter whether it has the object still: what it knew has happened. Only a source's own word may be
        taken back, by its own list.
        """
        if len(self._sources) == 1:
            return False
        cached = known(key)
        if cached is None or order(version, cached.resource_version) != -1:
            return False
        return cached.resource_version != before


def _version_of(obj: AnyObject | None) -> str | None:
    return None if obj is None else obj.resource_version


def _let_go(held: dict[ObjectKey, str | None], key: ObjectKey, *, is_alone: bool) -> None:
    if is_alone:
        held[key] = None  # whatever the cache still says
    else:
        del held[key]
