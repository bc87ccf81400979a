"""States, told to whoever wants to know, without waiting for anybody.

In:    `ReflectorState`s                          (from reflector/reflector.py)
Out:   the present one, callbacks, and an async iterator for each reader
Rules: telling never waits, fails or grows: a reader who is late misses the oldest states, never the newest
Source: none
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

from listwatch.reflector.states import Broken, ReflectorState, Stopped

logger = logging.getLogger(__name__)

KEPT: Final = 64
"""States that a late reader still gets."""

OnState = Callable[[ReflectorState], object]


class _Reader:
    def __init__(self, first: ReflectorState) -> None:
        self.states: deque[ReflectorState] = deque([first], maxlen=KEPT)
        self.is_news = asyncio.Event()
        self.is_news.set()


class StateFeed:
    """The states of one reflector. Belongs to its event loop.

    Args:
        first: The state before anything happened.
        on_state: Called with each state, at once, in the reflector's task. What it raises is logged.
    """

    def __init__(self, first: ReflectorState, on_state: OnState | None = None) -> None:
        self.current = first
        self._on_state = on_state
        self._readers: set[_Reader] = set()

    def tell(self, state: ReflectorState) -> None:
        """Make `state` the present one."""
        self.current = state
        for reader in self._readers:
            reader.states.append(state)
            reader.is_news.set()
        if self._on_state is None:
            return
        try:
            self._on_state(state)
        except Exception:
            logger.exception("on_state failed on %r; the reflector goes on", state)

    async def states(self) -> AsyncIterator[ReflectorState]:
        """The present state, then each that follows; over after `Stopped` or `Broken`.

        Each reader has its own. Reading late costs the oldest states: at most `KEPT` are kept.
        """
        reader = _Reader(self.current)
        self._readers.add(reader)
        try:
            while True:
                await reader.is_news.wait()
                reader.is_news.clear()
                while reader.states:
                    state = reader.states.popleft()
                    yield state
                    if isinstance(state, Stopped | Broken):
                        return
        finally:
            self._readers.discard(reader)
