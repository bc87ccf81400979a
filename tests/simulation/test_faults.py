"""What a client sees of each fault, and that the faults do what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from faults import STRIKES, Fault, FaultKind, FaultyTransport, Verb, verb_of
from virtual_time import run_virtual

from listwatch.api.core_v1 import ConfigMap
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import (
    BadRequest,
    ConnectionLost,
    ConnectionRefused,
    DecodeError,
    Expired,
    Forbidden,
    InternalError,
    Invalid,
    ListWatchError,
    NotFound,
    ProtocolError,
    RequestTimeout,
    ServerTimeout,
    ServiceUnavailable,
    TooManyRequests,
)
from listwatch.apimachinery.http import Request
from listwatch.apimachinery.options import ListOptions
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.server import APIServer
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.credentials import StaticToken
from listwatch.client.resource import ResourceClient
from listwatch.client.retry import RetryPolicy

K = FaultKind
STREAM = ListOptions(
    send_initial_events=True,
    allow_watch_bookmarks=True,
    resource_version_match="NotOlderThan",
    timeout_seconds=600,
)


class Place:
    """A server with three ConfigMaps, a network, a client that does not try twice."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.server = APIServer(clock=self.clock, tokens={"t": User("u", ("system:masters",))})
        self.network = FaultyTransport(self.server.handle)
        config = Config(host="http://simulated.invalid", credentials=StaticToken("t"))
        retry = RetryPolicy(max_retries=0)
        self.client = Client(config, transport=self.network, clock=self.clock, retry=retry)
        self.writer = Client(config, transport=self.server.handle, clock=self.clock)

    @property
    def maps(self) -> ResourceClient[ConfigMap]:
        """What is followed."""
        return self.client.resource(ConfigMap)

    async def write(self, *names: str, **data: str) -> None:
        """Create."""
        for name in names:
            await self.writer.resource(ConfigMap).create({"metadata": {"name": name}, "data": data})

    async def watch(self, options: ListOptions = STREAM, *, seconds: float = 700.0) -> list[str]:
        """What a watch says within this time; the last word is how it ended."""
        said: list[str] = []
        try:
            async with asyncio.timeout(seconds), self.maps.watch(options) as watch:
                async for event in watch:
                    if event.type == "ERROR":
                        said.append(f"ERROR {event.status and event.status.code}")
                    else:
                        mark = "!" if event.object.metadata.annotations else ""
                        said.append(f"{event.type} {event.object.name}{mark}")
            said.append("end")
        except TimeoutError:
            said.append("silence")
        except ListWatchError as error:
            said.append(type(error).__name__)
        return said


def at(story: Callable[[Place], Awaitable[None]]) -> None:
    """Run a story in virtual time; nothing may be open at its end."""

    async def main() -> None:
        place = Place()
        await place.write("a", "b", "c")
        await story(place)
        assert place.network.open == set()
        for _ in range(3):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main)


RAISED: list[tuple[Fault, type[Exception], float]] = [
    (Fault(K.REFUSED), ConnectionRefused, 0),
    (Fault(K.NO_HEADERS), ConnectionLost, 0),
    (Fault(K.CUT, 0), ConnectionLost, 0),
    (Fault(K.CUT, 100), ConnectionLost, 0),
    (Fault(K.TORN_END, 100), DecodeError, 0),
    (Fault(K.FREEZE, 100), RequestTimeout, 65),
    (Fault(K.FREEZE_HEADERS), RequestTimeout, 65),
    (Fault(K.DELAY, 70), RequestTimeout, 65),
    (Fault(K.GONE_AT_OPENING), Expired, 0),
    (Fault(K.TOO_LARGE), ServerTimeout, 0),
    (Fault(K.OVERLOADED, 5), TooManyRequests, 0),
    (Fault(K.OVERLOADED_MUTE), TooManyRequests, 0),
    (Fault(K.INTERNAL), InternalError, 0),
    (Fault(K.UNAVAILABLE), ServiceUnavailable, 0),
    (Fault(K.BAD_GATEWAY), Exception, 0),
    (Fault(K.HTML), ProtocolError, 0),
    (Fault(K.FORBIDDEN), Forbidden, 0),
    (Fault(K.NOT_FOUND), NotFound, 0),
]


