"""What of an object is kept: functions and lists of fields."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.shared_informer.field_path import FieldPathError
from listwatch.shared_informer.transform import projection, shaping

WHOLE = {
    "metadata": {
        "name": "web",
        "namespace": "default",
        "uid": "u",
        "resourceVersion": "7",
        "labels": {"app": "web", "app.example/tier": "front"},
        "managedFields": [{"manager": "kubectl"}],
    },
    "spec": {
        "nodeName": "n1",
        "containers": [{"name": "a", "image": "i1", "args": ["x"]}, {"name": "b", "image": "i2"}],
        "tolerations": [],
    },
    "status": {"phase": "Running", "podIP": "10.0.0.1"},
}
IDENTITY = {key: WHOLE["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion")}


def cut(*fields: str) -> dict[str, Any]:
    kept = projection(fields)(Pod.from_dict(WHOLE))
    return json.loads(kept.to_json(type_meta=False))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((), {"metadata": IDENTITY}),
        (("metadata",), {"metadata": WHOLE["metadata"]}),
        (("metadata.labels['app']",), {"metadata": IDENTITY | {"labels": {"app": "web"}}}),
        (("spec.nodeName", "status.phase"), {"spec": {"nodeName": "n1"}, "status": {"phase": "Running"}}),
        (("spec.containers[*].image",), {"spec": {"containers": [{"image": "i1"}, {"image": "i2"}]}}),
        (("spec.containers[*]",), {"spec": {"containers": WHOLE["spec"]["containers"]}}),
        (("spec.containers",), {"spec": {"containers": WHOLE["spec"]["containers"]}}),
        (("spec.nodeName", "spec"), {"spec": WHOLE["spec"]}),
        (("spec", "spec.nodeName"), {"spec": WHOLE["spec"]}),
        (("status.phase.deeper", "nothing.here"), {"status": {}}),
    ],
)
def test_projection(fields: tuple[str, ...], expected: dict[str, Any]) -> None:
    """Exactly the named fields stay, and what identifies the object."""
    assert cut(*fields) == {"metadata": IDENTITY} | expected


def test_what_is_left_reads_as_before() -> None:
    """Typed reading works on what is kept; what is not kept reads as its default."""
    kept = projection(["metadata.labels", "spec.containers[*].image"])(Pod.from_dict(WHOLE))
    assert isinstance(kept, Pod)
    assert kept.labels["app"] == "web"
    assert [each.image for each in kept.spec.containers] == ["i1", "i2"]
    assert (kept.spec.node_name, kept.status.phase) == (None, None) or not kept.spec.node_name
    assert len(kept.to_json()) < len(Pod.from_dict(WHOLE).to_json())


def test_kinds_without_a_model_stay_what_they_are() -> None:
    """An object without a model still knows its kind, which a list's items do not say."""
    widgets = Resource("example.com", "v1", "widgets", "Widget")
    whole = Unstructured.from_json(json.dumps(WHOLE).encode(), resource=widgets)
    kept = projection(["spec.nodeName"])(whole)
    assert (kept.kind, kept.api_version, kept.name) == ("Widget", "example.com/v1", "web")
    assert isinstance(kept, Unstructured)
    assert kept["spec"] == {"nodeName": "n1"}
    assert "status" not in kept


@given(
    st.sets(st.sampled_from(["metadata", "spec", "spec.nodeName", "status.phase", "spec.containers[*].name"]))
)
def test_projection_is_idempotent(fields: set[str]) -> None:
    """Cutting what has been cut changes nothing."""
    project = projection(fields)
    once = project(Pod.from_dict(WHOLE))
    assert project(once.copy()) == once


@pytest.mark.parametrize(("fields", "error"), [("metadata", TypeError), (["spec..x"], FieldPathError)])
def test_bad_fields_are_refused(fields: Any, error: type[Exception]) -> None:
    """A text instead of a list, and a path that is none, are refused before anything is read."""
    with pytest.raises(error):
        projection(fields)


def test_nothing_to_do() -> None:
    """Without a function and fields there is nothing to be called."""
    assert shaping() is None


def test_function_goes_before_fields() -> None:
    """The function sees the whole object, also what the fields leave out, and may change it in place."""

    def note_node(obj: Pod) -> Pod:
        obj.metadata.annotations["node"] = obj.spec.node_name or ""
        return obj

    shape = shaping(note_node, ["metadata.annotations"])
    assert shape is not None
    assert shape(Pod.from_dict(WHOLE)).metadata.annotations == {"node": "n1"}


def test_what_the_function_keeps_is_not_what_is_cached() -> None:
    """A function that holds on to its object cannot change the cached one later."""
    held: list[Pod] = []

    def hold(obj: Pod) -> Pod:
        held.append(obj)
        return obj

    shape = shaping(hold)
    assert shape is not None
    kept = shape(Pod.from_dict(WHOLE))
    held[0].metadata.labels.clear()
    assert kept.labels["app"] == "web"


@pytest.mark.parametrize("field", ["name", "namespace", "uid", "resource_version"])
def test_identity_cannot_change(field: str) -> None:
    """A function that makes another object of an object is told so."""

    def rename(obj: Pod) -> Pod:
        setattr(obj.metadata, field, "99")
        return obj

    shape = shaping(rename)
    assert shape is not None
    with pytest.raises(ValueError, match="must stay the same object"):
        shape(Pod.from_dict(WHOLE))


def test_a_function_that_gives_nothing() -> None:
    """A function that forgets to give the object back is told so."""
    shape = shaping(lambda obj: None)  # type: ignore[arg-type,return-value]
    assert shape is not None
    with pytest.raises(TypeError, match="gave NoneType"):
        shape(Pod.from_dict(WHOLE))
