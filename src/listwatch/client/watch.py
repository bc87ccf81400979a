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
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing
from types import AsyncGeneratorType, TracebackType
from typing import Generic, Self, TypeVar, cast

from listwatch.apimachinery.codec import Codec, UndecodableFrame, decode_status
from listwatch.apimachinery.errors import ConnectionLost, DecodeError, ProtocolError, RequestTimeout
from listwatch.apimachinery.http import Response
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.client.frames import LineBuffer, Lines
from listwatch.client.rest import Call, RESTClient

T = TypeVar("T")

MARGIN_SECONDS = 30.0
"""How long after the server's own end of a watch its silence is taken for a dead connection."""

_LAST_LOOK_SECONDS = 1.0
"""How long each read may take at least: a reader who comes back after the deadline still gets what has arrived."""

_STATUS_BYTES = 1 << 20


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

    Inside `async with`, a loop that was left may be followed by another, which goes on where the first stopped.
    Without it, leaving the loop closes the connection, and a second loop raises RuntimeError.

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
        self._waiting: asyncio.Timeout | None = None
        self._is_entered = self._is_read = False
        self._stopped = asyncio.Event()
        # Kept only inside `async with`: an iterator that nobody holds is what closes a loop that was left.
        self._batches: AsyncGenerator[list[WatchEvent[AnyObject]]] | None = None
        self._events: AsyncGenerator[WatchEvent[AnyObject]] | None = None

    async def __aenter__(self) -> Self:
        await self._open()
        self._is_entered = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        for kept in (self._events, self._batches):
            # One that another task is in ends by itself.
            if kept is not None and not cast("AsyncGeneratorType[object]", kept).ag_running:
                await kept.aclose()

    def __aiter__(self) -> AsyncIterator[WatchEvent[AnyObject]]:
        events = self._events or self._one_by_one()
        if self._is_entered:
            self._events = events
        return events

    def batches(self) -> AsyncIterator[list[WatchEvent[AnyObject]]]:
        """The events as they arrive: each item is what one read brought, never empty.

        The cheap way to read: one step of the event loop for many events. Use this or plain iteration, not both.
        """
        batches = self._batches or self._read()
        if self._is_entered:
            self._batches = batches
        return batches

    async def stop(self) -> None:
        """Close the connection. Safe at any time, also twice; an iteration in another task ends."""
        self._stopped.set()
        waiting, self._waiting = self._waiting, None
        response, self._response = self._response, None
        if waiting is not None:
            # Whatever the transport does on close, the reader wakes.
            waiting.reschedule(asyncio.get_running_loop().time())
            if response is not None:
                await response.close()
        elif response is not None:
            await response.aclose()

    async def _open(self) -> Response | None:
        if self._response is None and not self._stopped.is_set():
            response = await self._until_stopped(self._request(), deadline=None)
            if response is not None and self._stopped.is_set():
                await response.aclose()
            elif response is not None:
                self._response = response
                self._rest.streams.add(self)
        return self._response

    async def _request(self) -> Response:
        response = await self._rest.open(self._call)
        await self._rest.expect_json(response, self._call)
        return response

    async def _until_stopped(self, work: Awaitable[T], *, deadline: float | None) -> T | None:
        """What `work` gives; None if this watch is stopped meanwhile.

        Raises:
            TimeoutError: The loop's time has reached the deadline.
        """
        try:
            async with asyncio.timeout_at(deadline) as self._waiting:
                return await work
        except TimeoutError:
            if self._stopped.is_set():
                return None
            raise
        finally:
            self._waiting = None

    async def _one_by_one(self) -> AsyncGenerator[WatchEvent[AnyObject]]:
        async with aclosing(self._read()) as batches:
            async for batch in batches:
                for event in batch:
                    yield event
                    if self._stopped.is_set():
                        return

    async def _read(self) -> AsyncGenerator[list[WatchEvent[AnyObject]]]:
        if self._is_read:
            raise RuntimeError(
                f"{self._call}: a watch is read once; open another, or enter it by `async with`"
            )
        self._is_read = True
        response = await self._open()
        if response is None:
            return
        deadline = asyncio.get_running_loop().time() + self._seconds
        buffer, is_first = LineBuffer(), True
        try:
            while (chunk := await self._next_chunk(response, deadline)) is not None:
                pieces = self._lines(buffer, chunk)
                del chunk
                if not pieces:
                    continue
                batch, failure = self._decode(pieces)
                if failure is not None and is_first and not batch:
                    head = b"".join([*pieces, buffer.rest()])
                    batch = await self._spread_status(head, response, deadline)
                if batch:
                    is_first = False
                    is_last = batch[-1].type is EventType.ERROR
                    yield batch
                    if is_last:
                        return
                if failure is not None:
                    raise DecodeError(f"{self._call}: {failure}")
                # A watch may be silent for hours, and is not to hold what it has told for so long.
                del pieces, batch
            last = [] if self._stopped.is_set() else self._last(buffer.rest())
            if last:
                yield last
        finally:
            await self.stop()

    def _lines(self, buffer: LineBuffer, chunk: bytes) -> list[Lines]:
        try:
            return buffer.feed(chunk)
        except ProtocolError as error:
            raise ProtocolError(f"{self._call}: {error}") from None

    def _decode(self, pieces: list[Lines]) -> tuple[list[WatchEvent[AnyObject]], UndecodableFrame | None]:
        """The events of these lines, up to the first ERROR or bad line, and what is wrong with that one."""
        batch: list[WatchEvent[AnyObject]] = []
        for lines in pieces:
            try:
                events, failure = self._codec.events(lines), None
            except UndecodableFrame as error:
                events, failure = error.decoded, error
            batch = batch + events if batch else events
            if failure is not None or (batch and batch[-1].type is EventType.ERROR):
                return batch, failure
        return batch, None

    async def _next_chunk(self, response: Response, deadline: float) -> bytes | None:
        if self._stopped.is_set():
            return None
        deadline = max(deadline, asyncio.get_running_loop().time() + _LAST_LOOK_SECONDS)
        try:
            return await self._until_stopped(anext(response.chunks, None), deadline=deadline)
        except TimeoutError:
            raise RequestTimeout(
                f"{self._call}: the server should have ended this watch and did not within {self._seconds:.0f} s: the "
                "connection is dead"
            ) from None
        except ConnectionLost:
            if self._stopped.is_set():
                return None
            raise

    async def _spread_status(
        self, head: bytes, response: Response, deadline: float
    ) -> list[WatchEvent[AnyObject]]:
        """The Status that an answer is which does not begin with a frame, be it written over many lines."""
        while (status := decode_status(head)) is None:
            if head.split(None, 1)[:1] != [b"{"] or len(head) > _STATUS_BYTES:
                return []
            chunk = await self._next_chunk(response, deadline)
            if chunk is None:
                return []
            head += chunk
        return [WatchEvent(EventType.ERROR, status=status)]

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
