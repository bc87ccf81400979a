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
import ssl
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import (
    CertificateError,
    ConfigError,
    ConnectionLost,
    ConnectionRefused,
    ProtocolError,
    RequestTimeout,
)
from listwatch.apimachinery.http import Request, Response
from listwatch.client.config import Config
from listwatch.client.tls import TLSSource

CONNECT_SECONDS = 30.0
"""How long a connection may take to be there, TLS included (client-go dials for 30 s)."""

_READ_BUFFER_BYTES = 1 << 20
_KEEPALIVE_SECONDS = 55.0


class SocketTransport:
    """A pool of connections to one API server.

    A `Transport`. Connections are opened when needed and reused; certificates that rotate are used for new
    connections, open ones go on. Belongs to the event loop in which it is first used.
    """

    def __init__(self, config: Config, *, clock: Clock) -> None:
        self._config = config
        self._tls = TLSSource(config, clock=clock)
        self._session: aiohttp.ClientSession | None = None
        self._proxy = config.proxy_url or _proxy_from_environment(config.host)

    async def __call__(self, request: Request) -> Response:
        """Send `request`; see `Transport`."""
        session = self._session or self._open()
        headers = request.headers.copy()
        if self._config.disable_compression:
            headers["Accept-Encoding"] = "identity"
        _, context = self._tls.current()
        with _mapped(self._config.host):
            answer = await session.request(
                request.method,
                URL(self._config.host + request.target, encoded=True),
                headers=headers,
                data=request.body or None,
                allow_redirects=False,
                ssl=context if context is not None else True,
                server_hostname=self._tls.server_hostname,
                proxy=self._proxy,
            )
        return Response(answer.status, CIMultiDict(answer.headers), self._chunks(answer), _Close(answer))

    async def aclose(self) -> None:
        """Close all connections, busy ones too. Safe to call twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            # No limit: a program that watches a hundred kinds holds a hundred connections.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            read_bufsize=_READ_BUFFER_BYTES,
        )
        return self._session

    async def _chunks(self, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        with _mapped(self._config.host):
            async for chunk in answer.content.iter_any():
                yield chunk


class _Close:
    """Give a connection back if its answer was read to the end, else drop it."""

    __slots__ = ("_answer",)

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __call__(self) -> None:
        self._answer.close()


def _proxy_from_environment(host: str) -> str | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for this host."""
    parts = urlsplit(host)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


@contextlib.contextmanager
def _mapped(host: str) -> Iterator[None]:
    """Turn what aiohttp, ssl and the system raise into our errors, most specific first."""
    try:
        yield
    except (aiohttp.ClientConnectorCertificateError, ssl.CertificateError) as error:
        raise CertificateError(
            f"{host}: the server's certificate is not trusted: {_reason(error)}; check certificate-authority and "
            "tls-server-name in the kubeconfig"
        ) from None
    except (aiohttp.ClientConnectorSSLError, ssl.SSLError) as error:
        raise CertificateError(f"{host}: the TLS handshake failed: {_reason(error)}") from None
    except aiohttp.ClientHttpProxyError as error:
        raise ConnectionRefused(f"{host}: the proxy refused: {error.status} {error.message}") from None
    except (aiohttp.ConnectionTimeoutError, aiohttp.ServerTimeoutError, TimeoutError) as error:
        raise RequestTimeout(
            f"{host}: no connection within {CONNECT_SECONDS:.0f} s: {_reason(error)}"
        ) from None
    except aiohttp.ClientConnectorError as error:
        raise ConnectionRefused(
            f"{host}: cannot connect: {_reason(error)}; is the API server running, and is this its address?"
        ) from None
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise ConnectionLost(f"{host}: the connection was cut: {_reason(error)}") from None
    except OSError as error:
        raise ConnectionLost(f"{host}: the connection was cut: {_reason(error)}") from None
    except (aiohttp.InvalidURL, ValueError) as error:
        raise ConfigError(f"{host}: not a URL that can be asked: {_reason(error)}") from None
    except aiohttp.ClientResponseError as error:
        raise ProtocolError(f"{host}: the answer is not HTTP: {error.message}") from None
    except aiohttp.ClientError as error:
        raise ConnectionLost(f"{host}: {_reason(error)}") from None


def _reason(error: BaseException) -> str:
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    verify = getattr(cause, "verify_message", "")
    return verify or getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
