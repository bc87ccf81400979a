"""Every exchange is told of, once, from its first line to the end of its body."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, PODS, Caller, config_map
from multidict import CIMultiDict

from listwatch.apimachinery.errors import ConnectionLost
from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.journal.exchange import End, Trace


class Notes:
    """An observer that writes everything down."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.traces: list[Trace] = []

    def began(self, trace: Trace) -> None:
        self.told.append(("began", trace.number, trace.target.verb, trace.user and trace.user.name))

    def answered(self, trace: Trace) -> None:
        self.told.append(("answered", trace.number, trace.status))

    def ended(self, trace: Trace, end: End) -> None:
        self.told.append(("ended", trace.number, end))
        self.traces.append(trace)


def test_three_moments_of_an_exchange(virtual: Any) -> None:
    """An observer hears that a request began, was answered, and ended, with what was sent by then."""

    async def main() -> None:
        notes = Notes()
        caller = Caller(observers=[notes])
        answer = await caller.get(PODS)
        assert notes.told == [("began", 1, "list", "admin"), ("answered", 1, 200), ("ended", 1, "complete")]
        assert notes.traces[0].sent_bytes == len(answer.body)

    virtual(main)


def test_who_is_not_known_is_told_as_nobody(virtual: Any) -> None:
    """A token that nobody has is an exchange too, without a user."""

    async def main() -> None:
        notes = Notes()
        await Caller(observers=[notes]).send("GET", PODS, peer=None, authorization="Bearer nonsense")
        assert notes.told == [("began", 1, "list", None), ("answered", 1, 401), ("ended", 1, "complete")]

    virtual(main)


def test_a_watch_counts_its_events_and_says_who_ended_it(virtual: Any) -> None:
    """Events and bookmarks are counted; a client that leaves has left, a watch that runs out is complete."""

    async def main() -> None:
        notes = Notes()
        caller = Caller(observers=[notes], bookmark_interval=5)
        ours = await caller.watch(f"{CONFIG_MAPS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=12")
        theirs = await caller.watch(f"{CONFIG_MAPS}?watch=1")
        await caller.create(CONFIG_MAPS, config_map("a"))
        await ours.settle()
        await theirs.close()
        await asyncio.sleep(20)
        by_number = {trace.number: trace for trace in notes.traces}
        assert (by_number[1].events, by_number[1].bookmarks) == (1 + 3, 3)
        assert (by_number[2].events, by_number[2].bookmarks) == (1, 0)
        assert [each for each in notes.told if each[0] == "ended"] == [
            ("ended", 3, "complete"),
            ("ended", 2, "left"),
            ("ended", 1, "complete"),
        ]

    virtual(main)


def test_a_head_request_is_complete_without_its_body(virtual: Any) -> None:
    """Closing the answer to a HEAD is its proper end."""

    async def main() -> None:
        notes = Notes()
        answer = await Caller(observers=[notes]).open("HEAD", "/healthz")
        await answer.aclose()
        await answer.aclose()
        assert notes.told[-1:] == [("ended", 1, "complete")]
        assert len(notes.told) == 3

    virtual(main)


def test_an_interceptor_may_answer_refuse_or_cut(virtual: Any) -> None:
    """What stands between a request and its answer decides; a cut reaches the caller and is told as one."""

    async def main() -> None:
        notes = Notes()

        async def intercept(trace: Trace, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
            if trace.target.verb == "list":
                raise ConnectionLost("cut")
            return await proceed(trace.request)

        caller = Caller(observers=[notes], interceptor=intercept)
        assert (await caller.get("/version")).status == 200
        with pytest.raises(ConnectionLost):
            await caller.server.handle(Request("GET", PODS, CIMultiDict(), b""))
        assert notes.told[-2:] == [("began", 2, "list", "system:anonymous"), ("ended", 2, "cut")]

    virtual(main)


def test_changes_are_signed(virtual: Any) -> None:
    """Each change says who made it, when, and by which request; the server's own say nobody."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        (change,) = caller.server.log.history("configmaps", "default/a")
        assert change.origin is not None
        assert (change.origin.user, change.origin.request) == ("admin", 1)
        assert change.origin.time.isoformat() == "2026-01-01T00:00:00+00:00"
        (seeded,) = caller.server.log.history("namespaces", "default")
        assert seeded.origin is not None
        assert (seeded.origin.user, seeded.origin.request) == ("", 0)

    virtual(main)


def test_what_is_refused_at_the_door_is_an_exchange_too(virtual: Any) -> None:
    """A body that is too large is answered before anybody asks who sent it; observers hear of it all the same."""

    async def main() -> None:
        notes = Notes()
        await Caller(observers=[notes]).send("POST", CONFIG_MAPS, b" " * (3 * 1024 * 1024 + 1))
        assert [told[0] for told in notes.told] == ["began", "answered", "ended"]

    virtual(main)
