"""One answer to a list: the objects of a page, and where the server's history stood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic

import msgspec

from listwatch.apimachinery.meta import ListMeta, ResourceVersion
from listwatch.apimachinery.object import AnyObject


class ObjectList(Generic[AnyObject]):
    """One answer to a list: the objects, and where the server's history stood.

    Iterates over the objects. With paging this is one page; `metadata.continue_` names the next.
    """

    __slots__ = ("api_version", "items", "kind", "metadata")

    def __init__(
        self,
        items: list[AnyObject],
        *,
        metadata: ListMeta | None = None,
        api_version: str = "",
        kind: str = "",
    ) -> None:
        self.items = items
        self.metadata = metadata or ListMeta()
        self.api_version = api_version
        self.kind = kind

    @property
    def resource_version(self) -> ResourceVersion:
        """Watch from here to miss nothing."""
        return self.metadata.resource_version or ResourceVersion("")

    def __iter__(self) -> Iterator[AnyObject]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"<{self.kind or 'ObjectList'} of {len(self.items)} at {self.resource_version or None}>"

    def to_json(self) -> bytes:
        """The list as JSON, with items as they came."""
        head = {"apiVersion": self.api_version, "kind": self.kind}
        parts = [b'"%s":%s' % (k.encode(), msgspec.json.encode(v)) for k, v in head.items() if v]
        parts.append(b'"metadata":' + msgspec.json.encode(self.metadata))
        parts.append(b'"items":[%s]' % b",".join(item.to_json(type_meta=False) for item in self.items))
        return b"{%s}" % b",".join(parts)
