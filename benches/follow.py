"""Large collections: filled from a replay, then watched at 2,000 events a second.

    python benches/follow.py                               # 10,000 and 100,000 pods; needs 4 GB
    python benches/follow.py --pods 1000000 --form compact # a million, told as ten times 100,000; needs 5 GB

In:    numbers of pods, a rate
Out:   a table or JSON on stdout, progress on stderr, a file in benches/results/
Next:  replay.py (serves)
Rules: the server and every single measurement have a process each, whose libraries are loaded before; a handler has
       been told of every event and the cache stands where the server stands, or it is an error; a missed target is a
       result
"""
# ruff: noqa: PLC0415 (what is imported here belongs to what is measured)

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from typing import Any

from figures import FORMS_OF_OUTPUT, WrongResult, cell, machine, publish, spread, target, tell
from measure import forget_peak, peak_bytes, resident_bytes
from replay import served

_AT_ONCE = 100_000
"""So many pods the replay holds; more are the same ones in other namespaces."""
_WARM = 200
FORMS = ("plain", "compact")


class Told:
    """A handler that counts."""

    def __init__(self) -> None:
        self.added = self.updated = 0

    def on_add(self, obj: Any) -> None:
        self.added += 1

    def on_update(self, old: Any, new: Any) -> None:
        self.updated += 1


def informer_of(client: Any, form: str) -> Any:
    """An informer of all pods, with one index."""
    from listwatch.api.core_v1 import Pod
    from listwatch.shared_informer.shared_informer import SharedInformer

    return SharedInformer.from_client(
        client,
        Pod,
        namespace="",
        watch_list=True,
        marker_seconds=600.0,
        compact=form == "compact",
        indexers={"namespace": lambda pod: [pod.namespace]},
    )


async def measure(form: str, url: str, *, rate: float, seconds: float) -> dict[str, Any]:
    """Fill one informer, and let it follow."""
    import aiohttp

    from listwatch.client.client import Client
    from listwatch.client.config import Config
    from listwatch.shared_informer.mailbox import Mailbox, MailboxPolicy

    with served(_WARM, seed=1) as (small, _):
        async with Client(Config(host=small)) as client, informer_of(client, form) as warm:
            await warm.wait_synced()
    before = resident_bytes() or 0
    forget_peak()
    told = Told()
    async with Client(Config(host=url), keep_managed_fields=False) as client, aiohttp.ClientSession() as http:
        informer = informer_of(client, form)
        wall, cpu = time.perf_counter(), time.process_time()
        async with informer:
            await informer.wait_synced()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            count = len(informer.indexer)
            kept, peak = (resident_bytes() or 0) - before, (peak_bytes() or 0) - before
            informer.add_event_handler(told, mailbox=Mailbox(policy=MailboxPolicy.WAIT))
            while told.added < count:  # noqa: ASYNC110 (the first picture is not what is measured)
                await asyncio.sleep(0.05)
            forget_peak()
            async with http.get(f"{url}/tell?rate={rate}&seconds={seconds}") as answer:
                wanted = await answer.json()
            began, busy = time.perf_counter(), time.process_time()
            while told.updated < wanted["events"]:
                if time.perf_counter() - began > 3 * seconds + 30:
                    raise WrongResult(f"{told.updated} events of {wanted['events']}")
                await asyncio.sleep(0.05)
            took, busy = time.perf_counter() - began, time.process_time() - busy
            if informer.resource_version != wanted["version"]:
                raise WrongResult(f"the cache is at {informer.resource_version}, not at {wanted['version']}")
    return {
        "pods": count,
        "fill_seconds": wall,
        "fill_cpu": cpu,
        "kept_bytes": kept,
        "peak_bytes": peak,
        "events_per_second": wanted["events"] / took,
        "cores": busy / took,
        "resident_bytes": resident_bytes(),
        "resident_peak_bytes": peak_bytes(),
    }


