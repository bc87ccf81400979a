"""Bytes to objects and events, one pass each.

In:    bodies and whole lines, as `bytes`         (from client/rest.py and client/watch.py)
Out:   objects, lists, batches of events           (object.py, object_list.py, watch_event.py)
Next:  client/resource.py
Rules: pure; the strict decoder goes first, what it refuses goes the slow way and loses nothing;
       a batch of frames costs one call of the decoder
"""

from __future__ import annotations

import re
from typing import Any, Generic

import msgspec
from msgspec import Raw

from listwatch.apimachinery.errors import DecodeError, Status
from listwatch.apimachinery.lenient import UNREADABLE
from listwatch.apimachinery.meta import ListMeta, Shared
from listwatch.apimachinery.object import AnyObject, settle
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import EventType, WatchEvent

_MOST_SHARED = 1024


class _RawList(msgspec.Struct, gc=False, rename="camel"):
    items: list[Raw] | None = None
    metadata: ListMeta | None = None
    api_version: str | None = None
    kind: str | None = None


class _RawFrame(msgspec.Struct, gc=False):
    type: str | None = None
    object: Raw = msgspec.field(default_factory=Raw)


_raw_list = msgspec.json.Decoder(_RawList)
_raw_frame = msgspec.json.Decoder(_RawFrame)
_status = msgspec.json.Decoder(Status)
_CONTENT = re.compile(rb'"(?:object|items|data|stringData)"')  # from here on it may be a Secret's


