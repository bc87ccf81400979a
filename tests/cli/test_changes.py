"""What has changed: the pure half of following a collection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.watch_event import EventType
from listwatch.cli.changes import Known
from listwatch.cli.table import Row

ADDED, MODIFIED, DELETED = EventType.ADDED, EventType.MODIFIED, EventType.DELETED


def item(text: str) -> Row:
    """One object: `name/uid/version`."""
    name, uid, version = text.split("/")
    return Row(ObjectKey("default", name), uid=uid, resource_version=version)


def told(known: Known[Row], *texts: str) -> list[tuple[str, str]]:
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
    known: Known[Row] = Known()
    told(known, *before)
    assert told(known, *after) == expected
    assert told(known, *after) == []
    assert len(known) == len(after)


def test_events_are_counted_in() -> None:
    """What a watch has told is no difference to a later list, and what it deleted is not deleted again."""
    known: Known[Row] = Known()
    told(known, "a/1/1", "b/2/1")
    known.note(MODIFIED, item("a/1/2"))
    known.note(DELETED, item("b/2/3"))
    known.note(ADDED, item("c/3/4"))
    assert told(known, "a/1/2", "c/3/4") == []


def test_what_vanished_unseen_is_marked() -> None:
    """A deletion that nobody saw carries the last state seen and says that it is a guess."""
    known: Known[Row] = Known()
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
    known: Known[Row] = Known()
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
