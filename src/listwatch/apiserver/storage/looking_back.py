"""Looking back: the life of one object, all objects as they were at a revision, the difference between two.

In:    the log, and the registry for names
Out:   `Step`s, a `View`, `Difference`s: plain values, in the version that discovery prefers
Rules: pure. A `View` holds states, which never change: it stays right when the log is compacted. What lies below the
       log's floor is refused, never guessed.
Source: etcd's `get --rev`, with names in the place of keys
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from listwatch.apiserver.kinds.conversion import from_storage
from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry
from listwatch.apiserver.storage.revision_log import ChangeType, RevisionLog, State
from listwatch.apiserver.storage.storage import key_range, object_key

JSONObject = dict[str, Any]
JSONObjects = list[JSONObject]


class UnknownResourceError(LookupError):
    """No resource of that name is served."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no resource is called {name!r}: name a plural, kind or short name, such as pods, Pod or po, "
            "with its group if need be (deployments.apps)"
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A collection, or one object of it.

    Attributes:
        namespace: "" for all, or for what has none.
        name: "" for the whole collection.
    """

    resource: Resource
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one object.

    Attributes:
        revision: Its place in the order of all changes.
        type: `ADDED`, `MODIFIED` or `DELETED`.
        object: As it was afterwards; of a deleted one the last state.
        user: Who changed it; "" for the server itself.
        time: When, by the server's clock; None if nobody kept account.
        request: The number of the request in the journal; 0 for none.
    """

    revision: int
    type: ChangeType
    object: JSONObject
    user: str = ""
    time: datetime | None = None
    request: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """What happened to one object between two revisions.

    Attributes:
        key: `pods/default/web`, `nodes/n1`; groups as in `deployments.apps/default/web`.
        type: `ADDED`, `MODIFIED` or `DELETED`. An object that was replaced by one of the same name is MODIFIED.
        before: None for ADDED.
        after: None for DELETED.
    """

    key: str
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    before: JSONObject | None
    after: JSONObject | None


def find_resource(registry: ResourceRegistry, name: str) -> Resource:
    """A stored resource by plural, singular, kind or short name, in any case, with or without its group.

    Raises:
        UnknownResourceError: None is called that.
    """
    plural, _, group = name.lower().partition(".")
    for resource in registry.stored():
        if group and resource.group != group:
            continue
        if plural in {resource.name, resource.singular, resource.kind.lower(), *resource.short_names}:
            return resource
    raise UnknownResourceError(name)


def find_place(
    registry: ResourceRegistry, key: str, *, of_object: bool, namespace: str | None = None
) -> Place:
    """What a key such as `pods/default/web` means.

    Args:
        registry: What is served.
        key: Resource, namespace and name with slashes between; what has no namespace has two parts.
        of_object: Whether the last part is a name: then `pods/web` is in the namespace `default`. Otherwise it is a
            namespace.
        namespace: Given apart, instead of in the key.

    Raises:
        UnknownResourceError: No such resource.
        ValueError: The key has too few or too many parts.
    """
    name, *rest = key.split("/")
    resource = find_resource(registry, name)
    parts = [namespace, *rest] if namespace is not None and resource.namespaced else rest
    if of_object and resource.namespaced and len(parts) == 1:
        parts = ["default", *parts]
    most = int(resource.namespaced) + int(of_object)
    if len(parts) > most or (of_object and len(parts) < most):
        form = "resource/namespace/name" if resource.namespaced else "resource/name"
        raise ValueError(f"{key!r} is no key of {resource.qualified}: {form} is")
    within = parts[0] if resource.namespaced and parts else ""
    return Place(resource, within, parts[-1] if of_object else "")


def shown(resource: Resource, value: JSONObject) -> JSONObject:
    """A stored object as a client gets it; a copy, free to change."""
    whole = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        **from_storage(resource, value),
    }
    return copy.deepcopy(whole)


def history(log: RevisionLog, place: Place) -> list[Step]:
    """The retained changes of one object, oldest first, through deletions and re-creations."""
    key = object_key(place.namespace, place.name)
    steps = []
    for change in log.history(place.resource.storage, key):
        origin = change.origin
        steps.append(
            Step(
                change.revision,
                change.type,
                shown(place.resource, change.current.object),
                origin.user if origin is not None else "",
                origin.time if origin is not None else None,
                origin.request if origin is not None else 0,
            )
        )
    return steps[::-1]


class View:
    """Everything as it was at one revision. Immutable.

    Attributes:
        revision: Which.

    Raises:
        CompactedError: The revision lies below the log's floor.
        ValueError: It is yet to come.
    """

    def __init__(self, log: RevisionLog, registry: ResourceRegistry, revision: int) -> None:
        self.revision = revision
        self._registry = registry
        self._states: dict[str, tuple[Resource, State]] = {
            resource.storage: (resource, log.at(resource.storage, revision)) for resource in registry.stored()
        }

    def get(self, key: str, *, namespace: str | None = None) -> JSONObject | None:
        """The object, such as `pods/default/web`; None if there was none.

        Raises:
            UnknownResourceError, ValueError: The key means nothing.
        """
        place = find_place(self._registry, key, of_object=True, namespace=namespace)
        _, state = self._states[place.resource.storage]
        stored = state.get(object_key(place.namespace, place.name))
        return None if stored is None else shown(place.resource, stored.object)

    def list(self, key: str, *, namespace: str | None = None) -> JSONObjects:
        """The objects of a collection, such as `pods` or `pods/default`, in order of namespace and name.

        Raises:
            UnknownResourceError, ValueError: The key means nothing.
        """
        place = find_place(self._registry, key, of_object=False, namespace=namespace)
        _, state = self._states[place.resource.storage]
        entries = state.items(*key_range(place.namespace))
        return [shown(place.resource, stored.object) for _, stored in entries]

    def differences(self, later: View) -> Iterator[Difference]:
        """What was added, changed and deleted from this view to another, by resource and key."""
        for storage, (resource, state) in self._states.items():
            _, other = later._states.get(storage, (resource, State()))
            if state is not other:
                yield from _differences(resource, state, other)


def _differences(resource: Resource, before: State, after: State) -> Iterator[Difference]:
    for key, stored in before.items():
        name = f"{resource.qualified}/{key}"
        now = after.get(key)
        if now is None:
            yield Difference(name, "DELETED", shown(resource, stored.object), None)
        elif now is not stored:
            yield Difference(name, "MODIFIED", shown(resource, stored.object), shown(resource, now.object))
    for key, stored in after.items():
        if key not in before:
            yield Difference(f"{resource.qualified}/{key}", "ADDED", None, shown(resource, stored.object))
