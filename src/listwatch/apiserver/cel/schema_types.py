"""Schemas as types, and JSON values as values of those types.

In:    a structural schema of a custom resource, or the shape (`Node`) of a built-in kind
Out:   a `Declaration`: the type, and how a JSON value becomes a value of it
Next:  program.py
Rules: pure. Nothing is converted before an expression asks for it; what needs no conversion is given as it is. Fields
       that the schema does not know, and fields without a type, do not exist for expressions.
Source: KEP-2876; apiserver pkg/cel/common/schemas.go; Kubernetes docs, "Type mapping" and "Escaping"
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from listwatch.apiserver.cel.errors import EvaluationError
from listwatch.apiserver.cel.times import parse_duration, parse_timestamp
from listwatch.apiserver.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    ObjectType,
    Type,
    list_of,
    map_of,
    object_type,
)
from listwatch.apiserver.cel.values import SetList, Timestamp
from listwatch.apiserver.cel.views import Convert, ListView, MapView, ObjectView
from listwatch.apiserver.kinds.schema import Node

JSONObject = dict[str, Any]
_RESERVED: Final = frozenset(
    {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"}
    | {"import", "let", "loop", "package", "namespace", "return"}
)
_ESCAPES: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_ESCAPED: Final = re.compile(r"__|[./-]")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_.\-/][A-Za-z0-9_.\-/]*")


@dataclass(slots=True)
class Declaration:
    """A type, and how JSON becomes a value of it; `convert` is None where JSON is one already."""

    type: Type
    convert: Convert | None = None

    def value(self, value: Any) -> Any:
        """A JSON value as this type's.

        Raises:
            EvaluationError: It is no such value (a text that is no time).
        """
        return value if self.convert is None or value is None else self.convert(value)


def escape(name: str) -> str | None:
    """What expressions call a field; None if they cannot name it."""
    if name in _RESERVED:
        return f"__{name}__"
    if not _IDENTIFIER.fullmatch(name):
        return None
    return _ESCAPED.sub(lambda match: _ESCAPES[match.group()], name)


def declaration_of_schema(schema: Mapping[str, Any], *, is_root: bool = False) -> Declaration | None:
    """The declaration of a structural schema; None if expressions cannot speak of its values.

    Args:
        schema: An OpenAPI v3 schema, as a CustomResourceDefinition has it.
        is_root: Of a whole object, which has `apiVersion`, `kind`, and a name in its metadata.
    """
    if schema.get("x-kubernetes-int-or-string"):
        return Declaration(DYN)
    is_embedded = bool(schema.get("x-kubernetes-embedded-resource"))
    match schema.get("type"):
        case "array":
            return _array(schema)
        case "object":
            return _object(_with_metadata(schema) if is_root or is_embedded else schema)
        case "string":
            return _STRING_FORMATS.get(schema.get("format", ""), Declaration(STRING))
        case "boolean":
            return Declaration(BOOL)
        case "number":
            return Declaration(DOUBLE, float)
        case "integer":
            return Declaration(INT)
    return None


def _with_metadata(schema: Mapping[str, Any]) -> JSONObject:
    text = {"type": "string"}
    metadata = {"type": "object", "properties": {"name": text, "generateName": text}}
    own = {"apiVersion": text, "kind": text, "metadata": metadata}
    return {**schema, "type": "object", "properties": {**schema.get("properties", {}), **own}}


def _array(schema: Mapping[str, Any]) -> Declaration | None:
    items = schema.get("items")
    element = declaration_of_schema(items) if isinstance(items, Mapping) else None
    if element is None:
        return None
    convert: Convert | None = _list_convert(element.convert)
    kind = schema.get("x-kubernetes-list-type")
    if kind in {"set", "map"}:
        keys = tuple(schema.get("x-kubernetes-list-map-keys", ())) if kind == "map" else ()
        convert = _set_convert(convert, tuple(escape(key) or key for key in keys))
    return Declaration(list_of(element.type), convert)


def _object(schema: Mapping[str, Any]) -> Declaration | None:
    additional = schema.get("additionalProperties")
    if isinstance(additional, Mapping):
        value = declaration_of_schema(additional)
        if value is None:
            return None
        return Declaration(map_of(STRING, value.type), _map_convert(value.convert))
    fields: dict[str, Declaration] = {}
    for name, part in schema.get("properties", {}).items():
        known = declaration_of_schema(part)
        if known is not None:
            fields[name] = known
    return _declared(object_type("object"), fields)


def _declared(kind: ObjectType, fields: Mapping[str, Declaration]) -> Declaration:
    """The declaration of an object with these fields, which are then those of `kind` too."""
    names: dict[str, str] = {}
    converts: dict[str, Convert] = {}
    for name, declaration in fields.items():
        escaped = escape(name)
        if escaped is None:
            continue
        kind.fields[escaped] = declaration.type
        names[escaped] = name
        if declaration.convert is not None:
            converts[escaped] = declaration.convert
    if not converts and all(escaped == name for escaped, name in names.items()):
        return Declaration(kind)
    return Declaration(kind, lambda value: ObjectView(value, names, converts))


def _list_convert(element: Convert | None) -> Convert | None:
    return None if element is None else lambda value: ListView(value, element)


def _map_convert(element: Convert | None) -> Convert | None:
    return None if element is None else lambda value: MapView(value, element)


def _set_convert(inner: Convert | None, keys: tuple[str, ...]) -> Convert:
    return lambda value: SetList(value if inner is None else inner(value), keys)


def _date(value: Any) -> Timestamp:
    return parse_timestamp(f"{value}T00:00:00Z")


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise EvaluationError(f"bytes conversion error: {error}") from error


_STRING_FORMATS: Final = {
    "byte": Declaration(BYTES, _bytes),
    "date": Declaration(TIMESTAMP, _date),
    "date-time": Declaration(TIMESTAMP, parse_timestamp),
    "duration": Declaration(DURATION, parse_duration),
}
_NODE_KINDS: Final[dict[str, Declaration]] = {
    "string": Declaration(STRING),
    "quantity": Declaration(STRING),
    "bytes": Declaration(BYTES, _bytes),
    "integer": Declaration(INT),
    "number": Declaration(DOUBLE, float),
    "boolean": Declaration(BOOL),
    "time": Declaration(TIMESTAMP, parse_timestamp),
    "micro-time": Declaration(TIMESTAMP, parse_timestamp),
}


def declaration_of_node(node: Node, known: dict[int, Declaration] | None = None) -> Declaration:
    """The declaration of a built-in kind's shape.

    Args:
        node: The shape; it may contain itself.
        known: For the recursion.
    """
    known = {} if known is None else known
    if node.kind in _NODE_KINDS:
        return _NODE_KINDS[node.kind]
    if node.kind in {"list", "map"} and node.element is not None:
        element = declaration_of_node(node.element, known)
        if node.kind == "list":
            return Declaration(list_of(element.type), _list_convert(element.convert))
        return Declaration(map_of(STRING, element.type), _map_convert(element.convert))
    if node.kind != "struct":
        return Declaration(DYN)
    if id(node) not in known:
        kind = object_type(node.go_type)
        # A shape within itself is met before it is done, so it asks for its conversion only when it is used.
        declaration = known[id(node)] = Declaration(kind, _later(known, id(node)))
        fields = {name: declaration_of_node(field.node, known) for name, field in node.fields.items()}
        declaration.convert = _declared(kind, fields).convert
    return known[id(node)]


def _later(known: dict[int, Declaration], key: int) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        return known[key].value(value)

    return convert
