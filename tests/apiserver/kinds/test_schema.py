"""Decoding by the schemas: what is dropped, what is implied, what is refused in which words."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.kinds.schema import SchemaError, Schemas

SCHEMAS = Schemas.load()


def decode(group: str, kind: str, obj: Any, *, version: str = "v1") -> dict[str, Any]:
    return SCHEMAS.decode(group, version, kind, obj)[0]


@pytest.mark.parametrize(
    ("group", "kind", "given_object", "expected"),
    [
        ("", "ConfigMap", {"data": {}}, {"metadata": {}}),
        ("", "ConfigMap", {"data": {"a": None}}, {"metadata": {}, "data": {"a": ""}}),
        (
            "",
            "ConfigMap",
            {"data": None, "nope": 1, "immutable": False},
            {"immutable": False, "metadata": {}},
        ),
        ("", "Secret", {"data": {"a": "Yg==\n"}}, {"metadata": {}, "data": {"a": "Yg=="}}),
        ("rbac.authorization.k8s.io", "Role", {}, {"metadata": {}, "rules": None}),
        (
            "coordination.k8s.io",
            "Lease",
            {"spec": {"renewTime": "2026-11-20T09:00:00.5Z".replace(".5Z", ".500000+01:00")}},
            {"metadata": {}, "spec": {"renewTime": "2026-11-20T08:00:00.500000Z"}},
        ),
        (
            "",
            "ResourceQuota",
            {"spec": {"hard": {"cpu": 0.5, "memory": "1024Mi", "pods": 3}}},
            {"metadata": {}, "spec": {"hard": {"cpu": "500m", "memory": "1Gi", "pods": "3"}}, "status": {}},
        ),
    ],
)
def test_an_object_is_normalised(group: str, kind: str, given_object: Any, expected: Any) -> None:
    """Unknown fields, nulls and empty optional values go, implied structures and canonical forms come."""
    api_version = f"{group}/v1" if group else "v1"
    assert decode(group, kind, given_object) == {"apiVersion": api_version, "kind": kind, **expected}


@pytest.mark.parametrize(
    ("group", "kind", "obj", "message"),
    [
        (
            "apps",
            "Deployment",
            {"spec": {"replicas": "three"}},
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "apps",
            "Deployment",
            {"spec": {"replicas": 2**31}},
            "json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "apps",
            "Deployment",
            {"spec": {"replicas": True}},
            "json: cannot unmarshal bool into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "",
            "Pod",
            {"spec": {"containers": [{"image": 1}]}},
            "json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string",
        ),
        (
            "",
            "Pod",
            {"spec": {"containers": {}}},
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            "",
            "ConfigMap",
            {"metadata": {"labels": {"a": 1}}},
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        ("", "ConfigMap", [], "json: cannot unmarshal array into Go value of type v1.ConfigMap"),
        ("", "Secret", {"data": {"a": "%"}}, "illegal base64 data at input byte 0"),
        (
            "",
            "Event",
            {"firstTimestamp": "soon"},
            'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"',
        ),
        (
            "",
            "Event",
            {"eventTime": "2026-11-20T08:00:00Z"},
            'parsing time "2026-11-20T08:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
        ),
        (
            "",
            "ResourceQuota",
            {"spec": {"hard": {"cpu": "lots"}}},
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
    ],
)
def test_a_wrong_type_is_told_as_the_server_tells_it(group: str, kind: str, obj: Any, message: str) -> None:
    """The decoder names the struct, the path and the type."""
    with pytest.raises(SchemaError) as caught:
        decode(group, kind, obj)
    assert str(caught.value) == message


def test_unknown_fields_are_ignored_warned_of_or_refused() -> None:
    """The three levels of field validation, with the path of each unknown field."""
    obj = {"nope": 1, "spec": {"containers": [{"name": "a", "imagee": "b"}]}}
    texts = ['unknown field "nope"', 'unknown field "spec.containers[0].imagee"']
    assert SCHEMAS.decode("", "v1", "Pod", obj)[1] == []
    assert SCHEMAS.decode("", "v1", "Pod", obj, validation="Warn")[1] == texts
    with pytest.raises(SchemaError) as caught:
        SCHEMAS.decode("", "v1", "Pod", obj, validation="Strict")
    assert str(caught.value) == f"strict decoding error: {', '.join(texts)}"
    assert caught.value.for_kind("v1", "Pod").startswith(
        'Pod in version "v1" cannot be handled as a Pod: strict'
    )


def test_a_kind_that_is_not_built_in_keeps_all_but_its_metadata() -> None:
    """Only the metadata of a custom resource is typed."""
    obj = {"metadata": {"name": "a", "nope": 1}, "spec": {"any": [None, {}]}, "data": None}
    decoded = decode("example.com", "Widget", obj)
    assert decoded == {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "a"},
        "spec": {"any": [None, {}]},
        "data": None,
    }


def test_a_field_can_be_looked_up() -> None:
    """Merge keys and strategies are found by path, through lists and maps."""
    ports = SCHEMAS.field("apps", "v1", "Deployment", ("spec", "template", "spec", "containers", "ports"))
    assert ports is not None
    assert (ports.merge_key, ports.strategies) == ("containerPort", ("merge",))
    assert ports.list_map_keys == ("containerPort", "protocol")
    assert SCHEMAS.field("apps", "v1", "Deployment", ("spec", "nope")) is None
    assert SCHEMAS.field("apps", "v1", "Deployment", ("spec", "replicas", "x")) is None
    assert SCHEMAS.field("nope", "v1", "Nope", ("spec",)) is None
    labels = SCHEMAS.field("", "v1", "Pod", ("metadata", "labels", "anything"))
    assert labels is not None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)
NAMES = [
    "metadata",
    "spec",
    "status",
    "containers",
    "name",
    "labels",
    "ports",
    "volumes",
    "resources",
    "limits",
]
objects = st.recursive(
    json_values,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=12,
)


@given(
    st.sampled_from([("", "Pod"), ("", "ConfigMap"), ("apps", "Deployment"), ("example.com", "X")]), objects
)
def test_decoding_is_total_pure_and_settled(kind: tuple[str, str], obj: Any) -> None:
    """Any JSON decodes or gives a SchemaError; the input stays as it was; decoding again changes nothing."""
    before = copy.deepcopy(obj)
    try:
        decoded = decode(kind[0], kind[1], obj)
    except SchemaError:
        assert json.dumps(obj) == json.dumps(before)
        return
    assert json.dumps(obj) == json.dumps(before)
    assert decode(kind[0], kind[1], decoded) == decoded


@pytest.mark.parametrize(
    ("path", "list_type", "keys", "map_type"),
    [
        (("spec", "template", "spec", "containers"), "map", ("name",), ""),
        (("spec", "template", "spec", "containers", "ports"), "map", ("containerPort", "protocol"), ""),
        (("spec", "template", "spec", "nodeSelector"), "", (), "atomic"),
        (("spec", "selector"), "", (), "atomic"),
        (("metadata", "finalizers"), "set", (), ""),
        (("spec", "template", "spec", "containers", "command"), "atomic", (), ""),
    ],
)
def test_a_node_says_how_apply_takes_its_value(
    path: tuple[str, ...], list_type: str, keys: tuple[str, ...], map_type: str
) -> None:
    """The node of a field has the list and map types of the OpenAPI document, whether inline or by reference."""
    field = Schemas.load().field("apps", "v1", "Deployment", path)
    assert field is not None
    assert (field.node.list_type, field.node.list_map_keys, field.node.map_type) == (
        list_type,
        keys,
        map_type,
    )


def test_a_field_can_overrule_the_map_type_of_its_node() -> None:
    """A reference to an atomic struct can be granular, as a volume's claim is."""
    field = Schemas.load().field("", "v1", "PersistentVolume", ("spec", "claimRef"))
    assert field is not None
    assert (field.map_type, field.node.map_type) == ("granular", "atomic")
