"""Objects without a model: mapping access, metadata two ways, and nothing lost."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured

WIDGETS = Resource("x.example.com", "v1", "widgets", "Widget")
WIRE = (  # metadata in the order in which servers write it
    b'{"apiVersion":"x.example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"n","generation":2,'
    b'"creationTimestamp":"2026-01-02T03:04:05Z","labels":{"a":"b"},"finalizers":["f"]},'
    b'"spec":{"size":1.50,"on":null},"z":[1]}'
)


def widget() -> Unstructured:
    return Unstructured.from_json(WIRE)


def test_fields_are_read_by_key() -> None:
    """Every top-level field is there under its wire name, as plain values."""
    obj = widget()
    assert (obj["apiVersion"], obj["kind"]) == ("x.example.com/v1", "Widget")
    assert obj["spec"] == {"size": 1.5, "on": None}
    assert obj["metadata"]["name"] == "w"
    assert (obj.get("z"), obj.get("none"), obj.get("none", 3)) == ([1], None, 3)
    assert list(obj) == obj.keys() == ["apiVersion", "kind", "metadata", "spec", "z"]
    assert (len(obj), "spec" in obj, "none" in obj) == (5, True, False)
    with pytest.raises(KeyError, match="none"):
        _ = obj["none"]


def test_looking_changes_no_byte() -> None:
    """After every field was looked at the object is written as it came."""
    obj = widget()
    for key in obj:
        _ = obj[key]
    _ = dict(obj["metadata"])
    assert obj.to_json() == WIRE


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (lambda o: o["spec"].update(size=2), b'"size":1.50', b'"size":2'),
        (lambda o: o["spec"].update(size=True), b'"size":1.50', b'"size":true'),
        (lambda o: o["spec"].update(more=[]), b'"on":null', b'"on":null,"more":[]'),
        (lambda o: o.__setitem__("z", None), b'"z":[1]', b'"z":null'),
        (lambda o: o.__delitem__("z"), b',"z":[1]', b""),
        (lambda o: o.__setitem__("new", {"a": 1}), b'"z":[1]', b'"z":[1],"new":{"a":1}'),
        (lambda o: o["metadata"]["labels"].update(x="y"), b'{"a":"b"}', b'{"a":"b","x":"y"}'),
        (lambda o: o["metadata"].__setitem__("name", "v"), b'"name":"w"', b'"name":"v"'),
        (lambda o: o["metadata"].__delitem__("labels"), b'"labels":{"a":"b"},', b""),
        (lambda o: o["metadata"].__setitem__("finalizers", []), b',"finalizers":["f"]', b""),
        (lambda o: o.__setitem__("kind", "Gadget"), b'"Widget"', b'"Gadget"'),
        (lambda o: setattr(o.metadata, "namespace", "m"), b'"namespace":"n"', b'"namespace":"m"'),
    ],
)
def test_a_change_touches_its_field_only(change: Any, old: bytes, new: bytes) -> None:
    """What is set, changed and deleted is written; everything else keeps its bytes."""
    obj = widget()
    change(obj)
    assert old in WIRE
    assert obj.to_json() == WIRE.replace(old, new)


def test_metadata_is_one_thing_seen_two_ways() -> None:
    """What is changed through the mapping is seen by the typed metadata, and the other way round."""
    obj = widget()
    obj["metadata"]["labels"]["x"] = "y"
    obj.metadata.annotations["c"] = "d"
    assert obj.metadata.labels == {"a": "b", "x": "y"}
    assert obj["metadata"]["annotations"] == {"c": "d"}
    assert obj["metadata"]["creationTimestamp"] == "2026-01-02T03:04:05Z"
    assert dict(obj["metadata"])["generation"] == 2
    assert len(obj["metadata"]) == 7
    assert "labels" in repr(obj["metadata"])


def test_whole_metadata_can_be_set() -> None:
    """A mapping assigned to metadata replaces it; one with unknown fields is refused, not cut."""
    obj = widget()
    obj["metadata"] = {"name": "other", "ownerReferences": [{"name": "o"}]}
    assert (obj.name, obj.metadata.owner_references[0].name, obj.metadata.labels) == ("other", "o", {})
    with pytest.raises(ValueError, match="metadata holds what metadata cannot hold"):
        obj["metadata"] = {"naem": "typo"}
    with pytest.raises(KeyError, match="naem"):
        obj["metadata"]["naem"] = "typo"


@pytest.mark.parametrize("key", ["apiVersion", "kind", "metadata"])
def test_what_every_object_has_cannot_be_deleted(key: str) -> None:
    """Type and metadata stay."""
    with pytest.raises(ValueError, match=f"every object has {key}"):
        del widget()[key]


def test_deleting_what_is_not_there_is_an_error() -> None:
    """As in any mapping; twice is once too often."""
    obj = widget()
    with pytest.raises(KeyError):
        del obj["none"]
    del obj["z"]
    with pytest.raises(KeyError):
        del obj["z"]
    assert "z" not in obj
    assert obj.get("z") is None


def test_made_from_a_mapping() -> None:
    """A manifest as a dict becomes an object, which becomes the dict again."""
    manifest = json.loads(WIRE)
    assert Unstructured(manifest).to_dict() == manifest
    assert Unstructured.from_dict(manifest).to_dict() == manifest
    assert Unstructured().to_dict() == {}


def test_what_it_is_known_as_stays_with_it() -> None:
    """An object that came without its kind, from a list, keeps what it is through copies and pickles."""
    obj = Unstructured.from_json(b'{"metadata":{"name":"w"},"spec":{}}', resource=WIDGETS)
    looked = obj.copy()
    looked["spec"]["a"] = 1
    for each in (obj, obj.copy(), looked, looked.copy(), pickle.loads(pickle.dumps(obj))):
        assert (each.kind, each.api_version) == ("Widget", "x.example.com/v1")
        assert each.to_dict()["kind"] == "Widget"
    assert obj.to_json(type_meta=False) == b'{"metadata":{"name":"w"},"spec":{}}'


def test_copies_are_apart() -> None:
    """A copy's fields, also those of lists and maps within, are its own; changing its kind leaves the other's."""
    original = widget()
    copy = original.copy()
    copy["spec"]["size"] = 9
    copy["kind"] = "Gadget"
    again = copy.copy()
    del again["z"]
    assert original.to_json() == WIRE
    assert (copy.kind, original.kind, "z" in copy) == ("Gadget", "Widget", True)


def test_repr_shows_no_content() -> None:
    """The kind it has, the name, no field."""
    assert repr(widget()) == "<Widget n/w resource_version=None>"
    assert (
        repr(Unstructured.from_json(b'{"data":{"p":"hush"}}'))
        == "<Unstructured (unnamed) resource_version=None>"
    )


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b'{"metadata":1}', b"{", b'{"metadata":{"name":"\xff"}}']
)
def test_what_is_no_object(data: bytes) -> None:
    """Anything that is not an object with usable metadata is a DecodeError."""
    with pytest.raises(DecodeError, match=r"^Unstructured: "):
        Unstructured.from_json(data)


NAMES = st.text("abc", min_size=1, max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


@given(
    st.dictionaries(NAMES, JSON, max_size=4), st.lists(st.tuples(NAMES, JSON | st.just("delete")), max_size=5)
)
def test_it_behaves_as_a_dict_does(start: dict[str, Any], changes: list[tuple[str, Any]]) -> None:
    """After any sequence of sets and deletes it holds, and writes, what a plain dict would."""
    obj, model = Unstructured.from_dict(start), dict(start)
    for key, value in changes:
        if value == "delete":
            assert (key in obj) == (key in model)
            if key in model:
                del obj[key], model[key]
        else:
            obj[key] = model[key] = value
    assert obj.to_dict() == model
    assert {key: obj[key] for key in obj if key != "metadata"} == model
