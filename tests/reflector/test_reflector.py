"""The reflector at work: list and watch, scripted, in virtual time. Numbers are those of client-go's behaviours."""

from __future__ import annotations

import asyncio
import json
import logging
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from list_watch_script import (
    HANG,
    Notebook,
    Script,
    Wait,
    a_pod,
    added,
    bookmark,
    deleted,
    error,
    follow,
    modified,
    page,
    says,
)
from scripted import Scripted, answer, frame, pod_list, stream
from virtual_time import run_virtual

from listwatch.api.core_v1 import Pod, Service
from listwatch.apimachinery.backoff import Backoff
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import (
    ConnectionLost,
    ConnectionRefused,
    DecodeError,
    Forbidden,
    ListWatchError,
    NotFound,
    RequestTimeout,
)
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.reflector.failure import Failure
from listwatch.reflector.list_watch import ListWatch
from listwatch.reflector.machine import Policy
from listwatch.reflector.reflector import Reflector
from listwatch.reflector.states import BackingOff, Broken, Idle, Listing, Reason, Stopped, Watching

EXACT = Backoff(jitter=0.0)


def backing_off(states: list[Any]) -> list[tuple[Failure, float]]:
    """What was waited for, and how long."""
    return [(each.failure, each.seconds) for each in states if isinstance(each, BackingOff)]


# The ordinary course


def test_list_and_watch() -> None:
    """Behaviours 11, 37: a list at "0" in pages of 500, then a watch at its version; both reach the store."""
    script = Script(
        lists=[page("ab", 10)], watches=[[modified("a", 11), deleted("b", 12), added("c", 13), HANG]]
    )
    done = follow(script)
    assert done.store.objects == {"a": "11", "c": "13"}
    assert done.store.said == ["replace ab @10", "MODIFIED a @11", "DELETED b @12", "ADDED c @13"]
    listed, watched = script.asked
    assert listed.options == ListOptions(resource_version="0", limit=500)
    assert watched.options == ListOptions(
        resource_version="10", allow_watch_bookmarks=True, timeout_seconds=300
    )
    assert done.reflector.resource_version == "13"
    assert done.names == ["Listing", "Watching", "Stopped"]
    assert done.states[:2] == [
        Listing(since=0.0, reason=Reason.START, is_streaming=False),
        Watching(since=0.0, resource_version="10"),  # type: ignore[arg-type]
    ]


def test_cancelled_inside_the_watch() -> None:
    """Behaviour 5: cancelled while it watches, there was exactly one watch, it is closed, and nothing is raised."""
    done = follow(Script(lists=[page("a")], watches=[[HANG]]))
    assert done.script.requests == ["list 0", "watch 10"]
    assert done.failure is None
    assert isinstance(done.reflector.state, Stopped)


