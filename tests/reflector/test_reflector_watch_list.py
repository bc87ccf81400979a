"""Streamed lists (KEP-3157), scripted, in virtual time. Numbers are those of client-go's behaviours."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from list_watch_script import (
    HANG,
    Followed,
    Notebook,
    Piece,
    Script,
    Wait,
    added,
    bookmark,
    deleted,
    error,
    follow,
    modified,
    page,
    says,
)
from virtual_time import run_virtual

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ConnectionLost, ConnectionRefused
from listwatch.apimachinery.options import ListOptions
from listwatch.reflector.failure import Failure
from listwatch.reflector.list_watch import ListWatch
from listwatch.reflector.reflector import Reflector
from listwatch.reflector.states import BackingOff, Listing, Reason
from listwatch.reflector.watch_list_support import WatchListSupport

INITIAL: list[Piece] = [added("a", 1), added("b", 2), bookmark(2, "true")]


def waited(done: Followed) -> list[tuple[Failure, float]]:
    """What was waited for, and how long."""
    return [(each.failure, each.seconds) for each in done.states if isinstance(each, BackingOff)]


def test_synced_by_one_request() -> None:
    """Behaviours 11, 39: two ADDED and the marked bookmark: one request, both in the store as one replacement."""
    done = follow(Script(watches=[[*INITIAL, HANG]]), streams=True)
    assert done.store.said == ["replace ab @2"]
    (asked,) = done.script.asked
    assert asked.options == ListOptions(
        resource_version="",
        resource_version_match="NotOlderThan",
        send_initial_events=True,
        allow_watch_bookmarks=True,
        timeout_seconds=300,
    )
    assert done.names == ["Listing", "Watching", "Stopped"]
    assert isinstance(done.states[0], Listing)
    assert done.states[0].is_streaming


def test_the_same_stream_goes_on_as_the_watch() -> None:
    """What follows the marked bookmark on the same stream are changes; the connection is kept."""
    script = Script(watches=[[*INITIAL, added("c", 3), deleted("a", 4), Wait(200), modified("c", 5), HANG]])
    done = follow(script, streams=True)
    assert script.requests == ["stream "]
    assert done.store.said == ["replace ab @2", "ADDED c @3", "DELETED a @4", "MODIFIED c @5"]


def test_stopped_after_sync() -> None:
    """Behaviour 43: a stream that ends after the mark and one ADDED is followed by a plain watch from there."""
    script = Script(watches=[[*INITIAL, added("c", 3)], [HANG]])
    done = follow(script, streams=True)
    assert script.requests == ["stream ", "watch 3"]
    assert script.asked[1].options.send_initial_events is None
    assert done.store.objects.keys() == {"a", "b", "c"}


def test_version_comes_from_the_mark() -> None:
    """Behaviour 35: before the mark there is no version, whatever the objects say; after it, it is the bookmark's."""
    no_mark = follow(Script(watches=[[added("a", 7), HANG]]), streams=True, seconds=10)
    assert no_mark.reflector.resource_version == ""
    assert no_mark.store.said == []
    marked = follow(Script(watches=[[added("a", 7), bookmark(2, "true"), HANG]]), streams=True)
    assert marked.reflector.resource_version == "2"


def test_the_marks_value_counts() -> None:
    """Behaviour 45: a bookmark whose annotation is "false", or that has none, is no mark."""
    script = Script(
        watches=[[added("a", 1), bookmark(2, "false"), bookmark(3), HANG], [HANG]], lists=[page("a", 9)]
    )
    done = follow(script, streams=True)
    assert script.requests == ["stream ", "list 0", "watch 9"]
    assert done.store.said == ["replace a @9"]


def test_off() -> None:
    """Behaviours 33, 37: switched off, or not supported by who lists and watches, there are lists and plain watches."""
    for options in ({"streams": True, "watch_list": False}, {"streams": False}):
        done = follow(Script(lists=[page("a", 1)]), **options)  # type: ignore[arg-type]
        assert done.script.requests == ["list 0", "watch 1"]
        assert done.script.asked[0].options.limit == 500


