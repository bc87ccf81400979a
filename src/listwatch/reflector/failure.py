"""What went wrong with a list or a watch, told apart as far as it makes a difference to what comes next.

In:    an exception, or the error of an ERROR event
Out:   a `Failure`
Next:  reflector/machine.py
Rules: pure; every failure class of the notes on client-go's reflector has a name here, and each a consequence there
Source: client-go tools/cache reflector.go, isExpiredError, isTooLargeResourceVersionError and the branches around them;
        differs: forbidden, not found, dead and undecodable are classes of their own
"""

from __future__ import annotations

from enum import StrEnum

from listwatch.apimachinery.errors import (
    APIStatusError,
    BadRequest,
    CertificateError,
    ConfigError,
    ConnectionLost,
    ConnectionRefused,
    Expired,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    ProtocolError,
    RequestTimeout,
    TooManyRequests,
    TransportError,
    Unauthorized,
)


class Failure(StrEnum):
    """A class of failure. As text it is a word for people and for metrics."""

    EXPIRED = "expired"
    """That version, or continue token, is no longer kept: 410, in the stream, as an answer, or on a page."""
    TOO_LARGE = "too large resource version"
    """The server has not reached that version (another replica, or a restored backup)."""
    OVERLOADED = "overloaded"
    """429, with or without a time to wait."""
    SERVER_ERROR = "server error"
    """5xx."""
    REFUSED = "refused"
    """Nothing listens there."""
    CUT = "cut"
    """The connection ended in the middle of something."""
    DEAD = "dead"
    """The connection stands and nothing comes: half-open, or the server does not keep its own deadline."""
    VERY_SHORT_WATCH = "very short watch"
    """A watch that ended at once, in good order and without a word."""
    NO_MARKER = "no end of the initial events"
    """A streamed list whose end the server does not mark."""
    NOT_SUPPORTED = "streaming lists not supported"
    """The server refuses `sendInitialEvents`."""
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    """The collection itself is not there: a CRD that is gone, or not yet there."""
    UNDECODABLE = "undecodable"
    """What came is not what an API server sends."""
    OUT_OF_ORDER = "out of order"
    """A deletion that is older than what is known: an echo of one, or a server that gives a deletion the version of the
    object's last state. Only a list can tell."""
    MISCONFIGURED = "misconfigured"
    """Certificates or credentials that cannot work."""
    OTHER = "other"


class InitialEventsEndMissing(ProtocolError):
    """A streamed list has begun, and its end is not marked in time."""


class DeletionOutOfOrder(ProtocolError):
    """A deletion has come that is older than what is known."""


def classify(error: BaseException, *, is_streaming_list: bool = False) -> Failure:
    """The class of `error`.

    Args:
        error: What ended a list or a watch.
        is_streaming_list: The request asked for initial events, which older servers and some proxies refuse as
            Invalid, BadRequest or MethodNotAllowed (and a few as Forbidden, which stays what it is).
    """
    if isinstance(error, Expired):
        return Failure.EXPIRED
    if isinstance(error, APIStatusError):
        if error.is_too_large_resource_version:
            return Failure.TOO_LARGE
        if is_streaming_list and isinstance(error, Invalid | BadRequest | MethodNotAllowed):
            return Failure.NOT_SUPPORTED
        return _of_status(error)
    for kind, failure in _OF_TYPE:
        if isinstance(error, kind):
            return failure
    return Failure.OTHER


def _of_status(error: APIStatusError) -> Failure:
    for kind, failure in (
        (TooManyRequests, Failure.OVERLOADED),
        (Unauthorized, Failure.UNAUTHORIZED),
        (Forbidden, Failure.FORBIDDEN),
        (NotFound, Failure.NOT_FOUND),
    ):
        if isinstance(error, kind):
            return failure
    return Failure.SERVER_ERROR if error.code >= 500 else Failure.OTHER


# Most specific first.
_OF_TYPE: tuple[tuple[type[BaseException], Failure], ...] = (
    (ConnectionRefused, Failure.REFUSED),
    (RequestTimeout, Failure.DEAD),
    (CertificateError, Failure.MISCONFIGURED),
    (ConnectionLost, Failure.CUT),
    (TransportError, Failure.CUT),
    (InitialEventsEndMissing, Failure.NO_MARKER),
    (DeletionOutOfOrder, Failure.OUT_OF_ORDER),
    (ProtocolError, Failure.UNDECODABLE),
    (ConfigError, Failure.MISCONFIGURED),
)
