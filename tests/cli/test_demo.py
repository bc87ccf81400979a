"""`listwatch demo`, and what a real process does with signals and pipes."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted_server import Terminal, parsed

from listwatch.api.core_v1 import Pod
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.cli import demo, get
from listwatch.cli.shell import Shell
from listwatch.client.client import Client
from listwatch.client.kubeconfig import load_config

ARTICLE = """\
test-pod
ADDED : test-pod
ADDED : test-pod2
MODIFIED : test-pod2
MODIFIED : test-pod2
MODIFIED : test-pod2
MODIFIED : test-pod2
MODIFIED : test-pod2
MODIFIED : test-pod2
MODIFIED : test-pod2
DELETED : test-pod2
"""

pytestmark = pytest.mark.slow


async def test_the_demo_prints_the_article() -> None:
    """The demo prints what the article shows, nothing else, within five seconds, and leaves no task behind."""
    out, err = io.StringIO(), io.StringIO()
    began = time.monotonic()
    assert await demo.command(parsed("demo"), Shell(out=out, err=err)) == 0
    assert time.monotonic() - began < 5
    assert out.getvalue() == ARTICLE
    assert err.getvalue() == ""
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_on_a_terminal_types_have_colours() -> None:
    """On a terminal the same lines come with coloured event types."""
    out = Terminal()
    shell = Shell(out=out, err=io.StringIO(), environ={"TERM": "xterm"})
    assert await demo.command(parsed("demo"), shell) == 0
    for code, word in (("32", "ADDED"), ("33", "MODIFIED"), ("31", "DELETED")):
        assert f"\x1b[{code}m{word}\x1b[0m" in out.getvalue()


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[tuple[Path, Client]]:
    """A cluster that listens, its kubeconfig, and a client."""
    async with EmbeddedCluster(simulate=False) as running:
        path = running.write_kubeconfig(folder / "config")
        async with Client(load_config(kubeconfig=path)) as client:
            yield path, client


async def process(*words: str) -> asyncio.subprocess.Process:
    """A `listwatch` of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "listwatch",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_signals_end_a_watch_quietly(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Each event is out at once; Ctrl-C and SIGTERM end a watch without a word and with the usual codes."""
    async with cluster(tmp_path) as (path, client):
        pods = client.resource(Pod, namespace="default")
        await pods.create(demo.manifest("test-pod"))
        watch = await process("watch", "pods", "--kubeconfig", str(path))
        assert watch.stdout is not None
        assert await watch.stdout.readline() == b"ADDED : test-pod\n"
        await pods.patch("test-pod", {"metadata": {"labels": {"a": "b"}}})
        assert await watch.stdout.readline() == b"MODIFIED : test-pod\n"
        watch.send_signal(number)
        out, err = await watch.communicate()
        assert (watch.returncode, out, err) == (code, b"", b"")


async def test_a_reader_who_goes_ends_it_quietly(tmp_path: Path) -> None:
    """When nobody reads the pipe any more the watch ends at once, without a word and without another event."""
    async with cluster(tmp_path) as (path, client):
        pods = client.resource(Pod, namespace="default")
        await pods.create(demo.manifest("test-pod"))
        reading, writing = os.pipe()
        watch = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "listwatch",
            "watch",
            "pods",
            "--kubeconfig",
            str(path),
            stdout=writing,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        os.close(writing)
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, os.read, reading, 100) == b"ADDED : test-pod\n"
        os.close(reading)
        _, err = await watch.communicate()
        assert (watch.returncode, err) == (141, b"")


@pytest.mark.parametrize("output", ["table", "wide", "name", "json", "yaml"])
async def test_get_from_an_embedded_server(tmp_path: Path, output: str) -> None:
    """Every format can be had from a real listener, of one object and of all."""
    async with cluster(tmp_path) as (path, client):
        await client.resource(Pod, namespace="default").create(demo.manifest("test-pod"))
        for words in (
            "get pods",
            "get po test-pod",
            "get pods -A",
            "get pods --field-selector metadata.name=test-pod",
        ):
            out = io.StringIO()
            shell = Shell(out=out, err=io.StringIO())
            assert await get.command(parsed(f"{words} -o {output} --kubeconfig {path}"), shell) == 0
            assert "test-pod" in out.getvalue()
