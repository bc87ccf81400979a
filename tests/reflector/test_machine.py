"""The reflector's decisions: its tables row by row, and what holds for every history."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.backoff import Backoff
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.options import ListOptions
from listwatch.reflector.failure import Failure
from listwatch.reflector.machine import (
    Fetched,
    FetchFailed,
    GiveUp,
    List,
    Outcome,
    Plan,
    Policy,
    Rules,
    Started,
    State,
    Watch,
    Watched,
    WatchList,
    decide,
    is_older,
    watch_seconds,
)
from listwatch.reflector.states import Reason

V10 = ResourceVersion("10")
KNOWN = State(resource_version=V10)
RULES = Rules(backoff=Backoff(jitter=0.0), slow_backoff=Backoff(base=5.0, cap=60.0, jitter=0.0))


def after(
    state: State, outcome: Outcome, *, rules: Rules = RULES, may_stream: bool = False, chance: float = 0.0
) -> tuple[State, Any]:
    """The decision with quiet defaults."""
    return decide(state, outcome, rules, may_stream=may_stream, chance=chance)


def ended(failure: Failure | None = None, *, version: str = "10", seconds: float = 5.0) -> Watched:
    """A watch that is over."""
    return Watched(resource_version=ResourceVersion(version), seconds=seconds, failure=failure)


# §1.4: which version and limit go on the wire


@pytest.mark.parametrize(
    ("state", "rules", "version", "limit"),
    [
        (State(), RULES, "0", 500),
        (KNOWN, RULES, "10", None),
        (replace(KNOWN, is_paginated=True), RULES, "10", 500),
        (replace(KNOWN, is_version_unavailable=True), RULES, "", 500),
        (replace(State(), is_version_unavailable=True), RULES, "", 500),
        (State(), replace(RULES, page_size=4, always_page=True), "0", 4),
        (KNOWN, replace(RULES, page_size=4, always_page=True), "10", 4),
        (KNOWN, replace(RULES, page_size=4), "10", None),
    ],
    ids=[
        "first list",
        "relist at a known version",
        "relist where the server has no cache",
        "after expired",
        "first list expired",
        "explicit pages, first",
        "explicit pages, relist",
        "another page size, relist",
    ],
)
def test_list_options(state: State, rules: Rules, version: str, limit: int | None) -> None:
    """Behaviours 11, 19, 21, 23: each situation's resourceVersion and limit are those of the table."""
    started = Started(resource_version=state.resource_version)
    _, plan = after(state, started, rules=rules)
    assert isinstance(plan, List)
    assert plan.options() == ListOptions(resource_version=version, limit=limit)
    assert plan.reason is Reason.START


@pytest.mark.parametrize(
    ("state", "version"), [(State(), ""), (KNOWN, "10"), (replace(KNOWN, is_version_unavailable=True), "")]
)
def test_watch_list_options(state: State, version: str) -> None:
    """Behaviours 11, 35, 39: a streamed list asks for initial events not older than what is known, with bookmarks."""
    _, plan = after(state, Started(resource_version=state.resource_version), may_stream=True)
    assert isinstance(plan, WatchList)
    assert plan.options(400) == ListOptions(
        resource_version=version,
        resource_version_match="NotOlderThan",
        send_initial_events=True,
        allow_watch_bookmarks=True,
        timeout_seconds=400,
    )


def test_watch_options() -> None:
    """Behaviour 11: a watch begins exactly at the list's version, with bookmarks and no initial events."""
    _, plan = after(State(), Fetched(resource_version=V10))
    assert isinstance(plan, Watch)
    assert plan.options(400) == ListOptions(
        resource_version="10", allow_watch_bookmarks=True, timeout_seconds=400
    )


@pytest.mark.parametrize(
    ("minimum", "chance", "seconds"),
    [(300.0, 0.0, 300), (300.0, 0.999, 599), (1800.0, 0.5, 2700), (0.1, 0.0, 1), (60.0, 0.5, 90)],
)
def test_watch_seconds(minimum: float, chance: float, seconds: int) -> None:
    """Behaviour 27: a watch's timeout lies between the minimum and its double; a minimum below 5 minutes is kept."""
    assert watch_seconds(minimum, chance) == seconds


@pytest.mark.parametrize(
    ("known", "unavailable", "came_in_pages", "remembered"),
    [("", False, True, True), ("", False, False, False), ("10", False, True, False), ("", True, True, False)],
)
def test_pages_are_remembered_from_any_version_only(
    known: str, unavailable: bool, came_in_pages: bool, remembered: bool
) -> None:
    """Behaviour 21: only an answer to "0" shows that the server has no cache; others come in pages as asked for."""
    state = State(resource_version=ResourceVersion(known), is_version_unavailable=unavailable)
    after_it, _ = after(state, Fetched(resource_version=ResourceVersion("20"), is_paginated=came_in_pages))
    assert after_it.is_paginated is remembered


