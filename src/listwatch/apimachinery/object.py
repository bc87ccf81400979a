"""An object: its metadata, and the bytes of the rest until somebody looks.

In:    JSON of one object                         (from codec.py)
Out:   an `Object`: metadata decoded, the rest bytes, sections typed on first look
Next:  watch_event.py (what happened to it), client/resource.py (who hands it out)
Rules: what arrived is shared and never changed; what a reader looks at is that reader's own copy
Source: replaces client-go's runtime.Object and DeepCopy, whose readers share pointers and must not write

Three parts make one object:

* `_wire`, exactly what arrived: a struct with the metadata and one field of bytes per section;
* `_extra`, only if something unusual arrived: the bytes of sections that the kind does not know, or of metadata
  that the strict decoder refused;
* what this reader has looked at: `_own_meta` and `_looked`, decoded copies, free to be changed.

In the place of the first there may be something that makes it of other bytes when somebody looks (binary.py).

Writing an object out compares the third with the first two (rewrite.py), so that untouched parts leave as the
bytes in which they came and unknown fields survive.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from sys import intern
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

import msgspec
from msgspec import UNSET, Raw

from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.lenient import UNREADABLE, encode_hook
from listwatch.apimachinery.meta import (
    ObjectMeta,
    ResourceVersion,
    Shared,
    WireMeta,
    decode_wire_meta,
    lenient_meta,
    read_labels,
    settle_meta,
)
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.rewrite import rewrite, same
from listwatch.apimachinery.section import Section, section

__all__ = ["AnyObject", "Object", "Section", "section", "settle"]  # a kind is described with both

_EMPTY_LABELS: Mapping[str, str] = MappingProxyType({})
_raw_object = msgspec.json.Decoder(dict[str, Raw])


class _MetadataField:
    """`Object.metadata`: like a section, but every object has it and it has a shape of its own on the wire."""

    __slots__ = ()

    def __get__(self, instance: Object | None, owner: type) -> ObjectMeta | Self:
        if instance is None:
            return self
        if instance._own_meta is None:
            wire = instance._wire.metadata
            try:
                instance._own_meta = ObjectMeta() if wire is UNSET else ObjectMeta.of_wire(wire)
            except msgspec.DecodeError as error:
                raise DecodeError(f"{instance!r}: metadata: {error}") from None
        return instance._own_meta

    def __set__(self, instance: Object, value: ObjectMeta) -> None:
        instance._own_meta = value


@dataclass_transform(kw_only_default=True, field_specifiers=(section,))
class _Described:
    """Tells type checkers that classes below are described by their annotations.

    Apart from `Object`, because the fields of the very class that is decorated do not count (PEP 681).
    """

    __slots__ = ()


class Object(_Described):
    """A Kubernetes object. It is yours: change it as you like, nobody else sees it.

    Subclass it to describe a kind; the class keywords say where the kind lives, annotated sections what it
    holds. The generated kinds (`listwatch.api`) are such subclasses, and so can yours be::

        class CronTab(Object, group="stable.example.com", version="v1", plural="crontabs"):
            spec: CronTabSpec = section(factory=CronTabSpec)     # a msgspec.Struct or a dataclass

    Promised: reading never fails on nulls, missing fields, unknown fields or unknown values; what is not known
    here survives a read and a write, and what was not touched is written as it was read, byte for byte (inside
    metadata: value for value). `copy` is cheap and independent. Not promised: that a section which holds the
    wrong type of value (text where a struct belongs) can be looked at; that raises DecodeError, on the look.

    Threads: an object belongs to one reader at a time. Copies may be used in parallel.
    """

    __slots__ = ("_extra", "_key", "_looked", "_own_meta", "_wire")

    resource: ClassVar[Resource] = Resource("", "", "")
    """Where objects of this class live; nameless in a class that stands for no single kind."""

    _sections: ClassVar[dict[str, Section[Any]]] = {}
    _wire_type: ClassVar[type[Any] | None] = None

    if typing.TYPE_CHECKING:
        metadata: ObjectMeta = section(factory=ObjectMeta)
        """All of its metadata, yours to change; decoded on first look."""
    else:
        metadata = _MetadataField()

    def __init_subclass__(
        cls,
        *,
        group: str | None = None,
        version: str = "v1",
        kind: str | None = None,
        plural: str = "",
        namespaced: bool = True,
    ) -> None:
        super().__init_subclass__()
        cls._sections = cls._sections | {
            name: value for name, value in vars(cls).items() if isinstance(value, Section)
        }
        cls._wire_type = None
        if group is not None:
            if not plural:
                raise TypeError(f"{cls.__name__}: say plural=, the collection's name in URLs")
            cls.resource = Resource(group, version, plural, kind or cls.__name__, namespaced)

    def __init__(self, *, metadata: ObjectMeta | None = None, **sections: Any) -> None:
        unknown = sections.keys() - self._sections.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        self._wire: Any = self._wire_class()()
        self._extra: dict[str, bytes] | None = None
        self._key: ObjectKey | None = None
        self._own_meta: ObjectMeta | None = ObjectMeta() if metadata is None else metadata
        self._looked: dict[str, Any] | None = sections

    @classmethod
    def _wire_class(cls) -> type[Any]:
        """The struct that the strict decoder fills: metadata, and raw bytes for each section."""
        if cls._wire_type is None:
            fields: list[tuple[str, Any, Any]] = [
                ("api_version", str | msgspec.UnsetType, UNSET),
                ("kind", str | msgspec.UnsetType, UNSET),
                ("metadata", WireMeta | msgspec.UnsetType, UNSET),
                *((name, Raw | msgspec.UnsetType, UNSET) for name in cls._sections),
            ]
            names = {"api_version": "apiVersion"} | {n: s.wire_name for n, s in cls._sections.items()}
            cls._wire_type = msgspec.defstruct(
                f"{cls.__name__}Wire",
                fields,
                rename=names,
                forbid_unknown_fields=True,
                gc=False,
                kw_only=True,
            )
        return cls._wire_type

    # Making one from what arrived

    @classmethod
    def _of_wire(cls, wire: Any, extra: dict[str, bytes] | None = None) -> Self:
        made = cls.__new__(cls)
        made._wire, made._extra, made._own_meta, made._looked, made._key = wire, extra, None, None, None
        return made

    def _like(self, wire: Any, extra: dict[str, bytes] | None) -> Self:
        """An object of the same kind as this one, out of these parts."""
        return self._of_wire(wire, extra)

    @classmethod
    def _of_unusual(cls, data: bytes | Raw) -> Self:
        """The slow way: an object with fields or nulls that the strict decoder refuses."""
        fields = {key: bytes(value) for key, value in _raw_object.decode(data).items()}
        wire = cls._wire_class()()
        known = {s.wire_name: name for name, s in cls._sections.items()}
        extra: dict[str, bytes] = {}
        for key, raw in fields.items():
            if key in {"apiVersion", "kind"} and raw[:1] == b'"':
                setattr(wire, "kind" if key == "kind" else "api_version", msgspec.json.decode(raw))
            elif key == "metadata":
                try:
                    wire.metadata = settle_meta(decode_wire_meta(raw), {})
                except msgspec.ValidationError:
                    wire.metadata = lenient_meta(raw)
                    extra[key] = raw
            elif key in known:
                setattr(wire, known[key], raw)
            else:
                extra[key] = raw
        return cls._of_wire(wire, extra or None)

    # What every object has

    @property
    def name(self) -> str:
        """`metadata.name`, without decoding more."""
        return self.key.name if self._own_meta is None else self._own_meta.name

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, empty for a cluster-wide object."""
        return self.key.namespace if self._own_meta is None else self._own_meta.namespace

    @property
    def uid(self) -> str:
        """`metadata.uid`."""
        return self._peek("uid")

    @property
    def resource_version(self) -> ResourceVersion:
        """`metadata.resource_version`."""
        if self._own_meta is not None or (wire := self._wire.metadata) is UNSET:
            return ResourceVersion(self._peek("resource_version"))
        # Asked for several times at every event: straight from what arrived.
        version: ResourceVersion = wire.resource_version
        return version or ResourceVersion("")

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels, to read; change them through `metadata.labels`. Decoded at each look: keep what you use twice."""
        if self._own_meta is not None:
            return MappingProxyType(self._own_meta.labels)
        wire = self._wire.metadata
        if wire is UNSET or wire.labels is UNSET:
            return _EMPTY_LABELS
        try:
            return MappingProxyType(read_labels(wire.labels))
        except UNREADABLE as error:
            raise DecodeError(f"{self!r}: metadata.labels: {error}") from None

    @property
    def key(self) -> ObjectKey:
        """Namespace and name: what tells it from others of its kind."""
        if self._own_meta is not None:
            return ObjectKey(self._own_meta.namespace, self._own_meta.name)
        key = self._key
        if key is None:
            # Once for all copies: whoever keeps objects by their keys keeps each key once.
            wire = self._wire.metadata
            named = ("", "") if wire is UNSET else (wire.namespace or "", wire.name or "")
            key = self._key = tuple.__new__(ObjectKey, named)
        return key

    @property
    def api_version(self) -> str:
        """Its kind's group and version, also where a list left them out."""
        return self.resource.api_version if self._wire.api_version is UNSET else str(self._wire.api_version)

    @property
    def kind(self) -> str:
        """Its kind's name, also where a list left it out."""
        kind: str | msgspec.UnsetType = self._wire.kind
        return self.resource.kind if kind is UNSET else kind

    def _peek(self, field: str) -> str:
        if self._own_meta is not None:
            return str(getattr(self._own_meta, field))
        wire = self._wire.metadata
        value = UNSET if wire is UNSET else getattr(wire, field)
        return "" if value is UNSET else str(value)

    def _raw(self, part: Section[Any]) -> bytes | None:
        value = getattr(self._wire, part.name)
        return None if value is UNSET else value

    def _drop_managed_fields(self) -> None:
        """Forget who set which field. Only right after decoding, while nobody else shares what arrived."""
        if self._wire.metadata is not UNSET:
            self._wire.metadata.managed_fields = UNSET
        if self._extra is not None and self._extra.get("metadata", b"null") != b"null":
            fields = _raw_object.decode(self._extra["metadata"])
            fields.pop("managedFields", None)
            self._extra["metadata"] = msgspec.json.encode(fields)

    # Copies and JSON

    def copy(self) -> Self:
        """An independent object. Cheap: what nobody has looked at is shared, being unchangeable."""
        if self._own_meta is None and not self._looked:
            # Written out, since every handler and every index function gets a copy of every object.
            cls = type(self)
            made = cls.__new__(cls)
            made._wire, made._extra, made._key = self._wire, self._extra, self._key
            made._own_meta = made._looked = None
            return made
        return self.from_json(self.to_json(type_meta=False))

    def to_json(self, *, type_meta: bool = True) -> bytes:
        """The object as JSON, with every change made to it and everything that it came with.

        Args:
            type_meta: Write `apiVersion` and `kind` also if they did not come with it (items of lists).
        """
        wire, parts = self._wire, []
        written = {"metadata"}
        for field, key in (("api_version", "apiVersion"), ("kind", "kind")):
            value = getattr(wire, field)
            named = getattr(self, field)
            if value is not UNSET or (type_meta and named):
                parts.append(b'"%s":%s' % (key.encode(), msgspec.json.encode(named)))
                written.add(key)
        metadata = self._metadata_json()
        if metadata is not None:
            parts.append(b'"metadata":' + metadata)
        for name, part in self._sections.items():
            raw = self._section_json(name, part)
            if raw is not None:
                parts.append(msgspec.json.encode(part.wire_name) + b":" + raw)
        parts += [
            msgspec.json.encode(key) + b":" + raw
            for key, raw in self._extra_json().items()
            if key not in written
        ]
        return b"{%s}" % b",".join(parts)

    def _metadata_json(self) -> bytes | None:
        wire = self._wire.metadata
        if self._extra is not None and "metadata" in self._extra:
            raw: bytes | None = self._extra["metadata"]
        else:
            raw = None if wire is UNSET else wire.encode()
        if self._own_meta is None:
            return raw
        known = ObjectMeta() if wire is UNSET else ObjectMeta.of_wire(wire)
        keep_managed = self._own_meta._managed_fields is known._managed_fields
        after = _plain_meta(self._own_meta, managed=not keep_managed)
        if raw is None:
            return msgspec.json.encode(after) if after else None
        return rewrite(raw, _plain_meta(known, managed=not keep_managed), after)

    def _section_json(self, name: str, part: Section[Any]) -> bytes | None:
        raw = self._raw(part)
        if self._looked is None or name not in self._looked:
            return raw
        before, after = _plain(part.read(self)), _plain(self._looked[name])
        if same(before, after):
            return raw
        if after is None:
            return None
        return rewrite(raw, before, after) if raw is not None else msgspec.json.encode(after)

    def _extra_json(self) -> dict[str, bytes]:
        return self._extra or {}

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read one object.

        Raises:
            DecodeError: Not JSON, or not an object, or its metadata is of no use.
        """
        try:
            (made,) = settle(cls, [msgspec.json.decode(data, type=cls._wire_class())], {})
        except msgspec.ValidationError:
            pass
        except UNREADABLE as error:
            raise DecodeError(f"{cls.__name__}: not JSON: {error}") from None
        else:
            return made
        try:
            return cls._of_unusual(data)
        except UNREADABLE as error:
            raise DecodeError(f"{cls.__name__}: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """The object as plain Python values, as `json.loads` would give them. A copy."""
        return typing.cast("dict[str, Any]", msgspec.json.decode(self.to_json()))

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Read one object from plain Python values."""
        return cls.from_json(msgspec.json.encode(value))

    # An object within an object, as in a StatefulSet's volumeClaimTemplates (see lenient.decode_hook)

    @classmethod
    def from_wire(cls, value: Mapping[str, Any] | None) -> Self:
        """From where it stands inside another object; a null there is an empty object."""
        return cls.from_dict(value or {})

    def to_wire(self) -> dict[str, Any]:
        """As it stands inside another object: `apiVersion` and `kind` only if it came with them."""
        return typing.cast("dict[str, Any]", msgspec.json.decode(self.to_json(type_meta=False)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Object) or type(self) is not type(other):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # an object can change; use its key or uid

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.copy()

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).from_json, (self.to_json(type_meta=False),)

    def __repr__(self) -> str:
        # Never the content: a Secret is an object too.
        return f"<{self._title()} {str(self.key) or '(unnamed)'} resource_version={self.resource_version or None}>"

    def _title(self) -> str:
        return type(self).__name__


