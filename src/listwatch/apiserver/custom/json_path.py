"""JSONPath as kubectl and printer columns have it: `.spec.size`, `.status.conditions[?(@.type=="Ready")].status`.

In:    a path and a JSON value
Out:   the values at the path; why a text is no path
Next:  columns.py
Rules: pure; what is missing is no fault, there is just nothing there
Source: client-go util/jsonpath; differs: one expression, no ranges and no text between
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from listwatch.apimachinery.errors import ListWatchError

Step = Callable[[Any], Iterator[Any]]
_NAME: Final = re.compile(r"(?:\\.|[^.\[\]\\\s'\"(){}])+")
_FILTER: Final = re.compile(r"\s*(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*", re.DOTALL)
_INDEX: Final = re.compile(r"-?\d+")
_SLICE: Final = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d*))?")
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
}


class JSONPathError(ListWatchError):
    """A text is no JSONPath. The message says why."""


@dataclass(frozen=True, slots=True)
class JSONPath:
    """A parsed path."""

    steps: tuple[Step, ...]

    def find(self, value: Any) -> list[Any]:
        """All values at the path, in order; an empty list if there are none."""
        found = [value]
        for step in self.steps:
            found = [each for one in found for each in step(one)]
        return found


@lru_cache(maxsize=1024)
def parse_json_path(text: str) -> JSONPath:
    """Read a path; braces around it are allowed, and so is a `$` or an `@` in front.

    Raises:
        JSONPathError: It is none.
    """
    path = text.strip()
    if path.startswith("{") and path.endswith("}"):
        path = path[1:-1].strip()
    path = path.removeprefix("$").removeprefix("@")
    steps: list[Step] = []
    position = 0
    while position < len(path):
        step, position = _step(path, position)
        steps.extend(step)
    return JSONPath(tuple(steps))


def _step(path: str, position: int) -> tuple[list[Step], int]:
    if path.startswith("..", position):
        position += 2
        if position == len(path) or path[position] == "[":
            return [_descend], position
        return [_descend, *_named(path, position)[0]], _named(path, position)[1]
    if path[position] == ".":
        if position + 1 == len(path):
            return [], position + 1
        if path[position + 1] == "[":
            return [], position + 1
        return _named(path, position + 1)
    if path[position] == "[":
        end = _closing(path, position)
        return [_bracket(path[position + 1 : end])], end + 1
    if position == 0:
        return _named(path, position)
    raise JSONPathError(f"unrecognized character in action: {path[position]!r}")


def _named(path: str, position: int) -> tuple[list[Step], int]:
    if path.startswith("*", position):
        return [_all], position + 1
    found = _NAME.match(path, position)
    if found is None:
        raise JSONPathError(f"unrecognized character in action: {path[position]!r}")
    return [_member(re.sub(r"\\(.)", r"\1", found[0]))], found.end()


def _closing(path: str, position: int) -> int:
    """Where the bracket that opens at `position` is closed."""
    depth, quote = 0, ""
    for index in range(position, len(path)):
        character = path[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
            if not depth:
                return index
    raise JSONPathError("unterminated array" if not quote else "unterminated quoted string")


def _bracket(inner: str) -> Step:
    inner = inner.strip()
    if inner.startswith("?(") and inner.endswith(")"):
        return _filtered(inner[2:-1])
    if inner == "*":
        return _all
    if (sliced := _SLICE.fullmatch(inner)) is not None:
        start, stop, step = (int(each) if each else None for each in sliced.groups())
        return _slice(start, stop, step)
    parts = [part.strip() for part in inner.split(",")]
    steps: list[Step] = []
    for part in parts:
        if _INDEX.fullmatch(part):
            steps.append(_item(int(part)))
        elif (quoted := _QUOTED.fullmatch(part)) is not None:
            steps.append(_member(quoted[1] if quoted[1] is not None else quoted[2]))
        else:
            raise JSONPathError(f"invalid array index {inner}")
    return lambda value: (each for step in steps for each in step(value))


def _member(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _item(index: int) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _slice(start: int | None, stop: int | None, step_: int | None) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list) and step_ != 0:
            yield from value[start:stop:step_]

    return step


def _all(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif isinstance(value, dict):
        yield from value.values()


def _descend(value: Any) -> Iterator[Any]:
    yield value
    for each in _all(value):
        yield from _descend(each)


def _filtered(text: str) -> Step:
    found = _FILTER.fullmatch(text)
    if found is None:
        exists = parse_json_path(text)
        return lambda value: (each for each in _all(value) if exists.find(each))
    left, operator, right = _operand(found[1]), found[2], _operand(found[3])

    def step(value: Any) -> Iterator[Any]:
        for each in _all(value):
            ones, others = left(each), right(each)
            if ones and others and _compare(ones[0], operator, others[0]):
                yield each

    return step


def _operand(text: str) -> Callable[[Any], list[Any]]:
    if (quoted := _QUOTED.fullmatch(text)) is not None:
        literal: Any = quoted[1] if quoted[1] is not None else quoted[2]
        return lambda _: [literal]
    if text in {"true", "false"}:
        return lambda _: [text == "true"]
    try:
        number = float(text)
    except ValueError:
        return parse_json_path(text).find
    return lambda _: [number]


def _compare(one: Any, operator: str, other: Any) -> bool:
    alike = isinstance(one, str) == isinstance(other, str) and isinstance(one, bool) == isinstance(
        other, bool
    )
    if operator == "==":
        return alike and bool(one == other)
    if operator == "!=":
        return not alike or bool(one != other)
    ordered = isinstance(one, int | float | str) and isinstance(other, int | float | str)
    return alike and ordered and _OPERATORS[operator](one, other)
