"""Which occurrences are one event that repeats, and which of them are worth a write.

In:    `Occurrence`s, with the time they come          (from event_recorder/event_recorder.py)
Out:   `Series` whose state on the server is to be brought up to date
Next:  event_recorder/event_recorder.py
Rules: pure; the time comes with each call; memory is bounded; a repetition is never lost, only told later
Source: client-go tools/events event_broadcaster.go (series) and tools/record events_cache.go (aggregation of similar
        events, spam filter); differs: the limit is on writes, so that what repeats is still counted
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from listwatch.api.core_v1 import ObjectReference

V = TypeVar("V")

SILENCE_SECONDS: Final = 360.0
"""A series that has been silent for so long is over: the next occurrence is a new event."""
REFRESH_SECONDS: Final = 1800.0
"""How often the count of a series that goes on is written. Servers forget events after an hour without a write."""
SIMILAR_LIMIT: Final = 10
"""So many notes with all else alike become one event from here on."""
SIMILAR_SECONDS: Final = 600.0
"""For how long after the last one another is similar."""
CACHE_LIMIT: Final = 4096
"""How many series, groups and objects are remembered, each."""
AGGREGATE_PREFIX: Final = "(combined from similar events): "


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Something that happened to an object once.

    Attributes:
        regarding: Which object; its `resource_version` tells nothing apart.
        type: Normal or Warning.
        reason: Why, for machines: `FailedScheduling`.
        action: What was done: `Scheduling`.
        note: For people.
        related: A second object.
    """

    regarding: ObjectReference
    type: str
    reason: str
    action: str
    note: str
    related: ObjectReference | None = None

    @property
    def group(self) -> Hashable:
        """What similar occurrences share: everything but the note."""
        return (
            _identity(self.regarding),
            self.type,
            self.reason,
            self.action,
            _identity(self.related),
        )


@dataclass(slots=True, eq=False, kw_only=True)
class Series:
    """One event on the server, and how often it has happened.

    Attributes:
        key: By which the correlator knows it.
        occurrence: The first one; for an aggregate the one that made it, its note marked.
        first_time, last_time: When it happened first and last.
        last_seen: The same as `last_time`, by the monotonic clock.
        count: How often it has happened.
        name: Of the event on the server; empty before it has one.
        written_count: Which count the server has; 0: it does not have the event.
        written_at: When it was last written, or made, by the monotonic clock.
        is_queued: Somebody is about to write it.
        may_exist: A create was sent and its answer is not known.
    """

    key: Hashable
    occurrence: Occurrence
    first_time: datetime
    last_time: datetime
    last_seen: float
    count: int = 1
    name: str = ""
    written_count: int = 0
    written_at: float
    is_queued: bool = False
    may_exist: bool = False

    @property
    def namespace(self) -> str:
        """Where the event goes."""
        return self.occurrence.regarding.namespace or "default"

    @property
    def is_unwritten(self) -> bool:
        """Whether the server knows less than we do."""
        return self.count > self.written_count


@dataclass(slots=True)
class _Group:
    last_seen: float
    notes: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    since: float


