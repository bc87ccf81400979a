"""The handlers of one informer: each with its mailbox, its task and its pace.

In:    batches of notifications                     (from shared_informer/shared_store.py)
Out:   each handler's mailbox has them
Next:  shared_informer/registration.py
Rules: a batch wakes each handler once; nothing that one handler does reaches another, unless its mailbox says so
Source: client-go tools/cache shared_informer.go, sharedProcessor; differs: removing a handler waits for its call to end
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Generic

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.object import AnyObject
from listwatch.shared_informer.notifications import Notification, Updated
from listwatch.shared_informer.registration import Registration, calling


class Processor(Generic[AnyObject]):
    """All handlers of one informer.

    Args:
        clock: Whose time resyncs and ages are told by.
        everything: The objects of the cache, for repetitions; None while there is no complete picture.
    """

    def __init__(self, *, clock: Clock, everything: Callable[[], Sequence[AnyObject] | None]) -> None:
        self._clock = clock
        self._everything = everything
        self._registrations: dict[Registration[AnyObject], list[asyncio.Task[None]]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._owner: dict[asyncio.Task[None], Registration[AnyObject]] = {}
        self._stopping: asyncio.Event | None = None
        self._room = asyncio.Event()
        self._room.set()

    @property
    def registrations(self) -> list[Registration[AnyObject]]:
        """Those that have not been removed."""
        return list(self._registrations)

    def add(self, registration: Registration[AnyObject]) -> None:
        """Take a handler in; while running, it is called from now on."""
        self._registrations[registration] = []
        if self._stopping is not None:
            self._start(registration, self._stopping)

    def start(self) -> None:
        """Begin, or go on, to call the handlers. Needs a running event loop."""
        self._stopping = asyncio.Event()
        for registration in self._registrations:
            self._start(registration, self._stopping)

    async def stop(self) -> None:
        """Call no more; returns when the calls that are running have ended. What waits is kept for a new start.

        From within a call it does not wait for that call. If it is cancelled while it waits, so are the calls.
        """
        stopping, self._stopping = self._stopping, None
        if stopping is None:
            return
        stopping.set()
        for registration, own in self._registrations.items():
            self._release(registration, own)
        self._notice_room()
        try:
            await self._ended(self._leaving)
        except asyncio.CancelledError:
            for task in self._leaving:
                task.cancel()
            await self._ended(self._leaving)
            raise

    async def remove(self, registration: Registration[AnyObject], *, wait: bool) -> None:
        """Forget a handler. Afterwards no call begins.

        Args:
            registration: Which one; one that is not here is nothing to do for.
            wait: Return when the call that is running has ended. From within that call, and from tasks that it
                started, there is no waiting.
        """
        own = self._registrations.pop(registration, None)
        if own is None:
            return
        registration.close()
        tasks = self._release(registration, own)
        if wait:
            await self._ended(tasks)

    def push(self, batch: Sequence[Notification[AnyObject]]) -> None:
        """Tell all of them."""
        for registration in self._registrations:
            registration.push(batch)
        self._notice_room()

    def push_synced(self) -> None:
        """All of them have now everything that is initial in their mailboxes."""
        for registration in self._registrations:
            registration.push_synced()

    async def room(self) -> None:
        """Returns when every handler that others have to wait for has room."""
        await self._room.wait()

    def notice_room(self) -> None:
        """A mailbox has changed."""
        if not self._room.is_set():
            self._notice_room()

    def _notice_room(self) -> None:
        # While stopped nobody empties a mailbox, and nobody shall wait for that.
        if self._stopping is not None and any(each.is_full for each in self._registrations):
            self._room.clear()
        else:
            self._room.set()

    def _start(self, registration: Registration[AnyObject], stopping: asyncio.Event) -> None:
        own = self._registrations[registration]
        own.append(asyncio.create_task(registration.drain(stopping), name=f"handler {registration.name}"))
        self._owner[own[0]] = registration
        if registration.resync_period:
            own.append(
                asyncio.create_task(self._repeat(registration), name=f"resync of handler {registration.name}")
            )
        for task in own:
            task.add_done_callback(self._done)

    def _release(
        self, registration: Registration[AnyObject], own: list[asyncio.Task[None]]
    ) -> list[asyncio.Task[None]]:
        """Let the handler's task end after the call that it is in, and its repetitions at once."""
        tasks, own[:] = list(own), []
        self._leaving.update(each for each in tasks if not each.done())
        for task in tasks[1:]:
            task.cancel()
        registration.wake()
        return tasks

    def _done(self, task: asyncio.Task[None]) -> None:
        self._leaving.discard(task)
        self._owner.pop(task, None)

    async def _ended(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        """Wait for tasks, but not for the one whose call is waiting here. They are not cancelled with the wait."""
        caller = calling.get()
        waits = [each for each in tasks if caller is None or self._owner.get(each) is not caller]
        if waits:
            await asyncio.wait(waits)

    async def _repeat(self, registration: Registration[AnyObject]) -> None:
        while True:
            await self._clock.sleep(registration.resync_period)
            objects = self._everything()
            if objects is not None:
                registration.push_resync([Updated(each, each) for each in objects])
                self._notice_room()
