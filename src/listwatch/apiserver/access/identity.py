"""Who is calling: client certificate, bearer token, impersonation.

In:    a `Request`
Out:   a `User`, or a 401
Next:  server.py; what a user may do is decided there
Rules: pure. A client certificate is believed because the listening side has verified it. Tokens are compared in
       constant time and never told. There is no RBAC in this version: who is authenticated may do all, who is
       anonymous may see health, readiness and version and nothing else.
Source: Kubernetes docs, "Authenticating" and "User impersonation"; SelfSubjectReview (KEP-3325)
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from listwatch.apimachinery.http import Request
from listwatch.apiserver.wire.statuses import APIFailure, failure, unauthorized

ANONYMOUS_NAME: Final = "system:anonymous"
AUTHENTICATED: Final = "system:authenticated"
UNAUTHENTICATED: Final = "system:unauthenticated"
MASTERS: Final = "system:masters"
_EXTRA: Final = "impersonate-extra-"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who calls.

    Attributes:
        name: `admin`, `system:serviceaccount:default:builder`.
        groups: In the order in which they were given.
        uid: "" if unknown.
        extra: Further claims, such as scopes.
    """

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody said who it is."""
        return self.name == ANONYMOUS_NAME

    def info(self) -> dict[str, Any]:
        """`authentication.k8s.io/v1` UserInfo."""
        told: dict[str, Any] = {"username": self.name}
        if self.uid:
            told["uid"] = self.uid
        if self.groups:
            told["groups"] = list(self.groups)
        if self.extra:
            told["extra"] = {name: list(values) for name, values in self.extra.items()}
        return told


ANONYMOUS: Final = User(ANONYMOUS_NAME, (UNAUTHENTICATED,))


def authenticate(request: Request, tokens: Mapping[str, User]) -> User:
    """Who sends `request`, impersonation included.

    Raises:
        APIFailure: 401 for a token that nobody has; 403 for an impersonation that is not allowed.
    """
    return _impersonated(request, _caller(request, tokens))


def user_of_token(token: str, tokens: Mapping[str, User]) -> User | None:
    """Whose token it is, or None."""
    found = None
    for known, user in tokens.items():
        if hmac.compare_digest(known.encode(), token.encode()):
            found = user
    return None if found is None else _authenticated(found)


def _caller(request: Request, tokens: Mapping[str, User]) -> User:
    if request.peer is not None:
        return _authenticated(User(request.peer.common_name, request.peer.organizations))
    header = request.headers.get("Authorization", "").strip()
    if not header:
        return ANONYMOUS
    scheme, _, token = header.partition(" ")
    user = user_of_token(token.strip(), tokens) if scheme.lower() == "bearer" else None
    if user is None:
        raise unauthorized()
    return user


def _authenticated(user: User) -> User:
    if AUTHENTICATED in user.groups:
        return user
    return User(user.name, (*user.groups, AUTHENTICATED), user.uid, user.extra)


def _impersonated(request: Request, caller: User) -> User:
    headers = request.headers
    name = headers.get("Impersonate-User", "")
    groups = tuple(headers.getall("Impersonate-Group", ()))
    uid = headers.get("Impersonate-Uid", "")
    extra: dict[str, tuple[str, ...]] = {}
    for header, value in headers.items():
        if header.lower().startswith(_EXTRA):
            key = unquote(header[len(_EXTRA) :].lower())
            extra[key] = (*extra.get(key, ()), value)
    if not name:
        if groups or uid or extra:
            raise failure(500, "impersonation headers without Impersonate-User", reason="InternalError")
        return caller
    if caller.is_anonymous:
        raise _may_not_impersonate(caller, name)
    if name == ANONYMOUS_NAME:
        return User(name, groups or (UNAUTHENTICATED,), uid, extra)
    return _authenticated(User(name, groups, uid, extra))


def _may_not_impersonate(caller: User, name: str) -> APIFailure:
    why = f'User "{caller.name}" cannot impersonate resource "users" in API group "" at the cluster scope'
    return failure(
        403,
        f'users "{name}" is forbidden: {why}',
        reason="Forbidden",
        details={"name": name, "kind": "users"},
    )
