"""A server's Table as rows of text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.key import ObjectKey
from listwatch.cli.table import (
    FALLBACK_COLUMNS,
    Column,
    Columns,
    Layout,
    Row,
    cell_text,
    human_duration,
    read_table,
)

RECORDING = Path(__file__).parent.parent / "recordings" / "kube-apiserver-1.36.jsonl"
COLUMNS = (Column("Name"), Column("Ready"), Column("Age"), Column("Node", priority=1))


def recorded_tables() -> list[dict[str, Any]]:
    """Every Table in the recording of a real server."""
    tables = []
    for line in RECORDING.read_text(encoding="utf-8").splitlines():
        step = json.loads(line)
        if "as=Table" in step["request"]["headers"].get("accept", ""):
            response = step["response"]
            tables += [frame["object"] for frame in response.get("frames") or []] or [response["body"]]
    return tables


def test_real_tables_are_read_whole() -> None:
    """Of every table of a real server each row has its name and as many cells as there are columns."""
    tables = [document for document in recorded_tables() if document["kind"] == "Table"]
    assert len(tables) >= 15
    for document in tables:
        table = read_table(document)
        assert len(table.rows) == len(document["rows"])
        assert table.resource_version == document["metadata"]["resourceVersion"]
        for row in table.rows:
            assert row.name
            if table.columns is not None:
                assert len(row.cells) == len(table.columns)


def test_frames_after_the_first_have_no_columns() -> None:
    """A frame without column definitions leaves the columns as they were."""
    document = {"kind": "Table", "columnDefinitions": None, "rows": [{"cells": ["a"]}], "metadata": {}}
    assert read_table(document).columns is None


def test_lists_become_names_and_ages() -> None:
    """Where a server makes no table, a list or an object is shown with name and age."""
    pod = {"metadata": {"name": "a", "namespace": "n", "creationTimestamp": "2026-01-01T00:00:00Z"}}
    for document in ({"kind": "PodList", "items": [pod], "metadata": {"continue": "t"}}, pod):
        table = read_table(document)
        assert table.columns == FALLBACK_COLUMNS
        layout = Layout(FALLBACK_COLUMNS, with_namespace=True)
        cells = layout.cells(table.rows[0], now=datetime(2026, 1, 1, 0, 5, tzinfo=UTC))
        assert dict(zip(layout.headers(), cells, strict=True)) == {"NAMESPACE": "n", "NAME": "a", "AGE": "5m"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "Table"},
        {"kind": "Table", "rows": None, "metadata": None, "columnDefinitions": [None, {"priority": "x"}]},
        {"kind": "Table", "rows": [None, {"cells": None, "object": None}, {"object": {"metadata": 3}}]},
        {"kind": "PodList", "items": None},
        {"items": [None, {"metadata": {"name": None, "creationTimestamp": "yesterday"}}]},
    ],
)
def test_incomplete_tables_do_not_fail(document: dict[str, Any]) -> None:
    """What a table does not say is empty."""
    table = read_table(document)
    layout = Layout(table.columns or (), with_namespace=True)
    assert all(len(layout.cells(row)) == len(layout.headers()) for row in table.rows)


def test_layout_chooses_columns() -> None:
    """Columns of lower priority are for wide output; the namespace comes first where it is asked for."""
    row = Row(ObjectKey("default", "web"), cells=("web", "1/1", "4s", "n1"))
    assert Layout(COLUMNS).headers() == ["NAME", "READY", "AGE"]
    assert Layout(COLUMNS, wide=True).headers() == ["NAME", "READY", "AGE", "NODE"]
    layout = Layout(COLUMNS, wide=True, with_namespace=True)
    assert layout.headers() == ["NAMESPACE", "NAME", "READY", "AGE", "NODE"]
    assert layout.cells(row) == ["default", "web", "1/1", "4s", "n1"]


def test_ages_grow_when_asked() -> None:
    """With a time of day an age is computed from the creation, without one it is the server's."""
    created = datetime(2026, 1, 1, tzinfo=UTC)
    row = Row(ObjectKey("", "web"), cells=("web", "1/1", "4s"), created=created)
    assert Layout(COLUMNS).cells(row)[2] == "4s"
    assert Layout(COLUMNS).cells(row, now=datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC))[2] == "30s"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        ("web", "web"),
        (3, "3"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        (["a", 1], '["a",1]'),
        ("one\ntwo", "one..."),
        ("one\r\ntwo", "one..."),
        ("red \x1b[31malert", "red ^[[31malert"),
        ("tab\there", "tab^Ihere"),
        ("\x7f\x9b", "^?\\u009b"),
        ("naïve ✓", "naïve ✓"),
    ],
)
def test_cells_are_one_harmless_line(value: Any, text: str) -> None:
    """A cell shows its value on one line, and control characters as what they are."""
    assert cell_text(value) == text


@given(st.text())
def test_no_cell_moves_the_cursor(text: str) -> None:
    """Whatever a server sends, a cell consists of printable characters."""
    assert cell_text(text).isprintable()


def test_lines_are_aligned_as_kubectl_aligns_them() -> None:
    """Columns are three spaces apart and at least six wide; the last is not padded."""
    lines = Columns().lines([["NAME", "UP", "AGE"], ["test-pod", "1", "4s"]])
    assert lines == ["NAME       UP    AGE", "test-pod   1     4s"]


def test_widths_are_remembered() -> None:
    """Lines printed later are aligned with those before, and columns only ever grow."""
    columns = Columns()
    assert columns.lines([["longer-name", "x"]]) == ["longer-name   x"]
    assert columns.lines([["a", "x"]]) == ["a             x"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (130, "2m10s"),
        (599, "9m59s"),
        (600, "10m"),
        (179 * 60 + 59, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600 + 60, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (8 * 86400, "8d"),
        (729 * 86400, "729d"),
        (730 * 86400, "2y"),
        (735 * 86400, "2y5d"),
        (9 * 365 * 86400 + 86400, "9y"),
    ],
)
def test_durations_are_told_as_kubectl_tells_them(seconds: float, text: str) -> None:
    """An age has two or three digits that matter, and its largest units."""
    assert human_duration(seconds) == text
