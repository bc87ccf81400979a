"""Many handlers on one informer: each at its own pace, with its own failures."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from informer_kit import (
    Notes,
    SlowNotes,
    Virtual,
    added,
    deleted,
    informer_by_hand,
    modified,
    pod,
    rv,
    settle,
)

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.errors import ListWatchError
from listwatch.shared_informer.handlers import EventHandlers
from listwatch.shared_informer.mailbox import Mailbox, MailboxPolicy
from listwatch.shared_informer.registration import HandlerFailure
from listwatch.shared_informer.shared_informer import SharedInformer


def test_batches_are_told_in_order(virtual: Virtual) -> None:
    """85: every handler is told every change in the order in which it happened, whatever the batches."""

    async def main() -> None:
        async with informer_by_hand() as informer:
            notes = [Notes(), Notes()]
            for each in notes:
                informer.add_event_handler(each)
            informer.replace([], rv(1))
            for start in range(2, 1002, 50):
                informer.apply([added(pod(f"p{n}", n)) for n in range(start, start + 50)], rv(start + 49))
            await settle()
            assert notes[0].lines == notes[1].lines == [f"add p{n}@{n}" for n in range(2, 1002)]

    virtual(main)


def test_a_long_row_of_calls_lets_others_run(virtual: Virtual) -> None:
    """A handler with much to do and nothing to await does not keep the event loop to itself."""

    async def main() -> None:
        calls_seen: list[int] = []
        async with informer_by_hand() as informer:
            notes = Notes()
            informer.add_event_handler(notes)

            async def other() -> None:
                while len(notes.lines) < 1000:
                    calls_seen.append(len(notes.lines))
                    await asyncio.sleep(0)

            informer.replace([pod(f"p{n}", n + 1) for n in range(1000)], rv(1001))
            await other()
        assert len(calls_seen) > 10

    virtual(main)


@pytest.mark.parametrize("periods", [(0.0, 2.0, 3.0)])
@pytest.mark.parametrize("delay", [0.0, 1.0])
def test_resync_periods(virtual: Virtual, periods: tuple[float, ...], delay: float) -> None:
    """49: each handler is told of everything again at its own period, counted from the start, and only it."""

    async def main() -> None:
        informer = informer_by_hand(resync_period=1.0)
        notes = [Notes() for _ in periods]
        for each, period in zip(notes, periods, strict=True):
            informer.add_event_handler(each, resync_period=period)
        await asyncio.sleep(delay)
        async with informer:
            informer.replace([pod("a", 1), pod("b", 2)], rv(2))
            await asyncio.sleep(1.5)
            assert [len(each.lines) for each in notes] == [2, 2, 2]
            await asyncio.sleep(1)
            assert [len(each.lines) for each in notes] == [2, 4, 2]
            await asyncio.sleep(1)
            assert [len(each.lines) for each in notes] == [2, 4, 4]
            assert notes[1].lines[2:] == ["update a@1->1", "update b@2->2"]

    virtual(main)


def test_resync_waits_for_the_whole_picture(virtual: Virtual) -> None:
    """Before the first list there is nothing to tell again."""

    async def main() -> None:
        async with informer_by_hand() as informer:
            notes = Notes()
            informer.add_event_handler(notes, resync_period=2)
            await asyncio.sleep(3)
            informer.replace([pod("a", 1)], rv(1))
            await asyncio.sleep(2)
            assert notes.lines == ["add a@1 initial", "update a@1->1"]

    virtual(main)


@pytest.mark.parametrize(("given", "kept"), [(0.01, 1.0), (1.5, 1.5), (0.0, 0.0)])
def test_resync_has_a_least_period(given: float, kept: float) -> None:
    """A period below one second is raised to it; none stays none."""
    assert informer_by_hand().add_event_handler(Notes(), resync_period=given).resync_period == kept


def test_negative_resync_is_refused() -> None:
    """A negative period is an error where it is said."""
    with pytest.raises(ValueError, match="resync period"):
        informer_by_hand().add_event_handler(Notes(), resync_period=-1)


def test_failures_are_reported_and_harm_nobody(virtual: Virtual, caplog: pytest.LogCaptureFixture) -> None:
    """67: a handler that raises each time is logged and counted for each object, is told of the next at once, and is
    synced like any other; others do not notice.
    """

    async def main() -> None:
        async with informer_by_hand() as informer:
            reported: list[HandlerFailure[Pod]] = []

            def fail(obj: Pod) -> None:
                raise KeyError(obj.name)

            async def fail_later(obj: Pod) -> None:
                await asyncio.sleep(0)
                raise KeyError(obj.name)

            notes = Notes()
            broken = informer.add_event_handler(
                EventHandlers(on_add=fail, name="broken"), on_error=reported.append
            )
            other = informer.add_event_handler(
                EventHandlers(on_add=fail_later, name="later"), on_error=lambda failure: 1 / 0
            )
            informer.add_event_handler(notes)
            start = asyncio.get_running_loop().time()
            informer.replace([pod(name, 1) for name in "abcde"], rv(1))
            await broken.wait_synced()
            await other.wait_synced()
            assert asyncio.get_running_loop().time() == start
            assert (broken.failures, broken.calls, other.failures) == (5, 5, 5)
            assert [str(each.key) for each in reported] == [f"default/{name}" for name in "abcde"]
            assert all(isinstance(each.error, KeyError) and each.handler == "broken" for each in reported)
            assert len(notes.lines) == 5

    with caplog.at_level(logging.ERROR):
        virtual(main)
    messages = [each.getMessage() for each in caplog.records]
    assert "handler broken failed on added of default/c: the next ones are told all the same" in messages
    assert sum("handler broken failed on added" in each for each in messages) == 5
    assert sum("on_error of handler later failed" in each for each in messages) == 5


def test_cancellation_inside_a_handler_is_a_failure(
    virtual: Virtual, caplog: pytest.LogCaptureFixture
) -> None:
    """Something that a handler awaits may be cancelled; that ends neither the handler nor the informer."""

    async def main() -> None:
        async def cancelled(obj: Pod) -> None:
            task = asyncio.ensure_future(asyncio.sleep(100))
            task.cancel()
            await task

        async with informer_by_hand() as informer:
            registration = informer.add_event_handler(EventHandlers(on_add=cancelled))
            informer.replace([pod("a", 1), pod("b", 1)], rv(1))
            await registration.wait_synced()
            assert registration.failures == 2

    virtual(main)
    assert len(caplog.records) == 2


def test_a_slow_handler_harms_only_itself(virtual: Virtual) -> None:
    """A handler that stands still keeps neither the cache nor another handler waiting; its mailbox can be looked at,
    and beyond its limit holds what is newest of each object.
    """

    async def main() -> None:
        async with informer_by_hand() as informer:
            slow, quick = SlowNotes(), Notes()
            registration = informer.add_event_handler(slow, mailbox=Mailbox(limit=3))
            informer.add_event_handler(quick)
            informer.replace([pod("a", 1), pod("b", 1)], rv(1))
            await settle()
            await asyncio.sleep(10)
            for version in range(2, 50):
                await informer.ready()
                informer.apply([modified(pod("a", version))], rv(version))
            await settle()
            assert len(quick.lines) == 50
            assert (registration.depth, registration.merged) == (2, 47)
            assert registration.age == pytest.approx(10, abs=0.1)
            assert not registration.has_synced
            slow.let(10)
            await registration.wait_synced()
            await settle()
            assert (registration.depth, registration.age) == (0, 0.0)
            assert slow.lines[0] == "add a@1 initial"
            assert slow.known == quick.known == {"a": "49", "b": "1"}

    virtual(main)


def test_a_handler_that_others_wait_for(virtual: Virtual) -> None:
    """With the policy of waiting, the reflector is held back until the handler has room; nothing is merged."""

    async def main() -> None:
        async with informer_by_hand() as informer:
            slow = SlowNotes()
            mailbox = Mailbox(policy=MailboxPolicy.WAIT, limit=2)
            registration = informer.add_event_handler(slow, mailbox=mailbox)
            informer.replace([pod("a", 1), pod("b", 2), pod("c", 3)], rv(3))
            ready = asyncio.ensure_future(informer.ready())
            await settle()
            assert registration.depth == 2
            assert not ready.done()
            slow.let()
            await settle()
            assert ready.done()
            informer.apply([modified(pod("a", 4)), modified(pod("a", 5))], rv(5))
            blocked = asyncio.ensure_future(informer.ready())
            await settle()
            assert not blocked.done()
            removal = asyncio.ensure_future(informer.remove_event_handler(registration))
            await settle()
            assert blocked.done()
            assert not removal.done()
            slow.let()
            await removal
            assert slow.lines == ["add a@1 initial", "add b@2 initial"]

    virtual(main)


def test_resyncs_are_left_out_for_a_slow_handler(virtual: Virtual) -> None:
    """Repetitions do not pile up in the mailbox of a handler that has not read the last ones; changes do."""

    async def main() -> None:
        async with informer_by_hand() as informer:
            slow = SlowNotes()
            registration = informer.add_event_handler(
                slow, resync_period=1, mailbox=Mailbox(policy=MailboxPolicy.DROP_RESYNCS, limit=2)
            )
            informer.replace([pod("a", 1), pod("b", 1), pod("c", 1)], rv(1))
            await asyncio.sleep(10.5)
            assert registration.depth == 2
            assert registration.dropped_resyncs == 30
            informer.apply([modified(pod("a", 2)), modified(pod("a", 3))], rv(3))
            assert registration.depth == 4
            slow.let(100)

    virtual(main)


async def still(calls: list[str], release: asyncio.Event, obj: Pod) -> None:
    calls.append(f"begin {obj.name}")
    await release.wait()
    calls.append(f"end {obj.name}")


@pytest.mark.parametrize("wait", [True, False])
def test_removing_waits_for_the_running_call(virtual: Virtual, wait: bool) -> None:
    """69: with `wait`, the call that runs has ended when removing returns; none begins afterwards either way."""

    async def main() -> None:
        async with informer_by_hand() as informer:
            calls: list[str] = []
            release = asyncio.Event()
            registration = informer.add_event_handler(
                EventHandlers(on_add=lambda obj: still(calls, release, obj))
            )
            informer.replace([pod("a", 1), pod("b", 1)], rv(1))
            await settle()
            removal = asyncio.ensure_future(informer.remove_event_handler(registration, wait=wait))
            await settle()
            assert removal.done() is not wait
            release.set()
            await removal
            await settle()
            assert calls == ["begin a", "end a"]
            assert (registration.depth, registration.is_active) == (0, False)
            assert informer.registrations == []

    virtual(main)


def test_a_removal_that_is_cancelled_leaves_the_call_alone(virtual: Virtual) -> None:
    """Who stops waiting for a removal does not cancel the handler's call."""

    async def main() -> None:
        async with informer_by_hand() as informer:
            calls: list[str] = []
            release = asyncio.Event()
            registration = informer.add_event_handler(
                EventHandlers(on_add=lambda obj: still(calls, release, obj))
            )
            informer.replace([pod("a", 1)], rv(1))
            await settle()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await informer.remove_event_handler(registration)
            release.set()
            await settle()
            assert calls == ["begin a", "end a"]

    virtual(main)


