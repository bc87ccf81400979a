"""What handlers are told: the difference that a batch of changes, or a whole new state, makes to what was known.

In:    what is in the cache, and changes or a list       (from shared_informer/sources.py)
Out:   a `Difference`: what the cache becomes, and the `Notification`s that say so, in the order of telling
Next:  shared_informer/shared_informer.py applies the first and then passes the second to processor.py
Rules: pure; the notifications of a difference add up to it: who applies them to what he knew has the cache;
       an object that has not changed is told to nobody
Source: client-go tools/cache controller.go, processDeltas and processReplacedAllInfo; differs: one decision for a whole
        batch, and a new uid under an old name can be told as the deletion and addition that it was
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeAlias

import msgspec

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject


class Added(msgspec.Struct, Generic[AnyObject], frozen=True, gc=False):
    """An object is there that was not.

    Attributes:
        obj: As it is.
        is_initial: It was there before anybody looked: it belongs to the first complete picture that the informer
            got, or that a handler was given when it was added later.
    """

    obj: AnyObject
    is_initial: bool = False


class Updated(msgspec.Struct, Generic[AnyObject], frozen=True, gc=False):
    """An object is there as before, in another state. Equal resource versions: told again, as a resync.

    Attributes:
        old: The state that was known before.
        new: The state now. Its uid differs from that of `old` if the object was deleted and made anew unseen.
    """

    old: AnyObject
    new: AnyObject

    @property
    def is_resync(self) -> bool:
        """Nothing has changed; it is told because somebody asked to hear of everything at intervals."""
        return self.old is self.new


class Deleted(msgspec.Struct, Generic[AnyObject], frozen=True, gc=False):
    """An object is gone.

    Attributes:
        obj: Its last state; if that is unknown, the last one that was seen.
        is_final_state_unknown: The deletion itself was missed, and with it perhaps changes before it.
    """

    obj: AnyObject
    is_final_state_unknown: bool = False


Notification: TypeAlias = Added[AnyObject] | Updated[AnyObject] | Deleted[AnyObject]


def key_of(notification: Notification[AnyObject]) -> ObjectKey:
    """Which object it is about."""
    return notification.new.key if isinstance(notification, Updated) else notification.obj.key


class Change(msgspec.Struct, Generic[AnyObject], frozen=True, gc=False):
    """One change to the cache.

    Attributes:
        key: Of the object.
        obj: The object after the change; for a deletion its final state, or None if nobody has it.
        is_deletion: Whether it is gone.
    """

    key: ObjectKey
    obj: AnyObject | None
    is_deletion: bool = False


class Difference(NamedTuple, Generic[AnyObject]):
    """What is to be done.

    Attributes:
        writes: What the cache becomes, by key; None for gone. Keys that stay as they are do not appear. In the order
            of each key's last change, so that versions only grow while they are carried out.
        notifications: What to tell, in order.
    """

    writes: dict[ObjectKey, AnyObject | None]
    notifications: list[Notification[AnyObject]]


def changes_to(
    known: Callable[[ObjectKey], AnyObject | None],
    changes: Iterable[Change[AnyObject]],
    *,
    split_recreated: bool = False,
) -> Difference[AnyObject]:
    """The difference that changes make, one after the other.

    Args:
        known: What is in the cache.
        changes: Oldest first; of one key there may be several.
        split_recreated: Tell of a new uid under an old name as Deleted and Added instead of Updated.

    Addition of something known is an update, update of something unknown an addition, deletion of something
    unknown nothing. A deletion whose final state is missing, or is that of another uid, is told with the last state
    that was known.
    """
    writes: dict[ObjectKey, AnyObject | None] = {}
    told: list[Notification[AnyObject]] = []
    for change in changes:
        key, obj = change.key, change.obj
        is_again = key in writes
        before = writes[key] if is_again else known(key)
        if change.is_deletion:
            if before is None:
                continue
            _write(writes, key, None)
            told.append(_deletion(before, obj))
        elif obj is None:
            continue
        elif before is None or not is_same(before, obj):
            if is_again:
                del writes[key]
            writes[key] = obj
            if before is None:
                told.append(Added(obj))
            elif split_recreated and before.uid != obj.uid:
                told += (Deleted(before, is_final_state_unknown=True), Added(obj))
            else:
                told.append(Updated(before, obj))
    return Difference(writes, told)


def replacement_of(
    known: Callable[[ObjectKey], AnyObject | None],
    objects: Mapping[ObjectKey, AnyObject],
    *,
    gone: Iterable[ObjectKey],
    is_initial: bool = False,
    is_heard: bool = True,
    split_recreated: bool = False,
) -> Difference[AnyObject]:
    """The difference that a complete list makes. Deletions come first, then the rest in the list's order.

    Args:
        known: What is in the cache.
        objects: The list.
        gone: Keys that are in the cache, and no longer anywhere.
        is_initial: This is the first list.
        is_heard: Somebody is to be told. A cache that is only looked at spares a notification for each object.
        split_recreated: as `changes_to`.
    """
    writes: dict[ObjectKey, AnyObject | None] = {}
    deletions: list[Notification[AnyObject]] = []
    others: list[Notification[AnyObject]] = []
    for key in gone:
        last = known(key)
        if last is not None:
            writes[key] = None
            deletions.append(Deleted(last, is_final_state_unknown=True))
    for key, obj in objects.items():
        before = known(key)
        if before is not None and is_same(before, obj):
            continue
        writes[key] = obj
        if is_heard:
            if before is None:
                others.append(Added(obj, is_initial))
            elif split_recreated and before.uid != obj.uid:
                deletions.append(Deleted(before, is_final_state_unknown=True))
                others.append(Added(obj))
            else:
                others.append(Updated(before, obj))
    return Difference(writes, deletions + others if is_heard else [])


def is_same(one: AnyObject, other: AnyObject) -> bool:
    """Whether both are the same state of the same object, as far as a server says which state it is."""
    version = one.resource_version
    return bool(version) and version == other.resource_version and (one is other or one.uid == other.uid)


def _write(writes: dict[ObjectKey, AnyObject | None], key: ObjectKey, obj: AnyObject | None) -> None:
    writes.pop(key, None)
    writes[key] = obj


def _deletion(before: AnyObject, final: AnyObject | None) -> Deleted[AnyObject]:
    if final is None or final.uid != before.uid:
        return Deleted(before, is_final_state_unknown=True)
    return Deleted(final)
