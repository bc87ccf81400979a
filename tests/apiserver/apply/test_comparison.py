"""What two states of an object differ in."""

from __future__ import annotations

from typing import Any

import pytest
from field_kit import SHAPE, things
from hypothesis import given

from listwatch.apiserver.apply.comparison import compare
from listwatch.apiserver.apply.field_sets import FieldSet, intersection
from listwatch.apiserver.kinds.maps import json_equal

A = 'k:{"name":"a"}'
# (before, after, added, modified, removed)
STEPS: list[tuple[dict[str, Any], dict[str, Any], FieldSet, FieldSet, FieldSet]] = [
    ({}, {"text": "x"}, {"f:text": {}}, {}, {}),
    ({"text": "x"}, {"text": "y"}, {}, {"f:text": {}}, {}),
    ({"text": "x"}, {}, {}, {}, {"f:text": {}}),
    ({}, {"labels": {"a": "x"}}, {"f:labels": {".": {}, "f:a": {}}}, {}, {}),
    ({"labels": None}, {"labels": {"a": "x"}}, {"f:labels": {"f:a": {}}}, {}, {}),
    ({"labels": None}, {"labels": {}}, {}, {"f:labels": {}}, {}),
    (
        {"labels": {"a": "x", "b": "x"}},
        {"labels": {"b": "y", "c": "x"}},
        {"f:labels": {"f:c": {}}},
        {"f:labels": {"f:b": {}}},
        {"f:labels": {"f:a": {}}},
    ),
    ({"selector": {"a": "x"}}, {"selector": {"b": "x"}}, {}, {"f:selector": {}}, {}),
    ({"args": ["x"]}, {"args": ["x", "y"]}, {}, {"f:args": {}}, {}),
    ({"tags": ["a"]}, {"tags": ["b"]}, {"f:tags": {'v:"b"': {}}}, {}, {"f:tags": {'v:"a"': {}}}),
    ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, {}, {}, {}),
    (
        {"items": [{"name": "a", "value": 1}]},
        {"items": [{"name": "a", "value": 2}]},
        {},
        {"f:items": {A: {"f:value": {}}}},
        {},
    ),
    (
        {"items": [{"name": "a"}]},
        {"items": [{"name": "a"}, {"name": "a"}]},
        {"f:items": {A: {}}},
        {},
        {"f:items": {A: {".": {}, "f:name": {}}}},
    ),
    (
        {"items": [{"name": "a"}, {"name": "a"}]},
        {"items": [{"name": "a", "value": 1}]},
        {"f:items": {A: {".": {}, "f:name": {}, "f:value": {}}}},
        {},
        {"f:items": {A: {}}},
    ),
    (
        {"items": [{"name": "a"}, {"name": "a"}]},
        {"items": [{"name": "a"}, {"name": "a", "value": 1}]},
        {},
        {"f:items": {A: {}}},
        {},
    ),
    ({"items": [{"name": "a"}, {"name": "a"}]}, {"items": []}, {}, {}, {"f:items": {A: {}}}),
    ({"free": True}, {"free": 1}, {}, {"f:free": {}}, {}),
    ({"free": 1}, {"free": {"a": 1}}, {"f:free": {"f:a": {}}}, {"f:free": {}}, {}),
    ({"free": {"a": 1}}, {"free": [1]}, {}, {"f:free": {}}, {"f:free": {"f:a": {}}}),
    ({"free": {"a": 1}}, {"free": {"a": 2}}, {}, {"f:free": {"f:a": {}}}, {}),
    ({"metadata": {"name": "a"}}, {"metadata": {"name": "b", "resourceVersion": "2"}}, {}, {}, {}),
]


@pytest.mark.parametrize(("before", "after", "added", "modified", "removed"), STEPS)
def test_each_sort_of_field_differs_in_its_own_way(
    before: dict[str, Any], after: dict[str, Any], added: FieldSet, modified: FieldSet, removed: FieldSet
) -> None:
    """Atomic values are modified as one, others part by part; what the server writes is not looked at."""
    found = compare(SHAPE, before, after)
    assert (found.added, found.modified, found.removed) == (added, modified, removed)


@given(things(), things())
def test_the_way_back_undoes_the_way_there(one: dict[str, Any], other: dict[str, Any]) -> None:
    """What one direction adds the other removes; no field is in two sets; equal states do not differ."""
    there, back = compare(SHAPE, one, other), compare(SHAPE, other, one)
    assert (there.added, there.modified, there.removed) == (back.removed, back.modified, back.added)
    assert intersection(there.added, there.modified) == {}
    assert intersection(there.added, there.removed) == {}
    assert compare(SHAPE, one, one).is_same


@given(things(), things())
def test_what_is_the_same_does_not_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    """A comparison finds nothing only between objects that are equal, but for the order of sets and keyed lists."""
    if compare(SHAPE, one, other).is_same:
        assert json_equal(_sorted(one), _sorted(other))


def _sorted(value: dict[str, Any]) -> dict[str, Any]:
    plain = dict(value)
    if "tags" in plain:
        plain["tags"] = sorted(plain["tags"])
    if "items" in plain:
        plain["items"] = sorted(
            (
                {**item, **({"ports": sorted(item["ports"], key=repr)} if "ports" in item else {})}
                for item in plain["items"]
            ),
            key=repr,
        )
    return plain
