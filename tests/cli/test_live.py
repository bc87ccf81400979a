"""The live table, from a scripted server to the terminal, in virtual time."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted_server import (
    ScriptedServer,
    Stream,
    Terminal,
    failure,
    parsed,
    pod,
    pod_list,
    shell_for,
)

from listwatch.apimachinery.errors import ConnectionLost, Forbidden
from listwatch.cli import watch

Virtual = Callable[[Callable[[], Any]], Any]
COLUMNS = [{"name": "Name"}, {"name": "Status"}, {"name": "Node", "priority": 1}]


def table(version: int, *names: str, status: str = "Running") -> dict[str, Any]:
    rows = [{"cells": [name, status, "n1"], "object": pod(name, version)} for name in names]
    metadata = {"resourceVersion": str(version)}
    return {"kind": "Table", "columnDefinitions": COLUMNS, "metadata": metadata, "rows": rows}


def screens(terminal: Terminal) -> list[str]:
    """What stood on the screen after each drawing, without colours."""
    pieces = re.split(r"(?:\x1b\[2K(?:\x1b\[1A)?|\r)+", terminal.getvalue())
    plain = (re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", piece).strip() for piece in pieces)
    return [piece for piece in plain if piece]


def watched(
    virtual: Virtual, server: ScriptedServer, folder: Path, words: str = "watch pods --timeout 60"
) -> Terminal:
    """The terminal after a minute of watching."""
    terminal = Terminal()

    async def main() -> None:
        assert await watch.command(parsed(words), shell_for(server, folder, out=terminal)) == 0

    virtual(main)
    return terminal


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 100 columns with colours, whatever the tests run on."""
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "20"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "COLORTERM", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def test_the_present_state_then_what_happens(virtual: Virtual, tmp_path: Path) -> None:
    """The table begins with the present rows; an added, a changed and a deleted row are seen, then fade and go."""
    frames = [
        ("ADDED", table(6, "web", status="Pending")),
        ("MODIFIED", table(7, "web")),
        ("DELETED", table(8, "db")),
    ]
    server = ScriptedServer(lists=[table(5, "db")], watches=[Stream(frames, after=3600)])
    terminal = watched(virtual, server, tmp_path)
    shown = screens(terminal)
    everything = "\n".join(shown)
    assert "pods in default" in everything
    assert "MODIFIED 0s ago" in everything
    assert "DELETED" in everything
    assert "\x1b[33mweb" in terminal.getvalue()
    assert "\x1b[1;31mdb" in terminal.getvalue()
    assert "\x1b[2;31mdb" in terminal.getvalue()
    last = shown[-1]
    assert "web" in last
    assert "db" not in last
    assert "1 object · 1 added · 1 modified · 1 deleted · ● watching" in last


def test_wide_shows_all_columns(virtual: Virtual, tmp_path: Path) -> None:
    """`-o wide` shows the columns of lower priority, too."""
    server = ScriptedServer(lists=[table(5, "db")])
    assert "NODE" not in "".join(screens(watched(virtual, server, tmp_path)))
    wide = watched(virtual, server, tmp_path, "watch pods -o wide --timeout 60")
    assert "NODE" in screens(wide)[-1]


def test_trouble_stands_in_the_caption(virtual: Virtual, tmp_path: Path) -> None:
    """A lost connection is told under the table, and so is its end."""
    server = ScriptedServer(
        lists=[table(5, "db")], watches=[Stream(after=9, error=ConnectionLost("the connection was cut"))]
    )
    shown = screens(watched(virtual, server, tmp_path))
    assert any("the connection was cut; trying again in" in screen for screen in shown)
    assert "● watching" in shown[-1]


def test_a_refusal_ends_it_and_leaves_the_last_state(virtual: Virtual, tmp_path: Path) -> None:
    """An error that waiting does not cure is raised, and the last state stays on the screen."""
    server = ScriptedServer(lists=[table(5, "db")], watches=[Stream(after=5), failure(403, "Forbidden")])
    terminal = Terminal()

    async def main() -> None:
        with pytest.raises(Forbidden):
            await watch.command(parsed("watch pods"), shell_for(server, tmp_path, out=terminal))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    virtual(main)
    assert "db" in screens(terminal)[-1]


def test_nothing_is_drawn_when_nothing_changes(virtual: Virtual, tmp_path: Path) -> None:
    """A table at rest is not drawn again, so that a terminal can be read, scrolled and copied from."""
    shown = screens(watched(virtual, ScriptedServer(lists=[table(5, "db")]), tmp_path))
    assert len(shown) <= 4


@pytest.mark.parametrize("words", ["watch pods -o name", "watch pods"])
def test_lines_on_a_terminal_are_coloured(
    virtual: Virtual, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Lines are what a terminal gets with `-o name`, or without the library that draws; types have colours."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    server = ScriptedServer(lists=[pod_list(5, pod("web", 3))])
    terminal = watched(virtual, server, tmp_path, f"{words} --timeout 60")
    assert terminal.getvalue() in {"\x1b[32mADDED\x1b[0m pod/web\n", "\x1b[32mADDED\x1b[0m : web\n"}


def test_an_expired_version_is_listed_again(virtual: Virtual, tmp_path: Path) -> None:
    """After a 410 inside the watch the rows are listed again, the differences shown and the relist told."""
    gone = failure(410, "Expired", "too old resource version")
    server = ScriptedServer(
        lists=[table(5, "db"), table(9, "web")], watches=[Stream([("ERROR", gone)], after=5)]
    )
    shown = screens(watched(virtual, server, tmp_path))
    assert any("DELETED" in screen and "db" in screen for screen in shown)
    assert "ADDED" in shown[-1]
    assert "listed again 1 time" in shown[-1]