# §1.5: the failures

AT_ONCE = None
FETCH_ROWS: list[tuple[str, State, FetchFailed, type[Plan], str, float | None]] = [
    # Lists
    ("list refused", KNOWN, FetchFailed(failure=Failure.REFUSED), List, "10", 0.8),
    ("list cut", KNOWN, FetchFailed(failure=Failure.CUT), List, "10", 0.8),
    ("list dead", KNOWN, FetchFailed(failure=Failure.DEAD), List, "10", 0.8),
    ("list 401", KNOWN, FetchFailed(failure=Failure.UNAUTHORIZED), List, "10", 5.0),
    ("list 403", KNOWN, FetchFailed(failure=Failure.FORBIDDEN), List, "10", 5.0),
    ("list 404", KNOWN, FetchFailed(failure=Failure.NOT_FOUND), List, "10", 5.0),
    ("bad certificate", State(), FetchFailed(failure=Failure.MISCONFIGURED), List, "0", 5.0),
    ("list 429", State(), FetchFailed(failure=Failure.OVERLOADED), List, "0", 0.8),
    ("list 500", KNOWN, FetchFailed(failure=Failure.SERVER_ERROR), List, "10", 0.8),
    ("list undecodable", KNOWN, FetchFailed(failure=Failure.UNDECODABLE), List, "10", 0.8),
    ("list expired", KNOWN, FetchFailed(failure=Failure.EXPIRED), List, "", AT_ONCE),
    ("first list expired", State(), FetchFailed(failure=Failure.EXPIRED), List, "", AT_ONCE),
    (
        "list at newest expired",
        replace(KNOWN, is_version_unavailable=True),
        FetchFailed(failure=Failure.EXPIRED),
        List,
        "",
        0.8,
    ),
    ("list too large", KNOWN, FetchFailed(failure=Failure.TOO_LARGE), List, "", AT_ONCE),
    (
        "list at newest failed",
        replace(KNOWN, is_version_unavailable=True),
        FetchFailed(failure=Failure.SERVER_ERROR),
        List,
        "",
        0.8,
    ),
]


@pytest.mark.parametrize("row", FETCH_ROWS, ids=[row[0] for row in FETCH_ROWS])
def test_list_failures(row: tuple[str, State, FetchFailed, type[Plan], str, float | None]) -> None:
    """Behaviours 23, 25 and §1.5: a failed list is asked for again, after a wait, at a version the server may have."""
    _, state, outcome, kind, version, seconds = row
    _, plan = after(state, outcome)
    assert type(plan) is kind
    assert plan.resource_version == version
    assert (plan.wait and plan.wait.seconds) == seconds


WATCH_ROWS: list[tuple[str, Watched, type[Plan], float | None]] = [
    ("clean end", ended(), Watch, AT_ONCE),
    ("clean end after an event, at once", ended(version="11", seconds=0.1), Watch, AT_ONCE),
    ("very short", ended(seconds=0.9), List, 0.8),
    ("410", ended(Failure.EXPIRED), List, 0.8),
    ("too large", ended(Failure.TOO_LARGE), List, 0.8),
    ("429", ended(Failure.OVERLOADED), Watch, 0.8),
    ("refused", ended(Failure.REFUSED), Watch, 0.8),
    ("cut", ended(Failure.CUT), Watch, 0.8),
    ("dead", ended(Failure.DEAD), Watch, 0.8),
    ("500", ended(Failure.SERVER_ERROR), Watch, 0.8),
    ("401", ended(Failure.UNAUTHORIZED), Watch, 5.0),
    ("403", ended(Failure.FORBIDDEN), Watch, 5.0),
    ("404", ended(Failure.NOT_FOUND), List, 5.0),
    ("undecodable", ended(Failure.UNDECODABLE), List, 0.8),
    ("out of order", ended(Failure.OUT_OF_ORDER), List, 0.8),
    ("other", ended(Failure.OTHER), List, 0.8),
]


@pytest.mark.parametrize("row", WATCH_ROWS, ids=[row[0] for row in WATCH_ROWS])
def test_watch_ends(row: tuple[str, Watched, type[Plan], float | None]) -> None:
    """Behaviours 7, 13, 15 and §1.5: where nothing is lost the watch goes on where it was, else a list follows."""
    _, outcome, kind, seconds = row
    state, plan = after(KNOWN, outcome)
    assert type(plan) is kind
    # Case A: a watch's 410 makes the version no worse for a list.
    assert plan.resource_version == outcome.resource_version == state.resource_version
    assert not state.is_version_unavailable
    assert (plan.wait and plan.wait.seconds) == seconds


