"""The program without await, as it stands in examples/."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from processes import serve

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_it_labels_what_it_sees(tmp_path: Path) -> None:
    """Pods that were there, and those that come, get their label from the handler's thread."""
    with serve(tmp_path) as cluster:
        first = (EXAMPLES / "test-pod.yaml").read_text()
        cluster.kubectl("apply", "-f", "-", stdin=first)
        cluster.kubectl("wait", "--for=condition=Ready", "pod/test-pod", "--timeout=10s")
        with cluster.running(sys.executable, str(EXAMPLES / "06_sync_informer.py")) as lines:
            lines.until("test-pod was seen")
            cluster.kubectl("apply", "-f", "-", stdin=first.replace("name: test-pod", "name: test-pod2"))
            printed = list(lines.until("test-pod2 was seen"))
        labelled = cluster.kubectl("get", "pods", "-l", "seen=yes", "-o", "name").split()
    assert sorted(printed) == ["pods: test-pod", "test-pod was seen", "test-pod2 was seen"]
    assert labelled == ["pod/test-pod", "pod/test-pod2"]
