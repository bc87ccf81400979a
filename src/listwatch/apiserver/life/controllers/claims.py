"""Who takes which object: adopt what the selector matches, let go of what it no longer does.

In:    an owner, and the objects of its namespace
Out:   those that are its own, and the patches that make it so
Rules: pure. An owner that is being deleted adopts nothing; nobody takes what has another controller.
Source: kubernetes/pkg/controller/controller_ref_manager.go
"""

from __future__ import annotations

from collections.abc import Iterable

from listwatch.apimachinery.selector import LabelSelector
from listwatch.apiserver.life.controllers.actions import Action, patch
from listwatch.apiserver.life.controllers.collections import Collection
from listwatch.apiserver.life.controllers.owners import (
    JSONObject,
    controller_of,
    controller_reference,
    is_deleted,
    labels_of,
)


def claim(
    owner: JSONObject, selector: LabelSelector, collection: Collection, candidates: Iterable[JSONObject]
) -> tuple[list[JSONObject], list[Action]]:
    """The objects of `owner`, and what has to be written first.

    An object to be adopted is not among them yet: it comes with the change by which it is adopted.

    Args:
        owner: The controller.
        selector: Which objects it looks after.
        collection: Where these are.
        candidates: All objects of its namespace.
    """
    uid = owner["metadata"]["uid"]
    own: list[JSONObject] = []
    actions: list[Action] = []
    for each in candidates:
        controller = controller_of(each)
        if controller is None:
            if not is_deleted(owner) and not is_deleted(each) and selector.matches(labels_of(each)):
                references = [*(each["metadata"].get("ownerReferences") or ()), controller_reference(owner)]
                actions.append(patch(collection, each, {"metadata": {"ownerReferences": references}}))
        elif controller.get("uid") == uid:
            if selector.matches(labels_of(each)):
                own.append(each)
            elif not is_deleted(owner):
                others = [found for found in each["metadata"]["ownerReferences"] if found.get("uid") != uid]
                actions.append(patch(collection, each, {"metadata": {"ownerReferences": others or None}}))
    return own, actions
