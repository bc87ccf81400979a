"""Objects without some of their fields."""

from __future__ import annotations

from typing import Any

import pytest
from field_kit import SHAPE, things
from hypothesis import given

from listwatch.apiserver.apply.field_sets import FieldSet
from listwatch.apiserver.apply.removal import without
from listwatch.apiserver.apply.typed_fields import claimed

A = 'k:{"name":"a"}'


@pytest.mark.parametrize(
    ("value", "fields", "left"),
    [
        ({"text": "x", "number": 1}, {"f:text": {}}, {"number": 1}),
        ({"labels": {"a": "x", "b": "x"}}, {"f:labels": {"f:a": {}}}, {"labels": {"b": "x"}}),
        ({"labels": {"a": "x"}}, {"f:labels": {"f:a": {}}}, {"labels": None}),
        ({"tags": ["a", "b"]}, {"f:tags": {'v:"a"': {}}}, {"tags": ["b"]}),
        ({"items": [{"name": "a"}, {"name": "b"}]}, {"f:items": {A: {}}}, {"items": [{"name": "b"}]}),
        (
            {"items": [{"name": "a", "value": 1}]},
            {"f:items": {A: {"f:value": {}}}},
            {"items": [{"name": "a"}]},
        ),
        ({"selector": {"a": "x"}}, {"f:selector": {"f:a": {}}}, {"selector": None}),
        ({"free": {"a": 1, "b": 2}}, {"f:free": {"f:a": {}}}, {"free": {"b": 2}}),
        ({"free": {"a": "x"}}, {"f:free": {"f:a": {"f:b": {}}}}, {"free": {"a": "x"}}),
        ({"text": "x"}, {"f:labels": {}}, {"text": "x"}),
    ],
)
def test_fields_go_with_what_is_below(value: dict[str, Any], fields: FieldSet, left: Any) -> None:
    """A member goes as a whole; a list or map that loses all becomes null; what is not there cannot go."""
    assert without(SHAPE, value, fields) == left


@given(things())
def test_without_nothing_all_stays(value: dict[str, Any]) -> None:
    """Taking nothing away changes nothing, taking all leaves nothing."""
    assert (without(SHAPE, value, {}) or {}) == value
    everything = {element: {} for element in claimed(SHAPE, value)}
    assert (without(SHAPE, value, everything) or {}) == {
        name: part for name, part in value.items() if "f:" + name not in everything
    }
