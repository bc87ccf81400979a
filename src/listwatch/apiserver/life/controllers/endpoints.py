"""EndpointSlices and Endpoints: kept in step with the pods behind each Service.

In:    Services, pods, nodes                        (from life/controllers/caches.py)
Out:   EndpointSlices, Endpoints
Next:  life/controllers/backends.py decides what they say
Rules: an object is written only if it would say something else. The annotation with the time of the change that caused
       a write is there if a pod's readiness or a new Service caused it, and goes otherwise.
Source: kubernetes/pkg/controller/endpoint, endpointslice; k8s.io/endpointslice/util/trigger_time_tracker.go
"""

from __future__ import annotations

from listwatch.apiserver.life.controllers.actions import Action, create, delete, replace
from listwatch.apiserver.life.controllers.backends import (
    ENDPOINTS_MANAGED_BY,
    HEADLESS,
    MANAGED_BY,
    SERVICE_NAME,
    SLICE_CONTROLLER,
    backends,
    distributed,
    is_headless,
    is_selected,
    slices,
    subsets,
)
from listwatch.apiserver.life.controllers.collections import ENDPOINT_SLICES, ENDPOINTS, NODES, PODS, SERVICES
from listwatch.apiserver.life.controllers.controller import Controller, Key, Surroundings
from listwatch.apiserver.life.controllers.owners import (
    JSONObject,
    annotations_of,
    condition_of,
    controller_reference,
    is_deleted,
    labels_of,
)

TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"


class TriggerTimes:
    """When the changes happened that lead to a write; remembers what was told of each Service before."""

    def __init__(self) -> None:
        self._services: dict[Key, str] = {}
        self._pods: dict[Key, dict[str, str]] = {}

    def next(self, service: JSONObject, pods: list[JSONObject]) -> str:
        """The earliest time of what is new since the last call; "" if nothing is."""
        meta = service["metadata"]
        key = meta["namespace"], meta["name"]
        times: list[str] = []
        before = self._pods.get(key, {})
        now: dict[str, str] = {}
        for each in pods:
            held = condition_of(each, "Ready")
            moment = str((held or {}).get("lastTransitionTime") or "")
            uid = each["metadata"]["uid"]
            now[uid] = moment
            if moment and before.get(uid) != moment:
                times.append(moment)
        if self._services.get(key) != meta["creationTimestamp"]:
            self._services[key] = meta["creationTimestamp"]
            times.append(meta["creationTimestamp"])
        self._pods[key] = now
        return min(times, default="")

    def forget(self, key: Key) -> None:
        """The Service is gone."""
        self._services.pop(key, None)
        self._pods.pop(key, None)


