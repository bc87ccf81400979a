"""A watch: frames however they are cut, ends of every kind, deadlines. On scripted bytes, in virtual time."""

from __future__ import annotations

import asyncio
import gc
import json
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from scripted import HANG, Answer, Piece, Scripted, Wait, answer, frame, refusal, stream
from virtual_time import run_virtual

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import (
    ConnectionLost,
    ConnectionRefused,
    DecodeError,
    Expired,
    Forbidden,
    ListWatchError,
    NotFound,
    ProtocolError,
    RequestTimeout,
)
from listwatch.apimachinery.http import Request, Response
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.resource import ResourceClient
from listwatch.client.watch import MARGIN_SECONDS, Watch

CONFIG = Config(host="https://api.test")
FRAMES = [frame("ADDED", "a", 1), frame("MODIFIED", "ä€😀", 2), frame("DELETED", "a", 3)]
TOLD = [("ADDED", "a"), ("MODIFIED", "ä€😀"), ("DELETED", "a")]
ERROR = {
    "type": "ERROR",
    "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"},
}
ERROR_LINE = json.dumps(ERROR).encode() + b"\n"
STATUS = ERROR["object"]


def pods_of(script: Scripted) -> ResourceClient[Pod]:
    """The pods that the script serves."""
    return Client(CONFIG, transport=script, clock=LoopClock()).resource(Pod)


def told(event: WatchEvent[Pod]) -> tuple[str, str]:
    """What an event says, in short."""
    return str(event.type), "" if event.status else event.object.name


def followed(*pieces: Piece, fails: type[Exception] | None = None, **options: Any) -> list[tuple[str, str]]:
    """The events of a stream of these pieces, and how it ended."""
    script, seen = Scripted(stream(*pieces)), []

    async def main() -> None:
        async for event in pods_of(script).watch(**options):
            seen.append(told(event))  # noqa: PERF401 (kept when it fails)

    if fails is None:
        run_virtual(main)
    else:
        with pytest.raises(fails):
            run_virtual(main)
    script.assert_nothing_left()
    return seen


# Frames


@pytest.mark.parametrize("cut", range(sum(map(len, FRAMES)) + 1))
def test_cut_at_every_byte(cut: int) -> None:
    """Wherever the stream is cut in two, in a character or in a line, the same events come out."""
    data = b"".join(FRAMES)
    assert followed(data[:cut], data[cut:]) == TOLD


@given(st.lists(st.integers(min_value=0, max_value=sum(map(len, FRAMES))), max_size=20))
def test_cut_anywhere(cuts: list[int]) -> None:
    """However the stream is cut, the same events come out."""
    data = b"".join(FRAMES)
    borders = sorted({0, len(data), *cuts})
    assert followed(*[data[a:b] for a, b in pairwise(borders)]) == TOLD


def test_one_byte_at_a_time() -> None:
    """A stream that drips byte by byte gives the same events."""
    data = b"".join(FRAMES)
    assert followed(*[data[n : n + 1] for n in range(len(data))]) == TOLD


def test_batches_are_what_arrived() -> None:
    """`batches` gives the whole lines of each read at once, and nothing for a read that ends no line."""
    script = Scripted(stream(FRAMES[0] + FRAMES[1], FRAMES[2][:5], FRAMES[2][5:], b"\n\n"))

    async def main() -> list[list[tuple[str, str]]]:
        return [[told(e) for e in batch] async for batch in pods_of(script).watch().batches()]

    assert run_virtual(main) == [TOLD[:2], TOLD[2:]]


def test_line_of_8_megabytes() -> None:
    """An object of 8 MB that arrives in small chunks comes out whole."""
    line = frame("ADDED", "big", 1, data={"k": "x" * (8 << 20)})
    chunks = [line[n : n + 16384] for n in range(0, len(line), 16384)]
    assert followed(*chunks, FRAMES[0]) == [("ADDED", "big"), ("ADDED", "a")]


def test_blank_lines_and_bookmarks() -> None:
    """Blank lines mean nothing; a bookmark is an event like others."""
    bookmark = json.dumps(
        {
            "type": "BOOKMARK",
            "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}},
        }
    ).encode()
    assert followed(b"\n" + bookmark + b"\n\n\r\n") == [("BOOKMARK", "")]


# Ends


def test_nothing_at_all() -> None:
    """A watch that ends at once without a word is a clean end."""
    assert followed() == []


def test_last_line_without_its_newline() -> None:
    """A last line that is whole but for its newline is delivered."""
    assert followed(FRAMES[0] + FRAMES[1].rstrip()) == TOLD[:2]


