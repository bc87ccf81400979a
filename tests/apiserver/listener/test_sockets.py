"""The listening side: real sockets on loopback, a scripted `handle` behind them."""

import asyncio
import hashlib
import io
import json
import logging
import random
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from multidict import CIMultiDict
from yarl import URL

from listwatch.apimachinery.clock import SystemClock
from listwatch.apimachinery.errors import ConfigError
from listwatch.apimachinery.http import Peer, Request, Response
from listwatch.apiserver.listener.certificates import CertificateAuthority
from listwatch.apiserver.listener.sockets import MAX_BODY_BYTES, Listener, is_long_running, server_context
from listwatch.apiserver.server import APIServer

Handle = Callable[[Request], Awaitable[Response]]


async def echo(request: Request) -> Response:
    """Tells in headers what has arrived, and gives the body back."""
    headers = [("X-Method", request.method), ("X-Target", request.target), ("X-Peer", repr(request.peer))]
    return Response.of(200, request.body, content_type="application/json", headers=headers)


class Stream:
    """An answer that the test feeds piece by piece, and that tells when it was let go."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    async def __call__(self, request: Request) -> Response:
        """Answer every request with this stream."""
        return Response(200, CIMultiDict({"Content-Type": "application/json"}), self._chunks())

    async def _chunks(self) -> AsyncIterator[bytes]:
        try:
            while (piece := await self.pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.closed.set()


@asynccontextmanager
async def listening(handle: Handle, **options: object) -> AsyncIterator[Listener]:
    """A plain HTTP listener around `handle`."""
    listener = Listener(handle, **options)  # type: ignore[arg-type]
    await listener.start()
    try:
        yield listener
    finally:
        await listener.aclose()


@asynccontextmanager
async def asking(
    handle: Handle, target: str, method: str = "GET", **options: Any
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer to one request over plain HTTP."""
    async with listening(handle) as listener, aiohttp.ClientSession(max_field_size=65536) as http:
        url = URL(listener.url + target, encoded=True)
        async with http.request(method, url, **options) as answer:
            yield answer


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    """One authority for all TLS tests."""
    return CertificateAuthority(now=datetime.now(UTC))


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/pods?fieldSelector=metadata.name%3Da%2Cb&limit=5",
        "/api/v1/namespaces/a%2Fb/pods",
        "/api/v1/pods?labelSelector=x+in+(a,b)",
        "/apis//x?continue=" + "A" * 20_000,
    ],
)
async def test_target_passes_through_untouched(target: str) -> None:
    """What stands on the request line reaches `handle` byte for byte, also when it is long."""
    async with asking(echo, target) as answer:
        assert (answer.status, answer.headers["X-Target"]) == (200, target)


async def test_absolute_form_targets_lose_their_host() -> None:
    """A request line as clients write it to a proxy names the same resource."""
    async with listening(echo) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET http://example.test/api?x=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert b"X-Target: /api?x=1\r\n" in await reader.read()
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_methods_and_bodies_arrive_whole(method: str) -> None:
    """Every method may carry a body, and the answer says how long its own is."""
    body = b"x" * 200_000
    async with asking(echo, "/x", method, data=body) as answer:
        assert await answer.read() == body
        assert answer.headers["X-Method"] == method
        assert answer.headers["Content-Length"] == "200000"


@pytest.mark.parametrize(("target", "length"), [("/api/v1/pods", "2"), ("/api/v1/pods?watch=1", None)])
async def test_head_has_headers_and_no_body(target: str, length: str | None) -> None:
    """HEAD is answered like GET, without the body."""

    async def pods(request: Request) -> Response:
        return Response.of(200, b"{}", content_type="application/json")

    async with asking(pods, target, "HEAD") as answer:
        assert (answer.status, answer.headers.get("Content-Length"), await answer.read()) == (
            200,
            length,
            b"",
        )


