"""What of a collection is known, what has changed in it, and what to do when the stream of changes ends.

In:    whole states (lists) and single events (a watch), of anything with key, uid and resource version
Out:   `Change`s; after an ending, a `Step`
Next:  cli/follow.py
Rules: pure; after a relist only differences are changes; nothing vanishes without a DELETED
Source: client-go Reflector's rules for endings and its Replace; differs: a small loop for people who watch, which
        gives up on refusals that waiting does not cure instead of retrying for ever
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar

from listwatch.apimachinery.errors import (
    APIStatusError,
    CertificateError,
    Expired,
    ProtocolError,
    TransportError,
)
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.watch_event import EventType

FIRST_DELAY = 0.8
LONGEST_DELAY = 30.0
SHORT_WATCH_SECONDS = 1.0
"""A watch that ends sooner than this without a word is a failure, or it would be asked for again at once for ever."""


class Recognisable(Protocol):
    """What every object and every row of a table has."""

    @property
    def key(self) -> ObjectKey:
        """Namespace and name."""
        ...

    @property
    def uid(self) -> str:
        """Tells it from another one of the same name."""
        ...

    @property
    def resource_version(self) -> str:
        """Changes with every change."""
        ...


T = TypeVar("T", bound=Recognisable)


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """One thing that happened to one object.

    Attributes:
        type: ADDED, MODIFIED or DELETED.
        item: The object after the change; for DELETED its last state.
        is_guess: DELETED only: it vanished while nobody looked; `item` is the last state seen, not the last there was.
    """

    type: EventType
    item: T
    is_guess: bool = False


class Known(Generic[T]):
    """The collection as it has been told so far: the last state of each object."""

    def __init__(self) -> None:
        self._items: dict[ObjectKey, T] = {}

    def __len__(self) -> int:
        return len(self._items)

    def replace(self, items: Iterable[T]) -> list[Change[T]]:
        """Make `items` the whole truth, and tell the differences: what vanished first, then `items` in their order.

        An object that was replaced by another of its name is DELETED, then ADDED.
        """
        after = {item.key: item for item in items}
        gone = [
            Change(EventType.DELETED, old, is_guess=True)
            for key, old in self._items.items()
            if key not in after or after[key].uid != old.uid
        ]
        come: list[Change[T]] = []
        for key, item in after.items():
            old = self._items.get(key)
            if old is None or old.uid != item.uid:
                come.append(Change(EventType.ADDED, item))
            elif old.resource_version != item.resource_version:
                come.append(Change(EventType.MODIFIED, item))
        self._items = after
        return [*gone, *come]

    def note(self, kind: EventType, item: T) -> Change[T]:
        """Take one event of a watch, as the server tells it."""
        if kind is EventType.DELETED:
            self._items.pop(item.key, None)
        else:
            self._items[item.key] = item
        return Change(kind, item)


class Step(Enum):
    """How to go on."""

    WATCH = auto()  # from the last version
    LIST = auto()
    GIVE_UP = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """How to go on after an ending.

    Attributes:
        step: What to do.
        is_failure: Wait before it, longer each time in a row.
        at_least: Seconds to wait because the server asks for them.
    """

    step: Step
    is_failure: bool = True
    at_least: float = 0.0


def after_ending(
    error: Exception | None,
    *,
    has_synced: bool,
    is_fresh: bool = False,
    lasted: float = 0.0,
    events: int = 0,
) -> Decision:
    """How to go on after a list or a watch has ended.

    Args:
        error: What ended it; None for a watch that the server ended in an orderly way.
        has_synced: A list has succeeded before: a person has seen this work. Before that, every error is
            theirs to see.
        is_fresh: The watch began at the version of a list that had just been made.
        lasted: Seconds that the watch was open.
        events: How many events it brought, bookmarks included.
    """
    if error is None:
        return Decision(Step.WATCH, is_failure=lasted < SHORT_WATCH_SECONDS and not events)
    if not has_synced:
        return Decision(Step.GIVE_UP)
    if isinstance(error, Expired):
        # At once; but a server that has forgotten what it has only just told is given time.
        return Decision(Step.LIST, is_failure=is_fresh and not events)
    if isinstance(error, CertificateError):
        return Decision(Step.GIVE_UP)
    if isinstance(error, TransportError):
        return Decision(Step.WATCH)
    if isinstance(error, ProtocolError):
        # What was in the part that could not be read is lost; only a list brings it back.
        return Decision(Step.LIST)
    if isinstance(error, APIStatusError):
        passes = error.code == 429 or error.code >= 500 or error.is_too_large_resource_version
        if passes:
            return Decision(Step.WATCH, at_least=error.retry_after or 0.0)
    return Decision(Step.GIVE_UP)


def delay_after(failures: int, *, random: float, at_least: float = 0.0) -> float:
    """Seconds to wait after so many failures in a row: doubling, bounded, spread over a factor of two.

    Args:
        failures: 1 or more.
        random: From 0 to 1.
        at_least: What the server asks for.
    """
    base = min(LONGEST_DELAY / 2, FIRST_DELAY * 2.0 ** min(failures - 1, 16))
    return max(at_least, base * (1.0 + random))