def test_torn_last_line() -> None:
    """A stream that ends in the middle of a line is a cut connection, after all events before it."""
    assert followed(FRAMES[0], FRAMES[1][:-10], fails=ConnectionLost) == TOLD[:1]


def test_cut_connection() -> None:
    """A cut raises ConnectionLost after the events before it; a watch is not asked again."""
    assert followed(FRAMES[0], FRAMES[1][:9], ConnectionLost("cut"), fails=ConnectionLost) == TOLD[:1]


@pytest.mark.parametrize(
    "bad",
    [
        b"<html>502</html>\n",
        b'{"type":"ADDED"\n',
        b'{"type":"NEW","object":{}}\n',
        b'{"object":{}}\n',
        b'{"type":"ADDED","object":7}\n',
        b"[]\n",
        b"null\n",
    ],
)
@pytest.mark.parametrize("good", [0, 1, 2])
def test_undecodable_line(bad: bytes, good: int) -> None:
    """A line that is no event raises DecodeError, but not before the good lines of the same read are delivered."""
    data = b"".join(FRAMES[:good]) + bad + FRAMES[2]
    assert followed(data, fails=DecodeError) == TOLD[:good]


def test_undecodable_line_says_where() -> None:
    """The error of an undecodable line names the request and shows the line's beginning."""
    with pytest.raises(DecodeError, match=r"GET /api/v1/namespaces/default/pods\?watch=true.*<html>"):
        run_virtual(partial(first_event, Scripted(stream(b"<html>" + b"x" * 9999 + b"\n"))))


async def first_event(script: Scripted) -> WatchEvent[Pod]:
    """The first event that the script sends."""
    async with pods_of(script).watch() as watch:
        async for event in watch:
            return event
    raise AssertionError("no event came")


def test_error_event_is_the_last() -> None:
    """An ERROR event carries its Status and ends the watch, whatever follows it in the stream."""
    script = Scripted(stream(FRAMES[0] + ERROR_LINE + FRAMES[1], FRAMES[2]))

    async def main() -> list[WatchEvent[Pod]]:
        return [event async for event in pods_of(script).watch()]

    first, last = run_virtual(main)
    assert (told(first), last.type) == (TOLD[0], "ERROR")
    assert last.status is not None
    assert (last.status.code, last.status.message) == (410, "too old")
    assert isinstance(last.error, Expired)
    with pytest.raises(Expired, match="too old"):
        _ = last.object
    assert script.answers[0].is_closed


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(STATUS).encode() + b"\n",
        json.dumps(STATUS).encode(),
        json.dumps(STATUS, indent=2).encode() + b"\n",
        json.dumps(STATUS, indent=2).encode(),
    ],
    ids=["line", "line without newline", "lines", "lines without newline"],
)
@pytest.mark.parametrize("size", [1, 7, 30, 10000])
def test_status_on_a_200(body: bytes, size: int) -> None:
    """A Status in place of events, on one line or over many, in one read or in many, is an ERROR event."""
    pieces = [body[n : n + size] for n in range(0, len(body), size)]
    assert followed(*pieces) == [("ERROR", "")]


def test_status_on_a_200_that_stays_open() -> None:
    """A Status that is written over many lines is told when it is whole, not when the connection ends."""
    assert followed(json.dumps(STATUS, indent=2).encode(), b"\n", HANG) == [("ERROR", "")]


@pytest.mark.parametrize(
    ("cut", "fails"),
    [((), DecodeError), ((ConnectionLost("cut"),), ConnectionLost), ((HANG,), RequestTimeout)],
)
def test_status_that_never_ends(cut: tuple[Piece, ...], fails: type[Exception]) -> None:
    """A Status over many lines that stops in the middle is what the stop was."""
    assert followed(b'{\n  "kind": "Status",\n', b'  "code": 4', *cut, fails=fails) == []


def test_endless_lines_that_are_no_frames() -> None:
    """Something endless that begins like a Status is not read for ever."""
    endless = stream(b"{\n", *[b" " * 65536 + b"\n"] * 100)

    async def main() -> None:
        async for _ in pods_of(Scripted(endless)).watch():
            pass

    with pytest.raises(DecodeError):
        run_virtual(main)
    assert not endless.is_drained


@pytest.mark.parametrize("body", [b'{\n  "kind": "Table"\n}\n', b'{\n  "kind": "Status",\n'])
def test_lines_that_are_no_status(body: bytes) -> None:
    """Something else over many lines, or a Status that never ends, is no event."""
    assert followed(body, fails=DecodeError) == []


