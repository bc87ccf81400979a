"""Tables of custom objects: the columns that their definition declares.

In:    `additionalPrinterColumns` of a version, and objects in that version
Out:   column definitions, and the cells of each object
Next:  verbs/views.py, through `CustomKind.table`
Rules: pure (the moment is a parameter); total on objects of any shape: what does not fit its column is empty
Source: apiextensions-apiserver pkg/registry/customresource/tableconvertor
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from listwatch.apiserver.custom.json_path import JSONPath, JSONPathError, parse_json_path
from listwatch.apiserver.kinds.durations import age
from listwatch.apiserver.kinds.maps import JSONObject, maps, number, text

_NAME_TEXT: Final = (
    "Name must be unique within a namespace. Is required when creating resources, although some resources may "
    "allow a client to request the generation of an appropriate name automatically. Name is primarily intended "
    "for creation idempotence and configuration definition. Cannot be updated. More info: "
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
)
_CREATED_TEXT: Final = (
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not "
    "guaranteed to be set in happens-before order across separate operations. Clients may not set this value. "
    "It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More "
    "info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
)
_AGE: Final = {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp",
    "description": _CREATED_TEXT,
}


def custom_table(
    version: JSONObject, objects: list[JSONObject], *, now: datetime
) -> tuple[list[JSONObject], list[list[object]]]:
    """The columns of a version and the cells of each object, in their order.

    Args:
        version: An entry of `spec.versions`.
        objects: In that version.
        now: Aware; ages are counted back from here.
    """
    declared = maps(version, "additionalPrinterColumns") or [_AGE]
    columns = [_column("Name", "string", "name", _NAME_TEXT, 0)]
    readers: list[tuple[JSONPath | None, str]] = []
    for column in declared:
        path = text(column, "jsonPath")
        told = (
            text(column, "description") or f"Custom resource definition column (in JSONPath format): {path}"
        )
        type_ = text(column, "type")
        columns.append(
            _column(text(column, "name"), type_, text(column, "format"), told, number(column, "priority"))
        )
        readers.append((_parsed(path), type_))
    rows = [
        [text(obj, "metadata", "name"), *(_cell(obj, path, type_, now) for path, type_ in readers)]
        for obj in objects
    ]
    return columns, rows


def _column(name: str, type_: str, format_: str, description: str, priority: int) -> JSONObject:
    return {"name": name, "type": type_, "format": format_, "description": description, "priority": priority}


def _parsed(path: str) -> JSONPath | None:
    try:
        return parse_json_path(path)
    except JSONPathError:
        return None


def _cell(obj: JSONObject, path: JSONPath | None, type_: str, now: datetime) -> object:
    found = path.find(obj) if path is not None else []
    if not found or found[0] is None:
        return None
    value: Any = found[0]
    match type_:
        case "string":
            return _printed(value)
        case "integer":
            return int(value) if _is_number(value) else None
        case "number":
            return float(value) if _is_number(value) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date":
            return age(value, now) if isinstance(value, str) else None
        case _:
            return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _printed(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
