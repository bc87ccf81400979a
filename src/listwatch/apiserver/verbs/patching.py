"""Patch: how a change to an object becomes its next state.

In:    a `Call`
Out:   a `Response`; a change in the log
Next:  patch.py and strategic_patch.py make the patched object; writing.py decodes, checks and stores it
Rules: as in writing.py: nothing awaits between reading the old object and writing the new one.
Source: apiserver pkg/endpoints/handlers/patch.go
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apimachinery.http import Response
from listwatch.apiserver.kinds.conversion import from_storage
from listwatch.apiserver.kinds.kind_rules import decode
from listwatch.apiserver.kinds.schema import SchemaError
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.list_options import check_dry_run, field_validation
from listwatch.apiserver.verbs.patch import (
    PatchError,
    apply_json_patch,
    apply_merge_patch,
    invalid_result_message,
)
from listwatch.apiserver.verbs.strategic_patch import apply_strategic_merge_patch
from listwatch.apiserver.verbs.writing import Writer
from listwatch.apiserver.wire.negotiation import json_value
from listwatch.apiserver.wire.statuses import (
    FieldCause,
    bad_request,
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
APPLY_PATCHES: Final = frozenset({"application/apply-patch+yaml", "application/apply-patch+cbor"})


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
        """Change an object, or a part of it, by a patch of any of the three kinds.

        Raises:
            APIFailure: 400, 404, 409, 415, 422. Nothing is stored.
        """
        query, resource = call.info.query, call.resource
        kind_of_patch = patch_type(call)
        if resource.custom is not None and kind_of_patch == STRATEGIC_PATCH:
            raise unsupported_custom_patch_type()
        dry_run = check_dry_run(query, "PatchOptions")
        validation = field_validation(query, "PatchOptions")
        stored = self._storage.get(resource, call.namespace, call.name)
        if stored is None:
            raise not_found(resource.group, resource.name, call.name)
        before = views.typed(resource, from_storage(resource, stored.object))
        after = apply_patch(
            kind_of_patch,
            call.request.body,
            before,
            self._writer.schemas.node(resource.group, resource.version, resource.kind),
        )
        try:
            value, warnings = decode(self._writer.schemas, resource, after, validation=validation)
        except SchemaError as error:
            cause = FieldCause("FieldValueInvalid", "patch", invalid_result_message(after, str(error)))
            raise invalid("", "", "", [cause]) from error
        call.warnings.extend(warnings)
        value.setdefault("metadata", {}).pop("managedFields", None)
        return self._writer.answer(call, 200, self._writer.replace(call, stored, value, dry_run=dry_run))


def patch_type(call: Call) -> str:
    """Which kind of patch a request carries.

    Raises:
        APIFailure: 415.
    """
    media_type = call.content_type.partition(";")[0].strip().lower()
    if media_type in APPLY_PATCHES:
        raise unsupported_patch_type(
            "server-side apply comes in a later version of listwatch's embedded API server: "
            "use a merge, strategic merge or JSON patch (kubectl: without --server-side)"
        )
    if media_type not in {JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH}:
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
