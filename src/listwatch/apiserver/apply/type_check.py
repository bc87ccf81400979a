"""Whether what somebody applies can be an object of its kind, told as the server tells it.

In:    an applied value and its `Shape`
Out:   every fault, each with the path of its field
Next:  applying.py refuses what has any
Rules: pure. Looks at types, at names that the kind does not know and at items with the same key; values are validated
       later, with the whole object.
Source: structured-merge-diff pkg typed (validate); the wording of Go's formatting verbs
"""

from __future__ import annotations

import json
from typing import Any

from listwatch.apiserver.apply.path_elements import FieldSetError, element_text
from listwatch.apiserver.apply.shapes import DEDUCED, Shape

_STRINGS = frozenset({"string", "bytes", "time", "micro-time"})
_NUMBERS = frozenset({"integer", "number"})


def faults_of(shape: Shape, value: Any, path: str = "") -> list[str]:
    """What is wrong with `value`; nothing if it can be applied."""
    if value is None or shape.form == "deduced":
        return []
    kind = shape.node.kind
    if kind in {"struct", "map"}:
        if not isinstance(value, dict):
            return [_told(path, f"expected map, got {_go_pointer(value)}")]
        return _faults_of_members(shape, value, path)
    if kind == "list":
        if not isinstance(value, list):
            return [_told(path, f"expected list, got {_go_pointer(value)}")]
        return _faults_of_items(shape, value, path)
    fault = _scalar_fault(kind, value)
    return [_told(path, fault)] if fault else []


def summary(faults: list[str]) -> str:
    """All faults as one message."""
    return faults[0] if len(faults) == 1 else "\n  ".join(["errors:", *faults])


def _faults_of_members(shape: Shape, value: dict[str, Any], path: str) -> list[str]:
    node = shape.node
    found: list[str] = []
    for name, part in value.items():
        inner: Shape | None
        if node.kind == "struct":
            inner = shape.fields[name] or (DEDUCED if node.keeps_unknown else None)
        else:
            inner = shape.item()
        if inner is None:
            return [*found, _told(f"{path}.{name}", "field not declared in schema")]
        found.extend(faults_of(inner, part, f"{path}.{name}"))
    return found


def _faults_of_items(shape: Shape, value: list[Any], path: str) -> list[str]:
    found: list[str] = []
    seen: set[str] = set()
    inner = shape.item()
    for index, item in enumerate(value):
        element = f"i:{index}"
        if shape.form in {"list", "set"}:
            try:
                element = shape.element_of(item)
            except FieldSetError as error:
                return [*found, _told(path, f"element {index}: {error}")]
            if element in seen:
                found.append(_told(path, f"duplicate entries for key {element_text(element)}"))
            seen.add(element)
        found.extend(faults_of(inner, item, path + element_text(element)))
    return found


def _scalar_fault(kind: str, value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in _NUMBERS:
        return "" if is_number else f"expected numeric (int or float), got {_go_type(value)}"
    if kind in _STRINGS:
        shown = f"&value.valueUnstructured{{Value:{_go_syntax(value)}}}"
        return "" if isinstance(value, str) else f"expected string, got {shown}"
    if kind == "boolean":
        return "" if isinstance(value, bool) else f"expected boolean, got {_go_pointer(value)}"
    # Quantities and numbers that may be text are any scalar to apply.
    if isinstance(value, dict | list):
        return f"expected any scalar, got {_go_pointer(value)}"
    return ""


def _told(path: str, fault: str) -> str:
    return f"{path}: {fault}" if path else fault


def _go_type(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case list():
            return "[]interface {}"
        case _:
            return "map[string]interface {}"


def _go_pointer(value: Any) -> str:
    return "&{" + go_value(value) + "}"


def go_value(value: Any) -> str:
    """A decoded JSON value as Go's `%v` shows it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case list():
            return "[" + " ".join(map(go_value, value)) + "]"
        case dict():
            return "map[" + " ".join(f"{name}:{go_value(value[name])}" for name in sorted(value)) + "]"
        case _:
            return str(value)


def _go_syntax(value: Any) -> str:
    """As Go's `%#v` shows it."""
    match value:
        case None:
            return "interface {}(nil)"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return "[]interface {}{" + ", ".join(map(_go_syntax, value)) + "}"
        case dict():
            members = ", ".join(f"{json.dumps(name)}:{_go_syntax(value[name])}" for name in sorted(value))
            return f"map[string]interface {{}}{{{members}}}"
        case _:
            return go_value(value)
