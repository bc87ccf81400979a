"""The controller's program, as it stands in examples/."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from processes import Lines, serve

EXAMPLES = Path(__file__).parents[2] / "examples"


def again(lines: Lines) -> None:
    """Read on until one more line has come."""
    seen = len(lines.seen)
    lines.seen.append("")  # so that the last line is not taken for the next
    lines.until("says")
    del lines.seen[seen]


@pytest.mark.slow
def test_it_keeps_the_count(tmp_path: Path) -> None:
    """The config map is made, follows the pods, and comes back or is put right when somebody meddles with it."""
    with serve(tmp_path) as cluster:
        first = (EXAMPLES / "test-pod.yaml").read_text()
        cluster.kubectl("apply", "-f", "-", stdin=first)

        def count() -> str:
            return cluster.kubectl("get", "configmap", "pod-count", "-o", "jsonpath={.data.pods}")

        with cluster.running(sys.executable, str(EXAMPLES / "05_controller.py")) as lines:
            lines.until("says 1")
            assert count() == "1"
            cluster.kubectl("apply", "-f", "-", stdin=first.replace("name: test-pod", "name: test-pod2"))
            lines.until("says 2")
            cluster.kubectl("delete", "configmap", "pod-count")
            again(lines)
            cluster.kubectl("patch", "configmap", "pod-count", "-p", '{"data":{"pods":"99"}}')
            again(lines)
            assert count() == "2"
            cluster.kubectl("delete", "pod", "test-pod")
            printed = list(lines.until("says 1"))
            assert count() == "1"
    assert printed == [f"default/pod-count says {number}" for number in (1, 2, 2, 2, 1)]
