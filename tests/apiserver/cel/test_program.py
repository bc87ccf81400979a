"""Programs made of everything at once: a value, or an error of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listwatch.apiserver.cel import CompileError, Environment, EvaluationError
from listwatch.apiserver.cel.overloads import FUNCTIONS, Overload
from listwatch.apiserver.cel.types import DYN, INT

_ATOMS = [
    "x",
    "1",
    "-9223372036854775808",
    "2u",
    "1.5",
    "double('NaN')",
    "'abc'",
    "'1Gi'",
    "'10.0.0.0/8'",
    "'1h'",
]
_ATOMS += [
    r"b'\xff'",
    "true",
    "null",
    "[]",
    "[1, 2]",
    "{}",
    "{'a': 1}",
    "timestamp(0)",
    "optional.none()",
    "int",
]
_ATOMS += [
    "optional.of(1)",
    "quantity('1')",
    "ip('::1')",
    "semver('1.2.3')",
    "format.uuid()",
    "dyn(1)",
    "dyn('a')",
]
_OPERATORS = ["+", "-", "*", "/", "%", "==", "<", ">=", "in", "&&", "||"]
_CALLS = [(name, each) for name, found in FUNCTIONS.items() if name[0].isalpha() for each in found]


def _call(chosen: tuple[str, Overload], args: list[str]) -> str:
    name, overload = chosen
    given_args = [f"dyn({arg})" for arg in args[: len(overload.params)]]
    if overload.is_member:
        return f"{given_args[0]}.{name}({', '.join(given_args[1:])})"
    return f"{name}({', '.join(given_args)})"


def _bigger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from(_OPERATORS), inner),
        st.builds(_call, st.sampled_from(_CALLS), st.lists(inner, min_size=9, max_size=9)),
        st.builds(lambda a, b: f"dyn({a})[{b}]", inner, inner),
        st.builds(lambda a, b: f"dyn({a}).map(i, {b})", inner, inner),
        st.builds(lambda a, b: f"{{dyn({a}): {b}}}", inner, inner),
    )


@given(
    st.recursive(st.sampled_from(_ATOMS), _bigger, max_leaves=6),
    st.sampled_from([1, "s", None, [1], {"a": 1}]),
)
@settings(max_examples=150, deadline=None)
def test_any_expression_has_a_value_or_an_error(source: str, value: Any) -> None:
    """Whatever functions meet, nothing but the two errors of this package leaves it."""
    outcome = ""
    try:
        Environment({"x": DYN}).compile(source).evaluate({"x": value})
    except (CompileError, EvaluationError) as error:
        outcome = str(error)
    assert "Traceback" not in outcome


def test_a_run_tells_what_it_cost() -> None:
    """Steps are counted, so that many rules may share one budget."""
    program = Environment({"n": INT}).compile("[1, 2, 3].all(i, i < n)")
    value, steps = program.run({"n": 9})
    assert value is True
    assert steps > 3
    with pytest.raises(EvaluationError, match="cost limit exceeded"):
        program.run({"n": 9}, budget=steps - 1)
    assert program.run({"n": 9}, budget=steps) == (True, steps)
