"""Every test says what it proves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("test_*.py"))


def functions_in(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The test functions of a file, those in classes, too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]


def problem(docstring: str | None) -> str | None:
    """What is wrong with a test's docstring."""
    if not docstring:
        return "has no docstring"
    text = " ".join(docstring.split())
    if text[-1] not in ".?!":
        return "does not end as a sentence does"
    if len(text.split()) < 4:
        return "says too little"
    return None


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(TESTS)) for path in FILES])
def test_every_test_states_its_rule(path: Path) -> None:
    """Every test function has a docstring, a sentence that states the rule it proves, in a file that has one."""
    problems = {test.name: text for test in functions_in(path) if (text := problem(ast.get_docstring(test)))}
    assert problems == {}
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_file_names_are_unique() -> None:
    """Test files have names of their own, so that a failure's file can be told by its name."""
    names = [path.name for path in FILES]
    assert sorted(names) == sorted(set(names))


def test_no_packages_in_tests() -> None:
    """Test folders are no packages: files are imported by their place."""
    assert list(TESTS.rglob("__init__.py")) == []
