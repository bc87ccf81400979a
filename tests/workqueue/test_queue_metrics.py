"""The figures of a queue, under clocks that the test moves."""

from __future__ import annotations

import threading
from collections import deque

import pytest
from manual_clock import ManualClock

from listwatch.workqueue.metrics import DURATION_BUCKETS, DurationHistogram, Durations
from listwatch.workqueue.queue_state import QueueState
from listwatch.workqueue.work_queue import WorkQueue


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, 0), (1e-8, 0), (1.1e-8, 1), (0.1, 7), (0.11, 8), (1000.0, 11), (1000.1, 12)]
)
def test_buckets(seconds: float, bucket: int) -> None:
    """A duration counts in the first bucket whose bound is not below it, above all bounds in one of its own."""
    durations = Durations()
    durations.observe(seconds)
    counts = [0] * (len(DURATION_BUCKETS) + 1)
    counts[bucket] = 1
    assert durations.snapshot() == DurationHistogram(tuple(counts), seconds)
    assert durations.snapshot().count == 1


def test_a_picture_does_not_move() -> None:
    """What was told is a value: later events do not change it."""
    state: QueueState[str] = QueueState()
    before = state.metrics(now=0.0)
    state.add("a", now=0.0)
    state.take(now=3.0)
    assert (before.adds_total, before.depth, before.queue_duration.count) == (0, 0, 0)


def test_figures_under_a_fake_clock() -> None:
    """Rule 195: depth, adds, waits, work, unfinished and longest run, each as the clock says, retries as called."""
    clock = ManualClock()
    state: QueueState[str] = QueueState()
    state.add("foo", now=clock.monotonic())
    state.add("foo", now=clock.monotonic())
    assert (state.metrics(now=clock.monotonic()).adds_total, state.metrics(now=clock.monotonic()).depth) == (
        1,
        1,
    )

    clock.advance(50e-6)
    state.take(now=clock.monotonic())
    figures = state.metrics(now=clock.monotonic())
    assert (figures.depth, figures.running) == (0, 1)
    assert figures.queue_duration.total_seconds == pytest.approx(50e-6)

    clock.advance(2.0)
    state.add("foo", now=clock.monotonic())  # held: counted, but nobody could take it
    state.add("bar", now=clock.monotonic(), priority=5)
    state.take(now=clock.monotonic())
    clock.advance(1.0)
    figures = state.metrics(now=clock.monotonic())
    assert (figures.adds_total, figures.depth, figures.running) == (3, 0, 2)
    assert figures.unfinished_work_seconds == pytest.approx(3.0 + 1.0)
    assert figures.longest_running_seconds == pytest.approx(3.0)
    assert figures.work_duration.count == 0

    state.done("foo", now=clock.monotonic())
    figures = state.metrics(now=clock.monotonic())
    assert figures.depth_by_priority == {0: 1}
    assert figures.work_duration.total_seconds == pytest.approx(3.0)
    assert figures.longest_running_seconds == pytest.approx(1.0)

    state.take(now=clock.monotonic())  # the wait began when it was added, not when it was done
    assert state.metrics(now=clock.monotonic()).queue_duration.total_seconds == pytest.approx(50e-6 + 1.0)

    state.add_after("bar", 7.0, now=clock.monotonic())
    assert state.metrics(now=clock.monotonic()).retries_total == 1
    assert state.metrics(now=clock.monotonic()).delayed == 1


def test_due_keys_are_counted_though_nobody_looked() -> None:
    """Figures of a moment do not depend on whether a worker looked: a due key waits in line, not for its time."""
    state: QueueState[str] = QueueState()
    state.add_after("a", 1.0, now=0.0, priority=3)
    state.add_after("b", 9.0, now=0.0)
    figures = state.metrics(now=2.0)
    assert (figures.depth_by_priority, figures.delayed, figures.adds_total) == ({3: 1}, 1, 1)
    state.advance(now=2.0)
    assert state.metrics(now=2.0) == figures


def test_no_figures_move_after_shut_down() -> None:
    """Rule 195: what is refused after shut-down is not counted, and time alone moves nothing on an idle queue."""
    clock = ManualClock()
    queue: WorkQueue[str] = WorkQueue(clock=clock)
    queue.add("a")
    queue.add_after("b", 5.0)
    queue.shut_down()
    before = queue.metrics()
    queue.add("c")
    queue.add_after("c", 1.0)
    queue.add_rate_limited("c")
    clock.advance(100.0)
    assert queue.metrics() == before
    assert (before.adds_total, before.retries_total, before.delayed) == (1, 1, 0)


def test_figures_from_another_thread() -> None:
    """A scraper's thread may ask while the queue works: it never fails, and sees counts that fit together."""
    state: QueueState[int] = QueueState()
    stop = threading.Event()
    problems: list[str] = []

    def scrape() -> None:
        while not stop.is_set():
            figures = state.metrics(now=1.0)
            if figures.depth != sum(figures.depth_by_priority.values()) or figures.running > 20:
                problems.append(repr(figures))

    thread = threading.Thread(target=scrape)
    thread.start()
    running: deque[int] = deque()
    try:
        for number in range(2000):
            state.add(number, now=1.0, priority=number % 7)
            state.add_after(-1 - number, 1.0 + number % 3, now=0.0)
            if len(running) == 20:
                state.done(running.popleft(), now=1.0)
            running.append(state.take(now=1.0))
    finally:
        stop.set()
        thread.join()
    assert problems == []
