"""What roles and bindings may be written by whom; on a running server see `verbs/test_access_control.py`."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.access.authorizer import AuthorizationMode, Authorizer
from listwatch.apiserver.access.escalation import check_escalation
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.rbac import RoleIndex
from listwatch.apiserver.wire.statuses import APIFailure

JANE = User("jane", ("devs",))
MASTER = User("root", ("system:masters",))
GET_PODS = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
ALL_PODS = {**GET_PODS, "verbs": ["*"]}


def _index(*rules: dict[str, Any]) -> RoleIndex:
    """Jane has `rules` in the namespace `ns`, and a binding of a role that is not there."""
    index = RoleIndex()
    index.put("roles", "ns/own", {"rules": list(rules)})
    subjects = [{"kind": "User", "name": "jane"}]
    for name in ("own", "gone"):
        index.put(
            "rolebindings", f"ns/{name}", {"roleRef": {"kind": "Role", "name": name}, "subjects": subjects}
        )
    return index


def _check(
    user: User,
    value: dict[str, Any],
    old: dict[str, Any] | None = None,
    *,
    mode: AuthorizationMode = "RBAC",
    namespace: str = "ns",
) -> None:
    index = _index(GET_PODS)
    authorizer = Authorizer(mode, index)
    check_escalation(user, "roles", namespace, value, old, requested="r", authorizer=authorizer, index=index)


def _role(*rules: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "r", **metadata}, "rules": list(rules)}


def test_one_may_give_what_one_has_where_one_has_it() -> None:
    """Equal rights pass; the same rights somewhere else do not."""
    _check(JANE, _role(GET_PODS))
    with pytest.raises(APIFailure, match="not currently held"):
        _check(JANE, _role(GET_PODS), namespace="other")


def test_what_is_missing_is_told_with_what_could_not_be_found() -> None:
    """The refusal names user, groups, missing rights, and roles that might have held them."""
    with pytest.raises(APIFailure) as refusal:
        _check(JANE, _role(ALL_PODS))
    assert str(refusal.value) == (
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["devs"]) is attempting to grant '
        'RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["*"]}; '
        'resolution errors: [role.rbac.authorization.k8s.io "gone" not found]'
    )


def test_masters_and_servers_without_roles_check_nothing() -> None:
    """Who may do everything may give everything, and without RBAC roles give nothing."""
    _check(MASTER, _role(ALL_PODS))
    _check(JANE, _role(ALL_PODS), mode="AlwaysAllow")


def test_the_garbage_collector_may_change_owners_and_finalizers() -> None:
    """A change of nothing else passes whatever the role gives; any other change is checked."""
    old = _role(ALL_PODS, ownerReferences=[{"uid": "1"}], finalizers=["a"], resourceVersion="1")
    _check(JANE, _role(ALL_PODS, resourceVersion="2"), old)
    with pytest.raises(APIFailure, match="not currently held"):
        _check(JANE, _role(ALL_PODS, labels={"a": "b"}), old)
