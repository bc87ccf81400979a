"""What an import loads: nothing that is not needed yet."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SRC = Path(__file__).parents[2] / "src"
HEAVY = ("aiohttp", "yaml", "ssl", "msgspec", "asyncio", "cryptography", "rich")


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after a statement and had not before."""
    program = (
        "import sys, json; before = set(sys.modules)\n"
        f"{statement}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return set(json.loads(done.stdout))


def models_in(modules: set[str]) -> set[str]:
    """The generated kinds among them."""
    return {name for name in modules if name.startswith("listwatch.api.") and "_v" in name.rpartition(".")[2]}


def test_bare_import() -> None:
    """`import listwatch` loads itself, its version and a little of the standard library, and nothing heavy."""
    modules = loaded_by("import listwatch")
    assert {name for name in modules if name.startswith("listwatch")} == {"listwatch", "listwatch.version"}
    assert modules.isdisjoint(HEAVY)


def test_plain_values_load_no_network() -> None:
    """Naming a plain type loads its module, but no model and nothing of the network."""
    modules = loaded_by("from listwatch import ListOptions, EventType, ObjectKey, Resource, NotFound")
    assert models_in(modules) == set()
    assert modules.isdisjoint({"aiohttp", "yaml", "ssl"})


@pytest.mark.parametrize("statement", ["from listwatch import Client, ListWatch", "import listwatch.sync"])
def test_client_loads_no_model(statement: str) -> None:
    """The client itself needs no model module, and neither the embedded server nor the command line."""
    modules = loaded_by(statement)
    assert models_in(modules) == set()
    assert not {name for name in modules if name.startswith(("listwatch.apiserver.", "listwatch.cli."))}


def test_model_loads_only_what_it_names() -> None:
    """A model module brings those of the groups that its types refer to, and no network."""
    modules = loaded_by("from listwatch.api.apps_v1 import Deployment")
    assert models_in(modules) <= {f"listwatch.api.{name}_v1" for name in ("apps", "core", "meta")}
    assert modules.isdisjoint({"aiohttp", "yaml", "ssl"})