AnyObject = TypeVar("AnyObject", bound=Object)


def settle(
    cls: type[AnyObject], wires: Iterable[Any], shared: Shared, *, keep_managed_fields: bool = True
) -> list[AnyObject]:
    """Cut freshly decoded structs loose from the message they came in, and make them objects.

    The strict decoder leaves views into the message; kept as they are they would keep all of a list alive.
    """
    names, kind, made = tuple(cls._sections), cls.resource.kind, []
    for wire in wires:
        if (metadata := wire.metadata) is not UNSET:
            if not keep_managed_fields:
                metadata.managed_fields = UNSET
            settle_meta(metadata, shared)
        for name in names:
            if (value := getattr(wire, name)) is not UNSET:
                setattr(wire, name, bytes(value))
        if (named := wire.kind) is not UNSET and named == kind:
            wire.kind = kind  # one string for all objects of a kind
            if (api_version := wire.api_version) is not UNSET:
                wire.api_version = intern(api_version)
        obj = cls.__new__(cls)
        obj._wire = wire
        obj._extra = obj._own_meta = obj._looked = obj._key = None
        made.append(obj)
    return made


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=encode_hook, str_keys=True)


def _plain_meta(meta: ObjectMeta, *, managed: bool) -> dict[str, Any]:
    plain = typing.cast("dict[str, Any]", _plain(msgspec.structs.replace(meta, _managed_fields=UNSET)))
    if managed and meta._managed_fields is not UNSET:
        plain["managedFields"] = _plain(meta.managed_fields)
    return plain
