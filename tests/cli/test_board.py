"""The state of a live table, and how it is drawn."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from listwatch.apimachinery.errors import ConnectionLost
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.watch_event import EventType
from listwatch.cli.board import (
    DELETED_SECONDS,
    FLASH_SECONDS,
    RECENT_SECONDS,
    Board,
    Tone,
    View,
)
from listwatch.cli.changes import Change
from listwatch.cli.follow import Connection
from listwatch.cli.live import cell_style, draw_rows, draw_view
from listwatch.cli.table import Column, Layout, Row
from listwatch.reflector.failure import Failure
from listwatch.reflector.states import BackingOff, Listing, Reason, Watching

ADDED, MODIFIED, DELETED = EventType.ADDED, EventType.MODIFIED, EventType.DELETED
LAYOUT = Layout((Column("Name"), Column("Status"), Column("Age"), Column("Node", 1)))
NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)


def row(name: str, status: str = "Running", *, namespace: str = "default") -> Row:
    created = datetime(2026, 1, 1, tzinfo=UTC)
    return Row(ObjectKey(namespace, name), cells=(name, status, "0s", "n1"), created=created)


def board_with(*names: str) -> Board:
    """A board that began with these rows."""
    board = Board("pods in default")
    board.note([Change(ADDED, row(name)) for name in names], is_initial=True, at=0)
    return board


def look(board: Board, at: float, *, height: int | None = None) -> View:
    return board.view(LAYOUT, at=at, now=NOW, height=height)


def test_the_beginning_is_no_event() -> None:
    """Rows that were there before one looked are shown plainly and are not counted as events."""
    view = look(board_with("b", "a"), 0)
    assert [each.cells for each in view.rows] == [("a", "Running", "60s"), ("b", "Running", "60s")]
    assert {each.event for each in view.rows} == {""}
    assert {each.tone for each in view.rows} == {Tone.PLAIN}
    assert view.counts == "2 objects"


@pytest.mark.parametrize(
    ("kind", "at", "tone", "event_tone"),
    [
        (ADDED, 0, Tone.ADDED, Tone.ADDED),
        (ADDED, FLASH_SECONDS, Tone.PLAIN, Tone.ADDED),
        (ADDED, RECENT_SECONDS, Tone.PLAIN, Tone.FADING),
        (MODIFIED, 0, Tone.MODIFIED, Tone.MODIFIED),
        (MODIFIED, FLASH_SECONDS, Tone.PLAIN, Tone.MODIFIED),
        (MODIFIED, RECENT_SECONDS, Tone.PLAIN, Tone.FADING),
        (DELETED, 0, Tone.DELETED, Tone.DELETED),
        (DELETED, FLASH_SECONDS, Tone.FADING, Tone.FADING),
    ],
)
def test_a_change_flashes_and_fades(kind: EventType, at: float, tone: Tone, event_tone: Tone) -> None:
    """A change colours its row for a moment, its event for longer, and a deleted row fades as a whole."""
    board = board_with("a")
    board.note([Change(kind, row("a"))], is_initial=False, at=100)
    (shown,) = look(board, 100 + at).rows
    assert (shown.tone, shown.event_tone) == (tone, event_tone)
    assert shown.event == f"{kind.value} {int(at)}s ago"


def test_deleted_rows_go_and_are_not_counted() -> None:
    """A deleted row stays for a few seconds, counts as an event, not as an object, and is then forgotten."""
    board = board_with("a", "b")
    board.note([Change(DELETED, row("a"))], is_initial=False, at=10)
    assert look(board, 10).counts == "1 object · 1 deleted"
    assert len(look(board, 10 + DELETED_SECONDS - 0.1).rows) == 2
    assert [each.cells[0] for each in look(board, 10 + DELETED_SECONDS).rows] == ["b"]


def test_an_object_that_comes_back_stays() -> None:
    """A deleted object that is added again within its last seconds is an object again."""
    board = board_with("a")
    board.note([Change(DELETED, row("a")), Change(ADDED, row("a"))], is_initial=False, at=10)
    view = look(board, 10 + 2 * DELETED_SECONDS)
    assert len(view.rows) == 1
    assert view.counts == "1 object · 1 added · 1 deleted"


def test_where_there_is_no_room_the_last_changes_are_shown() -> None:
    """With more rows than lines those that changed last are shown, sorted, and the others are counted."""
    board = board_with(*"abcdef")
    board.note([Change(MODIFIED, row("e"))], is_initial=False, at=1)
    board.note([Change(MODIFIED, row("c"))], is_initial=False, at=2)
    view = look(board, 3, height=3)
    assert [each.cells[0] for each in view.rows] == ["a", "c", "e"]
    assert view.hidden == 3
    assert [each.cells[0] for each in look(board, 3, height=1).rows] == ["c"]


WATCHING = Watching(since=0, resource_version=ResourceVersion("5"))
LISTING = Listing(since=0, reason=Reason.EXPIRED, is_streaming=False)


def waiting(failure: Failure, error: Exception | None) -> BackingOff:
    return BackingOff(since=0, failure=failure, error=error, seconds=2.6, failures=1)


@pytest.mark.parametrize(
    ("connection", "relists", "text", "is_well"),
    [
        (WATCHING, 0, "watching", True),
        (LISTING, 1, "listing, listed again 1 time", True),
        (WATCHING, 2, "watching, listed again 2 times", True),
        (waiting(Failure.CUT, ConnectionLost("cut")), 2, "cut; trying again in 3 s", False),
        (
            waiting(Failure.VERY_SHORT_WATCH, None),
            0,
            "the server ends every watch at once; trying again in 3 s",
            False,
        ),
    ],
)
def test_the_connection_is_told(connection: Connection, relists: int, text: str, is_well: bool) -> None:
    """The view says how the connection is, and whether that is as it should be."""
    board = board_with()
    board.note_connection(connection, relists=relists)
    view = look(board, 0)
    assert (view.connection, view.is_well) == (text, is_well)


def drawn(thing: object, *, colours: bool = False) -> str:
    """What stands on a terminal of 80 columns."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=80,
        force_terminal=colours,
        color_system="standard" if colours else None,
        highlight=False,
    )
    console.print(thing)
    return out.getvalue()


