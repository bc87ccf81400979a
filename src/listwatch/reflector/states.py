"""What a reflector is doing, as values that a program can read.

In:    what reflector/reflector.py does
Out:   a stream of `ReflectorState`s
Rules: a state is a fact with a time, never a log line; each holds exactly what is true in it
Source: none: client-go tells of these in log lines only
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from listwatch.apimachinery.meta import ResourceVersion
from listwatch.reflector.failure import Failure


class Reason(StrEnum):
    """Why the whole collection is fetched."""

    START = "start"
    EXPIRED = "expired"
    """The version that we had is no longer kept."""
    GAP = "gap"
    """Something was lost that only a list brings back: an undecodable frame, an unknown error in the stream."""
    RETRY = "retry"
    """The fetch before failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectorState:
    """A state.

    Attributes:
        since: When it began, by the reflector's `Clock.monotonic`, in seconds.
    """

    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle(ReflectorState):
    """Not started yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(ReflectorState):
    """Fetching the whole collection; what was known before is still there to be read.

    Attributes:
        reason: Why.
        is_streaming: As a stream (KEP-3157), not as pages.
    """

    reason: Reason
    is_streaming: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching(ReflectorState):
    """In step with the server, as far as the last proof of contact goes.

    Attributes:
        resource_version: Where the watch began.
    """

    resource_version: ResourceVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingOff(ReflectorState):
    """Waiting before another attempt.

    Attributes:
        failure: Which class of failure.
        error: What was raised, for people; None where nothing was (a watch that ended at once).
        seconds: How long the wait is.
        failures: How many failures in a row.
    """

    failure: Failure
    error: Exception | None
    seconds: float
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken(ReflectorState):
    """Given up, as the failure policy says; nothing more will be tried.

    Attributes:
        failure: Which class of failure.
        error: What was raised.
    """

    failure: Failure
    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(ReflectorState):
    """Ended by its owner."""
