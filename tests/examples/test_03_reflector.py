"""The reflector's program, as it stands in examples/."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from processes import serve

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_it_tells_its_store_of_every_change(tmp_path: Path) -> None:
    """The pods that are there come in one `replace`, each change after it once, and the states say what is going on."""
    with serve(tmp_path) as cluster:
        first = (EXAMPLES / "test-pod.yaml").read_text()
        cluster.kubectl("apply", "-f", "-", stdin=first)
        cluster.kubectl("wait", "--for=condition=Ready", "pod/test-pod", "--timeout=10s")
        with cluster.running(sys.executable, str(EXAMPLES / "03_reflector.py")) as lines:
            lines.until("[watching]")
            cluster.kubectl("apply", "-f", "-", stdin=first.replace("name: test-pod", "name: test-pod2"))
            cluster.kubectl("wait", "--for=condition=Ready", "pod/test-pod2", "--timeout=10s")
            cluster.kubectl("delete", "pod", "test-pod2")
            printed = list(lines.until("DELETED"))
    assert printed == [
        "[listing, start]",
        "REPLACE : test-pod",
        "[watching]",
        "ADDED : test-pod2",
        *["MODIFIED : test-pod2"] * 7,
        "DELETED : test-pod2",
    ]
