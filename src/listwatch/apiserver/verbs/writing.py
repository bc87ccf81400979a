"""Create and update: how a body becomes a stored object.

In:    a `Call`
Out:   a `Response`; a change in the log
Next:  schema.py, defaults.py, strategy.py and validation.py make the object; storage.py keeps it; patching.py comes
       here with what a patch made of an object
Rules: the order of steps is kube-apiserver's: decode and default, admission, what the caller may write, system fields
       and strategy, validation, write. What admission has changed is looked at as if the caller had written it. From
       reading the old object to writing the new one nothing awaits, so there are no lost updates and no retries.
       A change that changes nothing writes nothing.
Source: apiserver pkg/endpoints/handlers (create, update), pkg/registry/generic/registry/store.go
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Response
from listwatch.apiserver.apply.field_manager import FieldManager
from listwatch.apiserver.apply.managed_fields import same_but_for_times
from listwatch.apiserver.kinds.causes import Cause
from listwatch.apiserver.kinds.conversion import from_storage, to_storage
from listwatch.apiserver.kinds.kind_rules import (
    decode,
    prepare_for_create,
    prepare_for_update,
    validate_create,
    validate_update,
)
from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry
from listwatch.apiserver.kinds.schema import FieldValidation, SchemaError, Schemas
from listwatch.apiserver.storage.revision_log import StoredObject
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.addresses import ServiceAddresses
from listwatch.apiserver.verbs.admitting import Admission, AdmitAll, Attributes
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.namespaces import NamespaceAdmission
from listwatch.apiserver.verbs.write_options import write_options
from listwatch.apiserver.wire.negotiation import decode_body
from listwatch.apiserver.wire.statuses import (
    FieldCause,
    already_exists,
    bad_request,
    conflict,
    failure,
    generated_name_exists,
    invalid,
    not_found,
)
from listwatch.apiserver.wire.timestamps import format_timestamp

JSONObject = dict[str, Any]
OWN_NAME: Final = "kube-apiserver"
_SUFFIX_CHARACTERS: Final = "bcdfghjklmnpqrstvwxz2456789"  # no vowels, no digits that look like letters
_SUFFIX_LENGTH: Final = 5
_LONGEST_GENERATED: Final = 63
_GENERATION_TRIES: Final = 8


class WriteAccess(Protocol):
    """What a caller may write, beyond what the request itself was allowed for."""

    def check_write(self, call: Call, value: JSONObject, old: JSONObject | None) -> None:
        """Refuses `value` in place of `old` (None: nothing) by raising; may say in it who wrote."""
        ...

    def check_create(self, call: Call) -> None:
        """Refuses by raising that a call which changes objects makes one."""
        ...


class KindRules(Protocol):
    """Rules that need more than a kind's own tables."""

    def validate_create(self, obj: JSONObject) -> list[Cause]:
        """Every reason against a new object."""
        ...

    def validate_update(self, new: JSONObject, old: JSONObject, *, subresource: str) -> list[Cause]:
        """Every reason against a changed object."""
        ...


_NO_RULES: Final[Mapping[str, KindRules]] = MappingProxyType({})


