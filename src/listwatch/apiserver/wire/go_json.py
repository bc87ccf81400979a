"""What Go's JSON decoder says of bytes that are not JSON, and of values of a wrong type.

Clients show the server's words to their users, and tests compare them, so a malformed body is answered as
kube-apiserver answers it. Only looked at after our own decoder has refused the bytes.

Rules: pure; never accepts or changes anything, only finds the first fault.
Source: the messages of Go's encoding/json scanner.
"""

from __future__ import annotations

import re

END = "unexpected end of JSON input"
_SPACE = re.compile(rb"[ \t\r\n]*")
_NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_DEPTH = 400  # Go stops at 10,000; our own decoder and stack stop much earlier


class _FaultError(Exception):
    """Carries the message out of the recursion."""


def json_kind(value: object) -> str:
    """What the decoder calls the JSON type of a value that is of a wrong one."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case None:
            return "null"
        case _:
            return "object"


def fault(data: bytes) -> str:
    """The first fault in `data`, in the decoder's words; "" if there is none that Go would see."""
    try:
        _document(data)
    except _FaultError as error:
        return str(error)
    return ""


def _document(data: bytes) -> None:
    position = _skip(data, _value(data, _skip(data, 0), 0))
    if position < len(data):
        raise _FaultError(_unexpected(data, position, "after top-level value"))


def _skip(data: bytes, position: int) -> int:
    found = _SPACE.match(data, position)
    return found.end() if found else position


def _unexpected(data: bytes, position: int, where: str) -> str:
    if position >= len(data):
        return END
    code = data[position]
    shown = {"'": r"'\''", '"': "'\"'"}.get(chr(code))
    if shown is None:
        shown = f"'{chr(code)}'" if 0x20 <= code < 0x7F or code >= 0xA1 else f"'\\x{code:02x}'"
        shown = {9: r"'\t'", 10: r"'\n'", 13: r"'\r'", 0x5C: r"'\\'"}.get(code, shown)
    return f"invalid character {shown} {where}"


def _value(data: bytes, position: int, depth: int) -> int:
    """The position after the value that begins at `position`."""
    if position >= len(data):
        raise _FaultError(END)
    if depth > _DEPTH:
        raise _FaultError("exceeded max depth")
    first = data[position : position + 1]
    if first == b"{":
        return _object(data, position + 1, depth)
    if first == b"[":
        return _array(data, position + 1, depth)
    if first == b'"':
        return _string(data, position + 1)
    for word in (b"true", b"false", b"null"):
        if first == word[:1]:
            return _literal(data, position, word)
    number = _NUMBER.match(data, position)
    if number:
        return number.end()
    if first == b"-":
        raise _FaultError(_unexpected(data, position + 1, "in numeric literal"))
    raise _FaultError(_unexpected(data, position, "looking for beginning of value"))


def _literal(data: bytes, position: int, word: bytes) -> int:
    for offset, expected in enumerate(word):
        at = position + offset
        if at >= len(data) or data[at] != expected:
            where = f"in literal {word.decode()} (expecting '{chr(expected)}')"
            raise _FaultError(_unexpected(data, at, where))
    return position + len(word)


def _string(data: bytes, position: int) -> int:
    while position < len(data):
        code = data[position]
        if code == 0x22:
            return position + 1
        if code < 0x20:
            raise _FaultError(_unexpected(data, position, "in string literal"))
        if code == 0x5C:
            position += 1
            escape = data[position : position + 1]
            if not escape:
                break
            if escape not in b'"\\/bfnrtu':
                raise _FaultError(_unexpected(data, position, "in string escape code"))
            for _ in range(4 if escape == b"u" else 0):
                position += 1
                if data[position : position + 1] not in b"0123456789abcdefABCDEF":
                    raise _FaultError(_unexpected(data, position, "in \\u hexadecimal character escape"))
        position += 1
    raise _FaultError(END)


def _object(data: bytes, position: int, depth: int) -> int:
    position = _skip(data, position)
    if data[position : position + 1] == b"}":
        return position + 1
    while True:
        if data[position : position + 1] != b'"':
            raise _FaultError(_unexpected(data, position, "looking for beginning of object key string"))
        position = _skip(data, _string(data, position + 1))
        if data[position : position + 1] != b":":
            raise _FaultError(_unexpected(data, position, "after object key"))
        position = _skip(data, _value(data, _skip(data, position + 1), depth + 1))
        following = data[position : position + 1]
        if following == b"}":
            return position + 1
        if following != b",":
            raise _FaultError(_unexpected(data, position, "after object key:value pair"))
        position = _skip(data, position + 1)


def _array(data: bytes, position: int, depth: int) -> int:
    position = _skip(data, position)
    if data[position : position + 1] == b"]":
        return position + 1
    while True:
        position = _skip(data, _value(data, _skip(data, position), depth + 1))
        following = data[position : position + 1]
        if following == b"]":
            return position + 1
        if following != b",":
            raise _FaultError(_unexpected(data, position, "after array element"))
        position += 1
