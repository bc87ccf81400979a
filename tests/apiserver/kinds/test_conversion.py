"""Objects that are served in two versions and stored in one."""

from __future__ import annotations

from typing import Any

import pytest
from api_caller import Caller
from virtual_time import run_virtual

from listwatch.apiserver.kinds.conversion import from_storage, is_converted, to_storage
from listwatch.apiserver.kinds.resources import Resource, builtin_resources


def _resource(group: str, version: str, name: str) -> Resource:
    found = builtin_resources().find(group, version, name)
    assert found is not None
    return found


AUTOSCALER = _resource("autoscaling", "v1", "horizontalpodautoscalers")
EVENT = _resource("events.k8s.io", "v1", "events")
TARGET = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
}
MEMORY = {
    "type": "Resource",
    "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}},
}


def test_a_cpu_target_is_a_field_in_v1_and_a_metric_in_v2() -> None:
    """The one target that v1 knows comes and goes unharmed; what v1 does not know it does not show."""
    spec = {"scaleTargetRef": TARGET, "maxReplicas": 3}
    stored = {
        "metadata": {"name": "a"},
        "spec": {**spec, "metrics": [MEMORY, CPU], "behavior": {}},
        "status": {
            "desiredReplicas": 2,
            "currentMetrics": [
                {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 50}}}
            ],
            "conditions": [],
        },
    }
    shown = from_storage(AUTOSCALER, stored)
    assert shown["spec"] == {**spec, "targetCPUUtilizationPercentage": 70}
    assert shown["status"] == {"desiredReplicas": 2, "currentCPUUtilizationPercentage": 50}
    assert to_storage(AUTOSCALER, shown)["spec"] == {**spec, "metrics": [CPU]}
    assert stored["spec"]["metrics"] == [MEMORY, CPU]


def test_an_event_of_the_newer_group_is_stored_in_the_older_form() -> None:
    """All renamed fields come back, and the older form has the fields that it always shows."""
    value = {
        "metadata": {"name": "a"},
        "regarding": {"kind": "Pod", "name": "p"},
        "note": "hello",
        "reportingController": "c",
        "deprecatedCount": 2,
    }
    stored = to_storage(EVENT, value)
    assert (stored["involvedObject"], stored["message"], stored["reportingComponent"]) == (
        value["regarding"],
        "hello",
        "c",
    )
    shown = from_storage(EVENT, stored)
    assert {name: shown[name] for name in value} == value


@pytest.mark.parametrize(
    "resource", [_resource("", "v1", "pods"), _resource("autoscaling", "v2", "horizontalpodautoscalers")]
)
def test_what_is_stored_as_it_is_served_is_not_touched(resource: Resource) -> None:
    """All other objects pass through as the same object."""
    value: dict[str, Any] = {"metadata": {}}
    assert not is_converted(resource)
    assert from_storage(resource, value) is value
    assert to_storage(resource, value) is value


def test_both_versions_are_one_collection_on_the_wire() -> None:
    """An autoscaler made in v1 is read, listed and watched in v2, and the other way round."""

    async def main() -> None:
        caller = Caller()
        v1, v2 = (
            f"/apis/autoscaling/{version}/namespaces/default/horizontalpodautoscalers"
            for version in ("v1", "v2")
        )
        spec = {"scaleTargetRef": TARGET, "maxReplicas": 3}
        await caller.create(
            v1, {"metadata": {"name": "a"}, "spec": {**spec, "targetCPUUtilizationPercentage": 70}}
        )
        assert (await caller.get(f"{v2}/a")).json["spec"]["metrics"] == [CPU]
        await caller.create(v2, {"metadata": {"name": "b"}, "spec": {**spec, "metrics": [CPU]}})
        listed = (await caller.get(v1)).json["items"]
        assert [item["spec"]["targetCPUUtilizationPercentage"] for item in listed] == [70, 70]
        patched = await caller.patch(f"{v1}/a", {"spec": {"targetCPUUtilizationPercentage": 80}})
        assert patched.json["apiVersion"] == "autoscaling/v1"
        target = (await caller.get(f"{v2}/a")).json["spec"]["metrics"][0]["resource"]["target"]
        assert target["averageUtilization"] == 80
        deleted = (await caller.delete(v1)).json
        assert (deleted["kind"], len(deleted["items"])) == ("HorizontalPodAutoscalerList", 2)

    run_virtual(main)
