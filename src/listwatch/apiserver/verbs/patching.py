"""Patch: how a change to an object becomes its next state.

In:    a `Call`
Out:   a `Response`; a change in the log
Next:  patch.py and strategic_patch.py make the patched object; writing.py decodes, checks and stores it
Rules: as in writing.py: nothing awaits between reading the old object and writing the new one.
Source: apiserver pkg/endpoints/handlers/patch.go
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from listwatch.apimachinery.http import Response
from listwatch.apiserver.apply.conflicts import ConflictError
from listwatch.apiserver.apply.field_manager import FieldManager, InvalidConfigError
from listwatch.apiserver.kinds.conversion import from_storage
from listwatch.apiserver.kinds.kind_rules import decode
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.kinds.schema import SchemaError
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.apply_body import decode_config
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.patch import (
    PatchError,
    apply_json_patch,
    apply_merge_patch,
    invalid_result_message,
)
from listwatch.apiserver.verbs.patch_dump import dump, quoted_object, quoted_patch
from listwatch.apiserver.verbs.strategic_patch import apply_strategic_merge_patch
from listwatch.apiserver.verbs.write_options import WriteOptions, write_options
from listwatch.apiserver.verbs.writing import Writer, check_makeable, keep_asked
from listwatch.apiserver.wire.negotiation import json_value
from listwatch.apiserver.wire.statuses import (
    FieldCause,
    bad_request,
    conflict,
    failure,
    invalid,
    not_found,
    unsupported_custom_patch_type,
    unsupported_patch_type,
)

JSONObject = dict[str, Any]
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_PATCH: Final = "application/strategic-merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"


class Patcher:
    """Answers patches of all kinds.

    Args:
        storage: Where objects are.
        writer: Puts the patched object in its place.
    """

    def __init__(self, storage: Storage, writer: Writer) -> None:
        self._storage = storage
        self._writer = writer

    def patch(self, call: Call) -> Response:
        """Change an object, or a part of it, by a patch of any kind; an apply makes the object if there is none.

        Raises:
            APIFailure: 400, 404, 409, 415, 422; 500 for applied objects that are none of their kind. Nothing is
                stored.
        """
        resource = call.resource
        kind_of_patch = patch_type(call)
        if kind_of_patch == APPLY_PATCH:
            return self._apply(call)
        if resource.custom is not None and kind_of_patch == STRATEGIC_PATCH:
            raise unsupported_custom_patch_type()
        options = write_options(call, "PatchOptions")
        stored = self._storage.get(resource, call.namespace, call.name)
        if stored is None:
            raise not_found(resource.group, resource.name, call.name)
        before = views.typed(resource, from_storage(resource, stored.object))
        # Managed fields are large and hardly ever patched: left out where the patch cannot mean them.
        is_about_owners = b"managedFields" in call.request.body
        after = self._patched(call, kind_of_patch, before if is_about_owners else without_owners(before))
        try:
            value, warnings = decode(self._writer.schemas, resource, after, validation=options.validation)
        except SchemaError as error:
            whole = after if is_about_owners else self._patched(call, kind_of_patch, before)
            shown = _quoted(kind_of_patch, call.request.body, before, whole)
            cause = FieldCause("FieldValueInvalid", "patch", invalid_result_message(shown, str(error)))
            raise invalid("", "", "", [cause]) from error
        call.warnings.extend(warnings)
        keep_asked(value, after)
        replaced = self._writer.replace(call, stored, value, manager=options.manager, dry_run=options.dry_run)
        return self._writer.answer(call, 200, replaced)

    def _patched(self, call: Call, kind_of_patch: str, before: JSONObject) -> Any:
        resource = call.resource
        shape = self._writer.schemas.node(resource.group, resource.version, resource.kind)
        return apply_patch(kind_of_patch, call.request.body, before, shape)

    def _apply(self, call: Call) -> Response:
        resource, name = call.resource, call.name
        options = write_options(call, "PatchOptions", is_apply=True)
        config, warnings = decode_config(call.request.body, options.validation)
        stored = self._storage.get(resource, call.namespace, name)
        live = None if stored is None else views.typed(resource, from_storage(resource, stored.object))
        if live is None:
            if call.info.subresource:
                raise not_found(resource.group, resource.name, name)
            check_makeable(call)
        after = applied_object(
            self._writer.fields,
            resource,
            live,
            config,
            options=options,
            now=self._writer.clock.now(),
            subresource=call.info.subresource,
        )
        call.warnings.extend(warnings)
        value = self._decoded(resource, after)
        metadata = value["metadata"]
        if live is None and metadata.get("uid"):
            told = f"the provided object specified uid {metadata['uid']}, and no existing object was found"
            raise conflict(resource.group, resource.name, name, f"uid mismatch: {told}")
        _check_place(call, metadata)
        if stored is None:
            metadata.pop("resourceVersion", None)
            created = self._writer.create_object(
                resource, call.namespace, value, by=call, manager=None, dry_run=options.dry_run
            )
            return self._writer.answer(call, 201, created)
        replaced = self._writer.replace(call, stored, value, manager=None, dry_run=options.dry_run)
        return self._writer.answer(call, 200, replaced)

    def _decoded(self, resource: Resource, after: JSONObject) -> JSONObject:
        owners = after["metadata"].get("managedFields")
        try:
            value, _ = decode(self._writer.schemas, resource, without_owners(after))
        except SchemaError as error:
            raise failure(500, f"failed to convert new object to proper version: {error}") from error
        if owners:
            value["metadata"]["managedFields"] = owners
        return value


def _quoted(kind_of_patch: str, body: bytes, before: JSONObject, after: Any) -> str:
    """What the server shows of a patch whose result is no object of the kind."""
    patch = json_value(body)
    if kind_of_patch == STRATEGIC_PATCH:
        return quoted_patch(patch)
    return dump(quoted_object(before, after, patch))


def _check_place(call: Call, metadata: JSONObject) -> None:
    """Refuse an applied object that says it is another one than the request is for."""
    namespace, name = metadata.get("namespace") or call.namespace, metadata.get("name") or call.name
    if call.resource.namespaced and namespace != call.namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if name != call.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.name})")


def without_owners(value: JSONObject) -> JSONObject:
    """An object without its managed fields."""
    metadata = {name: part for name, part in value["metadata"].items() if name != "managedFields"}
    return {**value, "metadata": metadata}


def applied_object(
    fields: FieldManager,
    resource: Resource,
    live: JSONObject | None,
    config: JSONObject,
    *,
    options: WriteOptions,
    now: datetime,
    subresource: str = "",
) -> JSONObject:
    """What an apply makes of an object, with its managed fields, before it is decoded.

    Raises:
        APIFailure: 400, 409; 500 for what is no object of the kind.
    """
    try:
        return fields.apply(
            resource,
            live,
            config,
            manager=options.manager,
            now=now,
            force=options.force,
            subresource=subresource,
        )
    except InvalidConfigError as error:
        raise (bad_request(str(error)) if error.is_clients else failure(500, str(error))) from error
    except ConflictError as error:
        causes = [
            {"reason": "FieldManagerConflict", "message": message, "field": field}
            for field, message in error.causes
        ]
        details = {"causes": causes}
        raise failure(409, str(error), reason="Conflict", details=details) from error


def patch_type(call: Call) -> str:
    """Which kind of patch a request carries.

    Raises:
        APIFailure: 415.
    """
    media_type = call.content_type.partition(";")[0].strip().lower()
    if media_type not in {JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH}:
        raise unsupported_patch_type()
    return media_type


def apply_patch(kind_of_patch: str, body: bytes, before: JSONObject, shape: Any) -> Any:
    """`before`, patched.

    Raises:
        APIFailure: 400 or 422, as the kind of patch has it.
    """
    try:
        patch = json_value(body)
    except ValueError as error:
        told = f"error decoding patch: {error}" if kind_of_patch == MERGE_PATCH else str(error)
        raise bad_request(told) from error
    try:
        if kind_of_patch == JSON_PATCH:
            return apply_json_patch(before, patch)
        if kind_of_patch == MERGE_PATCH:
            return apply_merge_patch(before, patch)
        return apply_strategic_merge_patch(before, patch, shape)
    except PatchError as error:
        details: JSONObject | None = {} if error.code == 422 else None
        raise failure(error.code, error.message, reason=error.reason, details=details) from error
