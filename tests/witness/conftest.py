"""What the peers' clients share: one cluster a module, with life in it, over HTTPS."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from listwatch.apiserver.life import Delays
from listwatch.testing import Cluster

BRISK = Delays(schedule=0, create=0, start=0.01, stop=0.01, run=0.01)


@pytest.fixture(scope="module")
def lively() -> Iterator[Cluster]:
    """A cluster with a scheduler, kubelets and controllers in a hurry; a module's tests share it."""
    with Cluster(simulate=True, delays=BRISK) as cluster:
        yield cluster


@pytest.fixture
def namespace(lively: Cluster, request: pytest.FixtureRequest) -> str:
    """A namespace of the test's own in the module's cluster."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name).removeprefix("test-").strip("-")
    lively.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name
