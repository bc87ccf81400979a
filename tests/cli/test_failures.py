"""Errors, as exit codes and words."""

from __future__ import annotations

import pytest

from listwatch.apimachinery.errors import (
    CertificateError,
    ConfigError,
    Conflict,
    ConnectionLost,
    ConnectionRefused,
    CredentialError,
    DecodeError,
    Expired,
    Forbidden,
    InternalError,
    ListWatchError,
    NotFound,
    ProtocolError,
    RequestTimeout,
    Status,
    Unauthorized,
)
from listwatch.cli.exit_codes import MEANINGS, ExitCode, exit_code_table
from listwatch.cli.failures import MissingExtra, UsageError, describe
from listwatch.client.discovery import AmbiguousResource, UnknownResource

NO = Status(code=0, message="because")


def every_error(kind: type[BaseException] = ListWatchError) -> list[type[BaseException]]:
    return [kind, *(each for child in kind.__subclasses__() for each in every_error(child))]


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ConnectionRefused("h: cannot connect"), ExitCode.UNREACHABLE, "--context"),
        (ConnectionLost("cut"), ExitCode.UNREACHABLE, "cut"),
        (RequestTimeout("late"), ExitCode.UNREACHABLE, "VPN"),
        (ProtocolError("page"), ExitCode.UNREACHABLE, "`server` in the kubeconfig"),
        (DecodeError("page"), ExitCode.UNREACHABLE, "page"),
        (CertificateError("self-signed"), ExitCode.CONFIGURATION, "fetched anew"),
        (ConfigError("no such context"), ExitCode.CONFIGURATION, "no such context"),
        (CredentialError("exec failed"), ExitCode.CONFIGURATION, "exec failed"),
        (Unauthorized(NO), ExitCode.CONFIGURATION, "log in again"),
        (Forbidden(NO), ExitCode.REFUSED, "role"),
        (NotFound(NO), ExitCode.REFUSED, "because"),
        (Conflict(NO), ExitCode.REFUSED, "because"),
        (Expired(NO), ExitCode.REFUSED, "because"),
        (InternalError(NO), ExitCode.REFUSED, "because"),
        (UnknownResource("podz", near=["pods"]), ExitCode.USAGE, "did you mean pods?"),
        (AmbiguousResource("x", candidates=["x.a", "x.b"]), ExitCode.USAGE, "x.a or x.b"),
        (UsageError("no"), ExitCode.USAGE, "--help"),
        (MissingExtra("cli", module="rich"), ExitCode.CONFIGURATION, "pip install 'listwatch[cli]'"),
        (ImportError("no", name="rich.live"), ExitCode.CONFIGURATION, "pip install 'listwatch[cli]'"),
        (ImportError("no", name="cryptography"), ExitCode.CONFIGURATION, "pip install 'listwatch[server]'"),
        (ImportError("no", name="other"), ExitCode.FAULT, "please report"),
        (ValueError("oops"), ExitCode.FAULT, "ValueError: oops"),
        (ExceptionGroup("g", [NotFound(NO)]), ExitCode.REFUSED, "because"),
    ],
)
def test_what_errors_mean(error: Exception, code: ExitCode, words: str) -> None:
    """Each kind of error has an exit code that says who must act, and words that say what to do."""
    failure = describe(error)
    assert failure.code is code
    assert failure.lines[0].startswith("listwatch: ")
    assert words in "\n".join(failure.lines)
    assert len(failure.lines) <= 3


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), ExitCode.INTERRUPTED), (BrokenPipeError(), ExitCode.BROKEN_PIPE)],
)
def test_some_ends_need_no_words(error: BaseException, code: ExitCode) -> None:
    """Ctrl-C and a reader who has gone are no errors to talk about."""
    assert describe(error).lines == ()
    assert describe(error).code is code


def test_notes_are_told() -> None:
    """What was noted on an error's way follows its message."""
    error = Unauthorized(NO)
    error.add_note("Configuration in use: x")
    assert describe(error).lines[1] == "Configuration in use: x"


def test_no_error_of_ours_is_taken_for_a_fault() -> None:
    """Every class of the error tree has a meaning; none ends as a fault of listwatch."""
    for kind in every_error():
        assert describe(kind.__new__(kind, "why")).code is not ExitCode.FAULT


def test_every_exit_code_is_documented() -> None:
    """The table in the help text names every exit code."""
    assert set(MEANINGS) == set(ExitCode)
    assert len(exit_code_table().splitlines()) == len(ExitCode)
