"""Tables: each recorded one cell for cell, and the words for what the recordings do not show."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.kinds.durations import age, human_duration
from listwatch.apiserver.printing import printers
from listwatch.apiserver.printing.printers_pods import pod_cells
from listwatch.apiserver.wire.timestamps import parse_timestamp

RECORDING = Path(__file__).parents[2] / "recordings" / "kube-apiserver-1.36.jsonl"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def place(path: str) -> tuple[str, str]:
    parts = path.partition("?")[0].strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    return group, rest[2] if rest[0] == "namespaces" and len(rest) > 2 else rest[0]


def recorded_tables() -> list[Any]:
    found, objects = [], {}
    steps = [json.loads(line) for line in RECORDING.read_text("utf-8").splitlines()]
    last: dict[str, Any] = {}
    for step in steps:
        body = step["response"].get("body")
        for item in (body.get("items") or [body]) if isinstance(body, dict) else []:
            metadata = item.get("metadata") or {}
            uid, version = metadata.get("uid"), metadata.get("resourceVersion")
            if not uid or not version:
                continue
            if item.get("kind") == "Scale":
                item = {**last[uid], "spec": {**last[uid]["spec"], **item["spec"]}}  # noqa: PLW2901
            objects[uid, version] = last[uid] = item
    for step in steps:
        body = step["response"].get("body")
        if isinstance(body, dict) and body.get("kind") == "Table" and step["flow"] != "custom_resources":
            found.append(pytest.param(step, objects, id=f"{step['flow']} {step['n']}"))
    return found


@pytest.mark.parametrize(("step", "objects"), recorded_tables())
def test_a_recorded_table_is_printed_cell_for_cell(step: dict[str, Any], objects: dict[Any, Any]) -> None:
    """Columns with their descriptions, and every cell but the age, are those of the real server."""
    table = step["response"]["body"]
    group, resource = place(step["request"]["path"])
    columns = printers.columns(group, resource)
    assert columns == table["columnDefinitions"]
    ages = [index for index, column in enumerate(columns) if column["name"] == "Age"]
    for row in table["rows"]:
        shown = row.get("object")
        if shown is None:
            continue
        metadata = shown["metadata"]
        obj = objects[metadata["uid"], metadata["resourceVersion"]]
        now = parse_timestamp(metadata["creationTimestamp"])
        cells = printers.row_cells(group, resource, obj, now=now)
        expected = list(row["cells"])
        for index in ages:
            assert cells[index] == "0s"
            expected[index] = "0s"
        assert cells == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (200, "3m20s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (5 * 3600 + 60, "5h1m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (50 * 3600, "2d2h"),
        (8 * 86400, "8d"),
        (729 * 86400, "729d"),
        (730 * 86400, "2y"),
        (800 * 86400, "2y70d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    """Two or three significant figures, with the steps of kubectl."""
    assert human_duration(seconds) == text


def test_an_age_needs_a_timestamp() -> None:
    """What is no timestamp has an unknown age."""
    assert age("2026-11-23T11:59:00Z", NOW) == "60s"
    assert age(None, NOW) == "<unknown>"
    assert age("yesterday", NOW) == "<unknown>"


def pod(
    phase: str = "Running", *, deleted: bool = False, containers: int = 1, **status: Any
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "p", "creationTimestamp": "2026-11-23T11:58:00Z"}
    if deleted:
        metadata["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    spec = {"containers": [{"name": f"c{index}"} for index in range(containers)]}
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase, **status}}


def container(state: dict[str, Any], *, ready: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": "c0", "state": state, "ready": ready, "restartCount": 0, **more}


RUNNING = {"running": {"startedAt": "2026-11-23T11:59:00Z"}}
READY = [{"type": "Ready", "status": "True"}]


@pytest.mark.parametrize(
    ("obj", "ready", "status", "restarts"),
    [
        (pod("Pending"), "0/1", "Pending", "0"),
        (
            pod("Pending", conditions=[{"type": "PodScheduled", "reason": "SchedulingGated"}]),
            "0/1",
            "SchedulingGated",
            "0",
        ),
        (
            pod("Pending", containerStatuses=[container({"waiting": {"reason": "ContainerCreating"}})]),
            "0/1",
            "ContainerCreating",
            "0",
        ),
        (pod(containerStatuses=[container(RUNNING, ready=True)], conditions=READY), "1/1", "Running", "0"),
        (pod(deleted=True, containerStatuses=[container(RUNNING, ready=True)]), "1/1", "Terminating", "0"),
        (pod("Succeeded", deleted=True), "0/1", "Succeeded", "0"),
        (pod("Failed", reason="Evicted"), "0/1", "Evicted", "0"),
        (pod(deleted=True, reason="NodeLost"), "0/1", "Unknown", "0"),
        (
            pod(
                containerStatuses=[
                    container(
                        {"waiting": {"reason": "CrashLoopBackOff"}},
                        restartCount=3,
                        lastState={"terminated": {"exitCode": 1, "finishedAt": "2026-11-23T11:55:00Z"}},
                    )
                ]
            ),
            "0/1",
            "CrashLoopBackOff",
            "3 (5m ago)",
        ),
        (pod(containerStatuses=[container({"terminated": {"exitCode": 2}})]), "0/1", "ExitCode:2", "0"),
        (
            pod(containerStatuses=[container({"terminated": {"exitCode": 2, "signal": 9}})]),
            "0/1",
            "Signal:9",
            "0",
        ),
        (
            pod(
                containers=2,
                conditions=READY,
                containerStatuses=[
                    container({"terminated": {"exitCode": 0, "reason": "Completed"}}),
                    container(RUNNING, ready=True),
                ],
            ),
            "1/2",
            "Running",
            "0",
        ),
        (
            pod(
                containers=2,
                containerStatuses=[
                    container({"terminated": {"exitCode": 0, "reason": "Completed"}}),
                    container(RUNNING, ready=True),
                ],
            ),
            "1/2",
            "NotReady",
            "0",
        ),
    ],
)
def test_a_pods_state_in_one_word(obj: dict[str, Any], ready: str, status: str, restarts: str) -> None:
    """READY, STATUS and RESTARTS follow from phase, conditions, containers and deletion."""
    assert pod_cells(obj, NOW)[1:4] == [ready, status, restarts]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([{"name": "i", "state": {"waiting": {"reason": "PodInitializing"}}}], "Init:0/2"),
        ([{"name": "i", "state": {"waiting": {"reason": "ErrImagePull"}}}], "Init:ErrImagePull"),
        ([{"name": "i", "state": {"terminated": {"exitCode": 3}}}], "Init:ExitCode:3"),
        ([{"name": "i", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}], "Init:Error"),
        (
            [{"name": "i", "state": {"terminated": {"exitCode": 0}}}, {"name": "j", "state": RUNNING}],
            "Init:1/2",
        ),
    ],
)
def test_initial_containers_hold_a_pod_up(statuses: list[dict[str, Any]], status: str) -> None:
    """The first initial container that is not done says what the pod waits for."""
    obj = pod("Pending", initContainerStatuses=statuses)
    obj["spec"]["initContainers"] = [{"name": "i"}, {"name": "j"}]
    assert pod_cells(obj, NOW)[2] == status


def test_a_sidecar_counts_among_the_containers() -> None:
    """An initial container that keeps running is one more that can be ready."""
    obj = pod(
        conditions=READY,
        initContainerStatuses=[
            {"name": "s", "state": RUNNING, "started": True, "ready": True, "restartCount": 2}
        ],
        containerStatuses=[container(RUNNING, ready=True)],
    )
    obj["spec"]["initContainers"] = [{"name": "s", "restartPolicy": "Always"}]
    assert pod_cells(obj, NOW)[1:4] == ["2/2", "Running", "2"]


def test_readiness_gates_are_counted() -> None:
    """The last wide cell tells how many gates are passed."""
    obj = pod(conditions=[{"type": "g", "status": "True"}])
    obj["spec"]["readinessGates"] = [{"conditionType": "g"}, {"conditionType": "h"}]
    assert pod_cells(obj, NOW)[-1] == "1/2"


def test_a_finished_pod_is_marked() -> None:
    """Its row has the condition by which clients leave it out; other rows have none."""
    assert printers.row_conditions("", "pods", pod("Succeeded"))[0]["type"] == "Completed"
    assert printers.row_conditions("", "pods", pod()) == []
    assert printers.row_conditions("", "configmaps", {}) == []


META = {"name": "x", "creationTimestamp": "2026-11-23T11:59:00Z"}


@pytest.mark.parametrize(
    ("group", "resource", "obj", "cells"),
    [
        (
            "",
            "services",
            {
                "spec": {
                    "type": "LoadBalancer",
                    "clusterIP": "10.0.0.1",
                    "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}],
                }
            },
            ["x", "LoadBalancer", "10.0.0.1", "<pending>", "80:30080/TCP", "60s", "<none>"],
        ),
        (
            "",
            "services",
            {"spec": {"type": "ExternalName", "externalName": "a.b"}},
            ["x", "ExternalName", "<none>", "a.b", "<none>", "60s", "<none>"],
        ),
        (
            "",
            "endpoints",
            {"subsets": [{"addresses": [{"ip": f"10.0.0.{n}"} for n in range(5)], "ports": [{"port": 80}]}]},
            ["x", "10.0.0.0:80,10.0.0.1:80,10.0.0.2:80 + 2 more...", "60s"],
        ),
        ("", "endpoints", {}, ["x", "<none>", "60s"]),
        (
            "",
            "events",
            {
                "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec"},
                "lastTimestamp": "2026-11-23T11:59:30Z",
                "firstTimestamp": "2026-11-23T11:58:00Z",
                "count": 4,
                "reason": "R",
                "type": "Normal",
                "message": " m ",
                "source": {"component": "c", "host": "h"},
            },
            ["30s", "Normal", "R", "pod/p", "spec", "c, h", "m", "2m", 4, "x"],
        ),
        (
            "",
            "persistentvolumeclaims",
            {
                "spec": {"volumeName": "v", "storageClassName": "s", "volumeMode": "Filesystem"},
                "status": {
                    "phase": "Bound",
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadWriteOnce"],
                },
            },
            ["x", "Bound", "v", "1Gi", "RWO", "s", "<unset>", "60s", "Filesystem"],
        ),
        (
            "batch",
            "jobs",
            {
                "spec": {"completions": 2},
                "status": {
                    "succeeded": 2,
                    "startTime": "2026-11-23T11:00:00Z",
                    "completionTime": "2026-11-23T11:00:30Z",
                    "conditions": [{"type": "Complete", "status": "True"}],
                },
            },
            ["x", "Complete", "2/2", "30s", "60s", "", "", "<none>"],
        ),
        (
            "batch",
            "cronjobs",
            {"spec": {"schedule": "* * * * *", "suspend": False}},
            ["x", "* * * * *", "<none>", "False", 0, "<none>", "60s", "", "", "<none>"],
        ),
        (
            "networking.k8s.io",
            "ingresses",
            {"spec": {"tls": [{}], "rules": [{"host": h} for h in "abcd"]}},
            ["x", "<none>", "a,b,c + 1 more...", "", "80, 443", "60s"],
        ),
        (
            "autoscaling",
            "horizontalpodautoscalers",
            {
                "spec": {
                    "scaleTargetRef": {"kind": "Deployment", "name": "d"},
                    "minReplicas": 1,
                    "maxReplicas": 3,
                    "metrics": [
                        {
                            "type": "Resource",
                            "resource": {
                                "name": "cpu",
                                "target": {"type": "Utilization", "averageUtilization": 80},
                            },
                        }
                    ],
                }
            },
            ["x", "Deployment/d", "cpu: <unknown>/80%", "1", "3", 0, "60s"],
        ),
        (
            "rbac.authorization.k8s.io",
            "rolebindings",
            {
                "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [
                    {"kind": "User", "name": "u"},
                    {"kind": "ServiceAccount", "namespace": "n", "name": "s"},
                ],
            },
            ["x", "Role/r", "60s", "u", "", "n/s"],
        ),
        (
            "",
            "nodes",
            {
                "metadata": {
                    **META,
                    "labels": {"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "a"},
                },
                "spec": {"unschedulable": True},
                "status": {
                    "conditions": [{"type": "Ready", "status": "False"}],
                    "addresses": [{"type": "InternalIP", "address": "10.0.0.5"}],
                },
            },
            [
                "x",
                "NotReady,SchedulingDisabled",
                "a,worker",
                "60s",
                "",
                "10.0.0.5",
                "<none>",
                "<unknown>",
                "<unknown>",
                "<unknown>",
            ],
        ),
        (
            "",
            "events",
            {
                "regarding": {"kind": "Node"},
                "eventTime": "2026-11-23T11:59:50.000000Z",
                "series": {"count": 3},
            },
            ["<unknown>", "", "", "node", "", "", "", "10s", 3, "x"],
        ),
        (
            "",
            "services",
            {
                "spec": {"type": "LoadBalancer", "externalIPs": ["2.2.2.2"]},
                "status": {"loadBalancer": {"ingress": [{"hostname": "h"}, {"ip": "1.1.1.1"}]}},
            },
            ["x", "LoadBalancer", "<none>", "1.1.1.1,h,2.2.2.2", "<none>", "60s", "<none>"],
        ),
        (
            "",
            "services",
            {"spec": {"type": "Odd"}},
            ["x", "Odd", "<none>", "<unknown>", "<none>", "60s", "<none>"],
        ),
        (
            "",
            "persistentvolumes",
            {
                "metadata": {**META, "deletionTimestamp": "t"},
                "spec": {
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadOnlyMany", "ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": "Retain",
                    "claimRef": {"namespace": "n", "name": "c"},
                },
            },
            ["x", "1Gi", "RWO,ROX", "Retain", "Terminating", "n/c", "", "<unset>", "", "60s", "<unset>"],
        ),
        (
            "",
            "componentstatuses",
            {"conditions": [{"type": "Healthy", "status": "True", "message": "ok"}]},
            ["x", "Healthy", "ok", ""],
        ),
        (
            "",
            "resourcequotas",
            {"status": {"hard": {"limits.cpu": "2", "pods": "3"}, "used": {"pods": "1"}}},
            ["x", "pods: 1/3", "limits.cpu: 0/2", "60s"],
        ),
        (
            "discovery.k8s.io",
            "endpointslices",
            {"addressType": "IPv4", "ports": [{"port": 80}, {}], "endpoints": [{"addresses": ["1.1.1.1"]}]},
            ["x", "IPv4", "80,*", "1.1.1.1", "60s"],
        ),
        (
            "",
            "replicationcontrollers",
            {"spec": {"replicas": 1, "selector": {"b": "2", "a": "1"}}},
            ["x", 1, 0, 0, "60s", "", "", "a=1,b=2"],
        ),
        (
            "",
            "podtemplates",
            {
                "template": {
                    "metadata": {"labels": {"a": "1"}},
                    "spec": {"containers": [{"name": "c", "image": "i"}]},
                }
            },
            ["x", "c", "i", "a=1"],
        ),
        (
            "apps",
            "controllerrevisions",
            {
                "metadata": {
                    **META,
                    "ownerReferences": [
                        {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "s", "controller": True}
                    ],
                },
                "revision": 2,
            },
            ["x", "statefulset.apps/s", 2, "60s"],
        ),
        (
            "batch",
            "jobs",
            {
                "metadata": {**META, "deletionTimestamp": "t"},
                "spec": {"parallelism": 2},
                "status": {"startTime": "2026-11-23T11:59:00Z"},
            },
            ["x", "Terminating", "0/1 of 2", "60s", "60s", "", "", "<none>"],
        ),
        (
            "batch",
            "jobs",
            {"spec": {}, "status": {"conditions": [{"type": "Suspended", "status": "True"}]}},
            ["x", "Suspended", "0/1", "", "60s", "", "", "<none>"],
        ),
        (
            "autoscaling",
            "horizontalpodautoscalers",
            {
                "spec": {
                    "maxReplicas": 3,
                    "metrics": [
                        {"type": "Pods", "pods": {"target": {"averageValue": "5"}}},
                        {"type": "External", "external": {"target": {"value": "7"}}},
                        {"type": "Odd"},
                    ],
                },
                "status": {"currentMetrics": [{"type": "Pods", "pods": {"current": {"averageValue": "4"}}}]},
            },
            ["x", "/", "4/5, <unknown>/7 + 1 more...", "<unset>", "3", 0, "60s"],
        ),
        (
            "autoscaling",
            "horizontalpodautoscalers",
            {
                "spec": {"targetCPUUtilizationPercentage": 50},
                "status": {"currentCPUUtilizationPercentage": 40},
            },
            ["x", "/", "cpu: 40%/50%", "<unset>", "0", 0, "60s"],
        ),
        ("policy", "poddisruptionbudgets", {"spec": {"minAvailable": "50%"}}, ["x", "50%", "N/A", 0, "60s"]),
        (
            "networking.k8s.io",
            "ingressclasses",
            {"spec": {"controller": "c", "parameters": {"apiGroup": "g", "kind": "K", "name": "p"}}},
            ["x", "c", "K.g/p", "60s"],
        ),
        (
            "networking.k8s.io",
            "networkpolicies",
            {"spec": {"podSelector": {"matchLabels": {"a": "1"}}}},
            ["x", "a=1", "60s"],
        ),
        (
            "certificates.k8s.io",
            "certificatesigningrequests",
            {
                "spec": {"signerName": "s", "username": "u", "expirationSeconds": 600},
                "status": {"certificate": "YQ==", "conditions": [{"type": "Approved", "status": "True"}]},
            },
            ["x", "60s", "s", "u", "10m", "Approved,Issued"],
        ),
        (
            "storage.k8s.io",
            "storageclasses",
            {
                "metadata": {
                    **META,
                    "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                },
                "provisioner": "p",
            },
            ["x (default)", "p", "Delete", "Immediate", False, "60s"],
        ),
        (
            "admissionregistration.k8s.io",
            "validatingadmissionpolicybindings",
            {"spec": {"policyName": "p", "paramRef": {"namespace": "n", "name": "m"}}},
            ["x", "p", "n/m", "60s"],
        ),
        (
            "flowcontrol.apiserver.k8s.io",
            "prioritylevelconfigurations",
            {"spec": {"type": "Limited", "limited": {"nominalConcurrencyShares": 5}}},
            ["x", "Limited", 5, "<none>", "<none>", "<none>", "60s"],
        ),
        (
            "apiregistration.k8s.io",
            "apiservices",
            {"status": {"conditions": [{"type": "Available", "status": "False", "reason": "R"}]}},
            ["x", "Local", "False (R)", "60s"],
        ),
        (
            "resource.k8s.io",
            "resourceclaims",
            {"status": {"allocation": {}, "reservedFor": [{}]}},
            ["x", "allocated,reserved", "60s"],
        ),
        ("coordination.k8s.io", "leases", {"spec": {"holderIdentity": "me"}}, ["x", "me", "60s"]),
        ("example.com", "widgets", {}, ["x", "2026-11-23T11:59:00Z"]),
    ],
)
def test_other_kinds_show_what_kubectl_users_know(
    group: str, resource: str, obj: dict[str, Any], cells: list[Any]
) -> None:
    """The cells of kinds that the recordings do not print."""
    columns, rows = printers.table(group, resource, [{"metadata": META, **obj}], now=NOW)
    assert rows == [cells]
    assert len(columns) == len(cells)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@given(st.sampled_from(sorted(printers._PRINTERS)), st.data())
def test_every_printer_is_total(place: tuple[str, str], data: st.DataObject) -> None:
    """Whatever stands in an object, its row has one cell for each column and is JSON."""
    parts = st.one_of(json_values, st.dictionaries(st.sampled_from(NAMES), json_values, max_size=3))
    obj = data.draw(st.dictionaries(st.sampled_from(NAMES), parts, max_size=4))
    cells = printers.row_cells(*place, obj, now=NOW + timedelta(seconds=1))
    assert len(cells) == len(printers.columns(*place))
    json.dumps(cells)


NAMES = [
    "metadata",
    "spec",
    "status",
    "data",
    "subsets",
    "ports",
    "containers",
    "conditions",
    "selector",
    "template",
    "rules",
    "subjects",
    "metrics",
    "containerStatuses",
    "loadBalancer",
    "capacity",
]
