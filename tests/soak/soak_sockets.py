"""Minutes on real sockets through a proxy that fails: in the end three informers must have what the server has.

    make soak-sockets SECONDS=600
    python tests/soak/soak_sockets.py --seconds 60 --seed 7

In:    a duration and a seed
Out:   a line for each fault and each change of an informer's state, then tables; exit code 1 if anything differs
Rules: the server writes to itself in its own process, so the proxy hurts nobody but those who follow. Faults come by
       the seed's schedule; what they meet depends on the machine, so a seed repeats the faults, not the run
"""
# ruff: noqa: E402, T201 (a program: it finds its helpers itself, and prints)

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import logging
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "simulation"), str(Path(__file__).parent)]

from history import History, Selection, Shown
from proxy import Proxy
from witness import HandlerWitness, key_of, shown

from listwatch.api.core_v1 import ConfigMap
from listwatch.client.client import Client
from listwatch.client.config import Config, TLSConfig
from listwatch.client.credentials import StaticToken
from listwatch.reflector.states import Broken, Listing, ReflectorState
from listwatch.shared_informer.shared_informer import SharedInformer

SETTLE_SECONDS = 150.0
MIN_WATCH_SECONDS = 10.0
LIVENESS_SECONDS = 8.0
MARKER_SECONDS = 10.0
WATCHERS = (
    ("everything", Selection(), None),
    ("app=x", Selection("", True), None),
    ("default, list and watch", Selection("default"), False),
)
FAULTS = (
    "cut",
    "cut",
    "cut in the middle",
    "freeze",
    "freeze",
    "delay",
    "proxy restart",
    "compact",
    "restart",
)


class AnyHistory(History):
    """Believes every state: the truth of this run is in another process."""

    def knows(self, key: str, shown: Shown) -> bool:
        """Yes."""
        return True


class Watcher:
    """One informer, a handler that adds up, and what became of them."""

    def __init__(
        self, name: str, selection: Selection, client: Client, watch_list: bool | None, log: Log
    ) -> None:
        self.name = name
        self.selection = selection
        self.states: Counter[str] = Counter()
        self.witness = HandlerWitness(AnyHistory(), selection)
        self.informer: SharedInformer[ConfigMap] = SharedInformer.from_client(
            client,
            ConfigMap,
            namespace=selection.namespace,
            label_selector=selection.label_selector,
            name=name,
            watch_list=watch_list,
            min_watch_seconds=MIN_WATCH_SECONDS,
            liveness_seconds=LIVENESS_SECONDS,
            marker_seconds=MARKER_SECONDS,
        )
        self.registration = self.informer.add_event_handler(self.witness)
        self.witness.has_synced = lambda: self.registration.has_synced
        self._log = log
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow, and to listen to its states."""
        self._task = asyncio.create_task(self._listen())
        await self.informer.start()

    async def stop(self) -> None:
        """Leave."""
        await self.informer.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def has(self) -> dict[str, Shown]:
        """What is in its cache."""
        return {key_of(obj): shown(obj) for obj in self.informer.indexer.list()}

    async def _listen(self) -> None:
        async for state in self.informer.states():
            self._note(state)

    def _note(self, state: ReflectorState) -> None:
        what = type(state).__name__
        detail = ""
        if isinstance(state, Listing):
            what = f"Listing ({state.reason})"
        elif hasattr(state, "failure"):
            what = f"{what} ({state.failure})"
            detail = str(getattr(state, "error", "") or "")
        self.states[what] += 1
        if not what.startswith("Watching") or isinstance(state, Broken):
            self._log.write(self.name, f"{what} {detail}"[:150])


class Log:
    """Lines with the seconds since the beginning."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def write(self, who: str, what: str) -> None:
        """Print one."""
        print(f"{time.monotonic() - self._start:8.2f}  {who:24} {what}", flush=True)


class Cluster:
    """The server's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, *, seed: int, rate: float, http: bool) -> tuple[Cluster, dict[str, Any]]:
        """Start it; what it says of itself."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("server.py")),
            *("--seed", str(seed), "--rate", str(rate)),
            *(["--http"] if http else []),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 26,
        )
        cluster = cls(process)
        return cluster, await cluster._answer()

    async def ask(self, command: str) -> dict[str, Any]:
        """Have it do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        await self._process.stdin.drain()
        return await self._answer()

    async def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the server's process has ended")
        found: dict[str, Any] = json.loads(line)
        return found


class Tormentor:
    """Lets things happen to the proxy and the server by a seed's schedule."""

    def __init__(
        self, proxy: Proxy, cluster: Cluster, options: argparse.Namespace, chance: random.Random, log: Log
    ) -> None:
        self.done: Counter[str] = Counter()
        self._faults = options.fault or FAULTS
        self._pause = options.pause
        self._proxy = proxy
        self._cluster = cluster
        self._chance = chance
        self._log = log

    async def run(self, seconds: float) -> None:
        """One fault after the other, until the time is up."""
        end = time.monotonic() + seconds
        while (pause := self._chance.uniform(0.1, 2 * self._pause)) < end - time.monotonic():
            await asyncio.sleep(pause)
            fault = self._chance.choice(self._faults)
            self.done[fault] += 1
            if fault in {"compact", "restart"}:
                self._log.write("fault", f"server: {fault}")
                await self._cluster.ask(fault)
            elif fault == "proxy restart":
                self._log.write("fault", fault)
                await self._proxy.stop()
                await asyncio.sleep(self._chance.uniform(0.0, 3.0))
                await self._proxy.start()
            else:
                self._harm(fault)
        await asyncio.sleep(max(0.0, end - time.monotonic()))

    def _harm(self, fault: str) -> None:
        """One connection, or all of them."""
        chance, victims = self._chance, list(self._proxy.connections.values())
        if victims and chance.random() < 0.6:
            victims = [chance.choice(victims)]
        self._log.write("fault", f"{fault}: {len(victims)} of {len(self._proxy.connections)} connections")
        for victim in victims:
            if fault == "cut":
                victim.cut()
            elif fault == "freeze":
                victim.is_frozen = True
            elif fault == "delay":
                victim.delay = chance.uniform(0.0, 0.5)
            else:
                victim.cut_after = chance.randrange(20_000)


