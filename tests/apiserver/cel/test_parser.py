"""Reading: whatever the text, a tree or a CompileError."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listwatch.apiserver.cel.errors import CompileError
from listwatch.apiserver.cel.parser import parse
from listwatch.apiserver.cel.program import Environment
from listwatch.apiserver.cel.types import DYN

_WORDS = [
    "self",
    ".",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "?",
    ":",
    ",",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "==",
    "<",
    "in",
    "1",
]
_WORDS += [
    "2.5",
    "3u",
    "'a'",
    'r"\\"',
    "b'x'",
    "all",
    "map",
    "has",
    "cel",
    "bind",
    "true",
    "null",
    "x",
    " ",
    "'''",
]


@given(st.lists(st.sampled_from(_WORDS), max_size=14).map("".join) | st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_compiles_or_is_refused(source: str) -> None:
    """No text makes the compiler fail with anything but a CompileError that says so."""
    told = ""
    try:
        Environment({"self": DYN, "x": DYN}).compile(source)
    except CompileError as error:
        told = str(error)
    assert not told or told.startswith("compilation failed: ERROR: <input>:")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("self.", "1:6: Syntax error: mismatched input '<EOF>' expecting IDENTIFIER\n | self.\n | .....^"),
        ("(1", "1:3: Syntax error: mismatched input '<EOF>' expecting ')'\n | (1\n | ..^"),
        ("1 2", "1:3: Syntax error: mismatched input '2' expecting <EOF>\n | 1 2\n | ..^"),
        ("a @ b", "1:3: Syntax error: token recognition error at: '@'\n | a @ b\n | ..^"),
        ("'abc", "1:1: Syntax error: token recognition error at: ''abc'\n | 'abc\n | ^"),
        ("namespace", "1:1: reserved identifier: namespace\n | namespace\n | ^"),
        ("has(a)", "1:4: invalid argument to has() macro\n | has(a)\n | ...^"),
        ("[1].all(a.b, true)", "1:10: argument must be a simple name\n | [1].all(a.b, true)\n | .........^"),
        ("9223372036854775808", "1:1: invalid int literal\n | 9223372036854775808\n | ^"),
        ("1 +\n @", "2:2: Syntax error: token recognition error at: '@'\n |  @\n | .^"),
    ],
)
def test_a_fault_is_shown_with_its_place(source: str, message: str) -> None:
    """An issue names line and column, shows the line, and points at the place."""
    with pytest.raises(CompileError) as raised:
        parse(source)
    assert raised.value.issues == f"ERROR: <input>:{message}"


@pytest.mark.parametrize(
    "source", ["(" * 5000, "[" * 5000, "-!" * 3000 + "x", "a.b" * 4000, "1" + "+1" * 4000]
)
def test_depth_has_an_end(source: str) -> None:
    """Nesting without end is refused, not followed."""
    with pytest.raises(CompileError):
        parse(source)


def test_long_chains_are_not_deep() -> None:
    """A rule may join as many conditions as it likes."""
    assert Environment({}).compile(" && ".join(["true"] * 5000)).evaluate({}) is True


def test_an_endless_text_is_refused() -> None:
    """An expression has at most 100,000 characters."""
    with pytest.raises(
        CompileError, match="expression code point size exceeds limit: size: 100001, limit 100000"
    ):
        parse(" " * 100_001)
