"""Exceptions to classes of failure."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apimachinery.codec import UndecodableFrame
from listwatch.apimachinery.errors import (
    CertificateError,
    ConfigError,
    ConnectionLost,
    ConnectionRefused,
    CredentialError,
    ProtocolError,
    RequestTimeout,
    Status,
    StatusCause,
    StatusDetails,
    TransportError,
    error_from_status,
)
from listwatch.reflector.failure import DeletionOutOfOrder, Failure, InitialEventsEndMissing, classify

TOO_LARGE = "Too large resource version"


def said(code: int, reason: str = "", **more: Any) -> Exception:
    """What a Status becomes."""
    return error_from_status(Status(code=code, reason=reason, **more))


def cause(**what: str) -> StatusDetails:
    """Details with one cause."""
    return StatusDetails(causes=[StatusCause(**what)])


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (said(410, "Expired"), Failure.EXPIRED),
        (said(410, "Gone"), Failure.EXPIRED),
        (said(410), Failure.EXPIRED),
        (said(504, "Timeout", details=cause(reason="ResourceVersionTooLarge")), Failure.TOO_LARGE),
        (said(504, "Timeout", details=cause(message=TOO_LARGE)), Failure.TOO_LARGE),
        (said(504, "Timeout", message=f"{TOO_LARGE}: 5, current: 3"), Failure.TOO_LARGE),
        (said(504, "Timeout", message="slow"), Failure.SERVER_ERROR),
        (said(429, "TooManyRequests"), Failure.OVERLOADED),
        (said(500, "InternalError"), Failure.SERVER_ERROR),
        (said(503), Failure.SERVER_ERROR),
        (said(401), Failure.UNAUTHORIZED),
        (said(403), Failure.FORBIDDEN),
        (said(404), Failure.NOT_FOUND),
        (said(400), Failure.OTHER),
        (said(422, "Invalid"), Failure.OTHER),
        (ConnectionRefused("x"), Failure.REFUSED),
        (ConnectionLost("x"), Failure.CUT),
        (TransportError("x"), Failure.CUT),
        (RequestTimeout("x"), Failure.DEAD),
        (CertificateError("x"), Failure.MISCONFIGURED),
        (ConfigError("x"), Failure.MISCONFIGURED),
        (CredentialError("x"), Failure.MISCONFIGURED),
        (ProtocolError("x"), Failure.UNDECODABLE),
        (UndecodableFrame("x", decoded=[]), Failure.UNDECODABLE),
        (InitialEventsEndMissing("x"), Failure.NO_MARKER),
        (DeletionOutOfOrder("x"), Failure.OUT_OF_ORDER),
        (OSError("x"), Failure.OTHER),
    ],
    ids=repr,
)
def test_classes(error: Exception, failure: Failure) -> None:
    """Every failure of §1.5 is told apart; too large in the three spellings of servers of all ages (behaviour 25)."""
    assert classify(error) is failure


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (400, Failure.NOT_SUPPORTED),
        (405, Failure.NOT_SUPPORTED),
        (422, Failure.NOT_SUPPORTED),
        (403, Failure.FORBIDDEN),
        (410, Failure.EXPIRED),
        (429, Failure.OVERLOADED),
        (500, Failure.SERVER_ERROR),
    ],
)
def test_streamed_list(code: int, failure: Failure) -> None:
    """What an older server, or a proxy, says of `sendInitialEvents` means that it does not know it."""
    assert classify(said(code), is_streaming_list=True) is failure
