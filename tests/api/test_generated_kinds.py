"""The generated classes against the OpenAPI documents and against discovery: nothing missing, nothing renamed."""

from __future__ import annotations

import importlib
import json
import pickle
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from openapi_samples import KINDS, SCHEMAS, STRUCTS, Kind, kind_sample, named_sample, reference, struct_class

from listwatch.api import core_v1, meta_v1
from listwatch.api.apps_v1 import Deployment, DeploymentSpec, StatefulSet, StatefulSetSpec
from listwatch.api.authentication_v1 import TokenRequest, TokenRequestStatus, TokenReviewSpec
from listwatch.api.core_v1 import Container, ObjectMeta, PersistentVolumeClaim, Pod, PodSpec, Secret
from listwatch.apimachinery.lenient import decode_hook, encode_hook

DISCOVERY = json.loads((files("listwatch.apiserver") / "data/discovery.json").read_text("utf-8"))
SERVED = [
    (group["name"], version["version"], resource)
    for group in DISCOVERY["groups"]
    for version in group["versions"]
    for resource in version["resources"]
]
MODULES = sorted({kind.module for kind in KINDS} | {"listwatch.api.meta_v1"})


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_kind_has_a_class_in_its_groups_module(kind: Kind) -> None:
    """Every kind with metadata in the OpenAPI is a class of that name in the module of its group and version."""
    resource = kind.cls.resource
    assert (resource.group, resource.version, resource.kind) == (kind.group, kind.version, kind.kind)


@pytest.mark.parametrize(
    ("group", "version", "served"), SERVED, ids=[f"{g}/{v}/{r['name']}" for g, v, r in SERVED]
)
def test_every_served_resource_has_a_class_that_knows_its_place(
    group: str, version: str, served: dict[str, Any]
) -> None:
    """What a real server's discovery lists has a class with the same plural, kind and scope."""
    module = importlib.import_module(f"listwatch.api.{group.split('.', maxsplit=1)[0] or 'core'}_{version}")
    resource = getattr(module, served["kind"]).resource
    assert (resource.group, resource.version, resource.plural, resource.kind, resource.namespaced) == (
        group,
        version,
        served["name"],
        served["kind"],
        served["namespaced"],
    )


@pytest.mark.parametrize(
    ("module", "kind", "plural"),
    [
        ("autoscaling_v1", "Scale", "scale"),
        ("policy_v1", "Eviction", "eviction"),
        ("authentication_v1", "TokenRequest", "token"),
    ],
)
def test_kinds_without_a_collection_are_named_by_their_subresource(
    module: str, kind: str, plural: str
) -> None:
    """Kinds that exist only as a part of other objects carry the subresource's name in place of a plural."""
    cls = getattr(importlib.import_module(f"listwatch.api.{module}"), kind)
    assert cls.resource.plural == plural


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_kind_has_a_section_for_each_property(kind: Kind) -> None:
    """Sections are the schema's properties under the wire's names; type and metadata are every object's own."""
    wire_names = {section.wire_name for section in kind.cls._sections.values()}
    assert wire_names == SCHEMAS[kind.schema]["properties"].keys() - {"apiVersion", "kind", "metadata"}


@pytest.mark.parametrize("schema", STRUCTS)
def test_a_struct_has_a_field_for_each_property(schema: str) -> None:
    """A struct's fields are the schema's properties, and on the wire they have the schema's names."""
    assert set(struct_class(schema).__struct_encode_fields__) == SCHEMAS[schema]["properties"].keys()


@pytest.mark.parametrize("schema", STRUCTS)
def test_a_full_struct_is_written_as_it_was_read(schema: str) -> None:
    """With every field filled, reading and writing gives the same JSON."""
    value = named_sample(schema)
    read = msgspec.json.decode(json.dumps(value), type=struct_class(schema), dec_hook=decode_hook)
    assert json.loads(msgspec.json.encode(read, enc_hook=encode_hook)) == value


HAND_WRITTEN = {
    "ListMeta",
    "ManagedFieldsEntry",
    "ObjectMeta",
    "OwnerReference",
    "Status",
    "StatusCause",
    "StatusDetails",
}
PLAIN = {"string", "integer", "boolean", "number"}
NO_ZERO = {"Time", "MicroTime", "RawExtension"}  # Go's zero is null here, ours is to leave it out


