"""Pruning: what the schema does not know goes, what it preserves stays as it is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.custom.pruning import coerce, prune
from listwatch.apiserver.custom.structural import structural
from listwatch.apiserver.kinds.schema import SchemaError

KEPT = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "known": {"type": "string"},
                "any": KEPT,
                "map": {
                    "type": "object",
                    "additionalProperties": {"type": "object", "properties": {"x": {}}},
                },
                "list": {"type": "array", "items": {"type": "object", "properties": {"x": {}}}},
                "pod": {**KEPT, "x-kubernetes-embedded-resource": True},
            },
        }
    },
}


def test_unknown_fields_go_and_are_told_with_their_paths() -> None:
    """At every depth, in maps and in lists; the three general fields are always known."""
    obj = {
        "apiVersion": "v1",
        "kind": "K",
        "metadata": {"name": "n", "odd": 1},
        "extra": 1,
        "spec": {
            "known": "a",
            "gone": 1,
            "map": {"k": {"x": 1, "y": 2}},
            "list": [{"z": 3}],
            "any": {"deep": [1]},
        },
    }
    unknown = coerce(obj, structural(SCHEMA))
    assert sorted(unknown) == ["extra", "metadata.odd", "spec.gone", "spec.list[0].z", "spec.map.k.y"]
    assert obj["spec"] == {"known": "a", "map": {"k": {"x": 1}}, "list": [{}], "any": {"deep": [1]}}


def test_a_definition_that_preserves_all_prunes_nothing() -> None:
    """`preserveUnknownFields` leaves everything but bad metadata."""
    obj = {"metadata": {"name": "n"}, "extra": 1}
    assert coerce(obj, structural(SCHEMA), keeps_unknown=True) == []
    assert obj["extra"] == 1


def test_metadata_is_read_as_metadata_also_of_embedded_objects() -> None:
    """A wrong type is refused, an unknown field dropped."""
    obj: dict[str, Any] = {
        "metadata": {},
        "spec": {"pod": {"kind": "Pod", "metadata": {"x": 1, "name": "p"}}},
    }
    assert coerce(obj, structural(SCHEMA)) == ["spec.pod.metadata.x"]
    with pytest.raises(SchemaError, match="cannot unmarshal"):
        coerce({"metadata": {"name": 5}}, structural(SCHEMA))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["known", "any", "map", "list", "x", "y", "spec"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_pruning_is_idempotent_and_never_touches_what_is_preserved(value: Any) -> None:
    """A second time drops nothing; below `any` all is as it was given."""
    obj: dict[str, Any] = {"spec": {"any": copy.deepcopy(value), "known": value, "list": value, "map": value}}
    obj = copy.deepcopy(obj)
    prune(obj, structural(SCHEMA))
    once = copy.deepcopy(obj)
    assert prune(obj, structural(SCHEMA)) == []
    assert obj == once
    assert obj["spec"]["any"] == value
