"""The queue as workers see it: who waits, who is woken, what cancellation leaves."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_time import run_virtual

from listwatch.apimachinery.clock import LoopClock
from listwatch.workqueue import (
    LOW_PRIORITY,
    ItemExponentialFailureRateLimiter,
    QueueShutDown,
    Unfinished,
    WorkQueue,
)

Virtual = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


def virtual_queue(name: str = "") -> WorkQueue[str]:
    return WorkQueue(clock=LoopClock(), name=name)


async def collect(queue: WorkQueue[str], seen: list[tuple[float, str]]) -> None:
    """A worker that notes when it got which key, and ends with the queue."""
    with suppress(QueueShutDown):
        while True:
            async with queue.next() as key:
                seen.append((asyncio.get_running_loop().time(), key))


async def settle() -> None:
    """Let everything that can run do so, without letting time pass."""
    for _ in range(5):
        await asyncio.sleep(0)


def assert_nothing_left(queue: WorkQueue[str]) -> None:
    assert (list(queue._waiters), queue._woken, queue._timer, queue._drains) == ([], 0, None, [])


@pytest.mark.parametrize("drained", [False, True], ids=["ShutDown", "ShutDownWithDrain"])
def test_basic(drained: bool, virtual: Virtual) -> None:
    """Rule 179: 50 producers of 50 keys, 10 workers: no key at two workers at once, each served, empty at the end."""

    async def main() -> None:
        queue = virtual_queue()
        at_work: set[str] = set()
        added: Counter[str] = Counter()
        done: Counter[str] = Counter()

        async def worker() -> None:
            async for key in queue:
                assert key not in at_work
                at_work.add(key)
                served = added[key]
                await asyncio.sleep(0.003)
                at_work.remove(key)
                done[key] = served

        async def producer(number: int) -> None:
            for item in range(50):
                key = f"key-{(number + item) % 50}"
                added[key] += 1
                queue.add(key)
                await asyncio.sleep(0.001)

        async with asyncio.TaskGroup() as workers:
            for _ in range(10):
                workers.create_task(worker())
            async with asyncio.TaskGroup() as producers:
                for number in range(50):
                    producers.create_task(producer(number))
            if drained:
                assert not await queue.drain()
                assert done == added
            else:
                queue.shut_down()
            assert not queue.add("added after shutdown!")
        assert done == added
        assert added.total() == 50 * 50
        assert len(queue) == 0
        assert_nothing_left(queue)

    virtual(main)


def test_collapse_while_processing_blocks_the_second_worker(virtual: Virtual) -> None:
    """Rule 183: while one worker has a key, an add of it reaches no other before the first is done."""

    async def main() -> None:
        queue = virtual_queue()
        seen: list[tuple[float, str]] = []
        queue.add("bar")
        async with asyncio.TaskGroup() as group:
            async with queue.next() as key:
                assert key == "bar"
                queue.add("bar")
                group.create_task(collect(queue, seen))
                await asyncio.sleep(5)
                assert seen == []
            await settle()
            assert seen == [(5.0, "bar")]
            queue.shut_down()
        assert len(queue) == 0

    virtual(main)


def test_simple_delay(virtual: Virtual) -> None:
    """Rule 189: a key added for in 50 ms is not there before, is there then, once, and no heartbeat brings more."""

    async def main() -> None:
        queue = virtual_queue()
        seen: list[tuple[float, str]] = []
        worker = asyncio.create_task(collect(queue, seen))
        queue.add_after("foo", 0.050)
        await asyncio.sleep(0.049)
        assert (len(queue), seen) == (0, [])
        await asyncio.sleep(0.011)
        assert seen == [(0.050, "foo")]
        await asyncio.sleep(10)
        assert len(seen) == 1
        assert queue._timer is None
        queue.shut_down()
        await worker

    virtual(main)


def test_len_sees_what_is_due(virtual: Virtual) -> None:
    """Rule 189: without any worker, too, a delayed key is in the queue from its time on."""

    async def main() -> None:
        queue = virtual_queue()
        queue.add_after("foo", 0.050)
        assert len(queue) == 0
        await asyncio.sleep(0.060)
        assert len(queue) == 1

    virtual(main)


def test_two_fire_early(virtual: Virtual) -> None:
    """Rule 191: of 1 s and 50 ms the short one comes first; a third, added then, comes when it is due."""

    async def main() -> None:
        queue = virtual_queue()
        seen: list[tuple[float, str]] = []
        worker = asyncio.create_task(collect(queue, seen))
        await settle()
        queue.add_after("foo", 1.0)
        queue.add_after("bar", 0.050)
        await asyncio.sleep(0.060)
        queue.add_after("baz", 2.0)
        await asyncio.sleep(10)
        assert [key for _, key in seen] == ["bar", "foo", "baz"]
        assert [at for at, _ in seen] == pytest.approx([0.050, 1.0, 2.060])
        queue.shut_down()
        await worker

    virtual(main)


def test_keys_go_to_workers_in_order(virtual: Virtual) -> None:
    """Workers that wait get keys in the order in which they came to wait, each key its own worker."""

    async def main() -> None:
        queue = virtual_queue()
        got: list[tuple[int, str]] = []

        async def worker(number: int) -> None:
            async with queue.next() as key:
                got.append((number, key))
                await asyncio.sleep(1)

        async with asyncio.TaskGroup() as group:
            for number in range(4):
                group.create_task(worker(number))
            await settle()
            for key in "abcd":
                queue.add(key)
        assert got == [(0, "a"), (1, "b"), (2, "c"), (3, "d")]

    virtual(main)


@pytest.mark.parametrize("keys", [1, 2, 5])
def test_wakes_no_more_than_there_are_keys(keys: int, virtual: Virtual) -> None:
    """Adding n keys wakes n of the workers that wait, no more, however often and by whatever way they are added."""

    async def main() -> None:
        queue = virtual_queue()
        workers = [asyncio.create_task(collect(queue, [])) for _ in range(10)]
        await settle()
        for _ in range(3):
            for number in range(keys):
                queue.add(f"key-{number}")
                queue.add_after(f"key-{number}", 1.0)
        assert (queue._woken, len(queue._waiters)) == (keys, 10 - keys)
        await settle()
        assert (queue._woken, len(queue._waiters)) == (0, 10)
        queue.shut_down()
        await asyncio.gather(*workers)

    virtual(main)


def test_a_newcomer_does_not_overtake(virtual: Virtual) -> None:
    """A worker that comes when a key is on its way to one that waited has to wait itself."""

    async def main() -> None:
        queue = virtual_queue()
        early: list[tuple[float, str]] = []
        late: list[tuple[float, str]] = []
        first = asyncio.create_task(collect(queue, early))
        await settle()
        second = asyncio.create_task(collect(queue, late))
        asyncio.get_running_loop().call_soon(queue.add, "b")
        queue.add("a")
        await settle()
        assert [key for _, key in early] == ["a"]
        assert [key for _, key in late] == ["b"]
        queue.shut_down()
        await asyncio.gather(first, second)

    virtual(main)


class RunningOn(LoopClock):
    """A clock that also goes on while the loop is busy: `late` seconds that the loop has not noticed."""

    late = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.late


def test_what_falls_due_is_for_those_who_wait(virtual: Virtual) -> None:
    """A worker that comes when a key has fallen due, but the loop has not noticed, does not take it from who waited."""

    async def main() -> None:
        clock = RunningOn()
        queue: WorkQueue[str] = WorkQueue(clock=clock)
        early: list[tuple[float, str]] = []
        late: list[tuple[float, str]] = []
        first = asyncio.create_task(collect(queue, early))
        await settle()
        queue.add_after("a", 1.0)
        clock.late = 1.0
        newcomer = asyncio.create_task(collect(queue, late))
        await settle()
        assert (early, late) == ([(0.0, "a")], [])
        queue.shut_down()
        await asyncio.gather(first, newcomer)

    virtual(main)


def test_priority_is_decided_when_the_worker_takes(virtual: Virtual) -> None:
    """A woken worker takes the most urgent key of the moment, also if that came after it was woken."""

    async def main() -> None:
        queue = virtual_queue()
        seen: list[tuple[float, str]] = []
        worker = asyncio.create_task(collect(queue, seen))
        await settle()
        queue.add("initial", priority=LOW_PRIORITY)
        queue.add("live")
        queue.shut_down()
        await worker
        assert [key for _, key in seen] == ["live", "initial"]

    virtual(main)


def test_rate_limited(virtual: Virtual) -> None:
    """Each failure of a key doubles its wait; forgetting it starts afresh; add_after is not counted."""

    async def main() -> None:
        limiter = ItemExponentialFailureRateLimiter[str](base_delay=1.0, max_delay=100.0)
        queue: WorkQueue[str] = WorkQueue(clock=LoopClock(), rate_limiter=limiter)
        seen: list[tuple[float, str]] = []
        worker = asyncio.create_task(collect(queue, seen))
        for expected in (1.0, 2.0, 4.0):
            start = asyncio.get_running_loop().time()
            assert queue.add_rate_limited("a")
            await asyncio.sleep(10)
            assert seen.pop() == (start + expected, "a")
        queue.add_after("a", 0.5)
        assert queue.num_requeues("a") == 3
        queue.forget("a")
        assert queue.num_requeues("a") == 0
        await asyncio.sleep(10)
        start = asyncio.get_running_loop().time()
        queue.add_rate_limited("a")
        await asyncio.sleep(10)
        assert seen.pop() == (start + 1.0, "a")
        queue.shut_down()
        await worker

    virtual(main)


def test_a_retry_keeps_its_priority(virtual: Virtual) -> None:
    """A key that is retried from within its run is as urgent as it was, unless a priority is given."""

    async def main() -> None:
        queue = virtual_queue()
        for key, priority in (("urgent", 10), ("low", -5), ("given", 3)):
            queue.add(key, priority=priority)
        for _ in range(3):
            async with queue.next() as key:
                queue.add_rate_limited(key, priority=99 if key == "given" else None)
        await asyncio.sleep(1)
        assert len(queue) == 3
        assert dict(queue.metrics().depth_by_priority) == {99: 1, 10: 1, -5: 1}

    virtual(main)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_delays_are_finite(seconds: float) -> None:
    """A delay that is no number of seconds is refused with the key it was for, and nothing is added."""
    queue: WorkQueue[str] = WorkQueue()
    with pytest.raises(ValueError, match="finite number of seconds for 'a'"):
        queue.add_after("a", seconds)
    assert len(queue) == 0


def test_done_whatever_happens(virtual: Virtual) -> None:
    """A run ends with its block, also if that raises; the exception is the caller's."""

    async def main() -> None:
        queue = virtual_queue()

        async def failing() -> None:
            async with queue.next() as key:
                queue.add(key)
                raise ZeroDivisionError

        queue.add("a")
        with pytest.raises(ZeroDivisionError):
            await failing()
        async with queue.next() as key:
            assert key == "a"
        assert queue.metrics().work_duration.count == 2

    virtual(main)


