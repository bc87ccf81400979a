"""Service account tokens: what they claim, and when they are good for something.

In:    the account, what a token is bound to, the time; or the claims of a token and a way to look objects up
Out:   claims; the `User` that a token is, or the reason why it is none
Next:  signing_key.py signs and checks signatures; verbs/service_account_tokens.py answers requests
Rules: pure. A token is as good as the objects that it names: gone or replaced, it is gone with them. Expiry has a
       minute's grace, as on a real server.
Source: KEP-1205 (bound tokens), KEP-4193 (token ids, nodes); kubernetes pkg/serviceaccount (claims.go, legacy.go)
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from listwatch.apiserver.access.identity import (
    CREDENTIAL_ID,
    User,
    service_account_groups,
    service_account_name,
)
from listwatch.apiserver.access.policy_rules import quoted
from listwatch.apiserver.wire.timestamps import parse_timestamp

JSONObject = dict[str, Any]
# An object by collection, namespace ("" for none) and name, or None.
LookUp = Callable[[str, str, str], JSONObject | None]
ISSUER: Final = "https://kubernetes.default.svc"
LEGACY_ISSUER: Final = "kubernetes/serviceaccount"
KUBERNETES: Final = "kubernetes.io"
# A kubelet asks for this time for tokens that old clients may never renew: they get a year, and a note.
WARNED_SECONDS: Final = 3607
_EXTENDED: Final = timedelta(days=365)
_LEEWAY: Final = timedelta(minutes=1)
_LEGACY: Final = "kubernetes.io/serviceaccount/"
_EXTRA: Final = "authentication.kubernetes.io/"
_BOUND: Final = {"pod": "pods", "secret": "secrets", "node": "nodes"}


class TokenError(Exception):
    """A token is nobody's; the text says why and never holds the token."""

    def __init__(self, why: str = "") -> None:
        unknown = "invalid bearer token"
        super().__init__(f"[{unknown}, {why}]" if why else unknown)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a token is bound to, besides its account: by kind in lower case, the object's metadata."""

    objects: Mapping[str, JSONObject]


def bound_claims(
    account: JSONObject,
    bound: Bound,
    *,
    audiences: tuple[str, ...],
    seconds: int,
    now: datetime,
    token_id: str,
) -> JSONObject:
    """The claims of a token that ends with its time, its account, or what it is bound to.

    Args:
        account: Metadata of the service account.
        bound: For instance the pod that the token is for, and its node.
        audiences: For whom the token is.
        seconds: How long it is good.
        now: The time of issue.
        token_id: A fresh one.
    """
    issued = int(now.timestamp())
    private: JSONObject = {"namespace": account["namespace"]}
    for kind, metadata in bound.objects.items():
        private[kind] = _reference(metadata)
    private["serviceaccount"] = _reference(account)
    lifetime = seconds
    if seconds == WARNED_SECONDS and "pod" in bound.objects and audiences == (ISSUER,):
        lifetime = int(_EXTENDED.total_seconds())
        private["warnafter"] = issued + seconds
    return {
        "aud": list(audiences),
        "exp": issued + lifetime,
        "iat": issued,
        "iss": ISSUER,
        "jti": token_id,
        KUBERNETES: private,
        "nbf": issued,
        "sub": service_account_name(account["namespace"], account["name"]),
    }


def legacy_claims(account: JSONObject, secret: JSONObject) -> JSONObject:
    """The claims of a token in a secret: good as long as the secret holds it.

    Args:
        account: Metadata of the service account.
        secret: Metadata of the secret.
    """
    return {
        "iss": LEGACY_ISSUER,
        _LEGACY + "namespace": account["namespace"],
        _LEGACY + "secret.name": secret["name"],
        _LEGACY + "service-account.name": account["name"],
        _LEGACY + "service-account.uid": account["uid"],
        "sub": service_account_name(account["namespace"], account["name"]),
    }


