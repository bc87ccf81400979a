"""What an error means to the person who typed the command: an exit code, and a line or two.

In:    an exception
Out:   a `Failure`
Rules: pure; every error of ours says what happened, here it is said what to do; no traceback unless asked for
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from listwatch.apimachinery.errors import (
    APIStatusError,
    CertificateError,
    ConfigError,
    CredentialError,
    Forbidden,
    ListWatchError,
    NotFound,
    ProtocolError,
    RequestTimeout,
    TransportError,
    Unauthorized,
)
from listwatch.cli.exit_codes import ExitCode
from listwatch.client.discovery import AmbiguousResource, UnknownResource


class UsageError(ListWatchError):
    """The command line asks for something that makes no sense."""


class MissingExtra(ListWatchError):
    """A part of listwatch that was not installed is needed.

    Attributes:
        extra: Its name.
    """

    def __init__(self, extra: str, *, module: str) -> None:
        self.extra = extra
        super().__init__(f"this needs {module}, which is not installed: pip install 'listwatch[{extra}]'")


_EXTRA_OF = {
    "rich": "cli",
    "cryptography": "server",
    "jsonpatch": "server",
    "jsonpointer": "server",
}


def missing_extra(error: ImportError) -> MissingExtra | None:
    """The extra that would have held a module which cannot be imported; None if it is no extra's."""
    module = (error.name or "").partition(".")[0]
    extra = _EXTRA_OF.get(module)
    return None if extra is None else MissingExtra(extra, module=module)


@dataclass(frozen=True, slots=True)
class Failure:
    """How a command ends that did not succeed.

    Attributes:
        code: The exit code.
        lines: What goes to standard error, without newlines; empty for an end that needs no words.
    """

    code: ExitCode
    lines: tuple[str, ...] = ()


# The first class that fits decides; an empty hint means that the errors say themselves what to do.
_MEANING: tuple[tuple[type[BaseException], ExitCode, str], ...] = (
    (UsageError, ExitCode.USAGE, "`listwatch COMMAND --help` tells what is possible."),
    (UnknownResource, ExitCode.USAGE, ""),
    (AmbiguousResource, ExitCode.USAGE, ""),
    (MissingExtra, ExitCode.CONFIGURATION, ""),
    (CredentialError, ExitCode.CONFIGURATION, ""),
    (ConfigError, ExitCode.CONFIGURATION, ""),
    (
        Unauthorized,
        ExitCode.CONFIGURATION,
        "The server does not accept these credentials: log in again, or choose another --context.",
    ),
    (
        Forbidden,
        ExitCode.REFUSED,
        "The server knows who you are, and you may not do this: ask for a role, or choose another --context or "
        "--namespace.",
    ),
    (NotFound, ExitCode.REFUSED, ""),
    (APIStatusError, ExitCode.REFUSED, ""),
    (
        CertificateError,
        ExitCode.CONFIGURATION,
        "If the cluster was made anew, its kubeconfig has to be fetched anew.",
    ),
    (
        RequestTimeout,
        ExitCode.UNREACHABLE,
        "Is the cluster reachable from here (VPN, firewall, proxy)? --context chooses another.",
    ),
    (TransportError, ExitCode.UNREACHABLE, "--context chooses another cluster."),
    (
        ProtocolError,
        ExitCode.UNREACHABLE,
        "Does `server` in the kubeconfig name an API server, and not a web page or a proxy?",
    ),
    (ListWatchError, ExitCode.REFUSED, ""),
)


def describe(error: BaseException) -> Failure:
    """How a command ends that raised `error`.

    Notes that were added to the error on its way (PEP 678) follow its message.
    """
    if isinstance(error, KeyboardInterrupt):
        return Failure(ExitCode.INTERRUPTED)
    if isinstance(error, BrokenPipeError):
        return Failure(ExitCode.BROKEN_PIPE)
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return describe(error.exceptions[0])
    if isinstance(error, ImportError):
        extra = missing_extra(error)
        if extra is not None:
            return describe(extra)
    for kind, code, hint in _MEANING:
        if isinstance(error, kind):
            return Failure(code, (f"listwatch: {error}", *_notes(error), *([hint] if hint else [])))
    return Failure(
        ExitCode.FAULT,
        (
            f"listwatch: a fault of listwatch itself: {type(error).__name__}: {error}",
            *_notes(error),
            "--debug shows where it happened; please report it.",
        ),
    )


def _notes(error: BaseException) -> Iterator[str]:
    yield from getattr(error, "__notes__", ())
