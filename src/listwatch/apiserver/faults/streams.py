"""Bodies of answers, changed on their way.

In:    an answer's body, in pieces
Out:   the body that the client gets
Rules: asynchronous generators over the pieces; what is cut off is not read any further. Lines are whole lines, wherever
       pieces end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ConnectionLost
from listwatch.apimachinery.http import Response

_BOOKMARK = b'{"type":"BOOKMARK"'


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    resource_version: str = ""


class _Object(msgspec.Struct, gc=False):
    metadata: _Metadata | None = None


class _Frame(msgspec.Struct, gc=False):
    object: _Object


_frames = msgspec.json.Decoder(_Frame)


async def lines(answer: Response) -> AsyncIterator[bytes]:
    """The lines of a body, each with its end."""
    rest = b""
    async for chunk in answer.chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


async def reset(answer: Response, at_byte: int) -> AsyncIterator[bytes]:
    """The first bytes, then a broken connection."""
    left = at_byte
    async for chunk in answer.chunks:
        if len(chunk) >= left:
            if left:
                yield chunk[:left]
            raise ConnectionLost(f"the connection was reset by the test after {at_byte} bytes")
        left -= len(chunk)
        yield chunk


async def torn(answer: Response, event: int) -> AsyncIterator[bytes]:
    """The lines before the n-th, half of that one, and a proper end."""
    number = 0
    async for line in lines(answer):
        number += 1
        if number == event:
            yield line[: len(line) // 2]
            return
        yield line


async def repeated(answer: Response, times: int) -> AsyncIterator[bytes]:
    """Every line several times."""
    async for line in lines(answer):
        yield line * times


async def without_bookmarks(answer: Response) -> AsyncIterator[bytes]:
    """All lines but bookmarks."""
    async for line in lines(answer):
        if not line.startswith(_BOOKMARK):
            yield line


async def frozen(answer: Response, after_events: int) -> AsyncIterator[bytes]:
    """The first lines, then silence until the client leaves."""
    number = 0
    if number < after_events:
        async for line in lines(answer):
            number += 1
            yield line
            if number >= after_events:
                break
        else:
            return
    await asyncio.get_running_loop().create_future()


async def ended(answer: Response, after_events: int, last: bytes) -> AsyncIterator[bytes]:
    """The first lines, then a last one and the end."""
    number = 0
    if after_events:
        async for line in lines(answer):
            yield line
            number += 1
            if number >= after_events:
                break
        else:
            return
    yield last


async def slow(answer: Response, piece_bytes: int, pause: float, clock: Clock) -> AsyncIterator[bytes]:
    """The same bytes in small pieces, with a pause before each but the first."""
    is_first = True
    async for chunk in answer.chunks:
        for start in range(0, len(chunk), piece_bytes):
            if not is_first:
                await clock.sleep(pause)
            is_first = False
            yield chunk[start : start + piece_bytes]


async def late(
    answer: Response,
    revisions: int | None,
    seconds: float | None,
    clock: Clock,
    reached: Callable[[int], Awaitable[None]],
) -> AsyncIterator[bytes]:
    """Each line later: when so many more revisions have been made, or so many seconds after it was due."""
    async for line in lines(answer):
        if seconds is not None:
            await clock.sleep(seconds)
        elif revisions is not None and (version := _version(line)):
            await reached(version + revisions)
        yield line


def _version(line: bytes) -> int:
    try:
        metadata = _frames.decode(line).object.metadata
    except msgspec.MsgspecError:
        return 0
    return (
        int(metadata.resource_version) if metadata is not None and metadata.resource_version.isdigit() else 0
    )