async def test_one_connection_serves_many_requests() -> None:
    """Connections are kept alive between requests, also when these arrive ahead of the answers."""
    async with listening(echo) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        for number in range(3):
            writer.write(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number)
        for number in range(3):
            assert b"X-Target: /%d\r\n" % number in await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_bodies_beyond_3_mib_get_status_413(is_chunked: bool) -> None:
    """A body larger than the real server's limit is refused with its words, however it is sent."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * (MAX_BODY_BYTES // 4 + 1)

    data = pieces() if is_chunked else io.BytesIO(b"x" * (MAX_BODY_BYTES + 1))
    async with asking(echo, "/x", "POST", data=data) as answer:
        status = await answer.json()
    assert (status["code"], status["reason"]) == (413, "RequestEntityTooLarge")
    assert status["message"] == "Request entity too large: limit is 3145728"


async def test_a_body_of_exactly_3_mib_is_taken() -> None:
    """The limit itself is allowed."""
    async with asking(echo, "/x", "POST", data=io.BytesIO(b"x" * MAX_BODY_BYTES)) as answer:
        assert len(await answer.read()) == MAX_BODY_BYTES


async def test_expect_100_continue_is_answered() -> None:
    """A client that asks first, as curl does with larger bodies, is told to go on."""
    async with asking(echo, "/x", "POST", data=b"body", expect100=True) as answer:
        assert await answer.read() == b"body"


async def test_watch_headers_leave_before_the_first_event() -> None:
    """A watch is answered at once, and each piece arrives as it is made."""
    stream = Stream()
    async with asking(stream, "/api/v1/pods?watch=true") as answer:
        assert (answer.status, answer.headers["Transfer-Encoding"]) == (200, "chunked")
        for piece in (b'{"type":"ADDED"}\n', b"x" * 300_000):
            stream.pieces.put_nowait(piece)
            assert await answer.content.readexactly(len(piece)) == piece
        stream.pieces.put_nowait(None)
        assert await answer.content.read() == b""


async def test_watch_ends_when_the_client_goes_away() -> None:
    """A connection that is cut closes the answer behind it, although nothing was being written."""
    stream = Stream()
    async with listening(stream) as listener:
        async with aiohttp.ClientSession() as http:
            answer = await http.get(listener.url + "/api/v1/pods?watch=true")
            assert not stream.closed.is_set()
            answer.close()
        await asyncio.wait_for(stream.closed.wait(), 5)


async def test_a_stream_that_fails_is_cut_not_ended(caplog: pytest.LogCaptureFixture) -> None:
    """An answer that breaks off must not look complete."""
    stream = Stream()
    async with asking(stream, "/api/v1/pods?watch=true") as answer:
        stream.pieces.put_nowait(RuntimeError("boom"))
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
    assert "broke off" in caplog.text


async def test_errors_of_a_watch_are_whole_answers() -> None:
    """A refused watch is a Status with a length, not a stream."""

    async def gone(request: Request) -> Response:
        return Response.of(410, b"{}", content_type="application/json")

    async with asking(gone, "/api/v1/pods?watch=true&resourceVersion=1") as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (410, "2")


async def test_a_failing_handle_is_a_500_status(caplog: pytest.LogCaptureFixture) -> None:
    """A fault of ours is logged here, and told to the client without its details."""

    async def broken(request: Request) -> Response:
        raise RuntimeError("secret detail")

    with caplog.at_level(logging.ERROR, "listwatch.apiserver"):
        async with asking(broken, "/x") as answer:
            status = await answer.json()
    assert (status["code"], status["reason"]) == (500, "InternalError")
    assert "secret detail" not in str(status)
    assert "secret detail" in caplog.text


async def test_close_ends_open_watches_cleanly() -> None:
    """On `aclose` an open watch gets its end of body, an idle connection is closed, nothing is left."""
    stream = Stream()
    before = asyncio.all_tasks()
    async with aiohttp.ClientSession() as http:
        async with listening(stream) as listener:
            idle = await asyncio.open_connection("127.0.0.1", listener.port)
            answer = await http.get(listener.url + "/api/v1/pods?watch=true")
            stream.pieces.put_nowait(b"event\n")
            assert await answer.content.readline() == b"event\n"
            started = asyncio.get_running_loop().time()
            await listener.aclose()
            assert asyncio.get_running_loop().time() - started < 0.5
        assert await answer.content.read() == b""
        assert stream.closed.is_set()
        assert await idle[0].read() == b""
        idle[1].close()
        await idle[1].wait_closed()
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(listener.url + "/x")
    assert asyncio.all_tasks() == before


@pytest.mark.slow
async def test_close_cuts_off_whoever_does_not_read() -> None:
    """A watcher that has stopped reading holds `aclose` no longer than its timeout."""
    stream = Stream()
    async with listening(stream) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, limit=1024)
        writer.write(b"GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: h\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(200):
            stream.pieces.put_nowait(b"x" * 100_000)
        await asyncio.sleep(0)
        started = asyncio.get_running_loop().time()
        await listener.aclose(timeout=0.2)
        assert asyncio.get_running_loop().time() - started < 1.5
        writer.transport.abort()


async def test_close_twice_is_harmless() -> None:
    """`aclose` may be called again, also before `start`."""
    listener = Listener(echo)
    await listener.aclose()
    await listener.start()
    await listener.aclose()
    await listener.aclose()


async def test_http_1_0_clients_read_to_the_end_of_the_connection() -> None:
    """A client too old for chunks gets the bare bytes, then the connection's end."""
    stream = Stream()
    for piece in (b"one\n", b"two\n", None):
        stream.pieces.put_nowait(piece)
    async with listening(stream) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET /api/v1/pods?watch=1 HTTP/1.0\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert b"chunked" not in head
        assert body == b"one\ntwo\n"
        writer.close()
        await writer.wait_closed()


