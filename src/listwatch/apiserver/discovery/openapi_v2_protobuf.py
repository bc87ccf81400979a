"""The OpenAPI v2 document in protobuf, which is the only form that client-go asks for.

In:    a Swagger 2.0 document as `openapi_v2.swagger` makes it
Out:   an `openapi.v2.Document`
Next:  documents.py
Rules: pure. What such a document of ours never has (forms, files, examples, OAuth) has no field here.
Source: the message definitions published with gnostic-models (OpenAPIv2.proto). kubectl reads this document to
        validate kinds that the server does not have, before it says that there is no such kind.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, Final

from listwatch.apiserver.wire.protobuf_primitives import FIXED64, VARINT, delimited, tag, varint

JSONObject = dict[str, Any]
Fields = dict[str, tuple[int, str]]

_SCHEMA: Final[Fields] = {
    "$ref": (1, "string"),
    "format": (2, "string"),
    "title": (3, "string"),
    "description": (4, "string"),
    "default": (5, "any"),
    "multipleOf": (6, "double"),
    "maximum": (7, "double"),
    "exclusiveMaximum": (8, "bool"),
    "minimum": (9, "double"),
    "exclusiveMinimum": (10, "bool"),
    "maxLength": (11, "int"),
    "minLength": (12, "int"),
    "pattern": (13, "string"),
    "maxItems": (14, "int"),
    "minItems": (15, "int"),
    "uniqueItems": (16, "bool"),
    "maxProperties": (17, "int"),
    "minProperties": (18, "int"),
    "required": (19, "strings"),
    "enum": (20, "anys"),
    "additionalProperties": (21, "additional properties"),
    "type": (22, "type"),
    "items": (23, "items"),
    "properties": (25, "schemas"),
}
_OPERATION: Final[Fields] = {
    "tags": (1, "strings"),
    "summary": (2, "string"),
    "description": (3, "string"),
    "operationId": (5, "string"),
    "produces": (6, "strings"),
    "consumes": (7, "strings"),
    "parameters": (8, "parameters"),
    "responses": (9, "responses"),
    "schemes": (10, "strings"),
    "deprecated": (11, "bool"),
}
_PATH: Final[Fields] = {
    **{
        method: (number, "operation")
        for number, method in enumerate(("get", "put", "post", "delete", "options", "head", "patch"), 2)
    },
    "parameters": (9, "parameters"),
}
_BODY_PARAMETER: Final[Fields] = {
    "description": (1, "string"),
    "name": (2, "string"),
    "in": (3, "string"),
    "required": (4, "bool"),
    "schema": (5, "schema"),
}
_PARAMETER_HEAD: Final[Fields] = {
    "required": (1, "bool"),
    "in": (2, "string"),
    "description": (3, "string"),
    "name": (4, "string"),
}
_PATH_PARAMETER: Final[Fields] = {
    **_PARAMETER_HEAD,
    "type": (5, "string"),
    "format": (6, "string"),
    "pattern": (16, "string"),
    "uniqueItems": (19, "bool"),
}
_QUERY_PARAMETER: Final[Fields] = {
    **_PARAMETER_HEAD,
    "type": (6, "string"),
    "format": (7, "string"),
    "pattern": (17, "string"),
    "uniqueItems": (20, "bool"),
}
_DOCUMENT: Final[Fields] = {
    "swagger": (1, "string"),
    "info": (2, "info"),
    "paths": (8, "paths"),
    "definitions": (9, "schemas"),
    "security": (12, "requirements"),
    "securityDefinitions": (13, "securities"),
}
_INFO: Final[Fields] = {"title": (1, "string"), "version": (2, "string")}
_RESPONSE: Final[Fields] = {"description": (1, "string"), "schema": (2, "schema item")}
_API_KEY: Final[Fields] = {
    "type": (1, "string"),
    "name": (2, "string"),
    "in": (3, "string"),
    "description": (4, "string"),
}
# Where, in `NonBodyParameter`, those stand that are in this place; with their fields and that of extensions.
_PLACES: Final[dict[str, tuple[int, Fields, int]]] = {
    "header": (1, _PATH_PARAMETER, 22),
    "query": (3, _QUERY_PARAMETER, 23),
    "path": (4, _PATH_PARAMETER, 22),
}


def document(swagger: JSONObject) -> bytes:
    """A whole document as an `openapi.v2.Document`."""
    return _message(swagger, _DOCUMENT, 16)


def _message(value: JSONObject, fields: Fields, extensions: int) -> bytes:
    """The fields of one message, then what begins with `x-` as its extensions."""
    parts = [_ENCODERS[kind](number, value[key]) for key, (number, kind) in fields.items() if key in value]
    parts += [_named(extensions, key, _any(each)) for key, each in value.items() if key.startswith("x-")]
    return b"".join(parts)


def _named(number: int, name: str, value: bytes) -> bytes:
    """An entry of what JSON has as an object."""
    return delimited(number, delimited(1, name.encode()) + delimited(2, value))


def _any(value: object) -> bytes:
    """Any JSON value: as YAML, of which JSON is a part."""
    return delimited(2, json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")


def _schema(value: JSONObject) -> bytes:
    return _message(value, _SCHEMA, 31)


def _string(number: int, value: str) -> bytes:
    return delimited(number, value.encode())


def _strings(number: int, values: list[str]) -> bytes:
    return b"".join(_string(number, each) for each in values)


def _bool(number: int, value: object) -> bytes:
    return tag(number, VARINT) + varint(1) if value else b""


def _double(number: int, value: float) -> bytes:
    return tag(number, FIXED64) + struct.pack("<d", value)


def _additional_properties(number: int, value: object) -> bytes:
    chosen = delimited(1, _schema(value)) if isinstance(value, dict) else _bool(2, value)
    return delimited(number, chosen)


def _type(number: int, value: str | list[str]) -> bytes:
    return delimited(number, _strings(1, [value] if isinstance(value, str) else value))


def _schemas(number: int, values: JSONObject) -> bytes:
    return delimited(number, b"".join(_named(1, name, _schema(each)) for name, each in values.items()))


def _parameter(value: JSONObject) -> bytes:
    if value.get("in") == "body":
        return delimited(1, _message(value, _BODY_PARAMETER, 6))
    place, fields, extensions = _PLACES[value["in"]]
    return delimited(2, delimited(place, _message(value, fields, extensions)))


def _parameters(number: int, values: list[JSONObject]) -> bytes:
    return b"".join(delimited(number, delimited(1, _parameter(each))) for each in values)


def _responses(number: int, values: JSONObject) -> bytes:
    entries = (
        _named(1, code, delimited(1, _message(each, _RESPONSE, 5)))
        for code, each in values.items()
        if not code.startswith("x-")
    )
    return delimited(number, b"".join(entries))


def _paths(number: int, values: JSONObject) -> bytes:
    entries = (_named(2, path, _message(item, _PATH, 10)) for path, item in values.items())
    return delimited(number, b"".join(entries))


def _securities(number: int, values: JSONObject) -> bytes:
    entries = (_named(1, name, delimited(2, _message(each, _API_KEY, 5))) for name, each in values.items())
    return delimited(number, b"".join(entries))


def _requirements(number: int, values: list[dict[str, list[str]]]) -> bytes:
    return b"".join(
        delimited(number, b"".join(_named(1, name, _strings(1, scopes)) for name, scopes in each.items()))
        for each in values
    )


_ENCODERS: Final[dict[str, Callable[[int, Any], bytes]]] = {
    "string": _string,
    "strings": _strings,
    "bool": _bool,
    "int": lambda number, value: tag(number, VARINT) + varint(value),
    "double": _double,
    "any": lambda number, value: delimited(number, _any(value)),
    "anys": lambda number, values: b"".join(delimited(number, _any(each)) for each in values),
    "schema": lambda number, value: delimited(number, _schema(value)),
    "schema item": lambda number, value: delimited(number, delimited(1, _schema(value))),
    "items": lambda number, value: delimited(number, delimited(1, _schema(value))),
    "schemas": _schemas,
    "additional properties": _additional_properties,
    "type": _type,
    "parameters": _parameters,
    "responses": _responses,
    "operation": lambda number, value: delimited(number, _message(value, _OPERATION, 13)),
    "paths": _paths,
    "info": lambda number, value: delimited(number, _message(value, _INFO, 7)),
    "securities": _securities,
    "requirements": _requirements,
}
