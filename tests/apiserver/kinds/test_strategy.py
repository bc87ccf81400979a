"""What creates and updates change beyond what was written."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from listwatch.apiserver.kinds.strategy import (
    assign_cluster_ip,
    counts_generation,
    deletion_grace_period,
    needs_cluster_ip,
    pod_qos,
    prepare_for_create,
    prepare_for_update,
    unassigned_node_ports,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def obj(kind: str, api_version: str = "v1", **parts: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "uid": "u"}, **parts}


def created(group: str, resource: str, given: dict[str, Any], **options: Any) -> dict[str, Any]:
    prepare_for_create(group, resource, given, now=NOW, **options)
    return given


def test_a_create_wipes_what_only_the_server_sets() -> None:
    """Deletion, generation and status of the writer do not count."""
    given = obj("Deployment", "apps/v1", spec={}, status={"replicas": 9})
    given["metadata"] |= {"generation": 7, "deletionTimestamp": "x", "deletionGracePeriodSeconds": 3}
    done = created("apps", "deployments", given)
    assert done["metadata"] == {"name": "x", "uid": "u", "generation": 1}
    assert done["status"] == {}


@pytest.mark.parametrize(("has_status", "kept"), [(True, False), (False, True)])
def test_a_custom_resource_keeps_its_status_unless_that_is_a_subresource(
    has_status: bool, kept: bool
) -> None:
    """A definition's status subresource decides; generation is counted in any case."""
    done = created("x.io", "widgets", obj("Widget", "x.io/v1", status={"a": 1}), has_status=has_status)
    assert ("status" in done) is kept
    assert done["metadata"]["generation"] == 1


def test_a_created_pod_is_admitted() -> None:
    """Priority, tolerations and the first status; own tolerations of the same taints are enough."""
    own = {"key": "node.kubernetes.io/not-ready", "operator": "Exists"}
    done = created(
        "", "pods", obj("Pod", spec={"tolerations": [own], "priorityClassName": "system-node-critical"})
    )
    assert [each["key"] for each in done["spec"]["tolerations"]] == [
        own["key"],
        "node.kubernetes.io/unreachable",
    ]
    assert done["spec"]["priority"] == 2_000_001_000
    assert done["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


def test_a_gated_pod_says_so() -> None:
    """Scheduling gates show among the conditions from the beginning."""
    done = created("", "pods", obj("Pod", spec={"schedulingGates": [{"name": "g"}]}))
    assert done["status"]["conditions"][0]["reason"] == "SchedulingGated"


@pytest.mark.parametrize(
    ("containers", "qos"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {"cpu": "1"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}], "Guaranteed"),
        (
            [{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m", "memory": "1024Mi"}}],
            "Guaranteed",
        ),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}, {}], "Burstable"),
        ([{"limits": {"cpu": []}}], "BestEffort"),
    ],
)
def test_the_quality_of_service_follows_from_the_resources(containers: list[Any], qos: str) -> None:
    """Guaranteed when all is limited to what is requested, BestEffort when nothing is asked for."""
    assert pod_qos({"containers": [{"resources": each} for each in containers]}) == qos


def test_created_kinds_get_what_they_need() -> None:
    """Namespaces, nodes, volumes and claims."""
    assert created("", "namespaces", obj("Namespace"))["spec"] == {"finalizers": ["kubernetes"]}
    taints = created("", "nodes", obj("Node", status={"phase": "kept"}))
    assert taints["spec"]["taints"] == [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]
    assert taints["status"] == {"phase": "kept"}
    assert created("", "persistentvolumes", obj("PersistentVolume"))["status"] == {
        "phase": "Pending",
        "lastPhaseTransitionTime": "2026-11-23T00:00:00Z",
    }
    claim = created(
        "", "persistentvolumeclaims", obj("PersistentVolumeClaim", spec={"dataSource": {"name": "d"}})
    )
    assert claim["spec"]["dataSourceRef"] == {"name": "d"}


def test_a_job_with_its_own_selector_or_labels_keeps_them() -> None:
    """`manualSelector` leaves the selector alone; labels of its own are not replaced by the template's."""
    manual = {"manualSelector": True, "selector": {"matchLabels": {"a": "b"}}, "template": {}}
    assert created("batch", "jobs", obj("Job", "batch/v1", spec=copy.deepcopy(manual)))["spec"] == manual
    given = obj("Job", "batch/v1", spec={"template": {}})
    given["metadata"]["labels"] = {"mine": "1"}
    done = created("batch", "jobs", given)
    assert done["metadata"]["labels"] == {"mine": "1"}
    assert done["spec"]["selector"]["matchLabels"] == {"batch.kubernetes.io/controller-uid": "u"}


