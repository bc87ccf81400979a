"""One change of one object, and all changes of one object that nobody has applied yet.

In:    what a reflector saw happen                 (put into delta_fifo.py)
Out:   `Deltas`, one key's changes, oldest first   (popped from delta_fifo.py)
Next:  shared_informer/indexer.py
Rules: pure; a `Deltas` is never empty; a tombstone never holds a tombstone
Source: client-go tools/cache delta_fifo.go, types DeltaType, Delta, Deltas and DeletedFinalStateUnknown; store.go,
        type KeyError
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from listwatch.apimachinery.errors import ProtocolError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import Object

K = TypeVar("K")
T = TypeVar("T")


class DeltaType(StrEnum):
    """How a change became known. As text they are client-go's words."""

    ADDED = "Added"
    UPDATED = "Updated"
    DELETED = "Deleted"
    REPLACED = "Replaced"
    """It stood in a list that replaced everything; what happened to it before is not known."""
    SYNC = "Sync"
    """Nothing happened to it; it is told again."""


class DeletedFinalStateUnknown(msgspec.Struct, Generic[K, T], frozen=True, gc=False):
    """A tombstone: the object is gone, and its last state was missed.

    Attributes:
        key: Of the object.
        object: The last state that was seen. It may be older than the one in which the object was deleted.

    Source: client-go DeletedFinalStateUnknown; differs: `object` is always there
    """

    key: K
    object: T


class Delta(msgspec.Struct, Generic[K, T], frozen=True, gc=False):
    """One change.

    Attributes:
        type: How it became known.
        object: The object after the change. For DELETED the last state, or a tombstone if that was missed.
    """

    type: DeltaType
    object: T | DeletedFinalStateUnknown[K, T]

    @property
    def last_known(self) -> T:
        """The object, also out of a tombstone."""
        return self.object.object if isinstance(self.object, DeletedFinalStateUnknown) else self.object

    @property
    def is_tombstone(self) -> bool:
        """Whether the object was found to be missing, not seen to be deleted."""
        return isinstance(self.object, DeletedFinalStateUnknown)


class Deltas(msgspec.Struct, Generic[K, T], frozen=True, gc=False):
    """What happened to the object of one key since somebody last took its changes.

    Attributes:
        key: Of the object.
        changes: Oldest first, at least one.
        is_initial: Whether it belongs to the first complete picture: it was popped before the queue had synced.
    """

    key: K
    changes: tuple[Delta[K, T], ...]
    is_initial: bool

    @property
    def oldest(self) -> Delta[K, T]:
        """The first change."""
        return self.changes[0]

    @property
    def newest(self) -> Delta[K, T]:
        """The last change: with it the object is, or is not, as it is now."""
        return self.changes[-1]

    def __iter__(self) -> Iterator[Delta[K, T]]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)


class NoKeyError(ProtocolError):
    """An object cannot be told from others: it has no name, or the key function failed on it (`__cause__`).

    Source: client-go KeyError
    """


def object_key(obj: Object) -> ObjectKey:
    """The object's namespace and name.

    Raises:
        NoKeyError: It has no name.
    """
    key = obj.key
    if not key.name:
        raise NoKeyError(f"{obj!r} has no name: a cache cannot keep it")
    return key


def key_with(key_of: Callable[[T], K], obj: T) -> K:
    """What `key_of` makes of `obj`.

    Raises:
        NoKeyError: `key_of` raised.
    """
    try:
        return key_of(obj)
    except NoKeyError:
        raise
    except Exception as error:
        # The type only: what the object holds may be a secret.
        raise NoKeyError(f"no key for a {type(obj).__name__}: {type(error).__name__}: {error}") from error
