"""Delete and deletecollection: what goes at once, what is only marked, and what is answered.

In:    a `Call`
Out:   a `Response`; changes in the log
Next:  storage.py; namespaces.py for namespaces
Rules: synchronous up to the answer, as writing.py is. `plan` decides, `Deleter` does. An object with finalizers or a
       grace period is marked (MODIFIED) and stays until they are over.
Source: apiserver pkg/registry/rest/delete.go, pkg/registry/generic/registry/store.go; KEP-1513 for the wording of
        preconditions; Kubernetes docs, "Garbage Collection"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Response
from listwatch.apiserver.custom.definition import DEFINITIONS
from listwatch.apiserver.custom.definition_names import mark_definition
from listwatch.apiserver.kinds.conversion import from_storage
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.kinds.schema import SchemaError, Schemas
from listwatch.apiserver.kinds.strategy import deletion_grace_period
from listwatch.apiserver.storage.revision_log import StoredObject
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.admitting import Admission, AdmitAll, Attributes
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.list_options import check_dry_run, parse_list_options
from listwatch.apiserver.verbs.reading import Reader
from listwatch.apiserver.wire.negotiation import decode_body
from listwatch.apiserver.wire.request_info import Query
from listwatch.apiserver.wire.statuses import (
    FieldCause,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
    success,
)
from listwatch.apiserver.wire.timestamps import format_timestamp, parse_timestamp

JSONObject = dict[str, Any]
ORPHAN: Final = "orphan"
FOREGROUND: Final = "foregroundDeletion"
_MOST_DIGITS: Final = 200  # a number with more is out of range, and Python would not read it
_POLICIES: Final = ("Foreground", "Background", "Orphan")
_UNDELETABLE: Final = frozenset({"default", "kube-system", "kube-public"})


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """What a deletion may be asked for.

    Attributes:
        grace_period: Seconds; None leaves it to the object.
        policy: What happens to dependents; "" leaves it to the resource.
        uid: The UID that the object must have; "" for any.
        resource_version: Likewise.
    """

    grace_period: int | None = None
    policy: str = ""
    uid: str = ""
    resource_version: str = ""
    dry_run: bool = False


def parse_delete_options(body: JSONObject, query: Query) -> DeleteOptions:
    """The options, from the body if there is one, else from the query.

    Raises:
        APIFailure: 400 or 422.
    """
    if body and body.get("kind") not in [None, "", "DeleteOptions"]:
        raise bad_request(
            f'{body["kind"]} in version "{body.get("apiVersion", "")}" cannot be handled as a DeleteOptions'
        )
    try:
        body = Schemas.load().decode("", "v1", "DeleteOptions", body)[0] if body else {}
    except SchemaError as error:
        raise bad_request(error.for_kind("v1", "DeleteOptions")) from error
    if body:
        given: JSONObject = body
    else:
        given = {
            name: query.get(name) for name in ("propagationPolicy", "gracePeriodSeconds") if name in query
        }
        if "orphanDependents" in query:
            given["orphanDependents"] = query.flag("orphanDependents")
    causes: list[FieldCause] = []
    policy, orphan = given.get("propagationPolicy") or "", given.get("orphanDependents")
    if policy and policy not in _POLICIES:
        shown = ", ".join(f'"{each}"' for each in (*_POLICIES, "nil"))
        message = f'Unsupported value: "{policy}": supported values: {shown}'
        causes.append(FieldCause("FieldValueNotSupported", "propagationPolicy", message))
    if policy and orphan is not None:
        message = f'Invalid value: "{policy}": orphanDependents and deletionPropagation cannot be both set'
        causes.append(FieldCause("FieldValueInvalid", "propagationPolicy", message))
    if causes:
        raise invalid("meta.k8s.io", "DeleteOptions", "", causes)
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    preconditions = given.get("preconditions") or {}
    return DeleteOptions(
        grace_period=_seconds(given.get("gracePeriodSeconds")),
        policy=policy,
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        dry_run=check_dry_run(query, "DeleteOptions", list(body["dryRun"]) if body.get("dryRun") else None),
    )


def _seconds(given: object) -> int | None:
    if given is None or given == "":
        return None
    if isinstance(given, str) and re.fullmatch(r"[+-]?[0-9]+", given, re.ASCII):
        seconds = int(given[:_MOST_DIGITS])
        if not -(2**63) <= seconds < 2**63:
            raise bad_request(f'strconv.ParseInt: parsing "{given}": value out of range')
        return seconds
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise bad_request(f'strconv.ParseInt: parsing "{given}": invalid syntax')


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deletion does: first perhaps mark the object, then perhaps remove it.

    Attributes:
        marked: The object as it is to be stored, or None if it stays as it is.
        removes: Whether it goes now.
        is_pending: Whether an earlier deletion goes on unchanged.
    """

    marked: JSONObject | None
    removes: bool
    is_pending: bool = False


