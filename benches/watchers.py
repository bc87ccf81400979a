"""Watch events over a socket, as fast as each client takes them: how many a CPU second.

    python benches/watchers.py                               # 1,000 pods of 11.6 KB, three rounds
    python benches/watchers.py --rounds 1 --only listwatch --only kubernetes

In:    a number of rounds
Out:   a table or JSON on stdout, progress on stderr, a file in benches/results/
Next:  replay.py (serves)
Rules: the server and every single measurement have a process each; rounds are interleaved and begin with another
       contender each time; the clock runs from the first event to the last; each goes the way that its user would and
       has seen the last version, or it is an error. Fast ones get more events, so that there is something to measure
"""
# ruff: noqa: PLC0415 (a process that measures one library imports that one only)

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple

from figures import FORMS_OF_OUTPUT, WrongResult, cell, events_told, machine, publish, round_of, spread
from fillers import kubeconfig
from replay import served

_PODS = 1000
_FLOOR, _OURS = "floor", "listwatch"


class Seen:
    """Counts events, and knows the last.

    Args:
        events: How many there will be.
        version: Of the last of them.
    """

    def __init__(self, events: int, version: str) -> None:
        self.events, self.version = events, version
        self.count = 0
        self.is_done = threading.Event()
        self.began = self.ended = (0.0, 0.0)

    def one(self, version: str) -> bool:
        """Another event; whether it was the last one."""
        self.count += 1
        if self.count == 1:
            self.began = (time.perf_counter(), time.process_time())
        if version != self.version:
            return False
        self.ended = (time.perf_counter(), time.process_time())
        self.is_done.set()
        return True


Watch = Callable[[str, Seen], None]
"""Watches the pods of a server until the last event is seen."""


def floor(url: str, seen: Seen) -> None:
    """Read lines with aiohttp and drop them."""
    import aiohttp

    async def watch() -> None:
        async with (
            aiohttp.ClientSession(read_bufsize=1 << 20) as session,
            session.get(f"{url}/api/v1/pods?watch=1") as answer,
        ):
            lines, last = 0, b'"resourceVersion":"%b"' % seen.version.encode()
            async for chunk in answer.content.iter_any():
                if not lines:
                    seen.one("")
                lines += chunk.count(b"\n")
                if lines == seen.events:
                    seen.count = lines - 1
                    seen.one(seen.version if last in chunk else "")
                    return

    asyncio.run(watch())


def informer(url: str, seen: Seen) -> None:
    """An informer with a handler that is told of every event, managedFields kept as the others keep them."""
    from listwatch.api.core_v1 import Pod
    from listwatch.client.client import Client
    from listwatch.client.config import Config
    from listwatch.shared_informer.handlers import EventHandlers
    from listwatch.shared_informer.mailbox import Mailbox, MailboxPolicy
    from listwatch.shared_informer.shared_informer import SharedInformer

    async def watch() -> None:
        is_done = asyncio.Event()

        def changed(_: Pod, pod: Pod) -> None:
            if seen.one(pod.resource_version):
                is_done.set()

        async with Client(Config(host=url)) as client:
            made = SharedInformer.from_client(client, Pod, namespace="", watch_list=False)
            made.add_event_handler(
                EventHandlers(on_update=changed), mailbox=Mailbox(policy=MailboxPolicy.WAIT)
            )
            async with made:
                await is_done.wait()

    asyncio.run(watch())


def plain_watch(url: str, seen: Seen) -> None:
    """`async for event in watch`."""
    from listwatch.api.core_v1 import Pod
    from listwatch.client.client import Client
    from listwatch.client.config import Config

    async def watch() -> None:
        async with (
            Client(Config(host=url)) as client,
            client.resource(Pod).watch(resource_version="1") as events,
        ):
            async for event in events:
                if seen.one(event.object.resource_version):
                    return

    asyncio.run(watch())


def official_informer(url: str, seen: Seen) -> None:
    """The official client's informer, with a handler."""
    from kubernetes.client import ApiClient, Configuration, CoreV1Api
    from kubernetes.informer import MODIFIED, SharedInformer

    api = CoreV1Api(ApiClient(Configuration(host=url)))
    made = SharedInformer(api.list_pod_for_all_namespaces)
    made.add_event_handler(MODIFIED, lambda pod: seen.one(pod.metadata.resource_version))
    made.start()
    seen.is_done.wait()


def official_watch(url: str, seen: Seen) -> None:
    """The official client's `Watch().stream`."""
    from kubernetes.client import ApiClient, Configuration, CoreV1Api
    from kubernetes.watch import Watch as Stream

    api = CoreV1Api(ApiClient(Configuration(host=url)))
    for event in Stream().stream(api.list_pod_for_all_namespaces, resource_version="1"):
        if seen.one(event["object"].metadata.resource_version):
            return


def kubernetes_asyncio(url: str, seen: Seen) -> None:
    """kubernetes_asyncio's `Watch().stream`."""
    from kubernetes_asyncio.client import ApiClient, Configuration, CoreV1Api
    from kubernetes_asyncio.watch import Watch as Stream

    async def watch() -> None:
        async with ApiClient(Configuration(host=url)) as api:
            listing = CoreV1Api(api).list_pod_for_all_namespaces
            async for event in Stream().stream(listing, resource_version="1"):
                if seen.one(event["object"].metadata.resource_version):
                    return

    asyncio.run(watch())


