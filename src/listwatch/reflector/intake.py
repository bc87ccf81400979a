"""What of a watch's events is news, and where in the server's history it leads.

In:    batches of `WatchEvent`s                   (from reflector/stream.py)
Out:   the objects of a streamed list, and changes: ADDED, MODIFIED and DELETED in order, none twice, none out of date
Next:  reflector/reflector.py hands them to the store
Rules: pure; a version never goes back; the version of a synthetic event is never a place to go on from; one event that
       makes no sense costs the others nothing
Source: client-go tools/cache reflector.go, handleAnyWatch; differs: it follows the last event, also backwards, and logs
        what it leaves out where we count it
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic

from listwatch.apimachinery.errors import APIStatusError, DecodeError, Status
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.watch_event import INITIAL_EVENTS_END, EventType, WatchEvent, object_of
from listwatch.reflector.failure import DeletionOutOfOrder
from listwatch.reflector.machine import UNKNOWN, is_older

BOOKMARKS_BEHIND: Final = 2
"""So many bookmarks in a row that are older than what we know prove that the server's history ends before ours: it was
restored from a backup, or is a replica that hangs. One alone may be an echo."""

_REMEMBERED: Final = 64
"""Changes of one version that are recognised when they come again. One transaction of a server's store makes few."""

_METADATA_ONLY: Final = "PartialObjectMetadata"

Expected = type[Object] | Resource | None
"""What the objects of a collection are, as far as it is known."""


@dataclass(slots=True)
class Counts:
    """What a reflector has seen since it was made.

    Attributes:
        lists: Lists that reached the store, streamed ones included.
        watches: Watches that were begun, streamed lists included.
        events: Changes that reached the store.
        bookmarks: Bookmarks.
        stale: Events and bookmarks older than what was known already; left out.
        duplicates: Events that had been seen; left out.
        skipped: Objects of another kind, without a name or without a version; left out.
        last_skipped: What the newest of those was.
    """

    lists: int = 0
    watches: int = 0
    events: int = 0
    bookmarks: int = 0
    stale: int = 0
    duplicates: int = 0
    skipped: int = 0
    last_skipped: str = ""

    def skip(self, event: WatchEvent[AnyObject], why: str) -> None:
        """Count an event that is left out because it makes no sense."""
        self.skipped += 1
        obj = object_of(event)
        self.last_skipped = f"{event.type}{f' {obj!r}' if isinstance(obj, Object) else ''}: {why}"


@dataclass(slots=True)
class Taken(Generic[AnyObject]):
    """What a batch comes to.

    Attributes:
        changes: For the store, in order.
        is_contact: Something in it is not older than what was known: the server is there and not behind us.
        has_bookmark: A bookmark is in it.
        error: What ended the watch, if this batch did.
    """

    changes: list[WatchEvent[AnyObject]] = field(default_factory=list)
    is_contact: bool = False
    has_bookmark: bool = False
    error: Exception | None = None


class Cursor(Generic[AnyObject]):
    """Follows the changes after a list, through all watches until the next list.

    Args:
        start: Where it begins: what happened up to here is known. "" if the list named no version; a watch from
            there begins with synthetic ADDED events, and has no place to go on from before its first other event.
        counts: What is left out is counted here.
        expected: What the objects are; None for what each says of itself.

    Attributes:
        version: Where it stands: everything up to here has been given out.
    """

    def __init__(self, start: ResourceVersion, counts: Counts, *, expected: Expected = None) -> None:
        self.version = start
        self._counts = counts
        self._expected = expected
        # What happened at the newest version: more than one change, if one transaction of the server's store did it.
        self._newest: list[WatchEvent[AnyObject]] = []
        self._behind = 0

    def take(self, batch: Sequence[WatchEvent[AnyObject]]) -> Taken[AnyObject]:
        """Sort a batch. What ends the watch ends the batch, too, whatever follows."""
        taken: Taken[AnyObject] = Taken()
        changes, expected = taken.changes, self._expected
        for event in batch:
            kind = event.type
            if kind is EventType.BOOKMARK or kind is EventType.ERROR:
                taken.error = self._mark(event, taken)
            elif (wrong := misfit(obj := object_of(event), expected)) is not None:
                self._counts.skip(event, wrong)
            elif _is_newer(found := obj.resource_version, version := self.version) and version:
                # Nearly every event there is, and therefore written out.
                self.version = found
                self._newest = [event]
                self._behind = 0
                changes.append(event)
            elif not known_version(found):
                self._counts.skip(event, "no resource version")
            elif self._is_news(event, found):
                changes.append(event)
            elif kind is EventType.DELETED and is_older(found, self.version):
                taken.error = _out_of_order(event, self.version)
            if taken.error is not None:
                break
        if changes:
            taken.is_contact = True
            self._counts.events += len(changes)
        return taken

    def _move(self, version: ResourceVersion, event: WatchEvent[AnyObject]) -> None:
        self.version = version
        self._newest = [event]
        self._behind = 0

    def _is_news(self, event: WatchEvent[AnyObject], found: ResourceVersion) -> bool:
        """Whether to give a change out; if so, the version has moved to it."""
        version = self.version
        if not version:
            if event.type is EventType.ADDED:
                return True
        elif not _is_newer(found, version):
            if is_older(found, version):
                self._counts.stale += 1
                return False
            if found == version:
                if any(_are_same(event, known) for known in self._newest):
                    self._counts.duplicates += 1
                    return False
                self._newest = [*self._newest[1 - _REMEMBERED :], event]
                return True
        self._move(found, event)
        return True

    def _mark(self, event: WatchEvent[AnyObject], taken: Taken[AnyObject]) -> Exception | None:
        """Take in a bookmark or an ERROR; what ends the watch, if it does."""
        if event.type is EventType.ERROR:
            return _error(event)
        bookmark = object_of(event)
        found = bookmark.resource_version if isinstance(bookmark, Object) else UNKNOWN
        if not known_version(found):
            self._counts.skip(event, "no resource version")
            return None
        self._counts.bookmarks += 1
        taken.has_bookmark = True
        if is_older(found, self.version):
            self._counts.stale += 1
            self._behind += 1
            return _server_is_behind(found, self.version) if self._behind >= BOOKMARKS_BEHIND else None
        self._behind = 0
        taken.is_contact = True
        if found != self.version:
            self.version = found
            self._newest = []
        return None


