"""Objects as bytes and back, at once or when somebody looks."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.binary import StoredWire, from_binary, from_binary_later, to_binary
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import Object
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured

WIDGETS = Resource("example.com", "v1", "widgets", "Widget")


@dataclass
class Shelf:
    """A place where an object is stored.

    Attributes:
        asked: How often somebody wanted the bytes.
    """

    key: ObjectKey
    resource_version: str
    bytes_: bytes = field(repr=False)
    asked: int = 0

    def data(self) -> bytes:
        self.asked += 1
        return self.bytes_


def shelved(made: Object, *, version: str = "") -> Shelf:
    return Shelf(made.key, version or made.resource_version, to_binary(made).data)


@pytest.mark.parametrize(
    ("made", "is_plain"),
    [
        (
            Pod.from_json(
                b'{"metadata":{"name":"a","labels":{"x":"y"}},"spec":{"nodeName":"n"},"status":null}'
            ),
            True,
        ),
        (Pod.from_json(b'{"metadata":{"name":"a","new":1},"spec":{},"more":[1,2]}'), False),
        (Pod(), True),
        (Unstructured.from_json(b'{"metadata":{"name":"w"},"spec":{"size":3}}', resource=WIDGETS), False),
        (Unstructured.from_json(b'{"metadata":{"name":"w"}}', resource=WIDGETS), True),
    ],
    ids=["typed", "with unknown fields", "empty", "unstructured", "nothing but metadata"],
)
def test_round_trip(made: Object, is_plain: bool) -> None:
    """What comes out is written byte for byte as what went in, and is of the same kind."""
    assert to_binary(made).is_plain == is_plain
    for unpack in (from_binary, from_binary_later) if is_plain else (from_binary,):
        again = unpack(shelved(made), made)
        assert again.to_json() == made.to_json()
        assert (type(again), again.kind, again.key) == (type(made), made.kind, made.key)
        assert to_binary(again) == to_binary(made)


def test_changes_go_in() -> None:
    """What somebody has changed is in the bytes; the object itself stays as it is."""
    made = Pod.from_json(b'{"metadata":{"name":"a"},"spec":{"nodeName":"n"}}')
    made.spec.node_name = "m"
    made.metadata.name = "b"
    again = from_binary(shelved(made), Pod())
    assert (again.name, again.spec.node_name) == ("b", "m")
    assert made.spec.node_name == "m"


def test_owners_are_told() -> None:
    """The owner references come as they were written, the same for all that have the same owners."""
    owners = b'[{"kind":"ReplicaSet","name":"web","uid":"1"}]'
    owned = Pod.from_json(b'{"metadata":{"name":"a","ownerReferences":%b}}' % owners)
    assert to_binary(owned).owners == to_binary(from_binary_later(shelved(owned), Pod())).owners == owners
    assert to_binary(Pod()).owners == b""


def test_nothing_is_made_before_somebody_looks() -> None:
    """A look at the key asks for no bytes; all other looks, of copies too, ask once."""
    made = Pod.from_json(
        b'{"metadata":{"name":"a","namespace":"b","labels":{"x":"y"}},"spec":{"nodeName":"n"}}'
    )
    shelf = shelved(made, version="7")
    looked, copied = (pod := from_binary_later(shelf, Pod())), pod.copy()
    assert (looked.name, looked.namespace, str(looked.key)) == ("a", "b", "b/a")
    assert shelf.asked == 0
    assert (looked.labels["x"], looked.resource_version, copied.spec.node_name) == ("y", "7", "n")
    assert shelf.asked == 1
    looked.spec.node_name = "m"
    assert copied.spec.node_name == from_binary_later(shelf, Pod()).spec.node_name == "n"


def test_an_object_stored_elsewhere_can_be_changed() -> None:
    """Fields of an object without a model, its kind too, can be set without having been looked at."""
    made = Unstructured.from_json(b'{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"}}')
    shelf = shelved(made)
    changed = from_binary_later(shelf, made)
    changed["kind"] = "Gadget"
    changed["spec"] = {"size": 1}
    assert changed.to_dict() == {**made.to_dict(), "kind": "Gadget", "spec": {"size": 1}}
    assert from_binary_later(shelf, made).kind == "Widget"


def test_what_is_missing_is_named() -> None:
    """An attribute that nothing has is the usual error, in the place of what arrived, too."""
    with pytest.raises(AttributeError, match="has no attribute 'sepc'"):
        _ = StoredWire(shelved(Pod()), Pod).sepc
