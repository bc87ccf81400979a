"""Everybody who fetches all pods of a replay and keeps them, once, in a process of its own: prints one JSON line.

In:    a contender's name, the server's address and how many pods there are
Out:   seconds, bytes kept, the peak on the way, how many pods it has
Next:  fill.py (starts this, many times)
Rules: each goes the way that its user would; libraries are loaded before the time begins; memory is resident memory
       after a collection and after free pages went back to the system; a floor keeps nothing
"""
# ruff: noqa: PLC0415 (a process that measures one library imports that one only)

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from measure import forget_peak, peak_bytes, resident_bytes
from replay import served

PAGE = 500
_STREAM = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"


class Filled(NamedTuple):
    """What came of it.

    Attributes:
        kept: Holds the pods in memory.
        count: How many there are.
        wall, cpu: Seconds.
        relist: Fetches all of it again, if the contender can.
    """

    kept: Any
    count: int
    wall: float
    cpu: float
    relist: Callable[[], Awaitable[None]] | None = None


class Filler(NamedTuple):
    """Somebody to measure."""

    title: str
    fill: Callable[[str, int, Callable[[Filled], Awaitable[None]]], Awaitable[None]]


Report = Callable[[Filled], Awaitable[None]]


async def floor_of_pages(url: str, count: int, report: Report) -> None:
    """Read all pages with the same HTTP library and drop them."""
    import aiohttp

    async with aiohttp.ClientSession(read_bufsize=1 << 20) as session:
        watch = _Watch()
        token, size = "", 0
        for _ in range(0, count, PAGE):
            target = f"{url}/api/v1/pods?limit={PAGE}" + (f"&continue={token}" if token else "")
            async with session.get(target) as answer:
                async for chunk in answer.content.iter_any():
                    size += len(chunk)
            token = f"from-{int(token.removeprefix('from-') or 0) + PAGE}"
        await report(Filled(None, count, *watch.seconds()))


async def floor_of_stream(url: str, count: int, report: Report) -> None:
    """Read a streamed list with the same HTTP library and drop it."""
    import aiohttp

    async with aiohttp.ClientSession(read_bufsize=1 << 20) as session:
        watch = _Watch()
        target = f"{url}/api/v1/pods?{_STREAM}"
        async with session.get(target, ssl=False) as answer:
            tail = b""
            async for chunk in answer.content.iter_any():
                tail = (tail + chunk)[-400:]
                if b"initial-events-end" in tail and tail.endswith(b"\n"):
                    break
        await report(Filled(None, count, *watch.seconds()))


async def own_reading(url: str, count: int, report: Report) -> None:
    """Read a streamed list as we read, and drop it: what of our time is not decoding and keeping."""
    from listwatch.apimachinery.clock import LoopClock
    from listwatch.apimachinery.http import Request
    from listwatch.client.config import Config
    from listwatch.client.connection import SocketTransport

    transport = SocketTransport(Config(host=url), clock=LoopClock())
    watch = _Watch()
    answer = await transport(Request("GET", f"/api/v1/pods?{_STREAM}"))
    tail = b""
    async for chunk in answer.chunks:
        tail = (tail + chunk)[-400:]
        if b"initial-events-end" in tail and tail.endswith(b"\n"):
            break
    await report(Filled(None, count, *watch.seconds()))
    await answer.aclose()
    await transport.aclose()


def _informer(**options: Any) -> Callable[[str, int, Report], Awaitable[None]]:
    async def fill(url: str, count: int, report: Report) -> None:
        from listwatch.api.core_v1 import Pod
        from listwatch.client.client import Client
        from listwatch.client.config import Config, TLSConfig
        from listwatch.shared_informer.shared_informer import SharedInformer

        informer_options = {"watch_list": True} | options
        keep = informer_options.pop("keep_managed_fields", False)
        # Nobody is to be trusted here, so nobody is asked: the floor does likewise.
        config = Config(host=url, tls=TLSConfig(insecure_skip_verify=url.startswith("https")))
        async with Client(config, keep_managed_fields=keep) as client:
            informer = SharedInformer.from_client(client, Pod, namespace="", **informer_options)
            (reflector,) = informer.reflectors

            async def relist() -> None:
                import aiohttp

                lists = reflector.counts.lists
                async with aiohttp.ClientSession() as session, session.get(f"{url}/expire", ssl=False):
                    pass
                while reflector.counts.lists == lists:  # noqa: ASYNC110 (a count wakes nobody)
                    await asyncio.sleep(0.01)

            watch = _Watch()
            async with informer:
                await informer.wait_synced()
                await report(Filled(informer, len(informer.indexer), *watch.seconds(), relist))

    return fill


