"""A checked tree as functions that call one another.

In:    a tree and its calls' overloads
Out:   one function from a `Frame` to a value
Next:  program.py
Rules: compiled once, run often: names are places in a list, literals are made once. `&&` and `||` do not care which
       side fails as long as the other decides. Every step is paid for, so that nothing runs for ever.
Source: CEL specification, "Evaluation"; cel-go interpreter, its messages and runtime cost
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from listwatch.apiserver.cel.comprehensions import compile_comprehension
from listwatch.apiserver.cel.errors import BudgetError, EvaluationError
from listwatch.apiserver.cel.overloads import Overload
from listwatch.apiserver.cel.syntax import (
    Bind,
    Call,
    Comprehension,
    Conditional,
    Ident,
    ListLiteral,
    Literal,
    Logical,
    MapLiteral,
    Node,
    Select,
    StructLiteral,
)
from listwatch.apiserver.cel.values import (
    ABSENT,
    NONE,
    Optional,
    equal,
    fits,
    is_number,
    lookup,
    tag,
    type_value,
)

_SIZED: Final = frozenset({str, bytes, list})
_PER_SIZE: Final = 10  # a step per ten characters or items that a call goes over


class Frame:
    """One run: the variables' values by place, and how many steps are left."""

    __slots__ = ("left", "slots")

    def __init__(self, slots: list[Any], budget: int) -> None:
        self.slots = slots
        self.left = budget

    def pay(self, steps: int) -> None:
        """Take steps from the budget.

        Raises:
            BudgetError: It does not have as many.
        """
        self.left -= steps
        if self.left < 0:
            raise BudgetError


Step = Callable[[Frame], Any]


class Compiler:
    """Turns one tree into functions.

    Args:
        places: Where each variable's value stands.
        overloads: Of each call, by the node's id.
        types: What names stand for that are types, not variables.
    """

    def __init__(
        self, places: Mapping[str, int], overloads: Mapping[int, list[Overload]], types: Mapping[str, Any]
    ) -> None:
        self._places = dict(places)
        self._overloads = overloads
        self._types = types
        self.size = len(places)

    def compile(self, node: Node) -> Step:
        """The function that gives the value of `node`."""
        match node:
            case Literal():
                value = node.value
                return lambda _: value
            case Ident():
                return self._name(node.name.removeprefix("."))
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case Logical():
                return _logical(
                    [self.compile(part) for part in node.operands], decides=node.function == "_||_"
                )
            case Conditional():
                return _conditional(*map(self.compile, (node.condition, node.yes, node.no)))
            case ListLiteral():
                return _list([self.compile(part) for part in node.elements], node.optional)
            case MapLiteral() | StructLiteral():
                entries = [
                    (self.compile(entry.key), self.compile(entry.value), entry.is_optional)
                    for entry in node.entries
                ]
                return _map(entries)
            case Comprehension():
                return compile_comprehension(self, node)
            case Bind():
                return self._bind(node)
        raise TypeError(f"no expression: {node!r}")

    def with_variables(self, names: Sequence[str], node: Node) -> tuple[list[int], Step]:
        """The function of a node in which further names are known, and their places."""
        before = {name: self._places.get(name) for name in names}
        places = list(range(self.size, self.size + len(names)))
        self.size += len(names)
        self._places.update(zip(names, places, strict=True))
        step = self.compile(node)
        for name, place in before.items():
            if place is None:
                del self._places[name]
            else:
                self._places[name] = place
        return places, step

    def _name(self, name: str) -> Step:
        place = self._places.get(name)
        if place is None:
            value = type_value(self._types[name].kind)
            return lambda _: value

        return lambda frame: frame.slots[place]

    def _select(self, node: Select) -> Step:
        if node.qualified:
            return self._name(node.qualified)
        operand, field = self.compile(node.operand), node.field
        if node.is_test:
            return lambda frame: _has(operand(frame), field)
        if node.is_optional:
            return lambda frame: select_optional(operand(frame), field)

        def select(frame: Frame) -> Any:
            frame.left -= 1
            if frame.left < 0:
                raise BudgetError
            value = operand(frame)
            if type(value) is dict:
                found = value.get(field, ABSENT)
                if found is not ABSENT:
                    return found
            return select_field(value, field)

        return select

    def _call(self, node: Call) -> Step:
        args = [self.compile(arg) for arg in node.args]
        overloads = self._overloads[id(node)]
        if len(overloads) == 1 and not _is_guarded(overloads[0]):
            return _direct(overloads[0], args)
        return _dispatched(overloads, args)

    def _bind(self, node: Bind) -> Step:
        value = self.compile(node.value)
        (place,), body = self.with_variables([node.variable], node.body)
        optional = node.optional

        def bound(frame: Frame) -> Any:
            frame.slots[place] = value(frame)
            return body(frame)

        def mapped(frame: Frame) -> Any:
            given = value(frame)
            if not isinstance(given, Optional):
                raise EvaluationError("no such overload")
            if not given.has_value:
                return NONE
            frame.slots[place] = given.value
            result = body(frame)
            return Optional(result) if optional == "optMap" else result

        return mapped if optional else bound


