"""One fault: which requests it is meant for, which of these it strikes, and how often it has.

In:    `Trace`s of requests, in order of arrival
Out:   whether it strikes
Rules: pure but for its counts and, with a probability, its own seeded chance. Selectors that are not given fit all. The
       requests of the cluster's own parts are left alone, unless a fault names their user; a test's own words (`get`,
       `apply`, …) are always.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, Self

from listwatch.apiserver.faults.effects import Effect
from listwatch.apiserver.journal.exchange import Trace
from listwatch.apiserver.journal.journal import fits_resource
from listwatch.apiserver.journal.manners import OWN_USER_AGENT, is_system_user

if TYPE_CHECKING:
    from types import TracebackType

    from listwatch.apiserver.faults.plan import FaultPlan

VERBS: Final = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")


class Fault:
    """A misfortune, and whom it meets.

    In a `with` of what `FaultPlan.add` gives, it ends with the block.

    Args:
        effect: What happens to a request that it strikes.
        verb: One or several of `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
        resource: `pods`, `deployments.apps`, `pods/status`; "*" for any resource, but no other path.
        namespace: Of the request's path.
        name: Of the request's path.
        user: Whose requests.
        user_agent: How the header begins.
        nth: Strike the n-th matching request only, from 1.
        every: Strike every n-th matching request.
        first: Strike the first n matching requests.
        probability: Strike with this chance, from 0 to 1.
        seed: For that chance.
        label: What it is called in the journal and in complaints.

    Attributes:
        matched: How many requests it was meant for.
        struck: How many of these it struck.

    Raises:
        ValueError: A verb is unknown, or a number makes no sense.
    """

    def __init__(
        self,
        *,
        effect: Effect,
        verb: str | Collection[str] | None = None,
        resource: str | None = None,
        namespace: str | None = None,
        name: str | None = None,
        user: str | None = None,
        user_agent: str | None = None,
        nth: int | None = None,
        every: int | None = None,
        first: int | None = None,
        probability: float | None = None,
        seed: int = 0,
        label: str = "",
    ) -> None:
        self.effect = effect
        self.verbs = None if verb is None else frozenset([verb] if isinstance(verb, str) else verb)
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.user = user
        self.user_agent = user_agent
        self.nth, self.every, self.first, self.probability = nth, every, first, probability
        _check_verbs(self.verbs or ())
        _check_numbers(nth=nth, every=every, first=first, probability=probability)
        self.label = label or self._described()
        self.matched = 0
        self.struck = 0
        self.plan: FaultPlan | None = None
        self._chance = random.Random(seed)  # noqa: S311 - a seeded chance is what is wanted

    def __repr__(self) -> str:
        return f"<Fault {self.label}: struck {self.struck} of {self.matched}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.plan is not None:
            self.plan.remove(self)

    def fits(self, trace: Trace) -> bool:
        """Whether a request is one that this fault is meant for."""
        info = trace.target
        agent = trace.request.headers.get("User-Agent", "")
        user = trace.user.name if trace.user is not None else ""
        if agent.startswith(OWN_USER_AGENT) or (self.user is None and is_system_user(user)):
            return False
        return (
            (self.verbs is None or info.verb in self.verbs)
            and (
                self.resource is None
                or fits_resource(self.resource, info.group, info.resource, info.subresource)
            )
            and (self.resource is None or info.is_resource)
            and (self.namespace is None or info.namespace == self.namespace)
            and (self.name is None or info.name == self.name)
            and (self.user is None or user == self.user)
            and (self.user_agent is None or agent.startswith(self.user_agent))
        )

    def strikes(self, trace: Trace) -> bool:
        """Whether it strikes this request; counts it."""
        if not self.fits(trace):
            return False
        self.matched += 1
        if not self._is_due():
            return False
        self.struck += 1
        return True

    def _is_due(self) -> bool:
        return (
            (self.nth is None or self.matched == self.nth)
            and (self.every is None or self.matched % self.every == 0)
            and (self.first is None or self.matched <= self.first)
            and (self.probability is None or self._chance.random() < self.probability)
        )

    def _described(self) -> str:
        given = {
            "verb": "|".join(sorted(self.verbs)) if self.verbs is not None else None,
            "resource": self.resource,
            "namespace": self.namespace,
            "name": self.name,
            "user": self.user,
            "user_agent": self.user_agent,
            "nth": self.nth,
            "every": self.every,
            "first": self.first,
            "probability": self.probability,
        }
        selectors = " ".join(f"{name}={value}" for name, value in given.items() if value is not None)
        return f"{self.effect!r} on {selectors or 'every request'}"


def _check_verbs(verbs: Collection[str]) -> None:
    for verb in verbs:
        if verb not in VERBS:
            near = get_close_matches(verb.lower(), VERBS, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"no request has the verb {verb!r}{meant} Verbs are {', '.join(VERBS)}")


def _check_numbers(*, probability: float | None, **counts: int | None) -> None:
    for name, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(f"{name} counts from 1, not {count}")
    if probability is not None and not 0 <= probability <= 1:
        raise ValueError(f"probability is between 0 and 1, not {probability}")
