"""Managed fields of real kinds: what each part's writers own, other versions, kinds without a schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from listwatch.apiserver.apply.conflicts import ConflictError
from listwatch.apiserver.apply.field_manager import FieldManager, InvalidConfigError
from listwatch.apiserver.apply.last_applied import ANNOTATION
from listwatch.apiserver.kinds.kind_rules import decode
from listwatch.apiserver.kinds.resources import Resource, builtin_resources
from listwatch.apiserver.kinds.schema import Schemas

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REGISTRY = builtin_resources()
SCHEMAS = Schemas()
FIELDS = FieldManager(REGISTRY, SCHEMAS)


def resource(group: str, version: str, name: str) -> Resource:
    """A built-in resource."""
    found = REGISTRY.find(group, version, name)
    assert found is not None
    return found


CONFIG_MAPS = resource("", "v1", "configmaps")


def tracked(
    kind: Resource, live: dict[str, Any] | None, body: dict[str, Any], *, manager: str = "m", part: str = ""
) -> dict[str, Any]:
    """A decoded body with the managed fields of its write."""
    value, _ = decode(SCHEMAS, kind, body)
    value.setdefault("metadata", {})
    FIELDS.track(kind, live, value, manager=manager, now=NOW, subresource=part)
    return value


def sets(value: dict[str, Any]) -> dict[str, Any]:
    """The fields of each manager."""
    return {each["manager"]: each["fieldsV1"] for each in value["metadata"].get("managedFields", ())}


CLAIM = 'k:{"name":"x"}'
POD = {
    "metadata": {"name": "p", "labels": {"a": "b"}, "ownerReferences": [{"uid": "u", "name": "o"}]},
    "spec": {"containers": [{"name": "c", "image": "i", "resources": {"claims": [{"name": "x"}]}}]},
    "status": {"phase": "Running"},
}


@pytest.mark.parametrize(
    ("part", "top"),
    [
        ("", {"f:metadata": {"f:labels", "f:ownerReferences"}, "f:spec": {"f:containers"}}),
        ("status", {"f:metadata": {"f:labels"}, "f:status": {"f:phase"}}),
        ("resize", {"f:spec": {"f:containers"}}),
    ],
)
def test_each_part_of_a_pod_has_its_writers(part: str, top: dict[str, set[str]]) -> None:
    """Who writes the pod, its status or its resources owns of a change only what that part reaches."""
    pods = resource("", "v1", "pods")
    live, _ = decode(SCHEMAS, pods, {"metadata": {"name": "p", "uid": "x"}, "spec": {"containers": []}})
    live["metadata"]["managedFields"] = [
        {
            "manager": "z",
            "operation": "Apply",
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:z": {}},
        }
    ]
    owned = sets(tracked(pods, live, POD, part=part))["m"]
    shown = {name: {each for each in below if each != "."} for name, below in owned.items()}
    assert {name: below & top.get(name, set()) for name, below in shown.items()} == top
    assert shown.keys() == top.keys()
    if part == "resize":
        assert owned["f:spec"]["f:containers"]['k:{"name":"c"}'] == {
            ".": {},
            "f:resources": {".": {}, "f:claims": {".": {}, CLAIM: {".": {}, "f:name": {}}}},
        }


def test_deployments_labels_are_not_the_status_writers() -> None:
    """The status of a deployment is written without its labels."""
    deployments = resource("apps", "v1", "deployments")
    live = tracked(deployments, None, {"metadata": {"name": "d"}, "spec": {"replicas": 1}})
    body = {
        "metadata": {"name": "d", "labels": {"a": "b"}},
        "spec": {"replicas": 2},
        "status": {"replicas": 1},
    }
    after = tracked(deployments, live, body, manager="status-writer", part="status")
    assert sets(after)["status-writer"] == {"f:status": {"f:replicas": {}}}


def autoscaler(**spec: Any) -> dict[str, Any]:
    """A HorizontalPodAutoscaler, but for how it measures."""
    target = {"kind": "Deployment", "name": "d"}
    return {"metadata": {"name": "h"}, "spec": {"maxReplicas": 3, "scaleTargetRef": target, **spec}}


def cpu_metric(percentage: int) -> dict[str, Any]:
    """How a version 2 autoscaler says what version 1 has one number for."""
    target = {"type": "Utilization", "averageUtilization": percentage}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def test_an_owner_in_another_version_loses_there() -> None:
    """Autoscalers have two versions: what is changed in one is lost in the other's words."""
    one, two = (resource("autoscaling", version, "horizontalpodautoscalers") for version in ("v1", "v2"))
    made = tracked(one, None, autoscaler(targetCPUUtilizationPercentage=50), manager="old")
    assert "f:targetCPUUtilizationPercentage" in sets(made)["old"]["f:spec"]
    live, _ = decode(SCHEMAS, two, autoscaler(metrics=[cpu_metric(50)]))
    live["metadata"]["managedFields"] = made["metadata"]["managedFields"]
    after = tracked(two, live, autoscaler(metrics=[cpu_metric(70)]), manager="new")
    assert "f:targetCPUUtilizationPercentage" not in sets(after)["old"]["f:spec"]
    assert sets(after)["new"] == {"f:spec": {"f:metrics": {}}}


