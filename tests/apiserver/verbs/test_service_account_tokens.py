"""Tokens of service accounts, from their request to their end."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from api_caller import PODS, Caller, pod
from virtual_time import run_virtual

from listwatch.apiserver.access.signing_key import SigningKey

KEY = SigningKey()
CORE = "/api/v1/namespaces/default"
TOKEN = CORE + "/serviceaccounts/builder/token"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEW = "/apis/authentication.k8s.io/v1/tokenreviews"
NAME = "system:serviceaccount:default:builder"


async def _with_account(**options: Any) -> Caller:
    caller = Caller(signing_key=KEY, **options)
    await caller.create(CORE + "/serviceaccounts", {"metadata": {"name": "builder"}})
    return caller


async def _who(caller: Caller, token: str) -> Any:
    """The user that the server takes a token for, or its refusal's code."""
    answer = await caller.send("POST", WHO, {}, peer=None, authorization=f"Bearer {token}")
    return answer.json["status"]["userInfo"] if answer.status == 201 else answer.status


async def _issued(caller: Caller, **spec: Any) -> str:
    return str((await caller.create(TOKEN, {"spec": spec}))["status"]["token"])


def test_a_token_is_its_service_account() -> None:
    """Name, groups, uid and the token's id; it may do what roles say and nothing else."""

    async def main() -> None:
        caller = await _with_account()
        made = await caller.create(TOKEN, {"spec": {"expirationSeconds": 3600}})
        account = (await caller.get(CORE + "/serviceaccounts/builder")).json["metadata"]
        assert made["spec"] == {
            "audiences": ["https://kubernetes.default.svc"],
            "expirationSeconds": 3600,
            "boundObjectRef": None,
        }
        assert made["metadata"] == {
            "name": "builder",
            "namespace": "default",
            "uid": account["uid"],
            "creationTimestamp": "2026-01-01T00:00:00Z",
        }
        assert made["status"]["expirationTimestamp"] == "2026-01-01T01:00:00Z"
        token = made["status"]["token"]
        claims = KEY.claims(token)
        assert claims is not None
        assert claims["kubernetes.io"] == {
            "namespace": "default",
            "serviceaccount": {"name": "builder", "uid": account["uid"]},
        }
        assert (claims["sub"], claims["exp"] - claims["iat"], claims["nbf"]) == (NAME, 3600, claims["iat"])
        assert await _who(caller, token) == {
            "username": NAME,
            "uid": account["uid"],
            "groups": ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
            "extra": {"authentication.kubernetes.io/credential-id": [f"JTI={claims['jti']}"]},
        }
        refused = await caller.send("GET", PODS, peer=None, authorization=f"Bearer {token}")
        assert refused.json["message"].startswith(f'pods is forbidden: User "{NAME}" cannot list')

    run_virtual(main)


def test_a_token_lasts_its_time_and_a_minute() -> None:
    """By the server's clock a token is good until it expires, and for the minute by which clocks may differ."""

    async def main() -> None:
        caller = await _with_account()
        token = await _issued(caller, expirationSeconds=600)
        await asyncio.sleep(659)
        assert (await _who(caller, token))["username"] == NAME
        await asyncio.sleep(2)
        assert await _who(caller, token) == 401
        review = await caller.create(REVIEW, {"spec": {"token": token}})
        assert review["status"] == {
            "user": {},
            "error": "[invalid bearer token, service account token has expired]",
        }

    run_virtual(main)


def test_a_token_ends_with_its_account() -> None:
    """When the account is deleted its tokens are nobody's, also after another of its name was made."""

    async def main() -> None:
        caller = await _with_account()
        token = await _issued(caller)
        await caller.delete(CORE + "/serviceaccounts/builder")
        assert await _who(caller, token) == 401
        await caller.create(CORE + "/serviceaccounts", {"metadata": {"name": "builder"}})
        assert await _who(caller, token) == 401
        assert (await _who(caller, await _issued(caller)))["username"] == NAME

    run_virtual(main)


@pytest.mark.parametrize("kind", ["Pod", "Secret", "Node"])
def test_a_bound_token_ends_with_what_it_is_bound_to(kind: str) -> None:
    """A token for a pod, secret or node tells which one, and is good as long as that very one is there."""

    async def main() -> None:
        caller = await _with_account()
        path = {"Pod": PODS, "Secret": CORE + "/secrets", "Node": "/api/v1/nodes"}[kind]
        body = pod("x", serviceAccountName="builder") if kind == "Pod" else {"metadata": {"name": "x"}}
        made = await caller.create(path, body)
        reference = {"kind": kind, "apiVersion": "v1", "name": "x", "uid": made["metadata"]["uid"]}
        token = await _issued(caller, boundObjectRef=reference)
        claims = KEY.claims(token)
        assert claims is not None
        assert claims["kubernetes.io"][kind.lower()] == {"name": "x", "uid": made["metadata"]["uid"]}
        extra = (await _who(caller, token))["extra"]
        named = f"authentication.kubernetes.io/{kind.lower()}-name"
        assert extra.get(named) == (None if kind == "Secret" else ["x"])
        await caller.delete(path + "/x", {"gracePeriodSeconds": 0})
        assert await _who(caller, token) == 401
        await caller.create(path, body)
        assert await _who(caller, token) == 401

    run_virtual(main)


