"""The roles and bindings that every cluster has from its first moment on.

In:    data/bootstrap_policy.json: names, rules and subjects, without what is the same for all
Out:   the objects, as they are stored
Next:  verbs/access_control.py stores them
Rules: pure apart from reading the packaged data, once. Rules are shared between clusters and must not be changed.
Source: the default roles of kubernetes 1.36, as "Using RBAC Authorization" lists them; differs: without those of the
        controllers (`system:controller:…`), whose work is done by the server itself
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources as package_resources
from typing import Any, Final

import msgspec

from listwatch.apiserver.access.aggregation import aggregated
from listwatch.apiserver.access.policy_rules import Rule, rules_of
from listwatch.apiserver.access.rbac import GROUP

JSONObject = dict[str, Any]
HOME: Final = "kube-system"
_AGGREGATE: Final = "rbac.authorization.k8s.io/aggregate-to-"
_ROLE_KINDS: Final = {"clusterroles": "ClusterRole", "roles": "Role"}
_ROLES_OF: Final = {"clusterrolebindings": "clusterroles", "rolebindings": "roles"}


def bootstrap_objects() -> Iterator[tuple[str, str, JSONObject]]:
    """Each object with its resource and namespace, in the order in which they come into being.

    The objects and their metadata are fresh, without UID and time; all else is shared.
    """
    for resource, namespace, metadata, fields in _policy():
        labels, annotations = dict(metadata["labels"]), dict(metadata["annotations"])
        yield (
            resource,
            namespace,
            {
                "metadata": {**metadata, "labels": labels, "annotations": annotations},
                **fields,
            },
        )


def bootstrap_count() -> int:
    """How many objects there are."""
    return len(_policy())


@cache
def _policy() -> tuple[tuple[str, str, JSONObject, JSONObject], ...]:
    text = package_resources.files("listwatch.apiserver").joinpath("data/bootstrap_policy.json").read_bytes()
    told: dict[str, list[JSONObject]] = msgspec.json.decode(text)
    made = [
        (resource, "" if resource.startswith("cluster") else HOME, _object(resource, entry))
        for resource, entries in told.items()
        for entry in entries
    ]
    cluster_roles = [value for resource, _, value in made if resource == "clusterroles"]
    settle(cluster_roles)
    return tuple(
        (
            resource,
            namespace,
            {**value["metadata"], **({"namespace": namespace} if namespace else {})},
            {name: field for name, field in value.items() if name != "metadata"},
        )
        for resource, namespace, value in made
    )


@cache
def node_rules() -> tuple[Rule, ...]:
    """What every node may do, whatever roles there are."""
    name = "system:node"
    return next(rules_of(fields) for _, _, metadata, fields in _policy() if metadata["name"] == name)


def settle(roles: list[JSONObject]) -> None:
    """Give aggregated roles their rules, until there is nothing more to give. The roles are changed."""
    for _ in roles:
        wanted = [aggregated(role, roles).get("rules") for role in roles]
        if wanted == [role.get("rules") for role in roles]:
            return
        for role, rules in zip(roles, wanted, strict=True):
            role["rules"] = rules


def _object(resource: str, entry: JSONObject) -> JSONObject:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    metadata: JSONObject = {
        "name": entry["name"],
        "labels": labels,
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }
    if resource in _ROLES_OF:
        kind = _ROLE_KINDS[_ROLES_OF[resource]]
        value: JSONObject = {
            "metadata": metadata,
            "roleRef": {"apiGroup": GROUP, "kind": kind, "name": entry["role"]},
        }
        if entry["subjects"]:
            value["subjects"] = [_subject(*subject) for subject in entry["subjects"]]
        return value
    if to := entry.get("aggregatedTo"):
        labels[_AGGREGATE + to] = "true"
    if of := entry.get("aggregates"):
        selector = {"matchLabels": {_AGGREGATE + of: "true"}}
        return {
            "metadata": metadata,
            "aggregationRule": {"clusterRoleSelectors": [selector]},
            "rules": None,
        }
    return {"metadata": metadata, "rules": entry["rules"]}


def _subject(kind: str, name: str, namespace: str = "") -> JSONObject:
    if namespace:
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"apiGroup": GROUP, "kind": kind, "name": name}
