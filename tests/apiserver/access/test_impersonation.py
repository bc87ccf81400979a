"""Speaking for somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from multidict import CIMultiDict

from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.identity import ANONYMOUS, User
from listwatch.apiserver.access.impersonation import impersonated
from listwatch.apiserver.access.rbac import RoleIndex
from listwatch.apiserver.wire.statuses import APIFailure

ADMIN = User("admin", ("system:masters", "system:authenticated"))
JANE = User("jane", ("system:authenticated",))


def _authorizer(*rules: dict[str, Any]) -> Authorizer:
    index = RoleIndex()
    index.put("clusterroles", "r", {"rules": [{"verbs": ["impersonate"], **rule} for rule in rules]})
    binding = {
        "roleRef": {"kind": "ClusterRole", "name": "r"},
        "subjects": [{"kind": "User", "name": "jane"}],
    }
    index.put("clusterrolebindings", "b", binding)
    return Authorizer("RBAC", index)


IMPERSONATED = [
    ([], ADMIN),
    ([("Impersonate-User", "bob")], User("bob", ("system:authenticated",))),
    (
        [("impersonate-user", "bob"), ("Impersonate-Group", "ops"), ("Impersonate-Group", "dev")],
        User("bob", ("ops", "dev", "system:authenticated")),
    ),
    (
        [("Impersonate-User", "bob"), ("Impersonate-Uid", "7"), ("Impersonate-Extra-A%2Fb", "c")],
        User("bob", ("system:authenticated",), "7", {"a/b": ("c",)}),
    ),
    ([("Impersonate-User", "system:anonymous")], ANONYMOUS),
    (
        [("Impersonate-User", "b\udcff"), ("Impersonate-Group", "\udcfe")],
        User("b\ufffd", ("\ufffd", "system:authenticated")),
    ),
    (
        [("Impersonate-User", "bob"), ("Impersonate-Group", "system:unauthenticated")],
        User("bob", ("system:unauthenticated",)),
    ),
    (
        [("Impersonate-User", "system:serviceaccount:ns:sa")],
        User(
            "system:serviceaccount:ns:sa",
            ("system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"),
        ),
    ),
]


@pytest.mark.parametrize(("headers", "wanted"), IMPERSONATED)
def test_the_headers_say_for_whom_a_request_is(headers: list[tuple[str, str]], wanted: User) -> None:
    """The named user, with the groups that everybody of that kind has."""
    assert impersonated(CIMultiDict(headers), ADMIN, _authorizer()) == wanted


REFUSED = [
    (
        [("Impersonate-User", "bob")],
        'users "bob" is forbidden: User "jane" cannot impersonate resource "users" in API group "" '
        "at the cluster scope",
        {"name": "bob", "kind": "users"},
    ),
    (
        [("Impersonate-User", "system:serviceaccount:ns:sa")],
        'serviceaccounts "sa" is forbidden: User "jane" cannot impersonate resource "serviceaccounts" '
        'in API group "" in the namespace "ns"',
        {"name": "sa", "kind": "serviceaccounts"},
    ),
    (
        [("Impersonate-User", "eve"), ("Impersonate-Uid", "7")],
        'uids.authentication.k8s.io "7" is forbidden: User "jane" cannot impersonate resource "uids" '
        'in API group "authentication.k8s.io" at the cluster scope',
        {"name": "7", "group": "authentication.k8s.io", "kind": "uids"},
    ),
    (
        [("Impersonate-User", "eve"), ("Impersonate-Group", "dev"), ("Impersonate-Group", "ops")],
        'groups "ops" is forbidden: User "jane" cannot impersonate resource "groups" in API group "" '
        "at the cluster scope",
        {"name": "ops", "kind": "groups"},
    ),
    (
        [("Impersonate-User", "eve"), ("Impersonate-Extra-Scopes", "all")],
        'userextras.authentication.k8s.io "all" is forbidden: User "jane" cannot impersonate resource '
        '"userextras/scopes" in API group "authentication.k8s.io" at the cluster scope',
        {"name": "all", "group": "authentication.k8s.io", "kind": "userextras"},
    ),
]


@pytest.mark.parametrize(("headers", "message", "details"), REFUSED)
def test_every_part_must_be_allowed(
    headers: list[tuple[str, str]], message: str, details: dict[str, str]
) -> None:
    """The first of user, uid, groups and extras that the caller may not take on is told."""
    authorizer = _authorizer(
        {"apiGroups": [""], "resources": ["users"], "resourceNames": ["eve"]},
        {"apiGroups": [""], "resources": ["groups"], "resourceNames": ["dev"]},
        {"apiGroups": ["authentication.k8s.io"], "resources": ["userextras/other"]},
    )
    with pytest.raises(APIFailure) as refusal:
        impersonated(CIMultiDict(headers), JANE, authorizer)
    assert (refusal.value.code, str(refusal.value)) == (403, message)
    assert refusal.value.status["details"] == details


@pytest.mark.parametrize("header", ["Impersonate-Group", "Impersonate-Uid", "Impersonate-Extra-a"])
def test_parts_without_a_user_are_a_bad_request(header: str) -> None:
    """Groups, uid or extras alone name nobody."""
    with pytest.raises(APIFailure, match="without impersonating a user name") as refusal:
        impersonated(CIMultiDict({header: "x"}), ADMIN, _authorizer())
    assert refusal.value.code == 400
