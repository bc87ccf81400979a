"""Keys in line: the highest priority first, and within a priority first come, first served.

In:    keys that may be worked on, each with a priority     (from workqueue/queue_state.py)
Out:   the key whose turn it is
Rules: pure; a key stands in line once; its place is kept in one level only, so nothing in line is ever out of date
Source: controller-runtime's priorityqueue; differs: a dictionary in order of insertion per priority in place of a
        B-tree, so every step takes the same time however long the line is
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class PriorityFIFO(Generic[K]):
    """A line of distinct keys.

    Order: by priority, highest first; among equals, by when they came to that priority. A key that is raised goes
    behind those that had the higher priority already.
    Not promised: that a low priority is ever served. Higher ones that keep coming hold it back for ever.
    Cost: constant in the number of keys; a priority that nobody has yet costs a search among those in use.
    """

    __slots__ = ("_levels", "_priorities", "_priority_of")

    def __init__(self) -> None:
        self._levels: dict[int, OrderedDict[K, float]] = {}  # no level is empty
        self._priorities: list[int] = []  # of the levels, ascending
        self._priority_of: dict[K, int] = {}

    def __len__(self) -> int:
        return len(self._priority_of)

    def __contains__(self, key: object) -> bool:
        return key in self._priority_of

    def __iter__(self) -> Iterator[K]:
        """The keys in the order in which they would be taken."""
        for priority in reversed(self._priorities):
            yield from self._levels[priority]

    def put(self, key: K, priority: int, since: float) -> None:
        """Let `key`, which is not in line, join behind its equals.

        Args:
            key: Who waits.
            priority: Any integer; more is sooner.
            since: When its wait began, in seconds; given back with it.
        """
        level = self._levels.get(priority)
        if level is None:
            level = self._levels[priority] = OrderedDict()
            insort(self._priorities, priority)
        level[key] = since
        self._priority_of[key] = priority

    def raise_to(self, key: K, priority: int) -> None:
        """Give `key`, which is in line, at least this priority. It still waits since when it did."""
        present = self._priority_of[key]
        if priority > present:
            since = self._levels[present].pop(key)
            self._drop_if_empty(present)
            self.put(key, priority, since)

    def take(self) -> tuple[K, int, float]:
        """The first in line, its priority and since when it waited. It is in line no more.

        Raises:
            IndexError: Nobody is in line.
        """
        priority = self._priorities[-1]
        level = self._levels[priority]
        key, since = level.popitem(last=False)
        del self._priority_of[key]
        if not level:
            del self._levels[priority]
            self._priorities.pop()
        return key, priority, since

    def depths(self) -> dict[int, int]:
        """How many keys have each priority, highest first; only priorities that some key has."""
        levels = self._levels.copy()  # in one step, so that another thread may ask
        return {priority: len(levels[priority]) for priority in sorted(levels, reverse=True)}

    def _drop_if_empty(self, priority: int) -> None:
        if not self._levels[priority]:
            del self._levels[priority]
            del self._priorities[bisect_left(self._priorities, priority)]
