"""Role-based access control: which rules apply to whom, and what they allow.

In:    Roles, ClusterRoles and their bindings, one change at a time
Out:   `Decision`s; the rules of a user in a namespace
Next:  authorizer.py, escalation.py, reviews.py
Rules: pure: an index over values that were given to it. What applies to a user is worked out once and kept until a
       role or binding changes. Cluster role bindings come before role bindings, each in the order of their
       names; that decides which one a reason names. Nothing denies; what is not allowed is refused.
Source: kubernetes plugin/pkg/auth/authorizer/rbac; pkg/registry/rbac/validation (rule resolver)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.identity import User, service_account_name
from listwatch.apiserver.access.policy_rules import Rule, rules_of

GROUP: Final = "rbac.authorization.k8s.io"
COLLECTIONS: Final = {
    f"{kind}.{GROUP}": kind
    for kind in (
        "clusterroles",
        "roles",
        "clusterrolebindings",
        "rolebindings",
    )
}
_REMEMBERED: Final = 1024

JSONObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and why; "" where there is nothing to tell."""

    is_allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """The rules that one binding gives to a user.

    Attributes:
        because: Of which binding and subject, for reasons.
    """

    because: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Grants:
    """All that a user is given in one namespace.

    Attributes:
        errors: Roles that bindings name and that are not there.
    """

    given: tuple[Grant, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def rules(self) -> list[Rule]:
        """All rules, in order."""
        return [rule for grant in self.given for rule in grant.rules]

    def decide(self, wanted: Attributes) -> Decision:
        """Whether any of the rules allows what is wanted."""
        for grant in self.given:
            for rule in grant.rules:
                if rule.allows(wanted):
                    return Decision(True, f"RBAC: allowed by {grant.because}")
        return Decision(False, f"RBAC: {aggregate(self.errors)}" if self.errors else "")


class RoleIndex:
    """Roles and bindings, and what they add up to.

    Promised: an answer is that of evaluating all bindings anew, at every moment between two changes.
    """

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, JSONObject]] = {kind: {} for kind in COLLECTIONS.values()}
        self._rules: dict[tuple[str, str], tuple[Rule, ...]] = {}
        self._grants: dict[tuple[str, tuple[str, ...], str], Grants] = {}

    def put(self, kind: str, key: str, value: JSONObject) -> None:
        """Take over a role or binding; `value` is only read.

        Args:
            kind: `clusterroles`, `roles`, `clusterrolebindings` or `rolebindings`.
            key: `name` or `namespace/name`.
            value: The object.
        """
        self._objects[kind][key] = value
        self._forget(kind, key)

    def remove(self, kind: str, key: str) -> None:
        """Forget a role or binding."""
        self._objects[kind].pop(key, None)
        self._forget(kind, key)

    def decide(self, wanted: Attributes) -> Decision:
        """Whether the rules allow what is wanted."""
        return self.grants(wanted.user, wanted.namespace).decide(wanted)

    def grants(self, user: User, namespace: str) -> Grants:
        """All that applies to `user` in `namespace`; in "", what applies everywhere."""
        key = (user.name, user.groups, namespace)
        found = self._grants.get(key)
        if found is None:
            if len(self._grants) >= _REMEMBERED:
                self._grants.clear()
            found = self._grants[key] = self._resolve(user, namespace)
        return found

    def role_rules(self, reference: Mapping[str, Any], namespace: str) -> tuple[Rule, ...] | None:
        """The rules of the role that a binding names, or None if it is not there."""
        kind, name = reference.get("kind"), str(reference.get("name", ""))
        if kind == "ClusterRole":
            return self._role("clusterroles", name)
        return self._role("roles", f"{namespace}/{name}") if kind == "Role" else None

    def _role(self, kind: str, key: str) -> tuple[Rule, ...] | None:
        rules = self._rules.get((kind, key))
        if rules is None:
            role = self._objects[kind].get(key)
            if role is None:
                return None
            rules = rules_of(role)
            self._rules[kind, key] = rules
        return rules

    def _resolve(self, user: User, namespace: str) -> Grants:
        given: list[Grant] = []
        errors: list[str] = []
        for name, binding in sorted(self._objects["clusterrolebindings"].items()):
            self._add(user, f'ClusterRoleBinding "{name}"', binding, "", given, errors)
        if namespace:
            inside = namespace + "/"
            for key, binding in sorted(self._objects["rolebindings"].items()):
                if key.startswith(inside):
                    shown = f'RoleBinding "{key.removeprefix(inside)}/{namespace}"'
                    self._add(user, shown, binding, namespace, given, errors)
        return Grants(tuple(given), tuple(errors))

    def _add(
        self,
        user: User,
        shown: str,
        binding: JSONObject,
        namespace: str,
        given: list[Grant],
        errors: list[str],
    ) -> None:
        subject = subject_of(user, binding.get("subjects") or (), namespace)
        if not subject:
            return
        reference = binding.get("roleRef") or {}
        kind, name = str(reference.get("kind", "")), str(reference.get("name", ""))
        rules = self.role_rules(reference, namespace)
        if rules is None:
            errors.append(f'{kind.lower()}.{GROUP} "{name}" not found')
        else:
            given.append(Grant(f'{shown} of {kind} "{name}" to {subject}', rules))

    def _forget(self, kind: str, key: str) -> None:
        self._grants.clear()
        if kind in {"clusterroles", "roles"}:
            self._rules.pop((kind, key), None)


def subject_of(user: User, subjects: Iterable[Mapping[str, Any]], namespace: str) -> str:
    """The first of a binding's subjects that `user` is, as reasons name it; "" for none.

    Args:
        user: Who asks.
        subjects: Of the binding.
        namespace: Of the binding, "" for a cluster role binding.
    """
    for subject in subjects:
        kind, name = subject.get("kind"), str(subject.get("name", ""))
        if (kind == "User" and name == user.name) or (kind == "Group" and name in user.groups):
            return f'{kind} "{name}"'
        if kind == "ServiceAccount":
            home = subject.get("namespace") or namespace
            if home and service_account_name(home, name) == user.name:
                return f'ServiceAccount "{name}/{home}"'
    return ""


def aggregate(errors: Iterable[str]) -> str:
    """Several errors as Go tells them: one bare, more in brackets, each once."""
    told = list(dict.fromkeys(errors))
    return told[0] if len(told) == 1 else f"[{', '.join(told)}]"
