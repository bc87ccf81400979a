"""What goes wrong between a client and an API server, on demand: a `Transport` around another.

    network = FaultyTransport(server.handle)
    network.inject(Fault(FaultKind.CUT, 120))      # the next answer breaks off after 120 bytes
    network.strike(FaultKind.FREEZE)               # whatever is open now falls silent

In:    requests of a client; faults, one for each of the requests to come, or for what is open now
Out:   the server's answers, or what a network makes of them
Rules: no randomness and no clock of its own: the same faults on the same requests give the same bytes. Every fault
       could have happened: no frame is made up, and what is replayed had been sent once
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from listwatch.apimachinery.errors import ConnectionLost, ConnectionRefused
from listwatch.apimachinery.http import Request, Response, Transport

JSON = "application/json"
MARKER = b'"k8s.io/initial-events-end":"true"'
_BOOKMARK = b'{"type":"BOOKMARK"'
_RESOURCE_VERSION = re.compile(rb'"resourceVersion":"(\d+)"')
_MEMORY = 24  # frames kept of each query, to be replayed


class FaultKind(StrEnum):
    """What can go wrong. `number` of a fault is named where it means something."""

    REFUSED = "refused"
    NO_HEADERS = "cut before the headers"
    CUT = "cut after `number` bytes"
    END = "clean end at the first line's end after `number` bytes"
    TORN_END = "clean end after `number` bytes, in the middle of whatever it is"
    FREEZE = "silence for ever after `number` bytes"
    FREEZE_HEADERS = "silence for ever before the headers"
    DELAY = "`number` seconds before the headers"
    DRIP = "pieces of `number` bytes"
    GONE_IN_STREAM = "410 in the stream, after `number` bytes"
    GONE_AT_OPENING = "410 as the status"
    GONE_ON_PAGE = "410 for a continue token"
    TOO_LARGE = "504, resource version too large"
    OVERLOADED = "429 with Retry-After of `number` seconds"
    OVERLOADED_MUTE = "429 without Retry-After"
    INTERNAL = "500"
    INTERNAL_IN_STREAM = "500 in the stream, after `number` bytes"
    UNAVAILABLE = "503"
    BAD_GATEWAY = "502, a page of HTML"
    HTML = "200, a page of HTML"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    NO_STREAMING_400 = "sendInitialEvents refused with 400"
    NO_STREAMING_422 = "sendInitialEvents refused with 422"
    NO_MARKER = "the end of the initial events is not marked"
    LATE_MARKER = "that mark comes `number` seconds late"
    DROUGHT = "no bookmarks"
    DUPLICATE = "every frame twice"
    STALE = "an older frame again, after the next one"
    GARBAGE = "a line that is no JSON, after `number` bytes"


class Verb(StrEnum):
    """What a request asks for."""

    LIST = "list"
    PAGE = "page"
    WATCH = "watch"
    STREAM = "streaming list"
    OTHER = "other"


WATCHES = frozenset({Verb.WATCH, Verb.STREAM})
LISTS = frozenset({Verb.LIST, Verb.PAGE})
READS = WATCHES | LISTS
_IN_STREAM = frozenset(
    {
        FaultKind.GONE_IN_STREAM,
        FaultKind.INTERNAL_IN_STREAM,
        FaultKind.DROUGHT,
        FaultKind.DUPLICATE,
        FaultKind.STALE,
        FaultKind.GARBAGE,
    }
)
_STREAMING = frozenset(
    {FaultKind.NO_STREAMING_400, FaultKind.NO_STREAMING_422, FaultKind.NO_MARKER, FaultKind.LATE_MARKER}
)
STRIKES = (
    FaultKind.CUT,
    FaultKind.END,
    FaultKind.FREEZE,
    FaultKind.GONE_IN_STREAM,
    FaultKind.INTERNAL_IN_STREAM,
    FaultKind.GARBAGE,
    FaultKind.DUPLICATE,
    FaultKind.STALE,
    FaultKind.DROUGHT,
)
"""What can befall an answer that is already being read."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, once."""

    kind: FaultKind
    number: int = 0

    def __repr__(self) -> str:
        return f"Fault(FaultKind.{self.kind.name}, {self.number})"

    def befalls(self, verb: Verb) -> bool:
        """Whether it can happen to such a request."""
        if self.kind in _STREAMING:
            return verb is Verb.STREAM
        if self.kind in _IN_STREAM:
            return verb in WATCHES
        if self.kind is FaultKind.GONE_ON_PAGE:
            return verb is Verb.PAGE
        if self.kind is FaultKind.GONE_AT_OPENING:
            return verb in {Verb.LIST, Verb.WATCH, Verb.STREAM}
        return verb in READS


