"""An object without some of its fields.

In:    a value, its `Shape`, and the fields to take away
Out:   the value without them, new where it differs
Next:  applying.py
Rules: pure. What is one field goes with its element or not at all.
Source: structured-merge-diff pkg typed (remove)
"""

from __future__ import annotations

from typing import Any

from listwatch.apiserver.apply.field_sets import FieldSet, is_member
from listwatch.apiserver.apply.shapes import DEDUCED, Shape


def without(shape: Shape, value: Any, fields: FieldSet) -> Any:
    """`value` without the fields of the set that it has; a list or map that loses all it had becomes null.

    Raises:
        FieldSetError: An item of a list has no key.
    """
    form = shape.form
    if type(value) is dict and form in {"struct", "map", "deduced"}:
        return _without_members(shape, value, fields) or None
    if type(value) is list and form in {"list", "set"}:
        return _without_items(shape, value, fields) or None
    return None if form == "atomic" or isinstance(value, dict | list) else value


def _without_members(shape: Shape, value: dict[str, Any], fields: FieldSet) -> dict[str, Any]:
    is_struct = shape.form == "struct"
    kept: dict[str, Any] = {}
    for name, part in value.items():
        node = fields.get("f:" + name)
        if node is None:
            kept[name] = part
        elif not is_member(node):
            inner = (shape.fields[name] or DEDUCED) if is_struct else shape.item()
            kept[name] = without(inner, part, node)
    return kept


def _without_items(shape: Shape, value: list[Any], fields: FieldSet) -> list[Any]:
    inner = shape.item()
    kept: list[Any] = []
    for item in value:
        node = fields.get(shape.element_of(item))
        if node is None:
            kept.append(item)
        elif not is_member(node):
            kept.append(without(inner, item, node))
    return kept
