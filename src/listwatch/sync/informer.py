"""Informers without await.

In:    a client, a kind, namespaces and selectors
Out:   an `Indexer` and a `Lister` to read from any thread; calls of the handlers, each in a thread of its own
Next:  sync/work_queue.py
Rules: the asynchronous informer does the work; reading the cache does not cross threads; stopping waits for the
       handlers' threads
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Generic, Literal, Self, Unpack, overload

from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.reflector.states import ReflectorState
from listwatch.shared_informer import registration as aio_registration
from listwatch.shared_informer import shared_informer as aio
from listwatch.shared_informer.client_sources import Several
from listwatch.shared_informer.handlers import handler_name
from listwatch.shared_informer.indexer import Indexer, IndexFunction
from listwatch.shared_informer.informer_options import InformerOptions
from listwatch.shared_informer.lister import Lister
from listwatch.shared_informer.mailbox import Mailbox
from listwatch.sync.client import Client
from listwatch.sync.loop_thread import Blocking, ClosedError, LoopThread, iterate, within
from listwatch.sync.registration import InThread, OnError, Registration, reporting
from listwatch.sync.worker_threads import WorkerThreads


class SharedInformer(Generic[AnyObject]):
    """As `listwatch.SharedInformer`, without await.

        with Client() as client:
            informer = SharedInformer.from_client(client, Pod, namespace=ALL_NAMESPACES)
            informer.add_event_handler(EventHandlers(on_add=lambda pod: print(pod.name)))
            with informer:
                informer.wait_synced(timeout=30)
                pods = informer.lister.list(label_selector="app=web")

    Each handler's functions are called in a thread of the handler's own, one after the other: they may take their
    time, and use the client. What is given to the informer itself (transform, index functions, `on_state`) runs on
    the client's loop: it must be quick, and must not use the client.

    Threads: safe to use from several. `indexer`, `lister` and all figures are read without crossing threads. The
    clock, if one is given, must be readable from any thread.

    Made by `from_client`; has the parameters, results and errors of its namesake.
    """

    def __init__(self, thread: LoopThread, inner: aio.SharedInformer[AnyObject]) -> None:
        self._thread = thread
        self._inner = inner
        self._registrations: dict[aio_registration.Registration[AnyObject], Registration[AnyObject]] = {}

    @overload
    @classmethod
    def from_client(
        cls: type[SharedInformer[AnyObject]],
        client: Client,
        kind: type[AnyObject],
        *,
        namespace: Several | None = None,
        label_selector: Several = "",
        field_selector: Several = "",
        metadata_only: Literal[False] = False,
        **options: Unpack[InformerOptions[AnyObject]],
    ) -> SharedInformer[AnyObject]: ...
    @overload
    @classmethod
    def from_client(
        cls,
        client: Client,
        kind: Resource,
        *,
        namespace: Several | None = None,
        label_selector: Several = "",
        field_selector: Several = "",
        metadata_only: Literal[False] = False,
        **options: Unpack[InformerOptions[Unstructured]],
    ) -> SharedInformer[Unstructured]: ...
    @overload
    @classmethod
    def from_client(
        cls,
        client: Client,
        kind: type[Object] | Resource,
        *,
        namespace: Several | None = None,
        label_selector: Several = "",
        field_selector: Several = "",
        metadata_only: Literal[True],
        **options: Unpack[InformerOptions[PartialObjectMetadata]],
    ) -> SharedInformer[PartialObjectMetadata]: ...
    @classmethod
    def from_client(
        cls,
        client: Client,
        kind: type[Object] | Resource,
        *,
        namespace: Several | None = None,
        label_selector: Several = "",
        field_selector: Several = "",
        metadata_only: bool = False,
        **options: Any,
    ) -> SharedInformer[Any]:
        """Of one kind on one server; see `listwatch.SharedInformer.from_client`. Stopped before `client` closes."""
        make: Any = aio.SharedInformer.from_client  # whose overloads are ours
        inner = make(
            client._inner,
            kind,
            namespace=namespace,
            label_selector=label_selector,
            field_selector=field_selector,
            metadata_only=metadata_only,
            **options,
        )
        return SharedInformer(client._thread, inner)

    # Running

    def start(self) -> None:
        """Begin to follow the collection and to call the handlers, or go on after a stop. Twice is once."""
        self._thread.keep(self)
        self._thread.run(self._inner.start())

    def stop(self) -> None:
        """End watches and repetitions, and return when the calls of handlers that are running have ended.

        As `listwatch.SharedInformer.stop`. Functions cannot be cancelled: interrupted while it waits, it leaves
        those that are running behind, and they end when they do.
        """
        has_ended = False
        try:
            with contextlib.suppress(ClosedError):  # then it has been stopped already
                self._thread.run(self._inner.stop())
            has_ended = True
        finally:
            self._let_go(wait=has_ended)

    def run(self) -> None:
        """Start, and go on until interrupted, or stopped by another thread.

        Raises:
            Exception: What a reflector gave up at.
        """
        try:
            self.start()
            self._thread.run(self._inner.run())
        finally:
            self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Handlers

    def add_event_handler(
        self,
        handler: object,
        *,
        resync_period: float | None = None,
        mailbox: Mailbox = Mailbox(),  # noqa: B008 (immutable)
        on_error: OnError[AnyObject] | None = None,
    ) -> Registration[AnyObject]:
        """Let `handler` be told of everything that is there and of every change, before or while it runs.

        As `listwatch.SharedInformer.add_event_handler`, for plain functions. `on_error` is called in the handler's
        thread, too.

        Raises:
            TypeError: It is no handler, or its methods are asynchronous.
        """
        name = f"handler {handler_name(handler)}"
        threads = WorkerThreads(self._thread, name=name)
        inner = self._thread.call(
            self._inner.add_event_handler,
            InThread(handler, threads),
            resync_period=resync_period,
            mailbox=mailbox,
            on_error=None if on_error is None else reporting(on_error, threads, told=name),
        )
        return self._adopt(inner, threads)

    def _adopt(
        self, inner: aio_registration.Registration[AnyObject], threads: WorkerThreads
    ) -> Registration[AnyObject]:
        for each in [each for each in self._registrations if not each.is_active]:
            del self._registrations[each]  # removed by a controller that has stopped
        self._registrations[inner] = registration = Registration(self._thread, inner, threads)
        return registration

    def remove_event_handler(self, registration: Registration[AnyObject], *, wait: bool = True) -> None:
        """Tell a handler nothing more, not even what waits for it.

        As `listwatch.SharedInformer.remove_event_handler`.
        """
        if self._registrations.pop(registration._inner, None) is None:
            return
        self._thread.run(self._inner.remove_event_handler(registration._inner, wait=wait))
        registration._threads.close(wait=wait)

    @property
    def registrations(self) -> list[Registration[AnyObject]]:
        """The handlers that have not been removed."""
        return [each for each in list(self._registrations.values()) if each.is_active]

    # The cache, and how far it can be trusted

    @property
    def name(self) -> str:
        """For logs and metrics."""
        return self._inner.name

    @property
    def resource(self) -> Resource | None:
        """What is in the cache, if that is known."""
        return self._inner.resource

    @property
    def indexer(self) -> Indexer[AnyObject]:
        """The cache, for reading. Add indices by `add_index`; only the informer may write to it."""
        return self._inner.indexer

    @property
    def lister(self) -> Lister[AnyObject]:
        """The cache, asked as one asks the server."""
        return self._inner.lister

    def add_index(self, name: str, function: IndexFunction[AnyObject]) -> None:
        """Add an index while objects come and go; see `Indexer.add_index`."""
        self._thread.call(self._inner.indexer.add_index, name, function)

    @property
    def has_started(self) -> bool:
        """It has been started."""
        return self._inner.has_started

    @property
    def is_stopped(self) -> bool:
        """It has been stopped, and not been started since."""
        return self._inner.is_stopped

    @property
    def has_synced(self) -> bool:
        """Every source has been listed: the cache is, or has been, the whole collection. Once true, it stays so."""
        return self._inner.has_synced

    def wait_synced(self, timeout: float | None = None) -> None:
        """Returns when `has_synced`.

        Args:
            timeout: Seconds; None for as long as it takes.

        Raises:
            TimeoutError: It has not, in that time.
            ListWatchError: It will not come to that: the informer has stopped, or given up; the cause says why.
        """
        inner = self._inner
        self._thread.run(
            within(
                timeout,
                inner.wait_synced,
                lambda: f"informer {inner.name} has not synced within {timeout} s: {inner.state}",
            )
        )

    caught_up = Blocking(aio.SharedInformer[AnyObject].caught_up)

    @property
    def resource_version(self) -> ResourceVersion:
        """What the cache has come to; empty before the first list, and where versions have no order."""
        return self._inner.resource_version

    @property
    def staleness(self) -> float:
        """Seconds since the last proof that the cache is in step; `inf` before. See `listwatch.SharedInformer`."""
        return self._inner.staleness

    @property
    def state(self) -> ReflectorState:
        """What it is doing; of several sources the state of the one that is worst off."""
        return self._inner.state

    @property
    def source_states(self) -> list[ReflectorState]:
        """What each source is doing."""
        return self._inner.source_states

    def states(self) -> Iterator[ReflectorState]:
        """`state`, then each that follows; over after `Stopped` or `Broken`, or when the client closes."""
        return iterate(self._thread, self._inner.states())

    @property
    def stale_events(self) -> int:
        """How many events were older than what was known, and were left out."""
        return self._inner.stale_events

    @property
    def transform_failures(self) -> int:
        """How often the transform failed on an object."""
        return self._inner.transform_failures

    def __repr__(self) -> str:
        return repr(self._inner)

    def _let_go(self, *, wait: bool) -> None:
        """End the handlers' threads."""
        for registration in list(self._registrations.values()):
            registration._threads.close(wait=wait)
        self._thread.let_go(self)