def test_a_view_is_drawn_with_title_rows_and_caption() -> None:
    """A drawn view shows its title, the server's columns, each row's last event, counts and connection."""
    board = board_with("web", "db")
    board.note([Change(MODIFIED, row("web", "Pending"))], is_initial=False, at=5)
    lines = [line.rstrip() for line in drawn(draw_view(look(board, 8, height=9))).splitlines()]
    assert lines == [
        "pods in default",
        "NAME   STATUS    AGE   LAST EVENT",
        "db     Running   60s   -",
        "web    Pending   60s   MODIFIED 3s ago",
        "2 objects · 1 modified · ● listing",
    ]


def test_hidden_rows_are_told() -> None:
    """The caption says how many rows there was no room for."""
    assert "… and 2 more" in drawn(draw_view(look(board_with("a", "b", "c"), 0, height=1)))


@pytest.mark.parametrize(
    ("kind", "code"), [(ADDED, "\x1b[32m"), (MODIFIED, "\x1b[33m"), (DELETED, "\x1b[1;31m")]
)
def test_changes_have_their_colours(kind: EventType, code: str) -> None:
    """ADDED is green, MODIFIED yellow, DELETED red."""
    board = board_with("web")
    board.note([Change(kind, row("web"))], is_initial=False, at=5)
    assert f"{code}web" in drawn(draw_view(look(board, 5)), colours=True)


def test_what_a_server_sends_is_no_markup() -> None:
    """Square brackets in a name are shown, not obeyed."""
    board = Board("[bold]pods[/bold]")
    board.note([Change(ADDED, row("[red]x[/red]"))], is_initial=True, at=0)
    text = drawn(draw_view(look(board, 0)))
    assert "[red]x[/red]" in text
    assert "[bold]pods[/bold]" in text


def test_a_table_at_rest_colours_states() -> None:
    """`get` colours a status by what it says, and the text is that of the plain table."""
    text = drawn(draw_rows(LAYOUT, [row("web"), row("db", "CrashLoopBackOff")]), colours=True)
    assert "\x1b[32mRunning" in text
    assert "\x1b[31mCrashLoopBackOff" in text
    plain = drawn(draw_rows(LAYOUT, [row("web")]))
    assert [line.split() for line in plain.splitlines()] == [
        ["NAME", "STATUS", "AGE"],
        ["web", "Running", "0s"],
    ]


@pytest.mark.parametrize(
    ("header", "text", "style"),
    [
        ("STATUS", "Running", "green"),
        ("STATUS", "ContainerCreating", "yellow"),
        ("STATUS", "Init:0/1", "yellow"),
        ("STATUS", "ImagePullBackOff", "red"),
        ("STATUS", "OOMKilled", "red"),
        ("STATUS", "Completed", ""),
        ("PHASE", "Failed", "red"),
        ("NAME", "running", "bold"),
        ("READY", "error", ""),
    ],
)
def test_colours_of_cells(header: str, text: str, style: str) -> None:
    """Only columns that tell a state are coloured by it."""
    assert cell_style(header, text) == style
