"""Aggregated ClusterRoles: roles whose rules are those of other roles, chosen by their labels.

In:    a ClusterRole and all others
Out:   the ClusterRole with the rules that it ought to have
Next:  rbac.py evaluates them; verbs/access_control.py stores them
Rules: pure. A role does not aggregate itself. Roles are taken in the order of their names, selector by selector, and
       equal rules only once.
Source: kubernetes pkg/controller/clusterroleaggregation; differs: done at once, not some moments later
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from listwatch.apimachinery.selector import LabelSelector, SelectorError, label_selector_from_object

JSONObject = dict[str, Any]


def aggregated(role: JSONObject, roles: Iterable[JSONObject]) -> JSONObject:
    """`role` with the rules of those among `roles` that it selects; itself if it selects none by rule.

    Args:
        role: A Role or ClusterRole; only one with an `aggregationRule` is changed, as a copy.
        roles: All ClusterRoles that there are.
    """
    selectors = _selectors(role)
    if selectors is None:
        return role
    own = role["metadata"]["name"]
    others = sorted((each for each in roles if each["metadata"]["name"] != own), key=_name)
    rules: list[JSONObject] = []
    for selector in selectors:
        for other in others:
            if selector.matches(other["metadata"].get("labels") or {}):
                rules.extend(rule for rule in other.get("rules") or () if rule not in rules)
    return {**role, "rules": rules or None}  # as a role is read that was written without any


def is_aggregated(role: JSONObject) -> bool:
    """Whether a role's rules are made of others'."""
    return _selectors(role) is not None


def _selectors(role: JSONObject) -> list[LabelSelector] | None:
    """None if the role has rules of its own."""
    rule = role.get("aggregationRule")
    if not isinstance(rule, dict):
        return None
    found: list[LabelSelector] = []
    for selector in rule.get("clusterRoleSelectors") or ():
        try:
            found.append(label_selector_from_object(selector))
        except SelectorError:
            continue
    return found


def _name(role: JSONObject) -> str:
    return str(role["metadata"]["name"])
