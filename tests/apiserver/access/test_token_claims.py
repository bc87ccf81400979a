"""What tokens claim and whose they are; on a running server see `verbs/test_service_account_tokens.py`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from listwatch.apiserver.access.token_claims import (
    ISSUER,
    Bound,
    TokenError,
    bound_claims,
    user_of_claims,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = {"name": "sa", "namespace": "ns", "uid": "u1"}
POD = {"name": "p", "uid": "u2"}
NODE = {"name": "n", "uid": "u3"}
AUDIENCES = (ISSUER,)


def _claims(seconds: int = 3600, **bound: dict[str, Any]) -> dict[str, Any]:
    return bound_claims(ACCOUNT, Bound(bound), audiences=AUDIENCES, seconds=seconds, now=NOW, token_id="id")


def _user(claims: dict[str, Any], *, after: float = 0, objects: Any = None) -> Any:
    there = {"serviceaccounts/ns/sa": ACCOUNT, "pods/ns/p": POD} if objects is None else objects

    def look_up(collection: str, namespace: str, name: str) -> Any:
        metadata = there.get(f"{collection}/{namespace}/{name}")
        return None if metadata is None else {"metadata": metadata}

    now = NOW + timedelta(seconds=after)
    return user_of_claims("token", claims, audiences=AUDIENCES, look_up=look_up, now=now)


def test_the_token_of_a_pod_tells_its_node() -> None:
    """Pod and node stand among the extras; the pod binds the token, its node does not."""
    user, audiences = _user(_claims(pod=POD, node=NODE))
    assert audiences == AUDIENCES
    prefix = "authentication.kubernetes.io/"
    assert user.extra == {
        prefix + "credential-id": ("JTI=id",),
        prefix + "pod-name": ("p",),
        prefix + "pod-uid": ("u2",),
        prefix + "node-name": ("n",),
        prefix + "node-uid": ("u3",),
    }


def test_the_tokens_of_kubelets_last_longer_than_they_say() -> None:
    """A pod's token for 3607 seconds is good for a year, with the time after which to warn; others are not."""
    claims = _claims(3607, pod=POD)
    assert claims["exp"] - claims["iat"] == 365 * 24 * 3600
    assert claims["kubernetes.io"]["warnafter"] - claims["iat"] == 3607
    assert _claims(3607)["exp"] - claims["iat"] == 3607
    assert "warnafter" not in _claims(3600, pod=POD)["kubernetes.io"]


BAD = [
    ({"after": 3661}, "has expired"),
    ({"after": -61}, "is not valid yet"),
    ({"objects": {}}, 'serviceaccounts "sa" not found'),
    ({"objects": {"serviceaccounts/ns/sa": {**ACCOUNT, "uid": "new"}}}, "does not match claim"),
    ({"objects": {"serviceaccounts/ns/sa": ACCOUNT}}, "has been invalidated"),
    (
        {"objects": {"serviceaccounts/ns/sa": ACCOUNT, "pods/ns/p": {**POD, "uid": "new"}}},
        "does not match service account pod ref claim",
    ),
    (
        {"objects": {"serviceaccounts/ns/sa": {**ACCOUNT, "deletionTimestamp": "2025-12-31T23:58:59Z"}}},
        "has been deleted",
    ),
]


@pytest.mark.parametrize(("case", "message"), BAD)
def test_a_token_is_as_good_as_its_time_and_its_objects(case: dict[str, Any], message: str) -> None:
    """Out of its time, or without the very objects that it names, it is nobody's, and the error says why."""
    with pytest.raises(TokenError, match=message) as error:
        _user(_claims(pod=POD), **case)
    assert str(error.value).startswith("[invalid bearer token, ")


def test_another_issuer_s_token_is_not_looked_into() -> None:
    """A token that says it is of somebody else is nobody's."""
    with pytest.raises(TokenError, match=r"^invalid bearer token$"):
        _user({"iss": "https://else.where"})
