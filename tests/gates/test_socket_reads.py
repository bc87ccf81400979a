"""What a read of a socket costs, in counts: of bytes asked for, of memory pages touched for the first time."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import tracemalloc
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]

import pytest

from listwatch.api.core_v1 import Pod
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.connection import READ_BYTES
from listwatch.shared_informer.shared_informer import SharedInformer

READS = 2000
COUNT_FAULTS = f"""
import resource, socket
KEEP
here, there = socket.socketpair()

def read(times):
    for _ in range(times):
        there.send(b"x" * 1000)
        here.recv({READ_BYTES})
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

print(-read(10) + read({READS}))
"""


async def test_an_answer_is_read_in_large_pieces() -> None:
    """One read takes up to READ_BYTES from a socket, several times what asyncio would take by itself."""
    is_seen = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await is_seen.wait()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        where = Config(host=f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        async with Client(where) as client, client.resource(Pod).watch(resource_version="1"):
            transports = asyncio.get_running_loop()._transports.values()  # type: ignore[attr-defined]
            sizes = sorted(transport.max_size for transport in transports)
            is_seen.set()
    assert sizes == [_SelectorSocketTransport.max_size, READ_BYTES]  # the server's end, and ours
    assert _SelectorSocketTransport.max_size < READ_BYTES


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps its memory otherwise")
def test_a_read_touches_no_fresh_memory() -> None:
    """Reading small events costs no page fault each, which it does where nothing is done against it."""
    assert faults("from listwatch.client.connection import _keep_read_memory as k; k()") < READS / 20
    assert faults("") >= READS


def faults(keep: str) -> int:
    """The page faults of so many reads, in a process that has freed nothing large, with glibc as it comes."""
    code = COUNT_FAULTS.replace("KEEP", keep)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run([sys.executable, "-c", code], env=own, capture_output=True, text=True, check=True)
    return int(done.stdout)


async def test_a_quiet_watch_holds_nothing_of_what_it_has_told() -> None:
    """Once a list is in the cache and the watch is quiet, no piece of the stream is in memory, for however long."""
    frames = b"".join(frame(number) for number in range(50)) + END
    hang = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        writer.write(b"%x\r\n%b\r\n" % (len(frames), frames))
        await hang.wait()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        where = Config(host=f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        async with Client(where) as client:
            informer = SharedInformer.from_client(client, Pod, namespace="", watch_list=True)
            tracemalloc.start()
            try:
                async with informer:
                    await informer.wait_synced()
                    large = [
                        trace.size for trace in tracemalloc.take_snapshot().traces if trace.size > 50_000
                    ]
            finally:
                tracemalloc.stop()
                hang.set()
            assert len(informer.indexer) == 50
    assert not large


END = (
    b'{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"99",'
    b'"annotations":{"k8s.io/initial-events-end":"true"}}}}\n'
)


def frame(number: int) -> bytes:
    """An ADDED of a pod of some 10 KB."""
    return (
        b'{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p%d","resourceVersion":"%d"},'
        b'"spec":{"nodeName":"%b"}}}\n' % (number, number + 1, b"n" * 10_000)
    )
