"""Which plugins a server has, and in which order they are asked.

In:    the parts of a server
Out:   its `AdmissionChain`
Next:  chain.py
Rules: the order is the real server's: what changes an object before what only looks at it; callables of the embedding
       program stand before webhooks.
Source: kubernetes pkg/kubeapiserver/options/plugins.go
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from listwatch.apiserver.admission.callables import Callables
from listwatch.apiserver.admission.chain import AdmissionChain, Asker, Phase, Plugin, PluginBase, Step
from listwatch.apiserver.admission.limit_ranger import LimitRanger
from listwatch.apiserver.admission.pod_security import PodSecurity
from listwatch.apiserver.admission.priority import Priority
from listwatch.apiserver.admission.resource_quota import ResourceQuotas
from listwatch.apiserver.admission.service_accounts import ServiceAccounts
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.admitting import Attributes

if TYPE_CHECKING:
    from listwatch.apiserver.admission.webhook_caller import WebhookCaller
    from listwatch.apiserver.admission.webhooks import ServiceResolver
    from listwatch.apiserver.cel.functions_authorizer import Authorize

JSONObject = dict[str, Any]
_GROUP: Final = "admissionregistration.k8s.io"
_WEBHOOKS: Final = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
_MUTATING_POLICIES: Final = ("mutatingadmissionpolicies",)
_POLICIES: Final = ("validatingadmissionpolicies",)


class OnDemand(PluginBase):
    """A plugin that is made when the first object that configures it is there, or is being written.

    Until then a write costs it a look at an empty collection, and the server does not load what it needs.

    Args:
        storage: Where those objects are.
        names: Of their resources, in admission's own group.
        make: Makes the plugin.
    """

    def __init__(self, storage: Storage, names: Sequence[str], make: Callable[[], Plugin]) -> None:
        self._storage = storage
        self._names = tuple(names)
        self._collections = [f"{name}.{_GROUP}" for name in names]
        self._make = make
        self._plugin: Plugin | None = None

    def mutate(self, attributes: Attributes, asker: Asker) -> JSONObject | None:
        """As the plugin does."""
        plugin = self._wanted(attributes)
        return None if plugin is None else plugin.mutate(attributes, asker)

    def validate(self, attributes: Attributes, asker: Asker) -> None:
        """As the plugin does."""
        plugin = self._wanted(attributes)
        if plugin is not None:
            plugin.validate(attributes, asker)

    def steps(self, phase: Phase, attributes: Attributes, asker: Asker) -> Sequence[Step]:
        """As the plugin does."""
        plugin = self._wanted(attributes)
        return () if plugin is None else plugin.steps(phase, attributes, asker)

    def _wanted(self, attributes: Attributes) -> Plugin | None:
        resource = attributes.resource
        is_its_own = resource.group == _GROUP and resource.name in self._names
        if not is_its_own and not any(len(self._storage.log.state(name)) for name in self._collections):
            return None
        if self._plugin is None:
            self._plugin = self._make()
        return self._plugin


def admission_chain(
    storage: Storage,
    registry: ResourceRegistry,
    callables: Callables,
    *,
    redecode: Callable[[Attributes, JSONObject], JSONObject],
    shape: Callable[[Attributes], Any],
    chance: random.Random,
    new_uid: Callable[[], str],
    call_webhook: WebhookCaller | None = None,
    resolve_service: ServiceResolver | None = None,
    authorize: Authorize | None = None,
) -> AdmissionChain:
    """The chain of a server.

    Args:
        callables: Those of the embedding program.
        redecode: Gives a changed object its types and defaults again.
        shape: The shape of an object's kind, None for a custom one.
        chance: For the names of volumes.
        new_uid: For reviews.
        call_webhook: Calls webhooks; by HTTPS if None.
        resolve_service: Gives services addresses; None if none has one.
        authorize: Who may do what, for expressions that ask; by default whoever is authenticated everything.
    """

    def make_webhooks() -> Plugin:
        from listwatch.apiserver.admission import expressions, matching, webhooks  # noqa: PLC0415 - see the class
        from listwatch.apiserver.admission import webhook_caller as caller  # noqa: PLC0415 - likewise

        return webhooks.Webhooks(
            storage,
            matching.Matcher(storage, registry),
            call=call_webhook or caller.call_webhook,
            new_uid=new_uid,
            resolve=resolve_service or webhooks.no_services,
            authorize=authorize or expressions.permit_all,
        )

    def make_policies() -> Plugin:
        from listwatch.apiserver.admission import expressions, matching, policies  # noqa: PLC0415 - likewise

        matcher = matching.Matcher(storage, registry)
        permitted = authorize or expressions.permit_all
        return policies.ValidatingPolicies(storage, registry, matcher, authorize=permitted)

    def make_mutating_policies() -> Plugin:
        from listwatch.apiserver.admission import expressions, matching, mutating_policies  # noqa: PLC0415

        permitted = authorize or expressions.permit_all
        matcher = matching.Matcher(storage, registry)
        made = mutating_policies.MutatingPolicies(storage, registry, matcher, authorize=permitted)
        made.redecode, made.shape = redecode, shape
        return made

    plugins: list[Plugin] = [
        LimitRanger(storage),
        ServiceAccounts(storage, chance),
        Priority(storage),
        PodSecurity(storage),
        callables,
        OnDemand(storage, _MUTATING_POLICIES, make_mutating_policies),
        OnDemand(storage, _POLICIES, make_policies),
        OnDemand(storage, _WEBHOOKS, make_webhooks),
    ]
    quotas = registry.find("", "v1", "resourcequotas")
    if quotas is not None:
        plugins.append(ResourceQuotas(storage, quotas))
    return AdmissionChain(plugins, redecode=redecode)
