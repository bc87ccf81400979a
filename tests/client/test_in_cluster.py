"""The configuration of a pod."""

from __future__ import annotations

from pathlib import Path

import pytest
from manual_clock import ManualClock
from throwaway_pem import authority

from listwatch.apimachinery.errors import ConfigError
from listwatch.client.in_cluster import in_cluster_config, why_not_in_cluster
from listwatch.client.tls import TLSSource

ENVIRON = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("first")
    (tmp_path / "namespace").write_text("team\n")
    (tmp_path / "ca.crt").write_bytes(authority().cert_pem)
    return tmp_path


async def test_all_there(root: Path) -> None:
    """Host, port, CA, token and namespace are those of the service account."""
    config = in_cluster_config(environ=ENVIRON, root=root)
    assert config.host == "https://10.0.0.1:443"
    assert config.tls.ca_file == root / "ca.crt"
    assert (config.namespace, config.namespace_is_explicit) == ("team", False)
    assert await config.credentials.authorization() == "Bearer first"
    assert str(root) in config.source


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("fd00::1", "https://[fd00::1]:443"),
        ("[fd00::1]", "https://[fd00::1]:443"),
        ("api", "https://api:443"),
    ],
)
def test_host_forms(root: Path, host: str, url: str) -> None:
    """An IPv6 address is put in brackets, once."""
    assert in_cluster_config(environ=ENVIRON | {"KUBERNETES_SERVICE_HOST": host}, root=root).host == url


@pytest.mark.parametrize(
    ("argument", "variable", "file", "namespace"),
    [
        ("mine", "pod", "team", "mine"),
        (None, "pod", "team", "pod"),
        (None, " ", "team", "team"),
        (None, "", " \n", "default"),
        (None, "", None, "default"),
    ],
)
def test_namespace(root: Path, argument: str | None, variable: str, file: str | None, namespace: str) -> None:
    """The namespace is the argument, else POD_NAMESPACE, else the file's, else "default"."""
    if file is None:
        (root / "namespace").unlink()
    else:
        (root / "namespace").write_text(file)
    config = in_cluster_config(environ=ENVIRON | {"POD_NAMESPACE": variable}, root=root, namespace=argument)
    assert (config.namespace, config.namespace_is_explicit) == (namespace, argument is not None)


@pytest.mark.parametrize("name", sorted(ENVIRON))
def test_not_a_pod(root: Path, name: str) -> None:
    """Without either variable this is no pod, and the error names the variable."""
    environ = {key: value for key, value in ENVIRON.items() if key != name}
    assert why_not_in_cluster(environ=environ, root=root) == f"{name} is not set"
    with pytest.raises(ConfigError, match=f"not in a cluster: {name}"):
        in_cluster_config(environ=environ, root=root)


def test_no_token(root: Path) -> None:
    """A pod without a service account token is told as such."""
    (root / "token").unlink()
    with pytest.raises(ConfigError, match=f"{root}/token: no such file"):
        in_cluster_config(environ=ENVIRON, root=root)


def test_empty_token(root: Path) -> None:
    """An empty token file is an error that names it."""
    (root / "token").write_text("")
    with pytest.raises(ConfigError, match=f"{root}/token: is empty"):
        in_cluster_config(environ=ENVIRON, root=root)


def test_bad_port(root: Path) -> None:
    """A port that is none is blamed on its variable."""
    with pytest.raises(ConfigError, match="KUBERNETES_SERVICE_PORT"):
        in_cluster_config(environ=ENVIRON | {"KUBERNETES_SERVICE_PORT": "tcp://x"}, root=root)


def test_broken_ca(root: Path) -> None:
    """A CA that is there but no certificate is an error that names the file."""
    (root / "ca.crt").write_text("hello")
    with pytest.raises(ConfigError, match=f"{root}/ca.crt: holds no certificate"):
        in_cluster_config(environ=ENVIRON, root=root)


def test_no_ca(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without a CA file the system's authorities are trusted, and a warning says so."""
    (root / "ca.crt").unlink()
    assert in_cluster_config(environ=ENVIRON, root=root).tls.ca_file is None
    assert "ca.crt" in caplog.text


async def test_rotation(root: Path) -> None:
    """Token and CA are read again as the kubelet renews them."""
    clock = ManualClock()
    config = in_cluster_config(environ=ENVIRON, root=root, clock=clock)
    source = TLSSource(config, clock=clock)
    before, _ = source.current()
    assert await config.credentials.authorization() == "Bearer first"
    (root / "token").write_text("second")
    (root / "ca.crt").write_bytes(authority("next CA").cert_pem)
    clock.advance(60)
    assert await config.credentials.authorization() == "Bearer second"
    assert source.current()[0] == before + 1


def test_default_environ(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `environ` this process's variables count."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    assert in_cluster_config(root=root).host == "https://10.0.0.1:443"
