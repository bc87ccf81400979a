"""What somebody wants to do: the question that an authorizer answers, and how a refusal words it.

In:    a `User` and a `RequestInfo`, or the spec of a review
Out:   `Attributes`; the 403 for them
Next:  authorizer.py
Rules: pure. A question is about a resource or about a path, never both; which one, an empty `resource` tells.
Source: apiserver pkg/authorization/authorizer (Attributes), pkg/endpoints/request (RequestInfo),
        pkg/endpoints/handlers/responsewriters (the wording)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from listwatch.apiserver.access.identity import User
from listwatch.apiserver.wire.request_info import RequestInfo
from listwatch.apiserver.wire.statuses import APIFailure, failure, forbidden

_NAME_SELECTOR: Final = "metadata.name="
_NAMED_BY_SELECTOR: Final = frozenset({"list", "watch", "deletecollection"})
# Kubernetes writes refusals so that a browser cannot take them for markup.
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Attributes:
    """A request as an authorizer sees it.

    Attributes:
        verb: `list`, `impersonate`; for a path the method in lower case.
        group: "" for the core group.
        resource: The plural; "" if the question is about `path`.
        subresource: Such as `status`.
        name: "" for all.
        namespace: "" for all, and for what has none.
        path: The path of a request that is for no resource.
    """

    user: User
    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""

    @property
    def combined(self) -> str:
        """`pods`, `pods/log`, as rules name resources."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def attributes_of(user: User, info: RequestInfo) -> Attributes:
    """What a request wants.

    A request for a namespace itself lies inside of it, so that a role there can allow it. One that selects objects by
    `metadata.name` is for that name.
    """
    if not info.is_resource:
        return Attributes(user, info.verb, path=info.path)
    namespace, name, verb = info.namespace, info.name, info.verb
    if not namespace and info.resource == "namespaces" and not info.group:
        namespace = name
    if not name and verb in _NAMED_BY_SELECTOR:
        name = _selected_name(info.query.get("fieldSelector"))
    return Attributes(user, verb, info.group, info.resource, info.subresource, name, namespace)


def _selected_name(selector: str) -> str:
    for term in selector.split(","):
        if term.startswith(_NAME_SELECTOR):
            name = term.removeprefix(_NAME_SELECTOR).removeprefix("=")
            return "" if name in {".", ".."} or "/" in name or "%" in name else name
    return ""


def refusal(wanted: Attributes, reason: str = "") -> APIFailure:
    """The 403 for what is not allowed.

    Args:
        wanted: What was asked for.
        reason: What the authorizer adds; "" for nothing.
    """
    why = description(wanted).translate(_ESCAPED)
    if reason:
        why = f"{why}: {reason}"
    if not wanted.resource:
        return failure(403, f"forbidden: {why}", reason="Forbidden", details={})
    return forbidden(wanted.group, wanted.resource, wanted.name, why)


def description(wanted: Attributes) -> str:
    """Who cannot do what, in one clause."""
    if not wanted.resource:
        return f'User "{wanted.user.name}" cannot {wanted.verb} path "{wanted.path}"'
    where = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    return (
        f'User "{wanted.user.name}" cannot {wanted.verb} resource "{wanted.combined}" '
        f'in API group "{wanted.group}" {where}'
    )
