"""The queue's decisions, one at a time: where a key waits, and what each call makes of that."""

from __future__ import annotations

import math

import pytest

from listwatch.workqueue.queue_state import Phase, QueueState, Unfinished


def queue(*keys: str) -> QueueState[str]:
    state: QueueState[str] = QueueState()
    for key in keys:
        state.add(key, now=0.0)
    return state


def work_off(state: QueueState[str], *, now: float = 0.0) -> list[str]:
    """Take and end every key that is in line."""
    keys = []
    while state:
        key = state.take(now=now)
        keys.append(key)
        state.done(key, now=now)
    return keys


def test_len() -> None:
    """Rule 181: duplicates are not counted; nor is what runs or is delayed."""
    state = queue("foo")
    assert len(state) == 1
    state.add("bar", now=0.0)
    assert len(state) == 2
    state.add("foo", now=0.0)
    assert len(state) == 2
    state.take(now=0.0)
    state.add_after("later", 1.0, now=0.0)
    assert len(state) == 1


def test_collapse() -> None:
    """Rule 183: two adds before the hand-over are one run."""
    state = queue("bar", "bar")
    assert work_off(state) == ["bar"]


def test_collapse_raises_the_priority() -> None:
    """Rule 183, the hook: where client-go calls Touch, an add of a key in line raises it to the higher priority."""
    state = queue("a", "b")
    assert state.add("b", now=0.0, priority=1)
    assert state.add("b", now=0.0, priority=-1)
    assert work_off(state) == ["b", "a"]


def test_collapse_while_processing() -> None:
    """Rule 183: adds while a key runs become one more run, which begins only after the first is done."""
    state = queue("bar")
    state.take(now=0.0)
    state.add("bar", now=0.0)
    state.add("bar", now=0.0, priority=3)
    state.add("other", now=0.0, priority=2)
    assert len(state) == 1
    assert state.unfinished() == Unfinished(queued=("other", "bar"), running=("bar",))
    state.done("bar", now=0.0)
    assert work_off(state) == ["bar", "other"]


def test_reinsert() -> None:
    """A key added while it runs is in line after done, once; a second done of it is a new run's."""
    state = queue("foo")
    state.take(now=0.0)
    state.add("foo", now=0.0)
    state.done("foo", now=0.0)
    assert work_off(state) == ["foo"]
    assert state.is_idle


def test_delay_ends_at_its_time() -> None:
    """A delayed key is in line from its time on, without waiting for anything but a call that tells the time."""
    state = queue()
    assert state.add_after("a", 5.0, now=10.0)
    state.advance(now=14.999)
    assert (len(state), state.next_due) == (0, 15.0)
    state.advance(now=15.0)
    assert (len(state), state.next_due) == (1, math.inf)


def test_due_before_added_is_before_in_line() -> None:
    """A key that fell due before another was added is taken before it, although nobody looked in between."""
    state = queue()
    state.add_after("due", 1.0, now=0.0)
    state.add("added", now=2.0)
    assert work_off(state, now=2.0) == ["due", "added"]


@pytest.mark.parametrize("seconds", [0.0, -1.0, -math.inf])
def test_no_delay_is_an_add(seconds: float) -> None:
    """To add a key after no time is to add it, and counts as a retry."""
    state = queue()
    state.add_after("a", seconds, now=0.0)
    assert len(state) == 1
    assert state.metrics(now=0.0).retries_total == 1


def test_the_earlier_time_holds() -> None:
    """Of two delays of one key the earlier holds, and it runs once."""
    state = queue()
    state.add_after("a", 5.0, now=0.0)
    state.add_after("a", 2.0, now=0.0)
    state.add_after("a", 9.0, now=0.0)
    assert state.next_due == 2.0
    state.advance(now=100.0)
    assert work_off(state, now=100.0) == ["a"]


def test_adding_ends_a_delay() -> None:
    """An add of a delayed key brings it into line now, with the higher of the priorities, and not again later."""
    state = queue("other")
    state.add_after("a", 5.0, now=0.0, priority=2)
    state.add("a", now=0.0)
    assert work_off(state) == ["a", "other"]
    state.advance(now=100.0)
    assert work_off(state) == []


def test_a_delay_of_a_key_that_waits_in_line_changes_nothing() -> None:
    """Now is earlier than later: a key in line, or held by its own run, does not run again after a delay."""
    state = queue("a")
    state.add_after("a", 5.0, now=0.0)
    assert state.next_due == math.inf
    state.take(now=0.0)
    state.add("a", now=0.0)
    state.add_after("a", 5.0, now=0.0)
    assert state.next_due == math.inf
    state.done("a", now=0.0)
    assert work_off(state) == ["a"]


def test_falling_due_while_running() -> None:
    """A key that falls due while it runs is not given to a second worker, but runs again once it is done."""
    state = queue("a")
    state.take(now=0.0)
    state.add_after("a", 1.0, now=0.0)
    state.advance(now=5.0)
    assert len(state) == 0
    state.done("a", now=6.0)
    assert work_off(state, now=6.0) == ["a"]


def test_falling_due_at_the_moment_of_done() -> None:
    """Done tells the time, too: a key that falls due just then is in line."""
    state = queue("a")
    state.take(now=0.0)
    state.add_after("a", 1.0, now=0.0)
    state.done("a", now=1.0)
    assert len(state) == 1


