"""Garbage collection: what belongs to nobody goes, and owners that are deleted take or leave their dependents.

In:    every collection that can be watched and deleted from, as discovery tells; also custom resources, as they come
Out:   deletions; owner references and finalizers taken away
Next:  life/controllers/garbage_graph.py decides
Rules: that an owner is missing is verified at the server before anything is deleted. An owner of a kind that is not
       served proves nothing: the object stays until the kind is known. Events are nobody's garbage.
Source: kubernetes/pkg/controller/garbagecollector
"""

from __future__ import annotations

from functools import partial

from listwatch.apiserver.life.controllers.actions import Action, Note, delete, patch, tell
from listwatch.apiserver.life.controllers.collections import CUSTOM_RESOURCES, Collection
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.garbage_graph import (
    FOREGROUND,
    ORPHAN,
    Fate,
    Graph,
    judge,
    references,
    waits_for_dependents,
)
from listwatch.apiserver.life.controllers.owners import JSONObject, is_deleted

_NEEDED_VERBS = frozenset({"delete", "list", "watch"})
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_REFRESH = ("", "")
# A new kind is served a moment after its definition says so.
_REFRESH_SECONDS = 0.1
_RETRY_SECONDS = 1.0


class GarbageCollector(Controller):
    """Collects garbage. Keys are uids."""

    name = "generic-garbage-collector"
    component = "garbage-collector-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._graph = Graph()
        self._kinds: dict[tuple[str, str], Collection] = {}
        self._unclear: set[str] = set()

        self._is_complete = False
        self.enqueue_key(_REFRESH)
        self.caches.of(CUSTOM_RESOURCES, whole=False).listen(
            lambda before, after: self.enqueue_key(_REFRESH, delay=_REFRESH_SECONDS)
        )

    async def sync(self, namespace: str, name: str) -> None:
        """Do what has to be done about one object."""
        if (namespace, name) == _REFRESH:
            await self._discover()
            return
        found = self._graph.find(name)
        if found is None:
            return
        if not self._is_complete:
            self._unclear.add(name)
            return
        collection, value = found
        finalizers = value["metadata"].get("finalizers") or ()
        if is_deleted(value) and ORPHAN in finalizers:
            await self._orphan(collection, value)
        elif waits_for_dependents(value):
            await self._finish_foreground(collection, value)
        elif references(value) and not is_deleted(value):
            await self._look_for_owners(collection, value)

    def _enqueue_uid(self, uid: str) -> None:
        self.enqueue_key(("uid", uid))

    def _changed(self, collection: Collection, before: JSONObject | None, after: JSONObject | None) -> None:
        for uid in sorted(self._graph.changed(collection, before, after)):
            self._enqueue_uid(uid)

    async def _discover(self) -> None:
        """Watch what is served, and no longer what is not. Nothing is judged before all that exists is known."""
        kinds: dict[tuple[str, str], Collection] = {}
        for root in ("/api", "/apis"):
            status, document = await self.hands.get(root, accept=_DISCOVERY)
            if status != 200:
                self.enqueue_key(_REFRESH, delay=_RETRY_SECONDS)
                return
            kinds.update(_collections(document))
        for collection in {*kinds.values()} - {*self._kinds.values()}:
            cache = self.caches.of(collection, whole=False)
            cache.listen(partial(self._changed, collection))
            for each in list(cache):  # another controller's cache may be full already
                self._changed(collection, None, each)
        for collection in {*self._kinds.values()} - {*kinds.values()}:
            self.caches.discard(collection)
        self._kinds = kinds
        if not self._is_complete:
            await self.caches.synced()
            self._is_complete = True
        for uid in self._unclear:
            self._enqueue_uid(uid)
        self._unclear.clear()

    async def _orphan(self, collection: Collection, value: JSONObject) -> None:
        uid = value["metadata"]["uid"]
        for each in self._graph.dependents(uid):
            found = self._graph.find(each)
            if found is not None:
                left = [held for held in references(found[1]) if held["uid"] != uid]
                await self.hands.do(_with_owners(found[0], found[1], left))
        await self.hands.do(_without_finalizer(collection, value, ORPHAN))

    async def _finish_foreground(self, collection: Collection, value: JSONObject) -> None:
        blockers = self._graph.blockers(value["metadata"]["uid"])
        if not blockers:
            await self.hands.do(_without_finalizer(collection, value, FOREGROUND))
        for each in [*blockers, *self._graph.dependents(value["metadata"]["uid"])]:
            found = self._graph.find(each)
            if found is not None and not is_deleted(found[1]):
                self._enqueue_uid(each)

    async def _look_for_owners(self, collection: Collection, value: JSONObject) -> None:
        uid = value["metadata"]["uid"]
        fates: list[tuple[JSONObject, Fate]] = []
        for each in references(value):
            fate = await self._fate(collection, value, each)
            if fate is None:
                self._unclear.add(uid)
                return
            fates.append((each, fate))
        verdict = judge(value, fates, has_dependents=bool(self._graph.dependents(uid)))
        if verdict.keeps is not None:
            await self.hands.do(_with_owners(collection, value, list(verdict.keeps)))
        elif verdict.deletes:
            await self.hands.do(delete(collection, value, policy=verdict.deletes))

    async def _fate(self, collection: Collection, value: JSONObject, reference: JSONObject) -> Fate | None:
        """How an owner stands; None if its kind is not known."""
        namespace = value["metadata"].get("namespace", "")
        known = self._graph.find(reference["uid"])
        if known is not None and _is_meant(known, reference, namespace):
            return Fate.WAITING if waits_for_dependents(known[1]) else Fate.SOLID
        kind = reference.get("kind", "")
        home = self._kinds.get((reference.get("apiVersion", "").rpartition("/")[0], kind))
        if home is None:
            return None
        if home.namespaced and not collection.namespaced:
            message = (
                f"ownerRef [{reference.get('apiVersion')}/{kind}, namespace: {namespace}, name: "
                f"{reference.get('name')}, uid: {reference['uid']}] does not exist in namespace "
                f'"{namespace}"'
            )
            await self.hands.do(tell(Note(value, "OwnerRefInvalidNamespace", message, "Warning")))
            return Fate.SOLID  # nothing can be said about an owner that cannot be looked for
        status, answer = await self.hands.get(home.of(namespace, reference.get("name", "")))
        if status == 404 or (status == 200 and answer["metadata"].get("uid") != reference["uid"]):
            return Fate.DANGLING
        return Fate.WAITING if status == 200 and waits_for_dependents(answer) else Fate.SOLID


