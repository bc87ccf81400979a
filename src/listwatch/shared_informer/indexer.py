"""The cache: objects by key, and by whatever else one looks them up by.

In:    objects, as changes are applied              (from shared_informer.py, or from anybody's loop over delta_fifo.py)
Out:   copies of objects, by key and by index       (to lister.py and to handlers, from any thread)
Next:  shared_informer/lister.py
Rules: pure (no lock, no await); one writer; what is in here nobody else holds; an object's place in all indices changes
       together with the object, in one assignment
Source: client-go tools/cache thread_safe_store.go and index.go, types ThreadSafeStore, Indexer, IndexFunc

How readers need no lock. A key's `_Entry` holds an object together with its values in every index and is never
changed; `entries[key] = entry` is the moment at which a change happens, for `get` and for all indices at once. The
buckets of an index only say which keys are worth a look: a key is put into its new buckets before that moment, taken
out of its old ones after it, and a reader believes the entry, not the bucket. What concerns many objects at once
(a replacement, an index more or less) is prepared aside, and `self._state` set to it.

All this rests on single operations of dicts being atomic, and on `list(…)` of a dict's keys or values being one of
them: the GIL sees to that, and in builds without it the dict's own lock.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, cast

import msgspec

from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject
from listwatch.shared_informer.compact import is_packed
from listwatch.shared_informer.deltas import object_key

IndexFunction = Callable[[AnyObject], Iterable[str]]
"""Says under which values an object is found: none, one or several. It gets a copy of its own."""

_Values = tuple[str, ...]

_MOST_EQUAL = 1024
"""So many values are recognised when they come again; those of an index by uid never do."""


class UnknownIndexError(ListWatchError, KeyError):
    """There is no index of that name. The message names those that there are."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""  # KeyError would show it quoted


class DuplicateIndexError(ListWatchError, ValueError):
    """There is an index of that name already."""


class IndexFailure(NamedTuple):
    """An index function failed on an object, which is therefore in the cache but not in that index.

    Attributes:
        index_name: Of that index.
        key: Of the object.
        error: What the function raised; its traceback is gone once `on_index_failure` has returned.
    """

    index_name: str
    key: ObjectKey
    error: Exception


class _Entry(msgspec.Struct, Generic[AnyObject], frozen=True, gc=False):
    """One version of one object, and its values in each index, in the order of the indices. Never changed."""

    key: ObjectKey
    object: AnyObject
    values: tuple[_Values, ...]


def _entry(key: ObjectKey, obj: AnyObject, values: tuple[_Values, ...]) -> _Entry[AnyObject]:
    """An entry; a squeezed object is its own, which saves 48 of its 1,000 bytes."""
    if is_packed(obj):
        return cast("_Entry[AnyObject]", obj.under(key).placed(values))
    return _Entry(key, obj, values)


class _Index(Generic[AnyObject]):
    """Value to the keys that may have it. A dict serves as a set that keeps its order."""

    __slots__ = ("buckets", "function", "removals", "slot")

    def __init__(self, function: IndexFunction[AnyObject], slot: int) -> None:
        self.function = function
        self.slot = slot
        self.buckets: dict[str, dict[ObjectKey, None]] = {}
        self.removals = 0

    def copy(self, slot: int) -> _Index[AnyObject]:
        made = _Index(self.function, slot)
        made.buckets = {value: bucket.copy() for value, bucket in self.buckets.items()}
        return made

    def put(self, key: ObjectKey, values: Iterable[str]) -> None:
        for value in values:
            bucket = self.buckets.get(value)
            if bucket is None:
                self.buckets[value] = {key: None}
            else:
                bucket[key] = None

    def discard(self, key: ObjectKey, values: Iterable[str]) -> None:
        self.removals += 1
        for value in values:
            bucket = self.buckets[value]
            del bucket[key]
            if not bucket:
                del self.buckets[value]

    def size(self, values: Iterable[str]) -> int:
        """How many keys may have one of the values, at most."""
        return sum(len(self.buckets.get(value, ())) for value in values)

    def candidates(self, values: Iterable[str]) -> Collection[ObjectKey]:
        """The keys that may have one of the values, each once."""
        buckets = [list(bucket) for value in values if (bucket := self.buckets.get(value)) is not None]
        return buckets[0] if len(buckets) == 1 else dict.fromkeys(key for keys in buckets for key in keys)


