"""A shared informer in the world, with handlers that come and go."""

from __future__ import annotations

import math
import random

import steps
from history import Shown
from steps import FollowerSpec, Kind, is_timely
from witness import HandlerWitness, key_of, shown
from world import MIN_WATCH_SECONDS, PAGE_SIZE, World

from listwatch.api.core_v1 import ConfigMap
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.reflector.states import Broken, Listing, ReflectorState, Watching
from listwatch.shared_informer.mailbox import Mailbox, MailboxPolicy
from listwatch.shared_informer.registration import Registration
from listwatch.shared_informer.shared_informer import SharedInformer

RESYNC_SECONDS = 50.0
_TICK = 1e-6


class Told:
    """A handler, and from which version on it has to be told of everything.

    Attributes:
        begins: That version; None until the first list.
        listings: How often the informer had listed when this handler came.
    """

    def __init__(
        self,
        registration: Registration[ConfigMap],
        witness: HandlerWitness,
        *,
        begins: int | None,
        listings: int,
    ) -> None:
        self.registration = registration
        self.witness = witness
        self.begins = begins
        self.listings = listings


class InformerFollower:
    """Follows by `SharedInformer`; one handler is there from the beginning on."""

    def __init__(self, world: World, spec: FollowerSpec, number: int) -> None:
        self.spec = spec
        self.is_running = False
        self._world = world
        self._number = number
        self._broken: list[str] = []
        self._listings = 0
        self._handlers: list[Told] = []
        self._removed: list[Told] = []
        selection = spec.selection
        self.informer: SharedInformer[ConfigMap] = SharedInformer.from_client(
            world.client,
            ConfigMap,
            namespace=steps.NAMESPACES if spec.kind is Kind.NAMESPACES else selection.namespace,
            label_selector=(
                [f"app={label}" for label in steps.LABELS]
                if spec.kind is Kind.LABELS
                else selection.label_selector
            ),
            clock=world.clock,
            random=random.Random(world.random.random()).random,
            page_size=PAGE_SIZE,
            always_page=spec.always_pages,
            watch_list=None if spec.is_streaming else False,
            support=world.support if spec.shares_support else None,
            min_watch_seconds=MIN_WATCH_SECONDS,
            split_recreated=spec.kind is Kind.SPLIT,
            compact=spec.kind is Kind.COMPACT,
            resync_period=RESYNC_SECONDS if spec.kind is Kind.RESYNC else 0.0,
            on_state=self._on_state,
        )
        self._add(0.0, Mailbox(policy=MailboxPolicy.WAIT))

    @property
    def problems(self) -> list[str]:
        """What promise was broken."""
        found = list(self._broken)
        for told in [*self._handlers, *self._removed]:
            found += told.witness.problems
            if told.registration.failures:
                found.append(f"a call of {told.witness.log} raised")
        for told in self._handlers:
            if not told.registration.has_synced:
                found.append("a handler was never synced")
            if told.witness.known != self._cache():
                found.append(f"a handler knows {told.witness.known}, the cache has {self._cache()}")
            found += self._omissions(told)
        return found

    async def start(self) -> None:
        """Begin, or go on."""
        self.is_running = True
        await self.informer.start()

    async def stop(self) -> None:
        """Stop it."""
        self.is_running = False
        await self.informer.stop()

    def differences(self, truth: dict[str, Shown]) -> list[str]:
        """Between the cache, what the handlers know, and the server."""
        found = [] if self._cache() == truth else [f"the cache has {self._cache()}, wants {truth}"]
        for number, told in enumerate(self._handlers):
            if told.witness.known != truth:
                found.append(f"handler {number} knows {told.witness.known}, should {truth}")
        return found

    def lies(self) -> list[str]:
        """What happened longer ago than the informer says it may be behind, and is not in its cache."""
        staleness = self.informer.staleness
        several = len(self.informer.reflectors) > 1  # each is at a version of its own
        if staleness == math.inf or several or not is_timely(self._world.scenario):
            return []
        moment = self._world.clock.monotonic() - staleness
        version = int(self.informer.resource_version or 0)
        missed = self._world.history.missed(version, moment - _TICK, self.spec.selection)
        return [f"{staleness} s behind at {version}, but {missed} is not known"] if missed else []

    def has(self, key: str, shown: Shown) -> bool:
        """Whether the cache has the object in this state."""
        namespace, _, name = key.partition("/")
        found = self.informer.indexer.get(ObjectKey(namespace, name))
        return found is not None and int(found.resource_version) == shown.version

    async def reads(self, version: int) -> None:
        """As a controller waits for its own write."""
        await self.informer.caught_up(ResourceVersion(str(version)))

    async def play(self, step: steps.Step) -> None:
        """Let a handler come or go."""
        if isinstance(step, steps.AddHandler) and self.is_running:
            self._add(step.seconds, step.mailbox)
        elif isinstance(step, steps.RemoveHandler) and self._handlers:
            told = self._handlers.pop(0)
            await self.informer.remove_event_handler(told.registration)
            told.witness.is_removed = True
            self._removed.append(told)

    def _add(self, seconds: float, mailbox: Mailbox) -> None:
        witness = HandlerWitness(
            self._world.history,
            self.spec.selection,
            delay=seconds,
            may_repeat=self.spec.kind is Kind.RESYNC,
            splits=self.spec.kind is Kind.SPLIT,
        )
        begins = int(self.informer.resource_version) if self.informer.has_synced else None
        registration = self.informer.add_event_handler(witness, mailbox=mailbox)
        witness.has_synced = lambda: registration.has_synced
        self._handlers.append(Told(registration, witness, begins=begins, listings=self._listings))

    def _omissions(self, told: Told) -> list[str]:
        """Where nothing was listed since a handler came, and nothing merged, it was told of every single change."""
        merges = told.registration.merged > 0
        if merges or self._listings != told.listings or len(self.informer.reflectors) > 1:
            return []
        begins, found = told.begins or 0, []
        wanted = self._world.history.state(begins, self.spec.selection)
        if told.witness.initial != wanted:
            found.append(f"initial at {begins}: told {told.witness.initial}, was {wanted}")
        events = self._world.history.events(begins, self._world.server.revision, self.spec.selection)
        if told.witness.changes != events:
            found.append(f"after {begins}: told {told.witness.changes}, was {events}")
        return found

    def _cache(self) -> dict[str, Shown]:
        return {key_of(obj): shown(obj) for obj in self.informer.indexer.list()}

    def _on_state(self, state: ReflectorState) -> None:
        self._world.note(f"  {self._number}: {state}")
        if isinstance(state, Listing):
            self._listings += 1
        # The first state after the first list; what a streamed list brought with it may be in the cache already.
        begins = state.resource_version if isinstance(state, Watching) else self.informer.resource_version
        if begins:
            for told in self._handlers:
                if told.begins is None:
                    told.begins, told.listings = int(begins), self._listings
        if isinstance(state, Broken):
            self._broken.append(f"broken: {state}")
