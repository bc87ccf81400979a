"""Who owns whom, and what that means for an object: the decisions of a garbage collector.

In:    objects' metadata as it changes
Out:   dependents by owner; what to do about one object
Next:  life/controllers/garbage.py
Rules: pure. An object is deleted only if it has owners and none of them exists; an owner counts as existing under its
       uid alone.
Source: kubernetes/pkg/controller/garbagecollector/graph_builder.go, garbagecollector.go; docs, "Garbage Collection"
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from listwatch.apiserver.life.controllers.collections import Collection
from listwatch.apiserver.life.controllers.owners import JSONObject, is_deleted

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class Fate(Enum):
    """How one owner of an object stands."""

    SOLID = "it exists"
    DANGLING = "it does not exist"
    WAITING = "it is being deleted and waits for its dependents"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about an object.

    Attributes:
        deletes: It goes, with this propagation policy; "" if it stays.
        keeps: The owner references that it keeps; None if they stay as they are.
    """

    deletes: str = ""
    keeps: tuple[JSONObject, ...] | None = None


class Graph:
    """Where each object is, what it says of its owners, and who depends on it."""

    def __init__(self) -> None:
        self._homes: dict[str, tuple[Collection, JSONObject]] = {}
        self._dependents: defaultdict[str, set[str]] = defaultdict(set)

    def find(self, uid: str) -> tuple[Collection, JSONObject] | None:
        """The object of that uid, and its collection."""
        return self._homes.get(uid)

    def dependents(self, uid: str) -> list[str]:
        """The uids of all objects that name it as an owner."""
        return sorted(self._dependents.get(uid, ()))

    def changed(
        self, collection: Collection, before: JSONObject | None, after: JSONObject | None
    ) -> set[str]:
        """Take note of a change; gives the uids of the objects that should be looked at."""
        value = after or before or {}
        uid = value["metadata"]["uid"]
        old = {each["uid"] for each in references(before)}
        new = {each["uid"] for each in references(after)}
        for owner in old - new:
            self._dependents[owner].discard(uid)
            if not self._dependents[owner]:
                del self._dependents[owner]
        for owner in new:
            self._dependents[owner].add(uid)
        concerned: set[str] = set()
        if after is None:
            self._homes.pop(uid, None)
            concerned.update(self._dependents.get(uid, ()))
        else:
            self._homes[uid] = (collection, after)
            if (new and references(before) != references(after)) or is_held(after):
                concerned.add(uid)
        # An owner that waits for its dependents may have waited for just this one.
        concerned.update(owner for owner in old if self._is_waiting(owner))
        return concerned

    def blockers(self, uid: str) -> list[str]:
        """The uids of the dependents that the end of a foreground deletion waits for."""
        return [
            each
            for each in self.dependents(uid)
            if any(
                found["uid"] == uid and found.get("blockOwnerDeletion")
                for found in references(self._homes[each][1])
            )
        ]

    def _is_waiting(self, uid: str) -> bool:
        found = self._homes.get(uid)
        return found is not None and waits_for_dependents(found[1])


def references(value: JSONObject | None) -> list[JSONObject]:
    """The owner references that say who is meant."""
    if value is None:
        return []
    return [each for each in value["metadata"].get("ownerReferences") or () if each.get("uid")]


def waits_for_dependents(value: JSONObject) -> bool:
    """Whether it is being deleted in the foreground."""
    return is_deleted(value) and FOREGROUND in (value["metadata"].get("finalizers") or ())


def is_held(value: JSONObject) -> bool:
    """Whether its deletion waits for the garbage collector."""
    finalizers = value["metadata"].get("finalizers") or ()
    return is_deleted(value) and (FOREGROUND in finalizers or ORPHAN in finalizers)


def judge(value: JSONObject, fates: Iterable[tuple[JSONObject, Fate]], *, has_dependents: bool) -> Verdict:
    """What is to be done about an object whose owners stand like this.

    Args:
        value: The object; it has at least one owner.
        fates: Its owner references with how each stands.
        has_dependents: Whether others name it as an owner.
    """
    known = list(fates)
    solid = tuple(reference for reference, fate in known if fate is Fate.SOLID)
    if solid:
        return Verdict() if len(solid) == len(known) else Verdict(keeps=solid)
    if has_dependents and any(fate is Fate.WAITING for _, fate in known):
        return Verdict(deletes="Foreground")
    finalizers = value["metadata"].get("finalizers") or ()
    if ORPHAN in finalizers:
        return Verdict(deletes="Orphan")
    return Verdict(deletes="Foreground" if FOREGROUND in finalizers else "Background")