class _State(Generic[AnyObject]):
    """All that readers look at. A reader takes it once and stays with it; once it is replaced it does not change."""

    __slots__ = ("entries", "indices")

    def __init__(
        self, entries: dict[ObjectKey, _Entry[AnyObject]], indices: dict[str, _Index[AnyObject]]
    ) -> None:
        self.entries = entries
        self.indices = indices

    def index(self, name: str) -> _Index[AnyObject]:
        try:
            return self.indices[name]
        except KeyError:
            there = ", ".join(sorted(self.indices)) or "none"
            raise UnknownIndexError(f"no index {name!r}; there are: {there}") from None


class Snapshot(Mapping[ObjectKey, AnyObject]):
    """All objects at one moment, by key. Later changes do not show; each look gives a copy."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[ObjectKey, _Entry[AnyObject]]) -> None:
        self._entries = entries

    def __getitem__(self, key: ObjectKey) -> AnyObject:
        return self._entries[key].object.copy()

    def __iter__(self) -> Iterator[ObjectKey]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries


class Indexer(Generic[AnyObject]):
    """Objects by key and by index values, for one writer and any number of reading threads.

        indexer = Indexer(indices={"node": index_by_field("spec.nodeName")})
        indexer.put(pod)
        indexer.by_index("node", "node-1")

    Promised:
        * Readers never wait and never see half a change. Of each object a call sees one state that was true while
          it ran; an object that had a value all along is found under it, whatever else changes.
        * A replacement happens at one moment for all objects together.
        * Objects that are handed out are the reader's own (`Object.copy`, which shares bytes, not values):
          nothing that is done to them reaches the cache or other readers. Objects that are put in are copied
          likewise.
        * `resource_version` is not ahead of what readers see.

    Not promised: that two calls see the same moment (for that there is `snapshot`), and any order of results.

    Threads: all reading methods from any, at any time. Writing methods from one at a time; nothing checks that.

    Args:
        indices: Index functions by name.
        keep: What to hold of an object, under which key, and in place of what: something with that key and the
            object's version, whose `copy` gives it back.
        on_index_failure: Called by the writer, after the change, for each object on which an index function
            failed. What it raises reaches the writer's caller; the change stands.

    Cost: `get` is one lookup and one copy. A lookup by index is O(found). A change whose index values stay the
    same touches no index. Adding or removing an index is O(objects).

    Source: client-go NewIndexer; differs: no lock, copies instead of shared pointers, a failing index function
    harms one object in one index instead of ending the process
    """

    def __init__(
        self,
        *,
        indices: Mapping[str, IndexFunction[AnyObject]] | None = None,
        keep: Callable[[AnyObject, ObjectKey, AnyObject | None], AnyObject] | None = None,
        on_index_failure: Callable[[IndexFailure], object] | None = None,
    ) -> None:
        named = enumerate((indices or {}).items())
        self._state: _State[AnyObject] = _State({}, {n: _Index(f, slot) for slot, (n, f) in named})
        self._keep = keep
        self._entry: Callable[..., _Entry[AnyObject]] = _Entry if keep is None else _entry
        self._equal: dict[tuple[_Values, ...], tuple[_Values, ...]] = {}
        self._failures: dict[tuple[str, ObjectKey], IndexFailure] = {}
        self._on_index_failure = on_index_failure
        self._resource_version = ResourceVersion("")

    # Reading

    @property
    def resource_version(self) -> ResourceVersion:
        """Where the server's history stood after the last change that was applied; empty if that is unknown."""
        return self._resource_version

    def get(self, key: ObjectKey) -> AnyObject | None:
        """The object, or None."""
        entry = self._state.entries.get(key)
        return None if entry is None else entry.object.copy()

    def cached(self, key: ObjectKey) -> AnyObject | None:
        """The object that is in the cache itself, or None: for the writer, who only compares.

        Look at key, uid and version; take a copy for anything else, and change nothing.
        """
        entry = self._state.entries.get(key)
        return None if entry is None else entry.object

    def all_cached(self) -> builtins.list[AnyObject]:
        """All objects that are in the cache themselves; see `cached`."""
        return [entry.object for entry in list(self._state.entries.values())]

    def list(self) -> builtins.list[AnyObject]:
        """All objects."""
        return [entry.object.copy() for entry in list(self._state.entries.values())]

    def keys(self) -> builtins.list[ObjectKey]:
        """The keys of all objects."""
        return list(self._state.entries)

    def snapshot(self) -> Snapshot[AnyObject]:
        """All objects as they are now. O(objects), but none is copied until it is looked at."""
        return Snapshot({entry.key: entry for entry in list(self._state.entries.values())})

    def __len__(self) -> int:
        return len(self._state.entries)

    def __contains__(self, key: object) -> bool:
        return key in self._state.entries

    def by_index(self, name: str, value: str) -> builtins.list[AnyObject]:
        """The objects that have `value` in the index.

        Raises:
            UnknownIndexError: There is no such index.
        """
        return [entry.object.copy() for entry in self._entries({name: frozenset((value,))})]

    def index_keys(self, name: str, value: str) -> builtins.list[ObjectKey]:
        """The keys of the objects that have `value` in the index.

        Raises:
            UnknownIndexError: There is no such index.
        """
        return [entry.key for entry in self._entries({name: frozenset((value,))})]

    def index_values(self, name: str) -> builtins.list[str]:
        """The values that objects have in the index, each once.

        One whose first object is about to come, or whose last has just gone, may be among them.

        Raises:
            UnknownIndexError: There is no such index.
        """
        return list(self._state.index(name).buckets)

    def select(
        self,
        matches: Callable[[AnyObject], bool],
        *,
        index: Mapping[str, AbstractSet[str]] = MappingProxyType({}),
    ) -> builtins.list[AnyObject]:
        """The objects for which `matches` is true, only these copied.

        Args:
            matches: Sees the cached object itself (unless `keep` made something else of it), so it may look at what
                needs no decoding (name, namespace, labels, uid, resource version) or is a `FieldPath`, but not at
                `metadata`, `spec` and so on.
            index: Only objects that have one of these values, in each of these indices. The index that leaves
                the fewest is the one that is walked.

        Raises:
            UnknownIndexError: There is no such index.
        """
        if self._keep is None:
            return [entry.object.copy() for entry in self._entries(index) if matches(entry.object)]
        return [obj for entry in self._entries(index) if matches(obj := entry.object.copy())]

    @property
    def indices(self) -> Mapping[str, IndexFunction[AnyObject]]:
        """The index functions by name, as of now."""
        # The dict of indices is never changed, only replaced.
        return {name: index.function for name, index in self._state.indices.items()}

    @property
    def index_failures(self) -> builtins.list[IndexFailure]:
        """Which objects are now missing from which index, and why."""
        return list(self._failures.values())

    # Writing

    def put(self, obj: AnyObject) -> AnyObject | None:
        """Keep `obj` in place of the object that has its key, if there is one.

        Returns:
            The object that was there before.

        Raises:
            NoKeyError: The object has no name. Nothing is changed.
        """
        before = self._place(self._state, object_key(obj), obj.copy())
        self._note_version(obj.resource_version)
        return None if before is None else before.copy()

    def apply(self, writes: Mapping[ObjectKey, AnyObject | None], *, resource_version: str = "") -> None:
        """Carry out many writes, one after the other; None stands for a deletion.

        Args:
            writes: What becomes of each key. The objects belong to the cache from now on and are not copied: keep
                them to compare and to copy, and change nothing.
            resource_version: Up to where the server's history has been applied with this.
        """
        self._write(self._state, writes)
        self._note_version(resource_version)

    def swap(self, writes: Mapping[ObjectKey, AnyObject | None], *, resource_version: str = "") -> None:
        """Carry out many writes in one step for every reader, as `replace` does; what is not among them stays.

        Args:
            writes, resource_version: as `apply`; without a version it is unknown from now on.

        Cost: O(objects) pointers copied; index functions are asked about the writes only.
        """
        before = self._state
        indices = {name: index.copy(index.slot) for name, index in before.indices.items()}
        state = _State(before.entries.copy(), indices)
        self._write(state, writes)
        self._state = state
        self._resource_version = ResourceVersion(resource_version)

    def rekeep(self, keep: Callable[[AnyObject], AnyObject]) -> None:
        """Hold what `keep` makes of each object that is held; the objects stay the same. O(objects)."""
        entries = self._state.entries
        for key, entry in list(entries.items()):
            entries[key] = _entry(entry.key, keep(entry.object), entry.values)

    def _write(self, state: _State[AnyObject], writes: Mapping[ObjectKey, AnyObject | None]) -> None:
        for key, obj in writes.items():
            if obj is None:
                self._remove(state, key)
            else:
                self._place(state, key, obj)

    def _remove(self, state: _State[AnyObject], key: ObjectKey) -> AnyObject | None:
        before = state.entries.pop(key, None)
        if before is None:
            return None
        for index, old in zip(state.indices.values(), before.values, strict=True):
            index.discard(key, old)
        self._note_failures((), settled=key)
        return before.object

    def _place(self, state: _State[AnyObject], key: ObjectKey, obj: AnyObject) -> AnyObject | None:
        failures: list[IndexFailure] = []
        values = tuple([_values_of(obj, key, name, index, failures) for name, index in state.indices.items()])
        before = state.entries.get(key)
        if before is not None:
            key = before.key  # the one that is held
        kept = obj
        if self._keep is not None:
            kept = self._keep(obj, key, None if before is None else before.object)
        if not values or (before is not None and before.values == values):
            # Nearly every change there is: no index hears of it, and what is equal is held once.
            state.entries[key] = self._entry(key, kept, values if before is None else before.values)
        else:
            held = ((),) * len(values) if before is None else before.values
            self._move(state, self._entry(key, kept, self._held_once(values)), held)
        if failures or self._failures:
            self._note_failures(failures, settled=key)
        return None if before is None else before.object

    def _held_once(self, values: tuple[_Values, ...]) -> tuple[_Values, ...]:
        """Equal values, the same for all of a node's pods, that many entries share."""
        if len(self._equal) >= _MOST_EQUAL:
            self._equal.clear()
        return self._equal.setdefault(values, values)

    @staticmethod
    def _move(state: _State[AnyObject], entry: _Entry[AnyObject], held: tuple[_Values, ...]) -> None:
        """Put an entry in place, first into its new buckets, and last out of its old ones."""
        moves = [
            (index, was, now)
            for index, was, now in zip(state.indices.values(), held, entry.values, strict=True)
            if was != now
        ]
        for index, was, now in moves:
            index.put(entry.key, [value for value in now if value not in was] if was else now)
        state.entries[entry.key] = entry
        for index, was, now in moves:
            if was:
                index.discard(entry.key, [value for value in was if value not in now])

    def delete(self, key: ObjectKey, *, resource_version: str = "") -> AnyObject | None:
        """Forget the object.

        Args:
            key: Of the object.
            resource_version: Of the deletion, if it is known.

        Returns:
            The object that was there, or None.
        """
        before = self._remove(self._state, key)
        self._note_version(resource_version)
        return None if before is None else before.copy()

    def replace(self, objects: Iterable[AnyObject], *, resource_version: str = "") -> Snapshot[AnyObject]:
        """Make `objects` all that there is, in one step for every reader.

        Args:
            objects: The full collection. Of several with one key the last one counts.
            resource_version: Of the collection. Without one it is unknown from now on: no object's own version
                speaks for the whole.

        Returns:
            All objects that were there before: what is missing now is among them.

        Raises:
            NoKeyError: One of the objects has no name. Nothing is changed.
        """
        kept = {object_key(obj): obj for obj in objects}
        before = self._state
        failures: list[IndexFailure] = []
        indices = {name: _Index(old.function, old.slot) for name, old in before.indices.items()}
        entries: dict[ObjectKey, _Entry[AnyObject]] = {}
        for key, given in kept.items():
            obj = given.copy()
            values = tuple(_values_of(obj, key, name, index, failures) for name, index in indices.items())
            for index, now in zip(indices.values(), values, strict=True):
                index.put(key, now)
            kept_as = obj if self._keep is None else self._keep(obj, key, self.cached(key))
            entries[key] = _entry(key, kept_as, self._held_once(values))
        self._state = _State(entries, indices)
        self._resource_version = ResourceVersion(resource_version)
        self._failures = {}
        self._note_failures(failures)
        return Snapshot(before.entries)

    def bookmark(self, resource_version: str) -> None:
        """Nothing has changed up to `resource_version`."""
        self._note_version(resource_version)

    def add_index(self, name: str, function: IndexFunction[AnyObject]) -> None:
        """Sort all objects, those that are there already and those to come, by one thing more.

        Raises:
            DuplicateIndexError: The name is taken. Nothing is changed.
        """
        before = self._state
        if name in before.indices:
            raise DuplicateIndexError(
                f"there is an index {name!r} already: remove it first, or take another name"
            )
        failures: list[IndexFailure] = []
        added: _Index[AnyObject] = _Index(function, len(before.indices))
        entries: dict[ObjectKey, _Entry[AnyObject]] = {}
        for key, entry in before.entries.items():
            values = _values_of(entry.object, key, name, added, failures)
            added.put(key, values)
            entries[key] = _entry(key, entry.object, (*entry.values, values))
        indices = {other: index.copy(index.slot) for other, index in before.indices.items()}
        self._state = _State(entries, indices | {name: added})
        self._note_failures(failures)

    def remove_index(self, name: str) -> None:
        """Forget an index. Lookups in it fail from now on.

        Raises:
            UnknownIndexError: There is no such index.
        """
        before = self._state
        gone = before.index(name).slot
        entries = {
            key: _entry(key, entry.object, entry.values[:gone] + entry.values[gone + 1 :])
            for key, entry in before.entries.items()
        }
        left = [(other, index) for other, index in before.indices.items() if other != name]
        self._state = _State(entries, {other: index.copy(slot) for slot, (other, index) in enumerate(left)})
        self._failures = {
            each: failure for each, failure in self._failures.items() if failure.index_name != name
        }

    # Within

    def _entries(self, wanted: Mapping[str, AbstractSet[str]]) -> builtins.list[_Entry[AnyObject]]:
        """The entries that have one of the wanted values in each of the wanted indices."""
        state = self._state
        if not wanted:
            return list(state.entries.values())
        asked = [(state.index(name), values) for name, values in wanted.items()]
        asked.sort(key=lambda each: each[0].size(each[1]))
        smallest, values = asked[0]
        removals = smallest.removals
        keys = smallest.candidates(values)
        if len(values) > 1 and smallest.removals != removals:
            # Something may have moved from a bucket not yet read into one that was: the entries miss nothing.
            keys = list(state.entries)
        entries = [entry for key in keys if (entry := state.entries.get(key)) is not None]
        for index, values in asked:
            # The bucket has proposed, the entry decides: see the top of this file.
            entries = [entry for entry in entries if not values.isdisjoint(entry.values[index.slot])]
        return entries

    def _note_version(self, resource_version: str) -> None:
        if resource_version:
            self._resource_version = ResourceVersion(resource_version)

    def _note_failures(self, failures: Collection[IndexFailure], *, settled: ObjectKey | None = None) -> None:
        """Remember and report `failures`, after forgetting those of the object that is `settled`."""
        if settled is not None and self._failures:
            for name in self._state.indices:
                self._failures.pop((name, settled), None)
        for failure in failures:
            self._failures[failure.index_name, failure.key] = failure
        try:
            if self._on_index_failure is not None:
                for failure in failures:
                    self._on_index_failure(failure)
        finally:
            for failure in failures:
                # It would keep the function's frames, and with them what they hold, for as long as the failure.
                failure.error.__traceback__ = None


def _values_of(
    obj: AnyObject, key: ObjectKey, name: str, index: _Index[AnyObject], failures: list[IndexFailure]
) -> _Values:
    """The object's values in the index, each once; none, and one failure more, if the function fails."""
    try:
        # A copy, because looking at an object decodes into it, and the cached one stays bytes.
        values: Any = index.function(obj.copy())
        if not isinstance(values, str):
            return tuple(dict.fromkeys(values))
        failure: Exception = TypeError("an index function gives a list of values, this one gave a text")
    except Exception as error:  # noqa: BLE001 (anybody's function; whatever it raises is reported)
        failure = error
    failures.append(IndexFailure(name, key, failure))
    return ()