def client_context(authority: CertificateAuthority) -> ssl.SSLContext:
    """A client that trusts `authority`, strictly."""
    context = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


async def test_client_certificate_becomes_the_peer(authority: CertificateAuthority, tmp_path: Path) -> None:
    """CN, O and fingerprint of a verified client certificate reach `handle`; without one there is no peer."""
    tls = server_context(pair=authority.issue_server(), client_ca_pem=authority.certificate_pem)
    pair = authority.issue_client(common_name="jane", organizations=("dev", "ops"))
    known, unknown = client_context(authority), client_context(authority)
    (tmp_path / "jane.pem").write_bytes(pair.certificate_pem + pair.key_pem)
    known.load_cert_chain(tmp_path / "jane.pem")
    async with listening(echo, tls=tls) as listener, aiohttp.ClientSession() as http:
        assert listener.url == f"https://127.0.0.1:{listener.port}"
        fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pair.certificate_pem.decode())).hexdigest()
        for context, peer in ((known, Peer("jane", ("dev", "ops"), fingerprint)), (unknown, None)):
            async with http.get(listener.url + "/x", ssl=context) as answer:
                assert answer.headers["X-Peer"] == repr(peer)


async def test_an_expired_client_certificate_is_refused(tmp_path: Path) -> None:
    """A certificate of our own authority is good for its time and no longer."""
    now = datetime.now(UTC)
    authority = CertificateAuthority(now=now - timedelta(days=2))
    tls = server_context(pair=authority.issue_server(), client_ca_pem=authority.certificate_pem)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jane")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    request_pem = request.public_bytes(serialization.Encoding.PEM)
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    issued = now - timedelta(days=1)
    async with listening(echo, tls=tls) as listener, aiohttp.ClientSession() as http:
        for hours, is_welcome in ((48, True), (1, False)):
            pem = authority.sign_client(request_pem, now=issued, lifetime=timedelta(hours=hours))
            context = client_context(authority)
            (tmp_path / "jane.pem").write_bytes(pem + key_pem)
            context.load_cert_chain(tmp_path / "jane.pem")
            try:
                async with http.get(listener.url + "/x", ssl=context) as answer:
                    assert "common_name='jane'" in answer.headers["X-Peer"]
                    was_welcome = True
            except aiohttp.ClientError:
                was_welcome = False
            assert was_welcome is is_welcome


