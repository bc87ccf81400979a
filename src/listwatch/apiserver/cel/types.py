"""The types of expressions.

In:    schema_types.py and overloads.py make them
Out:   `Type`s, which checker.py compares
Rules: data and pure functions; a type's text is the one that cel-go shows in its messages
Source: CEL specification, "Gradual type checking"; cel-go checker/format.go, checker/types.go
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Type:
    """A type.

    `kind` is dyn, error, null, bool, int, uint, double, string, bytes, timestamp, duration, list, map, optional, type,
    object, opaque (`name` says which), or param (a type yet to be found; `name` tells it from others).
    """

    kind: str
    params: tuple[Type, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        shown = self.name if self.kind in {"object", "opaque"} else _SHOWN.get(self.kind, self.kind)
        return f"{shown}({', '.join(map(str, self.params))})" if self.params else shown


@dataclass(frozen=True, slots=True, eq=False)
class ObjectType(Type):
    """An object with known fields, by the names that expressions call them. May be recursive."""

    fields: dict[str, Type] = field(default_factory=dict)


DYN: Final = Type("dyn")
ERROR: Final = Type("error")
NULL: Final = Type("null")
BOOL: Final = Type("bool")
INT: Final = Type("int")
UINT: Final = Type("uint")
DOUBLE: Final = Type("double")
STRING: Final = Type("string")
BYTES: Final = Type("bytes")
TIMESTAMP: Final = Type("timestamp")
DURATION: Final = Type("duration")
_SHOWN: Final = {"optional": "optional_type", "error": "!error!", "param": "dyn"}
_NULLABLE: Final = frozenset({"object", "timestamp", "duration", "opaque", "null"})
Found = dict[str, Type]


def list_of(element: Type) -> Type:
    """A list's type."""
    return Type("list", (element,))


def map_of(key: Type, value: Type) -> Type:
    """A map's type."""
    return Type("map", (key, value))


def optional_of(value: Type) -> Type:
    """The type of a value that may be absent."""
    return Type("optional", (value,))


def type_of(value: Type) -> Type:
    """The type of a type."""
    return Type("type", (value,))


def object_type(name: str, fields: Mapping[str, Type] | None = None) -> ObjectType:
    """An object's type; fields may be added to it while it is being made."""
    return ObjectType("object", (), name, dict(fields or {}))


def opaque(name: str) -> Type:
    """A type that only its own functions know."""
    return Type("opaque", (), name)


def resolved(kind: Type, found: Found) -> Type:
    """`kind` with everything in it that has been found; what has not is dyn."""
    while kind.kind == "param":
        known = found.get(kind.name)
        if known is None:
            return DYN
        kind = known
    if not kind.params:
        return kind
    return Type(kind.kind, tuple(resolved(part, found) for part in kind.params), kind.name)


def assignable(to: Type, given: Type, found: Found) -> bool:
    """Whether a value of type `given` may stand where `to` is asked for.

    Open parameters are settled in `found`, even when the answer is no: give it a copy to try.
    """
    to, given = _settled(to, found), _settled(given, found)
    if to is given or "error" in {to.kind, given.kind}:
        return True
    if to.kind == "param" or given.kind == "param":
        return _settle(to, given, found)
    if to.kind == "dyn" or given.kind == "dyn":
        return True
    if given.kind == "null":
        return to.kind in _NULLABLE
    if to.kind == "null":
        return given.kind in _NULLABLE
    if to.kind == "type" and given.kind == "type":
        return True
    if to.kind != given.kind or to.name != given.name or len(to.params) != len(given.params):
        return False
    return all(assignable(ours, theirs, found) for ours, theirs in zip(to.params, given.params, strict=True))


def _settled(kind: Type, found: Found) -> Type:
    while kind.kind == "param" and kind.name in found:
        kind = found[kind.name]
    return kind


def _settle(to: Type, given: Type, found: Found) -> bool:
    if to.kind == given.kind and to.name == given.name:
        return True
    open_one, other = (to, given) if to.kind == "param" else (given, to)
    if _occurs(open_one, other, found):
        return False
    found[open_one.name] = other
    return True


def _occurs(param: Type, inside: Type, found: Found) -> bool:
    inside = _settled(inside, found)
    if inside.kind == "param":
        return inside.name == param.name
    return any(_occurs(param, part, found) for part in inside.params)