REFUSED = [
    ({"spec": {"expirationSeconds": 599}}, 422, "may not specify a duration less than 10 minutes"),
    ({"spec": {"expirationSeconds": 1 << 33}}, 422, "may not specify a duration larger than 2^32 seconds"),
    ({"metadata": {"name": "x"}, "spec": {}}, 422, "must match the service account name if specified"),
    (
        {"spec": {"boundObjectRef": {"kind": "ConfigMap", "apiVersion": "v1", "name": "x"}}},
        400,
        "cannot bind token to object of type v1, Kind=ConfigMap",
    ),
    (
        {"spec": {"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "x"}}},
        404,
        'pods "x" not found',
    ),
    (
        {"spec": {"boundObjectRef": {"kind": "Node", "apiVersion": "v1", "name": "n", "uid": "other"}}},
        409,
        "the UID in the bound object reference (other) does not match the UID in record",
    ),
    (
        {"spec": {"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "p"}}},
        400,
        'cannot bind token for serviceaccount "builder" to pod running with different serviceaccount name.',
    ),
]


@pytest.mark.parametrize(("body", "code", "message"), REFUSED)
def test_a_request_for_a_token_must_fit(body: Any, code: int, message: str) -> None:
    """Times out of range, other names, and objects that are not there or not the account's are refused."""

    async def main() -> None:
        caller = await _with_account()
        await caller.create(PODS, pod("p"))
        await caller.create("/api/v1/nodes", {"metadata": {"name": "n"}})
        answer = await caller.send("POST", TOKEN, body)
        assert (answer.status, message in answer.json["message"]) == (code, True), answer.json
        gone = await caller.send("POST", CORE + "/serviceaccounts/gone/token", {"spec": {}})
        assert (gone.status, gone.json["message"]) == (404, 'serviceaccounts "gone" not found')

    run_virtual(main)


def test_a_token_is_for_its_audience() -> None:
    """A token for somebody else is no token here, but a review for that audience knows it."""

    async def main() -> None:
        caller = await _with_account()
        token = await _issued(caller, audiences=["vault", "other"])
        assert await _who(caller, token) == 401
        review = await caller.create(REVIEW, {"spec": {"token": token, "audiences": ["vault"]}})
        assert review["status"]["authenticated"] is True
        assert review["status"]["audiences"] == ["vault"]
        wrong = await caller.create(REVIEW, {"spec": {"token": token}})
        assert wrong["status"]["error"] == (
            '[invalid bearer token, token audiences ["vault" "other"] is invalid for the target audiences '
            '["https://kubernetes.default.svc"]]'
        )

    run_virtual(main)


def test_a_secret_for_a_token_is_given_one() -> None:
    """A secret of that type is filled at once, its token is good until it goes, and it goes with its account."""

    async def main() -> None:
        caller = await _with_account()
        body = {
            "metadata": {"name": "t", "annotations": {"kubernetes.io/service-account.name": "builder"}},
            "type": "kubernetes.io/service-account-token",
        }
        assert "data" not in await caller.create(CORE + "/secrets", body)
        made = (await caller.get(CORE + "/secrets/t")).json
        account = (await caller.get(CORE + "/serviceaccounts/builder")).json["metadata"]
        assert made["metadata"]["annotations"]["kubernetes.io/service-account.uid"] == account["uid"]
        assert base64.b64decode(made["data"]["namespace"]) == b"default"
        token = base64.b64decode(made["data"]["token"]).decode()
        assert (await _who(caller, token))["username"] == NAME
        await caller.patch(CORE + "/secrets/t", {"data": {"token": base64.b64encode(b"mine").decode()}})
        assert await _who(caller, token) == 401
        await caller.patch(CORE + "/secrets/t", {"data": {"token": made["data"]["token"]}})
        assert (await _who(caller, token))["uid"] == account["uid"]
        await caller.delete(CORE + "/serviceaccounts/builder")
        assert await _who(caller, token) == 401
        assert (await caller.get(CORE + "/secrets/t")).status == 404

    run_virtual(main)


def test_anybody_in_the_cluster_may_read_the_keys() -> None:
    """Service accounts, and no anonymous callers, may read where the keys are and which."""

    async def main() -> None:
        caller = await _with_account()
        token = await _issued(caller)
        bearer = {"authorization": f"Bearer {token}", "host": "example:1"}
        where = await caller.send("GET", "/.well-known/openid-configuration", peer=None, **bearer)
        assert where.json["issuer"] == "https://kubernetes.default.svc"
        assert where.json["jwks_uri"] == "https://example:1/openid/v1/jwks"
        keys = await caller.send("GET", "/openid/v1/jwks", peer=None, **bearer)
        assert keys.headers["Content-Type"] == "application/jwk-set+json"
        assert keys.json == {"keys": [KEY.public_jwk()]}
        assert (await caller.send("GET", "/openid/v1/jwks", peer=None)).status == 403

    run_virtual(main)
