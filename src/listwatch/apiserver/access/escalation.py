"""Nobody gives away rights that are not theirs: the checks on roles and bindings that are written.

In:    a role or binding as it would be stored, and what is stored
Out:   a 403, or nothing
Next:  verbs/writing.py goes on
Rules: pure. Who may `escalate` the role, or `bind` the role that a binding names, needs no rights of its own; others
       need all that they give.
Source: kubernetes pkg/registry/rbac (policybased storages), pkg/registry/rbac/validation
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.identity import MASTERS, User
from listwatch.apiserver.access.policy_rules import ALL, Rule, compact, missing_rights, quoted, rules_of
from listwatch.apiserver.access.rbac import GROUP, RoleIndex, aggregate
from listwatch.apiserver.wire.statuses import forbidden, not_found

JSONObject = dict[str, Any]
ROLES: Final = frozenset({"roles", "clusterroles"})
BINDINGS: Final = frozenset({"rolebindings", "clusterrolebindings"})
_FULL: Final = (Rule((ALL,), (ALL,), (ALL,)), Rule((ALL,), paths=(ALL,)))
_COLLECTED: Final = ("ownerReferences", "finalizers", "managedFields", "resourceVersion")


def check_escalation(
    user: User,
    resource: str,
    namespace: str,
    value: JSONObject,
    old: JSONObject | None,
    *,
    requested: str,
    authorizer: Authorizer,
    index: RoleIndex,
) -> None:
    """Refuse a role or binding that gives more than `user` has.

    Args:
        user: Who writes.
        resource: The plural, of `rbac.authorization.k8s.io`.
        namespace: "" for cluster-wide ones.
        value: As it would be stored.
        old: As it is stored; None if it is not.
        requested: The name that the request is for; "" for a POST, which a right to `escalate` one name does not cover.
        authorizer: Knows who may `escalate` and `bind`.
        index: Knows what everybody has.

    Raises:
        APIFailure: 403; 404 if a binding names a role that is not there. With `AlwaysAllow` and for
            `system:masters` never.
    """
    if authorizer.allows_all or MASTERS in user.groups:
        return
    if old is not None and _only_for_collector(value, old):
        return
    name = str(value.get("metadata", {}).get("name", ""))
    if resource in ROLES:
        escalate = Attributes(user, "escalate", GROUP, resource, name=requested, namespace=namespace)
        if authorizer.decide(escalate).is_allowed:
            return
        rules: Iterable[Rule] = rules_of(value)
    else:
        reference = value.get("roleRef") or {}
        kind = "clusterroles" if reference.get("kind") == "ClusterRole" else "roles"
        role = str(reference.get("name", ""))
        bind = Attributes(user, "bind", GROUP, kind, name=role, namespace=namespace)
        if authorizer.decide(bind).is_allowed:
            return
        found = index.role_rules(reference, namespace)
        if found is None:
            raise not_found(GROUP, kind, role)
        rules = found
    missing = _missing(user, namespace, rules, index)
    if missing:
        raise forbidden(GROUP, resource, name, missing)
    if (value.get("aggregationRule") or (old or {}).get("aggregationRule")) and _missing(
        user, namespace, _FULL, index
    ):
        why = "must have cluster-admin privileges to use the aggregationRule"
        raise forbidden(GROUP, resource, name, why)


def _missing(user: User, namespace: str, rules: Iterable[Rule], index: RoleIndex) -> str:
    """What `user` lacks of `rules`, in the server's words; "" for nothing."""
    grants = index.grants(user, namespace)
    missing = missing_rights(grants.rules, rules)
    if not missing:
        return ""
    told = "\n".join(sorted({str(rule) for rule in compact(missing)}))
    groups = quoted(user.groups)
    text = f'user "{user.name}" (groups={groups}) is attempting to grant RBAC permissions not currently held:\n{told}'
    return f"{text}; resolution errors: [{aggregate(grants.errors)}]" if grants.errors else text


def _only_for_collector(value: JSONObject, old: JSONObject) -> bool:
    """Whether nothing but owners and finalizers is changed, as the garbage collector does."""
    return _without_collected(value) == _without_collected(old)


def _without_collected(value: JSONObject) -> JSONObject:
    metadata = value.get("metadata", {})
    kept = {name: field for name, field in metadata.items() if name not in _COLLECTED}
    fields = {name: field for name, field in value.items() if name not in {"kind", "apiVersion"}}
    return {**fields, "metadata": kept}
