"""Every error of this package, in one tree that branches by who must act.

    ListWatchError
    ├── ConfigError            you: a file, a flag, an environment variable
    │   └── CredentialError    you, or the tool that hands out your credentials
    ├── TransportError         the network, or whoever keeps the server running; trying again may help
    │   ├── ConnectionRefused, ConnectionLost, RequestTimeout
    │   └── CertificateError   you: whom the connection trusts; trying again does not help
    ├── ProtocolError          whatever answered is not an API server, or not a whole one
    │   └── DecodeError
    └── APIStatusError         the server understood and said no: see its `status`
        └── NotFound, Conflict, Expired, Forbidden, TooManyRequests, …

Rules: a message says what happened, where, and what to do about it. No message, `repr` or attribute holds
a token, password or key. Foreign exceptions are mapped where they enter, never let through.
Source: the reasons are apimachinery's metav1.StatusReason; client-go asks with predicates (IsNotFound), here
each reason is a class, so that `except` is the question.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec


class ListWatchError(Exception):
    """The one root: `except ListWatchError` catches all that this package raises on purpose."""


class ConfigError(ListWatchError):
    """The configuration cannot be used. The message names the file, the entry and the field."""


class CredentialError(ConfigError):
    """Credentials could not be obtained, or the server does not accept those that could."""


class TransportError(ListWatchError):
    """No whole answer could be had over the network."""


class ConnectionRefused(TransportError):
    """Nothing listens there, or the name has no address. The server has not seen the request."""


class ConnectionLost(TransportError):
    """The connection ended before the answer did. Whether the server acted is not known."""


class RequestTimeout(TransportError):
    """No answer within the deadline. Whether the server acted is not known."""


class CertificateError(TransportError):
    """The TLS handshake failed: an untrusted, expired or foreign certificate. Not worth a retry."""


class ProtocolError(ListWatchError):
    """The answer is not one that an API server gives: a proxy's page, a stream of something else."""


class DecodeError(ProtocolError):
    """Bytes that are not the JSON, or not the object, that was expected. Nothing of them was kept."""


class StatusCause(msgspec.Struct, gc=False, omit_defaults=True):
    """One thing that is wrong with a request (metav1.StatusCause). Field names are the wire's."""

    reason: str | None = None
    message: str | None = None
    field: str | None = None


class StatusDetails(msgspec.Struct, gc=False, omit_defaults=True, rename="camel"):
    """What a Status is about (metav1.StatusDetails)."""

    name: str | None = None
    group: str | None = None
    kind: str | None = None
    uid: str | None = None
    causes: list[StatusCause] | None = None
    retry_after_seconds: int | None = None


class Status(msgspec.Struct, gc=False, omit_defaults=True, rename="camel"):
    """The server's account of a request that has no other result (metav1.Status).

    Every field may be absent. `code` is the HTTP status, `reason` the machine's word, `message` the person's.
    """

    kind: str | None = None
    api_version: str | None = None
    metadata: dict[str, Any] | None = None
    status: str | None = None
    message: str | None = None
    reason: str | None = None
    details: StatusDetails | None = None
    code: int | None = None


class APIStatusError(ListWatchError):
    """The API server refused, with a `Status`.

    Attributes:
        status: As the server sent it; made from the HTTP code where the body held none.
        code: The HTTP status code.
        retry_after: Seconds that the server asks to wait, if it asks.
    """

    reason: ClassVar[str] = ""

    def __init__(self, status: Status, *, doing: str = "", retry_after: float | None = None) -> None:
        self.status = status
        self.code = status.code or 0
        if retry_after is None and status.details is not None:
            retry_after = status.details.retry_after_seconds
        self.retry_after = retry_after
        self.doing = doing
        said = status.message or status.reason or f"HTTP status {self.code}"
        super().__init__(f"{doing}: {said}" if doing else said)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.status, self.doing, self.retry_after)

    @property
    def is_too_large_resource_version(self) -> bool:
        """The server has not reached the resource version that was asked for.

        Told three ways by servers of different ages: by the cause's reason, by its message, by the text.
        """
        text = "Too large resource version"
        causes = (self.status.details.causes if self.status.details else None) or []
        return any(c.reason == "ResourceVersionTooLarge" or c.message == text for c in causes) or text in (
            self.status.message or ""
        )