@pytest.mark.parametrize("failure", [Failure.CUT, Failure.DEAD, Failure.SERVER_ERROR])
def test_a_watch_that_never_works_becomes_polling(failure: Failure) -> None:
    """The third cut, dead or broken watch in a row without news is followed by a list, and each one after it."""
    state, plans = KNOWN, []
    for _ in range(4):
        state, plan = after(state, ended(failure))
        plans.append(plan)
        if isinstance(plan, List):
            state, _ = after(state, Fetched(resource_version=V10))
    assert [type(plan) for plan in plans] == [Watch, Watch, List, List]
    assert [plan.wait.seconds for plan in plans] == [0.8, 1.6, 3.2, 6.4]


@pytest.mark.parametrize("failure", [Failure.REFUSED, Failure.OVERLOADED])
def test_patience_needs_no_list(failure: Failure) -> None:
    """Behaviour 13: forty refused watches in a row are no reason for a list; their waits reach a plateau."""
    state, waits = KNOWN, []
    for _ in range(40):
        state, plan = after(state, ended(failure))
        assert isinstance(plan, Watch)
        waits.append(plan.wait.seconds if plan.wait else 0.0)
    assert waits[:6] == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6]
    assert set(waits[6:]) == {30.0}


def test_case_a_and_case_b() -> None:
    """Behaviour 23: a watch's 410 leads to a list at the last version, that list's own 410 to one at ""."""
    state, first = after(KNOWN, ended(Failure.EXPIRED, version="12"))
    assert (first.resource_version, first.limit, first.reason) == ("12", None, Reason.EXPIRED)
    state, second = after(state, FetchFailed(failure=Failure.EXPIRED))
    assert (second.resource_version, second.limit, second.wait) == ("", 500, None)
    state, third = after(state, Fetched(resource_version=ResourceVersion("9")))
    assert third == Watch(resource_version=ResourceVersion("9"))
    assert not state.is_version_unavailable


def test_too_large_three_times() -> None:
    """Behaviour 25: each relist at a version that the server has not reached is followed by one at "", at once."""
    state, plan = after(State(), Started())
    asked = [plan.resource_version]
    for version in ("20", "30", "40"):
        state, plan = after(state, Fetched(resource_version=ResourceVersion(version)))
        state, plan = after(state, ended(Failure.OTHER, version=version))
        asked.append(plan.resource_version)
        state, plan = after(state, FetchFailed(failure=Failure.TOO_LARGE))
        asked.append(plan.resource_version)
        assert plan.wait is None
    assert asked == ["0", "20", "", "30", "", "40", ""]


def test_a_list_older_than_asked_for_is_not_taken() -> None:
    """A list that is older than what is known, though asked not to be, is asked for again at "", and taken then."""
    state, plan = after(KNOWN, Fetched(resource_version=ResourceVersion("9")))
    assert (type(plan), plan.resource_version, plan.wait) == (List, "", None)
    assert state.resource_version == "10"
    state, plan = after(state, Fetched(resource_version=ResourceVersion("9")))
    assert plan == Watch(resource_version=ResourceVersion("9"))


def test_retry_after_is_a_minimum_with_a_bound() -> None:
    """A server that says when is asked no sooner; one that says never is asked all the same."""
    for asked, waited in ((0.1, 0.8), (7.0, 7.0), (1e9, 600.0)):
        _, plan = after(KNOWN, replace(ended(Failure.OVERLOADED), retry_after=asked))
        assert plan.wait.seconds == waited
        _, plan = after(KNOWN, FetchFailed(failure=Failure.OVERLOADED, retry_after=asked))
        assert plan.wait.seconds == waited


def test_failures_are_counted_by_class() -> None:
    """One class's failures do not make another's waits longer."""
    state = KNOWN
    for _ in range(5):
        state, _ = after(state, ended(Failure.OVERLOADED))
    state, plan = after(state, ended(Failure.EXPIRED))
    assert (plan.wait.seconds, plan.wait.failures) == (0.8, 1)


@pytest.mark.parametrize(
    ("outcome", "left"),
    [
        (ended(seconds=60.0), {}),
        (ended(version="11"), {Failure.EXPIRED: 4}),
        (ended(), {Failure.EXPIRED: 4, Failure.CUT: 2}),
        (ended(seconds=59.0, version="11"), {Failure.EXPIRED: 4}),
    ],
)
def test_health_forgets_failures(outcome: Watched, left: dict[Failure, int]) -> None:
    """A watch that stood a minute cures all; news cures what stops watches, but not what made lists necessary."""
    state, _ = after(replace(KNOWN, failures={Failure.EXPIRED: 4, Failure.CUT: 2}), outcome)
    assert state.failures == left


