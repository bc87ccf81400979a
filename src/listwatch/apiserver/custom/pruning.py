"""Pruning: what a structural schema does not know is dropped; metadata is read as metadata.

In:    an object, decoded from JSON, changed in place; its `Structural`
Out:   the paths of what was dropped, as warnings and strict refusals tell them
Next:  defaulting.py
Rules: pure but for the object it is given, which must not be shared. Idempotent. What is preserved is never touched.
Source: apiextensions-apiserver pkg/apiserver/schema/pruning, pkg/apiserver/schema/objectmeta
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apiserver.custom.structural import Structural
from listwatch.apiserver.kinds.maps import JSONObject
from listwatch.apiserver.kinds.schema import decode_metadata

_TYPE_FIELDS: Final = ("apiVersion", "kind", "metadata")
_NOTHING: Final = Structural({})


def coerce(obj: JSONObject, schema: Structural, *, keeps_unknown: bool = False) -> list[str]:
    """Read an object's metadata and that of all embedded ones, and prune the rest.

    Args:
        obj: A whole object. It is changed.
        schema: Of the kind.
        keeps_unknown: Whether the definition says `preserveUnknownFields`: nothing is dropped, then.

    Returns:
        The paths of unknown fields, those of the metadata first.

    Raises:
        SchemaError: Metadata has a wrong type.
    """
    unknown: list[str] = []
    metadata = obj.get("metadata")
    obj["metadata"], found = decode_metadata({} if metadata is None else metadata, "metadata")
    unknown.extend(found)
    if schema.has_embedded:
        _coerce_embedded(obj, schema, "", unknown, is_root=True)
    if not keeps_unknown:
        _prune(obj, schema, "", unknown, is_object=True)
    return unknown


def prune(obj: JSONObject, schema: Structural) -> list[str]:
    """Drop what the schema does not know of a whole object; its metadata is left alone. `obj` is changed.

    Returns:
        The paths of what was dropped.
    """
    unknown: list[str] = []
    _prune(obj, schema, "", unknown, is_object=True)
    return unknown


def prune_value(value: Any, schema: Structural) -> list[str]:
    """Drop what the schema does not know of any value. `value` is changed; gives the paths of what was dropped."""
    unknown: list[str] = []
    _prune(value, schema, "", unknown)
    return unknown


def _coerce_embedded(
    value: Any, schema: Structural, path: str, unknown: list[str], *, is_root: bool = False
) -> None:
    if isinstance(value, dict):
        if schema.is_embedded and not is_root:
            metadata = value.get("metadata")
            if metadata is not None:
                value["metadata"], found = decode_metadata(metadata, _join(path, "metadata"))
                unknown.extend(found)
        for name, each in value.items():
            member = schema.member(name)
            if member is not None and member.has_embedded and not (is_root and name in _TYPE_FIELDS):
                _coerce_embedded(each, member, _join(path, name), unknown)
    elif isinstance(value, list) and schema.items is not None and schema.items.has_embedded:
        for index, each in enumerate(value):
            _coerce_embedded(each, schema.items, f"{path}[{index}]", unknown)


def _prune(value: Any, schema: Structural, path: str, unknown: list[str], *, is_object: bool = False) -> None:
    """Prune one value; `is_object` if it is a whole object, whose three general fields are always known."""
    if isinstance(value, dict):
        _prune_members(value, schema, path, unknown, is_object=is_object or schema.is_embedded)
    elif isinstance(value, list):
        element = schema.items
        if element is None:
            element = _NOTHING if not schema.keeps_unknown else None
        if element is not None:
            for index, each in enumerate(value):
                _prune(each, element, f"{path}[{index}]", unknown)


def _prune_members(
    value: JSONObject, schema: Structural, path: str, unknown: list[str], *, is_object: bool
) -> None:
    for name in list(value):
        if is_object and name in _TYPE_FIELDS:
            continue
        inner = _join(path, name)
        member = schema.member(name)
        if member is not None:
            _prune(value[name], member, inner, unknown)
        elif schema.additional is not True and not schema.keeps_unknown:
            unknown.append(inner)
            del value[name]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
