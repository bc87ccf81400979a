"""The heap of due entries, in virtual time."""

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from virtual_time import run_virtual

from listwatch.apimachinery.clock import LoopClock
from listwatch.apiserver.life.agenda import Agenda

Virtual = Callable[[Callable[[], Any]], Any]


def test_entries_come_when_they_are_due_and_in_order(virtual: Virtual) -> None:
    """The one due first comes first, at its moment; of two due together, the one put first."""

    async def main() -> list[tuple[float, str, int]]:
        clock = LoopClock()
        agenda: Agenda[str, int] = Agenda(clock=clock)
        agenda.put("late", 1, delay=10.0)
        agenda.put("early", 2, delay=1.0)
        agenda.put("together", 3, delay=1.0)
        agenda.put("now", 4, delay=0.0)
        came = []
        while len(agenda):
            key, value = await agenda.due()
            came.append((clock.monotonic(), key, value))
        return came

    assert virtual(main) == [(0.0, "now", 4), (1.0, "early", 2), (1.0, "together", 3), (10.0, "late", 1)]


def test_an_earlier_entry_wakes_the_reader(virtual: Virtual) -> None:
    """A reader that waits for a far entry, or for none, is woken by one that is due before."""

    async def main() -> list[tuple[float, str]]:
        clock = LoopClock()
        agenda: Agenda[str, None] = Agenda(clock=clock)
        came: list[tuple[float, str]] = []

        async def read() -> None:
            while len(came) < 3:
                key, _ = await agenda.due()
                came.append((clock.monotonic(), key))

        reader = asyncio.create_task(read())
        await asyncio.sleep(1)
        agenda.put("far", None, delay=100.0)
        await asyncio.sleep(1)
        agenda.put("near", None, delay=5.0)
        await asyncio.sleep(1)
        agenda.put("now", None, delay=0.0)
        await reader
        return came

    assert virtual(main) == [(3.0, "now"), (7.0, "near"), (101.0, "far")]


def test_put_moves_and_keep_keeps_the_earlier_moment(virtual: Virtual) -> None:
    """A key has one entry: `put` moves it, `keep` renews its value and never delays it."""

    async def main() -> list[tuple[float, str, int]]:
        clock = LoopClock()
        agenda: Agenda[str, int] = Agenda(clock=clock)
        agenda.put("moved", 1, delay=1.0)
        agenda.put("moved", 2, delay=3.0)
        agenda.put("kept", 1, delay=2.0)
        agenda.keep("kept", 2, delay=9.0)
        agenda.put("hurried", 1, delay=9.0)
        agenda.keep("hurried", 2, delay=4.0)
        agenda.keep("fresh", 1, delay=5.0)
        agenda.put("dropped", 1, delay=1.0)
        agenda.discard("dropped")
        agenda.discard("unknown")
        assert (agenda.get("kept"), agenda.get("dropped"), len(agenda)) == (2, None, 4)
        came = []
        while len(agenda):
            key, value = await agenda.due()
            came.append((clock.monotonic(), key, value))
        return came

    assert virtual(main) == [(2.0, "kept", 2), (3.0, "moved", 2), (4.0, "hurried", 2), (5.0, "fresh", 1)]


def test_a_cancelled_reader_loses_nothing(virtual: Virtual) -> None:
    """Cancelling the wait leaves all entries and no task behind."""

    async def main() -> tuple[int, int]:
        agenda: Agenda[str, None] = Agenda(clock=LoopClock())
        agenda.put("a", None, delay=5.0)
        reader = asyncio.create_task(agenda.due())
        await asyncio.sleep(1)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        return len(agenda), len(asyncio.all_tasks())

    assert virtual(main) == (1, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from(["put", "keep", "discard"]), st.integers(0, 4), st.integers(0, 9)),
        max_size=40,
    )
)
def test_it_agrees_with_a_plain_dict(calls: list[tuple[str, int, int]]) -> None:
    """Whatever is put, moved and dropped, what comes is what a dict of due times sorted by them would
    give.
    """

    async def main() -> None:
        agenda: Agenda[int, int] = Agenda(clock=LoopClock())
        model: dict[int, float] = {}
        for what, key, delay in calls:
            if what == "discard":
                agenda.discard(key)
                model.pop(key, None)
            elif what == "put" or key not in model or delay < model[key]:
                getattr(agenda, what)(key, delay, delay=float(delay))
                model[key] = delay
            else:
                agenda.keep(key, delay, delay=float(delay))
        came = [await agenda.due() for _ in range(len(agenda))]
        assert {key for key, _ in came} == set(model)
        assert [model[key] for key, _ in came] == sorted(model.values())

    run_virtual(main)
