"""Schemas as types: which fields there are, what they are called, what becomes of their values."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.cel import (
    Declaration,
    EvaluationError,
    compile_rule,
    declaration_of_node,
    declaration_of_schema,
)
from listwatch.apiserver.cel.schema_types import escape
from listwatch.apiserver.kinds.schema import Schemas


def _run(schema: dict[str, Any], source: str, value: Any, **options: bool) -> Any:
    declared = declaration_of_schema(schema, **options)
    assert declared is not None
    return compile_rule(source, {"self": declared.type}).evaluate({"self": declared.value(value)})


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("plain", "plain"),
        ("namespace", "__namespace__"),
        ("in", "__in__"),
        ("a-b", "a__dash__b"),
        ("a.b/c", "a__dot__b__slash__c"),
        ("a__b", "a__underscores__b"),
        ("1a", None),
        ("a b", None),
    ],
)
def test_names_are_escaped(name: str, escaped: str | None) -> None:
    """A field's name becomes an identifier by the documented rules, or cannot be named."""
    assert escape(name) == escaped


def test_escaped_fields_are_found() -> None:
    """An expression reaches fields by their escaped names, in values too."""
    schema = {"type": "object", "properties": {"a-b": {"type": "integer"}, "in": {"type": "string"}}}
    assert _run(schema, "has(self.a__dash__b) && self.__in__ == 'x'", {"a-b": 1, "in": "x"}) is True


@pytest.mark.parametrize(
    ("format_", "text", "source"),
    [
        ("date-time", "2020-01-01T00:00:00Z", "self.f.getFullYear() == 2020"),
        ("date", "2020-02-01", "self.f < timestamp('2020-02-02T00:00:00Z')"),
        ("duration", "90m", "self.f > duration('1h')"),
        ("byte", "aGk=", "self.f == b'hi'"),
        ("uri", "http://a", "self.f.startsWith('http')"),
    ],
)
def test_formats_have_types(format_: str, text: str, source: str) -> None:
    """Times, spans and bytes are values of their types, other formats stay strings."""
    schema = {"type": "object", "properties": {"f": {"type": "string", "format": format_}}}
    assert _run(schema, source, {"f": text}) is True


def test_a_text_that_is_no_time_fails_where_it_is_read() -> None:
    """Conversion happens on reading, so only who reads a bad value meets it."""
    schema = {
        "type": "object",
        "properties": {"t": {"type": "string", "format": "date-time"}, "n": {"type": "integer"}},
    }
    assert _run(schema, "self.n == 1", {"t": "x", "n": 1}) is True
    with pytest.raises(EvaluationError, match="parsing time"):
        _run(schema, "self.t.getHours() == 1", {"t": "x"})


def test_numbers_are_doubles_whatever_json_says() -> None:
    """A whole number in a `number` field divides as a double."""
    assert _run({"type": "object", "properties": {"n": {"type": "number"}}}, "self.n / 2.0 == 1.5", {"n": 3})


def test_sets_and_maps_compare_and_add_without_order() -> None:
    """Lists with a list type are equal in any order; `+` unites sets and merges maps by their keys."""
    a_set = {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}
    assert _run(a_set, "self == ['b', 'a'] && (self + ['b', 'c']).size() == 3", ["a", "b"])
    item = {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer"}}}
    a_map = {
        "type": "array",
        "items": item,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
    }
    two = {"type": "object", "properties": {"a": a_map, "b": a_map}}
    value = {"a": [{"k": "x", "v": 1}, {"k": "y", "v": 2}], "b": [{"k": "y", "v": 5}]}
    assert _run(two, "(self.a + self.b).map(i, i.v) == [1, 5]", value)


def test_a_root_has_its_name_and_no_more_of_its_metadata() -> None:
    """`apiVersion`, `kind`, `metadata.name` and `metadata.generateName` can be named at the root."""
    value = {"apiVersion": "g/v1", "kind": "K", "metadata": {"name": "n", "labels": {}}}
    assert _run({"type": "object"}, "self.metadata.name == 'n' && self.kind == 'K'", value, is_root=True)
    with pytest.raises(Exception, match="undefined field 'labels'"):
        _run({"type": "object"}, "self.metadata.labels == {}", value, is_root=True)


def test_what_has_no_type_does_not_exist() -> None:
    """Fields whose schema preserves anything cannot be named, nor can arrays of them."""
    schema = {"type": "object", "properties": {"x": {"x-kubernetes-preserve-unknown-fields": True}}}
    with pytest.raises(Exception, match="undefined field 'x'"):
        _run(schema, "self.x == 1", {})
    assert declaration_of_schema({"type": "array", "items": {}}) is None


def test_values_are_not_copied() -> None:
    """A schema without conversions gives the JSON value itself."""
    declared = declaration_of_schema({"type": "object", "properties": {"a": {"type": "string"}}})
    value = {"a": "x"}
    assert declared is not None
    assert declared.value(value) is value


@pytest.fixture(scope="module")
def pod() -> Declaration:
    node = Schemas.load().node("", "v1", "Pod")
    assert node is not None
    return declaration_of_node(node)


def test_built_in_kinds_have_types(pod: Declaration) -> None:
    """The shape of a built-in kind is a type, its times are timestamps."""
    source = (
        "self.spec.containers.all(c, c.image.contains(':')) && self.metadata.__namespace__ == 'd'"
        " && self.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')"
    )
    value = {
        "metadata": {"namespace": "d", "creationTimestamp": "2020-01-01T00:00:00Z"},
        "spec": {"containers": [{"image": "a:b"}]},
    }
    assert compile_rule(source, {"self": pod.type}).evaluate({"self": pod.value(value)}) is True


def test_shapes_may_contain_themselves() -> None:
    """A CustomResourceDefinition's schema is a type although it holds schemas."""
    node = Schemas.load().node("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    assert node is not None
    declared = declaration_of_node(node)
    source = "self.spec.versions[0].schema.openAPIV3Schema.properties['a'].type == 'string'"
    schema = {"openAPIV3Schema": {"properties": {"a": {"type": "string"}}}}
    value = declared.value({"spec": {"versions": [{"schema": schema}]}})
    assert compile_rule(source, {"self": declared.type}).evaluate({"self": value}) is True
