"""`listwatch watch` in a process of its own, while its server is killed and started again."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from processes import PATIENCE, Lines

from listwatch import Client, Config, load_config
from listwatch.api.core_v1 import ConfigMap
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.client.credentials import StaticToken

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

TOKEN = "survivor"
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
Told = list[tuple[str, str, str]]


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
        return number


@contextmanager
def program(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is killed at the end, whatever it does."""
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, *command], text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


class Durable:
    """A place where a server can be, and the directory with its state.

    The kubeconfig is that of the first start: the later ones write theirs elsewhere.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.kubeconfig = folder / "kubeconfig"
        self._data = folder / "data"
        self._port = port

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Client]:
        """The server in a process of its own, and a client of it; in the end it gets SIGKILL."""
        kubeconfig = self._data.with_name("another") if self.kubeconfig.exists() else self.kubeconfig
        where = ("--port", str(self._port), "--data-dir", str(self._data), "--kubeconfig", str(kubeconfig))
        with program("-m", "listwatch", "serve", "--no-simulation", "-o", "json", *where) as server:
            assert server.stdout is not None
            assert server.stdout.readline()
            async with Client(load_config(kubeconfig=self.kubeconfig)) as client:
                yield client
            server.kill()

    @asynccontextmanager
    async def down(self, *, forgetting: bool) -> AsyncIterator[Client]:
        """What the watcher cannot see: the same state, reached by another way; perhaps its history is forgotten."""
        async with EmbeddedCluster(listen=False, simulate=False, data_dir=self._data) as cluster:
            yield Client(
                Config(host="http://memory.test", credentials=StaticToken(cluster.admin_token)),
                transport=cluster.handle,
            )
            if forgetting:
                cluster.server.compact()


class Writer:
    """Writes, and notes what a watch should tell of it."""

    def __init__(self) -> None:
        self.told: Told = []

    async def create(self, client: Client, name: str) -> None:
        """A new object, of a new uid."""
        made = ConfigMap()
        made.metadata.name = name
        self._note("ADDED", await client.resource(ConfigMap, namespace="default").create(made))

    async def change(self, client: Client, name: str, value: str) -> None:
        """An object in a new version."""
        configmaps = client.resource(ConfigMap, namespace="default")
        self._note("MODIFIED", await configmaps.patch(name, {"data": {"v": value}}))

    async def delete(self, client: Client, name: str) -> None:
        """An object less."""
        configmaps = client.resource(ConfigMap, namespace="default")
        gone = await configmaps.get(name)
        await configmaps.delete(name)
        self.told.append(("DELETED", name, gone.uid))

    def _note(self, kind: str, obj: ConfigMap) -> None:
        self.told.append((kind, obj.name, obj.resource_version))


def read(lines: list[str]) -> Told:
    """What `-o json` said: the version of what there is, the uid of what is gone (its last version may be missed)."""
    told = []
    for event in map(json.loads, lines):
        metadata = event["object"]["metadata"]
        field = "uid" if event["type"] == "DELETED" else "resourceVersion"
        told.append((event["type"], metadata["name"], metadata[field]))
    return told


def watching(kubeconfig: Path, resource: str, *options: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """`listwatch watch` in the background."""
    return program("-m", "listwatch", "watch", resource, *options, "--kubeconfig", str(kubeconfig))


@pytest.mark.parametrize("forgetting", [False, True])
async def test_each_change_is_told_once(tmp_path: Path, port: int, forgetting: bool) -> None:
    """Whatever is written before, between and after two kills of the server is told once and in order; where the
    restarted server has forgotten its history, what was missed is told as the differences. The kubeconfig of the
    first start, with its token and authority, goes on working.
    """
    place, writer = Durable(tmp_path, port), Writer()
    with ExitStack() as stack:
        async with place.up() as client:
            await writer.create(client, "a")
            watcher = stack.enter_context(watching(place.kubeconfig, "configmaps", "-o", "json"))
            assert watcher.stdout is not None
            lines = Lines(watcher.stdout)
            lines.until('"name":"a"')
            await writer.create(client, "b")
            await writer.change(client, "a", "1")
            await writer.create(client, "c")
            lines.until('"name":"c"')
        missed = Writer()
        async with place.down(forgetting=forgetting) as client:
            await missed.change(client, "b", "1")
            await missed.change(client, "b", "2")
            await missed.delete(client, "c")
            await missed.delete(client, "a")
            await missed.create(client, "x")
            await missed.delete(client, "x")
            await missed.create(client, "a")
            await missed.create(client, "d")
        async with place.up() as client:
            lines.until('"name":"d"')
            after = Writer()
            await after.change(client, "d", "1")
            await after.delete(client, "b")
            lines.until("DELETED")
        async with place.up() as client:
            await after.create(client, "e")
            told = read(lines.until('"name":"e"'))
        watcher.terminate()
        assert watcher.wait(timeout=PATIENCE) == 143
        assert watcher.stderr is not None
        complaints = watcher.stderr.read()
    if forgetting:
        _, changed, gone_c, gone_a, _, _, come_a, come_d = missed.told
        missed.told = [gone_a, gone_c, come_a, changed, come_d]
    ours = [each for each in told if not each[1].startswith("kube-")]
    assert ours == [*writer.told, *missed.told, *after.told]
    assert len(set(told)) == len(told)
    assert complaints.count("watching again") == 2
    assert "warning" not in complaints


def test_a_cluster_made_anew_is_told_as_such(tmp_path: Path, port: int) -> None:
    """`listwatch serve` without a directory keeps nothing: again it is another cluster, and a watch of the first ends,
    instead of telling of either what is true of the other.
    """
    kubeconfig = tmp_path / "kubeconfig"
    words = ("-m", "listwatch", "serve", "--port", str(port), "--token", TOKEN, "-o", "json")
    with ExitStack() as stack:
        with program(*words, "--kubeconfig", str(kubeconfig)) as first:
            assert first.stdout is not None
            assert first.stdout.readline()
            watcher = stack.enter_context(watching(kubeconfig, "namespaces", "-o", "name"))
            assert watcher.stdout is not None
            lines = Lines(watcher.stdout)
            lines.until("kube-system")
        with program(*words, "--kubeconfig", str(tmp_path / "another")):
            assert watcher.wait(timeout=PATIENCE) == 3
        assert watcher.stderr is not None
        assert "If the cluster was made anew, its kubeconfig has to be fetched anew." in watcher.stderr.read()
    assert set(lines.seen) == {f"ADDED namespace/{name}" for name in NAMESPACES}
    assert len(lines.seen) == len(NAMESPACES)
