"""Operators, conversions between types, and what all values have.

In:    values
Out:   values; overflow and division by zero are failures
Next:  overloads.py
Rules: pure; 64-bit arithmetic is checked
Source: CEL specification, "Arithmetic", "List of standard definitions"
"""

from __future__ import annotations

import math
from typing import Any, Final

from listwatch.apiserver.cel.errors import EvaluationError
from listwatch.apiserver.cel.evaluator import select_optional
from listwatch.apiserver.cel.overloads import declare, declare_all
from listwatch.apiserver.cel.regex import matches
from listwatch.apiserver.cel.times import (
    NANOS,
    checked_duration,
    checked_timestamp,
    format_moment,
    format_span,
    parse_duration,
    parse_timestamp,
)
from listwatch.apiserver.cel.values import (
    ABSENT,
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    Duration,
    SetList,
    Timestamp,
    TypeValue,
    UInt,
    checked_int,
    checked_uint,
    contains,
    equal,
    is_number,
    less,
    lookup,
    tag,
    type_value,
)

_BOOLS: Final = {"1": True, "t": True, "T": True, "true": True, "TRUE": True, "True": True}
_BOOLS.update({"0": False, "f": False, "F": False, "false": False, "FALSE": False, "False": False})


def _concatenated(left: Any, right: Any) -> Any:
    if isinstance(left, SetList):
        return left.merged(right)
    return [*left, *right]


def _divided(left: int, right: int) -> int:
    if not right:
        raise EvaluationError("division by zero")
    quotient = abs(left) // abs(right)
    return checked_int(quotient if (left < 0) == (right < 0) else -quotient)


def _remainder(left: int, right: int) -> int:
    if not right:
        raise EvaluationError("modulus by zero")
    if left == INT_MIN and right == -1:
        raise EvaluationError("integer overflow")
    return int(math.copysign(1, left)) * (abs(left) % abs(right))


