"""One request and its answer, followed from the first line to the end of the body.

In:    `Request`s and `Response`s               (from server.py)
Out:   a `Trace` while it lasts, an immutable `Exchange` once it is over, told to `Observer`s
Next:  journal.py, metrics.py and audit.py listen
Rules: observers must not raise and must not wait. The body passes through as it comes; bytes and lines are counted,
       nothing is kept of them.
Source: kube-apiserver's filters for audit and metrics, as one
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final, Literal, Protocol

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.wire.request_info import RequestInfo, parse_request

End = Literal["complete", "left", "cut"]
_BOOKMARK: Final = b'{"type":"BOOKMARK"'


class Trace:
    """A request that is being answered: what is known of it so far.

    Attributes:
        number: Counts from 1, in the order in which requests arrive at this server.
        request: As it arrived. It holds credentials: observers must not keep it.
        time: When it arrived, by the server's clock.
        moment: The same by the server's monotonic clock, in seconds.
        wall: The same by this process's clock, in seconds, which goes on where the server's is held still.
        user: Who asks; None until that is known.
        info: Verb and target; None until they are known.
        status: Of the answer; 0 until it is there.
        duration: Seconds of the server's clock until the end of the body; 0 until then.
        sent_bytes: Of the answer's body so far.
        events: Watch events sent so far, bookmarks included.
        bookmarks: Of these, how many were bookmarks.
        retry_after: Seconds that the answer asks to wait; None if it does not.
        fault: The name of the injected fault that struck, or "".
        has_begun: Whether observers were told of it.
    """

    __slots__ = (
        "bookmarks",
        "duration",
        "events",
        "fault",
        "has_begun",
        "info",
        "moment",
        "number",
        "request",
        "retry_after",
        "sent_bytes",
        "status",
        "time",
        "user",
        "wall",
    )

    def __init__(self, number: int, request: Request, time: datetime, moment: float, wall: float) -> None:
        self.number = number
        self.request = request
        self.time = time
        self.moment = moment
        self.wall = wall
        self.user: User | None = None
        self.info: RequestInfo | None = None
        self.status = 0
        self.duration = 0.0
        self.sent_bytes = 0
        self.events = 0
        self.bookmarks = 0
        self.retry_after: float | None = None
        self.fault = ""
        self.has_begun = False

    @property
    def target(self) -> RequestInfo:
        """Verb and target, taken from the request line if nobody has done so yet."""
        if self.info is None:
            self.info = parse_request(self.request.method, self.request.target)
        return self.info


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer, both over.

    Attributes:
        number: Counts from 1, in the order of arrival.
        time: Of arrival, by the server's clock.
        moment: The same by the server's monotonic clock, in seconds.
        wall: The same by the process's own monotonic clock, in seconds.
        duration: Seconds of the server's clock until the end of the body.
        waited: Seconds of the process's clock until the end of the body.
        user: Whose request it was; "" if nobody could be told (401).
        groups: Of that user.
        user_agent: The header; "" if absent.
        verb: The API verb, such as `list`; for other paths the method in lower case.
        group, version, resource, subresource, namespace, name: From the path; "" where it has none.
        path: As asked for, without the query.
        query: Name and value of each parameter, in order; of `continue` the value is not kept.
        status: The HTTP status; 0 if the connection was cut before there was one.
        sent_bytes: Of the body.
        events: Watch events that were sent, bookmarks included.
        bookmarks: Of these, how many were bookmarks.
        end: "complete"; "left", the client went away first; or "cut", the server broke it off.
        names_version: Whether the body of an update names `metadata.resourceVersion`; None if that is not known.
        retry_after: Seconds that the answer asked to wait; None if it did not.
        fault: The name of the injected fault that struck; "" for none.
    """

    number: int
    time: datetime
    moment: float
    wall: float
    duration: float
    waited: float
    user: str
    groups: tuple[str, ...]
    user_agent: str
    verb: str
    group: str
    version: str
    resource: str
    subresource: str
    namespace: str
    name: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int
    sent_bytes: int
    events: int
    bookmarks: int
    end: End
    names_version: bool | None
    retry_after: float | None
    fault: str

    def option(self, name: str) -> str:
        """The first value of a query parameter, "" if it is not given."""
        return next((value for key, value in self.query if key == name), "")

    @property
    def is_resource(self) -> bool:
        """Whether the path named a resource."""
        return bool(self.resource)

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query)
        told = f"{self.verb.upper()} {self.path}{'?' + query if query else ''} {self.status or 'no answer'}"
        return f"#{self.number} {told} ({self.user or 'nobody'})"