@pytest.mark.parametrize(("fault", "error", "seconds"), RAISED, ids=[repr(row[0]) for row in RAISED])
def test_a_list_fails_as_the_fault_says(fault: Fault, error: type[Exception], seconds: float) -> None:
    """A list that meets a fault raises what its class is called, when it should; the next list is whole."""

    async def story(place: Place) -> None:
        place.network.inject(fault)
        with pytest.raises(error):
            await place.maps.list()
        assert place.clock.monotonic() == pytest.approx(seconds, abs=0.1)
        assert [item.name for item in await place.maps.list()] == ["a", "b", "c"]
        assert place.network.struck == {fault.kind: 1}

    at(story)


@pytest.mark.parametrize("fault", [Fault(K.DELAY, 5), Fault(K.DRIP, 7), Fault(K.END, 10)], ids=repr)
def test_a_list_survives_what_does_no_harm(fault: Fault) -> None:
    """A late list, one in small pieces, and one that ends at the end of its line are whole."""

    async def story(place: Place) -> None:
        place.network.inject(fault)
        assert len(await place.maps.list()) == 3

    at(story)


def test_a_page_is_gone() -> None:
    """A fault of continue tokens waits until there is one; the first page passes."""

    async def story(place: Place) -> None:
        place.network.inject(Fault(K.GONE_ON_PAGE))
        first = await place.maps.list(limit=2)
        with pytest.raises(Expired):
            await place.maps.list(limit=2, continue_=first.metadata.continue_)

    at(story)


WHOLE = ["ADDED a", "ADDED b", "ADDED c", "BOOKMARK !"]
MINUTES = ["BOOKMARK "] * 10
SAID: list[tuple[Fault, list[str]]] = [
    (Fault(K.REFUSED), ["ConnectionRefused"]),
    (Fault(K.NO_HEADERS), ["ConnectionLost"]),
    (Fault(K.CUT, 0), ["ConnectionLost"]),
    (Fault(K.CUT, 400), ["ADDED a", "ConnectionLost"]),
    (Fault(K.END, 0), ["end"]),
    (Fault(K.END, 400), ["ADDED a", "ADDED b", "end"]),
    (Fault(K.TORN_END, 400), ["ADDED a", "ConnectionLost"]),
    (Fault(K.FREEZE, 400), ["ADDED a", "RequestTimeout"]),
    (Fault(K.GONE_IN_STREAM, 1), ["ADDED a", "ERROR 410", "end"]),
    (Fault(K.GONE_IN_STREAM, 0), ["ERROR 410", "end"]),
    (Fault(K.INTERNAL_IN_STREAM, 1), ["ADDED a", "ERROR 500", "end"]),
    (Fault(K.GARBAGE, 1), ["ADDED a", "DecodeError"]),
    (Fault(K.GONE_AT_OPENING), ["Expired"]),
    (Fault(K.NO_STREAMING_400), [BadRequest.__name__]),
    (Fault(K.NO_STREAMING_422), [Invalid.__name__]),
    (Fault(K.NO_MARKER), [*WHOLE[:3], *MINUTES, "end"]),
    (Fault(K.DROUGHT), [*WHOLE, "end"]),
    (
        Fault(K.DUPLICATE),
        [word for word in WHOLE[:3] for _ in range(2)] + [WHOLE[3], *MINUTES, *MINUTES, "end"],
    ),
    (Fault(K.DRIP, 50), [*WHOLE, *MINUTES, "end"]),
    (Fault(K.HTML), ["ProtocolError"]),
]


@pytest.mark.parametrize(("fault", "said"), SAID, ids=[repr(row[0]) for row in SAID])
def test_a_watch_says_what_the_fault_leaves(fault: Fault, said: list[str]) -> None:
    """A streamed list that meets a fault tells what came before it and ends as its class says, or goes on."""

    async def story(place: Place) -> None:
        place.network.inject(fault)
        assert await place.watch() == said

    at(story)


