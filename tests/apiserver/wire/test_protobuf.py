"""Kubernetes' protobuf form: every kind there and back, and nothing but a clear error for bad bytes."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_samples import KINDS, SCHEMAS, Kind, sample
from shape_objects import KINDS as SHAPES
from shape_objects import objects

from listwatch.apiserver.kinds.resources import builtin_resources
from listwatch.apiserver.kinds.schema import Schemas
from listwatch.apiserver.wire import protobuf
from listwatch.apiserver.wire.protobuf import decode_envelope, encode_envelope, envelope, has_protobuf
from listwatch.apiserver.wire.protobuf_primitives import ProtobufError, delimited


def without_nulls(value: Any) -> Any:
    """What protobuf can say of a value: a member that is null is one that is not there."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def without_inner_kinds(value: Any) -> Any:
    """What stands inside an object does not say its kind in protobuf; the field's type does."""
    if isinstance(value, dict):
        return {
            key: without_inner_kinds(each) for key, each in value.items() if key not in {"apiVersion", "kind"}
        }
    return [without_inner_kinds(each) for each in value] if isinstance(value, list) else value


INNER_KINDS = {("StatefulSet", "spec"), ("Eviction", "deleteOptions")}


def stored(kind: Kind) -> dict[str, Any]:
    """A sample with every field, as the server would store it."""
    value, _ = Schemas.load().decode(kind.group, kind.version, kind.kind, sample(SCHEMAS[kind.schema]))
    for name in value:
        if (kind.kind, name) in INNER_KINDS:
            value[name] = without_inner_kinds(value[name])
    return without_nulls(value)


def with_protobuf() -> list[Kind]:
    """All kinds that have a protobuf form, but the one whose samples are no schemas: it has tests of its own."""
    kinds = [each for each in KINDS if each.kind != "CustomResourceDefinition"]
    return [each for each in kinds if has_protobuf(f"{each.group}/{each.version}".strip("/"), each.kind)]


@pytest.mark.parametrize("kind", with_protobuf(), ids=str)
def test_an_object_with_every_field_comes_back_whole(kind: Kind) -> None:
    """Decoding what was encoded gives the object, with every field of every kind in use."""
    value = stored(kind)
    assert decode_envelope(encode_envelope(value)) == value


@pytest.mark.parametrize("kind", SHAPES, ids="/".join)
@settings(max_examples=25)
@given(data=st.data())
def test_decoding_undoes_encoding(kind: tuple[str, str, str], data: st.DataObject) -> None:
    """decode(encode(x)) is x once the server has read it, for objects with any fields set."""
    value = data.draw(objects(*kind))
    back = decode_envelope(encode_envelope(value))
    assert Schemas.load().decode(*kind, back)[0] == Schemas.load().decode(*kind, value)[0]


def test_every_stored_builtin_kind_has_a_protobuf_form() -> None:
    """The table knows each resource's kind and its list, and custom kinds are not in it."""
    for resource in builtin_resources().stored():
        assert has_protobuf(resource.api_version, resource.kind), resource
        assert has_protobuf(resource.api_version, resource.list_kind), resource
    assert not has_protobuf("stable.example.com/v1", "CronTab")


def outcome(body: bytes) -> Any:
    """The object in a body, or what was said against it."""
    try:
        return decode_envelope(body)
    except ProtobufError as error:
        return str(error)


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_random_bytes_are_a_value_or_a_protobuf_error(tail: bytes) -> None:
    """No bytes raise anything but `ProtobufError`."""
    for body in (
        tail,
        protobuf.MAGIC + tail,
        envelope("v1", "Pod", tail),
        envelope("apps/v1", "Deployment", tail),
    ):
        assert outcome(body)


@settings(max_examples=100)
@given(st.data())
def test_a_message_with_one_byte_changed_is_a_value_or_a_protobuf_error(data: st.DataObject) -> None:
    """A broken Pod, event or custom resource definition is decoded or refused, never a fault of ours."""
    kind = data.draw(st.sampled_from(SHAPES))
    body = bytearray(encode_envelope(data.draw(objects(*kind))))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    for broken in (bytes(body), bytes(body[:cut])):
        assert outcome(broken)