def user_of_claims(
    token: str, claims: JSONObject, *, audiences: tuple[str, ...], look_up: LookUp, now: datetime
) -> tuple[User, tuple[str, ...]]:
    """Whose a signed token is, and for which of `audiences`.

    Args:
        token: The token itself.
        claims: What it claims; its signature has been checked.
        audiences: The token must be for one of these.
        look_up: Finds the objects that it names.
        now: The server's time.

    Raises:
        TokenError: The token is no good, or no longer.
    """
    issuer = claims.get("iss")
    if issuer == LEGACY_ISSUER:
        return _legacy_user(token, claims, audiences, look_up)
    if issuer != ISSUER:
        raise TokenError
    told = claims.get("aud")
    meant = tuple(told) if isinstance(told, list) else (str(told),)
    common = tuple(each for each in meant if each in audiences)
    if not common:
        raise TokenError(
            f"token audiences {quoted(meant)} is invalid for the target audiences {quoted(audiences)}"
        )
    moment = now.timestamp()
    if moment - _LEEWAY.total_seconds() > claims["exp"]:
        raise TokenError("service account token has expired")
    if moment + _LEEWAY.total_seconds() < claims["nbf"]:
        raise TokenError("service account token is not valid yet")
    private = claims[KUBERNETES]
    return _bound_user(claims, private, look_up, now), common


def _bound_user(claims: JSONObject, private: JSONObject, look_up: LookUp, now: datetime) -> User:
    namespace, reference = private["namespace"], private["serviceaccount"]
    account = _account(namespace, reference["name"], look_up)
    if _has_gone(account, now):
        raise TokenError(f"service account {namespace}/{reference['name']} has been deleted")
    if account["uid"] != reference["uid"]:
        raise TokenError(f"service account UID ({account['uid']}) does not match claim ({reference['uid']})")
    for kind, collection in _BOUND.items():
        bound = private.get(kind)
        # The node of a pod's token is told, not needed: the pod binds the token already.
        if bound is None or (kind == "node" and "pod" in private):
            continue
        found = look_up(collection, "" if kind == "node" else namespace, bound["name"])
        if found is None or _has_gone(found["metadata"], now):
            raise TokenError("service account token has been invalidated")
        uid = found["metadata"]["uid"]
        if uid != bound["uid"]:
            raise TokenError(
                f"{kind} UID ({uid}) does not match service account {kind} ref claim ({bound['uid']})"
            )
    extra: dict[str, tuple[str, ...]] = {CREDENTIAL_ID: (f"JTI={claims['jti']}",)}
    for kind in ("pod", "node"):
        if bound := private.get(kind):
            extra[f"{_EXTRA}{kind}-name"] = (bound["name"],)
            extra[f"{_EXTRA}{kind}-uid"] = (bound["uid"],)
    return _user(namespace, reference["name"], reference["uid"], extra)


def _legacy_user(
    token: str, claims: JSONObject, audiences: tuple[str, ...], look_up: LookUp
) -> tuple[User, tuple[str, ...]]:
    namespace, name = claims[_LEGACY + "namespace"], claims[_LEGACY + "service-account.name"]
    uid = claims[_LEGACY + "service-account.uid"]
    if ISSUER not in audiences:
        raise TokenError(
            f"token audiences {quoted((ISSUER,))} is invalid for the target audiences {quoted(audiences)}"
        )
    secret = look_up("secrets", namespace, claims[_LEGACY + "secret.name"])
    held = str((secret or {}).get("data", {}).get("token", ""))
    if not hmac.compare_digest(held.encode(), base64.b64encode(token.encode())):
        raise TokenError("service account token has been invalidated")
    account = _account(namespace, name, look_up)
    if account["uid"] != uid:
        raise TokenError(f"service account UID ({account['uid']}) does not match claim ({uid})")
    return _user(namespace, name, uid, {}), (ISSUER,)


def _account(namespace: str, name: str, look_up: LookUp) -> JSONObject:
    account = look_up("serviceaccounts", namespace, name)
    if account is None:
        raise TokenError(f'serviceaccounts "{name}" not found')
    metadata: JSONObject = account["metadata"]
    return metadata


def _user(namespace: str, name: str, uid: str, extra: dict[str, tuple[str, ...]]) -> User:
    return User(service_account_name(namespace, name), service_account_groups(namespace), uid, extra)


def _reference(metadata: JSONObject) -> JSONObject:
    return {"name": metadata["name"], "uid": metadata["uid"]}


def _has_gone(metadata: JSONObject, now: datetime) -> bool:
    """Whether an object ought to be gone by now, though finalizers or a kubelet keep it."""
    deleted = metadata.get("deletionTimestamp")
    return deleted is not None and parse_timestamp(deleted) < now - _LEEWAY
