"""What the informer's tests share: small pods, events, handlers that note what they are told, a server in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.server import APIServer
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.reflector.list_watch import EVERYTHING
from listwatch.shared_informer.shared_informer import SharedInformer

Virtual = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]


def pod(
    name: str, version: int | str = "", *, uid: str = "", phase: str = "", namespace: str = "default"
) -> Pod:
    """A pod in one of its states."""
    metadata = {"name": name, "namespace": namespace, "uid": uid or f"uid-{name}", "labels": {"app": name}}
    if version:
        metadata["resourceVersion"] = str(version)
    return Pod.from_dict({"metadata": metadata, "spec": {"nodeName": "n1"}, "status": {"phase": phase}})


def added(obj: Pod) -> WatchEvent[Pod]:
    return WatchEvent(EventType.ADDED, obj)


def modified(obj: Pod) -> WatchEvent[Pod]:
    return WatchEvent(EventType.MODIFIED, obj)


def deleted(obj: Pod) -> WatchEvent[Pod]:
    return WatchEvent(EventType.DELETED, obj)


def rv(version: int | str) -> ResourceVersion:
    return ResourceVersion(str(version))


async def settle() -> None:
    """Let every task do what it can do now. Virtual time."""
    await asyncio.sleep(0.001)


class Silent:
    """A collection of which nothing is heard: for informers that a test feeds by hand."""

    supports_watch_list = False

    async def list(self, options: ListOptions = EVERYTHING) -> ObjectList[Any]:
        await asyncio.get_running_loop().create_future()
        raise AssertionError(options)

    async def watch(self, options: ListOptions = EVERYTHING) -> AsyncIterator[WatchEvent[Any]]:
        raise AssertionError(options)
        yield


class Notes:
    """A handler that notes what it is told, as text, and what it knows, by name."""

    def __init__(self, name: str = "notes") -> None:
        self.name = name
        self.lines: list[str] = []
        self.known: dict[str, str] = {}

    def on_add(self, obj: Any, *, is_initial: bool) -> None:
        assert obj.name not in self.known
        self.known[obj.name] = obj.resource_version
        self.lines.append(f"add {obj.name}@{obj.resource_version}{' initial' if is_initial else ''}")

    def on_update(self, old: Any, new: Any) -> None:
        assert self.known[old.name] == old.resource_version
        self.known[new.name] = new.resource_version
        self.lines.append(f"update {new.name}@{old.resource_version}->{new.resource_version}")

    def on_delete(self, obj: Any, *, is_final_state_unknown: bool) -> None:
        del self.known[obj.name]
        self.lines.append(
            f"delete {obj.name}@{obj.resource_version}{' unknown' if is_final_state_unknown else ''}"
        )


class SlowNotes(Notes):
    """The same, one call at a time as `let` allows."""

    def __init__(self, name: str = "slow") -> None:
        super().__init__(name)
        self.gate = asyncio.Semaphore(0)
        self.running = 0

    def let(self, calls: int = 1) -> None:
        for _ in range(calls):
            self.gate.release()

    async def _turn(self) -> None:
        self.running += 1
        assert self.running == 1
        await self.gate.acquire()
        self.running -= 1

    async def on_add(self, obj: Any, *, is_initial: bool) -> None:
        await self._turn()
        super().on_add(obj, is_initial=is_initial)

    async def on_update(self, old: Any, new: Any) -> None:
        await self._turn()
        super().on_update(old, new)

    async def on_delete(self, obj: Any, *, is_final_state_unknown: bool) -> None:
        await self._turn()
        super().on_delete(obj, is_final_state_unknown=is_final_state_unknown)


def informer_by_hand(**options: Any) -> SharedInformer[Pod]:
    """An informer that only the test feeds."""
    return SharedInformer(Silent(), resource=Pod.resource, clock=LoopClock(), **options)


@asynccontextmanager
async def server_and_client(**options: Any) -> AsyncIterator[tuple[APIServer, Client]]:
    """An API server in memory and a client of it."""
    server = APIServer(clock=LoopClock(), tokens={"t": User("u", ("system:masters",))}, **options)
    config = Config.of(host="http://in-memory", token="t")
    try:
        async with Client(config, transport=server.handle, clock=LoopClock()) as client:
            yield server, client
    finally:
        await server.aclose()


async def until(claim: Callable[[], bool], *, seconds: float = 300.0) -> None:
    """Returns when `claim` is true. Virtual time."""
    waited = 0.0
    while not claim():
        assert waited < seconds, "it never came true"
        await asyncio.sleep(0.05)
        waited += 0.05