@pytest.mark.parametrize(
    "script",
    [
        Script(lists=[HANG]),
        Script(lists=[page("a", token="t"), HANG]),
        Script(lists=[page("a")], watches=[[added("b", 11), HANG]]),
        Script(lists=[ConnectionRefused("x")]),
        Script(lists=[page("a")], watches=[[says(403)]]),
    ],
    ids=["in the list", "in its second page", "in the watch", "in a wait", "in a slow wait"],
)
def test_cancel_is_prompt(script: Script) -> None:
    """Wherever it waits, a cancelled reflector is over at once, in no virtual time."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        reflector = Reflector(script.list_watch(), Notebook(), clock=LoopClock())
        task = asyncio.create_task(reflector.run())
        await asyncio.sleep(0.1)
        began = loop.time()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return loop.time() - began

    assert run_virtual(main) == 0.0
    assert script.open_watches == 0


def test_cancel_while_the_store_holds_back() -> None:
    """A store that takes no more does not keep the reflector from being cancelled."""
    script = Script(lists=[page("a")], watches=[[added("b", 11), HANG]])
    done = follow(script, seconds=5.0, store=Notebook(seconds_a_batch=100.0))
    assert done.store.said == ["replace a @10"]
    assert done.names[-1] == "Stopped"


def test_the_store_holds_the_stream_back() -> None:
    """The next batch is read when the store is ready, and nothing is lost meanwhile."""
    script = Script(lists=[page("a")], watches=[[added("b", 11), added("c", 12), HANG]])
    done = follow(script, seconds=25.0, store=Notebook(seconds_a_batch=10.0))
    assert done.store.said == ["replace a @10", "ADDED b @11", "ADDED c @12"]


def test_batches_reach_the_store_in_one_call() -> None:
    """What one read of the network brought goes to the store in one call, and its bookmark with it."""
    chunk = frame("ADDED", "b", 11) + frame("MODIFIED", "b", 12) + frame("BOOKMARK", "", 13)
    script = Scripted(answer(pod_list("a")), stream(chunk), last=stream(asyncio.CancelledError()))
    store = Notebook()

    async def main() -> None:
        client = Client(Config(host="https://api.test"), transport=script, clock=LoopClock())
        reflector = Reflector(ListWatch.from_client(client, Pod), store, clock=LoopClock(), watch_list=False)
        with suppress(asyncio.CancelledError):
            await reflector.run()

    run_virtual(main)
    assert store.said == ["replace a @10", "ADDED b MODIFIED b @13"]
    assert store.version == "13"


def test_lists_do_not_stay() -> None:
    """Behaviour 29: what is kept of a list is its objects; the list itself is let go."""

    class Held(ObjectList[Pod]):
        __slots__ = ("__weakref__",)

    kept: list[weakref.ref[Any]] = []

    class Own(Script):
        async def list(self, options: ListOptions) -> ObjectList[Pod]:
            found = await super().list(options)
            held = Held(found.items, metadata=found.metadata)
            kept.append(weakref.ref(held))
            return held

    done = follow(Own(lists=[page("ab")]))
    assert len(done.store.objects) == 2
    assert [each() for each in kept] == [None]


# Ends and failures of a watch


@pytest.mark.parametrize("code", [410, 429, 500, 403])
def test_an_error_event_closes_the_watch(code: int) -> None:
    """Behaviour 1: after an ERROR event the watch is closed, whatever might follow, and the failure is told."""
    script = Script(lists=[page("a")], watches=[[error(code), added("never", 11), HANG]])
    done = follow(script, seconds=0.5)
    assert len(script.watches) == 0
    assert "never" not in done.store.objects
    told = done.states[-2]
    assert isinstance(told, BackingOff)
    assert told.error is not None


def test_a_clean_end_is_followed_at_once() -> None:
    """A watch that ends in good order goes on at the last version at once, with neither list nor initial events."""
    script = Script(
        lists=[page("a")], watches=[[added("b", 11), Wait(300)], [Wait(300)], [bookmark(20), Wait(2)], [HANG]]
    )
    done = follow(script, seconds=700)
    assert script.requests == ["list 0", "watch 10", "watch 11", "watch 11", "watch 20"]
    assert [each.time for each in script.asked] == [0, 0, 300, 600, 602]
    assert all(each.options.send_initial_events is None for each in script.asked)
    assert backing_off(done.states) == []


def test_survives_closed_watches() -> None:
    """Behaviour 213: watches that close after each event lose none and repeat none."""
    script = Script(
        lists=[page("", 4)],
        watches=[[added("a", 5)], [added("b", 6)], [added("c", 7)], [added("d", 11)], [HANG]],
    )
    done = follow(script)
    assert done.store.said[1:] == ["ADDED a @5", "ADDED b @6", "ADDED c @7", "ADDED d @11"]
    assert script.requests == ["list 0", "watch 4", "watch 5", "watch 6", "watch 7", "watch 11"]


def test_a_very_short_watch() -> None:
    """Behaviour 7: a watch that ends within a second without a word has failed: a wait, then a list."""
    script = Script(lists=[page("a"), page("a", 12)], watches=[[], [HANG]])
    done = follow(script)
    assert backing_off(done.states) == [(Failure.VERY_SHORT_WATCH, 0.8)]
    assert script.requests == ["list 0", "watch 10", "list 10", "watch 12"]
    failed = done.states[2]
    assert isinstance(failed, BackingOff)
    assert failed.error is None


@pytest.mark.parametrize("refusals", [5, 40])
def test_refused_watches(refusals: int) -> None:
    """Behaviour 13: refused watches wait longer and longer up to a plateau, with one list only and no error."""
    backoff = Backoff(base=0.001, factor=2, cap=0.05, jitter=1.0)
    script = Script(lists=[page("a")], watches=[[ConnectionRefused("x")]] * refusals + [[HANG]])
    done = follow(script, seconds=10, backoff=backoff, random=lambda: 0.99)
    assert script.requests == ["list 0"] + ["watch 10"] * (refusals + 1)
    waited = script.asked[-1].time
    if refusals == 5:
        assert 0.031 <= waited <= 0.064
    else:
        assert 35 * 0.05 <= waited <= 40 * 0.1
    assert done.failure is None


def test_too_many_requests() -> None:
    """Behaviour 15: 429 at connect, then in the stream, then peace: two waits, one list."""
    script = Script(
        lists=[page("a")],
        watches=[[says(429, retry_after=7.0)], [error(429)], [Wait(100)], [HANG]],
    )
    done = follow(script)
    assert script.requests == ["list 0", "watch 10", "watch 10", "watch 10", "watch 10"]
    assert backing_off(done.states) == [(Failure.OVERLOADED, 7.0), (Failure.OVERLOADED, 1.6)]


def test_internal_errors_in_the_stream() -> None:
    """Behaviour 17: ERROR 500 as the first word of every stream: watches go on after growing waits, not in a loop."""
    script = Script(
        lists=[page("a")], watches=[[error(500)], [error(500)], [added("b", 11), error(500)], [HANG]]
    )
    done = follow(script)
    assert [wait for _, wait in backing_off(done.states)] == [0.8, 1.6, 0.8]
    assert script.requests == ["list 0", "watch 10", "watch 10", "watch 10", "watch 11"]


def test_watches_that_never_work_become_polling() -> None:
    """Where every watch is cut at once the store is kept up to date by lists, ever more rarely."""
    script = Script(
        lists=[page("a", 10), page("ab", 11), page("abc", 12)], watches=[[ConnectionLost("x")]] * 4
    )
    done = follow(script, seconds=60)
    assert script.requests == [
        *["list 0", "watch 10", "watch 10", "watch 10"],
        *["list 10", "watch 11", "list 11", "watch 12"],
    ]
    assert done.store.objects.keys() == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (ConnectionLost("torn"), Failure.CUT),
        (RequestTimeout("silent"), Failure.DEAD),
        (says(503), Failure.SERVER_ERROR),
        (says(401), Failure.UNAUTHORIZED),
        (Forbidden(says(403).status), Failure.FORBIDDEN),  # type: ignore[attr-defined]
    ],
)
def test_what_loses_nothing_resumes(failure: Exception, told: Failure) -> None:
    """After a failure that loses nothing the watch goes on from the last event, with no list."""
    script = Script(lists=[page("a")], watches=[[added("b", 11), failure], [added("c", 12), HANG]])
    done = follow(script)
    assert script.requests == ["list 0", "watch 10", "watch 11"]
    assert [each for each, _ in backing_off(done.states)] == [told]
    assert done.store.objects.keys() == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (DecodeError("not a frame"), Failure.UNDECODABLE),
        (says(404), Failure.NOT_FOUND),
        (OSError("whatever"), Failure.OTHER),
        (says(400), Failure.OTHER),
    ],
)
def test_what_may_have_lost_something_lists(failure: Exception, told: Failure) -> None:
    """After a failure that may have swallowed an event everything is listed again, at the last version."""
    script = Script(
        lists=[page("a"), page("ax", 13)], watches=[[added("b", 11), failure], [added("c", 14), HANG]]
    )
    done = follow(script)
    assert script.requests == ["list 0", "watch 10", "list 11", "watch 13"]
    assert [each for each, _ in backing_off(done.states)] == [told]
    assert done.store.objects.keys() == {"a", "x", "c"}


# 410, in its places


def test_expired_in_the_stream_and_on_the_list() -> None:
    """Behaviour 23: a watch's 410 is followed by a list at the last version, that one's 410 at once by one at ""."""
    script = Script(
        lists=[page("abcd", 10), says(410, "Expired"), page("abcdefgh", 12)],
        watches=[[added("b", 10), error(410, "Expired")], [HANG]],
    )
    done = follow(script)
    assert script.requests == ["list 0", "watch 10", "list 10", "list ", "watch 12"]
    assert script.asked[3].options.limit == 500
    assert script.asked[3].time == script.asked[2].time
    assert len(done.store.objects) == 8
    assert backing_off(done.states) == [(Failure.EXPIRED, 0.8)]


def test_expired_as_an_answer() -> None:
    """A 410 that is the answer to the watch request itself means the same as one in the stream."""
    script = Script(lists=[page("a"), page("ab", 12)], watches=[[says(410)], [HANG]])
    done = follow(script)
    assert script.requests == ["list 0", "watch 10", "list 10", "watch 12"]
    assert backing_off(done.states) == [(Failure.EXPIRED, 0.8)]


def test_expired_on_a_page() -> None:
    """A continue token that expires is followed by one whole list at the original version, at once."""
    script = Script(lists=[page("ab", 10, token="t"), says(410), page("abcd", 12)])
    done = follow(script)
    options = [each.options for each in script.asked if each.verb == "list"]
    assert options == [
        ListOptions(resource_version="0", limit=500),
        ListOptions(limit=500, continue_="t"),
        ListOptions(resource_version="0"),
    ]
    assert done.store.said[0] == "replace abcd @12"
    assert backing_off(done.states) == []


@pytest.mark.parametrize(
    "too_large",
    [
        says(504, "Timeout", "Too large resource version: 20, current: 12"),
        says(500, "InternalError", "Too large resource version"),
    ],
)
def test_too_large(too_large: Exception) -> None:
    """Behaviour 25: a relist that is told "too large" is asked again at "" at once; no failure surfaces."""
    script = Script(
        lists=[page("a", 20), too_large, page("ab", 12)], watches=[[says(410)], [added("c", 13), HANG]]
    )
    done = follow(script)
    assert script.requests == ["list 0", "watch 20", "list 20", "list ", "watch 12"]
    assert done.store.said == ["replace a @20", "replace ab @12", "ADDED c @13"]
    assert [each for each, _ in backing_off(done.states)] == [Failure.EXPIRED]


# Pages


def test_explicit_pages() -> None:
    """Behaviour 19: if pages are wanted always, every list has its limit, also at a known version."""
    pages = [page("abcd", 10, token="C1"), page("efgh", 10, token="C2"), page("ij", 10)]
    script = Script(lists=[*pages, page("", 11)], watches=[[error(410)]])
    done = follow(script, page_size=4, always_page=True)
    assert [each.options.limit for each in script.asked if each.verb == "list"] == [4] * 4
    assert done.store.said[0] == "replace abcdefghij @10"


def test_pages_where_the_server_has_no_cache() -> None:
    """Behaviour 21: if the list at "0" came in pages, the next list is asked for in pages, too."""
    script = Script(lists=[page("a", 10, token="t"), page("b", 10), page("ab", 11)], watches=[[error(410)]])
    follow(script)
    relist = [each for each in script.asked if each.verb == "list"][2]
    assert relist.options == ListOptions(resource_version="10", limit=500)


# What is left out


def test_order() -> None:
    """Behaviour 9: a foreign object and an event older than the last are left out and counted; the version stays."""
    foreign = WatchEvent(EventType.ADDED, Service())
    script = Script(
        lists=[page("fb", 10)],
        watches=[[foreign, deleted("f", 50), modified("b", 55), added("z", 32), HANG]],  # type: ignore[list-item]
    )
    done = follow(script, expected=Pod)
    assert done.store.objects == {"b": "55"}
    assert done.reflector.resource_version == "55"
    assert (done.reflector.counts.skipped, done.reflector.counts.stale) == (1, 1)
    assert (
        done.reflector.counts.last_skipped
        == "ADDED <Service (unnamed) resource_version=None>: Service instead of Pod"
    )


def test_skips_what_is_known() -> None:
    """Behaviour 209: events up to the version where the watch began are not given out again."""
    script = Script(lists=[page("a", 2)], watches=[[added("a", 1), added("b", 3), added("b", 3), HANG]])
    done = follow(script)
    assert done.store.said == ["replace a @2", "ADDED b @3"]
    assert (done.reflector.counts.stale, done.reflector.counts.duplicates) == (1, 1)


def test_left_out_of_lists(caplog: pytest.LogCaptureFixture) -> None:
    """An object without a name, in a list or in an event, costs only itself and is logged."""
    listed = page("a")
    listed.items.append(a_pod("", 3))
    script = Script(
        lists=[listed], watches=[[added("", 11), added("b", 12), added("c", 0), error(410)], [HANG]]
    )
    with caplog.at_level(logging.WARNING):
        done = follow(script)
    assert done.store.said[:2] == ["replace a @10", "ADDED b @12"]
    assert done.reflector.counts.skipped == 3
    assert "left out 2 events, the last: ADDED" in caplog.text


def test_a_deletion_out_of_order() -> None:
    """A deletion that is older than what is known is neither believed nor ignored: a list tells."""
    script = Script(
        lists=[page("ab", 10), page("a", 21)], watches=[[modified("a", 20), deleted("b", 9)], [HANG]]
    )
    done = follow(script)
    assert script.requests == ["list 0", "watch 10", "list 20", "watch 21"]
    assert backing_off(done.states) == [(Failure.OUT_OF_ORDER, 0.8)]
    assert done.store.objects.keys() == {"a"}


def test_a_server_that_fell_behind() -> None:
    """Bookmarks that stay older than what is known show a server whose history ends before: it is listed anew."""
    script = Script(
        lists=[page("a", 20), says(504, "Timeout", "Too large resource version"), page("b", 7)],
        watches=[[bookmark(5), Wait(60), bookmark(6), HANG], [added("c", 8), HANG]],
    )
    done = follow(script)
    assert script.requests == ["list 0", "watch 20", "list 20", "list ", "watch 7"]
    assert backing_off(done.states) == [(Failure.TOO_LARGE, 0.8)]
    assert done.store.said == ["replace a @20", "replace b @7", "ADDED c @8"]


# Servers that name no versions


def test_synthetic_events_are_no_place_to_go_on_from() -> None:
    """A watch without a version begins with ADDED in any order; only what follows is a version to resume from."""
    script = Script(
        lists=[page("ab", "")],
        watches=[[added("b", 9), added("a", 3), modified("a", 12), ConnectionLost("x")], [HANG]],
    )
    done = follow(script)
    assert script.requests == ["list 0", "watch ", "watch 12"]
    assert done.store.said == ["replace ab @", "ADDED b @", "ADDED a @", "MODIFIED a @12"]


def test_without_any_version_everything_is_fetched_again() -> None:
    """Cut before there was a version, the watch cannot be resumed: everything is listed again, after a wait."""
    script = Script(
        lists=[page("a", ""), page("b", "")], watches=[[added("a", 3), ConnectionLost("x")], [HANG]]
    )
    done = follow(script)
    assert script.requests == ["list 0", "watch ", "list 0", "watch "]
    assert done.store.objects.keys() == {"b"}


# Silence


def test_silence_after_bookmarks_is_death() -> None:
    """Once a bookmark has come, 90 s without a word mean a dead connection: the watch is resumed elsewhere."""
    script = Script(lists=[page("a")], watches=[[bookmark(11), Wait(60), bookmark(12), HANG], [HANG]])
    done = follow(script)
    assert script.requests == ["list 0", "watch 10", "watch 12"]
    assert script.asked[-1].time == pytest.approx(60 + 90 + 0.8)
    assert backing_off(done.states) == [(Failure.DEAD, 0.8)]


def test_silence_without_bookmarks_is_patience() -> None:
    """Without bookmarks a quiet watch stands until its own timeout and a margin are over."""
    script = Script(lists=[page("a")], watches=[[added("b", 11), HANG], [HANG]])
    done = follow(script, seconds=400)
    assert script.requests == ["list 0", "watch 10", "watch 11"]
    assert script.asked[-1].time == pytest.approx(300 + 30 + 5 + 0.8)
    assert backing_off(done.states) == [(Failure.DEAD, 0.8)]


def test_a_slow_store_is_no_silence() -> None:
    """The time for which the store holds the stream back does not count as the server's silence."""
    script = Script(lists=[page("a")], watches=[[bookmark(11), bookmark(12), HANG]])
    done = follow(script, seconds=300, store=Notebook(seconds_a_batch=100.0))
    assert done.store.said == ["replace a @10", "bookmark @11", "bookmark @12"]
    assert backing_off(done.states) == []