REFUSED = [
    (b"", "does not appear to be a protobuf message"),
    (b"{}", "does not appear to be a protobuf message"),
    (protobuf.MAGIC, "Object 'Kind' is missing"),
    (envelope("v1", "Table", b""), 'no kind "Table" is registered for version "v1"'),
    (envelope("v1", "Pod", b"\x0a\x05a"), "unexpected EOF"),
    (envelope("v1", "Pod", b"\x0f"), "illegal wireType 7"),
    (envelope("v1", "Pod", b"\x08\x01"), "wrong wireType = 0 for field Metadata"),
    (envelope("v1", "Pod", b"\x80" * 11), "integer overflow"),
    (envelope("v1", "Pod", b"\x0c"), "end group"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_what_is_wrong_is_said_in_the_decoders_words(body: bytes, message: str) -> None:
    """Each fault has its message."""
    with pytest.raises(ProtobufError, match=message.replace("(", r"\(")):
        decode_envelope(body)


def test_fields_that_are_not_in_the_table_are_passed_over() -> None:
    """A newer client's field, of any wire type, changes nothing; a group neither."""
    unknown = delimited(900, b"x") + b"\xc0\x3e\x01" + b"\xc1\x3e" + bytes(8) + b"\xc3\x3e\x08\x01\xc4\x3e"
    meta = delimited(1, delimited(1, b"a"))
    assert decode_envelope(envelope("v1", "ConfigMap", unknown + meta))["metadata"] == {"name": "a"}


def test_empty_values_that_nobody_set_are_left_out() -> None:
    """Go writes plain fields always: empty text goes, a pointer to zero stays."""
    service_port = delimited(1, b"") + delimited(2, b"") + b"\x18\x50" + b"\x28\x00"
    spec = delimited(1, service_port)
    found = decode_envelope(envelope("v1", "Service", delimited(2, spec)))
    assert found["spec"]["ports"] == [{"port": 80}]
    replicas = envelope("apps/v1", "Deployment", delimited(2, b"\x08\x00"))
    assert decode_envelope(replicas)["spec"] == {"replicas": 0}


SCHEMA_UNIONS: list[dict[str, Any]] = [
    {"items": {"type": "string"}},
    {"items": [{"type": "string"}, {"type": "integer"}]},
    {"additionalProperties": False},
    {"additionalProperties": True},
    {"additionalProperties": {"type": "object"}},
    {"dependencies": {"a": ["b", "c"], "d": {"type": "string"}}},
    {"enum": ["a", 1, None], "default": {"x": [1]}, "$ref": "r", "x-kubernetes-int-or-string": True},
    {"maximum": 1.5, "minimum": -2, "x-kubernetes-list-map-keys": ["name"]},
]


@pytest.mark.parametrize("schema", SCHEMA_UNIONS, ids=json.dumps)
def test_schemas_of_custom_resources_keep_their_alternatives(schema: dict[str, Any]) -> None:
    """A schema or a list, a schema or a boolean, a schema or names: each comes back as it went."""
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    value = {
        "kind": "CustomResourceDefinition",
        "apiVersion": "apiextensions.k8s.io/v1",
        "metadata": {"name": "a"},
        "spec": {"versions": [version]},
    }
    back = decode_envelope(encode_envelope(value))
    assert back["spec"]["versions"][0]["schema"]["openAPIV3Schema"] == schema


def test_a_watch_frame_says_its_length_and_holds_a_whole_object() -> None:
    """Four bytes of length, then a WatchEvent whose object stands in an envelope of its own."""
    body = encode_envelope({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}})
    frame = protobuf.watch_frame("ADDED", body)
    assert struct.unpack(">I", frame[:4])[0] == len(frame) - 4
    assert frame[4:].startswith(delimited(1, b"ADDED"))
    assert body in frame
