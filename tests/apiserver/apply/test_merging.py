"""What is applied, laid over what is there."""

from __future__ import annotations

from typing import Any

import pytest
from field_kit import SHAPE, things
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.apply.field_sets import difference
from listwatch.apiserver.apply.merging import merge
from listwatch.apiserver.apply.typed_fields import claimed

# (live, applied, merged)
MERGES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"text": "x"}, {"number": 1}, {"text": "x", "number": 1}),
    ({"inner": {"a": 1}}, {"inner": {"deep": {"z": 2}}}, {"inner": {"a": 1, "deep": {"z": 2}}}),
    ({"labels": {"a": "x"}}, {"labels": {"b": "y"}}, {"labels": {"a": "x", "b": "y"}}),
    ({"labels": {"a": "x"}}, {"labels": None}, {"labels": {"a": "x"}}),
    ({"labels": {}}, {"labels": None}, {"labels": None}),
    ({"text": "x"}, {"text": None}, {"text": None}),
    ({"selector": {"a": "x"}}, {"selector": {"b": "y"}}, {"selector": {"b": "y"}}),
    ({"args": ["x", "y"]}, {"args": ["y"]}, {"args": ["y"]}),
    ({"free": {"a": 1, "l": [1]}}, {"free": {"b": 2, "l": [2]}}, {"free": {"a": 1, "b": 2, "l": [2]}}),
    ({"free": {"a": 1}}, {"free": "x"}, {"free": "x"}),
    (
        {"items": [{"name": "a", "value": 1}, {"name": "b"}]},
        {"items": [{"name": "b", "value": 2}]},
        {"items": [{"name": "a", "value": 1}, {"name": "b", "value": 2}]},
    ),
    (
        {"items": [{"name": "a", "ports": [{"port": 1, "protocol": "TCP"}]}]},
        {"items": [{"name": "a", "ports": [{"port": 1, "label": "x"}]}]},
        {"items": [{"name": "a", "ports": [{"port": 1, "protocol": "TCP", "label": "x"}]}]},
    ),
]


@pytest.mark.parametrize(("live", "applied", "merged"), MERGES)
def test_each_sort_of_field_is_merged_in_its_own_way(
    live: dict[str, Any], applied: dict[str, Any], merged: dict[str, Any]
) -> None:
    """Structs, maps and keyed lists are merged, all else is replaced; null unsets a leaf only."""
    assert merge(SHAPE, live, applied) == merged


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        ("abc", "cb", "acb"),
        ("abc", "d", "abcd"),
        ("abc", "da", "dabc"),
        ("abc", "bd", "abcd"),
        ("abcd", "dxa", "bcdxa"),
        ("ab", "ba", "ba"),
        ("axb", "ba", "xba"),
        ("", "ab", "ab"),
        ("ab", "", "ab"),
        ("aab", "bc", "aabc"),
        ("aab", "ac", "acb"),
    ],
)
def test_lists_keep_the_applied_order(live: str, applied: str, merged: str) -> None:
    """Items of both lists come in the applied order; what is in the live list alone stays with its neighbours."""
    result = merge(SHAPE, {"tags": list(live)}, {"tags": list(applied)})
    assert "".join(result["tags"]) == merged


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True))
def test_a_merged_list_has_all_items_once(live: list[str], applied: list[str]) -> None:
    """Nothing is lost or doubled, and both the applied order and the order of what is live alone are kept."""
    merged = merge(SHAPE, {"tags": live}, {"tags": applied})["tags"]
    assert sorted(merged) == sorted({*live, *applied})
    assert [tag for tag in merged if tag in applied] == applied
    alone = [tag for tag in live if tag not in applied]
    assert [tag for tag in merged if tag in alone] == alone


@given(things(), things())
def test_what_is_applied_is_there_afterwards(live: dict[str, Any], applied: dict[str, Any]) -> None:
    """All that was claimed is in the merged object, merging again changes nothing, and so does merging a part."""
    merged = merge(SHAPE, live, applied)
    assert difference(claimed(SHAPE, applied), claimed(SHAPE, merged)) == {}
    assert merge(SHAPE, merged, applied) == merged
    assert merge(SHAPE, live, {}) == live