def plan(resource: Resource, value: JSONObject, options: DeleteOptions, now: datetime) -> Plan:
    """Decide what a deletion does to an object. Pure; `value` is not changed.

    Args:
        resource: Whose object it is.
        value: The object in the resource's version.
        options: What was asked for.
        now: The time of the deletion.
    """
    metadata: JSONObject = dict(value["metadata"])
    grace = deletion_grace_period(resource.group, resource.name, value, options.grace_period)
    is_graceful = resource.deletes_gracefully
    if is_graceful and metadata.get("deletionTimestamp"):
        running = metadata.get("deletionGracePeriodSeconds")
        if running is None or (running == 0 and not metadata.get("finalizers")):
            is_graceful = False
        elif options.grace_period is None or grace >= running:
            return Plan(None, removes=False, is_pending=True)
        else:
            began = _later(parse_timestamp(metadata["deletionTimestamp"]), -running)
            metadata["deletionTimestamp"] = format_timestamp(_later(began, grace))
            metadata["deletionGracePeriodSeconds"] = grace
    elif is_graceful:
        metadata["deletionTimestamp"] = format_timestamp(_later(now, grace))
        metadata["deletionGracePeriodSeconds"] = grace
        _bump_generation(metadata)
    finalizers = _finalizers(resource, metadata.get("finalizers") or [], options.policy)
    if finalizers:
        metadata["finalizers"] = finalizers
    else:
        metadata.pop("finalizers", None)
    if not is_graceful:
        if not finalizers:
            return Plan(None, removes=True)
        if not metadata.get("deletionTimestamp"):
            metadata["deletionTimestamp"] = format_timestamp(now)
            _bump_generation(metadata)
        elif parse_timestamp(metadata["deletionTimestamp"]) > now:
            metadata["deletionTimestamp"] = format_timestamp(now)
        metadata["deletionGracePeriodSeconds"] = 0
    marked = {**value, "metadata": metadata}
    return Plan(None if marked == value else marked, removes=is_graceful and not finalizers and grace == 0)


def _later(moment: datetime, seconds: int) -> datetime:
    """A moment some seconds later; one that the calendar does not have is its last."""
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        last = datetime.max.replace(tzinfo=moment.tzinfo, microsecond=0)
        return last if seconds > 0 else datetime.min.replace(tzinfo=moment.tzinfo)


def _bump_generation(metadata: JSONObject) -> None:
    if metadata.get("generation"):
        metadata["generation"] += 1


