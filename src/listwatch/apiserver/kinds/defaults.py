"""What a kind gets where its writer said nothing.

In:    a decoded object (`schema.decode`), which is changed in place
Out:   the same object, complete
Next:  apiserver/kinds/strategy.py, apiserver/kinds/validation.py
Rules: no clock, no randomness; applying twice changes nothing more; a value that is there is never changed
Source: Kubernetes API reference ("Defaults to …"), the recordings, pkg/apis/*/v1/defaults.go for what neither says
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

from listwatch.apiserver.kinds import defaults_policies, defaults_workloads
from listwatch.apiserver.kinds.defaults_pods import default_pod, default_pod_template
from listwatch.apiserver.kinds.maps import child, maps, text

JSONObject = dict[str, Any]
Defaulter = Callable[[JSONObject], None]


def apply_defaults(group: str, version: str, kind: str, obj: JSONObject) -> None:
    """Complete `obj` in place, as the server does with every object that it decodes.

    Only what the object says decides; addresses, versions, status and admission are `strategy.py`'s.

    Args:
        group: Of the kind.
        version: Likewise; the versions of one group that are served have the same defaults.
        kind: A kind without defaults of its own, or one that is not built in, is left as it is.
        obj: Decoded, and fresh: it is changed.
    """
    defaulter = _DEFAULTERS.get((group, kind))
    if defaulter is not None:
        defaulter(obj)
    elif group == "autoscaling" and kind == "HorizontalPodAutoscaler":
        defaults_policies.default_autoscaler(obj, version)


def _secret(obj: JSONObject) -> None:
    obj.setdefault("type", "Opaque")
    plain = obj.pop("stringData", None)
    if isinstance(plain, dict) and plain:
        data = obj.setdefault("data", {})
        for key, value in plain.items():
            data[key] = base64.b64encode(str(value).encode("utf-8", "surrogatepass")).decode("ascii")


def _namespace(obj: JSONObject) -> None:
    child(obj, "status").setdefault("phase", "Active")
    name = text(child(obj, "metadata"), "name")
    if name:
        child(child(obj, "metadata"), "labels")["kubernetes.io/metadata.name"] = name


def _service(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    spec.setdefault("sessionAffinity", "None")
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        child(child(spec, "sessionAffinityConfig"), "clientIP").setdefault("timeoutSeconds", 10800)
    kind = spec.setdefault("type", "ClusterIP")
    for port in maps(spec, "ports"):
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, "") and "port" in port:
            port["targetPort"] = port["port"]
    if kind in {"NodePort", "LoadBalancer"}:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind in {"ClusterIP", "NodePort", "LoadBalancer"}:
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
        for ingress in maps(child(child(obj, "status"), "loadBalancer"), "ingress"):
            if text(ingress, "ip"):
                ingress.setdefault("ipMode", "VIP")


def _volume_claim(obj: JSONObject) -> None:
    child(obj, "spec").setdefault("volumeMode", "Filesystem")
    child(obj, "status").setdefault("phase", "Pending")


def _volume(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    if isinstance(spec.get("hostPath"), dict):
        spec["hostPath"].setdefault("type", "")
    child(obj, "status").setdefault("phase", "Pending")


def _node(obj: JSONObject) -> None:
    status = child(obj, "status")
    capacity = status.get("capacity")
    if "allocatable" not in status and isinstance(capacity, dict):
        status["allocatable"] = dict(capacity)


def _endpoints(obj: JSONObject) -> None:
    for subset in maps(obj, "subsets"):
        for port in maps(subset, "ports"):
            port.setdefault("protocol", "TCP")


def _endpoint_slice(obj: JSONObject) -> None:
    for port in maps(obj, "ports"):
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _limit_range(obj: JSONObject) -> None:
    for item in maps(child(obj, "spec"), "limits"):
        if item.get("type") != "Container":
            continue
        largest, smallest = item.get("max"), item.get("min")
        if isinstance(largest, dict):
            default = child(item, "default")
            for name, amount in largest.items():
                default.setdefault(name, amount)
        request = child(item, "defaultRequest")
        for source in (item.get("default"), smallest):
            if isinstance(source, dict):
                for name, amount in source.items():
                    request.setdefault(name, amount)
        if not request:
            del item["defaultRequest"]


def _pod_template(obj: JSONObject) -> None:
    default_pod_template(child(obj, "template"))


_DEFAULTERS: Final[dict[tuple[str, str], Defaulter]] = {
    ("", "Pod"): default_pod,
    ("", "PodTemplate"): _pod_template,
    ("", "Secret"): _secret,
    ("", "Namespace"): _namespace,
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _volume_claim,
    ("", "PersistentVolume"): _volume,
    ("", "Node"): _node,
    ("", "Endpoints"): _endpoints,
    ("", "LimitRange"): _limit_range,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    **defaults_workloads.DEFAULTERS,
    **defaults_policies.DEFAULTERS,
}
