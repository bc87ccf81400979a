"""From bytes on a socket to `handle`, and back: the listening side of the embedded API server.

In:    HTTP/1.1 requests, over TLS or plain       (from any client on this machine)
Out:   `Request` to a `Transport`; its `Response` in the pieces in which it comes
Next:  apiserver/server.py
Rules: nothing is interpreted here but HTTP itself; a target passes through as it stood on the request line.
       One write per piece of the answer, no work per event. Beyond loopback only on demand.
Source: the limits are kube-apiserver's (3 MiB of body); differs: no HTTP/2, and a client certificate of a
        foreign authority fails the handshake, where kube-apiserver lets it through and answers 401
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import socket
import ssl
import struct
import sys
import tempfile
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import msgspec
from aiohttp import ClientConnectionResetError, HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from listwatch.apimachinery.errors import ConfigError, TransportError
from listwatch.apimachinery.http import Peer, Request, Response, Transport
from listwatch.apiserver.listener.certificates import KeyPair
from listwatch.apiserver.listener.unix_socket import UnixSocketFile
from listwatch.apiserver.wire.negotiation import MAX_BODY_BYTES

# Tokens, long selectors and continue tokens stand in the request's head; aiohttp's own 8 KiB are too tight
# for them.
MAX_HEADER_BYTES = 64 * 1024
HANDSHAKE_TIMEOUT = 10.0
# How long a closed TLS connection may take to say goodbye.
GOODBYE_TIMEOUT = 1.0

_WATCH_PATH = re.compile(r"/(api/[^/]+|apis/[^/]+/[^/]+)/watch/")

_log = logging.getLogger("listwatch.apiserver")
_http_log = logging.getLogger("listwatch.apiserver.http")


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Whether a failure is worth a traceback: bytes that are no HTTP are the client's, who is answered with a 400."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)


_http_log.addFilter(_is_our_fault)


def server_context(*, pair: KeyPair, client_ca_pem: bytes) -> ssl.SSLContext:
    """TLS for the listening side: shows `pair`, takes client certificates that `client_ca_pem` signed.

    A client without a certificate is welcome; who it is, its token may tell. Offers HTTP/1.1 only.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=client_ca_pem.decode())
    # The ssl module reads keys from files only. This one is private to the user and gone again at once.
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(pair.certificate_pem + pair.key_pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


class Listener:
    """A socket that listens, and the connections that come in through it.

    Promised: headers of an answer leave before its first event; a client that goes away closes its answer at
    once; `aclose` ends open watches with a proper end of body; a client that does not read costs a bounded buffer, and
    in the end its connection, and disturbs nobody. Not promised: order between connections.

    Args:
        handle: What answers. It may be called by many connections at the same time.
        host: An address or name of this machine.
        port: 0 takes any free one; it is bound in `start` and never let go until `aclose`, so it cannot be
            lost.
        tls: From `server_context`; None speaks plain HTTP.
        allow_remote: Needed to listen where other machines can connect.
        unix_socket: Listen on this socket file instead, which only its owner may use. What a server that was killed
            has left there is replaced; it is removed by `aclose`.
        slow_after: Seconds for which a client may leave a piece of a stream unread, before it is cut off.
    """

    def __init__(
        self,
        handle: Transport,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        allow_remote: bool = False,
        unix_socket: str | os.PathLike[str] | None = None,
        slow_after: float = 30.0,
    ) -> None:
        self.host = host
        self.port = port
        self._handle = handle
        self._tls = tls
        self._allow_remote = allow_remote
        self._slow_after = slow_after
        self._unix_socket = None if unix_socket is None else UnixSocketFile(unix_socket)
        self._http: web.Server | None = None
        self._server: asyncio.Server | None = None
        self._streaming: set[asyncio.Task[Any]] = set()
        self._is_stopping = False

    @property
    def url(self) -> str:
        """Where a client on this machine reaches the server; known after `start`.

        With a socket file it is `http+unix://` and the file's path, percent-encoded.
        """
        if self._unix_socket is not None:
            return self._unix_socket.url
        scheme = "https" if self._tls else "http"
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"{scheme}://[{host}]:{self.port}" if ":" in host else f"{scheme}://{host}:{self.port}"

    async def start(self) -> None:
        """Bind and listen. From the return on, connections are accepted.

        Raises:
            ConfigError: The address is taken, not of this machine, or reachable from others without
                `allow_remote`. Nothing is left open.
        """
        if self._unix_socket is not None:
            listening = self._unix_socket.bind()
        else:
            listening = _bind(self.host, self.port, allow_remote=self._allow_remote)
            self.port = listening.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._http = web.Server(
            self._answer,
            handler_cancellation=True,
            auto_decompress=False,  # kube-apiserver reads no compressed bodies either
            access_log=None,
            logger=_http_log,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )
        timeouts: dict[str, Any] = {}
        if self._tls is not None:
            timeouts = {"ssl_handshake_timeout": HANDSHAKE_TIMEOUT, "ssl_shutdown_timeout": GOODBYE_TIMEOUT}
        if self._unix_socket is not None:
            # The name is removed by us, who know whether it is still ours; Python 3.13 would do it without asking.
            options: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
            self._server = await loop.create_unix_server(self._http, sock=listening, backlog=128, **options)
            return
        self._server = await loop.create_server(
            self._http, sock=listening, ssl=self._tls, backlog=128, **timeouts
        )

    async def aclose(self, *, timeout: float = 2.0) -> None:  # noqa: ASYNC109 (two steps share the budget)
        """Stop listening, end all answers, close all connections. Safe to call twice.

        Open watches get their end of body. Whoever does not read it within `timeout` seconds is cut off.
        """
        if self._server is None or self._http is None:
            return
        server, http = self._server, self._http
        self._server = self._http = None
        self._is_stopping = True
        server.close()
        if self._unix_socket is not None:
            self._unix_socket.remove()
        connections = [
            (each.transport, sock)
            for each in http.connections
            # A TLS connection that was lost this moment has a transport, but no socket any more.
            if each.transport is not None and (sock := each.transport.get_extra_info("socket")) is not None
        ]
        for task in self._streaming:
            task.cancel()
        http.pre_shutdown()
        await http.shutdown(timeout)
        await self._say_goodbye(connections, timeout)
        if hasattr(server, "abort_clients"):  # 3.13: also those that never got through their handshake
            server.abort_clients()
        with suppress(TimeoutError):  # before 3.13 these go by their own timeout
            async with asyncio.timeout(timeout):
                await server.wait_closed()

    @staticmethod
    async def _say_goodbye(connections: list[tuple[asyncio.Transport, Any]], limit: float) -> None:
        """Give closing TLS connections a moment to finish, then cut them off: no socket outlives us."""
        # Asked through the sockets: a TLS transport forgets its own before it has let go of it.
        deadline = asyncio.get_running_loop().time() + limit
        pause = 0.0
        while any(sock.fileno() != -1 for _, sock in connections):
            if asyncio.get_running_loop().time() >= deadline:
                for transport, _ in connections:
                    transport.abort()
                await asyncio.sleep(0)
                return
            await asyncio.sleep(pause)
            pause = min(0.02, pause + 0.001)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request from its head to the end of its answer."""
        body = await _read_body(request)
        if body is None:
            return _failure(
                413, "RequestEntityTooLarge", f"Request entity too large: limit is {MAX_BODY_BYTES}"
            )
        asked = Request(
            request.method, _target(request.raw_path), CIMultiDict(request.headers), body, _peer(request)
        )
        try:
            answer = await self._handle(asked)
            if answer.is_piecewise or (answer.status == 200 and is_long_running(asked)):
                return await self._stream(request, answer)
            whole = await answer.read()
        except TransportError:
            _break_off(request)  # an injected fault: there shall be no answer
            return web.Response(status=500)
        except Exception:  # noqa: BLE001 (the outermost frame: it is logged, and the client is told)
            _log.exception("%r failed", asked)
            return _failure(500, "InternalError", "Internal error occurred: see the server's log")
        return web.Response(status=answer.status, body=whole, headers=answer.headers)

    async def _stream(self, request: web.BaseRequest, answer: Response) -> web.StreamResponse:
        """Pass an answer on while it comes, until it ends, the client goes away, or we stop."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine that runs has a task)
        stream = web.StreamResponse(status=answer.status, headers=answer.headers)
        self._streaming.add(task)
        try:
            await stream.prepare(request)
            if request.method != "HEAD":
                async for chunk in answer.chunks:
                    async with asyncio.timeout(self._slow_after):
                        await stream.write(chunk)
        except TimeoutError:
            # What it has not read is bounded, but not for ever: as kube-apiserver, which ends slow watchers.
            _log.info("%s %s is not read: the connection is cut", request.method, request.raw_path)
            if request.transport is not None:
                request.transport.abort()
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
            task.uncancel()
        except ClientConnectionResetError:
            pass  # the client went away between two pieces: an ordinary end of a watch
        except TransportError:
            _break_off(request)  # an injected fault
        except Exception:  # noqa: BLE001 (the outermost frame: it is logged, and the connection is cut)
            # A clean end would claim that the answer is complete.
            _log.exception("the answer to %s %s broke off", request.method, request.raw_path)
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._streaming.discard(task)
            await answer.aclose()
        return stream


def _break_off(request: web.BaseRequest) -> None:
    """Reset the connection, as a server does that dies."""
    if request.transport is None:
        return
    sock = request.transport.get_extra_info("socket")
    if sock is not None and sock.family in {socket.AF_INET, socket.AF_INET6}:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


def is_long_running(request: Request) -> bool:
    """Whether the answer may stay open: a watch, by its parameter or by the old `/watch/` path.

    Source: kube-apiserver's long-running request check; the parameter counts as apimachinery reads booleans,
    where all but "0" and "false" mean yes.
    """
    path, _, query = request.target.partition("?")
    if _WATCH_PATH.match(path):
        return True
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "watch":
            return value.lower() not in {"0", "false"}
    return False


def _bind(host: str, port: int, *, allow_remote: bool) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ConfigError(f"cannot listen on {host} port {port}: ports go from 0 to 65535")
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host or "0.0.0.0",  # noqa: S104 (an empty name means every address; refused below unless asked for)
            port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )[0]
        where = str(address[0])
        if not allow_remote and not ip_address(where.partition("%")[0]).is_loopback:
            raise ConfigError(
                f"refusing to listen on {host or where}: other machines could connect. "
                "Choose 127.0.0.1, or allow remote connections on purpose"
            )
        return socket.create_server((where, int(address[1])), family=family, backlog=128)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"cannot listen on {host} port {port}: {reason}. "
            "Choose another host or port; port 0 takes any free one"
        ) from error


