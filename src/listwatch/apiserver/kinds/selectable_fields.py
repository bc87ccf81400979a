"""By which fields the objects of a resource can be selected, and what an object has there.

In:    a resource, an object or a field selector
Out:   the values for `FieldSelector.matches`; a 400 for fields that the resource does not know
Next:  apiserver/verbs/selection.py
Rules: pure; every value is text, what is not there is the empty string; total on objects of any shape
Source: Kubernetes concepts, "Field Selectors: list of supported fields"; wording of kube-apiserver 1.36
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from listwatch.apimachinery.quote import go_quote
from listwatch.apimachinery.selector import FieldSelector
from listwatch.apiserver.wire.statuses import bad_request

_BASIC: Final = ("metadata.name", "metadata.namespace")
_EVENT: Final = (
    *(
        f"involvedObject.{name}"
        for name in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion")
    ),
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
# Where a field of events is called otherwise in the newer group.
_NEW_EVENT: Final = {field.replace("involvedObject", "regarding"): field for field in _EVENT} | {
    "reportingController": "reportingComponent"
}

_FIELDS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("", "pods"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "namespaces"): ("status.phase",),
    ("", "secrets"): ("type",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("", "replicationcontrollers"): ("status.replicas",),
    ("", "events"): _EVENT,
    ("events.k8s.io", "events"): tuple(
        dict.fromkeys(["reason", "type", "source", "reportingController", *_NEW_EVENT])
    ),
    ("apps", "replicasets"): ("status.replicas",),
    ("apps", "statefulsets"): ("status.successful",),
    ("batch", "jobs"): ("status.successful",),
    ("certificates.k8s.io", "certificatesigningrequests"): ("spec.signerName",),
    ("resource.k8s.io", "resourceslices"): ("spec.nodeName", "spec.driver"),
}
_NUMBERS: Final = {"status.replicas": "replicas", "status.successful": "succeeded"}
_UNSUPPORTED: Final[dict[tuple[str, str], Callable[[str], str]]] = {
    ("batch", "jobs"): lambda field: f"field label {go_quote(field)} not supported for batchv1.Job",
    ("apps", "statefulsets"): lambda field: (
        f"field label {go_quote(field)} not supported for appsv1.StatefulSet"
    ),
}


def supported_fields(group: str, resource: str) -> frozenset[str]:
    """The fields by which objects of this resource can be selected; the two of metadata are always among them."""
    return frozenset((*_BASIC, *_FIELDS.get((group, resource), ())))


def unsupported_field_message(group: str, resource: str, field: str, *, custom: bool = False) -> str:
    """What the server says of a field by which this resource cannot be selected.

    Args:
        group: Of the resource.
        resource: Its plural name.
        field: The field asked for.
        custom: Whether a CustomResourceDefinition made the resource; those have a sentence of their own.
    """
    special = _UNSUPPORTED.get((group, resource))
    if special is not None:
        return special(field)
    if custom or (group, resource) in _FIELDS:
        return f"field label not supported: {field}"
    known = ", ".join(go_quote(name) for name in _BASIC)
    return f"{go_quote(field)} is not a known field selector: only {known}"


def check_field_selector(
    group: str, resource: str, selector: FieldSelector, *, selectable: frozenset[str] | None = None
) -> None:
    """Refuse a selector that asks for a field which the resource does not know.

    Args:
        group: Of the resource.
        resource: Its plural name.
        selector: Of the request.
        selectable: For custom resources, the fields that their definition declares.

    Raises:
        APIFailure: 400; the first unknown field is told.
    """
    known = supported_fields(group, resource)
    if selectable is not None:
        known |= selectable
    for requirement in selector.requirements:
        if requirement.field not in known:
            message = unsupported_field_message(
                group, resource, requirement.field, custom=selectable is not None
            )
            raise bad_request(message)


def field_values(
    group: str, resource: str, obj: Mapping[str, Any], *, selectable: frozenset[str] = frozenset()
) -> dict[str, str]:
    """What `obj` has at each supported field, as text.

    Args:
        group: Of the resource.
        resource: Its plural name.
        obj: The object, in the version in which the resource is served.
        selectable: Further fields, for custom resources, as dotted paths.
    """
    values = {name: _text(_at(obj, name)) for name in _BASIC}
    fields = _FIELDS.get((group, resource), ())
    special = _SPECIAL.get((group, resource))
    if special is not None:
        values.update(special(obj))
    else:
        for field in fields:
            values[field] = _value(obj, field)
    for field in selectable:
        values[field] = _text(_at(obj, field))
    return values


def _value(obj: Mapping[str, Any], field: str) -> str:
    if field in _NUMBERS:
        return _text(_at(obj, f"status.{_NUMBERS[field]}")) or "0"
    if field == "spec.unschedulable":
        return _text(_at(obj, field)) or "false"
    return _text(_at(obj, field))


def _at(obj: object, path: str) -> object:
    for name in path.split("."):
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(name)
    return obj


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return ""


def _pod_values(obj: Mapping[str, Any]) -> dict[str, str]:
    values = {field: _text(_at(obj, field)) for field in _FIELDS["", "pods"]}
    values["spec.hostNetwork"] = values["spec.hostNetwork"] or "false"
    addresses = _at(obj, "status.podIPs")
    if isinstance(addresses, list) and addresses:
        # The server asks for the first address under both names.
        values["status.podIP"] = _text(_at(addresses[0], "ip"))
    values["status.podIPs"] = values["status.podIP"]
    return values


def _event_values(obj: Mapping[str, Any]) -> dict[str, str]:
    values = {field: _text(_at(obj, field)) for field in _EVENT}
    values["source"] = _text(_at(obj, "source.component")) or values["reportingComponent"]
    return values


def _new_event_values(obj: Mapping[str, Any]) -> dict[str, str]:
    controller = _text(_at(obj, "reportingController"))
    values = {field: _text(_at(obj, field)) for field in _NEW_EVENT if field.startswith("regarding.")}
    values |= {"reason": _text(_at(obj, "reason")), "type": _text(_at(obj, "type"))}
    values["reportingController"] = values["reportingComponent"] = controller
    values["source"] = _text(_at(obj, "deprecatedSource.component")) or controller
    return values


_SPECIAL: Final[dict[tuple[str, str], Callable[[Mapping[str, Any]], dict[str, str]]]] = {
    ("", "pods"): _pod_values,
    ("", "events"): _event_values,
    ("events.k8s.io", "events"): _new_event_values,
}
