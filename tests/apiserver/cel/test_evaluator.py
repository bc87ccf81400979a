"""Running: values, failures, and an end to everything."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.cel import Environment, EvaluationError
from listwatch.apiserver.cel.types import DYN, INT

_ENVIRONMENT = Environment({"object": DYN, "a": INT, "b": INT})


def _value(source: str, **values: Any) -> Any:
    return _ENVIRONMENT.compile(source).evaluate(values)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2", 5),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("7 % -3", 1),
        ("1.0 / 0.0 > 1e308", True),
        ("-9223372036854775808", -(2**63)),
        ("0x10 + 1", 17),
        ("2u + 3u == 5u", True),
        ("1u == dyn(1)", True),
        ("dyn(1) == 1.0", True),
        ("dyn(true) == dyn(1)", False),
        ("'a' + 'b'", "ab"),
        (r"'\u00e9\x41\101\n'", "\u00e9AA\n"),
        (r"r'\n'", r"\n"),
        ("b'\\xff'", b"\xff"),
        ("'''a\nb'''", "a\nb"),
        ("[1, 2] + [3]", [1, 2, 3]),
        ("2 in [1, 2]", True),
        ("'a' in {'a': 1}", True),
        ("{'a': [1, 2]}['a'][1]", 2),
        ("[1, 2, 3].filter(x, x > 1)", [2, 3]),
        ("[1, 2, 3].map(x, x > 1, x * x)", [4, 9]),
        ("[1, 2].all(i, v, i < v)", True),
        ("{'a': 1}.exists(k, v, k == 'a' && v == 1)", True),
        ("[1, 2, 2].exists_one(x, x == 2)", False),
        ("[5, 6].transformList(i, v, i * 10 + v)", [5, 16]),
        ("[5, 6].transformList(i, v, i > 0, v)", [6]),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 2)", {"b": 4}),
        ("['a'].transformMapEntry(i, v, {v: i})", {"a": 0}),
        ("[1, 2].map(x, [3].map(y, x * y))", [[3], [6]]),
        ("cel.bind(x, 2, cel.bind(y, x + 1, x * y))", 6),
        ("true ? 'a' : 'b'", "a"),
        ("has({'a': 1}.a) && !has({'a': 1}.b)", True),
        ("{'a': 1}.?b.orValue(7)", 7),
        ("[1][?3].hasValue()", False),
        ("[1, ?optional.none(), ?optional.of(2)]", [1, 2]),
        ("{'a': 1, ?'b': optional.none()}", {"a": 1}),
        ("optional.of(1).optMap(x, x + 1).value()", 2),
        ("optional.none().optFlatMap(x, optional.of(x)).hasValue()", False),
        ("optional.ofNonZeroValue('').or(optional.of('x')).value()", "x"),
        ("type('a') == string && type(null) == null_type", True),
        ("type(timestamp(0)) == google.protobuf.Timestamp", True),
        ("[1, 2] == [1, 2] && {'a': 1} == {'a': 1}", True),
        ("dyn([1]) == dyn({'a': 1})", False),
        ("!!true && --1 == 1", True),
    ],
)
def test_values(source: str, expected: Any) -> None:
    """The specification's operators and macros give their values."""
    assert _value(source) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("9223372036854775807 + 1", "integer overflow"),
        ("-(-9223372036854775807 - 1)", "integer overflow"),
        ("0u - 1u", "unsigned integer overflow"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("{'a': 1}['b']", "no such key: b"),
        ("object.spec.x", "no such key: x"),
        ("[1][1]", "index out of bounds: 1"),
        ("object.name + 1", "no such overload"),
        ("object.name && true", "no such overload"),
        ("optional.none().value()", "optional.none() dereference"),
        ("{dyn(1): 1, dyn(1u): 2}", "Failed with repeated key: 1"),
        ("int('x')", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("int(1e300)", "integer overflow"),
    ],
)
def test_failures(source: str, message: str) -> None:
    """What has no value is an error with cel-go's words."""
    with pytest.raises(EvaluationError) as raised:
        _value(source, object={"spec": {}, "name": "n"})
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 / 0 > 0 && false", False),
        ("false && 1 / 0 > 0", False),
        ("1 / 0 > 0 || true", True),
        ("[0, 1].exists(x, 1 / x == 1)", True),
        ("[0, 1].all(x, 1 / x == 2)", False),
        ("true ? true : 1 / 0 > 0", True),
    ],
)
def test_failures_that_do_not_matter(source: str, expected: bool) -> None:
    """Whichever side fails, the other may decide."""
    assert _value(source) is expected


_TEN: Final = "[1,2,3,4,5,6,7,8,9,10]"
_NESTED: Final = "".join(f"{_TEN}.all(x{level}, " for level in range(8)) + "true" + ")" * 8
_DOUBLING: Final = "cel.bind(x, 'aaaaaaaaaa', " + "cel.bind(x, x + x + x + x + x, " * 12 + "x" + ")" * 13


@pytest.mark.parametrize("source", [_NESTED, _DOUBLING])
def test_nothing_runs_for_ever(source: str) -> None:
    """What takes more steps than its budget ends with the server's words."""
    with pytest.raises(EvaluationError, match=r"^operation cancelled: actual cost limit exceeded$"):
        _value(source)


_INT64 = st.integers(-(2**63), 2**63 - 1)


@given(_INT64 | st.integers(-10, 10), _INT64 | st.integers(-10, 10), st.sampled_from("+-*/%"))
def test_arithmetic_is_python_s_within_64_bits(left: int, right: int, operator: str) -> None:
    """Checked arithmetic gives the exact result, or an error if that takes more than 64 bits or is none."""
    expected: int | None
    if operator in "/%":
        quotient = None if not right else abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        remainder = None if quotient is None else left - quotient * right
        overflows = (left, right) == (-(2**63), -1)
        expected = None if overflows else quotient if operator == "/" else remainder
    else:
        exact = {"+": left + right, "-": left - right, "*": left * right}[operator]
        expected = exact if -(2**63) <= exact < 2**63 else None
    program = _ENVIRONMENT.compile(f"a {operator} b")
    if expected is None:
        with pytest.raises(EvaluationError):
            program.evaluate({"a": left, "b": right})
    else:
        assert program.evaluate({"a": left, "b": right}) == expected


def test_a_program_keeps_nothing_between_runs() -> None:
    """Macro variables of one run are not seen by the next."""
    program = _ENVIRONMENT.compile("[a, b].map(x, x * 2)")
    assert [program.evaluate({"a": 1, "b": 2}), program.evaluate({"a": 3, "b": 4})] == [[2, 4], [6, 8]]
