"""Apply: from the live object and what somebody wants of it to the object that everybody agrees on.

In:    the live object, the applied one, who owns what
Out:   the new object, and who owns what then
Next:  field_manager.py
Rules: pure. Who applies owns exactly what it applies. What it applied before and applies no longer goes, unless
       somebody else owns it. What others own with another value is a conflict, or with force changes hands.
Source: structured-merge-diff pkg merge (Updater.Apply, prune); KEP-555
"""

from __future__ import annotations

from typing import Any

from listwatch.apiserver.apply.comparison import compare, ownable
from listwatch.apiserver.apply.field_sets import (
    FieldSet,
    difference,
    intersection,
    ordered,
    union,
)
from listwatch.apiserver.apply.managed_fields import Manager, Owned, Owners
from listwatch.apiserver.apply.merging import merge
from listwatch.apiserver.apply.removal import without
from listwatch.apiserver.apply.shapes import Shape
from listwatch.apiserver.apply.typed_fields import claimed, with_named_fields
from listwatch.apiserver.apply.updating import Write, surviving, yielded

JSONObject = dict[str, Any]


def applied(
    write: Write,
    live: JSONObject,
    config: JSONObject,
    owners: Owners,
    manager: Manager,
    *,
    force: bool,
) -> tuple[JSONObject, dict[Manager, Owned]]:
    """The object after `manager` has applied `config`, and who owns what then; the manager's time is as it was.

    Args:
        write: What is written.
        live: The object as it is; not changed.
        config: What is applied, checked to be of the kind's types; not changed.
        owners: Who owns what of `live`.
        manager: Who applies.
        force: Take what others own.

    Raises:
        ConflictError: Others own what changes, and `force` is not set.
        FieldSetError: A list of the object has an item without its key.
    """
    shape = write.shape
    present = surviving(write, owners)
    merged: JSONObject = merge(shape, live, config)
    last = present.get(manager)
    fields = ownable(write.restrict(claimed(shape, config)))
    present[manager] = Owned(ordered(fields), write.api_version, last.time if last else None)
    if last is not None and difference(last.fields, fields):
        merged = _pruned(write, merged, present, last)
    comparison = compare(shape, live, merged).kept_by(write.restrict)
    left = yielded(write, live, merged, present, comparison, but=manager, force=force)
    return merged, {each: owned for each, owned in left.items() if owned.fields}


def _pruned(write: Write, merged: JSONObject, owners: Owners, last: Owned) -> JSONObject:
    """`merged` without what was last applied, is applied no longer, and has no other owner."""
    version = last.api_version
    shape = write.versions.shape(version)
    if shape is None:
        return merged
    whole = write.versions.convert(merged, write.api_version, version)
    pruned: JSONObject = without(shape, whole, with_named_fields(shape, last.fields)) or {}
    pruned = _with_owned(write, whole, pruned, version, owners)
    left = with_named_fields(shape, claimed(shape, pruned))
    all_fields = with_named_fields(shape, claimed(shape, whole))
    gone = intersection(difference(all_fields, left), with_named_fields(shape, last.fields))
    return write.versions.convert(without(shape, whole, gone) or {}, version, write.api_version)


def _with_owned(
    write: Write, whole: JSONObject, pruned: JSONObject, version: str, owners: Owners
) -> JSONObject:
    """`pruned` with those fields of `whole` again that somebody owns; both are of `version`."""
    by_version: dict[str, FieldSet] = {}
    for owned in owners.values():
        by_version[owned.api_version] = union(by_version.get(owned.api_version, {}), owned.fields)
    # The version that was pruned comes first: a conversion may need what it gives back.
    at = version
    for api_version in sorted(by_version, key=lambda each: (each != version, each)):
        shape = write.versions.shape(api_version)
        if shape is not None:
            whole = write.versions.convert(whole, at, api_version)
            pruned = write.versions.convert(pruned, at, api_version)
            at = api_version
            pruned = _given_back(shape, whole, pruned, by_version[api_version])
    return write.versions.convert(pruned, at, version)


def _given_back(shape: Shape, whole: JSONObject, pruned: JSONObject, owned: FieldSet) -> JSONObject:
    kept = union(
        with_named_fields(shape, claimed(shape, pruned)),
        with_named_fields(shape, owned),
    )
    gone = difference(with_named_fields(shape, claimed(shape, whole)), kept)
    return without(shape, whole, gone) or {}
