"""What is to be done when: one entry for each key, due at a moment of the clock.

Rules: a key has one entry at most; a later `put` moves it. Among entries that are due, the one due first
       comes first, and of two due at the same moment the one put first. One reader, any number of writers,
       one event loop.
"""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

from listwatch.apimachinery.clock import Clock

K = TypeVar("K")
V = TypeVar("V")


class Agenda(Generic[K, V]):
    """A heap of due entries that its reader waits on. Ten thousand entries cost one timer."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[K, tuple[float, int, V]] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = count()
        self._earlier = asyncio.Event()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The entry's value, if the key has one."""
        entry = self._entries.get(key)
        return entry[2] if entry is not None else None

    def put(self, key: K, value: V, *, delay: float) -> None:
        """Make `value` due `delay` seconds from now, in place of what the key had."""
        due, number = self._clock.monotonic() + delay, next(self._order)
        self._entries[key] = (due, number, value)
        if not self._heap or due < self._heap[0][0]:
            self._earlier.set()
        heappush(self._heap, (due, number, key))

    def keep(self, key: K, value: V, *, delay: float) -> None:
        """Like `put`, but an entry that is due earlier keeps its moment and changes its value only."""
        entry = self._entries.get(key)
        if entry is not None and entry[0] <= self._clock.monotonic() + delay:
            self._entries[key] = (entry[0], entry[1], value)
        else:
            self.put(key, value, delay=delay)

    def discard(self, key: K) -> None:
        """Forget the key's entry, if it has one."""
        self._entries.pop(key, None)

    async def due(self) -> tuple[K, V]:
        """Wait for the next due entry and take it out.

        Cancellation: safe; an entry is taken out only when it is returned.
        """
        while True:
            now = self._clock.monotonic()
            while self._heap:
                due, number, key = self._heap[0]
                entry = self._entries.get(key)
                if entry is None or entry[1] != number:
                    heappop(self._heap)  # moved or discarded since
                elif due <= now:
                    heappop(self._heap)
                    del self._entries[key]
                    return key, entry[2]
                else:
                    break
            self._earlier.clear()
            await self._wait(self._heap[0][0] - now if self._heap else None)

    async def _wait(self, seconds: float | None) -> None:
        """Until an earlier entry is put, or the time is over."""
        if seconds is None:
            await self._earlier.wait()
            return
        waits = {
            asyncio.ensure_future(self._earlier.wait()),
            asyncio.ensure_future(self._clock.sleep(seconds)),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
