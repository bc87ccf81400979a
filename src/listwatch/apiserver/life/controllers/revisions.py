"""Stored revisions of pod templates: what StatefulSets and DaemonSets roll from and back to.

In:    an owner, its template and its ControllerRevisions
Out:   the revision of the present template, and what has to be written first
Next:  life/controllers/stateful_set.py, life/controllers/daemon_set.py
Rules: pure. A template that was there before gets its old revision with the next number.
Source: kubernetes/pkg/controller/history/controller_history.go
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from listwatch.apiserver.life.controllers.actions import Action, create, delete, patch
from listwatch.apiserver.life.controllers.collections import CONTROLLER_REVISIONS
from listwatch.apiserver.life.controllers.owners import JSONObject, controller_reference, labels_of

HASH = "controller.kubernetes.io/hash"
REVISION_HASH = "controller-revision-hash"


def data_of(owner: JSONObject) -> JSONObject:
    """What a revision keeps: a patch that puts the template back."""
    return {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}


def template_of(revision: JSONObject) -> JSONObject:
    """The template that a revision keeps."""
    kept: JSONObject = revision["data"]["spec"]["template"]
    return {name: each for name, each in kept.items() if name != "$patch"}


def number_of(revision: JSONObject) -> int:
    """The revision's number."""
    return int(revision.get("revision", 0))


def in_order(revisions: Iterable[JSONObject]) -> list[JSONObject]:
    """Lowest number first."""
    return sorted(
        revisions,
        key=lambda each: (number_of(each), each["metadata"]["creationTimestamp"], each["metadata"]["name"]),
    )


def present(
    owner: JSONObject, revisions: Sequence[JSONObject], digest: str, labels: dict[str, Any] | None = None
) -> tuple[JSONObject | None, list[Action]]:
    """The revision of the owner's template, or None with what makes it.

    Args:
        owner: Whose.
        revisions: Those that it controls.
        digest: The hash that names a new one.
        labels: Further labels of a new one.
    """
    data = data_of(owner)
    ordered = in_order(revisions)
    found = next((each for each in reversed(ordered) if each.get("data") == data), None)
    following = number_of(ordered[-1]) + 1 if ordered else 1
    if found is not None:
        if found is ordered[-1]:
            return found, []
        return found, [patch(CONTROLLER_REVISIONS, found, {"revision": following})]
    template = owner["spec"]["template"].get("metadata") or {}
    body: JSONObject = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"{owner['metadata']['name']}-{digest}",
            "labels": {**(template.get("labels") or {}), HASH: digest, **(labels or {})},
            "ownerReferences": [controller_reference(owner)],
        },
        "data": data,
        "revision": following,
    }
    return None, [create(CONTROLLER_REVISIONS, body, namespace=owner["metadata"]["namespace"])]


def superfluous(owner: JSONObject, revisions: Sequence[JSONObject], used: set[str]) -> list[Action]:
    """Deletions of the oldest revisions beyond the limit that nobody uses.

    Args:
        owner: With `revisionHistoryLimit`.
        revisions: Those that it controls.
        used: Names or hashes of the revisions that pods or the owner have.
    """
    limit = int(owner["spec"].get("revisionHistoryLimit", 10))
    unused = [
        each
        for each in in_order(revisions)
        if each["metadata"]["name"] not in used and labels_of(each).get(HASH) not in used
    ]
    return [delete(CONTROLLER_REVISIONS, each) for each in unused[: max(0, len(unused) - limit)]]
