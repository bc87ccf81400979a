"""Closing a queue, and waiting until its work is done: what is in line, delayed and running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from listwatch.apimachinery.clock import LoopClock
from listwatch.workqueue import QueueShutDown, Unfinished, WorkQueue

Virtual = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


def now() -> float:
    return asyncio.get_running_loop().time()


def queue_of(*keys: str) -> WorkQueue[str]:
    queue: WorkQueue[str] = WorkQueue(clock=LoopClock())
    for key in keys:
        queue.add(key)
    return queue


async def work(queue: WorkQueue[str], done: list[str], *, seconds: float = 1.0) -> None:
    """A worker that needs that long for each key."""
    async for key in queue:
        await asyncio.sleep(seconds)
        done.append(key)


def test_shut_down_returns_at_once(virtual: Virtual) -> None:
    """Rule 185: a plain shut-down waits for nobody, neither for the key in line nor for the one at work."""

    async def main() -> None:
        queue = queue_of("foo", "bar")
        async with queue.next() as key:
            assert key == "foo"
            queue.shut_down()
            assert (now(), len(queue)) == (0, 1)

    virtual(main)


def test_drain_waits_for_what_runs(virtual: Virtual) -> None:
    """Rule 185, the other way: a drain is over when the last run is, not before."""

    async def main() -> None:
        queue = queue_of("foo", "bar")
        drain = asyncio.create_task(queue.drain())
        for _ in range(2):
            async with queue.next():
                await asyncio.sleep(1)
                assert not drain.done()
        assert await drain == Unfinished()
        assert now() == 2

    virtual(main)


def test_drain_with_a_dirty_key(virtual: Virtual) -> None:
    """Rule 187: a key added again while it ran is handed out again after done, before the end is told or drained."""

    async def main() -> None:
        queue = queue_of("foo")
        async with queue.next() as key:
            queue.add(key)
            drain = asyncio.create_task(queue.drain())
            await asyncio.sleep(1)
        assert not drain.done()
        async with queue.next() as key:
            assert key == "foo"
            await asyncio.sleep(1)
            assert not drain.done()
        with pytest.raises(QueueShutDown):
            async with queue.next():
                pass
        assert not await drain
        assert now() == 2

    virtual(main)


def test_drain_waits_for_keys_in_line_though_nothing_runs(virtual: Virtual) -> None:
    """kubernetes/kubernetes#141079: a drain that begins between two runs does not return while keys are in line."""

    async def main() -> None:
        queue = queue_of("a", "b", "c")
        done: list[str] = []
        drain = asyncio.create_task(queue.drain())
        await asyncio.sleep(5)
        assert not drain.done()
        async with asyncio.TaskGroup() as group:
            group.create_task(work(queue, done))
            assert not await drain
        assert done == ["a", "b", "c"]
        assert now() == 8

    virtual(main)


def test_drain_waits_for_delayed_keys(virtual: Virtual) -> None:
    """A drain waits until delayed keys have fallen due and run; its workers stay for them."""

    async def main() -> None:
        queue = queue_of()
        done: list[str] = []
        queue.add_after("later", 10.0)
        queue.add_after("latest", 20.0)
        async with asyncio.TaskGroup() as group:
            group.create_task(work(queue, done))
            assert not await queue.drain()
        assert done == ["later", "latest"]
        assert now() == 21

    virtual(main)


def test_drain_of_an_idle_queue(virtual: Virtual) -> None:
    """A drain of an idle queue is over at once, tells its workers the end, and a second one is, too."""

    async def main() -> None:
        queue = queue_of()
        async with asyncio.TaskGroup() as group:
            group.create_task(work(queue, []))
            await asyncio.sleep(0)
            assert not await queue.drain()
        assert not await queue.drain(timeout=0)
        assert (now(), queue.is_shutting_down) == (0, True)
        assert not queue.add("a")

    virtual(main)


def test_timeout_tells_what_is_left(virtual: Virtual) -> None:
    """A drain that runs out of time says what is where; the queue stays closed, its work goes on, as may a drain."""

    async def main() -> None:
        queue = queue_of("running", "queued")
        done: list[str] = []
        queue.add_after("delayed", 100.0)
        worker = asyncio.create_task(work(queue, done, seconds=10))
        left = await queue.drain(timeout=5)
        assert left
        assert left == Unfinished(queued=("queued",), delayed=("delayed",), running=("running",))
        assert now() == 5
        assert not queue.add("new")
        assert not await queue.drain(timeout=1000)
        await worker
        assert done == ["running", "queued", "delayed"]
        assert now() == 110

    virtual(main)


