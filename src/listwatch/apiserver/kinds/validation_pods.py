"""Whether a pod, or the template of one, may be stored.

In:    a Pod or PodTemplateSpec, decoded and defaulted
Out:   causes
Next:  apiserver/kinds/validation.py, apiserver/kinds/validation_workloads.py
Rules: pure, total on objects of any shape
Source: Kubernetes API reference, Pod; order and wording of pkg/apis/core/validation, the recordings
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apimachinery import names
from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.kinds.causes import Causes, port_problems
from listwatch.apiserver.kinds.maps import JSONObject, flag, items, json_equal, maps, peek, text
from listwatch.apiserver.kinds.pod_dump import pod_spec_difference
from listwatch.apiserver.kinds.quantity import QuantityError, quantity_value
from listwatch.apiserver.kinds.validation_security import (
    validate_pod_security_context,
    validate_security_context,
)
from listwatch.apiserver.kinds.validation_selectors import validate_affinity

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
_RESTART_POLICIES: Final = ("Always", "OnFailure", "Never")
_DNS_POLICIES: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_LONGEST_DEADLINE: Final = 2**31 - 1
_LONGEST_PORT_NAME: Final = 15
_NOT_EPHEMERAL: Final = (
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "resources",
)
_IMMUTABLE_SPEC: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def validate_pod(causes: Causes, pod: JSONObject) -> None:
    """The rules of a Pod that is created or replaced."""
    spec = peek(pod, "spec")
    validate_pod_spec(causes, spec, "spec")
    if not text(pod, "metadata", "resourceVersion") and items(spec, "ephemeralContainers"):
        causes.forbidden("spec.ephemeralContainers", "cannot be set on create")


def validate_pod_template(causes: Causes, template: JSONObject, path: str) -> None:
    """The rules of a PodTemplateSpec."""
    spec = peek(template, "spec")
    validate_pod_spec(causes, spec, f"{path}.spec")
    if items(spec, "ephemeralContainers"):
        causes.forbidden(
            f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"
        )


def validate_pod_spec(causes: Causes, spec: JSONObject, path: str) -> None:
    """The rules of a PodSpec, at `path`."""
    volumes = _volumes(causes, maps(spec, "volumes"), f"{path}.volumes")
    taken: set[str] = set()
    containers = maps(spec, "containers")
    if not containers:
        causes.required(f"{path}.containers")
    for part in ("containers", "initContainers"):
        for index, container in enumerate(maps(spec, part)):
            _container(causes, container, f"{path}.{part}[{index}]", volumes, taken)
    _one_of(causes, spec, "restartPolicy", path, _RESTART_POLICIES)
    _one_of(causes, spec, "dnsPolicy", path, _DNS_POLICIES)
    if flag(spec, "hostNetwork"):
        _host_ports(causes, containers, f"{path}.containers")
    validate_pod_security_context(causes, peek(spec, "securityContext"), f"{path}.securityContext")
    _placement(causes, spec, path)
    validate_affinity(causes, peek(spec, "affinity"), f"{path}.affinity")
    deadline = spec.get("activeDeadlineSeconds")
    if isinstance(deadline, int) and not 1 <= deadline <= _LONGEST_DEADLINE:
        causes.invalid(
            f"{path}.activeDeadlineSeconds", deadline, f"must be between 1 and {_LONGEST_DEADLINE}, inclusive"
        )
    causes.not_negative(f"{path}.terminationGracePeriodSeconds", spec.get("terminationGracePeriodSeconds"))
    for index, toleration in enumerate(maps(spec, "tolerations")):
        _toleration(causes, toleration, f"{path}.tolerations[{index}]")


def _placement(causes: Causes, spec: JSONObject, path: str) -> None:
    for name in ("serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"):
        value = text(spec, name)
        if value:
            causes.all_invalid(f"{path}.{name}", value, names.dns_subdomain_problems(value))
    for name in ("hostname", "subdomain"):
        value = text(spec, name)
        if value:
            causes.all_invalid(f"{path}.{name}", value, names.dns_label_problems(value))
    for key, value in peek(spec, "nodeSelector").items():
        causes.all_invalid(f"{path}.nodeSelector", key, names.qualified_name_problems(key))
        if isinstance(value, str):
            causes.all_invalid(f"{path}.nodeSelector", value, names.label_value_problems(value))


def _one_of(causes: Causes, spec: JSONObject, name: str, path: str, known: tuple[str, ...]) -> None:
    value = text(spec, name)
    if not value:
        causes.required(f"{path}.{name}")
    elif value not in known:
        causes.unsupported(f"{path}.{name}", value, known)


def _volumes(causes: Causes, volumes: list[JSONObject], path: str) -> set[str]:
    """Checks the volumes; gives the names that containers can mount."""
    found: set[str] = set()
    for index, volume in enumerate(volumes):
        name = text(volume, "name")
        if not name:
            causes.required(f"{path}[{index}].name")
        else:
            causes.all_invalid(f"{path}[{index}].name", name, names.dns_label_problems(name))
        if name and name in found:
            causes.duplicate(f"{path}[{index}].name", name)
        found.add(name)
        sources = [source for source in volume if source != "name"]
        if len(sources) > 1:
            for source in sources[1:]:
                causes.forbidden(f"{path}[{index}].{source}", "may not specify more than 1 volume type")
        _volume_source(causes, volume, f"{path}[{index}]")
    return found


# What the source of a volume cannot do without.
_REQUIRED_IN_SOURCE: Final = {
    "hostPath": "path",
    "secret": "secretName",
    "configMap": "name",
    "persistentVolumeClaim": "claimName",
}


def _volume_source(causes: Causes, volume: JSONObject, path: str) -> None:
    for source, name in _REQUIRED_IN_SOURCE.items():
        if isinstance(volume.get(source), dict) and not text(volume, source, name):
            causes.required(f"{path}.{source}.{name}")


def _container(causes: Causes, container: JSONObject, path: str, volumes: set[str], taken: set[str]) -> None:
    name, image = text(container, "name"), text(container, "image")
    if not name:
        causes.required(f"{path}.name")
    else:
        causes.all_invalid(f"{path}.name", name, names.dns_label_problems(name))
    if name and name in taken:
        causes.duplicate(f"{path}.name", name)
    taken.add(name)
    if not image:
        causes.required(f"{path}.image")
    elif image != image.strip():
        causes.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    policy = text(container, "imagePullPolicy")
    if policy and policy not in _PULL_POLICIES:
        causes.unsupported(f"{path}.imagePullPolicy", policy, _PULL_POLICIES)
    _ports(causes, maps(container, "ports"), f"{path}.ports")
    _environment(causes, maps(container, "env"), f"{path}.env")
    _mounts(causes, maps(container, "volumeMounts"), f"{path}.volumeMounts", volumes)
    _resources(causes, peek(container, "resources"), f"{path}.resources")
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(probe), dict):
            _probe(causes, container[probe], f"{path}.{probe}", is_readiness=probe == "readinessProbe")
    validate_security_context(causes, peek(container, "securityContext"), f"{path}.securityContext")


def _ports(causes: Causes, ports: list[JSONObject], path: str) -> None:
    found: set[str] = set()
    for index, port in enumerate(ports):
        here = f"{path}[{index}]"
        name = text(port, "name")
        if name:
            causes.all_invalid(f"{here}.name", name, port_name_problems(name))
            if name in found:
                causes.duplicate(f"{here}.name", name)
            found.add(name)
        if not port.get("containerPort"):
            causes.required(f"{here}.containerPort")
        else:
            causes.all_invalid(
                f"{here}.containerPort", port["containerPort"], port_problems(port["containerPort"])
            )
        if port.get("hostPort"):
            causes.all_invalid(f"{here}.hostPort", port["hostPort"], port_problems(port["hostPort"]))
        protocol = text(port, "protocol")
        if protocol not in _PROTOCOLS:
            causes.unsupported(f"{here}.protocol", protocol, _PROTOCOLS)


def port_name_problems(name: str) -> list[str]:
    """What keeps a text from naming a port: fifteen characters, a letter among them, no double hyphen."""
    problems: list[str] = []
    if len(name) > _LONGEST_PORT_NAME:
        problems.append(f"must be no more than {_LONGEST_PORT_NAME} characters")
    if not all(each in "abcdefghijklmnopqrstuvwxyz0123456789-" for each in name):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not any("a" <= each <= "z" for each in name):
        problems.append("must contain at least one letter (a-z)")
    if "--" in name:
        problems.append("must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def _host_ports(causes: Causes, containers: list[JSONObject], path: str) -> None:
    for number, container in enumerate(containers):
        for index, port in enumerate(maps(container, "ports")):
            if port.get("hostPort") != port.get("containerPort"):
                causes.invalid(
                    f"{path}[{number}].ports[{index}].hostPort",
                    port.get("hostPort", 0),
                    "must match `containerPort` when `hostNetwork` is true",
                )


def _environment(causes: Causes, variables: list[JSONObject], path: str) -> None:
    for index, variable in enumerate(variables):
        name = text(variable, "name")
        if not name:
            causes.required(f"{path}[{index}].name")
        else:
            causes.all_invalid(f"{path}[{index}].name", name, names.env_name_problems(name))
        source = variable.get("valueFrom")
        if isinstance(source, dict):
            if text(variable, "value") and source:
                causes.invalid(
                    f"{path}[{index}].valueFrom", "", "may not be specified when `value` is not empty"
                )
            if not source:
                causes.invalid(
                    f"{path}[{index}].valueFrom",
                    "",
                    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
                    "`fileKeyRef`",
                )
            if isinstance(source.get("fieldRef"), dict):
                _field_reference(
                    causes, text(source["fieldRef"], "fieldPath"), f"{path}[{index}].valueFrom.fieldRef"
                )


def _field_reference(causes: Causes, field: str, path: str) -> None:
    """A variable's value out of the pod itself."""
    name, bracket, _ = field.partition("[")
    if not field:
        causes.required(f"{path}.fieldPath")
    elif bracket and name in {"metadata.labels", "metadata.annotations"}:
        return
    elif bracket or field not in _FIELDS_OF_PODS | _NO_VARIABLES:
        causes.invalid(
            f"{path}.fieldPath", field, f"error converting fieldPath: field label not supported: {field}"
        )
    elif field in _NO_VARIABLES:
        causes.unsupported(f"{path}.fieldPath", field, sorted(_FIELDS_OF_PODS))


