"""The public names: that they are there, for Python, for type checkers and for people."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import listwatch
from listwatch.apimachinery import errors

SOURCE = ast.parse(Path(listwatch.__file__).read_text(encoding="utf-8"))


def imported_for_type_checkers() -> dict[str, str]:
    """Name and home of what `if TYPE_CHECKING` imports."""
    block = next(
        node for node in SOURCE.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("name", listwatch.__all__)
def test_name_resolves(name: str) -> None:
    """Every public name is there, is the thing that its module defines, and is documented if it is a class."""
    value = getattr(listwatch, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value), f"{name} has no docstring"
        assert value.__name__ == name


def test_three_lists_agree() -> None:
    """What `__all__` says, what is loaded on demand and what type checkers see are the same names and homes."""
    on_demand = {name: f"listwatch.{module}" for name, module in listwatch._MODULE_OF.items()}
    assert imported_for_type_checkers() == on_demand
    assert set(listwatch.__all__) == {*on_demand, "__version__"}
    assert len(listwatch.__all__) == len(set(listwatch.__all__))


def test_all_errors_are_public() -> None:
    """Every error that a user may catch is a public name."""
    kinds = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == errors.__name__
    }
    assert kinds - set(listwatch.__all__) == {"StoreReadError"}


def test_unknown_name() -> None:
    """A name that is not there is an AttributeError, as in any module."""
    with pytest.raises(AttributeError, match="no attribute 'Clinet'"):
        _ = listwatch.Clinet  # type: ignore[attr-defined]


def test_dir_lists_all() -> None:
    """Autocompletion sees what has not been loaded yet."""
    assert set(listwatch.__all__) <= set(dir(listwatch))


@pytest.mark.parametrize(
    "module", sorted(each.name for each in pkgutil.walk_packages(listwatch.__path__, "listwatch."))
)
def test_module_imports_and_keeps_its_word(module: str) -> None:
    """Every module can be imported on its own account, says what it is, and has what its `__all__` names."""
    if module.endswith("__main__"):
        return
    loaded = importlib.import_module(module)
    assert loaded.__doc__
    for name in getattr(loaded, "__all__", ()):
        assert hasattr(loaded, name)
