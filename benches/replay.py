"""A server that says again what was prepared, as fast as the reader reads: nothing is computed while it is measured.

    python benches/replay.py --pods 10000            # prints its address; ends with its standard input

In:    a number of pods and a seed
Out:   `http://127.0.0.1:PORT` on stdout; lists (whole, and in pages of 500), streamed lists, watches
Next:  fill.py, follow.py, idle.py, watchers.py (who start it as a process of its own)
Rules: all bytes are made before the address is printed, but for a tape that is told several times. A watch stays
       silent until somebody asks for `/tell?rate=R&seconds=S`, which answers once all bytes are made: then MODIFIED
       events of its pods come in turn at that rate, to whoever watches, or else to the first who will. `/expire` ends
       every watch with a Status of 410
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import re
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

import msgspec
import pods

PAGE: Final = 500
_VERSION_BYTES: Final = 12
_FIRST_VERSION: Final = (
    100_000_000_000  # of one length, so that an event's version can be written over another
)
_FRAMES_A_CHUNK: Final = 50
_NAMESPACE: Final = re.compile(rb'"namespace":"')
_EXPIRED: Final = (
    msgspec.json.encode(
        {
            "type": "ERROR",
            "object": {
                "kind": "Status",
                "apiVersion": "v1",
                "status": "Failure",
                "message": "too old resource version",
                "reason": "Expired",
                "code": 410,
            },
        }
    )
    + b"\n"
)
_DISCOVERY: Final = {
    "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.2"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [
            {
                "name": "pods",
                "singularName": "pod",
                "namespaced": True,
                "kind": "Pod",
                "verbs": ["get", "list", "watch"],
            }
        ],
    },
}


class Tape:
    """The prepared bytes.

    Args:
        count: How many pods.
        seed: Of the pods.
        small: Leave of each pod about 1 KB.
        streams_only: Prepare no lists but streamed ones, which saves half of the memory.
        times: Tell a streamed list so many times, each time in other namespaces.
    """

    def __init__(
        self, count: int, *, seed: int, small: bool = False, streams_only: bool = False, times: int = 1
    ) -> None:
        self.times = times
        self.items: list[bytes] = []
        seen: set[tuple[str, str]] = set()
        for number, pod in enumerate(pods.pods(count, seed=seed)):
            key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
            if key in seen:  # made-up names meet now and then
                pod["metadata"]["name"] += f"-{number}"
            seen.add(key)
            pod["metadata"]["resourceVersion"] = str(_FIRST_VERSION + number)
            self.items.append(msgspec.json.encode(shrunk(pod) if small else pod))
        self.version = _FIRST_VERSION + count
        self.whole = b"" if streams_only else self._page(0, count)
        self.pages = [] if streams_only else [self._page(start, PAGE) for start in range(0, count, PAGE)]
        head = b'{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1",'
        frames = [head + item[1:] + b"}\n" for item in self.items]
        end = {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {
                "resourceVersion": str(self.version),
                "annotations": {"k8s.io/initial-events-end": "true"},
            },
        }
        self.end = chunked(msgspec.json.encode({"type": "BOOKMARK", "object": end}) + b"\n")
        self.streamed = [
            chunked(b"".join(frames[start : start + _FRAMES_A_CHUNK]))
            for start in range(0, len(frames), _FRAMES_A_CHUNK)
        ]

    def stream(self) -> Iterator[bytes]:
        """The pieces of a streamed list."""
        yield from self.streamed
        for number in range(1, self.times):
            for piece in self.streamed:
                frames = piece[piece.index(b"\r\n") + 2 : -2]
                yield chunked(_NAMESPACE.sub(b'"namespace":"again-%d-' % number, frames))
        yield self.end

    def _page(self, start: int, size: int) -> bytes:
        metadata: dict[str, object] = {"resourceVersion": str(self.version)}
        left = len(self.items) - start - size
        if left > 0:
            metadata |= {"continue": f"from-{start + size}", "remainingItemCount": left}
        items = b",".join(self.items[start : start + size])
        body = b'{"kind":"PodList","apiVersion":"v1","metadata":%s,"items":[%s]}\n' % (
            msgspec.json.encode(metadata),
            items,
        )
        return answer(body)

    def changes(self, count: int) -> list[bytes]:
        """Frames of `count` changes, one a pod in turn, each with a version of its own."""
        head = b'{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1",'
        frames = []
        for number in range(count):
            place = number % len(self.items)
            was = b'"resourceVersion":"%d"' % (_FIRST_VERSION + place)
            now = b'"resourceVersion":"%d"' % (self.version + 1 + number)
            frames.append(head + self.items[place].replace(was, now, 1)[1:] + b"}\n")
        self.version += count
        return frames


def shrunk(pod: dict[str, object]) -> dict[str, object]:
    """A pod of about 1 KB: what small kinds are like."""
    metadata = dict(pod["metadata"])  # type: ignore[call-overload]
    for name in ("managedFields", "annotations", "ownerReferences"):
        metadata.pop(name, None)
    spec, status = pod["spec"], pod["status"]
    kept = {name: spec[name] for name in ("nodeName", "restartPolicy", "dnsPolicy") if name in spec}  # type: ignore[index,operator]
    told = {name: status[name] for name in ("phase", "podIP", "hostIP", "startTime") if name in status}  # type: ignore[index,operator]
    return {"metadata": metadata, "spec": kept, "status": told}


def answer(body: bytes) -> bytes:
    """A whole answer."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head + body


