"""Functions on lists, sets and optional values.

In:    values
Out:   values
Next:  overloads.py
Rules: pure
Source: Kubernetes docs, "Kubernetes list library"; cel-go ext/sets.go, cel/library.go (optionals)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from listwatch.apiserver.cel.errors import EvaluationError
from listwatch.apiserver.cel.overloads import declare, declare_all
from listwatch.apiserver.cel.times import checked_duration
from listwatch.apiserver.cel.values import (
    NONE,
    Duration,
    Optional,
    UInt,
    checked_int,
    checked_uint,
    contains,
    equal,
    less,
    tag,
)


def _sum(items: Sequence[Any]) -> Any:
    total: Any = None
    for item in items:
        if total is None:
            total = item
        elif isinstance(item, Duration):
            total = checked_duration(total.nanos + item.nanos)
        elif isinstance(item, UInt):
            total = checked_uint(int(total) + int(item))
        elif type(item) in {int, float}:
            total = checked_int(total + item) if type(item) is type(total) is int else total + item
        else:
            raise EvaluationError("no such overload")
    return 0 if total is None else total


def _least(items: Sequence[Any]) -> Any:
    return _best(items, less, "min")


def _greatest(items: Sequence[Any]) -> Any:
    return _best(items, lambda one, best: less(best, one), "max")


def _best(items: Sequence[Any], is_better: Any, name: str) -> Any:
    if not items:
        raise EvaluationError(f"{name} called on empty list")
    best = items[0]
    for item in items:
        if is_better(item, best):
            best = item
    return best


def _is_sorted(items: Sequence[Any]) -> bool:
    return not any(less(after, before) for before, after in pairwise(items))


def _index_of(items: Sequence[Any], value: Any) -> int:
    return next((index for index, item in enumerate(items) if equal(item, value)), -1)


def _last_index_of(items: Sequence[Any], value: Any) -> int:
    return next((index for index in reversed(range(len(items))) if equal(items[index], value)), -1)


def _set_contains(items: Sequence[Any], others: Sequence[Any]) -> bool:
    return all(contains(items, other) for other in others)


def _set_equivalent(items: Sequence[Any], others: Sequence[Any]) -> bool:
    return _set_contains(items, others) and _set_contains(others, items)


def _set_intersects(items: Sequence[Any], others: Sequence[Any]) -> bool:
    return any(contains(items, other) for other in others)


def _value(optional: Optional) -> Any:
    if optional.has_value:
        return optional.value
    raise EvaluationError("optional.none() dereference")


def _of_non_zero(value: Any) -> Optional:
    is_zero = value is None or (tag(value) != "type" and not isinstance(value, Optional) and _is_empty(value))
    return NONE if is_zero else Optional(value)


def _is_empty(value: Any) -> bool:
    return not value.nanos if hasattr(value, "nanos") else not value


declare_all(
    {
        "list<A>.indexOf(A) -> int": _index_of,
        "list<A>.lastIndexOf(A) -> int": _last_index_of,
        "sets.contains(list<A>, list<A>) -> bool": _set_contains,
        "sets.equivalent(list<A>, list<A>) -> bool": _set_equivalent,
        "sets.intersects(list<A>, list<A>) -> bool": _set_intersects,
        "optional.of(A) -> optional<A>": Optional,
        "optional.none() -> optional<A>": lambda: NONE,
        "optional.ofNonZeroValue(A) -> optional<A>": _of_non_zero,
        "optional<A>.value() -> A": _value,
        "optional<A>.hasValue() -> bool": lambda optional: optional.has_value,
        "optional<A>.orValue(A) -> A": lambda optional, other: (
            optional.value if optional.has_value else other
        ),
        "optional<A>.or(optional<A>) -> optional<A>": lambda optional, other: (
            optional if optional.has_value else other
        ),
    }
)
for _name in ("int", "uint", "double", "duration"):
    declare(f"list<{_name}>.sum() -> {_name}", _sum)
for _name in ("int", "uint", "double", "bool", "string", "bytes", "timestamp", "duration"):
    declare(f"list<{_name}>.isSorted() -> bool", _is_sorted)
    declare(f"list<{_name}>.min() -> {_name}", _least)
    declare(f"list<{_name}>.max() -> {_name}", _greatest)
