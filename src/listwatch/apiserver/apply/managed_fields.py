"""Who owns which fields of an object: its managed fields, taken apart and put together again.

In:    `metadata.managedFields`, stored or as a client sent it
Out:   `Owners`, from manager to field set, and back
Next:  updating.py and applying.py move fields between the managers
Rules: pure. An owner is told from others by its name, its operation and its subresource, and where it updates by its
       version too; one that owns nothing is not listed.
Source: apimachinery pkg/util/managedfields (managedfields.go, capmanagers.go)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from listwatch.apiserver.apply.field_sets import FieldSet, decoded, union
from listwatch.apiserver.apply.path_elements import FieldSetError

JSONObject = dict[str, Any]
APPLY: Final = "Apply"
UPDATE: Final = "Update"
_MOST_UPDATERS: Final = 10
_ANCIENT: Final = "ancient-changes"


class Manager(NamedTuple):
    """Who writes. `api_version` is "" for those who apply: they are the same in every version."""

    name: str
    operation: str
    api_version: str = ""
    subresource: str = ""

    @property
    def sort_key(self) -> str:
        """What managers are sorted by where the server tells of several."""
        parts = {"manager": self.name, "operation": self.operation, "apiVersion": self.api_version}
        parts["subresource"] = self.subresource
        return json.dumps({name: part for name, part in parts.items() if part}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Owned:
    """What one manager owns, in terms of one version of the kind, and when it last took something."""

    fields: FieldSet
    api_version: str
    time: str | None = None


Owners = Mapping[Manager, Owned]


def updater(name: str, api_version: str, subresource: str) -> Manager:
    """Who creates, replaces or patches."""
    return Manager(name or "unknown", UPDATE, api_version, subresource)


def applier(name: str, subresource: str) -> Manager:
    """Who applies."""
    return Manager(name or "unknown", APPLY, "", subresource)


def decode_owners(entries: object) -> Owners:
    """Managed fields, taken apart.

    Raises:
        FieldSetError: They are malformed.
    """
    if entries is None:
        return {}
    if not isinstance(entries, list):
        raise FieldSetError("managed fields must be a list")
    return dict(_decoded_entry(index, entry) for index, entry in enumerate(entries))


def _decoded_entry(index: int, entry: object) -> tuple[Manager, Owned]:
    given: JSONObject = entry if isinstance(entry, dict) else {}
    operation, api_version = given.get("operation"), given.get("apiVersion")
    if operation not in {APPLY, UPDATE}:
        raise FieldSetError("operation must be `Apply` or `Update`")
    if not isinstance(api_version, str) or not api_version:
        raise FieldSetError("apiVersion must not be empty")
    fields_type = given.get("fieldsType") or ""
    if fields_type != "FieldsV1":
        told = f"invalid fieldsType {json.dumps(fields_type)}" if fields_type else "missing fieldsType"
        raise FieldSetError(f"{told} in managed fields entry {index}")
    name, subresource = given.get("manager") or "", given.get("subresource") or ""
    manager = Manager(name, operation, "" if operation == APPLY else api_version, subresource)
    return manager, Owned(decoded(given.get("fieldsV1")), api_version, given.get("time") or None)


def stored_owners(entries: Iterable[JSONObject] | None) -> Owners:
    """Managed fields that this server has written itself, taken apart without a further look."""
    return {
        Manager(
            entry["manager"],
            entry["operation"],
            "" if entry["operation"] == APPLY else entry["apiVersion"],
            entry.get("subresource", ""),
        ): Owned(entry["fieldsV1"], entry["apiVersion"], entry.get("time"))
        for entry in entries or ()
    }


def encode_owners(owners: Owners) -> list[JSONObject]:
    """Managed fields as they are stored and shown: those who apply first, then by time, then by name."""
    entries = [_encoded(manager, owned) for manager, owned in owners.items() if owned.fields]
    if len(entries) > 1:
        entries.sort(key=_entry_order)
    return entries


def _encoded(manager: Manager, owned: Owned) -> JSONObject:
    entry: JSONObject = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": owned.api_version,
    }
    if owned.time:
        entry["time"] = owned.time
    entry["fieldsType"] = "FieldsV1"
    entry["fieldsV1"] = owned.fields
    if manager.subresource:
        entry["subresource"] = manager.subresource
    return entry


def _entry_order(entry: JSONObject) -> tuple[str, str, str, str, str]:
    # Times have one form and one zone, so that their order is that of their text.
    return (
        entry["operation"],
        entry.get("time", ""),
        entry["manager"],
        entry["apiVersion"],
        entry.get("subresource", ""),
    )


def is_reset(entries: object) -> bool:
    """Whether a client asks for managed fields to be forgotten: by an empty list, or one empty entry."""
    return isinstance(entries, list) and entries in ([], [{}])


def capped(owners: Owners) -> Owners:
    """At most ten who update: of more, the oldest become one."""
    updaters = [manager for manager in owners if manager.operation == UPDATE]
    excess = len(updaters) - _MOST_UPDATERS
    if excess <= 0:
        return owners
    left = dict(owners)
    updaters.sort(key=lambda manager: (left[manager].time or "", manager.sort_key))
    first_of: dict[str, Manager] = {}
    for manager in updaters:
        if excess <= 0:
            break
        owned = left[manager]
        first = first_of.setdefault(owned.api_version, manager)
        if first == manager:
            continue
        bucket = Manager(_ANCIENT, UPDATE, owned.api_version)
        if bucket not in left:
            left[bucket] = left.pop(first)
        fields = union(owned.fields, left[bucket].fields)
        if manager != bucket:
            del left[manager]
        left[bucket] = Owned(fields, owned.api_version, owned.time)
        excess -= 1
    return left


def same_but_for_times(old: JSONObject, new: JSONObject) -> bool:
    """Whether two states of an object differ in nothing but when somebody last wrote."""
    if old == new:
        return True
    old_metadata, new_metadata = old["metadata"], new["metadata"]
    mine, theirs = old_metadata.get("managedFields"), new_metadata.get("managedFields")
    if not mine or not theirs or len(mine) != len(theirs):
        return False
    if not all(map(_is_same_entry, mine, theirs)):
        return False
    return _without(old, "metadata") == _without(new, "metadata") and _without(
        old_metadata, "managedFields"
    ) == _without(new_metadata, "managedFields")


def _without(value: JSONObject, name: str) -> JSONObject:
    return {each: part for each, part in value.items() if each != name}


def _is_same_entry(one: JSONObject, other: JSONObject) -> bool:
    return one is other or _without(one, "time") == _without(other, "time")
