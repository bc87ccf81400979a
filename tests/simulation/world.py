"""A world in memory and virtual time: a server, a network that fails, those who write and those who follow.

    problems = run(Scenario(...), ReflectorFollower)

In:    a `Scenario`                                    (from steps.py)
Out:   what promise was broken, in sentences; none if all is well
Rules: nothing but the scenario decides what happens: same scenario, same run. No sockets, no waiting
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Sequence
from typing import Any, Protocol

import steps
from faults import FaultKind, FaultyTransport
from history import SELECTED, History, Shown
from multidict import CIMultiDict
from steps import FollowerSpec, Scenario
from virtual_time import VirtualTimeLoop

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.server import APIServer
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.credentials import StaticToken
from listwatch.reflector.watch_list_support import WatchListSupport

BOUND_SECONDS = 300.0
"""Virtual seconds after the last fault within which everybody has to be in step."""

PAGE_SIZE = 1
MIN_WATCH_SECONDS = 100.0
"""Shorter than is usual: a watch that falls silent before its first bookmark is given up by its own end."""

_LOOK_SECONDS = 10.0
_ADMIN = User("writer", ("system:masters",))
_TOKEN = "simulated"
_ALIKE = " ".join(str(number**3) for number in range(100))
_HEADERS = CIMultiDict({"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"})


class Follower(Protocol):
    """Whoever keeps a copy of what is on the server."""

    spec: FollowerSpec
    problems: list[str]
    is_running: bool

    async def start(self) -> None:
        """Begin, or go on."""

    async def stop(self) -> None:
        """Leave; nothing may be left behind."""

    def differences(self, truth: dict[str, Shown]) -> list[str]:
        """How its copy differs from the selected objects on the server."""
        ...

    async def play(self, step: steps.Step) -> None:
        """What only some followers do."""

    def lies(self) -> list[str]:
        """What is older than it says its copy is."""
        ...

    def has(self, key: str, shown: Shown) -> bool:
        """Whether its copy has the object in this state."""
        ...

    async def reads(self, version: int) -> None:
        """Return when it says that it has come so far."""


class FollowerFactory(Protocol):
    """Makes a follower of a world."""

    def __call__(self, world: World, spec: FollowerSpec, number: int) -> Follower:
        """Not started yet."""
        ...


class World:
    """One run."""

    def __init__(self, scenario: Scenario, make: FollowerFactory) -> None:
        self.scenario = scenario
        self.clock = LoopClock()
        self.random = random.Random(scenario.seed)
        self.history = History()
        self.problems: list[str] = []
        self.log: list[str] = []
        self._uids = 0
        self._writes = 0
        self.server = self._serve()
        self.network = FaultyTransport(self._handle)
        self.client = Client(
            Config(host="http://simulated.invalid", credentials=StaticToken(_TOKEN)),
            transport=self.network,
            clock=self.clock,
        )
        self.support = WatchListSupport()
        self.followers = [make(self, spec, number) for number, spec in enumerate(scenario.followers)]

    async def run(self) -> list[str]:
        """Play the scenario, lift all faults, wait, compare, leave."""
        for step in self.scenario.before:
            await self.play(step)
        for follower in self.followers:
            await follower.start()
        for step in self.scenario.steps:
            await self.play(step)
            for number, follower in enumerate(self.followers):
                self.problems += [f"follower {number} lies: {lie}" for lie in follower.lies()]
        await self._settle()
        await self._leave()
        for number, follower in enumerate(self.followers):
            self.problems += [f"follower {number}: {problem}" for problem in follower.problems]
        return self.problems

    def note(self, what: str) -> None:
        """For a failing run's story."""
        self.log.append(f"{self.clock.monotonic():9.2f}  {what}")

    async def play(self, step: steps.Step) -> None:
        """Let one thing happen."""
        self.note(repr(step))
        match step:
            case steps.Put(namespace, name, label):
                await self._put(namespace, name, label)
            case steps.Delete(namespace, name):
                await self._delete(namespace, name)
            case steps.Recreate(namespace, name, label):
                await self._delete(namespace, name)
                await self._put(namespace, name, label)
            case steps.Compact():
                self.server.compact()
            case steps.Restart(gracefully):
                await self._restart(gracefully=gracefully)
            case steps.Advance(seconds):
                await asyncio.sleep(seconds)
            case steps.Inject(fault):
                self.network.inject(fault)
            case steps.Strike(kind):
                self.network.strike(kind)
            case steps.Outage(is_down):
                self.network.is_down = is_down
                if is_down:
                    self.network.strike(FaultKind.CUT)
            case _:
                if step.follower < len(self.followers):
                    await self._play_with(self.followers[step.follower], step)

    async def _play_with(self, follower: Follower, step: steps.Step) -> None:
        if not isinstance(step, steps.Pause):
            await follower.play(step)
        elif follower.is_running:
            await follower.stop()
        else:
            await follower.start()

    def _serve(self, old: APIServer | None = None) -> APIServer:
        log = None
        if old is not None:
            log = old.log.fork()
            log.compact()
        return APIServer(
            clock=self.clock,
            tokens={_TOKEN: _ADMIN},
            new_uid=self._new_uid,
            chance=random.Random(self.scenario.seed),
            log=log,
        )

    def _new_uid(self) -> str:
        self._uids += 1
        return f"uid-{self._uids}"

    async def _handle(self, request: Request) -> Response:
        return await self.server.handle(request)

    async def _restart(self, *, gracefully: bool) -> None:
        old, self.server = self.server, self._serve(self.server)
        if not gracefully:
            self.network.strike(FaultKind.CUT)
        await old.aclose()

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        encoded = b"" if body is None else json.dumps(body).encode()
        response = await self.server.handle(Request(method, path, _HEADERS, encoded))
        answer: dict[str, Any] = json.loads(await response.read())
        assert response.status < 300, answer
        return answer

    async def _put(self, namespace: str, name: str, label: str) -> None:
        self._writes += 1
        path, key = f"/api/v1/namespaces/{namespace}/configmaps", f"{namespace}/{name}"
        # Of one owner and alike, so that a compact cache squeezes them against each other.
        owner = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": f"owner-of-{label}",
            "uid": f"owner-of-{label}",
        }
        body = {
            "metadata": {"name": name, "labels": {"app": label}, "ownerReferences": [owner]},
            "data": {"number": str(self._writes), "alike": _ALIKE},
        }
        method, path = ("PUT", f"{path}/{name}") if key in self.history.now else ("POST", path)
        metadata = (await self._ask(method, path, body))["metadata"]
        version = int(metadata["resourceVersion"])
        self.history.wrote(
            key, Shown(metadata["uid"], version, label), version=version, moment=self.clock.monotonic()
        )

    async def _delete(self, namespace: str, name: str) -> None:
        key = f"{namespace}/{name}"
        if key in self.history.now:
            await self._ask("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/{name}")
            moment = self.clock.monotonic()
            self.history.wrote(key, None, version=self.server.revision, moment=moment)

    async def _settle(self) -> None:
        self.note("all faults are lifted")
        self.network.heal()
        for follower in self.followers:
            if not follower.is_running:
                await follower.start()
        await self._converge("after the last fault")
        # Equal may be luck: what changes now has to arrive, too.
        await self._delete("default", "a")
        await self._put("default", "last", SELECTED)
        for number, follower in enumerate(self.followers):
            await self._read_own_write(number, follower, self.server.revision)
        await self._converge("after the last write")

    async def _read_own_write(self, number: int, follower: Follower, version: int) -> None:
        """Whoever says that he has come to a version has what was written then."""
        try:
            async with asyncio.timeout(BOUND_SECONDS):
                await follower.reads(version)
        except TimeoutError:
            self.problems.append(f"follower {number} has not come to {version} in {BOUND_SECONDS:.0f} s")
            return
        truth = self.history.state(None, follower.spec.selection)
        if "default/last" in truth and not follower.has("default/last", truth["default/last"]):
            self.problems.append(f"follower {number} says it has come to {version}, and has not")

    async def _converge(self, when: str) -> None:
        end = self.clock.monotonic() + BOUND_SECONDS
        while differences := self._differences():
            if self.clock.monotonic() >= end:
                self.problems.append(f"no convergence within {BOUND_SECONDS:.0f} s {when}: {differences}")
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def _differences(self) -> list[str]:
        return [
            f"follower {number}: {difference}"
            for number, follower in enumerate(self.followers)
            for difference in follower.differences(self.history.state(None, follower.spec.selection))
        ]

    async def _leave(self) -> None:
        for follower in self.followers:
            await follower.stop()
        hub = self.server._hub
        if self.network.open or hub._waiting or hub._versions:
            self.problems.append(f"left behind: answers {self.network.open}, watches {hub._waiting}")
        await self.client.aclose()
        await self.server.aclose()
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            self.problems.append(f"left behind: {left}")


def run(scenario: Scenario, make: FollowerFactory) -> list[str]:
    """Run a scenario; what was wrong, then the story of the run, or nothing."""
    log = logging.getLogger("listwatch")
    level = log.level
    log.setLevel(logging.CRITICAL)  # the states of a failing run tell more
    try:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            return runner.run(_run(scenario, make))
    finally:
        log.setLevel(level)


async def _run(scenario: Scenario, make: FollowerFactory) -> list[str]:
    world = World(scenario, make)
    problems = await world.run()
    return [*problems, *world.log] if problems else []


def tell(problems: Sequence[str], scenario: Scenario, make: str, again: str) -> str:
    """What a failing test prints."""
    return "\n".join(
        ["", *problems, "", "to see it again:", f"    check({scenario!r}, {make})", f"or all runs: {again}"]
    )
