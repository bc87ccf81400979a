"""The names that a definition gets, and the conditions that tell of it.

In:    a definition, and the names that others of its group have
Out:   its status as it should be
Next:  verbs/definitions.py writes it
Rules: pure; a name that somebody else has is not taken away from it. Once established stays established.
Source: apiextensions-apiserver pkg/controller/status (NamingConditionController), establish, apiapproval
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.custom.definition import condition_of
from listwatch.apiserver.kinds.maps import JSONObject, items, json_equal, maps, peek, text
from listwatch.apiserver.wire.timestamps import format_timestamp

CLEANUP: Final = "customresourcecleanup.apiextensions.k8s.io"
APPROVAL: Final = "api-approved.kubernetes.io"
_REFERENCE: Final = "see https://github.com/kubernetes/enhancements/pull/1111"
_CONFLICTS: Final = (
    ("plural", "PluralConflict"),
    ("singular", "SingularConflict"),
    ("kind", "KindConflict"),
    ("listKind", "ListKindConflict"),
)


def named(definition: JSONObject, others: Iterable[JSONObject], now: datetime) -> JSONObject:
    """The definition with its names accepted, or with the reason why they are not.

    Args:
        definition: As stored. It is not changed.
        others: All other definitions, of any group.
        now: For conditions that change.
    """
    group = text(definition, "spec", "group")
    wanted, accepted = peek(definition, "spec", "names"), peek(definition, "status", "acceptedNames")
    used = [peek(each, "status", "acceptedNames") for each in others if text(each, "spec", "group") == group]
    resources = {name for each in used for name in _resource_names(each)}
    kinds = {text(each, part) for each in used for part in ("kind", "listKind")}
    names, reason, message = dict(accepted), "", ""
    for part, conflict in _CONFLICTS:
        taken = kinds if part in {"kind", "listKind"} else resources
        name = text(wanted, part)
        if name and name != text(accepted, part) and name in taken:
            reason, message = conflict, f"{go_quote(name)} is already in use"
        else:
            names[part] = name
        if part == "singular":
            names, reason, message = _short_names(wanted, names, resources, reason, message)
    if items(wanted, "categories"):
        names["categories"] = items(wanted, "categories")
    else:
        names.pop("categories", None)
    status = {
        **peek(definition, "status"),
        "acceptedNames": {key: each for key, each in names.items() if each},
    }
    changed = {**definition, "status": status}
    if reason:
        changed = with_condition(changed, "NamesAccepted", "False", reason, message, now)
    else:
        changed = with_condition(changed, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now)
    if condition_of(definition, "Established").get("status") == "True":
        return changed
    if reason:
        if condition_of(definition, "Established"):
            return changed
        return with_condition(
            changed, "Established", "False", "NotAccepted", "not all names are accepted", now
        )
    message = "the initial names have been accepted"
    return with_condition(changed, "Established", "False", "Installing", message, now)


def _short_names(
    wanted: JSONObject, names: JSONObject, taken: set[str], reason: str, message: str
) -> tuple[JSONObject, str, str]:
    own = set(items(names, "shortNames"))
    refused = [name for name in items(wanted, "shortNames") if name not in own and name in taken]
    if refused:
        told = [f"{go_quote(name)} is already in use" for name in refused]
        return names, "ShortNamesConflict", told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    return {**names, "shortNames": items(wanted, "shortNames")}, reason, message


def established(definition: JSONObject, now: datetime) -> JSONObject:
    """The definition, established if its names are accepted."""
    if condition_of(definition, "NamesAccepted").get("status") != "True":
        return definition
    message = "the initial names have been accepted"
    return with_condition(definition, "Established", "True", "InitialNamesAccepted", message, now)


def approved(definition: JSONObject, now: datetime) -> JSONObject:
    """The definition, with the condition that those of Kubernetes' own groups have."""
    if not is_protected(text(definition, "spec", "group")):
        return definition
    state, reason = approval(definition)
    status, why = {
        "approved": ("True", "ApprovedAnnotation"),
        "bypassed": ("False", "UnapprovedAnnotation"),
        "missing": ("False", "MissingAnnotation"),
        "invalid": ("False", "InvalidAnnotation"),
    }[state]
    return with_condition(definition, "KubernetesAPIApprovalPolicyConformant", status, why, reason, now)


def is_protected(group: str) -> bool:
    """Whether a group is one that Kubernetes' API reviewers look after."""
    return group in {"k8s.io", "kubernetes.io"} or group.endswith((".k8s.io", ".kubernetes.io"))


def approval(definition: JSONObject) -> tuple[str, str]:
    """What a definition's annotation says of its approval (`approved`, `bypassed`, `missing`, `invalid`), in words."""
    value = text(definition, "metadata", "annotations", APPROVAL)
    if not value:
        return "missing", f"protected groups must have approval annotation {go_quote(APPROVAL)}, {_REFERENCE}"
    if value.startswith("unapproved"):
        return "bypassed", f"not approved: {go_quote(value)}"
    scheme, colon, rest = value.partition("://")
    if colon and scheme.isalnum() and rest.split("/")[0]:
        return "approved", f"approved in {value}"
    return "invalid", (
        f"protected groups must have approval annotation {go_quote(APPROVAL)} with either a URL or a reason "
        f'starting with "unapproved", {_REFERENCE}'
    )


def with_condition(
    definition: JSONObject, type_: str, status: str, reason: str, message: str, now: datetime
) -> JSONObject:
    """The definition with a condition set; its time is that of its last change of status. Nothing else is changed."""
    old = condition_of(definition, type_)
    when = old.get("lastTransitionTime") if old.get("status") == status else None
    condition = {
        "type": type_,
        "status": status,
        "lastTransitionTime": when or format_timestamp(now),
        "reason": reason,
        "message": message,
    }
    conditions = maps(definition, "status", "conditions")
    if old:
        if json_equal(old, condition):
            return definition
        conditions = [condition if each is old else each for each in conditions]
    else:
        conditions = [*conditions, condition]
    return {**definition, "status": {**peek(definition, "status"), "conditions": conditions}}


def mark_definition(definition: JSONObject, now: datetime) -> JSONObject:
    """A definition that begins to be deleted, with the finalizer that waits for its objects; its metadata is fresh."""
    finalizers = items(definition, "metadata", "finalizers")
    metadata = {
        **definition["metadata"],
        "deletionTimestamp": format_timestamp(now),
        "finalizers": finalizers if CLEANUP in finalizers else [*finalizers, CLEANUP],
    }
    reason = "InstanceDeletionPending"
    message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    marked = {**definition, "metadata": metadata}
    return with_condition(marked, "Terminating", "True", reason, message, now)


def _resource_names(names: JSONObject) -> list[str]:
    return [text(names, "plural"), text(names, "singular"), *items(names, "shortNames")]
