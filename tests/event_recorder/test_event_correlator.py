"""Which occurrences are one event, and which are written, as a pure decision over time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.api.core_v1 import ObjectReference
from listwatch.event_recorder import EventCorrelator, Occurrence, Series
from listwatch.event_recorder import event_correlator as module

START = datetime(2026, 1, 1, tzinfo=UTC)


def pod(name: str = "p", *, container: str = "", version: str = "1") -> ObjectReference:
    """What an event is about."""
    path = f"spec.containers{{{container}}}" if container else None
    return ObjectReference(
        api_version="v1",
        kind="Pod",
        namespace="default",
        name=name,
        uid=f"u-{name}",
        resource_version=version,
        field_path=path,
    )


def happened(note: str = "it failed", **changed: object) -> Occurrence:
    """An occurrence that differs from others as told."""
    facts: dict[str, object] = {
        "regarding": pod(),
        "type": "Warning",
        "reason": "BackOff",
        "action": "Start",
    }
    return Occurrence(note=note, **(facts | changed))  # type: ignore[arg-type]


class Told:
    """A correlator, and somebody who writes at once whatever it gives."""

    def __init__(self, **settings: float) -> None:
        self.correlator = EventCorrelator(**settings)  # type: ignore[arg-type]
        self.now = 1000.0
        self.writes: list[tuple[str, int]] = []

    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.now += seconds
        if self.now >= self.correlator.next_due:
            self._write(self.correlator.due(self.now))

    def tell(self, occurrence: Occurrence) -> None:
        """It happens."""
        time = START + timedelta(seconds=self.now)
        self._write(self.correlator.note(occurrence, now=self.now, time=time))

    def _write(self, all_series: Iterable[Series]) -> None:
        for series in all_series:
            self.writes.append((series.occurrence.note, series.count))
            series.written_count, series.written_at = series.count, self.now

    def counts(self) -> dict[str, int]:
        """How often each event has happened, by note, also where that is not written yet."""
        live = self.correlator._live.values()
        return {series.occurrence.note: series.count for series in live}


SIMILAR = [happened(f"note {number}") for number in range(30)]
COMBINED = "(combined from similar events): "


@pytest.mark.parametrize(
    ("occurrences", "every", "writes", "counts"),
    [
        pytest.param([happened()], 1, [("it failed", 1)], {"it failed": 1}, id="once"),
        pytest.param(
            [happened()] * 2, 1, [("it failed", 1), ("it failed", 2)], {"it failed": 2}, id="same twice"
        ),
        pytest.param(
            [happened()] * 40,
            1,
            [("it failed", 1), ("it failed", 2)],
            {"it failed": 40},
            id="identical text is never aggregated, and a limit hides no repetition",
        ),
        pytest.param(
            SIMILAR[:9],
            1,
            [(each.note, 1) for each in SIMILAR[:9]],
            {each.note: 1 for each in SIMILAR[:9]},
            id="9 similar are themselves",
        ),
        pytest.param(
            SIMILAR[:10],
            1,
            [*((each.note, 1) for each in SIMILAR[:9]), (COMBINED + "note 9", 1)],
            {each.note: 1 for each in SIMILAR[:9]} | {COMBINED + "note 9": 1},
            id="the 10th similar is an aggregate with count 1",
        ),
        pytest.param(
            SIMILAR[:11],
            1,
            [
                *((each.note, 1) for each in SIMILAR[:9]),
                (COMBINED + "note 9", 1),
                (COMBINED + "note 9", 2),
            ],
            {each.note: 1 for each in SIMILAR[:9]} | {COMBINED + "note 9": 2},
            id="the 11th makes it 2",
        ),
        pytest.param(
            [*SIMILAR[:12], SIMILAR[0]],
            1,
            [
                *((each.note, 1) for each in SIMILAR[:9]),
                (COMBINED + "note 9", 1),
                (COMBINED + "note 9", 2),
                ("note 0", 2),
            ],
            {each.note: 1 for each in SIMILAR[1:9]} | {COMBINED + "note 9": 3, "note 0": 2},
            id="a repetition stays its own beside the aggregate",
        ),
        pytest.param(
            [happened(regarding=pod(container=each)) for each in ("a", "b")],
            1,
            [("it failed", 1)] * 2,
            {"it failed": 1},
            id="another container is another event",
        ),
        pytest.param(
            [happened(regarding=pod(version=each)) for each in ("1", "2")],
            1,
            [("it failed", 1), ("it failed", 2)],
            {"it failed": 2},
            id="another version of the object is the same",
        ),
        pytest.param(
            [happened(), happened(type="Normal"), happened(action="Stop"), happened(related=pod("q"))],
            1,
            [("it failed", 1)] * 4,
            {"it failed": 1},
            id="another type, action or related object is another event",
        ),
        pytest.param(
            SIMILAR[:12],
            600.5,
            [(each.note, 1) for each in SIMILAR[:12]],
            {SIMILAR[11].note: 1},
            id="600 s apart nothing is similar",
        ),
        pytest.param(
            [happened()] * 3,
            361,
            [("it failed", 1)] * 3,
            {"it failed": 1},
            id="after 6 minutes of silence it is a new event",
        ),
    ],
)
def test_227_correlation(
    occurrences: list[Occurrence], every: float, writes: list[tuple[str, int]], counts: dict[str, int]
) -> None:
    """227: repetitions count in one event, ten similar ones become one, and what differs or is long ago does not."""
    told = Told()
    for number, occurrence in enumerate(occurrences):
        told.wait(every if number else 0)
        told.tell(occurrence)
    assert told.writes == writes
    assert told.counts() == counts


def test_227_limit() -> None:
    """227: beyond 25 new events at once about one object, one a second, further ones are skipped and counted."""
    told = Told()
    for number in range(40):
        told.tell(happened(reason=f"Reason{number}"))
        told.wait(1)
    assert len(told.writes) == 25
    assert told.correlator.suppressed == 15
    told.tell(happened(regarding=pod("other")))
    assert len(told.writes) == 26  # another object has a limit of its own
    told.wait(300)
    told.tell(happened(reason="After5Minutes"))
    assert len(told.writes) == 27


def test_a_limit_delays_repetitions_only() -> None:
    """With no write left, the second occurrence is counted, and written when the series is over."""
    told = Told(burst=1)
    for _ in range(3):
        told.tell(happened())
    assert (told.writes, told.correlator.suppressed) == ([("it failed", 1)], 0)
    told.wait(360)
    assert told.writes == [("it failed", 1)]
    told.wait(0.001)
    assert told.writes == [("it failed", 1), ("it failed", 3)]
    assert told.counts() == {}


def test_a_live_series_is_refreshed() -> None:
    """While it goes on, its count is written twice an hour; once it is silent, the last count is written at once."""
    told = Told()
    for _ in range(50):
        told.tell(happened())
        told.wait(60)
    assert told.writes == [("it failed", 1), ("it failed", 2), ("it failed", 31)]
    told.wait(1000)
    assert told.writes[3:] == [("it failed", 50)]
    assert told.correlator.next_due == float("inf")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was seen least recently is forgotten; a count that the server does not have is written before."""
    monkeypatch.setattr(module, "CACHE_LIMIT", 3)
    told = Told()
    for _ in range(5):
        told.tell(happened(regarding=pod("first")))
    for number in range(4):
        told.tell(happened(regarding=pod(f"p{number}")))
    assert told.writes == [("it failed", 1), ("it failed", 2)] + [("it failed", 1)] * 2 + [
        ("it failed", 5),
        ("it failed", 1),
        ("it failed", 1),
    ]
    caches = (told.correlator._live, told.correlator._groups, told.correlator._buckets)
    assert [len(cache) for cache in caches] == [3, 3, 3]


