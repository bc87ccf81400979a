"""Several sources of one cache, and the guard against a past that comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from informer_kit import added, deleted, modified, pod

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.shared_informer.notifications import Change, changes_to, replacement_of
from listwatch.shared_informer.sources import Sources

A = ObjectKey("default", "a")


class Merged:
    """Sources and the cache they make."""

    def __init__(self, count: int) -> None:
        self.sources: Sources[Pod] = Sources(count)
        self.cache: dict[ObjectKey, Pod] = {}

    def apply(self, number: int, *events: WatchEvent[Pod], to: str = "") -> list[Change[Pod]]:
        changes = self.sources.changes(number, events, self.cache.get)
        self.sources.reached(number, to)
        self._write(changes_to(self.cache.get, changes).writes)
        return changes

    def replace(self, number: int, *objects: Pod, to: str) -> list[ObjectKey]:
        listed = self.sources.listed(number, objects, to, self.cache.get, self.cache.keys)
        self._write(replacement_of(self.cache.get, listed.objects, gone=listed.gone).writes)
        return listed.gone

    def _write(self, writes: dict[ObjectKey, Pod | None]) -> None:
        for key, obj in writes.items():
            if obj is None:
                self.cache.pop(key, None)
            else:
                self.cache[key] = obj

    @property
    def versions(self) -> dict[str, str]:
        return {key.name: str(obj.resource_version) for key, obj in self.cache.items()}


STALE: list[tuple[str, list[WatchEvent[Pod]], dict[str, str], int, int]] = [
    ("an older state", [modified(pod("a", 4))], {"a": "5"}, 1, 0),
    ("the same state", [added(pod("a", 5))], {"a": "5"}, 0, 1),
    ("an old deletion", [deleted(pod("a", 4))], {"a": "5"}, 1, 0),
    ("a deletion with the last state's version", [deleted(pod("a", 5))], {}, 0, 0),
    ("the dead stay dead", [deleted(pod("a", 11)), added(pod("a", 5))], {}, 1, 0),
    ("an unknown from the past", [added(pod("b", 9))], {"a": "5"}, 1, 0),
    (
        "two of one transaction",
        [added(pod("b", 12)), added(pod("c", 12))],
        {"a": "5", "b": "12", "c": "12"},
        0,
        0,
    ),
    ("a deletion of the unknown", [deleted(pod("b", 12))], {"a": "5"}, 0, 1),
    ("versions without order", [modified(pod("a", "x")), added(pod("b", "y"))], {"a": "x", "b": "y"}, 0, 0),
    ("no name", [added(pod("", 12))], {"a": "5"}, 0, 0),
]


@pytest.mark.parametrize(
    ("events", "expected", "stale", "duplicates"), [row[1:] for row in STALE], ids=[row[0] for row in STALE]
)
def test_repetitions_of_the_past(
    events: list[WatchEvent[Pod]], expected: dict[str, str], stale: int, duplicates: int
) -> None:
    """An event is news, a duplicate or stale; the last two are counted and change nothing."""
    merged = Merged(1)
    merged.replace(0, pod("a", 5), to="10")
    merged.apply(0, *events)
    assert merged.versions == expected
    assert (merged.sources.stale, merged.sources.duplicates) == (stale, duplicates)


def test_synthetic_events_come_in_no_order() -> None:
    """After a list without a version, additions are taken whatever versions they have."""
    merged = Merged(1)
    merged.replace(0, to="")
    merged.apply(0, added(pod("a", 9)), added(pod("b", 5)))
    assert merged.versions == {"a": "9", "b": "5"}


def test_a_list_may_go_back() -> None:
    """A list is the truth even if it is older: from it the source begins anew."""
    merged = Merged(1)
    merged.replace(0, pod("a", 50), to="100")
    merged.replace(0, pod("a", 5), pod("", 1), to="10")
    assert (merged.versions, merged.sources.nameless) == ({"a": "5"}, 1)
    merged.apply(0, added(pod("b", 11)))
    assert merged.versions == {"a": "5", "b": "11"}


def test_bookmarks_move_the_guard() -> None:
    """What is older than a bookmark and unknown is stale; a bookmark from the past changes nothing."""
    merged = Merged(1)
    merged.replace(0, to="10")
    merged.apply(0, to="20")
    merged.apply(0, to="15")
    merged.apply(0, added(pod("a", 16)))
    assert merged.versions == {}


def test_an_object_stays_while_a_source_has_it() -> None:
    """With overlapping selectors, an object leaves when the last source lets it go, by event or by list."""
    merged = Merged(2)
    assert not merged.sources.have_listed
    merged.replace(0, pod("a", 5), to="5")
    assert not merged.sources.have_listed
    merged.replace(1, pod("a", 5), to="5")
    assert merged.sources.have_listed
    assert merged.apply(0, deleted(pod("a", 6))) == []
    assert merged.versions == {"a": "5"}
    merged.apply(1, modified(pod("a", 6)))
    assert merged.versions == {"a": "6"}
    merged.apply(0, added(pod("a", 7)))
    assert merged.replace(1, to="8") == []
    assert merged.versions == {"a": "7"}
    assert merged.replace(0, to="8") == [A]
    assert merged.versions == {}


def test_a_source_that_lags_does_not_take_the_cache_back() -> None:
    """What one source tells later than another is known already, by event and by list."""
    merged = Merged(2)
    merged.replace(0, pod("a", 5), to="5")
    merged.replace(1, pod("a", 3), to="3")
    merged.apply(0, modified(pod("a", 9)))
    merged.apply(1, modified(pod("a", 7)))
    assert merged.versions == {"a": "9"}
    assert merged.sources.stale == 0
    merged.apply(1, modified(pod("a", 9)), modified(pod("a", 10)))
    assert merged.versions == {"a": "10"}


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", "xy", ""]), st.booleans()),
        min_size=1,
        max_size=25,
    ),
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4), st.booleans()), max_size=25),
)
def test_two_selectors_converge(
    history: list[tuple[str, str, bool]], pace: list[tuple[int, int, bool]]
) -> None:
    """Two overlapping selectors over one history, read at any pace, with relists: in the end the cache is the union."""
    logs: tuple[list[WatchEvent[Pod]], list[WatchEvent[Pod]]] = ([], [])
    now: dict[str, tuple[str, int]] = {}
    for version, (name, labels, _) in enumerate(history, start=1):
        before = now.get(name, ("", 0))[0]
        for number, label in enumerate("xy"):
            if label in labels:
                logs[number].append((modified if label in before else added)(pod(name, version)))
            elif label in before:
                logs[number].append(deleted(pod(name, version)))
        now[name] = (labels, version)
    merged = Merged(2)
    at = [0, 0]
    for number in (0, 1):
        merged.replace(number, to="")
    for number, count, relist in [*pace, (0, 99, False), (1, 99, False)]:
        if relist:
            at[number] = len(logs[number])
            objects = [
                pod(name, version) for name, (labels, version) in now.items() if "xy"[number] in labels
            ]
            merged.replace(number, *objects, to=str(len(history)))
        else:
            batch = logs[number][at[number] : at[number] + count]
            at[number] += len(batch)
            merged.apply(number, *batch, to=str(batch[-1].object.resource_version) if batch else "")
    assert merged.versions == {name: str(version) for name, (labels, version) in now.items() if labels}


def test_what_a_faster_source_knew_is_not_taken_back() -> None:
    """A source that lags behind never takes the cache back, even after the faster one has let the object go."""
    merged = Merged(2)
    merged.replace(0, pod("a", 5), to="5")
    merged.replace(1, to="5")
    merged.apply(1, added(pod("a", 8)), to="8")  # it has moved from one selector to the other
    merged.replace(1, to="9")  # and back; the first source has heard of neither
    assert merged.versions == {"a": "8"}
    merged.apply(0, modified(pod("a", 6)), to="6")
    assert merged.versions == {"a": "8"}
    merged.replace(0, pod("a", 9), to="9")
    assert merged.versions == {"a": "9"}
