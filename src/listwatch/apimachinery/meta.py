"""What every object carries besides its own content: names, versions, labels, owners.

Two shapes of the same thing. `WireMeta` is exactly what stood on the wire, shared by all readers and never
changed. `ObjectMeta` is one reader's own copy, made when it is first looked at, free to be changed.

Rules: pure; `WireMeta` is strict (an unknown field or a null sends decoding the slow way, see object.py).
Source: apimachinery's metav1.ObjectMeta and ListMeta, fields in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NewType, cast

import msgspec
from msgspec import UNSET, Raw, UnsetType, field

from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.lenient import UNREADABLE, lenient_decode

ResourceVersion = NewType("ResourceVersion", str)
"""Where a server's history stood. Opaque: order two of one kind with `compare_resource_version` only."""


def compare_resource_version(a: str, b: str) -> int:
    """-1, 0 or 1 as `a` is older than, equal to or newer than `b`.

    Both must come from the same kind of object of the same server.

    Raises:
        ValueError: One of them is not a positive decimal number without leading zeros ("" and "0" have no
            place in history).

    Source: KEP-5504 (stable since Kubernetes 1.35): by length, then by text; no integer can overflow.
    """
    for version in (a, b):
        if not (version.isascii() and version.isdigit()) or version[0] == "0":
            raise ValueError(f"resource version {version!r} cannot be ordered")
    left, right = (len(a), a), (len(b), b)
    return (left > right) - (left < right)


