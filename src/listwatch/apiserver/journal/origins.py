"""Who made each change, and when: written on the change the moment it is made.

In:    `Change`s, from the storage, while a request is being answered
Out:   their `origin`
Rules: synchronous; the first of the storage's listeners, so that the others find it there.
"""

from __future__ import annotations

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.journal.exchange import current_trace
from listwatch.apiserver.storage.revision_log import Change, Origin


class OriginWriter:
    """A listener of the storage that signs every change."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, change: Change) -> None:
        """Sign a change with the request that this task answers; without one it is the server's own."""
        trace = current_trace.get()
        user = trace.user if trace is not None else None
        change.origin = Origin(
            self._clock.now(),
            user.name if user is not None else "",
            trace.number if trace is not None else 0,
        )
