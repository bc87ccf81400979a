"""Collections to list and to follow: as objects, as metadata only, as a server's table.

In:    a `Session` and a `Query`                   (cli/connect.py)
Out:   objects or rows, with the version they are of; watches of them
Next:  cli/follow.py
Rules: asks for no more than the output needs: only json and yaml need whole objects
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from listwatch.apimachinery.errors import DecodeError, Expired
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.cli.connect import Query, Session
from listwatch.cli.follow import Batches
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
from listwatch.client.pager import PAGE_SIZE
from listwatch.client.resource import ResourceClient


class ObjectSource:
    """A collection as objects.

    Args:
        session: The server.
        query: Which objects.
        metadata_only: Without spec, status and the rest, which costs the server and the network far less.
    """

    def __init__(self, session: Session, query: Query, *, metadata_only: bool = False) -> None:
        self._query = query.by_field
        listing = session.accepting(METADATA_LIST_ACCEPT) if metadata_only else session.client
        watching = session.accepting(METADATA_ACCEPT) if metadata_only else session.client
        self._listing = _collection(listing, self._query)
        self._watching = _collection(watching, self._query)

    async def list(self) -> tuple[Sequence[Unstructured], str]:
        """All objects, and the version to watch from.

        Raises:
            APIStatusError, TransportError, ProtocolError: The server could not be asked.
        """
        page = await self._listing.list_all(
            label_selector=self._query.label_selector, field_selector=self._query.field_selector
        )
        return page.items, page.resource_version

    def watch(self, resource_version: str) -> AbstractAsyncContextManager[Batches[Unstructured]]:
        """Changes after that version."""
        return self._watching.watch(_watch_options(self._query, resource_version))


class TableSource:
    """A collection as rows of the server's own table.

    Attributes:
        columns: Of the last answer.
    """

    def __init__(self, session: Session, query: Query) -> None:
        self._query = query.by_field
        self._name = query.name
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

    async def list(self) -> tuple[Sequence[Row], str]:
        """All rows, and the version to watch from. See `client.pager.list_all` about pages.

        Raises:
            APIStatusError, TransportError, ProtocolError: The server could not be asked.
        """
        options = ListOptions(
            label_selector=self._query.label_selector,
            field_selector=self._query.field_selector,
            limit=PAGE_SIZE,
        )
        page = await self._page(options)
        rows = page.rows
        while page.continue_:
            try:
                page = await self._page(replace(options, continue_=page.continue_))
            except Expired:
                page = await self._page(replace(options, limit=None))
                rows = []
            rows = [*rows, *page.rows]
        return rows, page.resource_version

    @asynccontextmanager
    async def watch(self, resource_version: str) -> AsyncIterator[Batches[Row]]:
        """Changes after that version."""
        async with self._watching.watch(_watch_options(self._query, resource_version)) as watch:
            yield _RowBatches(watch, self)

    def row_event(self, event: WatchEvent[Unstructured]) -> WatchEvent[Row]:
        """An event whose object is a table of one row, as an event of that row."""
        if event.type is EventType.ERROR:
            return WatchEvent(event.type, status=event.status)
        table = self._note(read_table(event.object.to_dict()))
        if not table.rows:  # a bookmark
            return WatchEvent(event.type, Row(ObjectKey("", ""), resource_version=table.resource_version))
        row = table.rows[0]
        version = row.resource_version or table.resource_version
        return WatchEvent(event.type, replace(row, resource_version=version))

    async def _page(self, options: ListOptions) -> Table:
        path = self._query.resource.resource.path(namespace=self._query.namespace or None)
        target = f"{path}?{options.to_query()}"
        return self._read(await self._client.get_raw(target), target)

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


@dataclass(frozen=True, slots=True)
class _RowBatches:
    watch: Batches[Unstructured]
    source: TableSource

    async def batches(self) -> AsyncIterator[list[WatchEvent[Row]]]:
        async for batch in self.watch.batches():
            yield [self.source.row_event(event) for event in batch]


def _collection(client: Client, query: Query) -> ResourceClient[Unstructured]:
    return client.resource(query.resource.resource, namespace=query.namespace)


def _watch_options(query: Query, resource_version: str) -> ListOptions:
    return ListOptions(
        label_selector=query.label_selector,
        field_selector=query.field_selector,
        resource_version=resource_version,
        allow_watch_bookmarks=True,
    )