def test_a_marker_comes_late() -> None:
    """A late mark arrives after its seconds, everything before it at once."""

    async def story(place: Place) -> None:
        place.network.inject(Fault(K.LATE_MARKER, 30))
        assert await place.watch(seconds=29) == [*WHOLE[:3], "silence"]
        place.network.inject(Fault(K.LATE_MARKER, 30))
        assert await place.watch(seconds=31) == [*WHOLE, "silence"]

    at(story)


def test_a_stale_frame_follows_a_newer_one() -> None:
    """A replayed frame is one that was sent before, of the same query, and older than the one it follows."""

    async def story(place: Place) -> None:
        assert await place.watch(seconds=1) == [*WHOLE, "silence"]
        place.network.inject(Fault(K.STALE))
        reading = asyncio.create_task(place.watch(seconds=5))
        await asyncio.sleep(1)
        await place.write("d")
        assert await reading == [*WHOLE, "ADDED d", "ADDED a", "silence"]

    at(story)


STRUCK: list[tuple[FaultKind, list[str]]] = [
    (K.CUT, ["ConnectionLost"]),
    (K.END, ["end"]),
    (K.FREEZE, ["silence"]),
    (K.GONE_IN_STREAM, ["ERROR 410", "end"]),
    (K.INTERNAL_IN_STREAM, ["ERROR 500", "end"]),
    (K.GARBAGE, ["DecodeError"]),
    (K.DUPLICATE, ["ADDED d", "ADDED d", "silence"]),
    (K.STALE, ["ADDED d", "ADDED a", "silence"]),
    (K.DROUGHT, ["ADDED d", "silence"]),
]


@pytest.mark.parametrize(("kind", "said"), STRUCK, ids=[row[0].name for row in STRUCK])
def test_what_is_open_is_struck_at_once(kind: FaultKind, said: list[str]) -> None:
    """A strike ends, silences or changes a watch that waits for its next frame, without waiting for it."""

    async def story(place: Place) -> None:
        reading = asyncio.create_task(place.watch(seconds=100))
        await asyncio.sleep(1)
        place.network.strike(kind)
        if said[0].startswith("ADDED"):
            await place.write("d")
        words = await reading
        assert [word for word in words[4:] if word != "BOOKMARK "] == said

    assert {row[0] for row in STRUCK} == set(STRIKES)
    at(story)


def test_nothing_listens() -> None:
    """While the network is down everything is refused; healed, it forgets the faults that waited."""

    async def story(place: Place) -> None:
        place.network.is_down = True
        place.network.inject(Fault(K.INTERNAL))
        with pytest.raises(ConnectionRefused):
            await place.maps.list()
        place.network.heal()
        assert len(await place.maps.list()) == 3

    at(story)


TARGETS = [
    ("GET", "/api/v1/pods", Verb.LIST),
    ("GET", "/api/v1/pods?continue=x&limit=2", Verb.PAGE),
    ("GET", "/api/v1/pods?watch=true", Verb.WATCH),
    ("GET", "/api/v1/pods?watch=1&sendInitialEvents=true", Verb.STREAM),
    ("POST", "/api/v1/pods", Verb.OTHER),
]


@pytest.mark.parametrize(("method", "target", "verb"), TARGETS)
def test_requests_are_told_apart(method: str, target: str, verb: Verb) -> None:
    """Which fault can befall a request depends on what it asks for."""
    assert verb_of(Request(method, target)) is verb


def test_every_fault_has_a_test() -> None:
    """No kind of fault is without one that shows what a client sees."""
    shown: list[Any] = [row[0].kind for row in RAISED] + [row[0].kind for row in SAID]
    assert {*shown, K.LATE_MARKER, K.STALE, K.GONE_ON_PAGE, K.DELAY, K.DRIP, K.END} == set(FaultKind)
