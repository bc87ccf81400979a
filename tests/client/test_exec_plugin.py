"""Exec plugins as real child processes: what they are told, what is kept, when they run again."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shlex
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from manual_clock import ManualClock
from throwaway_pem import leaf

from listwatch.apimachinery.errors import CredentialError
from listwatch.client.exec_credential import ExecCluster, ExecConfig
from listwatch.client.exec_plugin import ExecPlugin

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"


class Plugin:
    """A shell script that counts its runs and prints what the test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "plugin"
        self.runs_file = folder / "runs"
        self.answer_file = folder / "answer"
        self.script()

    def script(self, body: str = "") -> None:
        runs, answer = shlex.quote(str(self.runs_file)), shlex.quote(str(self.answer_file))
        self.path.write_text(f"#!/bin/sh\necho run >> {runs}\n{body}\nexec cat {answer}\n")
        self.path.chmod(0o755)

    def answers(self, *, api_version: str = V1, kind: str = "ExecCredential", **status: Any) -> None:
        document = {"kind": kind, "apiVersion": api_version, "status": status or None}
        self.answer_file.write_text(json.dumps(document))

    @property
    def runs(self) -> int:
        return len(self.runs_file.read_text().splitlines()) if self.runs_file.exists() else 0


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def credentials_of(plugin: Plugin, clock: ManualClock, **settings: Any) -> ExecPlugin:
    options = {
        name: settings.pop(name) for name in ("timeout", "has_terminal", "environ") if name in settings
    }
    defaults = {"command": str(plugin.path), "interactive_mode": "Never", "name": 'f: users["dev"].exec'}
    return ExecPlugin(ExecConfig(**(defaults | settings)), clock=clock, **options)


