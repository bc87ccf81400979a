"""How the simulated actors watch: what they make of frames, torn lines, errors and broken watches."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from multidict import CIMultiDict

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.http import Peer, Request, Response
from listwatch.apiserver.life.client import LifeClient
from listwatch.apiserver.life.mirror import Mirror
from listwatch.apiserver.life.objects import Pod

Virtual = Callable[[Callable[[], Any]], Any]


def frame(change: str, name: str, **metadata: Any) -> bytes:
    """One line of a watch on pods."""
    body = {"metadata": {"name": name, "uid": f"uid-{name}", **metadata}, "spec": {}, "status": {}}
    return json.dumps({"type": change, "object": body}).encode() + b"\n"


CAUGHT_UP = frame("BOOKMARK", "", annotations={"k8s.io/initial-events-end": "true"})


class Script:
    """A transport that answers with one prepared watch after the other, and then never again."""

    def __init__(self, *answers: tuple[int, list[bytes]]) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[float, Request]] = []

    async def __call__(self, request: Request) -> Response:
        """The next answer."""
        self.requests.append((asyncio.get_running_loop().time(), request))
        status, chunks = self.answers.pop(0) if self.answers else (200, [])
        return Response(status, CIMultiDict(), self._chunks(chunks, is_last=not self.answers))

    async def _chunks(self, chunks: list[bytes], *, is_last: bool) -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk
        if is_last:
            await asyncio.sleep(10_000)


def follow(virtual: Virtual, script: Script, *, seconds: float = 60.0) -> list[str]:
    """What a mirror tells of the script's watches within that time."""
    told: list[str] = []

    async def main() -> None:
        client = LifeClient(script, peer=Peer("me"), user_agent="test", clock=LoopClock())
        pods = Mirror(
            Pod,
            changed=lambda pod: told.append(f"+{pod.metadata.name}"),
            gone=lambda uid: told.append(f"-{uid}"),
        )
        following = asyncio.create_task(
            client.follow("/api/v1/pods", field_selector="spec.nodeName=n", observer=pods)
        )
        await asyncio.sleep(seconds)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    virtual(main)
    return told


def test_the_request_is_a_watch_from_the_present_state(virtual: Virtual) -> None:
    """It asks as its peer, for all that exists and then for changes, with the selector encoded."""
    script = Script()
    follow(virtual, script)
    request = script.requests[0][1]
    assert (request.method, request.peer, request.headers["User-Agent"]) == ("GET", Peer("me"), "test")
    assert request.target == (
        "/api/v1/pods?watch=true&allowWatchBookmarks=true&sendInitialEvents=true"
        "&resourceVersionMatch=NotOlderThan&fieldSelector=spec.nodeName%3Dn"
    )


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_piece_borders_mean_nothing(virtual: Virtual, size: int) -> None:
    """Lines may be torn anywhere."""
    whole = frame("ADDED", "a") + CAUGHT_UP + frame("MODIFIED", "a") + frame("DELETED", "a")
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert follow(virtual, Script((200, pieces))) == ["+a", "+a", "-uid-a"]


def test_what_vanished_between_two_watches_is_told(virtual: Virtual) -> None:
    """After a break all is told anew, and what is not told anew is gone, once."""
    script = Script(
        (200, [frame("ADDED", "a"), frame("ADDED", "b"), CAUGHT_UP]),
        (200, [frame("ADDED", "b"), CAUGHT_UP]),
        (200, [frame("ADDED", "b"), CAUGHT_UP, frame("DELETED", "b"), frame("DELETED", "b")]),
    )
    assert follow(virtual, script) == ["+a", "+b", "+b", "-uid-a", "+b", "-uid-b"]


def test_nothing_is_taken_for_gone_before_the_watch_has_caught_up(virtual: Virtual) -> None:
    """A watch that breaks while it tells the initial state proves nothing about what it did not tell."""
    script = Script(
        (200, [frame("ADDED", "a"), CAUGHT_UP]), (200, []), (200, [frame("ADDED", "a"), CAUGHT_UP])
    )
    assert follow(virtual, script) == ["+a", "+a"]


def test_an_error_frame_ends_the_watch(virtual: Virtual) -> None:
    """After 410 in the stream the rest of it is not read, and a new watch begins."""
    gone = b'{"type":"ERROR","object":{"kind":"Status","code":410}}\n'
    script = Script((200, [CAUGHT_UP + gone + frame("ADDED", "never")]), (200, [frame("ADDED", "a")]))
    assert follow(virtual, script) == ["+a"]


def test_refusals_are_retried_ever_more_slowly(virtual: Virtual) -> None:
    """A server that does not answer is not hammered, and a watch that worked resets the pace."""
    script = Script(*[(500, [])] * 9, (200, [CAUGHT_UP]), (500, []), (200, []))
    follow(virtual, script)
    times = [when for when, _ in script.requests]
    pauses = [round(after - before, 3) for before, after in itertools.pairwise(times)]
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 0.05, 0.1]


@pytest.mark.parametrize(("status", "is_loud"), [(404, False), (429, False), (403, True), (500, True)])
def test_kinds_that_come_and_go_are_no_warning(
    virtual: Virtual, caplog: pytest.LogCaptureFixture, status: int, is_loud: bool
) -> None:
    """A refusal is a warning, unless it is what a custom kind says that is new or has been deleted."""
    follow(virtual, Script((status, []), (200, [CAUGHT_UP])))
    assert bool(caplog.records) is is_loud


def test_an_object_that_cannot_be_read_does_not_stop_the_others(
    virtual: Virtual, caplog: pytest.LogCaptureFixture
) -> None:
    """Strange objects are passed over, with a warning."""
    strange = b'{"type":"ADDED","object":{"metadata":{"name":7}}}\n'
    assert follow(virtual, Script((200, [strange + frame("ADDED", "a")]))) == ["+a"]
    assert "cannot read" in caplog.text


def test_call_gives_status_and_object(virtual: Virtual) -> None:
    """A refusal is an answer like any other, and an answer that is no object is an empty one."""
    script = Script((409, [b'{"reason":', b'"Conflict"}']), (200, [b"[]"]))
    script.answers.append((200, []))

    async def main() -> list[Any]:
        client = LifeClient(script, peer=Peer("me"), user_agent="test", clock=LoopClock())
        return [await client.call("POST", "/x", {"a": 1}), await client.call("GET", "/y")]

    assert virtual(main) == [(409, {"reason": "Conflict"}), (200, {})]
    sent, asked = (request for _, request in script.requests)
    assert (sent.body, sent.headers["Content-Type"]) == (b'{"a":1}', "application/json")
    assert (asked.body, asked.headers.get("Content-Type")) == (b"", None)
