"""The API server as one object: a `Request` in, a `Response` out, all state in memory.

In:    `Request`s, from a socket or straight from a client
Out:   `Response`s; a watch's goes on until it ends
Next:  assembly.py puts its parts together; gate.py, request_info.py and resources.py find out who wants what of which
       resource; then reading.py, writing.py, deletion.py, subresource_verbs.py or endpoints.py answer
Rules: no sockets, no files, no threads. Whatever fails is answered with a Status; an exception that nobody foresaw is
       logged with its traceback and answered with a 500 that tells nothing of it.
Source: API concepts; kube-apiserver 1.36's answers, as recorded
"""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import TransportError
from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.access.authorizer import AuthorizationMode
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.signing_key import SigningKey
from listwatch.apiserver.admission.chain import WRITES
from listwatch.apiserver.admission.request import Callback
from listwatch.apiserver.assembly import Assembly
from listwatch.apiserver.custom.simple import simple_definition
from listwatch.apiserver.journal.exchange import Observation, Observer, Trace, current_trace
from listwatch.apiserver.journal.metrics import CONTENT_TYPE, Metrics
from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry
from listwatch.apiserver.storage.revision_log import RevisionLog
from listwatch.apiserver.storage.storage import Listener, Storage
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.call import Call, failure_response
from listwatch.apiserver.verbs.certificate_requests import Authority
from listwatch.apiserver.verbs.endpoints import answer_path
from listwatch.apiserver.verbs.methods import check_verb
from listwatch.apiserver.verbs.pod_logs import PodLogs
from listwatch.apiserver.verbs.reviews import answer_review
from listwatch.apiserver.wire.finishing import finished
from listwatch.apiserver.wire.negotiation import MAX_BODY_BYTES, Form, accepted_form, decode_body, is_protobuf
from listwatch.apiserver.wire.request_info import RequestInfo, parse_request
from listwatch.apiserver.wire.statuses import (
    APIFailure,
    body_too_large,
    internal_error,
    method_not_allowed,
    no_such_resource,
    not_implemented,
    unsupported_body_type,
)
from listwatch.apiserver.wire.timestamps import format_timestamp

if TYPE_CHECKING:
    from listwatch.apiserver.admission.webhook_caller import WebhookCaller
    from listwatch.apiserver.admission.webhooks import ServiceResolver
    from listwatch.apiserver.storage.group_commit import GroupCommit

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_NOBODY: Final[Mapping[str, User]] = MappingProxyType({})
Proceed = Callable[[Request], Awaitable[Response]]
Interceptor = Callable[[Trace, Proceed], Awaitable[Response]]
_log = logging.getLogger("listwatch.apiserver")