Deed = Callable[[SharedInformer[Pod], Any], Awaitable[None]]


@pytest.mark.parametrize(
    "deed",
    [
        lambda informer, registration: informer.remove_event_handler(registration),
        lambda informer, registration: asyncio.create_task(informer.remove_event_handler(registration)),
        lambda informer, registration: informer.stop(),
    ],
    ids=["removes itself", "removes itself in a task of its own", "stops its informer"],
)
def test_from_within_a_call_there_is_no_waiting(virtual: Virtual, deed: Deed) -> None:
    """69: a handler may remove itself or stop its informer: nobody waits for himself."""

    async def main() -> None:
        informer = informer_by_hand()
        calls: list[str] = []

        async def on_add(obj: Pod) -> None:
            await deed(informer, registration)
            calls.append(obj.name)

        async with informer:
            registration = informer.add_event_handler(EventHandlers(on_add=on_add))
            informer.replace([pod("a", 1), pod("b", 1)], rv(1))
            await settle()
            assert calls == ["a"]
        await settle()
        assert len(asyncio.all_tasks()) == 1

    virtual(main)


def test_restart_from_within_a_call(virtual: Virtual) -> None:
    """A handler that stops and starts its informer is not called again before its call has ended."""

    async def main() -> None:
        informer = informer_by_hand()
        calls: list[str] = []

        async def on_add(obj: Pod) -> None:
            calls.append(f"begin {obj.name}")
            if obj.name == "a":
                await informer.stop()
                await informer.start()
                await asyncio.sleep(5)
            calls.append(f"end {obj.name}")

        async with informer:
            informer.add_event_handler(EventHandlers(on_add=on_add))
            informer.replace([pod("a", 1), pod("b", 1)], rv(1))
            await asyncio.sleep(10)
            assert calls == ["begin a", "end a", "begin b", "end b"]

    virtual(main)


