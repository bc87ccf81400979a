"""One informer for each collection, without await.

In:    a client; kinds, namespaces, selectors
Out:   `SharedInformer`s, started, awaited and stopped together
Next:  sync/informer.py
Rules: the asynchronous factory decides who shares what
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from random import random as system_random
from types import TracebackType
from typing import Any, Literal, Self, Unpack, overload

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.shared_informer import shared_informer as aio_informer
from listwatch.shared_informer import shared_informer_factory as aio
from listwatch.shared_informer.client_sources import Several
from listwatch.shared_informer.indexer import IndexFunction
from listwatch.shared_informer.informer_options import ReflectorOptions
from listwatch.shared_informer.transform import Transform
from listwatch.sync.client import Client
from listwatch.sync.informer import SharedInformer
from listwatch.sync.loop_thread import Blocking, ClosedError


class SharedInformerFactory:
    """As `listwatch.SharedInformerFactory`, without await.

        with Client() as client, SharedInformerFactory(client, namespace=ALL_NAMESPACES) as factory:
            pods = factory.informer_for(Pod)
            nodes = factory.informer_for(Node)
            factory.start()
            factory.wait_for_sync(timeout=30).raise_if_missing()

    Stopped before its client closes. Safe to use from several threads.

    Args:
        client: Who asks; not closed with the factory.
        namespace: Where, if `informer_for` does not say.
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
        self._thread = client._thread
        self._inner = aio.SharedInformerFactory(
            client._inner,
            namespace=namespace,
            resync_period=resync_period,
            transform=transform,
            compact=compact,
            split_recreated=split_recreated,
            clock=clock,
            random=random,
            **reflector,
        )
        self._informers: dict[aio_informer.SharedInformer[Any], SharedInformer[Any]] = {}

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
        """The informer of this collection; see `listwatch.SharedInformerFactory.informer_for`."""
        kept = None if fields is None else tuple(fields)

        def found() -> SharedInformer[Any]:
            make: Any = self._inner.informer_for  # whose overloads are ours
            inner = make(
                kind,
                namespace=namespace,
                label_selector=label_selector,
                field_selector=field_selector,
                metadata_only=metadata_only,
                fields=kept,
                indexers=indexers,
            )
            return self._informers.setdefault(inner, SharedInformer(self._thread, inner))

        return self._thread.call(found)

    @property
    def informers(self) -> list[SharedInformer[Any]]:
        """All of them."""
        return list(self._informers.values())

    def start(self) -> None:
        """Start the informers that are new, and those that `stop` has stopped. Call it again after adding some."""
        self._thread.keep(self)
        self._thread.run(self._inner.start())

    wait_for_sync = Blocking(aio.SharedInformerFactory.wait_for_sync)

    def stop(self) -> None:
        """Stop all informers; see `SharedInformer.stop`. They can be started again."""
        has_ended = False
        try:
            with contextlib.suppress(ClosedError):  # then they have been stopped already
                self._thread.run(self._inner.stop())
            has_ended = True
        finally:
            for informer in self.informers:
                informer._let_go(wait=has_ended)
            self._thread.let_go(self)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
