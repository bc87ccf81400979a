"""Where kubeconfigs are looked for, and what is told along the way."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from kubeconfig_table import TOKEN, kube
from manual_clock import ManualClock
from throwaway_pem import leaf

from listwatch.apimachinery.errors import ConfigError, CredentialError
from listwatch.client.kubeconfig import load_config

NOTHING: dict[str, str] = {"PATH": "/usr/bin:/bin"}


def test_home_from_environment(tmp_path: Path) -> None:
    """Without `home`, HOME says where `.kube` is."""
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(kube())
    assert load_config(environ={"HOME": str(tmp_path)}).host == "https://h:6443"


def test_home_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without HOME the user's entry in the system says where it is."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(ConfigError, match=rf"{tmp_path}/\.kube/config: no such file"):
        load_config(environ=NOTHING, in_cluster_root=tmp_path)


def test_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user id that the system does not know has no home, which is told among what was tried."""

    def no_home() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(ConfigError, match="there is no home directory"):
        load_config(environ=NOTHING, in_cluster_root=tmp_path)


def test_process_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `environ` this process's KUBECONFIG counts, relative to its working directory."""
    (tmp_path / "mine").write_text(kube())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", "mine")
    assert load_config().source == f"context 'ctx' of {tmp_path}/mine"


def test_all_missing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If none of KUBECONFIG's files exists there is a warning, since a pod's account may be used instead."""
    with pytest.raises(ConfigError):
        load_config(environ={"KUBECONFIG": f"{tmp_path}/a:{tmp_path}/b"}, in_cluster_root=tmp_path)
    assert f"none of the files that KUBECONFIG names exists: {tmp_path}/a, {tmp_path}/b" in caplog.text


def test_enormous_file(tmp_path: Path) -> None:
    """A file that cannot be a kubeconfig is not read to its end."""
    with (tmp_path / "config").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ConfigError, match=f"{tmp_path}/config: is larger than 16777216 bytes"):
        load_config(kubeconfig=tmp_path / "config", environ=NOTHING)


def test_path_with_nul() -> None:
    """What is no path is told as such."""
    with pytest.raises(ConfigError, match="holds a NUL"):
        load_config(kubeconfig="a\0b", environ=NOTHING)


def test_many_names(tmp_path: Path) -> None:
    """Of many known names the first are listed, and the others counted."""
    contexts = [{"name": f"ctx-{number}"} for number in range(30)]
    (tmp_path / "config").write_text(json.dumps({"contexts": contexts}))
    with pytest.raises(ConfigError, match="'ctx-19' and 10 more"):
        load_config(kubeconfig=tmp_path / "config", context="nope", environ=NOTHING)


def test_no_names(tmp_path: Path) -> None:
    """Where there is nothing to choose from, that is said."""
    (tmp_path / "config").write_text("current-context: x")
    with pytest.raises(ConfigError, match=r"no context 'x' in .*; there are none"):
        load_config(kubeconfig=tmp_path / "config", environ=NOTHING)


@pytest.mark.parametrize(
    "user",
    [f"{{token: {TOKEN}}}", "{username: me}", "{client-certificate-data: @CERT@, client-key-data: @KEY@}"],
)
async def test_http_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture, user: str) -> None:
    """That credentials are kept back from an http server is told, without them."""
    for mark, pem in (("@CERT@", leaf("client").cert_pem), ("@KEY@", leaf("client").key_pem)):
        user = user.replace(mark, base64.b64encode(pem).decode())
    text = kube(cluster="{server: 'http://h'}", user=user)
    write(tmp_path / "config", text)
    config = load_config(kubeconfig=tmp_path / "config", environ=NOTHING)
    assert await config.credentials.authorization() is None
    assert not config.tls.has_client_certificate
    assert "http://h is no https server, so no credentials are sent to it" in caplog.text
    assert TOKEN not in caplog.text


async def test_exec_from_a_kubeconfig(tmp_path: Path) -> None:
    """A plugin beside its kubeconfig runs, is told the cluster, and its failures name the entry."""
    answer = {
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"token": "t-1"},
    }
    script = (
        f"#!/bin/sh\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" > {tmp_path}/told\necho '{json.dumps(answer)}'\n"
    )
    write(tmp_path / "plugin", script)
    user = (
        "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin, "
        "provideClusterInfo: true}}"
    )
    write(tmp_path / "config", kube(user=user))
    clock = ManualClock()
    config = load_config(kubeconfig=tmp_path / "config", environ=NOTHING, clock=clock, exec_timeout=20)
    with pytest.raises(CredentialError, match=r'config: users\["u"\]\.exec: .*is not executable'):
        await config.credentials.authorization()
    make_executable(tmp_path / "plugin")
    clock.advance(2)
    assert await config.credentials.authorization() == "Bearer t-1"
    assert json.loads(read(tmp_path / "told"))["spec"]["cluster"] == {"server": "https://h:6443"}


def write(path: Path, text: str) -> None:
    path.write_text(text)


def read(path: Path) -> str:
    return path.read_text()


def make_executable(path: Path) -> None:
    path.chmod(0o755)
