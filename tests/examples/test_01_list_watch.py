"""The article's program, as it stands in examples/."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from processes import serve

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_it_prints_what_the_article_prints(tmp_path: Path) -> None:
    """The listed name, its ADDED event, and the life of a second pod that a real kubectl creates and deletes."""
    with serve(tmp_path) as cluster:
        first = (EXAMPLES / "test-pod.yaml").read_text()
        cluster.kubectl("apply", "-f", "-", stdin=first)
        cluster.kubectl("wait", "--for=condition=Ready", "pod/test-pod", "--timeout=10s")
        with cluster.running(sys.executable, str(EXAMPLES / "01_list_watch.py")) as lines:
            lines.until("ADDED : test-pod")
            cluster.kubectl("apply", "-f", "-", stdin=first.replace("name: test-pod", "name: test-pod2"))
            cluster.kubectl("wait", "--for=condition=Ready", "pod/test-pod2", "--timeout=10s")
            cluster.kubectl("delete", "pod", "test-pod2")
            printed = list(lines.until("DELETED"))
    assert printed == [
        "test-pod",
        "ADDED : test-pod",
        "ADDED : test-pod2",
        *["MODIFIED : test-pod2"] * 7,
        "DELETED : test-pod2",
    ]
