"""A clock that stands still until a test moves it, and then lets everything happen that has become due.

In:    `advance`, from the test's thread; `sleep`, from tasks of the server's loop
Out:   times; wakings, in the order in which they are due
Next:  testing/server_thread.py says when a loop has nothing more to do
Rules: between two wakings the loop comes to rest, so a chain of delays unfolds as it would in real time, and always in
       the same way. Only who waits on this clock is ruled by it: sockets, and programs on their other end, go on in
       real time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Final

_ROUNDS: Final = 50
Settle = Callable[[], Awaitable[None]]


async def _let_others_run() -> None:
    """For loops that cannot say when they are at rest: more turns than any chain of the server's tasks takes."""
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)


class VirtualClock:
    """A `Clock` that only `advance` moves.

    Promised: when `advance` returns, all who slept on this clock until a moment up to then have been woken, in order,
    and have done what followed, as far as it needs no time and nobody outside the server's loop. Not promised:
    anything about sleepers on other loops but that they are woken.
    Threads: all but `sleep` and `run_for` may be called from any.

    Args:
        start: The time of day at the beginning, aware.
    """

    def __init__(self, *, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._order = count()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._home: asyncio.AbstractEventLoop | None = None
        self._settle: Settle = _let_others_run

    def __repr__(self) -> str:
        return f"<VirtualClock {self.now().isoformat()}>"

    def copy(self) -> VirtualClock:
        """Another clock that shows the same time and goes on by itself, without sleepers."""
        other = VirtualClock(start=self._start)
        other._elapsed = self._elapsed
        return other

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved by `seconds`. Zero or less lets other tasks run once."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        with self._lock:
            heappush(self._sleepers, (self._elapsed + seconds, next(self._order), loop, woken))
        await woken

    def bind(self, loop: asyncio.AbstractEventLoop, settle: Settle) -> None:
        """Name the loop whose work `advance` waits for, and how it says that it is at rest."""
        self._home, self._settle = loop, settle

    def advance(self, seconds: float) -> None:
        """Move the clock, and come back when everything that became due has happened.

        Raises:
            ValueError: `seconds` is negative.
            RuntimeError: Called from the loop that it would have to wait for: use `await run_for` there.
        """
        _check(seconds)
        loop = self._loop()
        if loop is None:
            with self._lock:
                self._elapsed += seconds
            return
        if loop is _running_loop():
            raise RuntimeError("this is the server's own loop: use `await clock.run_for(…)` here")
        with self._turn:
            asyncio.run_coroutine_threadsafe(self._move(seconds), loop).result()

    async def run_for(self, seconds: float) -> None:
        """`advance`, for tasks of the loop on which the sleepers are, as with an `EmbeddedCluster` of one's own.

        Raises:
            ValueError: `seconds` is negative.
        """
        _check(seconds)
        await self._move(seconds)

    def _loop(self) -> asyncio.AbstractEventLoop | None:
        if self._home is not None and not self._home.is_closed():
            return self._home
        with self._lock:
            loops = [
                loop for _, _, loop, woken in self._sleepers if not woken.done() and not loop.is_closed()
            ]
        return loops[0] if loops else None

    async def _move(self, seconds: float) -> None:
        await self._settle()
        end = self._elapsed + seconds
        while (due := self._next_due(end)) is not None:
            self._elapsed = max(self._elapsed, due)
            self._wake(due)
            await self._settle()
        self._elapsed = end

    def _next_due(self, end: float) -> float | None:
        with self._lock:
            while self._sleepers and (self._sleepers[0][3].done() or self._sleepers[0][2].is_closed()):
                heappop(self._sleepers)
            if not self._sleepers or self._sleepers[0][0] > end:
                return None
            return self._sleepers[0][0]

    def _wake(self, due: float) -> None:
        here = asyncio.get_running_loop()
        with self._lock:
            woken = []
            while self._sleepers and self._sleepers[0][0] <= due:
                woken.append(heappop(self._sleepers))
        for _, _, loop, future in woken:
            if loop is here:
                _set(future)
            elif not loop.is_closed():
                loop.call_soon_threadsafe(_set, future)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _check(seconds: float) -> None:
    if seconds < 0:
        raise ValueError(f"a clock does not go back: {seconds} seconds")
