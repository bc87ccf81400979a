"""What happened on the server, as those who wrote know it: the truth that everything else is measured against.

In:    every write, told by its writer
Out:   the state at any version, and the events between any two, as a selection must see them
Rules: pure; knows nothing of the server's own log, so that a fault there shows here
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from listwatch.apimachinery.watch_event import EventType

SELECTED = "x"
"""The value of the label `app` that a selection with labels wants."""


class Shown(NamedTuple):
    """One state of one object, as far as it can be told from others."""

    uid: str
    version: int
    label: str


class Event(NamedTuple):
    """What a watch must say."""

    type: EventType
    key: str
    version: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects somebody follows.

    Attributes:
        namespace: Empty for all.
        is_labelled: Only those with `app=x`.
    """

    namespace: str = ""
    is_labelled: bool = False

    def __repr__(self) -> str:
        return f"Selection({self.namespace!r}, {self.is_labelled})"

    @property
    def label_selector(self) -> str:
        """As a request says it."""
        return f"app={SELECTED}" if self.is_labelled else ""

    def has(self, key: str, shown: Shown | None) -> bool:
        """Whether that state of the object is selected."""
        if shown is None or (self.namespace and key.partition("/")[0] != self.namespace):
            return False
        return not self.is_labelled or shown.label == SELECTED


@dataclass(frozen=True, slots=True)
class Change:
    """One write."""

    version: int
    key: str
    before: Shown | None
    after: Shown | None
    moment: float = 0.0


class History:
    """All writes, oldest first."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.now: dict[str, Shown] = {}

    def wrote(self, key: str, after: Shown | None, *, version: int, moment: float = 0.0) -> None:
        """Take down a write; None is a deletion."""
        self.changes.append(Change(version, key, self.now.get(key), after, moment))
        if after is None:
            del self.now[key]
        else:
            self.now[key] = after

    def state(self, version: int | None = None, selection: Selection = Selection()) -> dict[str, Shown]:
        """The selected objects as of a version, by key; the present ones for None."""
        state: dict[str, Shown] = {}
        for change in self.changes:
            if version is not None and change.version > version:
                break
            state.pop(change.key, None)
            if change.after is not None and selection.has(change.key, change.after):
                state[change.key] = change.after
        return state

    def events(self, after: int, upto: int, selection: Selection) -> list[Event]:
        """What a watch of the selection that begins after one version says up to another."""
        found = []
        start = bisect_right(self.changes, after, key=lambda change: change.version)
        for change in self.changes[start:]:
            if change.version > upto:
                break
            was, is_ = selection.has(change.key, change.before), selection.has(change.key, change.after)
            if was or is_:
                kind = EventType.MODIFIED if was and is_ else EventType.ADDED if is_ else EventType.DELETED
                found.append(Event(kind, change.key, change.version))
        return found

    def missed(self, version: int, moment: float, selection: Selection) -> list[Change]:
        """Selected changes that happened before a moment, and are newer than a version."""
        return [
            change
            for change in self.changes
            if change.moment < moment
            and change.version > version
            and (selection.has(change.key, change.before) or selection.has(change.key, change.after))
        ]

    def knows(self, key: str, shown: Shown) -> bool:
        """Whether the object ever was like that."""
        return any(change.key == key and change.after == shown for change in self.changes)
