"""One request and its answer, as plain values: the seam between whoever asks and whoever answers.

A client sends `Request`s through a `Transport`. One transport goes over sockets
(`client/connection.py`); the embedded API server's `handle` is another, so that a client can talk to
it in memory, without a socket and under a virtual clock.

Rules: no interpretation of paths, headers or bodies here; that is what the two ends are for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from multidict import CIMultiDict


@dataclass(frozen=True, slots=True)
class Peer:
    """Who the verified client certificate of a connection says is calling (RFC 5280 subject: CN and O).

    Attributes:
        fingerprint: SHA-256 of the certificate's DER form, in hexadecimal; "" if unknown.
    """

    common_name: str
    organizations: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(slots=True)
class Request:
    """One HTTP request.

    Attributes:
        method: Upper case.
        target: Path and query as they stand on the request line, percent-encoded.
        headers: Case-insensitive, repeated names allowed.
        body: The whole body; requests to an API server are small.
        peer: Set by the listening side only; a client leaves it alone.
    """

    method: str
    target: str
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    body: bytes = b""
    peer: Peer | None = None

    def __repr__(self) -> str:
        # Headers and bodies carry tokens and secrets; a request's name is its method and target.
        return f"<Request {self.method} {self.target}>"


async def _no_close() -> None:
    return None


@dataclass(slots=True)
class Response:
    """One HTTP answer, its body still arriving.

    Whoever gets it must either read it to the end or `aclose` it; both leave no connection behind.

    Attributes:
        status: The HTTP status code.
        headers: Case-insensitive, repeated names allowed.
        chunks: The body in the pieces in which it arrives; piece borders mean nothing.
        is_piecewise: Whether a listening side shall pass pieces on as they come, also of an answer that ends soon.
    """

    status: int
    headers: CIMultiDict[str]
    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]] = _no_close
    is_piecewise: bool = False

    @classmethod
    def of(
        cls, status: int, body: bytes, *, content_type: str, headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """An answer whose whole body is known."""
        fields: CIMultiDict[str] = CIMultiDict(headers)
        fields["Content-Type"] = content_type
        return cls(status, fields, _once(body))

    async def read(self) -> bytes:
        """The whole body. The answer is closed afterwards, also when reading fails or is cancelled."""
        try:
            return b"".join([chunk async for chunk in self.chunks])
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Let go of the connection. Safe to call twice and after the end."""
        closer = getattr(self.chunks, "aclose", None)
        if closer is not None:
            await closer()
        await self.close()


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


class Transport(Protocol):
    """Something that answers requests: a connection pool, an embedded server, a script in a test."""

    async def __call__(self, request: Request) -> Response:
        """Send `request` and give the answer as soon as its headers are known.

        Raises:
            TransportError: No answer could be had. Whether the server acted on the request is not known,
                unless the error is `ConnectionRefused`.
        """
        ...
