"""A cache of a collection that keeps itself in step with the server, and tells handlers of each change.

In:    lists and watches                            (reflector/list_watch.py, one for each source)
Out:   an `Indexer` and a `Lister` to read; calls of the handlers
Next:  shared_informer/shared_store.py does the work; workqueue and controller.py come after the handlers
Rules: the cache is changed first, handlers are told afterwards; stopping ends everything that starting began
Source: client-go tools/cache shared_informer.go, SharedInformer and SharedIndexInformer
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from random import random as system_random
from typing import Any, Literal, Self, Unpack, overload

from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import WatchEvent
from listwatch.client.client import Client
from listwatch.reflector.list_watch import ListerWatcher
from listwatch.reflector.reflector import Reflector
from listwatch.reflector.state_feed import OnState
from listwatch.reflector.watch_list_support import WatchListSupport
from listwatch.shared_informer.client_sources import Several, list_watches, resource_of
from listwatch.shared_informer.compact import Packing
from listwatch.shared_informer.handlers import handler_name
from listwatch.shared_informer.indexer import IndexFunction
from listwatch.shared_informer.informer_options import InformerOptions, ReflectorOptions
from listwatch.shared_informer.informer_view import InformerView
from listwatch.shared_informer.mailbox import Mailbox
from listwatch.shared_informer.registration import HandlerFailure, Registration
from listwatch.shared_informer.shared_store import SharedStore
from listwatch.shared_informer.transform import Transform, shaping

logger = logging.getLogger(__name__)


class SharedInformer(InformerView[AnyObject]):
    """One cache of a collection, shared by any number of handlers.

        informer = SharedInformer.from_client(client, Pod, namespace=ALL_NAMESPACES)
        informer.add_event_handler(EventHandlers(on_add=lambda pod: print(pod.name)))
        async with informer:
            await informer.wait_synced()
            pods = informer.lister.list(label_selector="app=web")

    Promised:
        * The cache is never empty or torn while it is brought up to date: a relist is one step. A handler sees in
          the cache what it is told of, or something newer.
        * A handler that is added at any time is told of what is there (`is_initial`), then of each change once, in
          order; one that does not keep up, as its mailbox's policy has it. A relist tells of differences only:
          deletions first (their final state unknown), then the rest in the list's order.
        * One handler's failures, pace and changes to its objects concern no other handler and not the cache.
        * After `stop` nothing of it runs; `start` goes on where it stopped, with what was known and what waits.

    Not promised: an order between handlers; intermediate states that a relist jumps over.

    It is a `ReflectorStore`, too: of its first source. Tests and replays may feed it without a reflector.

    Threads: belongs to one event loop; `indexer` and `lister` may be read from any thread.

    Args:
        list_watch: What to follow; several for one cache of all of them. An object that several have stays until
            none has it. All must be of one kind on one server.
        resource: What is in the cache, for `lister`.
        indexers: Index functions by name; more at any time by `indexer.add_index`.
        resync_period: Seconds after which a handler is told of everything again, if it names no period itself; 0
            for never. The server is not asked for that.
        transform: Gives each object as it shall be kept. Applied once to each state of an object, deleted ones
            included. If it raises, the cache keeps the state that it had of that object, or none; the failure is
            logged and counted (`transform_failures`).
        fields: Keep only these fields (paths such as `spec.nodeName`), and what identifies the object.
        compact: Hold objects squeezed, in about a seventh of the memory; a look at more than an object's key takes 7 µs
            more, an event twice as long (compact.py; needs the `compact` extra). Nothing else differs.
        split_recreated: Tell of a new uid under an old name as a deletion and an addition, not as an update.
        clock, random: as `Reflector`.
        name: For logs and metrics.
        on_state: Called with each new `state`; to be quick.
        **reflector: as `Reflector`: page_size, watch_list, backoff, policies …

    Raises:
        ValueError: No list and watch at all.
    """

    def __init__(
        self,
        list_watch: ListerWatcher[AnyObject] | Sequence[ListerWatcher[AnyObject]],
        *,
        resource: Resource | None = None,
        indexers: Mapping[str, IndexFunction[AnyObject]] | None = None,
        resync_period: float = 0.0,
        transform: Transform[AnyObject] | None = None,
        fields: Iterable[str] | None = None,
        compact: bool = False,
        split_recreated: bool = False,
        clock: Clock | None = None,
        random: Callable[[], float] = system_random,
        name: str = "",
        on_state: OnState | None = None,
        **reflector: Unpack[ReflectorOptions],
    ) -> None:
        sources = list(list_watch) if isinstance(list_watch, Sequence) else [list_watch]
        if not sources:
            raise ValueError("an informer needs at least one list and watch")
        name = name or (resource.plural if resource is not None else "informer")
        clock = clock or SystemClock()
        shared: SharedStore[AnyObject] = SharedStore(
            name=name,
            sources=len(sources),
            clock=clock,
            indices=indexers,
            shape=shaping(transform, fields),
            packing=Packing() if compact else None,
            split_recreated=split_recreated,
        )
        super().__init__(name=name, resource=resource, shared=shared, on_state=on_state)
        self.resync_period = resync_period
        self._clock = clock
        self._stores = shared.stores()
        options: ReflectorOptions = {"support": WatchListSupport(), **reflector}
        self.reflectors = [
            Reflector(
                each,
                store,
                clock=clock,
                random=random,
                on_state=partial(self._note_state, number),
                **options,
            )
            for number, (each, store) in enumerate(zip(sources, self._stores, strict=True))
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: list[asyncio.Task[None]] = []
        self._over = asyncio.Event()
        self._error: Exception | None = None
        self.has_started = self.is_stopped = False

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
        """Of one kind on one server.

        Args:
            client: Who asks. It is not closed with the informer, and must outlive it.
            kind: A class of objects, or a `Resource`; also one that the server does not have yet: then the
                informer waits for it.
            namespace: One, several, `ALL_NAMESPACES`, or None for the configuration's own.
            label_selector, field_selector: One, or several of which an object has to match at least one.
            metadata_only: Ask the server for metadata alone.
            **options: as for the class.

        Raises:
            ValueError: An empty list of namespaces or selectors.
        """
        sources = list_watches(
            client,
            kind,
            namespace=namespace,
            label_selector=label_selector,
            field_selector=field_selector,
            metadata_only=metadata_only,
        )
        return SharedInformer(sources, resource=resource_of(kind), **options)

    # Running

    async def start(self) -> None:
        """Begin to follow the collection and to call the handlers, or go on after a stop. Twice is once."""
        if self._ending:
            await asyncio.wait(self._ending)
        if self._tasks:
            return
        self.has_started, self.is_stopped, self._error = True, False, None
        self._over.clear()
        self._shared.resume()
        for reflector in self.reflectors:
            task = asyncio.create_task(reflector.run(), name=f"reflector of informer {self.name}")
            task.add_done_callback(self._reflector_ended)
            self._tasks.append(task)

    async def stop(self) -> None:
        """End watches and repetitions, and return when the calls of handlers that are running have ended.

        The cache can still be read; its `staleness` grows. What handlers have not been told yet waits for the next
        start. Safe to call at any time, also from a handler, whose own call is not waited for. While it is at it, a
        second call returns at once. Cancelled while it waits, it cancels those calls.
        """
        if not self._tasks:
            return
        self._ending, self._tasks = self._tasks, []
        self.is_stopped = True
        for task in self._ending:
            task.cancel()
        self._shared.give_up(f"informer {self.name} has stopped")
        self._over.set()
        try:
            await asyncio.wait(self._ending)
        finally:
            self._ending = []
            await self._shared.processor.stop()

    async def run(self) -> None:
        """Start, and go on until cancelled or stopped.

        Raises:
            Exception: What a reflector gave up at.
        """
        await self.start()
        try:
            await self._over.wait()
        finally:
            await self.stop()
        if self._error is not None:
            raise self._error

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # Handlers

    def add_event_handler(
        self,
        handler: object,
        *,
        resync_period: float | None = None,
        mailbox: Mailbox = Mailbox(),  # noqa: B008 (immutable)
        on_error: Callable[[HandlerFailure[AnyObject]], object] | None = None,
    ) -> Registration[AnyObject]:
        """Let `handler` be told of everything that is there and of every change, before or while it runs.

        Args:
            handler: Any object with some of the methods of `ResourceEventHandler`, plain or async. It may be added
                several times; each time counts on its own.
            resync_period: Tell it of everything again after so many seconds, at least 1; 0 for never; None for the
                informer's own period.
            mailbox: What to do when it does not keep up.
            on_error: Called when it raised, besides the log.

        Raises:
            ListWatchError: The informer has been stopped. It can be started again.
            TypeError: It is no handler.
            ValueError: A negative period.

        Source: client-go AddEventHandlerWithResyncPeriod; differs: any period from a second on is kept exactly
        """
        if self.is_stopped:
            raise ListWatchError(
                f"handler {handler_name(handler)} was not added to shared informer {self.name} because it has "
                "stopped already"
            )
        registration: Registration[AnyObject] = Registration(
            handler,
            clock=self._clock,
            mailbox=mailbox,
            resync_period=self.resync_period if resync_period is None else resync_period,
            on_error=on_error,
            drained=self._shared.processor.notice_room,
        )
        self._shared.add(registration)
        return registration

    async def remove_event_handler(self, registration: Registration[AnyObject], *, wait: bool = True) -> None:
        """Tell a handler nothing more, not even what waits for it.

        Another informer's registration, and one that has been removed before, is nothing to do for.

        Args:
            registration: What `add_event_handler` gave.
            wait: Return when the call that is running has ended. A handler that removes itself does not wait.
        """
        await self._shared.processor.remove(registration, wait=wait)

    # As a ReflectorStore

    def replace(self, objects: Sequence[AnyObject], resource_version: ResourceVersion) -> None:
        """See `ReflectorStore.replace`."""
        self._stores[0].replace(objects, resource_version)

    def apply(self, events: Sequence[WatchEvent[AnyObject]], resource_version: ResourceVersion) -> None:
        """See `ReflectorStore.apply`."""
        self._stores[0].apply(events, resource_version)

    def bookmark(self, resource_version: ResourceVersion) -> None:
        """See `ReflectorStore.bookmark`."""
        self._stores[0].bookmark(resource_version)

    async def ready(self) -> None:
        """See `ReflectorStore.ready`."""
        await self._stores[0].ready()

    # Within

    def _reflector_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        logger.error("informer %s has given up", self.name, exc_info=error)
        if isinstance(error, Exception):
            self._error = self._error or error
            self._shared.give_up(f"informer {self.name} has given up: {error}", error)
        self._over.set()
