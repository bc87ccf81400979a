"""What a work queue knows and how each call changes it.

In:    keys to work on, now or later; hand-overs and their ends     (from workqueue/work_queue.py)
Out:   the next key; what is left; figures
Next:  workqueue/work_queue.py
Rules: pure: no waiting, no clock, no randomness, time comes with each call. A key waits in one place at most: in
       line, for its time, or for its own run to end (`held`). A key in line is not running. Held implies running.
       Whatever fell due until `now` is moved on before a call does anything else
Source: client-go util/workqueue/queue.go (dirty and processing sets) and delaying_queue.go, controller-runtime's
        priorityqueue (priorities, one place per key); differs: a drain counts what is queued and delayed, too
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from listwatch.workqueue.delay_heap import DelayHeap
from listwatch.workqueue.metrics import Durations, QueueMetrics
from listwatch.workqueue.priority_fifo import PriorityFIFO

K = TypeVar("K", bound=Hashable)


class Phase(Enum):
    """How far a queue is on its way to its end. It never goes back."""

    OPEN = "open"  # takes everything
    DRAINING = "draining"  # takes nothing new, works off all that it has
    SHUT_DOWN = "shut down"  # the same, but what was delayed is forgotten


@dataclass(frozen=True, slots=True)
class Unfinished(Generic[K]):
    """The work that a queue has not seen the end of. False if there is none.

    Attributes:
        queued: Keys that nobody has begun, in the order in which they would be; at the end those that are to run
            again, which are in `running`, too.
        delayed: Keys whose time has not come, earliest first.
        running: Keys that workers have.
        refused: Keys whose worker, or anybody while it ran, asked for one more run after the queue had closed.
    """

    queued: tuple[K, ...] = ()
    delayed: tuple[K, ...] = ()
    running: tuple[K, ...] = ()
    refused: tuple[K, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.queued or self.delayed or self.running or self.refused)


class QueueState(Generic[K]):
    """The whole state of one queue; a method per transition.

    Promised: a key that was accepted is taken after that; a key that is running is not taken; adds of a key that
    waits become one, with the highest priority and the earliest time of all. Order: see `PriorityFIFO`.

    `now` is in seconds, from one clock, and must not go back. No call but `metrics` may be made while another
    thread is in one.

    Attributes:
        phase: How far it is on its way to its end.
    """

    __slots__ = (
        "_adds",
        "_delayed",
        "_held",
        "_queue_duration",
        "_ready",
        "_refused",
        "_retries",
        "_running",
        "_work_duration",
        "phase",
    )

    def __init__(self) -> None:
        self.phase = Phase.OPEN
        self._ready: PriorityFIFO[K] = PriorityFIFO()
        self._delayed: DelayHeap[K] = DelayHeap()
        self._running: dict[K, tuple[float, int]] = {}  # since when, at which priority
        self._held: dict[K, tuple[float, int]] = {}  # since when, at which priority
        self._refused: dict[K, None] = {}
        self._adds = 0
        self._retries = 0
        self._queue_duration = Durations()
        self._work_duration = Durations()

    def __len__(self) -> int:
        """How many keys are in line, as of the last call that told the time."""
        return len(self._ready)

    def __str__(self) -> str:
        return (
            f"{self.phase.value}: {len(self._ready) + len(self._held)} queued, {len(self._delayed)} delayed,"
            f" {len(self._running)} running"
        )

    @property
    def next_due(self) -> float:
        """When the next delayed key falls due, infinity if there is none."""
        return self._delayed.next_due

    @property
    def has_ended(self) -> bool:
        """It is closed, and no key will ever be taken again."""
        return self.phase is not Phase.OPEN and not (self._ready or self._held or self._delayed)

    @property
    def is_idle(self) -> bool:
        """No key waits, in whichever place, and none is running."""
        return not (self._ready or self._running or self._delayed)  # what is held is running

    def add(self, key: K, *, now: float, priority: int = 0) -> bool:
        """Ask for a run of `key`, as soon as it is its turn.

        In line or held: it stays where it is, and is raised to `priority` if that is higher. Delayed: it need not
        wait any longer. Running: held, that is, in line again once its run is done.

        Returns:
            Whether a run will follow. False only from a queue that is closed, for a key that does not wait there
            already; if it is running, that is noted (`Unfinished.refused`).
        """
        if now >= self._delayed.next_due:
            self.advance(now=now)
        if key in self._ready:
            self._ready.raise_to(key, priority)
            return True
        held = self._held.get(key)
        if held is not None:
            if priority > held[1]:
                self._held[key] = (held[0], priority)
            return True
        delayed = self._delayed.pop(key) if self._delayed else None
        if delayed is not None:
            priority = max(priority, delayed)
        elif self.phase is not Phase.OPEN:
            return self._refuse(key)
        self._admit(key, priority, now)
        return True

    def add_after(self, key: K, seconds: float, *, now: float, priority: int | None = None) -> bool:
        """Ask for a run of `key` in `seconds`; at once if that is 0 or less.

        A key that waits already waits no longer because of this: the earlier time holds, also where it is now.

        Args:
            key: Whom.
            seconds: From `now` on, finite.
            now: The time.
            priority: None for that of the run that is in progress, 0 if none is.

        Returns:
            As `add`.
        """
        if now >= self._delayed.next_due:
            self.advance(now=now)
        if priority is None:
            running = self._running.get(key)
            priority = 0 if running is None else running[1]
        if seconds <= 0 or key in self._ready or key in self._held:
            accepted = self.add(key, now=now, priority=priority)
        elif self.phase is Phase.OPEN or key in self._delayed:
            self._delayed.put(key, now + seconds, priority)
            accepted = True
        else:
            accepted = self._refuse(key)
        self._retries += accepted
        return accepted

    def advance(self, *, now: float) -> None:
        """Let time pass: keys that fell due stand in line, or are held if they are running."""
        for key, priority, at in self._delayed.pop_due(now):
            self._admit(key, priority, at)

    def take(self, *, now: float) -> K:
        """The key whose turn it is. It is running from now on.

        Raises:
            IndexError: No key is in line.
        """
        if now >= self._delayed.next_due:
            self.advance(now=now)
        key, priority, since = self._ready.take()
        self._running[key] = (now, priority)
        self._queue_duration.observe(now - since)
        return key

    def done(self, key: K, *, now: float) -> None:
        """The run of `key` is over, however it went. If it is held, it stands in line again.

        Raises:
            KeyError: It is not running. Nothing is changed.
        """
        if now >= self._delayed.next_due:
            self.advance(now=now)
        started, _ = self._running.pop(key)
        self._work_duration.observe(now - started)
        if self._held:
            held = self._held.pop(key, None)
            if held is not None:
                self._ready.put(key, held[1], held[0])

    def drain(self) -> None:
        """Take nothing new from now on. Without effect once closed."""
        if self.phase is Phase.OPEN:
            self.phase = Phase.DRAINING

    def shut_down(self) -> Unfinished[K]:
        """Take nothing new from now on, and forget what is delayed.

        Returns:
            What was unfinished before it was forgotten.
        """
        before = self.unfinished()
        self.phase = Phase.SHUT_DOWN
        self._delayed.clear()
        return before

    def unfinished(self) -> Unfinished[K]:
        """What there is to do, as of the last call that told the time."""
        return Unfinished(
            queued=(*self._ready, *self._held),
            delayed=tuple(self._delayed),
            running=tuple(self._running),
            refused=tuple(self._refused),
        )

    def metrics(self, *, now: float) -> QueueMetrics:
        """The figures at `now`. Changes nothing: keys that fell due are counted where they will be."""
        depths = self._ready.depths()
        running = dict(self._running)
        due = self._delayed.due(now)
        for key, priority in due:
            if key not in running:
                depths[priority] = depths.get(priority, 0) + 1
        ages = [now - started for started, _ in running.values()]
        return QueueMetrics(
            depth=sum(depths.values()),
            depth_by_priority=dict(sorted(depths.items(), reverse=True)),
            delayed=len(self._delayed) - len(due),
            running=len(running),
            adds_total=self._adds + len(due),
            retries_total=self._retries,
            queue_duration=self._queue_duration.snapshot(),
            work_duration=self._work_duration.snapshot(),
            unfinished_work_seconds=sum(ages),
            longest_running_seconds=max(ages, default=0.0),
        )

    def _admit(self, key: K, priority: int, since: float) -> None:
        """Let `key`, which waits nowhere, stand in line, or be held while it is running."""
        self._adds += 1
        if key in self._running:
            self._held[key] = (since, priority)
        else:
            self._ready.put(key, priority, since)

    def _refuse(self, key: K) -> bool:
        if key in self._running:
            self._refused[key] = None
        return False
