"""Protocol Buffers at their lowest level: varints, tags, and the fields of one message.

In:    bytes, of which nothing is trusted
Out:   fields as numbers, wire types and raw values; and back
Next:  protobuf_decode.py, protobuf_encode.py
Rules: pure. Bad bytes are a `ProtobufError` in the words of Go's decoder, never an IndexError.
Source: the encoding's public description; the messages of gogo/protobuf's generated code
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
_START_GROUP: Final = 3
_END_GROUP: Final = 4
FIXED32: Final = 5
_MASK: Final = (1 << 64) - 1
_FIXED: Final = {FIXED64: 8, FIXED32: 4}


class ProtobufError(ValueError):
    """The bytes are no message of the kind that they should be. The message is the decoder's."""


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The unsigned 64-bit number at `position`, and the position after it.

    Raises:
        ProtobufError: It is cut off, or longer than ten bytes.
    """
    value = shift = 0
    while True:
        if shift >= 64:
            raise ProtobufError("proto: integer overflow")
        if position >= len(data):
            raise ProtobufError("unexpected EOF")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _MASK, position
        shift += 7


def varint(value: int) -> bytes:
    """A number of at most 64 bits; a negative one takes ten bytes, as in Go."""
    value &= _MASK
    if value < 0x80:
        return bytes((value,))
    pieces = bytearray()
    while value >= 0x80:
        pieces.append(value & 0x7F | 0x80)
        value >>= 7
    pieces.append(value)
    return bytes(pieces)


def signed(value: int, bits: int) -> int:
    """An unsigned number read as one with a sign, cut to `bits`."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def tag(number: int, wire_type: int) -> bytes:
    """What stands before a field's value."""
    return varint(number << 3 | wire_type)


def delimited(number: int, value: bytes) -> bytes:
    """A field of bytes, text or a message."""
    return tag(number, BYTES) + varint(len(value)) + value


def read_fields(data: bytes, name: str) -> Iterator[tuple[int, int, int | bytes]]:
    """The fields of one message, in the order in which they come: number, wire type, raw value.

    Numbers come for `VARINT`, bytes for all else. Groups, which nobody writes any more, are passed over.

    Args:
        data: The message.
        name: Of its type, for messages.

    Raises:
        ProtobufError: While iterating, at the first fault.
    """
    position, end = 0, len(data)
    while position < end:
        key, position = read_varint(data, position)
        number, wire_type = key >> 3, key & 7
        if wire_type == _END_GROUP:
            raise ProtobufError(f"proto: {name}: wiretype end group for non-group")
        if not 0 < number < 1 << 29:
            raise ProtobufError(f"proto: {name}: illegal tag {number} (wire type {wire_type})")
        if wire_type == _START_GROUP:
            position = _after_group(data, position)
            continue
        value, position = _read_value(data, position, wire_type)
        yield number, wire_type, value


def _read_value(data: bytes, position: int, wire_type: int) -> tuple[int | bytes, int]:
    if wire_type == VARINT:
        return read_varint(data, position)
    if wire_type == BYTES:
        length, position = read_varint(data, position)
    else:
        length = _FIXED.get(wire_type, -1)
        if length < 0:
            raise ProtobufError(f"proto: illegal wireType {wire_type}")
    stop = position + length
    if stop > len(data):
        raise ProtobufError("unexpected EOF")
    return data[position:stop], stop


def _after_group(data: bytes, position: int) -> int:
    depth = 1
    while depth:
        key, position = read_varint(data, position)
        wire_type = key & 7
        if wire_type == _START_GROUP:
            depth += 1
        elif wire_type == _END_GROUP:
            depth -= 1
        else:
            _, position = _read_value(data, position, wire_type)
    return position
