"""Sizes that a reader can hold in mind, and cards that say where a module stands."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "listwatch"
GENERATED = set((SRC / "api").glob("*_v[0-9]*.py"))
MODULES = sorted(set(SRC.rglob("*.py")) - GENERATED)
MODULE_LINES = 600
FUNCTION_LINES = 60
# Modules on the way of an event, from the socket to the reader.
ON_THE_WAY = {
    "client": ("rest", "frames", "watch", "pager", "resource", "subresource", "client", "connection"),
    "apimachinery": ("codec", "watch_event", "object"),
    "reflector": ("list_watch", "stream", "intake", "machine", "reflector", "state_feed"),
    "shared_informer": (
        "shared_store",
        "deltas",
        "delta_fifo",
        "indexer",
        "lister",
        "notifications",
        "processor",
        "registration",
        "mailbox",
        "shared_informer",
    ),
    "workqueue": ("work_queue", "queue_state"),
    "controller": ("controller", "reconcile", "keys"),
}


def ids(paths: list[Path]) -> list[str]:
    """Short names."""
    return [str(path.relative_to(SRC)) for path in paths]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring, which is as long as the contract needs."""
    lines = (node.end_lineno or 0) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and ast.get_docstring(node) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_sizes(path: Path) -> None:
    """No module written by hand is over 600 lines, no function over 60, docstrings apart."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MODULE_LINES
    functions = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert {node.name: length(node) for node in functions if length(node) > FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_card(path: Path) -> None:
    """Every module opens with a docstring whose first sentence fits on a line or two."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring
    assert len(docstring.split("\n\n")[0]) <= 240


@pytest.mark.parametrize(
    "name", [f"{layer}/{each}.py" for layer, names in ON_THE_WAY.items() for each in names]
)
def test_stage_card(name: str) -> None:
    """A module on the event's way says where things come from and where they go, and in which upstream part."""
    docstring = ast.get_docstring(ast.parse((SRC / name).read_text(encoding="utf-8"))) or ""
    keys = {line.partition(":")[0] for line in docstring.splitlines() if ":" in line[:8]}
    assert {"In", "Out"} <= keys


@pytest.mark.parametrize("path", MODULES, ids=ids(MODULES))
def test_next_exists(path: Path) -> None:
    """Modules that a card names exist: a reader who follows them arrives."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    layers = {each.name for each in SRC.iterdir() if each.is_dir()}
    named = {
        word.strip("(),.;:`")
        for word in docstring.split()
        if word.strip("(),.;:`").endswith(".py") and word.strip("(),.;:`").partition("/")[0] in layers
    }
    assert {each for each in named if not any(SRC.glob(each))} == set()
