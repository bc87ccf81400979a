"""What of a watch's events is news."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from list_watch_script import CODEC, a_pod, added, bookmark, deleted, error, modified

from listwatch.api.core_v1 import Pod, Service
from listwatch.apimachinery.errors import DecodeError, Expired
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.reflector.failure import DeletionOutOfOrder
from listwatch.reflector.intake import Counts, Cursor, InitialEvents, fitting, known_version, misfit
from listwatch.reflector.machine import is_older

TABS = Resource("stable.example.com", "v1", "crontabs", "CronTab")


def cursor(start: str = "10") -> Cursor[Pod]:
    """A cursor that stands somewhere."""
    return Cursor(ResourceVersion(start), Counts())


@pytest.mark.parametrize(
    ("start", "batch", "kept", "version"),
    [
        ("10", [added("a", 11), modified("a", 12)], [0, 1], "12"),
        ("9", [added("a", 10)], [0], "10"),
        ("10", [added("a", 9)], [], "10"),
        ("10", [added("a", 11), added("a", 11)], [0], "11"),
        ("10", [deleted("a", 11), deleted("b", 11), deleted("a", 11)], [0, 1], "11"),
        ("10", [modified("a", 11), deleted("a", 11)], [0, 1], "11"),
        ("10", [added("a", 10)], [0], "10"),
        ("10", [bookmark(20), added("a", 15), added("b", 21)], [2], "21"),
        ("10", [bookmark(9)], [], "10"),
        ("10", [added("a", 0), added("b", 11)], [1], "11"),
        ("10", [added("", 11), added("b", 12)], [1], "12"),
        ("", [added("a", 50), added("b", 3)], [0, 1], ""),
        ("", [added("a", 50), modified("b", 3), added("c", 4)], [0, 1, 2], "4"),
        ("", [added("a", 50), bookmark(7)], [0], "7"),
        ("x/1", [added("a", 50)], [0], "50"),
    ],
    ids=[
        "in order",
        "one digit more",
        "stale",
        "twice",
        "one transaction's",
        "two things at one version",
        "at the very start",
        "after a bookmark",
        "stale bookmark",
        "no version",
        "no name",
        "synthetic",
        "synthetic, then real",
        "synthetic, then a bookmark",
        "versions without order",
    ],
)
def test_take(start: str, batch: list[Any], kept: list[int], version: str) -> None:
    """Behaviours 9, 209: news is kept in order, the rest left out; the version follows what has one of its own."""
    follower = cursor(start)
    taken = follower.take(batch)
    assert taken.changes == [batch[index] for index in kept]
    assert follower.version == version
    assert taken.error is None


def test_versions_without_order_are_followed() -> None:
    """Where versions are no numbers nothing can be called stale: the last one is followed, as client-go does."""
    follower = cursor("a/9")
    odd = [
        WatchEvent(
            EventType.MODIFIED, CODEC.object(b'{"metadata":{"name":"p","resourceVersion":"%s"}}' % version)
        )
        for version in (b"b/1", b"a/3")
    ]
    assert follower.take(odd).changes == odd
    assert follower.version == "a/3"


def test_duplicates_are_known_across_watches() -> None:
    """A resumed watch that repeats its last event, which it should not, gives nothing new."""
    follower = cursor()
    follower.take([added("a", 11)])
    assert follower.take([added("a", 11), bookmark(11)]).changes == []


def test_the_same_version_with_other_content_is_news() -> None:
    """A server that does not count versions, as fakes do not, loses nothing: only what is the same is left out."""
    follower = cursor("1")
    first = WatchEvent(EventType.MODIFIED, a_pod("a", 1, spec={"nodeName": "n1"}))
    second = WatchEvent(EventType.MODIFIED, a_pod("a", 1, spec={"nodeName": "n2"}))
    assert follower.take([first, first, second]).changes == [first, second]


def test_memory_of_one_version_is_bounded() -> None:
    """However much happens at one version, what is remembered of it does not grow."""
    follower = cursor("1")
    batch = [added(f"p{n}", 1) for n in range(300)]
    assert follower.take(batch).changes == batch
    assert len(follower._newest) <= 64
    assert follower.take(batch[-3:]).changes == []


def test_an_error_ends_the_batch() -> None:
    """What comes before an ERROR is news, what follows it is not looked at; the error is the server's."""
    taken = cursor().take([added("a", 11), error(410, "Expired"), added("b", 12)])
    assert [event.object.name for event in taken.changes] == ["a"]
    assert isinstance(taken.error, Expired)
    nothing: WatchEvent[Pod] = WatchEvent(EventType.ERROR)
    assert isinstance(cursor().take([nothing]).error, DecodeError)


