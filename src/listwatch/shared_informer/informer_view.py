"""What can be asked of an informer while it runs, and afterwards: its cache, and how far that can be trusted.

In:    the shared store, and the reflectors          (from shared_informer/shared_informer.py)
Out:   `indexer`, `lister`, `has_synced`, `staleness`, `caught_up`, `state`
Rules: reads only
Source: client-go tools/cache, SharedIndexInformer's reading half; differs: how far behind the cache is can be asked
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Generic

from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject
from listwatch.apimachinery.resource import Resource
from listwatch.reflector.reflector import Reflector
from listwatch.reflector.state_feed import OnState, StateFeed
from listwatch.reflector.states import BackingOff, Broken, Idle, Listing, ReflectorState, Stopped
from listwatch.shared_informer.indexer import Indexer
from listwatch.shared_informer.lister import Lister
from listwatch.shared_informer.registration import Registration
from listwatch.shared_informer.shared_store import SharedStore

_HEALTH = (Broken, BackingOff, Listing, Idle, Stopped)
"""The state of several sources is that of the one which comes first here; `Watching` if all are."""


class InformerView(Generic[AnyObject]):
    """The reading half of `SharedInformer`, whose contract is there.

    Attributes:
        name: For logs and metrics.
        resource: What is in the cache, if that is known.
        reflectors: One for each source.
    """

    def __init__(
        self,
        *,
        name: str,
        resource: Resource | None,
        shared: SharedStore[AnyObject],
        on_state: OnState | None,
    ) -> None:
        self.name = name
        self.resource = resource
        self.reflectors: list[Reflector[AnyObject]] = []
        self._shared = shared
        self._states: list[ReflectorState] = [Idle(since=0.0) for _ in range(shared.sources.count)]
        self._feed = StateFeed(self._states[0], on_state)

    @property
    def indexer(self) -> Indexer[AnyObject]:
        """The cache. For reading, and for adding indices; only the informer may write to it."""
        return self._shared.indexer

    @property
    def lister(self) -> Lister[AnyObject]:
        """The cache, asked as one asks the server.

        Raises:
            ValueError: The informer does not know of what kind its objects are.
        """
        if self.resource is None:
            raise ValueError(f"informer {self.name} was made without resource=, which a lister needs")
        return Lister(self.indexer, resource=self.resource)

    @property
    def has_synced(self) -> bool:
        """Every source has been listed: the cache is, or has been, the whole collection. Once true, it stays so."""
        return self._shared.synced.is_open

    async def wait_synced(self) -> None:
        """Returns when `has_synced`.

        Raises:
            ListWatchError: It will not come to that: the informer has stopped, or given up; the cause says why.
        """
        await self._shared.synced.wait()

    @property
    def resource_version(self) -> ResourceVersion:
        """What the cache has come to; empty before the first list, and where versions have no order."""
        return self._shared.freshness.resource_version

    @property
    def staleness(self) -> float:
        """Seconds since the last proof that the cache is in step: a change, a bookmark or a list; `inf` before.

        While all is well it stays below the time between two bookmarks, which is a minute or so. Of several
        sources, the one that was heard least counts.
        """
        return self._shared.freshness.staleness([each.last_contact for each in self.reflectors])

    async def caught_up(self, resource_version: str, *, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Returns when the cache shows the server's state as of `resource_version`, or a newer one.

        So a controller reads its own writes: `await informer.caught_up(written.resource_version)`. Of several
        sources, all must have come so far, which for a quiet one takes until its next bookmark.

        Args:
            resource_version: As the server gave it with an object or a list of this kind.
            timeout: Seconds to wait; None for as long as it takes.

        Raises:
            ValueError: That is no version.
            TimeoutError: It has not come in time.
            ListWatchError: The informer has stopped, or given up.
        """
        await self._shared.freshness.caught_up(resource_version, timeout=timeout)

    @property
    def state(self) -> ReflectorState:
        """What it is doing; of several sources the state of the one that is worst off."""
        return self._feed.current

    @property
    def source_states(self) -> list[ReflectorState]:
        """What each source is doing."""
        return list(self._states)

    def states(self) -> AsyncIterator[ReflectorState]:
        """`state`, then each that follows; over after `Stopped` or `Broken`."""
        return self._feed.states()

    @property
    def stale_events(self) -> int:
        """How many events were older than what was known, and were left out."""
        return self._shared.sources.stale

    @property
    def transform_failures(self) -> int:
        """How often the transform failed on an object."""
        return self._shared.transform_failures

    def __repr__(self) -> str:
        return f"<SharedInformer {self.name} of {len(self.indexer)} at {self.resource_version or None}>"

    @property
    def registrations(self) -> list[Registration[AnyObject]]:
        """The handlers that have not been removed."""
        return self._shared.processor.registrations

    def _note_state(self, number: int, state: ReflectorState) -> None:
        self._states[number] = state
        worst = min(self._states, key=_health)
        if worst is not self._feed.current:
            self._feed.tell(worst)


def _health(state: ReflectorState) -> int:
    return next((rank for rank, kind in enumerate(_HEALTH) if isinstance(state, kind)), len(_HEALTH))
