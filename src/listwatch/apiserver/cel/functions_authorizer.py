"""Functions that ask whether somebody may do something.

In:    `authorizer`, as admission gives it
Out:   decisions
Next:  overloads.py
Rules: who decides is given with the value; this module only collects what is asked
Source: Kubernetes docs, "Kubernetes authorizer library"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from listwatch.apiserver.cel.overloads import OPAQUE_NAMES, declare, declare_all
from listwatch.apiserver.cel.values import Opaque

# Who, and what: keys verb, group, resource, version, subresource, namespace, name, or path.
Authorize = Callable[[Any, Mapping[str, str]], tuple[bool, str]]


@dataclass(frozen=True, slots=True)
class _Check:
    user: Any
    authorize: Authorize
    target: Mapping[str, str]


def authorizer_value(user: Any, authorize: Authorize) -> Opaque:
    """The value of `authorizer`.

    Args:
        user: Given to `authorize` as it is; for a service account its user name.
        authorize: Decides, and says why.
    """
    return Opaque(OPAQUE_NAMES["Authorizer"], _Check(user, authorize, {}))


def request_resource_value(user: Any, authorize: Authorize, target: Mapping[str, str]) -> Opaque:
    """The value of `authorizer.requestResource`."""
    return Opaque(OPAQUE_NAMES["ResourceCheck"], _Check(user, authorize, dict(target)))


def _with(kind: str, name: str) -> Callable[[Opaque, str], Opaque]:
    def added(check: Opaque, value: str) -> Opaque:
        target = {**check.value.target, name: value}
        return Opaque(OPAQUE_NAMES[kind], replace(check.value, target=target))

    return added


def _service_account(check: Opaque, namespace: str, name: str) -> Opaque:
    user = f"system:serviceaccount:{namespace}:{name}"
    return Opaque(OPAQUE_NAMES["Authorizer"], replace(check.value, user=user))


def _decide(check: Opaque, verb: str) -> Opaque:
    asked = check.value
    return Opaque(OPAQUE_NAMES["Decision"], asked.authorize(asked.user, {**asked.target, "verb": verb}))


declare_all(
    {
        "Authorizer.path(string) -> PathCheck": _with("PathCheck", "path"),
        "Authorizer.group(string) -> GroupCheck": _with("GroupCheck", "group"),
        "Authorizer.serviceAccount(string, string) -> Authorizer": _service_account,
        "GroupCheck.resource(string) -> ResourceCheck": _with("ResourceCheck", "resource"),
        "Decision.allowed() -> bool": lambda decision: decision.value[0],
        "Decision.reason() -> string": lambda decision: decision.value[1],
        "Decision.errored() -> bool": lambda _: False,
        "Decision.error() -> string": lambda _: "",
    }
)
for _part in ("subresource", "namespace", "name"):
    declare(f"ResourceCheck.{_part}(string) -> ResourceCheck", _with("ResourceCheck", _part))
for _kind in ("ResourceCheck", "PathCheck"):
    declare(f"{_kind}.check(string) -> Decision", _decide)
