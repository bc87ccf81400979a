"""The algebra of field sets, by its laws."""

from __future__ import annotations

from typing import Any

import pytest
from field_kit import field_sets
from hypothesis import given

from listwatch.apiserver.apply.field_sets import (
    FieldSet,
    decoded,
    difference,
    has,
    intersection,
    matching,
    of_path,
    ordered,
    path_text,
    paths,
    recursive_difference,
    union,
)
from listwatch.apiserver.apply.path_elements import FieldSetError

SETS = field_sets()


def members(fields: FieldSet) -> set[tuple[str, ...]]:
    """A field set as a plain set of paths."""
    return set(paths(fields))


@given(SETS, SETS)
def test_union_intersection_and_difference_are_those_of_sets(one: FieldSet, other: FieldSet) -> None:
    """The three operations do to the paths what a set's operations do."""
    assert members(union(one, other)) == members(one) | members(other)
    assert members(intersection(one, other)) == members(one) & members(other)
    assert members(difference(one, other)) == members(one) - members(other)


@given(SETS, SETS)
def test_a_recursive_difference_takes_the_parts_along(one: FieldSet, other: FieldSet) -> None:
    """What is left has neither a field of the other set nor anything below one."""
    gone = members(other)
    expected = {
        path for path in members(one) if not any(path[:length] in gone for length in range(1, len(path) + 1))
    }
    assert members(recursive_difference(one, other)) == expected


@given(SETS, SETS)
def test_results_are_well_formed(one: FieldSet, other: FieldSet) -> None:
    """Nothing stands below the root that leads to no member, so equal sets are equal dicts."""

    def is_well_formed(node: FieldSet) -> bool:
        return all(element == "." or not below or is_rooted(below) for element, below in node.items())

    def is_rooted(node: FieldSet) -> bool:
        return any(element != "." for element in node) and is_well_formed(node)

    for operation in (union, intersection, difference, recursive_difference):
        assert is_well_formed(operation(one, other))
    assert union(one, other) == union(other, one)
    assert intersection(one, other) == intersection(other, one)
    assert union(difference(one, other), intersection(one, other)) == one


@given(SETS)
def test_a_set_is_the_union_of_its_paths(fields: FieldSet) -> None:
    """Every path of a set is in it, and together they are the set."""
    rebuilt: FieldSet = {}
    for path in paths(fields):
        assert has(fields, path)
        rebuilt = union(rebuilt, of_path(path))
    assert rebuilt == fields


@given(SETS)
def test_order_and_decoding_change_nothing(fields: FieldSet) -> None:
    """Putting in order and reading as a client's set give an equal set."""
    assert ordered(fields) == fields
    assert decoded(fields) == fields


def test_keys_are_in_the_servers_order() -> None:
    """The set itself first, then fields by name, items by their keys' values, members by value."""
    fields = decoded(
        {
            'k:{"port":443}': {},
            'k:{"port":80}': {},
            'v:"b"': {},
            "f:b": {"f:y": {}, ".": {}, "f:x": {}},
            "v:1": {},
            "f:a": {},
            "i:10": {},
            "i:9": {},
        }
    )
    order = ["f:a", "f:b", 'k:{"port":80}', 'k:{"port":443}', "v:1", 'v:"b"', "i:9", "i:10"]
    assert list(ordered(fields)) == order
    assert list(ordered(fields)["f:b"]) == [".", "f:x", "f:y"]


def test_equal_sets_share_one() -> None:
    """Thousands of objects with the same owner and the same fields hold one field set between them."""
    assert ordered({"f:b": {}, "f:a": {}}) is ordered({"f:b": {}, "f:a": {}})


@pytest.mark.parametrize(
    ("given_set", "expected"),
    [
        (None, {}),
        ({"f:a": {}, "x:later": {"f:b": {}}}, {"f:a": {}}),
        ({'k:{"b":2, "a":1}': {}}, {'k:{"a":1,"b":2}': {}}),
        ({"v:1.0": {}}, {"v:1": {}}),
        ({"f:a": {".": {}}}, {"f:a": {}}),
        ({'v:"<"': {}}, {'v:"\\u003c"': {}}),
    ],
)
def test_a_clients_set_is_read_in_our_spelling(given_set: Any, expected: FieldSet) -> None:
    """Keys are sorted, numbers canonical, kinds of elements that are unknown ignored."""
    assert decoded(given_set) == expected


@pytest.mark.parametrize(
    "malformed", [[], {"f": {}}, {"abc": {}}, {"k:1": {}}, {"v:": {}}, {"i:x": {}}, {"f:a": 1}]
)
def test_what_is_no_set_is_refused(malformed: Any) -> None:
    """Elements without a kind or with broken content make a set malformed."""
    with pytest.raises(FieldSetError):
        decoded(malformed)


def test_patterns_keep_what_lies_on_their_paths() -> None:
    """A pattern keeps the fields on the way to its ends and all below them; the star is any element."""
    fields = decoded(
        {"f:spec": {".": {}, "f:c": {'k:{"name":"a"}': {".": {}, "f:x": {"f:y": {}}, "f:z": {}}}}}
    )
    pattern = {"f:spec": {"f:c": {"*": {"f:x": {}}}}}
    kept = {"f:spec": {".": {}, "f:c": {'k:{"name":"a"}': {".": {}, "f:x": {"f:y": {}}}}}}
    assert matching(fields, pattern) == kept
    assert matching(fields, {"f:status": {}}) == {}


def test_paths_are_shown_as_the_server_shows_them() -> None:
    """Fields after dots, items by their keys, members by their value."""
    path = ("f:spec", 'k:{"name":"a","port":80}', 'v:"x"', "i:3")
    assert path_text(path) == '.spec[name="a",port=80][="x"][3]'
