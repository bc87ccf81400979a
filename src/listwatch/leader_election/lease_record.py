"""What stands in a Lease, and what a candidate may do about it.

In:    a Lease's spec, as it was read, and when     (from leader_election/leader_elector.py)
Out:   the record to write, or None for "wait"
Next:  leader_election/leader_elector.py
Rules: pure. How old a record is, is told by the local clock alone: since when this process has seen it as it is. The
       times in it are for people; but each write must change it, because change is what others measure by
Source: client-go tools/leaderelection, tryAcquireOrRenew and resourcelock.LeaderElectionRecord
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from listwatch.api.coordination_v1 import LeaseSpec
from listwatch.api.micro_time import MicroTime

_RELEASED_SECONDS = 1  # the server takes no 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """Who leads, as a Lease says it.

    Attributes:
        holder_identity: Who; empty for nobody.
        lease_duration: Whole seconds without a change after which others may take it; 0 if the Lease does not say.
        acquire_time: When this holder got it.
        renew_time: When it last wrote.
        transitions: How often it went from one holder to another.
        preferred_holder, strategy: Of coordinated leader election (KEP-4355); kept, not acted upon.
    """

    holder_identity: str = ""
    lease_duration: int = 0
    acquire_time: datetime | None = None
    renew_time: datetime | None = None
    transitions: int = 0
    preferred_holder: str | None = None
    strategy: str | None = None

    @classmethod
    def of_spec(cls, spec: LeaseSpec) -> LeaseRecord:
        """What a Lease says."""
        return cls(
            holder_identity=spec.holder_identity or "",
            lease_duration=spec.lease_duration_seconds or 0,
            acquire_time=spec.acquire_time,
            renew_time=spec.renew_time,
            transitions=spec.lease_transitions or 0,
            preferred_holder=spec.preferred_holder,
            strategy=spec.strategy,
        )

    def to_spec(self) -> LeaseSpec:
        """The same as a Lease says it."""
        return LeaseSpec(
            holder_identity=self.holder_identity,
            lease_duration_seconds=self.lease_duration or None,
            acquire_time=None if self.acquire_time is None else MicroTime.of(self.acquire_time),
            renew_time=None if self.renew_time is None else MicroTime.of(self.renew_time),
            lease_transitions=self.transitions,
            preferred_holder=self.preferred_holder,
            strategy=self.strategy,
        )


@dataclass(frozen=True, slots=True)
class Observation:
    """A record, and since when it has looked like this to us.

    Attributes:
        record: None: there is no Lease.
        since: By the local monotonic clock, in seconds. The record may have been so for longer, never for less.
    """

    record: LeaseRecord | None
    since: float

    def expires(self, *, default_duration: float) -> float:
        """From when on the holder can no longer believe that it leads, by the local monotonic clock.

        Args:
            default_duration: Seconds to grant to a holder whose record does not say.
        """
        duration = (
            default_duration if self.record is None else (self.record.lease_duration or default_duration)
        )
        return self.since + duration


def observe(known: Observation | None, record: LeaseRecord | None, *, now: float) -> Observation:
    """What is known after `record` was read at `now`: unchanged records keep their age."""
    return known if known is not None and known.record == record else Observation(record, now)


def claim(
    seen: Observation, *, identity: str, lease_duration: float, now: float, time: datetime
) -> LeaseRecord | None:
    """The record with which `identity` may make itself the leader. None: somebody else leads, wait.

    Nobody's Lease, and one whose holder has shown no sign of life for its duration, can be taken. One's own, from
    before a restart, is taken over without counting a transition.

    Args:
        seen: What has just been read.
        identity: Who asks.
        lease_duration: Seconds that it wants to be granted. The record says whole seconds, rounded up, so that
            others wait at least as long as the holder believes in itself.
        now: By the clock of `seen.since`.
        time: The time of day, for the record.
    """
    record = seen.record
    fresh = LeaseRecord(
        holder_identity=identity,
        lease_duration=math.ceil(lease_duration),
        acquire_time=time,
        renew_time=time,
    )
    if record is None:
        return fresh
    if record.holder_identity == identity:
        return renewed(record, lease_duration=lease_duration, time=time)
    if record.holder_identity and now < seen.expires(default_duration=lease_duration):
        return None
    return replace(
        fresh,
        renew_time=_unlike(record.renew_time, time),
        transitions=record.transitions + 1,
        preferred_holder=record.preferred_holder,
        strategy=record.strategy,
    )


def renewed(record: LeaseRecord, *, lease_duration: float, time: datetime) -> LeaseRecord:
    """One's own record with a sign of life."""
    return replace(
        record, lease_duration=math.ceil(lease_duration), renew_time=_unlike(record.renew_time, time)
    )


def released(record: LeaseRecord, *, time: datetime) -> LeaseRecord:
    """One's own record given back: nobody holds it, anybody may take it at once."""
    return replace(
        record,
        holder_identity="",
        lease_duration=_RELEASED_SECONDS,
        acquire_time=time,
        renew_time=_unlike(record.renew_time, time),
    )


def is_of_term(record: LeaseRecord | None, *, identity: str, transitions: int) -> bool:
    """Whether a record is still the one of a holder's term, not of another holder's or a later one of its own."""
    return record is not None and record.holder_identity == identity and record.transitions == transitions


def _unlike(before: datetime | None, time: datetime) -> datetime:
    """`time`, or a microsecond later: a clock that was set back to the same moment must not hide a write."""
    return time + timedelta(microseconds=1) if time == before else time
