"""Keys through the work queue: how many a second, one core.

    python benches/workqueue.py              # nine rounds

In:    a number of rounds
Out:   a table or JSON on stdout, a file in benches/results/
Rules: rounds are interleaved, the cycle collector as Python starts it; a key goes all the way: added, handed out,
       done. `asyncio.Queue`, which knows no duplicates, delays or priorities, is the yardstick of the last case
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from figures import FORMS_OF_OUTPUT, cell, machine, publish, spread, target

from listwatch.workqueue import QueueState, WorkQueue

KEYS = [f"default/pod-{number}" for number in range(20_000)]
WORKERS = 10


def core_burst() -> None:
    """All keys are added, then all are worked off."""
    state: QueueState[str] = QueueState()
    for key in KEYS:
        state.add(key, now=1.0)
    while state:
        state.done(state.take(now=2.0), now=3.0)


def core_one_by_one() -> None:
    """Each key is worked off before the next is added."""
    state: QueueState[str] = QueueState()
    for key in KEYS:
        state.add(key, now=1.0)
        state.done(state.take(now=2.0), now=3.0)


def core_delayed() -> None:
    """Each key waits for its time first."""
    state: QueueState[str] = QueueState()
    for number, key in enumerate(KEYS):
        state.add_after(key, 1 + number % 100, now=0.0)
    state.advance(now=1000.0)
    while state:
        state.done(state.take(now=1000.0), now=1000.0)


async def blocks() -> None:
    """`async with queue.next()`, keys waiting."""
    queue: WorkQueue[str] = WorkQueue()
    for key in KEYS:
        queue.add(key)
    while queue:
        async with queue.next():
            pass


async def loop() -> None:
    """`async for key in queue`, keys waiting."""
    queue: WorkQueue[str] = WorkQueue()
    for key in KEYS:
        queue.add(key)
    queue.shut_down()
    async for _ in queue:
        pass


async def hand_over() -> None:
    """A producer that gives way after each key, workers that sleep until there is one."""
    queue: WorkQueue[str] = WorkQueue()

    async def worker() -> None:
        async for _ in queue:
            pass

    async with asyncio.TaskGroup() as group:
        for _ in range(WORKERS):
            group.create_task(worker())
        for key in KEYS:
            queue.add(key)
            await asyncio.sleep(0)
        queue.shut_down()


async def plain_queue() -> None:
    """The yardstick for it: the same with `asyncio.Queue`."""
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    async def worker() -> None:
        while await queue.get() is not None:
            queue.task_done()

    async with asyncio.TaskGroup() as group:
        for _ in range(WORKERS):
            group.create_task(worker())
        for key in KEYS:
            queue.put_nowait(key)
            await asyncio.sleep(0)
        for _ in range(WORKERS):
            queue.put_nowait(None)


def run(case: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    return lambda: asyncio.run(case())


_YARDSTICK = f"asyncio.Queue to {WORKERS} sleeping workers"
_WAYS = ("async with queue.next()", "async for key in queue")
CASES: dict[str, Callable[[], None]] = {
    "core: burst": core_burst,
    "core: one by one": core_one_by_one,
    "core: delayed": core_delayed,
    _WAYS[0]: run(blocks),
    _WAYS[1]: run(loop),
    f"hand-over to {WORKERS} sleeping workers": run(hand_over),
    _YARDSTICK: run(plain_queue),
}


def keys_per_second(case: Callable[[], None]) -> float:
    """How fast it is, this time."""
    began = time.perf_counter()
    case()
    return len(KEYS) / (time.perf_counter() - began)


def main() -> int:
    """Run what the command line asks for; 0 also if a target is missed."""
    parser = argparse.ArgumentParser(description="Measure the work queue.")
    parser.add_argument("--rounds", type=int, default=9, metavar="R", help="default 9")
    parser.add_argument("-o", "--output", choices=FORMS_OF_OUTPUT, default="table")
    options = parser.parse_args()
    for case in CASES.values():
        case()
    rounds = [{name: keys_per_second(case) for name, case in CASES.items()} for _ in range(options.rounds)]
    figures = {
        name: {
            "keys_per_second": spread([one[name] for one in rounds]),
            "times_yardstick": spread([one[name] / one[_YARDSTICK] for one in rounds]),
        }
        for name in CASES
    }
    targets = [
        target(
            f"{way}: add, get and done a second",
            wanted=300_000,
            found=figures[way]["keys_per_second"]["median"],
            is_most=False,
        )
        for way in _WAYS
    ]
    results = {
        "benchmark": "workqueue",
        "machine": machine(),
        "parameters": {"rounds": options.rounds, "keys": len(KEYS)},
        "figures": figures,
        "targets": targets,
    }
    rows = [
        ("keys through the work queue", "keys a second", "times asyncio.Queue"),
        *(
            (name, cell(figure["keys_per_second"], 0), cell(figure["times_yardstick"]))
            for name, figure in figures.items()
        ),
    ]
    publish(results, rows, form=options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
