"""What one state of an object has that another has not: fields added, modified and removed.

In:    two states of an object and their `Shape`
Out:   a `Comparison` of three field sets
Next:  updating.py, applying.py
Rules: pure. Parts that are equal are not looked into. What nobody may own (names, versions, times of the server) is not
       compared.
Source: structured-merge-diff pkg typed (compare); apimachinery pkg/util/managedfields (stripmeta)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from listwatch.apiserver.apply.field_sets import LEAF, SELF, FieldSet, difference, union
from listwatch.apiserver.apply.path_elements import FieldSetError
from listwatch.apiserver.apply.shapes import DEDUCED, Shape
from listwatch.apiserver.apply.typed_fields import whole
from listwatch.apiserver.kinds.maps import json_equal

JSONObject = dict[str, Any]
# What the server alone writes, in an object's metadata.
UNOWNED_METADATA: Final = frozenset(
    {
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    }
)
_UNOWNED: Final = frozenset({"apiVersion", "kind"})
_NEVER_OWNED: Final[FieldSet] = {
    **{"f:" + name: LEAF for name in _UNOWNED},
    "f:metadata": {SELF: LEAF, **{"f:" + name: LEAF for name in UNOWNED_METADATA}},
}
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The fields by which two states differ; none is in two of the sets."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet

    @property
    def is_same(self) -> bool:
        """Whether the states are equal."""
        return not (self.added or self.modified or self.removed)

    @property
    def written(self) -> FieldSet:
        """What the newer state says otherwise or anew."""
        return union(self.added, self.modified)

    def kept_by(self, restrict: Callable[[FieldSet], FieldSet]) -> Comparison:
        """The comparison as far as a writer's part of the object reaches."""
        return Comparison(restrict(self.added), restrict(self.modified), restrict(self.removed))


def compare(shape: Shape, old: JSONObject, new: JSONObject) -> Comparison:
    """Compare two whole objects.

    Raises:
        FieldSetError: An item of a list has no key.
    """
    walk = _Walk()
    walk.members(shape, _ownable(old), _ownable(new))
    return Comparison(walk.added, walk.modified, walk.removed)


def ownable(fields: FieldSet) -> FieldSet:
    """The set without what nobody may own."""
    return difference(fields, _NEVER_OWNED)


def _ownable(value: JSONObject) -> JSONObject:
    kept = {name: part for name, part in value.items() if name not in _UNOWNED}
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        kept["metadata"] = {name: part for name, part in metadata.items() if name not in UNOWNED_METADATA}
    return kept


class _Walk:
    """The three sets below one element, while they come about."""

    __slots__ = ("added", "modified", "removed")

    def __init__(self) -> None:
        self.added: FieldSet = {}
        self.modified: FieldSet = {}
        self.removed: FieldSet = {}

    def members(self, shape: Shape, old: JSONObject, new: JSONObject) -> None:
        is_struct = shape.form == "struct"
        inner = DEDUCED if is_struct else shape.item()
        for name, value in new.items():
            before = old.get(name, _ABSENT)
            if before is value:
                continue
            part = (shape.fields[name] or DEDUCED) if is_struct else inner
            if before is _ABSENT:
                self.added["f:" + name] = whole(part, value)
            else:
                self.step("f:" + name, part, before, value)
        for name, value in old.items():
            if name not in new:
                part = (shape.fields[name] or DEDUCED) if is_struct else inner
                self.removed["f:" + name] = whole(part, value)

    def items(self, shape: Shape, old: list[Any], new: list[Any]) -> None:
        before, after = _by_element(shape, old), _by_element(shape, new)
        inner = shape.item()
        for element, found in after.items():
            earlier = before.get(element)
            if len(found) > 1:
                if earlier is None or len(earlier) == 1:
                    self._drop(element, inner, earlier)
                    self.added[element] = LEAF
                elif not json_equal(earlier, found):
                    self.modified[element] = LEAF
            elif earlier is None:
                self.added[element] = whole(inner, found[0])
            elif len(earlier) > 1:
                self.added[element] = whole(inner, found[0])
                self.removed[element] = LEAF
            else:
                self.step(element, inner, earlier[0], found[0])
        for element, earlier in before.items():
            if element not in after:
                self._drop(element, inner, earlier)

    def _drop(self, element: str, inner: Shape, earlier: list[Any] | None) -> None:
        if earlier is not None:
            self.removed[element] = whole(inner, earlier[0]) if len(earlier) == 1 else LEAF

    def step(self, element: str, shape: Shape, old: Any, new: Any) -> None:
        """Compare what stands at one element in both states."""
        form = shape.form
        if form == "deduced":
            if not json_equal(old, new):
                self._deduced(element, old, new)
            return
        if old == new:
            return
        if form in {"scalar", "atomic"} or not (old or new):
            self.modified[element] = LEAF
            return
        wanted = list if form in {"list", "set"} else dict
        if (old and not isinstance(old, wanted)) or (new and not isinstance(new, wanted)):
            raise FieldSetError(f"{element}: a value of another type")  # of a custom kind, not yet validated
        below = _Walk()
        if form in {"list", "set"}:
            below.items(shape, old or [], new or [])
        else:
            below.members(shape, old or {}, new or {})
        self._take(element, below)

    def _deduced(self, element: str, old: Any, new: Any) -> None:
        is_old_map, is_new_map = isinstance(old, dict), isinstance(new, dict)
        below = _Walk()
        if (is_old_map or old is None) and (is_new_map or new is None) and (old or new):
            below.members(DEDUCED, old or {}, new or {})
        else:
            self.modified[element] = LEAF
            # A value that becomes an object, or ceases to be one, is another value and other members.
            below.members(DEDUCED, old if is_old_map else {}, new if is_new_map else {})
        self._take(element, below)

    def _take(self, element: str, below: _Walk) -> None:
        if below.added:
            self.added[element] = below.added
        if below.modified:
            self.modified[element] = below.modified
        if below.removed:
            self.removed[element] = below.removed


def _by_element(shape: Shape, items: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(shape.element_of(item), []).append(item)
    return found
