"""Which part of an object a writer can own: who writes the object not its status, who writes the status only that.

In:    a resource and a subresource
Out:   a function from field set to field set
Next:  field_manager.py
Rules: pure. What a writer sends of fields that are reset is ignored, so that it neither owns nor takes them.
Source: the registries' `GetResetFields` (kubernetes pkg/registry, apiextensions-apiserver pkg/registry)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from listwatch.apiserver.apply.field_sets import LEAF, FieldSet, matching, recursive_difference
from listwatch.apiserver.kinds.resources import Resource

Restriction = Callable[[FieldSet], FieldSet]
_STATUS: Final[FieldSet] = {"f:status": LEAF}
_SPEC: Final[FieldSet] = {"f:spec": LEAF}
_SPEC_AND_METADATA: Final[FieldSet] = {"f:spec": LEAF, "f:metadata": LEAF}
_OF_STATUS: Final[dict[str, FieldSet]] = {
    "pods": {"f:spec": LEAF, "f:metadata": {"f:deletionTimestamp": LEAF, "f:ownerReferences": LEAF}},
    "deployments.apps": {"f:spec": LEAF, "f:metadata": {"f:labels": LEAF}},
}
# The status of these is written without their metadata.
_STATUS_ALONE: Final = frozenset(
    {
        "volumeattachments.storage.k8s.io",
        "apiservices.apiregistration.k8s.io",
        "customresourcedefinitions.apiextensions.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "resourceclaims.resource.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io",
    }
)
_OF_OTHER_PARTS: Final[dict[str, FieldSet]] = {
    "finalize": _STATUS,
    "approval": {"f:spec": LEAF, "f:status": {"f:certificate": LEAF}},
}
_CONTAINER_RESIZE: Final[FieldSet] = {"*": {"f:resources": LEAF, "f:resizePolicy": LEAF}}
# What alone can be written of these parts.
_ONLY: Final[dict[str, FieldSet]] = {
    "ephemeralcontainers": {"f:spec": {"f:ephemeralContainers": LEAF}},
    "resize": {"f:spec": {"f:containers": _CONTAINER_RESIZE, "f:initContainers": _CONTAINER_RESIZE}},
}
# They have a status, and whoever writes the object writes it too.
_WITHOUT_STATUS_PART: Final = frozenset({"events", "events.events.k8s.io", "componentstatuses"})


def restriction(resource: Resource, subresource: str) -> Restriction:
    """What leaves of a field set that which writers of a part of a resource can own; the object itself for ""."""
    custom = resource.custom
    if custom is not None:
        if subresource == "status":
            return _but(_SPEC_AND_METADATA)
        return _but(_STATUS) if custom.has_status else _all
    return _builtin(resource.qualified, subresource)


@cache
def _builtin(resource: str, subresource: str) -> Restriction:
    if subresource in _ONLY:
        pattern = _ONLY[subresource]
        return lambda fields: matching(fields, pattern)
    if subresource == "status":
        return _but(_OF_STATUS.get(resource, _SPEC_AND_METADATA if resource in _STATUS_ALONE else _SPEC))
    if subresource in _OF_OTHER_PARTS:
        return _but(_OF_OTHER_PARTS[subresource])
    return _all if resource in _WITHOUT_STATUS_PART else _but(_STATUS)


def _but(reset: FieldSet) -> Restriction:
    return lambda fields: recursive_difference(fields, reset)


def _all(fields: FieldSet) -> FieldSet:
    return fields
