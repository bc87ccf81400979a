"""What a work queue can tell about itself, as values.

In:    durations, as they are measured        (from workqueue/queue_state.py)
Out:   `QueueMetrics`, a picture of one moment
Rules: pure; nothing here is registered, exported or updated in the background: who wants figures asks for them
Source: client-go util/workqueue/metrics.go and controller-runtime's pkg/metrics/workqueue.go, whose names and
        buckets these are; differs: gauges are worked out when asked for, not every 500 ms
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DURATION_BUCKETS: Final = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1000.0)
"""Upper bounds in seconds, inclusive, of the buckets that both upstream projects use."""


@dataclass(frozen=True, slots=True)
class DurationHistogram:
    """How long something took, over all times it was done.

    Attributes:
        counts: How many were within each of `DURATION_BUCKETS` and above the bound before; last, how many were
            longer than all. Not cumulative.
        total_seconds: The sum of all.
    """

    counts: tuple[int, ...]
    total_seconds: float

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)


class Durations:
    """A `DurationHistogram` that grows."""

    __slots__ = ("_counts", "_total")

    def __init__(self) -> None:
        self._counts = [0] * (len(DURATION_BUCKETS) + 1)
        self._total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one more."""
        self._counts[bisect_left(DURATION_BUCKETS, seconds)] += 1
        self._total += seconds

    def snapshot(self) -> DurationHistogram:
        """What has been counted so far."""
        return DurationHistogram(tuple(self._counts), self._total)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMetrics:
    """One moment of a queue. In brackets, under which name dashboards know it.

    Attributes:
        depth: Keys that wait for a worker (`workqueue_depth`).
        depth_by_priority: The same per priority, highest first; priorities without keys are left out.
        delayed: Keys whose time has not come. client-go has no figure for them.
        running: Keys that workers have.
        adds_total: Keys that joined the line or were marked to run again; adds that changed nothing are not
            counted, delayed keys when they are due (`workqueue_adds_total`).
        retries_total: Calls of `add_after` and `add_rate_limited` (`workqueue_retries_total`).
        queue_duration: From add to hand-over, per hand-over (`workqueue_queue_duration_seconds`).
        work_duration: From hand-over to done, per run that ended (`workqueue_work_duration_seconds`).
        unfinished_work_seconds: Sum over the runs in progress (`workqueue_unfinished_work_seconds`).
        longest_running_seconds: The longest of them (`workqueue_longest_running_processor_seconds`).
    """

    depth: int
    depth_by_priority: Mapping[int, int]
    delayed: int
    running: int
    adds_total: int
    retries_total: int
    queue_duration: DurationHistogram
    work_duration: DurationHistogram
    unfinished_work_seconds: float
    longest_running_seconds: float
