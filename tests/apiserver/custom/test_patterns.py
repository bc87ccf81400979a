"""Patterns are RE2's, as Go reads them."""

from __future__ import annotations

import pytest

from listwatch.apiserver.custom.patterns import matches, pattern_problem


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^a$", "a", True),
        ("^a$", "a\n", False),
        (r"\pL+", "é", True),
        ("[[:digit:]]", "5", True),
        (r"^\d$", "\u0665", False),
        (r"^(?i)abc$", "ABC", True),
        (r"\Qa.b\E", "a.b", True),
        ("(a+)+$", "a" * 5000 + "b", False),
        ("x", "\ud800x", True),
        ("(", "(", False),
    ],
)
def test_a_pattern_matches_as_in_go(pattern: str, text: str, expected: bool) -> None:
    """Unicode classes, POSIX classes, quoting, `$` at the very end, and no pattern takes for ever."""
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("a", ""),
        ("a(", "error parsing regexp: missing closing ): `a(`"),
        ("[a", "error parsing regexp: missing closing ]: `[a`"),
        ("*", "error parsing regexp: missing argument to repetition operator: `*`"),
        ("a(?=b)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
    ],
)
def test_what_is_no_pattern_is_told_in_gos_words(pattern: str, problem: str) -> None:
    """What RE2 refuses, Go refuses; the words are Go's."""
    assert pattern_problem(pattern) == problem