def test_forgotten_series() -> None:
    """A series that cannot be written is a new event the next time."""
    told = Told()
    told.tell(happened())
    (series,) = told.correlator._live.values()
    told.correlator.forget(series)
    told.correlator.forget(series)
    told.tell(happened())
    assert told.writes == [("it failed", 1)] * 2


def test_unwritten() -> None:
    """What the server does not know yet can be asked for at any time."""
    correlator = EventCorrelator()
    (series,) = correlator.note(happened(), now=0.0, time=START)
    assert correlator.unwritten() == [series]
    series.written_count = 1
    assert correlator.unwritten() == []


@given(st.lists(st.tuples(st.integers(0, 14), st.floats(0, 700)), max_size=60))
def test_nothing_is_lost(script: list[tuple[int, float]]) -> None:
    """Whatever comes when: what was written in the end adds up to what was told, less what was suppressed."""
    told = Told(burst=5)
    finals: dict[Series, int] = {}

    def write(all_series: Iterable[Series]) -> None:
        for series in all_series:
            finals[series] = series.written_count = series.count
            series.written_at = told.now

    for note, pause in script:
        time = START + timedelta(seconds=told.now)
        write(told.correlator.note(SIMILAR[note], now=told.now, time=time))
        told.now += pause
        write(told.correlator.due(told.now))
    told.now += 1000
    write(told.correlator.due(told.now))
    assert sum(finals.values()) + told.correlator.suppressed == len(script)
    assert told.correlator.next_due == float("inf")


def test_a_late_successor() -> None:
    """If the end of a series is noticed only by its successor, its last count is written before that."""
    correlator = EventCorrelator()
    (series,) = correlator.note(happened(), now=0.0, time=START)
    series.written_count = 1
    assert correlator.note(happened(), now=1.0, time=START) == [series]
    fresh = correlator.note(happened(), now=500.0, time=START)
    assert [each.count for each in fresh] == [2, 1]
    assert fresh[0] is series
