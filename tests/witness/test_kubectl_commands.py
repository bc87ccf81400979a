"""The other commands of kubectl, one by one: reading, editing, replacing, deleting, describing, asking."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from processes import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("kubectl-commands")]

SEED = """
apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: one, labels: {tier: front, set: seed}}
data: {size: "3"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: two, labels: {tier: back, set: seed}}
data: {size: "1"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: three, namespace: other, labels: {tier: back, set: seed}}
data: {size: "2"}
---
apiVersion: v1
kind: Secret
metadata: {name: hidden}
stringData: {k: v}
---
apiVersion: v1
kind: Pod
metadata: {name: lone, labels: {app: lone}}
spec:
  containers: [{name: a, image: "a:1", ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: lone}
spec: {selector: {app: lone}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: a, image: "a:1"}]}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("kubectl-commands"), "--stop-delay", "0.05") as served:
        made = served.kubectl("create", "-f", "-", stdin=SEED)  # one file, several documents
        assert made.count(" created\n") == 8
        served.kubectl("wait", "--for=condition=Ready", "pod/lone", "--timeout=10s")
        yield served


SEEDED = ("get", "configmaps", "-l", "set=seed")
READ = [
    (("-o", "name"), "configmap/one\nconfigmap/two\n"),
    (("-o", "name", "-A"), "configmap/one\nconfigmap/two\nconfigmap/three\n"),
    (("-o", "name", "-A", "--chunk-size=1"), "configmap/one\nconfigmap/two\nconfigmap/three\n"),
    (("-o", "name", "-A", "--sort-by={.data.size}"), "configmap/two\nconfigmap/three\nconfigmap/one\n"),
    (("-o", "name", "--field-selector=metadata.name=two"), "configmap/two\n"),
    (("-o", "jsonpath={.items[*].data.size}"), "3 1"),
    (("-o", "custom-columns=N:.metadata.name,S:.data.size", "--no-headers"), "one   3\ntwo   1\n"),
    (("-o", "go-template={{range .items}}{{.metadata.name}} {{end}}"), "one two "),
    (("-o", "name", "-A", "--show-managed-fields"), "configmap/one\nconfigmap/two\nconfigmap/three\n"),
]


@pytest.mark.parametrize(("args", "output"), READ)
def test_get_selects_sorts_pages_and_prints(cluster: Served, args: tuple[str, ...], output: str) -> None:
    """Every way of printing and selecting gives the objects that were made."""
    assert cluster.kubectl(*SEEDED, *args) == output


def test_get_raw_and_lists_of_several_kinds(cluster: Served) -> None:
    """`--raw` shows an answer as it is; `get all` and several kinds at once work."""
    assert cluster.kubectl("get", "--raw", "/healthz") == "ok"
    raw = json.loads(cluster.kubectl("get", "--raw", "/api/v1/namespaces/default/configmaps/one"))
    assert raw["data"] == {"size": "3"}
    assert {"pod/lone", "service/lone", "deployment.apps/web"} <= set(
        cluster.kubectl("get", "all", "-o", "name").split()
    )
    assert cluster.kubectl("get", "cm/one", "svc/lone", "-o", "name") == "configmap/one\nservice/lone\n"


def test_watch_only_tells_what_comes(cluster: Served) -> None:
    """`--watch-only` begins with what changes, and `-w` with what is there."""
    program = str(Path(sys.executable).with_name("kubectl"))
    both = (program, "get", "cm", "-o", "name", "--field-selector=metadata.name=watched")
    with cluster.running(*both, "--watch-only") as later, cluster.running(*both, "-w") as all_:
        done = False
        for attempt in range(100):  # until kubectl has opened its watches
            cluster.kubectl("create", "cm", "watched", check=False)
            cluster.kubectl("label", "cm", "watched", f"n={attempt}", "--overwrite")
            if not later._queue.empty() and not all_._queue.empty():
                done = True
                break
        assert done
        assert later.until("watched")[0] == all_.until("watched")[0] == "configmap/watched"


