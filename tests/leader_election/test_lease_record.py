"""Whose a Lease is and who may take it, as pure decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.api.coordination_v1 import LeaseSpec
from listwatch.api.micro_time import MicroTime
from listwatch.leader_election.lease_record import (
    LeaseRecord,
    Observation,
    claim,
    is_of_term,
    observe,
    released,
    renewed,
)

TIME = datetime(2026, 1, 1, 12, tzinfo=UTC)
EARLIER = TIME - timedelta(seconds=60)
OTHERS = LeaseRecord(
    holder_identity="other", lease_duration=10, acquire_time=EARLIER, renew_time=EARLIER, transitions=4
)
OWN = replace(OTHERS, holder_identity="baz")
TAKEN = LeaseRecord(
    holder_identity="baz", lease_duration=15, acquire_time=TIME, renew_time=TIME, transitions=5
)


@pytest.mark.parametrize(
    ("record", "age", "wanted"),
    [
        pytest.param(None, 0, replace(TAKEN, transitions=0), id="no object"),
        pytest.param(LeaseRecord(), 0, replace(TAKEN, transitions=1), id="object without record"),
        pytest.param(replace(OTHERS, holder_identity=""), 0, TAKEN, id="empty holder"),
        pytest.param(OTHERS, 10, TAKEN, id="expired observation"),
        pytest.param(OTHERS, 0, None, id="other holder freshly observed"),
        pytest.param(OTHERS, 9.99, None, id="other holder observed almost too long ago"),
        pytest.param(OWN, 0, replace(OWN, lease_duration=15, renew_time=TIME), id="own record"),
        pytest.param(OWN, 99, replace(OWN, lease_duration=15, renew_time=TIME), id="own record, expired"),
        pytest.param(replace(OTHERS, lease_duration=3), 2.9, None, id="other holder with 3 s"),
        pytest.param(replace(OTHERS, lease_duration=3), 3, TAKEN, id="other holder with 3 s, after 3 s"),
        pytest.param(replace(OTHERS, lease_duration=0), 14, None, id="other holder that names no duration"),
        pytest.param(replace(OTHERS, lease_duration=0), 15, TAKEN, id="the same, after our own duration"),
    ],
)
def test_197_claim(record: LeaseRecord | None, age: float, wanted: LeaseRecord | None) -> None:
    """197: free, expired and missing Leases are taken with one transition more, one's own is renewed, others' not."""
    seen = Observation(record, 100.0)
    assert claim(seen, identity="baz", lease_duration=15, now=100.0 + age, time=TIME) == wanted


def test_age_is_local() -> None:
    """The age of a record counts from when it was first seen as it is, whatever times stand in it."""
    first = observe(None, OTHERS, now=5.0)
    assert observe(first, OTHERS, now=9.0) is first
    changed = observe(first, replace(OTHERS, renew_time=TIME), now=9.0)
    assert (changed.since, changed.expires(default_duration=1.0)) == (9.0, 19.0)
    assert observe(changed, None, now=11.0) == Observation(None, 11.0)
    assert Observation(None, 11.0).expires(default_duration=2.0) == 13.0


@pytest.mark.parametrize(("duration", "written"), [(15, 15), (15.0, 15), (14.2, 15), (0.5, 1)])
def test_durations_are_rounded_up(duration: float, written: int) -> None:
    """Others wait at least as long as the holder believes in itself, though the record holds whole seconds."""
    taken = claim(Observation(None, 0.0), identity="a", lease_duration=duration, now=0.0, time=TIME)
    assert taken is not None
    assert taken.lease_duration == written
    assert renewed(OWN, lease_duration=duration, time=TIME).lease_duration == written


def test_every_write_changes_the_record() -> None:
    """A clock that stands still or was set back to the same moment does not make a renewal look like none."""
    own = replace(OWN, renew_time=TIME)
    for write in (
        renewed(own, lease_duration=10, time=TIME),
        released(own, time=TIME),
        claim(Observation(own, 0.0), identity="baz", lease_duration=10, now=0.0, time=TIME),
        claim(Observation(own, 0.0), identity="new", lease_duration=10, now=99.0, time=TIME),
    ):
        assert write is not None
        assert write.renew_time == TIME + timedelta(microseconds=1)


def test_release() -> None:
    """A released record has no holder and can be taken at once; its transitions stay, so that they go on growing."""
    free = released(OWN, time=TIME)
    assert (free.holder_identity, free.lease_duration, free.transitions) == ("", 1, 4)
    taken = claim(Observation(free, 0.0), identity="new", lease_duration=15, now=0.0, time=TIME)
    assert taken is not None
    assert taken.transitions == 5


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        (OWN, True),
        (renewed(OWN, lease_duration=1, time=TIME), True),
        (OTHERS, False),
        (replace(OWN, transitions=5), False),
        (released(OWN, time=TIME), False),
        (None, False),
    ],
)
def test_a_term_is_recognised(record: LeaseRecord | None, wanted: bool) -> None:
    """A record belongs to a term if its holder is the same and nobody held it in between."""
    assert is_of_term(record, identity="baz", transitions=4) is wanted


moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda moment: MicroTime.of(moment.replace(tzinfo=UTC))
)
specs = st.builds(
    LeaseSpec,
    holder_identity=st.text(),
    lease_duration_seconds=st.integers(1, 3600),
    acquire_time=moments,
    renew_time=moments,
    lease_transitions=st.integers(0, 10**6),
    preferred_holder=st.none() | st.text(),
    strategy=st.none() | st.text(),
)


@given(specs)
def test_205_round_trip(spec: LeaseSpec) -> None:
    """205: a Lease's spec survives being read as a record and written again, nothing left out."""
    record = LeaseRecord.of_spec(spec)
    assert record.to_spec() == spec
    assert LeaseRecord.of_spec(record.to_spec()) == record


def test_an_empty_spec_is_a_record() -> None:
    """A Lease that says nothing is nobody's."""
    assert LeaseRecord.of_spec(LeaseSpec()) == LeaseRecord()
    assert LeaseRecord().to_spec() == LeaseSpec(holder_identity="", lease_transitions=0)
