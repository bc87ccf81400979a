"""A `ListerWatcher` that answers from a script, and a store that writes down what it is told.

Everything waits on the loop's time: run it under a virtual one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from scripted import pod, pod_list
from virtual_time import run_virtual

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.codec import Codec
from listwatch.apimachinery.errors import Status, error_from_status
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.watch_event import INITIAL_EVENTS_END, EventType, WatchEvent
from listwatch.reflector.list_watch import ListWatch
from listwatch.reflector.reflector import Reflector
from listwatch.reflector.states import ReflectorState

CODEC = Codec(Pod)


@dataclass(frozen=True)
class Wait:
    """Nothing for so many seconds."""

    seconds: float


class Hang:
    """Nothing any more."""


HANG = Hang()
Event = WatchEvent[Pod]
Piece = Event | BaseException | Wait | Hang
Page = ObjectList[Pod] | BaseException | Wait | Hang


def a_pod(name: str, version: int = 1, **more: Any) -> Pod:
    """A pod."""
    return Pod.from_json(json.dumps(pod(name, version) | more).encode())


def added(name: str, version: int) -> Event:
    """ADDED."""
    return WatchEvent(EventType.ADDED, a_pod(name, version))


def modified(name: str, version: int) -> Event:
    """MODIFIED."""
    return WatchEvent(EventType.MODIFIED, a_pod(name, version))


def deleted(name: str, version: int) -> Event:
    """DELETED."""
    return WatchEvent(EventType.DELETED, a_pod(name, version))


def bookmark(version: int, marker: str | None = None) -> Event:
    """BOOKMARK, perhaps with the annotation that ends initial events."""
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    if marker is not None:
        metadata["annotations"] = {INITIAL_EVENTS_END: marker}
    return WatchEvent(EventType.BOOKMARK, CODEC.object(json.dumps({"metadata": metadata}).encode()))


def error(code: int, reason: str = "", message: str = "") -> Event:
    """ERROR."""
    return WatchEvent(EventType.ERROR, status=Status(code=code, reason=reason, message=message))


def says(code: int, reason: str = "", message: str = "", retry_after: float | None = None) -> Exception:
    """The exception that an answer with this Status is."""
    return error_from_status(Status(code=code, reason=reason, message=message), retry_after=retry_after)


def page(names: str, version: int | str = 10, *, token: str = "") -> ObjectList[Pod]:
    """A list of pods whose names are single letters."""
    content = pod_list(names, token=token)
    content["metadata"]["resourceVersion"] = str(version)
    return CODEC.page(json.dumps(content).encode())


@dataclass
class Asked:
    """A request."""

    verb: str
    options: ListOptions
    time: float

    @property
    def version(self) -> str | None:
        """From where."""
        return self.options.resource_version


class Script:
    """Answers lists and watches, in order. Beyond the end: an empty list at 1000, and watches that hang.

    Attributes:
        asked: All requests.
        open_watches: How many are being read.
    """

    def __init__(self, *, lists: Sequence[Page] = (), watches: Sequence[Sequence[Piece]] = ()) -> None:
        self.lists = list(lists)
        self.watches = [list(each) for each in watches]
        self.asked: list[Asked] = []
        self.open_watches = 0

    def list_watch(self, *, supports_watch_list: bool = False) -> ListWatch[Pod]:
        """This script, as two plain functions."""
        return ListWatch(list_func=self.list, watch_func=self.watch, supports_watch_list=supports_watch_list)

    async def list(self, options: ListOptions) -> ObjectList[Pod]:
        """The next list."""
        self._note("list", options)
        while True:
            answer = self.lists.pop(0) if self.lists else page("", 1000)
            await _pass(answer)
            if isinstance(answer, ObjectList):
                return answer

    async def watch(self, options: ListOptions) -> AsyncIterator[Event]:
        """The next watch."""
        self._note("watch" if options.send_initial_events is None else "stream", options)
        self.open_watches += 1
        try:
            for piece in self.watches.pop(0) if self.watches else [HANG]:
                await _pass(piece)
                if isinstance(piece, WatchEvent):
                    yield piece
        finally:
            self.open_watches -= 1

    @property
    def requests(self) -> list[str]:
        """Verb and version of all requests."""
        return [f"{each.verb} {each.version}" for each in self.asked]

    def _note(self, verb: str, options: ListOptions) -> None:
        self.asked.append(Asked(verb, options, asyncio.get_running_loop().time()))


async def _pass(piece: object) -> None:
    if isinstance(piece, BaseException):
        raise piece
    if isinstance(piece, Wait):
        await asyncio.sleep(piece.seconds)
    elif isinstance(piece, Hang):
        await asyncio.Event().wait()


@dataclass
class Notebook:
    """A store: what it holds, and what it was told, in words."""

    objects: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    version: str = ""
    seconds_a_batch: float = 0.0

    def replace(self, objects: Sequence[Pod], resource_version: ResourceVersion) -> None:
        self.objects = {each.name: str(each.resource_version) for each in objects}
        self._say(f"replace {''.join(each.name for each in objects)}", resource_version)

    def apply(self, events: Sequence[Event], resource_version: ResourceVersion) -> None:
        for event in events:
            if event.type is EventType.DELETED:
                self.objects.pop(event.object.name, None)
            else:
                self.objects[event.object.name] = str(event.object.resource_version)
        self._say(" ".join(f"{each.type} {each.object.name}" for each in events), resource_version)

    def bookmark(self, resource_version: ResourceVersion) -> None:
        self._say("bookmark", resource_version)

    async def ready(self) -> None:
        if self.seconds_a_batch:
            await asyncio.sleep(self.seconds_a_batch)

    def _say(self, what: str, resource_version: str) -> None:
        self.version = resource_version
        self.said.append(f"{what} @{resource_version}")


@dataclass
class Followed:
    """What became of a reflector that was run for a while, and then cancelled."""

    reflector: Reflector[Pod]
    store: Notebook
    script: Script
    states: list[ReflectorState]
    failure: BaseException | None

    @property
    def names(self) -> list[str]:
        """The states' names."""
        return [type(each).__name__ for each in self.states]


def follow(script: Script, *, seconds: float = 250.0, streams: bool = False, **options: Any) -> Followed:
    """Run a reflector on a script for so many virtual seconds; chance is 0 unless `random` says otherwise."""

    async def main() -> Followed:
        states: list[ReflectorState] = []
        store = options.pop("store", None) or Notebook()
        settings = {"clock": LoopClock(), "random": lambda: 0.0, "on_state": states.append} | options
        reflector: Reflector[Pod] = Reflector(
            script.list_watch(supports_watch_list=streams), store, **settings
        )
        task = asyncio.create_task(reflector.run())
        await asyncio.wait({task}, timeout=seconds)
        failure: BaseException | None = None
        if task.done():
            failure = task.exception()
        else:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert script.open_watches == 0, "a watch was left open"
        return Followed(reflector, store, script, states, failure)

    return run_virtual(main)