def main() -> int:
    """Run what the command line asks for; 0 also if a target is missed."""
    options = _options()
    if options.measure:
        form, url = options.measure
        print(json.dumps(asyncio.run(measure(form, url, rate=options.rate, seconds=options.seconds))))
        return 0
    found = {
        f"{count:,} {form}": _rounds(count, form, options)
        for count in options.pods or (10_000, 100_000)
        for form in options.form or FORMS
    }
    results = {
        "benchmark": "follow" if not options.pods else f"follow-{max(options.pods)}",
        "machine": machine(),
        "parameters": {"rate": options.rate, "seconds": options.seconds, "rounds": options.rounds},
        "figures": {name: _figure(rounds) for name, rounds in found.items()},
        "targets": _targets(found),
    }
    head = (
        "pods",
        "filled, s",
        "CPU µs a pod",
        "KB a pod",
        "peak of kept",
        "events/s",
        "part of a core",
        "resident MB",
    )
    rows = [
        (
            name,
            cell(figure["fill_seconds"]),
            cell(figure["fill_cpu_us_per_pod"], 1),
            cell(figure["kept_kb_per_pod"]),
            cell(figure["peak_of_kept"]),
            cell(figure["events_per_second"], 0),
            cell(figure["cores"]),
            cell(figure["resident_mb"], 0),
        )
        for name, figure in results["figures"].items()
    ]
    publish(results, [head, *rows], form=options.output)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure informers of large collections.")
    parser.add_argument("--pods", type=int, action="append", metavar="N", help="default 10000 and 100000")
    parser.add_argument("--form", action="append", choices=FORMS, help="default both")
    parser.add_argument("--rate", type=float, default=2000.0, help="events a second, default 2000")
    parser.add_argument("--seconds", type=float, default=10.0, help="default 10")
    parser.add_argument("--rounds", type=int, default=3, metavar="R", help="default 3")
    parser.add_argument("-o", "--output", choices=FORMS_OF_OUTPUT, default="table")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def _rounds(count: int, form: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    held = min(count, _AT_ONCE)
    arguments = ["--streams-only", "--times", str(count // held)]
    rounds = []
    with served(held, arguments=arguments) as (url, _):
        for number in range(options.rounds):
            command = [sys.executable, __file__, "--measure", form, url]
            command += ["--rate", str(options.rate), "--seconds", str(options.seconds)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise WrongResult(f"{form} with {count} pods ended with {done.returncode}:\n{done.stderr}")
            found = json.loads(done.stdout)
            if found["pods"] != count:
                raise WrongResult(f"{form} has {found['pods']} pods of {count}")
            tell(
                f"round {number + 1}/{options.rounds}  {count:,} {form:8} filled in {found['fill_seconds']:.2f} s, "
                f"{found['cores']:.2f} cores, {found['resident_bytes'] / 1e6:.0f} MB"
            )
            rounds.append(found)
    return rounds


def _figure(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "fill_seconds": spread([one["fill_seconds"] for one in rounds]),
        "fill_cpu_us_per_pod": spread([one["fill_cpu"] / one["pods"] * 1e6 for one in rounds]),
        "kept_kb_per_pod": spread([one["kept_bytes"] / one["pods"] / 1000 for one in rounds]),
        "peak_of_kept": spread([one["peak_bytes"] / one["kept_bytes"] for one in rounds]),
        "events_per_second": spread([one["events_per_second"] for one in rounds]),
        "cores": spread([one["cores"] for one in rounds]),
        "resident_mb": spread([one["resident_bytes"] / 1e6 for one in rounds]),
        "rounds": rounds,
    }


def _targets(found: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    most_mb = {"100,000 plain": 1000, "100,000 compact": 200, "1,000,000 compact": 1500}
    targets = []
    for name, rounds in found.items():
        if name in most_mb:
            resident = max(one["resident_bytes"] for one in rounds) / 1e6
            targets.append(target(f"{name}: resident MB", wanted=most_mb[name], found=resident))
        if name.startswith("100,000"):
            cores = spread([one["cores"] for one in rounds])["median"]
            targets.append(target(f"{name}: part of a core", wanted=0.5, found=cores))
        if name.endswith("compact"):
            kept = spread([one["kept_bytes"] / one["pods"] / 1000 for one in rounds])["median"]
            targets.append(target(f"{name}: KB a pod", wanted=1.0, found=kept))
    return targets


if __name__ == "__main__":
    sys.exit(main())
