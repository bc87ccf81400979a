"""A table that lives: the present rows, what happened to each last, and for how long that is worth showing.

In:    changes of rows, and the time
Out:   a `View`, ready to be drawn
Next:  cli/live.py
Rules: pure; a view is a function of what was told and of the time it is asked for
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.watch_event import EventType
from listwatch.cli.changes import Change
from listwatch.cli.follow import Connection, trouble
from listwatch.cli.table import Layout, Row, human_duration
from listwatch.reflector.states import BackingOff, Listing, Reason, Watching

FLASH_SECONDS = 1.5
"""How long the whole row of a change is coloured."""
RECENT_SECONDS = 10.0
"""How long its last event is coloured."""
DELETED_SECONDS = 6.0
"""How long a deleted row stays."""


class Tone(Enum):
    """How a row, or what happened to it, stands out."""

    PLAIN = auto()
    ADDED = auto()
    MODIFIED = auto()
    DELETED = auto()
    FADING = auto()


_TONE_OF = {
    EventType.ADDED: Tone.ADDED,
    EventType.MODIFIED: Tone.MODIFIED,
    EventType.DELETED: Tone.DELETED,
}


@dataclass(frozen=True, slots=True)
class RowView:
    """One row as it is shown.

    Attributes:
        cells: The server's columns.
        event: What happened last, and how long ago; empty if nothing has happened since the beginning.
        tone: Of the cells.
        event_tone: Of the event.
    """

    cells: tuple[str, ...]
    event: str = ""
    tone: Tone = Tone.PLAIN
    event_tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is shown at one moment.

    Attributes:
        title: What is watched.
        headers: Of the server's columns; the event's column is the last, and not among them.
        rows: Sorted by namespace and name.
        hidden: How many rows there was no room for.
        counts: Objects, and events since the beginning.
        connection: How the connection is, in words.
        is_well: Whether that is as it should be.
    """

    title: str
    headers: tuple[str, ...]
    rows: tuple[RowView, ...]
    hidden: int
    counts: str
    connection: str
    is_well: bool


@dataclass(slots=True)
class _Line:
    row: Row
    event: EventType | None = None
    at: float = 0.0


@dataclass(slots=True)
class Board:
    """The state of a live table.

    Attributes:
        title: What is watched.
    """

    title: str
    _lines: dict[ObjectKey, _Line] = field(default_factory=dict)
    _counts: dict[EventType, int] = field(default_factory=dict)
    _connection: Connection = field(
        default_factory=lambda: Listing(since=0.0, reason=Reason.START, is_streaming=False)
    )
    _relists: int = 0

    def note(self, changes: Sequence[Change[Row]], *, is_initial: bool, at: float) -> None:
        """Take changes.

        Args:
            changes: Oldest first.
            is_initial: They are the state as of the beginning, nothing that has happened.
            at: Seconds on the clock that `view` is asked with.
        """
        for change in changes:
            if is_initial:
                self._lines[change.item.key] = _Line(change.item)
            else:
                self._counts[change.type] = self._counts.get(change.type, 0) + 1
                self._lines[change.item.key] = _Line(change.item, change.type, at)

    def note_connection(self, connection: Connection, *, relists: int = 0) -> None:
        """Take how the connection is, and how often all had to be fetched again."""
        self._connection = connection
        self._relists = relists

    def view(self, layout: Layout, *, at: float, now: datetime, height: int | None = None) -> View:
        """What to show.

        Deleted rows whose time is over are forgotten. If there is not room for all, those that changed last
        are shown.

        Args:
            layout: The columns.
            at: Seconds, on the clock of `note`.
            now: The time of day, for ages.
            height: How many rows there is room for; None for all.
        """
        self._forget(at)
        lines = list(self._lines.items())
        if height is not None and len(lines) > height:
            # False sorts first: what has an event goes before what has none.
            lines.sort(key=lambda each: (each[1].event is None, -each[1].at, each[0]))
            lines = lines[: max(0, height)]
        lines.sort(key=lambda each: each[0])
        return View(
            title=self.title,
            headers=tuple(layout.headers()),
            rows=tuple(_row_view(line, layout, at=at, now=now) for _, line in lines),
            hidden=len(self._lines) - len(lines),
            counts=self._count_text(),
            connection=_connection_text(self._connection, self._relists),
            is_well=not isinstance(self._connection, BackingOff),
        )

    def _forget(self, at: float) -> None:
        over = [
            key
            for key, line in self._lines.items()
            if line.event is EventType.DELETED and at - line.at >= DELETED_SECONDS
        ]
        for key in over:
            del self._lines[key]

    def _count_text(self) -> str:
        present = sum(1 for line in self._lines.values() if line.event is not EventType.DELETED)
        counts = [f"{present} object{'' if present == 1 else 's'}"]
        counts += [
            f"{self._counts[kind]} {kind.value.lower()}" for kind in _TONE_OF if self._counts.get(kind)
        ]
        return " · ".join(counts)


def _row_view(line: _Line, layout: Layout, *, at: float, now: datetime) -> RowView:
    cells = tuple(layout.cells(line.row, now=now))
    if line.event is None:
        return RowView(cells)
    since = max(0.0, at - line.at)
    tone = _TONE_OF[line.event]
    event = f"{line.event.value} {human_duration(since)} ago"
    if since < FLASH_SECONDS:
        return RowView(cells, event, tone, tone)
    if line.event is EventType.DELETED:
        return RowView(cells, event, Tone.FADING, Tone.FADING)
    return RowView(cells, event, Tone.PLAIN, tone if since < RECENT_SECONDS else Tone.FADING)


def _connection_text(connection: Connection, relists: int) -> str:
    if isinstance(connection, BackingOff):
        return f"{trouble(connection)}; trying again in {connection.seconds:.0f} s"
    word = "watching" if isinstance(connection, Watching) else "listing"
    return f"{word}, listed again {relists} time{'' if relists == 1 else 's'}" if relists else word
