"""One watch: an open answer, read as events.

In:    chunks of frames, one JSON line each       (from client/rest.py)
Out:   batches of `WatchEvent`s, as they arrived   (to reflector/list_watch.py, or to you)
Next:  reflector/list_watch.py
Rules: one batch per chunk, never a task or a queue between; events before a failure are delivered before it;
       a watch that neither speaks nor ends by its own deadline is over
Source: client-go rest.Request.Watch and watch.StreamWatcher; differs: batches, a deadline of the client's own, and
        failures are raised instead of becoming ERROR events
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Generic, Self

from listwatch.apimachinery.codec import Codec, UndecodableFrame, decode_status
from listwatch.apimachinery.errors import ConnectionLost, DecodeError, RequestTimeout
from listwatch.apimachinery.http import Response
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.client.frames import LineBuffer
from listwatch.client.rest import Call, RESTClient

MARGIN_SECONDS = 30.0
"""How long after the server's own end of a watch its silence is taken for a dead connection."""


class Watch(Generic[AnyObject]):
    """One watch request: an async iterator of events, over when the server ends it.

    Use it once, best as a context manager, which closes the connection whatever happens::

        async with pods.watch(resource_version=page.resource_version) as watch:
            async for event in watch:
                print(event.type, ":", event.object.name)

    Promised: events in the server's order, each once. An ERROR event comes as an event and is the last one. A
    clean end ends the iteration. Anything else is raised, after all events that arrived before it:

    * APIStatusError: the server refused the watch (Expired: list again).
    * ConnectionLost: cut off, perhaps in the middle of a line; that line is dropped.
    * RequestTimeout: no end within the server's own timeout and a margin: the connection is dead.
    * DecodeError, ProtocolError: what came is no event.

    Not promised: that it goes on. To follow a collection for ever, through ends and failures, is a reflector's
    work. Cancellation: at any moment; the connection is closed. Threads: none.

    Args:
        rest: Sends the request.
        call: The request, `watch=true` and `timeoutSeconds` included.
        codec: Reads the frames.
        timeout_seconds: What the server was told.
        margin: How much longer than that to wait for its end.
    """

    def __init__(
        self,
        rest: RESTClient,
        call: Call,
        codec: Codec[AnyObject],
        *,
        timeout_seconds: float,
        margin: float = MARGIN_SECONDS,
    ) -> None:
        self._rest = rest
        self._call = call
        self._codec = codec
        self._seconds = timeout_seconds + margin
        self._response: Response | None = None
        self._reader: asyncio.Task[object] | None = None
        self._is_stopped = False
        self._batches: AsyncIterator[list[WatchEvent[AnyObject]]] | None = None
        self._events: AsyncIterator[WatchEvent[AnyObject]] | None = None

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def __aiter__(self) -> AsyncIterator[WatchEvent[AnyObject]]:
        if self._events is None:
            self._events = self._one_by_one()
        return self._events

    def batches(self) -> AsyncIterator[list[WatchEvent[AnyObject]]]:
        """The events as they arrive: each item is what one read brought, never empty.

        The cheap way to read: one step of the event loop for many events. Use this or plain iteration, not both.
        """
        if self._batches is None:
            self._batches = self._read()
        return self._batches

    async def stop(self) -> None:
        """Close the connection. Safe at any time, also twice; an iteration in another task ends."""
        self._is_stopped = True
        if self._reader is not None and self._reader is not asyncio.current_task():
            self._reader.cancel()  # it is inside the body; it closes the answer on its way out
            return
        response, self._response = self._response, None
        if response is not None:
            await response.aclose()

    async def _open(self) -> Response:
        if self._is_stopped:
            raise RuntimeError("a Watch is used once; make another")
        if self._response is None:
            response = await self._rest.open(self._call)
            await self._rest.expect_json(response, self._call)
            self._response = response
        return self._response

    async def _one_by_one(self) -> AsyncIterator[WatchEvent[AnyObject]]:
        async for batch in self.batches():
            for event in batch:
                yield event

    async def _read(self) -> AsyncIterator[list[WatchEvent[AnyObject]]]:
        response = await self._open()
        deadline = asyncio.get_running_loop().time() + self._seconds
        buffer, is_first = LineBuffer(), True
        try:
            while (chunk := await self._next_chunk(response, deadline)) is not None:
                lines = buffer.feed(chunk)
                if not lines:
                    continue
                try:
                    batch, failure = self._codec.events(lines), None
                except UndecodableFrame as error:
                    batch, failure = self._salvage(error, lines, is_first=is_first), error
                if batch:
                    is_first = False
                    yield batch
                if batch and batch[-1].type is EventType.ERROR:
                    return
                if failure is not None:
                    raise DecodeError(f"{self._call}: {failure}")
            last = self._last(buffer.rest())
            if last:
                yield last
        finally:
            await self.stop()

    async def _next_chunk(self, response: Response, deadline: float) -> bytes | None:
        self._reader = asyncio.current_task()
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(response.chunks, None)
        except TimeoutError:
            raise RequestTimeout(
                f"{self._call}: the server should have ended this watch and did not within {self._seconds:.0f} s: the "
                "connection is dead"
            ) from None
        except asyncio.CancelledError:
            if self._is_stopped and self._reader is not None and self._reader.uncancel() == 0:
                return None
            raise
        finally:
            self._reader = None

    def _salvage(
        self, error: UndecodableFrame, lines: bytes, *, is_first: bool
    ) -> list[WatchEvent[AnyObject]]:
        """The good events before a bad line; or the Status that an answer written over many lines is."""
        if is_first and not error.decoded:
            status = decode_status(lines)
            if status is not None:
                return [WatchEvent(EventType.ERROR, status=status)]
        return error.decoded

    def _last(self, rest: bytes) -> list[WatchEvent[AnyObject]]:
        """The last line, if only its newline is missing.

        Raises:
            ConnectionLost: It is torn.
        """
        if not rest.strip():
            return []
        try:
            return self._codec.events(rest)
        except DecodeError:
            raise ConnectionLost(
                f"{self._call}: the stream ended in the middle of a line, after {len(rest)} bytes of it"
            ) from None