@pytest.mark.parametrize("leave", ["break", "raise"])
def test_leaving_the_loop_ends_the_run(leave: str, virtual: Virtual) -> None:
    """After break or an exception in a loop's body, the key's run ends without further ado."""

    async def main() -> None:
        queue = virtual_queue()
        queue.add("a")

        async def loop() -> None:
            async for _ in queue:
                if leave == "break":
                    break
                raise KeyError

        with suppress(KeyError):
            await loop()
        await settle()
        assert queue.metrics().running == 0
        queue.add("a")
        async with aclosing(aiter(queue)) as keys:
            async for _ in keys:
                break
        assert queue.metrics().running == 0

    virtual(main)


def test_cancelling_a_worker_that_waits(virtual: Virtual) -> None:
    """A cancelled wait leaves nothing: no waiter, no timer, and the next key goes to the next worker."""

    async def main() -> None:
        queue = virtual_queue()
        seen: list[tuple[float, str]] = []
        queue.add_after("a", 5.0)
        first = asyncio.create_task(collect(queue, []))
        await asyncio.sleep(1)
        assert queue._timer is not None
        first.cancel()
        await asyncio.wait([first])
        assert first.cancelled()
        assert_nothing_left(queue)
        second = asyncio.create_task(collect(queue, seen))
        await asyncio.sleep(10)
        assert seen == [(5.0, "a")]
        second.cancel()
        await asyncio.wait([second])
        assert_nothing_left(queue)

    virtual(main)


