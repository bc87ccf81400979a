"""How long to wait after failures in a row: longer each time, up to a bound, never the same for everybody.

Rules: pure; chance is a parameter
Source: apimachinery util/wait.Backoff; differs: a function of the count, so that there is no state to share by mistake
        or to reset by the wall clock
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """A rising wait. The defaults are client-go's for a reflector: 0.8 s to 30 s, each up to doubled by chance.

    Attributes:
        base: Seconds after the first failure.
        factor: By how much each further failure lengthens the wait.
        cap: The longest wait in seconds, before jitter.
        jitter: Which part of a wait chance may add to it: 1.0 for up to double.

    Raises:
        ValueError: A wait of no length, or one that shrinks.
    """

    base: float = 0.8
    factor: float = 2.0
    cap: float = 30.0
    jitter: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.base <= self.cap < math.inf and self.factor >= 1 and self.jitter >= 0):
            raise ValueError(f"{self}: wants 0 < base <= cap, factor >= 1 and jitter >= 0")

    def delay(self, failures: int, chance: float) -> float:
        """Seconds to wait, in [base, longest].

        Args:
            failures: How many there were in a row, this one included; less than 1 counts as 1.
            chance: A random number in [0, 1).
        """
        try:
            plain = min(self.cap, self.base * self.factor ** (max(1, failures) - 1))
        except OverflowError:
            plain = self.cap
        return plain * (1 + self.jitter * chance)

    @property
    def longest(self) -> float:
        """No wait is longer than this many seconds."""
        return self.cap * (1 + self.jitter)
