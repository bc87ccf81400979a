"""Something to wait for that happens once, or turns out never to happen.

In:    `open`, or `fail` with the reason            (from whoever knows)
Out:   `wait` returns, or raises
Rules: nobody waits for what cannot come; every waiter gets an error of his own
Source: none; client-go's waiters poll, or wait for a channel that nobody closes when the producer has died
"""

from __future__ import annotations

import asyncio

from listwatch.apimachinery.errors import ListWatchError


class Gate:
    """Closed until opened. Belongs to one event loop, but may be made outside of it."""

    __slots__ = ("_failure", "_waiting", "is_open")

    def __init__(self) -> None:
        self.is_open = False
        self._failure: tuple[str, Exception | None] | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def open(self) -> None:
        """Let everybody through, for good."""
        self.is_open = True
        self._settle()

    def fail(self, why: str, cause: Exception | None = None) -> None:
        """Send those who wait, and those who come, away with the reason, unless it is open already."""
        self._failure = (why, cause)
        self._settle()

    def reset(self) -> None:
        """Forget the failure: it may yet be opened."""
        self._failure = None

    async def wait(self) -> None:
        """Returns when it is open.

        Raises:
            ListWatchError: It failed.
        """
        if not self.is_open and self._failure is None:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            try:
                await waiting
            finally:
                if waiting in self._waiting:
                    self._waiting.remove(waiting)
        if not self.is_open and self._failure is not None:
            why, cause = self._failure
            raise ListWatchError(why) from cause

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)