def test_a_kind_without_a_schema_is_deduced() -> None:
    """Objects of a kind that nobody knows the shape of are taken apart by what they are."""
    widgets = Resource(
        group="x.example",
        version="v1",
        name="widgets",
        kind="Widget",
        singular="widget",
        namespaced=True,
        verbs=(),
        storage="widgets.x.example",
    )
    made = tracked(widgets, None, {"metadata": {"name": "w"}, "spec": {"size": 1, "list": [{"a": 1}]}})
    assert sets(made) == {"m": {"f:spec": {".": {}, "f:list": {}, "f:size": {}}}}
    config = {"apiVersion": "x.example/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 2}}
    with pytest.raises(ConflictError):
        FIELDS.apply(widgets, made, config, manager="a", now=NOW)
    after = FIELDS.apply(widgets, made, config, manager="a", now=NOW, force=True)
    assert after["spec"] == {"size": 2, "list": [{"a": 1}]}


def test_a_broken_list_does_not_stop_a_write() -> None:
    """An object whose list has items without keys is written all the same; its owners stay as they were."""
    services = resource("", "v1", "services")
    live = tracked(services, None, {"metadata": {"name": "s"}, "spec": {"selector": {"a": "b"}}})
    broken = {**live, "metadata": dict(live["metadata"]), "spec": {"ports": [None]}}
    del broken["metadata"]["managedFields"]
    FIELDS.track(services, live, broken, manager="other", now=NOW)
    assert broken["metadata"]["managedFields"] == live["metadata"]["managedFields"]
    unlisted = {**broken, "metadata": {"name": "s"}}
    FIELDS.track(services, None, unlisted, manager="other", now=NOW)
    assert "managedFields" not in unlisted["metadata"]
    config = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"ports": [{"port": 1}]},
    }
    with pytest.raises(InvalidConfigError):
        FIELDS.apply(services, broken, config, manager="a", now=NOW)


@pytest.mark.parametrize(
    ("noted", "is_taken"),
    [
        ('{"apiVersion":"v1","kind":"ConfigMap","data":{"k":"1"}}', True),
        ('{"apiVersion":"v1","kind":"ConfigMap","data":{"k":"other"}}', False),
        ('{"apiVersion":"v2","kind":"ConfigMap","data":{"k":"1"}}', False),
        ('{"apiVersion":"v1","kind":"ConfigMap","data":{"k":1}}', False),
        ("[]", False),
        ("{", False),
        (None, False),
    ],
)
def test_kubectl_takes_what_it_applied_from_the_client(noted: str | None, is_taken: bool) -> None:
    """Only what the annotation says was applied, and is still so, is taken without force."""
    annotations = {} if noted is None else {"annotations": {ANNOTATION: noted}}
    live = tracked(
        CONFIG_MAPS, None, {"metadata": {"name": "c", **annotations}, "data": {"k": "1"}}, manager="csa"
    )
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "2"}}
    if not is_taken:
        with pytest.raises(ConflictError):
            FIELDS.apply(CONFIG_MAPS, live, config, manager="kubectl", now=NOW)
        return
    after = FIELDS.apply(CONFIG_MAPS, live, config, manager="kubectl", now=NOW)
    assert after["data"] == {"k": "2"}
    assert '"data":{"k":"2"}' in after["metadata"]["annotations"][ANNOTATION]


def test_an_annotation_that_would_be_too_long_is_dropped() -> None:
    """The annotation is kept up to date as long as all annotations have room."""
    live = tracked(
        CONFIG_MAPS,
        None,
        {"metadata": {"name": "c", "annotations": {ANNOTATION: "{}", "x": "y"}}},
        manager="csa",
    )
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c"},
        "data": {"k": "x" * 300_000},
    }
    after = FIELDS.apply(CONFIG_MAPS, live, config, manager="kubectl", now=NOW)
    assert after["metadata"]["annotations"] == {"x": "y"}
