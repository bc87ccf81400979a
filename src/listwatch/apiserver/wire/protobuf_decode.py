"""Protobuf messages as the JSON values that the rest of the server works with.

In:    the bytes of a message, and its `Shape`
Out:   decoded JSON: times and quantities as text, bytes as base64, inlined structures merged
Next:  protobuf.py, which takes the envelope off
Rules: pure. Fields that are not in the table are passed over, as Go does. Go writes the empty values of plain fields
       and leaves out pointers that are not set; an empty value that nobody can have set is left out here, so that
       what follows sees what it would have seen in JSON.
Source: Kubernetes' `protobuf.Serializer`; metav1.Time, MicroTime, intstr.IntOrString and their wire forms
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from listwatch.apiserver.wire.protobuf_primitives import (
    BYTES,
    FIXED64,
    VARINT,
    ProtobufError,
    read_fields,
    read_varint,
    signed,
)
from listwatch.apiserver.wire.protobuf_shapes import ITSELF, Member, Shape, shape
from listwatch.apiserver.wire.timestamps import format_timestamp

JSONObject = dict[str, Any]
MAX_DEPTH: Final = 100
_ABSENT: Final = object()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WIRE_TYPES: Final = {"bool": VARINT, "int32": VARINT, "int64": VARINT, "double": FIXED64}
_JSON_SCHEMA: Final = "apiextensions.v1.JSONSchemaProps"


def decode_message(data: bytes, wanted: Shape, nested: Callable[[bytes], Any]) -> Any:
    """The value of a message.

    Args:
        data: The message.
        wanted: Its shape.
        nested: Decodes the bytes of a field that holds JSON, or an envelope with a message of its own.

    Raises:
        ProtobufError: The bytes are no such message.
    """
    return _Decoder(nested).message(data, wanted, 0)


class _Decoder:
    def __init__(self, nested: Callable[[bytes], Any]) -> None:
        self._nested = nested

    def message(self, data: bytes, wanted: Shape, depth: int) -> Any:
        """A message whose JSON is an object, or the value of its one field."""
        if depth > MAX_DEPTH:
            raise ProtobufError("exceeded max depth")
        found: JSONObject = {}
        for number, wire_type, raw in read_fields(data, wanted.name):
            member = wanted.members.get(number)
            if member is not None:
                self._take(found, member, wire_type, raw, depth)
        if ITSELF not in {member.name for member in wanted.members.values()}:
            return found
        return found.get(ITSELF, _empty(wanted))

    def _take(self, found: JSONObject, member: Member, wire_type: int, raw: int | bytes, depth: int) -> None:
        name = member.name
        if member.label == "[]":
            if wire_type == BYTES and member.type in _WIRE_TYPES:
                found.setdefault(name, []).extend(_packed(member, raw))
                return
            value = self._value(member, wire_type, raw, depth)
            found.setdefault(name, []).append(None if value is _ABSENT else value)
        elif member.label == "{}":
            key, value = self._entry(member, wire_type, raw, depth)
            found.setdefault(name, {})[key] = value
        else:
            value = self._value(member, wire_type, raw, depth)
            if not name:
                if isinstance(value, dict):
                    found.update(value)
            elif value is _ABSENT or (value in _ZEROS and not member.keeps_zero and name != ITSELF):
                if _is_scalar(member) or value is _ABSENT:
                    found.pop(name, None)
                else:
                    found[name] = value
            elif isinstance(value, dict) and isinstance(found.get(name), dict):
                found[name] |= value  # a message that comes in two parts is merged
            else:
                found[name] = value

    def _entry(self, member: Member, wire_type: int, raw: int | bytes, depth: int) -> tuple[str, Any]:
        if wire_type != BYTES or isinstance(raw, int):
            raise _wrong_wire_type(member, wire_type)
        key, value = "", _ABSENT
        for number, inner, part in read_fields(raw, member.name):
            if number == 1 and isinstance(part, bytes):
                key = part.decode(errors="replace")
            elif number == 2:
                value = self._value(member, inner, part, depth)
        if value is _ABSENT:
            value = self._value(member, *_ZERO_RAW.get(member.type, (BYTES, b"")), depth)
        return key, None if value is _ABSENT else value

    def _value(self, member: Member, wire_type: int, raw: int | bytes, depth: int) -> Any:
        """One value; `_ABSENT` for a time that is not set."""
        type_ = member.type
        if wire_type != _WIRE_TYPES.get(type_, BYTES):
            raise _wrong_wire_type(member, wire_type)
        if isinstance(raw, int):
            if type_ == "bool":
                return raw != 0
            return signed(raw, 32 if type_ == "int32" else 64)
        match type_:
            case "string":
                return raw.decode(errors="replace")
            case "bytes":
                return base64.b64encode(raw).decode()
            case "json":
                return self._nested(raw) if raw else _ABSENT
            case "double":
                return _number(raw)
            case "Time" | "MicroTime":
                return _time(raw, micro=type_ == "MicroTime")
            case "IntOrString":
                return _int_or_string(raw)
            case "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool" | "JSONSchemaPropsOrStringArray":
                return self._union(raw, type_, depth)
            case _:
                return self.message(raw, shape(type_), depth + 1)

    def _union(self, data: bytes, type_: str, depth: int) -> Any:
        """A schema, or what may stand instead of it: a list of schemas, a boolean, names."""
        schema: Any = None
        others: list[Any] = []
        allows = False
        for number, wire_type, raw in read_fields(data, type_):
            if type_ == "JSONSchemaPropsOrBool" and number == 1 and wire_type == VARINT:
                allows = raw != 0
                continue
            is_schema = number == (2 if type_ == "JSONSchemaPropsOrBool" else 1)
            if not isinstance(raw, bytes) or wire_type != BYTES:
                raise ProtobufError(f"proto: wrong wireType = {wire_type} for field {type_}")
            if is_schema:
                schema = self.message(raw, shape(_JSON_SCHEMA), depth + 1)
            elif number == 2 and type_ == "JSONSchemaPropsOrStringArray":
                others.append(raw.decode(errors="replace"))
            elif number == 2:
                others.append(self.message(raw, shape(_JSON_SCHEMA), depth + 1))
        if schema is not None:
            return schema
        return allows if type_ == "JSONSchemaPropsOrBool" else others


_ZEROS: Final = ("", 0, False)
_ZERO_RAW: Final[dict[str, tuple[int, int | bytes]]] = {
    "bool": (VARINT, 0),
    "int32": (VARINT, 0),
    "int64": (VARINT, 0),
    "double": (FIXED64, bytes(8)),
}


def _is_scalar(member: Member) -> bool:
    return member.type in _WIRE_TYPES or member.type in {"string", "bytes"}


def _empty(wanted: Shape) -> Any:
    """The value of a transparent message without its field."""
    member = next(iter(wanted.members.values()))
    if member.label:
        return []
    return "0" if wanted.name == "Quantity" else _ABSENT


def _wrong_wire_type(member: Member, wire_type: int) -> ProtobufError:
    name = member.name[:1].upper() + member.name[1:]
    return ProtobufError(f"proto: wrong wireType = {wire_type} for field {name}")


def _packed(member: Member, raw: int | bytes) -> list[Any]:
    """A list of numbers in the packed form, which Go reads though it does not write it."""
    data = raw if isinstance(raw, bytes) else b""
    if member.type == "double":
        if len(data) % 8:
            raise ProtobufError("unexpected EOF")
        return [_number(data[index : index + 8]) for index in range(0, len(data), 8)]
    found: list[Any] = []
    position = 0
    while position < len(data):
        value, position = read_varint(data, position)
        found.append(
            value != 0 if member.type == "bool" else signed(value, 32 if member.type == "int32" else 64)
        )
    return found


def _number(raw: bytes) -> float | int:
    value: float = struct.unpack("<d", raw)[0]
    if not math.isfinite(value):
        raise ProtobufError(f"json: unsupported value: {value}")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _varints(data: bytes, name: str) -> dict[int, int]:
    return {number: raw for number, _, raw in read_fields(data, name) if isinstance(raw, int)}


def _time(data: bytes, *, micro: bool) -> Any:
    """Seconds since 1970; nothing at all is a time that is not set."""
    if not data:
        return _ABSENT
    parts = _varints(data, "Timestamp")
    seconds, nanos = signed(parts.get(1, 0), 64), signed(parts.get(2, 0), 32)
    try:
        moment = _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000 if micro else 0)
    except OverflowError:
        message = "Time.MarshalJSON: year outside of range [0,9999]"
        raise ProtobufError(message) from None
    return format_timestamp(moment, micro=micro)


def _int_or_string(data: bytes) -> int | str:
    kind = number = 0
    text = ""
    for field, _, raw in read_fields(data, "IntOrString"):
        if field == 1 and isinstance(raw, int):
            kind = raw
        elif field == 2 and isinstance(raw, int):
            number = signed(raw, 32)
        elif field == 3 and isinstance(raw, bytes):
            text = raw.decode(errors="replace")
    if kind not in {0, 1}:
        raise ProtobufError(f"impossible IntOrString.Type {kind}")
    return text if kind else number


def decode_json(raw: bytes) -> Any:
    """The value of bytes that hold JSON.

    Raises:
        ProtobufError: They do not.
    """
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise ProtobufError("the embedded value is no JSON") from None
