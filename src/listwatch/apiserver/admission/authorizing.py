"""What `authorizer` in an expression asks, put to who decides.

In:    a user or a service account's name; what an expression put together
Out:   allowed or not, and why
Next:  access/authorizer.py
Rules: pure
Source: Kubernetes docs, "Kubernetes authorizer library"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.identity import (
    AUTHENTICATED,
    User,
    service_account_groups,
    service_account_of,
)


def authorize_by(authorizer: Authorizer) -> Callable[[User | str, Mapping[str, str]], tuple[bool, str]]:
    """Decisions of `authorizer`, in the form in which expressions want them."""

    def authorize(user: User | str, target: Mapping[str, str]) -> tuple[bool, str]:
        who = _service_account(user) if isinstance(user, str) else user
        parts = ("group", "resource", "subresource", "name", "namespace", "path")
        asked = {part: target[part] for part in parts if part in target}
        decision = authorizer.decide(Attributes(who, target["verb"], **asked))
        return decision.is_allowed, decision.reason

    return authorize


def _service_account(name: str) -> User:
    account = service_account_of(name)
    groups = service_account_groups(account[0]) if account is not None else ()
    return User(name, (*groups, AUTHENTICATED))