def test_a_retry_is_as_urgent_as_its_run() -> None:
    """Without a priority of its own, a delayed key gets that of the run in progress, and 0 if none is."""
    state = queue()
    state.add("urgent", now=0.0, priority=9)
    state.add("low", now=0.0, priority=-100)
    for key in (state.take(now=0.0), state.take(now=0.0)):
        state.add_after(key, 1.0, now=0.0)
        state.done(key, now=0.0)
    state.add_after("new", 1.0, now=0.0)
    state.add_after("own", 1.0, now=0.0, priority=-1)
    state.advance(now=1.0)
    assert state.metrics(now=1.0).depth_by_priority == {9: 1, 0: 1, -1: 1, -100: 1}


def test_done_of_what_does_not_run() -> None:
    """Done of a key that is not running is an error, and changes nothing."""
    state = queue("a")
    with pytest.raises(KeyError, match="a"):
        state.done("a", now=0.0)
    assert state.unfinished() == Unfinished(queued=("a",))


def test_taking_from_nothing() -> None:
    """There is nothing to take where no key is in line, even if some are delayed or running."""
    state = queue("a")
    state.take(now=0.0)
    state.add_after("b", 1.0, now=0.0)
    with pytest.raises(IndexError):
        state.take(now=0.5)
    assert state.take(now=1.0) == "b"


def test_shut_down_takes_nothing_new() -> None:
    """After shut-down adds are refused and say so; what was in line is still handed out, what was delayed is not."""
    state = queue("a")
    state.add_after("later", 1.0, now=0.0)
    assert state.shut_down() == Unfinished(queued=("a",), delayed=("later",))
    assert not state.add("b", now=0.0)
    assert not state.add_after("b", 1.0, now=0.0)
    assert not state.add_after("b", 0.0, now=0.0)
    assert not state.has_ended
    assert work_off(state, now=5.0) == ["a"]
    assert state.has_ended
    assert state.unfinished() == Unfinished()


def test_shut_down_keeps_what_is_held() -> None:
    """A key added again while it ran, before shut-down, is handed out again after it: that is when the end comes."""
    state = queue("a")
    state.take(now=0.0)
    state.add("a", now=0.0)
    state.shut_down()
    assert not state.has_ended
    state.done("a", now=0.0)
    assert not state.has_ended
    assert work_off(state) == ["a"]
    assert state.has_ended


def test_the_end_is_not_idleness() -> None:
    """A closed queue has ended for workers once no key can come, although one still runs; idle it is after that."""
    state = queue("a")
    state.take(now=0.0)
    state.drain()
    assert (state.has_ended, state.is_idle) == (True, False)
    state.done("a", now=0.0)
    assert (state.has_ended, state.is_idle) == (True, True)


def test_an_open_queue_never_ends() -> None:
    """An open queue that is idle has not ended: a key may come."""
    assert queue().is_idle
    assert not queue().has_ended


def test_draining_waits_for_delays() -> None:
    """A draining queue refuses what is new, but has not ended before its delayed keys have run."""
    state = queue()
    state.add_after("later", 10.0, now=0.0)
    state.drain()
    assert not state.add("new", now=0.0)
    assert (state.has_ended, state.is_idle) == (False, False)
    assert state.unfinished() == Unfinished(delayed=("later",))
    state.advance(now=10.0)
    assert work_off(state, now=10.0) == ["later"]
    assert (state.has_ended, state.is_idle) == (True, True)


@pytest.mark.parametrize("close", ["drain", "shut_down"])
def test_a_closed_queue_still_merges(close: str) -> None:
    """After closing, an add of a key that waits anyway is true: a run will follow, sooner or more urgent if it may."""
    state = queue("low", "queued", "held")
    for key in ("low", "queued"):
        state.take(now=0.0)
        state.done(key, now=0.0)
    state.take(now=0.0)
    state.add("held", now=0.0)
    state.add("low", now=0.0)
    state.add("queued", now=0.0)
    getattr(state, close)()
    assert state.add("queued", now=0.0, priority=1)
    assert state.add("held", now=0.0, priority=2)
    assert state.add_after("held", 1.0, now=0.0)
    state.done("held", now=0.0)
    assert work_off(state) == ["held", "queued", "low"]


def test_a_draining_queue_brings_delays_forward() -> None:
    """While draining, a delayed key can be made earlier or due at once, as it waits anyway."""
    state = queue()
    state.add_after("a", 10.0, now=0.0)
    state.add_after("b", 10.0, now=0.0)
    state.drain()
    assert state.add_after("a", 5.0, now=0.0)
    assert state.add("b", now=0.0)
    assert state.unfinished() == Unfinished(queued=("b",), delayed=("a",))
    assert state.next_due == 5.0


@pytest.mark.parametrize("seconds", [None, 0.0, 5.0])
def test_refused_reruns_are_remembered(seconds: float | None) -> None:
    """A key that is to run again after the queue closed is refused, and what is left names it: its work is not done."""
    state = queue("failing")
    state.take(now=0.0)
    state.drain()
    accepted = (
        state.add("failing", now=0.0) if seconds is None else state.add_after("failing", seconds, now=0.0)
    )
    state.done("failing", now=0.0)
    assert not accepted
    assert state.is_idle
    assert state.unfinished() == Unfinished(refused=("failing",))


def test_phases_go_one_way() -> None:
    """Open, draining, shut down: a drain after a shut-down does not open anything."""
    state = queue()
    phases = [state.phase]
    state.drain()
    phases.append(state.phase)
    state.shut_down()
    phases.append(state.phase)
    state.drain()
    phases.append(state.phase)
    assert phases == [Phase.OPEN, Phase.DRAINING, Phase.SHUT_DOWN, Phase.SHUT_DOWN]


@pytest.mark.parametrize("place", ["queued", "delayed", "running", "refused"])
def test_what_is_left_is_true_if_anything_is(place: str) -> None:
    """What is left is false only if nothing is left anywhere."""
    assert Unfinished(**{place: ("key",)})
    assert not Unfinished()
