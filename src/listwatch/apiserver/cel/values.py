"""What expressions work on: the values of CEL in Python's.

In:    literals, and JSON values as views.py shows them
Out:   values; whether two are equal, which is less
Next:  evaluator.py, the functions
Rules: pure. int, float, str, bytes, bool and None stand for themselves, `UInt` for an unsigned int; lists are
       sequences, maps are mappings; what is an object of a library here (an address, a quantity) is an `Opaque`.
Source: CEL specification, "Values", "Equality and ordering"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from listwatch.apiserver.cel.errors import EvaluationError
from listwatch.apiserver.cel.types import Type

INT_MAX: Final = 2**63 - 1
INT_MIN: Final = -(2**63)
UINT_MAX: Final = 2**64 - 1


class UInt(int):
    """An unsigned 64-bit number; not equal in type to an int, equal in value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment: nanoseconds since 1970, UTC."""

    nanos: int


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time in nanoseconds."""

    nanos: int


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that only its own functions look into; `name` is its type's."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value, by its name."""

    name: str


class Optional:
    """A value that may be absent."""

    __slots__ = ("has_value", "value")

    def __init__(self, *values: Any) -> None:
        self.has_value = bool(values)
        self.value = values[0] if values else None


NONE: Final = Optional()


class SetList(Sequence[Any]):
    """A list whose order does not count: a set, or with `keys` a map of its items by those fields."""

    __slots__ = ("items", "keys")

    def __init__(self, items: Sequence[Any], keys: tuple[str, ...] = ()) -> None:
        self.items = items
        self.keys = keys

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def same(self, other: Sequence[Any]) -> bool:
        """Whether `other` holds the same items in any order."""
        if len(self) != len(other):
            return False
        return all(any(equal(ours, theirs) for theirs in other) for ours in self)

    def merged(self, other: Sequence[Any]) -> SetList:
        """Ours, then those of `other` that are not among them; with keys, theirs in the place of ours."""
        result = list(self.items)
        keys = [self.key(item) for item in result]
        for item in other:
            key = self.key(item)
            place = next((index for index, known in enumerate(keys) if equal(known, key)), None)
            if place is None:
                result.append(item)
                keys.append(key)
            elif self.keys:
                result[place] = item
        return SetList(result, self.keys)

    def key(self, item: Any) -> Any:
        """What tells an item from others."""
        return [item.get(name) for name in self.keys] if self.keys and isinstance(item, Mapping) else item


_TAGS: Final[dict[type, str]] = {
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null",
    list: "list",
    tuple: "list",
    dict: "map",
    Timestamp: "timestamp",
    Duration: "duration",
    TypeValue: "type",
    Optional: "optional",
}
_TYPE_NAMES: Final = {
    "null": "null_type",
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "optional": "optional_type",
}


def tag(value: Any) -> str:
    """The kind of a value, as `Type.kind` has it; of an opaque one its name."""
    known = _TAGS.get(type(value))
    if known is not None:
        return known
    if isinstance(value, Opaque):
        return value.name
    if isinstance(value, Mapping):
        return "map"
    return "list" if isinstance(value, Sequence) else "dyn"


def type_value(kind: str) -> TypeValue:
    """A kind as a value of type `type`."""
    return TypeValue(_TYPE_NAMES.get(kind, kind))


def fits(kind: Type, value: Any) -> bool:
    """Whether a value may be given where `kind` is declared."""
    if kind.kind in {"dyn", "param"}:
        return True
    wanted = kind.name if kind.kind == "opaque" else "map" if kind.kind == "object" else kind.kind
    return tag(value) == wanted


def is_number(value: Any) -> bool:
    """Whether a value is an int, uint or double."""
    return type(value) in {int, float, UInt}


def equal(left: Any, right: Any) -> bool:
    """Whether two values are equal. Numbers compare by value, whatever their types; other types never mix."""
    one, other = type(left), type(right)
    if one is other and one in {str, int, bool, bytes}:
        return bool(left == right)
    if is_number(left):
        return is_number(right) and bool(left == right)
    kind = tag(left)
    if kind != tag(right):
        return False
    if kind == "list":
        if isinstance(left, SetList):
            return left.same(right)
        return len(left) == len(right) and all(map(equal, left, right))
    if kind == "map":
        return len(left) == len(right) and all(
            (found := lookup(right, key)) is not ABSENT and equal(value, found) for key, value in left.items()
        )
    if kind == "optional":
        return left.has_value == right.has_value and equal(left.value, right.value)
    return bool(left == right)


ABSENT: Final = object()


def lookup(container: Any, key: Any) -> Any:
    """The entry of a map, or `ABSENT`. A whole double finds the entry of that int."""
    if type(key) is bool:
        return next((value for known, value in container.items() if known is key), ABSENT)
    try:
        found = container.get(key, ABSENT)
    except TypeError:
        return ABSENT
    if found is not ABSENT and is_number(key):
        return next(
            (value for known, value in container.items() if is_number(known) and known == key), ABSENT
        )
    return found


def less(left: Any, right: Any) -> bool:
    """Whether one value comes before another of its type; numbers compare across their types.

    Raises:
        EvaluationError: The two have no order.
    """
    if is_number(left) and is_number(right):
        return bool(left < right)
    if type(left) is type(right) and type(left) in _ORDERED:
        return bool(left < right)
    raise EvaluationError("no such overload")


_ORDERED: Final = frozenset({str, bytes, bool, Timestamp, Duration})


def checked_int(value: int) -> int:
    """An int of 64 bits.

    Raises:
        EvaluationError: It takes more.
    """
    if INT_MIN <= value <= INT_MAX:
        return value
    raise EvaluationError("integer overflow")


def checked_uint(value: int) -> UInt:
    """An unsigned int of 64 bits.

    Raises:
        EvaluationError: It takes more, or is negative.
    """
    if 0 <= value <= UINT_MAX:
        return UInt(value)
    raise EvaluationError("unsigned integer overflow")


def contains(container: Iterable[Any], value: Any) -> bool:
    """Whether one of the values is equal to `value`."""
    return any(equal(known, value) for known in container)


def plain(value: Any) -> Any:
    """A value as JSON has it.

    Raises:
        EvaluationError: JSON has no such value.
    """
    kind = tag(value)
    match kind:
        case "list":
            return [plain(item) for item in value]
        case "map":
            return {str(key): plain(item) for key, item in value.items()}
        case "uint":
            return int(value)
        case "bool" | "int" | "double" | "string" | "null":
            return value
        case "optional" if value.has_value:
            return plain(value.value)
    raise EvaluationError(f"unsupported conversion to JSON: {kind}")
