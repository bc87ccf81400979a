"""The way into apply for those who write: managed fields for every write, and the object that an apply makes.

In:    a `Resource`, the object before and after, or what is applied to it; who writes
Out:   the object with its managed fields
Next:  verbs/writing.py and verbs/patching.py store it
Rules: no clock: the time of the write is a parameter. An object that nobody's fields are kept for stays so until
       somebody applies. A write never fails for its managed fields; an apply may.
Source: apimachinery pkg/util/managedfields (fieldmanager.go, skipnonapplied.go, structuredmerge.go)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from listwatch.apimachinery.errors import ListWatchError
from listwatch.apiserver.apply import type_check
from listwatch.apiserver.apply.applying import applied
from listwatch.apiserver.apply.conflicts import ConflictError
from listwatch.apiserver.apply.field_sets import difference
from listwatch.apiserver.apply.last_applied import MIGRATING_MANAGER, last_applied_fields, with_last_applied
from listwatch.apiserver.apply.managed_fields import (
    Manager,
    Owned,
    Owners,
    applier,
    decode_owners,
    encode_owners,
    is_reset,
    stored_owners,
    updater,
)
from listwatch.apiserver.apply.path_elements import FieldSetError
from listwatch.apiserver.apply.reset_fields import restriction
from listwatch.apiserver.apply.shapes import Shape, empty_object, root_shape
from listwatch.apiserver.apply.updating import Write, updated
from listwatch.apiserver.kinds.conversion import from_storage, to_storage
from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry
from listwatch.apiserver.kinds.schema import Schemas
from listwatch.apiserver.wire.timestamps import format_timestamp

JSONObject = dict[str, Any]
_BEFORE_APPLY: Final = "before-first-apply"
_TYPE_META: Final = frozenset({"kind", "apiVersion"})


class InvalidConfigError(ListWatchError):
    """What is applied is no object of its kind.

    Attributes:
        is_clients: Whether the answer says whose fault it is (400), or not (500), as the server does for types.
    """

    def __init__(self, message: str, *, is_clients: bool) -> None:
        super().__init__(message)
        self.is_clients = is_clients


class FieldManager:
    """Keeps the managed fields of all objects of a server.

    Args:
        registry: The resources, for the other versions of a kind.
        schemas: The kinds' shapes.
    """

    def __init__(self, registry: ResourceRegistry, schemas: Schemas) -> None:
        self._registry = registry
        self._schemas = schemas

    def track(
        self,
        resource: Resource,
        live: JSONObject | None,
        new: JSONObject,
        *,
        manager: str,
        now: datetime,
        subresource: str = "",
    ) -> None:
        """Write into `new` who owns what of it, once it has taken the place of `live`.

        Managed fields that `new` came with are what its writer asks for: they go before those of `live`, none at
        all ask for forgetting, and malformed ones are ignored.

        Args:
            resource: Whose object it is; both are in its version.
            live: As stored; None for a create. Not changed.
            new: Decoded, with its defaults, and without what the server adds. Its managed fields are replaced.
            manager: Who writes.
            now: When.
            subresource: Which part is written.
        """
        metadata = new["metadata"]
        asked = metadata.pop("managedFields", None)
        stored = None if live is None else live["metadata"].get("managedFields")
        owners = _owners(None if subresource else asked, stored)
        if not owners and live is not None:
            return
        write = self._write(resource, subresource)
        before = self._empty(resource) if live is None else live
        who = updater(manager, resource.api_version, subresource)
        try:
            entries = encode_owners(updated(write, before, new, owners, who, format_timestamp(now)))
        except FieldSetError:
            entries = stored or []
        if entries:
            metadata["managedFields"] = entries

    def apply(
        self,
        resource: Resource,
        live: JSONObject | None,
        config: JSONObject,
        *,
        manager: str,
        now: datetime,
        force: bool = False,
        subresource: str = "",
    ) -> JSONObject:
        """What becomes of `live` when `manager` applies `config`, with its managed fields; not decoded yet.

        Args:
            resource: Whose object it is.
            live: As stored, in the resource's version; None if there is none yet. Not changed.
            config: As sent. Not changed.
            manager: Who applies.
            now: When.
            force: Take the fields that others own with another value.
            subresource: Which part is applied.

        Raises:
            InvalidConfigError: `config` is no object of the kind.
            ConflictError: Others own what would change, and `force` is not set.
        """
        self._check(resource, config)
        write = self._write(resource, subresource)
        if live is None:
            owners: Owners = {}
            before = self._empty(resource)
        else:
            owners = stored_owners(live["metadata"].get("managedFields"))
            metadata = {name: part for name, part in live["metadata"].items() if name != "managedFields"}
            before = {**live, "metadata": metadata}
        stamp = format_timestamp(now)
        who = applier(manager, subresource)
        try:
            if not owners and live is not None:
                unknown = updater(_BEFORE_APPLY, resource.api_version, subresource)
                owners = updated(write, self._empty(resource), before, owners, unknown, stamp)
            value, left = self._applied(write, before, config, owners, who, force=force)
        except FieldSetError as error:
            raise InvalidConfigError(str(error), is_clients=False) from error
        if who in left and value != before:
            left[who] = Owned(left[who].fields, left[who].api_version, stamp)
        if manager == MIGRATING_MANAGER:
            value = with_last_applied(value, config)
        entries = encode_owners(left)
        return {**value, "metadata": {**value["metadata"], **({"managedFields": entries} if entries else {})}}

    def _applied(
        self,
        write: Write,
        live: JSONObject,
        config: JSONObject,
        owners: Owners,
        who: Manager,
        *,
        force: bool,
    ) -> tuple[JSONObject, dict[Manager, Owned]]:
        try:
            return applied(write, live, config, owners, who, force=force)
        except ConflictError as error:
            if who.name != MIGRATING_MANAGER:
                raise
            allowed = last_applied_fields(write.shape, live)
            if not allowed:
                raise
            left = {each: difference(fields, allowed) for each, fields in error.fields.items()}
            if any(left.values()):
                raise ConflictError({each: fields for each, fields in left.items() if fields}) from error
        return applied(write, live, config, owners, who, force=True)

    def _check(self, resource: Resource, config: JSONObject) -> None:
        api_version, kind = config.get("apiVersion") or "", config.get("kind") or ""
        if (api_version, kind) != (resource.api_version, resource.kind):
            shown = api_version if "/" in str(api_version) else f"/{api_version}"
            raise InvalidConfigError(f"invalid object type: {shown}, Kind={kind}", is_clients=True)
        metadata = config.get("metadata")
        if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
            raise InvalidConfigError("metadata.managedFields must be nil", is_clients=True)
        faults = type_check.faults_of(self._shape(resource), config)
        if faults:
            told = type_check.summary(faults)
            raise InvalidConfigError(
                f"failed to create typed patch object ({_named(resource, config)}): {told}", is_clients=False
            )

    def _write(self, resource: Resource, subresource: str) -> Write:
        return Write(
            _Versions(self._registry, self._schemas, resource),
            resource.api_version,
            restriction(resource, subresource),
            may_change_shape=resource.custom is not None,
        )

    def _shape(self, resource: Resource) -> Shape:
        return root_shape(self._schemas.node(resource.group, resource.version, resource.kind))

    def _empty(self, resource: Resource) -> JSONObject:
        node = self._schemas.node(resource.group, resource.version, resource.kind)
        return {"kind": resource.kind, "apiVersion": resource.api_version, **empty_object(node)}


class _Versions:
    """The versions of a resource that are served, as updating.py wants them."""

    __slots__ = ("_registry", "_resource", "_schemas")

    def __init__(self, registry: ResourceRegistry, schemas: Schemas, resource: Resource) -> None:
        self._registry = registry
        self._schemas = schemas
        self._resource = resource

    def shape(self, api_version: str) -> Shape | None:
        found = self._find(api_version)
        if found is None:
            return None
        return root_shape(self._schemas.node(found.group, found.version, found.kind))

    def convert(self, value: JSONObject, api_version: str, to: str) -> JSONObject:
        source, target = self._find(api_version), self._find(to)
        if api_version == to or source is None or target is None:
            return value
        bare = {name: part for name, part in value.items() if name not in _TYPE_META}
        served = from_storage(target, to_storage(source, bare))
        return {**served, "kind": target.kind, "apiVersion": to}

    def _find(self, api_version: str) -> Resource | None:
        own = self._resource
        if api_version == own.api_version:
            return own
        group, _, version = api_version.rpartition("/")
        found = self._registry.find(group, version, own.name)
        return found if found is not None and found.storage == own.storage else None


def _owners(asked: object, stored: list[JSONObject] | None) -> Owners:
    """Who owns what before a write that asks for `asked`."""
    if asked is not None:
        if is_reset(asked):
            return {}
        try:
            owners = decode_owners(asked)
        except FieldSetError:
            owners = {}
        if owners:
            return owners
    return stored_owners(stored)


def _named(resource: Resource, config: JSONObject) -> str:
    metadata = config.get("metadata")
    given: JSONObject = metadata if isinstance(metadata, dict) else {}
    name, namespace = given.get("name", ""), given.get("namespace", "")
    version = resource.api_version if resource.group else f"/{resource.version}"
    return f"{namespace}/{name}; {version}, Kind={resource.kind}"
