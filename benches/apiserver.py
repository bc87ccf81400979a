"""The embedded API server: start, fork, writes, events and big lists; each figure the median of several rounds.

    python benches/apiserver.py [--json FILE] [--rounds 5] [--objects 100000]

In:    nothing
Out:   a table on standard output, JSON in a file if asked for
Rules: each round in a process of its own, so that no figure depends on what ran before; the cycle collector as Python
       starts it; requests as a client sends them, in memory or over a TLS socket on loopback
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from multidict import CIMultiDict

from listwatch.apimachinery.clock import SystemClock
from listwatch.apimachinery.http import Peer, Request
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.populate import populate
from listwatch.apiserver.server import APIServer

ADMIN = Peer("admin", ("system:masters",))
PATH = "/api/v1/namespaces/default/configmaps"
WRITERS = 100
WATCHERS = 1000
MILLISECONDS, A_SECOND, SECONDS, MEGABYTES, BYTES = "ms", "/s", "s", "MB/s", "bytes"
Figures = dict[str, float]
# About five kilobytes as JSON, as pods of real clusters are.
TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "populated", "tier": "bench"}, "annotations": {"note": "n" * 400}},
    "spec": {
        "containers": [
            {
                "name": f"c{number}",
                "image": "registry.k8s.io/pause:3.10",
                "env": [{"name": f"VARIABLE_{each}", "value": "v" * 40} for each in range(8)],
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
            }
            for number in range(2)
        ]
    },
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
}


def config_map(number: int) -> bytes:
    return json.dumps({"metadata": {"name": f"n{number}"}, "data": {"a": "b"}}).encode()


def resident() -> int:
    """Bytes that the process holds."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


async def start_in_memory(objects: int) -> Figures:
    await EmbeddedCluster(listen=False, simulate=False).start()  # what is loaded on first use
    began = time.perf_counter()
    async with EmbeddedCluster(listen=False, simulate=False):
        return {f"start in memory [{MILLISECONDS}]": (time.perf_counter() - began) * 1000}


async def start_with_tls(objects: int) -> Figures:
    async with EmbeddedCluster(simulate=False):
        pass
    began = time.perf_counter()
    async with EmbeddedCluster(simulate=False):
        return {f"start with a TLS socket [{MILLISECONDS}]": (time.perf_counter() - began) * 1000}


async def fork(objects: int) -> Figures:
    server = APIServer(clock=SystemClock())
    await populate(server, nodes=100, pods=10_000)
    began = time.perf_counter()
    APIServer(clock=SystemClock(), log=server.log.fork())
    return {f"fork of a cluster with 10,000 pods [{MILLISECONDS}]": (time.perf_counter() - began) * 1000}


