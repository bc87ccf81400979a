"""The real kubectl with workloads: rollouts, jobs, logs, cascades, endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from processes import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("kubectl-life")]

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {listwatch.dev/log: "hello"}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: "nginx:1"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    metadata: {annotations: {listwatch.dev/log: "job done"}}
    spec: {restartPolicy: Never, containers: [{name: c, image: busybox}]}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("kubectl"), "--stop-delay", "0.05", "--start-delay", "0.05") as served:
        served.kubectl("apply", "-f", "-", stdin=MANIFEST)
        yield served


def test_a_job_is_waited_for_and_its_log_read(cluster: Served) -> None:
    """`kubectl wait` sees the Job complete, `kubectl logs` prints what its container printed."""
    cluster.kubectl("wait", "--for=condition=complete", "job/once", "--timeout=20s")
    assert cluster.kubectl("logs", "job/once") == "job done\n"


def test_a_rollout_goes_forth_and_back(cluster: Served) -> None:
    """`kubectl rollout` status, history and undo work on a Deployment, `kubectl scale` too."""
    cluster.kubectl("rollout", "status", "deploy/web", "--timeout=20s")
    cluster.kubectl("set", "image", "deploy/web", "c=nginx:2")
    cluster.kubectl("rollout", "status", "deploy/web", "--timeout=20s")
    cluster.kubectl("rollout", "undo", "deploy/web")
    told = cluster.kubectl("rollout", "status", "deploy/web", "--timeout=20s")
    assert told.endswith('deployment "web" successfully rolled out\n')
    history = cluster.kubectl("rollout", "history", "deploy/web").split()
    assert [each for each in history if each.isdecimal()] == ["2", "3"]
    cluster.kubectl("scale", "deploy/web", "--replicas=3")
    cluster.kubectl("rollout", "status", "deploy/web", "--timeout=20s")
    images = cluster.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={..image}").split()
    assert {each.rpartition(":")[2] for each in images} == {"1"}
    assert "ScalingReplicaSet" in cluster.kubectl("describe", "deploy", "web")


def test_a_service_has_its_endpoints(cluster: Served) -> None:
    """`kubectl expose` makes a Service whose slice holds the pods."""
    cluster.kubectl("rollout", "status", "deploy/web", "--timeout=20s")
    cluster.kubectl("expose", "deploy", "web", "--port", "80")
    selector = "kubernetes.io/service-name=web"
    jsonpath = "--for=jsonpath={.endpoints[0].conditions.ready}=true"
    cluster.kubectl("wait", jsonpath, "endpointslice", "-l", selector, "--timeout=20s")


def test_cascades(cluster: Served) -> None:
    """Orphaned, ReplicaSets outlive their Deployment; deleted in the foreground, they take their pods."""
    cluster.kubectl("delete", "deploy", "web", "--cascade=orphan")
    left = json.loads(cluster.kubectl("get", "rs", "-o", "json"))["items"]
    assert left
    assert all("ownerReferences" not in each["metadata"] for each in left)
    cluster.kubectl("delete", "rs", "--all", "--cascade=foreground")
    assert cluster.kubectl("get", "pods", "-l", "app=web", "-o", "name") == ""