_FIELDS_OF_PODS: Final = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    }
)
_NO_VARIABLES: Final = frozenset(
    {"metadata.labels", "metadata.annotations", "spec.restartPolicy", "spec.schedulerName", "status.phase"}
)


def _mounts(causes: Causes, mounts: list[JSONObject], path: str, volumes: set[str]) -> None:
    places: set[str] = set()
    for index, mount in enumerate(mounts):
        name, place = text(mount, "name"), text(mount, "mountPath")
        if not name:
            causes.required(f"{path}[{index}].name")
        elif name not in volumes:
            causes.not_found(f"{path}[{index}].name", name)
        if not place:
            causes.required(f"{path}[{index}].mountPath")
        elif place in places:
            causes.invalid(f"{path}[{index}].mountPath", place, "must be unique")
        places.add(place)


def _resources(causes: Causes, resources: JSONObject, path: str) -> None:
    limits, requests = peek(resources, "limits"), peek(resources, "requests")
    for part, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            value = _value(amount)
            if value is not None and value < 0:
                causes.invalid(f"{path}.{part}[{name}]", amount, "must be greater than or equal to 0")
    for name, amount in requests.items():
        limit = limits.get(name)
        value, most = _value(amount), _value(limit)
        if value is not None and most is not None and value > most:
            causes.invalid(
                f"{path}.requests", amount, f"must be less than or equal to {name} limit of {limit}"
            )


