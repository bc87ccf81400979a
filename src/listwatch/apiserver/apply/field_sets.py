"""Sets of fields, in the form in which managed fields keep them (FieldsV1), and their algebra.

A set is nested dicts: each key is a path element, its value what of the set lies below it. An element whose dict is
empty is a member; one that has both itself and parts of itself in the set says so by the element ".". So the set
`{a, a.b, c.d}` is `{"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}}}`, what JSON shows is what is computed with, and
no form is translated into another.

In:    field sets, from managed_fields.py and by shape from typed_fields.py
Out:   new field sets
Rules: pure. Sets are values: no function changes what it is given, and parts are shared. Below the root no dict is
       without a member. The order of keys has no meaning until `ordered` gives it the server's.
Source: structured-merge-diff pkg fieldpath (Set)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec

from listwatch.apiserver.apply.path_elements import (
    FieldSetError,
    canonical_element,
    element_order,
    element_text,
)

FieldSet = dict[str, Any]
Path = tuple[str, ...]
SELF: Final = "."
LEAF: Final[FieldSet] = {}  # shared, and so never to be written to
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def is_member(node: FieldSet) -> bool:
    """Whether the element that leads to `node` is itself in the set."""
    return not node or SELF in node


def union(one: FieldSet, other: FieldSet) -> FieldSet:
    """What is in either."""
    if not one or one is other:
        return other
    merged = dict(one)
    for element, node in other.items():
        mine = merged.get(element)
        merged[element] = node if mine is None else _joined(mine, node)
    return merged


def _joined(one: FieldSet, other: FieldSet) -> FieldSet:
    if one is other or one == other:
        return one
    if not one:
        return other if SELF in other else {SELF: LEAF, **other}
    if not other:
        return one if SELF in one else {SELF: LEAF, **one}
    return union(one, other)


def intersection(one: FieldSet, other: FieldSet) -> FieldSet:
    """What is in both."""
    common: FieldSet = {}
    for element, mine in one.items():
        theirs = other.get(element)
        if theirs is None or element == SELF:
            continue
        node = _node(intersection(mine, theirs), is_in_set=is_member(mine) and is_member(theirs))
        if node is not None:
            common[element] = node
    return common


def difference(one: FieldSet, other: FieldSet) -> FieldSet:
    """What is in `one` and not in `other`. A field does not take its parts with it."""
    left: FieldSet = {}
    for element, mine in one.items():
        if element == SELF:
            continue
        theirs = other.get(element)
        if theirs is None:
            left[element] = mine
        else:
            node = _node(difference(mine, theirs), is_in_set=is_member(mine) and not is_member(theirs))
            if node is not None:
                left[element] = node
    return left


def recursive_difference(one: FieldSet, other: FieldSet) -> FieldSet:
    """What is in `one`, and neither in `other` nor part of a field that is."""
    left: FieldSet = {}
    for element, mine in one.items():
        if element == SELF:
            continue
        theirs = other.get(element)
        if theirs is None:
            left[element] = mine
        elif not is_member(theirs):
            node = _node(recursive_difference(mine, theirs), is_in_set=is_member(mine))
            if node is not None:
                left[element] = node
    return left


def matching(one: FieldSet, pattern: FieldSet) -> FieldSet:
    """What of `one` lies on the paths of `pattern` or below their ends; the element "*" stands for any."""
    kept: FieldSet = {}
    for element, mine in one.items():
        wanted = pattern.get("*", pattern.get(element))
        if wanted is None or element == SELF:
            continue
        node = mine if not wanted else _node(matching(mine, wanted), is_in_set=is_member(mine))
        if node is not None:
            kept[element] = node
    return kept


def _node(parts: FieldSet, *, is_in_set: bool) -> FieldSet | None:
    """What stands at an element with these parts in the set; None for nothing."""
    if not is_in_set:
        return parts or None
    return {SELF: LEAF, **parts} if parts else LEAF


def has(fields: FieldSet, path: Path) -> bool:
    """Whether the field at `path` is itself in the set."""
    node: FieldSet | None = fields
    for element in path:
        node = node.get(element) if node is not None else None
    return node is not None and is_member(node)


def of_path(path: Path) -> FieldSet:
    """The set of one field."""
    fields: FieldSet = LEAF
    for element in reversed(path):
        fields = {element: fields}
    return fields


def paths(fields: FieldSet, prefix: Path = ()) -> Iterator[Path]:
    """All members: at each level those that stand there, then those below."""
    elements = sorted((element for element in fields if element != SELF), key=element_order)
    for element in elements:
        if is_member(fields[element]):
            yield (*prefix, element)
    for element in elements:
        if fields[element]:
            yield from paths(fields[element], (*prefix, element))


def path_text(path: Path) -> str:
    """How messages show a path: `.spec.containers[name="a"].image`."""
    return "".join(element_text(element) for element in path)


def ordered(fields: FieldSet) -> FieldSet:
    """The same set with its keys in the server's order; equal sets share one, as long as it is among the latest."""
    try:
        return _shared(_encode(fields))
    except UnicodeEncodeError:  # names with half a character in them
        return _sorted(fields)


@lru_cache(maxsize=2048)
def _shared(text: bytes) -> FieldSet:
    return _sorted(_decode(text))


def _sorted(fields: FieldSet) -> FieldSet:
    if len(fields) < 2:
        return {element: _sorted(node) if node else LEAF for element, node in fields.items()}
    is_plain = all(element[0] in "f." for element in fields)
    elements = sorted(fields) if is_plain else sorted(fields, key=element_order)
    return {element: _sorted(node) if (node := fields[element]) else LEAF for element in elements}


def decoded(value: object) -> FieldSet:
    """A set as a client sent it, in our spelling.

    Raises:
        FieldSetError: It is none.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FieldSetError("managed fields must be an object")
    fields: FieldSet = {}
    for text, below in value.items():
        if text == SELF:
            continue
        element = canonical_element(text)
        if element is not None:
            fields[element] = _decoded_node(below)
    return fields


def _decoded_node(value: object) -> FieldSet:
    node = decoded(value)
    return {SELF: LEAF, **node} if node and isinstance(value, dict) and SELF in value else node
