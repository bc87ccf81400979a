"""Listening on a socket file."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import aiohttp
import pytest

from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.listener.unix_socket import UnixSocketFile


def test_a_bound_file_is_its_owners_and_goes_again(tmp_path: Path) -> None:
    """Nobody else may connect; `remove` takes the file away, also when called twice."""
    file = UnixSocketFile(tmp_path / "api.sock")
    with file.bind():
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert file.url.startswith("http+unix://%2F")
    file.remove()
    file.remove()
    assert not file.path.exists()


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """What a killed server has left is no obstacle."""
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    file = UnixSocketFile(path)
    with file.bind():
        assert path.is_socket()
    file.remove()


def test_a_socket_in_use_and_a_file_are_left_alone(tmp_path: Path) -> None:
    """Neither another server nor somebody's file is harmed."""
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(path))
        living.listen()
        with pytest.raises(ConfigError, match="another server listens there"):
            UnixSocketFile(path).bind()
        assert path.is_socket()
    plain = tmp_path / "plain"
    plain.write_text("mine")
    with pytest.raises(ConfigError, match="is no socket"):
        UnixSocketFile(plain).bind()
    assert plain.read_text() == "mine"


def test_a_path_that_cannot_be_is_a_config_error(tmp_path: Path) -> None:
    """A folder that is missing, a path that is too long: the reason is told."""
    for path in (tmp_path / "none" / "api.sock", tmp_path / ("x" * 200)):
        with pytest.raises(ConfigError, match="cannot listen on"):
            UnixSocketFile(path).bind()


def test_another_servers_file_is_not_removed(tmp_path: Path) -> None:
    """If the file was replaced meanwhile, the new one stays."""
    first = UnixSocketFile(tmp_path / "api.sock")
    first.bind().close()
    second = UnixSocketFile(first.path)
    with second.bind():
        first.remove()
        assert second.path.exists()
    second.remove()


@pytest.mark.slow
async def test_a_cluster_listens_beside_its_port_and_leaves_nothing(tmp_path: Path) -> None:
    """Requests over the file are answered as over the port, watches too, and the file is gone at the end."""
    path = tmp_path / "api.sock"
    async with EmbeddedCluster(unix_socket=path, tls=False, simulate=False) as cluster:
        headers = {"Authorization": f"Bearer {cluster.admin_token}"}
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)), headers=headers) as http:
            async with http.get("http://localhost/api/v1/namespaces/default") as answer:
                assert (answer.status, (await answer.json())["metadata"]["name"]) == (200, "default")
            watch = await http.get("http://localhost/api/v1/namespaces?watch=true")
            assert b'"ADDED"' in await watch.content.readline()
            watch.close()
        stranger = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)))
        async with stranger as http, http.get("http://localhost/api/v1/namespaces/default") as answer:
            assert answer.status == 403
        async with aiohttp.ClientSession() as http, http.get(f"{cluster.url}/healthz") as answer:
            assert await answer.text() == "ok"
    assert not path.exists()
