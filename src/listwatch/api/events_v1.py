"""The kinds of events/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__events.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime
from types import NoneType

from msgspec import Struct, field

from listwatch.api.core_v1 import EventSource, ObjectReference
from listwatch.api.micro_time import MicroTime
from listwatch.apimachinery.object import Object, section

__all__ = [
    "Event",
    "EventSeries",
]


class EventSeries(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    count: int = field(default_factory=int)
    last_observed_time: MicroTime | None = None


class Event(Object, group="events.k8s.io", version="v1", plural="events"):
    """Served at `/apis/events.k8s.io/v1/namespaces/{namespace}/events`."""

    action: str | None = section(factory=NoneType)
    deprecated_count: int | None = section(factory=NoneType)
    deprecated_first_timestamp: datetime | None = section(factory=NoneType)
    deprecated_last_timestamp: datetime | None = section(factory=NoneType)
    deprecated_source: EventSource = section(factory=EventSource)
    event_time: MicroTime | None = section(factory=NoneType)
    note: str | None = section(factory=NoneType)
    reason: str | None = section(factory=NoneType)
    regarding: ObjectReference = section(factory=ObjectReference)
    related: ObjectReference | None = section(factory=NoneType)
    reporting_controller: str | None = section(factory=NoneType)
    reporting_instance: str | None = section(factory=NoneType)
    series: EventSeries | None = section(factory=NoneType)
    type: str | None = section(factory=NoneType)
