"""All that a real API server was recorded to say, decoded and encoded again, with nothing lost."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from listwatch.apimachinery.codec import Codec, decode_status
from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.object import Object
from listwatch.apimachinery.resource import GroupVersionKind, Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import EventType

RECORDINGS = Path(__file__).parents[1] / "recordings"
RECORDED = [
    json.loads(line) for line in (RECORDINGS / "kube-apiserver-1.36.jsonl").read_text("utf-8").splitlines()
]
LIFE = [json.loads(line) for line in (RECORDINGS / "life-1.36.jsonl").read_text("utf-8").splitlines()]
STEPS = [pytest.param(step, id=f"{step['flow']}-{step['n']}") for step in RECORDED + LIFE]

Json = dict[str, Any]
_sections = msgspec.json.Decoder(dict[str, msgspec.Raw])


def codec_for(api_version: str, kind: str) -> Codec[Any]:
    """The codec of the generated class, or of Unstructured for kinds without one."""
    name = GroupVersionKind.parse(api_version, kind)
    try:
        module = importlib.import_module(f"listwatch.api.{name.group.split('.')[0] or 'core'}_{name.version}")
    except ModuleNotFoundError:
        module = None
    cls = getattr(module, kind, None)
    if isinstance(cls, type) and issubclass(cls, Object):
        return Codec(cls)
    return Codec(Unstructured, resource=Resource(name.group, name.version, "", kind))


def look_at_everything(read: Object) -> None:
    _ = read.metadata.managed_fields
    for name in read._sections:
        getattr(read, name)
    if isinstance(read, Unstructured):
        for key in read:
            _ = read[key]


def check_object(read: Object, sent: Json) -> None:
    """The same JSON comes out, each untouched section in the same bytes, before and after all was looked at."""
    wire = _sections.decode(msgspec.json.encode(sent))
    for look in (False, True):
        if look:
            look_at_everything(read)
        written = _sections.decode(read.to_json(type_meta=False))
        assert {key: bytes(raw) for key, raw in written.items() if key != "metadata"} == {
            key: bytes(raw) for key, raw in wire.items() if key != "metadata"
        }
        assert json.loads(read.to_json(type_meta=False)) == sent


def check_document(document: Json) -> str:
    """Decode a body as what it says it is, encode it, compare; what it was decoded as."""
    data = msgspec.json.encode(document)
    kind, api_version = document.get("kind", ""), document.get("apiVersion", "")
    if kind == "Status":
        assert json.loads(msgspec.json.encode(decode_status(data))) == document
        return "Status"
    assert decode_status(data) is None
    if kind.endswith("List") and "items" in document:
        codec = codec_for(api_version, kind.removesuffix("List"))
        page = codec.page(data)
        assert json.loads(page.to_json()) == document
        for item, sent in zip(page.items, document["items"], strict=True):
            check_object(item, sent)
        return f"list of {codec.cls.__name__}"
    codec = codec_for(api_version, kind)
    read = codec.object(data)
    check_object(read, document)
    return codec.cls.__name__


def check_frames(frames: list[Json]) -> None:
    """All frames of a watch in one go, and each alone."""
    lines = b"".join(msgspec.json.encode(frame) + b"\n" for frame in frames)
    first = frames[0]["object"]
    codec = codec_for(first.get("apiVersion", "v1"), first["kind"])
    events = codec.events(lines)
    assert [event.type for event in events] == [frame["type"] for frame in frames]
    for event, frame in zip(events, frames, strict=True):
        if event.type is EventType.ERROR:
            assert json.loads(msgspec.json.encode(event.status)) == frame["object"]
        else:
            check_object(event.object, frame["object"])


def bare(frames: list[Json]) -> Iterator[Json]:
    """What stood on lines of a stream without being an event: the bodies of answers that are no watch."""
    yield from (frame for frame in frames if "type" not in frame or "object" not in frame)


@pytest.mark.parametrize("step", STEPS)
def test_what_the_server_answered(step: Json) -> None:
    """Every body and every watch frame decodes to its kind and is written again as it was."""
    response = step["response"]
    body = response.get("body")
    if isinstance(body, dict) and set(body) == {"text"}:
        with pytest.raises(DecodeError):
            Codec(Unstructured).object(body["text"].encode())
        assert decode_status(body["text"].encode()) is None
    elif body is not None:
        check_document(body)
    frames = response.get("frames", [])
    for document in bare(frames):
        check_document(document)
        if document["kind"] == "Status":
            (event,) = Codec(Unstructured).events(msgspec.json.encode(document) + b"\n")
            assert event.type is EventType.ERROR
    events = [frame for frame in frames if "type" in frame and "object" in frame]
    if events:
        check_frames(events)


@pytest.mark.parametrize(
    "step", [step for step in STEPS if isinstance(step.values[0]["request"]["body"], dict)]
)
def test_what_the_server_was_asked(step: Json) -> None:
    """Every request body that is an object decodes to its kind and is written again as it was."""
    body = step["request"]["body"]
    if "kind" in body:
        check_document(body)


def test_all_steps_are_there() -> None:
    """The recording has its 284 steps, so that none is skipped by a file cut short."""
    assert len(RECORDED) == 284


def test_kinds_of_the_recording_have_classes() -> None:
    """What is decoded without a model is a custom resource, a document about the API, or a view of another kind."""
    unmodelled = set()
    for step in RECORDED:
        body = step["response"].get("body")
        if isinstance(body, dict) and "kind" in body and check_document(body).endswith("Unstructured"):
            unmodelled.add(body["kind"])
    assert unmodelled == {
        "APIGroup",
        "APIGroupDiscoveryList",
        "APIGroupList",
        "APIResourceList",
        "APIVersions",
        "PartialObjectMetadata",
        "PartialObjectMetadataList",
        "Table",
        "Widget",
        "WidgetList",
    }
