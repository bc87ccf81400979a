"""How long a key that failed waits."""

from __future__ import annotations

import math
from collections.abc import Hashable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.workqueue.rate_limiter import (
    BucketRateLimiter,
    ItemExponentialFailureRateLimiter,
    ItemFastSlowRateLimiter,
    MaxOfRateLimiter,
    RateLimiter,
    WithMaxWaitRateLimiter,
    default_controller_rate_limiter,
    default_item_based_rate_limiter,
)


def waits(limiter: RateLimiter[str], *, key: str = "one", times: int, now: float = 0.0) -> list[float]:
    return [limiter.when(key, now=now) for _ in range(times)]


def test_exponential() -> None:
    """Rule 193: 1, 2, 4, 8, 16 ms per key; a second key is independent; forgetting a key starts it afresh."""
    limiter = ItemExponentialFailureRateLimiter[str](base_delay=0.001, max_delay=1.0)
    assert waits(limiter, times=5) == pytest.approx([0.001, 0.002, 0.004, 0.008, 0.016])
    assert limiter.num_requeues("one") == 5
    assert waits(limiter, key="two", times=2) == pytest.approx([0.001, 0.002])
    assert limiter.num_requeues("two") == 2
    limiter.forget("one")
    assert limiter.num_requeues("one") == 0
    assert limiter.when("one", now=0.0) == pytest.approx(0.001)
    assert limiter.num_requeues("two") == 2


@pytest.mark.parametrize(
    ("base_delay", "max_delay"), [(0.001, 1000.0), (60.0, 3600.0), (5.0, 5.0), (1e-300, 1.7e308)]
)
def test_exponential_does_not_overflow(base_delay: float, max_delay: float) -> None:
    """Rule 193: after hundreds or thousands of failures the wait is the longest one, exactly, and stays it."""
    limiter = ItemExponentialFailureRateLimiter[str](base_delay=base_delay, max_delay=max_delay)
    first, *_, last = waits(limiter, times=3000)
    assert first == base_delay
    assert last == max_delay
    assert limiter.num_requeues("one") == 3000


@given(base_delay=st.floats(1e-6, 1e3), factor=st.floats(1, 1e9), failures=st.integers(1, 80))
def test_exponential_never_shrinks(base_delay: float, factor: float, failures: int) -> None:
    """Each wait is twice the last or the longest one, never less than before."""
    max_delay = base_delay * factor
    limiter = ItemExponentialFailureRateLimiter[str](base_delay=base_delay, max_delay=max_delay)
    found = waits(limiter, times=failures)
    assert found[0] == base_delay
    for before, after in pairwise(found):
        assert after == min(before * 2, max_delay)


def test_fast_slow() -> None:
    """Rule 193: 5 ms three times, then 10 s; forgetting gives the quick tries back."""
    limiter = ItemFastSlowRateLimiter[str](fast_delay=0.005, slow_delay=10.0, max_fast_attempts=3)
    assert waits(limiter, times=5) == [0.005, 0.005, 0.005, 10.0, 10.0]
    assert limiter.num_requeues("one") == 5
    assert waits(limiter, key="two", times=2) == [0.005, 0.005]
    limiter.forget("one")
    assert limiter.num_requeues("one") == 0
    assert limiter.when("one", now=0.0) == 0.005


def test_max_of() -> None:
    """Rule 193: the largest of the waits and of the counts, and every limiter counts each failure."""
    limiter = MaxOfRateLimiter(
        ItemFastSlowRateLimiter[str](fast_delay=0.005, slow_delay=3.0, max_fast_attempts=3),
        ItemExponentialFailureRateLimiter[str](base_delay=0.001, max_delay=1000.0),
    )
    assert waits(limiter, times=5) == pytest.approx([0.005, 0.005, 0.005, 3.0, 3.0])
    assert limiter.num_requeues("one") == 5
    limiter.forget("one")
    assert limiter.num_requeues("one") == 0
    assert limiter.when("one", now=0.0) == 0.005


def test_with_max_wait() -> None:
    """Rule 193: never longer than the bound; counting and forgetting are the inner limiter's."""
    limiter = WithMaxWaitRateLimiter(
        ItemExponentialFailureRateLimiter[str](base_delay=0.001, max_delay=1000.0), max_delay=0.006
    )
    assert waits(limiter, times=5) == pytest.approx([0.001, 0.002, 0.004, 0.006, 0.006])
    assert limiter.num_requeues("one") == 5
    limiter.forget("one")
    assert limiter.num_requeues("one") == 0


