"""Who may do what: the one place that every request passes after it is known who sends it.

In:    `Attributes`
Out:   a `Decision`; a 403
Next:  rbac.py
Rules: pure. Members of `system:masters` may do all, before any rule is looked at and at no cost.
Source: kube-apiserver's union of the privileged-group, node and RBAC authorizers; differs: a node may read what
        any node may, not only what its own pods need; no webhook
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from listwatch.apiserver.access.attributes import Attributes, refusal
from listwatch.apiserver.access.bootstrap_policy import node_rules
from listwatch.apiserver.access.identity import MASTERS, NODE, NODES, User
from listwatch.apiserver.access.policy_rules import ALL, Rule
from listwatch.apiserver.access.rbac import Decision, Grant, Grants, RoleIndex

AuthorizationMode = Literal["RBAC", "AlwaysAllow"]
MODES: Final[tuple[AuthorizationMode, ...]] = get_args(AuthorizationMode)
_ALLOWED: Final = Decision(is_allowed=True)
_EVERYTHING: Final = Grants((Grant("", (Rule((ALL,), (ALL,), (ALL,)), Rule((ALL,), paths=(ALL,)))),))


class Authorizer:
    """Decides by roles, or lets everybody who is known do everything.

    Args:
        mode: `RBAC`, or `AlwaysAllow`, with which nobody may be anonymous.
        index: The roles and bindings; kept up to date by whoever stores them.

    Raises:
        ValueError: No such mode.
    """

    def __init__(self, mode: AuthorizationMode, index: RoleIndex) -> None:
        if mode not in MODES:
            raise ValueError(f"no authorization mode {mode!r}; there are {', '.join(MODES)}")
        self.mode = mode
        self._index = index

    @property
    def allows_all(self) -> bool:
        """Whether roles mean nothing."""
        return self.mode == "AlwaysAllow"

    def decide(self, wanted: Attributes) -> Decision:
        """Whether it is allowed, and why."""
        if self.allows_all or MASTERS in wanted.user.groups:
            return _ALLOWED
        is_node = NODES in wanted.user.groups and wanted.user.name.startswith(NODE)
        if is_node and any(rule.allows(wanted) for rule in node_rules()):
            return _ALLOWED
        return self._index.decide(wanted)

    def check(self, wanted: Attributes) -> None:
        """Let pass what is allowed.

        Raises:
            APIFailure: 403.
        """
        decision = self.decide(wanted)
        if not decision.is_allowed:
            raise refusal(wanted, decision.reason)

    def grants(self, user: User, namespace: str) -> Grants:
        """All rules that apply to a user in a namespace, for those who ask for a list.

        What `system:masters` may do shows in the rules of its binding; that it may do all stands in none.
        """
        return _EVERYTHING if self.allows_all else self._index.grants(user, namespace)