def _finalizers(resource: Resource, present: list[str], policy: str) -> list[str]:
    """The finalizers with those by which the garbage collector is told what to do."""
    if resource.storage == "events" or not policy:
        return present
    wanted = {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(policy)
    kept = [each for each in present if each not in {ORPHAN, FOREGROUND} or each == wanted]
    return kept if wanted is None or wanted in kept else [*kept, wanted]


class Deleter:
    """Answers delete and deletecollection.

    Args:
        storage: Where objects are.
        clock: For deletion times.
        reader: Finds the objects of a collection.
        on_namespace: Told of each namespace that begins to end.

    Attributes:
        admission: Who may refuse deletions.
    """

    def __init__(
        self, storage: Storage, *, clock: Clock, reader: Reader, on_namespace: Callable[[str], None]
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._reader = reader
        self._on_namespace = on_namespace
        self.admission: Admission = AdmitAll()

    def delete(self, call: Call) -> Response:
        """Delete one object: answered with a Status if it is gone, with the object if it stays for a while.

        Raises:
            APIFailure: 400, 403, 404, 409, 415, 422. Nothing is changed.
        """
        options = self._options(call)
        resource = call.resource
        if resource.storage == "namespaces" and call.name in _UNDELETABLE:
            raise forbidden("", "namespaces", call.name, "this namespace may not be deleted")
        stored = self._storage.get(resource, call.namespace, call.name)
        if stored is None:
            raise not_found(resource.group, resource.name, call.name)
        self._admit(call, stored, options)
        shown, is_gone = self.remove(resource, call.namespace, stored, options)
        if is_gone and not resource.returns_deleted:
            metadata = stored.object["metadata"]
            details = {
                "name": call.name,
                "group": resource.group,
                "kind": resource.name,
                "uid": metadata["uid"],
            }
            return call.respond_status(200, success(details=details))
        body = views.document(
            resource, shown, call.form, now=self._clock.now(), include_object=call.include_object
        )
        return call.respond(200, body)

    def delete_collection(self, call: Call) -> Response:
        """Delete all objects that are meant; answered with the list of them as they were.

        Raises:
            APIFailure: 400, 409, 415, 422. Of the objects before the one refused, all are deleted.
        """
        query = call.info.query
        list_options = parse_list_options(query, watch=False)
        options = self._options(call)
        chosen = self._reader.selected(call, list_options)
        revision = self._storage.revision
        for stored in chosen:  # all before the first goes: a question may make the whole begin again
            self._admit(call, stored, options)
        for stored in chosen:
            self.remove(call.resource, stored.object["metadata"].get("namespace", ""), stored, options)
        metadata = {"resourceVersion": str(revision)}
        body = views.list_document(
            call.resource,
            chosen,
            call.form,
            metadata,
            now=self._clock.now(),
            include_object=call.include_object,
        )
        return call.respond(200, body)

    def _admit(self, call: Call, stored: StoredObject, options: DeleteOptions) -> None:
        resource, metadata = call.resource, stored.object["metadata"]
        namespace = metadata.get("namespace", "")
        old = views.typed(resource, from_storage(resource, stored.object))
        self.admission.validate(
            Attributes(
                "DELETE",
                resource,
                namespace,
                metadata["name"],
                None,
                old,
                call.info.subresource,
                options.dry_run,
            )
        )

    def remove(
        self, resource: Resource, namespace: str, stored: StoredObject, options: DeleteOptions
    ) -> tuple[JSONObject, bool]:
        """Delete `stored`, which is current; gives the object as it is or last was, and whether it is gone.

        Raises:
            APIFailure: 409, a precondition does not hold. Nothing is changed.
        """
        value = from_storage(resource, stored.object)
        metadata = stored.object["metadata"]
        name = metadata["name"]
        _check_preconditions(resource, metadata, options)
        if resource.storage == "namespaces":
            return self._mark_namespace(resource, stored, options)
        if resource.storage == DEFINITIONS and not metadata.get("deletionTimestamp"):
            return self._mark_definition(resource, stored, options)
        planned = plan(resource, stored.object, options, self._clock.now())
        if options.dry_run:
            return (planned.marked or value), planned.removes
        if planned.marked is not None:
            put = self._storage.put(resource, namespace, name, _copied(planned.marked))
            value = from_storage(resource, put.object)
        if planned.removes:
            value = from_storage(resource, self._storage.delete(resource, namespace, name).object)
        return value, planned.removes

    def _mark_namespace(
        self, resource: Resource, stored: StoredObject, options: DeleteOptions
    ) -> tuple[JSONObject, bool]:
        value = stored.object
        metadata = value["metadata"]
        if metadata.get("deletionTimestamp"):
            if value.get("spec", {}).get("finalizers") or metadata.get("finalizers"):
                self._on_namespace(metadata["name"])
                return value, False
            return self._storage.delete(resource, "", metadata["name"]).object, True
        marked = {
            **value,
            "metadata": {**metadata, "deletionTimestamp": format_timestamp(self._clock.now())},
            "status": {**value.get("status", {}), "phase": "Terminating"},
        }
        if options.dry_run:
            return marked, False
        put = self._storage.put(resource, "", metadata["name"], marked)
        self._on_namespace(metadata["name"])
        return put.object, False

    def _mark_definition(
        self, resource: Resource, stored: StoredObject, options: DeleteOptions
    ) -> tuple[JSONObject, bool]:
        """A definition stays until its objects are gone; it waits for them, whatever else it waits for."""
        now = self._clock.now()
        marked = mark_definition(stored.object, now)
        if options.dry_run:
            return marked, False
        return self._storage.put(resource, "", marked["metadata"]["name"], marked).object, False

    def finish_namespace(self, resource: Resource, name: str) -> None:
        """Take the server's own finalizer from an emptied namespace; without any other it is gone."""
        stored = self._storage.get(resource, "", name)
        if stored is None:
            return
        value = stored.object
        left = [each for each in value.get("spec", {}).get("finalizers", ()) if each != "kubernetes"]
        if not left and not value["metadata"].get("finalizers"):
            self._storage.delete(resource, "", name)
        elif left != value.get("spec", {}).get("finalizers"):
            spec = {**value.get("spec", {}), "finalizers": left}
            self._storage.put(resource, "", name, _copied({**value, "spec": spec}))

    def _options(self, call: Call) -> DeleteOptions:
        raw = call.request.body.strip()
        body = decode_body(raw, call.content_type, "DeleteOptions") if raw else {}
        return parse_delete_options(body, call.info.query)


def _copied(value: JSONObject) -> JSONObject:
    """Fresh where the log writes: it sets the version in the metadata."""
    return {**value, "metadata": dict(value["metadata"])}


def _check_preconditions(resource: Resource, metadata: JSONObject, options: DeleteOptions) -> None:
    uid, version = metadata.get("uid", ""), metadata["resourceVersion"]
    why = ""
    if options.uid and options.uid != uid:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({uid}). "
            "The object might have been deleted and then recreated"
        )
    elif options.resource_version and options.resource_version != version:
        why = (
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the "
            f"ResourceVersion in record ({version}). The object might have been modified"
        )
    if why:
        raise conflict(resource.group, resource.kind, metadata["name"], why)
