"""What a create or an update of an object changes beyond what its writer wrote.

In:    a decoded and defaulted object, changed in place; for an update also the stored one, which is only read
Out:   the object as it will be validated and stored
Next:  apiserver/kinds/validation.py, then the storage
Rules: no clock and no randomness (both are parameters); a writer of the object does not write its status, a
       writer of the status writes nothing else; `generation` counts the changes of what is asked for
Source: the registries' strategies of kube-apiserver (pkg/registry/*/strategy.go), rest.BeforeCreate and
        rest.BeforeUpdate; the recordings
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from listwatch.apiserver.kinds.maps import (
    JSONObject,
    child,
    items,
    json_equal,
    labels,
    maps,
    number,
    peek,
    text,
)
from listwatch.apiserver.kinds.quantity import QuantityError, quantity_value
from listwatch.apiserver.kinds.schema import Schemas
from listwatch.apiserver.wire.timestamps import format_timestamp

_COUNTED: Final = frozenset(
    {
        ("", "pods"),
        ("", "replicationcontrollers"),
        ("", "podtemplates"),
        ("apps", "deployments"),
        ("apps", "replicasets"),
        ("apps", "statefulsets"),
        ("apps", "daemonsets"),
        ("batch", "jobs"),
        ("batch", "cronjobs"),
        ("networking.k8s.io", "ingresses"),
        ("networking.k8s.io", "ingressclasses"),
        ("networking.k8s.io", "networkpolicies"),
        ("policy", "poddisruptionbudgets"),
        ("discovery.k8s.io", "endpointslices"),
        ("scheduling.k8s.io", "priorityclasses"),
        ("resource.k8s.io", "deviceclasses"),
        ("resource.k8s.io", "resourceslices"),
        ("apiextensions.k8s.io", "customresourcedefinitions"),
        ("flowcontrol.apiserver.k8s.io", "flowschemas"),
        ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"),
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
        ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
        ("admissionregistration.k8s.io", "mutatingadmissionpolicies"),
        ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"),
    }
)
# Those have a status, and yet take the one that they are created or replaced with.
_STATUS_IS_TAKEN: Final = frozenset({("", "nodes")})
# No status subresource, so what an update says of the status counts.
_STATUS_IS_PLAIN: Final = frozenset({("", "componentstatuses"), ("", "events")})
_NOT_COUNTED_PARTS: Final = frozenset({"apiVersion", "kind", "metadata", "status"})
_SYSTEM_PRIORITIES: Final = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
_WAITED_FOR: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_TEMPLATE_GENERATION: Final = "deprecated.daemonset.template.generation"


def is_builtin(group: str) -> bool:
    """Whether a group is one of Kubernetes' own; every other is of custom resources."""
    return "." not in group or group.endswith(".k8s.io")


def counts_generation(group: str, resource: str) -> bool:
    """Whether objects of this resource carry `metadata.generation`; custom resources always do."""
    return (group, resource) in _COUNTED or not is_builtin(group)


def prepare_for_create(
    group: str,
    resource: str,
    obj: JSONObject,
    *,
    now: datetime,
    has_status: bool = True,
    is_custom: bool | None = None,
) -> None:
    """Turn a defaulted object into the one that a create stores. `obj` is changed.

    Set before: `metadata.uid` (a Job's selector is made of it), name and namespace. Not set here: addresses of
    a Service (`assign_cluster_ip`), versions, managed fields.

    Args:
        group: Of the resource.
        resource: Its plural name.
        obj: Decoded and with its defaults.
        now: Aware.
        has_status: For custom resources: whether their definition has a status subresource.
        is_custom: Whether a definition made the resource; by default the group tells.
    """
    is_custom = not is_builtin(group) if is_custom is None else is_custom
    metadata = child(obj, "metadata")
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"):
        metadata.pop(name, None)
    if is_custom or counts_generation(group, resource):
        metadata["generation"] = 1
    if is_custom:
        if has_status:
            obj.pop("status", None)
    elif (group, resource) not in _STATUS_IS_TAKEN | _STATUS_IS_PLAIN:
        _reset_status(group, obj)
    creator = _CREATORS.get((group, resource))
    if creator is not None:
        creator(obj, now)


