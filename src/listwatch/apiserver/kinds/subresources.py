"""Subresources that are objects of another kind: a Scale, a Binding, an Eviction.

In:    the stored object and the body of the request
Out:   the Scale of a workload, or the workload with another one; the pod bound to a node; yes or no to an eviction
Next:  handlers store what comes out
Rules: pure: what goes in is never changed; refusals are `APIFailure`s
Source: Kubernetes API reference, Scale, Binding, Eviction; wording of kube-apiserver 1.36
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from listwatch.apimachinery.selector import SelectorError, label_selector_from_object
from listwatch.apiserver.kinds.maps import JSONObject, child, labels, maps, number, peek, text
from listwatch.apiserver.wire.statuses import (
    APIFailure,
    CauseLike,
    FieldCause,
    conflict,
    failure,
    internal_error,
    invalid,
)
from listwatch.apiserver.wire.timestamps import format_timestamp

_SCALED: Final = frozenset(
    {
        ("apps", "deployments"),
        ("apps", "replicasets"),
        ("apps", "statefulsets"),
        ("", "replicationcontrollers"),
    }
)
_SCALE_METADATA: Final = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(group: str, resource: str, obj: JSONObject) -> JSONObject | None:
    """The Scale of a workload (autoscaling/v1), or None for a resource that has none.

    Source: custom resources have theirs by the paths in their definition: see `custom_scale_of`.
    """
    if (group, resource) not in _SCALED:
        return None
    replicas = peek(obj, "spec").get("replicas")
    selector = peek(obj, "spec").get("selector")
    if resource == "replicationcontrollers":
        selector = {"matchLabels": labels(obj, "spec", "selector")}
    try:
        shown = str(label_selector_from_object(selector)) if selector is not None else ""
    except SelectorError:
        shown = ""
    return _scale(obj, replicas, number(obj, "status", "replicas"), shown)


def _scale(obj: JSONObject, wanted: object, present: int, selector: str) -> JSONObject:
    metadata = peek(obj, "metadata")
    spec = {"replicas": wanted} if isinstance(wanted, int) and wanted else {}
    status: JSONObject = {"replicas": present}
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in _SCALE_METADATA if metadata.get(name)},
        "spec": spec,
        "status": status,
    }


def custom_scale_of(obj: JSONObject, paths: Mapping[str, str]) -> JSONObject:
    """The Scale of a custom resource.

    Args:
        obj: As stored.
        paths: `subresources.scale` of its definition.

    Raises:
        APIFailure: 500, the object holds no number of replicas that are wanted.
    """
    wanted = _at(obj, paths["specReplicasPath"])
    present = _at(obj, paths["statusReplicasPath"])
    selector = _at(obj, paths.get("labelSelectorPath", ""))
    if not isinstance(wanted, int):
        raise internal_error(f'the spec replicas field "{paths["specReplicasPath"]}" does not exist')
    return _scale(
        obj,
        wanted,
        present if isinstance(present, int) else 0,
        selector if isinstance(selector, str) else "",
    )


def _at(obj: Any, path: str) -> object:
    for name in filter(None, path.split(".")):
        obj = obj.get(name) if isinstance(obj, dict) else None
    return obj


def with_scale(obj: JSONObject, scale: JSONObject, *, path: str = ".spec.replicas") -> JSONObject:
    """A copy of the workload that asks for as many replicas as `scale` does.

    Args:
        obj: As stored.
        scale: As decoded; no number is 0.
        path: Where the workload keeps the number.

    Raises:
        APIFailure: 409 if `scale` names another version or another object than the stored one; 422 if the
            number is negative.
    """
    name = text(obj, "metadata", "name")
    replicas = number(scale, "spec", "replicas")
    if replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid(
            "autoscaling", "Scale", name, [FieldCause("FieldValueInvalid", "spec.replicas", message)]
        )
    changed = copy.deepcopy(obj)
    *parents, last = [part for part in path.split(".") if part]
    target = changed
    for part in parents:
        target = child(target, part)
    target[last] = replicas
    return changed


def bind(pod: JSONObject, binding: JSONObject, now: datetime) -> JSONObject:
    """A copy of the pod that is bound to the node which `binding` names, and says so in its conditions.

    Labels and annotations of the binding are added to the pod's.

    Raises:
        APIFailure: 422 if the target is no node; 409 if the pod is bound already, is being deleted, has
            another uid than the binding expects, or is held back by scheduling gates.
    """
    name, target = text(pod, "metadata", "name"), peek(binding, "target")
    causes = _binding_causes(target)
    if causes:
        raise invalid("", "Binding", text(binding, "metadata", "name"), causes)
    expected, actual = text(binding, "metadata", "uid"), text(pod, "metadata", "uid")
    bound_to = text(pod, "spec", "nodeName")
    if expected and expected != actual:
        raise conflict(
            "",
            "pods/binding",
            name,
            f"Precondition failed: UID in precondition: {expected}, UID in object meta: {actual}",
        )
    if text(pod, "metadata", "deletionTimestamp"):
        raise conflict("", "pods/binding", name, f"pod {name} is being deleted, cannot be assigned to a host")
    if bound_to:
        raise conflict("", "pods/binding", name, f'pod {name} is already assigned to node "{bound_to}"')
    if maps(pod, "spec", "schedulingGates"):
        raise conflict("", "pods/binding", name, f"pod {name} has non-empty .spec.schedulingGates")
    bound = copy.deepcopy(pod)
    child(bound, "spec")["nodeName"] = text(target, "name")
    for part in ("labels", "annotations"):
        added = labels(binding, "metadata", part)
        if added:
            child(child(bound, "metadata"), part).update(added)
    set_condition(child(bound, "status"), {"type": "PodScheduled", "status": "True"}, now)
    return bound


def _binding_causes(target: JSONObject) -> list[CauseLike]:
    causes: list[CauseLike] = []
    kind = text(target, "kind")
    if kind not in {"", "Node"}:
        message = f'Unsupported value: "{kind}": supported values: "Node", "<empty>"'
        causes.append(FieldCause("FieldValueNotSupported", "target.kind", message))
    if not text(target, "name"):
        causes.append(FieldCause("FieldValueRequired", "target.name", "Required value"))
    return causes


def set_condition(status: JSONObject, condition: JSONObject, now: datetime) -> None:
    """Put `condition` among the status's conditions, in place of the one of its type. `status` is changed.

    The time of the transition moves only if the condition's status does.
    """
    conditions = status.setdefault("conditions", [])
    if not isinstance(conditions, list):
        conditions = status["conditions"] = []
    new = {"lastProbeTime": None, "lastTransitionTime": format_timestamp(now), **condition}
    for index, old in enumerate(conditions):
        if isinstance(old, dict) and old.get("type") == condition.get("type"):
            if old.get("status") == condition.get("status"):
                new["lastTransitionTime"] = old.get("lastTransitionTime")
            conditions[index] = new
            return
    conditions.append(new)


def check_eviction(pod: JSONObject, budgets: Iterable[JSONObject]) -> None:
    """Let a pod be evicted, or refuse.

    A pod that is done, not yet bound or being deleted may always go. Otherwise its one disruption budget must
    allow one disruption more.

    Args:
        pod: As stored.
        budgets: The PodDisruptionBudgets of its namespace.

    Raises:
        APIFailure: 429 if the budget does not allow it, 500 if more than one budget covers the pod.

    Source: KEP-85, Eviction API; differs: the budget's count is not lowered here.
    """
    status = peek(pod, "status")
    if text(status, "phase") in {"Succeeded", "Failed", "Pending"} or text(
        pod, "metadata", "deletionTimestamp"
    ):
        return
    covering = [budget for budget in budgets if _covers(budget, labels(pod, "metadata", "labels"))]
    if not covering:
        return
    if len(covering) > 1:
        raise failure(
            500,
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            reason="InternalError",
            details={"causes": []},
        )
    _check_budget(covering[0], is_ready=_is_ready(pod))


def _covers(budget: JSONObject, pod_labels: dict[str, str]) -> bool:
    try:
        return label_selector_from_object(peek(budget, "spec").get("selector")).matches(pod_labels)
    except SelectorError:
        return False


def _is_ready(pod: JSONObject) -> bool:
    return any(
        condition.get("type") == "Ready" and condition.get("status") == "True"
        for condition in maps(pod, "status", "conditions")
    )


def _check_budget(budget: JSONObject, *, is_ready: bool) -> None:
    name, status = text(budget, "metadata", "name"), peek(budget, "status")
    healthy, desired = number(status, "currentHealthy"), number(status, "desiredHealthy")
    policy = text(budget, "spec", "unhealthyPodEvictionPolicy")
    if not is_ready and (policy == "AlwaysAllow" or (healthy >= desired > 0)):
        return
    if number(status, "disruptionsAllowed") > 0:
        return
    why = (
        f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
        if number(status, "observedGeneration") >= number(budget, "metadata", "generation")
        else f"The disruption budget {name} is still being processed by the server."
    )
    raise _refused_eviction(why)


def _refused_eviction(why: str) -> APIFailure:
    return failure(
        429,
        "Cannot evict pod as it would violate the pod's disruption budget.",
        reason="TooManyRequests",
        details={"causes": [{"reason": "DisruptionBudget", "message": why}]},
    )
