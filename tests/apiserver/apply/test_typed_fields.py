"""From objects to field sets, by every sort of field."""

from __future__ import annotations

from typing import Any

import pytest
from field_kit import SHAPE, STRING, THING, list_of, map_of, struct, things
from hypothesis import given

from listwatch.apiserver.apply.field_sets import FieldSet, difference, paths
from listwatch.apiserver.apply.path_elements import FieldSetError
from listwatch.apiserver.apply.shapes import DEDUCED, root_shape
from listwatch.apiserver.apply.typed_fields import claimed, reconciled, whole, with_named_fields

CLAIMS: list[tuple[dict[str, Any], FieldSet]] = [
    ({"text": "x"}, {"f:text": {}}),
    ({"text": None}, {"f:text": {}}),
    ({"inner": {"a": 1}}, {"f:inner": {"f:a": {}}}),
    ({"inner": {}}, {"f:inner": {}}),
    ({"labels": {"a": "x"}}, {"f:labels": {"f:a": {}}}),
    ({"labels": {}}, {"f:labels": {}}),
    ({"nested": {"a": {"b": 1}}}, {"f:nested": {"f:a": {".": {}, "f:b": {}}}}),
    ({"selector": {"a": "x"}}, {"f:selector": {}}),
    ({"args": []}, {"f:args": {}}),
    ({"tags": ["a", "b"]}, {"f:tags": {'v:"a"': {}, 'v:"b"': {}}}),
    ({"tags": []}, {}),
    (
        {"items": [{"name": "a", "ports": [{"port": 1}]}]},
        {
            "f:items": {
                'k:{"name":"a"}': {
                    ".": {},
                    "f:name": {},
                    "f:ports": {'k:{"port":1,"protocol":"TCP"}': {".": {}, "f:port": {}}},
                }
            }
        },
    ),
    ({"free": {"a": {"b": [1]}, "c": None}}, {"f:free": {"f:a": {".": {}, "f:b": {}}, "f:c": {}}}),
    ({"free": [1]}, {"f:free": {}}),
    ({"unknown": {"a": 1}}, {"f:unknown": {".": {}, "f:a": {}}}),
]


@pytest.mark.parametrize(("value", "fields"), CLAIMS)
def test_what_somebody_claims_by_applying(value: dict[str, Any], fields: FieldSet) -> None:
    """Leaves, items and entries are claimed; structs only by what is in them, unless nothing is."""
    assert claimed(SHAPE, value) == fields


def test_what_is_new_is_new_with_all_its_parts() -> None:
    """A new struct, map or list is itself among the fields, beside its parts; what is atomic has none."""
    value = {"inner": {"a": 1}, "labels": {"a": "x"}, "selector": {"a": "x"}, "tags": ["a"], "args": ["x"]}
    assert whole(SHAPE, value) == {
        ".": {},
        "f:inner": {".": {}, "f:a": {}},
        "f:labels": {".": {}, "f:a": {}},
        "f:selector": {},
        "f:tags": {".": {}, 'v:"a"': {}},
        "f:args": {},
    }


@given(things())
def test_who_applies_claims_nothing_that_is_not_there(value: dict[str, Any]) -> None:
    """All that is claimed of an object is among all its fields."""
    assert difference(claimed(SHAPE, value), whole(SHAPE, value)) == {}


@given(things())
def test_named_fields_are_completed_once(value: dict[str, Any]) -> None:
    """Completing a set by the structs' fields adds only what leads to a member, and nothing the second time."""
    fields = claimed(SHAPE, value)
    completed = with_named_fields(SHAPE, fields)
    assert with_named_fields(SHAPE, completed) == completed
    before = set(paths(fields))
    for path in set(paths(completed)) - before:
        assert path[-1].startswith("f:")
        assert any(each[: len(path)] == path for each in before)


def test_items_with_the_same_key_are_one_field() -> None:
    """Duplicates cannot be told apart, so that the key alone is owned."""
    value = {"items": [{"name": "a", "value": 1}, {"name": "a", "value": 2}]}
    assert whole(SHAPE, value)["f:items"] == {".": {}, 'k:{"name":"a"}': {}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"items": [None]}, "null element"),
        ({"items": ["a"]}, "non-map elements"),
        ({"items": [{"value": 1}]}, 'omits all key fields ["name"]'),
        ({"tags": [{}]}, "map type"),
        ({"tags": [[]]}, "lists as elements"),
        ({"tags": [None]}, "explicit null"),
    ],
)
def test_items_without_a_key_have_no_place(value: dict[str, Any], message: str) -> None:
    """An item that its list cannot tell from others is refused in the server's words."""
    with pytest.raises(FieldSetError) as caught:
        claimed(SHAPE, value)
    assert message in str(caught.value)


def test_an_object_without_a_schema_is_taken_apart_by_its_form() -> None:
    """Without a schema objects fall apart and lists do not."""
    value = {"spec": {"a": {"b": 1}, "c": [1]}}
    assert claimed(DEDUCED, value) == {"f:spec": {".": {}, "f:a": {".": {}, "f:b": {}}, "f:c": {}}}
    assert root_shape(None) is DEDUCED


def test_a_field_that_became_atomic_is_owned_as_a_whole() -> None:
    """Parts that were owned before a kind came to take their field in one become that field."""
    before = {"f:labels": {"f:a": {}}, "f:tags": {'v:"a"': {}}, "f:text": {}}
    fields = {"labels": map_of(STRING, "atomic"), "tags": list_of(STRING), "text": STRING}
    after = root_shape(struct("Thing", **fields))
    assert reconciled(after, before) == {"f:labels": {}, "f:tags": {}, "f:text": {}}
    assert reconciled(root_shape(THING), before) == before
