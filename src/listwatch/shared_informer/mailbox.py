"""What waits for one handler, and what becomes of it when the handler does not keep up.

In:    batches of notifications                     (from shared_informer/processor.py)
Out:   one notification after another               (to the handler's task in processor.py)
Next:  shared_informer/handlers.py
Rules: pure; per object the order never changes; whatever a policy merges or leaves out, who applies what comes out to
       what he knew ends where he would have ended without the policy
Source: client-go tools/cache, processorListener and its ring buffer; differs: it has a limit, and can be looked at
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Generic, Literal

from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import AnyObject
from listwatch.shared_informer.notifications import Added, Deleted, Notification, Updated, key_of

DEFAULT_LIMIT = 4096


class MailboxPolicy(StrEnum):
    """What happens to a notification when `limit` others wait already."""

    NEWEST_PER_KEY = "newest per key"
    """What waits is merged, object by object, to the way from what the handler knew to what is so now: at most two
    notifications for each object, whatever happens and however slow the handler is. Intermediate states are lost."""
    WAIT = "wait"
    """Nothing is merged or lost. The reflector is held back instead: the cache, and all other handlers, wait for this
    one; if it takes minutes the server may end the watch, and what was missed comes as a list. A handler that
    waits for this informer (`caught_up`) waits for itself."""
    DROP_RESYNCS = "drop resyncs"
    """Repetitions (`resync_period`) are left out, changes are all kept: memory has no bound, as in client-go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """How one handler's mailbox is to be kept.

    Attributes:
        policy: What happens beyond the limit.
        limit: How many notifications may wait before that. A batch is never torn, so a few more may.

    Raises:
        ValueError: The limit is not positive.
    """

    policy: MailboxPolicy = MailboxPolicy.NEWEST_PER_KEY
    limit: int = DEFAULT_LIMIT

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError(f"a mailbox needs room for at least one notification, not {self.limit}")


class _Mark(Enum):
    SYNCED = "everything initial is out"


SYNCED: Final = _Mark.SYNCED
"""Stands in a backlog behind the last initial object."""

Synced = Literal[_Mark.SYNCED]


class _Batch(Generic[AnyObject]):
    __slots__ = ("items", "next", "since")

    def __init__(self, items: Sequence[Notification[AnyObject] | Synced], since: float) -> None:
        self.items = items
        self.next = 0
        self.since = since


class _Merged(Generic[AnyObject]):
    """What waits for one object: one notification, or the deletion of one uid and the addition of the next."""

    __slots__ = ("items", "since")

    def __init__(self, since: float) -> None:
        self.items: list[Notification[AnyObject]] = []
        self.since = since


