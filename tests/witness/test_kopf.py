"""kopf: a real operator (shirt_operator.py) in a process of its own, run by `kopf run`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Lines
from witness_kit import PATIENCE, SHIRTS, config_map, shirt

from listwatch import NotFound
from listwatch.testing import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.peers]

OPERATOR = Path(__file__).with_name("shirt_operator.py")
FINALIZER = "stable.example.com/sewing"


@pytest.fixture(scope="module")
def said(lively: Cluster) -> Iterator[Lines]:
    """What the operator says while it runs; it must end well when it is interrupted."""
    lively.apply(SHIRTS)
    command = [sys.executable, "-m", "kopf", "run", "--standalone", "--namespace=default", str(OPERATOR)]
    environment = {**os.environ, **lively.env, "HOME": str(lively.kubeconfig_path.parent)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    ) as process:
        assert process.stdout is not None
        try:
            yield Lines(process.stdout)
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=PATIENCE)
    assert code == 0


def status(cluster: Cluster, name: str) -> Any:
    """What the operator has told of a shirt."""
    return cluster.get(f"shirts/{name}").get("status", {})


def hear(said: Lines, wanted: str) -> None:
    """Wait until the operator has said it, now or before."""
    if not any(wanted in line for line in said.seen):
        said.until(wanted)


def is_gone(cluster: Cluster, key: str) -> bool:
    """Whether it is not there."""
    try:
        cluster.get(key)
    except NotFound:
        return True
    return False


def test_a_shirts_life(said: Lines, lively: Cluster) -> None:
    """Handlers run once each and again after a failure; status, a finalizer, the last word on deletion."""
    lively.create(shirt("s1", "blue"))
    lively.wait_for(lambda: status(lively, "s1").get("sew") == {"color": "blue"}, timeout=PATIENCE)
    assert lively.get("shirts/s1")["metadata"]["finalizers"] == [FINALIZER]
    lively.patch("shirts/s1", {"spec": {"color": "red"}})
    lively.wait_for(lambda: status(lively, "s1").get("colors") == ["blue", "red"], timeout=PATIENCE)
    lively.wait_for(lambda: status(lively, "s1").get("note") == ["spec.color"], timeout=PATIENCE)
    lively.delete("shirts/s1")
    lively.wait_for(lambda: is_gone(lively, "shirts/s1"), timeout=PATIENCE)
    hear(said, "s1 is no more")
    assert sum("'sew' succeeded" in line for line in said.seen) == 1


def test_daemons_and_timers(said: Lines, lively: Cluster) -> None:
    """A daemon runs as long as the object is there, and holds it until it has ended; a timer runs again and again."""
    lively.create(shirt("s2", "green"))
    lively.wait_for(lambda: status(lively, "s2").get("counted") == 3, timeout=PATIENCE)
    hear(said, "s2 is being pressed")
    assert not any("s2 has been pressed" in line for line in said.seen)
    lively.delete("shirts/s2")
    lively.wait_for(lambda: is_gone(lively, "shirts/s2"), timeout=PATIENCE)
    hear(said, "s2 has been pressed")
    hear(said, "s2 is no more")


def test_events(said: Lines, lively: Cluster) -> None:
    """Raw events of built-in kinds reach the operator, selected by label; what it posts are Events of the object."""
    lively.create(config_map("other"))
    lively.create(config_map("seen", labels={"watched": "yes"}))
    hear(said, "saw seen: ")  # of no type, if the operator is still listing
    lively.delete("configmaps/seen")
    hear(said, "saw seen: DELETED")
    assert not any("saw other" in line for line in said.seen)
    lively.create(shirt("s3", "blue"))
    about = "involvedObject.kind=Shirt,involvedObject.name=s3,reason=Sewn"
    lively.wait_for(lambda: lively.list("events/default", field_selector=about), timeout=PATIENCE)
    assert lively.list("events/default", field_selector=about)[0]["message"] == "s3 is blue"
    lively.delete("shirts/s3")
    lively.wait_for(lambda: is_gone(lively, "shirts/s3"), timeout=PATIENCE)


def test_a_forgotten_history(said: Lines, lively: Cluster) -> None:
    """What happens after the history was forgotten reaches the operator like anything else."""
    lively.compact()
    lively.create(shirt("s4", "red"))
    lively.wait_for(lambda: status(lively, "s4").get("sew") == {"color": "red"}, timeout=PATIENCE)
    lively.delete("shirts/s4")
    lively.wait_for(lambda: is_gone(lively, "shirts/s4"), timeout=PATIENCE)
    assert not any("Traceback" in line for line in said.seen)
