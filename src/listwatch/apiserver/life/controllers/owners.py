"""Who belongs to whom: controllers, selectors, and what a pod is worth to its owner.

Rules: pure. Objects are as the API server has them, defaulted and validated.
Source: kubernetes/pkg/controller/controller_utils.go, controller_ref_manager.go; api/v1/pod/util.go
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from listwatch.apimachinery.selector import LabelSelector, SelectorError, label_selector_from_object
from listwatch.apiserver.wire.timestamps import parse_timestamp

JSONObject = dict[str, Any]
TERMINAL = frozenset({"Succeeded", "Failed"})
_NOTHING = label_selector_from_object(None)


def controller_of(value: JSONObject) -> JSONObject | None:
    """The owner reference that says who manages the object."""
    for each in value["metadata"].get("ownerReferences") or ():
        if each.get("controller"):
            found: JSONObject = each
            return found
    return None


def controller_uid(value: JSONObject) -> str:
    """The uid of who manages the object; "" for nobody."""
    found = controller_of(value)
    return str(found.get("uid", "")) if found is not None else ""


def controller_reference(owner: JSONObject) -> JSONObject:
    """The reference by which an object belongs to its controller."""
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def selector_of(value: object) -> LabelSelector:
    """The selector in a spec; one that is missing or cannot be read selects nothing."""
    try:
        return label_selector_from_object(value)
    except SelectorError:
        return _NOTHING


def is_deleted(value: JSONObject) -> bool:
    """Whether it is on its way out."""
    return bool(value["metadata"].get("deletionTimestamp"))


def labels_of(value: JSONObject) -> dict[str, str]:
    """Its labels."""
    return value["metadata"].get("labels") or {}


def annotations_of(value: JSONObject) -> dict[str, str]:
    """Its annotations."""
    return value["metadata"].get("annotations") or {}


def phase_of(pod: JSONObject) -> str:
    """A pod's phase."""
    return str((pod.get("status") or {}).get("phase") or "Pending")


def is_active(pod: JSONObject) -> bool:
    """Whether the pod runs or will: neither ended nor on its way out."""
    return phase_of(pod) not in TERMINAL and not is_deleted(pod)


def is_terminating(pod: JSONObject) -> bool:
    """Whether the pod is on its way out and has not ended yet."""
    return phase_of(pod) not in TERMINAL and is_deleted(pod)


def condition_of(value: JSONObject, kind: str) -> JSONObject | None:
    """The condition of that type in the status."""
    for each in (value.get("status") or {}).get("conditions") or ():
        if each.get("type") == kind:
            found: JSONObject = each
            return found
    return None


def is_ready(pod: JSONObject) -> bool:
    """Whether the pod's Ready condition holds."""
    found = condition_of(pod, "Ready")
    return found is not None and found.get("status") == "True"


def ready_since(pod: JSONObject) -> datetime | None:
    """Since when the pod is ready; None if it is not."""
    found = condition_of(pod, "Ready")
    if found is None or found.get("status") != "True" or not found.get("lastTransitionTime"):
        return None
    return parse_timestamp(found["lastTransitionTime"])


def is_available(pod: JSONObject, min_ready_seconds: int, now: datetime) -> bool:
    """Whether the pod has been ready for as long as its owner asks."""
    if not is_ready(pod):
        return False
    if min_ready_seconds == 0:
        return True
    since = ready_since(pod)
    return since is not None and since + timedelta(seconds=min_ready_seconds) <= now


def until_available(pods: Iterable[JSONObject], min_ready_seconds: int, now: datetime) -> float | None:
    """Seconds until the next of the ready pods becomes available; None if none is waiting for that."""
    waits = [
        (since + timedelta(seconds=min_ready_seconds) - now).total_seconds()
        for since in map(ready_since, pods)
        if since is not None and since + timedelta(seconds=min_ready_seconds) > now
    ]
    return min(waits) if waits else None


def pod_from_template(template: JSONObject, owner: JSONObject) -> JSONObject:
    """A pod as the template has it, owned by `owner`; its name is for the server to make."""
    meta = template.get("metadata") or {}
    made: JSONObject = {"generateName": f"{owner['metadata']['name']}-"}
    for name in ("labels", "annotations"):
        if meta.get(name):
            made[name] = dict(meta[name])
    if meta.get("finalizers"):
        made["finalizers"] = list(meta["finalizers"])
    made["ownerReferences"] = [controller_reference(owner)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": dict(template.get("spec") or {})}
