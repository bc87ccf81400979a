"""The server's refusals: `metav1.Status` bodies, worded as kube-apiserver words them.

In:    what went wrong, in the server's terms (resource, name, causes)
Out:   `APIFailure`, raised anywhere below `server.py` and answered there
Rules: pure. The text of a refusal that several callers share stands here and nowhere else; what only one
       kind of object says stands with that kind (`validation.py`).
Source: apimachinery pkg/api/errors, apiserver pkg/endpoints/handlers/responsewriters; wording from recordings
        of kube-apiserver 1.36.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

JSONObject = dict[str, Any]


class CauseLike(Protocol):
    """One reason why an object is invalid: which field, which rule."""

    @property
    def reason(self) -> str:
        """A `metav1.CauseType`, such as `FieldValueRequired`."""
        ...

    @property
    def field(self) -> str:
        """The path of the field, such as `spec.containers[0].name`."""
        ...

    @property
    def message(self) -> str:
        """What is wrong with it, the bad value included."""
        ...


class FieldCause:
    """A `CauseLike` for the option objects that this package validates itself."""

    __slots__ = ("field", "message", "reason")

    def __init__(self, reason: str, field: str, message: str) -> None:
        self.reason = reason
        self.field = field
        self.message = message


class APIFailure(Exception):
    """A request that gets a failure Status instead of what it asked for.

    Attributes:
        status: The Status body; `status["code"]` is the HTTP status.
        headers: Further response headers, such as `Retry-After`.
    """

    def __init__(self, status: JSONObject, *, headers: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(status.get("message", ""))
        self.status = status
        self.headers = tuple(headers)

    @property
    def code(self) -> int:
        """The HTTP status code."""
        return int(self.status["code"])

    @property
    def reason(self) -> str:
        """The `metav1.StatusReason`, or "" where the real server gives none."""
        return str(self.status.get("reason", ""))


def failure(
    code: int,
    message: str,
    *,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
    headers: Iterable[tuple[str, str]] = (),
    continue_token: str = "",
) -> APIFailure:
    """A failure Status with just these fields; those that are empty are left out, as Go's encoder does."""
    status: JSONObject = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {"continue": continue_token} if continue_token else {},
        "status": "Failure",
        "message": message,
    }
    if reason:
        status["reason"] = reason
    if details is not None:
        status["details"] = dict(details)
    status["code"] = code
    return APIFailure(status, headers=headers)


def success(*, code: int = 0, details: Mapping[str, Any] | None = None) -> JSONObject:
    """The Status body of a request that went well and has no object to show."""
    status: JSONObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if details is not None:
        status["details"] = {key: value for key, value in details.items() if value}
    if code:
        status["code"] = code
    return status


def qualified(group: str, resource: str) -> str:
    """How messages name a resource: `configmaps`, `deployments.apps`."""
    return f"{resource}.{group}" if group else resource


def _details(group: str, kind: str, name: str, **more: Any) -> JSONObject:
    fields = {"name": name, "group": group, "kind": kind, **more}
    return {key: value for key, value in fields.items() if value}


def not_found(group: str, resource: str, name: str) -> APIFailure:
    """404: no object of that name."""
    message = f'{qualified(group, resource)} "{name}" not found'
    return failure(404, message, reason="NotFound", details=_details(group, resource, name))


def no_such_resource() -> APIFailure:
    """404: the path names a group, version or resource that is not served."""
    message = "the server could not find the requested resource"
    return failure(404, message, reason="NotFound", details={})


def already_exists(group: str, resource: str, name: str) -> APIFailure:
    """409 for a create."""
    message = f'{qualified(group, resource)} "{name}" already exists'
    return failure(409, message, reason="AlreadyExists", details=_details(group, resource, name))


def generated_name_exists(group: str, resource: str, name: str) -> APIFailure:
    """409 for a create whose generated names were all taken."""
    named = f'{qualified(group, resource)} "{name}"'
    message = f"{named} already exists, the server was not able to generate a unique name for the object"
    details = _details(group, resource, name, retryAfterSeconds=1)
    return failure(409, message, reason="AlreadyExists", details=details, headers=[("Retry-After", "1")])


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def conflict(group: str, resource: str, name: str, why: str = MODIFIED) -> APIFailure:
    """409 for an update or delete whose expectation of the stored object does not hold."""
    message = f'Operation cannot be fulfilled on {qualified(group, resource)} "{name}": {why}'
    return failure(409, message, reason="Conflict", details=_details(group, resource, name))


