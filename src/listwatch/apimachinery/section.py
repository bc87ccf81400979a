"""A top-level field of a kind, as a descriptor: bytes until somebody looks, then that reader's own typed value.

In:    the bytes of `spec`, `status`, `data` …, as they arrived  (object.py holds them)
Out:   the value they stand for, decoded on first look
Next:  object.py
Rules: the strict decoder goes first, lenient.py reads what it refuses; every read is a fresh copy
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

import msgspec

from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.lenient import UNREADABLE, decode_hook, lenient_decode

if TYPE_CHECKING:
    from listwatch.apimachinery.object import Object

T = TypeVar("T")


class Section(Generic[T]):
    """One top-level field of a kind: `spec`, `status`, `data`. Bytes until looked at, then typed.

    Declared by annotation in a subclass of `Object`; made with `section(…)`.
    """

    __slots__ = ("_decoder", "_type", "factory", "name", "owner", "wire_name")

    def __init__(self, *, factory: Callable[[], T], name: str | None = None) -> None:
        self.factory = factory
        self.wire_name = name or ""
        self.name = ""
        self.owner: type[Object] | None = None
        self._type: Any = None
        self._decoder: msgspec.json.Decoder[T] | None = None

    def __set_name__(self, owner: type[Object], name: str) -> None:
        self.owner, self.name = owner, name
        self.wire_name = self.wire_name or _camel(name)

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Object, owner: type) -> T: ...
    def __get__(self, instance: Object | None, owner: type) -> T | Self:
        if instance is None:
            return self
        looked = instance._looked
        if looked is None:
            looked = instance._looked = {}
        elif self.name in looked:
            return typing.cast("T", looked[self.name])
        value = looked[self.name] = self.read(instance)
        return value

    def __set__(self, instance: Object, value: T) -> None:
        if instance._looked is None:
            instance._looked = {}
        instance._looked[self.name] = value

    def read(self, instance: Object) -> T:
        """Decode what arrived, afresh: a copy that nobody else holds."""
        raw = instance._raw(self)
        if raw is None:
            return self.factory()
        if self._decoder is None:
            self._type = typing.get_type_hints(self.owner)[self.name]
            self._decoder = msgspec.json.Decoder(self._type, dec_hook=decode_hook)
        try:
            return self._decoder.decode(raw)
        except UNREADABLE:
            pass
        try:
            value = lenient_decode(raw, self._type)
        except UNREADABLE as error:
            raise DecodeError(f"{instance!r}: {self.wire_name}: {error}") from None
        return self.factory() if value is None else typing.cast("T", value)


def section(*, factory: Callable[[], Any], name: str | None = None) -> Any:
    """Declare a top-level field of a kind.

    Args:
        factory: Makes its value where the object has none: a class, `dict`, `list`, or `lambda: None`.
        name: Its name on the wire, if that is not the Python name in camelCase.
    """
    return Section(factory=factory, name=name)


def _camel(name: str) -> str:
    first, *rest = name.strip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
