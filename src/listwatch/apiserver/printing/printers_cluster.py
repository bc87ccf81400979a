"""The rows of what a cluster is made of: nodes, namespaces, events, services, volumes.

In:    an object
Out:   its cells
Next:  apiserver/printing/printers.py
Rules: pure, total on objects of any shape
Source: the recordings; kube-apiserver's printers
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from listwatch.apiserver.kinds.durations import UNKNOWN, age
from listwatch.apiserver.kinds.maps import JSONObject, flag, items, labels, maps, number, peek, text
from listwatch.apiserver.printing.printer_parts import (
    NONE,
    UNSET,
    age_of,
    condition_status,
    first_three,
    is_being_deleted,
    joined,
    labels_text,
    name_of,
)

_ROLE_PREFIX: Final = "node-role.kubernetes.io/"
_ROLE_LABEL: Final = "kubernetes.io/role"
_SHORT_MODES: Final = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _namespace(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), text(obj, "status", "phase"), age_of(obj, now)]


def _node(obj: JSONObject, now: datetime) -> list[Any]:
    ready = condition_status(obj, "Ready")
    state = "Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"
    if flag(obj, "spec", "unschedulable"):
        state += ",SchedulingDisabled"
    roles: set[str] = set()
    for label, value in labels(obj, "metadata", "labels").items():
        if label.startswith(_ROLE_PREFIX) and label != _ROLE_PREFIX:
            roles.add(label.removeprefix(_ROLE_PREFIX))
        elif label == _ROLE_LABEL and value:
            roles.add(value)
    info = peek(obj, "status", "nodeInfo")
    return [
        name_of(obj),
        state,
        ",".join(sorted(roles)) or NONE,
        age_of(obj, now),
        text(info, "kubeletVersion"),
        _address(obj, "InternalIP"),
        _address(obj, "ExternalIP"),
        text(info, "osImage") or UNKNOWN,
        text(info, "kernelVersion") or UNKNOWN,
        text(info, "containerRuntimeVersion") or UNKNOWN,
    ]


def _address(node: JSONObject, kind: str) -> str:
    for address in maps(node, "status", "addresses"):
        if address.get("type") == kind:
            return text(address, "address")
    return NONE


def _event(obj: JSONObject, now: datetime) -> list[Any]:
    """An event of either group; the newer one calls some fields otherwise."""
    involved = peek(obj, "involvedObject") or peek(obj, "regarding")
    source = peek(obj, "source") or peek(obj, "deprecatedSource")
    first = obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp")
    last = obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp")
    first_seen = age(first or obj.get("eventTime"), now)
    last_seen = age(last, now) if last else first_seen
    count = number(obj, "count") or number(obj, "deprecatedCount") or 1
    if isinstance(obj.get("series"), dict):
        last_seen = age(obj["series"].get("lastObservedTime"), now)
        count = number(obj, "series", "count")
    kind, name = text(involved, "kind").lower(), text(involved, "name")
    component = (
        text(source, "component") or text(obj, "reportingComponent") or text(obj, "reportingController")
    )
    host = text(source, "host") or text(obj, "reportingInstance")
    return [
        last_seen,
        text(obj, "type"),
        text(obj, "reason"),
        f"{kind}/{name}" if name else kind,
        text(involved, "fieldPath"),
        f"{component}, {host}" if host else component,
        (text(obj, "message") or text(obj, "note")).strip(),
        first_seen,
        count,
        name_of(obj),
    ]


def _service(obj: JSONObject, now: datetime) -> list[Any]:
    spec = peek(obj, "spec")
    address = next((each for each in items(spec, "clusterIPs") if isinstance(each, str)), "")
    return [
        name_of(obj),
        text(spec, "type"),
        address or text(spec, "clusterIP") or NONE,
        _external_addresses(obj),
        ",".join(map(_service_port, maps(spec, "ports"))) or NONE,
        age_of(obj, now),
        labels_text(spec, "selector"),
    ]


def _service_port(port: JSONObject) -> str:
    own = f"{number(port, 'port')}"
    node_port = number(port, "nodePort")
    return f"{own}:{node_port}/{text(port, 'protocol')}" if node_port else f"{own}/{text(port, 'protocol')}"


def _external_addresses(obj: JSONObject) -> str:
    spec = peek(obj, "spec")
    match text(spec, "type"):
        case "ClusterIP" | "NodePort":
            return joined(items(spec, "externalIPs"))
        case "LoadBalancer":
            balanced = _balancer_addresses(obj)
            return joined([*balanced, *items(spec, "externalIPs")], empty="<pending>")
        case "ExternalName":
            return text(spec, "externalName")
        case _:
            return UNKNOWN


def _balancer_addresses(obj: JSONObject) -> list[str]:
    found = [
        text(each, "ip") or text(each, "hostname") for each in maps(obj, "status", "loadBalancer", "ingress")
    ]
    return sorted({each for each in found if each})


def _endpoints(obj: JSONObject, now: datetime) -> list[Any]:
    shown: list[str] = []
    for subset in maps(obj, "subsets"):
        addresses = [text(each, "ip") for each in maps(subset, "addresses")]
        ports = maps(subset, "ports")
        if not ports:
            shown.extend(addresses)
        for port in ports:
            shown.extend(f"{_host(address)}:{number(port, 'port')}" for address in addresses)
    return [name_of(obj), first_three(shown, empty=NONE), age_of(obj, now)]


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _endpoint_slice(obj: JSONObject, now: datetime) -> list[Any]:
    ports = [
        str(number(port, "port")) if port.get("port") is not None else "*" for port in maps(obj, "ports")
    ]
    addresses = [
        address
        for endpoint in maps(obj, "endpoints")
        for address in items(endpoint, "addresses")
        if isinstance(address, str)
    ]
    return [
        name_of(obj),
        text(obj, "addressType"),
        first_three(ports, empty=UNSET),
        first_three(addresses, empty=UNSET),
        age_of(obj, now),
    ]


def _service_account(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), age_of(obj, now)]


def _access_modes(modes: list[Any]) -> str:
    present = {mode for mode in modes if isinstance(mode, str)}
    return ",".join(short for mode, short in _SHORT_MODES.items() if mode in present)


def _volume(obj: JSONObject, now: datetime) -> list[Any]:
    spec, status = peek(obj, "spec"), peek(obj, "status")
    claim = spec.get("claimRef")
    shown = f"{text(claim, 'namespace')}/{text(claim, 'name')}" if isinstance(claim, dict) else ""
    return [
        name_of(obj),
        text(spec, "capacity", "storage") or "0",
        _access_modes(items(spec, "accessModes")),
        text(spec, "persistentVolumeReclaimPolicy"),
        "Terminating" if is_being_deleted(obj) else text(status, "phase"),
        shown,
        text(spec, "storageClassName"),
        text(spec, "volumeAttributesClassName") or UNSET,
        text(status, "reason"),
        age_of(obj, now),
        text(spec, "volumeMode") or UNSET,
    ]


def _volume_claim(obj: JSONObject, now: datetime) -> list[Any]:
    spec, status = peek(obj, "spec"), peek(obj, "status")
    volume = text(spec, "volumeName")
    return [
        name_of(obj),
        "Terminating" if is_being_deleted(obj) else text(status, "phase"),
        volume,
        (text(status, "capacity", "storage") or "0") if volume else "",
        _access_modes(items(status, "accessModes")) if volume else "",
        text(spec, "storageClassName"),
        text(status, "currentVolumeAttributesClassName") or UNSET,
        age_of(obj, now),
        text(spec, "volumeMode") or UNSET,
    ]


def _component_status(obj: JSONObject, _: datetime) -> list[Any]:
    state, message, error = "Unknown", "", ""
    for condition in maps(obj, "conditions"):
        if condition.get("type") == "Healthy":
            state = "Healthy" if condition.get("status") == "True" else "Unhealthy"
            message, error = text(condition, "message"), text(condition, "error")
    return [name_of(obj), state, message, error]


def _resource_quota(obj: JSONObject, now: datetime) -> list[Any]:
    hard, used = labels(obj, "status", "hard"), labels(obj, "status", "used")
    requests: list[str] = []
    limits: list[str] = []
    for name in sorted(hard):
        shown = f"{name}: {used.get(name, '0')}/{hard[name]}"
        (limits if name.startswith("limits.") else requests).append(shown)
    return [name_of(obj), ", ".join(requests), ", ".join(limits), age_of(obj, now)]


PRINTERS: Final[dict[tuple[str, str], Callable[[JSONObject, datetime], list[Any]]]] = {
    ("", "namespaces"): _namespace,
    ("", "nodes"): _node,
    ("", "events"): _event,
    ("events.k8s.io", "events"): _event,
    ("", "services"): _service,
    ("", "endpoints"): _endpoints,
    ("discovery.k8s.io", "endpointslices"): _endpoint_slice,
    ("", "serviceaccounts"): _service_account,
    ("", "persistentvolumes"): _volume,
    ("", "persistentvolumeclaims"): _volume_claim,
    ("", "componentstatuses"): _component_status,
    ("", "resourcequotas"): _resource_quota,
}
