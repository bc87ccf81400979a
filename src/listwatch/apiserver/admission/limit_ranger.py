"""LimitRanges: what pods and claims ask for, by default, at least and at most.

In:    pods and claims that are being made; the LimitRanges of their namespace
Out:   pods with defaults; refusals
Next:  chain.py
Rules: pure but for looking up the LimitRanges; amounts are exact
Source: kubernetes plugin/pkg/admission/limitranger (its wording); Kubernetes docs, "Limit Ranges"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from listwatch.apiserver.admission.chain import Asker, PluginBase
from listwatch.apiserver.admission.pod_resources import every_container, pod_resources
from listwatch.apiserver.kinds.quantity import quantity_value
from listwatch.apiserver.storage.storage import Storage, key_range
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.wire.statuses import forbidden

JSONObject = dict[str, Any]
Amounts = Mapping[str, str]
_ANNOTATION: Final = "kubernetes.io/limit-ranger"


class LimitRanger(PluginBase):
    """Applies the LimitRanges of a namespace."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def mutate(self, attributes: Attributes, _asker: Asker) -> JSONObject | None:
        """Give the containers of a new pod what they do not ask for."""
        value = attributes.value
        if not _is_new(attributes, "pods") or value is None:
            return None
        told: list[str] = []
        for limits in self._limits(attributes, "Container"):
            told.extend(_apply_defaults(value, limits))
        if told:
            annotations = value["metadata"].setdefault("annotations", {})
            annotations[_ANNOTATION] = f"LimitRanger plugin set: {'; '.join(told)}"
        return value

    def validate(self, attributes: Attributes, _asker: Asker) -> None:
        """Refuse what asks for too little or too much.

        Raises:
            APIFailure: 403.
        """
        value = attributes.value
        if value is None or attributes.subresource:
            return
        faults: list[str] = []
        if _is_new(attributes, "pods"):
            spec = value.get("spec") or {}
            for limits in self._limits(attributes, "Container"):
                for _, container in every_container(spec):
                    faults.extend(_faults(limits, "Container", container.get("resources") or {}))
            for limits in self._limits(attributes, "Pod"):
                faults.extend(_faults(limits, "Pod", pod_resources(spec)))
        elif attributes.resource.qualified == "persistentvolumeclaims":
            requests = (value.get("spec") or {}).get("resources") or {}
            for limits in self._limits(attributes, "PersistentVolumeClaim"):
                both = {"requests": requests.get("requests") or {}, "limits": requests.get("requests") or {}}
                faults.extend(_faults(limits, "PersistentVolumeClaim", both))
        if faults:
            resource = attributes.resource
            why = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
            raise forbidden(resource.group, resource.name, attributes.name, why)

    def _limits(self, attributes: Attributes, kind: str) -> Iterator[JSONObject]:
        ranges = self._storage.log.state("limitranges").items(*key_range(attributes.namespace))
        for _, stored in ranges:
            for limits in (stored.object.get("spec") or {}).get("limits") or ():
                if limits.get("type") == kind:
                    yield limits


def _is_new(attributes: Attributes, name: str) -> bool:
    return (
        attributes.operation == "CREATE"
        and attributes.resource.qualified == name
        and not attributes.subresource
    )


def _apply_defaults(pod: JSONObject, limits: JSONObject) -> list[str]:
    """Set what is missing in each container; gives what was set, in the annotation's words."""
    told: list[str] = []
    for kind, container in every_container(pod.get("spec") or {}):
        for part, default, word in (
            ("requests", "defaultRequest", "request"),
            ("limits", "default", "limit"),
        ):
            missing = {
                name: amount
                for name, amount in (limits.get(default) or {}).items()
                if name not in ((container.get("resources") or {}).get(part) or {})
            }
            if missing:
                container.setdefault("resources", {}).setdefault(part, {}).update(missing)
                told.append(f"{', '.join(sorted(missing))} {word} for {kind} {container.get('name', '')}")
    return told


def _faults(limits: JSONObject, kind: str, resources: Mapping[str, Amounts]) -> Iterator[str]:
    requests, caps = resources.get("requests") or {}, resources.get("limits") or {}
    for name, least in sorted((limits.get("min") or {}).items()):
        told = f"minimum {name} usage per {kind} is {least}"
        if name not in requests:
            yield f"{told}.  No request is specified"
        elif _amount(requests[name]) < _amount(least):
            yield f"{told}, but request is {requests[name]}"
        elif name in caps and _amount(caps[name]) < _amount(least):
            yield f"{told}, but limit is {caps[name]}"
    for name, most in sorted((limits.get("max") or {}).items()):
        told = f"maximum {name} usage per {kind} is {most}"
        if name not in caps:
            yield f"{told}.  No limit is specified"
        elif _amount(caps[name]) > _amount(most):
            yield f"{told}, but limit is {caps[name]}"
        elif name in requests and _amount(requests[name]) > _amount(most):
            yield f"{told}, but request is {requests[name]}"
    for name, ratio in sorted((limits.get("maxLimitRequestRatio") or {}).items()):
        told = f"{name} max limit to request ratio per {kind} is {ratio}"
        request, cap = _amount(requests.get(name, "0")), _amount(caps.get(name, "0"))
        if not request or not cap:
            missing = "no request is specified" if not request else "no limit is specified"
            yield f"{told}, but {missing} or {missing.split()[1]} is 0"
        elif cap / request > _amount(ratio):
            yield f"{told}, but provided ratio is {float(cap / request):f}"


def _amount(text: str) -> Decimal:
    return quantity_value(text)