@pytest.mark.parametrize("cancel_first", [False, True])
def test_a_key_on_its_way_to_a_cancelled_worker(cancel_first: bool, virtual: Virtual) -> None:
    """If a worker is cancelled in the very moment in which a key comes, before or after it, the next one gets it."""

    async def main() -> None:
        queue = virtual_queue()
        seen: list[tuple[float, str]] = []
        first = asyncio.create_task(collect(queue, []))
        await settle()
        second = asyncio.create_task(collect(queue, seen))
        await settle()
        if cancel_first:
            first.cancel()
        queue.add("a")
        first.cancel()
        await settle()
        assert first.cancelled()
        assert [key for _, key in seen] == ["a"]
        queue.shut_down()
        await second
        assert_nothing_left(queue)

    virtual(main)


def test_cancelled_when_told_the_end(virtual: Virtual) -> None:
    """A worker that is cancelled just as the queue ends takes nothing with it."""

    async def main() -> None:
        queue = virtual_queue()
        worker = asyncio.create_task(collect(queue, []))
        await settle()
        queue.shut_down()
        worker.cancel()
        await asyncio.wait([worker])
        assert worker.cancelled()
        assert_nothing_left(queue)

    virtual(main)


def test_cancelling_inside_the_block(virtual: Virtual) -> None:
    """A run that is cancelled is over; the key comes again only if somebody adds it."""

    async def main() -> None:
        queue = virtual_queue()
        queue.add("a")

        async def worker() -> None:
            async with queue.next():
                await asyncio.sleep(100)

        task = asyncio.create_task(worker())
        await asyncio.sleep(1)
        assert queue.metrics().running == 1
        task.cancel()
        await asyncio.wait([task])
        assert queue.metrics().running == 0
        assert len(queue) == 0
        queue.add("a")
        assert len(queue) == 1

    virtual(main)


