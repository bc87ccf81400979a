"""A durable server, killed over and over in the middle of its writes.

    make soak-kill KILLS=200
    python tests/soak/soak_kill.py --kills 200 --seed 7

A child process (forked, so that a kill costs milliseconds) opens the data directory and writes from several coroutines;
before each request it says what it is about to do, and after each answer what was answered. After a random time it gets
SIGKILL. Then a copy of the directory is opened, and has to hold exactly what was answered, and of what was only asked
for either all or nothing. The next child begins with the directory as the kill left it.
"""

# ruff: noqa: T201 (a program: it prints)

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from multidict import CIMultiDict

from listwatch.apimachinery.clock import SystemClock
from listwatch.apimachinery.http import Peer, Request
from listwatch.apiserver.server import APIServer
from listwatch.apiserver.storage.data_directory import LOG_FILE, DataDirectory
from listwatch.apiserver.storage.durable_log import DurableLog
from listwatch.apiserver.storage.revision_log import RevisionLog

WRITERS = 6
GROUP = 4  # objects that one deletecollection takes
HISTORY = 400  # small, so that the disk forgets too
ADMIN = Peer("admin", ("system:masters",))
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
Objects = dict[str, tuple[int, str]]  # name -> version, content


def marked(text: str) -> str:
    """What stands for a content."""
    return f"{zlib.crc32(text.encode())}/{len(text)}"


class Child:
    """Writes until it is killed."""

    def __init__(self, directory: Path, pipe: int, seed: int) -> None:
        self._directory = directory
        self._pipe = pipe
        self._seed = seed
        self._server: APIServer | None = None

    async def run(self) -> None:
        """Open, and write."""
        opened = DataDirectory.open(self._directory, history_limit=HISTORY)
        self._server = APIServer(clock=SystemClock(), commits=opened.commits)
        await self._server.settle()
        self.say(do="ready")
        await asyncio.gather(self.watch(), *(self.write(number) for number in range(WRITERS)))

    def say(self, **facts: Any) -> None:
        """Tell the parent, at once: what is written to a pipe survives the writer."""
        os.write(self._pipe, json.dumps(facts).encode() + b"\n")

    async def send(self, method: str, target: str, body: Any = None, kind: str = "json") -> Any:
        """Ask the server; gives the answer, which must be good."""
        assert self._server is not None
        headers = CIMultiDict({"Content-Type": f"application/{kind}"})
        data = b"" if body is None else json.dumps(body).encode()
        answer = await self._server.handle(Request(method, target, headers, data, ADMIN))
        document = json.loads(await answer.read())
        assert answer.status in {200, 201}, document
        return document

    async def write(self, number: int) -> None:
        """Create, update, patch and delete objects of one's own."""
        chance = random.Random(f"{self._seed} {number}")
        for count in range(1_000_000):
            name, group = f"s{self._seed}-w{number}-{count}", f"s{self._seed}-w{number}-{count // GROUP}"
            labels = {"group": group}
            await self.put("POST", CONFIG_MAPS, name, labels, "made")
            for _ in range(chance.randrange(3)):
                text = str(chance.random()) * chance.choice((1, 1, 200))
                method, kind = chance.choice((("PUT", "json"), ("PATCH", "merge-patch+json")))
                await self.put(method, f"{CONFIG_MAPS}/{name}", name, labels, text, kind)
            if chance.random() < 0.3:
                self.say(do="delete", names=[name])
                await self.send("DELETE", f"{CONFIG_MAPS}/{name}")
                self.say(done="delete", names=[name])
            if count % GROUP == GROUP - 1 and chance.random() < 0.9:
                names = [f"s{self._seed}-w{number}-{count - back}" for back in range(GROUP)]
                self.say(do="delete", names=names)
                await self.send("DELETE", f"{CONFIG_MAPS}?labelSelector=group%3D{group}")
                self.say(done="delete", names=names)

    async def put(
        self, method: str, target: str, name: str, labels: dict[str, str], text: str, kind: str = "json"
    ) -> None:
        """Give an object a content."""
        mark = marked(text)  # as good as the text, and the pipe has room for many
        self.say(do="put", names=[name], text=mark)
        body = {"metadata": {"name": name, "labels": labels}, "data": {"v": text}}
        made = await self.send(method, target, body, kind)
        self.say(done="put", names=[name], text=mark, version=int(made["metadata"]["resourceVersion"]))

    async def watch(self) -> None:
        """Say what a watch tells: what somebody was told of must not be taken back either."""
        assert self._server is not None
        answer = await self._server.handle(Request("GET", f"{CONFIG_MAPS}?watch=true", peer=ADMIN))
        async for chunk in answer.chunks:
            last = json.loads(chunk.splitlines()[-1])
            self.say(told=int(last["object"]["metadata"]["resourceVersion"]))