def _is_guarded(overload: Overload) -> bool:
    """Whether the arguments' types are to be looked at in each run: a parameter is not just any value."""
    return any(kind.kind not in {"dyn", "param"} for kind in overload.params)


def _pay_call(frame: Frame, cost: int, values: list[Any]) -> None:
    for value in values:
        if type(value) in _SIZED:
            cost += len(value) // _PER_SIZE
    frame.left -= cost
    if frame.left < 0:
        raise BudgetError


def _direct(overload: Overload, args: list[Step]) -> Step:
    call, cost = overload.call, overload.cost

    def direct(frame: Frame) -> Any:
        values = [arg(frame) for arg in args]
        _pay_call(frame, cost, values)
        return call(*values)

    return direct


def _dispatched(overloads: list[Overload], args: list[Step]) -> Step:
    choices = [(overload.params, overload.call, overload.cost) for overload in overloads]

    def dispatched(frame: Frame) -> Any:
        values = [arg(frame) for arg in args]
        for params, call, cost in choices:
            if all(map(fits, params, values)):
                _pay_call(frame, cost, values)
                return call(*values)
        raise EvaluationError("no such overload")

    return dispatched


def _logical(operands: list[Step], *, decides: bool) -> Step:
    def logical(frame: Frame) -> bool:
        failure: EvaluationError | None = None
        for operand in operands:
            try:
                value = operand(frame)
            except BudgetError:
                raise
            except EvaluationError as error:
                failure = failure or error
                continue
            if type(value) is not bool:
                failure = failure or EvaluationError("no such overload")
            elif value == decides:
                return decides
        if failure is not None:
            raise failure
        return not decides

    return logical


def _conditional(condition: Step, yes: Step, no: Step) -> Step:
    def conditional(frame: Frame) -> Any:
        chosen = condition(frame)
        if type(chosen) is not bool:
            raise EvaluationError("no such overload")
        return yes(frame) if chosen else no(frame)

    return conditional


def _list(elements: list[Step], optional: frozenset[int]) -> Step:
    if not optional:
        return lambda frame: [element(frame) for element in elements]

    def with_optional(frame: Frame) -> list[Any]:
        made: list[Any] = []
        for index, element in enumerate(elements):
            value = element(frame)
            if index not in optional:
                made.append(value)
            elif _given(value).has_value:
                made.append(value.value)
        return made

    return with_optional


def _map(entries: list[tuple[Step, Step, bool]]) -> Step:
    def made(frame: Frame) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key_of, value_of, is_optional in entries:
            key, value = key_of(frame), value_of(frame)
            if tag(key) not in {"bool", "int", "uint", "string"}:
                raise EvaluationError("unsupported key type")
            if lookup(result, key) is not ABSENT:
                raise EvaluationError(f"Failed with repeated key: {key}")
            if not is_optional:
                result[key] = value
            elif _given(value).has_value:
                result[key] = value.value
        return result

    return made


def _given(value: Any) -> Optional:
    if isinstance(value, Optional):
        return value
    raise EvaluationError("no such overload")


def select_field(value: Any, field: str) -> Any:
    """`value.field`.

    Raises:
        EvaluationError: There is none.
    """
    if isinstance(value, Optional):
        return select_optional(value, field)
    if not isinstance(value, Mapping):
        raise EvaluationError("no such overload")
    found = value.get(field, ABSENT)
    if found is ABSENT:
        raise EvaluationError(f"no such key: {field}")
    return found


def select_optional(value: Any, key: Any) -> Optional:
    """`value.?key` and `value[?key]`."""
    if isinstance(value, Optional):
        return select_optional(value.value, key) if value.has_value else NONE
    if isinstance(value, Mapping):
        found = lookup(value, key)
        return NONE if found is ABSENT else Optional(found)
    if isinstance(value, Sequence) and is_number(key):
        return Optional(value[int(key)]) if 0 <= key < len(value) and equal(int(key), key) else NONE
    raise EvaluationError("no such overload")


def _has(value: Any, field: str) -> bool:
    if isinstance(value, Optional):
        return bool(value.has_value and _has(value.value, field))
    if isinstance(value, Mapping):
        return field in value
    raise EvaluationError("no such overload")
