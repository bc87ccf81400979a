"""The benchmark measures what it says: every case works its keys off."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = Path(__file__).parents[2] / "benches" / "workqueue.py"
    monkeypatch.syspath_prepend(path.parent)
    spec = importlib.util.spec_from_file_location("workqueue_bench", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "KEYS", [f"key-{number}" for number in range(50)])
    return module


def test_every_case_comes_to_its_end(
    bench: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each case runs to its end and has keys a second, on the terminal and in the file of results."""
    monkeypatch.setattr(sys.modules["figures"], "_RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["workqueue.py", "--rounds", "2", "-o", "json"])
    assert bench.main() == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "workqueue.json").read_text())
    assert list(printed["figures"]) == list(bench.CASES)
    assert all(figure["keys_per_second"]["least"] > 0 for figure in printed["figures"].values())
