"""The chain: every plugin asked in its order, those one has to wait for outside of the write.

In:    `Attributes` from the verbs
Out:   the object as it shall be, refusals, warnings
Next:  built-in plugins, callables.py, policies.py, webhooks.py
Rules: a write is synchronous from its reading to its storing. Where a step has to wait, `CallsNeeded` leaves the verb;
       the server waits for the step and begins the verb again, which then finds the step's answer, if the object and
       what is stored are still those that the step saw. If not, it is asked again. A server without such steps never
       waits. What the server itself writes (a new cluster's namespaces) asks nobody.
Source: apiserver pkg/admission/chain.go; the order of plugins in kubernetes pkg/kubeapiserver/options/plugins.go
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol

from listwatch.apimachinery.http import Response
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.wire.statuses import APIFailure, conflict

JSONObject = dict[str, Any]
Phase = Literal["mutate", "validate"]
WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_MOST_STALE: Final = 10
_VOLATILE: Final = ("uid", "creationTimestamp", "managedFields", "resourceVersion")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, by which request, and where warnings for it go.

    `memory` is what plugins keep from one attempt of the write to the next, each under a name of its own.
    """

    user: User
    options: JSONObject
    warnings: list[str]
    verb: str = ""
    memory: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a step said: an object to go on with (None: the same), or a refusal."""

    changed: JSONObject | None = None
    refusal: APIFailure | None = None
    warnings: tuple[str, ...] = ()


Step = Callable[[Attributes, Asker], Awaitable[Verdict]]


class Plugin(Protocol):
    """One member of the chain. What it raises is an `APIFailure`."""

    def mutate(self, attributes: Attributes, asker: Asker) -> JSONObject | None:
        """The object as it shall be, or None if it is right as it is."""
        ...

    def validate(self, attributes: Attributes, asker: Asker) -> None:
        """Refuses by raising."""
        ...

    def steps(self, phase: Phase, attributes: Attributes, asker: Asker) -> Sequence[Step]:
        """What has to be waited for, in this order."""
        ...

    def settled(self, namespace: str) -> None:
        """Told after each write that was answered, in which namespace it was."""
        ...


class PluginBase:
    """A plugin that does nothing; real ones override what they do."""

    def mutate(self, _attributes: Attributes, _asker: Asker) -> JSONObject | None:
        """Leaves the object as it is."""
        return None

    def validate(self, _attributes: Attributes, _asker: Asker) -> None:
        """Refuses nothing."""

    def steps(self, _phase: Phase, _attributes: Attributes, _asker: Asker) -> Sequence[Step]:
        """Waits for nothing."""
        return ()

    def settled(self, _namespace: str) -> None:
        """Does nothing more."""


class CallsNeeded(Exception):
    """Leaves a verb that has to wait for steps; caught by `AdmissionChain.run` and nowhere else."""

    def __init__(self, phase: Phase, attributes: Attributes, steps: Sequence[Step]) -> None:
        super().__init__(phase)
        self.phase: Phase = phase
        self.attributes = attributes
        self.steps = steps


@dataclass(slots=True)
class _Known:
    """What the steps of one question said, and about what."""

    phase: Phase
    about: Attributes
    verdict: Verdict


@dataclass(slots=True)
class _Session:
    asker: Asker
    known: list[_Known] = field(default_factory=list)
    position: int = 0
    stale: int = 0
    is_over: bool = False


_session: ContextVar[_Session | None] = ContextVar("admission", default=None)


class AdmissionChain:
    """The `Admission` of a server.

    Args:
        plugins: In the order in which they are asked; in the validating phase too.
        redecode: Gives an object that a step has changed its types and defaults again, or refuses it.
    """

    def __init__(
        self,
        plugins: Sequence[Plugin],
        *,
        redecode: Callable[[Attributes, JSONObject], JSONObject],
    ) -> None:
        self._plugins = tuple(plugins)
        self._redecode = redecode

    def mutate(self, attributes: Attributes) -> JSONObject:
        """The object as it shall be.

        Raises:
            APIFailure: It is refused.
            CallsNeeded: Somebody has to be waited for.
        """
        session = _session.get()
        value = attributes.value or {}
        if session is None or session.is_over:
            return value
        for plugin in self._plugins:
            changed = plugin.mutate(attributes, session.asker)
            if changed is not None:
                value = changed
                attributes = replace(attributes, value=value)
        verdict = self._outside("mutate", attributes, session)
        return value if verdict is None or verdict.changed is None else copy.deepcopy(verdict.changed)

    def validate(self, attributes: Attributes) -> None:
        """Refuse by raising.

        Raises:
            APIFailure: It is refused.
            CallsNeeded: Somebody has to be waited for.
        """
        session = _session.get()
        if session is None or session.is_over:
            return
        if attributes.operation == "DELETE":
            for plugin in self._plugins:
                plugin.mutate(attributes, session.asker)
            self._outside("mutate", attributes, session)
        for plugin in self._plugins:
            plugin.validate(attributes, session.asker)
        self._outside("validate", attributes, session)

    async def run(self, call: Call, answer: Callable[[], Awaitable[Response]]) -> Response:
        """Answer a write, beginning again as often as somebody has to be waited for.

        Raises:
            APIFailure: The answer's, or 409 if the object changes faster than it can be asked about.
        """
        options = {name: call.info.query.get(name) for name in call.info.query.names()}
        session = _Session(Asker(call.user, options, call.warnings, call.info.verb))
        turn = _session.set(session)
        try:
            while True:
                session.position = 0
                call.warnings.clear()
                try:
                    response = await answer()
                except CallsNeeded as needed:
                    await self._ask(session, needed)
                    continue
                for plugin in self._plugins:
                    plugin.settled(call.namespace)
                return response
        finally:
            session.is_over = True  # tasks that the write has begun keep its context
            _session.reset(turn)

    def _outside(self, phase: Phase, attributes: Attributes, session: _Session) -> Verdict | None:
        steps = [step for plugin in self._plugins for step in plugin.steps(phase, attributes, session.asker)]
        if not steps:
            return None
        place = session.position
        if place < len(session.known):
            known = session.known[place]
            if known.phase == phase and _same(known.about, attributes):
                session.position += 1
                session.asker.warnings.extend(known.verdict.warnings)
                if known.verdict.refusal is not None:
                    raise known.verdict.refusal
                return known.verdict
            del session.known[place:]
            session.stale += 1
            if session.stale > _MOST_STALE:
                resource = attributes.resource
                raise conflict(resource.group, resource.name, attributes.name)
        # The steps see the object as it is now, not as the verb makes it afterwards.
        frozen = replace(attributes, value=copy.deepcopy(attributes.value), old=copy.deepcopy(attributes.old))
        raise CallsNeeded(phase, frozen, steps)

    async def _ask(self, session: _Session, needed: CallsNeeded) -> None:
        asker = replace(session.asker, warnings=[])
        if needed.phase == "mutate":
            verdict = await self._ask_in_turn(needed, asker)
        else:
            verdict = await _ask_together(needed, asker)
        told = replace(verdict, warnings=(*asker.warnings, *verdict.warnings))
        session.known.append(_Known(needed.phase, needed.attributes, told))

    async def _ask_in_turn(self, needed: CallsNeeded, asker: Asker) -> Verdict:
        attributes = needed.attributes
        changed: JSONObject | None = None
        warnings: list[str] = []
        for step in needed.steps:
            verdict = await step(attributes, asker)
            warnings.extend(verdict.warnings)
            if verdict.refusal is not None:
                return Verdict(refusal=verdict.refusal, warnings=tuple(warnings))
            if verdict.changed is not None:
                try:
                    changed = self._redecode(attributes, verdict.changed)
                except APIFailure as refusal:
                    return Verdict(refusal=refusal, warnings=tuple(warnings))
                attributes = replace(attributes, value=changed)
        return Verdict(changed, warnings=tuple(warnings))


async def _ask_together(needed: CallsNeeded, asker: Asker) -> Verdict:
    verdicts = await asyncio.gather(*(step(needed.attributes, asker) for step in needed.steps))
    warnings = tuple(text for verdict in verdicts for text in verdict.warnings)
    refusal = next((verdict.refusal for verdict in verdicts if verdict.refusal is not None), None)
    return Verdict(refusal=refusal, warnings=warnings)


def _same(about: Attributes, now: Attributes) -> bool:
    """Whether two questions are the same but for what the server itself makes anew with each attempt."""
    if (about.operation, about.resource, about.namespace, about.subresource) != (
        now.operation,
        now.resource,
        now.namespace,
        now.subresource,
    ):
        return False
    if (about.old or {}).get("metadata", {}).get("resourceVersion") != (now.old or {}).get(
        "metadata", {}
    ).get("resourceVersion"):
        return False
    return _steady(about.value) == _steady(now.value)


def _steady(value: JSONObject | None) -> JSONObject:
    if value is None:
        return {}
    metadata = {name: part for name, part in value.get("metadata", {}).items() if name not in _VOLATILE}
    if metadata.get("generateName"):
        metadata.pop("name", None)
    return {**value, "metadata": metadata}