async def _write(send: Callable[[int], Awaitable[None]], count: int) -> float:
    """Writes a second, of a hundred writers at once."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await send(number)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(WRITERS)))
    return count / (time.perf_counter() - began)


async def _write_to(server: APIServer, count: int) -> float:
    async def send(number: int) -> None:
        answer = await server.handle(Request("POST", PATH, CIMultiDict(), config_map(number), ADMIN))
        assert answer.status == 201
        await answer.read()

    return await _write(send, count)


async def writes_in_memory(objects: int) -> Figures:
    return {f"writes in memory [{A_SECOND}]": await _write_to(APIServer(clock=SystemClock()), 10_000)}


async def writes_to_disk(objects: int) -> Figures:
    figures = {}
    for mode in ("full", "normal", "off"):
        with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
            async with EmbeddedCluster(
                listen=False, simulate=False, data_dir=folder, synchronous=mode
            ) as cluster:
                speed = await _write_to(cluster.server, 10_000)
                figures[f"writes to disk, {WRITERS} at once, synchronous={mode} [{A_SECOND}]"] = speed
    return figures


async def one_writer_to_disk(objects: int) -> Figures:
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        async with EmbeddedCluster(listen=False, simulate=False, data_dir=folder) as cluster:
            began = time.perf_counter()
            for number in range(500):
                request = Request("POST", PATH, CIMultiDict(), config_map(number), ADMIN)
                await (await cluster.handle(request)).read()
            speed = 500 / (time.perf_counter() - began)
            return {f"writes to disk, one after the other, synchronous=full [{A_SECOND}]": speed}


async def writes_over_http(objects: int) -> Figures:
    import aiohttp  # noqa: PLC0415 - this figure's alone

    async with EmbeddedCluster(simulate=False, tls=False) as cluster:
        headers = {"Authorization": f"Bearer {cluster.admin_token}", "Content-Type": "application/json"}
        connector = aiohttp.TCPConnector(limit=WRITERS)
        async with aiohttp.ClientSession(headers=headers, connector=connector) as http:

            async def send(number: int) -> None:
                async with http.post(cluster.url + PATH, data=config_map(number)) as answer:
                    assert answer.status == 201
                    await answer.read()

            return {f"writes over HTTP, client in the same process [{A_SECOND}]": await _write(send, 4_000)}


async def events(objects: int) -> Figures:
    server = APIServer(clock=SystemClock())
    count, told = 200, 0

    async def watch() -> None:
        nonlocal told
        answer = await server.handle(
            Request("GET", f"{PATH}?watch=true&resourceVersion={server.revision}", peer=ADMIN)
        )
        mine = 0
        async for chunk in answer.chunks:
            lines = chunk.count(b"\n")
            mine += lines
            told += lines
            if mine == count:
                break
        await answer.aclose()

    tasks = [asyncio.ensure_future(watch()) for _ in range(WATCHERS)]
    await asyncio.sleep(0.05)
    began = time.perf_counter()
    for number in range(count):
        answer = await server.handle(Request("POST", PATH, CIMultiDict(), config_map(number), ADMIN))
        await answer.read()
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    seconds = time.perf_counter() - began
    assert told == count * WATCHERS
    return {f"events to {WATCHERS:,} watchers, one write at a time [{A_SECOND}]": told / seconds}


async def big_list(objects: int) -> Figures:
    server = APIServer(clock=SystemClock())
    gc.collect()
    before, began = resident(), time.perf_counter()
    await populate(server, nodes=1000, pods=objects, template=TEMPLATE)
    populated, after = time.perf_counter() - began, resident()
    named = f"{objects:,} pods of 5 KB"
    figures = {
        f"populate with {named} [{SECONDS}]": populated,
        f"memory for {named} from a template, each [{BYTES}]": (after - before) / objects,
    }
    for which in ("first", "second"):
        began = time.perf_counter()
        body = await (await server.handle(Request("GET", "/api/v1/pods", peer=ADMIN))).read()
        seconds = time.perf_counter() - began
        figures[f"list of {named}, the {which} time [{SECONDS}]"] = seconds
        figures[f"list of {named}, the {which} time [{MEGABYTES}]"] = len(body) / 1e6 / seconds
        del body
    figures[f"memory for {named} from a template, listed once, each [{BYTES}]"] = (
        resident() - before
    ) / objects
    return figures


async def memory(objects: int) -> Figures:
    """Objects that were created one by one share nothing."""
    server = APIServer(clock=SystemClock())
    gc.collect()
    before, count = resident(), objects // 20
    body = {**TEMPLATE, "spec": {**TEMPLATE["spec"], "nodeName": "n"}}
    for number in range(count):
        body["metadata"] = {**TEMPLATE["metadata"], "name": f"pod-{number}"}
        request = Request(
            "POST", "/api/v1/namespaces/default/pods", body=json.dumps(body).encode(), peer=ADMIN
        )
        answer = await server.handle(request)
        assert answer.status == 201
        await answer.read()
    return {f"memory for pods of 5 KB created one by one, each [{BYTES}]": (resident() - before) / count}


CASES: dict[str, Callable[[int], Awaitable[Figures]]] = {
    each.__name__: each
    for each in (
        start_in_memory,
        start_with_tls,
        fork,
        writes_in_memory,
        writes_over_http,
        one_writer_to_disk,
        writes_to_disk,
        events,
        big_list,
        memory,
    )
}


def measured(name: str, objects: int) -> Figures:
    """One round, in a process of its own."""
    command = [sys.executable, __file__, "--case", name, "--objects", str(objects)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(asyncio.run(CASES[options.case](options.objects))))  # type: ignore[arg-type]
        return
    rounds: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        for name in CASES:
            for figure, value in measured(name, options.objects).items():
                rounds.setdefault(figure, []).append(value)
    print(
        f"CPython {platform.python_version()}, {platform.system()}, {options.rounds} rounds: median (least-most)\n"
    )
    print("| | median | least-most |\n| --- | --: | --: |")
    for figure, values in rounds.items():
        spread = f"{shown(min(values))}-{shown(max(values))}"
        what, _, unit = figure.rpartition(" [")
        print(f"| {what} | {shown(statistics.median(values))} {unit[:-1]} | {spread} |")
    if options.json:
        options.json.write_text(json.dumps(rounds, indent=1))


if __name__ == "__main__":
    main()
