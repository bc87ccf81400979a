"""Objects as bytes and back."""

from __future__ import annotations

import pytest

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.binary import from_binary, to_binary
from listwatch.apimachinery.object import Object
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured

WIDGETS = Resource("example.com", "v1", "widgets", "Widget")


@pytest.mark.parametrize(
    "made",
    [
        Pod.from_json(b'{"metadata":{"name":"a","labels":{"x":"y"}},"spec":{"nodeName":"n"},"status":null}'),
        Pod.from_json(b'{"metadata":{"name":"a","new":1},"spec":{},"more":[1,2]}'),
        Pod(),
        Unstructured.from_json(b'{"metadata":{"name":"w"},"spec":{"size":3}}', resource=WIDGETS),
    ],
    ids=["typed", "with unknown fields", "empty", "unstructured"],
)
def test_round_trip(made: Object) -> None:
    """What comes out is written byte for byte as what went in, and is of the same kind."""
    again = from_binary(to_binary(made)[0], made, key=made.key, resource_version=made.resource_version)
    assert again.to_json() == made.to_json()
    assert (type(again), again.kind, again.key) == (type(made), made.kind, made.key)


def test_changes_go_in() -> None:
    """What somebody has changed is in the bytes; the object itself stays as it is."""
    made = Pod.from_json(b'{"metadata":{"name":"a"},"spec":{"nodeName":"n"}}')
    made.spec.node_name = "m"
    made.metadata.name = "b"
    again = from_binary(to_binary(made)[0], Pod(), key=made.key, resource_version="")
    assert (again.name, again.spec.node_name) == ("b", "m")
    assert made.spec.node_name == "m"
