"""What can be asked of a part of an object: its status, its scale, its binding.

In:    a `Call` that names a subresource
Out:   a `Response`; changes in the log
Next:  writing.py and patching.py for the parts that are parts of the object, scale_verbs.py and subresources.py for
       those of another kind
Rules: which subresources there are, and with which verbs, is discovery's data; what is not done is refused with 501.
Source: Kubernetes API reference; recordings of kube-apiserver 1.36
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Response
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.kinds.schema import SchemaError, Schemas
from listwatch.apiserver.kinds.subresources import bind, check_eviction
from listwatch.apiserver.storage.revision_log import StoredObject
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.deletion import Deleter, parse_delete_options
from listwatch.apiserver.verbs.list_options import check_dry_run
from listwatch.apiserver.verbs.patching import Patcher
from listwatch.apiserver.verbs.pod_logs import PodLogs, answer_log
from listwatch.apiserver.verbs.reading import Reader
from listwatch.apiserver.verbs.scale_verbs import ScaleVerbs
from listwatch.apiserver.verbs.service_account_tokens import ServiceAccountTokens
from listwatch.apiserver.verbs.writing import Writer
from listwatch.apiserver.wire.negotiation import decode_body, encode
from listwatch.apiserver.wire.request_info import Query
from listwatch.apiserver.wire.statuses import bad_request, not_found, not_implemented, success

JSONObject = dict[str, Any]
PARTS: Final = frozenset({"status", "finalize", "approval", "ephemeralcontainers", "resize"})
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
        tokens: ServiceAccountTokens,
    ) -> None:
        self._storage = storage
        self._tokens = tokens
        self._pods = pods
        self._writer = writer
        self._patcher = patcher
        self._reader = reader
        self._deleter = deleter
        self._clock = clock
        self.pod_logs = PodLogs()
        self._scales = ScaleVerbs(storage, writer)

    def answer(self, call: Call) -> Response:
        """Answer a call on a subresource that the resource has, with a verb that it offers.

        Raises:
            APIFailure: As the verb has it; 501 for what this server does not do.
        """
        part = call.info.subresource
        if part in PARTS:
            return self._part(call)
        if part == "scale":
            return self._scales.answer(call)
        if part == "binding":
            return self.bind(call)
        if part == "eviction":
            return self._evict(call)
        if part == "log":
            return answer_log(call, self._stored(call).object, self.pod_logs, self._clock.now())
        if part == "token":
            return self._token(call)
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

    def _token(self, call: Call) -> Response:
        body = decode_body(call.request.body, call.content_type, "TokenRequest")
        wanted = self._decode(("authentication.k8s.io", "v1", "TokenRequest"), body)
        return call.respond(201, encode(self._tokens.request(call, wanted), call.form))

    def _part(self, call: Call) -> Response:
        match call.info.verb:
            case "update":
                return self._writer.update(call)
            case "patch":
                return self._patcher.patch(call)
            case _:
                return self._reader.get(call)

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

    def _decode(self, kind: tuple[str, str, str], body: JSONObject) -> JSONObject:
        group, version, name = kind
        try:
            return Schemas.load().decode(group, version, name, body)[0]
        except SchemaError as error:
            raise bad_request(error.for_kind(version, name)) from error