def test_no_time_at_all(virtual: Virtual) -> None:
    """A drain without time closes the queue and says what there is to do."""

    async def main() -> None:
        queue = queue_of("a")
        assert await queue.drain(timeout=0) == Unfinished(queued=("a",))
        assert queue.is_shutting_down

    virtual(main)


def test_shut_down_ends_a_drain(virtual: Virtual) -> None:
    """A shut-down ends every drain that waits, with what was left before it forgot the delayed keys."""

    async def main() -> None:
        queue = queue_of("running", "queued")
        queue.add_after("delayed", 100.0)
        async with queue.next():
            drains = [asyncio.create_task(queue.drain()) for _ in range(2)]
            await asyncio.sleep(1)
            queue.shut_down()
            left = Unfinished(queued=("queued",), delayed=("delayed",), running=("running",))
            assert await asyncio.gather(*drains) == [left, left]
        assert now() == 1
        assert len(queue) == 1

    virtual(main)


def test_drain_after_shut_down(virtual: Virtual) -> None:
    """A drain after a shut-down waits for what that left: keys in line and runs, no delays."""

    async def main() -> None:
        queue = queue_of("a", "b")
        queue.add_after("delayed", 100.0)
        done: list[str] = []
        worker = asyncio.create_task(work(queue, done))
        await asyncio.sleep(0)
        queue.shut_down()
        assert not await queue.drain()
        await worker
        assert (done, now()) == (["a", "b"], 2)

    virtual(main)


def test_failures_during_a_drain_are_told(virtual: Virtual) -> None:
    """A key that fails during a drain is not tried again, its worker is told so, and so is who drains."""

    async def main() -> None:
        queue = queue_of("good", "bad")
        accepted: list[bool] = []

        async def worker() -> None:
            async for key in queue:
                await asyncio.sleep(1)
                if key == "bad":
                    accepted.append(queue.add_rate_limited(key))

        task = asyncio.create_task(worker())
        assert await queue.drain() == Unfinished(refused=("bad",))
        await task
        assert accepted == [False]

    virtual(main)


def test_cancelling_a_drain(virtual: Virtual) -> None:
    """A cancelled drain stops waiting and leaves nothing; the queue stays closed and its work goes on."""

    async def main() -> None:
        queue = queue_of("a")
        done: list[str] = []
        worker = asyncio.create_task(work(queue, done))
        drain = asyncio.create_task(queue.drain())
        await asyncio.sleep(0.5)
        drain.cancel()
        await asyncio.wait([drain])
        assert drain.cancelled()
        assert queue._drains == []
        assert queue.is_shutting_down
        await worker
        assert done == ["a"]

    virtual(main)


@pytest.mark.parametrize("end", ["done", "shut_down"])
def test_a_drain_cancelled_as_it_ends(end: str, virtual: Virtual) -> None:
    """Cancelling a drain in the moment in which it ends harms neither the queue nor another drain."""

    async def main() -> None:
        queue = queue_of("a")
        async with queue.next():
            drains = [asyncio.create_task(queue.drain()) for _ in range(2)]
            await asyncio.sleep(1)
            drains[0].cancel()
            if end == "shut_down":
                queue.shut_down()
        await asyncio.wait(drains)
        assert drains[0].cancelled()
        assert drains[1].result() == (Unfinished(running=("a",)) if end == "shut_down" else Unfinished())
        assert queue._drains == []

    virtual(main)


def test_keys_from_threads_come_before_the_end(virtual: Virtual) -> None:
    """What another thread had added before the queue was closed is accepted, though the loop had not seen it yet."""

    async def main() -> None:
        for close in ("drain", "shut_down"):
            queue = queue_of("first")
            async with queue.next():
                pass
            queue.add_threadsafe("a")
            if close == "drain":
                assert await queue.drain(timeout=0) == Unfinished(queued=("a",))
            else:
                queue.shut_down()
                assert len(queue) == 1
            queue.add_threadsafe("b")
            await asyncio.sleep(0)
            assert len(queue) == 1

    virtual(main)


def test_many_workers_drain_to_nothing(virtual: Virtual) -> None:
    """Ten workers, keys in line, delayed and running, retries before the drain: all run, and all workers go home."""

    async def main() -> None:
        queue = queue_of(*(f"queued-{number}" for number in range(100)))
        for number in range(100):
            queue.add_after(f"delayed-{number}", number / 10)
        done: list[str] = []
        workers = [asyncio.create_task(work(queue, done, seconds=0.3)) for _ in range(10)]
        await asyncio.sleep(1)
        for key in (*done[:10], *queue._state.unfinished().running):
            queue.add(key)
        assert not await queue.drain()
        await asyncio.gather(*workers)
        assert len(done) == 220
        assert len(set(done)) == 200
        assert queue._timer is None

    virtual(main)
