"""Path elements: one spelling, one order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.apply.path_elements import (
    canonical_element,
    element_order,
    element_text,
    key_element,
    value_element,
)

SCALARS = st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=4))


@given(st.dictionaries(st.text(max_size=3), SCALARS, min_size=1, max_size=3))
def test_keys_are_spelled_in_one_way(keys: dict[str, Any]) -> None:
    """Reading an element that we wrote gives the same text."""
    element = key_element(sorted(keys.items()))
    assert canonical_element(element) == element


@given(SCALARS)
def test_values_are_spelled_in_one_way(value: Any) -> None:
    """Likewise for members of sets."""
    assert canonical_element(value_element(value)) == value_element(value)


@given(st.lists(SCALARS, max_size=6))
def test_elements_can_always_be_ordered(values: list[Any]) -> None:
    """Values of different types have one order, numbers first, then text, then booleans."""
    elements = sorted(map(value_element, values), key=element_order)
    ranks = [element_order(element)[1] for element in elements]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("element", "shown"),
    [
        ("f:spec", ".spec"),
        ('k:{"a":true,"b":[1,"x"],"c":{"d":null}}', '[a=true,b=[1,"x"],c=d=null]'),
        ('v:"a\\"b"', '[="a\\"b"]'),
        ("i:0", "[0]"),
    ],
)
def test_elements_are_shown_as_in_messages(element: str, shown: str) -> None:
    """Text is quoted as Go quotes it, other values stand as they are."""
    assert element_text(element) == shown
