"""How long a key that failed should wait.

In:    a key that is to be tried again, and the time
Out:   seconds to wait
Next:  workqueue/work_queue.py
Rules: pure, times are the caller's and only compared with each other; asking counts as a failure of that key
Source: client-go util/workqueue/default_rate_limiters.go, with its numbers; the bucket is golang.org/x/time/rate's
        reservation. Differs: nothing overflows, because no power beyond the longest wait is computed
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
K_contra = TypeVar("K_contra", bound=Hashable, contravariant=True)


class RateLimiter(Protocol[K_contra]):
    """Decides how long each key waits before it is tried again.

    A key that was counted is remembered until it is forgotten: whoever asks must call `forget` once the key has
    succeeded or is given up, or memory grows with the number of keys that ever failed.
    """

    def when(self, key: K_contra, *, now: float) -> float:
        """Count one more failure of `key`; the seconds that it should wait from `now` on, never below 0."""
        ...

    def forget(self, key: K_contra) -> None:
        """Start afresh with `key`, known or not."""
        ...

    def num_requeues(self, key: K_contra) -> int:
        """How often `when` was asked about `key` since it was last forgotten."""
        ...


class _FailureCount(Generic[K]):
    """Failures per key; what a wait makes of them is the subclass's."""

    def __init__(self) -> None:
        self._failures: dict[K, int] = {}

    def forget(self, key: K) -> None:
        """Start afresh with `key`, known or not."""
        self._failures.pop(key, None)

    def num_requeues(self, key: K) -> int:
        """How often `key` failed since it was last forgotten."""
        return self._failures.get(key, 0)

    def _count(self, key: K) -> int:
        """How often `key` had failed before this time."""
        before = self._failures.get(key, 0)
        self._failures[key] = before + 1
        return before


class ItemExponentialFailureRateLimiter(_FailureCount[K]):
    """Twice as long with each failure of the same key.

    Args:
        base_delay: The first wait in seconds.
        max_delay: The longest.

    Raises:
        ValueError: `base_delay` is not above 0, or `max_delay` is below it.
    """

    def __init__(self, *, base_delay: float = 0.005, max_delay: float = 1000.0) -> None:
        super().__init__()
        if not 0 < base_delay <= max_delay < math.inf:
            raise ValueError(
                f"delays must be seconds with 0 < base_delay <= max_delay, got base_delay={base_delay!r}"
                f" and max_delay={max_delay!r}"
            )
        self._base_delay = base_delay
        self._max_delay = max_delay
        self._doublings = 0  # that the longest wait takes
        delay = base_delay
        while delay < max_delay:
            delay *= 2
            self._doublings += 1

    def when(self, key: K, *, now: float) -> float:
        """`base_delay`, doubled for each earlier failure, `max_delay` at most."""
        before = self._count(key)
        return math.ldexp(self._base_delay, before) if before < self._doublings else self._max_delay


class ItemFastSlowRateLimiter(_FailureCount[K]):
    """A few quick tries, then slow ones.

    Args:
        fast_delay: Seconds before each of the first tries.
        slow_delay: Seconds before each later one.
        max_fast_attempts: How many tries of a key are quick.

    Raises:
        ValueError: One of them is negative.
    """

    def __init__(self, *, fast_delay: float, slow_delay: float, max_fast_attempts: int) -> None:
        super().__init__()
        if not (fast_delay >= 0 and slow_delay >= 0 and max_fast_attempts >= 0):
            raise ValueError(
                f"delays and attempts must not be negative, got fast_delay={fast_delay!r},"
                f" slow_delay={slow_delay!r} and max_fast_attempts={max_fast_attempts!r}"
            )
        self._fast_delay = fast_delay
        self._slow_delay = slow_delay
        self._max_fast_attempts = max_fast_attempts

    def when(self, key: K, *, now: float) -> float:
        """`fast_delay` for the first tries, then `slow_delay`."""
        return self._fast_delay if self._count(key) < self._max_fast_attempts else self._slow_delay


