"""Waits after failures in a row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.backoff import Backoff

chances = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0.8), (1, 0.8), (2, 1.6), (3, 3.2), (5, 12.8), (6, 25.6), (7, 30), (999, 30)],
)
def test_client_go_reflector(failures: int, seconds: float) -> None:
    """By default the waits are those of client-go's reflector: from 0.8 s doubling to 30 s, up to double by chance."""
    assert Backoff().delay(failures, 0.0) == pytest.approx(seconds)
    assert Backoff().delay(failures, 0.5) == pytest.approx(seconds * 1.5)


def test_without_jitter() -> None:
    """Without jitter a wait is a function of the count alone: the exponential limiter of a work queue."""
    limiter = Backoff(base=0.005, cap=1000.0, jitter=0.0)
    assert [limiter.delay(n, 0.9) for n in (1, 2, 3, 4)] == pytest.approx([0.005, 0.01, 0.02, 0.04])
    assert limiter.delay(100_000, 0.9) == limiter.longest == 1000.0


@given(
    st.floats(0.001, 10),
    st.floats(1, 10),
    st.floats(10, 1000),
    st.floats(0, 2),
    st.integers(-3, 10**6),
    chances,
)
def test_bounds(base: float, factor: float, cap: float, jitter: float, failures: int, chance: float) -> None:
    """However many failures, a wait is never shorter than the base, never longer than `longest`, and never shrinks."""
    backoff = Backoff(base=base, factor=factor, cap=cap, jitter=jitter)
    assert base <= backoff.delay(failures, chance) <= backoff.longest
    assert backoff.delay(failures, chance) <= backoff.delay(failures + 1, chance)


@pytest.mark.parametrize(
    "wrong", [{"base": 0.0}, {"base": 31.0}, {"factor": 0.5}, {"jitter": -1.0}, {"cap": float("inf")}]
)
def test_refuses_nonsense(wrong: dict[str, float]) -> None:
    """A wait of no length, one that shrinks or one without bound cannot be asked for."""
    with pytest.raises(ValueError, match="wants 0 < base"):
        Backoff(**wrong)