class Writer:
    """Answers create and update.

    Args:
        storage: Where objects go.
        registry: The resources of the server.
        clock: For creation times.
        new_uid: Gives a fresh UID.
        chance: For generated names.
        admission: What may be made in which namespace.
        addresses: Gives services theirs.
        schemas: The kinds of the server.
        access: Which writes a caller may make.
        rules: Further rules for what is stored in a collection, beside those of its kind.

    Attributes:
        admission: Who may change or refuse what is written.
        clock: As given, for those who write by this one.
        fields: Keeps who owns which field.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        registry: ResourceRegistry,
        clock: Clock,
        new_uid: Callable[[], str],
        chance: random.Random,
        admission: NamespaceAdmission,
        addresses: ServiceAddresses,
        schemas: Schemas,
        access: WriteAccess,
        rules: Mapping[str, KindRules] = _NO_RULES,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._new_uid = new_uid
        self._chance = chance
        self._namespaces = admission
        self.admission: Admission = AdmitAll()
        self._addresses = addresses
        self.schemas = schemas
        self.fields = FieldManager(registry, schemas)
        self.clock = clock
        self._rules = rules
        self._access = access

    def create(self, call: Call) -> Response:
        """Make an object.

        Raises:
            APIFailure: 400, 403, 404, 409, 415, 422. Nothing is stored.
        """
        check_makeable(call)
        options = write_options(call, "CreateOptions")
        value = self._decoded(call, options.validation)
        created = self.create_object(
            call.resource, call.namespace, value, by=call, manager=options.manager, dry_run=options.dry_run
        )
        return self.answer(call, 201, created)

    def create_object(
        self,
        resource: Resource,
        namespace: str,
        value: JSONObject,
        *,
        by: Call | None = None,
        manager: str | None = OWN_NAME,
        dry_run: bool = False,
    ) -> JSONObject:
        """Make an object out of a decoded and defaulted one, in the resource's version; gives it as made.

        Args:
            resource: Of which it is to be one.
            namespace: Where; "" for a resource without.
            value: The object, with the managed fields that its writer asks for. Belongs to the storage afterwards.
            by: The call that makes it, whose user must be allowed to; None for the server itself.
            manager: Who makes it; None if its managed fields are as they shall be.
            dry_run: Store nothing.

        Raises:
            APIFailure: As for `create`.
        """
        metadata = value["metadata"]
        _fit_namespace(resource, metadata, namespace)
        self._namespaces.check_create(resource, namespace, metadata.get("name", ""))
        version = metadata.get("resourceVersion", "")
        if version.isdecimal() and int(version):  # any other text is no version, and taken for none
            raise failure(500, "resourceVersion should not be set on objects to be created")
        self._own_metadata(metadata)
        if manager is not None:
            self.fields.track(resource, None, value, manager=manager, now=self._clock.now())
        generated = not metadata.get("name") and metadata.get("generateName")
        if generated:
            metadata["name"] = self._generated_name(resource, namespace, metadata["generateName"])
        attempt = Attributes("CREATE", resource, namespace, metadata.get("name", ""), value, dry_run=dry_run)
        value = self.admission.mutate(attempt)
        metadata = value["metadata"]
        if by is not None:
            self._access.check_write(by, value, None)
        prepare_for_create(resource, value, now=self._clock.now())
        self._addresses.assign(resource, value)
        causes = validate_create(resource, value)
        if (rules := self._rules.get(resource.storage)) is not None:
            causes.extend(rules.validate_create(value))
        name = metadata.get("name", "")
        if causes:
            raise invalid(resource.group, resource.kind, name, causes)
        if self._storage.get(resource, namespace, name) is not None:
            refuse = generated_name_exists if generated else already_exists
            raise refuse(resource.group, resource.name, name)
        if by is not None:
            self._access.check_create(by)
        self.admission.validate(Attributes("CREATE", resource, namespace, name, value, dry_run=dry_run))
        if dry_run:
            return value
        stored = self._storage.put(resource, namespace, name, _storable(resource, value))
        return from_storage(resource, stored.object)

    def update(self, call: Call) -> Response:
        """Replace an object, or a part of it (`status`, …).

        Raises:
            APIFailure: 400, 404, 409, 415, 422. Nothing is stored.
        """
        resource = call.resource
        options = write_options(call, "UpdateOptions")
        value = self._decoded(call, options.validation)
        metadata = value["metadata"]
        name = metadata.get("name", "")
        if name and name != call.name:
            raise bad_request(
                f"the name of the object ({name}) does not match the name on the URL ({call.name})"
            )
        if not name:
            raise bad_request("name must be provided")
        _fit_namespace(resource, metadata, call.namespace)
        stored = self._storage.get(resource, call.namespace, call.name)
        if stored is None:
            if not resource.created_by_put or call.info.subresource:
                raise not_found(resource.group, resource.name, call.name)
            metadata.pop("resourceVersion", None)
            created = self.create_object(
                resource, call.namespace, value, by=call, manager=options.manager, dry_run=options.dry_run
            )
            return self.answer(call, 201, created)
        replaced = self.replace(call, stored, value, manager=options.manager, dry_run=options.dry_run)
        return self.answer(call, 200, replaced)

    def replace(
        self,
        call: Call,
        stored: StoredObject,
        value: JSONObject,
        *,
        manager: str | None,
        dry_run: bool,
        subresource: str | None = None,
    ) -> JSONObject:
        """Put a decoded and defaulted object in the place of `stored`; gives it as it is afterwards.

        An object that is being deleted goes away when this takes its last finalizer.

        Args:
            call: For the resource and, unless given, the subresource.
            stored: The current object.
            value: In the resource's version, with the managed fields that its writer asks for. Belongs to the
                storage afterwards.
            manager: Who writes; None if the managed fields are as they shall be.
            dry_run: Store nothing.
            subresource: Which part is replaced; the others keep what is stored.

        Raises:
            APIFailure: 409, 422. Nothing is stored.
        """
        resource = call.resource
        old = views.typed(resource, from_storage(resource, stored.object))
        part = call.info.subresource if subresource is None else subresource
        _check_preconditions(resource, value["metadata"], old["metadata"])
        value["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        if manager is not None:
            self.fields.track(resource, old, value, manager=manager, now=self._clock.now(), subresource=part)
        attempt = Attributes(
            "UPDATE", resource, call.namespace, call.name, value, old, call.info.subresource, dry_run
        )
        value = self.admission.mutate(attempt)
        self._access.check_write(call, value, old)
        prepare_for_update(resource, value, old, subresource=part)
        causes = validate_update(resource, value, old, subresource=part)
        if (rules := self._rules.get(resource.storage)) is not None:
            causes.extend(rules.validate_update(value, old, subresource=part))
        if causes:
            raise invalid(resource.group, resource.kind, call.name, causes)
        self.admission.validate(dataclasses.replace(attempt, value=value))
        if same_but_for_times(old, value):
            return old
        self._addresses.assign(resource, value, old)
        if dry_run:
            return value
        if is_deletable(resource, value):
            self._storage.delete(resource, call.namespace, call.name)
            return value
        put = self._storage.put(resource, call.namespace, call.name, _storable(resource, value))
        return from_storage(resource, put.object)

    def decoded(
        self, resource: Resource, body: JSONObject, validation: FieldValidation = "Ignore"
    ) -> tuple[JSONObject, list[str]]:
        """A body as an object of `resource`, with its defaults, and the warnings for it.

        Its managed fields are what its writer asks for.

        Raises:
            APIFailure: 400, the body is no such object.
        """
        check_kind(self.schemas, resource, body)
        try:
            value, warnings = decode(self.schemas, resource, body, validation=validation)
        except SchemaError as error:
            raise bad_request(error.for_kind(resource.version, resource.kind)) from error
        keep_asked(value, body)
        return value, warnings

    def redecoded(self, attributes: Attributes, body: JSONObject) -> JSONObject:
        """An object that admission has changed, with its types and defaults.

        Raises:
            APIFailure: 400, it is no such object any more.
        """
        return self.decoded(attributes.resource, body)[0]

    def shape(self, attributes: Attributes) -> Any:
        """The shape of an object's kind, by which lists are merged; None for a custom one."""
        resource = attributes.resource
        if resource.custom is not None:
            return None
        return self.schemas.node(resource.group, resource.version, resource.kind)

    def track_unstored(self, call: Call, value: JSONObject) -> None:
        """Write managed fields into what is answered and forgotten, such as a review.

        Raises:
            APIFailure: 422, the options make no sense.
        """
        options = write_options(call, "CreateOptions")
        self.fields.track(call.resource, None, value, manager=options.manager, now=self._clock.now())

    def _decoded(self, call: Call, validation: FieldValidation) -> JSONObject:
        body = decode_body(call.request.body, call.content_type, call.resource.kind)
        value, warnings = self.decoded(call.resource, body, validation)
        call.warnings.extend(warnings)
        return value

    def _own_metadata(self, metadata: JSONObject) -> None:
        for name in (
            "resourceVersion",
            "selfLink",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
        ):
            metadata.pop(name, None)
        metadata["uid"] = self._new_uid()
        metadata["creationTimestamp"] = format_timestamp(self._clock.now())

    def _generated_name(self, resource: Resource, namespace: str, prefix: str) -> str:
        prefix = prefix[: _LONGEST_GENERATED - _SUFFIX_LENGTH]
        name = prefix
        for _ in range(_GENERATION_TRIES):
            name = prefix + "".join(self._chance.choices(_SUFFIX_CHARACTERS, k=_SUFFIX_LENGTH))
            if self._storage.get(resource, namespace, name) is None:
                break
        return name

    def answer(self, call: Call, status: int, value: JSONObject) -> Response:
        """A written object, in the resource's version, as the answer in the form that was asked for."""
        body = views.document(
            call.resource, value, call.form, now=self._clock.now(), include_object=call.include_object
        )
        return call.respond(status, body)


