"""Macros that go over a list or a map, as functions.

In:    a `Comprehension`
Out:   one function from a frame to a value
Next:  evaluator.py
Rules: `all` and `exists` go on past failures until something decides, as `&&` and `||` do; each item is paid for
Source: CEL specification, "Macros"; cel-go ext/comprehensions.go
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from listwatch.apiserver.cel.errors import BudgetError, EvaluationError
from listwatch.apiserver.cel.syntax import Comprehension
from listwatch.apiserver.cel.values import ABSENT, lookup

if TYPE_CHECKING:
    from listwatch.apiserver.cel.evaluator import Compiler, Frame

    Step = Callable[[Frame], Any]
    # Goes over a target in a frame: sets the variables to each item, gives the item.
    Walk = Callable[[Frame], Iterator[tuple[Any, ...]]]


def compile_comprehension(compiler: Compiler, node: Comprehension) -> Step:
    """The function of a macro."""
    target = compiler.compile(node.target)
    places, body = compiler.with_variables(node.variables, node.body)
    condition: Step | None = None
    if node.condition is not None:
        own, condition = compiler.with_variables(node.variables, node.condition)
        places = [*places, *own]
    walk = _walk(target, places, len(node.variables))
    match node.macro:
        case "all":
            return _quantifier(walk, body, decides=False)
        case "exists":
            return _quantifier(walk, body, decides=True)
        case "existsOne":
            return lambda frame: sum(1 for _ in walk(frame) if _true(body, frame)) == 1
        case "filter":
            return lambda frame: [item[0] for item in walk(frame) if _true(body, frame)]
        case "map" | "transformList":
            return lambda frame: [
                body(frame) for _ in walk(frame) if condition is None or _true(condition, frame)
            ]
        case "transformMap":
            return lambda frame: {
                item[0]: body(frame) for item in walk(frame) if condition is None or _true(condition, frame)
            }
    return _transform_entries(walk, condition, body)


def _walk(target: Step, places: list[int], count: int) -> Walk:
    def walk(frame: Frame) -> Iterator[tuple[Any, ...]]:
        value = target(frame)
        items: Iterable[tuple[Any, ...]]
        if isinstance(value, Mapping):
            items = value.items() if count == 2 else ((key,) for key in value)
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
            items = enumerate(value) if count == 2 else ((item,) for item in value)
        else:
            raise EvaluationError("no such overload")
        slots = frame.slots
        for item in items:
            frame.left -= 1
            if frame.left < 0:
                raise BudgetError
            for index, place in enumerate(places):
                slots[place] = item[index % count]
            yield item

    return walk


def _true(condition: Step, frame: Frame) -> bool:
    value = condition(frame)
    if type(value) is not bool:
        raise EvaluationError("no such overload")
    return value


def _quantifier(walk: Walk, body: Step, *, decides: bool) -> Step:
    def quantified(frame: Frame) -> bool:
        failure: EvaluationError | None = None
        for _ in walk(frame):
            try:
                if _true(body, frame) is decides:
                    return decides
            except BudgetError:
                raise
            except EvaluationError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return not decides

    return quantified


def _transform_entries(walk: Walk, condition: Step | None, body: Step) -> Step:
    def transformed(frame: Frame) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for _ in walk(frame):
            if condition is not None and not _true(condition, frame):
                continue
            entry = body(frame)
            if not isinstance(entry, Mapping):
                raise EvaluationError("no such overload")
            for key, value in entry.items():
                if lookup(result, key) is not ABSENT:
                    raise EvaluationError(f"insert failed: key {key} already exists")
                result[key] = value
        return result

    return transformed