def test_policies() -> None:
    """A class of failure may be held, or given up on; what is answered at once is not asked about."""
    rules = replace(RULES, policies={Failure.FORBIDDEN: Policy.GIVE_UP, Failure.NOT_FOUND: Policy.HOLD})
    assert after(KNOWN, ended(Failure.FORBIDDEN), rules=rules)[1] == GiveUp(failure=Failure.FORBIDDEN)
    given_up = after(KNOWN, FetchFailed(failure=Failure.FORBIDDEN), rules=rules)[1]
    assert given_up == GiveUp(failure=Failure.FORBIDDEN)
    held = after(KNOWN, FetchFailed(failure=Failure.NOT_FOUND), rules=rules)[1]
    assert held.wait.seconds == math.inf
    streamed = FetchFailed(failure=Failure.FORBIDDEN, is_streaming=True)
    assert type(after(KNOWN, streamed, rules=rules, may_stream=True)[1]) is List


def test_a_server_without_versions() -> None:
    """Where lists name no version, the watch begins with the state, and when it ends everything is fetched again."""
    state, plan = after(State(), Fetched(resource_version=ResourceVersion("")))
    assert plan == Watch(resource_version=ResourceVersion(""))
    assert after(state, ended(version=""))[1] == List(resource_version="0", limit=500, reason=Reason.GAP)
    _, cut = after(state, ended(Failure.CUT, version=""))
    assert (type(cut), cut.wait.seconds) == (List, 0.8)
    # One event that is not synthetic, and there is a place to go on from.
    assert after(state, ended(version="7"))[1] == Watch(resource_version=ResourceVersion("7"))


# §1.6: streamed lists

STREAM_ROWS: list[tuple[str, State, Failure, type[Plan], str, float | None]] = [
    ("refused", State(), Failure.REFUSED, WatchList, "", 0.8),
    ("429", KNOWN, Failure.OVERLOADED, WatchList, "10", 0.8),
    ("expired", KNOWN, Failure.EXPIRED, WatchList, "", AT_ONCE),
    ("too large", KNOWN, Failure.TOO_LARGE, WatchList, "", AT_ONCE),
    ("expired at newest", State(), Failure.EXPIRED, WatchList, "", 0.8),
    (
        "expired at newest again",
        replace(KNOWN, is_version_unavailable=True),
        Failure.EXPIRED,
        WatchList,
        "",
        0.8,
    ),
    ("not known", State(), Failure.NOT_SUPPORTED, List, "0", AT_ONCE),
    ("no mark", State(), Failure.NO_MARKER, List, "0", AT_ONCE),
    ("forbidden", KNOWN, Failure.FORBIDDEN, List, "10", AT_ONCE),
    ("cut", KNOWN, Failure.CUT, List, "10", 0.8),
    ("dead", KNOWN, Failure.DEAD, List, "10", 0.8),
    ("500", State(), Failure.SERVER_ERROR, List, "0", 0.8),
    ("404", State(), Failure.NOT_FOUND, List, "0", 5.0),
    ("undecodable", State(), Failure.UNDECODABLE, List, "0", 0.8),
    ("very short", State(), Failure.VERY_SHORT_WATCH, List, "0", 0.8),
]


@pytest.mark.parametrize("row", STREAM_ROWS, ids=[row[0] for row in STREAM_ROWS])
def test_stream_failures(row: tuple[str, State, Failure, type[Plan], str, float | None]) -> None:
    """Behaviour 41 and §1.6: a streamed list is asked for again, or this fetch goes on in pages."""
    _, state, failure, kind, version, seconds = row
    after_it, plan = after(state, FetchFailed(failure=failure, is_streaming=True), may_stream=True)
    assert type(plan) is kind
    assert plan.resource_version == version
    assert (plan.wait and plan.wait.seconds) == seconds
    assert after_it.is_fetching_plainly is (kind is List)


def test_pages_are_for_this_fetch_only() -> None:
    """A stream that failed is followed by pages until they are here; the next fetch may be a stream again."""
    state, _ = after(State(), FetchFailed(failure=Failure.CUT, is_streaming=True), may_stream=True)
    state, plan = after(state, FetchFailed(failure=Failure.SERVER_ERROR), may_stream=True)
    assert isinstance(plan, List)
    state, _ = after(state, Fetched(resource_version=V10), may_stream=True)
    _, plan = after(state, ended(Failure.EXPIRED), may_stream=True)
    assert plan == WatchList(resource_version="10", reason=Reason.EXPIRED, wait=plan.wait)


