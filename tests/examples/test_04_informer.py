"""The informer's program, as it stands in examples/."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from processes import serve

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_it_prints_what_happens(tmp_path: Path) -> None:
    """What was there comes first, the cache answers, and then each change is told."""
    with serve(tmp_path) as cluster:
        first = (EXAMPLES / "test-pod.yaml").read_text()
        cluster.kubectl("apply", "-f", "-", stdin=first)
        cluster.kubectl("wait", "--for=condition=Ready", "pod/test-pod", "--timeout=10s")
        with cluster.running(sys.executable, str(EXAMPLES / "04_informer.py")) as lines:
            lines.until("heard of")
            cluster.kubectl("apply", "-f", "-", stdin=first.replace("name: test-pod", "name: test-pod2"))
            lines.until("test-pod2 is Running")
            cluster.kubectl("delete", "pod", "test-pod2")
            printed = list(lines.until("DELETED"))
    assert printed == [
        "FOUND : test-pod",
        "running : test-pod",
        "1 pods, heard of 0 s ago",
        "ADDED : test-pod2",
        "UPDATED : test-pod2 is Running",
        "UPDATED : test-pod2 is Succeeded",
        "DELETED : test-pod2",
    ]
