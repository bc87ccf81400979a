"""The work queue for threads: one key to one worker, the end told to all, nothing lost to an interrupt."""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sync_kit import PATIENCE, press_ctrl_c

from listwatch.apimachinery.errors import ListWatchError
from listwatch.sync import Client, WorkQueue
from listwatch.workqueue import work_queue as aio
from listwatch.workqueue.rate_limiter import ItemExponentialFailureRateLimiter
from listwatch.workqueue.work_queue import QueueShutDown


def test_blocks() -> None:
    """A worker takes one key at a time; leaving the block ends the run, also by an error."""
    with WorkQueue[str](name="q") as queue:
        assert queue.add("a")
        assert (len(queue), queue.name) == (1, "q")
        with queue.next() as key:
            assert (key, queue.metrics().running) == ("a", 1)
            assert queue.add("a")
            assert len(queue) == 0  # not while it runs
        with pytest.raises(ZeroDivisionError), queue.next():
            raise ZeroDivisionError
        assert queue.metrics().running == 0
        assert repr(queue) == "<WorkQueue 'q' open: 0 queued, 0 delayed, 0 running>"


def test_priorities_and_delays() -> None:
    """Priorities, delays, rate limits and forgetting are the asynchronous queue's."""
    limiter = ItemExponentialFailureRateLimiter[str](base_delay=1000.0, max_delay=1000.0)
    with WorkQueue[str](rate_limiter=limiter) as queue:
        queue.add("low", priority=-100)
        queue.add_threadsafe("high", priority=5)
        queue.add_after("now", 0.0)
        assert [next(iter(queue)) for _ in range(3)] == ["high", "now", "low"]
        queue.add_rate_limited("later")
        assert (queue.num_requeues("later"), queue.metrics().delayed) == (1, 1)
        queue.forget("later")
        assert queue.num_requeues("later") == 0


def test_never_one_key_at_two_workers() -> None:
    """Four threads take keys that four others add: every key runs after it was added, and never twice at a time."""
    running, runs, lock = Counter[int](), Counter[int](), threading.Lock()

    def work(queue: WorkQueue[int]) -> None:
        for key in queue:
            with lock:
                running[key] += 1
                assert running[key] == 1
                runs[key] += 1
            if runs[key] < 3:
                assert queue.add(key)
            with lock:
                running[key] -= 1
                if sum(runs.values()) >= 150 and min(runs.values()) >= 3:
                    done.set()

    done = threading.Event()
    with WorkQueue[int]() as queue, ThreadPoolExecutor(8) as threads:
        workers = [threads.submit(work, queue) for _ in range(4)]
        assert all(threads.map(queue.add, range(50)))
        assert done.wait(PATIENCE)
        assert not queue.drain(timeout=PATIENCE)
        for worker in workers:
            worker.result(PATIENCE)
    assert (len(runs), sum(running.values())) == (50, 0)


def test_drain_says_what_is_left() -> None:
    """`drain` waits for what is running, and says what is not done when the time is over."""
    with WorkQueue[str]() as queue:
        queue.add("a")
        queue.add_after("b", 1000.0)
        with queue.next():
            left = queue.drain(timeout=0.0)
            assert (left.running, left.delayed) == (("a",), ("b",))
            assert not queue.add("c")
            assert queue.is_shutting_down
        queue.shut_down()
        assert not queue.drain(timeout=PATIENCE)


def test_workers_are_told_the_end() -> None:
    """Leaving the queue's block ends the workers that wait, and those that come later."""
    came = threading.Event()

    def work(queue: WorkQueue[str]) -> list[str]:
        keys = []
        for key in queue:
            keys.append(key)
            came.set()
        return keys

    with ThreadPoolExecutor(2) as threads:
        with WorkQueue[str]() as queue:
            waiting = threads.submit(work, queue)
            queue.add("a")
            assert came.wait(PATIENCE)
        assert waiting.result(PATIENCE) == ["a"]
        with pytest.raises(QueueShutDown, match="closed"), queue.next():
            pass
        assert list(queue) == []
    with pytest.raises(ListWatchError, match="closed"):
        queue.add("b")
    queue.close()


def test_a_run_may_end_after_the_queue() -> None:
    """A worker whose queue was closed meanwhile leaves its block without an error."""
    queue = WorkQueue[str]()
    queue.add("a")
    with queue.next():
        queue.close()


def test_on_a_clients_loop(client: Client) -> None:
    """A queue may live on a client's loop: it needs no thread of its own, and is shut down with the client."""
    before = threading.active_count()
    queue = WorkQueue[str](client)
    assert threading.active_count() == before
    with ThreadPoolExecutor(1) as others:
        waiting = others.submit(list, queue)
        client.close()
        assert waiting.result(PATIENCE) == []


def test_interrupted_wait_takes_nothing() -> None:
    """Ctrl-C in a worker that waits ends the wait, and the next key goes to somebody else."""
    with WorkQueue[str]() as queue:
        queue._thread.begin(press_ctrl_c())
        with pytest.raises(KeyboardInterrupt), queue.next():
            pass
        queue.add("a")
        with queue.next() as key:
            assert key == "a"


def test_key_on_its_way_to_an_interrupted_worker() -> None:
    """A key that was taken for a worker whose wait was interrupted is there for the next."""
    with WorkQueue[str]() as queue:
        queue.add("a")
        turn = queue.next()
        queue._thread.run(turn._take())
        turn._finish(turn._give_back())
        with queue.next() as key:
            assert (key, queue.metrics().running) == ("a", 1)


def test_nothing_is_missing() -> None:
    """Every public method has its documented namesake with the same parameters."""
    for method in {each for each in dir(aio.WorkQueue) if not each.startswith("_")}:
        ours, theirs = (
            inspect.getattr_static(WorkQueue, method),
            inspect.getattr_static(aio.WorkQueue, method),
        )
        assert getattr(ours, "__doc__", None), method
        if inspect.isfunction(ours):
            assert [*inspect.signature(ours).parameters] == [*inspect.signature(theirs).parameters], method
