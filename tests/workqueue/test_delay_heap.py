"""Keys whose time has not come: one time each, the earliest."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.workqueue.delay_heap import DelayHeap


class Incomparable:
    """A key that can be hashed but not ordered."""


def test_earliest_first_then_in_order_of_arrival() -> None:
    """Keys come out by time, those of one time in the order in which they were put; keys are never compared."""
    keys = [Incomparable() for _ in range(4)]
    heap: DelayHeap[Incomparable] = DelayHeap()
    for key, at in zip(keys, (2.0, 1.0, 2.0, 1.0), strict=True):
        heap.put(key, at, 0)
    assert list(heap) == [keys[1], keys[3], keys[0], keys[2]]
    assert [key for key, _, _ in heap.pop_due(2.0)] == [keys[1], keys[3], keys[0], keys[2]]
    assert len(heap) == 0


def test_due_means_at_or_before_now() -> None:
    """A key is due from its time on; what is not due stays."""
    heap: DelayHeap[str] = DelayHeap()
    heap.put("a", 1.0, 5)
    heap.put("b", 2.0, 0)
    assert heap.pop_due(0.999) == []
    assert heap.due(1.0) == [("a", 5)]
    assert heap.pop_due(1.0) == [("a", 5, 1.0)]
    assert heap.due(1.5) == []
    assert heap.next_due == 2.0


@pytest.mark.parametrize(
    ("second", "kept"),
    [((5.0, 0), (5.0, 1)), ((20.0, 0), (10.0, 1)), ((20.0, 9), (10.0, 9)), ((5.0, 9), (5.0, 9))],
)
def test_earliest_time_and_highest_priority_hold(second: tuple[float, int], kept: tuple[float, int]) -> None:
    """A key put again has one entry: the earlier of the times, the higher of the priorities."""
    heap: DelayHeap[str] = DelayHeap()
    heap.put("a", 10.0, 1)
    heap.put("a", *second)
    assert len(heap) == 1
    assert heap.next_due == kept[0]
    assert heap.pop_due(math.inf) == [("a", kept[1], kept[0])]


def test_calling_off() -> None:
    """A key that is called off gives back its priority and never comes due; the next time is the next key's."""
    heap: DelayHeap[str] = DelayHeap()
    heap.put("a", 1.0, 7)
    heap.put("b", 2.0, 0)
    assert heap.pop("a") == 7
    assert heap.pop("a") is None
    assert "a" not in heap
    assert heap.next_due == 2.0
    assert heap.pop_due(10.0) == [("b", 0, 2.0)]
    assert heap.next_due == math.inf


def test_moving_a_key_for_ever_costs_no_memory() -> None:
    """Dead places are swept out, so that the heap stays in proportion to its keys."""
    heap: DelayHeap[str] = DelayHeap()
    heap.put("first", 0.0, 0)
    for step in range(10_000):
        heap.put("moved", 10_000.0 - step, 0)
    assert len(heap._heap) < 50
    assert heap.pop_due(math.inf) == [("first", 0, 0.0), ("moved", 0, 1.0)]


def test_clearing() -> None:
    """After a clear, nothing will ever be due."""
    heap: DelayHeap[str] = DelayHeap()
    heap.put("a", 1.0, 0)
    heap.clear()
    assert (len(heap), heap.next_due, heap.pop_due(math.inf)) == (0, math.inf, [])


def test_a_place_left_behind_is_not_a_key() -> None:
    """A time that a key had before it was called off and put again says nothing about when it is due."""
    heap: DelayHeap[str] = DelayHeap()
    for key, at in (("a", 5.0), ("a", 3.0), ("b", 4.0)):
        heap.put(key, at, 0)
    heap.pop("a")
    heap.put("a", 9.0, 0)
    assert heap.pop_due(4.0) == [("b", 0, 4.0)]
    assert heap.next_due == 9.0
    assert heap.pop_due(8.0) == []


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(0, 2), st.integers(0, 9)),
            st.tuples(st.just("pop"), st.integers(0, 2), st.just(0)),
            st.tuples(st.just("due"), st.just(0), st.integers(0, 9)),
        ),
        max_size=120,
    )
)
def test_next_due_is_always_exact(steps: list[tuple[str, int, int]]) -> None:
    """Whatever is put, moved, called off or taken: the next time is the earliest of those that a dictionary has."""
    heap: DelayHeap[int] = DelayHeap()
    model: dict[int, float] = {}
    for step, key, at in steps:
        if step == "put":
            heap.put(key, float(at), 0)
            model[key] = min(model.get(key, math.inf), float(at))
        elif step == "pop":
            assert (heap.pop(key) is None) == (model.pop(key, None) is None)
        else:
            due = {key for key, when in model.items() if when <= at}
            assert {key for key, _, _ in heap.pop_due(float(at))} == due
            model = {key: when for key, when in model.items() if key not in due}
        assert heap.next_due == min(model.values(), default=math.inf)
        assert len(heap) == len(model)