async def _read_body(request: web.BaseRequest) -> bytes | None:
    """The whole body, or None if it is too large. A client that waits for `100 Continue` gets it first."""
    if not request.body_exists:
        return b""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return None
    if request.version == HttpVersion11 and request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer proper has not begun
    pieces: list[bytes] = []
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > MAX_BODY_BYTES:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _target(raw: str) -> str:
    """Path and query of a request line, also of one that a proxy's client wrote (`GET http://host/path`)."""
    if raw.startswith("/"):
        return raw
    _, scheme, rest = raw.partition("://")
    return "/" + rest.partition("/")[2] if scheme else raw


def _peer(request: web.BaseRequest) -> Peer | None:
    transport = request.transport
    certificate = transport.get_extra_info("peercert") if transport is not None else None
    if not certificate:
        return None
    fields = [pair for names in certificate["subject"] for pair in names]
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    encoded = tls.getpeercert(binary_form=True) if tls is not None else None
    return Peer(
        next((value for name, value in fields if name == "commonName"), ""),
        tuple(value for name, value in fields if name == "organizationName"),
        hashlib.sha256(encoded).hexdigest() if encoded else "",
    )


def _failure(code: int, reason: str, message: str) -> web.Response:
    """A Status for what goes wrong before or beside `handle`."""
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    answer = web.Response(status=code, body=msgspec.json.encode(status), content_type="application/json")
    if code == 413:
        answer.force_close()  # what is left of the body is not worth reading
    return answer