def after(clock: ManualClock, seconds: float) -> str:
    return (clock.now() + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


async def background_run(credentials: ExecPlugin) -> None:
    """Wait for the run that is under way."""
    assert credentials._flight is not None
    await credentials._flight


async def test_token_without_expiry(plugin: Plugin, clock: ManualClock) -> None:
    """A token without an end is kept for good."""
    plugin.answers(token="t-1")
    credentials = credentials_of(plugin, clock)
    for _ in range(3):
        assert await credentials.authorization() == "Bearer t-1"
        clock.advance(86400)
    assert plugin.runs == 1
    assert credentials.client_certificate() is None


async def test_v1beta1(plugin: Plugin, clock: ManualClock) -> None:
    """The beta version is spoken, too."""
    plugin.answers(api_version=V1BETA1, token="t-1")
    assert await credentials_of(plugin, clock, api_version=V1BETA1).authorization() == "Bearer t-1"


async def test_certificate(plugin: Plugin, clock: ManualClock) -> None:
    """A certificate without a token gives no header, and is handed to TLS."""
    pair = leaf("client")
    plugin.answers(clientCertificateData=pair.cert_pem.decode(), clientKeyData=pair.key_pem.decode())
    credentials = credentials_of(plugin, clock)
    assert credentials.client_certificate() is None
    assert await credentials.authorization() is None
    certificate = credentials.client_certificate()
    assert certificate is not None
    assert (certificate.certificate, certificate.key) == (pair.cert_pem, pair.key_pem)


async def test_renewed_early_in_the_background(plugin: Plugin, clock: ManualClock) -> None:
    """A minute before the end the plugin runs again, while the old token is still given out at once."""
    plugin.answers(token="t-1", expirationTimestamp=after(clock, 3600))
    credentials = credentials_of(plugin, clock)
    assert await credentials.authorization() == "Bearer t-1"
    plugin.answers(token="t-2", expirationTimestamp=after(clock, 7200))
    clock.advance(3539)
    assert await credentials.authorization() == "Bearer t-1"
    assert plugin.runs == 1
    clock.advance(1)
    assert await credentials.authorization() == "Bearer t-1"
    await background_run(credentials)
    assert await credentials.authorization() == "Bearer t-2"
    assert plugin.runs == 2


async def test_short_lived_is_renewed_in_its_last_tenth(plugin: Plugin, clock: ManualClock) -> None:
    """What lives for ten seconds is not renewed for nine of them."""
    plugin.answers(token="t-1", expirationTimestamp=after(clock, 10))
    credentials = credentials_of(plugin, clock)
    await credentials.authorization()
    clock.advance(8.9)
    await credentials.authorization()
    assert plugin.runs == 1
    assert credentials._flight is not None
    flight = credentials._flight
    clock.advance(0.1)
    await credentials.authorization()
    assert credentials._flight is not flight
    await background_run(credentials)
    assert plugin.runs == 2


async def test_early_renewal_that_fails(
    plugin: Plugin, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """While the old token holds, a failing plugin is only logged; at the end it is an error."""
    plugin.answers(token="t-1", expirationTimestamp=after(clock, 3600))
    credentials = credentials_of(plugin, clock)
    await credentials.authorization()
    plugin.script("echo 'no network' >&2; exit 3")
    clock.advance(3550)
    assert await credentials.authorization() == "Bearer t-1"
    await background_run(credentials)
    assert "exit code 3" in caplog.text
    assert "stay in use" in caplog.text
    assert await credentials.authorization() == "Bearer t-1"
    assert plugin.runs == 2
    clock.advance(51)
    with pytest.raises(CredentialError, match="no network"):
        await credentials.authorization()


async def test_expired_is_waited_for(plugin: Plugin, clock: ManualClock) -> None:
    """Once the token has ended, callers wait for the new one."""
    plugin.answers(token="t-1", expirationTimestamp=after(clock, 100))
    credentials = credentials_of(plugin, clock)
    await credentials.authorization()
    plugin.answers(token="t-2")
    clock.advance(100)
    assert await credentials.authorization() == "Bearer t-2"


async def test_arrives_expired(plugin: Plugin, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """Credentials that arrive expired are tried for ten seconds, so that each request does not run the plugin."""
    plugin.answers(token="t-1", expirationTimestamp=after(clock, -60))
    credentials = credentials_of(plugin, clock)
    for _ in range(3):
        assert await credentials.authorization() == "Bearer t-1"
    assert plugin.runs == 1
    assert "is the clock right" in caplog.text
    clock.advance(10)
    await credentials.authorization()
    assert plugin.runs == 2


class Gate:
    """Holds a plugin between its start and its answer."""

    def __init__(self, plugin: Plugin) -> None:
        self.started, self.go = plugin.folder / "started", plugin.folder / "go"
        for path in (self.started, self.go):
            os.mkfifo(path)
        plugin.script(f"echo > {shlex.quote(str(self.started))}; read _ < {shlex.quote(str(self.go))}")

    async def wait_started(self) -> None:
        await asyncio.to_thread(self.started.read_text)

    async def release(self) -> None:
        await asyncio.to_thread(self.go.write_text, "\n")


async def test_one_run_for_many_waiters(plugin: Plugin, clock: ManualClock) -> None:
    """However many ask at once, the plugin runs once; one who gives up does not stop it for the others."""
    plugin.answers(token="t-1")
    gate = Gate(plugin)
    credentials = credentials_of(plugin, clock)
    waiters = [asyncio.create_task(credentials.authorization()) for _ in range(20)]
    await gate.wait_started()
    waiters[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiters[0]
    await gate.release()
    assert await asyncio.gather(*waiters[1:]) == ["Bearer t-1"] * 19
    assert plugin.runs == 1


async def test_401_runs_again_once(plugin: Plugin, clock: ManualClock) -> None:
    """A 401 runs the plugin again at once; all whose request was refused share that run."""
    plugin.answers(token="t-1")
    credentials = credentials_of(plugin, clock)
    used = await credentials.authorization()
    plugin.answers(token="t-2")
    assert await asyncio.gather(*(credentials.refused(used) for _ in range(5))) == [True] * 5
    assert await credentials.authorization() == "Bearer t-2"
    assert await credentials.refused(used) is True
    assert plugin.runs == 2


async def test_401_same_token_again(plugin: Plugin, clock: ManualClock) -> None:
    """If the plugin hands out what was refused, there is no retry, and the pauses between runs grow."""
    plugin.answers(token="t-1")
    credentials = credentials_of(plugin, clock)
    used = await credentials.authorization()
    told = []
    for _ in range(70):
        assert await credentials.refused(used) is False
        told.append(plugin.runs - 1)
        clock.advance(1)
    assert [told.index(count) for count in (1, 2, 3)] == [0, 10, 30]
    assert plugin.runs == 4
    clock.advance(301)
    await credentials.refused(used)
    clock.advance(10)
    await credentials.refused(used)
    assert plugin.runs == 6


async def test_401_before_any_run(plugin: Plugin, clock: ManualClock) -> None:
    """A 401 to a request without credentials fetches some."""
    plugin.answers(token="t-1")
    assert await credentials_of(plugin, clock).refused(None) is True


async def test_401_to_a_certificate(plugin: Plugin, clock: ManualClock) -> None:
    """A refused certificate is renewed, too: another one is worth a retry."""
    first, second = leaf("client"), leaf("renewed")
    credentials = credentials_of(plugin, clock)
    plugin.answers(clientCertificateData=first.cert_pem.decode(), clientKeyData=first.key_pem.decode())
    used = await credentials.authorization()
    plugin.answers(clientCertificateData=second.cert_pem.decode(), clientKeyData=second.key_pem.decode())
    assert await credentials.refused(used) is True


async def test_pause_after_failures(plugin: Plugin, clock: ManualClock) -> None:
    """A broken plugin rests 1, 2, 4 … 60 seconds; meanwhile callers get its last failure at once."""
    plugin.script("exit 1")
    credentials = credentials_of(plugin, clock)
    runs_at = []
    for tick in range(400):
        before = plugin.runs
        with pytest.raises(CredentialError, match="exit code 1"):
            await credentials.authorization()
        if plugin.runs > before:
            runs_at.append(tick / 2)
        clock.advance(0.5)
    assert runs_at == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    plugin.script()
    plugin.answers(token="t-1")
    clock.advance(60)
    assert await credentials.authorization() == "Bearer t-1"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("", "printed nothing"),
        ("hunter22", "not an ExecCredential in JSON"),
        ('["hunter22"]', "not an ExecCredential in JSON"),
        ({"kind": "Pod"}, "kind 'Pod'"),
        ({"kind": "hunter22 hunter22"}, "kind of another form"),
        ({"apiVersion": V1BETA1}, "apiVersion 'client.authentication.k8s.io/v1beta1', but"),
        ({"status": None}, "without a status"),
        ({"status": {}}, "neither a token nor a client certificate"),
        ({"status": {"token": ""}}, "neither a token nor a client certificate"),
        ({"status": {"token": 7}}, "status.token"),
        ({"status": {"token": "hunter22\n2"}}, "control character"),
        ({"status": {"clientCertificateData": "hunter22"}}, "no clientKeyData"),
        ({"status": {"clientKeyData": "hunter22"}}, "no clientCertificateData"),
        (
            {"status": {"clientCertificateData": "hunter22", "clientKeyData": "x"}},
            "no certificate in PEM form",
        ),
        ({"status": {"token": "hunter22", "expirationTimestamp": "tomorrow"}}, "expirationTimestamp"),
        (
            {"status": {"token": "hunter22", "expirationTimestamp": "2030-01-01T00:00:00"}},
            "expirationTimestamp",
        ),
    ],
    ids=[f"answer-{number}" for number in range(16)],
)
async def test_unusable_answers(plugin: Plugin, clock: ManualClock, answer: Any, says: str) -> None:
    """An answer is taken whole or refused, with the entry, the field, and nothing of its contents."""
    if isinstance(answer, dict):
        answer = json.dumps(
            {"kind": "ExecCredential", "apiVersion": V1, "status": {"token": "hunter22"}} | answer
        )
    plugin.answer_file.write_text(answer)
    with pytest.raises(CredentialError) as caught:
        await credentials_of(plugin, clock).authorization()
    assert 'f: users["dev"].exec: ' in str(caught.value)
    assert says in str(caught.value)
    assert "hunter22" not in f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r}"


async def test_failure_shows_stderr_without_secrets(plugin: Plugin, clock: ManualClock) -> None:
    """A failure shows exit code and last words, but not the values that the kubeconfig gave the plugin."""
    plugin.script('seq 1 50 >&2; printf "\\033[31mbad key $SECRET for $1 $2 $3 $4\\n" >&2; exit 7')
    credentials = credentials_of(
        plugin,
        clock,
        args=("get-token", "--password=hunter22", "--key", "hunter23"),
        env={"SECRET": "hunter24"},
    )
    with pytest.raises(CredentialError) as caught:
        await credentials.authorization()
    message = str(caught.value)
    assert "exit code 7" in message
    assert "[31mbad key <hidden> for get-token --password=<hidden> --key <hidden>" in message
    assert "\x1b" not in message
    assert "\n32\n" in message
    assert "\n31\n" not in message
    assert "hunter22" not in message
    assert "hunter24" not in message


async def test_killed_by_a_signal(plugin: Plugin, clock: ManualClock) -> None:
    """A plugin that dies of a signal is told as such."""
    plugin.script("kill -TERM $$")
    with pytest.raises(CredentialError, match="killed by signal 15 and said nothing"):
        await credentials_of(plugin, clock).authorization()


async def test_says_too_much(plugin: Plugin, clock: ManualClock) -> None:
    """A plugin that never stops printing is stopped."""
    plugin.script("exec cat /dev/zero")
    with pytest.raises(CredentialError, match="printed more than 1048576 bytes"):
        await credentials_of(plugin, clock).authorization()


async def test_timeout_kills_all_of_it(plugin: Plugin, clock: ManualClock) -> None:
    """After the timeout the plugin and what it started are gone, and its last words are shown."""
    plugin.script(f"echo waiting >&2; sleep 60 & echo $! > {shlex.quote(str(plugin.folder / 'child'))}; wait")
    with pytest.raises(CredentialError, match=r"did not finish within 0\.2 s and was killed:\nwaiting"):
        await credentials_of(plugin, clock, timeout=0.2).authorization()
    child = int((plugin.folder / "child").read_text())
    assert not is_running(child)


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_loop_ends_while_plugin_runs(plugin: Plugin, clock: ManualClock) -> None:
    """When the run itself is cancelled, as at the loop's end, the plugin does not stay behind."""
    gate = Gate(plugin)
    credentials = credentials_of(plugin, clock)
    waiter = asyncio.create_task(credentials.authorization())
    await gate.wait_started()
    assert credentials._flight is not None
    credentials._flight.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    plugin.script()
    plugin.answers(token="t-1")
    assert await credentials.authorization() == "Bearer t-1"


def test_several_loops(plugin: Plugin, clock: ManualClock) -> None:
    """The same credentials serve one event loop after another."""
    plugin.answers(token="t-1", expirationTimestamp=after(clock, 100))
    credentials = credentials_of(plugin, clock)
    assert asyncio.run(credentials.authorization()) == "Bearer t-1"
    clock.advance(100)
    plugin.answers(token="t-2")
    assert asyncio.run(credentials.authorization()) == "Bearer t-2"


async def test_unknown_command(plugin: Plugin, clock: ManualClock) -> None:
    """A command that is not in PATH brings the install hint, without what a terminal would obey."""
    credentials = credentials_of(
        plugin, clock, command="no-such-plugin", install_hint="run\x1b[2J\n  brew install it\x07"
    )
    with pytest.raises(CredentialError) as caught:
        await credentials.authorization()
    assert "'no-such-plugin' is not in PATH\nrun[2J\n  brew install it" in str(caught.value)
    assert not set("\x1b\x07") & set(str(caught.value))


async def test_command_that_is_not_executable(plugin: Plugin, clock: ManualClock) -> None:
    """A path that cannot be run is told as such."""
    plugin.path.chmod(0o644)
    with pytest.raises(CredentialError, match="does not exist or is not executable"):
        await credentials_of(plugin, clock).authorization()


async def test_command_without_interpreter(plugin: Plugin, clock: ManualClock) -> None:
    """What the system says when a program cannot be started is passed on."""
    plugin.path.write_text("#!/no/such/interpreter\n")
    with pytest.raises(CredentialError, match="cannot be run: no such file"):
        await credentials_of(plugin, clock).authorization()


async def test_argument_with_nul(plugin: Plugin, clock: ManualClock) -> None:
    """An argument that no process can be given is an error that does not quote it."""
    with pytest.raises(CredentialError, match="holds a NUL") as caught:
        await credentials_of(plugin, clock, args=("hunter22\0",)).authorization()
    assert "hunter22" not in f"{caught.value!s}{caught.value.__cause__!r}"


async def test_command_from_path(plugin: Plugin, clock: ManualClock) -> None:
    """A bare name is looked up in the PATH that the plugin inherits."""
    plugin.answers(token="t-1")
    environ = {"PATH": f"{plugin.folder}:{os.environ['PATH']}"}
    assert (
        await credentials_of(plugin, clock, command="plugin", environ=environ).authorization() == "Bearer t-1"
    )


TELL = """
import json, os, sys
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
told = {"info": info, "args": sys.argv[1:], "env": dict(os.environ), "stdin": sys.stdin.read()}
json.dump(told, open(os.environ["TOLD"], "w"))
json.dump({"kind": "ExecCredential", "apiVersion": info["apiVersion"], "status": {"token": "t"}}, sys.stdout)
"""


@pytest.fixture
def told(plugin: Plugin, clock: ManualClock) -> Callable[..., Any]:
    """Run a plugin that writes down what it was told; gives that."""

    async def run(**settings: Any) -> Any:
        (plugin.folder / "tell.py").write_text(TELL)
        environ = {"TOLD": str(plugin.folder / "told"), "INHERITED": "yes", "BOTH": "inherited"}
        args = (str(plugin.folder / "tell.py"), *settings.pop("args", ()))
        await credentials_of(
            plugin, clock, command=sys.executable, args=args, environ=environ, **settings
        ).authorization()
        return json.loads((plugin.folder / "told").read_text())

    return run


async def test_told_arguments_and_variables(told: Callable[..., Any]) -> None:
    """The plugin gets its arguments, and its variables over those of this process."""
    heard = await told(args=("a", "b c"), env={"OWN": "1", "BOTH": "own"})
    assert heard["args"] == ["a", "b c"]
    assert [heard["env"][name] for name in ("INHERITED", "OWN", "BOTH")] == ["yes", "1", "own"]
    assert heard["stdin"] == ""


async def test_told_no_cluster(told: Callable[..., Any]) -> None:
    """Unless it is asked for, nothing is told of the cluster."""
    assert (await told())["info"] == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {"interactive": False},
    }


