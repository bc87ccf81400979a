"""Who stands behind a Service: its pods, their addresses and ports, as pure functions.

In:    a Service and the pods of its namespace
Out:   endpoints, ports, and subsets as the two kinds of objects have them
Next:  life/controllers/endpoints.py
Rules: pure. A pod counts once it has an address and until it has ended; whether it is ready, serves or is on its way
       out is told of it.
Source: kubernetes/pkg/controller/endpoint, k8s.io/endpointslice; recorded objects
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from listwatch.apiserver.life.controllers.owners import (
    TERMINAL,
    JSONObject,
    is_deleted,
    is_ready,
    labels_of,
    phase_of,
)

MAX_ENDPOINTS = 100
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
SLICE_CONTROLLER = "endpointslice-controller.k8s.io"
SERVICE_NAME = "kubernetes.io/service-name"
HEADLESS = "service.kubernetes.io/headless"
ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by"
_ZONE = "topology.kubernetes.io/zone"


def is_selected(service: JSONObject, pod: JSONObject) -> bool:
    """Whether the pod is meant by the Service's selector; a Service without one means none."""
    selector = service["spec"].get("selector")
    return bool(selector) and selector.items() <= labels_of(pod).items()


def is_headless(service: JSONObject) -> bool:
    """Whether the Service has no address of its own."""
    return bool(service["spec"].get("clusterIP") == "None")


def _ip(pod: JSONObject) -> str:
    return str((pod.get("status") or {}).get("podIP") or "")


def backends(service: JSONObject, pods: Iterable[JSONObject]) -> list[JSONObject]:
    """The pods behind the Service that have an address, oldest first."""
    return [pod for pod in pods if is_selected(service, pod) and _ip(pod) and phase_of(pod) not in TERMINAL]


def target_port(port: JSONObject, pod: JSONObject) -> int | None:
    """The number of the pod's port that a port of the Service leads to; None if the pod has none of that name."""
    target = port.get("targetPort") or port.get("port")
    if isinstance(target, int):
        return target
    if isinstance(target, str) and target.isdecimal():
        return int(target)
    sidecars = [
        each for each in pod["spec"].get("initContainers") or () if each.get("restartPolicy") == "Always"
    ]
    for container in [*(pod["spec"].get("containers") or ()), *sidecars]:
        for each in container.get("ports") or ():
            if each.get("name") == target and each.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return int(each["containerPort"])
    return None


def ports_of(service: JSONObject, pod: JSONObject) -> list[JSONObject]:
    """The ports of a slice that the pod belongs to."""
    found: list[JSONObject] = []
    for each in service["spec"].get("ports") or ():
        number = target_port(each, pod)
        if number is None:
            continue
        port = {"name": each.get("name", ""), "port": number, "protocol": each.get("protocol", "TCP")}
        if each.get("appProtocol"):
            port["appProtocol"] = each["appProtocol"]
        found.append(port)
    return found


def _reference(pod: JSONObject) -> JSONObject:
    meta = pod["metadata"]
    return {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}


def endpoint(service: JSONObject, pod: JSONObject, node: JSONObject | None) -> JSONObject:
    """The pod as a slice shows it."""
    serving, terminating = is_ready(pod), is_deleted(pod)
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating)
    shown: JSONObject = {
        "addresses": [_ip(pod)],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": _reference(pod),
    }
    if pod["spec"].get("nodeName"):
        shown["nodeName"] = pod["spec"]["nodeName"]
    zone = labels_of(node).get(_ZONE) if node is not None else None
    if zone:
        shown["zone"] = zone
    if _has_own_name(service, pod):
        shown["hostname"] = pod["spec"]["hostname"]
    return shown


def _has_own_name(service: JSONObject, pod: JSONObject) -> bool:
    spec = pod["spec"]
    return bool(spec.get("hostname")) and spec.get("subdomain") == service["metadata"]["name"]


def slices(
    service: JSONObject, pods: Sequence[JSONObject], nodes: dict[str, JSONObject]
) -> list[tuple[list[JSONObject], list[JSONObject]]]:
    """Ports, and the endpoints that have these ports, for each set of ports. With nobody behind it, one empty pair."""
    grouped: dict[str, tuple[list[JSONObject], list[JSONObject]]] = {}
    for pod in pods:
        ports = ports_of(service, pod)
        key = json.dumps(ports, sort_keys=True)
        grouped.setdefault(key, (ports, []))[1].append(
            endpoint(service, pod, nodes.get(pod["spec"].get("nodeName", "")))
        )
    return list(grouped.values()) or [([], [])]


def subsets(service: JSONObject, pods: Iterable[JSONObject]) -> list[JSONObject]:
    """The same in the older form: addresses that are ready and that are not, by ports. The terminating are left out."""
    publishes = bool(service["spec"].get("publishNotReadyAddresses"))
    grouped: dict[str, JSONObject] = {}
    for pod in pods:
        if is_deleted(pod) and not publishes:
            continue
        ports = [
            {key: found for key, found in each.items() if key != "name" or found}
            for each in ports_of(service, pod)
        ]
        if not ports and not is_headless(service):
            continue
        address: JSONObject = {"ip": _ip(pod), "targetRef": _reference(pod)}
        if pod["spec"].get("nodeName"):
            address["nodeName"] = pod["spec"]["nodeName"]
        if _has_own_name(service, pod):
            address["hostname"] = pod["spec"]["hostname"]
        key = json.dumps(ports, sort_keys=True)
        subset = grouped.setdefault(key, {"ports": ports} if ports else {})
        where = "addresses" if publishes or is_ready(pod) else "notReadyAddresses"
        subset.setdefault(where, []).append(address)
    return list(grouped.values())


def distributed(
    wanted: Sequence[JSONObject], present: Sequence[Sequence[JSONObject]]
) -> list[list[JSONObject]]:
    """Endpoints on slices: who is in one stays in it, newcomers go where there is room, at most a hundred to one.

    Args:
        wanted: All endpoints of one set of ports.
        present: What the slices hold now; the answer has as many lists or more.
    """
    by_uid = {each["targetRef"]["uid"]: each for each in wanted}
    kept: list[list[JSONObject]] = []
    for held in present:
        uids = [(each.get("targetRef") or {}).get("uid") for each in held]
        kept.append([by_uid.pop(uid) for uid in uids if uid in by_uid])
    newcomers = list(by_uid.values())
    for each in kept:
        room = MAX_ENDPOINTS - len(each)
        each.extend(newcomers[:room])
        newcomers = newcomers[room:]
    while newcomers:
        kept.append(newcomers[:MAX_ENDPOINTS])
        newcomers = newcomers[MAX_ENDPOINTS:]
    return kept
