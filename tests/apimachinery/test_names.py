"""The syntax of names, in the server's words, and quoting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from listwatch.apimachinery import names
from listwatch.apimachinery.quote import go_quote

Problems = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("problems", "text"),
    [
        (names.qualified_name_problems, "a"),
        (names.qualified_name_problems, "example.com/My_name.1"),
        (names.label_value_problems, ""),
        (names.label_value_problems, "v1.2_3-x"),
        (names.dns_subdomain_problems, "a.b-c.d"),
        (names.dns_label_problems, "0-a"),
        (names.dns_1035_label_problems, "a-0"),
        (names.path_segment_problems, "system:node"),
        (names.config_key_problems, ".dockerconfigjson"),
        (names.percent_problems, "25%"),
        (names.env_name_problems, "1 odd-name"),
    ],
)
def test_good_names_have_no_problems(problems: Problems, text: str) -> None:
    """A name that follows its rule gives an empty list."""
    assert problems(text) == []


@pytest.mark.parametrize(
    ("problems", "text", "starts"),
    [
        (names.qualified_name_problems, "a/b/c", ["a valid label key must consist of"]),
        (names.qualified_name_problems, "/b", ["prefix part must be non-empty"]),
        (names.qualified_name_problems, "A/b", ["prefix part a lowercase RFC 1123 subdomain"]),
        (
            names.qualified_name_problems,
            "a/",
            ["name part must be non-empty", "name part must consist of"],
        ),
        (names.qualified_name_problems, "x" * 64, ["name part must be no more than 63 bytes"]),
        (names.label_value_problems, "é" * 40, ["must be no more than 63 bytes", "a valid label must be"]),
        (names.label_value_problems, "a\n", ["a valid label must be"]),
        (names.dns_subdomain_problems, "a" * 254, ["must be no more than 253 characters"]),
        (names.dns_label_problems, "a.b", ["must not contain dots"]),
        (
            names.dns_label_problems,
            "A" * 64,
            ["must be no more than 63 characters", "a lowercase RFC 1123 label"],
        ),
        (names.dns_1035_label_problems, "0" * 64, ["must be no more than 63 characters", "a DNS-1035 label"]),
        (names.path_segment_problems, "..", ["may not be '..'"]),
        (names.path_segment_problems, "a/%", ["may not contain '/'", "may not contain '%'"]),
        (names.config_key_problems, ".", ["must not be '.'"]),
        (names.config_key_problems, "..", ["must not be '..'"]),
        (names.config_key_problems, "..a", ["must not start with '..'"]),
        (names.config_key_problems, "/" * 254, ["must be no more than 253", "a valid config key"]),
        (names.percent_problems, "25", ["a valid percent string must be"]),
        (names.env_name_problems, "a=b", ["a valid environment variable name"]),
    ],
)
def test_each_fault_of_a_name_is_told(problems: Problems, text: str, starts: list[str]) -> None:
    """Every broken rule gives its own sentence, in the server's order."""
    found = problems(text)
    assert len(found) == len(starts)
    assert all(problem.startswith(start) for problem, start in zip(found, starts, strict=True))


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain", '"plain"'),
        ('a"b\\', r'"a\"b\\"'),
        ("\n\t\x00", r'"\n\t\x00"'),
        ("é☃", '"é☃"'),
        ("\u200b\U000e0001", r'"\u200b\U000e0001"'),
    ],
)
def test_quoting_is_that_of_go(text: str, quoted: str) -> None:
    """Quotes, controls and unprintable characters are escaped, everything else is left."""
    assert go_quote(text) == quoted