def _value(amount: object) -> Any:
    if not isinstance(amount, str | int | float):
        return None
    try:
        return quantity_value(amount)
    except QuantityError:
        return None


_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc")


def _probe(causes: Causes, probe: JSONObject, path: str, *, is_readiness: bool) -> None:
    handlers = [name for name in _HANDLERS if isinstance(probe.get(name), dict)]
    if not handlers:
        causes.required(path, "must specify a handler type")
    for name in handlers[1:]:
        causes.forbidden(f"{path}.{name}", "may not specify more than 1 handler type")
    for name in (
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ):
        causes.not_negative(f"{path}.{name}", probe.get(name))
    successes = probe.get("successThreshold", 1)
    if not is_readiness and successes != 1:
        causes.invalid(f"{path}.successThreshold", successes, "must be 1")


def _toleration(causes: Causes, toleration: JSONObject, path: str) -> None:
    key, operator, effect = (text(toleration, name) for name in ("key", "operator", "effect"))
    if key:
        causes.all_invalid(f"{path}.key", key, names.qualified_name_problems(key))
    if not key and operator != "Exists":
        causes.invalid(
            f"{path}.operator",
            operator,
            'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        )
    if "tolerationSeconds" in toleration and effect != "NoExecute":
        causes.invalid(f"{path}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
    if operator == "Exists" and text(toleration, "value"):
        causes.invalid(f"{path}.operator", toleration, "value must be empty when `operator` is 'Exists'")
    if effect and effect not in _EFFECTS:
        causes.unsupported(f"{path}.effect", effect, _EFFECTS)


def validate_pod_update(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    """What of a pod's spec may change: images, the deadline, more tolerations, and little else."""
    spec, before = peek(new, "spec"), peek(old, "spec")
    for part in ("containers", "initContainers"):
        if len(items(spec, part)) != len(items(before, part)):
            causes.forbidden(f"spec.{part}", "pod updates may not add or remove containers")
            return
    _deadline_update(causes, spec.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds"))
    _toleration_update(causes, maps(spec, "tolerations"), maps(before, "tolerations"))
    munged = _with_what_may_change(spec, before)
    if not json_equal(munged, before):
        causes.forbidden("spec", f"{_IMMUTABLE_SPEC}\n{pod_spec_difference(before, munged)}")


def validate_ephemeral_containers(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    """What the `ephemeralcontainers` of a pod may become: there may be more of them, and none may change or go."""
    spec = peek(new, "spec")
    added, before = maps(spec, "ephemeralContainers"), maps(peek(old, "spec"), "ephemeralContainers")
    path = "spec.ephemeralContainers"
    present = {text(each, "name"): each for each in added}
    for index, each in enumerate(added):
        was = next((one for one in before if text(one, "name") == text(each, "name")), None)
        if was is not None and not json_equal(each, was):
            causes.forbidden(
                path, f"existing ephemeral containers {go_quote(text(each, 'name'))} may not be changed\n"
            )
        target = text(each, "targetContainerName")
        known = [text(one, "name") for part in ("containers", "initContainers") for one in maps(spec, part)]
        if target and target not in known:
            causes.not_found(f"{path}[{index}].targetContainerName", target)
        for name in _NOT_EPHEMERAL:
            if name in each and each[name] not in ({}, []):
                causes.forbidden(f"{path}[{index}].{name}", "cannot be set for an Ephemeral Container")
    for each in before:
        if (name := text(each, "name")) not in present:
            causes.forbidden(path, f"existing ephemeral containers {go_quote(name)} may not be removed\n")


def validate_resize(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    """What of a pod's spec a resize may change: the resources of containers that are there."""
    spec, before = peek(new, "spec"), peek(old, "spec")
    names_now = [text(each, "name") for each in maps(spec, "containers")]
    if names_now != [text(each, "name") for each in maps(before, "containers")]:
        causes.forbidden("spec.containers", "containers may not be added, removed or renamed on resize")


def _with_what_may_change(new: JSONObject, old: JSONObject) -> JSONObject:
    """`new`, with all that may differ as it was."""
    munged = dict(new)
    for name in ("activeDeadlineSeconds", "tolerations"):
        _restore(munged, old, name)
    for part in ("containers", "initContainers"):
        if part in new:
            munged[part] = [
                {**each, **({"image": was["image"]} if "image" in was else {})}
                for each, was in zip(maps(new, part), maps(old, part), strict=False)
            ]
    grace = old.get("terminationGracePeriodSeconds")
    if isinstance(grace, int) and grace < 0 and new.get("terminationGracePeriodSeconds") == 1:
        munged["terminationGracePeriodSeconds"] = grace
    gates = items(old, "schedulingGates")
    if gates:
        if all(gate in gates for gate in items(new, "schedulingGates")):
            _restore(munged, old, "schedulingGates")
        if all(
            new.get("nodeSelector", {}).get(key) == value for key, value in peek(old, "nodeSelector").items()
        ):
            _restore(munged, old, "nodeSelector")
    return munged


def _restore(munged: JSONObject, old: JSONObject, name: str) -> None:
    if name in old:
        munged[name] = old[name]
    else:
        munged.pop(name, None)


def _deadline_update(causes: Causes, new: object, old: object) -> None:
    if isinstance(new, int):
        if isinstance(old, int) and new > old:
            causes.invalid("spec.activeDeadlineSeconds", new, "must be less than or equal to previous value")
    elif isinstance(old, int):
        causes.invalid(
            "spec.activeDeadlineSeconds", None, "must not update from a positive integer to nil value"
        )


def _toleration_update(causes: Causes, new: list[JSONObject], old: list[JSONObject]) -> None:
    def lasting(toleration: JSONObject) -> JSONObject:
        return {name: value for name, value in toleration.items() if name != "tolerationSeconds"}

    kept = [lasting(each) for each in new]
    if any(lasting(each) not in kept for each in old):
        causes.forbidden(
            "spec.tolerations",
            "existing toleration can not be modified except its tolerationSeconds",
        )
