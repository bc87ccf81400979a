"""Defaults: where nothing stands, and where a null is as good as nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.custom.defaulting import default, drop_nulls
from listwatch.apiserver.custom.structural import structural

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "color": {"type": "string", "default": "red"},
        "nothing": {"type": "string", "nullable": True, "default": "x"},
        "plain": {"type": "string"},
        "inner": {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}},
        "made": {"type": "object", "default": {}, "properties": {"n": {"type": "integer", "default": 2}}},
        "list": {"type": "array", "items": {"type": "object", "properties": {"n": {"default": 3}}}},
    },
}


def filled(value: Any) -> Any:
    """A copy, with its defaults."""
    copied = copy.deepcopy(value)
    drop_nulls(copied, structural(SCHEMA))
    default(copied, structural(SCHEMA))
    return copied


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({}, {"color": "red", "nothing": "x", "made": {"n": 2}}),
        ({"color": None}, {"color": "red", "nothing": "x", "made": {"n": 2}}),
        ({"nothing": None}, {"color": "red", "nothing": None, "made": {"n": 2}}),
        ({"plain": None}, {"color": "red", "nothing": "x", "made": {"n": 2}}),
        (
            {"inner": {}, "made": {"n": 0}},
            {"inner": {"n": 1}, "made": {"n": 0}, "color": "red", "nothing": "x"},
        ),
        ({"list": [{}, 5]}, {"list": [{"n": 3}, 5], "color": "red", "nothing": "x", "made": {"n": 2}}),
    ],
)
def test_what_a_default_fills(given_: Any, expected: Any) -> None:
    """Missing fields, nulls that may not be, defaults within defaults; what is there stays."""
    assert filled(given_) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*SCHEMA["properties"], "n"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(JSON)
def test_defaulting_is_idempotent_and_keeps_what_is_no_null(value: Any) -> None:
    """A second time changes nothing; no value but null is replaced."""
    once = filled(value)
    assert filled(once) == once
    if isinstance(value, dict):
        assert {name for name, each in value.items() if each is not None} <= set(once)
