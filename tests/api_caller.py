"""A caller of an `APIServer`, for tests that speak to it in memory."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

from multidict import CIMultiDict

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.http import Peer, Request, Response
from listwatch.apiserver.server import APIServer

ADMIN = Peer("admin", ("system:masters",))
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"


def config_map(name: str, *, data: dict[str, str] | None = None, **metadata: Any) -> dict[str, Any]:
    """A ConfigMap to create."""
    shown: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}
    return {**shown, "data": data} if data else shown


def pod(name: str, **spec: Any) -> dict[str, Any]:
    """A Pod to create."""
    containers = [{"name": "main", "image": "nginx:latest"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": containers, **spec},
    }


class Answer:
    """A whole answer."""

    def __init__(self, status: int, headers: CIMultiDict[str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)


class OpenWatch:
    """A watch whose events are collected as they come."""

    def __init__(self, answer: Response) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.events: list[Any] = []
        self.chunks: list[bytes] = []
        self._answer = answer
        self._task = asyncio.ensure_future(self._collect())

    @property
    def has_ended(self) -> bool:
        """Whether the server ended it."""
        return self._task.done()

    def told(self) -> list[tuple[str, str]]:
        """Types and names of the events; of a bookmark its version."""
        return [
            (
                event["type"],
                event["object"]["metadata"].get("name", event["object"]["metadata"].get("resourceVersion")),
            )
            for event in self.events
        ]

    async def settle(self) -> None:
        """Let everything that is ready arrive."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop watching."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._answer.aclose()

    async def _collect(self) -> None:
        async for chunk in self._answer.chunks:
            self.chunks.append(chunk)
            self.events.extend(json.loads(line) for line in chunk.splitlines())


class Caller:
    """An administrator with a server of its own; use it inside a running loop."""

    def __init__(self, **options: Any) -> None:
        self.server = APIServer(**{"clock": LoopClock(), "chance": random.Random(1), **options})

    async def send(
        self, method: str, target: str, body: Any = None, *, peer: Peer | None = ADMIN, **headers: str
    ) -> Answer:
        """Send a request; `body` is JSON unless it is bytes. Underscores in header names become dashes."""
        answer = await self.open(method, target, body, peer=peer, **headers)
        return Answer(answer.status, answer.headers, await answer.read())

    async def open(
        self, method: str, target: str, body: Any = None, *, peer: Peer | None = ADMIN, **headers: str
    ) -> Response:
        """Send a request and give the answer with its body still to come."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        fields = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
        return await self.server.handle(Request(method, target, fields, data, peer))

    async def get(self, target: str, **headers: str) -> Answer:
        """GET."""
        return await self.send("GET", target, **headers)

    async def create(self, target: str, body: Any) -> Any:
        """POST something that is good; gives the object."""
        answer = await self.send("POST", target, body)
        assert answer.status == 201, answer.json
        return answer.json

    async def patch(self, target: str, body: Any, kind: str = "merge-patch+json") -> Answer:
        """PATCH."""
        return await self.send("PATCH", target, body, content_type=f"application/{kind}")

    async def delete(self, target: str, body: Any = None) -> Answer:
        """DELETE."""
        return await self.send("DELETE", target, body)

    async def watch(self, target: str, **headers: str) -> OpenWatch:
        """Begin to watch."""
        return OpenWatch(await self.open("GET", target, **headers))
