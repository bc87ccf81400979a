"""An API server in memory and clients of it, each behind a wire that a test can cut, slow down or listen to.

All in virtual time: for use inside `run_virtual`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ConnectionLost
from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.credentials import StaticToken

Step = Callable[[Request], Awaitable[None]]


async def nothing(request: Request) -> None:
    """A step of a wire in order."""


class Wire:
    """The way between one client and the server.

    Attributes:
        calls: Methods of the requests that were sent, "GET", "PUT" …
        before: Awaited before the server sees a request; what it raises, the request is lost with.
        after: The same after the server has acted: the answer is lost.
        answer: Gives an answer in the server's place, or None.
    """

    def __init__(self, handle: Callable[[Request], Awaitable[Response]]) -> None:
        self.calls: list[str] = []
        self.before: Step = nothing
        self.after: Step = nothing
        self.answer: Callable[[Request], Response | None] = lambda request: None
        self._handle = handle

    async def __call__(self, request: Request) -> Response:
        """Carry a request there and the answer back."""
        self.calls.append(request.method)
        await self.before(request)
        answer = self.answer(request)
        response = await self._handle(request) if answer is None else answer
        await self.after(request)
        return response

    def cut(self) -> None:
        """Lose everything from now on."""

        async def lose(request: Request) -> None:
            raise ConnectionLost(f"{request.method} {request.target}: the wire is cut")

        self.before = lose

    def hang(self) -> None:
        """Let nothing through from now on, without a word."""

        async def wait(request: Request) -> None:
            await asyncio.get_running_loop().create_future()

        self.before = wait

    def mend(self) -> None:
        """Let everything through again."""
        self.before = self.after = nothing
        self.answer = lambda request: None


class MemoryCluster:
    """A server, its clock, and whoever talks to it."""

    def __init__(self, cluster: EmbeddedCluster, clock: LoopClock) -> None:
        self.cluster = cluster
        self.clock = clock

    def connect(self) -> tuple[Client, Wire]:
        """A client of its own, and its wire."""
        wire = Wire(self.cluster.handle)
        config = Config(host="http://memory.test", credentials=StaticToken(self.cluster.admin_token))
        return Client(config, transport=wire, clock=self.clock), wire


@asynccontextmanager
async def memory_cluster(*, simulate: bool = False) -> AsyncIterator[MemoryCluster]:
    """A server in memory; afterwards no task of anybody may be left.

    Clients need not be closed: in memory they hold nothing.
    """
    clock = LoopClock()
    async with EmbeddedCluster(listen=False, simulate=simulate, clock=clock) as cluster:
        before = asyncio.all_tasks()
        yield MemoryCluster(cluster, clock)
        left = {task for task in asyncio.all_tasks() - before if not task.done()}
        assert left == set()
