"""What is wrong with what is applied, in the server's words."""

from __future__ import annotations

from typing import Any

import pytest
from field_kit import SHAPE, STRING, map_of, struct, things
from hypothesis import given

from listwatch.apiserver.apply.shapes import root_shape
from listwatch.apiserver.apply.type_check import faults_of, summary
from listwatch.apiserver.kinds.schema import Node


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"text": 1}, ".text: expected string, got &value.valueUnstructured{Value:1}"),
        (
            {"text": {"a": [True]}},
            ".text: expected string, got "
            '&value.valueUnstructured{Value:map[string]interface {}{"a":[]interface {}{true}}}',
        ),
        ({"number": "x"}, ".number: expected numeric (int or float), got string"),
        ({"number": {}}, ".number: expected numeric (int or float), got map[string]interface {}"),
        ({"inner": "x"}, ".inner: expected map, got &{x}"),
        ({"inner": {"b": 1}}, ".inner.b: field not declared in schema"),
        ({"labels": [1]}, ".labels: expected map, got &{[1]}"),
        ({"args": {"b": 1, "a": None}}, ".args: expected list, got &{map[a:<nil> b:1]}"),
        ({"args": ["x", 1]}, ".args[1]: expected string, got &value.valueUnstructured{Value:1}"),
        ({"tags": ["a", "a"]}, '.tags: duplicate entries for key [="a"]'),
        ({"items": [{"name": "a"}, {"name": "a"}]}, '.items: duplicate entries for key [name="a"]'),
        (
            {"items": [{"name": "a", "ports": [{"port": 1}, {"port": 1, "protocol": "TCP"}]}]},
            '.items[name="a"].ports: duplicate entries for key [port=1,protocol="TCP"]',
        ),
        (
            {"items": [{"value": 1}]},
            '.items: element 0: associative list with keys has an element that omits all key fields ["name"] '
            "(and doesn't have default values for any key fields)",
        ),
    ],
)
def test_each_fault_is_told_with_its_path(value: dict[str, Any], fault: str) -> None:
    """Types, names and keys are looked at, and values shown as Go shows them."""
    assert faults_of(SHAPE, value) == [fault]


def test_several_faults_are_listed() -> None:
    """One fault is told plainly, several in lines."""
    faults = faults_of(SHAPE, {"text": 1, "number": "x"})
    assert summary(faults[:1]) == faults[0]
    assert summary(faults) == f"errors:\n  {faults[0]}\n  {faults[1]}"


@given(things())
def test_good_objects_have_no_faults(value: dict[str, Any]) -> None:
    """An object of the kind can be applied, with nulls anywhere."""
    assert faults_of(SHAPE, value) == []
    assert faults_of(SHAPE, dict.fromkeys(value)) == []


def test_kinds_that_keep_unknown_fields_take_them() -> None:
    """A struct may keep what it does not know; a field of any scalar takes no list."""
    open_node = struct(
        "Open", text=STRING, size=Node("quantity", "resource.Quantity"), flag=Node("boolean", "bool")
    )
    open_node.keeps_unknown = True
    shape = root_shape(open_node)
    assert faults_of(shape, {"other": {"a": 1}, "size": 5, "flag": True}) == []
    assert faults_of(shape, {"size": [1]}) == [".size: expected any scalar, got &{[1]}"]
    assert faults_of(shape, {"flag": "yes"}) == [".flag: expected boolean, got &{yes}"]
    assert faults_of(root_shape(struct("Closed", m=map_of(STRING))), {"m": {"a": "x"}}) == []