def updated(
    group: str, resource: str, new: dict[str, Any], old: dict[str, Any], **options: Any
) -> dict[str, Any]:
    before = copy.deepcopy(old)
    prepare_for_update(group, resource, new, old, **options)
    assert old == before
    return new


OLD = {
    **obj("Deployment", "apps/v1", spec={"replicas": 1}, status={"replicas": 1}),
    "metadata": {"name": "x", "uid": "u", "generation": 4, "creationTimestamp": "t", "labels": {"a": "1"}},
}


def test_an_update_writes_all_but_the_status() -> None:
    """The status stays, system metadata stays, and the generation counts a changed spec."""
    new = {
        **OLD,
        "metadata": {"name": "x", "generation": 9},
        "spec": {"replicas": 2},
        "status": {"replicas": 7},
    }
    done = updated("apps", "deployments", new, OLD)
    assert done["status"] == {"replicas": 1}
    assert done["metadata"] == {"name": "x", "uid": "u", "generation": 5, "creationTimestamp": "t"}


@pytest.mark.parametrize(
    ("group", "resource", "annotations", "generation"),
    [
        ("apps", "deployments", {"a": "b"}, 5),
        ("apps", "replicasets", {"a": "b"}, 4),
        ("apps", "deployments", None, 4),
    ],
)
def test_annotations_count_for_deployments_only(
    group: str, resource: str, annotations: dict[str, str] | None, generation: int
) -> None:
    """A Deployment's annotations are handed on to its replica sets, so they count as a change."""
    new = copy.deepcopy(OLD)
    if annotations:
        new["metadata"]["annotations"] = annotations
    assert updated(group, resource, new, OLD)["metadata"]["generation"] == generation


def test_a_status_update_writes_nothing_but_the_status() -> None:
    """Spec and labels stay, the generation does not move."""
    new = copy.deepcopy(OLD)
    new |= {"spec": {"replicas": 77}, "status": {"replicas": 2}}
    new["metadata"]["labels"] = {"b": "2"}
    done = updated("apps", "deployments", new, OLD, subresource="status")
    assert done == {**OLD, "status": {"replicas": 2}}


def test_a_custom_status_update_keeps_the_metadata() -> None:
    """Only field managers and the version that is asked for are the writer's."""
    old = {"apiVersion": "x.io/v1", "kind": "W", "metadata": {"name": "x", "labels": {"a": "1"}}, "spec": 1}
    new = {**old, "metadata": {"name": "x", "resourceVersion": "5"}, "spec": 2, "status": {"s": 1}}
    done = updated("x.io", "ws", new, old, subresource="status")
    assert done["metadata"] == {"name": "x", "labels": {"a": "1"}, "resourceVersion": "5"}
    assert (done["spec"], done["status"]) == (1, {"s": 1})


def test_a_deletion_mark_cannot_be_taken_back() -> None:
    """An update neither removes nor changes the time of deletion."""
    old = copy.deepcopy(OLD)
    old["metadata"] |= {"deletionTimestamp": "d", "deletionGracePeriodSeconds": 5}
    done = updated("apps", "deployments", {**OLD, "metadata": {"name": "x"}}, old)
    assert done["metadata"]["deletionTimestamp"] == "d"
    assert done["metadata"]["deletionGracePeriodSeconds"] == 5


@pytest.mark.parametrize(
    ("subresource", "new", "expected"),
    [
        (
            "finalize",
            {"spec": {"finalizers": []}, "status": {"phase": "x"}},
            {"spec": {}, "status": {"phase": "p"}},
        ),
        (
            "ephemeralcontainers",
            {"spec": {"ephemeralContainers": [{"name": "e"}], "nodeName": "n"}},
            {"spec": {"finalizers": ["k"], "ephemeralContainers": [{"name": "e"}]}, "status": {"phase": "p"}},
        ),
        (
            "approval",
            {"spec": {}, "status": {"conditions": [{"type": "Approved"}]}},
            {"spec": {"finalizers": ["k"]}, "status": {"phase": "p", "conditions": [{"type": "Approved"}]}},
        ),
    ],
)
def test_other_subresources_write_their_part(subresource: str, new: dict[str, Any], expected: Any) -> None:
    """Each writes only what it is for."""
    old = {**obj("X"), "spec": {"finalizers": ["k"]}, "status": {"phase": "p"}}
    done = updated("", "things", {**obj("X"), **new}, old, subresource=subresource)
    assert {name: done[name] for name in expected} == expected


