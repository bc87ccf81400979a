"""JSON patch, merge patch, and the errors that all three kinds of patch share.

In:    the current object and the decoded body of a PATCH
Out:   the patched object, new; what went in is not changed
Next:  apiserver/kinds/schema.py decodes the result, then it is an update like any other
Rules: pure; every fault of a patch is a `PatchError` that says which Status answers it
Source: RFC 6902 (JSON patch), RFC 7386 (merge patch); codes and wording of kube-apiserver 1.36
"""

from __future__ import annotations

import copy
from typing import Any, Final

import jsonpatch
import jsonpointer

from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.kinds.maps import json_equal
from listwatch.apiserver.wire.go_json import json_kind

_MOST_OPERATIONS: Final = 10_000
_OPERATIONS: Final = frozenset({"add", "remove", "replace", "move", "copy", "test"})
_REJECTED: Final = "the server rejected our request due to an error in our request"


class PatchError(ListWatchError):
    """The patch cannot be read or does not fit the object.

    Attributes:
        code: The HTTP status that answers it.
        reason: The StatusReason, `""` where the server gives none.
        message: The Status message. `detail` says more where the server's message says nothing.
    """

    def __init__(self, code: int, reason: str, message: str, *, detail: str = "") -> None:
        super().__init__(f"{message}: {detail}" if detail else message)
        self.code = code
        self.reason = reason
        self.message = message
        self.detail = detail


def bad_patch(message: str) -> PatchError:
    """400: the body is no patch."""
    return PatchError(400, "BadRequest", message)


def patch_does_not_apply(detail: str) -> PatchError:
    """422 without details: the patch is sound, but not for this object."""
    return PatchError(422, "Invalid", _REJECTED, detail=detail)


def apply_json_patch(doc: dict[str, Any], operations: object) -> Any:
    """`doc` after all operations, in order; none takes effect if one fails.

    Returns:
        A new document. An operation on the root can make it something else than an object.

    Raises:
        PatchError: 400 if the body is no list of operations, 413 if it is too long, 422 if an operation is
            unknown, points nowhere, or tests false.

    Source: RFC 6902; apiserver handlers/patch.go for codes
    """
    if not isinstance(operations, list):
        kind = json_kind(operations)
        raise bad_patch(f"json: cannot unmarshal {kind} into Go value of type jsonpatch.Patch")
    if len(operations) > _MOST_OPERATIONS:
        raise PatchError(
            413,
            "RequestEntityTooLarge",
            f"Request entity too large: The allowed maximum operations in a JSON patch is {_MOST_OPERATIONS}, "
            f"got {len(operations)}",
        )
    for operation in operations:
        if not isinstance(operation, dict):
            kind = json_kind(operation)
            raise bad_patch(f"json: cannot unmarshal {kind} into Go value of type jsonpatch.Operation")
    patched: Any = copy.deepcopy(doc)
    for operation in operations:
        patched = _apply_operation(patched, operation)
    return patched


def _apply_operation(doc: Any, operation: dict[str, Any]) -> Any:
    name, path = operation.get("op"), operation.get("path")
    if not isinstance(name, str) or name not in _OPERATIONS:
        raise patch_does_not_apply(f"unexpected kind: {name if isinstance(name, str) else 'unknown'}")
    if not isinstance(path, str):
        raise patch_does_not_apply(f"{name} operation does not apply: it has no path")
    try:
        if name == "test":
            _test(doc, path, operation.get("value"))
            return doc
        return jsonpatch.JsonPatch([copy.deepcopy(operation)]).apply(doc, in_place=True)
    except (
        jsonpatch.JsonPatchException,
        jsonpointer.JsonPointerException,
        # What the library lets through when a pointer runs into a scalar or a source is no string.
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise patch_does_not_apply(f"{name} operation does not apply: {path}: {error}") from error


def _test(doc: Any, path: str, expected: object) -> None:
    missing = object()
    found = jsonpointer.JsonPointer(path).resolve(doc, missing)
    # Asking for null is true of what is not there as well.
    if (found is missing and expected is not None) or (
        found is not missing and not json_equal(found, expected)
    ):
        raise patch_does_not_apply(f"testing value {path} failed")


def apply_merge_patch(doc: dict[str, Any], patch: object) -> dict[str, Any]:
    """`doc` with the members of `patch` set, recursively; null removes a member, a list replaces a list.

    Raises:
        PatchError: 400 if the body is not an object.

    Source: RFC 7386
    """
    if not isinstance(patch, dict):
        kind = json_kind(patch)
        raise bad_patch(
            f"error decoding patch: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        )
    return _merged(doc, patch)


def _merged(target: object, patch: dict[str, Any]) -> dict[str, Any]:
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = _merged(result.get(name), value)
        else:
            result[name] = copy.deepcopy(value)
    return result


def invalid_result_message(shown: str, error: str) -> str:
    """The message of the cause (field `patch`) when the patched object does not decode.

    Args:
        shown: The patched object, or the patch, as the server quotes it: see patch_dump.py.
        error: What the decoder said.
    """
    return f"Invalid value: {go_quote(shown)}: {error}"