class _OfServices(Controller):
    """What both have in common: a Service is looked at when it, or a pod that it means, changes."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._services = self.follow(SERVICES)
        self._pods = self.caches.of(PODS)
        self._pods.listen(self._pod_changed)
        self._times = TriggerTimes()

    def _pod_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        value = after or before
        if value is None:
            return
        for each in self._services.in_namespace(value["metadata"]["namespace"]):
            if any(pod is not None and is_selected(each, pod) for pod in (before, after)):
                self.enqueue(each)

    def _found(self, namespace: str, name: str) -> JSONObject | None:
        """The Service, if it has pods of its own choosing."""
        service = self._services.get(namespace, name)
        if service is None:
            self._times.forget((namespace, name))
            return None
        return (
            service
            if service["spec"].get("selector") and service["spec"].get("type") != "ExternalName"
            else None
        )


def _annotated(held: JSONObject | None, moment: str) -> JSONObject:
    annotations = dict(annotations_of(held)) if held is not None else {}
    annotations.pop(TRIGGER_TIME, None)
    if moment:
        annotations[TRIGGER_TIME] = moment
    return annotations


class EndpointsController(_OfServices):
    """Keeps Endpoints."""

    name = "endpoint-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._endpoints = self.caches.of(ENDPOINTS)
        self._endpoints.listen(self._endpoints_changed)

    async def sync(self, namespace: str, name: str) -> None:
        """Write what the Endpoints of one Service should say."""
        service = self._found(namespace, name)
        held = self._endpoints.get(namespace, name)
        if service is None:
            gone = self._services.get(namespace, name) is None
            if gone and held is not None and ENDPOINTS_MANAGED_BY in labels_of(held):
                await self.hands.do(delete(ENDPOINTS, held))
            return
        pods = backends(service, self._pods.in_namespace(namespace))
        wanted = subsets(service, pods)
        moment = self._times.next(service, pods)
        labels = {**labels_of(service), ENDPOINTS_MANAGED_BY: "endpoint-controller"}
        if is_headless(service):
            labels[HEADLESS] = ""
        if held is not None and (held.get("subsets") or []) == wanted and labels_of(held) == labels:
            return
        meta = {**held["metadata"]} if held is not None else {"name": name}
        meta |= {"labels": labels, "annotations": _annotated(held, moment)}
        body: JSONObject = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta}
        if wanted:
            body["subsets"] = wanted
        write = create(ENDPOINTS, body, namespace=namespace) if held is None else replace(ENDPOINTS, body)
        await self.hands.do(write)

    def _endpoints_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        if after is None and before is not None:
            self.enqueue(before)


class EndpointSliceController(_OfServices):
    """Keeps EndpointSlices."""

    name = "endpointslice-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._slices = self.follow_controlled(ENDPOINT_SLICES, self._services, {"Service"})
        self._nodes = self.caches.of(NODES)

    async def sync(self, namespace: str, name: str) -> None:
        """Write what the slices of one Service should say."""
        service = self._found(namespace, name)
        if service is None or is_deleted(service):
            return
        pods = backends(service, self._pods.in_namespace(namespace))
        nodes = {each["metadata"]["name"]: each for each in self._nodes}
        held = [
            each
            for each in self._slices.controlled_by(service["metadata"]["uid"])
            if labels_of(each).get(MANAGED_BY) == SLICE_CONTROLLER and not is_deleted(each)
        ]
        wanted = slices(service, pods, nodes)
        await self.hands.perform(reconciled(service, held, wanted, self._times.next(service, pods)))


def reconciled(
    service: JSONObject,
    held: list[JSONObject],
    wanted: list[tuple[list[JSONObject], list[JSONObject]]],
    moment: str,
) -> list[Action]:
    """The writes that make the slices `held` say what is `wanted`; slices of other ports are taken over, then deleted.

    Args:
        service: Whose slices.
        held: Those that there are.
        wanted: Ports and endpoints for each set of ports.
        moment: When what caused this happened; "" if it is not known.
    """
    free = list(held)
    pairs: list[tuple[JSONObject | None, list[JSONObject], list[JSONObject]]] = []
    for ports, endpoints in wanted:
        own = [each for each in free if (each.get("ports") or []) == ports]
        free = [each for each in free if not any(each is found for found in own)]
        lists = distributed(endpoints, [each.get("endpoints") or [] for each in own])
        if not lists:
            lists = [[]]
        for index, some in enumerate(lists):
            pairs.append((own[index] if index < len(own) else None, ports, some))
    actions: list[Action] = []
    is_bare = all(not some for _, _, some in pairs)
    for position, (slice_, ports, some) in enumerate(pairs):
        if slice_ is None and free:
            slice_ = free.pop(0)  # noqa: PLW2901 - taken over
        if slice_ is not None and not some and (position or not is_bare):
            free.append(slice_)
            continue
        actions += _written(service, slice_, ports, some, moment)
    return [*actions, *(delete(ENDPOINT_SLICES, each) for each in free)]


def _written(
    service: JSONObject,
    held: JSONObject | None,
    ports: list[JSONObject],
    endpoints: list[JSONObject],
    moment: str,
) -> list[Action]:
    meta = service["metadata"]
    labels = {**labels_of(service), MANAGED_BY: SLICE_CONTROLLER, SERVICE_NAME: meta["name"]}
    if is_headless(service):
        labels[HEADLESS] = ""
    says = {"endpoints": endpoints or None, "ports": ports or None}
    if held is None:
        made = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "generateName": f"{meta['name']}-",
                "labels": labels,
                "annotations": _annotated(None, moment),
                "ownerReferences": [controller_reference(service)],
            },
            "addressType": "IPv4",
            **says,
        }
        return [create(ENDPOINT_SLICES, made, namespace=meta["namespace"])]
    same = all((held.get(name) or None) == each for name, each in says.items())
    if same and labels_of(held) == labels:
        return []
    changed = {**held["metadata"], "labels": labels, "annotations": _annotated(held, moment)}
    return [replace(ENDPOINT_SLICES, {**held, "metadata": changed, **says})]
