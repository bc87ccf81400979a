"""Sockets: what goes wrong on them becomes the right error; connections are reused and left closed."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from throwaway_pem import authority, leaf

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.errors import (
    BadRequest,
    CertificateError,
    ConfigError,
    ConnectionLost,
    ConnectionRefused,
    ListWatchError,
    ProtocolError,
    RequestTimeout,
)
from listwatch.client import connection
from listwatch.client.client import Client
from listwatch.client.config import Config, TLSConfig
from listwatch.client.connection import SocketTransport
from listwatch.client.credentials import StaticToken
from listwatch.client.retry import RetryPolicy
from listwatch.client.watch import Watch

ONCE = RetryPolicy(max_retries=0)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
POD = b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"}}'
FRAME = b'{"type":"ADDED","object":%s}\n' % POD


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the machine that the tests run on."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


class Server:
    """A few lines of HTTP/1.1 by hand, so that it can misbehave at any byte."""

    def __init__(self, respond: Callable[[str], bytes | None]) -> None:
        self._respond = respond
        self.connections = 0
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.subjects: list[Any] = []
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests until the script says None: then close without a word."""
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                self.subjects.append(writer.get_extra_info("peercert"))
                lengths = [
                    int(x.split(":")[1]) for x in head.split("\r\n") if x.lower().startswith("content-length")
                ]
                self.bodies.append(await reader.readexactly(sum(lengths)))
                reply = self._respond(head.split("\r\n")[0])
                if reply is None:
                    break
                writer.write(reply)
                await writer.drain()
                if b"Connection: close" in reply:
                    break
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    @property
    def lines(self) -> list[str]:
        """The request lines."""
        return [head.partition(" HTTP")[0] for head in self.heads]


