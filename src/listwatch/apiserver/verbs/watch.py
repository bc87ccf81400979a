"""Watches: cursors into the log that turn changes into lines.

In:    `Change`s                                     (from revision_log.py, through storage.py)
Out:   newline-ended JSON events, all that are ready in one chunk
Next:  server.py hands the chunks to whoever asked
Rules: no queue per watcher, so a slow one costs nothing and loses nothing until the log is compacted past it; then
       it is told 410. An event is encoded once per form, however many watch. Order is the log's. The place in
       the log is taken when the watch is opened, not when its first line is read.
Source: API concepts, "Efficient detection of changes", "Watch bookmarks", "Streaming lists" (KEP-956, KEP-3157)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.custom.converter import ConversionNeeded
from listwatch.apiserver.kinds.conversion import from_storage, served_form
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.storage.revision_log import Change, State, StoredObject
from listwatch.apiserver.storage.storage import Storage, key_range
from listwatch.apiserver.verbs import forms, views
from listwatch.apiserver.verbs.list_options import ListOptions
from listwatch.apiserver.verbs.selection import Selection
from listwatch.apiserver.wire.negotiation import Form, encode_json
from listwatch.apiserver.wire.statuses import APIFailure, too_large, too_old

JSONObject = dict[str, Any]
INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"
FRESHNESS_WAIT_SECONDS: Final = 3.0
_CHANGES_PER_CHUNK: Final = 1000
_BYTES_PER_CHUNK: Final = 512 * 1024
_Scope = tuple[str, str | None]


class WatchHub:
    """Wakes those who wait for changes: watches, and lists of a version that is yet to come.

    Cost: a change wakes only those who wait on its resource, or on its namespace of it, and each of them once
    however many changes follow before it runs.

    Attributes:
        fulfil: Gives what a custom object needs to be told in another version.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self.storage = storage
        self.clock = clock
        self.is_closed = False
        self._waiting: dict[_Scope, set[asyncio.Future[None]]] = {}
        self._ends: dict[str, int] = {}
        self.fulfil: Callable[[ConversionNeeded], Awaitable[None]] = _nobody_converts
        self._versions: set[asyncio.Future[None]] = set()
        storage.follow(self._notify)

    def close(self) -> None:
        """End every watch; those that are opened from now on end at once."""
        self.is_closed = True
        waiting = [future for futures in self._waiting.values() for future in futures]
        self._waiting.clear()
        _wake([*waiting, *self._versions])

    def end(self, collection: str) -> None:
        """End all watches on a collection, because its objects are no longer what they were."""
        self._ends[collection] = self._ends.get(collection, 0) + 1
        _wake(
            [each for scope, futures in self._waiting.items() if scope[0] == collection for each in futures]
        )

    def epoch(self, collection: str) -> int:
        """How often the watches on a collection have been ended."""
        return self._ends.get(collection, 0)

    async def wait(self, scope: _Scope, future: asyncio.Future[None]) -> None:
        """Wait until something changes in `scope`, or `future` is set by somebody else."""
        waiting = self._waiting.setdefault(scope, set())
        waiting.add(future)
        try:
            await future
        finally:
            waiting.discard(future)
            if not waiting and self._waiting.get(scope) is waiting:
                del self._waiting[scope]

    async def wait_for_version(self, version: int, seconds: float | None = None) -> bool:
        """Wait until the log has reached `version`; whether it has within `seconds` (None: however long)."""
        alarm = None if seconds is None else asyncio.ensure_future(self.clock.sleep(seconds))
        try:
            while self.storage.visible < version and not self.is_closed:
                if alarm is not None and alarm.done():
                    return False
                changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._versions.add(changed)
                try:
                    awaited: set[asyncio.Future[None]] = {changed} if alarm is None else {changed, alarm}
                    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    self._versions.discard(changed)
        finally:
            if alarm is not None:
                alarm.cancel()
        return self.storage.visible >= version

    def _notify(self, change: Change) -> None:
        waiting = self._waiting
        if waiting:
            namespace = change.key.partition("/")[0] if "/" in change.key else None
            _wake(waiting.pop((change.resource, None), ()))
            if namespace is not None:
                _wake(waiting.pop((change.resource, namespace), ()))
        if self._versions:
            _wake(self._versions)


async def _nobody_converts(needed: ConversionNeeded) -> None:
    raise needed


