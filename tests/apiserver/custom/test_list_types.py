"""Sets and maps in the form of lists: no member twice."""

from __future__ import annotations

from typing import Any

from listwatch.apiserver.custom.list_types import check_lists, freeze
from listwatch.apiserver.custom.structural import structural
from listwatch.apiserver.kinds.causes import Causes

SCHEMA = {
    "type": "object",
    "properties": {
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {}},
        "ports": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["port", "protocol"],
            "items": {"type": "object", "properties": {"port": {}, "protocol": {"default": "TCP"}}},
        },
        "groups": {
            "type": "object",
            "additionalProperties": {"type": "array", "x-kubernetes-list-type": "set"},
        },
    },
}


def told(value: Any) -> list[str]:
    """The duplicates in a value."""
    causes = Causes()
    check_lists(causes, value, structural(SCHEMA))
    return [f"{cause.field}: {cause.message}" for cause in causes]


def test_a_set_has_no_value_twice() -> None:
    """Equal values, also nested ones, are told at the later place; `true` is not `1`."""
    assert told({"set": ["a", "b", "a"]}) == ['set[2]: Duplicate value: "a"']
    assert told({"set": [1, True, {"a": [1]}, {"a": [1]}]}) == ['set[3]: Duplicate value: {"a":[1]}']
    assert told({"groups": {"k": [1, 1]}}) == ["groups[k][1]: Duplicate value: 1"]


def test_a_map_has_no_key_twice() -> None:
    """The keys count, with their defaults; what else an item holds does not."""
    assert told({"ports": [{"port": 1, "x": 1}, {"port": 1, "protocol": "TCP"}]}) == [
        'ports[1]: Duplicate value: {"port":1,"protocol":"TCP"}'
    ]
    assert told({"ports": [{"port": 1}, {"port": 1, "protocol": "UDP"}, 5, 5]}) == []


def test_frozen_values_are_equal_as_json_is() -> None:
    """Members in any order, numbers by value."""
    assert freeze({"a": 1, "b": 2}) == freeze({"b": 2, "a": 1})
    assert freeze(1) == freeze(1.0)
    assert freeze(True) != freeze(1)