async def test_told_cluster(told: Callable[..., Any], tmp_path: Path) -> None:
    """The cluster is told with its CA inline, from wherever it comes, and with its extension."""
    (tmp_path / "ca").write_bytes(b"PEM")
    file = ExecCluster(server="https://h", certificate_authority=tmp_path / "ca", config={"audience": "x"})
    spec = (await told(cluster=file))["info"]["spec"]
    assert spec["cluster"] == {
        "server": "https://h",
        "certificate-authority-data": "UEVN",
        "config": {"audience": "x"},
    }
    data = ExecCluster(
        server="https://h",
        certificate_authority_data=b"PEM",
        tls_server_name="n",
        insecure_skip_tls_verify=True,
        proxy_url="http://p",
        disable_compression=True,
    )
    assert (await told(cluster=data))["info"]["spec"]["cluster"] == {
        "server": "https://h",
        "certificate-authority-data": "UEVN",
        "tls-server-name": "n",
        "insecure-skip-tls-verify": True,
        "proxy-url": "http://p",
        "disable-compression": True,
    }


async def test_cluster_ca_is_gone(plugin: Plugin, clock: ManualClock, tmp_path: Path) -> None:
    """A CA file that cannot be told is named."""
    cluster = ExecCluster(server="https://h", certificate_authority=tmp_path / "none")
    with pytest.raises(CredentialError, match=f"certificate-authority {tmp_path}/none: no such file"):
        await credentials_of(plugin, clock, cluster=cluster).authorization()