def test_last_contact() -> None:
    """Lists, changes and bookmarks prove contact; what is older than what is known does not."""
    pieces = [Wait(10), added("b", 11), Wait(10), bookmark(12), Wait(10), added("c", 5), bookmark(6), HANG]
    script = Script(lists=[page("a")], watches=[pieces])
    assert follow(script, seconds=60).reflector.last_contact == 20.0
    assert follow(Script(lists=[HANG])).reflector.last_contact is None
    assert follow(Script(lists=[Wait(5), page("a")])).reflector.last_contact == 5.0


# Failures of lists, and policies


def test_lists_are_retried() -> None:
    """§1.5: a list that fails is asked for again after growing waits; each failure is told with its reason."""
    script = Script(lists=[ConnectionRefused("x"), ConnectionRefused("x"), says(500), page("a")])
    done = follow(script, backoff=EXACT)
    assert [each.time for each in script.asked if each.verb == "list"] == pytest.approx([0, 0.8, 2.4, 3.2])
    assert backing_off(done.states) == [
        (Failure.REFUSED, 0.8),
        (Failure.REFUSED, 1.6),
        (Failure.SERVER_ERROR, 0.8),
    ]
    reasons = [each.reason for each in done.states if isinstance(each, Listing)]
    assert reasons == [Reason.START, Reason.RETRY, Reason.RETRY, Reason.RETRY]
    assert done.store.objects.keys() == {"a"}


