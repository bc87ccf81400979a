"""The cluster of the soak, a process of its own: it writes to itself, compacts, restarts, and at last tells the truth.

In:    options; a line on stdin ends the writing
Out:   JSON lines on stdout: how to reach it, what it did (`compact`, `restart`), and at the end every object
Rules: restarts keep the objects, the port and the authority, and lose the history, as a real API server's do
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from typing import Any

from multidict import CIMultiDict

from listwatch.apimachinery.http import Request
from listwatch.apiserver.embedded import EmbeddedCluster

TOKEN = "soak"
NAMESPACES = ("default", "kube-system")
NAMES = 400
_HEADERS = CIMultiDict({"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})


class Soaked:
    """The cluster through its restarts, and the one who writes."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._random = random.Random(options.seed)
        self._rate = options.rate
        self._tls = not options.http
        self._number = 0
        self.writes = 0
        self.cluster = EmbeddedCluster(simulate=False, token=TOKEN, tls=self._tls)

    async def write_for_ever(self) -> None:
        """So many writes a second: mostly changes, some deletions, some recreations."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self.write()
            due += 1 / self._rate
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def write(self) -> None:
        """One write."""
        chance = self._random
        space, name = chance.choice(NAMESPACES), f"item-{chance.randrange(NAMES)}"
        roll = chance.random()
        if roll < 0.15:
            await self._ask("DELETE", space, name)
            if roll < 0.05:
                await self._put(space, name)
        else:
            await self._put(space, name)

    async def restart(self) -> None:
        """Close everything, come back at the same place on the same state."""
        old = self.cluster
        port = int(old.url.rpartition(":")[2])
        log = old.server.log.fork()
        log.compact()
        self.cluster = EmbeddedCluster(
            simulate=False, token=TOKEN, tls=self._tls, port=port, log=log, authority=old.authority
        )
        await old.aclose()
        await self.cluster.start()

    async def truth(self) -> dict[str, list[str]]:
        """Every object: its uid, version and label, by key."""
        found: dict[str, list[str]] = {}
        for space in NAMESPACES:
            response = await self.cluster.handle(
                Request("GET", f"/api/v1/namespaces/{space}/configmaps", _HEADERS)
            )
            for item in json.loads(await response.read())["items"]:
                metadata = item["metadata"]
                found[f"{space}/{metadata['name']}"] = [
                    metadata["uid"],
                    metadata["resourceVersion"],
                    metadata["labels"]["app"],
                ]
        return found

    async def _put(self, space: str, name: str) -> None:
        self._number += 1
        body = {
            "metadata": {"name": name, "labels": {"app": self._random.choice("xy")}},
            "data": {"number": str(self._number), "padding": "p" * self._random.randrange(2000)},
        }
        if await self._ask("PUT", space, name, body) == 404:
            await self._ask("POST", space, "", body)

    async def _ask(self, method: str, space: str, name: str, body: dict[str, Any] | None = None) -> int:
        path = f"/api/v1/namespaces/{space}/configmaps" + (f"/{name}" if name else "")
        encoded = b"" if body is None else json.dumps(body).encode()
        response = await self.cluster.handle(Request(method, path, _HEADERS, encoded))
        await response.read()
        self.writes += response.status < 300
        return response.status


def tell(**facts: Any) -> None:
    """One line for whoever started this."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def main(options: argparse.Namespace) -> None:
    """Write, and do what is asked for, until the input ends."""
    soaked = Soaked(options)
    await soaked.cluster.start()
    for _ in range(300):
        await soaked.write()
    tell(kubeconfig=soaked.cluster.kubeconfig, url=soaked.cluster.url)
    writing: asyncio.Task[None] | None = asyncio.create_task(soaked.write_for_ever())
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while command := (await reader.readline()).decode().strip():
        if writing is not None:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            writing = None
        match command:
            case "compact":
                soaked.cluster.server.compact()
            case "restart":
                await soaked.restart()
            case "truth":
                tell(
                    objects=await soaked.truth(),
                    writes=soaked.writes,
                    revision=soaked.cluster.server.revision,
                )
                continue
        tell(done=command, revision=soaked.cluster.server.revision)
        writing = asyncio.create_task(soaked.write_for_ever())
    await soaked.cluster.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The cluster of the sockets soak.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=200.0, help="writes a second")
    parser.add_argument("--http", action="store_true", help="plain HTTP in place of HTTPS")
    asyncio.run(main(parser.parse_args()))