DESCRIBED = [
    ("pod", "lone", ("Status:", "Running", "Image:", "a:1", "Scheduled")),
    ("deployment", "web", ("Replicas:", "1 desired", "StrategyType:", "RollingUpdate")),
    ("service", "lone", ("Type:", "ClusterIP", "TargetPort:", "80/TCP")),
    ("configmap", "one", ("size:", "3")),
    ("secret", "hidden", ("k:", "1 bytes")),
    ("namespace", "default", ("Status:", "Active")),
]


@pytest.mark.parametrize(("kind", "name", "texts"), DESCRIBED)
def test_describe_tells_of_each_kind(cluster: Served, kind: str, name: str, texts: tuple[str, ...]) -> None:
    """`kubectl describe`, which reads protobuf where it can, shows the object and its events."""
    told = cluster.kubectl("describe", kind, name)
    assert told.startswith("Name:")
    assert [text for text in texts if text not in told] == []


def test_describe_nodes_and_events(cluster: Served) -> None:
    """Nodes show their pods and capacity, events what they are about."""
    node = cluster.kubectl("describe", "nodes")
    assert "Capacity:" in node
    assert "lone" in node
    assert "Reason:" in cluster.kubectl("describe", "events")
    assert "Successfully assigned default/lone" in cluster.kubectl("events", "--for=pod/lone")


def test_edit_by_a_script(cluster: Served, tmp_path: Path) -> None:
    """`kubectl edit` sends what the editor has left behind."""
    script = tmp_path / "editor"
    script.write_text("#!/bin/sh\nsed -i 's/color: red/color: blue/' \"$1\"\n")
    script.chmod(0o755)
    cluster.kubectl("create", "configmap", "edited", "--from-literal=color=red")
    program = str(Path(sys.executable).with_name("kubectl"))
    environment = {**cluster.environment, "KUBE_EDITOR": str(script)}
    told = subprocess.run(
        [program, "edit", "configmap", "edited"], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert told == "configmap/edited edited\n"
    assert cluster.kubectl("get", "configmap", "edited", "-o", "jsonpath={.data.color}") == "blue"


def test_patch_of_a_subresource(cluster: Served) -> None:
    """`kubectl patch --subresource` changes the status alone."""
    cluster.kubectl("autoscale", "deployment", "web", "--name=parted", "--max=3")
    patch = '{"spec":{"maxReplicas":2},"status":{"currentReplicas":7}}'
    cluster.kubectl("patch", "hpa", "parted", "--subresource=status", "--type=merge", "-p", patch)
    path = "jsonpath={.spec.maxReplicas}/{.status.currentReplicas}"
    assert cluster.kubectl("get", "hpa", "parted", "-o", path) == "3/7"
    path = "jsonpath={.kind}"
    told = cluster.kubectl("get", "hpa", "parted", "--subresource=status", "-o", path)
    assert told == "HorizontalPodAutoscaler"


def test_replace_and_replace_by_force(cluster: Served) -> None:
    """`kubectl replace` keeps the object's uid, `--force` makes another object."""
    cluster.kubectl("create", "configmap", "replaced", "--from-literal=a=1")
    uid = ("get", "configmap", "replaced", "-o", "jsonpath={.metadata.uid}")
    first = cluster.kubectl(*uid)
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "replaced"}, "data": {"a": "2"}}
    cluster.kubectl("replace", "-f", "-", stdin=json.dumps(manifest))
    assert cluster.kubectl(*uid) == first
    told = cluster.kubectl("replace", "--force", "-f", "-", stdin=json.dumps(manifest))
    assert 'configmap "replaced" deleted' in told
    assert cluster.kubectl(*uid) != first