@pytest.mark.parametrize("code", [401, 403, 404])
def test_what_somebody_has_to_cure_is_asked_slowly(code: int) -> None:
    """Forbidden, unknown and not found are asked again at a slower pace, and found when they are cured."""
    script = Script(lists=[says(code), says(code), page("a")])
    done = follow(script)
    assert [seconds for _, seconds in backing_off(done.states)] == [5.0, 10.0]
    assert done.store.objects.keys() == {"a"}


def test_give_up() -> None:
    """Behaviour 211: where the policy is to give up, the failure ends the run, and the state says so for good."""
    script = Script(lists=[page("a")], watches=[[says(403, "Forbidden")]])
    done = follow(script, policies={Failure.FORBIDDEN: Policy.GIVE_UP})
    assert isinstance(done.failure, Forbidden)
    state = done.reflector.state
    assert isinstance(state, Broken)
    assert (state.failure, state.error) == (Failure.FORBIDDEN, done.failure)
    assert done.names == ["Listing", "Watching", "Broken"]


def test_give_up_on_what_raised_nothing() -> None:
    """A failure without an exception of its own ends the run with one that names it."""
    done = follow(
        Script(lists=[page("a")], watches=[[]]), policies={Failure.VERY_SHORT_WATCH: Policy.GIVE_UP}
    )
    assert isinstance(done.failure, ListWatchError)
    assert "very short watch" in str(done.failure)


