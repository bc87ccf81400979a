"""What a controller wants done, as values: the answer of every decision.

Rules: data only; what is done with it is in hands.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from listwatch.apiserver.life.controllers.collections import Collection
from listwatch.apiserver.life.controllers.owners import JSONObject


class Verb(Enum):
    """What is done to the object."""

    CREATE = "create"
    REPLACE = "replace"
    STATUS = "status"
    PATCH = "patch"
    DELETE = "delete"
    TELL = "tell"


@dataclass(frozen=True, slots=True)
class Note:
    """An Event to write.

    Attributes:
        about: The object that it is about.
        reason: One word, CamelCase.
        message: For people. `{name}` stands for the name of the object that was written.
        kind: "Normal" or "Warning".
    """

    about: JSONObject
    reason: str
    message: str
    kind: str = "Normal"


@dataclass(frozen=True, slots=True)
class Action:
    """One request, and the Event that tells of it.

    Attributes:
        collection: Where the object is.
        value: The object to make, to put in place, or to delete; the body of a patch.
        namespace: Of the object, for patches.
        name: Likewise.
        uid: Of the object to delete or patch: one of the same name that came later is left alone.
        policy: What happens to dependents of a deleted object; "" leaves it to the server.
        note: Told when it is done.
        failure: Told when it is refused; the server's message is added.
    """

    verb: Verb
    collection: Collection
    value: JSONObject
    namespace: str = ""
    name: str = ""
    uid: str = ""
    policy: str = ""
    note: Note | None = None
    failure: Note | None = None


def create(
    collection: Collection,
    value: JSONObject,
    *,
    namespace: str = "",
    note: Note | None = None,
    failure: Note | None = None,
) -> Action:
    """Make an object."""
    return Action(Verb.CREATE, collection, value, namespace, note=note, failure=failure)


def replace(collection: Collection, value: JSONObject, *, note: Note | None = None) -> Action:
    """Put an object in the place of the version that it was made from."""
    meta = value["metadata"]
    return Action(Verb.REPLACE, collection, value, meta.get("namespace", ""), meta["name"], note=note)


def replace_status(collection: Collection, value: JSONObject, *, note: Note | None = None) -> Action:
    """The same for its status alone."""
    meta = value["metadata"]
    return Action(Verb.STATUS, collection, value, meta.get("namespace", ""), meta["name"], note=note)


def patch(
    collection: Collection, value: JSONObject, change: dict[str, Any], *, note: Note | None = None
) -> Action:
    """Merge `change` into the object `value`, if it is still the same one."""
    meta = value["metadata"]
    body = {**change, "metadata": {"uid": meta["uid"], **change.get("metadata", {})}}
    return Action(
        Verb.PATCH, collection, body, meta.get("namespace", ""), meta["name"], meta["uid"], note=note
    )


def delete(
    collection: Collection,
    value: JSONObject,
    *,
    policy: str = "",
    note: Note | None = None,
    failure: Note | None = None,
) -> Action:
    """Delete an object."""
    meta = value["metadata"]
    return Action(
        Verb.DELETE,
        collection,
        value,
        meta.get("namespace", ""),
        meta["name"],
        meta["uid"],
        policy,
        note=note,
        failure=failure,
    )


def tell(note: Note) -> Action:
    """Write an Event, and nothing else."""
    collection = Collection("v1", "events", "Event")
    return Action(Verb.TELL, collection, {}, note=note)


def with_status(value: JSONObject, status: JSONObject) -> JSONObject:
    """The object with another status; fields of it that are None or 0 where that means absent are left out."""
    return {**value, "status": {name: each for name, each in status.items() if each is not None}}
