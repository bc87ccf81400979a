"""Brings one event on the server up to date: makes it, or writes its count.

In:    a `Series`                                 (from event_recorder/event_recorder.py)
Out:   a create, a patch, or both
Rules: one attempt, no patience; what was sent and not answered is remembered, so that trying again makes no second
       event
Source: client-go tools/events recordEvent and the sinks; differs: a lost answer is reckoned with
"""

from __future__ import annotations

from typing import Final

from listwatch.api.core_v1 import ObjectReference
from listwatch.api.events_v1 import Event, EventSeries
from listwatch.api.micro_time import MicroTime
from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import AlreadyExists, APIStatusError, NotFound
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.apimachinery.names import dns_subdomain_problems
from listwatch.apimachinery.object import Object
from listwatch.client.client import Client
from listwatch.event_recorder.event_correlator import Series

NOTE_BYTES: Final = 1024
"""What an API server takes for a note."""
_ELLIPSIS: Final = "…"


class EventWriter:
    """Writes events as one reporter.

    Args:
        client: Of the cluster.
        controller, instance: Who reports.
        clock: Tells the time.

    Attributes:
        created, patched: How many writes of each kind succeeded.
    """

    def __init__(self, client: Client, *, controller: str, instance: str, clock: Clock) -> None:
        self._client = client
        self._controller = controller
        self._instance = instance
        self._clock = clock
        self._last_name = 0
        self.created = 0
        self.patched = 0

    async def write(self, series: Series) -> None:
        """Bring the server up to date, once.

        Raises:
            APIStatusError, TransportError, TimeoutError: It is not. It may be tried again.
        """
        events = self._client.resource(Event, namespace=series.namespace)
        count = series.count
        if series.written_count:
            happened = {"count": count, "lastObservedTime": MicroTime.of(series.last_time).to_wire()}
            try:
                await events.patch(series.name, {"series": happened})
            except NotFound:
                series.written_count = 0  # the server has forgotten it: tell it anew
            else:
                self.patched += 1
                series.written_count, series.written_at = count, self._clock.monotonic()
                return
        if not series.name:
            series.name = self._new_name(series)
        may_exist, series.may_exist = series.may_exist, True
        try:
            await events.create(self._new_event(series))
        except AlreadyExists:
            if may_exist:  # an earlier try has made it, with whatever count it had then
                self.created += 1
                series.written_count, series.written_at = 1, self._clock.monotonic()
            series.may_exist, series.name = may_exist, series.name if may_exist else ""
            if series.is_unwritten:
                await self.write(series)
            return
        except APIStatusError as error:
            series.may_exist = may_exist or error.code >= 500
            raise
        self.created += 1
        series.written_count, series.written_at = count, self._clock.monotonic()

    def _new_event(self, series: Series) -> Event:
        what = series.occurrence
        repeats = EventSeries(count=series.count, last_observed_time=MicroTime.of(series.last_time))
        return Event(
            metadata=ObjectMeta(name=series.name, namespace=series.namespace),
            event_time=MicroTime.of(series.first_time),
            series=repeats if series.count > 1 else None,
            reporting_controller=self._controller,
            reporting_instance=self._instance,
            action=what.action,
            reason=what.reason,
            regarding=what.regarding,
            related=what.related,
            note=shortened(what.note, NOTE_BYTES),
            type=what.type,
        )

    def _new_name(self, series: Series) -> str:
        """The object's name and the time, as other reporters name their events."""
        self._last_name = max(self._last_name + 1, int(series.first_time.timestamp() * 1_000_000) * 1000)
        name = f"{series.occurrence.regarding.name or 'unnamed'}.{self._last_name:x}"
        return f"event.{self._last_name:x}" if dns_subdomain_problems(name) else name


def reference_to(obj: Object | ObjectReference) -> ObjectReference:
    """What names an object in an event."""
    if isinstance(obj, ObjectReference):
        return obj
    return ObjectReference(
        api_version=obj.api_version or None,
        kind=obj.kind or None,
        name=obj.name or None,
        namespace=obj.namespace or None,
        uid=obj.uid or None,
        resource_version=obj.resource_version or None,
    )


def shortened(text: str, limit_bytes: int) -> str:
    """As much of a text as fits, with a mark if that is not all."""
    raw = text.encode()
    if len(raw) <= limit_bytes:
        return text
    room = limit_bytes - len(_ELLIPSIS.encode())
    return raw[:room].decode(errors="ignore") + _ELLIPSIS
