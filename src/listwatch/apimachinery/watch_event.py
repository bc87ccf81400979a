"""What happened to an object: one frame of a watch.

In:    frames, decoded by codec.py
Out:   `WatchEvent`s, in the server's order
Next:  reflector/list_watch.py
Source: apimachinery pkg/watch, types Event and EventType; the API concepts "Watch bookmarks"
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

import msgspec

from listwatch.apimachinery.errors import APIStatusError, Status, error_from_status

T = TypeVar("T")

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
"""Annotation of the bookmark that ends a streamed list (KEP-3157); its value is the text "true"."""


class EventType(StrEnum):
    """The five kinds of event. As text they are the wire's words."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"
    ERROR = "ERROR"


class WatchEvent(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """One event of a watch.

    Attributes:
        type: What happened.
        status: Why the watch is over; on ERROR events only.

    `object` is the object after the change; its last state for DELETED, with the version of the deletion;
    for BOOKMARK an object that has nothing but a resource version (and, perhaps, annotations).
    """

    type: EventType
    _object: T | None = None
    status: Status | None = None

    @property
    def object(self) -> T:
        """The object.

        Raises:
            APIStatusError: This is an ERROR event: there is no object, and a program that does not look at
                `type` stops here with the server's reason (NotFound, Expired, …) instead of going on blindly.
        """
        if self._object is None:
            raise self.error or ValueError(f"{self.type} event without an object")
        return self._object

    @property
    def error(self) -> APIStatusError | None:
        """The Status of an ERROR event as the exception that says the same; None for other events."""
        return None if self.status is None else error_from_status(self.status, doing="watch")

    def __repr__(self) -> str:
        what = self.status.message if self.status is not None else self._object
        return f"<{self.type} {what}>"


object_of: Final[Callable[[WatchEvent[Any]], Any]] = attrgetter("_object")
"""The object of an event, or None if it has none; without a call of Python's, since every event is asked."""
