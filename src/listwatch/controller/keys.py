"""Which keys a change concerns.

In:    a `Change` of an object                    (from controller/controller.py)
Out:   the keys to reconcile, none or many
Next:  workqueue/work_queue.py
Rules: pure
Source: controller-runtime pkg/handler (EnqueueRequestForObject, EnqueueRequestForOwner, MapFunc) and pkg/predicate
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject, Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[AnyObject]):
    """What happened to an object, for predicates.

    Attributes:
        old: The state before; None if it was not there.
        new: The state after; None if it is gone.
        is_initial: It was there before anybody looked.
    """

    old: AnyObject | None
    new: AnyObject | None
    is_initial: bool = False

    @property
    def is_news(self) -> bool:
        """Something has happened: it is neither from the initial list nor told again by a resync."""
        if self.is_initial:
            return False
        if self.old is None or self.new is None:
            return True
        return self.old.resource_version != self.new.resource_version or not self.new.resource_version

    def states(self) -> tuple[AnyObject, ...]:
        """The states that there are, the older one first; one if nothing has changed."""
        if self.old is None or self.new is None or self.old is self.new:
            state = self.old if self.new is None else self.new
            return () if state is None else (state,)
        return (self.old, self.new)


def own_key(obj: Object) -> tuple[ObjectKey, ...]:
    """The object's own: for the kind that a controller is about."""
    return (obj.key,)


def owner_key(
    kind: str, *, api_version: str | None = None, controller_only: bool = True, namespaced: bool = True
) -> Callable[[Object], Iterable[ObjectKey]]:
    """The keys of an object's owners of one kind: for the kinds that a controller makes.

    Args:
        kind: Of the owner: `ReplicaSet`.
        api_version: Of the owner; only the group counts, because an owner reference may name any version of it.
            None for any group.
        controller_only: Only the one owner that says it is the controller. Otherwise every owner of that kind.
        namespaced: Whether that kind lives in namespaces; then the owner is in the object's own.

    Returns:
        A function for `Controller.watch(keys=…)`.

    Source: controller-runtime EnqueueRequestForOwner and OnlyControllerOwner
    """
    group = None if api_version is None else _group(api_version)

    def keys(obj: Object) -> list[ObjectKey]:
        namespace = obj.namespace if namespaced else ""
        return [
            ObjectKey(namespace, owner.name)
            for owner in obj.metadata.owner_references
            if owner.kind == kind
            and (group is None or _group(owner.api_version) == group)
            and (owner.controller or not controller_only)
        ]

    return keys


def generation_changed(change: Change[AnyObject]) -> bool:
    """A predicate: false for updates that leave `metadata.generation` alone, such as those of a status.

    Wrong for a controller that is to notice changes of labels, annotations or finalizers, or that somebody has tampered
    with a status; and useless for kinds that have no generation, of which it takes all changes.

    Source: controller-runtime predicate.GenerationChangedPredicate; differs: lets kinds without generation pass
    """
    if change.old is None or change.new is None:
        return True
    generation = change.new.metadata.generation
    return not generation or change.old.metadata.generation != generation


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]