class EventCorrelator:
    """Remembers what was told, to tell repetitions from news.

    Promised:
        * The first occurrence of an event is written, and the second, which makes it a series. Further ones are only
          counted; the count is written every `REFRESH_SECONDS` while they come, and once when they have ceased.
        * The tenth different note with all else alike makes one event of it and all further notes that are new;
          repetitions of the nine go on to count as their own.
        * About one object `burst` writes can be caused at once, and one more every `refill_seconds`. A new event
          beyond that is suppressed and counted; a repetition beyond it is counted in its series and written later.

    Args:
        burst: How many writes one object may cause at once.
        refill_seconds: How long until it may cause one more.

    Attributes:
        suppressed: How many new events the limit has cost.
    """

    def __init__(self, *, burst: int = 25, refill_seconds: float = 300.0) -> None:
        self._burst = burst
        self._refill_seconds = refill_seconds
        self._live: OrderedDict[Hashable, Series] = OrderedDict()  # most recently seen last
        self._groups: OrderedDict[Hashable, _Group] = OrderedDict()
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()
        self.next_due = math.inf
        """No later than this has `due` something to say, infinity for never."""
        self.suppressed = 0

    def note(self, occurrence: Occurrence, *, now: float, time: datetime) -> list[Series]:
        """It happened.

        Args:
            occurrence: What.
            now: By the monotonic clock.
            time: The time of day.

        Returns:
            What to write now: the event itself, or nothing, or one that had to be forgotten in its favour.
        """
        key, occurrence = self._placed(occurrence, now)
        series = self._live.get(key)
        if series is not None and now - series.last_seen <= SILENCE_SECONDS:
            series.count += 1
            series.last_seen, series.last_time = now, time
            self._live.move_to_end(key)
            # What waits to be written anyway costs no write of its own.
            is_first_repetition = series.count == 2 and not series.is_queued
            return [series] if is_first_repetition and self._may_write(occurrence, now) else []
        if not self._may_write(occurrence, now):
            self.suppressed += 1
            return []
        fresh = Series(
            key=key, occurrence=occurrence, first_time=time, last_time=time, last_seen=now, written_at=now
        )
        told = [fresh]
        if series is not None and self._live.pop(key).is_unwritten:
            told.insert(0, series)
        forgotten = _remember(self._live, key, fresh)
        if forgotten is not None and forgotten.is_unwritten:
            told.insert(0, forgotten)
        self.next_due = min(self.next_due, now + SILENCE_SECONDS)
        return told

    def due(self, now: float) -> list[Series]:
        """Forget what has been silent for long, and give what is to be written because of time alone."""
        told: list[Series] = []
        next_due = math.inf
        for key, series in list(self._live.items()):
            over_at = series.last_seen + SILENCE_SECONDS
            refresh_at = series.written_at + REFRESH_SECONDS if series.is_unwritten else math.inf
            if now > over_at:
                del self._live[key]
            if series.is_unwritten and (now > over_at or now >= refresh_at):
                told.append(series)
                refresh_at = now + REFRESH_SECONDS
            if now <= over_at:
                next_due = min(next_due, math.nextafter(over_at, math.inf), refresh_at)
        self.next_due = next_due
        return told

    def unwritten(self) -> list[Series]:
        """All series of which the server knows less than we do, oldest first."""
        return [series for series in self._live.values() if series.is_unwritten]

    def forget(self, series: Series) -> None:
        """It cannot be written: let the next occurrence be a new event."""
        if self._live.get(series.key) is series:
            del self._live[series.key]

    def _placed(self, occurrence: Occurrence, now: float) -> tuple[Hashable, Occurrence]:
        """The series that an occurrence belongs to: its own, or the aggregate of its group."""
        group_key = occurrence.group
        group = self._groups.get(group_key)
        if group is None or now - group.last_seen > SIMILAR_SECONDS:
            group = _Group(now)
            self._groups.pop(group_key, None)
            _remember(self._groups, group_key, group)
        group.last_seen = now
        self._groups.move_to_end(group_key)
        if occurrence.note in group.notes or len(group.notes) < SIMILAR_LIMIT - 1:
            group.notes.add(occurrence.note)
            return (group_key, occurrence.note), occurrence
        aggregate = Occurrence(
            regarding=occurrence.regarding,
            type=occurrence.type,
            reason=occurrence.reason,
            action=occurrence.action,
            note=AGGREGATE_PREFIX + occurrence.note,
            related=occurrence.related,
        )
        return (group_key, None), aggregate

    def _may_write(self, occurrence: Occurrence, now: float) -> bool:
        """Take one of the writes that the object may cause, if there is one left."""
        key = _identity(occurrence.regarding)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = _Bucket(self._burst, now)
            _remember(self._buckets, key, bucket)
        self._buckets.move_to_end(key)
        refilled = (now - bucket.since) / self._refill_seconds
        bucket.tokens, bucket.since = min(self._burst, bucket.tokens + refilled), now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


def _identity(reference: ObjectReference | None) -> Hashable:
    """What tells objects apart, and parts of objects; not their versions."""
    if reference is None:
        return None
    return (
        reference.api_version,
        reference.kind,
        reference.namespace,
        reference.name,
        reference.uid,
        reference.field_path,
    )


def _remember(cache: OrderedDict[Hashable, V], key: Hashable, value: V) -> V | None:
    """Keep it; gives what has to be forgotten for it."""
    cache[key] = value
    return cache.popitem(last=False)[1] if len(cache) > CACHE_LIMIT else None
