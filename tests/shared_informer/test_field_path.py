"""Field paths, and field selectors evaluated on objects: tables, a naive reader, and the embedded server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.api import batch_v1, core_v1, events_v1
from listwatch.api.apps_v1 import ReplicaSet
from listwatch.api.core_v1 import Node, Pod, ReplicationController, Secret
from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.object import Object
from listwatch.apimachinery.selector import FieldRequirement, FieldSelector, parse_field_selector
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apiserver.kinds.selectable_fields import field_values, supported_fields
from listwatch.shared_informer.field_match import field_matcher
from listwatch.shared_informer.field_path import FieldPath, FieldPathError, index_by_field

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web",
        "namespace": "default",
        "generation": 3,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app": "web", "app.kubernetes.io/name": "shop"},
        "finalizers": ["a/x", "b/y"],
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u1", "controller": True}
        ],
    },
    "spec": {
        "nodeName": "node-1",
        "priority": 0,
        "containers": [
            {"name": "a", "image": "nginx", "ports": [{"containerPort": 80}, {"containerPort": 443}]},
            {"name": "b", "image": "redis", "ports": None},
            {"name": "c", "image": "nginx", "args": ["x", "y"]},
            {"name": "d"},
        ],
        "nodeSelector": {"kubernetes.io/os": "linux", "a.b": "c"},
    },
    "status": {"phase": "Running"},
    "later": {"field": 1.5},
}
KINDS = [Pod, Unstructured]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("metadata.name", ("web",)),
        ("metadata.namespace", ("default",)),
        ("metadata.generation", ("3",)),
        ("metadata.creationTimestamp", ("2026-01-01T00:00:00Z",)),
        ("metadata.uid", ("",)),
        ("metadata.nonsense", ("",)),
        ("metadata.labels.app", ("web",)),
        ("metadata.labels['app']", ("web",)),
        ("metadata.labels['app.kubernetes.io/name']", ("shop",)),
        ('metadata.labels["app.kubernetes.io/name"]', ("shop",)),
        ("metadata.labels['tier']", ("",)),
        ("metadata.annotations['a']", ("",)),
        ("metadata.finalizers[*]", ("a/x", "b/y")),
        ("metadata.ownerReferences[*].uid", ("u1",)),
        ("metadata.ownerReferences[*].controller", ("true",)),
        ("metadata.name.first", ("",)),
        ("metadata", ("",)),
        ("kind", ("Pod",)),
        ("apiVersion", ("v1",)),
        ("spec.nodeName", ("node-1",)),
        ("spec.priority", ("0",)),
        ("spec.hostname", ("",)),
        ("spec.nodeName.x", ("",)),
        ("spec.nodeName[*]", ()),
        ("spec.containers", ("",)),
        ("spec.containers.image", ("",)),
        ("spec.containers[*].image", ("nginx", "redis", "")),
        ("spec.containers[*].ports[*].containerPort", ("80", "443")),
        ("spec.containers[*].args[*]", ("x", "y")),
        ("spec.initContainers[*].image", ()),
        ("spec.nodeSelector['kubernetes.io/os']", ("linux",)),
        ("spec['nodeSelector']['a.b']", ("c",)),
        ("status.phase", ("Running",)),
        ("later.field", ("1.5",)),
        ("never", ("",)),
    ],
)
def test_values(kind: type[Object], path: str, values: tuple[str, ...]) -> None:
    """Each value at the place comes once, as text, the same from typed and untyped objects, looked at or not."""
    obj = kind.from_dict(POD)
    assert FieldPath(path)(obj) == values
    looked_at = kind.from_dict(POD)
    assert looked_at.metadata.name == "web"
    assert looked_at["spec"] if isinstance(looked_at, Unstructured) else looked_at.spec  # type: ignore[attr-defined]
    assert FieldPath(path)(looked_at) == values


def test_it_sees_changes() -> None:
    """What the holder of an object has changed in it is what a path finds."""
    pod = Pod.from_dict(POD)
    pod.spec.node_name = "node-2"
    pod.metadata.labels["app"] = "shop"
    assert FieldPath("spec.nodeName")(pod) == ("node-2",)
    assert FieldPath("metadata.labels.app")(pod) == ("shop",)
    untyped = Unstructured.from_dict(POD)
    del untyped["spec"]
    assert FieldPath("spec.nodeName")(untyped) == ("",)


def test_it_does_not_look_into_the_object() -> None:
    """Reading a path leaves an object as it was: bytes, cheap to copy."""
    pod = Pod.from_dict(POD)
    for path in ("metadata.labels.app", "spec.nodeName", "spec.containers[*].image", "kind"):
        FieldPath(path)(pod)
    assert pod._own_meta is None
    assert not pod._looked


@pytest.mark.parametrize(
    ("spec", "node", "images"),
    [
        (None, "", ()),
        ([], "", ()),
        ("text", "", ()),
        (7, "", ()),
        ({}, "", ()),
        ({"nodeName": None, "containers": None}, "", ()),
        ({"nodeName": {}, "containers": {}}, "", ()),
        ({"nodeName": ["x"], "containers": "x"}, "", ()),
        ({"nodeName": False, "containers": [None, 3, [], {"image": None}]}, "false", ("",)),
        ({"nodeName": 1, "containers": [{"image": True}, {"image": "x"}]}, "1", ("true", "x")),
    ],
)
def test_odd_shapes(spec: Any, node: str, images: tuple[str, ...]) -> None:
    """What is not of the expected shape counts as absent; nothing fails."""
    for obj in (Pod.from_dict({"metadata": {"name": "x"}, "spec": spec}), Unstructured({"spec": spec})):
        assert FieldPath("spec.nodeName")(obj) == (node,)
        assert FieldPath("spec.containers[*].image")(obj) == images


def test_bytes_that_are_no_text() -> None:
    """The one thing that fails is JSON that cannot be read, with an error that says where."""
    secret = Secret.from_json(b'{"metadata":{"name":"x"},"data":{"key":"\xff"}}')
    with pytest.raises(DecodeError, match=r"Secret x .*: data\.key: "):
        FieldPath("data.key")(secret)


@pytest.mark.parametrize(
    "text",
    [
        "", ".", ".spec", "spec.", "spec..nodeName", "[*]", "['a']", "spec.[*]", "spec[0]", "spec[]", "spec[*]x",
        "spec['a", "spec['a\"]", "spec['']", "a b", "a=b", "spec[*]['a']x", "spec.containers[?(@.name)]", "a,b",
    ],
)  # fmt: skip
def test_no_paths(text: str) -> None:
    """What is no path is refused, with the place from which on it is none and examples of what is one."""
    with pytest.raises(FieldPathError, match=r"is no field path, from .* want for example spec\.nodeName"):
        FieldPath(text)


def test_paths_are_values() -> None:
    """Paths to the same place are equal, whatever their spelling; asking for an index function twice gives one."""
    assert FieldPath("metadata.labels['app']") == FieldPath('metadata.labels["app"]')
    assert {FieldPath("metadata.labels.app"), FieldPath("metadata['labels'].app")} == {
        FieldPath("metadata.labels.app")
    }
    assert FieldPath("spec.a") != FieldPath("spec.b")
    assert index_by_field("spec.nodeName") is index_by_field("spec.nodeName")
    assert repr(FieldPath("spec.a")) == "FieldPath('spec.a')"
    assert FieldPath("spec.a").is_single
    assert not FieldPath("spec.a[*]").is_single
    assert FieldPath("metadata.labels['x/y']").label_key == "x/y"
    assert FieldPath("metadata.labels[*]").label_key == FieldPath("spec.labels.x").label_key == ""


NAMES = st.sampled_from(["a", "b", "c.d"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "x", "ü"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
STEPS = st.lists(NAMES | st.just("*"), max_size=4)


def naive(value: Any, steps: list[str]) -> list[str]:
    """The values at `steps`, read without any cleverness."""
    if not steps:
        return [
            value
            if isinstance(value, str)
            else ""
            if value is None or isinstance(value, list | dict)
            else json.dumps(value)
        ]
    step, *rest = steps
    if step == "*":
        return [text for each in (value if isinstance(value, list) else []) for text in naive(each, rest)]
    return naive(value.get(step) if isinstance(value, dict) else None, rest)


@given(JSON, STEPS)
def test_as_a_naive_reader(spec: Any, steps: list[str]) -> None:
    """Whatever the object and the path, the compiled decoder finds what a walk over plain values finds."""
    path = FieldPath("spec" + "".join("[*]" if step == "*" else f"['{step}']" for step in steps))
    expected = tuple(dict.fromkeys(naive(spec, steps)))
    assert path(Unstructured({"spec": spec})) == expected
    assert path(Pod.from_dict({"metadata": {"name": "x"}, "spec": spec})) == expected


# Field selectors


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("metadata.name=web", True),
        ("metadata.name!=web", False),
        ("spec.nodeName=node-1,status.phase=Running", True),
        ("spec.nodeName=node-1,status.phase!=Running", False),
        ("spec.hostname=", True),
        ("spec.hostname!=", False),
        ("spec.containers[*].image=redis", True),
        ("spec.containers[*].image=nginx,spec.containers[*].image=redis", True),
        ("spec.containers[*].image=mysql", False),
        ("spec.containers[*].image!=redis", False),
        ("spec.containers[*].image!=mysql", True),
        ("spec.hostNetwork=false", True),
        ("spec.unschedulable=", True),
        ("metadata.labels['app.kubernetes.io/name']=shop", True),
    ],
)
def test_field_selectors(selector: str, matches: bool) -> None:
    """All requirements must hold; of several values one has to be equal, or none, for a requirement to hold."""
    matcher = field_matcher(parse_field_selector(selector))
    assert matcher(Pod.from_dict(POD)) is matches
    assert matcher(Unstructured.from_dict(POD)) is matches


EVENT = {"metadata": {"name": "e", "namespace": "default"}, "reason": "Started", "type": "Normal"}
SERVED: list[tuple[type[Object], dict[str, Any]]] = [
    (Pod, POD),
    (Pod, {"spec": {"hostNetwork": True}, "status": {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}}),
    (Node, {"spec": {}}),
    (Node, {"spec": {"unschedulable": True}}),
    (ReplicationController, {"status": {"replicas": 2}}),
    (ReplicaSet, {"status": {}}),
    (batch_v1.Job, {"status": {"succeeded": 1}}),
    (batch_v1.Job, {}),
    (core_v1.Namespace, {"status": {"phase": "Active"}}),
    (Secret, {"type": "Opaque"}),
    (core_v1.Service, {"spec": {"clusterIP": "10.0.0.2", "type": "ClusterIP"}}),
    (core_v1.Event, EVENT | {"source": {"component": "kubelet"}, "involvedObject": {"name": "web", "kind": "Pod"}}),
    (core_v1.Event, EVENT | {"reportingComponent": "scheduler"}),
    (events_v1.Event, EVENT | {"reportingController": "scheduler", "regarding": {"name": "web"}}),
    (events_v1.Event, EVENT | {"deprecatedSource": {"component": "kubelet"}}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content"), SERVED)
def test_as_the_server_selects(kind: type[Object], content: dict[str, Any]) -> None:
    """For each field by which the server selects, the cache selects the same objects."""
    group, plural = kind.resource.group, kind.resource.plural
    content = {"metadata": {"name": "x", "namespace": "default"}} | content
    obj = kind.from_dict(content)
    served = field_values(group, plural, content)
    assert set(served) == supported_fields(group, plural)
    for field, value in served.items():
        equal = field_matcher(FieldSelector((FieldRequirement(field, "=", value),)))
        other = field_matcher(FieldSelector((FieldRequirement(field, "!=", value),)))
        assert equal(obj), field
        assert not other(obj), field