def test_hold_until_told() -> None:
    """Held, nothing is asked until the program says so: a CRD that comes later."""
    script = Script(lists=[says(404), says(404), page("a")])

    async def main() -> list[float]:
        reflector = Reflector(
            script.list_watch(), Notebook(), clock=LoopClock(), policies={Failure.NOT_FOUND: Policy.HOLD}
        )
        reflector.retry_now()
        task = asyncio.create_task(reflector.run())
        for _ in range(2):
            await asyncio.sleep(5000)
            state = reflector.state
            assert isinstance(state, BackingOff)
            assert (state.seconds, type(state.error)) == (float("inf"), NotFound)
            reflector.retry_now()
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return [each.time for each in script.asked]

    assert run_virtual(main) == [0, 5000, 10000, 10000]


def test_a_wait_can_be_cut_short() -> None:
    """`retry_now` ends an ordinary wait, too."""
    script = Script(lists=[says(403), page("a")])

    async def main() -> None:
        reflector = Reflector(script.list_watch(), Notebook(), clock=LoopClock())
        task = asyncio.create_task(reflector.run())
        await asyncio.sleep(1)
        reflector.retry_now()
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run_virtual(main)
    assert [each.time for each in script.asked] == [0, 1, 1]


# Bugs are loud


@pytest.mark.parametrize("method", ["replace", "apply", "bookmark", "ready"])
def test_a_bug_in_the_store_ends_the_run(method: str) -> None:
    """What the store raises ends the run with that exception, with the watch closed."""
    store = Notebook()

    def fail(*_: object) -> Any:
        raise ZeroDivisionError(method)

    setattr(store, method, fail)
    script = Script(lists=[page("a")], watches=[[bookmark(11), added("b", 12), HANG]])
    done = follow(script, store=store)
    assert isinstance(done.failure, ZeroDivisionError)
    assert done.names[-1] == "Stopped"


