"""Keys through the work queue: how many a second, one core.

In:    nothing
Out:   a table on standard output
Rules: each figure is the best of several rounds, the cycle collector as Python starts it; a key goes all the way:
       added, handed out, done
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from listwatch.workqueue import QueueState, WorkQueue

KEYS = [f"default/pod-{number}" for number in range(20_000)]
ROUNDS = 9
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
    """The yardstick for it: the same with asyncio.Queue, which knows no duplicates, delays or priorities."""
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


CASES: dict[str, Callable[[], None]] = {
    "core: burst": core_burst,
    "core: one by one": core_one_by_one,
    "core: delayed": core_delayed,
    "async with queue.next()": run(blocks),
    "async for key in queue": run(loop),
    f"hand-over to {WORKERS} sleeping workers": run(hand_over),
    f"asyncio.Queue to {WORKERS} sleeping workers": run(plain_queue),
}


def best_seconds(case: Callable[[], None]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        case()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    for name, case in CASES.items():
        print(f"{name:<40} {len(KEYS) / best_seconds(case):>12,.0f} keys/s")


if __name__ == "__main__":
    main()
