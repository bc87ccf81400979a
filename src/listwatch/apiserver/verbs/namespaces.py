"""Namespaces: what may be made in them, what they are made of, and how they end.

In:    creations to admit; namespaces that are being deleted
Out:   refusals; an emptied, then removed namespace
Next:  deletion.py empties it
Rules: `NamespaceAdmission` decides and does no I/O; `NamespaceEnds` is the one task per dying namespace. Content goes
       by ordinary deletions, so finalizers and pods' grace periods hold a namespace up, as they should.
Source: Kubernetes docs, "Namespaces"; admission plugin NamespaceLifecycle; the namespace controller
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.namespace_conditions import conditions_of
from listwatch.apiserver.verbs.watch import WatchHub
from listwatch.apiserver.wire.statuses import not_found, terminating
from listwatch.apiserver.wire.timestamps import format_timestamp

JSONObject = dict[str, Any]
SEEDED: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
_COLLECTION: Final = "namespaces"
_log = logging.getLogger("listwatch.apiserver")


class NamespaceAdmission:
    """What the existence and the life of namespaces mean for creations."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def check_create(self, resource: Resource, namespace: str, name: str) -> None:
        """Refuse to make something in a namespace that is not there, or is on its way out.

        Raises:
            APIFailure: 404 or 403.
        """
        if not resource.namespaced:
            return
        found = self._storage.log.get(_COLLECTION, namespace)
        if found is None:
            raise not_found("", "namespaces", namespace)
        if found.object["metadata"].get("deletionTimestamp"):
            raise terminating(namespace, resource.group, resource.name, name)


class NamespaceEnds:
    """Empties namespaces that are being deleted, then removes them.

    Args:
        hub: Where to wait for what is left to go.
        registry: All resources, to find what is in a namespace.
        delete: Deletes one object as a client without options would.
        finish: Removes a namespace that has nothing in it any more.
        delay: Seconds between a namespace's deletion and the first look at its content.
    """

    def __init__(
        self,
        hub: WatchHub,
        registry: ResourceRegistry,
        *,
        delete: Callable[[Resource, str, str], None],
        finish: Callable[[str], None],
        delay: float,
    ) -> None:
        self._hub = hub
        self._storage = hub.storage
        self._clock: Clock = hub.clock
        self._registry = registry
        self._delete = delete
        self._finish = finish
        self._delay = delay
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, name: str) -> None:
        """See to it that the namespace, which is being deleted, comes to its end. Repeating it does nothing."""
        task = self._tasks.get(name)
        if task is None or task.done():
            self._tasks[name] = asyncio.get_running_loop().create_task(
                self._end(name), name=f"end of namespace {name}"
            )

    def resume(self) -> None:
        """Begin with every namespace that is being deleted already, as after a restart."""
        for name, _ in self._storage.log.state(_COLLECTION).items():  # noqa: PERF102 (no dict)
            if self._is_dying(name):
                self.begin(name)

    async def aclose(self) -> None:
        """Leave the namespaces as they are."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _end(self, name: str) -> None:
        try:
            await self._clock.sleep(self._delay)
            while self._is_dying(name):
                left = self._empty(name)
                self._tell(name, left)
                if not left:
                    self._finish(name)
                    break
                # Whatever goes, goes by a change; more than one round is rare, so any change will do.
                await self._hub.wait_for_version(self._storage.visible + 1)
                if self._hub.is_closed:
                    break
        except Exception:
            _log.exception("namespace %s could not be emptied; it stays Terminating", name)
            raise
        finally:
            self._tasks.pop(name, None)

    def _is_dying(self, name: str) -> bool:
        found = self._storage.log.get(_COLLECTION, name)
        return found is not None and bool(found.object["metadata"].get("deletionTimestamp"))

    def _tell(self, name: str, left: list[tuple[Resource, JSONObject]]) -> None:
        """Write what the namespace waits for; nothing, if it never had to wait."""
        found = self._storage.log.get(_COLLECTION, name)
        if found is None:
            return
        status = found.object.get("status", {})
        before = status.get("conditions") or []
        if not left and not before:
            return
        counts = Counter(f"{resource.name}.{resource.group}" for resource, _ in left)
        held = Counter(each for _, value in left for each in value["metadata"].get("finalizers") or ())
        conditions = conditions_of(counts, held, before, format_timestamp(self._clock.now()))
        if conditions != before:
            value = {**found.object, "metadata": dict(found.object["metadata"])}
            resource = next(each for each in self._registry.stored() if each.storage == _COLLECTION)
            self._storage.put(resource, "", name, {**value, "status": {**status, "conditions": conditions}})

    def _empty(self, name: str) -> list[tuple[Resource, JSONObject]]:
        """Delete what is in the namespace; gives what is left."""
        left: list[tuple[Resource, JSONObject]] = []
        for resource in self._registry.stored():
            if not resource.namespaced:
                continue
            for stored in list(self._storage.objects(resource, name)):
                metadata = stored.object["metadata"]
                if not metadata.get("deletionTimestamp"):
                    self._delete(resource, name, metadata["name"])
                still = self._storage.get(resource, name, metadata["name"])
                if still is not None:
                    left.append((resource, still.object))
        return left
