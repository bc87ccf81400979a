"""Callables of the program that embeds the server, as members of the chain.

In:    `AdmissionRequest`s for those who asked for them
Out:   their decisions
Next:  chain.py
Rules: the callables run in the order in which they were added. What they raise is told as a 500 in their name, without
       a traceback; it is logged with one.
"""

from __future__ import annotations

import copy
import inspect
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from listwatch.apiserver.admission.chain import Asker, Phase, PluginBase, Step, Verdict
from listwatch.apiserver.admission.request import AdmissionRequest, Callback, Decision
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.wire.statuses import APIFailure, failure, forbidden, internal_error

JSONObject = dict[str, Any]
_OPERATIONS: Final = {"create": "CREATE", "update": "UPDATE", "patch": "UPDATE", "delete": "DELETE"}
_REASONS: Final = {
    400: "BadRequest",
    401: "Unauthorized",
    404: "NotFound",
    409: "Conflict",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
}
_log = logging.getLogger("listwatch.apiserver")


@dataclass(frozen=True, slots=True)
class _Entry:
    callback: Callback
    operations: frozenset[str]
    resources: frozenset[str]
    waits: bool

    def wants(self, attributes: Attributes) -> bool:
        if "*" not in self.operations and attributes.operation not in self.operations:
            return False
        resource, part = attributes.resource, attributes.subresource
        names = {resource.name, resource.qualified, f"{resource.qualified}.{resource.version}"}
        if part:
            names = {f"{name}/{each}" for name in names for each in (part, "*")}
        else:
            names.add("*")
        return bool(names & self.resources) or "*/*" in self.resources


class Callables(PluginBase):
    """The callables of one server; they are asked once per write, in the mutating phase."""

    def __init__(self) -> None:
        self._entries: tuple[_Entry, ...] = ()

    def add(
        self, callback: Callback, *, verbs: Iterable[str] = ("*",), resources: Iterable[str] = ("*",)
    ) -> Callable[[], None]:
        """Ask `callback` about writes from now on; gives a function that ends it.

        Args:
            callback: Sync or async. None and True mean yes, False no.
            verbs: Of create, update, patch, delete; "*" for all. An update and a patch are the same here.
            resources: `pods`, `deployments.apps`, `pods/status`, `*` for all objects, `*/*` for their parts too.

        Raises:
            ValueError: A verb is none that changes anything.
        """
        known = {**_OPERATIONS, "*": "*"}
        chosen = list(verbs)
        if unknown := [verb for verb in chosen if verb not in known]:
            raise ValueError(f"not a verb that admission is asked about: {', '.join(unknown)}")
        waits = inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
            getattr(callback, "__call__", None)  # noqa: B004 - not whether it can be called, but how
        )
        entry = _Entry(callback, frozenset(known[verb] for verb in chosen), frozenset(resources), waits)
        self._entries = (*self._entries, entry)

        def remove() -> None:
            self._entries = tuple(each for each in self._entries if each is not entry)

        return remove

    def mutate(self, attributes: Attributes, asker: Asker) -> JSONObject | None:
        """Ask those that answer at once.

        Raises:
            APIFailure: One of them denies.
        """
        changed: JSONObject | None = None
        for entry in self._entries:
            if entry.waits or not entry.wants(attributes):
                continue
            try:
                decision = entry.callback(_request(attributes, asker, changed))
            except APIFailure:
                raise
            except Exception as error:
                raise _fault(entry.callback, error) from error
            verdict = _verdict(entry.callback, decision, attributes)
            asker.warnings.extend(verdict.warnings)
            if verdict.refusal is not None:
                raise verdict.refusal
            changed = changed if verdict.changed is None else verdict.changed
        return changed

    def steps(self, phase: Phase, attributes: Attributes, _asker: Asker) -> Sequence[Step]:
        """Those that take their time."""
        if phase != "mutate":
            return ()
        return [_step(entry) for entry in self._entries if entry.waits and entry.wants(attributes)]


def _step(entry: _Entry) -> Step:
    async def step(attributes: Attributes, asker: Asker) -> Verdict:
        try:
            answer = entry.callback(_request(attributes, asker, None))
            decision = await answer if inspect.isawaitable(answer) else answer
        except APIFailure as refusal:
            return Verdict(refusal=refusal)
        except Exception as error:  # noqa: BLE001 - a stranger's code: told without a traceback
            return Verdict(refusal=_fault(entry.callback, error))
        return _verdict(entry.callback, decision, attributes)

    return step


def _request(attributes: Attributes, asker: Asker, changed: JSONObject | None) -> AdmissionRequest:
    resource = attributes.resource
    value = attributes.value if changed is None else changed
    return AdmissionRequest(
        operation=attributes.operation,
        user=asker.user,
        group=resource.group,
        version=resource.version,
        kind=resource.kind,
        resource=resource.name,
        subresource=attributes.subresource,
        namespace=attributes.namespace,
        name=attributes.name,
        object=copy.deepcopy(value),
        old_object=copy.deepcopy(attributes.old),
        dry_run=attributes.dry_run,
        options=dict(asker.options),
    )


def _verdict(callback: Callback, decision: object, attributes: Attributes) -> Verdict:
    if decision is None or decision is True:
        return Verdict()
    resource = attributes.resource
    if decision is False:
        decision = Decision(False, "denied without explanation")
    if not isinstance(decision, Decision):
        wrong = TypeError(f"it gave {type(decision).__name__} and not a Decision")
        return Verdict(refusal=_fault(callback, wrong))
    if decision.allowed:
        return Verdict(decision.changed, warnings=decision.warnings)
    if decision.code == 403 and not decision.reason:
        refusal = forbidden(resource.group, resource.name, attributes.name, decision.message)
    else:
        reason = decision.reason or _REASONS.get(decision.code, "")
        refusal = failure(decision.code, decision.message, reason=reason, details={})
    return Verdict(refusal=refusal, warnings=decision.warnings)


def _fault(callback: Callback, error: Exception) -> APIFailure:
    name = getattr(callback, "__qualname__", type(callback).__name__)
    _log.error("admission callable %s failed", name, exc_info=error)
    return internal_error(f"admission callable {name} failed: {type(error).__name__}")