def written_when_empty(schema: dict[str, Any]) -> set[str]:
    """The properties that Go writes also when nobody has set them."""
    names = set()
    for name, each in schema["properties"].items():
        required = name in schema.get("required", [])
        target = (reference(each) or "").rpartition(".")[2]
        plain = required and each.get("type") in PLAIN
        embedded = target and target not in NO_ZERO and (required or each.get("default") == {})
        if plain or embedded:
            names.add(name)
    return names


@pytest.mark.parametrize("schema", [name for name in STRUCTS if name.rpartition(".")[2] not in HAND_WRITTEN])
def test_an_empty_struct_writes_what_go_writes(schema: str) -> None:
    """Made without arguments, a struct writes its required plain fields and embedded values, and nothing else."""
    written = json.loads(msgspec.json.encode(struct_class(schema)(), enc_hook=encode_hook))
    assert written.keys() == written_when_empty(SCHEMAS[schema])


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_full_object_is_read_typed_and_written_the_same(kind: Kind) -> None:
    """Every section of a full object decodes to its type; written from those types alone, it is the same JSON."""
    value = kind_sample(kind)
    read = kind.cls.from_dict(value)
    sections = {name: getattr(read, name) for name in kind.cls._sections}
    made = kind.cls(metadata=read.metadata, **sections)
    assert made.to_dict() == value
    assert read.to_dict() == value


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_an_empty_object_can_be_looked_at_all_over(kind: Kind) -> None:
    """Sections that an object does not have read as their empty values and do not appear when it is written."""
    read = kind.cls.from_json(b"{}")
    for name in kind.cls._sections:
        getattr(read, name)
    assert read.to_json(type_meta=False) == b"{}"


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_repr_shows_a_name_and_no_content(kind: Kind) -> None:
    """The repr of an object is its kind, key and version, whatever it holds."""
    read = kind.cls.from_dict(kind_sample(kind))
    for name in kind.cls._sections:
        getattr(read, name)
    key = "Unheard-of é☃/Unheard-of é☃"
    assert repr(read) == f"<{kind.kind} {key} resource_version=Unheard-of é☃>"


def test_repr_of_a_secret_is_safe_before_and_after_looking() -> None:
    """Neither the text nor the bytes of a Secret appear in its repr."""
    secret = Secret(metadata=ObjectMeta(name="s"), data={"k": b"hush"}, string_data={"p": "quiet"})
    for text in (repr(secret), str(secret), repr([secret]), f"{secret}"):
        assert "hush" not in text
        assert "aHVzaA" not in text
        assert "quiet" not in text


@pytest.mark.parametrize(
    "struct", [TokenRequestStatus(token="opens-doors"), TokenReviewSpec(token="opens-doors")]
)
def test_structs_that_hold_tokens_hide_them(struct: msgspec.Struct) -> None:
    """A struct with a bearer token in it is not shown, neither plainly nor by a pretty printer."""
    assert "opens-doors" not in repr(struct)
    assert "opens-doors" not in str(struct.__rich_repr__())


def test_a_token_request_gives_its_token_to_who_asks() -> None:
    """What is hidden from the repr is there to be read."""
    request = TokenRequest.from_json(b'{"status":{"token":"t","expirationTimestamp":null}}')
    assert request.status.token == "t"


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (core_v1.ServiceSpec(cluster_ips=["10.0.0.1"]), {"clusterIPs": ["10.0.0.1"]}),
        (core_v1.PodSpec(host_pid=True, host_ipc=False), {"hostPID": True, "hostIPC": False}),
        (
            core_v1.PodStatus(pod_ip="1", pod_ips=[core_v1.PodIP(ip="1")]),
            {"podIP": "1", "podIPs": [{"ip": "1"}]},
        ),
        (core_v1.ContainerPort(container_port=80), {"containerPort": 80}),
        (core_v1.ContainerPort(), {"containerPort": 0}),
        (core_v1.Volume(name="v", empty_dir=core_v1.EmptyDirVolumeSource()), {"name": "v", "emptyDir": {}}),
        (core_v1.LocalObjectReference(), {}),
        (core_v1.EnvVar(name="E", value=""), {"name": "E", "value": ""}),
        (core_v1.HTTPGetAction(port="http"), {"port": "http"}),
        (core_v1.DaemonEndpoint(port=1), {"Port": 1}),
    ],
)
def test_python_names_and_go_emptiness(value: msgspec.Struct, wire: dict[str, Any]) -> None:
    """Python's spelling becomes the wire's; optional fields stay away, required ones are there even when zero."""
    written = json.loads(msgspec.json.encode(value))
    assert {key: item for key, item in written.items() if key in wire or item != {}} == wire


