"""What exists, one cache for each collection, shared by all controllers.

In:    frames of one watch for each collection       (from life/client.py), and answers to our own writes
Out:   objects by uid, name, namespace and controller; `changed(before, after)` to whoever listens
Next:  life/controllers/controller.py
Rules: no await; the newer version of an object wins, whichever way it came. Since answers count as news, a controller
       sees its own writes at once, and none has to remember what it expects. Objects are shared: nobody changes them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypedDict

import msgspec

from listwatch.apiserver.life.client import LifeClient
from listwatch.apiserver.life.controllers.collections import Collection
from listwatch.apiserver.life.controllers.owners import controller_uid

JSONObject = dict[str, Any]
Changed = Callable[[JSONObject | None, JSONObject | None], None]

_log = logging.getLogger("listwatch.apiserver.life")


class _References(TypedDict, total=False):
    name: str
    namespace: str
    uid: str
    resourceVersion: str
    labels: dict[str, str]
    annotations: dict[str, str]
    finalizers: list[str]
    deletionTimestamp: str | None
    ownerReferences: list[dict[str, Any]]


class _Outline(TypedDict, total=False):
    apiVersion: str
    kind: str
    metadata: _References


_whole: msgspec.json.Decoder[JSONObject] = msgspec.json.Decoder(JSONObject)
_outline: msgspec.json.Decoder[_Outline] = msgspec.json.Decoder(_Outline)


class Cache:
    """The objects of one collection; a `WatchObserver`.

    Args:
        collection: Which.
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.is_whole = False
        self.has_synced = asyncio.Event()
        self._objects: dict[str, JSONObject] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._namespaces: defaultdict[str, dict[str, JSONObject]] = defaultdict(dict)
        self._controlled: defaultdict[str, dict[str, JSONObject]] = defaultdict(dict)
        self._listeners: list[Changed] = []
        self._untold: set[str] = set()
        self._removed: set[str] = set()

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[JSONObject]:
        return iter(self._objects.values())

    def listen(self, changed: Changed) -> None:
        """Tell of every change from now on: before, after; None where there is nothing."""
        self._listeners.append(changed)

    def with_uid(self, uid: str) -> JSONObject | None:
        """The object of that uid."""
        return self._objects.get(uid)

    def get(self, namespace: str, name: str) -> JSONObject | None:
        """The object of that name."""
        uid = self._names.get((namespace, name))
        return self._objects.get(uid) if uid is not None else None

    def in_namespace(self, namespace: str) -> list[JSONObject]:
        """All objects of a namespace, oldest first."""
        return list(self._namespaces.get(namespace, {}).values())

    def controlled_by(self, uid: str) -> list[JSONObject]:
        """All objects whose controller has that uid."""
        return list(self._controlled.get(uid, {}).values())

    def began(self) -> None:
        """A watch starts from the present state."""
        self._untold = set(self._objects)

    def saw(self, change: str, body: msgspec.Raw) -> None:
        """One frame."""
        try:
            found: Any = _whole.decode(body) if self.is_whole else _outline.decode(body)
            uid = str(found["metadata"]["uid"])
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            _log.warning("controllers pass over an object that they cannot read: %s", error)
            return
        self._untold.discard(uid)
        if change == "DELETED":
            self._removed.discard(uid)
            self._drop(uid)
        elif uid not in self._removed:
            self._put(found)

    def caught_up(self) -> None:
        """What was not told again is gone."""
        for uid in self._untold:
            self._drop(uid)
        self._untold.clear()
        self._removed.clear()
        self.has_synced.set()

    def wrote(self, answer: JSONObject) -> None:
        """The server has answered a write of ours with this object."""
        if answer.get("metadata", {}).get("uid") not in self._removed:
            self._put(answer)

    def removed(self, uid: str) -> None:
        """The server has answered a deletion of ours: the object is gone."""
        if uid in self._objects:
            self._removed.add(uid)
            self._drop(uid)

    def _put(self, found: JSONObject) -> None:
        meta = found["metadata"]
        uid = meta["uid"]
        before = self._objects.get(uid)
        if before is not None:
            if _version(found) <= _version(before):
                return
            self._unindex(uid, before)
        self._objects[uid] = found
        namespace = meta.get("namespace", "")
        self._names[namespace, meta["name"]] = uid
        self._namespaces[namespace][uid] = found
        owner = controller_uid(found)
        if owner:
            self._controlled[owner][uid] = found
        for each in self._listeners:
            each(before, found)

    def _drop(self, uid: str) -> None:
        before = self._objects.pop(uid, None)
        if before is None:
            return
        self._unindex(uid, before, gone=True)
        for each in self._listeners:
            each(before, None)

    def _unindex(self, uid: str, before: JSONObject, *, gone: bool = False) -> None:
        meta = before["metadata"]
        key = meta.get("namespace", ""), meta["name"]
        if gone and self._names.get(key) == uid:
            del self._names[key]
        if gone:
            group = self._namespaces[key[0]]
            group.pop(uid, None)
            if not group:
                del self._namespaces[key[0]]
        owner = controller_uid(before)
        if owner:
            group = self._controlled[owner]
            group.pop(uid, None)
            if not group:
                del self._controlled[owner]


def _version(value: JSONObject) -> int:
    version = value["metadata"].get("resourceVersion", "")
    return int(version) if version.isdecimal() else 0


class Caches:
    """All caches, each with one watch, begun when `run` finds it.

    Args:
        client: Who watches.
    """

    def __init__(self, client: LifeClient) -> None:
        self._client = client
        self._caches: dict[Collection, Cache] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._watches: dict[Collection, asyncio.Task[None]] = {}

    def __contains__(self, collection: object) -> bool:
        return collection in self._caches

    def of(self, collection: Collection, *, whole: bool = True) -> Cache:
        """The cache of a collection, made at the first call. One that is not `whole` keeps metadata only.

        A cache whose watch has begun stays as it is: ask for whole objects before.
        """
        cache = self._caches.get(collection)
        if cache is None:
            cache = self._caches[collection] = Cache(collection)
            if self._tasks is not None:
                self._watch(cache, self._tasks)
        cache.is_whole |= whole
        return cache

    def existing(self, collection: Collection) -> Cache | None:
        """The cache, if anybody wanted one."""
        return self._caches.get(collection)

    def discard(self, collection: Collection) -> None:
        """No longer watch a collection that is not served any more; its objects are gone."""
        cache = self._caches.pop(collection, None)
        watch = self._watches.pop(collection, None)
        if watch is not None:
            watch.cancel()
        if cache is not None:
            cache.began()
            cache.caught_up()

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin all watches, as tasks of that group."""
        self._tasks = tasks
        for cache in self._caches.values():
            self._watch(cache, tasks)

    async def synced(self, caches: Iterable[Cache] | None = None) -> None:
        """Wait until these caches, by default all, hold everything that existed."""
        for cache in list(self._caches.values()) if caches is None else caches:
            await cache.has_synced.wait()

    def _watch(self, cache: Cache, tasks: asyncio.TaskGroup) -> None:
        watch = self._client.follow(cache.collection.path, observer=cache)
        self._watches[cache.collection] = tasks.create_task(watch)