def _is_meant(known: tuple[Collection, JSONObject], reference: JSONObject, namespace: str) -> bool:
    collection, owner = known
    return (
        (collection.kind, owner["metadata"]["name"]) == (reference.get("kind"), reference.get("name"))
        and owner["metadata"].get("namespace", namespace) == namespace
        and collection.api_version.rpartition("/")[0] == reference.get("apiVersion", "").rpartition("/")[0]
    )


def _with_owners(collection: Collection, value: JSONObject, left: list[JSONObject]) -> Action:
    meta = {"ownerReferences": left or None, "resourceVersion": value["metadata"]["resourceVersion"]}
    return patch(collection, value, {"metadata": meta})


def _without_finalizer(collection: Collection, value: JSONObject, name: str) -> Action:
    left = [each for each in value["metadata"]["finalizers"] if each != name]
    meta = {"finalizers": left or None, "resourceVersion": value["metadata"]["resourceVersion"]}
    return patch(collection, value, {"metadata": meta})


def _collections(document: JSONObject) -> dict[tuple[str, str], Collection]:
    """What an aggregated discovery document offers to be watched and deleted: the preferred version of each kind."""
    found: dict[tuple[str, str], Collection] = {}
    for group in document.get("items") or ():
        name = group["metadata"].get("name", "")
        for version in group["versions"]:
            api_version = f"{name}/{version['version']}" if name else version["version"]
            for each in version.get("resources") or ():
                kind = each.get("responseKind", {}).get("kind", "")
                if kind == "Event" or not set(each["verbs"]) >= _NEEDED_VERBS:
                    continue
                collection = Collection(
                    api_version, each["resource"], kind, namespaced=each["scope"] == "Namespaced"
                )
                found.setdefault((name, kind), collection)
    return found