class Backlog(Generic[AnyObject]):
    """What waits for one handler.

    Batches are kept as they are (handlers share them) until the policy has to merge: from then on each object has
    one place in the order of first arrival, until the backlog has been emptied.

    Attributes:
        depth: How many notifications wait.
        merged: How many notifications have gone into others.
        dropped_resyncs: How many repetitions were left out.

    Cost: `push` is O(1) for a batch, O(notifications) while merging; `pop` O(1).
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.merged = 0
        self.dropped_resyncs = 0
        self._batches: deque[_Batch[AnyObject]] = deque()
        self._by_key: OrderedDict[ObjectKey | Synced, _Merged[AnyObject]] | None = None
        self.depth = 0

    @property
    def is_empty(self) -> bool:
        """Nothing is to be had, not even the mark."""
        return not self._batches and not self._by_key

    @property
    def is_full(self) -> bool:
        """No more may come, as the policy has it."""
        return self.mailbox.policy is MailboxPolicy.WAIT and self.depth >= self.mailbox.limit

    @property
    def reopens_at(self) -> int:
        """The depth at which one that was full takes more; -1 for one that is never full."""
        return self.mailbox.limit - 1 if self.mailbox.policy is MailboxPolicy.WAIT else -1

    def age(self, now: float) -> float:
        """Seconds that the notification at the head has waited; 0 if there is none."""
        if self._by_key:
            return now - next(iter(self._by_key.values())).since
        return now - self._batches[0].since if self._batches else 0.0

    def push(self, batch: Sequence[Notification[AnyObject]], *, now: float) -> None:
        """Put changes behind what waits. The batch is kept, and must not be changed any more."""
        if not batch:
            return
        if self._by_key is None and self.depth >= self.mailbox.limit and self._merges:
            self._merge_all()
        if self._by_key is None:
            self._batches.append(_Batch(batch, now))
            self.depth += len(batch)
        else:
            self._merge(self._by_key, batch, now)

    def push_resync(self, batch: Sequence[Notification[AnyObject]], *, now: float) -> None:
        """Put repetitions behind what waits; beyond the limit they are left out, whatever the policy."""
        if self.depth >= self.mailbox.limit:
            self.dropped_resyncs += len(batch)
        else:
            self.push(batch, now=now)

    def push_synced(self, *, now: float) -> None:
        """Put the mark behind what waits."""
        if self._by_key is None:
            self._batches.append(_Batch((SYNCED,), now))
        else:
            self._by_key[SYNCED] = _Merged(now)

    def pop(self) -> Notification[AnyObject] | Synced | None:
        """The oldest, or None if nothing waits."""
        if self._by_key is not None:
            return self._pop_merged(self._by_key)
        if not self._batches:
            return None
        batch = self._batches[0]
        item = batch.items[batch.next]
        batch.next += 1
        if batch.next == len(batch.items):
            self._batches.popleft()
        if item is not SYNCED:
            self.depth -= 1
        return item

    def clear(self) -> None:
        """Throw away what waits."""
        self._batches.clear()
        self._by_key = None
        self.depth = 0

    @property
    def _merges(self) -> bool:
        return self.mailbox.policy is MailboxPolicy.NEWEST_PER_KEY

    def _merge_all(self) -> None:
        self._by_key = OrderedDict()
        self.depth = 0
        for batch in self._batches:
            self._merge(self._by_key, batch.items[batch.next :], batch.since)
        self._batches.clear()

    def _merge(
        self,
        by_key: OrderedDict[ObjectKey | Synced, _Merged[AnyObject]],
        items: Iterable[Notification[AnyObject] | Synced],
        now: float,
    ) -> None:
        for item in items:
            if item is SYNCED:
                by_key[SYNCED] = _Merged(now)
                continue
            key = key_of(item)
            place = by_key.get(key)
            if place is None:
                place = by_key[key] = _Merged(now)
            before = len(place.items)
            place.items = merge(place.items, item)
            after = len(place.items)
            self.depth += after - before
            self.merged += before + 1 - after
            if not after:
                del by_key[key]

    def _pop_merged(
        self, by_key: OrderedDict[ObjectKey | Synced, _Merged[AnyObject]]
    ) -> Notification[AnyObject] | Synced | None:
        if not by_key:
            self._by_key = None
            return None
        key = next(iter(by_key))
        place = by_key[key]
        item: Notification[AnyObject] | Synced = SYNCED if key is SYNCED else place.items.pop(0)
        if not place.items:
            del by_key[key]
        if item is not SYNCED:
            self.depth -= 1
        return item


def merge(
    waiting: Sequence[Notification[AnyObject]], newer: Notification[AnyObject]
) -> list[Notification[AnyObject]]:
    """The shortest way from what was known before `waiting` to what is so after `newer`; all of one object.

    Args:
        waiting: What this function gave before: nothing, one notification, or a Deleted and an Added.
        newer: What has happened since.

    Returns:
        At most two. Two only for a Deleted and an Added of different uids: another object has the name now.
    """
    if not waiting:
        return [newer]
    *first, last = waiting
    return first + _pair(last, newer)


def _pair(older: Notification[AnyObject], newer: Notification[AnyObject]) -> list[Notification[AnyObject]]:
    match older, newer:
        case Added(), Updated():
            return [Added(newer.new, older.is_initial)]
        case Added(), Deleted():
            return []
        case Updated(), Updated():
            # Two repetitions stay one; a repetition says nothing new beside a change.
            return [older if newer.is_resync else newer if older.is_resync else Updated(older.old, newer.new)]
        case Updated(), Deleted():
            return [newer]
        case Deleted(), Added():
            return [older, newer] if older.obj.uid != newer.obj.uid else [Updated(older.obj, newer.obj)]
        case _:
            # An addition of what is there, a change or deletion of what is not: never told (notifications.py).
            raise ValueError(f"{newer} cannot follow {older}")
