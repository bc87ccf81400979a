"""A reflector in the world, with a ledger behind it."""

from __future__ import annotations

import asyncio
import random

import steps
from history import Shown
from steps import FollowerSpec, is_timely
from witness import LedgerStore
from world import MIN_WATCH_SECONDS, PAGE_SIZE, World

from listwatch.api.core_v1 import ConfigMap
from listwatch.reflector.list_watch import ListWatch
from listwatch.reflector.reflector import Reflector
from listwatch.reflector.states import Broken, Listing, ReflectorState


class ReflectorFollower:
    """Follows by `Reflector`; a pause ends its task, what comes after goes on with the same reflector and store."""

    def __init__(self, world: World, spec: FollowerSpec, number: int) -> None:
        self.spec = spec
        self.is_running = False
        self._world = world
        self._number = number
        self._task: asyncio.Task[None] | None = None
        self._store = LedgerStore(world.history, spec.selection)
        self._listings = 0
        self.reflector: Reflector[ConfigMap] = Reflector(
            ListWatch.from_client(
                world.client,
                ConfigMap,
                namespace=spec.selection.namespace,
                label_selector=spec.selection.label_selector,
            ),
            self._store,
            clock=world.clock,
            random=random.Random(world.random.random()).random,
            page_size=PAGE_SIZE,
            min_watch_seconds=MIN_WATCH_SECONDS,
            always_page=spec.always_pages,
            watch_list=None if spec.is_streaming else False,
            support=world.support if spec.shares_support else None,
            on_state=self._on_state,
        )

    @property
    def problems(self) -> list[str]:
        """What promise it broke."""
        found = list(self._store.problems)
        if self._store.replacements > self._listings:
            found.append(f"{self._store.replacements} replacements, {self._listings} of them declared")
        return found

    async def start(self) -> None:
        """Begin, or go on."""
        self.is_running = True
        self._task = asyncio.get_running_loop().create_task(self.reflector.run())

    async def stop(self) -> None:
        """Cancel it."""
        self.is_running = False
        assert self._task is not None
        if self._task.done() and not self._task.cancelled():
            self._store.problems.append(f"ended by itself: {self._task.exception()!r}")
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def differences(self, truth: dict[str, Shown]) -> list[str]:
        """Between the ledger and the server."""
        return [] if self._store.objects == truth else [f"has {self._store.objects}, wants {truth}"]

    def lies(self) -> list[str]:
        """What the last contact should have told the store, and did not."""
        contact = self.reflector.last_contact
        if contact is None or not is_timely(self._world.scenario):
            return []
        missed = self._world.history.missed(self._store.version or 0, contact, self.spec.selection)
        return [f"contact at {contact}, but {missed} is not known"] if missed else []

    def has(self, key: str, shown: Shown) -> bool:
        """Whether the ledger has the object in this state."""
        return self._store.objects.get(key) == shown

    async def reads(self, version: int) -> None:
        """Return when the store has come to a version."""
        await self._store.reaches(version)

    async def play(self, step: steps.Step) -> None:
        """Be slow, or fast again."""
        if isinstance(step, steps.Slow):
            self._store.is_slow = not self._store.is_slow

    def _on_state(self, state: ReflectorState) -> None:
        self._world.note(f"  {self._number}: {state}")
        if isinstance(state, Listing):
            self._listings += 1
        if isinstance(state, Broken):
            self._store.problems.append(f"broken: {state}")
