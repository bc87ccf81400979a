"""What a reconcile function may say, and what is counted of it.

In:    outcomes and durations                     (from controller/controller.py)
Out:   `ControllerMetrics`, a picture of one moment
Rules: pure; nothing is registered or exported here: who wants figures asks for them
Source: controller-runtime pkg/reconcile and pkg/internal/controller/metrics, whose names and buckets these are
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.key import ObjectKey

RECONCILE_TIME_BUCKETS: Final = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9),
    *(1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0),
    *(15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0),
)
"""Upper bounds in seconds, inclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a reconcile ended that did not fail. None means the same as `Result()`.

    Attributes:
        requeue_after: Seconds after which the key is to be reconciled again, whatever happens until then; None for
            not before something changes. To be retried with a rising wait, raise instead.

    Raises:
        ValueError: Not a positive, finite number of seconds.
    """

    requeue_after: float | None = None

    def __post_init__(self) -> None:
        if self.requeue_after is not None and not 0 < self.requeue_after < math.inf:
            raise ValueError(f"requeue_after wants a positive number of seconds, got {self.requeue_after!r}")


Reconcile: TypeAlias = Callable[[ObjectKey], Awaitable[Result | None]]
"""Makes what stands behind a key as it should be. It is told which, not why: it looks for itself, finds perhaps that
there is nothing to do, or nothing there any more, and must not mind being called again."""


class TerminalError(ListWatchError):
    """To be raised by a reconcile function: trying again will not help. The key waits for the next change.

    Source: controller-runtime reconcile.TerminalError
    """


class Outcome(StrEnum):
    """How one run ended; as text the values of the label `result`."""

    SUCCESS = "success"
    REQUEUE_AFTER = "requeue_after"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ReconcileTime:
    """How long runs took.

    Attributes:
        counts: How many were within each of `RECONCILE_TIME_BUCKETS` and above the bound before; last, how many were
            longer than all. Not cumulative.
        total_seconds: The sum of all.
    """

    counts: tuple[int, ...]
    total_seconds: float

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerMetrics:
    """One moment of a controller. In brackets, under which name dashboards know it.

    Attributes:
        reconcile_total: Runs that ended, by result (`controller_runtime_reconcile_total`). A run that was cancelled
            by the controller's end is not counted.
        reconcile_errors_total: Those that failed (`controller_runtime_reconcile_errors_total`).
        terminal_reconcile_errors_total: Those of them that are not retried
            (`controller_runtime_terminal_reconcile_errors_total`).
        reconcile_timeouts_total: Those of them that took too long (`controller_runtime_reconcile_timeouts_total`).
        reconcile_time: How long runs took (`controller_runtime_reconcile_time_seconds`).
        max_concurrent_reconciles: Workers (`controller_runtime_max_concurrent_reconciles`).
        active_workers: Those that have a key (`controller_runtime_active_workers`).
    """

    reconcile_total: Mapping[str, int]
    reconcile_errors_total: int
    terminal_reconcile_errors_total: int
    reconcile_timeouts_total: int
    reconcile_time: ReconcileTime
    max_concurrent_reconciles: int
    active_workers: int


class Tally:
    """A `ControllerMetrics` that grows."""

    def __init__(self) -> None:
        self._outcomes = dict.fromkeys(Outcome, 0)
        self._counts = [0] * (len(RECONCILE_TIME_BUCKETS) + 1)
        self._seconds = 0.0
        self.terminal = 0
        self.timeouts = 0

    def count(self, outcome: Outcome, seconds: float) -> None:
        """One more run has ended."""
        self._outcomes[outcome] += 1
        self._counts[bisect_left(RECONCILE_TIME_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def snapshot(self, *, workers: int, active: int) -> ControllerMetrics:
        """What has been counted so far."""
        return ControllerMetrics(
            reconcile_total={str(outcome): count for outcome, count in self._outcomes.items()},
            reconcile_errors_total=self._outcomes[Outcome.ERROR],
            terminal_reconcile_errors_total=self.terminal,
            reconcile_timeouts_total=self.timeouts,
            reconcile_time=ReconcileTime(tuple(self._counts), self._seconds),
            max_concurrent_reconciles=workers,
            active_workers=active,
        )
