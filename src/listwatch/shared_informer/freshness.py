"""How far a cache has come in the server's history, and how long ago that was proven.

In:    versions, as they are applied                (from shared_informer/shared_store.py)
Out:   `resource_version`, `staleness`, `caught_up`
Rules: nothing is called fresh without a proof: an event, a bookmark or a list; who waits for a version that cannot
       come any more is told so
Source: KEP-5504 (comparable versions), KEP-5647 (stale controllers); client-go has the first half only, as
        LastStoreSyncResourceVersion
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.meta import ResourceVersion, compare_resource_version


def order(one: str, other: str) -> int | None:
    """As `compare_resource_version`, or None where the two have no order."""
    try:
        return compare_resource_version(one, other)
    except ValueError:
        return None


def is_newer(one: str, other: str) -> bool:
    """`order(one, other) == 1`, quickly: this is asked of every event."""
    size, known = len(one), len(other)
    if not (one > other if size == known else size > known) or not known:
        return False
    digits = one + other  # `is_ordered` of both, without two more calls
    return digits.isdigit() and digits.isascii() and one[0] != "0" != other[0]


def is_ordered(version: str) -> bool:
    """Whether a version has a place in an order (KEP-5504): a decimal number without leading zeros."""
    return version.isdigit() and version.isascii() and version[0] != "0"


def oldest(versions: Sequence[str]) -> ResourceVersion:
    """The version that all have reached; empty if one of them is unknown or they cannot be ordered."""
    found = versions[0]
    for version in versions[1:]:
        compared = 0 if version == found else order(version, found)
        if compared is None:
            return ResourceVersion("")
        if compared < 0:
            found = version
    return ResourceVersion(found)


class Freshness:
    """Where each of several sources of one cache stands.

    Args:
        sources: How many there are.
        clock: Whose time contact is told by.
    """

    def __init__(self, *, sources: int, clock: Clock) -> None:
        self._clock = clock
        self._versions = [""] * sources
        self._contacts = [-math.inf] * sources
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._failure: tuple[str, Exception | None] | None = None

    @property
    def resource_version(self) -> ResourceVersion:
        """What has been applied from every source; empty before that, and where versions have no order."""
        return oldest(self._versions)

    def staleness(self, contacts: Sequence[float | None] = ()) -> float:
        """Seconds since the last proof of contact of the source that was heard least; `inf` before the first.

        Args:
            contacts: By source, what else is known of the last contact, by the clock's `monotonic`.
        """
        last = min(
            max(own, -math.inf if other is None else other)
            for own, other in zip(self._contacts, contacts or self._contacts, strict=True)
        )
        return math.inf if last == -math.inf else max(0.0, self._clock.monotonic() - last)

    def note(self, source: int, version: str) -> None:
        """The source's state up to this version is in the cache. It goes back only where a list declares so."""
        self._contacts[source] = self._clock.monotonic()
        if not version:
            return
        self._versions[source] = version
        if self._waiting:
            self._settle()

    async def caught_up(self, version: str, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 (public)
        """Returns when every source has come to `version`, or further.

        Args:
            version: As the server gave it with an object or a list of this kind.
            timeout: Seconds to wait; None for as long as it takes.

        Raises:
            ValueError: `version` has no place in history.
            TimeoutError: It has not come in time.
            ListWatchError: It cannot come any more.
        """
        compare_resource_version(version, version)
        async with asyncio.timeout(timeout):
            while not self._has(version):
                if self._failure is not None:
                    why, cause = self._failure
                    raise ListWatchError(f"waiting for resource version {version}: {why}") from cause
                entry = (version, asyncio.get_running_loop().create_future())
                self._waiting.append(entry)
                try:
                    await entry[1]
                finally:
                    if entry in self._waiting:
                        self._waiting.remove(entry)

    def fail(self, why: str, cause: Exception | None = None) -> None:
        """No more will come for now."""
        self._failure = (why, cause)
        self._settle()

    def reset(self) -> None:
        """More may come again."""
        self._failure = None

    def _has(self, version: str) -> bool:
        compared = order(self.resource_version, version)
        return compared is not None and compared >= 0

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        for entry in waiting:
            version, future = entry
            if future.done():
                continue
            if self._failure is not None or self._has(version):
                future.set_result(None)
            else:
                self._waiting.append(entry)
