"""Stored objects in every form but plain JSON and tables: YAML, protobuf, CBOR, and without managed fields.

In:    `StoredObject`s and the `Form` that was asked for
Out:   whole answers, and frames of watches
Next:  views.py and watch.py, which know plain JSON themselves
Rules: an object is encoded once per form and version, as views.py has it; its bytes stay with the `StoredObject`.
Source: API concepts, "Alternate representations of resources"; KEP-4222 (CBOR), KEP-5958 (dropping managed fields)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from listwatch.apiserver.kinds.conversion import from_storage, served_form
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.storage.revision_log import StoredObject
from listwatch.apiserver.wire import cbor
from listwatch.apiserver.wire.negotiation import CBOR, PROTOBUF, Form, encode, encode_json

JSONObject = dict[str, Any]


def typed(resource: Resource, value: JSONObject) -> JSONObject:
    """An object in the resource's version, with `kind` and `apiVersion` in front."""
    return {"kind": resource.kind, "apiVersion": resource.api_version, **value}


def partial(value: JSONObject, meta_version: str) -> JSONObject:
    """The object's metadata as a PartialObjectMetadata."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{meta_version}",
        "metadata": value["metadata"],
    }


def without_dropped(value: JSONObject, form: Form) -> JSONObject:
    """The object without what the client does not want; itself if that is nothing. It is not changed."""
    if not form.drops_managed_fields or "managedFields" not in value["metadata"]:
        return value
    metadata = {name: each for name, each in value["metadata"].items() if name != "managedFields"}
    return {**value, "metadata": metadata}


def cache_name(resource: Resource, form: Form) -> str:
    """Under which name the bytes of this form are kept; different from those of plain JSON."""
    drops = "-managedFields" if form.drops_managed_fields else ""
    return f"{form.media_type}{drops}/{form.view}/{form.meta_version}/{served_form(resource)}"


def object_document(resource: Resource, stored: StoredObject, form: Form) -> bytes:
    """One object as a whole answer."""
    name = cache_name(resource, form)
    found = stored.encoded.get(name)
    if found is None:
        found = stored.encoded[name] = encode(_value(resource, stored, form), form)
    return found


def list_document(resource: Resource, items: Sequence[StoredObject], form: Form, head: JSONObject) -> bytes:
    """A page of objects as a whole answer; `head` holds all but the items."""
    if form.media_type != PROTOBUF:
        values = [_item(resource, stored, form) for stored in items]
        return encode({**head, "items": values}, form)
    from listwatch.apiserver.wire import protobuf  # noqa: PLC0415 - rare, and its table is read with it

    kind, api_version = head["kind"].removesuffix("List"), head["apiVersion"]
    name = f"item/{cache_name(resource, form)}"
    pieces: list[bytes] = []
    for stored in items:
        found = stored.encoded.get(name)
        if found is None:
            value = _value(resource, stored, form)
            found = stored.encoded[name] = protobuf.message_bytes(api_version, kind, value)
        pieces.append(found)
    return protobuf.list_envelope(api_version, head["kind"], head["metadata"], pieces)


def event(resource: Resource, type_: str, stored: StoredObject, form: Form) -> bytes:
    """One event of a watch, framed as the form has it."""
    return frame(type_, _value(resource, stored, form), form)


def frame(type_: str, value: JSONObject, form: Form) -> bytes:
    """One event: a line of JSON, a data item of CBOR, or a message of protobuf behind its length."""
    if form.media_type == CBOR:
        return cbor.encode({"type": type_, "object": value})
    if form.media_type != PROTOBUF:
        return encode_json({"type": type_, "object": value}) + b"\n"
    from listwatch.apiserver.wire import protobuf  # noqa: PLC0415 - rare, and its table is read with it

    return protobuf.watch_frame(type_, protobuf.encode_envelope(value))


def _value(resource: Resource, stored: StoredObject, form: Form) -> JSONObject:
    if form.view:
        return partial(without_dropped(stored.object, form), form.meta_version)
    return typed(resource, without_dropped(from_storage(resource, stored.object), form))


def _item(resource: Resource, stored: StoredObject, form: Form) -> JSONObject:
    """As a list holds it: objects of built-in kinds do not repeat their kind."""
    if form.view or resource.custom is not None:
        return _value(resource, stored, form)
    return without_dropped(from_storage(resource, stored.object), form)
