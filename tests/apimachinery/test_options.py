"""List options as a query string."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.options import ListOptions, encode_query


@pytest.mark.parametrize(
    ("options", "watch", "query"),
    [
        (ListOptions(), False, ""),
        (ListOptions(), True, "watch=true"),
        (ListOptions(resource_version="0"), False, "resourceVersion=0"),
        (ListOptions(resource_version=""), False, ""),
        (ListOptions(limit=0), False, "limit=0"),
        (ListOptions(limit=500, continue_="a b/c=="), False, "continue=a%20b%2Fc%3D%3D&limit=500"),
        (
            ListOptions(label_selector="app=web,tier in (a, b)"),
            False,
            "labelSelector=app%3Dweb%2Ctier%20in%20%28a%2C%20b%29",
        ),
        (ListOptions(field_selector="spec.nodeName=n1"), False, "fieldSelector=spec.nodeName%3Dn1"),
        (ListOptions(send_initial_events=False), True, "watch=true&sendInitialEvents=false"),
        (
            ListOptions(
                send_initial_events=True,
                allow_watch_bookmarks=True,
                resource_version="",
                resource_version_match="NotOlderThan",
                timeout_seconds=30,
            ),
            True,
            "watch=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&timeoutSeconds=30",
        ),
    ],
)
def test_options_in_a_fixed_order(options: ListOptions, watch: bool, query: str) -> None:
    """What is set is written once, percent-encoded, always in the same order; what is not set stays away."""
    assert options.to_query(watch=watch) == query


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=4))
def test_any_text_survives_a_query(pairs: list[tuple[str, str]]) -> None:
    """A standard parser reads back what was encoded."""
    assert parse_qsl(encode_query(pairs), strict_parsing=bool(pairs)) == pairs


def test_options_do_not_change() -> None:
    """A changed copy is made with dataclasses.replace; the options themselves are fixed."""
    options = ListOptions(limit=1)
    assert replace(options, limit=2).limit == 2
    with pytest.raises(FrozenInstanceError):
        options.limit = 3  # type: ignore[misc]
