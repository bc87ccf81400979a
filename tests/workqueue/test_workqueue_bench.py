"""The benchmark measures what it says: every case works its keys off."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = Path(__file__).parents[2] / "benches" / "workqueue.py"
    spec = importlib.util.spec_from_file_location("workqueue_bench", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "KEYS", [f"key-{number}" for number in range(50)])
    monkeypatch.setattr(module, "ROUNDS", 1)
    return module


def test_every_case_comes_to_its_end(bench: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Each case runs to its end and gets a line with keys a second."""
    bench.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(bench.CASES)
    assert all(line.endswith(" keys/s") for line in lines)
