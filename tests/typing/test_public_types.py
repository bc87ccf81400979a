"""The public interface as type checkers see it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_public_types() -> None:
    """Every public call has the type that `assert_type` says, and what must not pass does not, in strict mode."""
    # --platform and cache are mypy's own defaults: after `make check` this is a matter of a second.
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context"]
    done = subprocess.run(
        [*mypy, str(Path(__file__).with_name("public_types.py"))],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=55,
    )
    assert (done.stdout, done.returncode) == ("", 0)