def reply(body: bytes = POD, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer; a `length` of its own promises more than comes."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*chunks: bytes, whole: bool = True, cut: bool = False) -> bytes:
    """A chunked answer, perhaps without its end, perhaps cut off there."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    head += b"Connection: close\r\n\r\n" if cut else b"\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + (b"0\r\n\r\n" if whole else b"")


@asynccontextmanager
async def serving(
    respond: Callable[[str], bytes | None], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """A server on a free port of loopback."""
    server = Server(respond)
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await asyncio.sleep(0)


def server_tls(
    *, ca: str = "test CA", dns_name: str = "kubernetes.test", wants_client: bool = False
) -> ssl.SSLContext:
    """A server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = leaf("server", ca=ca, dns_name=dns_name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pair.pem")
        path.write_bytes(pair.cert_pem + pair.key_pem)
        context.load_cert_chain(path)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=authority().cert_pem.decode())
    return context


def config(port: int, *, tls: TLSConfig | None = None, host: str = "127.0.0.1", **more: Any) -> Config:
    """Where a server of ours is."""
    scheme = "https" if tls is not None else "http"
    return Config(host=f"{scheme}://{host}:{port}", tls=tls or TLSConfig(), **more)


async def get(where: Config, *, times: int = 1) -> list[Pod]:
    """Get a pod that often, one after the other."""
    async with Client(where, retry=ONCE) as client:
        return [await client.resource(Pod).get("p") for _ in range(times)]


def closed_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


TRUSTING = TLSConfig(ca_data=authority().cert_pem)


# Errors


async def test_refused() -> None:
    """A port where nothing listens is ConnectionRefused, with the address and what to look at."""
    port = closed_port()
    with pytest.raises(
        ConnectionRefused, match=rf"http://127.0.0.1:{port}: cannot connect.*API server running"
    ):
        await get(config(port))


async def test_unknown_host() -> None:
    """A name without an address is ConnectionRefused: no server has seen the request."""
    with pytest.raises(ConnectionRefused, match=r"http://nowhere.invalid:80: cannot connect"):
        await get(config(80, host="nowhere.invalid"))


async def test_untrusted_certificate() -> None:
    """A certificate of another authority is a CertificateError that says which setting to check."""
    async with serving(lambda _: reply(), tls=server_tls(ca="other CA")) as server:
        with pytest.raises(CertificateError, match=r"not trusted: .*certificate-authority"):
            await get(config(server.port, tls=TRUSTING))
    assert server.heads == []


async def test_name_that_does_not_fit() -> None:
    """A certificate for another name is a CertificateError that names the host and tls-server-name."""
    with_name = TLSConfig(ca_data=authority().cert_pem, server_name="other.test")
    async with serving(lambda _: reply(), tls=server_tls()) as server:
        with pytest.raises(CertificateError, match=r"other\.test.*tls-server-name"):
            await get(config(server.port, tls=with_name))


async def test_server_name_that_fits() -> None:
    """With tls-server-name the certificate must hold that name instead of the host's."""
    with_name = TLSConfig(ca_data=authority().cert_pem, server_name="kubernetes.test")
    async with serving(lambda _: reply(), tls=server_tls()) as server:
        assert len(await get(config(server.port, tls=with_name), times=2)) == 2
    assert server.connections == 1


async def test_plain_server_on_https() -> None:
    """A server that does not speak TLS is told apart from one with a bad certificate."""
    async with serving(lambda _: reply()) as server:

        async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
            writer.close()

        server.handle = babble  # type: ignore[method-assign]
        listening = await asyncio.start_server(babble, "127.0.0.1", 0)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            with pytest.raises(CertificateError, match="does not speak TLS"):
                await get(config(port, tls=TRUSTING))


async def test_tls_server_on_http() -> None:
    """What a TLS server says to a plain request reaches the caller."""
    said = b"Client sent an HTTP request to an HTTPS server."
    async with serving(lambda _: reply(said, status="400 Bad Request")) as server:
        with pytest.raises(BadRequest, match="HTTPS server"):
            await get(config(server.port))


async def test_no_client_certificate() -> None:
    """A server that wants a client certificate and gets none ends in a CertificateError that says so."""
    # A blocking server that stays: asyncio's drops the connection, and with it what it has to say.
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            plain, _ = listening.accept()
            secure = server_tls(wants_client=True).wrap_socket(
                plain, server_side=True, do_handshake_on_connect=False
            )
            with pytest.raises(ssl.SSLError):
                secure.do_handshake()
            with socket.socket(fileno=secure.detach()) as rest:
                while rest.recv(4096):
                    pass

        refusing = asyncio.create_task(asyncio.to_thread(refuse))
        async with Client(config(listening.getsockname()[1], tls=TRUSTING)) as client:
            with pytest.raises(CertificateError, match="client certificate"):
                await client.resource(Pod).create({"metadata": {"name": "p"}})
        await refusing


@pytest.mark.parametrize(
    "answered",
    [
        None,
        reply(POD, "Connection: close", length=1000),
        reply(b"", "Connection: close", length=10),
        chunked(POD[:20], whole=False, cut=True),
    ],
    ids=["no answer", "half a body", "no body", "no last chunk"],
)
async def test_cut_off(answered: bytes | None) -> None:
    """A server that closes before its answer is whole is ConnectionLost."""
    async with serving(lambda _: answered) as server, Client(config(server.port)) as client:
        with pytest.raises(ConnectionLost, match="cut"):
            await client.resource(Pod).create({"metadata": {"name": "p"}})
    assert server.lines == ["POST /api/v1/namespaces/default/pods"]


async def test_not_http() -> None:
    """A server that speaks something else is a ProtocolError."""
    async with serving(lambda _: b"SSH-2.0-OpenSSH_9.9\r\n\r\nConnection: close") as server:
        with pytest.raises(ProtocolError, match="not HTTP"):
            await get(config(server.port))


async def test_connection_that_is_never_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handshake that does not end is given up, and RequestTimeout says that no connection was there."""
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.05)
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, pytest.raises(RequestTimeout, match="no connection within"):
        await get(config(silent.getsockname()[1], tls=TRUSTING))


async def test_request_that_no_header_can_hold() -> None:
    """What cannot stand in a header is a ConfigError, and nothing is sent."""
    async with serving(lambda _: reply()) as server:
        with pytest.raises(ConfigError, match=r"cannot be asked.*header"):
            await get(config(server.port, user_agent="two\r\nlines: x", credentials=StaticToken("s3cr3t")))
    assert server.heads == []


async def test_closing_the_client_while_a_call_waits() -> None:
    """A call that waits when its client is closed fails at once as cut off, and is not sent again."""
    asked = asyncio.Event()

    def keep_still(_: str) -> bytes:
        asked.set()
        return b""

    async with serving(keep_still) as server:
        client = Client(config(server.port))
        waiting = asyncio.create_task(client.resource(Pod).get("p"))
        await asked.wait()
        await client.aclose()
        with pytest.raises(ConnectionLost):
            await waiting
    assert len(server.heads) == 1


@pytest.mark.parametrize("method", ["create", "replace", "patch", "delete"])
async def test_write_is_sent_once(method: str) -> None:
    """A write whose connection is cut is sent once on the wire, also on a connection that was in use before."""
    calls: dict[str, Callable[[Any], Awaitable[Any]]] = {
        "create": lambda pods: pods.create({"metadata": {"name": "p"}}),
        "replace": lambda pods: pods.replace({"metadata": {"name": "p"}}),
        "patch": lambda pods: pods.patch("p", {}),
        "delete": lambda pods: pods.delete("p"),
    }
    async with (
        serving(lambda line: reply() if line.startswith("GET") else None) as server,
        Client(config(server.port)) as client,
    ):
        await client.resource(Pod).get("p")
        with pytest.raises(ConnectionLost):
            await calls[method](client.resource(Pod))
    verbs = {"create": "POST", "replace": "PUT", "patch": "PATCH", "delete": "DELETE"}
    assert [line.split()[0] for line in server.lines] == ["GET", verbs[method]]


async def test_get_on_a_stale_connection() -> None:
    """A GET on a kept connection that the server has closed meanwhile is simply sent on a new one."""
    replies = iter([reply(), None, reply()])
    async with serving(lambda _: next(replies)) as server:
        assert len(await get(config(server.port), times=2)) == 2
    assert server.connections == 2


async def test_watch_that_is_cut() -> None:
    """A watch whose connection is cut gives what came and raises ConnectionLost."""
    seen = []
    cut = chunked(FRAME, FRAME[:10], whole=False, cut=True)

    async def follow(port: int) -> None:
        async with Client(config(port)) as client:
            async for event in client.resource(Pod).watch():
                seen.append(event.object.name)  # noqa: PERF401

    async with serving(lambda _: cut) as server:
        with pytest.raises(ConnectionLost):
            await follow(server.port)
    assert seen == ["p"]


# Connections


async def test_connection_is_reused() -> None:
    """Requests one after the other share a connection, whatever their answers were."""
    replies = iter([reply(), reply(b"", status="404 Not Found"), chunked(POD), reply()])
    async with serving(lambda _: next(replies)) as server, Client(config(server.port)) as client:
        pods = client.resource(Pod)
        await pods.get("p")
        with pytest.raises(ListWatchError):
            await pods.get("p")
        await pods.get("p")
        await pods.delete("p")
    assert (server.connections, len(server.heads)) == (1, 4)


async def test_broken_off_watch_gives_no_connection_back() -> None:
    """A connection whose answer was not read to its end is closed, not given to the next request."""
    async with (
        serving(lambda line: chunked(FRAME, whole=False) if "watch" in line else reply()) as server,
        Client(config(server.port)) as client,
    ):
        async with client.resource(Pod).watch() as watch:
            async for _ in watch:
                break
        await client.resource(Pod).get("p")
    assert server.connections == 2


async def test_watches_do_not_wait_for_one_another() -> None:
    """Any number of watches may be open at once, each on its connection."""
    async with (
        serving(lambda _: chunked(FRAME, whole=False)) as server,
        Client(config(server.port)) as client,
    ):
        watches = [client.resource(Pod).watch() for _ in range(120)]
        for watch in watches:
            await watch.__aenter__()
        assert server.connections == 120


async def following(watch: Watch[Pod], came: asyncio.Event) -> list[str]:
    """The names that a watch tells of; says when the first came."""
    names = []
    async for event in watch:
        names.append(event.object.name)
        came.set()
    return names


@pytest.mark.parametrize("end", ["stop the watch", "close the client"])
async def test_reader_is_woken(end: str) -> None:
    """Stopping a watch, or closing its client, from another task ends its iteration though the server keeps still."""
    async with (
        serving(lambda _: chunked(FRAME, whole=False)) as server,
        Client(config(server.port)) as client,
    ):
        watch, came = client.resource(Pod).watch(), asyncio.Event()
        task = asyncio.create_task(following(watch, came))
        await came.wait()
        await (watch.stop() if end == "stop the watch" else client.aclose())
        assert await task == ["p"]


async def test_large_body() -> None:
    """A body of 3 MB is sent whole and without a warning, and with its length."""
    big = {"metadata": {"name": "p"}, "data": "x" * (3 << 20)}
    async with serving(lambda _: reply()) as server, Client(config(server.port)) as client:
        await client.resource(Pod).create(big)
        await client.resource(Pod).replace(big)
    assert [len(body) > 3 << 20 for body in server.bodies] == [True, True]
    assert "chunked" not in server.heads[0].lower()


async def test_headers_on_the_wire() -> None:
    """What a request says stands on the wire as it is, path and query not encoded again."""
    async with serving(lambda _: reply(b'{"kind":"PodList","items":[]}')) as server:
        where = config(server.port, credentials=StaticToken("token"), disable_compression=True)
        async with Client(where) as client:
            await client.resource(Pod).list(label_selector="a in (b,c)", continue_="a+b/c=")
    head = server.heads[0]
    assert head.startswith(
        "GET /api/v1/namespaces/default/pods?continue=a%2Bb%2Fc%3D&labelSelector=a%20in%20%28b%2Cc%29 HTTP/1.1\r\n"
    )
    for line in ("Authorization: Bearer token", "Accept-Encoding: identity", "Accept: application/json"):
        assert f"\r\n{line}\r\n" in head
    assert "Content-Type" not in head
    assert "Cookie" not in head


async def test_base_path() -> None:
    """A server behind a path prefix is asked under that prefix."""
    async with serving(lambda _: reply()) as server:
        await get(Config(host=f"http://127.0.0.1:{server.port}/k8s/clusters/c-1/"))
    assert server.lines == ["GET /k8s/clusters/c-1/api/v1/namespaces/default/pods/p"]


async def test_client_certificate_is_shown() -> None:
    """The configuration's client certificate is shown in the handshake."""
    pair = leaf("jane")
    showing = TLSConfig(ca_data=authority().cert_pem, cert_data=pair.cert_pem, key_data=pair.key_pem)
    async with serving(lambda _: reply(), tls=server_tls(wants_client=True)) as server:
        await get(config(server.port, tls=showing))
    assert server.subjects[0]["subject"] == ((("commonName", "jane"),),)


async def test_rotated_certificate_gets_a_new_connection(tmp_path: Path) -> None:
    """After a client certificate has changed, the next request shows the new one."""
    cert, key = tmp_path / "cert", tmp_path / "key"
    clock = Steps()

    def write(name: str) -> None:
        cert.write_bytes(leaf(name).cert_pem)
        key.write_bytes(leaf(name).key_pem)
        clock.seconds += 60

    write("old")
    showing = TLSConfig(ca_data=authority().cert_pem, cert_file=cert, key_file=key)
    async with (
        serving(lambda _: reply(), tls=server_tls(wants_client=True)) as server,
        Client(config(server.port, tls=showing), clock=clock) as client,
    ):
        await client.resource(Pod).get("p")
        write("newer")
        await client.resource(Pod).get("p")
    assert [s["subject"][0][0][1] for s in server.subjects] == ["old", "newer"]


class Steps:
    """A clock whose monotonic time is set by hand."""

    seconds = 0.0

    def now(self) -> Any:
        raise NotImplementedError

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_nothing_is_left_open(tls: bool) -> None:
    """A client that is closed leaves no socket and no task, in use or idle, and no warning of one."""

    async def main() -> None:
        context = server_tls() if tls else None
        async with (
            serving(
                lambda line: chunked(FRAME, whole=False) if "watch" in line else reply(), tls=context
            ) as s,
            Client(config(s.port, tls=TRUSTING if tls else None)) as client,
        ):
            await client.resource(Pod).get("p")
            watch = client.resource(Pod).watch()
            events = aiter(watch)
            await anext(events)
        assert asyncio.all_tasks() - {asyncio.current_task()} <= {
            task for task in asyncio.all_tasks() if "handle" in repr(task.get_coro())
        }

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(main())
        gc.collect()


async def test_transport_can_be_closed_twice() -> None:
    """Closing what was never opened, or is closed, does nothing."""
    transport = SocketTransport(config(1), clock=Steps())
    await transport.aclose()
    await transport.aclose()


# Proxies


@asynccontextmanager
async def proxying() -> AsyncIterator[tuple[int, list[str]]]:
    """A proxy that does CONNECT, and GET of full URLs; its port, and the heads that it got."""
    heads: list[str] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        heads.append(head)
        method, target, _ = head.split(" ", 2)
        if "forbidden" in target:
            writer.write(b"HTTP/1.1 403 Not For You\r\nContent-Length: 0\r\n\r\n")
        elif method == "CONNECT":
            port = int(target.rpartition(":")[2])
            onward, back = await asyncio.open_connection("127.0.0.1", port), None
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = asyncio.create_task(pump(onward[0], writer))
            await pump(reader, onward[1])
            await back
        else:
            writer.write(reply(POD, "Connection: close"))
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1], heads
    finally:
        listening.close()


