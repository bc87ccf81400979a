"""Sockets: the one door to the network.

In:    a `Request`                      (from client/rest.py)
Out:   a `Response` whose body streams  (to client/rest.py and client/watch.py)
Next:  client/rest.py
Rules: only this module knows aiohttp; every foreign exception leaves as one of ours; nothing is retried here
Source: client-go's transport package; differs: HTTP/1.1 with one connection per watch, liveness is the watch's
        own deadline instead of HTTP/2 pings
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import ssl
from collections.abc import AsyncIterator, Iterator

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import (
    CertificateError,
    ConfigError,
    ConnectionLost,
    ConnectionRefused,
    ListWatchError,
    ProtocolError,
    RequestTimeout,
)
from listwatch.apimachinery.http import Request, Response
from listwatch.client.addresses import proxy_problem, without_userinfo
from listwatch.client.config import Config
from listwatch.client.proxy import proxy_from_environment
from listwatch.client.tls import TLSSource

CONNECT_SECONDS = 30.0
"""How long a connection may take to be there, TLS included (client-go dials for 30 s)."""

READ_BYTES = 1 << 20
"""The most that one read takes from a socket: four times asyncio's own measure. Each read costs some 0.1 ms besides its
bytes: an acknowledgement that wakes the sender, a round of the event loop, a line that is torn and joined."""

_KEEPALIVE_SECONDS = 55.0
_PIECE_BYTES = 1 << 18
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}


class SocketTransport:
    """A pool of connections to one API server.

    A `Transport`. Connections are opened when needed and reused; certificates that rotate are used for new
    connections, open ones go on. Belongs to the event loop in which it is first used.
    """

    def __init__(self, config: Config, *, clock: Clock) -> None:
        self._config = config
        self._tls = TLSSource(config, clock=clock)
        self._reads: aiohttp.ClientSession | None = None
        self._writes: aiohttp.ClientSession | None = None
        self._proxy = config.proxy_url or _environment_proxy(config.host)

    async def __call__(self, request: Request) -> Response:
        """Send `request`; see `Transport`."""
        if self._reads is None or self._writes is None:
            self._reads, self._writes = self._open()
        session = self._reads if request.method == "GET" else self._writes
        headers = request.headers.copy()
        if self._config.disable_compression:
            headers["Accept-Encoding"] = "identity"
        _, context = self._tls.current()
        with _mapped(self._config.host, self._proxy):
            answer = await session.request(
                request.method,
                URL(self._config.host + request.target, encoded=True),
                headers=headers,
                data=_payload(request.body),
                allow_redirects=False,
                ssl=context if context is not None else True,
                server_hostname=self._tls.server_hostname,
                proxy=self._proxy,
            )
        _read_in_large_pieces(answer)
        return Response(answer.status, CIMultiDict(answer.headers), self._chunks(answer), _Close(answer))

    async def aclose(self) -> None:
        """Close all connections, busy ones too. Safe to call twice."""
        sessions, self._reads, self._writes = (self._writes, self._reads), None, None
        for session in sessions:
            if session is not None:
                await session.close()

    def _open(self) -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
        _keep_read_memory()
        # No limit: a program that watches a hundred kinds holds a hundred connections.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS)
        reads, writes = (
            aiohttp.ClientSession(
                connector=connector,
                connector_owner=is_owner,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                read_bufsize=READ_BYTES,
            )
            for is_owner in (True, False)
        )
        # aiohttp sends what it takes for idempotent a second time when a connection is cut. A second DELETE says
        # NotFound of what the first has deleted, and a second PUT Conflict.
        writes._retry_connection = False  # noqa: SLF001 (there is no public way)
        return reads, writes

    async def _chunks(self, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        with _mapped(self._config.host, self._proxy):
            async for chunk in answer.content.iter_any():
                yield chunk
                del chunk  # or the last one stays until the next comes


def _read_in_large_pieces(answer: aiohttp.ClientResponse) -> None:
    connection = answer.connection  # None if all of the answer has been read
    transport = None if connection is None else connection.transport
    if transport is not None and hasattr(transport, "max_size"):
        # A plain socket of asyncio's own, that is; TLS comes in records of 16 KB anyway.
        transport.max_size = READ_BYTES


def _keep_read_memory() -> None:
    """Let the C library keep the memory into which sockets are read.

    A read asks for the most that it may get. glibc maps so large a block anew for each read and gives it back after it,
    and the system clears every page of it: 12 µs for an event of 1 KB, a quarter of the time of a list. It stops doing
    so for blocks as large as one that it has seen come and go (mallopt(3): the dynamic mmap threshold). The price is
    that up to 4 MB at the top of the heap stay with the process. With another C library it does nothing.
    """
    bytes(2 * READ_BYTES)


def _payload(body: bytes) -> bytes | io.BytesIO | None:
    # aiohttp warns of large bodies in one piece, for the loop's sake; from a file it sends them piece by piece.
    return io.BytesIO(body) if len(body) > _PIECE_BYTES else body or None


class _Close:
    """Give a connection back if its answer was read to the end, else drop it."""

    __slots__ = ("_answer",)

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __call__(self) -> None:
        self._answer.close()


def _environment_proxy(host: str) -> str | None:
    proxy = proxy_from_environment(host, os.environ)
    if proxy is not None and (problem := proxy_problem(proxy)):
        raise ConfigError(f"the proxy that the environment names ({without_userinfo(proxy)}): {problem}")
    return proxy


@contextlib.contextmanager
def _mapped(host: str, proxy: str | None) -> Iterator[None]:
    """Turn what aiohttp, ssl and the system raise into our errors."""
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:
        ours = _certificate_error(host, error) or _error(host, proxy, error)
        raise ours from None


def _certificate_error(host: str, error: Exception) -> CertificateError | None:
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.CertificateError):
        return CertificateError(
            f"{host}: the server's certificate is not trusted: {_reason(error)}; check certificate-authority and "
            "tls-server-name in the kubeconfig"
        )
    if isinstance(error, aiohttp.ClientConnectorSSLError | ssl.SSLError):
        return CertificateError(f"{host}: the TLS handshake failed: {_handshake_reason(error)}")
    # What a server has against our certificate, it says after the handshake (TLS 1.3).
    if isinstance(error, aiohttp.ClientOSError) and "ALERT" in str(error):
        return CertificateError(
            f"{host}: the server ended the TLS connection: {_reason(error)}; does it want a client certificate?"
        )
    return None


def _error(host: str, proxy: str | None, error: Exception) -> ListWatchError:
    """The most specific first."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return ConnectionRefused(f"{host}: {_through(proxy)} refused: {error.status} {error.message}")
    if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ServerTimeoutError | TimeoutError):
        return RequestTimeout(f"{host}: no connection within {CONNECT_SECONDS:.0f} s: {_reason(error)}")
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return ConnectionRefused(f"{host}: cannot connect to {_through(proxy)}: {_reason(error)}")
    if isinstance(error, aiohttp.ClientConnectorError):
        return ConnectionRefused(
            f"{host}: cannot connect: {_reason(error)}; is the API server running, and is this its address?"
        )
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError | OSError):
        return ConnectionLost(f"{host}: the connection was cut: {_reason(error)}")
    if isinstance(error, aiohttp.ClientResponseError):
        return ProtocolError(f"{host}: the answer is not HTTP: {error.message}")
    if isinstance(error, ValueError):
        return ConfigError(f"{host}: this cannot be asked: {_reason(error)}")
    return ConnectionLost(f"{host}: {_reason(error)}")


def _through(proxy: str | None) -> str:
    return f"the proxy {without_userinfo(proxy)}" if proxy else "the proxy"


def _handshake_reason(error: BaseException) -> str:
    cause = getattr(error, "os_error", None) or error
    if getattr(cause, "reason", None) in _NO_TLS:
        return "what answers there does not speak TLS; is it an http:// server?"
    return _reason(error)


def _reason(error: BaseException) -> str:
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    verify = getattr(cause, "verify_message", "")
    number = None if isinstance(cause, ssl.SSLError) else getattr(cause, "errno", None)
    if isinstance(number, int) and number in errno.errorcode:
        return os.strerror(number).lower()  # asyncio's own text is about its call, not about what happened
    return verify or getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
