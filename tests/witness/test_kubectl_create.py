"""The commands of kubectl that send protobuf: create, run, expose, set, autoscale, drain, evict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from processes import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("kubectl-create")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("kubectl-create"), "--stop-delay", "0.05") as served:
        yield served


def shown(cluster: Served, *what: str) -> Any:
    """An object as `kubectl get -o json` has it."""
    return json.loads(cluster.kubectl("get", *what, "-o", "json"))


CREATED = [
    ("namespace prod", "namespace/prod", {}),
    ("configmap conf --from-literal=a=b", "configmap/conf", {"data": {"a": "b"}}),
    ("secret generic sec --from-literal=p=q", "secret/sec", {"data": {"p": "cQ=="}, "type": "Opaque"}),
    ("serviceaccount robot", "serviceaccount/robot", {}),
    (
        "quota few --hard=services=50,requests.storage=500M",
        "resourcequota/few",
        {"spec": {"hard": {"services": "50", "requests.storage": "500M"}}},
    ),
    ("priorityclass urgent --value=100", "priorityclass/urgent", {"value": 100}),
]


@pytest.mark.parametrize(("command", "name", "part"), CREATED)
def test_create_makes_what_its_flags_say(
    cluster: Served, command: str, name: str, part: dict[str, Any]
) -> None:
    """`kubectl create KIND NAME` arrives with all its fields."""
    assert f"{name.partition('/')[2]} created" in cluster.kubectl("create", *command.split())
    found = shown(cluster, name)
    assert found | part == found


def test_create_workloads(cluster: Served) -> None:
    """A deployment, a job and a cron job from the command line have a whole pod template."""
    cluster.kubectl("create", "deployment", "web", "--image=nginx:1", "--replicas=2", "--port=80")
    spec = shown(cluster, "deployment/web")["spec"]
    assert (spec["replicas"], spec["selector"]) == (2, {"matchLabels": {"app": "web"}})
    container = spec["template"]["spec"]["containers"][0]
    assert (container["image"], container["ports"]) == ("nginx:1", [{"containerPort": 80, "protocol": "TCP"}])
    cluster.kubectl("create", "job", "once", "--image=busybox", "--", "echo", "a b")
    job = shown(cluster, "job/once")["spec"]["template"]["spec"]
    assert (job["containers"][0]["command"], job["restartPolicy"]) == (["echo", "a b"], "Never")
    cluster.kubectl("create", "cronjob", "tick", "--image=busybox", "--schedule=*/5 * * * *")
    assert shown(cluster, "cronjob/tick")["spec"]["schedule"] == "*/5 * * * *"


@pytest.mark.parametrize(
    ("command", "spec"),
    [
        ("clusterip plain --tcp=80:8080", {"type": "ClusterIP"}),
        ("nodeport ported --tcp=80:8080", {"type": "NodePort"}),
        ("loadbalancer balanced --tcp=80:8080", {"type": "LoadBalancer"}),
    ],
)
def test_create_services(cluster: Served, command: str, spec: dict[str, Any]) -> None:
    """The port that is given as number arrives as number, and an address is given out."""
    cluster.kubectl("create", "service", *command.split())
    found = shown(cluster, "service", command.split()[1])["spec"]
    assert found | spec == found
    assert found["ports"][0]["targetPort"] == 8080
    assert found["clusterIP"].startswith("10.")


def test_create_roles_bindings_and_policies(cluster: Served) -> None:
    """Roles, their bindings, an ingress and a disruption budget arrive with their rules."""
    cluster.kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods")
    rule = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}
    assert shown(cluster, "role/reader")["rules"] == [rule]
    cluster.kubectl("create", "rolebinding", "jane", "--role=reader", "--user=jane")
    assert shown(cluster, "rolebinding/jane")["subjects"][0]["name"] == "jane"
    cluster.kubectl("create", "clusterrole", "nodes", "--verb=get", "--resource=nodes")
    cluster.kubectl("create", "clusterrolebinding", "nodes", "--clusterrole=nodes", "--group=ops")
    assert shown(cluster, "clusterrolebinding/nodes")["roleRef"]["name"] == "nodes"
    cluster.kubectl("create", "ingress", "front", "--rule=a.com/*=web:80")
    path = shown(cluster, "ingress/front")["spec"]["rules"][0]["http"]["paths"][0]
    assert path["backend"] == {"service": {"name": "web", "port": {"number": 80}}}
    cluster.kubectl("create", "poddisruptionbudget", "some", "--selector=a=b", "--min-available=50%")
    assert shown(cluster, "pdb/some")["spec"]["minAvailable"] == "50%"


def test_run_expose_set_and_autoscale(cluster: Served) -> None:
    """A pod and a deployment are made, exposed, changed and scaled without a manifest."""
    cluster.kubectl("run", "lone", "--image=nginx", "--port=80", "--labels=app=lone", "--env=A=B")
    assert shown(cluster, "pod/lone")["spec"]["containers"][0]["env"] == [{"name": "A", "value": "B"}]
    cluster.kubectl("expose", "pod", "lone", "--port=80", "--name=lone-service")
    assert shown(cluster, "service/lone-service")["spec"]["selector"] == {"app": "lone"}
    cluster.kubectl("create", "deployment", "shop", "--image=a:1")
    cluster.kubectl("set", "image", "deployment/shop", "a=a:2")
    cluster.kubectl("set", "env", "deployment/shop", "C=D")
    cluster.kubectl("set", "resources", "deployment/shop", "--limits=cpu=200m")
    container = shown(cluster, "deployment/shop")["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["env"]) == ("a:2", [{"name": "C", "value": "D"}])
    assert container["resources"]["limits"] == {"cpu": "200m"}
    cluster.kubectl("autoscale", "deployment", "shop", "--min=1", "--max=3")
    assert shown(cluster, "hpa/shop")["spec"]["maxReplicas"] == 3


def test_what_exists_or_is_invalid_is_refused_in_words(cluster: Served) -> None:
    """Refusals reach kubectl, which asks for them in protobuf, with their whole text."""
    cluster.kubectl("create", "configmap", "twice")
    again = cluster.kubectl("create", "configmap", "twice", check=False)
    assert 'configmaps "twice" already exists' in again
    wrong = cluster.kubectl("create", "configmap", "UPPER", check=False)
    assert 'ConfigMap "UPPER" is invalid: metadata.name' in wrong


def test_cordon_taint_and_drain_a_node(cluster: Served) -> None:
    """A node is closed, marked, emptied by evictions, and opened again."""
    node = cluster.kubectl("get", "nodes", "-o", "name").split()[0].removeprefix("node/")
    cluster.kubectl("run", "tenant", "--image=nginx")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/tenant", "--timeout=10s")
    cluster.kubectl("taint", "nodes", node, "k=v:NoExecute")
    assert {"key": "k", "value": "v", "effect": "NoExecute"} in shown(cluster, "node", node)["spec"]["taints"]
    cluster.kubectl("taint", "nodes", node, "k-")
    cluster.kubectl("cordon", node)
    assert shown(cluster, "node", node)["spec"]["unschedulable"] is True
    told = cluster.kubectl("drain", node, "--force", "--ignore-daemonsets", "--pod-selector=run=tenant")
    assert "evicting pod default/tenant" in told
    assert "NotFound" in cluster.kubectl("get", "pod", "tenant", check=False)
    cluster.kubectl("uncordon", node)
    assert "unschedulable" not in shown(cluster, "node", node)["spec"]