def test_too_long_a_line() -> None:
    """A line of more than 64 MB ends the watch after the events before it, and the error says of which."""
    seen: list[tuple[str, str]] = []
    script = Scripted(stream(FRAMES[0], *[b"x" * (8 << 20)] * 9))

    async def main() -> None:
        async for event in pods_of(script).watch():
            seen.append(told(event))  # noqa: PERF401

    with pytest.raises(
        ProtocolError, match=f"GET /api/v1/namespaces/default/pods.*longer than {64 << 20} bytes"
    ):
        run_virtual(main)
    assert seen == TOLD[:1]


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (refusal(410, "Expired"), Expired),
        (refusal(404, "NotFound"), NotFound),
        (refusal(403, "Forbidden"), Forbidden),
        (answer(b"<html>", content_type="text/html"), ProtocolError),
        (Answer(before=ConnectionLost("cut")), ConnectionLost),
        (Answer(before=ConnectionRefused("refused")), ConnectionRefused),
    ],
)
@pytest.mark.parametrize("enter", [True, False], ids=["entered", "iterated"])
def test_refused_watch(answered: Answer, expected: type[Exception], enter: bool) -> None:
    """A watch that cannot be opened raises when it is entered, or read; it is tried once."""
    script = Scripted(answered)

    async def main() -> None:
        watch = pods_of(script).watch()
        if enter:
            await watch.__aenter__()
        else:
            await anext(aiter(watch))

    with pytest.raises(expected):
        run_virtual(main)
    script.assert_nothing_left()


def test_watch_waits_out_retry_after() -> None:
    """A server that is busy and says for how long is asked again."""
    script = Scripted(refusal(429, "TooManyRequests", ("Retry-After", "5")), stream(FRAMES[0]))
    assert told(run_virtual(partial(first_event, script))) == TOLD[0]
    assert script.times == [0.0, 5.0]


# Deadlines


def ended_at(*pieces: Piece, timeout_seconds: int = 300) -> tuple[float, list[tuple[str, str]]]:
    """The virtual second in which a watch of these pieces is given up, and what it gave."""
    seen: list[tuple[str, str]] = []
    ends: list[float] = []

    async def main() -> None:
        try:
            async for event in pods_of(Scripted(stream(*pieces))).watch(timeout_seconds=timeout_seconds):
                seen.append(told(event))  # noqa: PERF401
        finally:
            ends.append(asyncio.get_running_loop().time())

    with pytest.raises(RequestTimeout, match="connection is dead"):
        run_virtual(main)
    return ends[0], seen


def test_half_open_connection() -> None:
    """A connection that says nothing after its headers is given up at the server's own timeout plus a margin."""
    assert ended_at(HANG) == (300 + MARGIN_SECONDS, [])


def test_half_open_after_events() -> None:
    """Events do not put the end off: the server's timeout counts from the opening."""
    assert ended_at(FRAMES[0], Wait(200), FRAMES[1], HANG) == (300 + MARGIN_SECONDS, TOLD[:2])


def test_slow_reader_still_gets_what_arrived() -> None:
    """A reader who comes back after the deadline gets what has arrived, and a clean end if that was the end."""
    on_its_way = Wait(0.5)  # in the system's buffers, and a turn of the loop away
    script = Scripted(stream(FRAMES[0], on_its_way, FRAMES[1], on_its_way, FRAMES[2]))
    seen = []

    async def main() -> None:
        async for event in pods_of(script).watch(timeout_seconds=1):
            seen.append(told(event))
            await asyncio.sleep(3600)

    run_virtual(main)
    assert seen == TOLD


# Stopping