def _divided_double(left: float, right: float) -> float:
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def _divided_uint(left: int, right: int) -> UInt:
    if not right:
        raise EvaluationError("division by zero")
    return UInt(left // right)


def _remainder_uint(left: int, right: int) -> UInt:
    if not right:
        raise EvaluationError("modulus by zero")
    return UInt(left % right)


def _item(container: Any, index: Any) -> Any:
    if tag(container) == "optional":
        return select_optional(container, index)
    if tag(container) == "map":
        found = lookup(container, index)
        if found is ABSENT:
            raise EvaluationError(f"no such key: {_shown(index)}")
        return found
    if tag(container) != "list" or not is_number(index) or int(index) != index:
        raise EvaluationError("no such overload")
    if not 0 <= index < len(container):
        raise EvaluationError(f"index out of bounds: {int(index)}")
    return container[int(index)]


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _to_int(value: Any) -> int:
    if isinstance(value, str):
        digits = value[1:] if value[:1] in {"-", "+"} else value
        if not (digits.isascii() and digits.isdigit()):
            raise EvaluationError(f'strconv.ParseInt: parsing "{value}": invalid syntax')
        return checked_int(int(value))
    if isinstance(value, Timestamp):
        return value.nanos // NANOS
    if isinstance(value, float) and not INT_MIN < value < INT_MAX:
        raise EvaluationError("integer overflow")
    return checked_int(int(value))


def _to_uint(value: Any) -> UInt:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise EvaluationError(f'strconv.ParseUint: parsing "{value}": invalid syntax')
    if isinstance(value, float) and not 0 <= value < UINT_MAX:
        raise EvaluationError("unsigned integer overflow")
    return checked_uint(int(value))


def _to_double(value: Any) -> float:
    refusal = EvaluationError(f'strconv.ParseFloat: parsing "{value}": invalid syntax')
    if isinstance(value, str) and ("_" in value or value != value.strip()):  # Python alone allows these
        raise refusal
    try:
        return float(value)
    except ValueError:
        raise refusal from None


def double_text(value: float) -> str:
    """A double as Go writes it with `%g`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 10**21:
        return str(int(value)) if value or math.copysign(1, value) > 0 else "-0"
    return repr(value)


def to_string(value: Any) -> str:
    """`string(value)`.

    Raises:
        EvaluationError: Bytes that are no UTF-8.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return double_text(value)
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string") from None
        case Timestamp():
            return format_moment(value)
        case Duration():
            return format_span(value)
    return str(value)


def _to_bool(value: str) -> bool:
    if value not in _BOOLS:
        raise EvaluationError(f'strconv.ParseBool: parsing "{value}": invalid syntax')
    return _BOOLS[value]


def _type(value: Any) -> TypeValue:
    return type_value(tag(value))


declare_all(
    {
        "_==_(A, A) -> bool": equal,
        "_!=_(A, A) -> bool": lambda left, right: not equal(left, right),
        "@in(A, list<A>) -> bool": lambda value, items: contains(items, value),
        "@in(A, map<A, B>) -> bool": lambda key, container: lookup(container, key) is not ABSENT,
        "!_(bool) -> bool": lambda value: not value,
        "-_(int) -> int": lambda value: checked_int(-value),
        "-_(double) -> double": lambda value: -value,
        "_+_(int, int) -> int": lambda left, right: checked_int(left + right),
        "_+_(uint, uint) -> uint": lambda left, right: checked_uint(int(left) + int(right)),
        "_+_(double, double) -> double": lambda left, right: left + right,
        "_+_(string, string) -> string": lambda left, right: left + right,
        "_+_(bytes, bytes) -> bytes": lambda left, right: left + right,
        "_+_(list<A>, list<A>) -> list<A>": _concatenated,
        "_+_(timestamp, duration) -> timestamp": lambda moment, span: checked_timestamp(
            moment.nanos + span.nanos
        ),
        "_+_(duration, timestamp) -> timestamp": lambda span, moment: checked_timestamp(
            moment.nanos + span.nanos
        ),
        "_+_(duration, duration) -> duration": lambda left, right: checked_duration(left.nanos + right.nanos),
        "_-_(int, int) -> int": lambda left, right: checked_int(left - right),
        "_-_(uint, uint) -> uint": lambda left, right: checked_uint(int(left) - int(right)),
        "_-_(double, double) -> double": lambda left, right: left - right,
        "_-_(timestamp, timestamp) -> duration": lambda left, right: checked_duration(
            left.nanos - right.nanos
        ),
        "_-_(timestamp, duration) -> timestamp": lambda moment, span: checked_timestamp(
            moment.nanos - span.nanos
        ),
        "_-_(duration, duration) -> duration": lambda left, right: checked_duration(left.nanos - right.nanos),
        "_*_(int, int) -> int": lambda left, right: checked_int(left * right),
        "_*_(uint, uint) -> uint": lambda left, right: checked_uint(int(left) * int(right)),
        "_*_(double, double) -> double": lambda left, right: left * right,
        "_/_(int, int) -> int": _divided,
        "_/_(uint, uint) -> uint": _divided_uint,
        "_/_(double, double) -> double": _divided_double,
        "_%_(int, int) -> int": _remainder,
        "_%_(uint, uint) -> uint": _remainder_uint,
        "_[_](list<A>, int) -> A": _item,
        "_[_](map<A, B>, A) -> B": _item,
        "_[_](optional<list<A>>, int) -> optional<A>": _item,
        "_[_](optional<map<A, B>>, A) -> optional<B>": _item,
        "_[?_](list<A>, int) -> optional<A>": select_optional,
        "_[?_](map<A, B>, A) -> optional<B>": select_optional,
        "_[?_](optional<list<A>>, int) -> optional<A>": select_optional,
        "_[?_](optional<map<A, B>>, A) -> optional<B>": select_optional,
        "int(timestamp) -> int": _to_int,
        "string(timestamp) -> string": to_string,
        "string(duration) -> string": to_string,
        "string(bool) -> string": to_string,
        "string(bytes) -> string": to_string,
        "bytes(bytes) -> bytes": lambda value: value,
        "bytes(string) -> bytes": lambda value: value.encode(),
        "bool(bool) -> bool": lambda value: value,
        "bool(string) -> bool": _to_bool,
        "type(A) -> type<A>": _type,
        "dyn(A) -> dyn": lambda value: value,
        "duration(duration) -> duration": lambda value: value,
        "duration(string) -> duration": parse_duration,
        "timestamp(timestamp) -> timestamp": lambda value: value,
        "timestamp(string) -> timestamp": parse_timestamp,
        "timestamp(int) -> timestamp": lambda seconds: checked_timestamp(seconds * NANOS),
        "matches(string, string) -> bool": matches,
        "string.matches(string) -> bool": matches,
    }
)
for _name in ("string", "bytes", "list<A>", "map<A, B>"):
    declare(f"size({_name}) -> int", len)
    declare(f"{_name}.size() -> int", len)
for _name in ("int", "uint", "double", "string"):
    declare(f"int({_name}) -> int", _to_int)
    declare(f"uint({_name}) -> uint", _to_uint)
    declare(f"double({_name}) -> double", _to_double)
    declare(f"string({_name}) -> string", to_string)
_COMPARISONS: Final = {
    "_<_": less,
    "_<=_": lambda left, right: less(left, right) or equal(left, right),
    "_>_": lambda left, right: less(right, left),
    "_>=_": lambda left, right: less(right, left) or equal(left, right),
}
for _operator, _call in _COMPARISONS.items():
    for _name in ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"):
        declare(f"{_operator}({_name}, {_name}) -> bool", _call)
    for _left, _right in (("int", "uint"), ("int", "double"), ("uint", "double")):
        declare(f"{_operator}({_left}, {_right}) -> bool", _call)
        declare(f"{_operator}({_right}, {_left}) -> bool", _call)
