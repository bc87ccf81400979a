"""The changes of each object that nobody has applied yet.

In:    additions, updates, deletions and whole replacements   (what reflector/reflector.py learns)
Out:   `Deltas`, oldest first, one key at a time              (deltas.py)
Next:  shared_informer/indexer.py
Rules: pure (no await, no clock, no lock); a key is queued iff it has a change; every call happens in full or not at all
Source: client-go tools/cache delta_fifo.go, type DeltaFIFO
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar, overload

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject
from listwatch.shared_informer.deltas import (
    DeletedFinalStateUnknown,
    Delta,
    Deltas,
    DeltaType,
    key_with,
    object_key,
)

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

BATCH_LIMIT = 1000
"""Keys in a batch: what client-go's informers apply at a time."""


class KnownObjects(Protocol[K, T_co]):
    """What the consumer has applied so far: an `Indexer`, or any mapping from keys to objects."""

    def keys(self) -> Iterable[K]:
        """The keys of all objects."""
        ...

    def get(self, key: K, /) -> T_co | None:
        """The object, or None."""
        ...


class DeltaFIFO(Generic[K, T]):
    """A queue of keys, each with its changes since somebody last took them.

    One producer puts in what it saw; one consumer pops a key with all its changes and applies them::

        fifo: DeltaFIFO[ObjectKey, Pod] = DeltaFIFO(known_objects=indexer)
        fifo.add(pod)
        while fifo:
            for delta in fifo.pop():
                print(delta.type, ":", delta.last_known.name)

    Promised:
        * The changes of a key come in the order in which they were put in, none left out and none invented, but
          that deletions with nothing between them are one.
        * A key is popped in the place of its oldest change: a busy object neither overtakes nor starves others.
        * An object that was ever told and is gone is told DELETED, even if its deletion was never seen.

    Not promised: any order between the changes of different objects; that is what collecting by key costs. Use the
    informer where that order matters.

    Threads: one at a time. It neither locks nor waits; whoever shares it brings the lock, or the loop.

    Args:
        key_of: What tells one object from another; namespace and name of a Kubernetes object.
        known_objects: Looked at to tell what has vanished, what is told again, and which deletions are news.
            Only read. Without it the queue knows of nothing but what is queued: objects that have been popped and
            then vanish are not noticed.
        transform: Applied once to each object that is put in, before its key is read; tombstones and resyncs
            have been through it. It gets an object that is its own and may change and return it.

    Source: client-go NewDeltaFIFOWithOptions; differs: a replaced object is always REPLACED, never SYNC; the key
    is that of the transformed object, so that it is the one under which the cache knows it; nothing blocks, so
    there is nothing to close
    """

    @overload
    def __init__(
        self: DeltaFIFO[ObjectKey, AnyObject],
        *,
        known_objects: KnownObjects[ObjectKey, AnyObject] | None = None,
        transform: Callable[[AnyObject], AnyObject] | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        key_of: Callable[[T], K],
        known_objects: KnownObjects[K, T] | None = None,
        transform: Callable[[T], T] | None = None,
    ) -> None: ...
    def __init__(
        self,
        *,
        key_of: Callable[[Any], Any] = object_key,
        known_objects: KnownObjects[Any, Any] | None = None,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        self._key_of: Callable[[T], K] = key_of
        self._known_objects: KnownObjects[K, T] | None = known_objects
        self._transform: Callable[[T], T] | None = transform
        # Queue and lookup in one, so that they cannot disagree.
        self._items: OrderedDict[K, list[Delta[K, T]]] = OrderedDict()
        self._populated = False
        self._initial_left = 0

    # What is in it

    @property
    def has_synced(self) -> bool:
        """Whether the first complete picture has been popped.

        That is the first `replace`, an empty one at once; a queue that is filled by hand, without a `replace`
        before the first addition, update or deletion, has synced from then on.
        """
        return self._populated and not self._initial_left

    def keys(self) -> list[K]:
        """The keys that are queued, next one first."""
        return list(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __repr__(self) -> str:
        return f"<DeltaFIFO {len(self._items)} queued{'' if self.has_synced else ', not synced'}>"

    # Putting in

    def add(self, obj: T) -> None:
        """An object has come to be.

        Raises:
            NoKeyError: The object has no name. Nothing is changed. The same holds for all methods that put in,
                and for whatever `transform` raises.
        """
        key, obj = self._taken(obj)
        self._populated = True
        self._queue(key, Delta(DeltaType.ADDED, obj))

    def update(self, obj: T) -> None:
        """An object has changed."""
        key, obj = self._taken(obj)
        self._populated = True
        self._queue(key, Delta(DeltaType.UPDATED, obj))

    def delete(self, obj: T | DeletedFinalStateUnknown[K, T]) -> None:
        """An object is gone.

        Dropped if nobody was ever told of it: neither is it queued nor known. That happens when a relist has
        noticed already, and the deletion would be told twice.

        Args:
            obj: Its last state, or a tombstone.
        """
        if isinstance(obj, DeletedFinalStateUnknown):
            key = obj.key
        else:
            key, obj = self._taken(obj)
        self._populated = True
        known = self._known_objects
        if key in self._items or (known is not None and known.get(key) is not None):
            self._queue(key, Delta(DeltaType.DELETED, obj))

    def replace(self, objects: Iterable[T]) -> None:
        """Make `objects` the whole truth.

        Each becomes a REPLACED delta. Keys that are queued or known and absent now get a DELETED delta with a
        tombstone: the newest queued state of the object, else the known one, because the real last state was missed. A
        deletion that is queued already stays the only one.

        Among keys that had nothing queued, those that vanished come first: whoever applies in order has let go of
        what an old object held before a new one takes it.

        Args:
            objects: The full collection, any order. Of several with one key the last one counts last. Ownership
                passes to the queue.

        Raises:
            NoKeyError: One of the objects has no name. Nothing is changed.

        Cost: O(queued + known + given) time, one delta for each key.

        Source: client-go DeltaFIFO.Replace; differs: all or nothing, and deletions first (as its successor
        RealFIFO has it)
        """
        taken = [self._taken(obj) for obj in objects]
        present = {key for key, _ in taken}
        vanished = [self._tombstone(key) for key in self._items if key not in present]
        vanished += [
            DeletedFinalStateUnknown(key, obj) for key, obj in self._known_only() if key not in present
        ]
        for tombstone in vanished:
            self._queue(tombstone.key, Delta(DeltaType.DELETED, tombstone))
        for key, obj in taken:
            self._queue(key, Delta(DeltaType.REPLACED, obj))
        if not self._populated:
            self._populated = True
            self._initial_left = len(self._items)

    def resync(self) -> None:
        """Queue each known object again, as SYNC, unless there is news of it: that would be told out of order.

        Without `known_objects` there is nothing to tell.
        """
        for key, obj in self._known_only():
            self._queue(key, Delta(DeltaType.SYNC, obj))

    # Taking out

    def pop(self) -> Deltas[K, T]:
        """Take the key whose oldest change is the oldest of all, with its changes.

        Raises:
            IndexError: Nothing is queued.
        """
        if not self._items:
            raise IndexError("pop from an empty DeltaFIFO")
        is_initial = not self.has_synced
        key, changes = self._items.popitem(last=False)
        if self._initial_left:
            self._initial_left -= 1
        return Deltas(key, tuple(changes), is_initial)

    def pop_batch(self, *, limit: int = BATCH_LIMIT) -> list[Deltas[K, T]]:
        """Take up to `limit` keys. Empty if nothing is queued.

        A batch never mixes keys of the first complete picture with later ones.
        """
        count = min(limit, self._initial_left or len(self._items))
        return [self.pop() for _ in range(count)]

    # Within

    def _taken(self, obj: T) -> tuple[K, T]:
        """The object as it is kept, and its key. Changes nothing here."""
        if self._transform is not None:
            obj = self._transform(obj)
        return key_with(self._key_of, obj), obj

    def _known_only(self) -> Iterator[tuple[K, T]]:
        """Objects that are known and of which nothing is queued."""
        known = self._known_objects
        if known is None:
            return
        known_keys = known.keys()
        for key in known_keys:
            if key not in self._items and (obj := known.get(key)) is not None:
                yield key, obj

    def _queue(self, key: K, delta: Delta[K, T]) -> None:
        changes = self._items.get(key)
        if changes is None:
            self._items[key] = [delta]
        elif delta.type is DeltaType.DELETED and changes[-1].type is DeltaType.DELETED:
            # One deletion, told twice: keep the account that saw it happen.
            if not delta.is_tombstone:
                changes[-1] = delta
        else:
            changes.append(delta)

    def _tombstone(self, key: K) -> DeletedFinalStateUnknown[K, T]:
        """Of a queued key. Never one in another."""
        return DeletedFinalStateUnknown(key, self._items[key][-1].last_known)
