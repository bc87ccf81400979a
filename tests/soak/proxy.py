"""A TCP proxy that fails: cuts, freezes, delays, and now and then is not there.

In:    connections of clients                       Out:   the server's bytes, or what is left of them
Rules: knows nothing of HTTP or TLS, so what it does can happen between any two bytes. Whoever drives it chooses when;
       the proxy itself has neither clock nor chance
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

_PIECE_BYTES = 1 << 16


class Connection:
    """One connection through the proxy.

    Attributes:
        is_frozen: Nothing passes any more, in either direction, and neither end is told.
        cut_after: Bytes that still pass to the client before it is cut; None for as many as come.
        delay: Seconds that each piece to the client takes.
    """

    def __init__(self, number: int, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.number = number
        self.is_frozen = False
        self.cut_after: int | None = None
        self.delay = 0.0
        self.passed = 0
        self._client = client
        self._server = server
        self._thaw: asyncio.Event = asyncio.Event()

    async def run(self, from_client: asyncio.StreamReader, from_server: asyncio.StreamReader) -> None:
        """Pass bytes on until one end is gone."""
        ways = [
            asyncio.ensure_future(self._pump(from_client, self._server, to_client=False)),
            asyncio.ensure_future(self._pump(from_server, self._client, to_client=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self.cut()

    def cut(self) -> None:
        """End it without a word."""
        self._thaw.set()
        for writer in (self._client, self._server):
            writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_client: bool
    ) -> None:
        with suppress(ConnectionError, OSError):
            while data := await reader.read(_PIECE_BYTES):
                if to_client:
                    if self.delay:
                        await asyncio.sleep(self.delay)
                    if self.cut_after is not None and len(data) >= self.cut_after:
                        writer.write(data[: self.cut_after])
                        await writer.drain()
                        return
                    if self.cut_after is not None:
                        self.cut_after -= len(data)
                    self.passed += len(data)
                if self.is_frozen:
                    await self._thaw.wait()
                    return
                writer.write(data)
                await writer.drain()


class Proxy:
    """Listens on a port of its own for one server.

    Args:
        host, port: Of the server.

    Attributes:
        connections: Those that are open, by number.
        port: Where it listens, from the first start on.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0
        self.connections: dict[int, Connection] = {}
        self.port = 0

    async def start(self) -> None:
        """Listen; on the same port every time."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut everything. Every connection sees that by itself, and ends."""
        if self._listener is not None:
            self._listener.close()
        for connection in list(self.connections.values()):
            connection.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            from_server, to_server = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._count += 1
        connection = self.connections[self._count] = Connection(self._count, writer, to_server)
        try:
            await connection.run(reader, from_server)
        finally:
            del self.connections[connection.number]
