"""What a reflector does next, as a function of what it knows and of what has just happened.

In:    a `State`, and an `Outcome`: what became of the plan before
Out:   the next `State`, and a `Plan`: list, watch-list, watch or give up, at once or after a wait
Next:  reflector/reflector.py carries plans out
Rules: pure; chance is a parameter. `resourceVersion=""`, which costs the server most, is asked for only when nothing
       else is left; every failure is waited for, save the three that `decide` names; the version goes back only by
       a list that was asked for with `resourceVersion=""`
Source: client-go tools/cache reflector.go, ListAndWatchWithContext, watchList, handleAnyWatch, rewatch rules and
        relistResourceVersion; differs as docs/client-go-map.md says: waits are counted per class of failure and
        forgotten by health instead of by the clock, a cut watch resumes where it was, lists at "" stay in pages
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from listwatch.apimachinery.backoff import Backoff
from listwatch.apimachinery.meta import ResourceVersion, compare_resource_version
from listwatch.apimachinery.options import ListOptions
from listwatch.reflector.failure import Failure
from listwatch.reflector.states import Reason

UNKNOWN: Final = ResourceVersion("")
PAGE_SIZE: Final = 500
"""Objects a page; servers are tuned for client-go's 500."""

VERY_SHORT_SECONDS: Final = 1.0
"""A watch that ends in good order before this, having told nothing new, has failed."""

RESUMES: Final = 3
"""A watch that is cut or refused so often in a row without telling anything new is helped by a list: if watches never
work, the collection is at least polled."""


class Policy(StrEnum):
    """What to do about a class of failure that waiting may or may not cure."""

    RETRY = "retry"
    """Wait, try again, for ever."""
    HOLD = "hold"
    """Wait until the reflector is told to go on."""
    GIVE_UP = "give up"
    """End, with the failure."""


VERSION_LOST: Final = frozenset({Failure.EXPIRED, Failure.TOO_LARGE})
RESUMED: Final = frozenset(
    {
        Failure.REFUSED,
        Failure.OVERLOADED,
        Failure.CUT,
        Failure.DEAD,
        Failure.SERVER_ERROR,
        Failure.UNAUTHORIZED,
        Failure.FORBIDDEN,
        Failure.MISCONFIGURED,
    }
)
"""After these a watch goes on from its version: nothing was lost, and a list would only burden an ailing server."""

DOUBTED: Final = frozenset({Failure.CUT, Failure.DEAD, Failure.SERVER_ERROR})
"""Those of them which may mean that watches do not work here at all: see `RESUMES`."""

STREAM_AGAIN: Final = frozenset({Failure.REFUSED, Failure.OVERLOADED}) | VERSION_LOST
"""After these a streamed list is asked for again; after others, the collection is fetched in pages this time."""

NO_STREAMS: Final = frozenset({Failure.NOT_SUPPORTED, Failure.NO_MARKER})
"""These say that this server does not stream lists, to be remembered."""

SLOW: Final = frozenset({Failure.UNAUTHORIZED, Failure.FORBIDDEN, Failure.NOT_FOUND, Failure.MISCONFIGURED})
"""Somebody has to do something; asking often does not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What may be chosen.

    Attributes:
        page_size: Objects a page of those lists that are asked for in pages.
        always_page: Ask for every list in pages. Relists are not, otherwise: the server answers them from its
            cache, which it cannot do in pages.
        backoff: The waits after failures.
        slow_backoff: The waits after failures that somebody has to cure (`SLOW`).
        policies: By class of failure; `Policy.RETRY` where nothing is said.
        healthy_seconds: A watch that stood so long has cured whatever failed before.
        longest_retry_after: A server that asks for longer waits is asked again after this many seconds.
    """

    page_size: int = PAGE_SIZE
    always_page: bool = False
    backoff: Backoff = field(default_factory=Backoff)
    slow_backoff: Backoff = field(default_factory=lambda: Backoff(base=5.0, cap=60.0))
    policies: Mapping[Failure, Policy] = field(default_factory=dict)
    healthy_seconds: float = 60.0
    longest_retry_after: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the next decision depends on.

    Attributes:
        resource_version: What the store is in step with; "" before the first list.
        is_version_unavailable: The server could not list at that version: it is not asked for again.
        is_paginated: The server answers `resourceVersion="0"` in pages: it has no cache to answer from.
        is_fetching_plainly: This fetch goes on in pages, not as a stream.
        failures: How many failures in a row, by class.
    """

    resource_version: ResourceVersion = UNKNOWN
    is_version_unavailable: bool = False
    is_paginated: bool = False
    is_fetching_plainly: bool = False
    failures: Mapping[Failure, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Somebody wants to know the collection.

    Attributes:
        resource_version: What the store is in step with from an earlier run.
    """

    resource_version: ResourceVersion = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The whole collection is here, not yet in the store.

    Attributes:
        resource_version: As of when; "" if the server does not say.
        is_paginated: More than one page came.
    """

    resource_version: ResourceVersion
    is_paginated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """It is not.

    Attributes:
        failure: Why.
        is_streaming: It was asked for as a stream.
        retry_after: Seconds that the server asks to wait.
    """

    failure: Failure
    is_streaming: bool = False
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A watch is over.

    Attributes:
        resource_version: How far it led.
        seconds: How long it stood.
        failure: What ended it; None for the server, in good order.
        retry_after: Seconds that the server asks to wait.
    """

    resource_version: ResourceVersion
    seconds: float
    failure: Failure | None = None
    retry_after: float = 0.0


