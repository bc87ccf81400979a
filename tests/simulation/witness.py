"""Who watches the watchers: a store and a handler that hold everything they are told against the truth.

In:    what a reflector tells its store, or an informer its handlers
Out:   `problems`: sentences, empty if every promise was kept
Rules: never raises into what it watches, which may be built to survive that
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from history import Event, History, Selection, Shown

from listwatch.api.core_v1 import ConfigMap
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import Object
from listwatch.apimachinery.watch_event import EventType, WatchEvent


def shown(obj: Object) -> Shown:
    """What can be seen of an object."""
    return Shown(obj.uid, int(obj.resource_version), obj.labels.get("app", ""))


def key_of(obj: Object) -> str:
    """Namespace and name."""
    return f"{obj.namespace}/{obj.name}"


class LedgerStore:
    """A `ReflectorStore` that compares each call with the history of the server.

    Promised by a reflector, and checked here: a replacement is exactly the selected state at its version; what is
    applied is exactly what happened between the version before and the one it leads to, in order, each once; at a
    bookmark nothing had happened; no version lies before the last one.

    Attributes:
        replacements: How often the whole was fetched.
        is_slow: Whether `ready` takes its time.
    """

    def __init__(self, history: History, selection: Selection) -> None:
        self.history = history
        self.selection = selection
        self.objects: dict[str, Shown] = {}
        self.version: int | None = None
        self.replacements = 0
        self.is_slow = False
        self.problems: list[str] = []
        self._moved = asyncio.Event()

    def replace(self, objects: Sequence[ConfigMap], resource_version: ResourceVersion) -> None:
        """All of it."""
        version = int(resource_version)
        told = {key_of(obj): shown(obj) for obj in objects}
        if len(told) != len(objects):
            self.problems.append(f"replace at {version}: an object twice")
        expected = self.history.state(version, self.selection)
        if told != expected:
            self.problems.append(f"replace at {version}: told {told}, was {expected}")
        self._advance(version, "replace")
        self.replacements += 1
        self.objects = told

    def apply(self, events: Sequence[WatchEvent[ConfigMap]], resource_version: ResourceVersion) -> None:
        """Changes."""
        version = int(resource_version)
        if self.version is None:
            self.problems.append(f"apply at {version} before any replacement")
            return
        told = [Event(e.type, key_of(e.object), int(e.object.resource_version)) for e in events]
        expected = self.history.events(self.version, version, self.selection)
        if told != expected:
            self.problems.append(f"apply {self.version} → {version}: told {told}, was {expected}")
        self._advance(version, "apply")
        for event in events:
            key = key_of(event.object)
            if event.type == "DELETED":
                self.objects.pop(key, None)
            else:
                self.objects[key] = shown(event.object)

    def bookmark(self, resource_version: ResourceVersion) -> None:
        """Nothing until then."""
        version = int(resource_version)
        missed = self.history.events(self.version or 0, version, self.selection)
        if missed:
            self.problems.append(f"bookmark {self.version} → {version}: jumped over {missed}")
        self._advance(version, "bookmark")

    async def reaches(self, version: int) -> None:
        """Return when it has come to a version."""
        while (self.version or 0) < version:
            self._moved.clear()
            await self._moved.wait()

    async def ready(self) -> None:
        """Hold the stream back, if slow."""
        if self.is_slow:
            await asyncio.sleep(1.0)

    def _advance(self, version: int, what: str) -> None:
        if self.version is not None and version < self.version:
            self.problems.append(f"{what}: version went back from {self.version} to {version}")
        self.version = version
        self._moved.set()


class HandlerWitness:
    """A handler that adds up what it is told.

    Checked: Added only of the unknown, Updated and Deleted only of the known, from the state that was told before;
    only states that an object has had; never an older one; one call at a time; nothing after the removal.

    Args:
        history: Of the server.
        selection: What its informer follows.
        delay: Seconds that each call takes.
        may_repeat: Whether a state may be told again (`resync_period`).
        splits: Whether a recreation must be two changes.

    Attributes:
        known: What it has been told of and is not gone.
        initial: What was told as initial, by key.
        changes: Everything else, but for repetitions, in order.
    """

    def __init__(
        self,
        history: History,
        selection: Selection,
        *,
        delay: float = 0.0,
        may_repeat: bool = False,
        splits: bool = False,
    ) -> None:
        self.history = history
        self.selection = selection
        self.delay = delay
        self.may_repeat = may_repeat
        self.splits = splits
        self.initial: dict[str, Shown] = {}
        self.changes: list[Event] = []
        self.known: dict[str, Shown] = {}
        self.log: deque[str] = deque(maxlen=12)
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.has_synced: Callable[[], bool] = lambda: False
        self.is_removed = False
        self.is_busy = False

    async def on_add(self, obj: Any, *, is_initial: bool) -> None:
        """An object that was unknown."""
        async with _Busy(self, f"add {key_of(obj)}@{obj.resource_version}{' initial' if is_initial else ''}"):
            key, now = key_of(obj), shown(obj)
            if key in self.known:
                self._complain(f"added {key}, which was known as {self.known[key]}")
            if is_initial and self.has_synced():
                self._complain(f"initial {key} after has_synced")
            self._check(key, now)
            self.known[key] = now
            if is_initial:
                self.initial[key] = now
            else:
                self.changes.append(Event(EventType.ADDED, key, now.version))

    async def on_update(self, old: Any, new: Any) -> None:
        """Another state of a known one."""
        async with _Busy(self, f"update {key_of(new)}@{old.resource_version}→{new.resource_version}"):
            key, now = key_of(new), shown(new)
            before = self.known.get(key)
            if before != shown(old) or key_of(old) != key:
                self._complain(f"updated {key} from {shown(old)}, which was told as {before}")
            if before is not None and now.version < before.version + (not self.may_repeat):
                self._complain(f"updated {key} from {before} to the older or same {now}")
            if self.splits and old.uid != new.uid:
                self._complain(f"updated {key} from {before} to another object, {now}")
            self._check(key, now)
            self.known[key] = now
            if now != before:
                self.changes.append(Event(EventType.MODIFIED, key, now.version))

    async def on_delete(self, obj: Any, *, is_final_state_unknown: bool = False) -> None:
        """The end of a known one."""
        obj = getattr(obj, "object", obj)
        async with _Busy(
            self, f"delete {key_of(obj)}@{obj.resource_version}{' unknown' if is_final_state_unknown else ''}"
        ):
            key = key_of(obj)
            before = self.known.pop(key, None)
            self.changes.append(Event(EventType.DELETED, key, int(obj.resource_version)))
            if before is None:
                self._complain(f"deleted {key}, which was unknown")
            elif int(obj.resource_version) < before.version:
                self._complain(f"deleted {key} in an older state than {before}")
            elif obj.uid != before.uid:
                self._complain(f"deleted {key} of uid {obj.uid}, which was {before}")

    def _check(self, key: str, now: Shown) -> None:
        if not self.history.knows(key, now):
            self._complain(f"{key} never was {now}")
        if not self.selection.has(key, now):
            self._complain(f"{key} as {now} is not selected")

    def _complain(self, what: str) -> None:
        self.problems.append(f"{what} (after {'; '.join(self.log)})")


class _Busy:
    """One call."""

    def __init__(self, witness: HandlerWitness, what: str) -> None:
        self._witness = witness
        self._what = what

    async def __aenter__(self) -> None:
        witness = self._witness
        if witness.is_removed:
            witness._complain(f"{self._what} after the removal")
        if witness.is_busy:
            witness._complain(f"{self._what} while another call runs")
        witness.is_busy = True
        witness.log.append(self._what)
        witness.counts[self._what.partition(" ")[0]] += 1
        if witness.delay:
            await asyncio.sleep(witness.delay)

    async def __aexit__(self, *_: object) -> None:
        self._witness.is_busy = False
