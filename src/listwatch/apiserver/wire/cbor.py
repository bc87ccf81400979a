"""Objects in CBOR, as Kubernetes writes and reads it.

In:    bytes; decoded JSON
Out:   decoded JSON; bytes
Next:  negotiation.py
Rules: pure. The library `cbor2` is needed and imported when the first such body comes; without it the server offers no
       CBOR. Text goes out as byte strings, map keys sorted, behind the mark "this is CBOR"; in come both kinds of
       strings, and what JSON cannot say (NaN, undefined, huge numbers, keys that are no text) is refused.
Source: KEP-4222; RFC 8949; apimachinery pkg/runtime/serializer/cbor
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

MARK: Final = b"\xd9\xd9\xf7"
"""Tag 55799: what follows is CBOR."""
_MAX_DEPTH: Final = 400


class CBORError(ValueError):
    """The bytes are no CBOR that JSON could say."""


@cache
def is_available() -> bool:
    """Whether the library is installed."""
    return find_spec("cbor2") is not None


@cache
def _library() -> Any:
    return import_module("cbor2")


def encode(value: Any) -> bytes:
    """A value behind the mark. Keys are sorted, so equal values are equal bytes."""
    return MARK + encode_bare(value)


def encode_bare(value: Any) -> bytes:
    """A value without the mark, as events of a watch hold it inside."""
    encoded: bytes = _library().dumps(_outgoing(value), canonical=True)
    return encoded


def _outgoing(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace")
    if isinstance(value, dict):
        return {str(key).encode("utf-8", errors="replace"): _outgoing(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_outgoing(each) for each in value]
    return value


def decode(data: bytes) -> Any:
    """The one value in `data`, with or without the mark. Of a key that comes twice the last one counts.

    Raises:
        CBORError: It is none, there is more than one, or JSON cannot say it.
    """
    stream = io.BytesIO(data)
    try:
        value = _library().CBORDecoder(stream).decode()
    except Exception as error:  # whatever the library says of foreign bytes, it is their fault
        raise CBORError(f"cbor: {error}") from error
    if stream.tell() < len(data):
        raise CBORError(
            f"cbor: {len(data) - stream.tell()} bytes of extraneous data starting at index {stream.tell()}"
        )
    return _Incoming(len(data)).value(value, 0)


class _Incoming:
    """Turns what the library gives into what JSON could say.

    Tags for shared values can make a few bytes mean many values, or a value that holds itself; every value takes a
    byte otherwise, so more values than bytes are refused.
    """

    def __init__(self, size: int) -> None:
        self._left = size

    def value(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            raise CBORError("cbor: exceeded max nested level or number of values")
        match value:
            case None | bool() | str():
                return value
            case int():
                if not -(2**63) <= value < 2**63:
                    raise CBORError(f"cbor: {value} is out of the range of a 64-bit integer")
                return value
            case float():
                if not math.isfinite(value):
                    raise CBORError(f"cbor: {value} is no number that can be kept")
                return value
            case bytes():
                return _text(value)
            case datetime():
                return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
            case list() | tuple():
                return [self.value(each, depth + 1) for each in value]
            case Mapping():  # the library freezes maps inside tags
                return {self._key(key): self.value(each, depth + 1) for key, each in value.items()}
            case _:
                return self._tagged(value, depth)

    def _key(self, key: Any) -> str:
        self._left -= 1
        if isinstance(key, bytes):
            return _text(key)
        if isinstance(key, str):
            return key
        raise CBORError("cbor: a key of a map is no text")

    def _tagged(self, value: Any, depth: int) -> Any:
        tag, content = getattr(value, "tag", None), getattr(value, "value", None)
        if tag is None:
            raise CBORError(f"cbor: a value of type {type(value).__name__} has no form in JSON")
        if isinstance(content, bytes) and tag in _LATER:
            return _LATER[tag](content).decode()
        return self.value(content, depth + 1)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise CBORError("cbor: invalid UTF-8 string") from None


_LATER: Final[dict[int, Callable[[bytes], bytes]]] = {
    21: lambda content: base64.urlsafe_b64encode(content).rstrip(b"="),
    22: base64.b64encode,
    23: base64.b16encode,
}