class InitialEvents(Generic[AnyObject]):
    """Collects a streamed list until its end is marked.

    Args:
        counts, expected: as `Cursor`.
        hold: What to keep of each object until all are there.

    Attributes:
        objects: By key; those so far.
        version: As of when they are all there is; None before the mark.
    """

    def __init__(
        self,
        counts: Counts,
        *,
        expected: Expected = None,
        hold: Callable[[AnyObject], AnyObject] | None = None,
    ) -> None:
        self.objects: dict[ObjectKey, AnyObject] = {}
        self.version: ResourceVersion | None = None
        self._counts = counts
        self._expected = expected
        self._hold = hold

    def take(
        self, batch: Sequence[WatchEvent[AnyObject]]
    ) -> tuple[Sequence[WatchEvent[AnyObject]], Exception | None]:
        """Take in a batch: what of it comes after the mark, and what ended the stream before it."""
        for index, event in enumerate(batch):
            if event.type is EventType.ERROR:
                return (), _error(event)
            if event.type is EventType.BOOKMARK:
                if (found := _marked_end(event)) is not None:
                    self.version = found
                    return batch[index + 1 :], None
            elif (wrong := misfit(obj := object_of(event), self._expected)) is not None:
                self._counts.skip(event, wrong)
            elif event.type is EventType.DELETED:
                self.objects.pop(obj.key, None)
            else:
                self.objects[obj.key] = obj if self._hold is None else self._hold(obj)
        return (), None


def fitting(objects: list[AnyObject], counts: Counts, *, expected: Expected = None) -> list[AnyObject]:
    """Those of a list that can be kept; the rest is counted."""
    wrong = {index: why for index, obj in enumerate(objects) if (why := misfit(obj, expected)) is not None}
    if not wrong:
        return objects
    counts.skipped += len(wrong)
    index, why = next(iter(wrong.items()))
    counts.last_skipped = f"in a list: {objects[index]!r}: {why}"
    return [obj for index, obj in enumerate(objects) if index not in wrong]


def misfit(obj: object, expected: Expected) -> str | None:
    """Why `obj` cannot be kept, or None if it can."""
    if type(obj) is expected and (obj.kind is expected.resource.kind) and obj.key.name:
        return None  # nearly every object there is
    wanted = expected if isinstance(expected, type) else Object
    if not isinstance(obj, wanted):
        return f"{type(obj).__name__} instead of {wanted.__name__}"
    if not obj.key.name:
        return "no name"
    resource = expected if isinstance(expected, Resource) else obj.resource
    kind = obj.kind
    if kind != resource.kind and kind and resource.kind and kind != _METADATA_ONLY:
        return f"kind {kind} instead of {resource.kind}"
    return None


def _marked_end(bookmark: WatchEvent[AnyObject]) -> ResourceVersion | None:
    """The version at which a streamed list is complete, if this bookmark says so."""
    obj = object_of(bookmark)
    if not isinstance(obj, Object) or obj.metadata.annotations.get(INITIAL_EVENTS_END) != "true":
        return None
    return known_version(obj.resource_version)


def known_version(version: str | None) -> ResourceVersion:
    """A version to go on from; "" for those which name none."""
    return ResourceVersion(version) if version and version != "0" else UNKNOWN


def _is_newer(found: str, version: str) -> bool:
    # By length, then by text: see compare_resource_version, whose checks this spares all good events but one.
    size, known = len(found), len(version)
    return (found > version if size == known else size > known) and found.isdigit() and version.isdigit()


def _error(event: WatchEvent[AnyObject]) -> Exception:
    return event.error or DecodeError("watch: an ERROR event without a Status")


def _are_same(a: WatchEvent[AnyObject], b: WatchEvent[AnyObject]) -> bool:
    return a.type is b.type and a.object.key == b.object.key and a.object.to_json() == b.object.to_json()


def _out_of_order(event: WatchEvent[AnyObject], version: str) -> Exception:
    return DeletionOutOfOrder(
        f"watch: {event!r} at version {event.object.resource_version}, after version {version}: an echo, or a deletion "
        "that has got no version of its own; a list will tell"
    )


def _server_is_behind(found: str, version: str) -> APIStatusError:
    return APIStatusError(
        Status(
            code=504,
            reason="Timeout",
            message=f"Too large resource version: {version}, the server's bookmarks are at {found}: was it restored "
            "from a backup?",
        ),
        doing="watch",
    )
