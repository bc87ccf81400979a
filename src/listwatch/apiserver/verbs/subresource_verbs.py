"""What can be asked of a part of an object: its status, its scale, its binding.

In:    a `Call` that names a subresource
Out:   a `Response`; changes in the log
Next:  writing.py for the parts that are parts of the object, subresources.py for those of another kind
Rules: which subresources there are, and with which verbs, is discovery's data; what is not done is refused with 501.
Source: Kubernetes API reference; recordings of kube-apiserver 1.36
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Response
from listwatch.apiserver.kinds.conversion import from_storage
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.kinds.schema import FieldValidation, SchemaError, Schemas
from listwatch.apiserver.kinds.subresources import (
    bind,
    check_eviction,
    custom_scale_of,
    scale_of,
    with_scale,
)
from listwatch.apiserver.storage.revision_log import StoredObject
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.deletion import Deleter, parse_delete_options
from listwatch.apiserver.verbs.list_options import check_dry_run, field_validation
from listwatch.apiserver.verbs.patch import invalid_result_message, json_kind
from listwatch.apiserver.verbs.patching import Patcher, apply_patch, patch_type
from listwatch.apiserver.verbs.pod_logs import PodLogs, answer_log
from listwatch.apiserver.verbs.reading import Reader
from listwatch.apiserver.verbs.writing import Writer
from listwatch.apiserver.wire.negotiation import decode_body, encode
from listwatch.apiserver.wire.request_info import Query
from listwatch.apiserver.wire.statuses import (
    FieldCause,
    bad_request,
    invalid,
    method_not_allowed,
    not_found,
    not_implemented,
    success,
)

JSONObject = dict[str, Any]
PARTS: Final = frozenset({"status", "finalize", "approval", "ephemeralcontainers", "resize"})
_SCALE: Final = ("autoscaling", "v1", "Scale")
_BUDGETS: Final = "poddisruptionbudgets.policy"


class SubresourceVerbs:
    """Answers all verbs on subresources. What containers print goes to `pod_logs`."""

    def __init__(
        self,
        storage: Storage,
        *,
        pods: Resource,
        writer: Writer,
        patcher: Patcher,
        reader: Reader,
        deleter: Deleter,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._pods = pods
        self._writer = writer
        self._patcher = patcher
        self._reader = reader
        self._deleter = deleter
        self._clock = clock
        self.pod_logs = PodLogs()

    def answer(self, call: Call) -> Response:
        """Answer a call on a subresource that the resource has, with a verb that it offers.

        Raises:
            APIFailure: As the verb has it; 501 for what this server does not do.
        """
        part = call.info.subresource
        if part in PARTS:
            return self._part(call)
        if part == "scale":
            return self._scale(call)
        if part == "binding":
            return self.bind(call)
        if part == "eviction":
            return self._evict(call)
        if part == "log":
            return answer_log(call, self._stored(call).object, self.pod_logs, self._clock.now())
        raise not_implemented(f"serve {call.resource.name}/{part}")

    def bind(self, call: Call) -> Response:
        """Bind a pod to a node, for `pods/binding` and for a created Binding.

        Raises:
            APIFailure: 400, 404, 409, 422.
        """
        body = decode_body(call.request.body, call.content_type, "Binding")
        binding = self._decode(("", "v1", "Binding"), body)
        name = call.name or binding.get("metadata", {}).get("name", "")
        stored = self._storage.log.get("pods", f"{call.namespace}/{name}")
        if stored is None:
            raise not_found("", "pods", name)
        bound = bind(stored.object, binding, self._clock.now())
        if not check_dry_run(call.info.query, "CreateOptions"):
            self._storage.put(self._pods, call.namespace, name, bound)
        return call.respond_status(201, success(code=201))

    def _part(self, call: Call) -> Response:
        match call.info.verb:
            case "update":
                return self._writer.update(call)
            case "patch":
                return self._patcher.patch(call)
            case _:
                return self._reader.get(call)

    def _scale(self, call: Call) -> Response:
        resource = call.resource
        stored = self._stored(call)
        value = views.typed(resource, from_storage(resource, stored.object))
        scale = _scale_of(resource, value)
        if call.info.verb in {"get", "watch"}:
            return call.respond(200, encode(scale, call.form))
        if call.info.verb == "update":
            options = "UpdateOptions"
            body = decode_body(call.request.body, call.content_type, "Scale")
            wanted = self._decode(_SCALE, body, field_validation(call.info.query, options))
            name = wanted.get("metadata", {}).get("name")
            if name and name != call.name:
                raise bad_request(
                    f"the name of the object ({name}) does not match the name on the URL ({call.name})"
                )
        elif call.info.verb == "patch":
            options = "PatchOptions"
            wanted = self._patched_scale(call, scale)
        else:
            raise method_not_allowed()
        dry_run = check_dry_run(call.info.query, options)
        paths = resource.custom.scale if resource.custom is not None else None
        path = paths.get("specReplicasPath", "") if paths else ".spec.replicas"
        changed = with_scale(value, wanted, path=path)
        expected = wanted.get("metadata", {})
        changed["metadata"]["resourceVersion"] = expected.get("resourceVersion", "")
        if expected.get("uid"):
            changed["metadata"]["uid"] = expected["uid"]
        replaced = self._writer.replace(call, stored, changed, dry_run=dry_run, subresource="")
        return call.respond(200, encode(_scale_of(resource, replaced), call.form))

    def _patched_scale(self, call: Call, scale: JSONObject) -> JSONObject:
        shape = Schemas.load().node(*_SCALE)
        after = apply_patch(patch_type(call), call.request.body, scale, shape)
        try:
            return _checked_scale(Schemas.load().decode(*_SCALE, after)[0])
        except SchemaError as error:
            cause = FieldCause("FieldValueInvalid", "patch", invalid_result_message(after, str(error)))
            raise invalid("", "", "", [cause]) from error

    def _evict(self, call: Call) -> Response:
        raw = decode_body(call.request.body, call.content_type, "Eviction")
        body = self._decode(("policy", "v1", "Eviction"), raw)
        name = body.get("metadata", {}).get("name") or call.name
        if name != call.name:
            raise bad_request(f"name in URL does not match name in Eviction object: {name}")
        stored = self._stored(call)
        budgets = self._storage.log.state(_BUDGETS).items(call.namespace + "/", call.namespace + "0")
        check_eviction(stored.object, (budget.object for _, budget in budgets))
        is_dry = check_dry_run(call.info.query, "CreateOptions")
        options = parse_delete_options(body.get("deleteOptions") or {}, Query("dryRun=All" if is_dry else ""))
        self._deleter.remove(call.resource, call.namespace, stored, options)
        return call.respond_status(201, success(code=201))

    def _stored(self, call: Call) -> StoredObject:
        stored = self._storage.get(call.resource, call.namespace, call.name)
        if stored is None:
            raise not_found(call.resource.group, call.resource.name, call.name)
        return stored

    def _decode(
        self, kind: tuple[str, str, str], body: JSONObject, validation: FieldValidation = "Ignore"
    ) -> JSONObject:
        group, version, name = kind
        try:
            value, _ = Schemas.load().decode(group, version, name, body, validation=validation)
            return _checked_scale(value) if kind == _SCALE else value
        except SchemaError as error:
            raise bad_request(error.for_kind(version, name)) from error


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
