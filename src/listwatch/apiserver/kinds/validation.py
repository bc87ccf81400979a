"""Whether an object may be stored: its metadata, and what all kinds have in common.

In:    an object, decoded, defaulted and prepared; for an update also the stored one
Out:   every reason against it, in the server's order; an empty list when there is none
Next:  a 422 by `statuses.invalid`, or the storage
Rules: pure; nothing is changed; total on objects of any shape
Source: Kubernetes API conventions, "Metadata"; apimachinery pkg/api/validation for order and wording
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from listwatch.apimachinery import names
from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.kinds import (
    validation_objects,
    validation_pods,
    validation_policies,
    validation_workloads,
)
from listwatch.apiserver.kinds.causes import IMMUTABLE, Cause, Causes
from listwatch.apiserver.kinds.maps import JSONObject, items, labels, maps, number, peek, text
from listwatch.apiserver.kinds.schema import Field, Node, Schemas

__all__ = ["Cause", "validate_create", "validate_update"]

NameRule = Callable[[str], list[str]]

_MOST_ANNOTATIONS: Final = 256 * 1024
_RBAC: Final = "rbac.authorization.k8s.io"
_LONGEST_CRON_JOB: Final = 52
# Groups of the aggregated and the extension server, and custom ones, have no finalizers of Kubernetes' own.
_OWN_GROUPS: Final = frozenset({"", "apps", "batch", "autoscaling", "policy", "networking.k8s.io"})
_STANDARD_FINALIZERS: Final = frozenset({"kubernetes", "orphan", "foregroundDeletion"})


def _cron_job_name(name: str) -> list[str]:
    problems = names.dns_subdomain_problems(name)
    if len(name) > _LONGEST_CRON_JOB:
        problems.append(f"must be no more than {_LONGEST_CRON_JOB} characters")
    return problems


_NAME_RULES: Final[dict[tuple[str, str], NameRule]] = {
    ("", "Namespace"): names.dns_label_problems,
    ("", "Service"): names.dns_1035_label_problems,
    (_RBAC, "Role"): names.path_segment_problems,
    (_RBAC, "ClusterRole"): names.path_segment_problems,
    (_RBAC, "RoleBinding"): names.path_segment_problems,
    (_RBAC, "ClusterRoleBinding"): names.path_segment_problems,
    ("batch", "CronJob"): _cron_job_name,
    ("apiregistration.k8s.io", "APIService"): names.path_segment_problems,
    ("networking.k8s.io", "IPAddress"): names.path_segment_problems,
}


def validate_create(group: str, version: str, kind: str, obj: JSONObject, *, namespaced: bool) -> list[Cause]:
    """Every reason against creating `obj`.

    Args:
        group: Of the kind.
        version: Likewise.
        kind: A kind that is not built in is looked at for its metadata only.
        obj: Decoded, defaulted and prepared, its name generated if it was to be.
        namespaced: Whether objects of the kind live in namespaces.

    Source: differs: rules of rarely used fields are not all known here; such values are taken.
    """
    causes = Causes()
    _metadata(causes, group, kind, peek(obj, "metadata"), namespaced=namespaced)
    _body(causes, group, version, kind, obj)
    return list(causes)


def validate_update(
    group: str, version: str, kind: str, new: JSONObject, old: JSONObject, *, subresource: str = ""
) -> list[Cause]:
    """Every reason against replacing `old` by `new`: `new` must be valid, and leave what cannot change.

    Args:
        group: Of the kind.
        version: Likewise.
        kind: A kind that is not built in is looked at for its metadata only.
        new: Decoded, defaulted and prepared.
        old: As stored.
        subresource: That it is written through; some have rules of their own.
    """
    causes = Causes()
    metadata, before = peek(new, "metadata"), peek(old, "metadata")
    _labels_and_annotations(causes, metadata)
    common = Causes()
    _metadata_update(common, metadata, before)
    # The server looks at the metadata in general, and then again for the kind.
    causes.extend(common)
    causes.extend(common)
    _body(causes, group, version, kind, new)
    updater = _SUBRESOURCE_UPDATES.get((group, kind, subresource)) or _UPDATES.get((group, kind))
    if updater is not None:
        updater(causes, new, old)
    return list(causes)


def _metadata(causes: Causes, group: str, kind: str, metadata: JSONObject, *, namespaced: bool) -> None:
    rule = _NAME_RULES.get((group, kind), names.dns_subdomain_problems)
    prefix, name = text(metadata, "generateName"), text(metadata, "name")
    if prefix:
        masked = prefix[:-1] + "a" if prefix.endswith("-") and len(prefix) > 1 else prefix
        causes.all_invalid("metadata.generateName", prefix, rule(masked))
    if name:
        causes.all_invalid("metadata.name", name, rule(name))
    else:
        causes.required("metadata.name", "name or generateName is required")
    namespace = text(metadata, "namespace")
    if namespaced and not namespace:
        causes.required("metadata.namespace")
    elif namespaced:
        causes.all_invalid("metadata.namespace", namespace, names.dns_label_problems(namespace))
    elif namespace:
        causes.forbidden("metadata.namespace", "not allowed on this type")
    causes.not_negative("metadata.generation", metadata.get("generation"))
    _labels_and_annotations(causes, metadata)
    _owners(causes, maps(metadata, "ownerReferences"))
    _finalizers(causes, items(metadata, "finalizers"), is_strict=group in _OWN_GROUPS)


def _labels_and_annotations(causes: Causes, metadata: JSONObject) -> None:
    for key, value in labels(metadata, "labels").items():
        causes.all_invalid("metadata.labels", key, names.qualified_name_problems(key))
        causes.all_invalid("metadata.labels", value, names.label_value_problems(value))
    size = 0
    for key, value in labels(metadata, "annotations").items():
        causes.all_invalid("metadata.annotations", key, names.qualified_name_problems(key.lower()))
        size += len(key.encode("utf-8", "surrogatepass")) + len(value.encode("utf-8", "surrogatepass"))
    if size > _MOST_ANNOTATIONS:
        causes.too_long("metadata.annotations", _MOST_ANNOTATIONS)


def _owners(causes: Causes, owners: Sequence[JSONObject]) -> None:
    controllers: list[str] = []
    for index, owner in enumerate(owners):
        for name in ("apiVersion", "kind", "name", "uid"):
            if not text(owner, name):
                causes.required(f"metadata.ownerReferences[{index}].{name}", "must not be empty")
        if owner.get("controller") is True:
            controllers.append(text(owner, "name"))
    if len(controllers) > 1:
        listed = ", ".join(go_quote(name) for name in controllers)
        causes.invalid(
            "metadata.ownerReferences",
            list(owners),
            "Only one reference can have Controller set to true. "
            f"Found {listed.replace(', ', ' and ')} in references",
        )


def _finalizers(causes: Causes, finalizers: Sequence[Any], *, is_strict: bool) -> None:
    """A finalizer of the built-in kinds is qualified, or one of the few that Kubernetes itself sets."""
    given = [each for each in finalizers if isinstance(each, str)]
    for index, finalizer in enumerate(given):
        causes.all_invalid("metadata.finalizers", finalizer, names.qualified_name_problems(finalizer))
        if is_strict and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            causes.invalid(
                f"metadata.finalizers[{index}]",
                finalizer,
                "name is neither a standard finalizer name nor is it fully qualified",
            )
    if {"orphan", "foregroundDeletion"} <= set(given):
        causes.invalid(
            "metadata.finalizers", given, "finalizer orphan and foregroundDeletion cannot be both set"
        )


def _metadata_update(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    if old.get("deletionTimestamp"):
        before = {each for each in items(old, "finalizers") if isinstance(each, str)}
        added = sorted({each for each in items(new, "finalizers") if isinstance(each, str)} - before)
        if added:
            listed = ", ".join(go_quote(each) for each in added)
            causes.forbidden(
                "metadata.finalizers",
                "no new finalizers can be added if the object is being deleted, "
                f"found new finalizers []string{{{listed}}}",
            )
    if number(new, "generation") < number(old, "generation"):
        causes.invalid("metadata.generation", number(new, "generation"), "must not be decremented")
    for name in ("name", "namespace", "uid"):
        if text(new, name) != text(old, name):
            causes.invalid(f"metadata.{name}", text(new, name), IMMUTABLE)
    for name in ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if new.get(name) != old.get(name):
            causes.invalid(f"metadata.{name}", new.get(name), IMMUTABLE)
    _labels_and_annotations(causes, new)
    _owners(causes, maps(new, "ownerReferences"))


def _body(causes: Causes, group: str, version: str, kind: str, obj: JSONObject) -> None:
    """The rules of the kind, and of those fields that no rule has spoken of: enumerations, what is required."""
    validator = _RULES.get((group, kind))
    if validator is not None:
        validator(causes, obj)
    node = Schemas.load().node(group, version, kind)
    if node is None or (group, kind) in _UNCHECKED:
        return
    spoken_of = {cause.field for cause in causes}
    declared = Causes()
    for name, member in node.fields.items():
        if name not in {"metadata", "status"}:
            _declared_rules(declared, member, name, obj)
    causes.extend(
        cause
        for cause in declared
        if not any(cause.field == field or cause.field.startswith(f"{field}.") for field in spoken_of)
    )


def _declared_rules(causes: Causes, member: Field, path: str, parent: Mapping[str, Any]) -> None:
    name = path.rpartition(".")[2]
    value = parent.get(name)
    kind = member.node.kind
    if member.required and value in (None, "") and kind in _NEVER_EMPTY and name not in _MAY_BE_EMPTY:
        causes.required(path)
        return
    if member.enum and isinstance(value, str) and value and value not in member.enum:
        causes.unsupported(path, value, member.enum)
        return
    _declared_rules_within(causes, member.node, path, value)


def _declared_rules_within(causes: Causes, node: Node, path: str, value: object) -> None:
    if node.kind == "struct" and isinstance(value, dict):
        for name, member in node.fields.items():
            if name not in {"metadata", "status"} and (member.required or name in value):
                _declared_rules(causes, member, f"{path}.{name}", value)
    elif node.element is None or node.element.kind not in {"struct", "list", "map"}:
        return
    elif node.kind == "list" and isinstance(value, list):
        for index, each in enumerate(value):
            _declared_rules_within(causes, node.element, f"{path}[{index}]", each)
    elif node.kind == "map" and isinstance(value, dict):
        for key, each in value.items():
            _declared_rules_within(causes, node.element, f"{path}[{key}]", each)


Rule = Callable[[Causes, JSONObject], None]
UpdateRule = Callable[[Causes, JSONObject, JSONObject], None]

_NEVER_EMPTY: Final = frozenset({"string", "bytes", "struct", "time"})
# The value of a header or a kernel parameter, the audience of a token.
_MAY_BE_EMPTY: Final = frozenset({"value", "audience"})
# Events come from everywhere, and the server takes nearly all; reviews are answered, not stored.
_UNCHECKED: Final = frozenset(
    {
        ("", "Event"),
        ("events.k8s.io", "Event"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("authentication.k8s.io", "TokenReview"),
        ("authentication.k8s.io", "TokenRequest"),
        ("authorization.k8s.io", "SubjectAccessReview"),
        ("authorization.k8s.io", "LocalSubjectAccessReview"),
    }
)
_RULES: Final[dict[tuple[str, str], Rule]] = {
    ("", "Pod"): validation_pods.validate_pod,
    **validation_workloads.RULES,
    **validation_objects.RULES,
    **validation_policies.RULES,
}
_UPDATES: Final[dict[tuple[str, str], UpdateRule]] = {
    ("", "Pod"): validation_pods.validate_pod_update,
    **validation_workloads.UPDATES,
    **validation_objects.UPDATES,
}
_SUBRESOURCE_UPDATES: Final[dict[tuple[str, str, str], UpdateRule]] = {
    ("", "Pod", "ephemeralcontainers"): validation_pods.validate_ephemeral_containers,
    ("", "Pod", "resize"): validation_pods.validate_resize,
}
