"""The map for client-go's users: every behaviour in scope has its line, and the tests that it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = {
    int(number): text
    for number, text in re.findall(
        r"^\| (\d+) \|(.*)\|$", (ROOT / "docs" / "client-go-map.md").read_text(encoding="utf-8"), re.MULTILINE
    )
}
# Reflector and watch-list, informer, queues, store and index; work queue; leader election; watch tools and pager.
IN_SCOPE = [
    *(n for n in range(1, 118, 2)),
    *(n for n in range(179, 220, 2)),
]
TESTS = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}


@pytest.mark.parametrize("number", IN_SCOPE)
def test_a_behaviour_has_its_line(number: int) -> None:
    """Each numbered behaviour is told of: the same, or what happens instead."""
    assert ROWS[number].strip()


@pytest.mark.parametrize("number", IN_SCOPE)
def test_what_is_the_same_is_a_test(number: int) -> None:
    """A line names only tests that are there, and one that says "the same" names one."""
    names = re.findall(r"test_\w+(?=\.py)|test_\w+(?=[:,;) |]|$)", ROWS[number])
    files = [TESTS[f"{name}.py"] for name in names if f"{name}.py" in TESTS]
    functions = [name for name in names if f"{name}.py" not in TESTS]
    text = "".join(path.read_text(encoding="utf-8") for path in TESTS.values())
    assert [name for name in functions if f"def {name}" not in text] == []
    if ROWS[number].lstrip().startswith("the same"):
        assert files or functions
