"""Group commit: changes go to disk a batch at a time, and nobody is told of one before it is there.

In:    each `Change`, the moment it is made           (from storage.py)
Out:   batches to a `DurableLog`; `settled()` for whoever is about to answer; listeners of what may be told
Next:  server.py holds every answer until `settled`; watch.py is woken by `on_settled`
Rules: writing stays synchronous: a request reads and writes without an await in between, as without a disk, and builds
       on changes that are not kept yet. What is held back is telling: no answer (to a write, a read or a refusal)
       leaves before everything it can have seen is kept, and watches read no further than that. So nothing that a
       crash could take back was ever shown. What could not be kept is undone, and everybody who waits is refused.
Source: group commit (DeWitt et al., 1984); etcd answers a proposal when it is applied from its write-ahead log
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from listwatch.apiserver.storage.durable_log import DurableLog, StorageError
from listwatch.apiserver.storage.revision_log import Change, ChangeType, RevisionLog

_log = logging.getLogger("listwatch.apiserver")
_OPPOSITE: Final[dict[ChangeType, ChangeType]] = {
    "ADDED": "DELETED",
    "DELETED": "ADDED",
    "MODIFIED": "MODIFIED",
}


class GroupCommit:
    """Keeps a log's changes in a file.

    Cost: one transaction for all changes of one turn of the event loop, and of all turns during which the transaction
    before was under way.

    Attributes:
        on_settled: Called when changes have become visible, with them, in order.
        on_undone: Called when changes were taken back, with each as its own opposite, newest first.

    Args:
        file: Where changes go; it belongs to this.
        in_thread: Whether the disk is waited for in a thread. Otherwise the event loop waits: for virtual time.
    """

    def __init__(self, file: DurableLog, *, in_thread: bool = True) -> None:
        self._file = file
        self._log: RevisionLog | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="group commit") if in_thread else None
        self._changes: list[Change] = []
        self._superseded: list[int] = []
        self._facts: dict[str, int] = {}
        self._queued: asyncio.Future[StorageError | None] | None = None
        self._running: asyncio.Future[StorageError | None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.on_settled: Callable[[list[Change]], None] = lambda changes: None
        self.on_undone: Callable[[list[Change]], None] = lambda changes: None

    @property
    def restored(self) -> RevisionLog | None:
        """The log that the file held when it was opened; None for a new one."""
        return self._file.log

    def attach(self, log: RevisionLog) -> None:
        """Keep the changes of `log` from now on: the restored one, or a new one."""
        if self.restored is None:
            self._facts = {"start": log.revision, "floor": log.floor}
        elif log is not self.restored:
            raise ValueError("the file holds another log: begin with `restored`")
        self._log = log
        log.hold()
        log.on_forget = self._forget

    def add(self, change: Change) -> None:
        """Keep a change, soon. It has been made already."""
        self._changes.append(change)
        self._schedule()

    async def settled(self) -> StorageError | None:
        """Wait until everything that has been made by now is kept; gives why it could not be, and so is undone."""
        waited_for = self._queued or self._running
        return None if waited_for is None else await asyncio.shield(waited_for)

    async def aclose(self) -> None:
        """Keep what is left, and let go of the file. Safe to call twice."""
        if self._task is None and self._facts:
            self._schedule()
        if self._task is not None:
            await asyncio.shield(self._task)
        if self._executor is not None:
            self._executor.shutdown()
        self._file.close()

    def _forget(self, floor: int, changes: list[Change]) -> None:
        for change in changes:
            if change.previous is not None:
                self._superseded.append(change.previous.revision)
            if change.type == "DELETED":
                self._superseded.append(change.revision)
        self._facts["floor"] = (
            floor  # goes with the next batch: that the disk knows more than it must does no harm
        )

    def _schedule(self) -> None:
        if self._queued is None:
            loop = asyncio.get_running_loop()
            self._queued = loop.create_future()
            if self._task is None:
                self._task = loop.create_task(self._write(), name="group commit")

    async def _write(self) -> None:
        """Write batches until there is nothing left."""
        await asyncio.sleep(0)  # all of this turn of the loop goes together
        while self._queued is not None:
            self._running, self._queued = self._queued, None
            changes, self._changes = self._changes, []
            superseded, self._superseded = self._superseded, []
            facts, self._facts = self._facts, {}
            try:
                await self._append(changes, facts, superseded)
            except StorageError as error:
                _log.error("the last %d changes could not be kept and are undone: %s", len(changes), error)
                self._facts = {**facts, **self._facts}
                self._superseded = [*superseded, *self._superseded]
                self._undo(error)
            else:
                self._settle(changes)
        self._task = None

    async def _append(self, changes: list[Change], facts: dict[str, int], superseded: list[int]) -> None:
        if self._executor is None:
            self._file.append(changes, facts=facts, superseded=superseded)
            return
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(
            self._executor, lambda: self._file.append(changes, facts=facts, superseded=superseded)
        )

    def _settle(self, changes: list[Change]) -> None:
        assert self._log is not None  # noqa: S101 - nothing is added before `attach`
        if changes:
            self._log.settle(changes[-1].revision)
        self._end_running(None)
        if changes:
            self.on_settled(changes)

    def _undo(self, failure: StorageError) -> None:
        """Take back what was not kept, and what was built on it since."""
        assert self._log is not None  # noqa: S101 - nothing is added before `attach`
        undone = self._log.undo()
        self._changes = []
        self._end_running(failure)
        if self._queued is not None:
            self._queued.set_result(failure)
            self._queued = None
        self.on_undone([_opposite(change) for change in undone])

    def _end_running(self, failure: StorageError | None) -> None:
        if self._running is not None:
            self._running.set_result(failure)
            self._running = None


def _opposite(change: Change) -> Change:
    """A change the other way round, for those who follow changes one by one."""
    current = change.current if change.previous is None else change.previous
    previous = None if change.type == "DELETED" else change.current
    type_ = _OPPOSITE[change.type]
    return Change(change.resource, change.key, type_, current, previous)
