"""Reviews' specs as questions; on a running server see `verbs/test_reviews.py`."""

from __future__ import annotations

from listwatch.apiserver.access.access_reviews import access_status, question, rules_status, subject
from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.rbac import RoleIndex

JANE = User("jane")


def test_a_spec_becomes_the_question_that_a_request_asks() -> None:
    """Resources with all their parts, or a path; what is not said is empty."""
    attributes = {
        "namespace": "ns",
        "verb": "get",
        "group": "apps",
        "version": "v1",
        "resource": "deployments",
        "subresource": "scale",
        "name": "d",
    }
    assert question({"resourceAttributes": attributes}, JANE) == Attributes(
        JANE, "get", "apps", "deployments", "scale", "d", "ns"
    )
    assert question({"nonResourceAttributes": {"path": "/x", "verb": "get"}}, JANE) == Attributes(
        JANE, "get", path="/x"
    )
    assert question({"resourceAttributes": {"verb": None}}, JANE) == Attributes(JANE, "")


def test_a_subject_is_who_the_spec_says() -> None:
    """User, uid, groups and extras are taken over, nothing is added."""
    spec = {"user": "bob", "uid": "7", "groups": ["a"], "extra": {"scopes": ["x"], "none": None}}
    assert subject(spec) == User("bob", ("a",), "7", {"scopes": ("x",), "none": ()})
    assert subject({}) == User("")


def test_a_status_without_a_reason_has_none() -> None:
    """What nothing allows is only not allowed; no rules are no rules, and complete."""
    authorizer = Authorizer("RBAC", RoleIndex())
    assert access_status(Attributes(JANE, "get", path="/x"), authorizer) == {"allowed": False}
    assert rules_status(JANE, "ns", authorizer) == {
        "resourceRules": [],
        "nonResourceRules": [],
        "incomplete": False,
    }
