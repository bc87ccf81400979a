"""Waiting for what a cluster does: a condition is asked again whenever something has happened.

In:    beats, from the server's thread; conditions, from a test's
Out:   what a condition gave once it held
Next:  cluster.py, which beats for every change and every request of others
Rules: nothing polls; a beat between asking and waiting is not lost. A condition is called in the thread that waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from listwatch.apimachinery.errors import NotFound


class Pulse:
    """Wakes all who wait. For any thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._beats = 0
        self._is_closed = False

    def beat(self) -> None:
        """Something has happened."""
        with self._condition:
            self._beats += 1
            self._condition.notify_all()

    def close(self) -> None:
        """Nothing more will happen: end all waits. Safe to call twice."""
        self._is_closed = True
        self.beat()

    def wait_for(self, condition: Callable[[], Any], *, timeout: float, told: Callable[[], str]) -> Any:
        """Wait until `condition()` is true, and give what it gave; it is asked at once, and after every beat.

        Args:
            condition: `NotFound` from it counts as not yet; other errors end the wait.
            timeout: Seconds of real time.
            told: What the error says beside the condition's name.

        Raises:
            TimeoutError: It did not become true.
            RuntimeError: Closed, now or meanwhile.
        """
        deadline = time.monotonic() + timeout
        while True:
            seen = self._beats
            if self._is_closed:
                raise RuntimeError("the cluster was closed while something was waited for")
            if found := holds(condition):
                return found
            left = deadline - time.monotonic()
            if left <= 0 or not self._has_gone_on(seen, left):
                name = getattr(condition, "__name__", repr(condition))
                raise TimeoutError(f"{name} did not become true within {timeout:g} s; {told()}")

    def _has_gone_on(self, seen: int, seconds: float) -> bool:
        """Wait until more has happened than was `seen`; whether it has."""
        with self._condition:
            return self._condition.wait_for(lambda: self._beats != seen, seconds)


def holds(condition: Callable[[], Any]) -> Any:
    """What a condition gives; what is not there yet is not so yet."""
    try:
        return condition()
    except NotFound:
        return None
