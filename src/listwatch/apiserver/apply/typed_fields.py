"""The fields of an object: all of them, or those that somebody who applies it claims.

In:    a value and its `Shape`
Out:   field sets
Next:  comparison.py and applying.py
Rules: pure. A value must be as its shape has it (decoded, or checked by type_check.py); null is possible anywhere.
Source: structured-merge-diff pkg typed (toFieldSet, and what compare makes of what is wholly new)
"""

from __future__ import annotations

from typing import Any

from listwatch.apiserver.apply.field_sets import LEAF, SELF, FieldSet
from listwatch.apiserver.apply.shapes import DEDUCED, Shape


def whole(shape: Shape, value: Any) -> FieldSet:
    """What stands at an element whose value is new, or gone, as a whole: itself and all its parts.

    Raises:
        FieldSetError: An item of a list has no key.
    """
    if not value or shape.form in {"scalar", "atomic"}:
        return LEAF
    if type(value) is dict:
        if shape.form == "struct":
            fields = shape.fields
            node = {"f:" + name: whole(fields[name] or DEDUCED, part) for name, part in value.items()}
        else:
            inner = shape.item()
            node = {"f:" + name: whole(inner, part) for name, part in value.items()}
        node[SELF] = LEAF
        return node
    if type(value) is list and shape.form in {"list", "set"}:
        node = {}
        inner = shape.item()
        for item in value:
            element = shape.element_of(item)
            # Items with the same key are one field, however they differ.
            node[element] = LEAF if element in node else whole(inner, item)
        node[SELF] = LEAF
        return node
    return LEAF


def claimed(shape: Shape, value: Any) -> FieldSet:
    """The fields that somebody who applies `value` claims: leaves, items of lists and entries of maps.

    A struct is claimed by its fields, not itself, unless it is empty.

    Raises:
        FieldSetError: An item of a list has no key.
    """
    form = shape.form
    if type(value) is dict and form in {"struct", "map", "deduced"}:
        return _claimed_members(shape, value)
    fields: FieldSet = {}
    if type(value) is list and form in {"list", "set"}:
        inner = shape.item()
        for item in value:
            element = shape.element_of(item)
            fields[element] = LEAF if element in fields else _as_member(claimed(inner, item))
    return fields


def _claimed_members(shape: Shape, value: dict[str, Any]) -> FieldSet:
    fields: FieldSet = {}
    is_struct = shape.form == "struct"
    for name, part in value.items():
        known = shape.fields[name] if is_struct else None
        inner = known or (DEDUCED if is_struct else shape.item())
        parts = claimed(inner, part)
        if known is None or part is None or part == {} or _is_leaf(inner, part):
            fields["f:" + name] = _as_member(parts)
        elif parts:
            fields["f:" + name] = parts
    return fields


def _is_leaf(shape: Shape, value: Any) -> bool:
    if shape.form == "deduced":
        return type(value) is not dict
    return shape.is_one_field


def _as_member(parts: FieldSet) -> FieldSet:
    return {SELF: LEAF, **parts} if parts else LEAF


def with_named_fields(shape: Shape, fields: FieldSet) -> FieldSet:
    """The set with every struct's field in it that it has a part of."""
    completed: FieldSet = {}
    for element, node in fields.items():
        if not node or element == SELF:
            completed[element] = node
            continue
        inner = DEDUCED
        is_named = False
        if element[0] == "f":
            known = shape.fields[element[2:]] if shape.form == "struct" else None
            is_named = known is not None
            inner = known or (shape.item() if shape.form == "map" else DEDUCED)
        elif element[0] == "k" and shape.form == "list":
            inner = shape.item()
        below = with_named_fields(inner, node)
        completed[element] = {SELF: LEAF, **below} if is_named and SELF not in below else below
    return completed


def reconciled(shape: Shape, fields: FieldSet) -> FieldSet:
    """The set as it is after its kind has come to take in one what it took in parts: parts become the whole."""
    found: FieldSet = {}
    for element, node in fields.items():
        inner: Shape | None = None
        if node and element[0] == "f":
            inner = shape.fields[element[2:]] if shape.form == "struct" else None
            inner = shape.item() if shape.form == "map" else inner
        elif node and element[0] == "k" and shape.form == "list":
            inner = shape.item()
        if inner is None:
            found[element] = node
        else:
            found[element] = LEAF if inner.form == "atomic" else reconciled(inner, node)
    return found