class Observer(Protocol):
    """Told of every exchange, in the thread of the server's loop."""

    def began(self, trace: Trace) -> None:
        """A request has arrived and it is known who asks for what."""
        ...

    def answered(self, trace: Trace) -> None:
        """The head of the answer is there; of a long-running request the body goes on."""
        ...

    def ended(self, trace: Trace, end: End) -> None:
        """The answer is over. Told once for each exchange that began."""
        ...


current_trace: ContextVar[Trace | None] = ContextVar("listwatch_current_trace", default=None)
"""The request on whose behalf this task works; None for the server's own doings."""


class Observation:
    """Follows exchanges and tells observers of them.

    Args:
        clock: The server's.
        wall: The process's monotonic clock.
        observers: Told in this order.
    """

    def __init__(
        self, *, clock: Clock, observers: Sequence[Observer], wall: Callable[[], float] = monotonic
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._observers = tuple(observers)
        self._count = 0

    def open(self, request: Request) -> Trace:
        """A request has arrived."""
        self._count += 1
        clock = self._clock
        return Trace(self._count, request, clock.now(), clock.monotonic(), self._wall())

    def identified(self, trace: Trace) -> None:
        """It is known who asks for what, or that it will not be known."""
        trace.has_begun = True
        for each in self._observers:
            each.began(trace)

    def follow(self, trace: Trace, response: Response) -> Response:
        """The answer is there; gives one that is the same, and told of to its end."""
        if not trace.has_begun:  # refused before anybody asked who it was
            self.identified(trace)
        trace.status = response.status
        if response.status >= 400:
            trace.retry_after = _seconds(response.headers.get("Retry-After", ""))
        for each in self._observers:
            each.answered(trace)
        body = _Followed(response.chunks, trace, self._end)
        return Response(
            response.status, response.headers, body, response.close, is_piecewise=response.is_piecewise
        )

    def lost(self, trace: Trace, end: End) -> None:
        """There will be no answer."""
        if not trace.has_begun:
            self.identified(trace)
        self._end(trace, end)

    def _end(self, trace: Trace, end: End) -> None:
        trace.duration = self._clock.monotonic() - trace.moment
        for each in self._observers:
            each.ended(trace, end)


class _Followed:
    """The body of an answer, counted while it passes."""

    __slots__ = ("_chunks", "_is_over", "_is_watch", "_tell", "_trace")

    def __init__(
        self, chunks: AsyncIterator[bytes], trace: Trace, tell: Callable[[Trace, End], None]
    ) -> None:
        self._chunks = chunks
        self._trace = trace
        self._tell = tell
        self._is_watch = trace.target.verb == "watch" and trace.status == 200
        self._is_over = False

    def __aiter__(self) -> _Followed:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._chunks.__anext__()
        except StopAsyncIteration:
            self._finish("complete")
            raise
        except asyncio.CancelledError:
            self._finish("left")
            raise
        except BaseException:
            self._finish("cut")
            raise
        trace = self._trace
        trace.sent_bytes += len(chunk)
        if self._is_watch:
            trace.events += chunk.count(b"\n")
            trace.bookmarks += chunk.count(_BOOKMARK)
        return chunk

    async def aclose(self) -> None:
        """Let go of the answer; one that was not read to its end counts as left."""
        closer = getattr(self._chunks, "aclose", None)
        try:
            if closer is not None:
                await closer()
        finally:
            self._finish("complete" if self._trace.request.method == "HEAD" else "left")

    def _finish(self, end: End) -> None:
        if not self._is_over:
            self._is_over = True
            self._tell(self._trace, end)


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None
