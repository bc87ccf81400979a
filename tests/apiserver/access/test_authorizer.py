"""The order in which an authorizer looks: masters, nodes, roles."""

from __future__ import annotations

import pytest

from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.identity import ANONYMOUS, User
from listwatch.apiserver.access.rbac import Decision, RoleIndex
from listwatch.apiserver.wire.statuses import APIFailure

NODE = User("system:node:n", ("system:nodes", "system:authenticated"))
CASES = [
    (User("a", ("system:masters",)), "delete", "nodes", True),
    (NODE, "update", "pods/status", True),
    (NODE, "delete", "deployments", False),
    (User("system:node:n"), "get", "pods", False),
    (User("jane", ("system:nodes",)), "get", "pods", False),
    (ANONYMOUS, "get", "pods", False),
]


@pytest.mark.parametrize(("user", "verb", "resource", "allowed"), CASES)
def test_masters_and_nodes_need_no_roles(user: User, verb: str, resource: str, allowed: bool) -> None:
    """Masters may do all and nodes what nodes do, without any binding; a node is known by name and group."""
    name, _, subresource = resource.partition("/")
    wanted = Attributes(user, verb, resource=name, subresource=subresource)
    authorizer = Authorizer("RBAC", RoleIndex())
    assert authorizer.decide(wanted) == Decision(is_allowed=allowed)
    if not allowed:
        with pytest.raises(APIFailure, match="is forbidden"):
            authorizer.check(wanted)


def test_always_allow_gives_everybody_every_rule() -> None:
    """Without roles the list of rules is one that covers everything."""
    authorizer = Authorizer("AlwaysAllow", RoleIndex())
    assert authorizer.decide(Attributes(User("jane"), "get", path="/x")).is_allowed
    documents = [rule.document() for rule in authorizer.grants(User("jane"), "ns").rules]
    assert documents == [
        {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
        {"verbs": ["*"], "nonResourceURLs": ["*"]},
    ]
