"""JSON schemas: each rule, its path and the server's words; what did not change is not looked at."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.custom.value_validation import go_number, validate_value

INTEGER: dict[str, Any] = {"type": "integer"}


def told(value: Any, schema: dict[str, Any], **options: Any) -> list[str]:
    """The causes for a value that stands at `v`, as messages have them."""
    root = {"type": "object", "properties": {"v": schema}}
    old = {"old": {"v": options["old"]}} if "old" in options else {}
    return [f"{cause.field}: {cause.message}" for cause in validate_value({"v": value}, root, **old)]


@pytest.mark.parametrize(
    ("value", "schema", "problem"),
    [
        ("x", INTEGER, 'v: Invalid value: "string": v in body must be of type integer: "string"'),
        (1.5, INTEGER, 'v: Invalid value: "number": v in body must be of type integer: "number"'),
        (None, INTEGER, 'v: Invalid value: "null": v in body must be of type integer: "null"'),
        (
            True,
            {"type": "string"},
            'v: Invalid value: "boolean": v in body must be of type string: "boolean"',
        ),
        ([], {"type": "object"}, 'v: Invalid value: "array": v in body must be of type object: "array"'),
        (
            True,
            {"x-kubernetes-int-or-string": True},
            'v: Invalid value: "boolean": v in body must be of type integer,string: "boolean"',
        ),
        (True, {**INTEGER, "format": "int32"}, 'v: Invalid value: "": v in body must be of type int32: ""'),
        (10, {**INTEGER, "maximum": 9}, "v: Invalid value: 10: v in body should be less than or equal to 9"),
        (
            9,
            {**INTEGER, "maximum": 9, "exclusiveMaximum": True},
            "v: Invalid value: 9: v in body should be less than 9",
        ),
        (0, {**INTEGER, "minimum": 1}, "v: Invalid value: 0: v in body should be greater than or equal to 1"),
        (
            1,
            {**INTEGER, "minimum": 1, "exclusiveMinimum": True},
            "v: Invalid value: 1: v in body should be greater than 1",
        ),
        (5, {**INTEGER, "multipleOf": 2}, "v: Invalid value: 5: v in body should be a multiple of 2"),
        (
            0.5,
            {"type": "number", "maximum": 0.25},
            "v: Invalid value: 0.5: v in body should be less than or equal to 0.25",
        ),
        ("abc", {"type": "string", "maxLength": 2}, "v: Too long: may not be more than 2 bytes"),
        (
            "",
            {"type": "string", "minLength": 1},
            'v: Invalid value: "": v in body should be at least 1 chars long',
        ),
        (
            "b",
            {"type": "string", "pattern": "^a"},
            "v: Invalid value: \"b\": v in body should match '^a'",
        ),
        (
            "x",
            {"type": "string", "format": "ipv4"},
            'v: Invalid value: "x": v in body must be of type ipv4: "x"',
        ),
        ("c", {"enum": ["a", "b"]}, 'v: Unsupported value: "c": supported values: "a", "b"'),
        (3, {"enum": [1, 2]}, 'v: Unsupported value: 3: supported values: "1", "2"'),
        (
            [],
            {"type": "array", "minItems": 1},
            "v: Invalid value: 0: v in body should have at least 1 items",
        ),
        ([1, 2], {"type": "array", "maxItems": 1}, "v: Too many: 2: must have at most 1 items"),
        (
            [1, "x"],
            {"type": "array", "items": INTEGER},
            'v[1]: Invalid value: "string": v[1] in body must be of type integer: "string"',
        ),
        (
            {},
            {"type": "object", "minProperties": 1},
            "v: Invalid value: 0: v in body should have at least 1 properties",
        ),
        (
            {"a": 1, "b": 2},
            {"type": "object", "maxProperties": 1},
            "v: Too many: 2: must have at most 1 items",
        ),
        ({}, {"type": "object", "required": ["a"]}, "v.a: Required value"),
        (
            {"k": "x"},
            {"type": "object", "additionalProperties": INTEGER},
            'v.k: Invalid value: "string": v.k in body must be of type integer: "string"',
        ),
        (1, {"not": {"enum": [1]}}, '<nil>: Invalid value: "": "v" must not validate the schema (not)'),
        (
            1,
            {"oneOf": [{"minimum": 0}, {"maximum": 5}]},
            '<nil>: Invalid value: "": "v" must validate one and only one schema (oneOf). Found 2 valid alternatives',
        ),
    ],
)
def test_each_broken_rule_is_told_in_the_servers_words(
    value: Any, schema: dict[str, Any], problem: str
) -> None:
    """One value, one broken rule, one cause with its path."""
    assert told(value, schema) == [problem]


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (3.0, INTEGER),
        (3, {"type": "number"}),
        (None, {**INTEGER, "nullable": True}),
        ("x", {"x-kubernetes-int-or-string": True}),
        ("", {"type": "string", "format": "of-my-own"}),
        ({"a": 1}, {"type": "object", "required": ["b"], "properties": {"b": {"default": 1}}}),
        (1, {"anyOf": [{"maximum": 0}, {"minimum": 1}]}),
        ("aé", {"type": "string", "maxLength": 2}),
    ],
)
def test_good_values_are_good(value: Any, schema: dict[str, Any]) -> None:
    """Whole floats are integers, unknown formats are remarks, lengths count characters."""
    assert told(value, schema) == []


def test_a_failed_combination_tells_the_alternative_that_came_furthest() -> None:
    """The summary stands first, then the causes of the best alternative."""
    schema = {"anyOf": [{"maximum": 1}, {"maximum": 2}]}
    assert told(5, schema) == [
        '<nil>: Invalid value: "": "v" must validate at least one schema (anyOf)',
        "v: Invalid value: 5: v in body should be less than or equal to 1",
    ]
    assert told(5, {"allOf": [{"maximum": 1}]})[-1].endswith("(allOf). None validated")


def test_what_did_not_change_is_not_looked_at_again() -> None:
    """An old fault stays tolerated where nothing was changed, in maps by key also when items move."""
    schema = {
        "type": "object",
        "properties": {
            "a": {**INTEGER, "maximum": 1},
            "l": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "properties": {"k": INTEGER, "n": {**INTEGER, "maximum": 1}}},
            },
        },
    }
    old = {"a": 5, "l": [{"k": 1, "n": 9}]}
    assert told({"a": 5, "b": 1, "l": [{"k": 2, "n": 0}, {"k": 1, "n": 9}]}, schema, old=old) == []
    assert len(told({"a": 6, "l": [{"k": 1, "n": 8}]}, schema, old=old)) == 2


@pytest.mark.parametrize(("value", "shown"), [(9.0, "9"), (0.5, "0.5"), (1e21, "1e+21"), (-2, "-2")])
def test_bounds_are_shown_as_go_shows_them(value: float, shown: str) -> None:
    """Whole numbers without a point, great ones with an exponent."""
    assert go_number(value) == shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_no_value_breaks_the_validator(value: Any) -> None:
    """Whatever stands where, there are causes or there are none."""
    schema = {
        "type": "object",
        "properties": {
            "s": {"type": "string", "pattern": "^a", "format": "date-time"},
            "n": {"type": "number", "multipleOf": 0.1},
            "l": {"type": "array", "items": {"enum": [1, None]}},
        },
        "additionalProperties": {"anyOf": [{"type": "string"}, {"required": ["x"]}]},
    }
    told(value, schema)
    told({"s": value, "n": value, "l": value, "o": value}, schema)
    assert told(value, schema, old=value) == []