async def official(url: str, count: int, report: Report) -> None:
    """The official client's own informer."""
    from kubernetes.client import ApiClient, Configuration, CoreV1Api
    from kubernetes.informer import ADDED, SharedInformer

    configuration = Configuration(host=url)
    informer = SharedInformer(CoreV1Api(ApiClient(configuration)).list_pod_for_all_namespaces)
    is_full, told = threading.Event(), itertools.count(1)

    def added(pod: object) -> None:
        if next(told) == count:
            is_full.set()

    informer.add_event_handler(ADDED, added)
    watch = _Watch()
    informer.start()
    await asyncio.to_thread(is_full.wait)
    await report(Filled(informer, len(informer.cache.list()), *watch.seconds()))


async def lightkube(url: str, count: int, report: Report) -> None:
    """lightkube's list."""
    from lightkube import Client, KubeConfig
    from lightkube.resources.core_v1 import Pod

    client = Client(config=KubeConfig.from_dict(kubeconfig(url)).get())
    watch = _Watch()
    kept = list(client.list(Pod, namespace="*", chunk_size=PAGE))
    await report(Filled(kept, len(kept), *watch.seconds()))


async def kubernetes_asyncio(url: str, count: int, report: Report) -> None:
    """kubernetes_asyncio's list."""
    from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api

    async with ApiClient(Configuration(host=url)) as api:
        watch = _Watch()
        kept = await CoreV1Api(api).list_pod_for_all_namespaces()
        await report(Filled(kept, len(kept.items), *watch.seconds()))


async def kr8s(url: str, count: int, report: Report) -> None:
    """kr8s' list."""
    import kr8s.asyncio

    api = await kr8s.asyncio.api(kubeconfig=kubeconfig(url))
    watch = _Watch()
    kept = [pod async for pod in api.get("pods", namespace=kr8s.ALL)]
    await report(Filled(kept, len(kept), *watch.seconds()))


def kubeconfig(url: str) -> dict[str, Any]:
    """For those who take nothing less."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "replay", "cluster": {"server": url}}],
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": "replay", "context": {"cluster": "replay", "user": "nobody"}}],
        "current-context": "replay",
    }


class _Watch:
    """A stopwatch that runs."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def seconds(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


FILLERS = {
    "floor-stream": Filler("floor: a streamed list, read and dropped", floor_of_stream),
    "floor-pages": Filler("floor: pages, read and dropped", floor_of_pages),
    "reading": Filler("listwatch's own reading, dropped", own_reading),
    "listwatch": Filler("listwatch informer, streamed list", _informer()),
    "listwatch-pages": Filler("listwatch informer, list in pages", _informer(watch_list=False)),
    "listwatch-compact": Filler("listwatch informer, compact", _informer(compact=True)),
    "listwatch-managed": Filler(
        "listwatch informer, managedFields kept", _informer(keep_managed_fields=True)
    ),
    "floor-tls": Filler("floor over TLS: a streamed list, read and dropped", floor_of_stream),
    "listwatch-tls": Filler("listwatch informer over TLS, streamed list", _informer()),
    "lightkube": Filler("lightkube list", lightkube),
    "kubernetes": Filler("kubernetes (official) informer", official),
    "kubernetes_asyncio": Filler("kubernetes_asyncio list", kubernetes_asyncio),
    "kr8s": Filler("kr8s list", kr8s),
}
FLOORS = (
    dict.fromkeys(FILLERS, "floor-pages")
    | dict.fromkeys(
        ("floor-stream", "reading", "listwatch", "listwatch-compact", "listwatch-managed"), "floor-stream"
    )
    | dict.fromkeys(("floor-tls", "listwatch-tls"), "floor-tls")
)
OVER_TLS = ("floor-tls", "listwatch-tls")


async def _main() -> None:
    parser = argparse.ArgumentParser(description="Measure one contender once.")
    parser.add_argument("name", choices=sorted(FILLERS))
    parser.add_argument("url")
    parser.add_argument("pods", type=int)
    args = parser.parse_args()
    result: dict[str, Any] = {}

    async def ignore(filled: Filled) -> None:
        """The warm-up's figures are nobody's."""

    async def report(filled: Filled) -> None:
        peak, kept = peak_bytes(), resident_bytes()
        result.update(
            pods=filled.count,
            wall=filled.wall,
            cpu=filled.cpu,
            kept_bytes=(kept or 0) - before,
            peak_bytes=(peak or 0) - before,
        )
        if filled.relist is not None:
            forget_peak()
            await filled.relist()
            result["relist_peak_bytes"] = (peak_bytes() or 0) - before

    with served(50, seed=1, arguments=["--tls"] if args.url.startswith("https") else []) as (small, _):
        await FILLERS[args.name].fill(small, 50, ignore)
    before = resident_bytes() or 0
    forget_peak()
    await FILLERS[args.name].fill(args.url, args.pods, report)
    json.dump(result, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # some contenders leave a thread behind that waits for the next event


if __name__ == "__main__":
    asyncio.run(_main())