class Codec(Generic[AnyObject]):
    """Decodes what a server says about objects of one kind.

    Args:
        cls: The class of the objects.
        resource: What the objects are, for `Unstructured`; else the class says it.
        keep_managed_fields: Keep who set which field: half of a typical object's bytes.

    Threads: may be shared; holds no state but its decoders, and short pieces of metadata that objects have alike.
    """

    def __init__(
        self, cls: type[AnyObject], *, resource: Resource | None = None, keep_managed_fields: bool = True
    ) -> None:
        self.cls = cls
        self.resource = resource or cls.resource
        self.keep_managed_fields = keep_managed_fields
        self._shared: Shared = {}
        self._fast = not issubclass(cls, Unstructured)
        wire = cls._wire_class()
        frame = msgspec.defstruct(
            "Frame", [("type", EventType), ("object", wire)], gc=False, forbid_unknown_fields=True
        )
        self._one: msgspec.json.Decoder[Any] = msgspec.json.Decoder(wire)
        self._frames: msgspec.json.Decoder[Any] = msgspec.json.Decoder(frame)
        page = msgspec.defstruct(
            "Page",
            [
                ("items", list[wire]),  # type: ignore[valid-type]
                ("metadata", ListMeta),
                ("api_version", str, ""),
                ("kind", str, ""),
            ],
            rename="camel",
            gc=False,
            forbid_unknown_fields=True,
        )
        self._pages: msgspec.json.Decoder[Any] = msgspec.json.Decoder(page)

    def object(self, data: bytes) -> AnyObject:
        """Decode one object.

        Raises:
            DecodeError: Not JSON, or an object of another kind.
        """
        self._forget()
        if self._fast:
            try:
                (made,) = self._settled([self._one.decode(data)])
            except msgspec.ValidationError:
                made = self._unusual(data)
            except UNREADABLE as error:
                raise DecodeError(f"{self._wanted()}: not JSON: {error}") from None
        else:
            made = self._unusual(data)
        if made.kind and self.resource.kind and made.kind != self.resource.kind:
            raise DecodeError(f"wanted a {self.resource.kind}, got a {made.kind}")
        return made

    def page(self, data: bytes) -> ObjectList[AnyObject]:
        """Decode one page of a list.

        Raises:
            DecodeError: Not JSON, or something that is no list.
        """
        self._forget()
        try:
            if self._fast:
                page = self._pages.decode(data)
                items = self._settled(page.items)
                return ObjectList(items, metadata=page.metadata, api_version=page.api_version, kind=page.kind)
        except msgspec.ValidationError:
            pass
        except UNREADABLE as error:
            raise DecodeError(f"list of {self._wanted()}: not JSON: {error}") from None
        return self._unusual_list(data)

    def events(self, lines: bytes | memoryview) -> list[WatchEvent[AnyObject]]:
        """Decode whole frames, one a line, in their order, up to the first ERROR: a watch has nothing to say after it.

        Args:
            lines: Any number of lines, the last newline included; blank ones mean nothing.

        Raises:
            DecodeError: A line is not a frame. Its `decoded` holds the events of the lines before it.
        """
        self._forget()
        if self._fast:
            try:
                frames = self._frames.decode_lines(lines)
            except UNREADABLE:
                pass
            else:
                types = [frame.type for frame in frames]
                if EventType.ERROR not in types:
                    objects = self._settled([frame.object for frame in frames])
                    return [WatchEvent(kind, obj) for kind, obj in zip(types, objects, strict=True)]
        return self._one_by_one(bytes(lines))

    def _settled(self, wires: list[Any]) -> list[AnyObject]:
        return settle(self.cls, wires, self._shared, keep_managed_fields=self.keep_managed_fields)

    def _one_by_one(self, lines: bytes) -> list[WatchEvent[AnyObject]]:
        events: list[WatchEvent[AnyObject]] = []
        for line in lines.split(b"\n"):
            if not line.strip():
                continue
            try:
                events.append(self._event(line))
            except DecodeError as error:
                raise UndecodableFrame(str(error), decoded=events) from None
            if events[-1].type is EventType.ERROR:
                break
        return events

    def _event(self, line: bytes) -> WatchEvent[AnyObject]:
        try:
            frame = _raw_frame.decode(line)
        except UNREADABLE as error:
            raise DecodeError(f"watch of {self._wanted()}: not a frame: {error}: {_excerpt(line)}") from None
        if frame.type is None:
            bare = _bare_status(line)
            if bare is None:
                raise DecodeError(f"watch of {self._wanted()}: a frame without a type: {_excerpt(line)}")
            return WatchEvent(EventType.ERROR, status=bare)
        try:
            kind = EventType(frame.type)
        except ValueError:
            raise DecodeError(f"watch of {self._wanted()}: unknown event type {frame.type!r}") from None
        data = bytes(frame.object)
        if kind is EventType.ERROR:
            return WatchEvent(kind, status=decode_status(data) or Status(message=_excerpt(data)))
        return WatchEvent(kind, self._unusual(data))

    def _forget(self) -> None:
        if len(self._shared) > _MOST_SHARED:
            self._shared.clear()

    def _unusual(self, data: bytes) -> AnyObject:
        if issubclass(self.cls, Unstructured):
            made: AnyObject = self.cls.from_json(data, resource=self.resource)
        else:
            made = self.cls.from_json(data)
        if not self.keep_managed_fields:
            made._drop_managed_fields()
        return made

    def _unusual_list(self, data: bytes) -> ObjectList[AnyObject]:
        try:
            page = _raw_list.decode(data)
        except UNREADABLE as error:
            raise DecodeError(f"list of {self._wanted()}: {error}: {_excerpt(data)}") from None
        if page.items is None and not (page.kind or "").endswith("List"):
            raise DecodeError(f"wanted a list of {self._wanted()}, got a {page.kind or _excerpt(data)}")
        items = [self._unusual(bytes(raw)) for raw in page.items or []]
        return ObjectList(
            items, metadata=page.metadata, api_version=page.api_version or "", kind=page.kind or ""
        )

    def _wanted(self) -> str:
        return self.resource.kind or self.resource.plural or self.cls.__name__


class UndecodableFrame(DecodeError):
    """A line of a watch is not a frame.

    Attributes:
        decoded: The events of the lines before it; they are good and nobody else has them.
    """

    def __init__(self, message: str, *, decoded: list[WatchEvent[Any]]) -> None:
        super().__init__(message)
        self.decoded = decoded


def decode_status(data: bytes) -> Status | None:
    """The Status that `data` is, or None if it is something else."""
    try:
        status = _status.decode(data)
    except UNREADABLE:
        return None
    return status if status.kind == "Status" else None


_bare_status = decode_status


def _excerpt(data: bytes) -> str:
    """The beginning of something unexpected, for an error's message; never the content of an object."""
    text = _CONTENT.split(data[:120], maxsplit=1)[0].decode("utf-8", "replace")
    return repr(text) + (f" … ({len(data)} bytes)" if len(data) > len(text) else "")
