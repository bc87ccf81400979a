"""Objects in Kubernetes' protobuf form: the envelope that says what is inside, and the frames of a watch.

In:    bodies of `application/vnd.kubernetes.protobuf`; decoded JSON to answer with
Out:   decoded JSON with `apiVersion` and `kind`; bytes
Next:  negotiation.py
Rules: pure. Whatever the bytes are, the outcome is a value or a `ProtobufError`.
Source: API concepts, "Kubernetes Protobuf encoding"; apimachinery pkg/runtime/serializer/protobuf
"""

from __future__ import annotations

import struct
from typing import Any, Final

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.wire.protobuf_decode import decode_json, decode_message
from listwatch.apiserver.wire.protobuf_encode import encode_message
from listwatch.apiserver.wire.protobuf_primitives import ProtobufError, delimited, read_fields
from listwatch.apiserver.wire.protobuf_shapes import shape_of_kind

JSONObject = dict[str, Any]
MAGIC: Final = b"k8s\x00"
_MAX_NESTING: Final = 8


def decode_envelope(body: bytes, *, nesting: int = 0) -> JSONObject:
    """The object in a body.

    Raises:
        ProtobufError: It is no envelope, of a kind without a protobuf form, or its message is broken.
    """
    if not body.startswith(MAGIC):
        shown = " ".join(str(byte) for byte in MAGIC)
        raise ProtobufError(
            f"provided data does not appear to be a protobuf message, expected prefix [{shown}]"
        )
    if nesting > _MAX_NESTING:
        raise ProtobufError("exceeded max depth")
    api_version, kind, raw = _unwrapped(body[len(MAGIC) :])
    if not kind:
        raise ProtobufError("Object 'Kind' is missing in the protobuf envelope")
    if not api_version:
        raise ProtobufError("Object 'apiVersion' is missing in the protobuf envelope")
    wanted = shape_of_kind(api_version, kind)
    if wanted is None:
        raise ProtobufError(f"no kind {go_quote(kind)} is registered for version {go_quote(api_version)}")
    value = decode_message(
        raw,
        wanted,
        lambda part: (
            decode_envelope(part, nesting=nesting + 1) if part.startswith(MAGIC) else decode_json(part)
        ),
    )
    return {"kind": kind, "apiVersion": api_version, **value}


def _unwrapped(data: bytes) -> tuple[str, str, bytes]:
    """API version, kind and message of an envelope without its first four bytes."""
    names = {1: "", 2: ""}
    raw = b""
    for number, _, part in read_fields(data, "Unknown"):
        if not isinstance(part, bytes):
            continue
        if number == 1:
            for name, _, text in read_fields(part, "TypeMeta"):
                if name in names and isinstance(text, bytes):
                    names[name] = text.decode(errors="replace")
        elif number == 2:
            raw = part
        elif number == 3 and part:
            raise ProtobufError(f"unsupported content encoding {go_quote(part.decode(errors='replace'))}")
    return names[1], names[2], raw


def has_protobuf(api_version: str, kind: str) -> bool:
    """Whether the kind has a protobuf form."""
    return shape_of_kind(api_version, kind) is not None


def envelope(api_version: str, kind: str, message: bytes) -> bytes:
    """A message in its envelope."""
    type_meta = delimited(1, api_version.encode()) + delimited(2, kind.encode())
    head = MAGIC + delimited(1, type_meta)
    return b"".join((head, delimited(2, message), delimited(3, b""), delimited(4, b"")))


def message_bytes(api_version: str, kind: str, value: JSONObject) -> bytes:
    """The message of an object, without an envelope.

    Raises:
        LookupError: The kind has no protobuf form.
    """
    wanted = shape_of_kind(api_version, kind)
    if wanted is None:
        raise LookupError(f"{kind} in version {api_version} has no protobuf form")
    return encode_message(value, wanted)


def encode_envelope(value: JSONObject) -> bytes:
    """An object that says its `kind` and `apiVersion`, as a body.

    Raises:
        LookupError: The kind has no protobuf form.
    """
    api_version, kind = str(value["apiVersion"]), str(value["kind"])
    return envelope(api_version, kind, message_bytes(api_version, kind, value))


def list_envelope(api_version: str, kind: str, metadata: JSONObject, items: list[bytes]) -> bytes:
    """A list as a body, of items that are messages already."""
    head = message_bytes(api_version, kind, {"metadata": metadata})
    return envelope(api_version, kind, head + b"".join(delimited(2, item) for item in items))


def watch_frame(type_: str, body: bytes) -> bytes:
    """One event of a watch, with its length before it; `body` is an object in its envelope."""
    event = delimited(1, type_.encode()) + delimited(2, delimited(1, body))
    return struct.pack(">I", len(event)) + event
