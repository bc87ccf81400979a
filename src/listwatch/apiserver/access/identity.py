"""Who is calling: client certificate or bearer token.

In:    a `Request`
Out:   a `User`, or a 401
Next:  impersonation.py, whom the caller speaks for; authorizer.py, what a user may do
Rules: pure. A client certificate is believed because the listening side has verified it. Tokens are compared in
       constant time and never told.
Source: Kubernetes docs, "Authenticating"; SelfSubjectReview (KEP-3325)
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from listwatch.apimachinery.http import Peer, Request
from listwatch.apiserver.wire.statuses import unauthorized

ANONYMOUS_NAME: Final = "system:anonymous"
AUTHENTICATED: Final = "system:authenticated"
UNAUTHENTICATED: Final = "system:unauthenticated"
MASTERS: Final = "system:masters"
NODES: Final = "system:nodes"
NODE: Final = "system:node:"
SERVICE_ACCOUNT: Final = "system:serviceaccount:"
CREDENTIAL_ID: Final = "authentication.kubernetes.io/credential-id"


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


FindUser = Callable[[str], User | None]
ANONYMOUS: Final = User(ANONYMOUS_NAME, (UNAUTHENTICATED,))


def service_account_name(namespace: str, name: str) -> str:
    """The user that a service account is."""
    return f"{SERVICE_ACCOUNT}{namespace}:{name}"


def service_account_of(user_name: str) -> tuple[str, str] | None:
    """Namespace and name of the service account that a user is, or None."""
    if not user_name.startswith(SERVICE_ACCOUNT):
        return None
    namespace, separator, name = user_name.removeprefix(SERVICE_ACCOUNT).partition(":")
    return (namespace, name) if separator and namespace and name and ":" not in name else None


def service_account_groups(namespace: str) -> tuple[str, ...]:
    """The groups of every service account of a namespace."""
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")


def authenticate(request: Request, find_user: FindUser) -> User:
    """Who sends `request`, impersonation aside.

    Args:
        request: As it came in. A client certificate counts before a token.
        find_user: Whose token it is.

    Raises:
        APIFailure: 401 for a token that nobody has, or for credentials of another kind.
    """
    if request.peer is not None:
        return authenticated(_user_of_peer(request.peer))
    header = request.headers.get("Authorization", "").strip()
    if not header:
        return ANONYMOUS
    scheme, _, token = header.partition(" ")
    user = find_user(token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        raise unauthorized()
    return authenticated(user)


def user_of_token(token: str, tokens: Mapping[str, User]) -> User | None:
    """Whose token it is, or None. All tokens are compared, each in constant time."""
    found = None
    shown = token.encode(errors="surrogateescape")  # as it came in, whatever bytes that were
    for known, user in tokens.items():
        if hmac.compare_digest(known.encode(), shown):
            found = user
    return found


def authenticated(user: User) -> User:
    """The user with the group of all who have shown who they are."""
    if AUTHENTICATED in user.groups:
        return user
    return User(user.name, (*user.groups, AUTHENTICATED), user.uid, user.extra)


def _user_of_peer(peer: Peer) -> User:
    extra = {CREDENTIAL_ID: (f"X509SHA256={peer.fingerprint}",)} if peer.fingerprint else {}
    return User(peer.common_name, peer.organizations, "", extra)