def test_a_bug_in_the_list_function_is_logged_and_retried(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a foreign list or watch function raises is a failure like others, with its traceback in the log."""
    script = Script(lists=[KeyError("no"), page("a")], watches=[[KeyError("no")], [HANG]])
    done = follow(script)
    assert [each for each, _ in backing_off(done.states)] == [Failure.OTHER, Failure.OTHER]
    assert "what nobody foresaw" in caplog.text
    assert caplog.records[0].exc_info is not None


def test_a_watch_function_that_raises_at_once() -> None:
    """A watch function that fails before there is anything to read is a failed watch."""

    def watch(_: ListOptions) -> AsyncIterator[WatchEvent[Pod]]:
        raise says(503)

    script = Script(lists=[page("a")])

    async def main() -> list[Any]:
        states: list[Any] = []
        source = ListWatch(list_func=script.list, watch_func=watch)
        reflector = Reflector(source, Notebook(), clock=LoopClock(), on_state=states.append)
        task = asyncio.create_task(reflector.run())
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return states

    assert [type(each) for each in run_virtual(main)] == [Listing, BackingOff, Stopped]


# Running


def test_run_again() -> None:
    """A run after a run lists at the version where the first one stopped, not at an older one."""
    script = Script(
        lists=[page("a"), page("abc", 20)],
        watches=[[added("b", 15), HANG], [added("d", 21), HANG]],
    )
    store = Notebook()

    async def main() -> Reflector[Pod]:
        reflector = Reflector(script.list_watch(), store, clock=LoopClock())
        assert isinstance(reflector.state, Idle)
        for _ in range(2):
            task = asyncio.create_task(reflector.run())
            await asyncio.sleep(1)
            with pytest.raises(RuntimeError, match="running already"):
                await reflector.run()
            assert isinstance(reflector.state, Watching)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert isinstance(reflector.state, Stopped)
        return reflector

    assert run_virtual(main).counts.lists == 2
    assert script.requests == ["list 0", "watch 10", "list 15", "watch 20"]
    assert store.objects.keys() == {"a", "b", "c", "d"}


def test_states_are_a_stream() -> None:
    """A program reads the states as they come, each reader all of them, to the end."""
    script = Script(lists=[says(500), page("a")], watches=[[error(410)], [HANG]])

    async def main() -> list[list[str]]:
        reflector = Reflector(script.list_watch(), Notebook(), clock=LoopClock(), random=lambda: 0.0)

        async def read() -> list[str]:
            return [type(state).__name__ async for state in reflector.states()]

        readers = [asyncio.create_task(read()) for _ in range(2)]
        await asyncio.sleep(0)
        task = asyncio.create_task(reflector.run())
        await asyncio.sleep(100)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await asyncio.gather(*readers)

    names = [
        "Idle",
        "Listing",
        "BackingOff",
        "Listing",
        "Watching",
        "BackingOff",
        "Listing",
        "Watching",
        "Stopped",
    ]
    assert run_virtual(main) == [names, names]


def test_a_watch_that_stood_starts_waits_anew() -> None:
    """Waits begin from the shortest again after a watch that stood for a minute."""
    script = Script(
        lists=[page("a", 10), page("a", 11), page("a", 12), page("a", 13)],
        watches=[[error(410)], [error(410)], [Wait(61), error(410)], [HANG]],
    )

    async def main() -> list[float]:
        states: list[Any] = []
        transport = script.list_watch()
        reflector = Reflector(
            transport, Notebook(), clock=LoopClock(), random=lambda: 0.0, on_state=states.append
        )
        task = asyncio.create_task(reflector.run())
        await asyncio.sleep(200)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return [seconds for _, seconds in backing_off(states)]

    # Of a plain iterator only its first event shows that it stood; here the ERROR is that.
    assert run_virtual(main) == [0.8, 1.6, 3.2]
    script = Script(
        lists=[page("a", 10), page("a", 11), page("a", 12), page("a", 13)],
        watches=[[error(410)], [error(410)], [bookmark(12), Wait(61), error(410)], [HANG]],
    )
    assert run_virtual(main) == [0.8, 1.6, 0.8]


def test_watch_timeouts_differ() -> None:
    """Behaviour 27: each watch's timeout is drawn anew, between the minimum and its double."""
    numbers = iter([0.0, 0.0, 0.25, 0.5, 0.75] * 9)
    script = Script(lists=[page("a")], watches=[[Wait(2)], [Wait(2)], [HANG]])
    follow(script, seconds=5, random=lambda: next(numbers), min_watch_seconds=1800.0)
    timeouts = [each.options.timeout_seconds for each in script.asked if each.verb == "watch"]
    assert timeouts == [2250, 3150, 1800]


def test_refuses_empty_pages() -> None:
    """A page of no objects cannot be asked for."""
    with pytest.raises(ValueError, match="at least one object"):
        Reflector(Script().list_watch(), Notebook(), page_size=0)


def test_expected_kind_of_a_client() -> None:
    """A ListWatch of a client knows what its objects are, so that others are left out without being told."""
    client = Client(Config(host="https://api.test"), transport=Scripted())
    tabs = Resource("stable.example.com", "v1", "crontabs", "CronTab")
    assert ListWatch.from_client(client, Pod).kind is Pod
    assert ListWatch.from_client(client, tabs).kind == tabs
    foreign = json.loads(frame("ADDED", "s", 11)) | {}
    foreign["object"]["kind"] = "Secret"
    script = Scripted(
        answer(pod_list("a")),
        stream(json.dumps(foreign).encode() + b"\n" + frame("ADDED", "b", 12)),
        last=stream(asyncio.CancelledError()),
    )
    store = Notebook()

    async def main() -> Reflector[Pod]:
        source = ListWatch.from_client(Client(Config(host="https://api.test"), transport=script), Pod)
        reflector = Reflector(source, store, clock=LoopClock(), watch_list=False)
        with suppress(asyncio.CancelledError):
            await reflector.run()
        return reflector

    assert "kind Secret instead of Pod" in run_virtual(main).counts.last_skipped
    assert store.objects.keys() == {"a", "b"}