def _reset_status(group: str, obj: JSONObject) -> None:
    _, _, version = text(obj, "apiVersion").rpartition("/")
    kind = text(obj, "kind")
    if Schemas.load().node(group, version, kind) is None:
        obj.pop("status", None)
    elif "status" in obj:
        empty, _ = Schemas.load().decode(group, version, kind, {})
        if "status" in empty:
            obj["status"] = empty["status"]
        else:
            del obj["status"]


def prepare_for_update(
    group: str,
    resource: str,
    new: JSONObject,
    old: JSONObject,
    *,
    subresource: str = "",
    has_status: bool = True,
    is_custom: bool | None = None,
) -> None:
    """Turn a defaulted object into the one that an update stores. `new` is changed, `old` is not.

    Args:
        group: Of the resource.
        resource: Its plural name.
        new: Decoded and with its defaults.
        old: As stored.
        subresource: `""` for the object itself, else `status`, `finalize`, `approval`, `ephemeralcontainers`
            or `resize`. `scale`, `binding` and `eviction` have functions of their own in `subresources.py`.
        has_status: For custom resources: whether their definition has a status subresource.
        is_custom: Whether a definition made the resource; by default the group tells.
    """
    is_custom = not is_builtin(group) if is_custom is None else is_custom
    _keep_system_metadata(child(new, "metadata"), peek(old, "metadata"))
    if subresource == "status":
        _take_only_status(group, resource, new, old, is_custom=is_custom)
        return
    if subresource in _PARTIAL_UPDATES:
        _PARTIAL_UPDATES[subresource](new, old)
    elif (group, resource) not in _STATUS_IS_PLAIN and (has_status or not is_custom):
        _keep(new, old, "status")
    updater = _UPDATERS.get((group, resource))
    if updater is not None:
        updater(new, old)
    if (is_custom or counts_generation(group, resource)) and _is_asked_for_anew(
        group, resource, new, old, has_status=has_status
    ):
        new["metadata"]["generation"] = number(old, "metadata", "generation") + 1


def _keep(new: JSONObject, old: JSONObject, name: str) -> None:
    """What the writer says of `name` does not count."""
    if name in old:
        new[name] = copy.deepcopy(old[name])
    else:
        new.pop(name, None)


def _keep_system_metadata(new: JSONObject, old: JSONObject) -> None:
    if not new.get("uid"):
        _keep(new, old, "uid")
    _keep(new, old, "creationTimestamp")
    _keep(new, old, "generation")
    new.pop("selfLink", None)
    if old.get("deletionTimestamp"):
        _keep(new, old, "deletionTimestamp")
    if new.get("deletionGracePeriodSeconds") is None:
        _keep(new, old, "deletionGracePeriodSeconds")


def _take_only_status(
    group: str, resource: str, new: JSONObject, old: JSONObject, *, is_custom: bool
) -> None:
    for name in {*new, *old} - {"apiVersion", "kind", "metadata", "status"}:
        _keep(new, old, name)
    metadata = new["metadata"]
    if is_custom:
        managed, version = metadata.get("managedFields"), metadata.get("resourceVersion")
        _keep(new, old, "metadata")
        for name, value in (("managedFields", managed), ("resourceVersion", version)):
            if value is not None:
                new["metadata"][name] = value
    elif group == "apps":
        _keep(metadata, peek(old, "metadata"), "labels")
    elif resource == "pods":
        _keep(metadata, peek(old, "metadata"), "ownerReferences")
        status = child(new, "status")
        if not status.get("qosClass"):
            status["qosClass"] = text(old, "status", "qosClass") or pod_qos(peek(old, "spec"))


