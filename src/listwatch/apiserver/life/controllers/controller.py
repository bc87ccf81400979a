"""A controller: keys in a queue, one worker, and what it does when the server says no.

In:    changes of the caches it listens to
Out:   calls of `sync`, one key at a time, never two for one key
Next:  life/controllers/hands.py
Rules: a key waits once, however often it is put; a key that failed is tried again, later each time. Without changes
       nothing runs. An exception nobody foresaw is logged, with its traceback, and costs that key a later try.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Transport
from listwatch.apiserver.life.agenda import Agenda
from listwatch.apiserver.life.controllers.caches import Cache, Caches
from listwatch.apiserver.life.controllers.collections import Collection
from listwatch.apiserver.life.controllers.hands import Hands, Refused
from listwatch.apiserver.life.controllers.owners import JSONObject, controller_of

Key = tuple[str, str]
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 60.0

_log = logging.getLogger("listwatch.apiserver.life")


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What every controller is made with."""

    handle: Transport
    clock: Clock
    caches: Caches
    records_events: bool = True


class Controller(ABC):
    """Keeps the objects of one kind, one by one, as they want to be.

    Args:
        around: The server, the clock, the caches.
    """

    name: ClassVar[str]
    """As which service account it acts."""
    component: ClassVar[str] = ""
    """What its Events say, if not `name`."""

    def __init__(self, around: Surroundings) -> None:
        self.clock = around.clock
        self.caches = around.caches
        self.hands = Hands(
            around.handle,
            name=self.name,
            component=self.component or self.name,
            caches=around.caches,
            clock=around.clock,
            records_events=around.records_events,
        )
        self._agenda: Agenda[Key, None] = Agenda(clock=around.clock)
        self._pauses: dict[Key, float] = {}

    @abstractmethod
    async def sync(self, namespace: str, name: str) -> None:
        """Bring one object nearer to what it wants to be.

        Raises:
            Refused: The server did not do something; the key comes again.
        """

    def enqueue(self, value: JSONObject, *, delay: float = 0.0) -> None:
        """Have an object looked at, after a while or now."""
        meta = value["metadata"]
        self.enqueue_key((meta.get("namespace", ""), meta["name"]), delay=delay)

    def enqueue_key(self, key: Key, *, delay: float = 0.0) -> None:
        """The same by its key."""
        self._agenda.keep(key, None, delay=delay)

    def follow(self, collection: Collection) -> Cache:
        """Have every object of a collection looked at when it changes."""
        cache = self.caches.of(collection)
        cache.listen(lambda before, after: self.enqueue(after or before or {}))
        return cache

    def follow_controlled(self, collection: Collection, owners: Cache, kinds: Iterable[str]) -> Cache:
        """Have the controller of an object looked at when the object changes."""
        cache = self.caches.of(collection)
        wanted = frozenset(kinds)

        def changed(before: JSONObject | None, after: JSONObject | None) -> None:
            for value in (before, after):
                reference = controller_of(value) if value is not None else None
                if reference is not None and reference.get("kind") in wanted:
                    owner = owners.with_uid(reference["uid"])
                    if owner is not None:
                        self.enqueue(owner)

        cache.listen(changed)
        return cache

    async def run(self) -> None:
        """Work until cancelled. Nothing is looked at before all caches hold what exists."""
        await self.caches.synced()
        while True:
            key, _ = await self._agenda.due()
            await self._work(key)
            await asyncio.sleep(0)

    async def _work(self, key: Key) -> None:
        try:
            await self.sync(*key)
        except Refused as refusal:
            if refusal.is_futile:
                self._pauses.pop(key, None)
                return
            _log.debug("%s %s/%s: %s", self.name, *key, refusal)
        except Exception:  # noqa: BLE001 - logged with its traceback; others' objects are looked after
            _log.exception("%s could not look after %s/%s", self.name, *key)
        else:
            self._pauses.pop(key, None)
            return
        pause = self._pauses.get(key, _FIRST_PAUSE)
        self._pauses[key] = min(pause * 2, _LONGEST_PAUSE)
        self._agenda.keep(key, None, delay=pause)
