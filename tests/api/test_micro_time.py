"""MicroTime: six digits and Z, whatever it was made from."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.api.coordination_v1 import Lease
from listwatch.api.meta_v1 import MicroTime
from listwatch.apimachinery.errors import DecodeError


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05.000006Z"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100000Z"),
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456Z"),
        ("2026-01-02T03:04:05.5+02:00", "2026-01-02T01:04:05.500000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_text_in_and_out(text: str, wire: str) -> None:
    """RFC 3339 in any precision and zone is read; what is written has six digits and is UTC."""
    assert MicroTime.from_wire(text).to_wire() == wire


@given(
    st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001 (the zone is drawn apart)
        max_value=datetime(9998, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    )
)
def test_no_moment_is_lost(moment: datetime) -> None:
    """Any aware datetime goes over the wire and comes back as the same moment."""
    assert MicroTime.from_wire(MicroTime.of(moment).to_wire()) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-02T03:04:05", "2026-13-01T00:00:00Z"])
def test_no_moment_no_time(text: str) -> None:
    """Text that names no moment, for lack of sense or of a time zone, is refused."""
    with pytest.raises(ValueError, match=r"."):
        MicroTime.from_wire(text)


def test_a_naive_time_is_not_written() -> None:
    """Without a time zone no moment is known, and the error says what to do."""
    with pytest.raises(ValueError, match="has no time zone; say which"):
        MicroTime(2026, 1, 2).to_wire()
    with pytest.raises(ValueError, match="has no time zone"):
        MicroTime.of(datetime(2026, 1, 2))  # noqa: DTZ001 (that is the point)


def test_it_stays_itself() -> None:
    """Sums, copies and pickles of a MicroTime are MicroTimes: a renewed lease is written right."""
    moment = MicroTime.from_wire("2026-01-02T03:04:05.000006Z")
    for made in (moment + timedelta(seconds=1), copy.deepcopy(moment), pickle.loads(pickle.dumps(moment))):
        assert type(made) is MicroTime
    assert isinstance(MicroTime.now(UTC), MicroTime)


def test_in_an_object() -> None:
    """A lease's times are read as MicroTimes and written with their digits; others stay the bytes they were."""
    lease = Lease.from_json(b'{"spec":{"acquireTime":"2026-01-02T03:04:05.000000Z","renewTime":null}}')
    assert lease.spec.acquire_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    lease.spec.renew_time = MicroTime(2026, 1, 2, 3, 4, 15, tzinfo=UTC)
    assert lease.to_dict()["spec"] == {
        "acquireTime": "2026-01-02T03:04:05.000000Z",
        "renewTime": "2026-01-02T03:04:15.000000Z",
    }


def test_nonsense_in_an_object_is_told_on_the_look() -> None:
    """A time that is none raises DecodeError with object and place, when looked at and not before."""
    lease = Lease.from_json(b'{"metadata":{"name":"l"},"spec":{"renewTime":"soon"}}')
    with pytest.raises(DecodeError, match=r"<Lease l .*spec: .*renewTime"):
        _ = lease.spec
