"""The rows of rules and classes: networking, access, storage, admission, flow control.

In:    an object
Out:   its cells
Next:  apiserver/printing/printers.py
Rules: pure, total on objects of any shape
Source: kube-apiserver's printers
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from listwatch.apiserver.kinds.durations import human_duration
from listwatch.apiserver.kinds.maps import JSONObject, flag, items, labels, maps, number, peek, text
from listwatch.apiserver.printing.printer_parts import (
    NONE,
    UNSET,
    age_of,
    condition_status,
    first_three,
    joined,
    name_of,
    selector_text,
)

_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


def _ingress(obj: JSONObject, now: datetime) -> list[Any]:
    spec = peek(obj, "spec")
    hosts = [text(rule, "host") for rule in maps(spec, "rules") if text(rule, "host")]
    addresses = [
        text(each, "ip") or text(each, "hostname") for each in maps(obj, "status", "loadBalancer", "ingress")
    ]
    return [
        name_of(obj),
        text(spec, "ingressClassName")
        or labels(obj, "metadata", "annotations").get("kubernetes.io/ingress.class", NONE),
        first_three(hosts, empty="*"),
        ",".join(sorted({each for each in addresses if each})),
        "80, 443" if items(spec, "tls") else "80",
        age_of(obj, now),
    ]


def _ingress_class(obj: JSONObject, now: datetime) -> list[Any]:
    parameters = peek(obj, "spec").get("parameters")
    shown = NONE
    if isinstance(parameters, dict):
        group, kind = text(parameters, "apiGroup"), text(parameters, "kind")
        shown = (
            f"{kind}.{group}/{text(parameters, 'name')}" if group else f"{kind}/{text(parameters, 'name')}"
        )
    return [name_of(obj), text(obj, "spec", "controller"), shown, age_of(obj, now)]


def _network_policy(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), selector_text(peek(obj, "spec").get("podSelector")), age_of(obj, now)]


def _ip_address(obj: JSONObject, now: datetime) -> list[Any]:
    parent = peek(obj, "spec", "parentRef")
    place = "/".join(
        part for part in (text(parent, "resource"), text(parent, "namespace"), text(parent, "name")) if part
    )
    group = text(parent, "group")
    return [name_of(obj), f"{group}/{place}" if group else place, age_of(obj, now)]


def _service_cidr(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), joined(items(obj, "spec", "cidrs"), empty=""), age_of(obj, now)]


def _role(obj: JSONObject, _: datetime) -> list[Any]:
    return [name_of(obj), text(obj, "metadata", "creationTimestamp")]


def _role_binding(obj: JSONObject, now: datetime) -> list[Any]:
    subjects: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in maps(obj, "subjects"):
        kind, name = text(subject, "kind"), text(subject, "name")
        if kind == "ServiceAccount":
            name = f"{text(subject, 'namespace')}/{name}"
        subjects.setdefault(kind, []).append(name)
    role = peek(obj, "roleRef")
    return [
        name_of(obj),
        f"{text(role, 'kind')}/{text(role, 'name')}",
        age_of(obj, now),
        ", ".join(subjects["User"]),
        ", ".join(subjects["Group"]),
        ", ".join(subjects["ServiceAccount"]),
    ]


def _signing_request(obj: JSONObject, now: datetime) -> list[Any]:
    spec = peek(obj, "spec")
    asked = number(spec, "expirationSeconds")
    state = "Pending"
    for kind in ("Denied", "Approved"):
        if condition_status(obj, kind) is not None:
            state = kind
            break
    if condition_status(obj, "Failed") is not None:
        state += ",Failed"
    if text(obj, "status", "certificate"):
        state += ",Issued"
    return [
        name_of(obj),
        age_of(obj, now),
        text(spec, "signerName") or NONE,
        text(spec, "username"),
        human_duration(asked) if asked else NONE,
        state,
    ]


def _storage_class(obj: JSONObject, now: datetime) -> list[Any]:
    name = name_of(obj)
    if labels(obj, "metadata", "annotations").get(_DEFAULT_CLASS) == "true":
        name += " (default)"
    return [
        name,
        text(obj, "provisioner"),
        text(obj, "reclaimPolicy") or "Delete",
        text(obj, "volumeBindingMode") or "Immediate",
        flag(obj, "allowVolumeExpansion"),
        age_of(obj, now),
    ]


def _volume_attachment(obj: JSONObject, now: datetime) -> list[Any]:
    spec = peek(obj, "spec")
    return [
        name_of(obj),
        text(spec, "attacher"),
        text(spec, "source", "persistentVolumeName"),
        text(spec, "nodeName"),
        flag(obj, "status", "attached"),
        age_of(obj, now),
    ]


def _csi_node(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), len(items(obj, "spec", "drivers")), age_of(obj, now)]


def _csi_driver(obj: JSONObject, now: datetime) -> list[Any]:
    spec = peek(obj, "spec")
    audiences = [text(request, "audience") for request in maps(spec, "tokenRequests")]
    return [
        name_of(obj),
        spec.get("attachRequired") is not False,
        flag(spec, "podInfoOnMount"),
        flag(spec, "storageCapacity"),
        ",".join(audiences) or UNSET,
        flag(spec, "requiresRepublish"),
        joined(items(spec, "volumeLifecycleModes")),
        age_of(obj, now),
    ]


def _priority_class(obj: JSONObject, now: datetime) -> list[Any]:
    return [
        name_of(obj),
        number(obj, "value"),
        flag(obj, "globalDefault"),
        age_of(obj, now),
        text(obj, "preemptionPolicy"),
    ]


def _runtime_class(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), text(obj, "handler"), age_of(obj, now)]


def _webhook_configuration(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), len(items(obj, "webhooks")), age_of(obj, now)]


def _admission_policy(obj: JSONObject, now: datetime) -> list[Any]:
    kind = peek(obj, "spec").get("paramKind")
    shown = f"{text(kind, 'apiVersion')}/{text(kind, 'kind')}" if isinstance(kind, dict) else UNSET
    return [name_of(obj), len(items(obj, "spec", "validations")), shown, age_of(obj, now)]


def _admission_policy_binding(obj: JSONObject, now: datetime) -> list[Any]:
    reference = peek(obj, "spec").get("paramRef")
    shown = UNSET
    if isinstance(reference, dict):
        namespace, name = text(reference, "namespace"), text(reference, "name")
        shown = f"{namespace}/{name}" if namespace else name or selector_text(reference.get("selector"))
    return [name_of(obj), text(obj, "spec", "policyName"), shown, age_of(obj, now)]


def _flow_schema(obj: JSONObject, now: datetime) -> list[Any]:
    spec = peek(obj, "spec")
    missing = condition_status(obj, "Dangling")
    return [
        name_of(obj),
        text(spec, "priorityLevelConfiguration", "name"),
        number(spec, "matchingPrecedence"),
        text(spec, "distinguisherMethod", "type") or NONE,
        age_of(obj, now),
        "?" if missing is None else missing,
    ]


def _priority_level(obj: JSONObject, now: datetime) -> list[Any]:
    spec = peek(obj, "spec")
    limited = spec.get("limited")
    shares: Any = NONE
    queuing: JSONObject = {}
    if isinstance(limited, dict):
        shares = limited.get("nominalConcurrencyShares", NONE)
        queuing = peek(limited, "limitResponse", "queuing")
    shown = [queuing.get(name, NONE) for name in ("queues", "handSize", "queueLengthLimit")]
    return [name_of(obj), text(spec, "type"), shares, *shown, age_of(obj, now)]


def _api_service(obj: JSONObject, now: datetime) -> list[Any]:
    service = peek(obj, "spec").get("service")
    place = f"{text(service, 'namespace')}/{text(service, 'name')}" if isinstance(service, dict) else "Local"
    available = "Unknown"
    for condition in maps(obj, "status", "conditions"):
        if condition.get("type") == "Available":
            available = text(condition, "status")
            if available != "True" and text(condition, "reason"):
                available = f"{available} ({text(condition, 'reason')})"
    return [name_of(obj), place, available, age_of(obj, now)]


def _resource_claim(obj: JSONObject, now: datetime) -> list[Any]:
    status = peek(obj, "status")
    states = ["deleted"] if text(obj, "metadata", "deletionTimestamp") else []
    if isinstance(status.get("allocation"), dict):
        states.append("allocated")
        if items(status, "reservedFor"):
            states.append("reserved")
    else:
        states.append("pending")
    return [name_of(obj), ",".join(states), age_of(obj, now)]


def _named(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), age_of(obj, now)]


def _resource_slice(obj: JSONObject, now: datetime) -> list[Any]:
    spec = peek(obj, "spec")
    node = text(spec, "nodeName") or UNSET
    return [name_of(obj), node, text(spec, "driver"), text(spec, "pool", "name"), age_of(obj, now)]


PRINTERS: Final[dict[tuple[str, str], Callable[[JSONObject, datetime], list[Any]]]] = {
    ("networking.k8s.io", "ingresses"): _ingress,
    ("networking.k8s.io", "ingressclasses"): _ingress_class,
    ("networking.k8s.io", "networkpolicies"): _network_policy,
    ("networking.k8s.io", "ipaddresses"): _ip_address,
    ("networking.k8s.io", "servicecidrs"): _service_cidr,
    ("rbac.authorization.k8s.io", "roles"): _role,
    ("rbac.authorization.k8s.io", "clusterroles"): _role,
    ("rbac.authorization.k8s.io", "rolebindings"): _role_binding,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _role_binding,
    ("certificates.k8s.io", "certificatesigningrequests"): _signing_request,
    ("storage.k8s.io", "storageclasses"): _storage_class,
    ("storage.k8s.io", "volumeattachments"): _volume_attachment,
    ("storage.k8s.io", "csinodes"): _csi_node,
    ("storage.k8s.io", "csidrivers"): _csi_driver,
    ("scheduling.k8s.io", "priorityclasses"): _priority_class,
    ("node.k8s.io", "runtimeclasses"): _runtime_class,
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): _webhook_configuration,
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): _webhook_configuration,
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): _admission_policy,
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"): _admission_policy_binding,
    ("flowcontrol.apiserver.k8s.io", "flowschemas"): _flow_schema,
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): _priority_level,
    ("apiregistration.k8s.io", "apiservices"): _api_service,
    ("resource.k8s.io", "resourceclaims"): _resource_claim,
    ("resource.k8s.io", "resourceclaimtemplates"): _named,
    ("resource.k8s.io", "deviceclasses"): _named,
    ("resource.k8s.io", "resourceslices"): _resource_slice,
}