def verb_of(request: Request) -> Verb:
    """What a GET asks for; everything else is OTHER."""
    if request.method != "GET":
        return Verb.OTHER
    query = request.target
    if "watch=true" in query or "watch=1" in query:
        return Verb.STREAM if "sendInitialEvents=true" in query else Verb.WATCH
    return Verb.PAGE if "continue=" in query else Verb.LIST


class FaultyTransport:
    """Hands requests on, and lets happen to their answers what it was told to.

    Faults wait in order; each request gets the first that can befall it, and no fault strikes twice.

    Attributes:
        server: Whoever answers; another after a restart.
        is_down: Refuse everything.
        struck: How many faults have happened, by kind.
        open: The answers that are being read: nobody has closed them.
        requests: Targets, in order.
    """

    def __init__(self, server: Transport) -> None:
        self.server = server
        self.is_down = False
        self.struck: dict[FaultKind, int] = {}
        self.open: set[Body] = set()
        self.requests: list[str] = []
        self._waiting: deque[Fault] = deque()
        self._past: dict[str, deque[bytes]] = {}

    def inject(self, *faults: Fault) -> None:
        """Let these happen to the requests to come."""
        self._waiting.extend(faults)

    def strike(self, kind: FaultKind) -> None:
        """Let this happen to every answer that is being read, now or with the next frame."""
        for body in sorted(self.open, key=lambda body: body.number):
            if body.strike(kind):
                self._count(kind)

    def heal(self) -> None:
        """No more faults: those that wait are forgotten, those that began to change frames end.

        What is silent stays silent: no client can be told.
        """
        self._waiting.clear()
        self.is_down = False
        for body in self.open:
            body.heal()

    async def __call__(self, request: Request) -> Response:
        """Answer, or fail, as the next fault says."""
        self.requests.append(f"{request.method} {request.target}")
        verb = verb_of(request)
        if self.is_down:
            raise ConnectionRefused("simulated: nothing listens")
        fault = self._take(verb)
        if fault is not None:
            self._count(fault.kind)
            instead = await self._at_opening(fault)
            if instead is not None:
                return instead
        response = await self.server(request)
        if verb not in READS:
            return response
        return self._faulty(response, request, verb, fault)

    def _take(self, verb: Verb) -> Fault | None:
        for place, fault in enumerate(self._waiting):
            if fault.befalls(verb):
                del self._waiting[place]
                return fault
        return None

    def _count(self, kind: FaultKind) -> None:
        self.struck[kind] = self.struck.get(kind, 0) + 1

    async def _at_opening(self, fault: Fault) -> Response | None:
        match fault.kind:
            case FaultKind.REFUSED:
                raise ConnectionRefused("simulated: nothing listens")
            case FaultKind.NO_HEADERS:
                raise ConnectionLost("simulated: cut before the headers")
            case FaultKind.FREEZE_HEADERS:
                await asyncio.get_running_loop().create_future()
            case FaultKind.DELAY:
                await asyncio.sleep(fault.number)
            case _:
                make = _ANSWERS.get(fault.kind)
                return make(fault) if make is not None else None
        return None

    def _faulty(self, response: Response, request: Request, verb: Verb, fault: Fault | None) -> Response:
        past = self._past.setdefault(_query_of(request), deque(maxlen=_MEMORY)) if verb in WATCHES else None
        body = Body(
            response,
            past=past,
            is_streaming=verb is Verb.STREAM,
            number=len(self.requests),
            on_end=self.open.discard,
        )
        if fault is not None:
            body.suffer(fault)
        self.open.add(body)
        return Response(response.status, response.headers, body.chunks(), body.close)