class Ledger:
    """What must be there after a kill, from what the child said."""

    def __init__(self) -> None:
        self.objects: Objects = {}
        self.told = 0
        self.acknowledged = 0
        self._open: dict[str, dict[str, Any]] = {}

    def read(self, lines: Iterator[dict[str, Any]]) -> None:
        """Follow what was asked for and what was answered."""
        self._open = {}
        for line in lines:
            if "told" in line:
                self.told = max(self.told, line["told"])
            elif line.get("done"):
                self.acknowledged += 1
                self._open.pop(line["names"][0], None)
                self._apply(line)
            elif line["do"] != "ready":
                self._open[line["names"][0]] = line

    def check(self, log: RevisionLog) -> None:
        """Compare; whatever had been asked for and not answered is taken as it is found.

        Raises:
            AssertionError: Something acknowledged is lost, or something is half done.
        """
        found: Objects = {
            stored.object["metadata"]["name"]: (stored.revision, marked(stored.object["data"]["v"]))
            for _, stored in log.state("configmaps").items()
        }
        for asked in self._open.values():
            names = asked["names"]
            if asked["do"] == "delete":
                before = {name for name in names if name in self.objects}
                left = {name for name in before if name in found}
                assert left in (before, set()), f"half done: {asked}, {left} are left of {before}"
                if not left:
                    self._apply(asked)
            elif names[0] in found and found[names[0]] != self.objects.get(names[0]):
                version, text = found[names[0]]
                assert text == asked["text"], f"half done: {asked}"
                self.objects[names[0]] = (version, text)
        assert found == self.objects, f"lost or invented: {set(found.items()) ^ set(self.objects.items())}"
        assert log.revision >= self.told, f"told {self.told}, came back at {log.revision}"
        assert len(log.track("configmaps").changes) >= min(HISTORY, self.acknowledged) // 2
        self.told = 0

    def _apply(self, line: dict[str, Any]) -> None:
        for name in line["names"]:
            if line.get("done", line.get("do")) == "put":
                self.objects[name] = (line["version"], line["text"])
            else:
                self.objects.pop(name, None)


def start(directory: Path, seed: int) -> tuple[int, int]:
    """A child; gives its process and the pipe that it speaks through."""
    reading, writing = os.pipe()
    with suppress(OSError):  # the more fits in, the less the child waits for us
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)
    process = os.fork()
    if process == 0:
        os.close(reading)
        try:
            asyncio.run(Child(directory, writing, seed).run())
        finally:
            os._exit(1)  # only if it failed: its own traceback is told by then
    os.close(writing)
    return process, reading


def heard(pipe: int, until: float | None = None) -> bytes:
    """All that is said from now on: until the first piece, or until the end of the pipe."""
    pieces: list[bytes] = []
    while piece := os.read(pipe, 1 << 20):
        pieces.append(piece)
        if until is not None:
            break
    return b"".join(pieces)


def kill_once(directory: Path, ledger: Ledger, chance: random.Random, seed: int) -> None:
    """One child, from its start to the check of what it left."""
    process, pipe = start(directory, seed)
    said = b""
    if chance.random() < 0.1:
        time.sleep(chance.uniform(0, 0.02))  # while it opens the directory
    else:
        said = heard(pipe, until=0)
        time.sleep(chance.uniform(0.01, 0.08))
    # What it says meanwhile stays in the pipe, or holds it up: either is a moment to be killed at.
    os.kill(process, signal.SIGKILL)
    said += heard(pipe)
    os.close(pipe)
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status), "the child failed by itself"
    ledger.read(json.loads(line) for line in said.splitlines(keepends=True) if line.endswith(b"\n"))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(directory, copy)
        if not (copy / LOG_FILE).exists():
            assert not ledger.objects
            return
        file = DurableLog.open(copy / LOG_FILE, history_limit=HISTORY)
        file.close()
        if file.log is not None:
            ledger.check(file.log)


def main(arguments: list[str]) -> None:
    """Kill as often as was asked for; the first fault ends it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    chance, ledger = random.Random(seed), Ledger()
    began = time.monotonic()
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "data"
        for number in range(options.kills):
            kill_once(directory, ledger, chance, seed * 1000 + number)
        size = sum(file.stat().st_size for file in directory.iterdir())
    print(
        f"{options.kills} kills, {ledger.acknowledged} acknowledged writes, none lost, none half done; "
        f"{len(ledger.objects)} objects left, {size / 1e6:.1f} MB on disk, {time.monotonic() - began:.1f} s"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