def test_the_end_for_next(virtual: Virtual) -> None:
    """After shut-down a block is entered while keys are in line, then refused with an error that names the queue."""

    async def main() -> None:
        queue = virtual_queue("pods")
        queue.add("a")
        queue.shut_down()
        async with queue.next() as key:
            assert key == "a"
        with pytest.raises(QueueShutDown, match="'pods' is shut down and has handed out all its keys"):
            async with queue.next():
                pass
        nameless = virtual_queue()
        nameless.shut_down()
        with pytest.raises(QueueShutDown, match="this work queue is shut down"):
            async with nameless.next():
                pass

    virtual(main)


def test_the_end_for_all_who_wait(virtual: Virtual) -> None:
    """Shut-down ends every waiting worker at once, delayed keys are forgotten, and a second shut-down does no harm."""

    async def main() -> None:
        queue = virtual_queue()
        seen: list[tuple[float, str]] = []
        workers = [asyncio.create_task(collect(queue, seen)) for _ in range(5)]
        queue.add_after("never", 5.0)
        await asyncio.sleep(1)
        assert not queue.is_shutting_down
        queue.shut_down()
        queue.shut_down()
        assert queue.is_shutting_down
        await asyncio.gather(*workers)
        assert asyncio.get_running_loop().time() == 1
        assert seen == []
        assert_nothing_left(queue)

    virtual(main)