def _query_of(request: Request) -> str:
    """Same collection, same selectors: frames of one can be frames of the other."""
    path, _, query = request.target.partition("?")
    selectors = [pair for pair in query.split("&") if pair.startswith(("labelSelector=", "fieldSelector="))]
    return f"{path} {sorted(selectors)}"


class Body:
    """One answer on its way, and what happens to it.

    Attributes:
        number: Of its request.
    """

    def __init__(
        self,
        response: Response,
        *,
        past: deque[bytes] | None,
        is_streaming: bool,
        number: int,
        on_end: Callable[[Body], None],
    ) -> None:
        self.number = number
        self._on_end = on_end
        self._response = response
        self._past = past
        self._is_initial = is_streaming
        self._fault: Fault | None = None
        self._sent = 0
        self._doubling = self._drought = self._stale = self._no_marker = False
        self._late = 0
        self._waiting: asyncio.Timeout | None = None
        self._is_struck = False

    def __repr__(self) -> str:
        return f"<Body {self.number}>"

    def suffer(self, fault: Fault) -> None:
        """Let it happen when its byte comes."""
        match fault.kind:
            case FaultKind.DUPLICATE:
                self._doubling = True
            case FaultKind.DROUGHT:
                self._drought = True
            case FaultKind.STALE:
                self._stale = True
            case FaultKind.NO_MARKER:
                self._no_marker = True
            case FaultKind.LATE_MARKER:
                self._late = fault.number
            case _:
                self._fault = fault

    def strike(self, kind: FaultKind) -> bool:
        """Let it happen now; whether it can."""
        if self._is_struck or self._past is None:
            return False
        self.suffer(Fault(kind, self._sent))
        if kind not in {FaultKind.DUPLICATE, FaultKind.DROUGHT, FaultKind.STALE}:
            self._is_struck = True
            if self._waiting is not None:
                self._waiting.reschedule(asyncio.get_running_loop().time())
        return True

    def heal(self) -> None:
        """Pass on all that comes, unless the worst has happened."""
        self._doubling = self._drought = self._stale = self._no_marker = False
        self._late = 0
        if not self._is_struck:
            self._fault = None

    async def close(self) -> None:
        """What `Response.close` does."""
        self._on_end(self)
        await self._response.close()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        try:
            async with aclosing(self._altered()) as altered:
                async for chunk in altered:
                    yield chunk
        finally:
            self._on_end(self)
            await self._response.aclose()

    async def _altered(self) -> AsyncGenerator[bytes]:
        while not self._is_struck:
            chunk = await self._next()
            if chunk is None and not self._is_struck:
                return
            for piece in self._pieces(chunk or b""):
                if self._is_struck:
                    break
                if self._late and MARKER in piece:
                    await asyncio.sleep(self._late)
                before, self._is_struck = self._until_fault(piece)
                self._sent += len(before)
                for part in self._dripping(before):
                    yield part
        if last := await self._last():
            yield last

    async def _next(self) -> bytes | None:
        try:
            async with asyncio.timeout(None) as self._waiting:
                return await anext(self._response.chunks, None)
        except TimeoutError:
            return None
        finally:
            self._waiting = None

    def _dripping(self, piece: bytes) -> Iterable[bytes]:
        if self._fault is None or self._fault.kind is not FaultKind.DRIP:
            return [piece] if piece else []
        size = max(1, self._fault.number)
        return [piece[start : start + size] for start in range(0, len(piece), size)]

    def _until_fault(self, piece: bytes) -> tuple[bytes, bool]:
        fault = self._fault
        if fault is None or fault.kind is FaultKind.DRIP or fault.kind is FaultKind.DELAY:
            return piece, False
        left = max(0, fault.number - self._sent)
        if fault.kind in {FaultKind.END, *_LAST_LINES}:
            # These come between frames.
            if left and (end := piece.find(b"\n", left - 1)) < 0:
                return piece, False
            left = end + 1 if left else 0
        elif left > len(piece):
            return piece, False
        return piece[:left], True

    async def _last(self) -> bytes:
        """What the fault has as its last word, if it does not keep silent."""
        assert self._fault is not None
        await self._response.aclose()
        if self._fault.kind is FaultKind.CUT:
            raise ConnectionLost("simulated: cut")
        if self._fault.kind is FaultKind.FREEZE:
            await asyncio.get_running_loop().create_future()
        return _LAST_LINES.get(self._fault.kind, b"")

    def _pieces(self, chunk: bytes) -> Iterable[bytes]:
        """What the frames of a chunk become; lists pass whole."""
        if self._past is None:
            yield chunk
            return
        is_plain = not (self._doubling or self._drought or self._stale or self._no_marker or self._late)
        if is_plain and not self._is_initial:
            self._past.extend(chunk.splitlines(keepends=True))
            yield chunk
            return
        for line in chunk.splitlines(keepends=True):
            yield from self._line(line, self._past)

    def _line(self, line: bytes, past: deque[bytes]) -> Iterable[bytes]:
        is_bookmark = line.startswith(_BOOKMARK)
        if MARKER in line:
            if self._no_marker:
                return
            self._is_initial = False
            yield line
            return
        if is_bookmark and self._drought:
            return
        yield line
        if self._doubling:
            yield line
        if self._stale and not self._is_initial:
            version = _version(line)
            older = [frame for frame in past if _version(frame) < version]
            if older:
                self._stale = False
                yield older[0]
        past.append(line)


