"""Functions on numbers.

In:    values
Out:   values
Next:  overloads.py
Rules: pure; 64 bits, checked
Source: cel-go ext/math.go (version 2)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from listwatch.apiserver.cel.errors import EvaluationError
from listwatch.apiserver.cel.overloads import declare, declare_all
from listwatch.apiserver.cel.values import INT_MAX, UINT_MAX, UInt, checked_int, less

_BITS: Final = 64


def _least(values: list[Any]) -> Any:
    return _best(values, less, "least")


def _greatest(values: list[Any]) -> Any:
    return _best(values, lambda one, best: less(best, one), "greatest")


def _best(values: list[Any], is_better: Callable[[Any, Any], bool], name: str) -> Any:
    if not values:
        raise EvaluationError(f"math.@{'min' if name == 'least' else 'max'}(list) argument must not be empty")
    best = values[0]
    for value in values:
        if is_better(value, best):
            best = value
    return best


def _round(value: float) -> float:
    if not math.isfinite(value):
        return value
    return math.copysign(math.floor(abs(value) + 0.5), value)


def _whole(call: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: float(call(value)) if math.isfinite(value) else value


def _sign(value: Any) -> Any:
    if isinstance(value, float) and (math.isnan(value) or not value):
        return value
    return type(value)((value > 0) - (value < 0))


def _shift(value: int, count: int, *, is_left: bool) -> int:
    if count < 0:
        raise EvaluationError(f"math.bitShift{'Left' if is_left else 'Right'}() negative offset: {count}")
    bits = int(value) & UINT_MAX
    shifted = 0 if count >= _BITS else (bits << count) & UINT_MAX if is_left else bits >> count
    return _of_bits(value, shifted)


def _of_bits(like: int, bits: int) -> int:
    bits &= UINT_MAX
    if isinstance(like, UInt):
        return UInt(bits)
    return bits - (1 << _BITS) if bits > INT_MAX else bits


def _root(value: float) -> float:
    return math.nan if value < 0 or math.isnan(value) else math.sqrt(value)


declare_all(
    {
        "math.ceil(double) -> double": _whole(math.ceil),
        "math.floor(double) -> double": _whole(math.floor),
        "math.trunc(double) -> double": _whole(math.trunc),
        "math.round(double) -> double": _round,
        "math.isNaN(double) -> bool": math.isnan,
        "math.isInf(double) -> bool": math.isinf,
        "math.isFinite(double) -> bool": math.isfinite,
        "math.abs(int) -> int": lambda value: checked_int(abs(value)),
        "math.abs(uint) -> uint": lambda value: value,
        "math.abs(double) -> double": abs,
    }
)
for _name in ("int", "uint", "double"):
    declare(f"math.sign({_name}) -> {_name}", _sign)
    declare(f"math.sqrt({_name}) -> double", _root)
    for _function, _call in (("least", _least), ("greatest", _greatest)):
        declare(f"math.{_function}(list<{_name}>) -> {_name}", _call)
        declare(f"math.{_function}({_name}) -> {_name}", lambda value: value)


def _of_all(call: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    return lambda *values: call(list(values))


for _function, _call in (("least", _least), ("greatest", _greatest)):
    for _count in range(2, 9):
        for _name in ("int", "uint", "double"):
            declare(f"math.{_function}({', '.join([_name] * _count)}) -> {_name}", _of_all(_call))
        declare(f"math.{_function}({', '.join(['dyn'] * _count)}) -> dyn", _of_all(_call))
for _name in ("int", "uint"):
    declare(f"math.bitAnd({_name}, {_name}) -> {_name}", lambda left, right: _of_bits(left, left & right))
    declare(f"math.bitOr({_name}, {_name}) -> {_name}", lambda left, right: _of_bits(left, left | right))
    declare(f"math.bitXor({_name}, {_name}) -> {_name}", lambda left, right: _of_bits(left, left ^ right))
    declare(f"math.bitNot({_name}) -> {_name}", lambda value: _of_bits(value, ~int(value)))
    declare(
        f"math.bitShiftLeft({_name}, int) -> {_name}", lambda value, count: _shift(value, count, is_left=True)
    )
    declare(
        f"math.bitShiftRight({_name}, int) -> {_name}",
        lambda value, count: _shift(value, count, is_left=False),
    )