def _is_asked_for_anew(
    group: str, resource: str, new: JSONObject, old: JSONObject, *, has_status: bool
) -> bool:
    skipped = _NOT_COUNTED_PARTS if has_status else _NOT_COUNTED_PARTS - {"status"}
    if any(not json_equal(new.get(name), old.get(name)) for name in {*new, *old} - skipped):
        return True
    if (group, resource) == ("apps", "deployments"):
        return not json_equal(peek(new, "metadata", "annotations"), peek(old, "metadata", "annotations"))
    return False


def deletion_grace_period(group: str, resource: str, obj: JSONObject, requested: int | None) -> int:
    """The seconds that a deleted object is left to finish its work; 0 means that it goes at once.

    Only pods get any, and only while a node works on them.

    Args:
        group: Of the resource.
        resource: Its plural name.
        obj: As stored.
        requested: `gracePeriodSeconds` of the request, or None.
    """
    if (group, resource) != ("", "pods"):
        return 0
    if requested is not None:
        period = requested
    else:
        period = peek(obj, "spec").get("terminationGracePeriodSeconds", 30)
        period = period if isinstance(period, int) else 30
    if not text(obj, "spec", "nodeName") or text(obj, "status", "phase") in {"Failed", "Succeeded"}:
        period = 0
    return 1 if period < 0 else period


def pod_qos(spec: JSONObject) -> str:
    """The quality-of-service class of a pod: Guaranteed, Burstable or BestEffort.

    Guaranteed when every container limits CPU and memory to what it requests; BestEffort when none asks for
    anything.
    """
    guaranteed, best_effort = True, True
    for container in (*maps(spec, "initContainers"), *maps(spec, "containers")):
        for resource in ("cpu", "memory"):
            request = _amount(container, "requests", resource)
            limit = _amount(container, "limits", resource)
            if request or limit:
                best_effort = False
            if not limit or request not in {0, limit}:
                guaranteed = False
    if best_effort:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _amount(container: JSONObject, part: str, resource: str) -> Any:
    value = peek(container, "resources", part).get(resource)
    if not isinstance(value, str | int | float):
        return 0
    try:
        return quantity_value(value)
    except QuantityError:
        return 0


