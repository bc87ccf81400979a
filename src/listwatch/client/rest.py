"""One request to the API server, with everything that surrounds it: who asks, retries, errors.

In:    method, path and body                    (from client/resource.py, client/watch.py)
Out:   the body's bytes, or an open `Response`
Next:  client/watch.py, client/resource.py
Rules: every wait has a deadline; a request is sent again only where retry.py says so, or once after new
       credentials; an answer that is no success becomes the exception that its Status says
Source: client-go rest.Request; differs: a 401 is retried once with fresh credentials, silence is bounded
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import msgspec
from multidict import CIMultiDict

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.codec import decode_status
from listwatch.apimachinery.errors import (
    APIStatusError,
    ListWatchError,
    ProtocolError,
    RequestTimeout,
    Status,
    TransportError,
    error_from_status,
)
from listwatch.apimachinery.http import Request, Response, Transport
from listwatch.client.config import Config
from listwatch.client.retry import RetryPolicy, parse_retry_after
from listwatch.client.server_warnings import WarningLog

logger = logging.getLogger(__name__)

JSON = "application/json"
SILENCE_SECONDS = 65.0
"""How long an answer may keep still: an API server gives up on ordinary requests after 60 s itself."""

_ERROR_BODY_BYTES = 1 << 20
_EXCERPT_BYTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What to ask.

    Attributes:
        method: Upper case.
        target: Path and query, percent-encoded.
        body: Empty for none.
        content_type: Of the body.
        accept: Which forms of answer are understood.
    """

    method: str = "GET"
    target: str = "/"
    body: bytes = b""
    content_type: str = JSON
    accept: str = JSON

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(slots=True)
class _Attempts:
    """How often one call has been sent, whatever it failed of, and whether new credentials may still be asked."""

    sent: int = 0
    may_refresh: bool = True


class Stream(Protocol):
    """An answer that is still being read."""

    async def stop(self) -> None:
        """Close it."""
        ...


