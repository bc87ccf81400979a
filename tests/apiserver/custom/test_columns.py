"""Printer columns: each type shows what fits it, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from listwatch.apiserver.custom.columns import custom_table

NOW = datetime(2026, 1, 1, 1, 0, tzinfo=UTC)


def cell(type_: str, value: Any) -> object:
    """What a column of a type shows of a value."""
    column = {"name": "C", "type": type_, "jsonPath": ".spec.v"}
    obj = {"metadata": {"name": "n"}, "spec": {"v": value}}
    (_, definition), (row,) = custom_table({"additionalPrinterColumns": [column]}, [obj], now=NOW)
    assert definition["description"] == "Custom resource definition column (in JSONPath format): .spec.v"
    return row[1]


@pytest.mark.parametrize(
    ("type_", "value", "shown"),
    [
        ("integer", 3, 3),
        ("integer", 3.7, 3),
        ("integer", "3", None),
        ("integer", True, None),
        ("number", 3, 3.0),
        ("boolean", True, True),
        ("boolean", "true", None),
        ("string", "x", "x"),
        ("string", 3, "3"),
        ("string", True, "true"),
        ("string", {"a": [1]}, '{"a":[1]}'),
        ("date", "2026-01-01T00:00:00Z", "60m"),
        ("date", 5, None),
        ("string", None, None),
    ],
)
def test_a_cell_shows_what_fits_its_column(type_: str, value: Any, shown: object) -> None:
    """Numbers are cut or widened, text is not parsed, dates are ages."""
    assert cell(type_, value) == shown


def test_without_columns_there_is_the_age() -> None:
    """Name and age, as the server has it by default."""
    obj = {"metadata": {"name": "n", "creationTimestamp": "2026-01-01T00:59:00Z"}}
    columns, rows = custom_table({}, [obj, {}], now=NOW)
    assert [each["name"] for each in columns] == ["Name", "Age"]
    assert rows == [["n", "60s"], ["", None]]
