"""Which objects of a collection a request means, and what that turns a change into.

In:    `ListOptions`, objects and `Change`s
Out:   yes or no; the event that a watcher with these selectors is told
Next:  reading.py, watch.py
Rules: pure. An object that begins to match is ADDED, one that ceases to is DELETED, told with its last matching
       state at the version of the change.
Source: API concepts, "Efficient detection of changes"; apiserver pkg/storage/cacher/cache_watcher.go
"""

from __future__ import annotations

from listwatch.apiserver.kinds.conversion import from_storage
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.kinds.selectable_fields import check_field_selector, field_values
from listwatch.apiserver.storage.revision_log import Change, ChangeType, StoredObject
from listwatch.apiserver.verbs.list_options import ListOptions


class Selection:
    """The label and field selectors of one request on one resource.

    Raises:
        APIFailure: 400 for a field by which this resource cannot be selected.
    """

    __slots__ = (
        "_field_selector",
        "_label_selector",
        "_resource",
        "_selectable",
        "_shard",
        "is_everything",
        "name",
    )

    def __init__(self, resource: Resource, options: ListOptions) -> None:
        self._selectable = None if resource.custom is None else resource.custom.selectable
        check_field_selector(
            resource.group, resource.name, options.field_selector, selectable=self._selectable
        )
        self._resource = resource
        self._label_selector = options.label_selector
        self._field_selector = options.field_selector
        self._shard = options.shard
        self.is_everything = options.selects_all
        self.name = options.field_selector.exact_value("metadata.name")
        """The one name that can match, or None."""

    def matches(self, stored: StoredObject) -> bool:
        """Whether the object is meant."""
        if self.is_everything:
            return True
        metadata = stored.object["metadata"]
        if self.name is not None and metadata["name"] != self.name:
            return False
        if self._shard is not None and not self._shard.matches(metadata):
            return False
        if not self._label_selector.matches(metadata.get("labels")):
            return False
        if self._field_selector.is_empty:
            return True
        value = from_storage(self._resource, stored.object)
        values = field_values(
            self._resource.group, self._resource.name, value, selectable=self._selectable or frozenset()
        )
        return self._field_selector.matches(values)

    def event(self, change: Change) -> tuple[ChangeType, StoredObject] | None:
        """What the watcher is told of `change`, or None for nothing."""
        if self.is_everything:
            return change.type, change.current
        before = change.previous if change.previous is not None and self.matches(change.previous) else None
        if change.type == "DELETED":
            return None if before is None else ("DELETED", change.current)
        if self.matches(change.current):
            return ("ADDED" if before is None else "MODIFIED"), change.current
        return None if before is None else ("DELETED", _departed(before, change.revision))


def _departed(last: StoredObject, revision: int) -> StoredObject:
    metadata = {**last.object["metadata"], "resourceVersion": str(revision)}
    return StoredObject(revision, {**last.object, "metadata": metadata})