class RESTClient:
    """Sends calls as one user.

    Threads: none; belongs to one event loop. Any number of calls may be under way at once.

    Attributes:
        streams: The watches that are open, to be ended with the client.
    """

    def __init__(
        self,
        config: Config,
        *,
        transport: Transport,
        clock: Clock,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 (immutable)
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self.config = config
        self.clock = clock
        self._transport = transport
        self._retry = retry
        self._silence = silence
        self._warnings = WarningLog()
        self._is_closed = False
        self.streams: weakref.WeakSet[Stream] = weakref.WeakSet()

    async def fetch(self, call: Call, *, any_form: bool = False) -> bytes:
        """The whole body of a successful answer.

        A GET that is cut off in the middle of its body is asked again, like one that got no answer.

        Args:
            call: What to ask.
            any_form: Take an answer that is not JSON, too.

        Raises:
            APIStatusError: The server said no.
            TransportError: No whole answer, after all retries.
            ProtocolError: The answer is not JSON: a login page, a proxy's error page.
            CredentialError: No credentials could be had.
            ListWatchError: The client is closed.
        """
        attempts = _Attempts()
        while True:
            try:
                response = await self._open(call, attempts)
                if not any_form:
                    await self.expect_json(response, call)
                return await self._read(response, call)
            except TransportError as error:
                delay = self._retry.after_failure(attempt=attempts.sent, method=call.method, error=error)
                if delay is None or self._is_closed:
                    raise
                logger.debug("%s: %s; again in %.1f s", call, error, delay)
                await self.clock.sleep(delay)

    async def open(self, call: Call) -> Response:
        """A successful answer, its body not yet read; the caller reads or closes it.

        Waits out `Retry-After`; asks once more with new credentials after a 401. A cut connection is the
        caller's to judge.

        Raises: as `fetch`.
        """
        return await self._open(call, _Attempts())

    async def aclose(self) -> None:
        """End open watches; later calls are refused. Safe to call twice."""
        self._is_closed = True
        for stream in list(self.streams):
            await stream.stop()

    async def _open(self, call: Call, attempts: _Attempts) -> Response:
        while True:
            attempts.sent += 1
            authorization = await self.config.credentials.authorization()
            response = await self._send(call, authorization)
            if 200 <= response.status < 300:
                return response
            error = await self._error(call, response)
            if response.status == 401 and attempts.may_refresh:
                attempts.may_refresh = False
                if await self.config.credentials.refused(authorization):
                    continue
            delay = self._retry.after_answer(
                attempt=attempts.sent,
                status=response.status,
                retry_after=parse_retry_after(response.headers.get("Retry-After"), now=self.clock.now()),
            )
            if delay is None:
                raise error
            logger.debug("%s: %s; again in %.1f s as the server asks", call, error, delay)
            await self.clock.sleep(delay)

    async def expect_json(self, response: Response, call: Call) -> None:
        """Refuse, and close, an answer that is not JSON.

        Raises:
            ProtocolError: With the beginning of what came instead.
        """
        content_type = response.headers.get("Content-Type", "")
        if content_type.partition(";")[0].strip().lower().endswith("json") or not content_type:
            return
        head = await self._beginning(response, call, enough=_EXCERPT_BYTES)
        text = head[:_EXCERPT_BYTES].decode("utf-8", "replace").strip()
        raise ProtocolError(
            f"{call}: {self.config.host} answered {content_type} instead of JSON; is a proxy or another server in "
            f"the way? It said: {text!r}"
        )

    async def _send(self, call: Call, authorization: str | None) -> Response:
        if self._is_closed:
            raise ListWatchError(f"{call}: this client is closed: use it inside its `async with` block")
        headers: CIMultiDict[str] = CIMultiDict()
        headers["Accept"] = call.accept
        headers["User-Agent"] = self.config.user_agent
        if call.body:
            headers["Content-Type"] = call.content_type
        if authorization is not None:
            headers["Authorization"] = authorization
        if self.config.impersonate is not None:
            headers.extend(self.config.impersonate.headers())
        try:
            async with asyncio.timeout(self._silence):
                response = await self._transport(
                    Request(method=call.method, target=call.target, headers=headers, body=call.body)
                )
        except TimeoutError:
            raise RequestTimeout(f"{call}: no answer within {self._silence:.0f} s") from None
        self._warnings.note(response.headers.getall("Warning", ()))
        logger.debug("%s: %d", call, response.status)
        return response

    async def _read(
        self, response: Response, call: Call, *, parts: list[bytes] | None = None, enough: float = math.inf
    ) -> bytes:
        """The body, or `enough` of it; what came before a failure stands in `parts`."""
        parts = [] if parts is None else parts
        size = 0
        try:
            async with aclosing(self._audible(response.chunks, call)) as chunks:
                async for chunk in chunks:
                    parts.append(chunk)
                    size += len(chunk)
                    if size >= enough:
                        break
        finally:
            await response.aclose()
        return b"".join(parts)

    async def _beginning(self, response: Response, call: Call, *, enough: int) -> bytes:
        """At most a little more than `enough` of the body, whatever became of the rest."""
        parts: list[bytes] = []
        with contextlib.suppress(TransportError):  # the status line has already said what matters
            await self._read(response, call, parts=parts, enough=enough)
        return b"".join(parts)

    async def _audible(self, chunks: AsyncIterator[bytes], call: Call) -> AsyncGenerator[bytes]:
        """`chunks`, unless the server falls silent between two of them."""
        while True:
            try:
                async with asyncio.timeout(self._silence):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                raise RequestTimeout(
                    f"{call}: the answer stopped in the middle, nothing for {self._silence:.0f} s"
                ) from None
            if chunk is None:
                return
            yield chunk

    async def _error(self, call: Call, response: Response) -> APIStatusError:
        retry_after = parse_retry_after(response.headers.get("Retry-After"), now=self.clock.now())
        body = await self._beginning(response, call, enough=_ERROR_BODY_BYTES)
        status = decode_status(body)
        if status is None:
            text = body[:_EXCERPT_BYTES].decode("utf-8", "replace").strip()
            said = f"HTTP {response.status} without a Status" + (f": {text!r}" if text else "")
            status = Status(code=response.status, message=said)
        elif status.code is None:
            status = msgspec.structs.replace(status, code=response.status)
        return error_from_status(status, doing=str(call), retry_after=retry_after)
