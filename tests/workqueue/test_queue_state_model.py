"""The queue's state against a naive one: whatever is called in whatever order, they tell the same."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from listwatch.workqueue.queue_state import Phase, QueueState, Unfinished

KEYS = st.sampled_from("abcdef")
PRIORITIES = st.sampled_from([-100, 0, 0, 1, 7])
SECONDS = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 10.0])


@dataclass
class Wait:
    """One key's wait, wherever that is."""

    key: str
    priority: int
    since: float  # when it joined the line or was held; for a delayed key, when it is due
    order: int  # among its equals


@dataclass
class NaiveQueue:
    """The rules, in lists that are searched from end to end."""

    phase: Phase = Phase.OPEN
    line: list[Wait] = field(default_factory=list)
    held: list[Wait] = field(default_factory=list)
    delayed: list[Wait] = field(default_factory=list)
    running: dict[str, tuple[float, int]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    adds: int = 0
    retries: int = 0
    waited: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    orders: int = 0

    def next_order(self) -> int:
        self.orders += 1
        return self.orders

    def find(self, place: list[Wait], key: str) -> Wait | None:
        return next((wait for wait in place if wait.key == key), None)

    def advance(self, now: float) -> None:
        for wait in sorted(self.delayed, key=lambda wait: (wait.since, wait.order)):
            if wait.since <= now:
                self.delayed.remove(wait)
                self.admit(wait.key, wait.priority, wait.since)

    def admit(self, key: str, priority: int, since: float) -> None:
        self.adds += 1
        place = self.held if key in self.running else self.line
        place.append(Wait(key, priority, since, self.next_order()))

    def refuse(self, key: str) -> bool:
        if key in self.running and key not in self.refused:
            self.refused.append(key)
        return False

    def add(self, key: str, priority: int, now: float) -> bool:
        queued, held, delayed = (self.find(place, key) for place in (self.line, self.held, self.delayed))
        if queued and priority > queued.priority:
            queued.priority, queued.order = priority, self.next_order()
        elif held:
            held.priority = max(held.priority, priority)
        elif delayed:
            self.delayed.remove(delayed)
            self.admit(key, max(priority, delayed.priority), now)
        elif not queued and self.phase is Phase.OPEN:
            self.admit(key, priority, now)
        elif not queued:
            return self.refuse(key)
        return True

    def add_after(self, key: str, seconds: float, priority: int | None, now: float) -> bool:
        if priority is None:
            priority = self.running[key][1] if key in self.running else 0
        delayed = self.find(self.delayed, key)
        if seconds <= 0 or self.find(self.line, key) or self.find(self.held, key):
            accepted = self.add(key, priority, now)
        elif delayed:
            delayed.priority = max(delayed.priority, priority)
            if now + seconds < delayed.since:
                delayed.since, delayed.order = now + seconds, self.next_order()
            accepted = True
        elif self.phase is Phase.OPEN:
            self.delayed.append(Wait(key, priority, now + seconds, self.next_order()))
            accepted = True
        else:
            accepted = self.refuse(key)
        self.retries += accepted
        return accepted

    def in_line(self) -> list[Wait]:
        return sorted(self.line, key=lambda wait: (-wait.priority, wait.order))

    def take(self, now: float) -> str:
        wait = self.in_line()[0]
        self.line.remove(wait)
        self.running[wait.key] = (now, wait.priority)
        self.waited.append(now - wait.since)
        return wait.key

    def done(self, key: str, now: float) -> None:
        self.worked.append(now - self.running.pop(key)[0])
        held = self.find(self.held, key)
        if held:
            self.held.remove(held)
            held.order = self.next_order()
            self.line.append(held)

    def unfinished(self) -> Unfinished[str]:
        return Unfinished(
            queued=tuple(wait.key for wait in [*self.in_line(), *self.held]),
            delayed=tuple(
                wait.key for wait in sorted(self.delayed, key=lambda wait: (wait.since, wait.order))
            ),
            running=tuple(self.running),
            refused=tuple(self.refused),
        )


class QueueStateMachine(RuleBasedStateMachine):
    """Both queues get the same calls at the same times."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.real: QueueState[str] = QueueState()
        self.naive = NaiveQueue()

    @rule(seconds=st.sampled_from([0.25, 0.5, 1.0, 5.0]), look=st.booleans())
    def pass_time(self, seconds: float, look: bool) -> None:
        self.now += seconds
        if look:
            self.real.advance(now=self.now)
            self.naive.advance(self.now)

    @rule(key=KEYS, priority=PRIORITIES)
    def add(self, key: str, priority: int) -> None:
        self.naive.advance(self.now)
        expected = self.naive.add(key, priority, self.now)
        assert self.real.add(key, now=self.now, priority=priority) == expected

    @rule(key=KEYS, seconds=SECONDS, priority=st.none() | PRIORITIES)
    def add_after(self, key: str, seconds: float, priority: int | None) -> None:
        self.naive.advance(self.now)
        expected = self.naive.add_after(key, seconds, priority, self.now)
        assert self.real.add_after(key, seconds, now=self.now, priority=priority) == expected

    @precondition(lambda self: self.naive.line)
    @rule()
    def take(self) -> None:
        self.naive.advance(self.now)
        expected = self.naive.take(self.now)
        assert self.real.take(now=self.now) == expected

    @precondition(lambda self: self.naive.running)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.naive.running)))
        self.naive.advance(self.now)
        self.naive.done(key, self.now)
        self.real.done(key, now=self.now)

    @precondition(lambda self: self.naive.orders > 8)
    @rule()
    def drain(self) -> None:
        if self.naive.phase is Phase.OPEN:
            self.naive.phase = Phase.DRAINING
        self.real.drain()

    @precondition(lambda self: self.naive.orders > 12)
    @rule()
    def shut_down(self) -> None:
        expected = self.naive.unfinished()
        self.naive.phase = Phase.SHUT_DOWN
        self.naive.delayed.clear()
        assert self.real.shut_down() == expected

    @invariant()
    def they_tell_the_same(self) -> None:
        naive = self.naive
        assert self.real.unfinished() == naive.unfinished()
        assert len(self.real) == len(naive.line)
        assert self.real.next_due == min((wait.since for wait in naive.delayed), default=math.inf)
        waiting = bool(naive.line or naive.held or naive.delayed)
        assert self.real.has_ended == (naive.phase is not Phase.OPEN and not waiting)
        assert self.real.is_idle == (not waiting and not naive.running)

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        left = self.real.unfinished()
        waiting = [*left.queued, *left.delayed]
        assert len(waiting) == len(set(waiting))
        in_line = left.queued[: len(self.real)]
        assert not set(in_line) & set(left.running)
        assert set(left.queued[len(self.real) :]) <= set(left.running)

    @invariant()
    def figures_are_those_of_a_queue_that_looked(self) -> None:
        looked = NaiveQueue(
            line=list(self.naive.line),
            held=list(self.naive.held),
            delayed=list(self.naive.delayed),
            running=dict(self.naive.running),
            adds=self.naive.adds,
        )
        looked.advance(self.now)
        figures = self.real.metrics(now=self.now)
        priorities = [wait.priority for wait in looked.line]
        assert figures.depth == len(looked.line)
        assert figures.depth_by_priority == {each: priorities.count(each) for each in priorities}
        assert (figures.delayed, figures.running) == (len(looked.delayed), len(looked.running))
        assert (figures.adds_total, figures.retries_total) == (looked.adds, self.naive.retries)
        for histogram, model in (
            (figures.queue_duration, self.naive.waited),
            (figures.work_duration, self.naive.worked),
        ):
            assert (histogram.count, histogram.total_seconds) == (len(model), sum(model))
        ages = [self.now - started for started, _ in looked.running.values()]
        assert figures.unfinished_work_seconds == sum(ages)
        assert figures.longest_running_seconds == max(ages, default=0.0)


TestQueueState = QueueStateMachine.TestCase
TestQueueState.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
