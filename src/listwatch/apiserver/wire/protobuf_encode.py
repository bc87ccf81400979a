"""JSON values as protobuf messages: the other direction of protobuf_decode.py.

In:    decoded JSON of a kind, as the server stores and gives it back
Out:   the bytes of its message
Next:  protobuf.py puts the envelope around
Rules: pure. Fields in the order of their numbers, maps in the order of their keys, so equal values are equal bytes.
       Written is what the value has; for `x` as the server stores it, decoding what was encoded gives `x` again.
Source: Kubernetes' `protobuf.Serializer`. Differs: Go also writes the empty values of plain fields, which every
        decoder reads as what they are without being written
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from listwatch.apiserver.wire.protobuf_primitives import BYTES, FIXED64, VARINT, delimited, tag, varint
from listwatch.apiserver.wire.protobuf_shapes import ITSELF, Member, Shape, shape
from listwatch.apiserver.wire.timestamps import parse_timestamp

JSONObject = dict[str, Any]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_JSON_SCHEMA: Final = "apiextensions.v1.JSONSchemaProps"
_encode_json = msgspec.json.Encoder().encode


def encode_message(value: Any, wanted: Shape) -> bytes:
    """The message of a value.

    Raises:
        TypeError, ValueError, AttributeError: The value is not of that shape. What the server has decoded by its own
            schemas always is.
    """
    pieces: list[bytes] = []
    for member in wanted.members.values():
        if not member.name:
            pieces.append(delimited(member.number, encode_message(value, shape(member.type))))
            continue
        given = value if member.name == ITSELF else value.get(member.name)
        if given is None:
            continue
        if member.label == "[]":
            pieces.extend(_field(member, each) for each in given)
        elif member.label == "{}":
            pieces.extend(
                delimited(member.number, delimited(1, _text(key)) + _field(member, given[key], number=2))
                for key in sorted(given)
            )
        else:
            pieces.append(_field(member, given))
    return b"".join(pieces)


def _text(value: str) -> bytes:
    # A lone surrogate has no bytes; JSON encoders replace it, too.
    return value.encode(errors="replace")


def _field(member: Member, value: Any, *, number: int = 0) -> bytes:
    """One value with its tag; an empty message for null."""
    number = number or member.number
    match member.type:
        case "bool" | "int32" | "int64":
            return tag(number, VARINT) + varint(int(value or 0))
        case "double":
            return tag(number, FIXED64) + struct.pack("<d", value or 0)
        case _:
            body = b"" if value is None else _BODIES.get(member.type, _message)(value, member.type)
            return tag(number, BYTES) + varint(len(body)) + body


def _message(value: Any, type_: str) -> bytes:
    return encode_message(value, shape(type_))


def _time(value: str, type_: str) -> bytes:
    passed = parse_timestamp(value, micro=type_ == "MicroTime") - _EPOCH
    seconds = passed.days * 86400 + passed.seconds
    return tag(1, VARINT) + varint(seconds) + tag(2, VARINT) + varint(passed.microseconds * 1000)


def _int_or_string(value: int | str, _: str) -> bytes:
    text = isinstance(value, str)
    number = 0 if isinstance(value, str) else value
    head = tag(1, VARINT) + varint(int(text)) + tag(2, VARINT) + varint(number)
    return head + delimited(3, _text(value) if isinstance(value, str) else b"")


def _or_array(value: Any, _: str) -> bytes:
    if isinstance(value, list):
        return b"".join(delimited(2, _message(each, _JSON_SCHEMA)) for each in value)
    return delimited(1, _message(value, _JSON_SCHEMA))


def _or_bool(value: Any, _: str) -> bytes:
    allows = tag(1, VARINT) + varint(int(value is not False))
    return allows if isinstance(value, bool) else allows + delimited(2, _message(value, _JSON_SCHEMA))


def _or_names(value: Any, _: str) -> bytes:
    if isinstance(value, list):
        return b"".join(delimited(2, _text(each)) for each in value)
    return delimited(1, _message(value, _JSON_SCHEMA))


_BODIES: Final[dict[str, Callable[[Any, str], bytes]]] = {
    "string": lambda value, _: _text(value),
    "bytes": lambda value, _: base64.b64decode(value),
    "json": lambda value, _: _encode_json(value),
    "Time": _time,
    "MicroTime": _time,
    "IntOrString": _int_or_string,
    "JSONSchemaPropsOrArray": _or_array,
    "JSONSchemaPropsOrBool": _or_bool,
    "JSONSchemaPropsOrStringArray": _or_names,
}
