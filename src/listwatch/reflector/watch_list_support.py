"""What is remembered of a server that does not stream lists.

In:    what streamed lists came to                (from reflector/reflector.py)
Out:   whether the next is worth a try
Rules: pure; a refusal is forgotten after a while, since servers are upgraded
Source: none: client-go tries anew at every relist, and waits for ever for a mark that does not come
"""

from __future__ import annotations

FORGET_SECONDS = 3600.0
"""Long, since an attempt in vain costs the time that is waited for the mark; not for ever."""


class WatchListSupport:
    """One verdict, to be shared by all reflectors to which the same server answers.

    Args:
        forget_after: Seconds until a server that refused is tried again.
    """

    def __init__(self, *, forget_after: float = FORGET_SECONDS) -> None:
        self.forget_after = forget_after
        self._refused_at: float | None = None

    def allows(self, now: float) -> bool:
        """A streamed list is worth a try at `now` (seconds of a monotonic clock)."""
        return self._refused_at is None or now >= self._refused_at + self.forget_after

    def refused(self, now: float) -> None:
        """The server did not know the request, or did not mark the end of the initial events."""
        self._refused_at = now

    def confirmed(self) -> None:
        """A streamed list came to its end."""
        self._refused_at = None

    def __repr__(self) -> str:
        return f"<WatchListSupport: {'untried or there' if self._refused_at is None else 'refused'}>"


class WatchListSupports:
    """The verdicts on one server: one for each API group, since behind a group may stand another server."""

    def __init__(self, *, forget_after: float = FORGET_SECONDS) -> None:
        self._forget_after = forget_after
        self._by_group: dict[str, WatchListSupport] = {}

    def of(self, group: str) -> WatchListSupport:
        """The one for an API group ("" is the core)."""
        found = self._by_group.get(group)
        if found is None:
            found = self._by_group[group] = WatchListSupport(forget_after=self._forget_after)
        return found