class BucketRateLimiter(Generic[K]):
    """So many retries a second for all keys together.

    A bucket holds `burst` tokens and gains `qps` a second. A retry takes one; if there is none, it takes one that
    is still to come, and waits for it. Waits therefore grow with the number of keys that fail at once, without
    bound: `WithMaxWaitRateLimiter` sets one.

    Args:
        qps: Tokens a second.
        burst: Tokens that a bucket left alone holds.

    Raises:
        ValueError: `qps` is not above 0, or `burst` is below 1.
    """

    def __init__(self, *, qps: float = 10.0, burst: int = 100) -> None:
        if not (0 < qps < math.inf and burst >= 1):
            raise ValueError(
                f"a bucket needs qps above 0 and a burst of at least 1, got {qps!r} and {burst!r}"
            )
        self._qps = qps
        self._burst = burst
        self._tokens = float(burst)  # below 0: so many are promised
        self._filled_at: float | None = None

    def when(self, key: K, *, now: float) -> float:
        """Seconds until there is a token for this call. It is taken, also if the call is dropped later."""
        if self._filled_at is not None and now > self._filled_at:
            self._tokens = min(float(self._burst), self._tokens + (now - self._filled_at) * self._qps)
        if self._filled_at is None or now > self._filled_at:
            self._filled_at = now
        self._tokens -= 1.0
        return max(0.0, -self._tokens / self._qps)

    def forget(self, key: K) -> None:
        """Nothing: the bucket does not know keys."""

    def num_requeues(self, key: K) -> int:
        """0: the bucket does not know keys."""
        return 0


class MaxOfRateLimiter(Generic[K]):
    """As long as the strictest of several says; all of them count each failure.

    Raises:
        ValueError: There are none.
    """

    def __init__(self, *limiters: RateLimiter[K]) -> None:
        if not limiters:
            raise ValueError("MaxOfRateLimiter needs at least one rate limiter to ask")
        self._limiters = limiters

    def when(self, key: K, *, now: float) -> float:
        """The longest of their waits."""
        return max([limiter.when(key, now=now) for limiter in self._limiters])

    def forget(self, key: K) -> None:
        """Start afresh with `key` in each."""
        for limiter in self._limiters:
            limiter.forget(key)

    def num_requeues(self, key: K) -> int:
        """The largest of their counts."""
        return max([limiter.num_requeues(key) for limiter in self._limiters])


class WithMaxWaitRateLimiter(Generic[K]):
    """As another says, but never longer than a bound.

    Args:
        limiter: The other.
        max_delay: Seconds.

    Raises:
        ValueError: `max_delay` is negative.
    """

    def __init__(self, limiter: RateLimiter[K], *, max_delay: float) -> None:
        if not max_delay >= 0:
            raise ValueError(f"max_delay must not be negative, got {max_delay!r}")
        self._limiter = limiter
        self._max_delay = max_delay

    def when(self, key: K, *, now: float) -> float:
        """The other's wait, `max_delay` at most."""
        return min(self._limiter.when(key, now=now), self._max_delay)

    def forget(self, key: K) -> None:
        """Start afresh with `key`."""
        self._limiter.forget(key)

    def num_requeues(self, key: K) -> int:
        """The other's count."""
        return self._limiter.num_requeues(key)


def default_controller_rate_limiter() -> RateLimiter[Hashable]:
    """What client-go's controllers use: per key 5 ms to 1000 s, all keys together 10 a second after a burst of 100."""
    return MaxOfRateLimiter(
        ItemExponentialFailureRateLimiter[Hashable](base_delay=0.005, max_delay=1000.0),
        BucketRateLimiter[Hashable](qps=10.0, burst=100),
    )


def default_item_based_rate_limiter() -> RateLimiter[Hashable]:
    """client-go's choice where keys need no common limit: per key 1 ms to 1000 s."""
    return ItemExponentialFailureRateLimiter(base_delay=0.001, max_delay=1000.0)
