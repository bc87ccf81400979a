"""Every change of every object, in the order in which it was made: the server's only memory.

In:    objects to put and keys to delete   (from storage.py)
Out:   `Change`s by revision, and the `State` at any retained revision
Next:  watch.py (cursors into the log), reading.py (pages of a state)
Rules: pure (no await, no clock, no randomness). One counter for all resources. A change, once made, is never
       altered; its objects must not be either. State at a revision is exactly what the changes up to it say.
       No operation looks at another resource's objects.
Source: etcd's MVCC store (revision, compaction), as kube-apiserver uses it; KEP-2340 and KEP-4988 for lists from
        snapshots. Differs: the log is also the watch cache, so "too old" means the same to lists and watches.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple

from listwatch.apiserver.storage.sorted_map import SortedMap

JSONObject = dict[str, Any]
ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]

_PINNED_SNAPSHOTS: Final = 64


class CompactedError(Exception):
    """The revision asked for lies below the log's floor.

    Attributes:
        floor: The oldest revision that can still be asked for.
    """

    def __init__(self, floor: int) -> None:
        super().__init__(f"revisions below {floor} are compacted away")
        self.floor = floor


class StoredObject:
    """One object as it was from one revision on.

    Attributes:
        revision: Of the change that made it so; also its `metadata.resourceVersion`.
        object: The object without `apiVersion` and `kind`, which its collection implies. Immutable.
        encoded: Its bytes per form, kept by whoever encodes first so that nobody else needs to.
    """

    __slots__ = ("encoded", "object", "revision")

    def __init__(self, revision: int, object_: JSONObject) -> None:
        self.revision = revision
        self.object = object_
        self.encoded: dict[str, bytes] = {}


class Origin(NamedTuple):
    """Where a change comes from.

    Attributes:
        time: When it was made, by the server's clock.
        user: On whose request; "" for the server's own doing.
        request: The number of that request; 0 for none.
    """

    time: datetime
    user: str = ""
    request: int = 0


class Change:
    """One object's step from one state to the next.

    Attributes:
        revision: Its place in the one order of all changes.
        resource: The collection, such as `deployments.apps`.
        key: `namespace/name`, or `name` where the resource has no namespaces.
        type: What a watcher without selectors is told.
        current: The object after the change; for DELETED the last state, its version that of the deletion.
        previous: The object before; None for ADDED.
        lines: The watch events that this change becomes, per form, encoded once however many watch.
        origin: Who made it, and when; None where nobody keeps account.
    """

    __slots__ = ("current", "key", "lines", "origin", "previous", "resource", "revision", "type")

    def __init__(
        self, resource: str, key: str, type_: ChangeType, current: StoredObject, previous: StoredObject | None
    ) -> None:
        self.revision = current.revision
        self.resource = resource
        self.key = key
        self.type = type_
        self.current = current
        self.previous = previous
        self.lines: dict[str, bytes] = {}
        self.origin: Origin | None = None

    def __repr__(self) -> str:
        return f"<Change {self.revision} {self.type} {self.resource} {self.key}>"


State = SortedMap[StoredObject]
_EMPTY: Final[State] = SortedMap()
_revision_of = attrgetter("revision")


class Track:
    """The retained changes of one resource, or of one namespace of it, oldest first.

    A reader's place is an absolute position: it counts from the track's first change ever, so it stays
    right while the front is compacted away. A position below `dropped` has lost changes.

    After a `fork` both tracks have one list, which nobody changes any more: whoever writes first takes a copy.
    """

    __slots__ = ("_is_shared", "changes", "dropped")

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.dropped = 0
        self._is_shared = False

    @property
    def end(self) -> int:
        """The position after the newest change."""
        return self.dropped + len(self.changes)

    def append(self, change: Change) -> None:
        """Add the newest change."""
        if self._is_shared:
            self._unshare(self.changes.copy())
        self.changes.append(change)

    def drop(self, count: int) -> None:
        """Forget the oldest `count` changes."""
        if self._is_shared:
            self._unshare(self.changes[count:])
        else:
            del self.changes[:count]
        self.dropped += count

    def pop(self) -> None:
        """Take the newest change back."""
        if self._is_shared:
            self._unshare(self.changes[:-1])
        else:
            self.changes.pop()

    def fork(self) -> Track:
        """A track with the same past and its own future. Cost: O(1) now, one copy at the first write of either."""
        other = Track()
        other.changes, other.dropped = self.changes, self.dropped
        self._is_shared = other._is_shared = True
        return other

    def _unshare(self, changes: list[Change]) -> None:
        self.changes = changes
        self._is_shared = False

    def position_after(self, revision: int) -> int:
        """The position of the first retained change above `revision`."""
        return self.dropped + bisect_right(self.changes, revision, key=_revision_of)

    def read(self, position: int, limit: int | None = None) -> list[Change]:
        """The changes from `position` on, at most `limit`.

        Raises:
            LookupError: Changes at `position` were compacted away.
        """
        start = position - self.dropped
        if start < 0:
            raise LookupError(position)
        return self.changes[start:] if limit is None else self.changes[start : start + limit]


class RevisionLog:
    """The log and the states it adds up to.

    Promised: revisions grow by one with each change; `changes above r` replayed over the state at r give the
    current state; a state or change that was handed out never changes.
    Not promised: anything below `floor`, which rises as changes are compacted.
    Ordering: one total order over all resources.

    A log whose changes are kept elsewhere too (group_commit.py) holds them back: between `hold` and `settle` they are
    made, and writes build on them, but nobody may be told of what lies above `visible`; `undo` takes it back.

    Attributes:
        on_forget: Called with the new floor and the changes that are forgotten, before they are.

    Args:
        revision: Where the counter starts; the first change gets the next number.
        floor: The oldest revision that can be asked for, `revision` by default. Below the start all is empty.
        history_limit: How many changes are retained, at least. Up to an eighth more may be.
    """

    def __init__(self, *, revision: int = 0, floor: int | None = None, history_limit: int = 100_000) -> None:
        self._revision = revision
        self._floor = revision if floor is None else floor
        self._history_limit = history_limit
        self._whole = Track()
        self._states: dict[str, State] = {}
        self._tracks: dict[tuple[str, str | None], Track] = {}
        self._snapshots: OrderedDict[tuple[str, int], State] = OrderedDict()
        self._settled: int | None = None
        self.on_forget: Callable[[int, list[Change]], None] | None = None

    @classmethod
    def restored(
        cls,
        *,
        revision: int,
        floor: int,
        objects: Iterable[tuple[str, str, StoredObject]],
        history_limit: int,
    ) -> RevisionLog:
        """A log that knows a state, and nothing of how it came about.

        Args:
            revision: Of the newest change. Between `floor` and it nothing has changed.
            floor: The oldest revision that can be asked for.
            objects: Collection, key and object; none newer than `floor`.
            history_limit: As for a new log.
        """
        log = cls(revision=revision, floor=floor, history_limit=history_limit)
        by_resource: dict[str, dict[str, StoredObject]] = {}
        for resource, key, stored in objects:
            by_resource.setdefault(resource, {})[key] = stored
        for resource, entries in by_resource.items():
            log._states[resource] = SortedMap.of(sorted(entries.items()))
        return log

    @property
    def revision(self) -> int:
        """Of the newest change."""
        return self._revision

    @property
    def visible(self) -> int:
        """The newest revision that may be told of; the newest of all unless changes are held back."""
        return self._revision if self._settled is None else self._settled

    def hold(self) -> None:
        """Hold back every change from now on until it is settled."""
        self._settled = self._revision

    def settle(self, revision: int) -> None:
        """Let go of the changes up to `revision`."""
        self._settled = revision

    def undo(self) -> list[Change]:
        """Take back the changes that are held back; gives them newest first. Their revisions are given again."""
        undone = self._whole.read(self._whole.position_after(self.visible))[::-1]
        for change in undone:
            state = self._states[change.resource]
            self._states[change.resource] = (
                state.remove(change.key)
                if change.previous is None
                else state.set(change.key, change.previous)
            )
            namespace, separator, _ = change.key.partition("/")
            for part in (None, namespace) if separator else (None,):
                if (track := self._tracks.get((change.resource, part))) is not None:
                    track.pop()
            self._whole.pop()
        self._revision = self.visible
        for name in [name for name in self._snapshots if name[1] > self._revision]:
            del self._snapshots[name]
        return undone

    @property
    def floor(self) -> int:
        """The oldest revision whose state is known; all changes above it are retained."""
        return self._floor

    def revision_at(self, moment: datetime) -> int:
        """The revision that was the newest at a moment, by the changes' origins; the floor if it lies further back.

        Cost: O(changes since).
        """
        for change in reversed(self._whole.changes):
            if change.origin is None or change.origin.time <= moment:
                return change.revision
        return self._floor

    def put(self, resource: str, key: str, value: JSONObject) -> Change:
        """Make `value` the object at `key`.

        Its `metadata.resourceVersion` is set to the new revision; from then on it belongs to the log and
        must not be changed by anybody.
        """
        state = self.state(resource)
        previous = state.get(key)
        change = self._next(resource, key, "MODIFIED" if previous else "ADDED", value, previous)
        self._states[resource] = state.set(key, change.current)
        return change

    def delete(self, resource: str, key: str) -> Change:
        """Remove the object at `key`.

        Raises:
            KeyError: There is none. Nothing is changed.
        """
        previous = self.get(resource, key)
        if previous is None:
            raise KeyError(key)
        last = {**previous.object, "metadata": dict(previous.object["metadata"])}
        change = self._next(resource, key, "DELETED", last, previous)
        self._states[resource] = self.state(resource).remove(key)
        return change

    def get(self, resource: str, key: str) -> StoredObject | None:
        """The current object at `key`."""
        return self.state(resource).get(key)

    def state(self, resource: str) -> State:
        """The current objects of a resource. Immutable."""
        return self._states.get(resource, _EMPTY)

    def at(self, resource: str, revision: int) -> State:
        """The objects of a resource as of `revision`.

        Cost: O(1) if the resource has not changed since or the state is pinned, otherwise
        O(log n) for each change of the resource since.

        Raises:
            CompactedError: `revision` is below the floor.
            ValueError: `revision` is yet to come.
        """
        if revision > self._revision:
            raise ValueError(f"revision {revision} is yet to come, the log is at {self._revision}")
        if revision < self._floor:
            raise CompactedError(self._floor)
        pinned = self._snapshots.get((resource, revision))
        if pinned is not None:
            self._snapshots.move_to_end((resource, revision))
            return pinned
        state = self.state(resource)
        track = self._tracks.get((resource, None))
        if track is None:
            return state
        for change in reversed(track.read(max(track.position_after(revision), track.dropped))):
            if change.type == "ADDED":
                state = state.remove(change.key)
            elif change.previous is not None:
                state = state.set(change.key, change.previous)
        return self.pin(resource, revision, state)

    def pin(self, resource: str, revision: int, state: State) -> State:
        """Remember `state` as what the resource was at `revision`, so that the next `at` finds it at once."""
        self._snapshots[resource, revision] = state
        self._snapshots.move_to_end((resource, revision))
        if len(self._snapshots) > _PINNED_SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return state

    def track(self, resource: str, namespace: str | None = None) -> Track:
        """Where the changes of a resource appear, or those of one of its namespaces."""
        track = self._tracks.get((resource, namespace))
        if track is None:
            track = self._tracks[resource, namespace] = Track()
            if namespace is not None and (whole := self._tracks.get((resource, None))) is not None:
                prefix = namespace + "/"
                track.changes = [change for change in whole.changes if change.key.startswith(prefix)]
        return track

    def history(self, resource: str, key: str) -> Iterator[Change]:
        """The retained changes at `key`, newest first, through deletions and re-creations."""
        track = self._tracks.get((resource, None))
        changes = track.changes if track is not None else []
        return (change for change in reversed(changes) if change.key == key)

    def compact(self, revision: int | None = None) -> None:
        """Forget the changes up to `revision` (by default all); the current objects stay.

        What is held back is not forgotten: then the floor rises to `visible` at most.

        Raises:
            ValueError: `revision` is yet to come. Nothing is changed.
        """
        target = self._revision if revision is None else revision
        if target > self._revision:
            raise ValueError(f"revision {target} is yet to come, the log is at {self._revision}")
        self._forget_up_to(target)

    def fork(self) -> RevisionLog:
        """An independent log with the same past. Objects, states and changes are shared, being immutable.

        Cost: O(collections and namespaces that were asked for). What is written later copies the pointers of one
        collection's retained changes, once.
        """
        other = RevisionLog(revision=self._revision, history_limit=self._history_limit)
        other._floor = self._floor
        other._whole = self._whole.fork()
        other._states = self._states.copy()
        other._snapshots = self._snapshots.copy()
        other._tracks = {name: track.fork() for name, track in self._tracks.items()}
        return other

    def _next(
        self, resource: str, key: str, type_: ChangeType, value: JSONObject, previous: StoredObject | None
    ) -> Change:
        self._revision += 1
        value["metadata"]["resourceVersion"] = str(self._revision)
        change = Change(resource, key, type_, StoredObject(self._revision, value), previous)
        self._whole.append(change)
        self.track(resource).append(change)
        namespace, separator, _ = key.partition("/")
        if separator and (part := self._tracks.get((resource, namespace))) is not None:
            part.append(change)
        retained = self._whole.changes
        if len(retained) > self._history_limit + max(self._history_limit // 8, 16):
            self._forget_up_to(retained[len(retained) - self._history_limit - 1].revision)
        return change

    def _forget_up_to(self, revision: int) -> None:
        floor = min(revision, self.visible)
        if floor > self._floor:
            self._forget(self._whole.position_after(floor) - self._whole.dropped, floor)

    def _forget(self, count: int, floor: int) -> None:
        """Drop the oldest `count` changes, all of which lie at or below `floor`."""
        if self.on_forget is not None:
            self.on_forget(floor, self._whole.changes[:count])
        dropped: dict[tuple[str, str | None], int] = {}
        for change in self._whole.changes[:count]:
            namespace, separator, _ = change.key.partition("/")
            for part in (None, namespace) if separator else (None,):
                dropped[change.resource, part] = dropped.get((change.resource, part), 0) + 1
        for name, number in dropped.items():
            track = self._tracks.get(name)
            if track is not None:
                track.drop(number)
        self._whole.drop(count)
        self._floor = floor
        for name_and_revision in [name for name in self._snapshots if name[1] < floor]:
            del self._snapshots[name_and_revision]
