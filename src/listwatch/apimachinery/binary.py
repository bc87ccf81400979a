"""An object as one piece of bytes, and back, several times faster than by its JSON.

In:    an `Object`                                  (from shared_informer/compact.py)
Out:   bytes, of use to nobody but this module; an object that is written as the first one would be
       (name, namespace and version are not in the bytes: whoever holds those knows these)
Next:  shared_informer/compact.py
Rules: pure; nothing is decoded that the object has not decoded itself, and nothing at all before somebody looks
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

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


class Binary(NamedTuple):
    """What `to_binary` makes of an object.

    Attributes:
        data: Its parts, but for its key and its version.
        owners: The owner references among them, as they were written: empty if nobody owns it, equal for all that have
            the same owners.
        is_plain: Nothing unusual had arrived, so that `from_binary_later` will do.
    """

    data: bytes
    owners: bytes
    is_plain: bool


def to_binary(obj: Object) -> Binary:
    """The object as bytes. Own values of somebody who changed it are in them as he left them."""
    plain = obj if obj._own_meta is None and not obj._looked else obj.copy()
    wire, owners = plain._wire, b""
    if type(wire) is StoredWire:
        wire = wire.itself
    if (metadata := wire.metadata) is not UNSET:
        # Others share what arrived: it is not to be changed.
        wire = wire.__copy__()
        wire.metadata = rest = metadata.__copy__()
        if rest.owner_references is not UNSET:
            owners = rest.owner_references
        for name in _KNOWN_ELSEWHERE:
            if getattr(rest, name):
                setattr(rest, name, UNSET)
    return Binary(_encode((wire, plain._extra)), owners, plain._extra is None)


class Stored(Protocol):
    """Whatever has the bytes of an object, in some form, and knows what is not in them."""

    @property
    def key(self) -> ObjectKey:
        """Of the object."""
        ...

    @property
    def resource_version(self) -> str:
        """Of the object."""
        ...

    def data(self) -> bytes:
        """`Binary.data`."""
        ...


def from_binary(stored: Stored, template: AnyObject) -> AnyObject:
    """The object again, as good as before.

    Args:
        stored: Has its bytes.
        template: Another object of the same class, and of the same resource if the class is `Unstructured`.
    """
    return _with_key(template, *_parts_of(stored, type(template)), stored.key)


def from_binary_later(stored: Stored, template: AnyObject) -> AnyObject:
    """The same for an object that `is_plain`: nothing but its key is made before somebody looks, and most never do."""
    return _with_key(template, StoredWire(stored, type(template)), None, stored.key)


class StoredWire:
    """In the place of what arrived, until somebody looks: behaves like it. Any number of threads may be the first."""

    __slots__ = ("_cls", "_stored", "itself")

    itself: Any

    def __init__(self, stored: Stored, cls: type[Object]) -> None:
        self._stored = stored
        self._cls = cls

    def __getattr__(self, name: str) -> Any:
        if name != "itself":
            return getattr(self.itself, name)
        self.itself, _ = _parts_of(self._stored, self._cls)
        return self.itself


def _with_key(template: AnyObject, wire: Any, extra: dict[str, bytes] | None, key: ObjectKey) -> AnyObject:
    made = template._like(wire, extra)
    made._key = key
    return made


def _parts_of(stored: Stored, cls: type[Object]) -> tuple[Any, dict[str, bytes] | None]:
    parts = _decode_parts(stored.data())
    wire = _decoder(cls).decode(parts.wire)
    if (metadata := wire.metadata) is not UNSET:
        known = zip(_KNOWN_ELSEWHERE, (*stored.key, stored.resource_version), strict=True)
        for name, value in known:
            if value:
                setattr(metadata, name, value)
    return wire, parts.extra


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
