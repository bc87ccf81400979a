"""The real kubectl, unchanged, against `listwatch serve`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from processes import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("kubectl")]

MANIFEST = Path(__file__).parents[2] / "examples" / "test-pod.yaml"
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: 1
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      containers:
        - {name: a, image: "a:1", ports: [{containerPort: 80}]}
        - {name: b, image: "b:1"}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("kubectl"), "--stop-delay", "0.05") as served:
        yield served


def pod(name: str) -> str:
    """The article's manifest under another name."""
    manifest = yaml.safe_load(MANIFEST.read_text())
    manifest["metadata"]["name"] = name
    return json.dumps(manifest)


def test_apply_creates_then_finds_nothing_to_do_then_changes(cluster: Served) -> None:
    """`kubectl apply` of the article's pod creates it, is idempotent, and patches what changed."""
    assert cluster.kubectl("apply", "-f", str(MANIFEST)) == "pod/test-pod created\n"
    assert cluster.kubectl("apply", "-f", str(MANIFEST)) == "pod/test-pod unchanged\n"
    changed = yaml.safe_load(MANIFEST.read_text())
    changed["metadata"]["labels"] = {"seen": "twice"}
    assert cluster.kubectl("apply", "-f", "-", stdin=json.dumps(changed)) == "pod/test-pod configured\n"
    label = cluster.kubectl("get", "pod", "test-pod", "-o", "jsonpath={.metadata.labels.seen}")
    assert label == "twice"


def config_map(**data: str) -> str:
    """A ConfigMap to apply."""
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared"}, "data": data})


def test_server_side_apply_shares_an_object(cluster: Served) -> None:
    """`kubectl apply --server-side` makes, repeats, is refused what another owns, and takes it when forced."""
    apply = ("apply", "--server-side", "-f", "-")
    done = "configmap/shared serverside-applied\n"
    assert cluster.kubectl(*apply, stdin=config_map(k="1", l="1")) == done
    assert cluster.kubectl(*apply, stdin=config_map(k="1", l="1")) == done
    code, _, complaint = cluster.kubectl_result(*apply, "--field-manager=other", stdin=config_map(k="2"))
    assert code == 1
    assert 'Apply failed with 1 conflict: conflict with "kubectl": .data.k' in complaint
    forced = ("--field-manager=other", "--force-conflicts")
    assert cluster.kubectl(*apply, *forced, stdin=config_map(k="2")) == done
    shown = yaml.safe_load(
        cluster.kubectl("get", "configmap", "shared", "-o", "yaml", "--show-managed-fields")
    )
    assert {each["manager"]: each["fieldsV1"] for each in shown["metadata"]["managedFields"]} == {
        "kubectl": {"f:data": {"f:l": {}}},
        "other": {"f:data": {"f:k": {}}},
    }
    hidden = cluster.kubectl("get", "configmap", "shared", "-o", "yaml")
    assert "managedFields" not in hidden
    code, difference, _ = cluster.kubectl_result(
        "diff", "--server-side", "--field-manager=other", "-f", "-", stdin=config_map(k="3")
    )
    assert (code, '-  k: "2"' in difference, '+  k: "3"' in difference) == (1, True, True)
    assert cluster.kubectl("get", "configmap", "shared", "-o", "jsonpath={.data.k}") == "2"


def test_apply_moves_from_the_client_to_the_server(cluster: Served) -> None:
    """What was applied from the client is kubectl's own when it applies server-side, and goes when left out."""
    manifest = DEPLOYMENT.replace("NAME", "moved")
    cluster.kubectl("apply", "-f", "-", stdin=manifest)
    more = manifest.replace("replicas: 1", "replicas: 2")
    code, difference, complaint = cluster.kubectl_result("diff", "-f", "-", stdin=more)
    assert (code, complaint) == (1, "")
    assert ("-  replicas: 1" in difference, "+  replicas: 2" in difference) == (True, True)
    less = more.replace('        - {name: b, image: "b:1"}\n', "")
    applied = cluster.kubectl("apply", "--server-side", "-f", "-", stdin=less)
    assert applied == "deployment.apps/moved serverside-applied\n"
    found = json.loads(cluster.kubectl("get", "deployment", "moved", "-o", "json", "--show-managed-fields"))
    assert found["spec"]["replicas"] == 2
    assert [each["name"] for each in found["spec"]["template"]["spec"]["containers"]] == ["a"]
    managers = {(each["manager"], each["operation"]) for each in found["metadata"]["managedFields"]}
    assert ("kubectl", "Apply") in managers
    assert ("kubectl-client-side-apply", "Update") not in managers


