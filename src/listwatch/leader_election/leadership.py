"""A term of leadership as its worker sees it.

In:    renewals and losses                        (from leader_election/leader_elector.py)
Out:   `is_leader`, a fencing token, the news of a loss
Rules: what is not renewed ends by itself, by the local clock; what has ended never comes back
Source: client-go LeaderElector.IsLeader and the context of OnStartedLeading; differs: expiry is looked at, and there
        is a fencing token
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import total_ordering

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.meta import ResourceVersion, compare_resource_version


class LeadershipLost(ListWatchError):
    """This process has stopped being the leader against its will. Its work was cancelled and has ended.

    `__cause__` is the last failure to renew, if that was why. Run the election again to stand for it again.
    """


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class FencingToken:
    """A number that grows with every term of every leader of one Lease.

    Send it with each write to whatever the leader guards, and let that refuse a token smaller than the greatest it
    has seen: then a leader that was frozen, and does not know that its time is over, can do no harm.

    Ordered by resource version, which grows even if the Lease is deleted and made anew. Comparable only between
    tokens of one Lease on one server.

    Attributes:
        resource_version: Of the write with which the term began.
        transitions: How often leadership had changed hands before it; starts again with a new Lease.
    """

    resource_version: ResourceVersion
    transitions: int

    def __int__(self) -> int:
        """The token as one number, for stores that keep numbers.

        Raises:
            ValueError: The server's resource versions are no numbers (before Kubernetes 1.35 nothing promised it).
        """
        return int(self.resource_version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FencingToken) and self.resource_version == other.resource_version

    def __hash__(self) -> int:
        return hash(self.resource_version)

    def __lt__(self, other: FencingToken) -> bool:
        return compare_resource_version(self.resource_version, other.resource_version) < 0

    def __str__(self) -> str:
        return str(self.resource_version)


class Leadership:
    """One term. Made by `LeaderElector`.

    Promised: `is_leader` is true for at most one term of all processes at any moment, as long as all their clocks
    go at the same pace and nobody else writes to the Lease. Clocks may be set to different times.
    Not promised: that a request sent while `is_leader` is true arrives while it is. `fencing_token` is for that.

    Threads: `is_leader` may be read from any, if the clock can.

    Attributes:
        identity: Who leads.
        fencing_token: Of this term; see there.
    """

    def __init__(
        self,
        *,
        identity: str,
        fencing_token: FencingToken,
        clock: Clock,
        lease_duration: float,
        renewed_at: float,
        on_loss: Callable[[], None],
    ) -> None:
        self.identity = identity
        self.fencing_token = fencing_token
        self._clock = clock
        self._lease_duration = lease_duration
        self._renewed_at = renewed_at
        self._on_loss = on_loss
        self._is_over = False
        self._lost = asyncio.Event()
        self._reason = ""
        self._cause: Exception | None = None

    @property
    def is_leader(self) -> bool:
        """Whether this process leads right now. Ask before each step that only a leader may take."""
        return self.seconds_left > 0

    @property
    def seconds_left(self) -> float:
        """For how long it leads if no further renewal comes; 0 if it does not lead."""
        if self._is_over:
            return 0.0
        return max(0.0, self._renewed_at + self._lease_duration - self._clock.monotonic())

    @property
    def renewed_at(self) -> float:
        """When the last renewal that succeeded was sent, by the monotonic clock in seconds."""
        return self._renewed_at

    @property
    def is_lost(self) -> bool:
        """Whether it was lost against the worker's will."""
        return self._lost.is_set()

    async def lost(self) -> None:
        """Returns when it is lost. For work that is not cancelled by it, such as another thread's."""
        await self._lost.wait()

    def __repr__(self) -> str:
        state = f"leads, {self.seconds_left:.1f} s left" if self.is_leader else self._reason or "is over"
        return f"<Leadership of {self.identity!r} {state}, token {self.fencing_token}>"

    # For the elector

    def renew(self, at: float) -> None:
        """A renewal sent `at` has succeeded. Does not bring back what is over."""
        if not self._is_over:
            self._renewed_at = at

    def lose(self, reason: str, cause: Exception | None = None) -> None:
        """End it against the worker's will. Only the first loss counts."""
        if not self._is_over:
            self._is_over = True
            self._reason, self._cause = reason, cause
            self._lost.set()
            self._on_loss()

    def end(self) -> None:
        """The worker has stopped. `is_leader` is false from now on."""
        self._is_over = True

    def error(self, lease: str) -> LeadershipLost:
        """The loss as an error.

        Args:
            lease: Which Lease, for people.
        """
        error = LeadershipLost(f"{self.identity!r} no longer leads by lease {lease}: {self._reason}")
        error.__cause__ = self._cause
        return error