def check_makeable(call: Call) -> None:
    """Tell of what an object will be without effect for."""
    if call.resource.caveat:
        call.warnings.append(call.resource.caveat)


def keep_asked(value: JSONObject, body: JSONObject) -> None:
    """Put back into a decoded object what decoding takes for nothing: that no managed fields are wanted."""
    metadata = value.setdefault("metadata", {})
    given = body.get("metadata")
    if isinstance(given, dict) and given.get("managedFields") == []:
        metadata["managedFields"] = []


def is_deletable(resource: Resource, value: JSONObject) -> bool:
    """Whether nothing keeps an object that is being deleted."""
    metadata = value["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    if resource.storage == "namespaces":
        return not value.get("spec", {}).get("finalizers")
    return not metadata.get("deletionGracePeriodSeconds")


def check_kind(schemas: Schemas, resource: Resource, body: JSONObject) -> None:
    """Refuse a body that says it is of another kind; one that says nothing is taken for what it should be.

    Raises:
        APIFailure: 400.
    """
    kind = body.get("kind") or resource.kind
    api_version = body.get("apiVersion") or resource.api_version
    if (kind, api_version) == (resource.kind, resource.api_version):
        return
    if not isinstance(kind, str) or not isinstance(api_version, str):
        raise bad_request(f"the object provided is unrecognized (must be of type {resource.kind})")
    group, _, version = api_version.rpartition("/")
    if schemas.node(group, version, kind) is None:
        scheme = "pkg/api/legacyscheme/scheme.go:30"
        problem = f'no kind "{kind}" is registered for version "{api_version}" in scheme "{scheme}"'
    else:
        internal = resource.group.partition(".")[0] or "core"
        problem = f"converting ({version}.{kind}) to ({internal}.{resource.kind}): unknown conversion"
    raise bad_request(f'{kind} in version "{api_version}" cannot be handled as a {resource.kind}: {problem}')


def _storable(resource: Resource, value: JSONObject) -> JSONObject:
    """As it is stored: without what the collection implies, and fresh where the log will write."""
    fields = {name: field for name, field in value.items() if name not in {"kind", "apiVersion"}}
    stored = to_storage(resource, {**fields, "metadata": dict(value["metadata"])})
    if resource.custom is not None:
        from_storage(resource, stored)  # what a conversion back will need is needed before anything is stored
    return stored


def _fit_namespace(resource: Resource, metadata: JSONObject, namespace: str) -> None:
    if not resource.namespaced:
        metadata.pop("namespace", None)
        return
    given = metadata.get("namespace") or namespace
    if given != namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    metadata["namespace"] = namespace


def _check_preconditions(resource: Resource, new: JSONObject, old: JSONObject) -> None:
    name, version = old["name"], new.get("resourceVersion")
    if not version or version == "0":
        if resource.update_needs_version:
            message = "Invalid value: 0: must be specified for an update"
            cause = FieldCause("FieldValueInvalid", "metadata.resourceVersion", message)
            raise invalid(resource.group, resource.name, name, [cause])
    elif version != old["resourceVersion"]:
        raise conflict(resource.group, resource.name, name)
    uid = new.get("uid")
    if uid and uid != old.get("uid"):
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old.get('uid')}"
        raise conflict(resource.group, resource.name, name, why)