Outcome = Started | Fetched | FetchFailed | Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Before a plan is carried out.

    Attributes:
        failure: Why.
        seconds: How long; infinity for until told.
        failures: How many failures of that class in a row.
    """

    failure: Failure
    seconds: float
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """Fetch the collection in pages, and put it in the store."""

    resource_version: str
    limit: int | None
    reason: Reason
    wait: Wait | None = None

    def options(self) -> ListOptions:
        """Of its first page."""
        return ListOptions(resource_version=self.resource_version, limit=self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchList:
    """Fetch the collection as the beginning of a watch (KEP-3157), put it in the store, and read on."""

    resource_version: str
    reason: Reason
    wait: Wait | None = None

    def options(self, timeout_seconds: int) -> ListOptions:
        """Of its request."""
        return ListOptions(
            resource_version=self.resource_version,
            resource_version_match="NotOlderThan",
            timeout_seconds=timeout_seconds,
            allow_watch_bookmarks=True,
            send_initial_events=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Follow the changes after `resource_version`, into the store."""

    resource_version: ResourceVersion
    wait: Wait | None = None

    def options(self, timeout_seconds: int) -> ListOptions:
        """Of its request."""
        return ListOptions(
            resource_version=self.resource_version,
            timeout_seconds=timeout_seconds,
            allow_watch_bookmarks=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """End: this class of failure is not to be waited for."""

    failure: Failure
    wait: Wait | None = None


Plan = List | WatchList | Watch | GiveUp


def decide(
    state: State, outcome: Outcome, rules: Rules, *, may_stream: bool, chance: float
) -> tuple[State, Plan]:
    """What is true after `outcome`, and what to do next.

    Three failures are answered at once: a list at a version that the server cannot list at (again, at ""), a
    streamed list that the server does not know or refuses (again, in pages), and a list that is older than what is
    known already (again, at ""). A watch that the server ended in good order goes on at once. All else waits.

    A `Fetched` that is accepted is answered by a `Watch` from its version; only then is it fit for the store.

    Args:
        state: As this function gave it before; `State()` at first.
        outcome: What became of the plan that came with it.
        rules: What was chosen.
        may_stream: Streamed lists are wanted, and this server is not known to lack them.
        chance: A random number in [0, 1).
    """
    match outcome:
        case Started():
            version = outcome.resource_version
            afresh = replace(state, resource_version=version, is_fetching_plainly=False, failures={})
            return _fetch(afresh, rules, may_stream, Reason.START)
        case Fetched():
            return _fetched(state, outcome, rules, may_stream)
        case FetchFailed():
            return _fetch_failed(state, outcome, rules, may_stream, chance)
        case Watched():
            return _watched(state, outcome, rules, may_stream, chance)


def _fetch(
    state: State, rules: Rules, may_stream: bool, reason: Reason, wait: Wait | None = None
) -> tuple[State, Plan]:
    known = UNKNOWN if state.is_version_unavailable else state.resource_version
    if may_stream and not state.is_fetching_plainly:
        return state, WatchList(resource_version=known, reason=reason, wait=wait)
    version = known if known or state.is_version_unavailable else "0"
    # A limit together with a version would be answered by etcd instead of by the server's cache.
    in_pages = rules.always_page or state.is_paginated or not known
    limit = rules.page_size if in_pages else None
    return state, List(resource_version=version, limit=limit, reason=reason, wait=wait)


def _fetched(state: State, outcome: Fetched, rules: Rules, may_stream: bool) -> tuple[State, Plan]:
    if not state.is_version_unavailable and is_older(outcome.resource_version, state.resource_version):
        return _fetch(replace(state, is_version_unavailable=True), rules, may_stream, Reason.GAP)
    was_any = not state.resource_version and not state.is_version_unavailable
    state = replace(
        state,
        resource_version=outcome.resource_version,
        is_version_unavailable=False,
        # Only an answer to "0" tells: others come in pages because they were asked for in pages.
        is_paginated=state.is_paginated or (outcome.is_paginated and was_any),
        is_fetching_plainly=False,
    )
    return state, Watch(resource_version=outcome.resource_version)


def _fetch_failed(
    state: State, outcome: FetchFailed, rules: Rules, may_stream: bool, chance: float
) -> tuple[State, Plan]:
    failure = outcome.failure
    reason = Reason.RETRY
    if failure in VERSION_LOST:
        reason = Reason.EXPIRED
        was_newest = state.is_version_unavailable or (outcome.is_streaming and not state.resource_version)
        state = replace(state, is_version_unavailable=True)
        if not was_newest:
            return _fetch(state, rules, may_stream, reason)
    if outcome.is_streaming and failure not in STREAM_AGAIN:
        state = replace(state, is_fetching_plainly=True)
        if failure in NO_STREAMS or failure is Failure.FORBIDDEN:
            return _fetch(state, rules, may_stream, reason)
    state, wait = _wait(state, failure, outcome.retry_after, rules, chance)
    if wait is None:
        return state, GiveUp(failure=failure)
    return _fetch(state, rules, may_stream, reason, wait)


def _watched(
    state: State, outcome: Watched, rules: Rules, may_stream: bool, chance: float
) -> tuple[State, Plan]:
    version = outcome.resource_version
    if is_older(version, state.resource_version) or not version:
        version = state.resource_version
    has_moved = version != state.resource_version
    failure = outcome.failure
    if failure is None and not has_moved and outcome.seconds < VERY_SHORT_SECONDS:
        failure = Failure.VERY_SHORT_WATCH
    failures = state.failures
    if outcome.seconds >= rules.healthy_seconds:
        failures = {}
    elif has_moved:
        # News is proof against whatever stops a watch, but not against what made a list necessary.
        failures = {each: count for each, count in failures.items() if each not in RESUMED}
    state = replace(state, resource_version=version, failures=failures)
    if failure is None:
        # A server that names no versions can only be asked for everything again.
        return (
            (state, Watch(resource_version=version))
            if version
            else _fetch(state, rules, may_stream, Reason.GAP)
        )
    state, wait = _wait(state, failure, outcome.retry_after, rules, chance)
    if wait is None:
        return state, GiveUp(failure=failure)
    doubts = sum(state.failures.get(each, 0) for each in DOUBTED) if failure in DOUBTED else 0
    if version and failure in RESUMED and doubts < RESUMES:
        return state, Watch(resource_version=version, wait=wait)
    reason = Reason.EXPIRED if failure in VERSION_LOST else Reason.GAP
    return _fetch(state, rules, may_stream, reason, wait)


def _wait(
    state: State, failure: Failure, retry_after: float, rules: Rules, chance: float
) -> tuple[State, Wait | None]:
    """The state with one failure more, and the wait for it; None to give up."""
    count = state.failures.get(failure, 0) + 1
    state = replace(state, failures={**state.failures, failure: count})
    policy = rules.policies.get(failure, Policy.RETRY)
    if policy is Policy.GIVE_UP:
        return state, None
    backoff = rules.slow_backoff if failure in SLOW else rules.backoff
    asked = min(retry_after, rules.longest_retry_after)
    seconds = math.inf if policy is Policy.HOLD else max(backoff.delay(count, chance), asked)
    return state, Wait(failure=failure, seconds=seconds, failures=count)


def is_older(a: str, b: str) -> bool:
    """Whether `a` stands before `b` in a server's history; False where that cannot be told."""
    try:
        return compare_resource_version(a, b) < 0
    except ValueError:
        return False


def watch_seconds(minimum: float, chance: float) -> int:
    """What a server is told as a watch's timeout: from `minimum` to its double, at least 1.

    Source: client-go draws from the same range, so that the watches of a fleet do not end together.
    """
    return max(1, int(minimum * (1 + chance)))
