"""One informer for each collection, however many parts of a program ask for it.

In:    a client; kinds, namespaces, selectors       (from the program's parts)
Out:   `SharedInformer`s, started, awaited and stopped together
Next:  shared_informer/shared_informer.py
Rules: who asks for the same gets the same
Source: client-go informers.SharedInformerFactory, DynamicSharedInformerFactory and the metadata one; differs:
        namespaces and selectors are chosen for each kind, it can be started again, what has not synced says why
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import random as system_random
from types import TracebackType
from typing import Any, Literal, Self, Unpack, overload

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.client.client import Client
from listwatch.reflector.states import BackingOff, Broken, ReflectorState
from listwatch.reflector.watch_list_support import WatchListSupports
from listwatch.shared_informer.client_sources import (
    Several,
    namespaces_of,
    resource_of,
    selectors_of,
)
from listwatch.shared_informer.indexer import IndexFunction
from listwatch.shared_informer.informer_options import ReflectorOptions
from listwatch.shared_informer.shared_informer import SharedInformer
from listwatch.shared_informer.transform import Transform


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """How far the informers of a factory are.

    Attributes:
        synced: Names of those that have synced.
        missing: Those that have not, by name, with what they are doing instead.
    """

    synced: tuple[str, ...]
    missing: Mapping[str, ReflectorState]

    @property
    def ok(self) -> bool:
        """All have synced."""
        return not self.missing

    def raise_if_missing(self) -> None:
        """Nothing, if all have synced.

        Raises:
            ListWatchError: With the names of the others, and what they are doing.
        """
        if self.missing:
            raise ListWatchError(f"not synced: {self}")

    def __str__(self) -> str:
        return "; ".join(f"{name}: {_told(state)}" for name, state in self.missing.items()) or "all synced"


class SharedInformerFactory:
    """Informers that are shared by all who ask for the same collection.

        async with SharedInformerFactory(client, namespace=ALL_NAMESPACES) as factory:
            pods = factory.informer_for(Pod)
            nodes = factory.informer_for(Node)
            await factory.start()
            (await factory.wait_for_sync(timeout=30)).raise_if_missing()

    Args:
        client: Who asks; not closed with the factory.
        namespace: Where, if `informer_for` does not say: one, several, `ALL_NAMESPACES`, None for the
            configuration's own.
        resync_period, transform, compact, split_recreated, clock, random, **reflector: as `SharedInformer`, for all.
    """

    def __init__(
        self,
        client: Client,
        *,
        namespace: Several | None = None,
        resync_period: float = 0.0,
        transform: Transform[Any] | None = None,
        compact: bool = False,
        split_recreated: bool = False,
        clock: Clock | None = None,
        random: Callable[[], float] = system_random,
        **reflector: Unpack[ReflectorOptions],
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._options: dict[str, Any] = {
            "resync_period": resync_period,
            "transform": transform,
            "compact": compact,
            "split_recreated": split_recreated,
            "clock": clock,
            "random": random,
            **reflector,
        }
        self._supports = WatchListSupports()
        self._informers: dict[tuple[Any, ...], SharedInformer[Any]] = {}
        self._to_start: set[SharedInformer[Any]] = set()

    @overload
    def informer_for(
        self,
        kind: type[AnyObject],
        *,
        namespace: Several | None = None,
        label_selector: Several = "",
        field_selector: Several = "",
        metadata_only: Literal[False] = False,
        fields: Iterable[str] | None = None,
        indexers: Mapping[str, IndexFunction[AnyObject]] | None = None,
    ) -> SharedInformer[AnyObject]: ...
    @overload
    def informer_for(
        self,
        kind: Resource,
        *,
        namespace: Several | None = None,
        label_selector: Several = "",
        field_selector: Several = "",
        metadata_only: Literal[False] = False,
        fields: Iterable[str] | None = None,
        indexers: Mapping[str, IndexFunction[Unstructured]] | None = None,
    ) -> SharedInformer[Unstructured]: ...
    @overload
    def informer_for(
        self,
        kind: type[Object] | Resource,
        *,
        namespace: Several | None = None,
        label_selector: Several = "",
        field_selector: Several = "",
        metadata_only: Literal[True],
        fields: Iterable[str] | None = None,
        indexers: Mapping[str, IndexFunction[PartialObjectMetadata]] | None = None,
    ) -> SharedInformer[PartialObjectMetadata]: ...
    def informer_for(
        self,
        kind: type[Object] | Resource,
        *,
        namespace: Several | None = None,
        label_selector: Several = "",
        field_selector: Several = "",
        metadata_only: bool = False,
        fields: Iterable[str] | None = None,
        indexers: Mapping[str, IndexFunction[Any]] | None = None,
    ) -> SharedInformer[Any]:
        """The informer of this collection: the one that is there, or a new one, which the next `start` starts.

        Args:
            kind, label_selector, field_selector, metadata_only, fields: as `SharedInformer.from_client`. Another
                value of any of these is another collection.
            namespace: as there; None for the factory's.
            indexers: Indices to add, where they are not there yet.

        Raises:
            DuplicateIndexError: Another index function has that name already.
            ValueError: An empty list of namespaces or selectors.
        """
        namespaces = namespaces_of(self._client, kind, self._namespace if namespace is None else namespace)
        labels, selected = selectors_of(label_selector), selectors_of(field_selector)
        kept = None if fields is None else tuple(fields)
        identity = (
            kind,
            metadata_only,
            *map(frozenset, (namespaces, labels, selected)),
            kept if kept is None else frozenset(kept),
        )
        informer = self._informers.get(identity)
        if informer is None:
            options = {"support": self._supports.of(resource_of(kind).group)} | self._options
            name = _name(resource_of(kind), namespaces, (*labels, *selected))
            informer = SharedInformer.from_client(
                self._client,
                kind,
                namespace=namespaces,
                label_selector=labels,
                field_selector=selected,
                metadata_only=metadata_only,  # type: ignore[call-overload]  # one of the overloads
                fields=kept,
                name=self._unique(name),
                **options,
            )
            self._informers[identity] = informer
            self._to_start.add(informer)
        for index, function in (indexers or {}).items():
            if informer.indexer.indices.get(index) != function:
                informer.indexer.add_index(index, function)
        return informer

    @property
    def informers(self) -> list[SharedInformer[Any]]:
        """All of them."""
        return list(self._informers.values())

    async def start(self) -> None:
        """Start the informers that are new, and those that `stop` has stopped. Call it again after adding some."""
        waiting, self._to_start = self._to_start, set()
        for informer in waiting:
            await informer.start()

    async def wait_for_sync(self, timeout: float | None = None) -> SyncResult:  # noqa: ASYNC109
        """Wait until all informers that were started have synced, or cannot any more, or the time is over.

        Args:
            timeout: Seconds; None for as long as it takes.

        Returns:
            Who has synced, and who has not, and why; those that were not started are among the latter. It does not
            raise.
        """
        informers = self.informers
        waits = [asyncio.ensure_future(each.wait_synced()) for each in informers if each.has_started]
        if waits:
            try:
                await asyncio.wait(waits, timeout=timeout)
            finally:
                for each in waits:
                    each.cancel()
                await asyncio.gather(*waits, return_exceptions=True)
        return SyncResult(
            synced=tuple(each.name for each in informers if each.has_synced),
            missing={each.name: each.state for each in informers if not each.has_synced},
        )

    async def stop(self) -> None:
        """Stop all informers; see `SharedInformer.stop`. They can be started again."""
        running = [each for each in self.informers if each.has_started and not each.is_stopped]
        self._to_start.update(running)
        await asyncio.gather(*(each.stop() for each in running))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _unique(self, name: str) -> str:
        taken = {each.name for each in self._informers.values()}
        names = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 2)))
        return next(each for each in names if each not in taken)


def _name(resource: Resource, namespaces: tuple[str, ...], selectors: tuple[str, ...]) -> str:
    """`deployments.apps in default, app=web`, for people."""
    plural = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    where = f" in {' and '.join(namespaces)}" if any(namespaces) else ""
    return plural + where + "".join(f", {each}" for each in selectors if each)


def _told(state: ReflectorState) -> str:
    match state:
        case BackingOff():
            return (
                f"backing off, {state.failure}: {state.error}"
                if state.error
                else f"backing off, {state.failure}"
            )
        case Broken():
            return f"broken, {state.failure}: {state.error}"
        case _:
            return type(state).__name__.lower()