def _create_pod(obj: JSONObject, now: datetime) -> None:
    spec = child(obj, "spec")
    if "priority" not in spec:
        spec["priority"] = _SYSTEM_PRIORITIES.get(text(spec, "priorityClassName"), 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = spec.setdefault("tolerations", [])
    if isinstance(tolerations, list):
        for key in _WAITED_FOR:
            if not any(_tolerates(each, key) for each in tolerations if isinstance(each, dict)):
                tolerations.append(
                    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                )
    obj["status"] = {"phase": "Pending", "qosClass": pod_qos(spec)}
    if items(spec, "schedulingGates"):
        obj["status"]["conditions"] = [
            {
                "type": "PodScheduled",
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": format_timestamp(now),
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
            }
        ]


def _tolerates(toleration: JSONObject, key: str) -> bool:
    return text(toleration, "key") in {key, ""} and text(toleration, "effect") in {"NoExecute", ""}


def _create_namespace(obj: JSONObject, _: datetime) -> None:
    name = text(obj, "metadata", "name")
    child(child(obj, "metadata"), "labels")["kubernetes.io/metadata.name"] = name
    obj["status"] = {"phase": "Active"}
    finalizers = child(obj, "spec").setdefault("finalizers", [])
    if isinstance(finalizers, list) and "kubernetes" not in finalizers:
        finalizers.append("kubernetes")


def _create_node(obj: JSONObject, _: datetime) -> None:
    # No node is ready before its node controller has said so.
    taints = child(obj, "spec").setdefault("taints", [])
    if isinstance(taints, list) and not any(
        text({"taint": taint}, "taint", "key") == _WAITED_FOR[0] for taint in taints
    ):
        taints.append({"key": _WAITED_FOR[0], "effect": "NoSchedule"})


def _create_job(obj: JSONObject, _: datetime) -> None:
    spec = child(obj, "spec")
    if spec.get("manualSelector") is True:
        return
    uid, name = text(obj, "metadata", "uid"), text(obj, "metadata", "name")
    own = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    template_labels = child(child(child(spec, "template"), "metadata"), "labels")
    metadata = child(obj, "metadata")
    # A job without labels of its own has those of its template, these four among them.
    inherits = labels(metadata, "labels") in ({}, template_labels)
    for label, value in own.items():
        template_labels.setdefault(label, value)
    selector = child(child(spec, "selector"), "matchLabels")
    selector.setdefault("batch.kubernetes.io/controller-uid", uid)
    if inherits:
        metadata["labels"] = dict(template_labels)


def _create_daemon_set(obj: JSONObject, _: datetime) -> None:
    child(child(obj, "metadata"), "annotations")[_TEMPLATE_GENERATION] = "1"


def _create_volume(obj: JSONObject, now: datetime) -> None:
    obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": format_timestamp(now)}


def _create_volume_claim(obj: JSONObject, _: datetime) -> None:
    obj["status"] = {"phase": "Pending"}
    spec = child(obj, "spec")
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if isinstance(source, dict) and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif isinstance(reference, dict) and source is None and not reference.get("namespace"):
        spec["dataSource"] = dict(reference)


def _create_definition(obj: JSONObject, _: datetime) -> None:
    stored = [
        text(version, "name") for version in maps(obj, "spec", "versions") if version.get("storage") is True
    ]
    if isinstance(obj.get("status"), dict):
        obj["status"]["storedVersions"] = stored


def _update_definition(new: JSONObject, _: JSONObject) -> None:
    stored = items(new, "status", "storedVersions")
    for version in maps(new, "spec", "versions"):
        name = text(version, "name")
        if version.get("storage") is True and name not in stored:
            new["status"] = {**peek(new, "status"), "storedVersions": [*stored, name]}
            break


def _update_daemon_set(new: JSONObject, old: JSONObject) -> None:
    recorded = text(old, "metadata", "annotations", _TEMPLATE_GENERATION)
    count = int(recorded) if recorded.isdecimal() else 0
    if not json_equal(peek(new, "spec").get("template"), peek(old, "spec").get("template")):
        count += 1
    child(child(new, "metadata"), "annotations")[_TEMPLATE_GENERATION] = str(count)


def _update_service(new: JSONObject, old: JSONObject) -> None:
    """What was assigned stays assigned when the writer does not mention it."""
    spec, before = child(new, "spec"), peek(old, "spec")
    if spec.get("type") == "ExternalName" or before.get("type") == "ExternalName":
        return
    if not spec.get("clusterIP") and not items(spec, "clusterIPs"):
        for name in ("clusterIP", "clusterIPs"):
            _keep(spec, before, name)
    elif not items(spec, "clusterIPs") or (
        spec.get("clusterIP")
        and spec["clusterIP"] != before.get("clusterIP")
        and spec["clusterIPs"] == before.get("clusterIPs")
    ):
        spec["clusterIPs"] = [spec["clusterIP"]]
    for name in ("ipFamilies", "ipFamilyPolicy"):
        if not spec.get(name):
            _keep(spec, before, name)
    if spec.get("type") in {"NodePort", "LoadBalancer"}:
        assigned = {
            (port.get("port"), port.get("protocol")): port["nodePort"]
            for port in maps(before, "ports")
            if port.get("nodePort")
        }
        for port in maps(spec, "ports"):
            node_port = assigned.get((port.get("port"), port.get("protocol")))
            if not port.get("nodePort") and node_port:
                port["nodePort"] = node_port


def needs_cluster_ip(service: JSONObject) -> bool:
    """Whether a Service waits for the address that the server assigns."""
    spec = peek(service, "spec")
    return (
        text(spec, "type") != "ExternalName" and not spec.get("clusterIP") and not items(spec, "clusterIPs")
    )


def assign_cluster_ip(service: JSONObject, address: str = "") -> None:
    """Give a Service its address and what follows from it. `service` is changed.

    Args:
        service: Decoded and with its defaults.
        address: The one assigned, where `needs_cluster_ip` asked for one.
    """
    spec = child(service, "spec")
    if text(spec, "type") == "ExternalName":
        return
    chosen = (
        text(spec, "clusterIP") or next((each for each in items(spec, "clusterIPs") if each), "") or address
    )
    spec["clusterIP"] = chosen
    if not items(spec, "clusterIPs"):
        spec["clusterIPs"] = [chosen]
    headless = chosen == "None" and not peek(spec, "selector")
    if not spec.get("ipFamilies"):
        spec["ipFamilies"] = ["IPv4", "IPv6"] if headless else ["IPv6" if ":" in chosen else "IPv4"]
    if not spec.get("ipFamilyPolicy"):
        spec["ipFamilyPolicy"] = "RequireDualStack" if headless else "SingleStack"


def unassigned_node_ports(service: JSONObject) -> list[JSONObject]:
    """The ports of a Service that wait for a port on the nodes: set `nodePort` in each."""
    spec = peek(service, "spec")
    kind = text(spec, "type")
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        return []
    if kind not in {"NodePort", "LoadBalancer"}:
        return []
    return [port for port in maps(spec, "ports") if not port.get("nodePort")]


def _finalize(new: JSONObject, old: JSONObject) -> None:
    finalizers = items(new, "spec", "finalizers")
    _keep(new, old, "spec")
    _keep(new, old, "status")
    child(new, "spec")["finalizers"] = finalizers
    if not finalizers:
        del new["spec"]["finalizers"]


def _approve(new: JSONObject, old: JSONObject) -> None:
    conditions = items(new, "status", "conditions")
    _keep(new, old, "spec")
    _keep(new, old, "status")
    if conditions:
        child(new, "status")["conditions"] = conditions


def _add_ephemeral_containers(new: JSONObject, old: JSONObject) -> None:
    containers = items(new, "spec", "ephemeralContainers")
    _keep(new, old, "spec")
    _keep(new, old, "status")
    if containers:
        child(new, "spec")["ephemeralContainers"] = containers


def _resize(new: JSONObject, old: JSONObject) -> None:
    wanted = {text(each, "name"): each for each in maps(new, "spec", "containers")}
    _keep(new, old, "spec")
    _keep(new, old, "status")
    for container in maps(new, "spec", "containers"):
        change = wanted.get(text(container, "name"), {})
        for name in ("resources", "resizePolicy"):
            if name in change:
                container[name] = change[name]


_CREATORS: Final[dict[tuple[str, str], Callable[[JSONObject, datetime], None]]] = {
    ("", "pods"): _create_pod,
    ("", "namespaces"): _create_namespace,
    ("", "nodes"): _create_node,
    ("", "persistentvolumes"): _create_volume,
    ("", "persistentvolumeclaims"): _create_volume_claim,
    ("apps", "daemonsets"): _create_daemon_set,
    ("batch", "jobs"): _create_job,
    ("apiextensions.k8s.io", "customresourcedefinitions"): _create_definition,
}
_UPDATERS: Final[dict[tuple[str, str], Callable[[JSONObject, JSONObject], None]]] = {
    ("apiextensions.k8s.io", "customresourcedefinitions"): _update_definition,
    ("", "services"): _update_service,
    ("apps", "daemonsets"): _update_daemon_set,
}
_PARTIAL_UPDATES: Final[dict[str, Callable[[JSONObject, JSONObject], None]]] = {
    "finalize": _finalize,
    "approval": _approve,
    "ephemeralcontainers": _add_ephemeral_containers,
    "resize": _resize,
}