def test_contact() -> None:
    """News and bookmarks that are not behind are contact; stale things and errors are not."""
    for batch, contact in (
        ([added("a", 11)], True),
        ([bookmark(10)], True),
        ([bookmark(9)], False),
        ([added("a", 9)], False),
        ([error(500)], False),
    ):
        assert cursor().take(batch).is_contact is contact


def test_bookmarks_that_stay_behind() -> None:
    """The second bookmark in a row that is behind ends the watch as too large; one with news between does not."""
    follower = cursor()
    assert follower.take([bookmark(8), added("a", 11), bookmark(8)]).error is None
    taken = follower.take([bookmark(9)])
    assert taken.error is not None
    assert getattr(taken.error, "is_too_large_resource_version", False)
    assert "bookmarks are at 9" in str(taken.error)


def test_a_stale_deletion() -> None:
    """A deletion older than what is known ends the batch: only a list can tell what it means."""
    follower = cursor()
    taken = follower.take([added("a", 11), deleted("b", 9), added("c", 12)])
    assert [event.object.name for event in taken.changes] == ["a"]
    assert isinstance(taken.error, DeletionOutOfOrder)
    assert follower.version == "11"


@pytest.mark.parametrize("kind", [EventType.ADDED, EventType.BOOKMARK])
def test_events_without_an_object(kind: EventType) -> None:
    """An event that somebody made without an object costs only itself."""
    follower = cursor()
    taken = follower.take([WatchEvent(kind), added("b", 12)])
    assert [event.object.name for event in taken.changes] == ["b"]
    initial: InitialEvents[Pod] = InitialEvents(Counts())
    assert initial.take([WatchEvent(kind), added("b", 12)]) == ((), None)
    assert len(initial.objects) == 1


@pytest.mark.parametrize(
    ("obj", "expected", "why"),
    [
        (a_pod("a"), None, None),
        (a_pod("a"), Pod, None),
        (a_pod("a", kind="Secret"), None, "kind Secret instead of Pod"),
        (a_pod("a", kind="PartialObjectMetadata"), Pod, None),
        (a_pod(""), Pod, "no name"),
        (Service(), Pod, "Service instead of Pod"),
        ("nonsense", None, "str instead of Object"),
        (Unstructured.from_json(b'{"metadata":{"name":"x"}}', resource=TABS), TABS, None),
        (
            Unstructured.from_json(b'{"kind":"Other","metadata":{"name":"x"}}'),
            TABS,
            "kind Other instead of CronTab",
        ),
        (Unstructured.from_json(b'{"kind":"Other","metadata":{"name":"x"}}'), None, None),
    ],
    ids=repr,
)
def test_misfit(obj: object, expected: Any, why: str | None) -> None:
    """Behaviour 9: what is of another class or kind, or has no name, cannot be kept, and why is said."""
    assert misfit(obj, expected) == why


def test_fitting() -> None:
    """Of a list what fits is kept, in order; a list without misfits is not copied."""
    counts = Counts()
    good = [a_pod("a"), a_pod("b")]
    assert fitting(good, counts) is good
    assert fitting([a_pod(""), *good, a_pod("")], counts) == good
    assert counts.skipped == 2
    assert counts.last_skipped.startswith("in a list: ")


@pytest.mark.parametrize(("version", "known"), [(None, ""), ("", ""), ("0", ""), ("5", "5"), ("a/1", "a/1")])
def test_known_version(version: str | None, known: str) -> None:
    """Neither "" nor "0" is a place to go on from."""
    assert known_version(version) == known


makers = st.sampled_from([added, modified, bookmark])


@given(st.lists(st.lists(st.tuples(makers, st.integers(1, 30)), max_size=8), max_size=8))
def test_the_version_never_goes_back(batches: list[list[tuple[Any, int]]]) -> None:
    """Whatever comes, the version only grows, and what is given out never goes back either."""
    follower = cursor("5")
    given_out: list[str] = []
    for batch in batches:
        before = follower.version
        events = [make(number) if make is bookmark else make("p", number) for make, number in batch]
        taken = follower.take(events)
        assert not is_older(follower.version, before)
        given_out += [event.object.resource_version for event in taken.changes]
        if taken.error is not None:
            break
    assert given_out == sorted(given_out, key=int)
