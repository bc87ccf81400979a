"""The life of CustomResourceDefinitions: named, established, served, and taken away with all that they made.

In:    changes of stored definitions
Out:   their status; resources in the registry, kinds among the schemas; the removal of their objects
Next:  custom/ decides, the registry and the schemas are what every verb asks
Rules: a listener only notes what has changed; `settle` does the rest, in writes of its own, before the next request is
       answered and as soon as the loop has time. So a create is answered with the bare definition, and who asks
       next finds it established. After a restart the same comes of the same stored definitions, written already.
Source: the controllers of apiextensions-apiserver (status, establish, finalizer, apiapproval) and its crdHandler
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.apply.field_manager import FieldManager
from listwatch.apiserver.custom.converter import ConversionNeeded, Converter
from listwatch.apiserver.custom.definition import (
    DEFINITIONS,
    Definition,
    definition_form,
    is_terminating,
    is_true,
)
from listwatch.apiserver.custom.definition_names import CLEANUP, approved, established, named, with_condition
from listwatch.apiserver.kinds.conversion import from_storage
from listwatch.apiserver.kinds.maps import JSONObject, items, peek, text
from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry
from listwatch.apiserver.kinds.schema import Schemas
from listwatch.apiserver.storage.revision_log import Change, StoredObject
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.watch import WatchHub
from listwatch.apiserver.wire.statuses import failure, storage_initializing

MANAGER: Final = "kube-apiserver"
Converters = Callable[[JSONObject], Converter]
_log = logging.getLogger("listwatch.apiserver")


class Definitions:
    """All definitions of one server.

    Args:
        hub: Ends the watches of what is no longer as it was.
        registry: Where resources are served.
        schemas: Where kinds are known.
        resource: The resource of definitions themselves.
        clock: For the conditions' times.
        delete: Deletes one object as a client without options would.
        converters: Gives the converter that a stored definition asks for.
        fields: Remembers that the status is the server's own.
    """

    def __init__(
        self,
        hub: WatchHub,
        registry: ResourceRegistry,
        schemas: Schemas,
        *,
        resource: Resource,
        clock: Clock,
        delete: Callable[[Resource, str, str], None],
        converters: Converters,
        fields: FieldManager,
    ) -> None:
        self._hub = hub
        self._storage: Storage = hub.storage
        self._registry = registry
        self._schemas = schemas
        self._resource = resource
        self._clock = clock
        self._delete = delete
        self._converters = converters
        self._fields = fields
        self._changed: dict[str, None] = {}
        self._served: dict[str, Definition] = {}
        self._draining: dict[str, str] = {}
        self._ready: set[str] = set()
        self._is_settling = False
        self._is_unread = False
        self._storage.listen(self._note)

    def resume(self) -> None:
        """Serve what the log has, as after a restart: from the first `settle` on, or as soon as the loop has time."""
        self._is_unread = True
        self._settle_later()

    def settle(self) -> None:
        """Bring everything to where the stored definitions want it."""
        if self._is_unread:
            self._is_unread = False
            self._read_all()
        if not self._changed or self._is_settling:
            return
        self._is_settling = True
        try:
            while self._changed:
                name = next(iter(self._changed))
                del self._changed[name]
                self._look_at(name)
        finally:
            self._is_settling = False

    def _read_all(self) -> None:
        """Serve what was established before; the others are looked at as if they had changed."""
        found: dict[str, list[Resource]] = {}
        for name, stored in self._storage.state(self._resource).items():
            value = stored.object
            if value["metadata"].get("deletionTimestamp") or not is_true(value, "Established"):
                self._changed[name] = None
                continue
            definition = self._served[name] = Definition(
                value, definition_form(value), self._converters(value)
            )
            found[name] = definition.resources()
            self._ready.add(definition.form)
            self._know(found[name])
        if found:
            self._registry.serve_all(found)

    def _know(self, resources: list[Resource]) -> None:
        for resource in resources:
            if resource.custom is not None:
                self._schemas.add(resource.group, resource.version, resource.kind, resource.custom)

    def make_ready(self, name: str) -> None:
        """Let the first request of all be a watch: for definitions that a program makes for itself."""
        if (definition := self._served.get(name)) is not None:
            self._ready.add(definition.form)

    def as_stored(self, resource: Resource) -> Resource:
        """A resource as the server itself deletes from it: without asking anybody to convert its objects."""
        definition = self._served.get(resource.storage)
        return resource if definition is None else _as_stored(definition)

    def needs(self, resource: Resource) -> list[ConversionNeeded]:
        """What reading the whole collection in this version would need, to be asked for at once."""
        found: list[ConversionNeeded] = []
        for stored in self._storage.objects(resource):
            try:
                from_storage(resource, stored.object)
            except ConversionNeeded as needed:
                found.append(needed)
        return found

    def admit(self, call: Call) -> None:
        """Let a call on a custom resource pass, or refuse it.

        Raises:
            APIFailure: 429 for a watch that comes before anything else (the real server begins to fill its cache
                then); 405 for a create while the definition is being deleted.
        """
        custom = call.resource.custom
        definition = self._served.get(call.resource.storage)
        if custom is None or definition is None:
            return
        call.warnings.extend(custom.warnings)
        is_new = definition.form not in self._ready
        self._ready.add(definition.form)
        if is_new and call.info.verb == "watch":
            raise storage_initializing()
        if call.info.verb == "create" and is_terminating(definition.stored):
            message = "create not allowed while custom resource definition is terminating"
            details = {"group": call.resource.group, "kind": call.resource.name}
            raise failure(405, message, reason="MethodNotAllowed", details=details)

    def _note(self, change: Change) -> None:
        if change.resource == DEFINITIONS:
            self._changed[change.key] = None
        elif change.resource in self._draining and change.type == "DELETED":
            self._changed[self._draining[change.resource]] = None
        else:
            return
        self._settle_later()

    def _settle_later(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # without a loop there is no request either before somebody has settled
        loop.call_soon(self._settle_soon)

    def _settle_soon(self) -> None:
        try:
            self.settle()
        except Exception:  # noqa: BLE001 - a fault must not end the loop; it is told
            _log.exception("custom resource definitions could not be settled")

    def _look_at(self, name: str) -> None:
        stored = self._storage.get(self._resource, "", name)
        if stored is None:
            self._withdraw(name)
            return
        for step in (self._name, self._establish, self._approve):
            stored = step(stored)
        self._serve(stored.object)
        if stored.object["metadata"].get("deletionTimestamp"):
            self._empty(stored)

    def _name(self, stored: StoredObject) -> StoredObject:
        own = stored.object["metadata"]["name"]
        others = (
            each.object
            for _, each in self._storage.state(self._resource).items()
            if each.object["metadata"]["name"] != own
        )
        return self._put(stored, named(stored.object, others, self._clock.now()))

    def _establish(self, stored: StoredObject) -> StoredObject:
        return self._put(stored, established(stored.object, self._clock.now()))

    def _approve(self, stored: StoredObject) -> StoredObject:
        return self._put(stored, approved(stored.object, self._clock.now()))

    def _put(self, stored: StoredObject, value: JSONObject) -> StoredObject:
        if value is stored.object or value == stored.object:
            return stored
        name = stored.object["metadata"]["name"]
        copied = {**value, "metadata": dict(value["metadata"])}
        self._fields.track(
            self._resource,
            views.typed(self._resource, stored.object),
            copied,
            manager=MANAGER,
            now=self._clock.now(),
            subresource="status",
        )
        put = self._storage.put(self._resource, "", name, copied)
        self._changed.pop(name, None)  # our own change
        return put

    def _serve(self, value: JSONObject) -> None:
        name = value["metadata"]["name"]
        if not is_true(value, "Established"):
            self._withdraw(name)
            return
        before = self._served.get(name)
        definition = Definition(value, definition_form(value), self._converters(value))
        if before is not None and _is_served_alike(before.stored, value):
            definition = before
            if is_terminating(before.stored) == is_terminating(value):
                return
            before.stored = value
        elif before is not None:
            self._withdraw(name)
        self._served[name] = definition
        resources = definition.resources()
        self._registry.serve(name, resources)
        self._know(resources)

    def _withdraw(self, name: str) -> None:
        definition = self._served.pop(name, None)
        if definition is None:
            return
        self._registry.serve(name, ())
        self._draining.pop(definition.collection, None)
        for version in definition.versions:
            self._schemas.remove(definition.group, version, definition.kind)
        self._hub.end(definition.collection)
        self._retry_names(definition.group)

    def _retry_names(self, group: str) -> None:
        """Names are free: look again at those who did not get theirs."""
        for key, stored in self._storage.state(self._resource).items():
            value = stored.object
            if text(value, "spec", "group") == group and not is_true(value, "NamesAccepted"):
                self._changed[key] = None

    def _empty(self, stored: StoredObject) -> None:
        """Delete all objects of a definition that is being deleted; when none is left, let it go."""
        value, name = stored.object, stored.object["metadata"]["name"]
        if CLEANUP not in items(value, "metadata", "finalizers"):
            return
        definition = self._served.get(name)
        if definition is not None and definition.storage_version:
            self._delete_all(definition)
            if any(True for _ in self._storage.objects(_as_stored(definition))):
                self._draining[definition.collection] = name
                told = "InstanceDeletionInProgress", "CustomResource deletion is in progress"
                self._put(stored, with_condition(value, "Terminating", "True", *told, self._clock.now()))
                return
            self._draining.pop(definition.collection, None)
        told = "InstanceDeletionCompleted", "removed all instances"
        done = with_condition(value, "Terminating", "False", *told, self._clock.now())
        metadata = dict(done["metadata"])
        left = [each for each in metadata["finalizers"] if each != CLEANUP]
        if left:
            metadata["finalizers"] = left
            self._put(stored, {**done, "metadata": metadata})
        else:
            self._storage.delete(self._resource, "", name)
            self._changed.pop(name, None)
            self._withdraw(name)

    def _delete_all(self, definition: Definition) -> None:
        resource = _as_stored(definition)
        for each in list(self._storage.objects(resource)):
            metadata = each.object["metadata"]
            if not metadata.get("deletionTimestamp"):
                self._delete(resource, metadata.get("namespace", ""), metadata["name"])


def _as_stored(definition: Definition) -> Resource:
    """The resource for the server's own deletions, which look at no object's content and so need no conversion."""
    return Definition(definition.stored, definition.form).resource(definition.storage_version)


def _is_served_alike(one: JSONObject, other: JSONObject) -> bool:
    return (
        definition_form(one) == definition_form(other)
        and one.get("spec") == other.get("spec")
        and peek(one, "status", "acceptedNames") == peek(other, "status", "acceptedNames")
    )
