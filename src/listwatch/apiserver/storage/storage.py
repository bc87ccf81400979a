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
from typing import TYPE_CHECKING, Any

from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.storage.revision_log import Change, RevisionLog, State, StoredObject

if TYPE_CHECKING:  # a server in memory shall not load what a disk needs
    from listwatch.apiserver.storage.group_commit import GroupCommit

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

    Ordering: listeners hear of changes in the order of their revisions. A listener must not write. With a group commit
    there are two kinds: `listen` tells of a change when it is made, and if it has to be undone, of its opposite;
    `follow` tells of it when it may be told to others. Without one both are the same moment.

    Attributes:
        after_undo: Called when changes had to be undone, after the listeners.

    Args:
        log: Where changes go.
        commits: Keeps them on disk, if there is one.
    """

    def __init__(self, log: RevisionLog, commits: GroupCommit | None = None) -> None:
        self.log = log
        self.commits = commits
        self._listeners: list[Listener] = []
        self._followers: list[Listener] = []
        self.after_undo: Callable[[], None] = lambda: None
        if commits is not None:
            commits.attach(log)
            commits.on_settled = self._settled
            commits.on_undone = self._undone

    @property
    def revision(self) -> int:
        """Of the newest change."""
        return self.log.revision

    @property
    def visible(self) -> int:
        """The newest revision that may be told of."""
        return self.log.visible

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every change from now on."""
        self._listeners.append(listener)

    def follow(self, follower: Listener) -> None:
        """Tell `follower` of every change that may be told to others, from now on."""
        self._followers.append(follower)

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
        if self.commits is not None:
            self.commits.add(change)
        else:
            for follower in self._followers:
                follower(change)
        return change

    def _settled(self, changes: list[Change]) -> None:
        for change in changes:
            for follower in self._followers:
                follower(change)

    def _undone(self, opposites: list[Change]) -> None:
        for change in opposites:
            for listener in self._listeners:
                listener(change)
        self.after_undo()
