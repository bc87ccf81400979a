"""Whether the remaining kinds may be stored: configuration, services, volumes, access, classes.

In:    an object, decoded and defaulted; for an update also the stored one
Out:   causes
Next:  apiserver/kinds/validation.py
Rules: pure, total on objects of any shape; the contents of a Secret never get into a message
Source: Kubernetes API reference; order and wording of pkg/apis/*/validation, the recordings
"""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from typing import Final

from listwatch.apimachinery import names
from listwatch.apiserver.kinds.causes import IMMUTABLE, Causes, immutable, port_problems
from listwatch.apiserver.kinds.maps import JSONObject, items, json_equal, labels, maps, number, peek, text
from listwatch.apiserver.kinds.quantity import QuantityError, quantity_value
from listwatch.apiserver.kinds.validation_pods import port_name_problems

_MOST_DATA: Final = 1024 * 1024
_RBAC: Final = "rbac.authorization.k8s.io"
_SET_IN_STONE: Final = "field is immutable when `immutable` is set"
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_SERVICE_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_SUBJECT_KINDS: Final = ("Group", "ServiceAccount", "User")
_SECRET_KEYS: Final = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
_JSON_KEYS: Final = (".dockercfg", ".dockerconfigjson")


def _decoded(value: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except (Base64Error, ValueError):
        return b""


def _config_map(causes: Causes, obj: JSONObject) -> None:
    data, binary = labels(obj, "data"), labels(obj, "binaryData")
    size = 0
    for key, value in data.items():
        causes.all_invalid(f"data[{key}]", key, names.config_key_problems(key))
        if key in binary:
            causes.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
        size += len(value.encode("utf-8", "surrogatepass"))
    for key, value in binary.items():
        causes.all_invalid(f"binaryData[{key}]", key, names.config_key_problems(key))
        size += len(_decoded(value))
    if size > _MOST_DATA:
        causes.too_long("", _MOST_DATA)


def _update_config_map(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    _update_set_in_stone(causes, new, old, "data", "binaryData")


def _update_set_in_stone(causes: Causes, new: JSONObject, old: JSONObject, *fields: str) -> None:
    if old.get("immutable") is not True:
        return
    if new.get("immutable") is not True:
        causes.forbidden("immutable", _SET_IN_STONE)
    for field in fields:
        if not json_equal(peek(new, field), peek(old, field)):
            causes.forbidden(field, _SET_IN_STONE)


def _secret(causes: Causes, obj: JSONObject) -> None:
    data, kind = labels(obj, "data"), text(obj, "type")
    size = 0
    for key, value in data.items():
        causes.all_invalid(f"data[{key}]", key, names.config_key_problems(key))
        size += len(_decoded(value))
    if size > _MOST_DATA:
        causes.too_long("data", _MOST_DATA)
    for key in _SECRET_KEYS.get(kind, ()):
        if key not in data:
            causes.required(f"data[{key}]")
        elif key in _JSON_KEYS:
            _json_secret(causes, key, data[key])
    if kind == "kubernetes.io/basic-auth" and not data.keys() & {"username", "password"}:
        causes.required("data[username]")
        causes.required("data[password]")
    if kind == "kubernetes.io/service-account-token":
        account = "kubernetes.io/service-account.name"
        if not labels(obj, "metadata", "annotations").get(account):
            causes.required(f"metadata.annotations[{account}]")


def _json_secret(causes: Causes, key: str, value: str) -> None:
    try:
        valid = isinstance(json.loads(_decoded(value)), dict)
    except ValueError:
        valid = False
    if not valid:
        causes.invalid(f"data[{key}]", "<secret contents redacted>", "invalid character in JSON")


def _update_secret(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    immutable(causes, new, old, "type")
    _update_set_in_stone(causes, new, old, "data")


def _service(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    kind = text(spec, "type")
    headless = text(spec, "clusterIP") == "None"
    if kind not in _SERVICE_TYPES:
        causes.unsupported("spec.type", kind, _SERVICE_TYPES)
    ports = maps(spec, "ports")
    if not ports and not headless and kind != "ExternalName":
        causes.required("spec.ports")
    if kind == "LoadBalancer" and headless:
        causes.invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for LoadBalancer services")
    if kind == "NodePort" and headless:
        causes.invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for NodePort services")
    if kind == "ExternalName":
        external = text(spec, "externalName").rstrip(".")
        if external:
            causes.all_invalid("spec.externalName", external, names.dns_subdomain_problems(external))
        else:
            causes.required("spec.externalName")
    _service_ports(causes, ports, is_only_one=len(ports) <= 1, headless=headless)
    for key, value in labels(spec, "selector").items():
        causes.all_invalid("spec.selector", key, names.qualified_name_problems(key))
        causes.all_invalid("spec.selector", value, names.label_value_problems(value))
    affinity = text(spec, "sessionAffinity")
    if affinity not in {"ClientIP", "None"}:
        causes.unsupported("spec.sessionAffinity", affinity, ("ClientIP", "None"))


def _service_ports(causes: Causes, ports: list[JSONObject], *, is_only_one: bool, headless: bool) -> None:
    found: set[str] = set()
    taken: set[tuple[object, str]] = set()
    for index, port in enumerate(ports):
        path = f"spec.ports[{index}]"
        name, protocol = text(port, "name"), text(port, "protocol")
        if not name and not is_only_one:
            causes.required(f"{path}.name")
        elif name:
            causes.all_invalid(f"{path}.name", name, names.dns_label_problems(name))
            if name in found:
                causes.duplicate(f"{path}.name", name)
            found.add(name)
        causes.all_invalid(f"{path}.port", port.get("port", 0), port_problems(port.get("port", 0)))
        if protocol not in _PROTOCOLS:
            causes.unsupported(f"{path}.protocol", protocol, _PROTOCOLS)
        node_port = port.get("nodePort", 0)
        if isinstance(node_port, int) and node_port and node_port not in _NODE_PORTS:
            detail = (
                f"provided port is not in the valid range. The range of valid ports is {_NODE_PORTS_SHOWN}"
            )
            causes.invalid(f"{path}.nodePort", node_port, detail)
        target = port.get("targetPort")
        if isinstance(target, int):
            causes.all_invalid(f"{path}.targetPort", target, port_problems(target))
        elif isinstance(target, str):
            causes.all_invalid(f"{path}.targetPort", target, port_name_problems(target))
        key = (port.get("port"), protocol)
        if key in taken and not headless:
            same = {name: port[name] for name in ("protocol", "port") if name in port}
            causes.duplicate(path, same)
        taken.add(key)


_NODE_PORTS: Final = range(30_000, 32_768)
_NODE_PORTS_SHOWN: Final = f"{_NODE_PORTS.start}-{_NODE_PORTS.stop - 1}"


def _update_service(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    kinds = {text(new, "spec", "type"), text(old, "spec", "type")}
    before, after = items(old, "spec", "clusterIPs"), items(new, "spec", "clusterIPs")
    if "ExternalName" not in kinds and before and after[:1] != before[:1]:
        causes.invalid("spec.clusterIPs[0]", after, "may not change once set")


def _volume_claim(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    if not items(spec, "accessModes"):
        causes.required("spec.accessModes", "at least 1 access mode is required")
    for mode in items(spec, "accessModes"):
        if mode not in _ACCESS_MODES:
            causes.unsupported("spec.accessModes", mode, _ACCESS_MODES)
    size = peek(spec, "resources", "requests").get("storage")
    if size is None:
        causes.required("spec.resources[storage]")
    elif isinstance(size, str) and _is_not_positive(size):
        causes.invalid("spec.resources[storage]", size, "must be greater than zero")


_ACCESS_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


def _is_not_positive(size: str) -> bool:
    try:
        return quantity_value(size) <= 0
    except QuantityError:
        return False


_CLAIM_CHANGES: Final = frozenset(
    {"resources", "volumeAttributesClassName", "volumeName", "storageClassName"}
)


def _update_volume_claim(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    spec, before = peek(new, "spec"), peek(old, "spec")
    kept = {
        name: (spec.get(name), before.get(name))
        for name in {*spec, *before}
        if name not in _CLAIM_CHANGES or (name in {"volumeName", "storageClassName"} and before.get(name))
    }
    if any(not json_equal(after, was) for after, was in kept.values()):
        causes.forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName "
            "for bound claims",
        )


_NO_SOURCE: Final = frozenset(
    {
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    }
)


def _sources(volume: JSONObject) -> JSONObject:
    return {name: value for name, value in peek(volume, "spec").items() if name not in _NO_SOURCE}


def _volume(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    if not items(spec, "accessModes"):
        causes.required("spec.accessModes")
    if not peek(spec, "capacity"):
        causes.required("spec.capacity")
    sources = list(_sources(obj))
    if not sources:
        causes.required("spec", "must specify a volume type")
    for source in sources[1:]:
        causes.forbidden(f"spec.{source}", "may not specify more than 1 volume type")


def _update_volume(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    if not json_equal(_sources(new), _sources(old)):
        causes.forbidden(
            "spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"
        )
    immutable(causes, new, old, "spec.volumeMode")


def _role(causes: Causes, obj: JSONObject) -> None:
    namespaced = text(obj, "kind") == "Role"
    for index, rule in enumerate(maps(obj, "rules")):
        path = f"rules[{index}]"
        if not items(rule, "verbs"):
            causes.required(f"{path}.verbs", "verbs must contain at least one value")
        paths = items(rule, "nonResourceURLs")
        if paths:
            if namespaced:
                causes.invalid(
                    f"{path}.nonResourceURLs",
                    paths,
                    "namespaced rules cannot apply to non-resource URLs",
                )
            if any(items(rule, name) for name in ("apiGroups", "resources", "resourceNames")):
                causes.invalid(
                    f"{path}.nonResourceURLs",
                    paths,
                    "rules cannot apply to both regular resources and non-resource URLs",
                )
            continue
        if not items(rule, "apiGroups"):
            causes.required(f"{path}.apiGroups", "resource rules must supply at least one api group")
        if not items(rule, "resources"):
            causes.required(f"{path}.resources", "resource rules must supply at least one resource")


def _role_binding(causes: Causes, obj: JSONObject) -> None:
    role = peek(obj, "roleRef")
    kinds = ("ClusterRole", "Role") if text(obj, "kind") == "RoleBinding" else ("ClusterRole",)
    if text(role, "apiGroup") != _RBAC:
        causes.unsupported("roleRef.apiGroup", text(role, "apiGroup"), (_RBAC,))
    if text(role, "kind") not in kinds:
        causes.unsupported("roleRef.kind", text(role, "kind"), kinds)
    if not text(role, "name"):
        causes.required("roleRef.name")
    else:
        causes.all_invalid(
            "roleRef.name", text(role, "name"), names.path_segment_problems(text(role, "name"))
        )
    for index, subject in enumerate(maps(obj, "subjects")):
        _subject(causes, subject, f"subjects[{index}]")


def _subject(causes: Causes, subject: JSONObject, path: str) -> None:
    name, kind, group = (text(subject, part) for part in ("name", "kind", "apiGroup"))
    if not name:
        causes.required(f"{path}.name")
    if kind == "ServiceAccount":
        if name:
            causes.all_invalid(f"{path}.name", name, names.dns_subdomain_problems(name))
        if group:
            causes.unsupported(f"{path}.apiGroup", group, ("",))
        if not text(subject, "namespace"):
            causes.required(f"{path}.namespace")
    elif kind in {"User", "Group"}:
        if group != _RBAC:
            causes.unsupported(f"{path}.apiGroup", group, (_RBAC,))
    else:
        causes.unsupported(f"{path}.kind", kind, _SUBJECT_KINDS)


def _update_role_binding(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    if not json_equal(peek(new, "roleRef"), peek(old, "roleRef")):
        causes.invalid("roleRef", peek(new, "roleRef"), "cannot change roleRef")


def _ingress(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    if not maps(spec, "rules") and not isinstance(spec.get("defaultBackend"), dict):
        causes.invalid("spec", spec, "either `defaultBackend` or `rules` must be specified")
    for number_, rule in enumerate(maps(spec, "rules")):
        _ingress_host(causes, text(rule, "host"), f"spec.rules[{number_}].host")
        paths = maps(rule, "http", "paths")
        if isinstance(rule.get("http"), dict) and not paths:
            causes.required(f"spec.rules[{number_}].http.paths")
        for index, path in enumerate(paths):
            here = f"spec.rules[{number_}].http.paths[{index}]"
            if not text(path, "pathType"):
                causes.required(f"{here}.pathType", "pathType must be specified")
            elif text(path, "pathType") in {"Exact", "Prefix"} and not text(path, "path").startswith("/"):
                causes.invalid(f"{here}.path", text(path, "path"), "must be an absolute path")
            if isinstance(path.get("backend"), dict):
                _ingress_backend(causes, path["backend"], f"{here}.backend")
    if isinstance(spec.get("defaultBackend"), dict):
        _ingress_backend(causes, spec["defaultBackend"], "spec.defaultBackend")


def _ingress_host(causes: Causes, host: str, path: str) -> None:
    if host.startswith("*."):
        problems = names.dns_subdomain_problems(host.removeprefix("*."))
        if problems:
            causes.all_invalid(path, host, [_WILDCARD])
    elif host:
        causes.all_invalid(path, host, names.dns_subdomain_problems(host))


_WILDCARD: Final = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist "
    "of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. "
    "'*.example.com', regex used for validation is "
    r"'\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def _ingress_backend(causes: Causes, backend: JSONObject, path: str) -> None:
    """A service with one port, or a resource; not both, not none."""
    service, resource = backend.get("service"), backend.get("resource")
    if isinstance(service, dict) and isinstance(resource, dict):
        causes.invalid(path, "", "cannot set both resource and service backends")
    elif not isinstance(service, dict) and not isinstance(resource, dict):
        causes.required(path, "resource or service backend is required")
    elif isinstance(service, dict):
        name, port = text(service, "name"), peek(service, "port")
        if not name:
            causes.required(f"{path}.service.name")
        else:
            causes.all_invalid(f"{path}.service.name", name, names.dns_1035_label_problems(name))
        named, counted = text(port, "name"), number(port, "number")
        if named and counted:
            causes.invalid(path, "", "cannot set both port name & port number")
        elif named:
            causes.all_invalid(f"{path}.service.port.name", named, port_name_problems(named))
        elif counted:
            causes.all_invalid(f"{path}.service.port.number", counted, port_problems(counted))
        else:
            causes.required(path, "port name or number is required")


def _lease(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    duration = spec.get("leaseDurationSeconds")
    if isinstance(duration, int) and duration <= 0:
        causes.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0")
    causes.not_negative("spec.leaseTransitions", spec.get("leaseTransitions"))


def _endpoint_slice(causes: Causes, obj: JSONObject) -> None:
    kind = text(obj, "addressType")
    if not kind:
        causes.required("addressType")
    elif kind not in {"FQDN", "IPv4", "IPv6"}:
        causes.unsupported("addressType", kind, ("FQDN", "IPv4", "IPv6"))
    for index, endpoint in enumerate(maps(obj, "endpoints")):
        if not items(endpoint, "addresses"):
            causes.required(f"endpoints[{index}].addresses", "must contain at least 1 address")


def _update_endpoint_slice(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    immutable(causes, new, old, "addressType")


def _event(causes: Causes, obj: JSONObject) -> None:
    involved = text(obj, "involvedObject", "namespace") or text(obj, "regarding", "namespace")
    namespace = text(obj, "metadata", "namespace")
    if involved and involved != namespace:
        causes.invalid("involvedObject.namespace", involved, "does not match event.namespace")
    elif not involved and namespace not in {"", "default", "kube-system"}:
        causes.invalid("involvedObject.namespace", "", "does not match event.namespace")


def _priority_class(causes: Causes, obj: JSONObject) -> None:
    name, value = text(obj, "metadata", "name"), number(obj, "value")
    system = ("system-cluster-critical", "system-node-critical")
    if name.startswith("system-") and name not in system:
        causes.forbidden(
            "metadata.name",
            "priority class names with 'system-' prefix are reserved for system use only. "
            f"error: {name} is not a known system priority class",
        )
    elif value > _HIGHEST_PRIORITY and name not in system:
        causes.forbidden("value", f"maximum allowed value of a user defined priority is {_HIGHEST_PRIORITY}")


_HIGHEST_PRIORITY: Final = 1_000_000_000


def _update_priority_class(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    if number(new, "value") != number(old, "value"):
        causes.forbidden("value", "may not be changed in an update.")
    immutable(causes, new, old, "preemptionPolicy")


def _update_storage_class(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    for field in ("parameters", "provisioner", "reclaimPolicy"):
        if not json_equal(new.get(field), old.get(field)):
            causes.forbidden(field, f"updates to {field} are forbidden.")
    immutable(causes, new, old, "volumeBindingMode")


def _update_csi_driver(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    immutable(causes, new, old, "spec.attachRequired", "spec.fsGroupPolicy", "spec.volumeLifecycleModes")


def _update_volume_attachment(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    if not json_equal(peek(new, "spec"), peek(old, "spec")):
        causes.invalid("spec", peek(new, "spec"), IMMUTABLE)


def _update_runtime_class(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    immutable(causes, new, old, "handler")


def _update_ingress_class(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    immutable(causes, new, old, "spec.controller")


RULES: Final[dict[tuple[str, str], Callable[[Causes, JSONObject], None]]] = {
    ("", "ConfigMap"): _config_map,
    ("", "Secret"): _secret,
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _volume_claim,
    ("", "PersistentVolume"): _volume,
    ("", "Event"): _event,
    (_RBAC, "Role"): _role,
    (_RBAC, "ClusterRole"): _role,
    (_RBAC, "RoleBinding"): _role_binding,
    (_RBAC, "ClusterRoleBinding"): _role_binding,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("coordination.k8s.io", "Lease"): _lease,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("scheduling.k8s.io", "PriorityClass"): _priority_class,
}
UPDATES: Final[dict[tuple[str, str], Callable[[Causes, JSONObject, JSONObject], None]]] = {
    ("", "ConfigMap"): _update_config_map,
    ("", "Secret"): _update_secret,
    ("", "Service"): _update_service,
    ("", "PersistentVolumeClaim"): _update_volume_claim,
    ("", "PersistentVolume"): _update_volume,
    (_RBAC, "RoleBinding"): _update_role_binding,
    (_RBAC, "ClusterRoleBinding"): _update_role_binding,
    ("discovery.k8s.io", "EndpointSlice"): _update_endpoint_slice,
    ("scheduling.k8s.io", "PriorityClass"): _update_priority_class,
    ("storage.k8s.io", "StorageClass"): _update_storage_class,
    ("storage.k8s.io", "CSIDriver"): _update_csi_driver,
    ("storage.k8s.io", "VolumeAttachment"): _update_volume_attachment,
    ("node.k8s.io", "RuntimeClass"): _update_runtime_class,
    ("networking.k8s.io", "IngressClass"): _update_ingress_class,
}
