"""Who is calling, and what that lets them see."""

from __future__ import annotations

from typing import Any

import pytest
from api_caller import CONFIG_MAPS, Caller
from multidict import CIMultiDict
from virtual_time import run_virtual

from listwatch.apimachinery.http import Peer, Request
from listwatch.apiserver.access.identity import ANONYMOUS, User, authenticate
from listwatch.apiserver.wire.statuses import APIFailure

TOKENS = {"secret": User("jane", ("devs",), uid="7", extra={"scopes": ("all",)})}
PEER = Peer("admin", ("system:masters",))


def _who(headers: dict[str, str] | None = None, peer: Peer | None = None) -> User:
    return authenticate(Request("GET", "/", CIMultiDict(headers or {}), b"", peer), TOKENS)


CALLERS = [
    ({}, None, ANONYMOUS),
    (
        {"Authorization": "Bearer secret"},
        None,
        User("jane", ("devs", "system:authenticated"), "7", {"scopes": ("all",)}),
    ),
    (
        {"Authorization": "bearer  secret"},
        None,
        User("jane", ("devs", "system:authenticated"), "7", {"scopes": ("all",)}),
    ),
    ({}, PEER, User("admin", ("system:masters", "system:authenticated"))),
    ({"Authorization": "Bearer wrong"}, PEER, User("admin", ("system:masters", "system:authenticated"))),
    ({"Impersonate-User": "bob"}, PEER, User("bob", ("system:authenticated",))),
    (
        {"Impersonate-User": "bob", "Impersonate-Group": "ops", "Impersonate-Extra-a%2Fb": "c"},
        PEER,
        User("bob", ("ops", "system:authenticated"), "", {"a/b": ("c",)}),
    ),
    ({"Impersonate-User": "system:anonymous"}, PEER, ANONYMOUS),
]


@pytest.mark.parametrize(("headers", "peer", "wanted"), CALLERS)
def test_a_caller_is_who_the_certificate_or_token_says(
    headers: dict[str, str], peer: Any, wanted: User
) -> None:
    """A certificate counts before a token, and impersonation after both."""
    assert _who(headers, peer) == wanted


@pytest.mark.parametrize(
    ("headers", "peer", "code"),
    [
        ({"Authorization": "Bearer wrong"}, None, 401),
        ({"Authorization": "Basic c2VjcmV0"}, None, 401),
        ({"Impersonate-User": "bob"}, None, 403),
        ({"Impersonate-Group": "ops"}, PEER, 500),
    ],
)
def test_bad_credentials_are_refused(headers: dict[str, str], peer: Any, code: int) -> None:
    """A token nobody has is a 401, an impersonation by nobody a 403; no secret stands in the answer."""
    with pytest.raises(APIFailure) as refusal:
        _who(headers, peer)
    assert refusal.value.code == code
    assert "wrong" not in str(refusal.value.status)


PUBLIC = [("/healthz", 200), ("/livez/ping", 200), ("/readyz", 200), ("/version", 200)]
CLOSED = [
    (
        CONFIG_MAPS,
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group'
        ' "" in the namespace "default"',
    ),
    (
        "/apis/apps/v1/deployments?watch=1",
        'deployments.apps is forbidden: User "system:anonymous" cannot watch '
        'resource "deployments" in API group "apps" at the cluster scope',
    ),
    ("/api", 'forbidden: User "system:anonymous" cannot get path "/api"'),
]


@pytest.mark.parametrize(("path", "status"), PUBLIC)
def test_anybody_may_ask_for_health_and_version(path: str, status: int) -> None:
    """Probes need no credentials."""

    async def main() -> None:
        assert (await Caller().send("GET", path, peer=None)).status == status

    run_virtual(main)


@pytest.mark.parametrize(("path", "message"), CLOSED)
def test_anonymous_callers_see_nothing_else(path: str, message: str) -> None:
    """Without credentials all else is a 403 in the real server's words."""

    async def main() -> None:
        answer = await Caller().send("GET", path, peer=None)
        assert (answer.status, answer.json["message"]) == (403, message)

    run_virtual(main)


def test_reviews_tell_who_one_is_and_what_one_may() -> None:
    """Self reviews answer for the caller; a token review knows the server's tokens and no others."""

    async def main() -> None:
        caller = Caller(tokens=TOKENS)
        authentication, authorization = "/apis/authentication.k8s.io/v1", "/apis/authorization.k8s.io/v1"
        me = await caller.create(f"{authentication}/selfsubjectreviews", {})
        assert me["status"]["userInfo"] == {
            "username": "admin",
            "groups": ["system:masters", "system:authenticated"],
        }
        allowed = await caller.create(f"{authorization}/selfsubjectaccessreviews", {"spec": {}})
        assert allowed["status"] == {"allowed": True}
        nobody = await caller.create(
            f"{authorization}/subjectaccessreviews", {"spec": {"user": "system:anonymous"}}
        )
        assert nobody["status"] == {"allowed": False}
        somebody = await caller.create(f"{authorization}/subjectaccessreviews", {"spec": {"user": "bob"}})
        assert somebody["status"]["allowed"]
        rules = await caller.create(
            f"{authorization}/selfsubjectrulesreviews", {"spec": {"namespace": "default"}}
        )
        assert rules["status"]["resourceRules"] == [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        known = await caller.create(f"{authentication}/tokenreviews", {"spec": {"token": "secret"}})
        assert known["status"]["user"]["username"] == "jane"
        unknown = await caller.create(f"{authentication}/tokenreviews", {"spec": {"token": "other"}})
        assert "authenticated" not in unknown["status"]

    run_virtual(main)
