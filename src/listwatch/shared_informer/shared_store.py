"""The cache that all handlers of an informer share, as the store that reflectors fill.

In:    `replace`, `apply`, `bookmark`               (from reflector/reflector.py, one `SourceStore` for each source)
Out:   the indexer is changed, then every handler's mailbox has the notifications
Next:  shared_informer/processor.py
Rules: nothing is awaited between a change to the cache and its notifications: between the two nobody can look, or come
       in late; one object that cannot be kept costs the others nothing
Source: client-go tools/cache controller.go, processDeltas, processDeltasInBatch, processReplacedAllInfo;
        shared_informer.go, HandleDeltas
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Generic

import msgspec

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.shared_informer.compact import Packing, unpacked
from listwatch.shared_informer.freshness import Freshness
from listwatch.shared_informer.gate import Gate
from listwatch.shared_informer.indexer import Indexer, IndexFailure, IndexFunction
from listwatch.shared_informer.notifications import (
    Added,
    Change,
    Difference,
    changes_to,
    is_same,
    replacement_of,
)
from listwatch.shared_informer.processor import Processor
from listwatch.shared_informer.registration import Registration
from listwatch.shared_informer.sources import Sources
from listwatch.shared_informer.transform import Transform

logger = logging.getLogger(__name__)


class SharedStore(Generic[AnyObject]):
    """One cache, filled by one or several sources, and the handlers that hear of its changes.

    Args:
        name: Of the informer, for logs.
        sources: How many sources there are.
        clock: Whose time it is.
        indices: Index functions by name.
        shape: What of an object is kept (transform.py); None for all of it.
        packing: Holds objects squeezed (compact.py); None for whole ones.
        split_recreated: Tell of a new uid under an old name as Deleted and Added.

    Attributes:
        indexer: The cache.
        processor: The handlers.
        freshness: How far the cache has come.
        synced: Opens when every source has given its first list.
        transform_failures: How often `shape` failed; each time the cache kept the state it had of that object, or
            none.
    """

    def __init__(
        self,
        *,
        name: str,
        sources: int,
        clock: Clock,
        indices: Mapping[str, IndexFunction[AnyObject]] | None = None,
        shape: Transform[AnyObject] | None = None,
        packing: Packing[AnyObject] | None = None,
        split_recreated: bool = False,
    ) -> None:
        self.name = name
        self.sources: Sources[AnyObject] = Sources(sources)
        self.indexer: Indexer[AnyObject] = Indexer(
            indices=indices,
            keep=None if packing is None else packing.pack,
            on_index_failure=self._index_failed,
        )
        self.processor: Processor[AnyObject] = Processor(clock=clock, everything=self._everything)
        self.freshness = Freshness(sources=sources, clock=clock)
        self.synced = Gate()
        self.transform_failures = 0
        self._shape = shape
        self._packing = packing
        self._trained = 0
        self._split_recreated = split_recreated

    def stores(self) -> list[SourceStore[AnyObject]]:
        """What each source's reflector writes to."""
        return [SourceStore(self, number) for number in range(self.sources.count)]

    def hold(self, obj: AnyObject) -> AnyObject:
        """What to hold of an object of a list that is still arriving: what is in the cache, if it is just that."""
        if self._shape is None:  # or what is in the cache has been shaped already
            known = self.indexer.cached(obj.key)
            if known is not None and is_same(known, obj):
                return known
        return obj if self._packing is None else self._packing.pack(obj)

    def add(self, registration: Registration[AnyObject]) -> None:
        """Take a handler in, and let it be told of all that is here: from now on it misses nothing."""
        # Not copies: each call of a handler gets its own, and of a compact cache all at once were too much.
        registration.push([Added(obj, is_initial=True) for obj in self.indexer.all_cached()])
        if self.synced.is_open:
            registration.push_synced()
        self.processor.add(registration)

    def resume(self) -> None:
        """Call the handlers; what was given up may come after all."""
        self.synced.reset()
        self.freshness.reset()
        for registration in self.processor.registrations:
            registration.hope()
        self.processor.start()

    def give_up(self, why: str, cause: Exception | None = None) -> None:
        """Tell those who wait for something that it will not come."""
        self.synced.fail(why, cause)
        self.freshness.fail(why, cause)
        for registration in self.processor.registrations:
            registration.give_up(why, cause)

    def replace(self, number: int, objects: Sequence[AnyObject], resource_version: ResourceVersion) -> None:
        """A source's whole state: the cache is swapped in one step, then everybody is told of the difference."""
        known = self.indexer.cached
        listed = self.sources.listed(number, objects, resource_version, known, self.indexer.keys)
        kept = listed.objects if self._shape is None else self._shaped_list(listed.objects, self._shape)
        difference = replacement_of(
            known,
            kept,
            gone=listed.gone,
            is_initial=listed.is_initial,
            is_heard=bool(self.processor.registrations),
            split_recreated=self._split_recreated,
        )
        if difference.writes:
            self.indexer.swap(difference.writes, resource_version=resource_version)
            self._repack()
        else:
            self.indexer.bookmark(resource_version)
        self._tell(number, difference, resource_version)
        if not self.synced.is_open and self.sources.have_listed:
            self.synced.open()
            self.processor.push_synced()

    def apply(
        self, number: int, events: Sequence[WatchEvent[AnyObject]], resource_version: ResourceVersion
    ) -> None:
        """A source's changes: the cache has them all before anybody is told of the first."""
        indexer = self.indexer
        changes = self.sources.changes(number, events, indexer.cached)
        self.sources.reached(number, resource_version)
        if self._shape is not None:
            changes = self._shaped_changes(changes, self._shape)
        difference = changes_to(indexer.cached, changes, split_recreated=self._split_recreated)
        indexer.apply(difference.writes, resource_version=resource_version)
        self._repack()
        self._tell(number, difference, resource_version)

    def bookmark(self, number: int, resource_version: ResourceVersion) -> None:
        """A source has had no change up to this version."""
        self.sources.reached(number, resource_version)
        self.indexer.bookmark(resource_version)
        self.freshness.note(number, resource_version)

    def _repack(self) -> None:
        """Squeeze anew what is in the cache, once there is a better way."""
        packing = self._packing
        if packing is not None and packing.trained != self._trained:
            self._trained = packing.trained
            self.indexer.rekeep(packing.repack)

    def _tell(
        self, number: int, difference: Difference[AnyObject], resource_version: ResourceVersion
    ) -> None:
        if difference.notifications:
            self.processor.push(difference.notifications)
        self.freshness.note(number, resource_version)

    def _everything(self) -> list[AnyObject] | None:
        return self.indexer.all_cached() if self.synced.is_open else None

    def _shaped_list(
        self, objects: Mapping[ObjectKey, AnyObject], shape: Transform[AnyObject]
    ) -> dict[ObjectKey, AnyObject]:
        shaped = {key: self._shaped(key, obj, shape) for key, obj in objects.items()}
        return {key: obj for key, obj in shaped.items() if obj is not None}

    def _shaped_changes(
        self, changes: Sequence[Change[AnyObject]], shape: Transform[AnyObject]
    ) -> list[Change[AnyObject]]:
        return [
            change
            if change.obj is None
            else msgspec.structs.replace(change, obj=self._shaped(change.key, change.obj, shape))
            for change in changes
        ]

    def _shaped(self, key: ObjectKey, obj: AnyObject, shape: Transform[AnyObject]) -> AnyObject | None:
        try:
            return shape(unpacked(obj))
        except Exception:
            self.transform_failures += 1
            logger.exception(
                "informer %s: the transform failed on %s at %s: the cache keeps the state it has of it, if any",
                self.name,
                key,
                obj.resource_version,
            )
            return None

    def _index_failed(self, failure: IndexFailure) -> None:
        logger.error(
            "informer %s: %s is in the cache, but not in index %s",
            self.name,
            failure.key,
            failure.index_name,
            exc_info=failure.error,
        )


class SourceStore(Generic[AnyObject]):
    """One source's way into a shared store: a `ReflectorStore` and a `HoldingStore`."""

    __slots__ = ("_number", "_shared", "hold")

    def __init__(self, shared: SharedStore[AnyObject], number: int) -> None:
        self._shared = shared
        self._number = number
        self.hold = shared.hold  # asked of every object: no call between

    def replace(self, objects: Sequence[AnyObject], resource_version: ResourceVersion) -> None:
        """See `ReflectorStore.replace`."""
        self._shared.replace(self._number, objects, resource_version)

    def apply(self, events: Sequence[WatchEvent[AnyObject]], resource_version: ResourceVersion) -> None:
        """See `ReflectorStore.apply`."""
        self._shared.apply(self._number, events, resource_version)

    def bookmark(self, resource_version: ResourceVersion) -> None:
        """See `ReflectorStore.bookmark`."""
        self._shared.bookmark(self._number, resource_version)

    async def ready(self) -> None:
        """Returns when no handler with a mailbox of `MailboxPolicy.WAIT` holds things up."""
        await self._shared.processor.room()
