"""Whether a policy may be stored: LimitRange, ResourceQuota, NetworkPolicy, and the metrics of an autoscaler.

In:    an object, decoded and defaulted
Out:   causes
Next:  apiserver/kinds/validation.py
Rules: pure, total on objects of any shape
Source: Kubernetes API reference; order and wording of pkg/apis/{core,networking,autoscaling}/validation
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from listwatch.apiserver.kinds.causes import Causes, port_problems
from listwatch.apiserver.kinds.maps import JSONObject, items, maps, peek, text
from listwatch.apiserver.kinds.quantity import QuantityError, quantity_value
from listwatch.apiserver.kinds.validation_pods import port_name_problems
from listwatch.apiserver.kinds.validation_selectors import validate_label_selector

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_POLICY_TYPES: Final = ("Egress", "Ingress")
_SOURCES: Final = {
    "Resource": "resource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
    "ContainerResource": "containerResource",
}
_COUNTED: Final = frozenset(
    {
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    }
)
_MEASURED: Final = frozenset({"cpu", "memory", "ephemeral-storage"})


def _amount(value: object) -> Decimal | None:
    if not isinstance(value, str | int | float):
        return None
    try:
        return quantity_value(value)
    except QuantityError:
        return None


def _resource_quota(causes: Causes, obj: JSONObject) -> None:
    for name, amount in peek(obj, "spec", "hard").items():
        path = f"spec.hard[{name}]"
        if "/" not in name and not _is_quota_name(name):
            causes.invalid(path, name, "must be a standard resource for quota")
        value = _amount(amount)
        if value is not None and value < 0:
            causes.invalid(path, amount, "must be greater than or equal to 0")
        if value is not None and name in _COUNTED and value != value.to_integral_value():
            causes.invalid(path, amount, "must be an integer")


def _is_quota_name(name: str) -> bool:
    kind, _, rest = name.partition(".")
    if kind in {"requests", "limits"}:
        return rest in _MEASURED or name == "requests.storage" or rest.startswith("hugepages-")
    return name in _COUNTED | _MEASURED or name.startswith("hugepages-")


def _limit_range(causes: Causes, obj: JSONObject) -> None:
    """For each resource: the least, then what is asked for by default, the default limit, and the most."""
    for index, limit in enumerate(maps(obj, "spec", "limits")):
        path = f"spec.limits[{index}]"
        parts = {name: peek(limit, name) for name in ("min", "defaultRequest", "default", "max")}
        if text(limit, "type") == "Pod":
            for name in ("default", "defaultRequest"):
                if parts[name]:
                    causes.forbidden(f"{path}.{name}", "may not be specified when `type` is 'Pod'")
                parts[name] = {}
        for resource in dict.fromkeys(name for part in parts.values() for name in part):
            _in_order(causes, path, resource, parts)


_WORDS: Final = {
    "min": "min value",
    "max": "max value",
    "default": "default value",
    "defaultRequest": "default request value",
}
# What is told of, what it must not be above, and with which of the two the message begins.
_ORDER: Final = (
    ("min", "min", "max"),
    ("defaultRequest", "min", "defaultRequest"),
    ("defaultRequest", "defaultRequest", "max"),
    ("defaultRequest", "defaultRequest", "default"),
    ("default", "min", "default"),
    ("default", "default", "max"),
)


def _in_order(causes: Causes, path: str, resource: str, parts: dict[str, JSONObject]) -> None:
    for told, low, high in _ORDER:
        least, most = parts[low].get(resource), parts[high].get(resource)
        smaller, larger = _amount(least), _amount(most)
        if smaller is None or larger is None or smaller <= larger:
            continue
        causes.invalid(
            f"{path}.{told}[{resource}]",
            parts[told][resource],
            f"{_WORDS[low]} {least} is greater than {_WORDS[high]} {most}",
        )


def _network_policy(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    validate_label_selector(causes, peek(spec, "podSelector"), "spec.podSelector")
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(maps(spec, direction)):
            path = f"spec.{direction}[{index}]"
            for number, port in enumerate(maps(rule, "ports")):
                _policy_port(causes, port, f"{path}.ports[{number}]")
            for number, peer in enumerate(maps(rule, peers)):
                _peer(causes, peer, f"{path}.{peers}[{number}]")
    types = items(spec, "policyTypes")
    if len(types) > len(_POLICY_TYPES):
        causes.invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for index, each in enumerate(types):
        if each not in _POLICY_TYPES:
            causes.unsupported(f"spec.policyTypes[{index}]", each, _POLICY_TYPES)


def _policy_port(causes: Causes, port: JSONObject, path: str) -> None:
    protocol, where = port.get("protocol"), port.get("port")
    if protocol is not None and protocol not in _PROTOCOLS:
        causes.unsupported(f"{path}.protocol", protocol, _PROTOCOLS)
    if isinstance(where, int):
        causes.all_invalid(f"{path}.port", where, port_problems(where))
        last = port.get("endPort")
        if isinstance(last, int) and last < where:
            causes.invalid(f"{path}.endPort", last, "must be greater than or equal to `port`")
    elif isinstance(where, str):
        if port.get("endPort") is not None:
            causes.invalid(
                f"{path}.endPort", port["endPort"], "may not be specified when `port` is non-numeric"
            )
        causes.all_invalid(f"{path}.port", where, port_name_problems(where))
    elif port.get("endPort") is not None:
        causes.invalid(
            f"{path}.endPort", port["endPort"], "may not be specified when `port` is not specified"
        )


def _peer(causes: Causes, peer: JSONObject, path: str) -> None:
    given = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if name in peer]
    for name in ("podSelector", "namespaceSelector"):
        validate_label_selector(causes, peek(peer, name), f"{path}.{name}")
    if "ipBlock" in given:
        _block(causes, peek(peer, "ipBlock"), f"{path}.ipBlock")
        if len(given) > 1:
            causes.forbidden(path, "may not specify both ipBlock and another peer")
    if not given:
        causes.required(path, "must specify a peer")


def _block(causes: Causes, block: JSONObject, path: str) -> None:
    cidr = text(block, "cidr")
    if not cidr:
        causes.required(f"{path}.cidr")
        return
    network = _network(causes, cidr, f"{path}.cidr")
    for index, each in enumerate(items(block, "except")):
        if not isinstance(each, str):
            continue
        hole = _network(causes, each, f"{path}.except[{index}]")
        if network is not None and hole is not None and not _is_within(hole, network):
            causes.invalid(f"{path}.except[{index}]", each, "must be a strict subset of `cidr`")


Network = IPv4Network | IPv6Network


def _network(causes: Causes, cidr: str, path: str) -> Network | None:
    try:
        if "/" in cidr:
            return ip_network(cidr, strict=False)
    except ValueError:
        pass
    causes.invalid(path, cidr, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
    return None


def _is_within(inner: Network, outer: Network) -> bool:
    """Whether one is a part of the other, and not all of it."""
    same_family = inner.version == outer.version
    return same_family and inner.prefixlen > outer.prefixlen and inner.network_address in outer


def validate_metrics(causes: Causes, spec: JSONObject) -> None:
    """Each metric of an autoscaler has the source that its type names, and no other."""
    for index, metric in enumerate(maps(spec, "metrics")):
        path, kind = f"spec.metrics[{index}]", text(metric, "type")
        if not kind:
            causes.required(f"{path}.type", "must specify a metric source type")
            continue
        wanted = _SOURCES.get(kind)
        if wanted is None:
            causes.unsupported(f"{path}.type", kind, sorted(_SOURCES))
            continue
        for source in _SOURCES.values():
            if source == wanted and source not in metric:
                causes.required(f"{path}.{source}", "must populate information for the given metric source")
            elif source != wanted and source in metric:
                causes.forbidden(f"{path}.{source}", "must populate the given metric source only")
        if wanted in metric:
            _target(causes, peek(metric, wanted, "target"), kind, f"{path}.{wanted}.target")


def _target(causes: Causes, target: JSONObject, kind: str, path: str) -> None:
    how = text(target, "type")
    if not how:
        causes.required(f"{path}.type", "must specify a metric target type")
    elif how not in _TARGETS:
        causes.invalid(f"{path}.type", how, "must be either Utilization, Value, or AverageValue")
    fields, detail = _NEEDED[kind]
    if not any(field in target for field in fields):
        causes.required(f"{path}.{fields[0]}", detail)


_TARGETS: Final = frozenset({"Utilization", "Value", "AverageValue"})
_OF_RESOURCE: Final = (
    ("averageUtilization", "averageValue"),
    "must set either a target raw value or a target utilization",
)
_OF_OTHERS: Final = (
    ("averageValue", "value"),
    "must set either a target value for metric or a per-pod target",
)
_NEEDED: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "Resource": _OF_RESOURCE,
    "ContainerResource": _OF_RESOURCE,
    "Pods": (("averageValue",), "must specify a positive target averageValue"),
    "Object": _OF_OTHERS,
    "External": _OF_OTHERS,
}


RULES: Final[dict[tuple[str, str], Callable[[Causes, JSONObject], None]]] = {
    ("", "ResourceQuota"): _resource_quota,
    ("", "LimitRange"): _limit_range,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
}