def test_get_shows_a_table_and_more_when_wide(cluster: Served) -> None:
    """`kubectl get pods` prints the server's table, `-o wide` its further columns."""
    cluster.kubectl("apply", "-f", "-", stdin=pod("tabled"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/tabled", "--timeout=10s")
    header, row = cluster.kubectl("get", "pod", "tabled").splitlines()
    assert header.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert row.split()[:4] == ["tabled", "1/1", "Running", "0"]
    header, row = cluster.kubectl("get", "pod", "tabled", "-o", "wide").splitlines()
    assert header.split()[5:8] == ["IP", "NODE", "NOMINATED"]
    assert row.split()[5].startswith("10.244.")


def test_get_prints_names_json_and_yaml(cluster: Served) -> None:
    """`-o name`, `-o json` and `-o yaml` agree on the object."""
    cluster.kubectl("apply", "-f", "-", stdin=pod("printed"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/printed", "--timeout=10s")
    assert cluster.kubectl("get", "pod", "printed", "-o", "name") == "pod/printed\n"
    as_json = json.loads(cluster.kubectl("get", "pod", "printed", "-o", "json"))
    as_yaml = yaml.safe_load(cluster.kubectl("get", "pod", "printed", "-o", "yaml"))
    assert as_json["spec"]["containers"][0]["image"] == "nginx:latest"
    assert as_json == as_yaml


def test_get_watches_and_so_do_we(cluster: Served) -> None:
    """`kubectl get -w` and `listwatch watch` beside it tell the same pod's life, step by step."""
    program = str(Path(sys.executable).with_name("kubectl"))
    asked = ("pods", "-l", "life=watched")
    theirs = (program, "get", *asked, "-w", "--output-watch-events", "--no-headers")
    ours = cluster.listwatch("watch", *asked)
    bare = yaml.safe_load(MANIFEST.read_text())
    bare["metadata"] |= {"name": "lighthouse", "labels": {"life": "watched"}}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(bare))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/lighthouse", "--timeout=10s")
    with cluster.running(*theirs) as kubectl, cluster.running(*ours) as listwatch:
        kubectl.until("lighthouse")  # both have listed: what follows, both are told
        listwatch.until("lighthouse")
        bare["metadata"]["name"] = "test-pod2"
        cluster.kubectl("apply", "-f", "-", stdin=json.dumps(bare))
        cluster.kubectl("wait", "--for=condition=Ready", "pod/test-pod2", "--timeout=10s")
        cluster.kubectl("delete", "pod", "test-pod2")
        told = listwatch.until("DELETED")[1:]
        seen = [line.split()[:2] for line in kubectl.until("DELETED")[1:]]
    assert told == ["ADDED : test-pod2", *["MODIFIED : test-pod2"] * 7, "DELETED : test-pod2"]
    assert [f"{kind} : {name}" for kind, name in seen] == told


def test_label_and_annotate_change_the_object(cluster: Served) -> None:
    """`kubectl label` and `kubectl annotate` set, overwrite and remove."""
    config_map = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"marked"},"data":{"k":"v"}}'
    cluster.kubectl("create", "-f", "-", stdin=config_map)
    cluster.kubectl("label", "configmap", "marked", "tier=front")
    cluster.kubectl("label", "configmap", "marked", "tier=back", "--overwrite")
    cluster.kubectl("annotate", "configmap", "marked", "note=one")
    cluster.kubectl("annotate", "configmap", "marked", "note-")
    found = json.loads(cluster.kubectl("get", "configmap", "marked", "-o", "json"))["metadata"]
    assert found["labels"] == {"tier": "back"}
    assert "annotations" not in found


@pytest.mark.parametrize(
    ("kind", "patch", "path", "value"),
    [
        ("json", '[{"op":"replace","path":"/spec/replicas","value":4}]', "{.spec.replicas}", "4"),
        ("merge", '{"metadata":{"annotations":{"x":"1"}}}', "{.metadata.annotations.x}", "1"),
        (
            "strategic",
            '{"spec":{"template":{"spec":{"containers":[{"name":"b","image":"b:2"}]}}}}',
            "{.spec.template.spec.containers[*].image}",
            "a:1 b:2",
        ),
    ],
)
def test_patch_of_each_type(cluster: Served, kind: str, patch: str, path: str, value: str) -> None:
    """`kubectl patch` works with all three types; only the strategic one merges lists by key."""
    name = f"patched-{kind}"
    cluster.kubectl("apply", "-f", "-", stdin=DEPLOYMENT.replace("NAME", name))
    cluster.kubectl("patch", "deployment", name, f"--type={kind}", "-p", patch)
    assert cluster.kubectl("get", "deployment", name, "-o", f"jsonpath={path}") == value


def test_scale_of_a_deployment(cluster: Served) -> None:
    """`kubectl scale` goes through the scale subresource and changes the spec."""
    cluster.kubectl("apply", "-f", "-", stdin=DEPLOYMENT.replace("NAME", "scaled"))
    assert cluster.kubectl("scale", "deployment/scaled", "--replicas=5") == "deployment.apps/scaled scaled\n"
    assert cluster.kubectl("get", "deployment", "scaled", "-o", "jsonpath={.spec.replicas}") == "5"


def test_delete_and_wait_for_it(cluster: Served) -> None:
    """`kubectl delete --wait=false` marks the pod, `kubectl wait --for=delete` sees it go."""
    cluster.kubectl("apply", "-f", "-", stdin=pod("doomed"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/doomed", "--timeout=10s")
    assert "deleted" in cluster.kubectl("delete", "pod", "doomed", "--wait=false")
    cluster.kubectl("wait", "--for=delete", "pod/doomed", "--timeout=10s")
    assert "NotFound" in cluster.kubectl("get", "pod", "doomed", check=False)


def test_api_resources_lists_the_built_in_kinds(cluster: Served) -> None:
    """`kubectl api-resources` knows every built-in kind by its short name and group."""
    lines = cluster.kubectl("api-resources").splitlines()
    rows = {line.split()[0]: line.split() for line in lines[1:]}
    assert rows["pods"] == ["pods", "po", "v1", "true", "Pod"]
    assert rows["deployments"] == ["deployments", "deploy", "apps/v1", "true", "Deployment"]
    assert len(rows) > 60
