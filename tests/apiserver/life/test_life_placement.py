"""Which nodes a pod may run on."""

from typing import Any

import msgspec
import pytest

from listwatch.apiserver.life.objects import Node, Pod
from listwatch.apiserver.life.placement import is_schedulable, place


def pod(**spec: Any) -> Pod:
    """A pod with that spec, in wire names."""
    return msgspec.convert({"metadata": {"name": "p"}, "spec": spec, "status": {"phase": "Pending"}}, Pod)


def node(name: str, *, labels: dict[str, str] | None = None, **spec: Any) -> Node:
    """A node with that spec, in wire names."""
    return msgspec.convert({"metadata": {"name": name, "labels": labels or {}}, "spec": spec}, Node)


NODES = (
    node("a", labels={"disk": "ssd", "size": "8"}),
    node("b", labels={"disk": "hdd", "size": "16"}),
    node("tainted", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]),
    node("leaving", taints=[{"key": "out", "effect": "NoExecute"}]),
    node("shy", labels={"shy": ""}, taints=[{"key": "x", "effect": "PreferNoSchedule"}]),
    node("cordoned", unschedulable=True),
)


def affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    """A pod's spec that requires one of these node selector terms."""
    required = {"nodeSelectorTerms": list(terms)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    """A term of one requirement on labels."""
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ["a", "b", "shy"]),
        ({"nodeSelector": {"disk": "ssd"}}, ["a"]),
        ({"nodeSelector": {"disk": "ssd", "size": "16"}}, []),
        (affinity(expression("disk", "In", "ssd", "hdd")), ["a", "b"]),
        (affinity(expression("disk", "NotIn", "ssd")), ["b", "shy"]),
        (affinity(expression("disk", "Exists")), ["a", "b"]),
        (affinity(expression("disk", "DoesNotExist")), ["shy"]),
        (affinity(expression("size", "Gt", "8")), ["b"]),
        (affinity(expression("size", "Lt", "16")), ["a"]),
        (affinity(expression("size", "Gt", "many")), []),
        (affinity(expression("size", "Near", "8")), []),
        (affinity(expression("disk", "In", "ssd"), expression("shy", "Exists")), ["a", "shy"]),
        (affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}), ["b"]),
        (affinity({}), []),
        (affinity(), []),
        ({"tolerations": [{"operator": "Exists"}]}, ["a", "b", "tainted", "leaving", "shy", "cordoned"]),
        ({"tolerations": [{"key": "gpu", "value": "yes"}]}, ["a", "b", "tainted", "shy"]),
        ({"tolerations": [{"key": "gpu", "value": "no"}]}, ["a", "b", "shy"]),
        ({"tolerations": [{"key": "gpu", "operator": "Exists"}]}, ["a", "b", "tainted", "shy"]),
        ({"tolerations": [{"key": "out", "effect": "NoSchedule"}]}, ["a", "b", "shy"]),
        ({"tolerations": [{"key": "out", "effect": "NoExecute"}]}, ["a", "b", "leaving", "shy"]),
        (
            {"tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]},
            ["a", "b", "shy", "cordoned"],
        ),
    ],
)
def test_candidates(spec: dict[str, Any], expected: list[str]) -> None:
    """Selector, required affinity, taints and cordons each filter as the real scheduler's plugins do."""
    assert list(place(pod(**spec), NODES).candidates) == expected


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ((), "no nodes available to schedule pods"),
        (
            (node("t", taints=[{"key": "k", "effect": "NoSchedule"}]),),
            "0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: "
            "0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
        ),
        (
            NODES,
            "0/6 nodes are available: 1 node(s) were unschedulable, 2 node(s) had untolerated taint(s), "
            "3 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: "
            "0/6 nodes are available: 6 Preemption is not helpful for scheduling.",
        ),
    ],
)
def test_messages_are_the_real_schedulers(nodes: tuple[Node, ...], expected: str) -> None:
    """Why no node will do is told in kube-scheduler's words (the first long one stands in the recordings)."""
    assert place(pod(nodeSelector={"no": "where"}), nodes).message == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"spec": {"nodeName": "mine"}}, False),
        ({"spec": {"schedulerName": "another"}}, False),
        ({"spec": {"schedulerName": "default-scheduler"}}, True),
        ({"spec": {"schedulingGates": [{"name": "wait"}]}}, False),
        ({"spec": {"schedulingGates": []}}, True),
        ({"metadata": {"name": "p", "deletionTimestamp": "2026-01-01T00:00:00Z"}}, False),
        ({"status": {"phase": "Failed"}}, False),
        ({"status": {}}, True),
    ],
)
def test_who_waits_for_the_scheduler(change: dict[str, Any], expected: bool) -> None:
    """Pods with a node, another scheduler, a gate, a deletion or an end are not the scheduler's business."""
    body = {"metadata": {"name": "p"}, "spec": {}, "status": {"phase": "Pending"}} | change
    assert is_schedulable(msgspec.convert(body, Pod), scheduler_name="default-scheduler") is expected
