"""An event loop whose time jumps forward when nobody has anything to do.

Everything that waits through the loop (sleep, timeouts, call_later) becomes instant and deterministic, so
no test has to sleep. Sockets and child processes know nothing of virtual time: use an ordinary loop there.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise RuntimeError("virtual time: every task waits for something that will never happen")
        self.skipped += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time starts at 0 and moves only when every task is waiting, straight to the next deadline."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumping.skipped


def run_virtual(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `main` to its end in virtual time; a deadlock is an error, not a hang."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main())