def _version(frame: bytes) -> int:
    found = _RESOURCE_VERSION.search(frame)
    return int(found[1]) if found is not None else 0


def _status(code: int, reason: str, message: str, **more: Any) -> dict[str, Any]:
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return status | {"message": message, "reason": reason, "code": code} | more


def _refusal(
    code: int, reason: str, message: str, *, retry_after: int | None = None, **more: Any
) -> Response:
    headers = [] if retry_after is None else [("Retry-After", str(retry_after))]
    body = json.dumps(_status(code, reason, message, **more)).encode()
    return Response.of(code, body, content_type=JSON, headers=headers)


_GONE = "too old resource version: 1 (2)"
_TOO_LARGE = {
    "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
    "retryAfterSeconds": 1,
}
_PAGE = b"<!DOCTYPE html><html><body>Something stands between you and the server.</body></html>"
_ANSWERS: dict[FaultKind, Callable[[Fault], Response]] = {
    FaultKind.GONE_AT_OPENING: lambda _: _refusal(410, "Expired", _GONE),
    FaultKind.GONE_ON_PAGE: lambda _: _refusal(410, "Expired", "The provided continue parameter is too old"),
    FaultKind.TOO_LARGE: lambda _: _refusal(
        504, "Timeout", "Too large resource version: 9, current: 8", details=_TOO_LARGE
    ),
    FaultKind.OVERLOADED: lambda fault: _refusal(
        429, "TooManyRequests", "slow down", retry_after=fault.number
    ),
    FaultKind.OVERLOADED_MUTE: lambda _: _refusal(429, "TooManyRequests", "slow down"),
    FaultKind.INTERNAL: lambda _: _refusal(500, "InternalError", "the store is not well"),
    FaultKind.UNAVAILABLE: lambda _: _refusal(503, "ServiceUnavailable", "not now"),
    FaultKind.FORBIDDEN: lambda _: _refusal(403, "Forbidden", "you may not"),
    FaultKind.NOT_FOUND: lambda _: _refusal(404, "NotFound", "no such collection"),
    FaultKind.NO_STREAMING_400: lambda _: _refusal(400, "BadRequest", "sendInitialEvents is unknown"),
    FaultKind.NO_STREAMING_422: lambda _: _refusal(
        422,
        "Invalid",
        "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
    ),
    FaultKind.BAD_GATEWAY: lambda _: Response.of(502, _PAGE, content_type="text/html"),
    FaultKind.HTML: lambda _: Response.of(200, _PAGE, content_type="text/html"),
}


def _error_line(code: int, reason: str, message: str) -> bytes:
    return json.dumps({"type": "ERROR", "object": _status(code, reason, message)}).encode() + b"\n"


_LAST_LINES = {
    FaultKind.GONE_IN_STREAM: _error_line(410, "Expired", _GONE),
    FaultKind.INTERNAL_IN_STREAM: _error_line(500, "InternalError", "the store is not well"),
    FaultKind.GARBAGE: b'{"type":"MODIFIED","object":{"kind":\xff\xfe oops\n',
}