def _wake(futures: Iterable[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


class Watch:
    """One open watch; `lines()` is its body.

    Promised: every matching change after the starting point, once, in order, until the stream ends; a stream that
    ends without an ERROR event has told all up to its end.
    Cancellation: closing the iterator lets go of everything.

    Args:
        hub: The server's.
        resource: What is watched.
        namespace: "" for all.
        options: Already checked.
        selection: Of the same options.
        version: The number of `options.resource_version`.
        form: Whole objects, metadata only, or tables.
        include_object: For tables.
        timeout: Seconds until the server ends the watch.
        bookmark_interval: Seconds between bookmarks, if they are allowed.
    """

    def __init__(
        self,
        hub: WatchHub,
        *,
        resource: Resource,
        namespace: str,
        options: ListOptions,
        selection: Selection,
        version: int,
        form: Form,
        include_object: str,
        timeout: float,
        bookmark_interval: float,
    ) -> None:
        self._hub = hub
        self._resource = resource
        self._namespace = namespace
        self._selection = selection
        self._options = options
        self._events = _EventEncoder(resource, form, hub.clock, include_object)
        self._timeout = timeout
        self._bookmark_interval = bookmark_interval
        self._opened = hub.clock.monotonic()
        log = hub.storage.log
        self._scope: _Scope = (resource.storage, namespace or None)
        self._epoch = hub.epoch(resource.storage)
        self._track = log.track(*self._scope)
        self._floor_at_open = log.floor
        self._version = version
        self._starts_with_state = bool(options.send_initial_events)
        self._initial: State | None = None
        self._position = 0
        self._told = 0
        if self._starts_with_state or not version:
            self._begin_now()
        else:
            self._position = self._track.position_after(version)
            self._told = version
        self._future: asyncio.Future[None] | None = None
        self._is_over = False
        self._is_bookmark_due = False

    async def lines(self) -> AsyncIterator[bytes]:
        """The events, newline-ended; all that are ready come in one piece."""
        alarm = asyncio.ensure_future(self._ring())
        try:
            try:
                await self._check_start()
                await self._convert_initial()
            except APIFailure as refusal:
                yield self._events.error(refusal)
                return
            if self._initial is not None:
                for chunk in self._initial_chunks(self._initial):
                    yield chunk
                self._initial = None
            while True:
                try:
                    chunk = await self._ready_when_converted()
                except APIFailure as refusal:
                    yield self._events.error(refusal)
                    return
                if chunk:
                    yield chunk
                    continue
                if (self._is_over or self._is_bookmark_due) and self._options.allow_bookmarks:
                    self._is_bookmark_due = False
                    if (bookmark := self._bookmark()) is not None:
                        yield bookmark
                        if not self._is_over:
                            continue
                if self._is_over or self._hub.is_closed or self._hub.epoch(self._scope[0]) != self._epoch:
                    return
                self._future = asyncio.get_running_loop().create_future()
                await self._hub.wait(self._scope, self._future)
        finally:
            alarm.cancel()

    def _begin_now(self) -> None:
        log = self._hub.storage.log
        self._told = log.visible
        self._position = self._track.position_after(self._told)
        if self._starts_with_state:
            self._initial = log.at(self._resource.storage, self._told)

    async def _check_start(self) -> None:
        """Wait for a state that is fresh enough; refuse a version that is too old.

        Raises:
            APIFailure: 504 or 410, to be told in the stream, where clients look for it.
        """
        if self._starts_with_state:
            if self._version > self._told:
                seconds = min(FRESHNESS_WAIT_SECONDS, self._timeout)
                if not await self._hub.wait_for_version(self._version, seconds):
                    raise too_large(self._version, self._hub.storage.visible)
                self._begin_now()
        elif self._version and self._version < self._floor_at_open:
            raise too_old(self._version, self._floor_at_open)

    async def _convert_initial(self) -> None:
        """See to it that the state can be told without asking anybody: what was encoded once stays so."""
        if self._initial is None or self._resource.custom is None:
            return
        for _, stored in self._initial.items(*key_range(self._namespace)):
            while True:
                try:
                    if self._selection.matches(stored):
                        self._events.synthetic(stored)
                    break
                except ConversionNeeded as needed:
                    await self._hub.fulfil(needed)

    async def _ready_when_converted(self) -> bytes:
        while True:
            try:
                return self._ready()
            except ConversionNeeded as needed:
                await self._hub.fulfil(needed)

    def _initial_chunks(self, state: State) -> Iterator[bytes]:
        # The state is taken before the first await, so what is told here and what follows meet without a seam.
        lines: list[bytes] = []
        size = 0
        for _, stored in state.items(*key_range(self._namespace)):
            if self._selection.matches(stored):
                lines.append(self._events.synthetic(stored))
                size += len(lines[-1])
                if size >= _BYTES_PER_CHUNK:
                    yield b"".join(lines)
                    lines, size = [], 0
        if self._options.initial_events_asked and self._options.allow_bookmarks:
            lines.append(self._events.bookmark(self._told, initial_events_end=True))
        if lines:
            yield b"".join(lines)

    def _ready(self) -> bytes:
        """All events that are ready, up to a bound; b"" for none.

        Raises:
            APIFailure: 410, the log was compacted past this watch.
        """
        track, selection, events = self._track, self._selection, self._events
        log = self._hub.storage.log
        while self._position < track.end:
            try:
                changes = track.read(self._position, _CHANGES_PER_CHUNK)
            except LookupError:
                raise too_old(self._told, log.floor) from None
            if changes[-1].revision > log.visible:
                changes = [change for change in changes if change.revision <= log.visible]
                if not changes:
                    return b""
            lines = [
                events.line(change, *told)
                if change.revision > self._version and (told := selection.event(change)) is not None
                else b""
                for change in changes
            ]
            count = _fitting(lines)
            chunk = b"".join(lines[:count])
            self._position += count
            self._told = max(self._told, changes[count - 1].revision)
            if chunk:
                return chunk
        return b""

    def _bookmark(self) -> bytes | None:
        revision = self._hub.storage.visible
        if revision < self._version:
            return None
        self._told = revision
        return self._events.bookmark(revision)

    async def _ring(self) -> None:
        """Say when a bookmark is due and when the watch is over."""
        clock = self._hub.clock
        end = self._opened + self._timeout
        step = self._bookmark_interval if self._options.allow_bookmarks else self._timeout
        moment = self._opened
        while moment < end:
            moment = min(moment + step, end)
            await clock.sleep(moment - clock.monotonic())
            self._is_over = moment >= end
            self._is_bookmark_due = True
            if self._future is not None:
                _wake([self._future])


def _fitting(lines: list[bytes]) -> int:
    """How many lines make a piece: so that little more than what all share is held for whoever reads slowly."""
    if sum(map(len, lines)) <= _BYTES_PER_CHUNK:
        return len(lines)
    size = 0
    for count, line in enumerate(lines, 1):
        size += len(line)
        if size >= _BYTES_PER_CHUNK:
            return count
    return len(lines)


class _EventEncoder:
    """Events of one resource in one form."""

    def __init__(self, resource: Resource, form: Form, clock: Clock, include_object: str) -> None:
        self._resource = resource
        self._form = form
        self._clock = clock
        self._include_object = include_object
        self._columns_told = False
        self._is_table = form.view == "Table"
        name = served_form(resource)
        self._cache_name = f"{form.view}/{form.meta_version}/{name}" if form.view else f"/{name}"
        if not form.is_plain:
            self._cache_name = forms.cache_name(resource, form)

    def synthetic(self, stored: StoredObject) -> bytes:
        """ADDED, for an object of the state with which a watch begins."""
        return self._encode("ADDED", stored)

    def line(self, change: Change, type_: str, stored: StoredObject) -> bytes:
        """What a change is told as."""
        if self._is_table:
            return self._encode(type_, stored)
        name = f"{type_}{self._cache_name}"
        found = change.lines.get(name)
        if found is None:
            found = change.lines[name] = self._encode(type_, stored)
        return found

    def bookmark(self, revision: int, *, initial_events_end: bool = False) -> bytes:
        """How far the watch has come."""
        metadata: JSONObject = {"resourceVersion": str(revision)}
        if initial_events_end:
            metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
        if self._is_table:
            return self._table_line("BOOKMARK", {"metadata": metadata})
        return self._encode("BOOKMARK", StoredObject(revision, {"metadata": metadata}))

    def error(self, refusal: APIFailure) -> bytes:
        """The last event of a watch that cannot go on."""
        if self._form.is_plain or self._is_table:
            return encode_json({"type": "ERROR", "object": refusal.status}) + b"\n"
        return forms.frame("ERROR", refusal.status, self._form)

    def _encode(self, type_: str, stored: StoredObject) -> bytes:
        if self._is_table:
            value = forms.without_dropped(from_storage(self._resource, stored.object), self._form)
            return self._table_line(type_, value)
        if not self._form.is_plain:
            return forms.event(self._resource, type_, stored, self._form)
        whole = views.object_bytes(self._resource, stored, self._form)
        return b'{"type":"%b","object":%b}\n' % (type_.encode(), whole)

    def _table_line(self, type_: str, value: JSONObject) -> bytes:
        rows = [] if type_ == "BOOKMARK" else [value]
        version = value["metadata"]["resourceVersion"]
        table = views.table(
            self._resource,
            rows,
            self._form,
            {"resourceVersion": version},
            now=self._now(),
            include_object=self._include_object,
            with_columns=not self._columns_told,
        )
        if type_ == "BOOKMARK":
            # A bookmark has to say where it stands, and whether the initial events end; a table of no rows cannot.
            table["rows"] = [{"cells": None, "object": forms.typed(self._resource, value)}]
        self._columns_told = True
        return encode_json({"type": type_, "object": table}) + b"\n"

    def _now(self) -> datetime:
        return self._clock.now()
