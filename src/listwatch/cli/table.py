"""A server's Table, as rows of text.

In:    Table documents, or lists of objects from servers that make none
Out:   `Column`s and `Row`s; aligned lines of text
Next:  cli/board.py (on a terminal), cli/render.py (in a pipe)
Rules: pure; what comes from a server cannot move a terminal's cursor; a column's width never shrinks
Source: API concepts, "Receiving resources as Tables"; kubectl's table printer (tabwriter with a minimal width of 6
        and a padding of 3) and duration.HumanDuration
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ObjectMeta, ResourceVersion
from listwatch.apimachinery.object import Object

TABLE_ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
METADATA_ACCEPT = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
METADATA_LIST_ACCEPT = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"

_MIN_WIDTH = 6
_PADDING = 3


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a Table.

    Attributes:
        name: As the server writes it: `Name`, `Ready`, `IP`.
        priority: 0 for columns that are always shown; higher ones are for `-o wide`.
    """

    name: str
    priority: int = 0

    @property
    def is_age(self) -> bool:
        """Whether the server fills it with the object's age, which grows while one looks at it."""
        return self.name.lower() == "age"


FALLBACK_COLUMNS = (Column("Name"), Column("Age"))
"""For servers that make no Tables."""


class Row(Object):
    """One object, as a line of a table: of the object itself it has what it is recognised by.

    Args:
        cells: One value for each column, as the server sent them.
        created: When the object was created, if it says so.
    """

    __slots__ = ("cells", "created")

    def __init__(
        self,
        key: ObjectKey,
        *,
        uid: str = "",
        resource_version: str = "",
        cells: tuple[Any, ...] = (),
        created: datetime | None = None,
    ) -> None:
        version = ResourceVersion(resource_version)
        super().__init__(
            metadata=ObjectMeta(name=key.name, namespace=key.namespace, uid=uid, resource_version=version)
        )
        self.cells = cells
        self.created = created


@dataclass(frozen=True, slots=True)
class Table:
    """One page of a Table.

    Attributes:
        columns: None in frames of a watch after the first: as before.
        resource_version: Where the server's history stood.
        continue_: Token of the next page, empty on the last.
    """

    columns: tuple[Column, ...] | None
    rows: list[Row]
    resource_version: str = ""
    continue_: str = ""


def read_table(document: Mapping[str, Any]) -> Table:
    """What a Table says; or, from a list or a single object, a table of names and ages.

    Nothing in it makes this fail: what is not there is empty.
    """
    metadata = _mapping(document.get("metadata"))
    version, token = str(metadata.get("resourceVersion") or ""), str(metadata.get("continue") or "")
    if document.get("kind") == "Table":
        definitions = document.get("columnDefinitions")
        columns = tuple(_column(each) for each in definitions) if definitions else None
        rows = [_row(_mapping(each)) for each in document.get("rows") or ()]
        return Table(columns, rows, version, token)
    items = document.get("items") if "items" in document else [document]
    rows = [_row_of_object(_mapping(item)) for item in items or ()]
    return Table(FALLBACK_COLUMNS, rows, version, token)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _column(definition: Any) -> Column:
    fields = _mapping(definition)
    priority = fields.get("priority")
    return Column(str(fields.get("name") or ""), priority if isinstance(priority, int) else 0)


def _row(entry: Mapping[str, Any]) -> Row:
    cells = tuple(entry.get("cells") or ())
    metadata = _mapping(_mapping(entry.get("object")).get("metadata"))
    name = str(metadata.get("name") or (cell_text(cells[0]) if cells else ""))
    return _identified(metadata, name=name, cells=cells)


def _row_of_object(item: Mapping[str, Any]) -> Row:
    metadata = _mapping(item.get("metadata"))
    name = str(metadata.get("name") or "")
    return _identified(metadata, name=name, cells=(name, None))


def _identified(metadata: Mapping[str, Any], *, name: str, cells: tuple[Any, ...]) -> Row:
    return Row(
        key=ObjectKey(str(metadata.get("namespace") or ""), name),
        uid=str(metadata.get("uid") or ""),
        resource_version=str(metadata.get("resourceVersion") or ""),
        cells=cells,
        created=_moment(metadata.get("creationTimestamp")),
    )


def _moment(value: Any) -> datetime | None:
    try:
        return msgspec.convert(value, datetime | None)
    except msgspec.ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns are shown.

    Attributes:
        columns: All that the server has.
        wide: Show also those of lower priority.
        with_namespace: Begin with the namespace.
    """

    columns: tuple[Column, ...]
    wide: bool = False
    with_namespace: bool = False

    def headers(self) -> list[str]:
        """The names of the columns, in capitals."""
        shown = [cell_text(column.name).upper() for column in self.columns if self._shows(column)]
        return ["NAMESPACE", *shown] if self.with_namespace else shown

    def cells(self, row: Row, *, now: datetime | None = None) -> list[str]:
        """The texts of one row, one for each header.

        Args:
            row: The row.
            now: Compute ages afresh, as of now; None shows the server's.
        """
        shown = [cell_text(row.namespace)] if self.with_namespace else []
        for index, column in enumerate(self.columns):
            if not self._shows(column):
                continue
            value = row.cells[index] if index < len(row.cells) else None
            if column.is_age and row.created is not None and now is not None:
                value = human_duration((now - row.created).total_seconds())
            shown.append(cell_text(value))
        return shown

    def _shows(self, column: Column) -> bool:
        return self.wide or column.priority == 0


def cell_text(value: Any) -> str:
    """One cell on one line, harmless to a terminal.

    Control characters are written as `^[`; text after a line break is replaced by three dots.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else _plain_text(value)
    for index, character in enumerate(text):
        if character in "\n\r\f":
            text = f"{text[:index]}..."
            break
    return text if text.isprintable() else "".join(map(_harmless, text))


def _plain_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _harmless(character: str) -> str:
    code = ord(character)
    if character.isprintable():
        return character
    if code < 0x20:
        return f"^{chr(code + 0x40)}"
    return "^?" if code == 0x7F else f"\\u{code:04x}"


class Columns:
    """Aligns lines that are printed one after the other.

    Columns are as wide as the widest text so far and three spaces; the last one is not padded.

    Args:
        likely: A text for each of the first columns that is likely to come: room is kept for it.
    """

    def __init__(self, *likely: str) -> None:
        self._widths = [max(len(text) + _PADDING, _MIN_WIDTH) for text in likely]

    def lines(self, rows: Iterable[Sequence[str]]) -> list[str]:
        """The rows as lines, without newlines, all aligned with each other and with those before."""
        rows = list(rows)
        for row in rows:
            self._widths += [0] * (len(row) - len(self._widths))
            for index, cell in enumerate(row):
                self._widths[index] = max(self._widths[index], len(cell) + _PADDING, _MIN_WIDTH)
        return ["".join(self._padded(row)) for row in rows]

    def _padded(self, row: Sequence[str]) -> Iterable[str]:
        last = len(row) - 1
        return (cell if index == last else cell.ljust(self._widths[index]) for index, cell in enumerate(row))


def human_duration(seconds: float) -> str:
    """How old something is, to two or three digits: `34s`, `5m12s`, `3h`, `2d4h`, `7y30d`."""
    total = int(seconds)
    if total < 0:
        # Clocks of two machines may differ a little.
        return "0s" if total >= -1 else "<invalid>"
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if total < 120:
        return f"{total}s"
    if minutes < 10:
        return _two(minutes, "m", total % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * 365:
        return f"{days}d"
    if days < 8 * 365:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