def test_bucket() -> None:
    """A burst is free, then each retry waits for a token of its own; time fills the bucket up to the burst."""
    limiter = BucketRateLimiter[str](qps=10.0, burst=3)
    assert waits(limiter, times=5) == pytest.approx([0.0, 0.0, 0.0, 0.1, 0.2])
    assert limiter.when("other", now=0.1) == pytest.approx(0.2)
    assert waits(limiter, times=5, now=1000.0) == pytest.approx([0.0, 0.0, 0.0, 0.1, 0.2])
    limiter.forget("one")
    assert limiter.num_requeues("one") == 0


def test_bucket_and_a_clock_that_stands_still_or_goes_back() -> None:
    """A reading before the last one fills nothing, and is not counted again when time comes back to it."""
    limiter = BucketRateLimiter[str](qps=1.0, burst=1)
    assert limiter.when("a", now=10.0) == 0.0
    assert limiter.when("a", now=5.0) == 1.0
    assert limiter.when("a", now=10.0) == 2.0


@given(st.lists(st.floats(0, 2), max_size=60), st.integers(1, 5), st.floats(0.5, 20))
def test_bucket_keeps_its_rate(pauses: list[float], burst: int, qps: float) -> None:
    """However calls are spread, no span of time sees more retries start than the burst and what it gained since."""
    limiter, now = BucketRateLimiter[str](qps=qps, burst=burst), 0.0
    starts: list[float] = []
    for pause in pauses:
        now += pause
        starts.append(now + limiter.when("any", now=now))
    for first in range(len(starts)):
        for last in range(first, len(starts)):
            assert last - first + 1 <= burst + (starts[last] - starts[first]) * qps + 1e-6


def test_controllers_default() -> None:
    """client-go's numbers: 5 ms doubled to 1000 s per key, and 10 a second for all after a burst of 100."""
    limiter = default_controller_rate_limiter()
    assert [limiter.when("one", now=0.0) for _ in range(3)] == pytest.approx([0.005, 0.01, 0.02])
    assert [limiter.when(number, now=0.0) for number in range(97)] == pytest.approx([0.005] * 97)
    assert [limiter.when(("new", number), now=0.0) for number in range(3)] == pytest.approx([0.1, 0.2, 0.3])
    assert max(limiter.when("one", now=1e6) for _ in range(40)) == 1000.0
    assert limiter.num_requeues("one") == 43


def test_item_based_default() -> None:
    """client-go's numbers without a common limit: 1 ms doubled to 1000 s."""
    limiter: RateLimiter[Hashable] = default_item_based_rate_limiter()
    assert [limiter.when("one", now=0.0) for _ in range(3)] == pytest.approx([0.001, 0.002, 0.004])
    assert [limiter.when(number, now=0.0) for number in range(500)] == [0.001] * 500


def test_only_failed_keys_are_remembered() -> None:
    """Asking for counts and forgetting strangers leave no trace."""
    limiter = ItemExponentialFailureRateLimiter[str]()
    limiter.forget("stranger")
    assert limiter.num_requeues("stranger") == 0
    assert limiter._failures == {}


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (ItemExponentialFailureRateLimiter, {"base_delay": 0.0}),
        (ItemExponentialFailureRateLimiter, {"base_delay": 2.0, "max_delay": 1.0}),
        (ItemExponentialFailureRateLimiter, {"max_delay": math.inf}),
        (ItemExponentialFailureRateLimiter, {"base_delay": math.nan}),
        (ItemFastSlowRateLimiter, {"fast_delay": -1.0, "slow_delay": 1.0, "max_fast_attempts": 1}),
        (ItemFastSlowRateLimiter, {"fast_delay": 1.0, "slow_delay": math.nan, "max_fast_attempts": 1}),
        (BucketRateLimiter, {"qps": 0.0}),
        (BucketRateLimiter, {"burst": 0}),
        (MaxOfRateLimiter, {}),
    ],
)
def test_nonsense_is_refused(kind: type[Any], arguments: dict[str, Any]) -> None:
    """Numbers that make no limiter are refused when it is made, with what is wrong."""
    with pytest.raises(ValueError, match=r"must|needs"):
        kind(**arguments)


def test_a_negative_bound_is_refused() -> None:
    """A longest wait below 0 is refused."""
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        WithMaxWaitRateLimiter(ItemExponentialFailureRateLimiter[str](), max_delay=-1)