def test_delete_by_name_selector_and_all(cluster: Served) -> None:
    """Objects go one by one, by label, and all of a namespace's."""
    cluster.kubectl("create", "namespace", "emptied")
    inside = ("-n", "emptied")
    for name in ("a", "b", "c", "d"):
        cluster.kubectl("create", "configmap", name, *inside)
    cluster.kubectl("label", "configmap", "b", "doomed=yes", *inside)
    assert 'configmap "a" deleted' in cluster.kubectl("delete", "configmap", "a", *inside)
    assert 'configmap "b" deleted' in cluster.kubectl("delete", "configmap", "-l", "doomed=yes", *inside)
    told = cluster.kubectl("delete", "configmap", "--all", *inside)
    assert 'configmap "c" deleted' in told
    assert 'configmap "d" deleted' in told
    told = cluster.kubectl("delete", "namespace", "emptied", "--wait=false")
    assert 'namespace "emptied" deleted' in told
    cluster.kubectl("wait", "--for=delete", "namespace/emptied", "--timeout=10s")


def test_delete_by_force_and_with_dry_run(cluster: Served) -> None:
    """`--grace-period=0 --force` takes a pod away at once; a dry run leaves it."""
    cluster.kubectl("run", "forced", "--image=a")
    told = cluster.kubectl("delete", "pod", "forced", "--dry-run=server")
    assert "dry run" in told
    assert "force deleted" in cluster.kubectl("delete", "pod", "forced", "--grace-period=0", "--force")
    assert "NotFound" in cluster.kubectl("get", "pod", "forced", check=False)


def test_wait_for_what_a_path_shows(cluster: Served) -> None:
    """`kubectl wait` sees conditions, values at a path, and gives up in time."""
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod/lone", "--timeout=10s")
    cluster.kubectl("wait", "--for=create", "configmap/one", "--timeout=10s")
    told = cluster.kubectl("wait", "--for=condition=Nonsense", "pod/lone", "--timeout=50ms", check=False)
    assert "timed out waiting for the condition" in told


def test_explain_tells_of_fields(cluster: Served) -> None:
    """`kubectl explain` finds a field's type and enum, and lists all below it."""
    told = cluster.kubectl("explain", "pod.spec.restartPolicy")
    assert "FIELD: restartPolicy <string>" in told
    assert "OnFailure" in told
    assert "rollingUpdate" in cluster.kubectl("explain", "deployment", "--recursive")


def test_what_the_server_is_and_serves(cluster: Served) -> None:
    """Versions, resources, addresses and identities are told."""
    assert "Server Version: v1.36" in cluster.kubectl("version")
    assert "apps/v1" in cluster.kubectl("api-versions").split()
    names = cluster.kubectl("api-resources", "-o", "name", "--verbs=list", "--namespaced").split()
    assert {"pods", "deployments.apps"} <= set(names)
    assert f"running at {cluster.url}" in cluster.kubectl("cluster-info")
    assert "kubernetes-admin" in cluster.kubectl("auth", "whoami")


def test_kustomize_and_client_side_apply(cluster: Served, tmp_path: Path) -> None:
    """`kubectl apply -k` makes what the folder says, and prunes nothing else."""
    (tmp_path / "kustomization.yaml").write_text("namePrefix: pre-\nresources: [map.yaml]\n")
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map"}, "data": {"a": "b"}}
    (tmp_path / "map.yaml").write_text(yaml.safe_dump(manifest))
    assert cluster.kubectl("apply", "-k", str(tmp_path)) == "configmap/pre-map created\n"
    assert cluster.kubectl("apply", "-k", str(tmp_path)) == "configmap/pre-map unchanged\n"
    assert cluster.kubectl("delete", "-k", str(tmp_path)).startswith('configmap "pre-map" deleted')


def test_what_is_not_served_is_refused_with_a_reason(cluster: Served) -> None:
    """`top`, `exec`, `cp` and `port-forward` end with a message that says why, not with a fault."""
    assert "Metrics API not available" in cluster.kubectl("top", "pods", check=False)
    for command in (
        ("exec", "lone", "--", "ls"),
        ("port-forward", "pod/lone", "0:80"),
        ("cp", "lone:/a", "/dev/null"),
    ):
        told = cluster.kubectl(*command, check=False)
        assert "does not" in told, command
