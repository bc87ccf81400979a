"""What a write does to the owners of an object's fields.

In:    the object before and after, who owned what, and who has written
Out:   who owns what now
Next:  applying.py adds what only apply does
Rules: pure. Whoever changes a field owns it, and nobody else does; a field that is gone is nobody's. A writer of a part
       of the object (its status, …) can neither take nor lose what lies outside of it.
Source: structured-merge-diff pkg merge (Updater); apimachinery pkg/util/managedfields (managedfieldsupdater.go)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from listwatch.apiserver.apply.comparison import Comparison, compare
from listwatch.apiserver.apply.conflicts import ConflictError
from listwatch.apiserver.apply.field_sets import FieldSet, difference, intersection, ordered, union
from listwatch.apiserver.apply.managed_fields import Manager, Owned, Owners, capped
from listwatch.apiserver.apply.shapes import Shape
from listwatch.apiserver.apply.typed_fields import reconciled

JSONObject = dict[str, Any]
Restriction = Callable[[FieldSet], FieldSet]


class Versions(Protocol):
    """The versions of one kind."""

    def shape(self, api_version: str) -> Shape | None:
        """How objects of a version look; None for one that is not served (any more)."""
        ...

    def convert(self, value: JSONObject, api_version: str, to: str) -> JSONObject:
        """An object of one version in another; both are served."""
        ...


@dataclass(frozen=True, slots=True)
class Write:
    """Which part of an object is written, in which version.

    Attributes:
        versions: All versions of the kind.
        api_version: The one in which the object is given.
        restrict: Takes from a field set what the writer of this part cannot own.
        may_change_shape: Whether the kind's shape can have changed since fields were taken, as custom kinds' can.
    """

    versions: Versions
    api_version: str
    restrict: Restriction
    may_change_shape: bool = False

    @property
    def shape(self) -> Shape:
        """The shape of the version that is written.

        Raises:
            LookupError: The version is not served.
        """
        shape = self.versions.shape(self.api_version)
        if shape is None:
            raise LookupError(f"{self.api_version} is not served")
        return shape


def updated(
    write: Write, live: JSONObject, new: JSONObject, owners: Owners, manager: Manager, now: str
) -> Owners:
    """Who owns what after `manager` has put `new` in the place of `live`. Times are those of who took something.

    Raises:
        FieldSetError: A list of the object has an item without its key.
    """
    comparison = compare(write.shape, live, new).kept_by(write.restrict)
    left = yielded(write, live, new, surviving(write, owners), comparison)
    taken = comparison.written
    if taken:
        before = left.get(manager)
        fields = taken if before is None else union(taken, before.fields)
        left[manager] = Owned(ordered(fields), write.api_version, now)
    return capped(left)


def surviving(write: Write, owners: Owners) -> dict[Manager, Owned]:
    """The owners in terms of today's shapes; those of versions that are gone, are gone."""
    left: dict[Manager, Owned] = {}
    for manager, owned in owners.items():
        shape = write.versions.shape(owned.api_version)
        if shape is None:
            continue
        fields = reconciled(shape, owned.fields) if write.may_change_shape else owned.fields
        is_same = fields is owned.fields or fields == owned.fields
        left[manager] = owned if is_same else Owned(fields, owned.api_version, owned.time)
    return left


def yielded(
    write: Write,
    live: JSONObject,
    new: JSONObject,
    owners: Owners,
    comparison: Comparison,
    *,
    but: Manager | None = None,
    force: bool = True,
) -> dict[Manager, Owned]:
    """The owners without what the step from `live` to `new` takes from them.

    Args:
        write: What is written.
        live: The object before.
        new: The object after.
        owners: Who owns what before.
        comparison: Of the two, in the version that is written.
        but: Who loses nothing: the one who writes.
        force: Whether to take fields from others at all.

    Raises:
        ConflictError: Not `force`, and others own what changes.
    """
    if comparison.is_same:
        return dict(owners)
    comparisons = {write.api_version: comparison}
    conflicts: dict[Manager, FieldSet] = {}
    left: dict[Manager, Owned] = {}
    for manager, owned in owners.items():
        if manager == but:
            left[manager] = owned
            continue
        found = comparisons.get(owned.api_version)
        if found is None:
            found = _compared(write, live, new, owned.api_version)
            if found is None:
                continue
            comparisons[owned.api_version] = found
        written = found.written
        if conflicting := intersection(owned.fields, written):
            conflicts[manager] = conflicting
        fields = difference(difference(owned.fields, written), found.removed)
        if fields:
            left[manager] = owned if fields == owned.fields else Owned(fields, owned.api_version, owned.time)
    if conflicts and not force:
        raise ConflictError(conflicts)
    return left


def _compared(write: Write, live: JSONObject, new: JSONObject, api_version: str) -> Comparison | None:
    shape = write.versions.shape(api_version)
    if shape is None:
        return None
    before = write.versions.convert(live, write.api_version, api_version)
    after = write.versions.convert(new, write.api_version, api_version)
    return compare(shape, before, after).kept_by(write.restrict)