async def test_client_certificate_of_a_stranger_is_refused(
    authority: CertificateAuthority, tmp_path: Path
) -> None:
    """A certificate that another authority signed does not make anybody anyone."""
    tls = server_context(pair=authority.issue_server(), client_ca_pem=authority.certificate_pem)
    pair = CertificateAuthority(now=datetime.now(UTC)).issue_client(common_name="jane")
    context = client_context(authority)
    (tmp_path / "jane.pem").write_bytes(pair.certificate_pem + pair.key_pem)
    context.load_cert_chain(tmp_path / "jane.pem")
    async with listening(echo, tls=tls) as listener, aiohttp.ClientSession() as http:
        with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
            await http.get(listener.url + "/x", ssl=context)


async def test_tls_watches_end_cleanly_too(authority: CertificateAuthority) -> None:
    """Over TLS, `aclose` gives an open watch its end of body as well, and promptly."""
    stream = Stream()
    tls = server_context(pair=authority.issue_server(), client_ca_pem=authority.certificate_pem)
    async with aiohttp.ClientSession() as http, listening(stream, tls=tls) as listener:
        answer = await http.get(listener.url + "/api/v1/pods?watch=true", ssl=client_context(authority))
        reading = asyncio.create_task(answer.content.read())
        started = asyncio.get_running_loop().time()
        await listener.aclose()
        assert asyncio.get_running_loop().time() - started < 0.5
        assert await reading == b""


async def test_idle_tls_connections_are_closed_promptly(authority: CertificateAuthority) -> None:
    """A client that keeps its connection for later, as kubectl does, does not hold up `aclose`."""
    tls = server_context(pair=authority.issue_server(), client_ca_pem=authority.certificate_pem)
    async with aiohttp.ClientSession() as http, listening(echo, tls=tls) as listener:
        async with http.get(listener.url + "/x", ssl=client_context(authority)) as answer:
            await answer.read()
        started = asyncio.get_running_loop().time()
        await listener.aclose()
        assert asyncio.get_running_loop().time() - started < 0.5


@pytest.mark.slow
async def test_silent_tls_clients_are_cut_off(authority: CertificateAuthority) -> None:
    """Clients that never say goodbye, or never got through the handshake, hold `aclose` no longer than
    told.
    """
    tls = server_context(pair=authority.issue_server(), client_ca_pem=authority.certificate_pem)
    async with listening(echo, tls=tls) as listener:
        _, bare = await asyncio.open_connection("127.0.0.1", listener.port)
        loop = asyncio.get_running_loop()
        with socket.create_connection(("127.0.0.1", listener.port)) as raw:
            silent = client_context(authority).wrap_socket(
                raw, server_hostname="localhost", do_handshake_on_connect=False
            )
            await loop.run_in_executor(None, silent.do_handshake)
            started = loop.time()
            await listener.aclose(timeout=0.2)
            assert loop.time() - started < 1.5
            silent.close()
        bare.close()
        await bare.wait_closed()


async def test_a_port_in_use_is_a_config_error() -> None:
    """The error names the address and the way out."""
    async with listening(echo) as listener:
        with pytest.raises(
            ConfigError, match=rf"127\.0\.0\.1 port {listener.port}: Address already in use.*port 0"
        ):
            await Listener(echo, port=listener.port).start()


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::"])
async def test_it_does_not_listen_beyond_loopback_unless_told(host: str) -> None:
    """Listening where other machines can connect needs a second word."""
    with pytest.raises(ConfigError, match="other machines could connect"):
        await Listener(echo, host=host).start()
    async with listening(echo, host="0.0.0.0", allow_remote=True) as listener:
        assert listener.url == f"http://127.0.0.1:{listener.port}"


