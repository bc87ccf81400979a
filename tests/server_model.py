"""What an API server must say, from a plain list of all changes that were ever made.

In:    every change, told by whoever made it
Out:   the objects at any revision; the events between any two, as a selection sees them; pages
Rules: pure, and as simple as can be: everything is computed from the list, each time
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Object = dict[str, Any]
Key = tuple[str, str]  # namespace ("" for none), name
Event = tuple[str, Object]


class Made(NamedTuple):
    """One change: an object as it is from then on, or as it last was."""

    revision: int
    type: str
    resource: str
    key: Key
    object: Object


@dataclass(frozen=True)
class Chosen:
    """Which objects somebody asks for.

    Attributes:
        query: How it is said in a request.
        holds: What it means.
    """

    query: str = ""
    holds: Callable[[Object], bool] = field(default=lambda obj: True)

    def __repr__(self) -> str:
        return self.query or "everything"


def labelled(obj: Object) -> Mapping[str, str]:
    """The labels."""
    labels: Mapping[str, str] = obj["metadata"].get("labels", {})
    return labels


EVERYTHING = Chosen()
SELECTIONS = (
    EVERYTHING,
    Chosen("labelSelector=app%3Dx", lambda obj: labelled(obj).get("app") == "x"),
    Chosen(
        "labelSelector=app+in+%28x%2Cy%29%2Ctier%21%3Dt",  # those without a tier, too
        lambda obj: labelled(obj).get("app") in {"x", "y"} and labelled(obj).get("tier") != "t",
    ),
    Chosen("labelSelector=%21app", lambda obj: "app" not in labelled(obj)),
    Chosen("fieldSelector=metadata.name%3Dn1", lambda obj: obj["metadata"]["name"] == "n1"),
    Chosen("fieldSelector=metadata.name%21%3Dn1", lambda obj: obj["metadata"]["name"] != "n1"),
)
CORDONED = Chosen(
    "fieldSelector=spec.unschedulable%3Dtrue", lambda obj: bool(obj["spec"].get("unschedulable"))
)


class Model:
    """All that was ever done."""

    def __init__(self, revision: int, floor: int) -> None:
        self.head = revision
        self.floor = floor
        self.changes: list[Made] = []

    def add(self, type_: str, resource: str, key: Key, obj: Object) -> None:
        """A change was made; `obj` says in which revision."""
        revision = int(obj["metadata"]["resourceVersion"])
        assert revision == self.head + 1, f"revision {revision} came after {self.head}"
        self.head = revision
        self.changes.append(Made(revision, type_, resource, key, obj))

    def remove(self, resource: str, key: Key) -> None:
        """An object was removed: it is told as it last was, in a new version."""
        last = self.state(resource)[key]
        metadata = {**last["metadata"], "resourceVersion": str(self.head + 1)}
        self.add("DELETED", resource, key, {**last, "metadata": metadata})

    def state(self, resource: str, revision: int | None = None) -> dict[Key, Object]:
        """The objects at a revision, in order of their keys."""
        found: dict[Key, Object] = {}
        for change in self.changes:
            if change.resource == resource and (revision is None or change.revision <= revision):
                if change.type == "DELETED":
                    del found[change.key]
                else:
                    found[change.key] = change.object
        return dict(sorted(found.items()))

    def listed(
        self, resource: str, namespace: str, chosen: Chosen, revision: int | None = None
    ) -> list[Object]:
        """What a list holds."""
        return [
            obj
            for key, obj in self.state(resource, revision).items()
            if namespace in {"", key[0]} and chosen.holds(obj)
        ]

    def events(self, resource: str, namespace: str, chosen: Chosen, after: int, upto: int) -> list[Event]:
        """What a watch tells of the changes after one revision up to another."""
        told: list[Event] = []
        before = self.state(resource, after)
        for change in self.changes:
            if change.resource != resource or not after < change.revision <= upto:
                continue
            last = before.get(change.key)
            was = last is not None and chosen.holds(last)
            if change.type == "DELETED":
                del before[change.key]
                now = False
            else:
                before[change.key] = change.object
                now = chosen.holds(change.object)
            if namespace not in {"", change.key[0]}:
                continue
            if now:
                told.append(("MODIFIED" if was else "ADDED", change.object))
            elif was and last is not None:
                metadata = {**last["metadata"], "resourceVersion": str(change.revision)}
                told.append(("DELETED", {**last, "metadata": metadata}))
        return told

    def misses(self, resource: str, namespace: str, position: int) -> bool:
        """Whether a watch that has read up to a position has lost a change of its scope to compaction."""
        return any(
            change.resource == resource and namespace in {"", change.key[0]}
            for change in self.changes
            if position < change.revision <= self.floor
        )