@pytest.mark.parametrize(("mode", "has_terminal"), [("Never", True), ("IfAvailable", False)])
async def test_not_interactive(told: Callable[..., Any], mode: str, has_terminal: bool) -> None:
    """Without a terminal, or without the wish for one, the plugin is told so and gets no stdin."""
    heard = await told(interactive_mode=mode, has_terminal=lambda: has_terminal)
    assert heard["info"]["spec"]["interactive"] is False


@pytest.mark.parametrize("mode", ["IfAvailable", "Always"])
async def test_interactive(
    plugin: Plugin, clock: ManualClock, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a terminal the plugin is told so, and what it says on stderr is seen at once."""
    plugin.script('echo "enter code $KUBERNETES_EXEC_INFO" >&2')
    plugin.answers(token="t-1")
    credentials = credentials_of(plugin, clock, interactive_mode=mode, has_terminal=lambda: True)
    assert await credentials.authorization() == "Bearer t-1"
    assert '"interactive":true' in capsys.readouterr().err


async def test_interactive_failure(plugin: Plugin, clock: ManualClock) -> None:
    """An interactive plugin that never answers is killed, too."""
    plugin.script("exec sleep 60")
    credentials = credentials_of(
        plugin, clock, interactive_mode="Always", has_terminal=lambda: True, timeout=0.1
    )
    with pytest.raises(CredentialError, match="was killed"):
        await credentials.authorization()


async def test_always_without_terminal(plugin: Plugin, clock: ManualClock) -> None:
    """A plugin that must ask somebody is not run where nobody is."""
    credentials = credentials_of(plugin, clock, interactive_mode="Always", has_terminal=lambda: False)
    with pytest.raises(CredentialError, match="interactiveMode: Always"):
        await credentials.authorization()
    assert plugin.runs == 0


async def test_repr_and_logs_hide(
    plugin: Plugin, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither arguments, variables nor what was handed out show in `repr` or logs."""
    caplog.set_level(logging.DEBUG)
    plugin.answers(token="hunter22")
    credentials = credentials_of(plugin, clock, args=("hunter23",), env={"A": "hunter24"})
    await credentials.authorization()
    assert "hunter2" not in repr([credentials, credentials._credential, credentials._config]) + caplog.text
    assert str(plugin.path) in repr(credentials)