def test_the_last_key_is_the_end_for_the_others(virtual: Virtual) -> None:
    """Once the last key of a closed queue is handed out, those who wait are told the end, while it is worked on."""

    async def main() -> None:
        queue = virtual_queue()
        ended: list[float] = []

        async def worker() -> None:
            async for _ in queue:
                await asyncio.sleep(10)
            ended.append(asyncio.get_running_loop().time())

        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(worker())
            await settle()
            queue.add("a")
            queue.shut_down()
        assert ended == [0, 0, 10]

    virtual(main)


def test_idle_workers_stay_for_what_is_held(virtual: Virtual) -> None:
    """After shut-down an idle worker is not sent home while a running key is to run again: it may get it."""

    async def main() -> None:
        queue = virtual_queue()
        idle: list[tuple[float, str]] = []
        queue.add("a")
        async with queue.next() as key:
            worker = asyncio.create_task(collect(queue, idle))
            queue.add(key)
            queue.shut_down()
            await asyncio.sleep(1)
            assert not worker.done()
        await worker
        assert idle == [(1.0, "a")]

    virtual(main)


def test_no_timer_without_a_worker(virtual: Virtual) -> None:
    """Delayed keys alone keep nothing alive: there is one timer, and only while somebody waits for it."""

    async def main() -> None:
        queue = virtual_queue()
        for number in range(100):
            queue.add_after(f"key-{number}", 100.0 - number)
        assert queue._timer is None
        workers = [asyncio.create_task(collect(queue, [])) for _ in range(3)]
        await settle()
        assert queue._timer is not None
        assert queue._timer.when() == 1.0
        assert len(asyncio.all_tasks()) == 4
        queue.add("key-99")
        await settle()
        assert queue._timer.when() <= 2.0
        queue.shut_down()
        assert queue._timer is None
        await asyncio.gather(*workers)

    virtual(main)


@pytest.mark.parametrize("start", [0.0, 1e3 / 7, 1e6 / 7])
def test_rounding(start: float, virtual: Virtual) -> None:
    """Times that floating point cannot add up exactly come due all the same, none before its time, no timer spins."""

    async def main() -> None:
        queue = virtual_queue()
        seen: list[tuple[float, str]] = []
        due: list[float] = []
        worker = asyncio.create_task(collect(queue, seen))
        await asyncio.sleep(start)
        for number in range(300):
            due.append(asyncio.get_running_loop().time() + 0.1 + number / 3e7)
            queue.add_after("a", 0.1 + number / 3e7)
            await asyncio.sleep(1 / 3)
        assert [at for at, _ in seen] == pytest.approx(due, rel=1e-12)
        assert all(at >= time - 1e-9 for (at, _), time in zip(seen, due, strict=True))
        queue.shut_down()
        await worker

    virtual(main)


def test_from_other_threads() -> None:
    """Keys of other threads arrive in their order, each once, those from before the first worker included."""
    queue: WorkQueue[str] = WorkQueue()
    queue.add_threadsafe("early")

    def produce(name: str) -> None:
        for number in range(100):
            queue.add_threadsafe(f"{name}-{number}")

    async def main() -> list[str]:
        seen: list[tuple[float, str]] = []
        worker = asyncio.create_task(collect(queue, seen))
        threads = [threading.Thread(target=produce, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))
        queue.shut_down()
        await worker
        return [key for _, key in seen]

    keys = asyncio.run(main())
    assert keys[0] == "early"
    for name in "ab":
        assert [key for key in keys if key.startswith(name)] == [f"{name}-{number}" for number in range(100)]
    assert len(keys) == 201


