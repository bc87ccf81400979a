"""Drawing on a terminal.

In:    `View`s (cli/board.py), rows of a table (cli/table.py)
Out:   colours
Rules: the one place that imports rich, and only when something is drawn; what a server sent is never read as markup
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from listwatch.apimachinery.clock import Clock
from listwatch.cli.board import Board, Tone, View
from listwatch.cli.changes import Change
from listwatch.cli.follow import Connection
from listwatch.cli.table import Layout, Row

TICK_SECONDS = 0.25
# Title, headers and two lines of caption, and one line for the cursor.
_LINES_AROUND = 5

_EVENT_STYLE = {
    Tone.PLAIN: "",
    Tone.ADDED: "green",
    Tone.MODIFIED: "yellow",
    Tone.DELETED: "bold red",
    Tone.FADING: "dim",
}
# Only deleted rows fade as a whole.
_ROW_STYLE = _EVENT_STYLE | {Tone.FADING: "dim red"}

_GOOD = frozenset({"running", "active", "ready", "bound", "available", "complete", "succeeded", "true"})
_UNDERWAY = frozenset(
    {"pending", "containercreating", "podinitializing", "terminating", "notready", "progressing", "released"}
)
_BAD = ("error", "failed", "backoff", "evicted", "oomkilled", "unknown", "lost", "invalid")
_TOLD_BY = frozenset({"STATUS", "PHASE", "REASON"})


def cell_style(header: str, text: str) -> str:
    """How a cell of a table at rest is coloured: states by what they say, all else plainly."""
    if header == "NAME":
        return "bold"
    if header not in _TOLD_BY:
        return ""
    word = text.lower()
    if word in _GOOD:
        return "green"
    if word in _UNDERWAY or word.startswith("init:"):
        return "yellow"
    return "red" if any(part in word for part in _BAD) else ""


def _grid(headers: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold cyan")
    for header in headers:
        table.add_column(header, no_wrap=True, overflow="ellipsis")
    return table


def console_on(out: TextIO) -> Console:
    """A console that writes there; tables wider than the terminal are cut, not folded."""
    return Console(file=out, highlight=False, soft_wrap=False)


def draw_rows(layout: Layout, rows: Sequence[Row], *, now: datetime | None = None) -> Table:
    """A table at rest; `now` as for `Layout.cells`."""
    headers = layout.headers()
    table = _grid(headers)
    for row in rows:
        cells = layout.cells(row, now=now)
        table.add_row(
            *(Text(cell, cell_style(header, cell)) for header, cell in zip(headers, cells, strict=True))
        )
    return table


def draw_view(view: View) -> Group:
    """A live table at one moment, between a title and a line or two about it."""
    table = _grid([*view.headers, "LAST EVENT"])
    for row in view.rows:
        style = _ROW_STYLE[row.tone]
        event = Text(row.event or "-", _EVENT_STYLE[row.event_tone] if row.event else "dim")
        table.add_row(*(Text(cell, style) for cell in row.cells), event)
    # Not the table's own title and caption: those are folded to its width.
    about = [_line(f"… and {view.hidden} more", "dim")] if view.hidden else []
    caption = _line("", "")
    caption.append(f"{view.counts} · ", "dim")
    caption.append("● ", "green" if view.is_well else "bold yellow")
    caption.append(view.connection, "dim" if view.is_well else "yellow")
    return Group(_line(view.title, "bold"), table, *about, caption)


def _line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


class LiveTable:
    """Shows changes in a table that is drawn over itself.

    Args:
        console: Where to.
        title: What is watched.
        layout: The columns at present.
        clock: For ages and fading.
    """

    def __init__(self, console: Console, *, title: str, layout: Callable[[], Layout], clock: Clock) -> None:
        self._console = console
        self._layout = layout
        self._clock = clock
        self._board = Board(title)
        self._shown: View | None = None

    def changes(self, batch: Sequence[Change[Row]], *, is_initial: bool) -> None:
        """Take changes; they are seen at the next tick."""
        self._board.note(batch, is_initial=is_initial, at=self._clock.monotonic())

    def connection(self, connection: Connection, *, relists: int) -> None:
        """Take how the connection is."""
        self._board.note_connection(connection, relists=relists)

    async def draw(self) -> None:
        """Draw until cancelled. The last state stays on the screen."""
        # No thread of rich's own: the loop has the time, and nothing is drawn that has not changed.
        with Live(console=self._console, auto_refresh=False, vertical_overflow="crop") as live:
            try:
                while True:
                    self._refresh(live)
                    await self._clock.sleep(TICK_SECONDS)
            finally:
                self._refresh(live)

    def _refresh(self, live: Live) -> None:
        view = self._board.view(
            self._layout(),
            at=self._clock.monotonic(),
            now=self._clock.now(),
            height=max(1, self._console.size.height - _LINES_AROUND),
        )
        if view != self._shown:
            self._shown = view
            live.update(draw_view(view), refresh=True)
