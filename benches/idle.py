"""Informers that have nothing to do: 200 of them, synced, watching a server that says nothing.

    python benches/idle.py                   # three times ten seconds

In:    a number of informers, seconds, rounds
Out:   a table or JSON on stdout, a file in benches/results/
Next:  replay.py (serves, over sockets)
Rules: every informer has synced before the time begins; CPU time is that of the process in which they are
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time

from figures import FORMS_OF_OUTPUT, cell, machine, publish, spread, target
from measure import resident_bytes
from replay import served

from listwatch.api.core_v1 import Pod
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.shared_informer.shared_informer import SharedInformer

_PODS = 10


async def measure(url: str, *, informers: int, seconds: float, rounds: int) -> tuple[list[float], float]:
    """The part of a core that they use in each round, and KB an informer."""
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(Client(Config(host=url)))
        before = resident_bytes() or 0
        made = [SharedInformer.from_client(client, Pod, namespace="") for _ in range(informers)]
        for one in made:
            await stack.enter_async_context(one)
        for one in made:
            await one.wait_synced()
        kept = (resident_bytes() or 0) - before
        await asyncio.sleep(1)
        parts = []
        for _ in range(rounds):
            wall, cpu = time.perf_counter(), time.process_time()
            await asyncio.sleep(seconds)
            parts.append((time.process_time() - cpu) / (time.perf_counter() - wall))
        return parts, kept / informers / 1000


def main() -> int:
    """Run what the command line asks for; 0 also if a target is missed."""
    parser = argparse.ArgumentParser(description="Measure informers that have nothing to do.")
    parser.add_argument("--informers", type=int, default=200, metavar="N", help="default 200")
    parser.add_argument("--seconds", type=float, default=10.0, help="default 10")
    parser.add_argument("--rounds", type=int, default=3, metavar="R", help="default 3")
    parser.add_argument("-o", "--output", choices=FORMS_OF_OUTPUT, default="table")
    options = parser.parse_args()
    with served(_PODS) as (url, _):
        parts, kept = asyncio.run(
            measure(url, informers=options.informers, seconds=options.seconds, rounds=options.rounds)
        )
    figures = {"cores": spread(parts), "kb_per_informer": spread([kept])}
    results = {
        "benchmark": "idle",
        "machine": machine(),
        "parameters": {
            "informers": options.informers,
            "seconds": options.seconds,
            "rounds": options.rounds,
            "pods": _PODS,
        },
        "figures": figures,
        "targets": [
            target(
                f"{options.informers} idle informers, part of a core",
                wanted=0.01,
                found=figures["cores"]["median"],
            )
        ],
    }
    rows = [
        (f"{options.informers} idle informers of {_PODS} pods", "part of a core", "KB each"),
        ("", cell(figures["cores"], 4), cell(figures["kb_per_informer"], 0)),
    ]
    publish(results, rows, form=options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
