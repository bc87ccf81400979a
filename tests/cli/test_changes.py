"""What has changed, and how to go on: the pure half of following a collection."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.errors import (
    BadRequest,
    CertificateError,
    ConfigError,
    ConnectionLost,
    ConnectionRefused,
    DecodeError,
    Expired,
    Forbidden,
    Gone,
    InternalError,
    NotFound,
    RequestTimeout,
    ServerTimeout,
    ServiceUnavailable,
    Status,
    TooManyRequests,
    Unauthorized,
)
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.watch_event import EventType
from listwatch.cli.changes import (
    LONGEST_DELAY,
    Decision,
    Known,
    Step,
    after_ending,
    delay_after,
)

ADDED, MODIFIED, DELETED = EventType.ADDED, EventType.MODIFIED, EventType.DELETED


@dataclass(frozen=True)
class Item:
    """One object: `a/uid/version`."""

    key: ObjectKey
    uid: str
    resource_version: str


def item(text: str) -> Item:
    name, uid, version = text.split("/")
    return Item(ObjectKey("default", name), uid, version)


def told(known: Known[Item], *texts: str) -> list[tuple[str, str]]:
    """The changes that a list of these items makes, as (type, item)."""
    return [
        (change.type.value, f"{change.item.key.name}/{change.item.uid}/{change.item.resource_version}")
        for change in known.replace([item(text) for text in texts])
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], []),
        ([], ["b/1/1", "a/2/1"], [("ADDED", "b/1/1"), ("ADDED", "a/2/1")]),
        (["a/1/1"], ["a/1/1"], []),
        (["a/1/1"], ["a/1/2"], [("MODIFIED", "a/1/2")]),
        (["a/1/1"], [], [("DELETED", "a/1/1")]),
        (["a/1/1"], ["a/2/5"], [("DELETED", "a/1/1"), ("ADDED", "a/2/5")]),
        (
            ["a/1/1", "b/2/1", "c/3/1"],
            ["d/4/1", "c/3/2", "b/2/1"],
            [("DELETED", "a/1/1"), ("ADDED", "d/4/1"), ("MODIFIED", "c/3/2")],
        ),
    ],
)
def test_a_list_tells_only_differences(
    before: list[str], after: list[str], expected: list[tuple[str, str]]
) -> None:
    """After a list each object that came, changed or went is told once, deletions first."""
    known: Known[Item] = Known()
    told(known, *before)
    assert told(known, *after) == expected
    assert told(known, *after) == []
    assert len(known) == len(after)


def test_events_are_counted_in() -> None:
    """What a watch has told is no difference to a later list, and what it deleted is not deleted again."""
    known: Known[Item] = Known()
    told(known, "a/1/1", "b/2/1")
    known.note(MODIFIED, item("a/1/2"))
    known.note(DELETED, item("b/2/3"))
    known.note(ADDED, item("c/3/4"))
    assert told(known, "a/1/2", "c/3/4") == []


def test_what_vanished_unseen_is_marked() -> None:
    """A deletion that nobody saw carries the last state seen and says that it is a guess."""
    known: Known[Item] = Known()
    told(known, "a/1/1")
    known.note(MODIFIED, item("a/1/7"))
    (change,) = known.replace([])
    assert change.is_guess
    assert change.item.resource_version == "7"
    assert not known.note(DELETED, item("x/1/1")).is_guess


states = st.dictionaries(st.sampled_from("abcde"), st.tuples(st.integers(1, 3), st.integers(1, 3)))


@given(st.lists(states, max_size=6))
def test_changes_rebuild_the_state(history: list[dict[str, tuple[int, int]]]) -> None:
    """Whoever applies the changes to what they had has the server's state, whatever the lists were."""
    known: Known[Item] = Known()
    mine: dict[str, str] = {}
    for state in history:
        for change in known.replace([item(f"{name}/{uid}/{rv}") for name, (uid, rv) in state.items()]):
            name = change.item.key.name
            assert (name in mine) == (change.type is not ADDED)
            if change.type is DELETED:
                del mine[name]
            else:
                mine[name] = f"{change.item.uid}/{change.item.resource_version}"
        assert mine == {name: f"{uid}/{rv}" for name, (uid, rv) in state.items()}


def status(code: int, message: str = "") -> Status:
    return Status(code=code, message=message)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Expired(status(410)), Decision(Step.LIST, is_failure=False)),
        (Gone(status(410)), Decision(Step.LIST, is_failure=False)),
        (ConnectionLost("x"), Decision(Step.WATCH)),
        (ConnectionRefused("x"), Decision(Step.WATCH)),
        (RequestTimeout("x"), Decision(Step.WATCH)),
        (CertificateError("x"), Decision(Step.GIVE_UP)),
        (DecodeError("x"), Decision(Step.LIST)),
        (InternalError(status(500)), Decision(Step.WATCH)),
        (ServiceUnavailable(status(503)), Decision(Step.WATCH)),
        (ServerTimeout(status(504)), Decision(Step.WATCH)),
        (TooManyRequests(status(429), retry_after=7), Decision(Step.WATCH, at_least=7)),
        (BadRequest(status(400, "Too large resource version: 9")), Decision(Step.WATCH)),
        (BadRequest(status(400)), Decision(Step.GIVE_UP)),
        (Unauthorized(status(401)), Decision(Step.GIVE_UP)),
        (Forbidden(status(403)), Decision(Step.GIVE_UP)),
        (NotFound(status(404)), Decision(Step.GIVE_UP)),
        (ConfigError("x"), Decision(Step.GIVE_UP)),
    ],
)
def test_how_to_go_on_after_an_error(error: Exception, expected: Decision) -> None:
    """What passes is waited for, what was missed is listed, what waiting does not cure ends it."""
    assert after_ending(error, has_synced=True, lasted=60, events=3) == expected
    assert after_ending(error, has_synced=False).step is Step.GIVE_UP


@pytest.mark.parametrize(
    ("lasted", "events", "is_failure"), [(300, 9, False), (300, 0, False), (0.1, 1, False), (0.1, 0, True)]
)
def test_a_clean_end_goes_on_from_the_last_version(lasted: float, events: int, is_failure: bool) -> None:
    """A watch that ends in order is asked for again; at once, unless it ended at once without a word."""
    decision = after_ending(None, has_synced=True, lasted=lasted, events=events)
    assert decision == Decision(Step.WATCH, is_failure=is_failure)


def test_a_server_that_forgets_its_own_list_is_waited_for() -> None:
    """410 for a version that a list has just given is a failure, or list and 410 would chase each other."""
    decision = after_ending(Expired(status(410)), has_synced=True, is_fresh=True)
    assert decision == Decision(Step.LIST, is_failure=True)


def test_delays_grow_and_stay_bounded() -> None:
    """Delays double from one failure to the next, up to half a minute, and the server's own wish is honoured."""
    assert [delay_after(n, random=0) for n in (1, 2, 3)] == [0.8, 1.6, 3.2]
    assert delay_after(1, random=1) == 1.6
    assert delay_after(10_000, random=1) == LONGEST_DELAY
    assert delay_after(1, random=0, at_least=45) == 45
