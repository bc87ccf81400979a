"""ResourceQuotas: how much a namespace may hold.

In:    objects that are being made; the quotas of their namespace
Out:   refusals; the quotas' status after each write
Next:  chain.py
Rules: what is used is counted from what is stored, each time, so it is never wrong; the status follows when a write is
       done. Within a write nothing awaits, so two writes never share the last free place.
Source: Kubernetes docs, "Resource Quotas"; apiserver pkg/admission/plugin/resourcequota (its wording)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from listwatch.apiserver.admission.chain import Asker, PluginBase
from listwatch.apiserver.admission.pod_resources import amount_text, every_container, pod_amounts
from listwatch.apiserver.kinds.quantity import quantity_value
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.storage.storage import Storage, key_range
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.wire.statuses import forbidden

JSONObject = dict[str, Any]
Amounts = dict[str, Decimal]
_QUOTAS: Final = "resourcequotas"
_COUNTED: Final = frozenset(
    {"pods", "configmaps", "secrets", "services", "persistentvolumeclaims", "replicationcontrollers", _QUOTAS}
)
_COMPUTE: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
_ENDED: Final = frozenset({"Succeeded", "Failed"})
_ONE: Final = Decimal(1)


class ResourceQuotas(PluginBase):
    """Enforces the quotas of a namespace and keeps their status.

    Args:
        storage: Where everything is.
        resource: The quotas' own.
    """

    def __init__(self, storage: Storage, resource: Resource) -> None:
        self._storage = storage
        self._resource = resource

    def validate(self, attributes: Attributes, _asker: Asker) -> None:
        """Refuse what would take more than there is left.

        Raises:
            APIFailure: 403.
        """
        resource, value = attributes.resource, attributes.value
        if attributes.operation == "DELETE" or value is None or attributes.subresource:
            return
        for quota in self._quotas(attributes.namespace):
            spec = quota.get("spec") or {}
            hard = spec.get("hard") or {}
            if not _in_scopes(spec, resource.storage, value):
                continue
            name = quota["metadata"]["name"]
            asked = usage(resource.storage, value)
            if resource.storage == "pods" and (missing := _unspecified(hard, value.get("spec") or {})):
                why = f"failed quota: {name}: must specify {'; '.join(missing)}"
                raise forbidden(resource.group, resource.name, attributes.name, why)
            before = usage(resource.storage, attributes.old) if attributes.old is not None else {}
            more = {key: amount - before.get(key, Decimal(0)) for key, amount in asked.items() if key in hard}
            more = {key: amount for key, amount in more.items() if amount > 0}
            if more:
                self._check(attributes, name, spec, more)

    def settled(self, namespace: str) -> None:
        """Bring the status of a namespace's quotas up to date, after a write."""
        for quota in list(self._quotas(namespace)):
            hard = (quota.get("spec") or {}).get("hard") or {}
            used = self._used(namespace, quota.get("spec") or {})
            shown = {key: amount_text(used.get(key, Decimal(0)), hard[key]) for key in hard}
            status = {"hard": dict(hard), "used": shown}
            if quota.get("status") != status:
                changed = {**quota, "metadata": dict(quota["metadata"]), "status": status}
                self._storage.put(self._resource, namespace, quota["metadata"]["name"], changed)

    def _check(self, attributes: Attributes, name: str, spec: JSONObject, more: Amounts) -> None:
        hard = spec["hard"]
        used = self._used(attributes.namespace, spec)
        exceeded = sorted(
            key
            for key, amount in more.items()
            if used.get(key, Decimal(0)) + amount > quantity_value(hard[key])
        )
        if not exceeded:
            return
        asked = ",".join(f"{key}={amount_text(more[key], hard[key])}" for key in exceeded)
        taken = ",".join(f"{key}={amount_text(used.get(key, Decimal(0)), hard[key])}" for key in exceeded)
        limits = ",".join(f"{key}={hard[key]}" for key in exceeded)
        why = f"exceeded quota: {name}, requested: {asked}, used: {taken}, limited: {limits}"
        resource = attributes.resource
        raise forbidden(resource.group, resource.name, attributes.name, why)

    def _quotas(self, namespace: str) -> Iterator[JSONObject]:
        if namespace:
            for _, stored in self._storage.log.state(_QUOTAS).items(*key_range(namespace)):
                yield stored.object

    def _used(self, namespace: str, spec: JSONObject) -> Amounts:
        total: Amounts = {}
        for collection in _collections(spec.get("hard") or {}):
            for _, stored in self._storage.log.state(collection).items(*key_range(namespace)):
                if _in_scopes(spec, collection, stored.object):
                    for key, amount in usage(collection, stored.object).items():
                        total[key] = total.get(key, Decimal(0)) + amount
        return total


