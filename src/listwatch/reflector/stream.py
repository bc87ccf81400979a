"""Whatever watches, read in batches, with deadlines.

In:    `ListerWatcher.watch`: a client's `Watch`, or any async iterable of events
Out:   batches; None when the server ended the watch in good order; else an exception
Next:  reflector/intake.py
Rules: every read has a deadline; closing closes the source, on every way out; nothing but the source's own failures and
       `RequestTimeout` is raised
Source: none: client-go relies on the server to end watches, and on HTTP/2 pings to notice a dead one
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from types import TracebackType
from typing import Final, Generic, Protocol, runtime_checkable

from listwatch.apimachinery.errors import RequestTimeout
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.client.watch import MARGIN_SECONDS

logger = logging.getLogger(__name__)

_LAST_LOOK_SECONDS: Final = 1.0
"""How long each read may take at least: who comes back late still gets what has arrived."""

_AFTER_OWN_DEADLINE_SECONDS: Final = 5.0
"""A source with a deadline of its own names it better than we can: let it come first."""


@runtime_checkable
class _Batched(Protocol[AnyObject]):
    """A source that has more than one event at hand: `client.watch.Watch`."""

    async def __aenter__(self) -> object: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> object: ...
    def batches(self) -> AsyncIterator[list[WatchEvent[AnyObject]]]: ...


class EventStream(Generic[AnyObject]):
    """One watch, being read. Open it, read it until it gives None or raises, close it.

    Args:
        source: What to read; by its `batches` if it has them.
        timeout_seconds: When the server was told to end it.
        liveness_seconds: How long silence is life, once a bookmark has come.

    Attributes:
        has_bookmarks: A bookmark has come; to be set by whoever looks at the events.
    """

    def __init__(
        self, source: AsyncIterable[WatchEvent[AnyObject]], *, timeout_seconds: int, liveness_seconds: float
    ) -> None:
        self.has_bookmarks = False
        self._source = source
        self._seconds = timeout_seconds + MARGIN_SECONDS + _AFTER_OWN_DEADLINE_SECONDS
        self._liveness = liveness_seconds
        self._opened = 0.0
        self._stands_since: float | None = None
        self._batches: AsyncIterator[list[WatchEvent[AnyObject]]] | None = None
        self._events: AsyncIterator[WatchEvent[AnyObject]] | None = None

    @property
    def seconds(self) -> float:
        """How long it is known to have stood: since the server's answer, where `open` waits for that; else since its
        first event, or all the time if it has ended in good order.
        """
        return 0.0 if self._stands_since is None else asyncio.get_running_loop().time() - self._stands_since

    async def open(self) -> None:
        """Send the request, where the source can tell that from reading.

        Raises:
            Exception: Whatever the source does.
        """
        loop = asyncio.get_running_loop()
        self._opened = loop.time()
        if isinstance(self._source, _Batched):
            await self._source.__aenter__()
            self._opened = self._stands_since = loop.time()
            self._batches = self._source.batches()
        else:
            self._events = aiter(self._source)

    async def read(self) -> list[WatchEvent[AnyObject]] | None:
        """The next batch; None at the end.

        Raises:
            RequestTimeout: The source is silent for too long, or does not end.
            Exception: Whatever the source does.
        """
        now = asyncio.get_running_loop().time()
        deadline = max(self._opened + self._seconds, now + _LAST_LOOK_SECONDS)
        if self.has_bookmarks:
            # Bookmarks come about once a minute and say that there is no news. A quiet watch may get none before its
            # collection's version has moved, so that silence from the beginning proves nothing.
            deadline = min(deadline, now + self._liveness)
        timeout = asyncio.timeout_at(deadline)
        try:
            async with timeout:
                batch = await self._next()
        except TimeoutError:
            if not timeout.expired():
                raise
            what = (
                f"nothing came for {self._liveness:.0f} s" if self.has_bookmarks else "it did not end in time"
            )
            raise RequestTimeout(f"watch: {what}: the connection is dead") from None
        if self._stands_since is None:
            self._stands_since = self._opened if batch is None else asyncio.get_running_loop().time()
        return batch

    async def _next(self) -> list[WatchEvent[AnyObject]] | None:
        if self._batches is not None:
            return await anext(self._batches, None)
        if self._events is None:
            raise RuntimeError("open this stream before reading it")
        event = await anext(self._events, None)
        return None if event is None else [event]

    async def aclose(self) -> None:
        """Close the source. Safe at any time, also twice. What a source raises on being closed is logged."""
        events, self._batches, self._events = self._events, None, None
        try:
            if isinstance(self._source, _Batched):
                await self._source.__aexit__(None, None, None)
            elif isinstance(events, AsyncGenerator):
                await events.aclose()
        except Exception:
            logger.warning("a watch failed on being closed", exc_info=True)
