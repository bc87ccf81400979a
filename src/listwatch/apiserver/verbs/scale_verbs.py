"""The scale of a workload: read, replaced, patched and applied as an object of its own.

In:    a `Call` on `scale`
Out:   a `Response`; a change of the workload in the log
Next:  subresources.py makes a Scale of the workload and back; writing.py stores it
Rules: a scale is written like any object, its managed fields too, and the workload then takes its replicas and who owns
       them.
Source: kubernetes pkg/registry/apps/deployment/storage (ScaleREST); recordings of kube-apiserver 1.36
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apimachinery.http import Response
from listwatch.apiserver.apply.scale_owners import (
    REPLICAS,
    ReplicasPaths,
    owners_of_scale,
    owners_of_workload,
    path_of,
)
from listwatch.apiserver.kinds.conversion import from_storage
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.kinds.schema import FieldValidation, SchemaError, Schemas
from listwatch.apiserver.kinds.subresources import custom_scale_of, scale_of, with_scale
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.apply_body import decode_config
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.patch import invalid_result_message
from listwatch.apiserver.verbs.patch_dump import dump
from listwatch.apiserver.verbs.patching import APPLY_PATCH, applied_object, apply_patch, patch_type
from listwatch.apiserver.verbs.write_options import WriteOptions, write_options
from listwatch.apiserver.verbs.writing import Writer
from listwatch.apiserver.wire.go_json import json_kind
from listwatch.apiserver.wire.negotiation import decode_body, encode
from listwatch.apiserver.wire.statuses import (
    FieldCause,
    bad_request,
    invalid,
    method_not_allowed,
    not_found,
    not_implemented,
)

JSONObject = dict[str, Any]
_SCALE: Final = Resource(
    group="autoscaling",
    version="v1",
    name="scales",
    kind="Scale",
    singular="scale",
    namespaced=True,
    verbs=(),
    storage="scales.autoscaling",
)


class ScaleVerbs:
    """Answers all verbs on `scale`."""

    def __init__(self, storage: Storage, writer: Writer) -> None:
        self._storage = storage
        self._writer = writer

    def answer(self, call: Call) -> Response:
        """Answer a call on the scale of a workload.

        Raises:
            APIFailure: 400, 404, 405, 409, 415, 422; 501 for a kind that we do not scale.
        """
        resource, verb = call.resource, call.info.verb
        stored = self._storage.get(resource, call.namespace, call.name)
        if stored is None:
            raise not_found(resource.group, resource.name, call.name)
        value = views.typed(resource, from_storage(resource, stored.object))
        scale = _scale_of(resource, value)
        if verb in {"get", "watch"}:
            return call.respond(200, encode(scale, call.form))
        paths = _replicas_paths(resource)
        owners = value["metadata"].get("managedFields")
        live = {**scale, "metadata": {**scale["metadata"], "managedFields": owners_of_scale(owners, paths)}}
        wanted, options = self._wanted(call, live)
        _, *parents = paths[resource.api_version] or REPLICAS
        changed = with_scale(value, wanted, path="." + ".".join(part[2:] for part in ("f:spec", *parents)))
        expected = wanted["metadata"]
        changed["metadata"]["resourceVersion"] = expected.get("resourceVersion", "")
        if expected.get("uid"):
            changed["metadata"]["uid"] = expected["uid"]
        changed["metadata"]["managedFields"] = owners_of_workload(
            owners, expected.get("managedFields"), paths, resource.api_version
        )
        replaced = self._writer.replace(
            call, stored, changed, manager=None, dry_run=options.dry_run, subresource=""
        )
        return call.respond(200, encode(_scale_of(resource, replaced), call.form))

    def _wanted(self, call: Call, live: JSONObject) -> tuple[JSONObject, WriteOptions]:
        """The scale that is asked for, with its managed fields."""
        if call.info.verb == "update":
            options = write_options(call, "UpdateOptions")
            body = decode_body(call.request.body, call.content_type, "Scale")
            wanted = _decoded(body, options.validation)
            name = wanted["metadata"].get("name")
            if name and name != call.name:
                raise bad_request(
                    f"the name of the object ({name}) does not match the name on the URL ({call.name})"
                )
        elif call.info.verb != "patch":
            raise method_not_allowed()
        elif (kind_of_patch := patch_type(call)) == APPLY_PATCH:
            return self._applied(call, live)
        else:
            options = write_options(call, "PatchOptions")
            shape = Schemas.load().node("autoscaling", "v1", "Scale")
            wanted = _patched(apply_patch(kind_of_patch, call.request.body, live, shape))
        self._writer.fields.track(
            _SCALE, live, wanted, manager=options.manager, now=self._writer.clock.now(), subresource="scale"
        )
        return wanted, options

    def _applied(self, call: Call, live: JSONObject) -> tuple[JSONObject, WriteOptions]:
        options = write_options(call, "PatchOptions", is_apply=True)
        config, warnings = decode_config(call.request.body, options.validation)
        after = applied_object(
            self._writer.fields,
            _SCALE,
            live,
            config,
            options=options,
            now=self._writer.clock.now(),
            subresource="scale",
        )
        call.warnings.extend(warnings)
        return _decoded(after), options


def _replicas_paths(resource: Resource) -> ReplicasPaths:
    custom = resource.custom
    if custom is None:
        return {resource.api_version: REPLICAS}
    paths = custom.scale or {}
    return {resource.api_version: path_of(paths.get("specReplicasPath", "")) or None}


def _decoded(body: JSONObject, validation: FieldValidation = "Ignore") -> JSONObject:
    try:
        value, _ = Schemas.load().decode("autoscaling", "v1", "Scale", body, validation=validation)
        value.setdefault("metadata", {})
        return _checked_scale(value)
    except SchemaError as error:
        raise bad_request(error.for_kind("v1", "Scale")) from error


def _patched(after: Any) -> JSONObject:
    try:
        value = _checked_scale(Schemas.load().decode("autoscaling", "v1", "Scale", after)[0])
    except SchemaError as error:
        cause = FieldCause("FieldValueInvalid", "patch", invalid_result_message(dump(after), str(error)))
        raise invalid("", "", "", [cause]) from error
    value.setdefault("metadata", {})
    return value


def _scale_of(resource: Resource, value: JSONObject) -> JSONObject:
    """The Scale of an object.

    Raises:
        APIFailure: 500 for a custom object that holds no number of replicas, 501 for a kind that we do not scale.
    """
    if resource.custom is not None and resource.custom.scale is not None:
        return custom_scale_of(value, resource.custom.scale)
    scale = scale_of(resource.group, resource.name, value)
    if scale is None:
        raise not_implemented(f"scale {resource.qualified}")
    return scale


def _checked_scale(scale: JSONObject) -> JSONObject:
    """Refuse a number of replicas that is none: taken for zero it would stop a workload.

    Raises:
        SchemaError: In the decoder's words.
    """
    spec = scale.get("spec", {})
    replicas = spec.get("replicas", 0) if isinstance(spec, dict) else spec
    if isinstance(replicas, int) and not isinstance(replicas, bool):
        return scale
    field, target = ("spec.replicas", "int32") if isinstance(spec, dict) else ("spec", "v1.ScaleSpec")
    owner = "ScaleSpec" if isinstance(spec, dict) else "Scale"
    message = (
        f"json: cannot unmarshal {json_kind(replicas)} into Go struct field {owner}.{field} of type {target}"
    )
    raise SchemaError(message)