def test_on_for_whoever_does_not_say() -> None:
    """Behaviours 33, 47: who lists and watches and says nothing is asked for streams; two functions say no."""

    class Silent:
        def __init__(self, script: Script) -> None:
            self.list, self.watch = script.list, script.watch

    script = Script(watches=[[*INITIAL, HANG]])

    async def main() -> None:
        reflector: Reflector[Pod] = Reflector(Silent(script), Notebook(), clock=LoopClock())
        task = asyncio.create_task(reflector.run())
        await asyncio.sleep(1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    run_virtual(main)
    assert script.requests == ["stream "]
    assert not ListWatch(list_func=script.list, watch_func=script.watch).supports_watch_list


def test_too_many_requests() -> None:
    """Behaviour 41: two 429 at the connect, then success: three like requests, two waits."""
    script = Script(watches=[[says(429)], [says(429)], [*INITIAL, HANG]])
    done = follow(script, streams=True)
    first, second, third = script.asked
    assert first.options == second.options == third.options
    assert waited(done) == [(Failure.OVERLOADED, 0.8), (Failure.OVERLOADED, 1.6)]
    assert done.store.said == ["replace ab @2"]


def test_refused() -> None:
    """Where nothing listens the stream is asked for again: a list would be refused as well."""
    script = Script(watches=[[ConnectionRefused("x")], [*INITIAL, HANG]])
    done = follow(script, streams=True)
    assert script.requests == ["stream ", "stream "]
    assert waited(done) == [(Failure.REFUSED, 0.8)]


def relisted(*second: list[Piece], lists: list[Any] | None = None) -> Followed:
    """A synced reflector whose watch expires, with what then comes."""
    return follow(Script(watches=[[*INITIAL, error(410)], *second], lists=lists or []), streams=True)


def test_relist_by_stream() -> None:
    """After an expired watch the next streamed list asks for nothing older than what is known."""
    done = relisted([added("b", 2), added("c", 9), bookmark(9, "true"), HANG])
    assert done.script.requests == ["stream ", "stream 2"]
    assert done.store.said == ["replace ab @2", "replace bc @9"]
    assert [each.reason for each in done.states if isinstance(each, Listing)] == [
        Reason.START,
        Reason.EXPIRED,
    ]


@pytest.mark.parametrize("code", [410, 504])
def test_version_lost_by_a_stream(code: int) -> None:
    """A streamed list whose version is expired or not reached is asked for at "" at once, still as a stream."""
    lost = error(code, message="Too large resource version" if code == 504 else "")
    done = relisted([lost], [added("c", 9), bookmark(9, "true"), HANG])
    assert done.script.requests == ["stream ", "stream 2", "stream "]
    assert done.script.asked[2].time == done.script.asked[1].time
    assert done.store.said[-1] == "replace c @9"


def test_an_interrupted_stream_leaves_no_ghosts() -> None:
    """What an interrupted streamed list brought is forgotten: only what came before the mark of one stream counts."""
    script = Script(watches=[[added("ghost", 1), ConnectionLost("x")], [HANG]], lists=[page("a", 9)])
    done = follow(script, streams=True)
    assert script.requests == ["stream ", "list 0", "watch 9"]
    assert done.store.objects.keys() == {"a"}
    assert waited(done) == [(Failure.CUT, 0.8)]


def test_a_stream_that_ends_early() -> None:
    """A streamed list that ends in good order before its mark was cut short: a wait, then pages for this time."""
    script = Script(
        watches=[[added("a", 1)], [error(410)], [added("b", 9), bookmark(9, "true"), HANG]],
        lists=[page("a", 5)],
    )
    done = follow(script, streams=True)
    assert script.requests == ["stream ", "list 0", "watch 5", "stream 5"]
    assert waited(done) == [(Failure.CUT, 0.8), (Failure.EXPIRED, 0.8)]


@pytest.mark.parametrize("code", [400, 405, 422])
def test_a_server_that_does_not_know_streams(code: int) -> None:
    """A refusal of the request itself is answered by a list at once, and remembered: relists do not ask again."""
    support = WatchListSupport()
    script = Script(watches=[[says(code)], [error(410)], [HANG]], lists=[page("a", 5), page("b", 6)])
    done = follow(script, streams=True, support=support)
    assert script.requests == ["stream ", "list 0", "watch 5", "list 5", "watch 6"]
    assert script.asked[1].time == 0.0
    assert waited(done) == [(Failure.EXPIRED, 0.8)]
    assert not support.allows(250.0)


def test_forbidden_streams_are_not_remembered() -> None:
    """A 403 may be about the stream or about the watch: the list is asked at once, and tells."""
    script = Script(watches=[[says(403)], [HANG]], lists=[page("a", 5)])
    support = WatchListSupport()
    done = follow(script, streams=True, support=support)
    assert script.requests == ["stream ", "list 0", "watch 5"]
    assert waited(done) == []
    assert support.allows(0.0)


def test_the_missing_mark() -> None:
    """A stream whose end is not marked within 30 s of its last object is given up for pages, and that is remembered."""
    support = WatchListSupport()
    pieces: list[Piece] = [Wait(20), added("a", 1), Wait(20), added("b", 2), Wait(20), modified("b", 3), HANG]
    script = Script(watches=[pieces, [HANG]], lists=[page("ab", 5)])
    done = follow(script, streams=True, support=support)
    assert script.requests == ["stream ", "list 0", "watch 5"]
    assert script.asked[1].time == 20 + 20 + 30
    assert not support.allows(100.0)
    assert waited(done) == []
    other = follow(Script(lists=[page("a", 1)]), streams=True, support=support)
    assert other.script.requests == ["list 0", "watch 1"]


def test_a_mark_that_never_comes_among_additions() -> None:
    """A stream that keeps adding and ends without a mark shows the same, when it ends."""
    support = WatchListSupport()
    many: list[Piece] = [each for n in range(1, 5) for each in (added("a", n), Wait(20))]
    script = Script(watches=[many, [HANG]], lists=[page("ab", 5)])
    follow(script, streams=True, support=support)
    assert script.requests == ["stream ", "list 0", "watch 5"]
    assert not support.allows(100.0)


def test_an_upgraded_server_is_noticed() -> None:
    """A refusal is forgotten after an hour: the next relist is a stream again."""
    script = Script(
        watches=[
            [says(422)],
            [Wait(200), bookmark(8), Wait(50), error(410)],
            [*INITIAL[:2], bookmark(9, "true"), HANG],
        ],
        lists=[page("a", 5)],
    )
    follow(script, streams=True, seconds=300, support=WatchListSupport(forget_after=240.0))
    assert script.requests == ["stream ", "list 0", "watch 5", "stream 8"]


def test_always_tried_if_told_to() -> None:
    """With `watch_list=True` what is remembered does not count."""
    support = WatchListSupport()
    support.refused(0.0)
    done = follow(Script(watches=[[*INITIAL, HANG]]), streams=False, watch_list=True, support=support)
    assert done.script.requests == ["stream "]
    assert support.allows(0.0)


def test_an_old_stream_is_not_taken() -> None:
    """A streamed list that is older than what is known is closed and asked for again at ""."""
    done = relisted(
        [added("x", 1), bookmark(1, "true"), added("y", 3)], [added("c", 9), bookmark(9, "true"), HANG]
    )
    assert done.script.requests == ["stream ", "stream 2", "stream "]
    assert done.store.said == ["replace ab @2", "replace c @9"]


def test_what_cannot_be_kept_costs_only_itself() -> None:
    """A nameless object among the initial events is left out and counted, and a deletion before the mark counts."""
    pieces = [
        added("", 1),
        added("a", 2),
        added("b", 3),
        deleted("a", 4),
        modified("b", 5),
        bookmark(5, "true"),
        HANG,
    ]
    done = follow(Script(watches=[pieces]), streams=True)
    assert done.store.objects == {"b": "5"}
    assert done.reflector.counts.skipped == 1


def test_a_mark_without_a_version() -> None:
    """A server that marks the end but names no version is asked for everything again when the watch ends."""
    script = Script(watches=[[added("a", 1), bookmark(0, "true"), Wait(5)], [*INITIAL, HANG]])
    done = follow(script, streams=True)
    assert script.requests == ["stream ", "stream "]
    assert done.store.said == ["replace a @", "replace ab @2"]
