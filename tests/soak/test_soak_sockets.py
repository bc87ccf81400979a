"""The soak on real sockets, for a few seconds: that it runs, that it harms, that it notices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("soak_sockets.py")
QUICK = ("cut", "cut in the middle", "compact", "restart")
"""Those that a client notices at once."""


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", [(), ("--http",)], ids=["https", "http"])
def test_three_informers_end_where_the_server_is(way: tuple[str, ...]) -> None:
    """After seconds of cuts and restarts on real sockets, caches and handlers have what the server has."""
    faults = [word for fault in QUICK for word in ("--fault", fault)]
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--seconds", "5", "--seed", "7", "--pause", "0.4", *faults, *way],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "equal, in order, nothing lost, nothing left behind" in done.stdout
    assert done.stdout.count("  fault  ") >= 5
    assert done.stderr == ""
