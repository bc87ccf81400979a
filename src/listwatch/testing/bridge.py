"""The way from a client on any event loop to a server that lives on another, without a socket.

In:    `Request`s on the caller's loop
Out:   the server's `Response`s; a watch's body in the pieces in which it comes
Rules: one change of loops for an ordinary answer, one for each piece of a watch. Cancelling the caller cancels the
       server's work, as a closed connection does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Final, TypeVar

from listwatch.apimachinery.errors import ConnectionRefused
from listwatch.apimachinery.http import Request, Response, Transport
from listwatch.apiserver.wire.request_info import parse_request

T = TypeVar("T")
_STREAMS: Final = frozenset({"log", "exec", "attach", "portforward"})
_END: Final[Any] = object()


class Bridge:
    """A `Transport` that may be used from any loop.

    Args:
        handle: The server's.
        home: The loop on which the server lives.
    """

    def __init__(self, handle: Transport, home: asyncio.AbstractEventLoop) -> None:
        self._handle = handle
        self._home = home

    async def __call__(self, request: Request) -> Response:
        """Carry a request over, and its answer back.

        Raises:
            TransportError: The server is closed, or a fault was injected.
        """
        if asyncio.get_running_loop() is self._home:
            return await self._handle(request)
        info = parse_request(request.method, request.target)
        if info.verb == "watch" or info.subresource in _STREAMS:
            answer = await self.cross(self._handle(request))
            return Response(answer.status, answer.headers, _Pieces(self, answer))
        status, headers, body = await self.cross(self._whole(request))
        whole = Response.of(status, body, content_type=headers.get("Content-Type", ""))
        whole.headers = headers
        return whole

    @property
    def is_closed(self) -> bool:
        """Whether the server's loop has ended."""
        return self._home.is_closed()

    async def cross(self, work: Coroutine[Any, Any, T]) -> T:
        """Let `work` be done on the server's loop.

        Raises:
            ConnectionRefused: That has ended.
        """
        if self._home.is_closed():
            work.close()
            raise ConnectionRefused("the test cluster is closed")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._home))

    async def _whole(self, request: Request) -> tuple[int, Any, bytes]:
        answer = await self._handle(request)
        return answer.status, answer.headers, await answer.read()


class _Pieces:
    """The body of an answer that lives on another loop."""

    def __init__(self, bridge: Bridge, answer: Response) -> None:
        self._bridge = bridge
        self._answer = answer
        self._chunks = aiter(answer.chunks)
        self._reading: asyncio.Task[Any] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._bridge.cross(self._next())
        if piece is _END:
            raise StopAsyncIteration
        return bytes(piece)

    async def aclose(self) -> None:
        """Let go of the answer, on the loop where it lives."""
        if not self._bridge.is_closed:
            await self._bridge.cross(self._close())

    async def _next(self) -> Any:
        self._reading = asyncio.current_task()
        try:
            return await anext(self._chunks, _END)
        finally:
            self._reading = None

    async def _close(self) -> None:
        # A caller that was cancelled may be back here before the server's loop has heard of it.
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._answer.aclose()
