"""Collections to list and to follow: as objects, as metadata only, as a server's table.

In:    a `Session` and a `Query`                   (cli/connect.py)
Out:   `ListerWatcher`s of objects or of rows
Next:  cli/follow.py, cli/get.py
Rules: asks for no more than the output needs: only json and yaml need whole objects. Whoever has just applied
       something looks for it here: lists are of the present, never of a cache's past
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

import msgspec

from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ListMeta, ResourceVersion
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.cli.connect import Query, Session
from listwatch.cli.table import (
    FALLBACK_COLUMNS,
    METADATA_ACCEPT,
    METADATA_LIST_ACCEPT,
    TABLE_ACCEPT,
    Column,
    Layout,
    Row,
    Table,
    read_table,
)
from listwatch.client.client import Client
from listwatch.client.pager import PAGE_SIZE, list_all
from listwatch.client.resource import ResourceClient
from listwatch.client.watch import Watch
from listwatch.reflector.list_watch import EVERYTHING, selecting


class ObjectSource:
    """A collection as objects.

    Args:
        session: The server.
        query: Which objects.
        metadata_only: Without spec, status and the rest, which costs the server and the network far less.
    """

    def __init__(self, session: Session, query: Query, *, metadata_only: bool = False) -> None:
        query = query.by_field
        self._selected = _selected_by(query)
        listing = session.accepting(METADATA_LIST_ACCEPT) if metadata_only else session.client
        watching = session.accepting(METADATA_ACCEPT) if metadata_only else session.client
        self._listing = _collection(listing, query)
        self._watching = _collection(watching, query)

    async def list(self, options: ListOptions = EVERYTHING) -> ObjectList[Unstructured]:
        """All objects as they are now, in whatever way `options` would have them.

        Raises:
            APIStatusError, TransportError, ProtocolError: The server could not be asked.
        """
        return await list_all(self._listing.list, self._selected(ListOptions(limit=PAGE_SIZE)))

    def watch(self, options: ListOptions = EVERYTHING) -> Watch[Unstructured]:
        """The changes after `options.resource_version`."""
        return self._watching.watch(self._selected(options))


class TableSource:
    """A collection as rows of the server's own table.

    Attributes:
        columns: Of the last answer.
    """

    def __init__(self, session: Session, query: Query) -> None:
        self._query = query.by_field
        self._name = query.name
        self._selected = _selected_by(self._query)
        self._client = session.accepting(TABLE_ACCEPT)
        self._watching = _collection(self._client, self._query)
        self.columns: tuple[Column, ...] = FALLBACK_COLUMNS

    def layout(self, *, wide: bool) -> Layout:
        """How rows are shown."""
        return Layout(self.columns, wide=wide, with_namespace=self._query.with_namespace)

    async def get(self) -> list[Row]:
        """The one object that the query names.

        Raises: as `list`; NotFound.
        """
        resource = self._query.resource.resource
        target = resource.path(namespace=self._query.namespace or None, name=self._name)
        return self._read(await self._client.get_raw(target), target).rows

    async def list(self, options: ListOptions = EVERYTHING) -> ObjectList[Row]:
        """All rows as they are now, in whatever way `options` would have them.

        Raises:
            APIStatusError, TransportError, ProtocolError: The server could not be asked.
        """
        return await list_all(self._page, self._selected(ListOptions(limit=PAGE_SIZE)))

    def watch(self, options: ListOptions = EVERYTHING) -> RowWatch:
        """The changes after `options.resource_version`."""
        return RowWatch(self._watching.watch(self._selected(options)), self)

    def row_event(self, event: WatchEvent[Unstructured]) -> WatchEvent[Row]:
        """An event whose object is a table of one row, as an event of that row."""
        if event.type is EventType.ERROR:
            return WatchEvent(event.type, status=event.status)
        table = self._note(read_table(event.object.to_dict()))
        row = table.rows[0] if table.rows else Row(ObjectKey("", ""))  # none: a bookmark
        if not row.resource_version:
            row.metadata.resource_version = ResourceVersion(table.resource_version)
        return WatchEvent(event.type, row)

    async def _page(self, options: ListOptions) -> ObjectList[Row]:
        path = self._query.resource.resource.path(namespace=self._query.namespace or None)
        target = f"{path}?{options.to_query()}"
        table = self._read(await self._client.get_raw(target), target)
        version = ResourceVersion(table.resource_version)
        return ObjectList(
            table.rows, metadata=ListMeta(resource_version=version, continue_=table.continue_ or None)
        )

    def _read(self, body: bytes, target: str) -> Table:
        try:
            document = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise DecodeError(f"GET {target}: neither a table nor a list: {error}") from None
        return self._note(read_table(document))

    def _note(self, table: Table) -> Table:
        if table.columns is not None:
            self.columns = table.columns
        return table


class RowWatch:
    """A watch of tables, read as one of rows: use it as a `client.watch.Watch`."""

    def __init__(self, watch: Watch[Unstructured], source: TableSource) -> None:
        self._watch = watch
        self._source = source

    async def __aenter__(self) -> Self:
        await self._watch.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._watch.__aexit__(kind, error, trace)

    async def __aiter__(self) -> AsyncIterator[WatchEvent[Row]]:
        async for batch in self.batches():
            for event in batch:
                yield event

    async def batches(self) -> AsyncIterator[list[WatchEvent[Row]]]:
        """The events as they arrive."""
        async for batch in self._watch.batches():
            yield [self._source.row_event(event) for event in batch]


def _collection(client: Client, query: Query) -> ResourceClient[Unstructured]:
    return client.resource(query.resource.resource, namespace=query.namespace)


def _selected_by(query: Query) -> Callable[[ListOptions], ListOptions]:
    return selecting(field_selector=query.field_selector, label_selector=query.label_selector)