async def test_proxy_url_for_https() -> None:
    """An https server is reached through CONNECT, its certificate checked; the proxy's password goes to the proxy."""
    async with serving(lambda _: reply(), tls=server_tls()) as server, proxying() as (port, heads):
        await get(config(server.port, tls=TRUSTING, proxy_url=f"http://me:pass@127.0.0.1:{port}"))
    assert heads[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1")
    assert "Proxy-Authorization: Basic bWU6cGFzcw==" in heads[0]
    assert "Proxy-Authorization" not in server.heads[0]


async def test_proxy_url_for_http() -> None:
    """A plain server is asked for by its full URL."""
    async with proxying() as (port, heads):
        await get(Config(host="http://api.test:8001", proxy_url=f"http://127.0.0.1:{port}"))
    assert heads[0].startswith("GET http://api.test:8001/api/v1/namespaces/default/pods/p HTTP/1.1")


@pytest.mark.parametrize("no_proxy", ["", "other.test", "10.0.0.0/8"])
async def test_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, no_proxy: str) -> None:
    """The environment's proxy is used for hosts that NO_PROXY does not name."""
    async with proxying() as (port, heads):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", no_proxy)
        await get(Config(host="http://api.test:8001"))
    assert len(heads) == 1


async def test_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that NO_PROXY names, and loopback in any case, is asked directly."""
    async with serving(lambda _: reply()) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
        await get(config(server.port))
        monkeypatch.setenv("NO_PROXY", "invalid")
        with pytest.raises(ConnectionRefused, match=r"nowhere\.invalid:80: cannot connect: "):
            await get(config(80, host="nowhere.invalid"))
    assert len(server.heads) == 1


async def test_proxy_of_the_configuration_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """proxy-url goes before the environment, for loopback, too."""
    async with proxying() as (port, heads):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
        await get(config(closed_port(), proxy_url=f"http://127.0.0.1:{port}"))
    assert len(heads) == 1


async def test_proxy_that_refuses() -> None:
    """A proxy that says no is named, without its password; the server has not seen the request."""
    async with proxying() as (port, _):
        where = Config(
            host="https://forbidden.test", tls=TRUSTING, proxy_url=f"http://me:pass@127.0.0.1:{port}"
        )
        with pytest.raises(
            ConnectionRefused, match=rf"the proxy http://<hidden>@127.0.0.1:{port}.*403"
        ) as caught:
            await get(where)
    assert "pass" not in str(caught.value)


async def test_proxy_that_is_not_there() -> None:
    """A proxy where nothing listens is told apart from a server where nothing listens."""
    port = closed_port()
    where = Config(host="https://api.test", tls=TRUSTING, proxy_url=f"http://me:pass@127.0.0.1:{port}")
    with pytest.raises(
        ConnectionRefused, match=rf"cannot connect to the proxy http://<hidden>@127.0.0.1:{port}"
    ) as e:
        await get(where)
    assert "pass" not in str(e.value)


def test_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind of proxy that is not supported is a ConfigError at once, without its password."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:pass@127.0.0.1:1080")
    with pytest.raises(ConfigError, match=r"environment.*<hidden>@127.0.0.1:1080.*socks5") as caught:
        Client(Config(host="https://api.test", tls=TRUSTING))
    assert "pass" not in str(caught.value)
