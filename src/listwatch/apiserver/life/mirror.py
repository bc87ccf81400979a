"""Which objects exist, kept from a watch that may break and begin anew.

In:    frames of one watch                       (from life/client.py)
Out:   `changed(object)` and `gone(uid)`, also for what vanished while no watch was open
Next:  life/scheduler.py, life/kubelet.py
Rules: no await; holds uids only. An object that cannot be read is logged and passed over, so that one strange
       object does not stop all others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from listwatch.apiserver.life.objects import Node, Pod

T = TypeVar("T", bound=Pod | Node)

_log = logging.getLogger("listwatch.apiserver.life")


class Mirror(Generic[T]):
    """A `WatchObserver` that turns frames into typed changes.

    Args:
        kind: What the watch is of.
        changed: Told of every object that is new or different.
        gone: Told of the uid of every object that is no longer in the watched collection, once.
    """

    def __init__(self, kind: type[T], *, changed: Callable[[T], None], gone: Callable[[str], None]) -> None:
        self._decoder = msgspec.json.Decoder(kind)
        self._changed = changed
        self._gone = gone
        self._known: set[str] = set()
        self._untold: set[str] = set()

    def began(self) -> None:
        """All that is known has to be told again, or it is gone."""
        self._untold = set(self._known)

    def saw(self, change: str, body: msgspec.Raw) -> None:
        """Pass one frame on."""
        try:
            found = self._decoder.decode(body)
        except msgspec.ValidationError as error:
            _log.warning("the simulation passes over an object that it cannot read: %s", error)
            return
        uid = found.metadata.uid
        self._untold.discard(uid)
        if change == "DELETED":
            if uid in self._known:
                self._known.remove(uid)
                self._gone(uid)
            return
        self._known.add(uid)
        self._changed(found)

    def caught_up(self) -> None:
        """What was not told again is gone."""
        for uid in self._untold:
            self._known.remove(uid)
            self._gone(uid)
        self._untold.clear()
