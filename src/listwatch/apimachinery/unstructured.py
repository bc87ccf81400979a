"""Objects of kinds without a model: a mapping, as in their manifest.

In:    JSON of one object of any kind
Out:   `Unstructured`, read and changed by key: `widget["spec"]["size"]`
Rules: as for every `Object` (object.py); fields are bytes until looked at, one by one
Source: apimachinery's unstructured.Unstructured; differs: metadata is typed as well, and nothing is decoded early
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Self

import msgspec
from msgspec import UNSET

from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.lenient import UNREADABLE
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.apimachinery.object import Object
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.rewrite import rewrite

_TYPE_META = {"apiVersion": "api_version", "kind": "kind"}
_GONE = object()


class Unstructured(Object):
    """An object of any kind, with mapping access to everything and typed `metadata`.

    `obj["metadata"]` and `obj.metadata` are the same thing looked at in two ways. Values are plain Python
    (dict, list, str, int, float, bool, None) and yours to change.
    """

    __slots__ = ("_known_as",)

    _known_as: Resource

    def __init__(
        self, fields: Mapping[str, Any] | None = None, /, *, metadata: ObjectMeta | None = None
    ) -> None:
        super().__init__(metadata=metadata)
        self._known_as = self.resource
        for key, value in (fields or {}).items():
            self[key] = value

    @classmethod
    def _of_wire(cls, wire: Any, extra: dict[str, bytes] | None = None) -> Self:
        made = super()._of_wire(wire, extra)
        made._known_as = cls.resource
        return made

    def _like(self, wire: Any, extra: dict[str, bytes] | None) -> Self:
        made = super()._like(wire, extra)
        made._known_as = self._known_as
        return made

    @classmethod
    def from_json(cls, data: bytes, *, resource: Resource | None = None) -> Self:
        """Read one object.

        Args:
            data: Its JSON.
            resource: What it is, for objects that come without `apiVersion` and `kind` (items of some lists).

        Raises:
            DecodeError: Not JSON, or not an object, or its metadata is of no use.
        """
        try:
            made = cls._of_unusual(data)
        except UNREADABLE as error:
            raise DecodeError(f"{cls.__name__}: {error}") from None
        if resource is not None:
            made._known_as = resource
        return made

    def copy(self) -> Self:
        """An independent object. Cheap: what nobody has looked at is shared, being unchangeable."""
        made = super().copy()
        made._known_as = self._known_as
        return made

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.to_json(type_meta=False), self._known_as)

    @property
    def api_version(self) -> str:
        """Its `apiVersion`, or that of the collection it came from."""
        return self._known_as.api_version if self._wire.api_version is UNSET else str(self._wire.api_version)

    @property
    def kind(self) -> str:
        """Its `kind`, or that of the collection it came from."""
        return self._known_as.kind if self._wire.kind is UNSET else str(self._wire.kind)

    def __getitem__(self, key: str) -> Any:
        if key in _TYPE_META:
            if not getattr(self, _TYPE_META[key]):
                raise KeyError(key)
            return getattr(self, _TYPE_META[key])
        if key == "metadata":
            return _MetadataView(self.metadata)
        if self._looked is None:
            self._looked = {}
        if key not in self._looked:
            self._looked[key] = msgspec.json.decode((self._extra or {})[key])
        value = self._looked[key]
        if value is _GONE:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        if key in _TYPE_META:
            setattr(self._own_wire(), _TYPE_META[key], value)
        elif key == "metadata":
            read = Unstructured.from_json(msgspec.json.encode({"metadata": dict(value)}))
            if read._extra:
                raise ValueError(f"{self!r}: metadata holds what metadata cannot hold: {sorted(value)}")
            self.metadata = read.metadata  # type: ignore[misc]  # a descriptor, not a slot
        else:
            if self._looked is None:
                self._looked = {}
            self._looked[key] = value

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        if key in _TYPE_META or key == "metadata":
            raise ValueError(f"every object has {key}")
        if self._looked is None:
            self._looked = {}
        self._looked[key] = _GONE

    def __contains__(self, key: object) -> bool:
        return key in set(self)

    def __iter__(self) -> Iterator[str]:
        looked = self._looked or {}
        yield from (key for key, field in _TYPE_META.items() if getattr(self, field))
        yield "metadata"
        for key in {**(self._extra or {}), **looked}:
            if key != "metadata" and looked.get(key) is not _GONE:
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def get(self, key: str, default: Any = None) -> Any:
        """The field, or `default` if there is none."""
        try:
            return self[key]
        except KeyError:
            return default

    def keys(self) -> list[str]:
        """The names of its fields; with `__getitem__` this makes `dict(obj)` work."""
        return list(self)

    def _own_wire(self) -> Any:
        self._wire = self._wire.__copy__()  # the old one may be shared with copies
        return self._wire

    def _extra_json(self) -> dict[str, bytes]:
        fields = dict(self._extra or {})
        for key, value in (self._looked or {}).items():
            raw = fields.get(key)
            if value is _GONE:
                fields.pop(key, None)
            elif raw is None:
                fields[key] = msgspec.json.encode(value)
            else:
                fields[key] = rewrite(raw, msgspec.json.decode(raw), value)
        return fields

    def _title(self) -> str:
        return self.kind or type(self).__name__


def _rebuild(kind: type[Unstructured], data: bytes, known_as: Resource) -> Unstructured:
    return kind.from_json(data, resource=known_as)


class _MetadataView(MutableMapping[str, Any]):
    """`ObjectMeta` under the wire's names. Labels and annotations are live, nested structs are copies."""

    __slots__ = ("_meta",)

    def __init__(self, meta: ObjectMeta) -> None:
        self._meta = meta

    def __getitem__(self, key: str) -> Any:
        value = getattr(self._meta, _FIELDS[key])
        if not value:
            raise KeyError(key)
        return value if isinstance(value, str | int | dict) else msgspec.to_builtins(value)

    def __setitem__(self, key: str, value: Any) -> None:
        if key not in _FIELDS:
            raise KeyError(f"metadata has no field {key!r}")
        one = msgspec.convert({key: value}, ObjectMeta)
        setattr(self._meta, _FIELDS[key], getattr(one, _FIELDS[key]))

    def __delitem__(self, key: str) -> None:
        self[key]
        setattr(self._meta, _FIELDS[key], getattr(ObjectMeta(), _FIELDS[key]))

    def __iter__(self) -> Iterator[str]:
        return (key for key, field in _FIELDS.items() if getattr(self._meta, field))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))


_FIELDS = dict(zip(ObjectMeta.__struct_encode_fields__, ObjectMeta.__struct_fields__, strict=True)) | {
    "managedFields": "managed_fields"
}
