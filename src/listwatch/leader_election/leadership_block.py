"""`async with elector.lead()`: a block that is cancelled when leadership is lost.

In:    how to become the leader, and how to stop being it     (from leader_election/leader_elector.py)
Out:   a `Leadership` inside the block
Rules: the task that entered is cancelled and no other; its own cancellation is taken back, anybody else's is kept
Source: asyncio.timeout, whose manners these are
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from types import TracebackType

from listwatch.leader_election.leadership import Leadership


class LeadershipBlock:
    """One term as a block; see `LeaderElector.lead`.

    Args:
        begin: Gives a term; is told what to call when the term is lost.
        finish: Called when the body has ended, whatever way.
        lease: Which Lease, for errors.
    """

    _leadership: Leadership
    _worker: asyncio.Task[object]

    def __init__(
        self,
        *,
        begin: Callable[[Callable[[], None]], Awaitable[Leadership]],
        finish: Callable[[Leadership], Awaitable[None]],
        lease: str,
    ) -> None:
        self._begin = begin
        self._finish = finish
        self._lease = lease
        self._cancelled_before = 0
        self._has_cancelled = False

    async def __aenter__(self) -> Leadership:
        worker = asyncio.current_task()
        if worker is None:
            raise RuntimeError("leadership needs a task to cancel: enter it within one")
        self._worker = worker
        self._cancelled_before = worker.cancelling()
        self._leadership = await self._begin(self._cancel_worker)
        return self._leadership

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        term = self._leadership
        term.end()
        is_cancelled_by_others = await self._settle_cancellation(error)
        await self._finish(term)
        if error is not None and not isinstance(error, asyncio.CancelledError):
            return
        if is_cancelled_by_others:
            raise asyncio.CancelledError
        if term.is_lost:
            raise term.error(self._lease)

    def _cancel_worker(self) -> None:
        self._has_cancelled = True
        self._worker.cancel("leadership was lost")

    async def _settle_cancellation(self, error: BaseException | None) -> bool:
        """Take our own cancellation back. Whether somebody else cancelled the worker as well."""
        if not self._has_cancelled:
            return False
        if not isinstance(error, asyncio.CancelledError):
            # The body ended before it took notice: the cancellation would hit our own next wait instead.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
        return self._worker.uncancel() > self._cancelled_before
