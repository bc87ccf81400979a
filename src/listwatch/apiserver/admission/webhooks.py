"""Webhooks: which are asked about a write, and what becomes of their answers.

In:    MutatingWebhookConfigurations and ValidatingWebhookConfigurations; `Attributes`
Out:   steps for the chain
Next:  webhook_caller.py, through a parameter
Rules: nothing is called within a write (chain.py). Mutating webhooks are asked one after the other, by the names of
       their configurations; those that allow it a second time if a later one has changed the object. Validating ones
       are asked together. A webhook that cannot be asked is decided on by its failure policy.
Source: Kubernetes docs, "Dynamic Admission Control"; apiserver pkg/admission/plugin/webhook
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.admission.chain import Asker, Phase, PluginBase, Step, Verdict
from listwatch.apiserver.admission.expressions import compiled, conditions_hold, values
from listwatch.apiserver.admission.matching import Matcher, is_exempt
from listwatch.apiserver.admission.review import WebhookError, read_answer, review_body
from listwatch.apiserver.admission.webhook_caller import WebhookCall, WebhookCaller
from listwatch.apiserver.cel import CompileError, EvaluationError
from listwatch.apiserver.cel.functions_authorizer import Authorize
from listwatch.apiserver.cel.types import BOOL
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.wire.statuses import APIFailure, bad_request, forbidden, internal_error

JSONObject = dict[str, Any]
# What a service's address is: URL of `https://host:port`, given namespace, name and port; None if it has none.
ServiceResolver = Callable[[str, str, int], str | None]
_COLLECTIONS: Final[dict[Phase, str]] = {
    "mutate": "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validate": "validatingwebhookconfigurations.admissionregistration.k8s.io",
}
_HARMLESS: Final = frozenset({"None", "NoneOnDryRun"})
_log = logging.getLogger("listwatch.apiserver")


def no_services(_namespace: str, _name: str, _port: int) -> str | None:
    """No service has an address: nothing listens on those of an embedded cluster."""
    return None


@dataclass(frozen=True, slots=True)
class _Hook:
    """A webhook that is to be asked about a write, which it sees as `seen`."""

    spec: JSONObject
    seen: Attributes

    @property
    def name(self) -> str:
        return str(self.spec.get("name", ""))


class Webhooks(PluginBase):
    """Both kinds of webhooks of one server.

    Args:
        storage: Where their configurations are.
        matcher: Decides which write is theirs.
        call: Calls one.
        new_uid: For reviews.
        resolve: Gives services their addresses.
        authorize: For match conditions that ask what somebody may do.
    """

    def __init__(
        self,
        storage: Storage,
        matcher: Matcher,
        *,
        call: WebhookCaller,
        new_uid: Callable[[], str],
        resolve: ServiceResolver,
        authorize: Authorize,
    ) -> None:
        self._storage = storage
        self._matcher = matcher
        self._call = call
        self._new_uid = new_uid
        self._resolve = resolve
        self._authorize = authorize

    def steps(self, phase: Phase, attributes: Attributes, asker: Asker) -> Sequence[Step]:
        """One step for all mutating webhooks, one for each validating one."""
        if is_exempt(attributes):
            return ()
        hooks = list(self._hooks(phase, attributes))
        if not hooks:
            return ()
        if phase == "mutate":
            return [self._mutating_step(attributes)]
        return [self._validating_step(hook) for hook in hooks]

    def _hooks(self, phase: Phase, attributes: Attributes) -> Iterator[_Hook]:
        for _, stored in self._storage.log.state(_COLLECTIONS[phase]).items():  # noqa: PERF102 (no dict)
            for spec in stored.object.get("webhooks") or ():
                seen = self._matcher.match(attributes, spec.get("rules") or (), spec)
                if seen is not None:
                    yield _Hook(spec, seen)

    def _validating_step(self, hook: _Hook) -> Step:
        async def step(attributes: Attributes, asker: Asker) -> Verdict:
            return await self._ask(hook, attributes, asker, mutates=False)

        return step

    def _mutating_step(self, original: Attributes) -> Step:
        async def step(attributes: Attributes, asker: Asker) -> Verdict:
            asked: dict[str, JSONObject | None] = {}
            changed: JSONObject | None = None
            warnings: list[str] = []
            for is_again in (False, True):
                for hook in list(
                    self._hooks("mutate", dataclasses.replace(original, value=attributes.value))
                ):
                    if is_again and (
                        hook.spec.get("reinvocationPolicy") != "IfNeeded"
                        or asked.get(hook.name, attributes.value) == attributes.value
                    ):
                        continue
                    verdict = await self._ask(hook, attributes, asker, mutates=True)
                    warnings.extend(verdict.warnings)
                    if verdict.refusal is not None:
                        return Verdict(refusal=verdict.refusal, warnings=tuple(warnings))
                    if verdict.changed is not None:
                        changed = verdict.changed
                        attributes = dataclasses.replace(attributes, value=changed)
                    asked[hook.name] = attributes.value
            return Verdict(changed, warnings=tuple(warnings))

        return step

    async def _ask(self, hook: _Hook, attributes: Attributes, asker: Asker, *, mutates: bool) -> Verdict:
        requested = attributes.resource
        is_equivalent = hook.seen.resource is not requested
        seen = hook.seen if is_equivalent else attributes
        try:
            if not self._conditions_hold(hook, attributes, asker):
                return Verdict()
            if attributes.dry_run and hook.spec.get("sideEffects") not in _HARMLESS:
                told = f"admission webhook {go_quote(hook.name)} does not support dry run"
                return Verdict(refusal=bad_request(told))
            uid = self._new_uid()
            call = self._webhook_call(hook.spec, review_body(seen, asker, requested, uid))
            try:
                answer = await self._call(call)
            except WebhookError as error:
                raise WebhookError(f"failed to call webhook: {error}") from None
            verdict = read_answer(hook.name, answer, uid, seen, mutates=mutates and not is_equivalent)
        except WebhookError as error:
            return self._failed(
                hook, internal_error(f"failed calling webhook {go_quote(hook.name)}: {error}")
            )
        except (CompileError, EvaluationError) as error:
            resource = attributes.resource
            refusal = forbidden(resource.group, resource.name, attributes.name, str(error))
            return self._failed(hook, refusal)
        return verdict

    def _conditions_hold(self, hook: _Hook, attributes: Attributes, asker: Asker) -> bool:
        conditions = hook.spec.get("matchConditions") or ()
        if not conditions:
            return True
        namespace = self._matcher.namespace(attributes.namespace)
        known = values(hook.seen, asker, namespace, self._authorize)
        return conditions_hold(conditions, known, lambda source: compiled(source, BOOL))

    def _failed(self, hook: _Hook, refusal: APIFailure) -> Verdict:
        if hook.spec.get("failurePolicy", "Fail") == "Ignore":
            _log.warning("webhook %s failed open: %s", hook.name, refusal)
            return Verdict()
        return Verdict(refusal=refusal)

    def _webhook_call(self, spec: JSONObject, body: bytes) -> WebhookCall:
        if "v1" not in (spec.get("admissionReviewVersions") or ()):
            raise WebhookError("webhook does not accept known AdmissionReview versions (v1)")
        config = spec.get("clientConfig") or {}
        seconds = spec.get("timeoutSeconds") or 10
        service = config.get("service")
        name = ""
        if service is None:
            url = str(config.get("url", ""))
        else:
            name = f"{service.get('name')}.{service.get('namespace')}.svc"
            url = self._service_url(service, name, seconds)
        mark = "&" if "?" in url else "?"
        return WebhookCall(
            f"{url}{mark}timeout={seconds}s", body, seconds, config.get("caBundle") or "", name
        )

    def _service_url(self, service: JSONObject, host: str, seconds: int) -> str:
        port = service.get("port") or 443
        path = str(service.get("path") or "/")
        namespace, name = str(service.get("namespace")), str(service.get("name"))
        base = self._resolve(namespace, name, port)
        if base is not None:
            return base.rstrip("/") + path
        stored = self._storage.log.get("services", f"{namespace}/{name}")
        why = (
            f'service "{name}" not found'
            if stored is None
            else f'no endpoints available for service "{name}"'
        )
        shown = go_quote(f"https://{host}:{port}{path}?timeout={seconds}s")
        raise WebhookError(f"failed to call webhook: Post {shown}: {why}")
