"""The line: who is first, and that nobody stands in it twice."""

from __future__ import annotations

import pytest

from listwatch.workqueue.priority_fifo import PriorityFIFO


def line(*keys: tuple[str, int]) -> PriorityFIFO[str]:
    fifo: PriorityFIFO[str] = PriorityFIFO()
    for number, (key, priority) in enumerate(keys):
        fifo.put(key, priority, float(number))
    return fifo


def taken(fifo: PriorityFIFO[str]) -> list[str]:
    return [fifo.take()[0] for _ in range(len(fifo))]


def test_first_come_first_served() -> None:
    """Keys of one priority are taken in the order in which they came."""
    assert taken(line(("c", 0), ("a", 0), ("b", 0))) == ["c", "a", "b"]


def test_priority_goes_first() -> None:
    """A higher priority is taken first whenever it came, negative ones after 0."""
    fifo = line(("low", -100), ("first", 0), ("high", 7), ("second", 0))
    assert list(fifo) == ["high", "first", "second", "low"]
    assert taken(fifo) == ["high", "first", "second", "low"]


def test_what_is_given_back() -> None:
    """A key comes back with its priority and the beginning of its wait."""
    fifo = line(("a", 3))
    assert fifo.take() == ("a", 3, 0.0)
    assert "a" not in fifo
    assert len(fifo) == 0


def test_raising_goes_behind_equals_and_keeps_the_wait() -> None:
    """A raised key stands behind those that had the priority already, and still waits since when it did."""
    fifo = line(("a", 0), ("b", 5), ("c", 0))
    fifo.raise_to("a", 5)
    assert list(fifo) == ["b", "a", "c"]
    fifo.take()
    assert fifo.take() == ("a", 5, 0.0)


@pytest.mark.parametrize("priority", [5, 4, -1])
def test_nobody_is_lowered(priority: int) -> None:
    """Raising to the same or a lower priority changes nothing, the place among equals included."""
    fifo = line(("a", 5), ("b", 5))
    fifo.raise_to("a", priority)
    assert list(fifo) == ["a", "b"]
    assert fifo.depths() == {5: 2}


def test_depths_name_used_priorities_only() -> None:
    """Priorities that nobody has any more are forgotten, so that their number does not grow."""
    fifo = line(("a", 1), ("b", 2), ("c", 2), ("d", 3))
    assert fifo.depths() == {3: 1, 2: 2, 1: 1}
    fifo.raise_to("a", 3)
    fifo.take()
    fifo.take()
    assert fifo.depths() == {2: 2}


def test_an_empty_line() -> None:
    """To take from an empty line is an error."""
    with pytest.raises(IndexError):
        line().take()
