"""Scales, bindings and evictions."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from listwatch.apiserver.kinds.subresources import (
    bind,
    check_eviction,
    custom_scale_of,
    scale_of,
    set_condition,
    with_scale,
)
from listwatch.apiserver.wire.statuses import APIFailure

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WEB: dict[str, Any] = {
    "metadata": {"name": "web", "namespace": "n", "labels": {"a": "b"}},
    "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "w"}}},
    "status": {"replicas": 1},
}


def test_a_workload_has_a_scale() -> None:
    """Wanted, present, and the selector as text; other kinds have none."""
    assert scale_of("apps", "deployments", WEB) == {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {"name": "web", "namespace": "n"},
        "spec": {"replicas": 2},
        "status": {"replicas": 1, "selector": "app=w"},
    }
    assert scale_of("", "configmaps", {}) is None
    controller = {"spec": {"selector": {"a": "b"}}}
    assert (scale_of("", "replicationcontrollers", controller) or {})["status"]["selector"] == "a=b"


def test_a_custom_resource_has_its_scale_where_its_definition_says() -> None:
    """The three paths are followed; what is not there is zero."""
    paths = {
        "specReplicasPath": ".spec.size",
        "statusReplicasPath": ".status.size",
        "labelSelectorPath": ".status.sel",
    }
    scale = custom_scale_of({"spec": {"size": 3}, "status": {"sel": "a=b"}}, paths)
    assert (scale["spec"], scale["status"]) == ({"replicas": 3}, {"replicas": 0, "selector": "a=b"})


def test_scaling_gives_a_copy() -> None:
    """Only the number changes, in a copy; a negative one is refused."""
    before = copy.deepcopy(WEB)
    assert with_scale(WEB, {"spec": {"replicas": 5}})["spec"]["replicas"] == 5
    assert with_scale(WEB, {"spec": {}})["spec"]["replicas"] == 0
    assert with_scale({}, {"spec": {"replicas": 1}}, path=".spec.size") == {"spec": {"size": 1}}
    assert before == WEB
    with pytest.raises(APIFailure) as caught:
        with_scale(WEB, {"spec": {"replicas": -1}})
    assert caught.value.code == 422


def pod(**parts: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "p", "uid": "u", **parts.pop("metadata", {})},
        "spec": {},
        "status": {},
        **parts,
    }


BINDING = {"metadata": {"name": "p", "annotations": {"x": "1"}}, "target": {"kind": "Node", "name": "n1"}}


def test_binding_places_the_pod() -> None:
    """The node, the condition and the binding's annotations, in a copy."""
    free = pod()
    bound = bind(free, BINDING, NOW)
    assert bound["spec"] == {"nodeName": "n1"}
    assert bound["metadata"]["annotations"] == {"x": "1"}
    assert bound["status"]["conditions"] == [
        {
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": "2026-11-23T00:00:00Z",
        }
    ]
    assert free == pod()


@pytest.mark.parametrize(
    ("given_pod", "binding", "code", "text"),
    [
        (pod(spec={"nodeName": "n0"}), BINDING, 409, 'pod p is already assigned to node "n0"'),
        (pod(metadata={"deletionTimestamp": "t"}), BINDING, 409, "is being deleted"),
        (pod(spec={"schedulingGates": [{"name": "g"}]}), BINDING, 409, "non-empty .spec.schedulingGates"),
        (
            pod(),
            {**BINDING, "metadata": {"uid": "other"}},
            409,
            "Precondition failed: UID in precondition: other",
        ),
        (pod(), {"target": {"kind": "Pod"}}, 422, "target.name: Required value"),
        (pod(), {}, 422, "target.name: Required value"),
    ],
)
def test_a_binding_can_be_refused(given_pod: Any, binding: Any, code: int, text: str) -> None:
    """Bound already, going, gated, another pod, no node."""
    with pytest.raises(APIFailure) as caught:
        bind(given_pod, binding, NOW)
    assert caught.value.code == code
    assert text in caught.value.status["message"]


def test_a_condition_replaces_the_one_of_its_type() -> None:
    """The time moves only with the status."""
    status: dict[str, Any] = {"conditions": [{"type": "A", "status": "True", "lastTransitionTime": "t"}]}
    set_condition(status, {"type": "A", "status": "True", "reason": "r"}, NOW)
    assert status["conditions"][0]["lastTransitionTime"] == "t"
    set_condition(status, {"type": "A", "status": "False"}, NOW)
    assert status["conditions"][0]["lastTransitionTime"] == "2026-11-23T00:00:00Z"
    set_condition(status, {"type": "B", "status": "True"}, NOW)
    assert [each["type"] for each in status["conditions"]] == ["A", "B"]


def budget(allowed: int, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "b", "generation": 1},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, **spec},
        "status": {
            "disruptionsAllowed": allowed,
            "observedGeneration": 1,
            "currentHealthy": 1,
            "desiredHealthy": 1,
        },
    }


READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
RUNNING = pod(metadata={"labels": {"a": "b"}}, status=READY)
UNREADY = pod(metadata={"labels": {"a": "b"}}, status={"phase": "Running"})


@pytest.mark.parametrize(
    ("given_pod", "budgets"),
    [
        (RUNNING, []),
        (RUNNING, [budget(1)]),
        (pod(status={"phase": "Pending"}, metadata={"labels": {"a": "b"}}), [budget(0)]),
        (pod(status=READY), [budget(0)]),
        (UNREADY, [budget(0, unhealthyPodEvictionPolicy="AlwaysAllow")]),
        (RUNNING, [{"spec": {"selector": 3}}]),
    ],
)
def test_an_eviction_is_let_through(given_pod: Any, budgets: list[Any]) -> None:
    """No budget, room in the budget, or a pod that does not count."""
    check_eviction(given_pod, budgets)


@pytest.mark.parametrize(("budgets", "code"), [([budget(0)], 429), ([budget(1), budget(1)], 500)])
def test_an_eviction_is_refused(budgets: list[Any], code: int) -> None:
    """No room in the budget is a 429, two budgets for one pod a 500."""
    with pytest.raises(APIFailure) as caught:
        check_eviction(RUNNING, budgets)
    assert caught.value.code == code