def test_stopping_that_is_cancelled_cancels_calls(virtual: Virtual) -> None:
    """Who cannot wait for a call any longer cancels the stop, and with it the call; nothing is left running."""

    async def main() -> None:
        informer = informer_by_hand()
        calls: list[str] = []
        await informer.start()
        informer.add_event_handler(EventHandlers(on_add=lambda obj: still(calls, asyncio.Event(), obj)))
        informer.replace([pod("a", 1)], rv(1))
        await settle()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await informer.stop()
        assert calls == ["begin a"]
        await settle()
        assert len(asyncio.all_tasks()) == 1

    virtual(main)


def test_waiting_for_a_handler_in_vain(virtual: Virtual) -> None:
    """Who waits for a handler to be synced is told when it is removed, or its informer stops."""

    async def main() -> None:
        informer = informer_by_hand()
        async with informer:
            removed = informer.add_event_handler(Notes("one"))
            stopped = informer.add_event_handler(Notes("two"))
            waits = [asyncio.ensure_future(each.wait_synced()) for each in (removed, stopped)]
            await settle()
            await informer.remove_event_handler(removed)
            with pytest.raises(ListWatchError, match="handler one was removed"):
                await waits[0]
        with pytest.raises(
            ListWatchError, match=r"handler two was not told of everything: informer .* has stopped"
        ):
            await waits[1]
        async with informer:
            informer.replace([pod("a", 1)], rv(1))
            await stopped.wait_synced()

    virtual(main)


def test_a_handler_may_be_added_by_a_handler(virtual: Virtual) -> None:
    """A handler that adds another in the middle of a batch leaves it neither a gap nor a repetition."""

    async def main() -> None:
        late = Notes("late")
        async with informer_by_hand() as informer:

            def on_add(obj: Pod) -> None:
                if obj.name == "b":
                    informer.add_event_handler(late)

            informer.add_event_handler(EventHandlers(on_add=on_add))
            informer.replace([pod("a", 1), pod("b", 1), pod("c", 1)], rv(1))
            await settle()
            informer.apply([modified(pod("a", 2)), deleted(pod("c", 3))], rv(3))
            await settle()
        assert late.lines == [
            *("add a@1 initial", "add b@1 initial", "add c@1 initial"),
            *("update a@1->2", "delete c@3"),
        ]

    virtual(main)
