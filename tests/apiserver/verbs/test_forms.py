"""Requests and answers in protobuf and CBOR, and without managed fields, through the whole server."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import cbor2
from api_caller import CONFIG_MAPS, PODS, Caller, config_map, pod
from custom_widgets import DEFINITIONS, WIDGETS, definition
from virtual_time import run_virtual

from listwatch.apiserver.wire import cbor
from listwatch.apiserver.wire.protobuf import decode_envelope, encode_envelope
from listwatch.apiserver.wire.protobuf_primitives import read_fields

PROTOBUF = "application/vnd.kubernetes.protobuf"
CBOR = "application/cbor"
DROP = "application/json;drop=metadata.managedFields"


def frames(data: bytes) -> list[tuple[str, dict[str, Any]]]:
    """The events of a watch in protobuf."""
    found: list[tuple[str, dict[str, Any]]] = []
    while data:
        size = struct.unpack(">I", data[:4])[0]
        message, data = data[4 : 4 + size], data[4 + size :]
        fields = {
            number: raw for number, _, raw in read_fields(message, "WatchEvent") if isinstance(raw, bytes)
        }
        body = next(raw for _, _, raw in read_fields(fields[2], "RawExtension") if isinstance(raw, bytes))
        found.append((fields[1].decode(), decode_envelope(body)))
    return found


def test_a_protobuf_body_makes_the_object_that_the_same_json_makes() -> None:
    """What is created from protobuf is defaulted and stored as from JSON."""

    async def main() -> None:
        caller = Caller()
        answer = await caller.send("POST", PODS, encode_envelope(pod("binary")), content_type=PROTOBUF)
        assert answer.status == 201, answer.body
        plain = await caller.create(PODS, pod("plain"))
        assert answer.json["spec"] == plain["spec"]
        assert answer.json["metadata"]["name"] == "binary"

    run_virtual(main)


def test_delete_options_may_be_protobuf() -> None:
    """A DELETE reads its options in protobuf too, as typed Go clients send them."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "other"}}
        target = f"{CONFIG_MAPS}/a"
        answer = await caller.send("DELETE", target, encode_envelope(options), content_type=PROTOBUF)
        assert answer.status == 409
        assert "other" in answer.json["message"]

    run_virtual(main)


def test_a_broken_protobuf_body_is_a_400() -> None:
    """Bytes that are no message are refused with a Status that shows them."""

    async def main() -> None:
        caller = Caller()
        answer = await caller.send("POST", CONFIG_MAPS, b"k8s\x00\xff\xff", content_type=PROTOBUF)
        assert (answer.status, answer.json["reason"]) == (400, "BadRequest")
        assert "unexpected EOF (6b387300ffff)" in answer.json["message"]

    run_virtual(main)


def test_get_list_and_refusals_come_in_protobuf() -> None:
    """Whoever prefers protobuf gets objects, lists, metadata and Statuses in it; the content is that of JSON."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a", data={"k": "v"}))
        plain = (await caller.get(f"{CONFIG_MAPS}/a")).json
        got = await caller.get(f"{CONFIG_MAPS}/a", accept=f"{PROTOBUF},application/json")
        assert got.headers["Content-Type"] == PROTOBUF
        assert decode_envelope(got.body) == plain
        listed = decode_envelope((await caller.get(CONFIG_MAPS, accept=PROTOBUF)).body)
        assert listed == (await caller.get(CONFIG_MAPS)).json
        partial = f"{PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        metadata = decode_envelope((await caller.get(CONFIG_MAPS, accept=partial)).body)
        assert metadata["kind"] == "PartialObjectMetadataList"
        assert [item["metadata"] for item in metadata["items"]] == [plain["metadata"]]
        missing = await caller.get(f"{CONFIG_MAPS}/b", accept=PROTOBUF)
        assert decode_envelope(missing.body)["code"] == missing.status == 404

    run_virtual(main)


def test_a_watch_in_protobuf_is_framed() -> None:
    """Every event is a message behind its length; the last one may be a Status."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        query = "watch=true&allowWatchBookmarks=true&timeoutSeconds=1"
        answer = await caller.get(f"{CONFIG_MAPS}?{query}", accept=PROTOBUF)
        assert answer.headers["Content-Type"] == f"{PROTOBUF};stream=watch"
        events = frames(answer.body)
        assert [(type_, value["kind"]) for type_, value in events] == [
            ("ADDED", "ConfigMap"),
            ("BOOKMARK", "ConfigMap"),
        ]
        caller.server.compact()
        gone = await caller.get(f"{CONFIG_MAPS}?watch=true&resourceVersion=1", accept=PROTOBUF)
        assert [(type_, value["code"]) for type_, value in frames(gone.body)] == [("ERROR", 410)]

    run_virtual(main)


