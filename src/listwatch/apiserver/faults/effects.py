"""What a fault does to a request, or to its answer.

In:    a `Struck` request
Out:   the answer that the client gets, or a transport's error, which the listening side turns into a cut
Next:  streams.py changes bodies
Rules: an effect is a value; its `answer` either speaks for the server or asks it (`proceed`) and changes what it says.
       Waiting goes by the server's clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode

import msgspec

from listwatch.apimachinery.errors import ConnectionLost, ConnectionRefused
from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.faults import streams
from listwatch.apiserver.journal.exchange import Trace
from listwatch.apiserver.wire.statuses import expired, failure, not_found

if TYPE_CHECKING:
    from listwatch.apimachinery.clock import Clock
    from listwatch.apiserver.server import APIServer

Proceed = Callable[[Request], Awaitable[Response]]
_REASONS: Final = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass(frozen=True, slots=True)
class Struck:
    """A request that a fault has struck."""

    trace: Trace
    request: Request
    server: APIServer
    clock: Clock
    proceed: Proceed


class Effect(Protocol):
    """What happens to a request."""

    async def answer(self, struck: Struck) -> Response:
        """The answer in its place.

        Raises:
            APIFailure: To be answered with.
            TransportError: There shall be no answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """The answer comes `seconds` later; what the request does has happened by then."""

    seconds: float

    async def answer(self, struck: Struck) -> Response:
        """Wait, then ask the server."""
        await struck.clock.sleep(self.seconds)
        return await struck.proceed(struck.request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """The server says no, and does nothing.

    Attributes:
        code: Of the Status, such as 429 or 503.
        retry_after: Seconds that the Retry-After header asks to wait; None for no header.
        reason: The Status's; by default what belongs to the code.
        message: The Status's.
    """

    code: int
    retry_after: int | None = None
    reason: str = ""
    message: str = "a fault was injected by the test"

    async def answer(self, struck: Struck) -> Response:
        """Refuse."""
        details: dict[str, Any] = {}
        headers = []
        if self.retry_after is not None:
            details["retryAfterSeconds"] = self.retry_after
            headers = [("Retry-After", str(self.retry_after))]
        reason = self.reason or _REASONS.get(self.code, "")
        raise failure(self.code, self.message, reason=reason, details=details, headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """The connection breaks.

    Attributes:
        at_byte: After how many bytes of the answer's body. None: before there is an answer; the server has acted
            nevertheless.
    """

    at_byte: int | None = None

    async def answer(self, struck: Struck) -> Response:
        """Let the server act, and break off."""
        answer = await struck.proceed(struck.request)
        if self.at_byte is None:
            await answer.aclose()
            raise ConnectionLost(f"{struck.request!r}: the connection was reset by the test")
        return _changed(answer, streams.reset(answer, self.at_byte))


@dataclass(frozen=True, slots=True)
class Partition:
    """Nobody gets through: requests are refused before the server sees them, open answers are cut at once."""

    async def answer(self, struck: Struck) -> Response:
        """Refuse the connection."""
        raise ConnectionRefused(f"{struck.request!r}: the test has cut this client off")


@dataclass(frozen=True, slots=True, kw_only=True)
class TearFrame:
    """A watch ends in the midst of a line.

    Attributes:
        event: In which one, from 1.
    """

    event: int = 1

    async def answer(self, struck: Struck) -> Response:
        """Tear a line."""
        answer = await struck.proceed(struck.request)
        return _changed(answer, streams.torn(answer, self.event)) if _is_watch(struck, answer) else answer


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateFrames:
    """Every event of a watch comes `times` times."""

    times: int = 2

    async def answer(self, struck: Struck) -> Response:
        """Repeat lines."""
        answer = await struck.proceed(struck.request)
        return _changed(answer, streams.repeated(answer, self.times)) if _is_watch(struck, answer) else answer


@dataclass(frozen=True, slots=True)
class DropBookmarks:
    """A watch's bookmarks do not arrive."""

    async def answer(self, struck: Struck) -> Response:
        """Leave lines out."""
        answer = await struck.proceed(struck.request)
        return _changed(answer, streams.without_bookmarks(answer)) if _is_watch(struck, answer) else answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A watch stays open and says nothing more.

    Attributes:
        after_events: From which number of events on.
    """

    after_events: int = 0

    async def answer(self, struck: Struck) -> Response:
        """Fall silent."""
        answer = await struck.proceed(struck.request)
        return (
            _changed(answer, streams.frozen(answer, self.after_events))
            if _is_watch(struck, answer)
            else answer
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expire:
    """410, as if the log had been compacted past the version that is asked for.

    Attributes:
        after_events: Of a watch: in the stream, after that many events. None: as the answer itself, of watches, lists
            and pages.
    """

    after_events: int | None = None

    async def answer(self, struck: Struck) -> Response:
        """Say that a version is too old."""
        gone = expired("The resourceVersion for the provided watch is too old.")
        if self.after_events is None:
            raise gone
        answer = await struck.proceed(struck.request)
        if not _is_watch(struck, answer):
            return answer
        line = msgspec.json.encode({"type": "ERROR", "object": gone.status}) + b"\n"
        return _changed(answer, streams.ended(answer, self.after_events, line))


@dataclass(frozen=True, slots=True)
class Compact:
    """The server forgets its history just before it answers."""

    async def answer(self, struck: Struck) -> Response:
        """Forget, then answer."""
        struck.server.compact()
        return await struck.proceed(struck.request)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowBody:
    """The answer's body comes in small pieces.

    Attributes:
        piece_bytes: How small.
        pause: Seconds between two of them.
    """

    piece_bytes: int = 1024
    pause: float = 0.1

    async def answer(self, struck: Struck) -> Response:
        """Slow down."""
        answer = await struck.proceed(struck.request)
        return _changed(answer, streams.slow(answer, self.piece_bytes, self.pause, struck.clock))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A replica that lags behind: gets and lists are answered as of an older revision, watches tell later.

    Lists of pages that were begun go on as they were. A watch that begins with the present state does so; only its
    changes come late. Nothing lies further back than what the log still knows.

    Attributes:
        revisions: How many revisions behind; a watch tells a change when that many more have been made.
        seconds: Or how many seconds of the server's clock.

    Raises:
        ValueError: Neither or both are given.
    """

    revisions: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.revisions is None) == (self.seconds is None):
            raise ValueError("a stale replica lags by revisions or by seconds: give one of them")

    async def answer(self, struck: Struck) -> Response:
        """Answer from the past."""
        verb = struck.trace.target.verb
        if verb == "watch":
            answer = await struck.proceed(struck.request)
            late = streams.late(
                answer, self.revisions, self.seconds, struck.clock, struck.server.wait_for_revision
            )
            return _changed(answer, late) if _is_watch(struck, answer) else answer
        if verb not in {"get", "list"} or struck.trace.target.subresource:
            return await struck.proceed(struck.request)
        revision = self._revision(struck)
        return await (_list_at(struck, revision) if verb == "list" else _get_at(struck, revision))

    def _revision(self, struck: Struck) -> int:
        log = struck.server.log
        if self.revisions is not None:
            return max(log.floor, log.revision - self.revisions)
        return log.revision_at(struck.clock.now() - timedelta(seconds=self.seconds or 0))


async def _list_at(struck: Struck, revision: int, **more: str) -> Response:
    info = struck.trace.target
    if info.query.get("continue"):
        return await struck.proceed(struck.request)
    kept = [
        (name, value)
        for name in info.query.names()
        if name not in {"resourceVersion", "resourceVersionMatch", *more}
        for value in info.query.all(name)
    ]
    exact = [("resourceVersion", str(revision)), ("resourceVersionMatch", "Exact"), *more.items()]
    path = struck.request.target.partition("?")[0]
    return await struck.proceed(replace(struck.request, target=f"{path}?{urlencode([*kept, *exact])}"))


async def _get_at(struck: Struck, revision: int) -> Response:
    """One object as of a revision: a list of it alone, unpacked."""
    info, asked = struck.trace.target, struck.request
    headers = asked.headers.copy()
    is_table = "as=Table" in headers.get("Accept", "")
    if not is_table:
        headers["Accept"] = "application/json"
    path = asked.target.partition("?")[0].rpartition("/")[0]
    alone = replace(struck, request=replace(asked, target=path, headers=headers))
    answer = await _list_at(alone, revision, fieldSelector=f"metadata.name={info.name}")
    if is_table or answer.status != 200:
        return answer
    page = msgspec.json.decode(await answer.read())
    if not page["items"]:
        raise not_found(info.group, info.resource, info.name)
    whole = {"kind": page["kind"].removesuffix("List"), "apiVersion": page["apiVersion"], **page["items"][0]}
    return Response.of(200, msgspec.json.encode(whole) + b"\n", content_type="application/json")


def _is_watch(struck: Struck, answer: Response) -> bool:
    return struck.trace.target.verb == "watch" and answer.status == 200


def _changed(answer: Response, chunks: Any) -> Response:
    headers = answer.headers.copy()
    headers.pop("Content-Length", None)
    return Response(answer.status, headers, chunks, answer.aclose, is_piecewise=True)
