"""The one tree of errors, and how a Status finds its place in it."""

from __future__ import annotations

import pickle

import pytest

from listwatch.apimachinery import errors
from listwatch.apimachinery.errors import (
    APIStatusError,
    ListWatchError,
    Status,
    StatusCause,
    StatusDetails,
    error_from_status,
)


@pytest.mark.parametrize(
    ("reason", "code", "kind"),
    [
        ("BadRequest", 400, errors.BadRequest),
        ("Unauthorized", 401, errors.Unauthorized),
        ("Forbidden", 403, errors.Forbidden),
        ("NotFound", 404, errors.NotFound),
        ("MethodNotAllowed", 405, errors.MethodNotAllowed),
        ("NotAcceptable", 406, errors.NotAcceptable),
        ("Conflict", 409, errors.Conflict),
        ("AlreadyExists", 409, errors.AlreadyExists),
        ("Expired", 410, errors.Expired),
        ("Gone", 410, errors.Gone),
        ("RequestEntityTooLarge", 413, errors.RequestEntityTooLarge),
        ("UnsupportedMediaType", 415, errors.UnsupportedMediaType),
        ("Invalid", 422, errors.Invalid),
        ("TooManyRequests", 429, errors.TooManyRequests),
        ("InternalError", 500, errors.InternalError),
        ("StorageReadError", 500, errors.StoreReadError),
        ("ServerTimeout", 500, errors.ServerTimeout),
        ("Timeout", 504, errors.ServerTimeout),
        ("ServiceUnavailable", 503, errors.ServiceUnavailable),
        ("NeverHeardOf", 404, errors.NotFound),
        ("", 409, errors.Conflict),
        (None, 410, errors.Expired),
        (None, 504, errors.ServerTimeout),
        ("NeverHeardOf", 418, APIStatusError),
        (None, None, APIStatusError),
        ("NotFound", None, errors.NotFound),
        ("NotFound", 500, errors.NotFound),
    ],
)
def test_a_status_is_the_error_of_its_reason(
    reason: str | None, code: int | None, kind: type[APIStatusError]
) -> None:
    """By its reason, else by its code, else the general one; the Status is there whole."""
    status = Status(reason=reason, code=code, message="why")
    error = error_from_status(status)
    assert type(error) is kind
    assert (error.status, error.code) == (status, code or 0)


def test_except_is_the_question() -> None:
    """Kinds of kinds: an object that exists is a conflict, what is gone has expired, all have one root."""
    assert issubclass(errors.AlreadyExists, errors.Conflict)
    assert issubclass(errors.Gone, errors.Expired)
    assert issubclass(errors.StoreReadError, errors.InternalError)
    for kind in (APIStatusError, errors.ConfigError, errors.TransportError, errors.ProtocolError):
        assert issubclass(kind, ListWatchError)
    assert issubclass(errors.CredentialError, errors.ConfigError)
    assert issubclass(errors.CertificateError, errors.TransportError)
    assert issubclass(errors.DecodeError, errors.ProtocolError)


@pytest.mark.parametrize(
    ("status", "doing", "text"),
    [
        (Status(message="no", code=404), "GET /x", "GET /x: no"),
        (Status(message="no", code=404), "", "no"),
        (Status(reason="NotFound"), "", "NotFound"),
        (Status(code=418), "GET /x", "GET /x: HTTP status 418"),
    ],
)
def test_the_message_says_what_was_asked_and_what_was_answered(status: Status, doing: str, text: str) -> None:
    """What was being done, and the best that the server said."""
    assert str(error_from_status(status, doing=doing)) == text


def test_how_long_to_wait() -> None:
    """The header wins over the Status; without either there is no delay."""
    status = Status(reason="TooManyRequests", details=StatusDetails(retry_after_seconds=5))
    assert error_from_status(status).retry_after == 5
    assert error_from_status(status, retry_after=1.5).retry_after == 1.5
    assert error_from_status(status, retry_after=0).retry_after == 0
    assert error_from_status(Status(reason="TooManyRequests", details=StatusDetails())).retry_after is None


def test_errors_can_be_pickled() -> None:
    """An error goes to another process as it is."""
    status = Status(
        reason="Conflict", code=409, message="m", details=StatusDetails(causes=[StatusCause(field="f")])
    )
    error = error_from_status(status, doing="PUT /x", retry_after=2)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.status, again.retry_after, again.code) == (
        errors.Conflict,
        "PUT /x: m",
        status,
        2,
        409,
    )


TEXT = "Too large resource version"


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (
            Status(
                details=StatusDetails(causes=[StatusCause(reason="ResourceVersionTooLarge", message=TEXT)])
            ),
            True,
        ),
        (Status(details=StatusDetails(causes=[StatusCause(reason="ResourceVersionTooLarge")])), True),
        (Status(details=StatusDetails(causes=[StatusCause(message=TEXT)])), True),
        (Status(message=f"Timeout: {TEXT}: 99, current: 5"), True),
        (
            Status(details=StatusDetails(causes=[StatusCause(reason="Other"), StatusCause(message=TEXT)])),
            True,
        ),
        (Status(details=StatusDetails(causes=None)), False),
        (Status(details=StatusDetails(retry_after_seconds=1), reason="Timeout", code=504), False),
        (Status(message="too large"), False),
        (Status(), False),
    ],
)
def test_a_version_from_the_future_is_known_in_every_spelling(status: Status, answer: bool) -> None:
    """Servers of different ages say it by a cause's reason, by its message, or in the text."""
    assert error_from_status(status).is_too_large_resource_version is answer
