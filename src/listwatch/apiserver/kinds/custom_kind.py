"""What a kind must be able to do that is not built in, so that every stage treats it like those that are.

In:    objects of the kind, in the version in which they are served
Out:   the same answers that kinds/ has for built-in kinds from its tables
Next:  `Resource.custom` holds one; kind_rules.py and the stages above kinds/ ask it
Rules: a promise only: custom/kind.py keeps it. Nothing here knows of CustomResourceDefinitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from listwatch.apiserver.kinds.causes import Cause
from listwatch.apiserver.kinds.schema import Node

JSONObject = dict[str, Any]


class CustomKind(Protocol):
    """One kind in one version, as somebody has defined it at run time. Pure: no method changes what it is given."""

    @property
    def form(self) -> str:
        """A name for how its objects look when served: bytes encoded under another name are of no use."""
        ...

    @property
    def node(self) -> Node:
        """Its shape, for merging and for apply."""
        ...

    @property
    def list_kind(self) -> str:
        """The kind of a page of these."""
        ...

    @property
    def storage_version(self) -> str:
        """The version in which its objects are stored."""
        ...

    @property
    def has_status(self) -> bool:
        """Whether `status` is a part of its own, which a writer of the object does not write."""
        ...

    @property
    def scale(self) -> Mapping[str, str] | None:
        """The paths of its scale, as `subresources.scale` has them; None if it has none."""
        ...

    @property
    def selectable(self) -> frozenset[str]:
        """The fields by which its objects can be selected, as dotted paths, beside name and namespace."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What every request on this version is told."""
        ...

    def decode(self, obj: JSONObject) -> tuple[JSONObject, list[str]]:
        """A body as it is understood: pruned and with its defaults; and the paths of the fields that were dropped.

        Raises:
            SchemaError: The metadata, or an embedded object's, has a wrong type.
        """
        ...

    def from_storage(self, value: JSONObject) -> JSONObject:
        """A stored object in this version, without `apiVersion` and `kind`."""
        ...

    def to_storage(self, value: JSONObject) -> JSONObject:
        """An object of this version, with or without `apiVersion` and `kind`, as it is stored."""
        ...

    def validate_create(self, obj: JSONObject) -> list[Cause]:
        """Every reason against the content of a new object; metadata's are looked for elsewhere."""
        ...

    def validate_update(self, new: JSONObject, old: JSONObject, *, subresource: str) -> list[Cause]:
        """Every reason against the content of a changed object; what was wrong before may stay as it was."""
        ...

    def table(
        self, objects: list[JSONObject], *, now: datetime
    ) -> tuple[list[JSONObject], list[list[object]]]:
        """The columns of its Tables and the cells of each object."""
        ...