def test_a_thread_wakes_a_worker_that_sleeps() -> None:
    """A loop that has nothing to do notices a key from another thread, with its priority."""
    queue: WorkQueue[str] = WorkQueue()

    async def main() -> dict[int, int]:
        async with asyncio.timeout(10):
            asyncio.get_running_loop().run_in_executor(None, lambda: queue.add_threadsafe("a", priority=4))
            async with queue.next() as key:
                queue.add_after(key, 0)
        return dict(queue.metrics().depth_by_priority)

    assert asyncio.run(main()) == {4: 1}


def test_a_thread_after_the_loop() -> None:
    """Once the loop is closed, a key from another thread is an error there, not a key that nobody will see."""
    queue: WorkQueue[str] = WorkQueue()

    async def main() -> None:
        queue.add("a")
        async with queue.next():
            pass

    asyncio.run(main())
    with pytest.raises(RuntimeError, match="closed"):
        queue.add_threadsafe("b")


def test_one_loop_per_queue() -> None:
    """A queue that workers have used on one loop refuses workers of another."""
    queue: WorkQueue[str] = WorkQueue(name="pods")

    async def main() -> None:
        queue.add("a")
        async with queue.next():
            pass

    asyncio.run(main())
    with pytest.raises(RuntimeError, match=r"WorkQueue 'pods'.* another event loop"):
        asyncio.run(main())


def test_repr(virtual: Virtual) -> None:
    """A queue shows its name, its phase and how many keys are where; it does not show the keys."""

    async def main() -> None:
        queue = virtual_queue("pods")
        for key in ("a", "b", "c"):
            queue.add(key)
        queue.add_after("d", 1.0)
        async with queue.next():
            assert repr(queue) == "<WorkQueue 'pods' open: 2 queued, 1 delayed, 1 running>"
        queue.shut_down()
        assert repr(queue) == "<WorkQueue 'pods' shut down: 2 queued, 0 delayed, 0 running>"

    virtual(main)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 4), st.sampled_from([0.0, 0.0, 0.5, 3.0])),
        st.tuples(st.just("cancel"), st.integers(0, 2), st.just(0.0)),
        st.tuples(st.just("wait"), st.just(0), st.sampled_from([0.0, 0.25, 1.0])),
        st.tuples(st.just("drain"), st.just(0), st.sampled_from([0.0, 1.0])),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_no_cancellation_loses_a_key(steps: list[tuple[str, int, float]]) -> None:
    """Workers come, are cancelled at any moment and replaced: every accepted key runs after its add, never twice."""

    async def main() -> None:
        queue = virtual_queue()
        at_work: set[str] = set()
        owed: set[str] = set()

        async def worker() -> None:
            while True:
                async with queue.next() as key:
                    assert key not in at_work
                    at_work.add(key)
                    owed.discard(key)
                    try:
                        await asyncio.sleep(0.25)
                    finally:
                        at_work.discard(key)

        workers = [asyncio.create_task(worker()) for _ in range(3)]
        drains: list[asyncio.Task[Unfinished[str]]] = []
        for step, number, seconds in steps:
            if step == "add" and queue.add_after(f"key-{number}", seconds):
                owed.add(f"key-{number}")
            elif step == "cancel":
                workers[number].cancel()
                workers.append(workers[number])
                workers[number] = asyncio.create_task(worker())
            elif step == "wait":
                await asyncio.sleep(seconds)
            elif step == "drain":
                drains.append(asyncio.create_task(queue.drain(timeout=seconds)))
        await asyncio.gather(*drains)
        left = await queue.drain()
        assert (left.queued, left.delayed, left.running, owed) == ((), (), (), set())
        outcomes = await asyncio.gather(*workers, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {QueueShutDown, asyncio.CancelledError}
        assert_nothing_left(queue)

    run_virtual(main)