@pytest.mark.parametrize(
    ("host", "port"), [("no-such-host.invalid", 0), ("127.0.0.1", 70000), ("192.0.2.1", 0)]
)
async def test_an_address_that_is_not_ours_is_a_config_error(host: str, port: int) -> None:
    """Names that do not resolve, ports that do not exist and foreign addresses are the user's to correct."""
    with pytest.raises(ConfigError, match="cannot listen"):
        await Listener(echo, host=host, port=port, allow_remote=True).start()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/api/v1/pods?watch=true", True),
        ("/api/v1/pods?watch=1&x=y", True),
        ("/api/v1/pods?x=y&watch", True),
        ("/api/v1/pods?watch=false", False),
        ("/api/v1/pods?watch=0", False),
        ("/api/v1/pods", False),
        ("/api/v1/pods?watchful=1", False),
        ("/api/v1/watch/namespaces/default/pods", True),
        ("/apis/apps/v1/watch/deployments", True),
        ("/api/v1/namespaces/watch/pods", False),
        ("/apis/apps/v1/namespaces/watch/deployments", False),
    ],
)
def test_long_running_requests_are_told_by_parameter_or_path(target: str, expected: bool) -> None:
    """A watch is what kube-apiserver takes for one; a namespace called watch is not."""
    assert is_long_running(Request("GET", target)) is expected


@pytest.mark.slow
async def test_who_does_not_read_is_cut_off_and_disturbs_nobody() -> None:
    """A watcher that stops reading has a bounded buffer, after a while no connection; another is told everything."""
    count, size = 60, 200_000
    server = APIServer(clock=SystemClock())
    path = "/api/v1/namespaces/default/configmaps"

    async def handle(request: Request) -> Response:
        request.peer = Peer("admin", ("system:masters",))
        return await server.handle(request)

    async with AsyncExitStack() as stack:
        listener = await stack.enter_async_context(listening(handle, slow_after=0.5))
        slow = stack.enter_context(socket.socket())
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", listener.port))
        slow.sendall(f"GET {path}?watch=true HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        url = f"{listener.url}{path}?watch=true"
        async with aiohttp.ClientSession(read_bufsize=2**22) as http, http.get(url) as quick:
            assert listener._http is not None
            buffered = 0
            for number in range(count):
                body = json.dumps({"metadata": {"name": f"n{number}"}, "data": {"v": "x" * size}}).encode()
                assert (await handle(Request("POST", path, CIMultiDict(), body))).status == 201
                line = await quick.content.readuntil(b"\n")
                assert json.loads(line)["object"]["metadata"]["name"] == f"n{number}"
                transports = [each.transport for each in listener._http.connections]
                waiting = [each.get_write_buffer_size() for each in transports if each is not None]
                buffered = max([buffered, *waiting])
            assert buffered < 3 * 512 * 1024 < count * size
            async with asyncio.timeout(10):
                while len(listener._http.connections) > 1:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.02)
        await server.aclose()


ODD_BYTES = (
    b"\0" * 100,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"G\xc3\x89T / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n : y\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 40_000 + b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /\xff\xfe\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
)


@pytest.mark.slow
async def test_odd_bytes_on_a_socket_do_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    """What is no HTTP, or hardly, gets a 4xx or a closed connection, no traceback, and the next client its answer."""
    chance = random.Random(1)
    server = APIServer(clock=SystemClock())
    head = b"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nContent-Length: 20\r\n\r\n"
    broken = []
    for _ in range(150):
        text = bytearray(head + b'{"metadata":{"name":1')
        for _ in range(chance.randrange(1, 6)):
            text[chance.randrange(len(text))] = chance.randrange(256)
        broken.append(bytes(text))
    async with listening(server.handle) as listener:
        for odd in (*ODD_BYTES, *broken, *(chance.randbytes(200) for _ in range(100))):
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(odd)
            writer.write_eof()
            with suppress(ConnectionError):
                said = await reader.read()
                assert (
                    said == b""
                    or said[9:10] in {b"4", b"2"}
                    or b" 405 " in said[:20]
                    or b" 505 " in said[:20]
                ), (odd, said)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        async with aiohttp.ClientSession() as http, http.get(f"{listener.url}/version") as answer:
            assert answer.status == 200
    assert not [record for record in caplog.records if record.exc_info]
    await server.aclose()
