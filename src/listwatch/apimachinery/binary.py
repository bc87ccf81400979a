"""An object as one piece of bytes, and back, several times faster than by its JSON.

In:    an `Object`                                  (from shared_informer/compact.py)
Out:   bytes, of use to nobody but this module; an object that is written as the first one would be
       (name, namespace and version are not in the bytes: whoever holds those knows these)
Next:  shared_informer/compact.py
Rules: pure; nothing is decoded that the object has not decoded itself
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import WireMeta
from listwatch.apimachinery.object import AnyObject, Object


class BinaryMeta(
    WireMeta, gc=False, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True
):
    """`WireMeta` out of bytes: what JSON left raw is bytes, as in every object that is kept."""

    labels: bytes | UnsetType = UNSET  # type: ignore[assignment]
    annotations: bytes | UnsetType = UNSET  # type: ignore[assignment]
    owner_references: bytes | UnsetType = UNSET  # type: ignore[assignment]
    managed_fields: bytes | UnsetType = UNSET  # type: ignore[assignment]


class _Parts(msgspec.Struct, gc=False, array_like=True):
    wire: Raw
    extra: dict[str, bytes] | None = None


_KNOWN_ELSEWHERE = ("namespace", "name", "resource_version")

_encode = msgspec.msgpack.Encoder().encode
_decode_parts = msgspec.msgpack.Decoder(_Parts).decode
_decoders: dict[type[Object], msgspec.msgpack.Decoder[Any]] = {}


def to_binary(obj: Object) -> tuple[bytes, bytes]:
    """The object's parts, but for its key and its version; and whose it is.

    Own values of somebody who changed the object are in it as he left them.

    Returns:
        The parts, and the owner references among them as they were written: empty if nobody owns it, equal for all that
        have the same owners.
    """
    plain = obj if obj._own_meta is None and not obj._looked else obj.copy()
    wire, owners = plain._wire, b""
    if (metadata := wire.metadata) is not UNSET:
        # Others share what arrived: it is not to be changed.
        wire = wire.__copy__()
        wire.metadata = rest = metadata.__copy__()
        if rest.owner_references is not UNSET:
            owners = rest.owner_references
        for name in _KNOWN_ELSEWHERE:
            if getattr(rest, name):
                setattr(rest, name, UNSET)
    return _encode((wire, plain._extra)), owners


def from_binary(data: bytes, template: AnyObject, *, key: ObjectKey, resource_version: str) -> AnyObject:
    """The object again.

    Args:
        data: From `to_binary`.
        template: Another object of the same class, and of the same resource if the class is `Unstructured`.
        key, resource_version: What they were.
    """
    parts = _decode_parts(data)
    wire = _decoder(type(template)).decode(parts.wire)
    if (metadata := wire.metadata) is not UNSET:
        for name, value in zip(_KNOWN_ELSEWHERE, (*key, resource_version), strict=True):
            if value:
                setattr(metadata, name, value)
    made = template._like(wire, parts.extra)
    made._key = key
    return made


def _decoder(cls: type[Object]) -> msgspec.msgpack.Decoder[Any]:
    found = _decoders.get(cls)
    if found is None:
        fields: list[tuple[str, Any, Any]] = [
            ("api_version", str | UnsetType, UNSET),
            ("kind", str | UnsetType, UNSET),
            ("metadata", BinaryMeta | UnsetType, UNSET),
            *((name, bytes | UnsetType, UNSET) for name in cls._sections),
        ]
        names = {"api_version": "apiVersion"} | {n: part.wire_name for n, part in cls._sections.items()}
        wire = msgspec.defstruct(f"Binary{cls.__name__}", fields, rename=names, gc=False, kw_only=True)
        found = _decoders[cls] = msgspec.msgpack.Decoder(wire)
    return found
