"""The soak of kills, for a few seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("soak_kill.py")


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_nothing_acknowledged_is_lost() -> None:
    """A server that is killed in the middle of its writes comes back with all it had answered, nothing half done."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--kills", "25", "--seed", "7"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "none lost, none half done" in done.stdout
    assert done.stderr == ""
