"""Expressions, ready to run.

In:    text, and the types of the variables that it may name
Out:   a `Program`; values
Next:  whoever has rules: schemas of custom resources, admission policies, match conditions
Rules: pure. A program may run any number of times and keeps nothing between runs.
Source: cel-go Env and Program; Kubernetes' limits
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from listwatch.apiserver.cel import functions
from listwatch.apiserver.cel.checker import TYPE_NAMES, Checker
from listwatch.apiserver.cel.errors import BudgetError, CompileError, EvaluationError
from listwatch.apiserver.cel.evaluator import Compiler, Frame
from listwatch.apiserver.cel.parser import parse
from listwatch.apiserver.cel.types import Type

COST_LIMIT: Final = 1_000_000
functions.load()


class Program:
    """A checked expression.

    Attributes:
        result: The type of its value.
        source: Its text.
    """

    __slots__ = ("_names", "_size", "_step", "result", "source")

    def __init__(
        self, source: str, result: Type, names: tuple[str, ...], size: int, step: Callable[[Frame], Any]
    ) -> None:
        self.source = source
        self.result = result
        self._names = names
        self._size = size
        self._step = step

    def evaluate(self, values: Mapping[str, Any], *, budget: int = COST_LIMIT) -> Any:
        """The value for these variables.

        Args:
            values: By name: CEL values (`Declaration.value` gives them). What is missing is null.
            budget: How many steps it may take.

        Raises:
            EvaluationError: It has none, or takes too many steps.
        """
        return self.run(values, budget=budget)[0]

    def run(self, values: Mapping[str, Any], *, budget: int = COST_LIMIT) -> tuple[Any, int]:
        """The value, and how many steps it took.

        Raises:
            EvaluationError: As for `evaluate`.
        """
        slots: list[Any] = [values.get(name) for name in self._names]
        slots.extend([None] * (self._size - len(slots)))
        frame = Frame(slots, budget)
        try:
            value = self._step(frame)
        except RecursionError:
            raise BudgetError from None
        return value, budget - frame.left


def no_structs(_: str) -> Type | None:
    """No literal makes a struct, as in validation rules."""
    return None


class Environment:
    """What expressions may name.

    Args:
        variables: Their types, by name; a name may be dotted (`variables.x`).
        structs: The types that literals may make, by name.
    """

    def __init__(
        self, variables: Mapping[str, Type], *, structs: Callable[[str], Type | None] = no_structs
    ) -> None:
        self.variables = dict(variables)
        self._structs = structs

    def compile(self, source: str) -> Program:
        """An expression over these variables.

        Raises:
            CompileError: It is none.
        """
        tree = parse(source)
        checker = Checker(self.variables, self._structs)
        result = checker.check(tree)
        if checker.issues:
            raise CompileError.at(source, checker.issues)
        names = tuple(self.variables)
        places = {name: place for place, name in enumerate(names)}
        compiler = Compiler(places, checker.overloads, TYPE_NAMES)
        step = compiler.compile(tree)
        return Program(source, result, names, compiler.size, step)


def compile_rule(
    source: str,
    variables: Mapping[str, Type],
    *,
    result: Type | None = None,
    structs: Callable[[str], Type | None] = no_structs,
) -> Program:
    """An expression over `variables`, whose value is of type `result` if one is given.

    Raises:
        CompileError: It is none, or of another type.
    """
    program = Environment(variables, structs=structs).compile(source)
    if result is not None and program.result.kind not in {result.kind, "dyn"}:
        raise CompileError.wrong_type(result)
    return program


__all__ = ["COST_LIMIT", "Environment", "EvaluationError", "Program", "compile_rule"]