def leaves_nothing(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run it, and see that no task and no warning is left behind."""

    async def checked() -> Any:
        result = await main()
        for _ in range(3):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = run_virtual(checked)
        gc.collect()
    return result


def test_stop_from_another_task() -> None:
    """`stop` in another task ends an iteration that waits, quietly, and closes the answer."""
    script, seen = Scripted(stream(FRAMES[0], FRAMES[1][:9], HANG)), []

    async def follow(watch: Watch[Pod]) -> None:
        async for event in watch:
            seen.append(told(event))  # noqa: PERF401

    async def main() -> None:
        watch = pods_of(script).watch()
        task = asyncio.create_task(follow(watch))
        await asyncio.sleep(10)
        await watch.stop()
        assert script.answers[0].is_closed
        await watch.stop()
        await task

    leaves_nothing(main)
    assert seen == TOLD[:1]


def test_stop_before_the_headers() -> None:
    """`stop` while the request is still waiting for its answer ends the iteration, too."""
    script = Scripted(Answer(before=HANG))

    async def main() -> list[WatchEvent[Pod]]:
        watch = pods_of(script).watch()
        asyncio.get_running_loop().call_later(5, lambda: asyncio.ensure_future(watch.stop()))
        return [event async for event in watch]

    assert leaves_nothing(main) == []


def test_stop_in_the_moment_of_the_answer() -> None:
    """An answer that comes in the same moment as `stop` is closed, not forgotten."""
    script, gate = Scripted(stream(HANG)), asyncio.Event()

    async def gated(request: Request) -> Response:
        response = await script(request)
        await gate.wait()
        return response

    async def main() -> list[WatchEvent[Pod]]:
        watch = Client(CONFIG, transport=gated).resource(Pod).watch()

        async def follow() -> list[WatchEvent[Pod]]:
            return [event async for event in watch]

        task = asyncio.create_task(follow())
        await asyncio.sleep(1)
        gate.set()
        await watch.stop()
        return await task

    assert leaves_nothing(main) == []
    assert script.answers[0].is_closed


def test_stop_before_anything() -> None:
    """A watch that was stopped before it was read sends nothing and gives nothing."""
    script = Scripted()

    async def main() -> list[WatchEvent[Pod]]:
        watch = pods_of(script).watch()
        await watch.stop()
        async with watch:
            return [event async for event in watch]

    assert leaves_nothing(main) == []
    assert script.requests == []


def test_stop_in_the_loop() -> None:
    """`stop` in the loop's own body makes the event at hand the last, also if more have arrived."""
    script = Scripted(stream(b"".join(FRAMES)))

    async def main() -> list[tuple[str, str]]:
        seen = []
        async with pods_of(script).watch() as watch:
            async for event in watch:
                seen.append(told(event))
                await watch.stop()
        return seen

    assert leaves_nothing(main) == TOLD[:1]


def test_stop_in_a_loop_over_batches() -> None:
    """The same for batches: the batch at hand is the last."""
    script = Scripted(stream(*FRAMES))

    async def main() -> int:
        count = 0
        watch = pods_of(script).watch()
        async for batch in watch.batches():
            count += len(batch)
            await watch.stop()
        return count

    assert leaves_nothing(main) == 1


def test_cut_in_the_moment_of_stop() -> None:
    """A connection that is cut in the same moment as `stop` is a stop, not an error."""
    cut = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield FRAMES[0]
        await cut.wait()
        raise ConnectionLost("cut")

    async def transport(request: Request) -> Response:
        return Response(200, CIMultiDict(), chunks())

    async def main() -> list[tuple[str, str]]:
        watch = Client(CONFIG, transport=transport).resource(Pod).watch()

        async def follow() -> list[tuple[str, str]]:
            return [told(event) async for event in watch]

        task = asyncio.create_task(follow())
        await asyncio.sleep(1)
        cut.set()
        await watch.stop()
        return await task

    assert leaves_nothing(main) == TOLD[:1]


def test_leaving_the_block_closes() -> None:
    """Leaving `async with` closes the answer before the next statement runs."""
    script = Scripted(stream(*FRAMES, HANG))

    async def main() -> None:
        async with pods_of(script).watch() as watch:
            async for _ in watch:
                break
        assert script.answers[0].is_closed

    leaves_nothing(main)


def test_second_loop_goes_on() -> None:
    """Inside `async with` a second loop goes on where the first was left, in the middle of a batch, too."""
    script = Scripted(stream(FRAMES[0] + FRAMES[1], FRAMES[2]))

    async def main() -> list[tuple[str, str]]:
        async with pods_of(script).watch() as watch:
            async for event in watch:
                seen = [told(event)]
                break
            return seen + [told(event) async for event in watch]

    assert leaves_nothing(main) == TOLD


def test_second_loop_over_batches_goes_on() -> None:
    """The same for batches."""
    script = Scripted(stream(*FRAMES))

    async def main() -> list[int]:
        async with pods_of(script).watch() as watch:
            async for batch in watch.batches():
                seen = [len(batch)]
                break
            return seen + [len(batch) async for batch in watch.batches()]

    assert leaves_nothing(main) == [1, 1, 1]


@pytest.mark.parametrize("read", [aiter, Watch.batches], ids=["events", "batches"])
def test_leaving_a_bare_loop_closes(read: Callable[[Watch[Pod]], AsyncIterator[Any]]) -> None:
    """Without `async with`, leaving the loop lets go of the connection by itself, without the garbage collector."""
    script = Scripted(stream(*FRAMES, HANG))

    async def main() -> None:
        watch = pods_of(script).watch()
        gc.disable()
        async for _ in read(watch):
            break
        for _ in range(5):
            await asyncio.sleep(0)
        assert script.answers[0].is_closed
        with pytest.raises(RuntimeError, match="read once"):
            await anext(aiter(watch))

    try:
        leaves_nothing(main)
    finally:
        gc.enable()


def test_aclosing_the_iterator_closes() -> None:
    """Closing the iterator closes the answer."""
    script = Scripted(stream(*FRAMES, HANG))

    async def main() -> None:
        async with aclosing(aiter(pods_of(script).watch())) as events:  # type: ignore[type-var]
            await anext(events)
        assert script.answers[0].is_closed

    leaves_nothing(main)


@pytest.mark.parametrize("pieces", [(HANG,), (FRAMES[0], HANG), (FRAMES[0][:9], HANG)], ids=range(3))
def test_cancellation_closes(pieces: tuple[Piece, ...]) -> None:
    """A reader that is cancelled closes the answer, wherever it was."""
    script = Scripted(stream(*pieces))

    async def main() -> None:
        task = asyncio.create_task(first_two(script))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert script.answers[0].is_closed

    async def first_two(script: Scripted) -> None:
        async for _ in pods_of(script).watch():
            pass

    leaves_nothing(main)


def test_cancellation_while_opening() -> None:
    """A watch that is cancelled before its answer came leaves nothing."""

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1), pods_of(Scripted(Answer(before=HANG))).watch():
                pass

    leaves_nothing(main)