def test_cbor_is_read_and_written() -> None:
    """A body in CBOR makes an object; answers and lists say the same as in JSON."""

    async def main() -> None:
        caller = Caller()
        body = cbor.encode(config_map("a", data={"k": "v"}))
        created = await caller.send("POST", CONFIG_MAPS, body, content_type=CBOR, accept=CBOR)
        assert (created.status, created.headers["Content-Type"]) == (201, CBOR)
        plain = (await caller.get(f"{CONFIG_MAPS}/a")).json
        assert cbor.decode(created.body) == plain
        assert (
            cbor.decode((await caller.get(CONFIG_MAPS, accept=CBOR)).body)
            == (await caller.get(CONFIG_MAPS)).json
        )
        broken = await caller.send("POST", CONFIG_MAPS, b"\xff", content_type=CBOR)
        assert broken.status == 400

    run_virtual(main)


def test_a_watch_in_cbor_is_a_sequence() -> None:
    """Events are data items one behind the other."""

    async def main() -> None:
        caller = Caller()
        for name in ("a", "b"):
            await caller.create(CONFIG_MAPS, config_map(name))
        answer = await caller.get(f"{CONFIG_MAPS}?watch=true&timeoutSeconds=1", accept=CBOR)
        assert answer.headers["Content-Type"] == "application/cbor-seq"
        pieces = answer.body.split(cbor.MARK)[1:]
        assert [cbor2.loads(piece)[b"object"][b"metadata"][b"name"] for piece in pieces] == [b"a", b"b"]

    run_virtual(main)


def test_managed_fields_can_be_left_out() -> None:
    """With `drop=metadata.managedFields` neither get, list, watch nor tables show them; without it they do."""

    async def main() -> None:
        caller = Caller()
        entry = {
            "manager": "m",
            "operation": "Update",
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {},
        }
        log = caller.server.log
        await caller.create(CONFIG_MAPS, config_map("a"))
        stored = log.get("configmaps", "default/a")
        assert stored is not None
        stored.object["metadata"]["managedFields"] = [entry]
        stored.encoded.clear()
        assert b"managedFields" in (await caller.get(f"{CONFIG_MAPS}/a")).body
        targets = [f"{CONFIG_MAPS}/a", CONFIG_MAPS, f"{CONFIG_MAPS}?watch=true&timeoutSeconds=1"]
        for target in targets:
            for accept in (
                DROP,
                f"{DROP};as=Table;g=meta.k8s.io;v=v1",
                f"{PROTOBUF};drop=metadata.managedFields",
            ):
                answer = await caller.get(target, accept=accept)
                assert answer.status == 200
                assert b"default" in answer.body
                assert b"managedFields" not in answer.body
                assert b"FieldsV1" not in answer.body

    run_virtual(main)


def test_custom_resources_have_no_protobuf_form_but_their_metadata() -> None:
    """A body in protobuf is refused, an answer comes in the next form that is accepted; CBOR goes both ways."""

    async def main() -> None:
        caller = Caller()
        await caller.create(DEFINITIONS, definition())
        await asyncio.sleep(10)  # virtual seconds, until the kind is served
        widget = {
            "apiVersion": "example.com/v1",
            "kind": "Widget",
            "metadata": {"name": "a"},
            "spec": {"size": 1},
        }
        refused = await caller.send("POST", WIDGETS, b"k8s\0", content_type=PROTOBUF)
        assert refused.status == 415
        assert refused.json["message"].endswith(
            "accepted media types include: application/json, application/yaml"
        )
        made = await caller.send("POST", WIDGETS, cbor.encode(widget), content_type=CBOR, accept=CBOR)
        assert (made.status, cbor.decode(made.body)["spec"]["size"]) == (201, 1)
        for target in (WIDGETS, f"{WIDGETS}/a"):
            listed = await caller.get(target, accept=f"{PROTOBUF},application/json")
            assert (listed.status, listed.headers["Content-Type"]) == (200, "application/json")
            assert (await caller.get(target, accept=PROTOBUF)).status == 406
        partial = f"{PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        metadata = decode_envelope((await caller.get(f"{WIDGETS}/a", accept=partial)).body)
        assert metadata["metadata"] == listed.json["metadata"]

    run_virtual(main)
