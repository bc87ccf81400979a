"""Reviews answer what a request would meet."""

from __future__ import annotations

from typing import Any

import pytest
from api_caller import Caller
from virtual_time import run_virtual

from listwatch.apimachinery.http import Peer
from listwatch.apiserver.access.identity import User

JANE = Peer("jane", ("devs",))
AUTHENTICATION, AUTHORIZATION = "/apis/authentication.k8s.io/v1", "/apis/authorization.k8s.io/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
TOKENS = {"secret": User("jane", ("devs",), uid="7", extra={"scopes": ("all",)})}
POD_READER = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"]}


async def _with_rights() -> Caller:
    """A server on which devs may get the pod `p` of `default`."""
    caller = Caller(tokens=TOKENS)
    local = RBAC + "/namespaces/default"
    await caller.create(local + "/roles", {"metadata": {"name": "r"}, "rules": [POD_READER]})
    subject = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "devs"}
    reference = {"kind": "Role", "apiGroup": "rbac.authorization.k8s.io", "name": "r"}
    body = {"metadata": {"name": "b"}, "roleRef": reference, "subjects": [subject]}
    await caller.create(local + "/rolebindings", body)
    return caller


def test_a_self_subject_review_tells_who_one_is() -> None:
    """Name, groups, uid and extras of whoever asks, and nothing of the request."""

    async def main() -> None:
        caller = Caller(tokens=TOKENS)
        path = f"{AUTHENTICATION}/selfsubjectreviews"
        answer = await caller.send("POST", path, {}, peer=None, authorization="Bearer secret")
        assert answer.json["status"]["userInfo"] == {
            "username": "jane",
            "uid": "7",
            "groups": ["devs", "system:authenticated"],
            "extra": {"scopes": ["all"]},
        }

    run_virtual(main)


ALLOWED = {
    "allowed": True,
    "reason": 'RBAC: allowed by RoleBinding "b/default" of Role "r" to Group "devs"',
}
QUESTIONS = [
    ({"verb": "get", "resource": "pods", "name": "p", "namespace": "default"}, ALLOWED),
    ({"verb": "get", "resource": "pods", "namespace": "default"}, {"allowed": False}),
    ({"verb": "get", "resource": "pods", "name": "p"}, {"allowed": False}),
    (
        {"verb": "get", "resource": "pods", "subresource": "log", "name": "p", "namespace": "default"},
        {"allowed": False},
    ),
]


@pytest.mark.parametrize(("attributes", "status"), QUESTIONS)
def test_access_reviews_agree_however_they_are_asked(attributes: Any, status: Any) -> None:
    """About oneself, about another, and about another in a namespace: the answer is the same, with its reason."""

    async def main() -> None:
        caller = await _with_rights()
        asked = {"resourceAttributes": attributes}
        mine = await caller.send(
            "POST", f"{AUTHORIZATION}/selfsubjectaccessreviews", {"spec": asked}, peer=JANE
        )
        assert (mine.status, mine.json["status"]) == (201, status)
        about = {"spec": {**asked, "user": "x", "groups": ["devs"]}}
        hers = await caller.create(f"{AUTHORIZATION}/subjectaccessreviews", about)
        assert hers["status"] == status
        if attributes.get("namespace"):
            path = f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews"
            local = await caller.create(path, {**about, "metadata": {"namespace": "default"}})
            assert local["status"] == status

    run_virtual(main)


def test_access_reviews_take_a_user_as_they_are_told() -> None:
    """No group is added to whom a review is about, so the default roles of all users count only if asked for."""

    async def main() -> None:
        caller = Caller()
        path = f"{AUTHORIZATION}/subjectaccessreviews"
        asked = {"nonResourceAttributes": {"path": "/api", "verb": "get"}, "user": "bob"}
        assert (await caller.create(path, {"spec": asked}))["status"] == {"allowed": False}
        told = await caller.create(path, {"spec": {**asked, "groups": ["system:authenticated"]}})
        assert told["status"] == {
            "allowed": True,
            "reason": 'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole '
            '"system:discovery" to Group "system:authenticated"',
        }

    run_virtual(main)


BAD = [
    ("selfsubjectaccessreviews", {}, "exactly one of nonResourceAttributes or resourceAttributes"),
    (
        "selfsubjectaccessreviews",
        {"resourceAttributes": {}, "nonResourceAttributes": {}},
        "cannot be specified in combination",
    ),
    ("subjectaccessreviews", {"resourceAttributes": {}}, "at least one of user or group must be specified"),
    (
        "namespaces/default/localsubjectaccessreviews",
        {"resourceAttributes": {"namespace": "other"}, "user": "x"},
        "must match metadata.namespace",
    ),
    (
        "namespaces/default/localsubjectaccessreviews",
        {"nonResourceAttributes": {"path": "/"}, "user": "x"},
        "disallowed on this kind of request",
    ),
]


@pytest.mark.parametrize(("review", "spec", "message"), BAD)
def test_a_review_must_be_a_question(review: str, spec: Any, message: str) -> None:
    """What asks nothing, too much, or about nobody is invalid."""

    async def main() -> None:
        answer = await Caller().send("POST", f"{AUTHORIZATION}/{review}", {"spec": spec})
        assert (answer.status, answer.json["reason"]) == (422, "Invalid")
        assert message in answer.json["message"]

    run_virtual(main)


def test_a_rules_review_lists_what_applies_in_a_namespace() -> None:
    """All rules of all bindings, resources and paths apart, as roles have them; and what could not be found."""

    async def main() -> None:
        caller = await _with_rights()
        path = f"{AUTHORIZATION}/selfsubjectrulesreviews"
        status = (await caller.send("POST", path, {"spec": {"namespace": "default"}}, peer=JANE)).json[
            "status"
        ]
        assert POD_READER in status["resourceRules"]
        assert {
            "verbs": ["get"],
            "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"],
        } in (status["nonResourceRules"])
        assert status["incomplete"] is False
        await caller.delete(RBAC + "/namespaces/default/roles/r")
        status = (await caller.send("POST", path, {"spec": {"namespace": "default"}}, peer=JANE)).json[
            "status"
        ]
        assert POD_READER not in status["resourceRules"]
        assert status["incomplete"] is True
        assert status["evaluationError"] == 'role.rbac.authorization.k8s.io "r" not found'
        mine = await caller.create(path, {"spec": {"namespace": "default"}})
        everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
        assert everything in mine["status"]["resourceRules"]
        nowhere = await caller.send("POST", path, {"spec": {}})
        assert (nowhere.status, nowhere.json["message"]) == (400, "no namespace on request")

    run_virtual(main)


def test_a_token_review_knows_the_servers_tokens() -> None:
    """A known token tells its user, another an error; one without a token is no question."""

    async def main() -> None:
        caller = Caller(tokens=TOKENS)
        path = f"{AUTHENTICATION}/tokenreviews"
        known = await caller.create(path, {"spec": {"token": "secret"}})
        assert known["status"]["authenticated"] is True
        assert known["status"]["user"]["groups"] == ["devs", "system:authenticated"]
        unknown = await caller.create(path, {"spec": {"token": "other"}})
        assert unknown["status"] == {"user": {}, "error": "invalid bearer token"}
        assert (await caller.send("POST", path, {"spec": {}})).status == 400

    run_virtual(main)
