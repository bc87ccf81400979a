"""Speaking for somebody else: the `Impersonate-…` headers, and whether the caller may use them.

In:    a request's headers and the `User` who sends it
Out:   the `User` for whom the request is
Next:  authorizer.py decides on each thing that is impersonated, afterwards on the request itself
Rules: pure. User, UID, groups and extras are allowed one by one, in this order; the first that is not is named in the
       refusal.
Source: Kubernetes docs, "User impersonation"; differs: of the narrower verbs `impersonate:…` (KEP-5284, beta in 1.36)
        none is evaluated, so who has only those is refused
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from multidict import CIMultiDict

from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.identity import (
    ANONYMOUS_NAME,
    UNAUTHENTICATED,
    User,
    authenticated,
    service_account_groups,
    service_account_of,
)
from listwatch.apiserver.access.policy_rules import quoted
from listwatch.apiserver.wire.statuses import bad_request

_EXTRA: Final = "impersonate-extra-"
_AUTHENTICATION: Final = "authentication.k8s.io"
_VERB: Final = "impersonate"


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom a request names in its headers, nothing added and nothing checked."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict)


def impersonation_of(headers: CIMultiDict[str]) -> Impersonation | None:
    """What the headers ask for, or None if nothing.

    Raises:
        APIFailure: 400, a part is named but no user.
    """
    if not any(name.lower().startswith("impersonate-") for name in headers):
        return None
    name, uid = _text(headers.get("Impersonate-User", "")), _text(headers.get("Impersonate-Uid", ""))
    groups = tuple(_text(group) for group in headers.getall("Impersonate-Group", ()))
    extra: dict[str, tuple[str, ...]] = {}
    for header, value in headers.items():
        if header.lower().startswith(_EXTRA):
            key = unquote(header[len(_EXTRA) :].lower())
            extra[key] = (*extra.get(key, ()), _text(value))
    if name:
        return Impersonation(name, uid, groups, extra)
    if uid or groups or extra:
        parts = f"uid {uid!r}, groups {quoted(groups)}, extra {quoted(extra)}"
        raise bad_request(f"requested {parts} without impersonating a user name")
    return None


def _text(value: str) -> str:
    """A header's value with a replacement character for each byte that is no UTF-8, as Go writes it into JSON."""
    return value.encode(errors="surrogateescape").decode(errors="replace")


def impersonated(headers: CIMultiDict[str], caller: User, authorizer: Authorizer) -> User:
    """For whom the request is: `caller`, unless the headers say otherwise.

    Raises:
        APIFailure: 400, or 403 if the caller may not speak for them.
    """
    wanted = impersonation_of(headers)
    if wanted is None:
        return caller
    for question in questions(wanted, caller):
        authorizer.check(question)
    account = service_account_of(wanted.name)
    groups = wanted.groups or (service_account_groups(account[0]) if account is not None else ())
    if wanted.name == ANONYMOUS_NAME:
        groups = groups if UNAUTHENTICATED in groups else (*groups, UNAUTHENTICATED)
    user = User(wanted.name, groups, wanted.uid, wanted.extra)
    return user if UNAUTHENTICATED in groups else authenticated(user)


def questions(wanted: Impersonation, caller: User) -> Iterator[Attributes]:
    """All that the caller must be allowed."""
    account = service_account_of(wanted.name)
    if account is not None:
        namespace, name = account
        yield Attributes(caller, _VERB, resource="serviceaccounts", name=name, namespace=namespace)
    else:
        yield Attributes(caller, _VERB, resource="users", name=wanted.name)
    if wanted.uid:
        yield Attributes(caller, _VERB, _AUTHENTICATION, "uids", name=wanted.uid)
    for group in wanted.groups:
        yield Attributes(caller, _VERB, resource="groups", name=group)
    for key, values in wanted.extra.items():
        for value in values:
            yield Attributes(caller, _VERB, _AUTHENTICATION, "userextras", key, value)