class APIServer:
    """A Kubernetes API server in memory.

    Promised: what was answered has happened, in one order that all lists and watches agree on; a watch tells every
    change once; every refusal is a Status. Not promised: controllers other than those that end namespaces.
    Threads: none; use it from one event loop. Make it where the clock can be read.

    Args:
        clock: Rules creation times, timeouts, bookmarks and the ends of namespaces.
        tokens: Users by bearer token. What they may do, roles and bindings say; `system:masters` may do all.
        authorization_mode: `RBAC`, or `AlwaysAllow`: whoever is known may do everything, and nobody else anything.
        signing_key: Signs service account tokens; by default one of its own, made when it is needed.
        new_uid: Gives a fresh UID for each object.
        chance: For generated names and the lengths of watches. Seed it for runs that repeat.
        bookmark_interval: Seconds between bookmarks of a watch that allows them.
        minimum_watch_seconds: A watch without `timeoutSeconds` lasts between this and twice this.
        history_limit: How many changes are retained, at least, for watches and snapshots.
        namespace_deletion_delay: Seconds until a deleted namespace begins to be emptied.
        log: The state to begin with, of a server that is no longer; it belongs to this one from then on. A copy of
            another's is `fork`, and what a restart forgets is `compact`. None for a new cluster. `history_limit` is
            the log's own then.
        observers: Told of every exchange; see `journal.exchange.Observer`.
        interceptor: Asked before a request is answered, once it is known who asks for what: gives the answer, by
            `proceed(request)`, with the same or another request, or its own. What it raises beyond `APIFailure`, the
            transport's errors above all, reaches whoever called `handle`.
        admission: Asked about every write; see `admit`.
        webhook_caller: Calls webhooks; None for HTTPS.
        resolve_service: The URL of a service, by namespace, name and port, for webhooks that name one. By default
            none has an address, and the webhook's failure policy decides.
        commits: Keeps the log on disk. The state to begin with is then the one that it restores.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        tokens: Mapping[str, User] = _NOBODY,
        authorization_mode: AuthorizationMode = "RBAC",
        signing_key: SigningKey | None = None,
        new_uid: Callable[[], str] | None = None,
        chance: random.Random | None = None,
        bookmark_interval: float = 60.0,
        minimum_watch_seconds: float = 1800.0,
        history_limit: int = 100_000,
        namespace_deletion_delay: float = 1.0,
        log: RevisionLog | None = None,
        observers: Sequence[Observer] = (),
        interceptor: Interceptor | None = None,
        admission: Sequence[Callback] = (),
        webhook_caller: WebhookCaller | None = None,
        resolve_service: ServiceResolver | None = None,
        commits: GroupCommit | None = None,
    ) -> None:
        self._clock = clock
        self._metrics = Metrics()
        self._observation = Observation(clock=clock, observers=[self._metrics, *observers])
        self._interceptor = interceptor
        parts = Assembly(
            clock=clock,
            new_uid=new_uid or (lambda: str(uuid.uuid4())),
            chance=chance or random.Random(),  # noqa: S311 - for names and timeouts, not for secrets
            log=log if commits is None else commits.restored,
            history_limit=history_limit,
            commits=commits,
        )
        parts.add_gate(authorization_mode, signing_key, tokens)
        parts.add_reading(minimum_watch_seconds=minimum_watch_seconds, bookmark_interval=bookmark_interval)
        parts.add_writing()
        parts.add_conversions(webhook_caller, resolve_service)
        parts.add_deletion(namespace_deletion_delay)
        parts.add_admission(admission, webhook_caller, resolve_service)
        parts.begin()
        self._registry, self._storage, self._hub = parts.registry, parts.storage, parts.hub
        self._gate, self._callables, self._admission = parts.gate, parts.callables, parts.admission
        self._definitions, self._conversions, self._ends = parts.definitions, parts.conversions, parts.ends
        self._reader, self._writer, self._patcher = parts.reader, parts.writer, parts.patcher
        self._deleter, self._subresources = parts.deleter, parts.subresources

    def admit(
        self, callback: Callback, *, verbs: Iterable[str] = ("*",), resources: Iterable[str] = ("*",)
    ) -> Callable[[], None]:
        """Ask `callback` about writes from now on; gives a function that ends it. See `admission.callables`.

        Raises:
            ValueError: A verb is none that changes anything.
        """
        return self._callables.add(callback, verbs=verbs, resources=resources)

    def adopt_authority(self, authority: Authority) -> None:
        """Let `authority` sign approved certificate requests, and secrets with tokens hold its certificate."""
        self._gate.adopt_authority(authority)

    @property
    def revision(self) -> int:
        """Of the newest change."""
        return self._storage.revision

    @property
    def log(self) -> RevisionLog:
        """The log itself, for looking back: `history`, `at`. Write through `handle`."""
        return self._storage.log

    @property
    def pod_logs(self) -> PodLogs:
        """What containers have printed; whoever runs pods writes it."""
        return self._subresources.pod_logs

    @property
    def registry(self) -> ResourceRegistry:
        """What is served at this moment. For reading."""
        return self._registry

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every change from now on, the moment it is made. It must neither wait nor write."""
        self._storage.listen(listener)

    async def wait_for_revision(self, revision: int) -> None:
        """Wait until a revision has been reached, or the server is closed."""
        await self._hub.wait_for_version(revision)

    def add_user(self, token: str, user: User) -> None:
        """Let whoever shows `token` be `user` from now on."""
        self._gate.bearer_tokens.add(token, user)

    @property
    def storage(self) -> Storage:
        """The objects by their names, for what stands beside the server; what is written there nobody checks."""
        return self._storage

    def compact(self, revision: int | None = None) -> None:
        """Forget the history up to `revision` (by default all): older versions are answered with 410 from now on.

        Raises:
            ValueError: `revision` is yet to come. Nothing is changed.
        """
        self._storage.log.compact(revision)

    def add_kind(self, name: str, *, kind: str, **options: Any) -> None:
        """Serve one more kind from now on: makes its CustomResourceDefinition, established when this returns.

        Args:
            name: Such as `widgets.example.com`.
            kind: Such as `Widget`.
            options: See `custom.simple.simple_definition`; without a schema objects may hold anything.

        Raises:
            APIFailure: 409 if there is one of that name, 422 if it is none.
            ValueError: The name has no group.
        """
        resource = self._registry.preferred("apiextensions.k8s.io", "customresourcedefinitions")
        value, _ = self._writer.decoded(resource, simple_definition(name, kind=kind, **options))
        self._writer.create_object(resource, "", value)
        self._definitions.settle()
        self._definitions.make_ready(name)

    async def handle(self, request: Request) -> Response:
        """Answer a request; this is the server's whole HTTP surface, and a `Transport` for clients.

        The answer of a watch must be read to its end or closed. Nothing is raised for what the request or the
        server does wrong: that is answered with a Status.
        """
        trace = self._observation.open(request)
        turn = current_trace.set(trace)
        try:
            answer = await self._answer_always(request, trace)
            if self._storage.commits is not None:
                answer = await self._kept(request, answer)
        except asyncio.CancelledError:
            self._observation.lost(trace, "left")
            raise
        except BaseException:
            self._observation.lost(trace, "cut")
            raise
        finally:
            current_trace.reset(turn)
        return self._observation.follow(trace, answer)

    async def aclose(self) -> None:
        """End all watches and the server's own tasks. Safe to call twice."""
        self._hub.close()
        await self._ends.aclose()

    async def settle(self) -> None:
        """Wait until everything that has happened by now is on disk, if there is one.

        Raises:
            APIFailure: 500, it could not be kept and is undone.
        """
        if (
            self._storage.commits is not None
            and (failure := await self._storage.commits.settled()) is not None
        ):
            raise internal_error(f"the change could not be kept and is undone: {failure}")

    async def _kept(self, request: Request, answer: Response) -> Response:
        """`answer`, once everything it can have seen is on disk; else what happened to that."""
        try:
            await self.settle()
        except APIFailure as refusal:
            await answer.aclose()
            return failure_response(refusal, _failure_form(request))
        return answer

    async def _answer_always(self, request: Request, trace: Trace) -> Response:
        try:
            answer = await self._answer(request, trace)
            is_watch = trace.info is not None and trace.info.verb == "watch"
            return answer if is_watch else await finished(request, answer)
        except APIFailure as refusal:
            return failure_response(refusal, _failure_form(request))
        except TransportError:
            raise  # an interceptor's: there shall be no answer
        except Exception:  # noqa: BLE001 - the last resort: answered, and logged with its traceback
            _log.exception("%s failed", request)
            return failure_response(internal_error("the server has a fault, its log tells more"))

    async def _answer(self, request: Request, trace: Trace) -> Response:
        trace.info = info = parse_request(request.method, request.target)
        if len(request.body) > MAX_BODY_BYTES:
            raise body_too_large(MAX_BODY_BYTES)
        try:
            trace.user = user = self._gate.identify(request)
        finally:
            self._observation.identified(trace)
        if self._interceptor is not None:
            return await self._interceptor(trace, lambda asked: self._answer_again(asked, user))
        return await self._answer_user(request, user, info)

    async def _answer_again(self, request: Request, user: User) -> Response:
        try:
            return await self._answer_user(request, user, parse_request(request.method, request.target))
        except APIFailure as refusal:
            return failure_response(refusal, _failure_form(request))

    async def _answer_user(self, request: Request, user: User, info: RequestInfo) -> Response:
        self._gate.authorize(user, info)
        if info.method not in _METHODS:
            raise method_not_allowed()
        self._definitions.settle()
        if info.path == "/metrics" and info.method in {"GET", "HEAD"}:
            return self._answer_metrics()
        if not info.is_resource:
            return answer_path(info, request, self._registry, self._gate.service_accounts)
        resource = self._find(info, request)
        if isinstance(resource, Response):
            return resource
        check_verb(resource, info)
        if resource.custom is not None and info.verb in {"create", "update"} and is_protobuf(request):
            raise unsupported_body_type(has_protobuf=False)
        form = accepted_form(
            request.headers.get("Accept", ""),
            streaming=info.verb == "watch",
            protobuf="all" if resource.custom is None else "metadata",
            has_cbor=True,
        )
        call = Call(request, info, user, resource, form)
        answer = await self._conversions.resolve(
            lambda: self._attempt(call), others=lambda: self._definitions.needs(resource)
        )
        self._gate.settle()
        return answer

    async def _attempt(self, call: Call) -> Response:
        async def answer() -> Response:
            self._definitions.admit(call)
            return await self._dispatch(call)

        return await (self._admission.run(call, answer) if call.info.verb in WRITES else answer())

    def _answer_metrics(self) -> Response:
        counts = {
            (resource.group, resource.name): len(self._storage.state(resource))
            for resource in self._registry.stored()
        }
        return Response.of(200, self._metrics.render(counts).encode(), content_type=CONTENT_TYPE)

    def _find(self, info: RequestInfo, request: Request) -> Resource | Response:
        resource = self._registry.find(info.group, info.version, info.resource)
        if resource is None:
            if self._registry.group(info.group) is None:
                bare = parse_request("GET", f"/apis/{info.group}/{info.version}")
                return answer_path(bare, request, self._registry, self._gate.service_accounts)
            raise no_such_resource()
        misplaced = bool(info.namespace) != resource.namespaced and (info.namespace or info.name)
        if misplaced or (info.subresource and info.subresource not in resource.subresources):
            raise no_such_resource()
        return resource

    async def _dispatch(self, call: Call) -> Response:
        if call.info.subresource:
            return self._subresources.answer(call)
        if not call.resource.is_stored:
            return self._answer_unstored(call)
        match call.info.verb:
            case "get":
                return self._reader.get(call)
            case "list":
                return await self._reader.list_objects(call)
            case "watch":
                return self._reader.watch(call)
            case "create":
                return self._writer.create(call)
            case "update":
                return self._writer.update(call)
            case "patch":
                return self._patcher.patch(call)
            case "delete":
                return self._deleter.delete(call)
            case _:
                return self._deleter.delete_collection(call)

    def _answer_unstored(self, call: Call) -> Response:
        resource = call.resource
        if resource.name == "bindings":
            return self._subresources.bind(call)
        if call.info.verb != "create":
            raise not_implemented(f"keep {resource.qualified}")
        body = decode_body(call.request.body, call.content_type, resource.kind)
        value, warnings = self._writer.decoded(resource, body)
        call.warnings.extend(warnings)
        self._writer.track_unstored(call, value)
        created = format_timestamp(self._clock.now())
        answer = answer_review(
            call,
            value,
            authorizer=self._gate.authorizer,
            ask_token=self._gate.bearer_tokens.ask,
            created=created,
        )
        if answer is None:
            raise not_implemented(f"answer {resource.qualified}")
        return call.respond(201, views.document(resource, answer, call.form, now=self._clock.now()))


def _failure_form(request: Request) -> Form:
    """The form of a refusal: what the client accepts if it can be had, else JSON."""
    try:
        accept = request.headers.get("Accept", "")
        return Form(accepted_form(accept, protobuf="all", has_cbor=True).media_type)
    except APIFailure:
        return Form()
