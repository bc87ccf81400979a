"""What a read of a socket costs, in counts: of bytes asked for, of memory pages touched for the first time."""

from __future__ import annotations

import asyncio
import platform
import subprocess
import sys
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]

import pytest

from listwatch.api.core_v1 import Pod
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.connection import READ_BYTES

READS = 2000
COUNT_FAULTS = f"""
import resource, socket
from listwatch.client.connection import READ_BYTES, _keep_read_memory

KEEP
here, there = socket.socketpair()

def read(times):
    for _ in range(times):
        there.send(b"x" * 1000)
        here.recv(READ_BYTES)
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
    assert faults("_keep_read_memory()") < READS / 20
    assert faults("") >= READS


def faults(keep: str) -> int:
    """The page faults of so many reads, in a process that has freed nothing large before."""
    code = COUNT_FAULTS.replace("KEEP", keep)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)