def chunked(piece: bytes) -> bytes:
    """A piece of an answer that goes on."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


STREAM: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


class Replay:
    """Answers requests from a tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.watchers: set[asyncio.StreamWriter] = set()
        self._is_watched = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None
        self.documents = {path: answer(msgspec.json.encode(told)) for path, told in _DISCOVERY.items()}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await self._answer(urlsplit(head.split(b" ", 2)[1].decode()), writer)
        self.watchers.discard(writer)
        if not self.watchers:
            self._is_watched.clear()
        writer.close()

    async def _answer(self, target: SplitResult, writer: asyncio.StreamWriter) -> None:
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        path = target.path.rstrip("/")
        if path in self.documents:
            writer.write(self.documents[path])
        elif path == "/tell":
            rate, seconds = float(query["rate"]), float(query["seconds"])
            frames = self.tape.changes(int(rate * seconds))
            self._telling = asyncio.create_task(self._tell(frames, rate))
            told = {"events": len(frames), "version": str(self.tape.version)}
            writer.write(answer(msgspec.json.encode(told)))
        elif path == "/expire":
            for watcher in self.watchers:
                watcher.write(chunked(_EXPIRED) + chunked(b""))
            self.watchers.clear()
            self._is_watched.clear()
            writer.write(answer(b"{}"))
        elif query.get("watch", "").lower() in {"true", "1"}:
            writer.write(STREAM)
            if query.get("sendInitialEvents") == "true":
                for piece in self.tape.stream():
                    writer.write(piece)
                    await writer.drain()
            self.watchers.add(writer)
            self._is_watched.set()
        elif token := query.get("continue"):
            writer.write(self.tape.pages[int(token.removeprefix("from-")) // PAGE])
        else:
            limit = int(query.get("limit") or 0)
            # Who asks for smaller pages (kr8s: 100) gets ours: fewer requests are no disadvantage.
            writer.write(self.tape.pages[0] if limit else self.tape.whole)
        await writer.drain()

    async def _tell(self, frames: list[bytes], rate: float) -> None:
        """Send changes to every watcher, `rate` a second, once there is one."""
        await self._is_watched.wait()
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        while sent < len(frames):
            due = min(len(frames), int((loop.time() - began) * rate) + 1)
            while due > sent:
                piece = chunked(b"".join(frames[sent : min(due, sent + _FRAMES_A_CHUNK)]))
                for writer in list(self.watchers):
                    writer.write(piece)
                    await writer.drain()
                sent = min(due, sent + _FRAMES_A_CHUNK)
            await asyncio.sleep(0.02)


@contextlib.contextmanager
def served(
    count: int, *, seed: int = pods.SEED, arguments: Sequence[str] = ()
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A replay server in a process of its own: its address, and the process."""
    command = [sys.executable, __file__, "--pods", str(count), "--seed", str(seed), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.stdin.close()
            process.kill()


def _tls() -> ssl.SSLContext:
    from listwatch.apiserver.listener.certificates import CertificateAuthority  # noqa: PLC0415 (slow to load)

    pair = CertificateAuthority(now=datetime.now(UTC)).issue_server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pair.certificate_pem + pair.key_pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


async def main() -> None:
    """Prepare, serve, obey."""
    parser = argparse.ArgumentParser(description="Serve prepared pods.")
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=pods.SEED)
    parser.add_argument("--small", action="store_true", help="pods of 1 KB")
    parser.add_argument("--streams-only", action="store_true", help="no lists but streamed ones")
    parser.add_argument("--tls", action="store_true", help="over HTTPS")
    parser.add_argument("--times", type=int, default=1, help="tell all pods so often, in other namespaces")
    options = parser.parse_args()
    tape = Tape(
        options.pods,
        seed=options.seed,
        small=options.small,
        streams_only=options.streams_only,
        times=options.times,
    )
    replay = Replay(tape)
    gc.freeze()
    tls = _tls() if options.tls else None
    server = await asyncio.start_server(replay.serve, "127.0.0.1", 0, limit=1 << 20, ssl=tls)
    print(f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