@pytest.mark.parametrize(
    ("module", "struct", "fields", "wire"),
    [
        ("networking_v1", "NetworkPolicyIngressRule", {"from_": []}, {}),
        ("apiextensions_v1", "JSONSchemaProps", {"ref": "#"}, {"$ref": "#"}),
        (
            "apiextensions_v1",
            "JSONSchemaProps",
            {"default": False, "enum": [0]},
            {"default": False, "enum": [0]},
        ),
        (
            "apiextensions_v1",
            "JSONSchemaProps",
            {"x_kubernetes_int_or_string": True},
            {"x-kubernetes-int-or-string": True},
        ),
        ("resource_v1", "DeviceAttribute", {"bool_": False, "int_": 0}, {"bool": False, "int": 0}),
        (
            "rbac_v1",
            "PolicyRule",
            {"non_resource_urls": ["/x"], "verbs": ["get"]},
            {"nonResourceURLs": ["/x"], "verbs": ["get"]},
        ),
        ("apiextensions_v1", "CustomResourceSubresources", {"status": {}}, {"status": {}}),
    ],
)
def test_names_that_python_cannot_spell(
    module: str, struct: str, fields: dict[str, Any], wire: dict[str, Any]
) -> None:
    """Keywords and names of types get an underscore, punctuation goes; what stands on the wire is unchanged."""
    cls = getattr(importlib.import_module(f"listwatch.api.{module}"), struct)
    assert json.loads(msgspec.json.encode(cls(**fields))) == wire


def test_types_that_contain_themselves() -> None:
    """A schema within a schema within a schema reads and writes."""
    crd = importlib.import_module("listwatch.api.apiextensions_v1").CustomResourceDefinition.from_json(
        b'{"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"properties":{"a":{"not":{"type":"x"}}}}}}]}}'
    )
    top = crd.spec.versions[0].schema.open_api_v3_schema
    assert top.properties["a"].not_.type == "x"


def test_an_object_can_stand_inside_another() -> None:
    """A StatefulSet's claim templates are PersistentVolumeClaims, whose unknown fields survive a change too."""
    wire = (
        b'{"spec":{"volumeClaimTemplates":[{"metadata":{"name":"d"},"new":1,"spec":{"accessModes":["a"]}}]}}'
    )
    read = StatefulSet.from_json(wire)
    claim = read.spec.volume_claim_templates[0]
    assert (type(claim), claim.name) == (PersistentVolumeClaim, "d")
    claim.spec.access_modes.append("b")
    assert read.to_json(type_meta=False) == wire.replace(b'["a"]', b'["a","b"]')


def test_an_object_made_to_stand_inside_another_is_written_without_its_kind() -> None:
    """What kind it is follows from where it stands, as in what client-go sends."""
    claim = PersistentVolumeClaim(metadata=ObjectMeta(name="d"))
    made = StatefulSet(spec=StatefulSetSpec(volume_claim_templates=[claim]))
    assert made.to_dict()["spec"]["volumeClaimTemplates"] == [{"metadata": {"name": "d"}}]


def test_metadata_within_a_template_is_metadata() -> None:
    """A pod template's metadata is an ObjectMeta; nothing of its own bookkeeping gets onto the wire."""
    made = Deployment(spec=DeploymentSpec(replicas=1))
    made.spec.template.metadata.labels["app"] = "web"
    made.spec.template.metadata.name = "x"
    template = made.to_dict()["spec"]["template"]
    assert template["metadata"] == {"name": "x", "labels": {"app": "web"}}


def test_structs_and_objects_can_be_pickled() -> None:
    """What a reader holds can go to another process, looked at or not."""
    pod = Pod(metadata=ObjectMeta(name="p"), spec=PodSpec(containers=[Container(name="c", image="i")]))
    again = pickle.loads(pickle.dumps(pod))
    assert again == pod
    assert pickle.loads(pickle.dumps(pod.spec)) == pod.spec


@pytest.mark.parametrize("module", MODULES)
def test_modules_offer_what_they_define(module: str) -> None:
    """`__all__` names every class of a module, and only what is there."""
    loaded = importlib.import_module(module)
    own = {name for name, value in vars(loaded).items() if getattr(value, "__module__", "") == module}
    assert own <= set(loaded.__all__) <= set(vars(loaded))


def test_shared_types_are_the_ones_that_objects_use() -> None:
    """meta_v1 hands on the hand-written classes instead of having twins of them."""
    assert meta_v1.ObjectMeta is type(Pod().metadata)
    assert meta_v1.LabelSelector is type(DeploymentSpec().selector)
