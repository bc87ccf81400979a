"""The command line as a whole: which words are understood, and what the process ends with."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from listwatch.cli import main as main_module
from listwatch.cli.arguments import seconds
from listwatch.cli.main import COMMANDS, main
from listwatch.version import __version__


def test_no_words_print_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`listwatch` alone says what there is, and what the exit codes mean."""
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)
    assert "exit codes:" in out


@pytest.mark.parametrize("command", ["get", "watch", "demo", "serve"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command describes itself."""
    assert main([command, "--help"]) == 0
    assert f"usage: listwatch {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["get"],
        ["get", "pods", "-o", "xml"],
        ["get", "pods", "--all"],
        ["watch", "pods", "--timeout", "0"],
        ["watch", "pods", "--timeout", "soon"],
    ],
)
def test_wrong_words_are_usage_errors(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that makes no sense ends with 2 and says why; options cannot be abbreviated."""
    assert main(words) == 2
    assert "error:" in capsys.readouterr().err


def test_no_configuration_is_told_with_all_that_was_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any configuration the command ends with 3, names the places, and says what needs none."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert main(["get", "pods"]) == 3
    err = capsys.readouterr().err
    assert str(tmp_path / "nothing") in err
    assert "listwatch demo" in err
    assert "Traceback" not in err
    assert main(["get", "pods", "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_a_named_file_that_is_missing_gets_no_other_advice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who named a kubeconfig is told about that file only."""
    assert main(["watch", "pods", "--kubeconfig", str(tmp_path / "nothing")]) == 3
    err = capsys.readouterr().err
    assert str(tmp_path / "nothing") in err
    assert "demo" not in err


KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: me, user: {}}]
"""


def test_a_refused_connection_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing listens the command ends with 4 and names the address and the configuration."""
    path = tmp_path / "config"
    path.write_text(KUBECONFIG)
    assert main(["get", "pods", "--kubeconfig", str(path)]) == 4
    err = capsys.readouterr().err
    assert "127.0.0.1:9" in err
    assert str(path) in err
    assert len(err.splitlines()) <= 3


def test_a_fault_is_told_as_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An error that nobody foresaw ends with 70, in words, and asks for a report."""
    monkeypatch.setitem(main_module.COMMANDS, "table", "a module that is no command")
    assert main(["table"]) == 70
    assert "please report" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("90s", 90), ("1.5", 1.5), ("5m", 300), ("1h", 3600)]
)
def test_durations(text: str, value: float) -> None:
    """A duration is a number of seconds, or has a unit."""
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1", "s", "inf", "nan", "5d", "1e999"])
def test_what_is_no_duration(text: str) -> None:
    """Zero, negative, endless and other texts are refused."""
    with pytest.raises(argparse.ArgumentTypeError):
        seconds(text)


@pytest.mark.slow
def test_version_is_cheap_and_python_dash_m_works() -> None:
    """`python -m listwatch --version` loads neither an HTTP library nor a drawing one."""
    code = (
        "import runpy, sys\n"
        "sys.argv = ['listwatch', '--version']\n"
        "try: runpy.run_module('listwatch', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'aiohttp', 'rich', 'yaml', 'msgspec', 'asyncio', 'ssl'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"listwatch {__version__}\n", "")