def test_closing_the_client_ends_its_watches() -> None:
    """A client that is closed ends the watches that are open, whatever it sends through, and opens no more."""
    script = Scripted(stream(FRAMES[0], HANG))

    async def main() -> None:
        client = Client(CONFIG, transport=script)
        watch = client.resource(Pod).watch()
        asyncio.get_running_loop().call_later(5, lambda: asyncio.ensure_future(client.aclose()))
        assert [told(event) async for event in watch] == TOLD[:1]
        with pytest.raises(ListWatchError, match="closed"):
            async with client.resource(Pod).watch():
                pass

    leaves_nothing(main)
    assert script.answers[0].is_closed


# What is asked


def query_of(**options: Any) -> dict[str, str]:
    """The query that a watch with these options asks with."""
    script = Scripted(stream())

    async def main() -> None:
        async for _ in pods_of(script).watch(**options):
            pass

    run_virtual(main)
    return {key: values[0] for key, values in parse_qs(urlsplit(script.requests[0].target).query).items()}


def test_options_on_the_wire() -> None:
    """Every option has its parameter; nothing is sent that was not asked for."""
    assert query_of(
        resource_version="7",
        label_selector="app in (a, b),x",
        field_selector="spec.nodeName=n1",
        timeout_seconds=42,
        allow_watch_bookmarks=True,
    ) == {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": "7",
        "labelSelector": "app in (a, b),x",
        "fieldSelector": "spec.nodeName=n1",
        "timeoutSeconds": "42",
    }


def test_options_in_one() -> None:
    """A `ListOptions` may say all of it, streamed lists included."""
    options = ListOptions(
        resource_version="",
        resource_version_match="NotOlderThan",
        send_initial_events=True,
        timeout_seconds=9,
    )
    assert query_of(options=options) == {
        "watch": "true",
        "resourceVersionMatch": "NotOlderThan",
        "sendInitialEvents": "true",
        "timeoutSeconds": "9",
    }


def test_options_and_keywords() -> None:
    """Options and keywords at once are refused: none is silently dropped."""
    with pytest.raises(ValueError, match="not both"):
        pods_of(Scripted()).watch(ListOptions(resource_version="1"), label_selector="a=b")


@pytest.mark.parametrize("given", [None, 0])
def test_random_timeout(given: int | None) -> None:
    """A watch that names no timeout gets a random one of 5 to 10 minutes, so that a fleet's do not end together."""
    seconds = {int(query_of(timeout_seconds=given)["timeoutSeconds"]) for _ in range(40)}
    assert len(seconds) > 10
    assert min(seconds) >= 300
    assert max(seconds) <= 600


def test_nothing_is_sent_before_it_is_read() -> None:
    """Making a watch sends nothing."""
    script = Scripted()
    pods_of(script).watch()
    assert script.requests == []
