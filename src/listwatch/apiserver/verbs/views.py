"""Stored objects as the bytes that clients get: whole, metadata only, or as rows of a table.

In:    `StoredObject`s and the `Form` that was asked for
Out:   bytes; all but plain JSON and tables by forms.py
Next:  reading.py and writing.py send them, watch.py wraps them into events
Rules: an object is encoded once per form and version; its bytes stay with the `StoredObject`. Rows of tables
       tell ages, so they are made afresh each time.
Source: API concepts, "Receiving resources as Tables", "Metadata-only fetches"
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from listwatch.apiserver.kinds.conversion import from_storage, served_form
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.printing import printers
from listwatch.apiserver.storage.revision_log import StoredObject
from listwatch.apiserver.verbs import forms
from listwatch.apiserver.wire.negotiation import YAML, Form, encode, encode_json

JSONObject = dict[str, Any]


typed = forms.typed


def type_meta(resource: Resource) -> bytes:
    """The opening of every whole object of a resource, up to where its own fields begin."""
    return b'{"kind":"%s","apiVersion":"%s",' % (resource.kind.encode(), resource.api_version.encode())


def body_bytes(resource: Resource, stored: StoredObject) -> bytes:
    """The object in the resource's version, without `apiVersion` and `kind`, as lists of built-in kinds hold it."""
    form = served_form(resource)
    found = stored.encoded.get(form)
    if found is None:
        found = stored.encoded[form] = encode_json(from_storage(resource, stored.object))
    return found


def item_bytes(resource: Resource, stored: StoredObject) -> bytes:
    """The object as a list holds it: of a custom kind the whole."""
    if resource.custom is not None:
        return whole_bytes(resource, stored)
    return body_bytes(resource, stored)


def whole_bytes(resource: Resource, stored: StoredObject) -> bytes:
    """The whole object."""
    return type_meta(resource) + body_bytes(resource, stored)[1:]


def partial_bytes(stored: StoredObject, meta_version: str) -> bytes:
    """The object's metadata as a PartialObjectMetadata."""
    form = f"PartialObjectMetadata/{meta_version}"
    found = stored.encoded.get(form)
    if found is None:
        found = stored.encoded[form] = encode_json(forms.partial(stored.object, meta_version))
    return found


def object_bytes(resource: Resource, stored: StoredObject, form: Form) -> bytes:
    """The object alone, whole or metadata only; not for tables."""
    if form.view == "PartialObjectMetadata":
        return partial_bytes(stored, form.meta_version)
    return whole_bytes(resource, stored)


def document(
    resource: Resource, value: JSONObject, form: Form, *, now: datetime, include_object: str = ""
) -> bytes:
    """One object, in the resource's version and without `kind`, as a whole answer."""
    value = forms.without_dropped(value, form)
    if form.view == "Table":
        metadata = {"resourceVersion": value["metadata"].get("resourceVersion", "")}
        return encode(table(resource, [value], form, metadata, now=now, include_object=include_object), form)
    if form.view == "PartialObjectMetadata":
        return encode(forms.partial(value, form.meta_version), form)
    return encode(typed(resource, value), form)


def stored_document(
    resource: Resource, stored: StoredObject, form: Form, *, now: datetime, include_object: str = ""
) -> bytes:
    """One stored object as a whole answer."""
    if form.view == "Table" or form.media_type == YAML:
        value = from_storage(resource, stored.object)
        return document(resource, value, form, now=now, include_object=include_object)
    if not form.is_plain:
        return forms.object_document(resource, stored, form)
    return object_bytes(resource, stored, form) + b"\n"


def list_document(
    resource: Resource,
    items: Sequence[StoredObject],
    form: Form,
    metadata: JSONObject,
    *,
    now: datetime,
    include_object: str = "",
) -> bytes:
    """A page of objects as a whole answer."""
    if form.view == "Table":
        values = [forms.without_dropped(from_storage(resource, stored.object), form) for stored in items]
        return encode(table(resource, values, form, metadata, now=now, include_object=include_object), form)
    kind, api_version = resource.list_kind, resource.api_version
    if form.view == "PartialObjectMetadata":
        kind, api_version = "PartialObjectMetadataList", f"meta.k8s.io/{form.meta_version}"
    if resource.custom is not None and not form.view:
        metadata = {"continue": "", **metadata}
    head = {"kind": kind, "apiVersion": api_version, "metadata": metadata}
    if not form.is_plain:
        return forms.list_document(resource, items, form, head)
    if form.view:
        pieces = [partial_bytes(stored, form.meta_version) for stored in items]
    else:
        pieces = [item_bytes(resource, stored) for stored in items]
    return b"%b,%b%b]}\n" % (encode_json(head)[:-1], b'"items":[', b",".join(pieces))


def table(
    resource: Resource,
    values: Sequence[JSONObject],
    form: Form,
    metadata: JSONObject,
    *,
    now: datetime,
    include_object: str = "",
    with_columns: bool = True,
) -> JSONObject:
    """A Table of objects that are in the resource's version."""
    policy = include_object or "Metadata"
    columns, rows = _printed(resource, values, now)
    told: list[JSONObject] = []
    for cells, value in zip(rows, values, strict=True):
        row: JSONObject = {"cells": cells}
        if conditions := printers.row_conditions(resource.group, resource.name, value):
            row["conditions"] = conditions
        row["object"] = _row_object(resource, value, policy, form)
        told.append(row)
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{form.meta_version}",
        "metadata": metadata,
        "columnDefinitions": columns if with_columns else None,
        "rows": told,
    }


def _printed(
    resource: Resource, values: Sequence[JSONObject], now: datetime
) -> tuple[list[JSONObject], list[list[Any]]]:
    if resource.custom is not None:
        return resource.custom.table(list(values), now=now)
    return printers.table(resource.group, resource.name, values, now=now)


def _row_object(resource: Resource, value: JSONObject, policy: str, form: Form) -> JSONObject | None:
    if policy == "None":
        return None
    return forms.typed(resource, value) if policy == "Object" else forms.partial(value, form.meta_version)
