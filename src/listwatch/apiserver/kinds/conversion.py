"""The few objects that are served in two versions, but stored in one.

In:    an object in the form in which its resource is served, or stored
Out:   the same object in the other form
Rules: pure; gives the same object back where there is nothing to convert; never changes what it is given.
Source: kubernetes pkg/apis/core/v1 and events/v1 (Event), pkg/apis/autoscaling (HorizontalPodAutoscaler)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.kinds.schema import Schemas

JSONObject = dict[str, Any]

# events.k8s.io/v1 field → core/v1 field
_EVENT_FIELDS: Final = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "reportingController": "reportingComponent",
}
_OMITTED_IF_EMPTY: Final = frozenset({"reportingController", "reportingInstance"})
_CORE_EVENT_FIELDS: Final = {core: new for new, core in _EVENT_FIELDS.items()}


def is_converted(resource: Resource) -> bool:
    """Whether objects of this resource are stored in another form than they are served in."""
    return resource.custom is not None or (resource.group, resource.version, resource.name) in {
        ("events.k8s.io", "v1", "events"),
        ("autoscaling", "v1", "horizontalpodautoscalers"),
    }


def served_form(resource: Resource) -> str:
    """A name for how objects of this resource look when served, "" where that is how they are stored."""
    if resource.custom is not None:
        return resource.custom.form
    return resource.api_version if is_converted(resource) else ""


def from_storage(resource: Resource, value: JSONObject) -> JSONObject:
    """A stored object in the resource's version."""
    if resource.custom is not None:
        return resource.custom.from_storage(value)
    if not is_converted(resource):
        return value
    if resource.name == "events":
        renamed = _renamed(value, _CORE_EVENT_FIELDS)
        return {name: field for name, field in renamed.items() if field or name not in _OMITTED_IF_EMPTY}
    return _autoscaler_to_v1(value)


def to_storage(resource: Resource, value: JSONObject) -> JSONObject:
    """An object in the resource's version, as it is stored."""
    if resource.custom is not None:
        return resource.custom.to_storage(value)
    if not is_converted(resource):
        return value
    if resource.name == "events":
        # The older form always shows some fields that the newer one leaves out.
        core, _ = Schemas.load().decode("", "v1", "Event", _renamed(value, _EVENT_FIELDS))
        return {name: field for name, field in core.items() if name not in {"kind", "apiVersion"}}
    return _autoscaler_from_v1(value)


def _renamed(value: Mapping[str, Any], names: Mapping[str, str]) -> JSONObject:
    return {names.get(name, name): field for name, field in value.items()}


def _autoscaler_to_v1(value: Mapping[str, Any]) -> JSONObject:
    """Only the CPU utilisation target has a field of its own in v1."""
    spec = dict(value.get("spec", {}))
    for metric in spec.pop("metrics", ()):
        target = metric.get("resource", {})
        if metric.get("type") == "Resource" and target.get("name") == "cpu":
            utilization = target.get("target", {}).get("averageUtilization")
            if utilization is not None:
                spec["targetCPUUtilizationPercentage"] = utilization
    spec.pop("behavior", None)
    status = dict(value.get("status", {}))
    for metric in status.pop("currentMetrics", None) or ():
        current = metric.get("resource", {})
        if current.get("name") == "cpu" and "averageUtilization" in current.get("current", {}):
            status["currentCPUUtilizationPercentage"] = current["current"]["averageUtilization"]
    status.pop("conditions", None)
    return {**value, "spec": spec, **({"status": status} if "status" in value else {})}


def _autoscaler_from_v1(value: Mapping[str, Any]) -> JSONObject:
    spec = dict(value.get("spec", {}))
    percentage = spec.pop("targetCPUUtilizationPercentage", None)
    if percentage is not None:
        target = {"type": "Utilization", "averageUtilization": percentage}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    status = dict(value.get("status", {}))
    status.pop("currentCPUUtilizationPercentage", None)
    return {**value, "spec": spec, **({"status": status} if "status" in value else {})}