def invalid(group: str, kind: str, name: str, causes: Sequence[CauseLike]) -> APIFailure:
    """422: every cause listed, those with the same text told once in the message."""
    texts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    told = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    told_causes = [
        {"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes
    ]
    details = _details(group, kind, name, causes=told_causes)
    message = f'{qualified(group, kind)} "{name}" is invalid: {told}'
    return failure(422, message, reason="Invalid", details=details)


def rejected_request() -> APIFailure:
    """422 that says no more: a JSON patch that does not apply."""
    message = "the server rejected our request due to an error in our request"
    return failure(422, message, reason="Invalid", details={})


def body_too_large(limit: int) -> APIFailure:
    """413: the body is longer than `limit` bytes."""
    return failure(413, f"Request entity too large: limit is {limit}", reason="RequestEntityTooLarge")


def bad_request(message: str) -> APIFailure:
    """400."""
    return failure(400, message, reason="BadRequest")


def unauthorized() -> APIFailure:
    """401: credentials were shown and are no good."""
    return failure(401, "Unauthorized", reason="Unauthorized")


def forbidden(
    group: str, resource: str, name: str, why: str, *, causes: Sequence[CauseLike] = ()
) -> APIFailure:
    """403 on a resource."""
    named = f'{qualified(group, resource)} "{name}"' if name else qualified(group, resource)
    told = [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes]
    details = _details(group, resource, name, causes=told)
    return failure(403, f"{named} is forbidden: {why}", reason="Forbidden", details=details)


def method_not_allowed() -> APIFailure:
    """405: the resource is served, but not this method on it."""
    message = "the server does not allow this method on the requested resource"
    return failure(405, message, reason="MethodNotAllowed", details={})


NOT_ACCEPTABLE = (
    "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
    "application/vnd.kubernetes.protobuf, application/json;stream=watch, "
    "application/vnd.kubernetes.protobuf;stream=watch"
)


def not_acceptable() -> APIFailure:
    """406. The list is that of kube-apiserver for built-in kinds."""
    return failure(406, NOT_ACCEPTABLE, reason="NotAcceptable", details={})


def unsupported_body_type(*, has_protobuf: bool = True) -> APIFailure:
    """415 for a create, update or delete; custom resources have no protobuf form."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json, application/yaml"
    )
    if has_protobuf:
        message += ", application/vnd.kubernetes.protobuf"
    return failure(415, message, reason="UnsupportedMediaType")


def unsupported_patch_type(message: str = "415: Unsupported Media Type") -> APIFailure:
    """415 for a patch."""
    return failure(415, message, reason="UnsupportedMediaType", details={})


def unsupported_custom_patch_type() -> APIFailure:
    """415 for a patch of a custom resource that is none of those it takes."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    )
    return failure(415, message, reason="UnsupportedMediaType")


def storage_initializing() -> APIFailure:
    """429: the resource is served, but nobody has yet read what there is of it."""
    message = "storage is (re)initializing"
    details = {"retryAfterSeconds": 1}
    return failure(429, message, reason="TooManyRequests", details=details, headers=[("Retry-After", "1")])


def expired(message: str, *, continue_token: str = "") -> APIFailure:
    """410: the version asked for has been compacted away."""
    return failure(410, message, reason="Expired", continue_token=continue_token)


CONTINUE_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list."
)
LIST_EXPIRED = "The resourceVersion for the provided list is too old."


def too_old(asked: int, oldest: int) -> APIFailure:
    """410 for a watch; `oldest` is the oldest version from which one could still start."""
    return expired(f"too old resource version: {asked} ({oldest})")


def too_large(asked: int, current: int) -> APIFailure:
    """504: the server has not reached the version asked for, and waited for it in vain."""
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    details = {"causes": causes, "retryAfterSeconds": 1}
    return failure(504, message, reason="Timeout", details=details, headers=[("Retry-After", "1")])


def internal_error(message: str) -> APIFailure:
    """500."""
    details = {"causes": [{"message": message}]}
    text = f"Internal error occurred: {message}"
    return failure(500, text, reason="InternalError", details=details)


def not_implemented(what: str) -> APIFailure:
    """501: a real API server does this, the embedded one says that it does not.

    Args:
        what: A clause that completes "the embedded API server of listwatch does not …".
    """
    message = f"the embedded API server of listwatch does not {what}"
    return failure(501, message, reason="NotImplemented", details={})


def terminating(namespace: str, group: str, resource: str, name: str) -> APIFailure:
    """403: nothing new may be made in a namespace that is on its way out."""
    cause = FieldCause(
        "NamespaceTerminating", "metadata.namespace", f"namespace {namespace} is being terminated"
    )
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    return forbidden(group, resource, name, why, causes=[cause])