def _collections(hard: Mapping[str, str]) -> set[str]:
    """The collections of the log that count towards these limits."""
    found: set[str] = set()
    for key in hard:
        if key.startswith("count/"):
            found.add(key.removeprefix("count/"))
        elif key.startswith("services"):
            found.add("services")
        elif key in _COUNTED:
            found.add(key)
        elif key == "requests.storage":
            found.add("persistentvolumeclaims")
        else:
            found.add("pods")
    return found


def usage(collection: str, value: JSONObject) -> Amounts:
    """What one object takes of each resource that a quota may limit."""
    amounts: Amounts = {f"count/{collection}": _ONE}
    spec = value.get("spec") or {}
    if collection == "pods":
        if (value.get("status") or {}).get("phase") not in _ENDED:
            amounts.update(_pod_usage(spec))
    elif collection == "services":
        amounts["services"] = _ONE
        kind = spec.get("type")
        if kind in {"NodePort", "LoadBalancer"}:
            amounts["services.nodeports"] = Decimal(len(spec.get("ports") or ()))
        if kind == "LoadBalancer":
            amounts["services.loadbalancers"] = _ONE
    elif collection == "persistentvolumeclaims":
        storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "0")
        amounts.update({collection: _ONE, "requests.storage": quantity_value(storage)})
    elif collection in _COUNTED:
        amounts[collection] = _ONE
    return amounts


def _pod_usage(spec: JSONObject) -> Amounts:
    amounts: Amounts = {"pods": _ONE}
    for part in ("requests", "limits"):
        for name, amount in pod_amounts(spec, part).items():
            amounts[f"{part}.{name}"] = amount
            if part == "requests" and name in _COMPUTE:
                amounts[name] = amount
    return amounts


def _unspecified(hard: Mapping[str, str], spec: JSONObject) -> list[str]:
    """Which limited resources some containers do not speak of: `limits.cpu for: main`."""
    missing: list[str] = []
    for key in sorted(hard):
        part, _, name = key.rpartition(".") if "." in key else ("requests", "", key)
        if part not in {"requests", "limits"} or name not in _COMPUTE:
            continue
        without = [
            str(container.get("name", ""))
            for _, container in every_container(spec)
            if name not in ((container.get("resources") or {}).get(part) or {})
        ]
        if without:
            missing.append(f"{key} for: {','.join(without)}")
    return missing


def _in_scopes(spec: JSONObject, collection: str, value: JSONObject) -> bool:
    """Whether a quota speaks of an object: its scopes are about pods only."""
    scopes = [{"scopeName": name, "operator": "Exists"} for name in spec.get("scopes") or ()]
    scopes.extend((spec.get("scopeSelector") or {}).get("matchExpressions") or ())
    if not scopes:
        return True
    return collection == "pods" and all(_in_scope(scope, value.get("spec") or {}) for scope in scopes)


def _in_scope(scope: JSONObject, pod: JSONObject) -> bool:
    name = scope.get("scopeName")
    if name == "PriorityClass":
        given, values = pod.get("priorityClassName") or "", scope.get("values") or ()
        match scope.get("operator"):
            case "In":
                return given in values
            case "NotIn":
                return given not in values
            case "DoesNotExist":
                return not given
        return bool(given)
    has_resources = any(
        (container.get("resources") or {}).get(part)
        for _, container in every_container(pod)
        for part in ("requests", "limits")
    )
    facts = {
        "Terminating": pod.get("activeDeadlineSeconds") is not None,
        "NotTerminating": pod.get("activeDeadlineSeconds") is None,
        "BestEffort": not has_resources,
        "NotBestEffort": has_resources,
    }
    return facts.get(str(name), False)
