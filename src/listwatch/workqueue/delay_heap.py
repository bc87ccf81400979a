"""Keys whose time has not come.

In:    keys with a time and a priority        (from workqueue/queue_state.py)
Out:   those that are due, earliest first
Rules: pure, times are the caller's; one time per key, the earliest it was given; `next_due` is always exact
Source: client-go util/workqueue/delaying_queue.go, waitForPriorityQueue; differs: no heartbeat, because the next
        time is known; a key can be called off
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_Place = tuple[float, int, K]  # when, a number that decides between equals, who
_MIN_HEAP = 32
_time_and_number = itemgetter(0, 1)  # keys need not be comparable


class DelayHeap(Generic[K]):
    """Distinct keys, each with the time at which it is due.

    Order: by time; keys of one time in the order in which they were given it.
    Cost: O(log n) a key. A key that is called off or moved leaves a dead place in the heap; once these outnumber
    the living they are swept out, so memory stays within twice what the keys need.

    Attributes:
        next_due: The earliest time of all, infinity if no key waits.
    """

    __slots__ = ("_heap", "_places", "_sequence", "next_due")

    def __init__(self) -> None:
        self._heap: list[_Place[K]] = []  # its head is alive
        self._places: dict[K, tuple[_Place[K], int]] = {}
        self._sequence = 0
        self.next_due = math.inf

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[K]:
        """The keys in the order in which they become due."""
        return (
            key for _, _, key in sorted((place for place, _ in self._places.values()), key=_time_and_number)
        )

    def put(self, key: K, at: float, priority: int) -> None:
        """Let `key` be due at `at`. If it waits already, the earlier time and the higher priority hold."""
        known = self._places.get(key)
        if known is not None:
            place, present = known
            if place[0] <= at:
                self._places[key] = (place, max(present, priority))
                return
            priority = max(present, priority)
        self._sequence += 1
        place = (at, self._sequence, key)
        self._places[key] = (place, priority)
        heappush(self._heap, place)
        self._tidy()

    def pop(self, key: K) -> int | None:
        """Call `key` off. Its priority, None if it was not waiting."""
        known = self._places.pop(key, None)
        if known is None:
            return None
        self._tidy()
        return known[1]

    def pop_due(self, now: float) -> list[tuple[K, int, float]]:
        """The keys that are due, with priority and time. They wait no more."""
        due: list[tuple[K, int, float]] = []
        while self._heap and self.next_due <= now:
            at, _, key = heappop(self._heap)
            due.append((key, self._places.pop(key)[1], at))
            self._tidy()
        return due

    def clear(self) -> None:
        """Call all keys off."""
        self._heap.clear()
        self._places.clear()
        self.next_due = math.inf

    def due(self, now: float) -> list[tuple[K, int]]:
        """The keys that are due, with priority, in no order; unlike `pop_due`, it changes nothing."""
        if now < self.next_due:
            return []
        places = list(self._places.values())  # in one step, so that another thread may ask
        return [(key, priority) for (at, _, key), priority in places if at <= now]

    def _tidy(self) -> None:
        """Remove dead places from the head, and all of them once they are the majority."""
        heap, places = self._heap, self._places
        if len(heap) > 2 * len(places) + _MIN_HEAP:
            heap[:] = [place for place, _ in places.values()]
            heapify(heap)
        while heap and not self._is_alive(heap[0]):
            heappop(heap)
        self.next_due = heap[0][0] if heap else math.inf

    def _is_alive(self, place: _Place[K]) -> bool:
        known = self._places.get(place[2])
        return known is not None and known[0] is place