class OwnerReference(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """An object that this one belongs to, and is collected with (metav1.OwnerReference)."""

    api_version: str = field(default_factory=str)
    kind: str = field(default_factory=str)
    name: str = field(default_factory=str)
    uid: str = field(default_factory=str)
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ManagedFieldsEntry(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """Which fields one manager has set (metav1.ManagedFieldsEntry)."""

    manager: str | None = None
    operation: str | None = None
    api_version: str | None = None
    time: datetime | None = None
    fields_type: str | None = None
    fields_v1: dict[str, Any] | None = field(default=None, name="fieldsV1")
    subresource: str | None = None


class WireMeta(
    msgspec.Struct, gc=False, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True
):
    """Metadata exactly as it arrived. Shared between readers: never change it.

    Fields typed `Raw` hold `bytes` once an object is kept, cut loose from the message they came in.
    """

    name: str | UnsetType = UNSET
    generate_name: str | UnsetType = UNSET
    namespace: str | UnsetType = UNSET
    self_link: str | UnsetType = UNSET
    uid: str | UnsetType = UNSET
    resource_version: str | UnsetType = UNSET
    generation: int | UnsetType = UNSET
    creation_timestamp: str | UnsetType = UNSET
    deletion_timestamp: str | UnsetType = UNSET
    deletion_grace_period_seconds: int | UnsetType = UNSET
    labels: Raw | UnsetType = UNSET
    annotations: Raw | UnsetType = UNSET
    owner_references: Raw | UnsetType = UNSET
    finalizers: list[str] | UnsetType = UNSET
    managed_fields: Raw | UnsetType = UNSET

    def encode(self) -> bytes:
        """The JSON of it, fields in the server's order, absent ones left out."""
        parts = []
        for name, wire_name in zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True):
            value = getattr(self, name)
            if value is not UNSET:
                raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
                parts.append(b'"%s":%s' % (wire_name.encode(), raw))
        return b"{%s}" % b",".join(parts)


class ObjectMeta(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """One object's metadata, yours to read and to change.

    What the server has not set is empty: `""`, `0`, `{}`, `[]` or None. What the server alone may set
    (uid, resource_version, generation, the timestamps) may be left alone on a write.
    """

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    self_link: str = ""
    uid: str = ""
    resource_version: ResourceVersion = ResourceVersion("")
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    owner_references: list[OwnerReference] = field(default_factory=list)
    finalizers: list[str] = field(default_factory=list)
    _managed_fields: Any = field(default=UNSET, name="managedFields")

    @property
    def managed_fields(self) -> list[ManagedFieldsEntry]:
        """Who set which field; decoded on first look, being half of many objects' bytes.

        Set it to `[]` to let the server forget; a write without it keeps what the server has.
        """
        if isinstance(self._managed_fields, bytes):
            try:
                self._managed_fields = _managed_fields(self._managed_fields)
            except UNREADABLE as error:
                raise DecodeError(f"metadata.managedFields of {self.name!r}: {error}") from None
        return [] if self._managed_fields is UNSET else (self._managed_fields or [])

    @managed_fields.setter
    def managed_fields(self, entries: list[ManagedFieldsEntry]) -> None:
        self._managed_fields = entries

    @classmethod
    def of_wire(cls, wire: WireMeta) -> ObjectMeta:
        """A copy that shares nothing that can be changed with `wire`."""
        known = {}
        for name in wire.__struct_fields__:
            value = getattr(wire, name)
            if value is not UNSET:
                known[name] = value
        managed = known.pop("managed_fields", UNSET)
        meta = cls(**{name: _OWN[name](value) for name, value in known.items()})
        meta._managed_fields = managed
        return meta


Shared = dict[Any, Any]
"""Pieces, text or bytes, that many objects of a collection have alike, each under itself and held once: what the
replicas of one workload share. Not `sys.intern`, whose table grows by every workload there ever was."""

_SHARED_BYTES = 512
"""Longer pieces are rarely alike, and would be held for long."""


def settle_meta(meta: WireMeta, shared: Shared) -> WireMeta:
    """Cut freshly decoded metadata loose from the message it came in, which it would keep alive.

    Args:
        meta: Changed in place.
        shared: Where to look for bytes that another object holds already, and to leave new ones.
    """
    # Written out, and each field read once, since this is done for every object of every event.
    if (namespace := meta.namespace) is not UNSET:
        meta.namespace = shared.setdefault(namespace, namespace)
    if (prefix := meta.generate_name) is not UNSET:
        meta.generate_name = shared.setdefault(prefix, prefix)
    # Bytes in the place of `Raw`: half the size, and nothing here needs to tell them apart.
    if (piece := meta.labels) is not UNSET:
        raw = bytes(piece)
        meta.labels = raw if len(raw) > _SHARED_BYTES else shared.setdefault(raw, raw)  # type: ignore[assignment]
    if (piece := meta.annotations) is not UNSET:
        raw = bytes(piece)
        meta.annotations = raw if len(raw) > _SHARED_BYTES else shared.setdefault(raw, raw)  # type: ignore[assignment]
    if (piece := meta.owner_references) is not UNSET:
        raw = bytes(piece)
        meta.owner_references = raw if len(raw) > _SHARED_BYTES else shared.setdefault(raw, raw)  # type: ignore[assignment]
    if (piece := meta.managed_fields) is not UNSET:
        meta.managed_fields = bytes(piece)  # type: ignore[assignment]
    return meta


def lenient_meta(raw: bytes) -> WireMeta:
    """Metadata that the strict decoder refuses: nulls left out, unknown fields for others to keep."""
    given = {} if raw == b"null" else _raw_object.decode(raw)
    fields = {key: bytes(value) for key, value in given.items() if bytes(value) != b"null"}
    known = set(WireMeta.__struct_encode_fields__) - _UNREAD_META.keys()
    read = b"{%s}" % b",".join(
        msgspec.json.encode(key) + b":" + value for key, value in fields.items() if key in known
    )
    try:
        meta = decode_wire_meta(read)
    except msgspec.ValidationError:
        meta = cast("WireMeta", lenient_decode(read, WireMeta))
    for key, name in _UNREAD_META.items():
        if key in fields:
            setattr(meta, name, fields[key])
    return meta


_UNREAD_META = {
    "labels": "labels",
    "annotations": "annotations",
    "ownerReferences": "owner_references",
    "managedFields": "managed_fields",
}


def _same(value: Any) -> Any:
    return value


_time = msgspec.json.Decoder(datetime)


def _reader(kind: Any) -> Callable[[Any], Any]:
    strict = msgspec.json.Decoder(kind)

    def read(raw: Any) -> Any:
        try:
            return strict.decode(raw)
        except msgspec.ValidationError:
            return lenient_decode(raw, kind)

    return read


def _datetime(text: str) -> datetime:
    return _time.decode(b'"%s"' % text.encode())


read_labels = _reader(dict[str, str])
"""Labels from their JSON."""

_raw_object = msgspec.json.Decoder(dict[str, Raw])
decode_wire_meta = msgspec.json.Decoder(WireMeta).decode
"""Metadata from JSON, the strict way; to be settled."""

_managed_fields = _reader(list[ManagedFieldsEntry])

_OWN: dict[str, Callable[[Any], Any]] = dict.fromkeys(WireMeta.__struct_fields__, _same) | {
    "creation_timestamp": _datetime,
    "deletion_timestamp": _datetime,
    "labels": read_labels,
    "annotations": _reader(dict[str, str]),
    "owner_references": _reader(list[OwnerReference]),
    "finalizers": list,
}


class ListMeta(msgspec.Struct, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """What a list says of itself (metav1.ListMeta).

    Attributes:
        resource_version: Where the server's history stood when this list was true; watch from here.
        continue_: Token for the next page, None on the last one.
        remaining_item_count: How many more there are, if the server says so.
    """

    self_link: str | None = None
    resource_version: ResourceVersion | None = None
    continue_: str | None = field(default=None, name="continue")
    remaining_item_count: int | None = None
    shard_info: dict[str, Any] | None = None
