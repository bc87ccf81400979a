"""`listwatch serve` as people and programs use it: in a process of its own, ended by a signal."""

import argparse
import json
import os
import signal
import ssl
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

import listwatch
from listwatch.cli.serve import add_parser

slow = pytest.mark.slow


def parse(*words: str) -> argparse.Namespace:
    """The arguments as the command line gives them."""
    parser = argparse.ArgumentParser(prog="listwatch")
    add_parser(parser.add_subparsers())
    return parser.parse_args(["serve", *words])


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command, running in a folder; killed if the test does not end it."""
    source = str(Path(listwatch.__path__[0]).parent)
    process = subprocess.Popen(
        [sys.executable, "-m", "listwatch", "serve", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": source},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_defaults() -> None:
    """Without options: the article's port on loopback, one simulated node, a kubeconfig in this folder."""
    args = parse()
    assert (args.host, args.port, args.kubeconfig) == ("127.0.0.1", 6443, "listwatch.kubeconfig")
    assert (args.no_simulation, args.nodes, args.no_tls, args.output) == (False, 1, False, "text")
    assert (args.token, args.schedule_delay, args.stop_delay) == (None, None, None)
    assert args.authorization_mode == "RBAC"
    assert parse("--authorization-mode", "AlwaysAllow").authorization_mode == "AlwaysAllow"
    assert args.audit_log is None


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--port", "65536"], "not a port"),
        (["--port", "http"], "not a port"),
        (["--port=-1"], "not a port"),
        (["--nodes", "0"], "not a number from 1"),
        (["--nodes", "many"], "not a number from 1"),
        (["--start-delay", "soon"], "not a number of seconds"),
        (["--stop-delay=-1"], "not a number of seconds"),
        (["--stop-delay", "nan"], "not a number of seconds"),
        (["--stop-delay", "inf"], "not a number of seconds"),
        (["-o", "yaml"], "invalid choice"),
    ],
)
def test_wrong_arguments_are_named(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be meant is refused before anything starts, with exit code 2."""
    with pytest.raises(SystemExit) as caught:
        parse(*words)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


@slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_program_can_use_it(tmp_path: Path, how: signal.Signals) -> None:
    """One JSON line tells a program all it needs; a signal ends the server with exit code 0."""
    with serving(tmp_path, "--port", "0", "-o", "json", "--token", "my-token") as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        assert sorted(facts) == ["ca_file", "context", "kubeconfig", "token", "token_file", "url"]
        assert facts["kubeconfig"] == str(tmp_path / "listwatch.kubeconfig")
        context = ssl.create_default_context(cafile=facts["ca_file"])
        request = urllib.request.Request(facts["url"] + "/api/v1/nodes")
        request.add_header("Authorization", "Bearer " + Path(facts["token_file"]).read_text().strip())
        with urllib.request.urlopen(request, context=context) as answer:
            assert json.load(answer)["items"][0]["metadata"]["name"] == "listwatch-node"
        process.send_signal(how)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")
    config = yaml.safe_load((tmp_path / "listwatch.kubeconfig").read_text())
    assert config["users"][0]["user"] == {"token": "my-token"}
    for name in ("listwatch.kubeconfig", "listwatch.kubeconfig.token"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@slow
def test_people_are_told_what_to_try(tmp_path: Path) -> None:
    """On standard error: where it is, and three commands to copy; never the token itself."""
    words = ["--port", "0", "--kubeconfig", "my config", "--token", "my-token", "--no-simulation"]
    words += ["--host", "0.0.0.0"]
    with serving(tmp_path, *words) as process:
        assert process.stderr is not None
        lines = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(process.stderr.readline())
            assert lines[-1], "".join(lines)
        process.terminate()
        out, _ = process.communicate(timeout=10)
    text = "".join(lines)
    path = tmp_path / "my config"
    assert out == ""
    assert "API server:  https://127.0.0.1:" in text
    assert f"export KUBECONFIG='{path}'" in text
    assert "kubectl get pods -w" in text
    assert f"--cacert '{path}.ca.crt'" in text
    assert "/api/v1/namespaces/default/pods" in text
    assert "my-token" not in text
    assert "Listening on 0.0.0.0: other machines may be able to connect." in text


@slow
def test_what_it_wrote_is_removed_on_demand(tmp_path: Path) -> None:
    """With --remove-kubeconfig nothing is left of it, and others' entries stay."""
    path = tmp_path / "config"
    theirs = {"kind": "Config", "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "me"}}]}
    path.write_text(yaml.safe_dump(theirs))
    words = ["--port", "0", "-o", "json", "--kubeconfig", "config", "--remove-kubeconfig", "--no-tls"]
    with serving(tmp_path, *words) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        assert (facts["url"][:7], facts["ca_file"]) == ("http://", None)
        assert len(yaml.safe_load(path.read_text())["contexts"]) == 2
        process.terminate()
        process.communicate(timeout=10)
    assert yaml.safe_load(path.read_text())["contexts"] == theirs["contexts"]
    assert [each.name for each in tmp_path.iterdir()] == ["config"]


@slow
def test_failures_are_one_line_and_exit_code_3(tmp_path: Path) -> None:
    """A port in use and a file that is no kubeconfig are told in one line, and nothing is left running."""
    (tmp_path / "notes").write_text("- buy milk\n")
    with serving(tmp_path, "--port", "0", "-o", "json") as first:
        assert first.stdout is not None
        port = json.loads(first.stdout.readline())["url"].rpartition(":")[2]
        for words, complaint in (
            (["--port", port], f"cannot listen on 127.0.0.1 port {port}: Address already in use"),
            (["--port", "0", "--kubeconfig", "notes"], "is not a kubeconfig"),
            (["--port", "0", "--kubeconfig", "notes/x"], "cannot write the kubeconfig"),
            (["--port", "0", "--host", "no-such-host.invalid"], "cannot listen on no-such-host.invalid"),
        ):
            with serving(tmp_path, *words) as process:
                out, err = process.communicate(timeout=20)
            assert (process.returncode, out) == (3, "")
            assert err.startswith("listwatch: ")
            assert complaint in err
            assert err.count("\n") == 1
    assert (tmp_path / "notes").read_text() == "- buy milk\n"