async def soak(options: argparse.Namespace) -> int:
    """The whole of it; the exit code."""
    log = Log()
    chance = random.Random(options.seed)
    cluster, facts = await Cluster.start(seed=options.seed, rate=options.rate, http=options.http)
    host, _, port = facts["url"].rpartition("//")[2].partition(":")
    proxy = Proxy(host, int(port))
    await proxy.start()
    config = _config(facts["kubeconfig"], proxy.port)
    log.write("seed", f"{options.seed}, {options.seconds:.0f} s, {options.rate:.0f} writes a second")
    async with Client(config) as client:
        watchers = [Watcher(name, selection, client, way, log) for name, selection, way in WATCHERS]
        for watcher in watchers:
            await watcher.start()
        tormentor = Tormentor(proxy, cluster, options, chance, log)
        await tormentor.run(options.seconds)
        for connection in proxy.connections.values():
            connection.delay, connection.cut_after = 0.0, None
        log.write("faults", "are over, and so are the writes")
        truth = await cluster.ask("truth")
        problems = await _settle(watchers, truth, log)
        for watcher in watchers:
            await watcher.stop()
    await proxy.stop()
    await cluster.stop()
    await asyncio.sleep(0.1)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    problems += [f"left behind: {task!r}" for task in left]
    _report(watchers, tormentor.done, truth, problems)
    return 1 if problems else 0


def _config(kubeconfig: dict[str, Any], port: int) -> Config:
    entry = kubeconfig["clusters"][0]["cluster"]
    scheme = entry["server"].partition(":")[0]
    ca = entry.get("certificate-authority-data")
    return Config(
        host=f"{scheme}://127.0.0.1:{port}",
        credentials=StaticToken(kubeconfig["users"][0]["user"]["token"]),
        tls=TLSConfig(ca_data=base64.b64decode(ca)) if ca else TLSConfig(),
    )


async def _settle(watchers: list[Watcher], truth: dict[str, Any], log: Log) -> list[str]:
    """Wait until all have what the server has; what differs when the time is up."""
    objects = {
        key: Shown(uid, int(version), label) for key, (uid, version, label) in truth["objects"].items()
    }
    end = time.monotonic() + SETTLE_SECONDS
    while True:
        problems = []
        for watcher in watchers:
            wanted = {key: one for key, one in objects.items() if watcher.selection.has(key, one)}
            for what, has in (("cache", watcher.has()), ("handler", watcher.witness.known)):
                different = {key for key in wanted.keys() | has.keys() if wanted.get(key) != has.get(key)}
                if different:
                    problems.append(
                        f"{watcher.name}: the {what} differs in {len(different)}: {sorted(different)[:5]}"
                    )
        if not problems or time.monotonic() >= end:
            break
        await asyncio.sleep(0.5)
    log.write("in the end", "all are equal" if not problems else f"{len(problems)} differences")
    for watcher in watchers:
        problems += [f"{watcher.name}: {problem}" for problem in watcher.witness.problems[:10]]
        if watcher.registration.failures:
            problems.append(f"{watcher.name}: the handler failed {watcher.registration.failures} times")
    return problems


def _report(watchers: list[Watcher], done: Counter[str], truth: dict[str, Any], problems: list[str]) -> None:
    print(
        f"\n{truth['writes']} writes up to version {truth['revision']}, {len(truth['objects'])} objects left\n"
    )
    _table("faults", done)
    for watcher in watchers:
        told = ", ".join(f"{count} {what}" for what, count in sorted(watcher.witness.counts.items()))
        _table(f"{watcher.name}: {len(watcher.has())} objects, told {told}", watcher.states)
    print("\n".join(problems) if problems else "equal, in order, nothing lost, nothing left behind")


def _table(title: str, counts: Counter[str]) -> None:
    print(title)
    for name, count in sorted(counts.items()):
        print(f"  {count:6}  {name}")
    print()


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description="Three informers through a proxy that fails, on real sockets."
    )
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rate", type=float, default=200.0, help="writes a second")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--pause", type=float, default=3.0, help="mean seconds between two faults")
    parser.add_argument(
        "--fault", action="append", choices=sorted(set(FAULTS)), help="only this; may be repeated"
    )
    parser.add_argument("--http", action="store_true", help="plain HTTP in place of HTTPS")
    logging.getLogger("listwatch").setLevel(logging.ERROR)
    return asyncio.run(soak(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
