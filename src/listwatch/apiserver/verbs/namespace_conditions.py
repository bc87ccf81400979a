"""What a namespace that is being deleted tells of what it waits for.

In:    what is left in it
Out:   the conditions of its status
Next:  namespaces.py
Rules: pure. A condition's time moves only if its status does.
Source: kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go; recorded conditions
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

JSONObject = dict[str, Any]


def conditions_of(
    left: Mapping[str, int], finalizers: Counter[str], before: Sequence[JSONObject], moment: str
) -> list[JSONObject]:
    """The five conditions.

    Args:
        left: How many objects are left of each resource, by its name and group as in `configmaps.`.
        finalizers: How many objects are held by each finalizer.
        before: The conditions so far.
        moment: RFC 3339, seconds.
    """
    content = (
        ("True", "SomeResourcesRemain", f"Some resources are remaining: {_counted(left, 'has')}")
        if left
        else ("False", "ContentRemoved", "All content successfully removed")
    )
    held = (
        (
            "True",
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {_counted(finalizers, 'in')}",
        )
        if finalizers
        else ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished")
    )
    deleted = "All content successfully deleted, may be waiting on finalization"
    rows = (
        (
            "NamespaceDeletionDiscoveryFailure",
            ("False", "ResourcesDiscovered", "All resources successfully discovered"),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            ("False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
        ),
        ("NamespaceDeletionContentFailure", ("False", "ContentDeleted", deleted)),
        ("NamespaceContentRemaining", content),
        ("NamespaceFinalizersRemaining", held),
    )
    known = {each.get("type"): each for each in before}
    return [_condition(kind, *row, known.get(kind), moment) for kind, row in rows]


def _counted(counts: Mapping[str, int], word: str) -> str:
    return ", ".join(f"{name} {word} {count} resource instances" for name, count in sorted(counts.items()))


def _condition(
    kind: str, status: str, reason: str, message: str, before: JSONObject | None, moment: str
) -> JSONObject:
    if before is not None and before.get("status") == status:
        moment = before.get("lastTransitionTime", moment)
    return {
        "type": kind,
        "status": status,
        "lastTransitionTime": moment,
        "reason": reason,
        "message": message,
    }
