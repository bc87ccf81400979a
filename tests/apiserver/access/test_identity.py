"""Who is calling, and what that lets them see."""

from __future__ import annotations

from typing import Any

import pytest
from api_caller import CONFIG_MAPS, Caller
from multidict import CIMultiDict
from virtual_time import run_virtual

from listwatch.apimachinery.http import Peer, Request
from listwatch.apiserver.access.identity import (
    ANONYMOUS,
    User,
    authenticate,
    service_account_name,
    service_account_of,
    user_of_token,
)
from listwatch.apiserver.wire.statuses import APIFailure

TOKENS = {"secret": User("jane", ("devs",), uid="7", extra={"scopes": ("all",)})}
PEER = Peer("admin", ("system:masters",))
JANE = User("jane", ("devs", "system:authenticated"), "7", {"scopes": ("all",)})
ADMIN = User("admin", ("system:masters", "system:authenticated"))


def _who(headers: dict[str, str] | None = None, peer: Peer | None = None) -> User:
    request = Request("GET", "/", CIMultiDict(headers or {}), b"", peer)
    return authenticate(request, lambda token: user_of_token(token, TOKENS))


CALLERS = [
    ({}, None, ANONYMOUS),
    ({"Authorization": "Bearer secret"}, None, JANE),
    ({"Authorization": "bearer  secret"}, None, JANE),
    ({}, PEER, ADMIN),
    ({"Authorization": "Bearer wrong"}, PEER, ADMIN),
    (
        {},
        Peer("joe", (), "0a1b"),
        User(
            "joe",
            ("system:authenticated",),
            "",
            {"authentication.kubernetes.io/credential-id": ("X509SHA256=0a1b",)},
        ),
    ),
]


@pytest.mark.parametrize(("headers", "peer", "wanted"), CALLERS)
def test_a_caller_is_who_the_certificate_or_token_says(
    headers: dict[str, str], peer: Any, wanted: User
) -> None:
    """A certificate counts before a token; its fingerprint is told if it is known."""
    assert _who(headers, peer) == wanted


@pytest.mark.parametrize(
    "credentials", ["Bearer wrong", "Bearer", "Bearer secre", "Basic c2VjcmV0", "secret", "Bearer \udcff"]
)
def test_bad_credentials_are_refused(credentials: str) -> None:
    """What nobody has is a 401, which tells nothing of what was shown."""
    with pytest.raises(APIFailure) as refusal:
        _who({"Authorization": credentials})
    assert refusal.value.status == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("system:serviceaccount:default:builder", ("default", "builder")),
        ("system:serviceaccount:default", None),
        ("system:serviceaccount::builder", None),
        ("system:serviceaccount:default:", None),
        ("system:serviceaccount:a:b:c", None),
        ("jane", None),
    ],
)
def test_a_service_account_is_known_by_its_user_name(name: str, wanted: tuple[str, str] | None) -> None:
    """A user name has a namespace and a name in it, or is no service account's."""
    assert service_account_of(name) == wanted
    if wanted is not None:
        assert service_account_name(*wanted) == name


PUBLIC = [
    ("/healthz", 200),
    ("/livez", 200),
    ("/readyz", 200),
    ("/version", 200),
    ("/version/", 200),
    ("/livez/ping", 403),
]
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
    ("/a<b>&c", 'forbidden: User "system:anonymous" cannot get path "/a&lt;b&gt;&amp;c"'),
]


@pytest.mark.parametrize(("path", "status"), PUBLIC)
def test_anybody_may_ask_for_health_and_version(path: str, status: int) -> None:
    """Probes need no credentials; single checks do."""

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