def test_a_new_start_forgets_failures_not_versions() -> None:
    """A run after a run asks for nothing older than what is known, at once, and as a stream if it may."""
    tired = State(failures={Failure.CUT: 9}, is_fetching_plainly=True, is_paginated=True)
    state, plan = after(tired, Started(resource_version=V10), may_stream=True)
    assert plan == WatchList(resource_version="10", reason=Reason.START)
    assert state == State(resource_version=V10, is_paginated=True)


@pytest.mark.parametrize(
    ("a", "b", "older"),
    [("9", "10", True), ("10", "9", False), ("9", "9", False), ("", "9", False), ("x", "9", False)],
)
def test_is_older(a: str, b: str, older: bool) -> None:
    """Versions have an order if both are numbers; where they have none, nothing is older."""
    assert is_older(a, b) is older


# Whatever happens

chances = st.floats(0, 1, exclude_max=True)
waits = st.floats(0, 1e9)
moves = st.integers(-3, 3)


@dataclass(frozen=True)
class Step:
    """What becomes of a plan, whatever it is."""

    failure: Failure | None
    seconds: float
    move: int
    retry_after: float
    may_stream: bool
    chance: float


steps = st.builds(
    Step,
    st.none() | st.sampled_from(Failure),
    st.floats(0, 1000),
    moves,
    waits,
    st.booleans(),
    chances,
)


def outcome_of(plan: Plan, step: Step, state: State) -> Outcome:
    """An outcome that fits the plan."""
    known = int(state.resource_version or "100")
    version = ResourceVersion(str(max(1, known + step.move)))
    if isinstance(plan, Watch):
        return Watched(
            resource_version=version,
            seconds=step.seconds,
            failure=step.failure,
            retry_after=step.retry_after,
        )
    if step.failure is None:
        return Fetched(resource_version=version, is_paginated=step.chance > 0.5)
    return FetchFailed(
        failure=step.failure, is_streaming=isinstance(plan, WatchList), retry_after=step.retry_after
    )


@given(st.lists(steps, max_size=60))
def test_whatever_happens(history: list[Step]) -> None:
    """Any history keeps the machine's promises.

    resourceVersion "" is asked for only where there is no other; waits are bounded; the version falls only by a list
    at ""; at most three plans in a row come at once unless something went well; one success leads to a watch.
    """
    rules = Rules()
    longest = max(rules.backoff.longest, rules.slow_backoff.longest, rules.longest_retry_after)
    state, plan = decide(State(), Started(), rules, may_stream=True, chance=0.0)
    at_once = 0
    for step in history:
        before, done = state, plan
        outcome = outcome_of(plan, step, state)
        state, plan = decide(state, outcome, rules, may_stream=step.may_stream, chance=step.chance)
        assert not isinstance(plan, GiveUp)
        if plan.wait is not None:
            assert 0 < plan.wait.seconds <= longest
        went_well = isinstance(outcome, Fetched) or (isinstance(outcome, Watched) and outcome.failure is None)
        at_once = 0 if plan.wait is not None or went_well else at_once + 1
        assert at_once <= 3
        if isinstance(plan, List | WatchList) and plan.resource_version == "":
            assert state.is_version_unavailable or not state.resource_version
        if isinstance(plan, List) and plan.resource_version == "0":
            assert not state.resource_version
        if is_older(state.resource_version, before.resource_version):
            assert isinstance(done, List | WatchList)
            assert done.resource_version == ""
        if isinstance(plan, Watch):
            assert plan.resource_version == state.resource_version
    # Then all is well.
    for _ in range(2):
        if isinstance(plan, Watch):
            break
        version = ResourceVersion(state.resource_version or "100")
        state, plan = decide(state, Fetched(resource_version=version), rules, may_stream=True, chance=0.0)
    assert isinstance(plan, Watch)


@given(st.sampled_from(sorted(Failure)), st.integers(1, 50), chances)
def test_every_failure_in_a_row(failure: Failure, times: int, chance: float) -> None:
    """Whichever failure a watch keeps ending with, every one is waited for, ever longer up to the bound."""
    state, last = KNOWN, 0.0
    for _ in range(times):
        state, plan = after(state, ended(failure, seconds=0.0), chance=chance)
        assert plan.wait.seconds >= last > -1
        last = plan.wait.seconds
        if not isinstance(plan, Watch):
            state, plan = after(state, Fetched(resource_version=V10))
        assert isinstance(plan, Watch)