def _rebuild(
    kind: type[APIStatusError], status: Status, doing: str, retry_after: float | None
) -> APIStatusError:
    return kind(status, doing=doing, retry_after=retry_after)


class BadRequest(APIStatusError):
    """400: the request makes no sense to the server; sending it again will not help."""

    reason = "BadRequest"


class Unauthorized(APIStatusError):
    """401: the server does not know who is asking. Look at the kubeconfig's user."""

    reason = "Unauthorized"


class Forbidden(APIStatusError):
    """403: the server knows who is asking, and that they may not."""

    reason = "Forbidden"


class NotFound(APIStatusError):
    """404: no such object, or no such kind of object on this server."""

    reason = "NotFound"


class MethodNotAllowed(APIStatusError):
    """405: this kind of object does not have that verb."""

    reason = "MethodNotAllowed"


class NotAcceptable(APIStatusError):
    """406: the server cannot answer in any of the forms asked for."""

    reason = "NotAcceptable"


class Conflict(APIStatusError):
    """409: the object has changed since it was read (or the operation contradicts its state). Read again."""

    reason = "Conflict"


class AlreadyExists(Conflict):
    """409: an object of that name exists."""

    reason = "AlreadyExists"


class Expired(APIStatusError):
    """410: that resource version, or continue token, is no longer kept. List again."""

    reason = "Expired"


class Gone(Expired):
    """410 in its older spelling."""

    reason = "Gone"


class RequestEntityTooLarge(APIStatusError):
    """413: the body is larger than the server takes."""

    reason = "RequestEntityTooLarge"


class UnsupportedMediaType(APIStatusError):
    """415: the server does not read bodies of that type here."""

    reason = "UnsupportedMediaType"


class Invalid(APIStatusError):
    """422: the object breaks a rule of its kind; `status.details.causes` tells which fields."""

    reason = "Invalid"


class TooManyRequests(APIStatusError):
    """429: slow down; `retry_after` says for how long."""

    reason = "TooManyRequests"


class InternalError(APIStatusError):
    """500: the server failed; whether it acted is not known."""

    reason = "InternalError"


class ServiceUnavailable(APIStatusError):
    """503: not now."""

    reason = "ServiceUnavailable"


class ServerTimeout(APIStatusError):
    """The server gave up for now: 500 with reason ServerTimeout, or 504 Timeout."""

    reason = "ServerTimeout"


class StoreReadError(InternalError):
    """500: an object in the server's store cannot be read."""

    reason = "StorageReadError"


def _subclasses(kind: type[APIStatusError]) -> list[type[APIStatusError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _subclasses(child))]


_BY_REASON: dict[str, type[APIStatusError]] = {
    kind.reason: kind for kind in _subclasses(APIStatusError) if kind.reason
} | {"Timeout": ServerTimeout}

_BY_CODE: dict[int, type[APIStatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    409: Conflict,
    410: Expired,
    413: RequestEntityTooLarge,
    415: UnsupportedMediaType,
    422: Invalid,
    429: TooManyRequests,
    500: InternalError,
    503: ServiceUnavailable,
    504: ServerTimeout,
}


def error_from_status(status: Status, *, doing: str = "", retry_after: float | None = None) -> APIStatusError:
    """The exception that says what `status` says: by its reason, else by its code, else the general one.

    Args:
        status: As received, or made from an HTTP code.
        doing: What was asked, for the message: "GET /api/v1/namespaces/default/pods".
        retry_after: Seconds from the Retry-After header, which wins over the Status's own.
    """
    kind = _BY_REASON.get(status.reason or "") or _BY_CODE.get(status.code or 0, APIStatusError)
    return kind(status, doing=doing, retry_after=retry_after)
