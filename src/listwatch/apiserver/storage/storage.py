"""The log with names: objects found by resource, namespace and name, and listeners told of every change.

In:    finished objects                (from writing.py, deletion.py, namespaces.py)
Out:   `StoredObject`s; each `Change`, told to every listener the moment it is made
Next:  revision_log.py below, watch.py as a listener
Rules: synchronous; a write is complete, logged and told before the call returns, so nothing can come between the
       reading and the writing of a request that does not await in between.
Source: apiserver pkg/storage, without its optimism: there is one writer, so there are no retries
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.storage.revision_log import Change, RevisionLog, State, StoredObject

JSONObject = dict[str, Any]
Listener = Callable[[Change], None]


def object_key(namespace: str, name: str) -> str:
    """The key of an object within its collection."""
    return f"{namespace}/{name}" if namespace else name


def key_range(namespace: str) -> tuple[str, str | None]:
    """The first key of a namespace, and the first key that is no longer in it; all keys for ""."""
    return (namespace + "/", namespace + "0") if namespace else ("", None)  # "0" comes right after "/"


class Storage:
    """The objects of all resources.

    Ordering: listeners hear of changes in the order of their revisions. A listener must not write.
    """

    def __init__(self, log: RevisionLog) -> None:
        self.log = log
        self._listeners: list[Listener] = []

    @property
    def revision(self) -> int:
        """Of the newest change."""
        return self.log.revision

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every change from now on."""
        self._listeners.append(listener)

    def get(self, resource: Resource, namespace: str, name: str) -> StoredObject | None:
        """The current object, or None."""
        return self.log.get(resource.storage, object_key(namespace, name))

    def state(self, resource: Resource) -> State:
        """The current objects, immutable, sorted by key."""
        return self.log.state(resource.storage)

    def objects(self, resource: Resource, namespace: str = "") -> Iterator[StoredObject]:
        """The current objects of a namespace, or of all."""
        return (stored for _, stored in self.state(resource).items(*key_range(namespace)))

    def put(self, resource: Resource, namespace: str, name: str, value: JSONObject) -> StoredObject:
        """Store a finished object; it belongs to the log from then on."""
        return self._tell(self.log.put(resource.storage, object_key(namespace, name), value)).current

    def delete(self, resource: Resource, namespace: str, name: str) -> StoredObject:
        """Remove an object; gives its last state, versioned by the deletion.

        Raises:
            KeyError: There is none. Nothing is changed.
        """
        return self._tell(self.log.delete(resource.storage, object_key(namespace, name))).current

    def _tell(self, change: Change) -> Change:
        for listener in self._listeners:
            listener(change)
        return change