def test_a_resize_writes_resources_only() -> None:
    """Images and the like stay as they are."""
    old = {**obj("Pod"), "spec": {"containers": [{"name": "c", "image": "i", "resources": {}}]}}
    new = {
        **obj("Pod"),
        "spec": {"containers": [{"name": "c", "image": "j", "resources": {"limits": {"cpu": "1"}}}]},
    }
    done = updated("", "pods", new, old, subresource="resize")
    assert done["spec"]["containers"] == [{"name": "c", "image": "i", "resources": {"limits": {"cpu": "1"}}}]


@pytest.mark.parametrize(
    ("pod", "requested", "seconds"),
    [
        ({"spec": {"nodeName": "n"}}, None, 30),
        ({"spec": {"nodeName": "n", "terminationGracePeriodSeconds": 5}}, None, 5),
        ({"spec": {"nodeName": "n"}}, 0, 0),
        ({"spec": {"nodeName": "n"}}, 7, 7),
        ({"spec": {"nodeName": "n"}}, -3, 1),
        ({"spec": {}}, 7, 0),
        ({"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded"}}, None, 0),
    ],
)
def test_only_working_pods_get_time_to_finish(
    pod: dict[str, Any], requested: int | None, seconds: int
) -> None:
    """Unscheduled and finished pods, and everything else, go at once."""
    assert deletion_grace_period("", "pods", pod, requested) == seconds
    assert deletion_grace_period("", "configmaps", pod, requested) == 0


@pytest.mark.parametrize(
    ("spec", "needs", "expected"),
    [
        (
            {},
            True,
            {
                "clusterIP": "10.0.0.9",
                "clusterIPs": ["10.0.0.9"],
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
            },
        ),
        (
            {"clusterIP": "None", "selector": {"a": "b"}},
            False,
            {"clusterIPs": ["None"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"},
        ),
        (
            {"clusterIP": "None"},
            False,
            {"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "RequireDualStack"},
        ),
        ({"clusterIP": "fd00::1"}, False, {"ipFamilies": ["IPv6"]}),
        ({"type": "ExternalName"}, False, {}),
    ],
)
def test_a_service_gets_its_address(spec: dict[str, Any], needs: bool, expected: dict[str, Any]) -> None:
    """What the address implies is filled in; headless and external services get none."""
    service = obj("Service", spec={"type": "ClusterIP", **spec})
    assert needs_cluster_ip(service) is needs
    assign_cluster_ip(service, "10.0.0.9")
    assert expected.items() <= service["spec"].items()
    assert ("clusterIP" in service["spec"]) is (spec.get("type") != "ExternalName")


def test_a_service_keeps_what_was_assigned() -> None:
    """An update that does not mention addresses and node ports leaves them."""
    old = obj("Service", spec={
        "type": "NodePort", "clusterIP": "1", "clusterIPs": ["1"], "ipFamilies": ["IPv4"],
        "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30001}],
    })  # fmt: skip
    ports = [{"port": 80, "protocol": "TCP"}, {"port": 81, "protocol": "TCP"}]
    done = updated("", "services", obj("Service", spec={"type": "NodePort", "ports": ports}), old)
    assert done["spec"]["clusterIPs"] == ["1"]
    assert done["spec"]["ports"][0]["nodePort"] == 30001
    assert unassigned_node_ports(done) == [{"port": 81, "protocol": "TCP"}]
    assert unassigned_node_ports(obj("Service", spec={"type": "ClusterIP", "ports": ports})) == []


def test_a_daemon_set_counts_its_templates() -> None:
    """The annotation goes up with the template, and is not the writer's."""
    old = created("apps", "daemonsets", obj("DaemonSet", "apps/v1", spec={"template": {"a": 1}}))
    same = updated("apps", "daemonsets", obj("DaemonSet", "apps/v1", spec={"template": {"a": 1}}), old)
    changed = updated("apps", "daemonsets", obj("DaemonSet", "apps/v1", spec={"template": {"a": 2}}), old)
    name = "deprecated.daemonset.template.generation"
    assert same["metadata"]["annotations"][name] == "1"
    assert changed["metadata"]["annotations"][name] == "2"


def test_which_kinds_count_generations() -> None:
    """Configuration has none, workloads and custom resources do."""
    assert counts_generation("apps", "deployments")
    assert counts_generation("x.io", "anything")
    assert not counts_generation("", "configmaps")