def lightkube(url: str, seen: Seen) -> None:
    """lightkube's `client.watch`."""
    from lightkube import Client, KubeConfig
    from lightkube.resources.core_v1 import Pod

    client = Client(config=KubeConfig.from_dict(kubeconfig(url)).get())
    for _, pod in client.watch(Pod, namespace="*", resource_version="1"):
        if seen.one(str(pod.metadata and pod.metadata.resourceVersion)):
            return


def kr8s(url: str, seen: Seen) -> None:
    """kr8s' `api.watch`."""
    import kr8s.asyncio

    async def watch() -> None:
        api = await kr8s.asyncio.api(kubeconfig=kubeconfig(url))
        async for _, pod in api.async_watch("pods", namespace=kr8s.ALL, since="1"):
            if seen.one(pod.metadata.resourceVersion):
                return

    asyncio.run(watch())


class Contender(NamedTuple):
    """Somebody to measure, with so many events."""

    title: str
    watch: Watch
    events: int


CONTENDERS = {
    _FLOOR: Contender("floor: lines, read with aiohttp and dropped", floor, 20_000),
    _OURS: Contender("listwatch informer, cache and handler", informer, 20_000),
    "listwatch-watch": Contender("listwatch watch", plain_watch, 20_000),
    "kubernetes-informer": Contender("kubernetes (official) informer", official_informer, 1000),
    "kubernetes": Contender("kubernetes (official) watch", official_watch, 1000),
    "kubernetes_asyncio": Contender("kubernetes_asyncio watch", kubernetes_asyncio, 1000),
    "lightkube": Contender("lightkube watch", lightkube, 2000),
    "kr8s": Contender("kr8s watch", kr8s, 1000),
}


def measure(name: str, url: str) -> None:
    """One contender, once, in this process: prints one JSON line."""
    contender = CONTENDERS[name]
    rate = 1e9  # all at once: the reader sets the pace
    with urllib.request.urlopen(f"{url}/tell?rate={rate}&seconds={(contender.events + 0.5) / rate}") as told:
        wanted = json.load(told)
    seen = Seen(wanted["events"], wanted["version"])
    contender.watch(url, seen)
    if seen.count != wanted["events"]:
        raise WrongResult(f"{name} saw {seen.count} events of {wanted['events']}")
    wall, cpu = (after - before for before, after in zip(seen.began, seen.ended, strict=True))
    print(json.dumps({"events": seen.count, "wall": wall, "cpu": cpu}), flush=True)
    os._exit(0)  # some contenders leave a thread behind that waits for the next event


def main() -> int:
    """Run what the command line asks for."""
    options = _options()
    if options.measure:
        measure(*options.measure)
    names = [name for name in CONTENDERS if not options.only or name in options.only]
    with served(_PODS) as (url, _):
        rounds = [_round(number, names, url) for number in range(options.rounds)]
    figures = {
        name: {
            "title": CONTENDERS[name].title,
            "events_per_cpu_second": spread([one[name]["events"] / one[name]["cpu"] for one in rounds]),
            "events_per_second": spread([one[name]["events"] / one[name]["wall"] for one in rounds]),
            # Within a round: a machine that slows down for a while slows both sides.
            "of_ours": _ratio(rounds, name, _OURS),
        }
        for name in names
    }
    results = {
        "benchmark": "watchers",
        "machine": machine(),
        "parameters": {"pods": _PODS, "rounds": options.rounds},
        "figures": figures,
        "targets": [],
        "rounds": rounds,
    }
    head = ("watch events of 11.6 KB over a socket", "events per CPU second", "per second", "ours, times")
    rows = [
        (
            figure["title"],
            cell(figure["events_per_cpu_second"], 0),
            cell(figure["events_per_second"], 0),
            "-" if figure["of_ours"] is None else cell(figure["of_ours"], 1),
        )
        for figure in figures.values()
    ]
    publish(results, [head, *rows], form=options.output)
    return 0


def _ratio(rounds: list[dict[str, Any]], name: str, ours: str) -> dict[str, float] | None:
    if ours not in rounds[0]:
        return None
    return spread(
        [
            (one[ours]["events"] / one[ours]["cpu"]) / (one[name]["events"] / one[name]["cpu"])
            for one in rounds
        ]
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how fast clients take watch events.")
    parser.add_argument("--rounds", type=int, default=3, metavar="R", help="default 3")
    parser.add_argument(
        "--only", action="append", choices=list(CONTENDERS), help="measure this; may be repeated"
    )
    parser.add_argument("-o", "--output", choices=FORMS_OF_OUTPUT, default="table")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def _round(number: int, names: list[str], url: str) -> dict[str, Any]:
    return round_of(
        number, names, lambda name: [sys.executable, __file__, "--measure", name, url], events_told
    )


if __name__ == "__main__":
    sys.exit(main())
