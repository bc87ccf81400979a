"""Pods and their priority classes.

In:    pods that are being made; PriorityClasses
Out:   pods with the number that their class stands for; refusals
Next:  chain.py
Rules: pure but for looking up the classes. A pod without a class is left alone unless a class is the
       default: its kind's preparation gives it 0.
Source: kubernetes plugin/pkg/admission/priority (its wording)
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apiserver.admission.chain import Asker, PluginBase
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.wire.statuses import forbidden

JSONObject = dict[str, Any]
_CLASSES: Final = "priorityclasses.scheduling.k8s.io"
_BUILT_IN: Final = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}


class Priority(PluginBase):
    """Gives new pods the priority of their class."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def mutate(self, attributes: Attributes, _asker: Asker) -> JSONObject | None:
        """Set `priority` and `preemptionPolicy`.

        Raises:
            APIFailure: 403, there is no such class, or the pod names another number.
        """
        value = attributes.value
        if value is None or attributes.operation != "CREATE" or attributes.resource.qualified != "pods":
            return None
        spec = value.setdefault("spec", {})
        name = spec.get("priorityClassName") or self._default()
        if not name:
            return None
        found = self._storage.log.get(_CLASSES, name)
        if found is None and name not in _BUILT_IN:
            raise forbidden("", "pods", attributes.name, f"no PriorityClass with name {name} was found")
        given = found.object if found is not None else {"value": _BUILT_IN[name]}
        number, policy = given.get("value", 0), given.get("preemptionPolicy") or "PreemptLowerPriority"
        if spec.get("priority") not in {None, number}:
            why = (
                f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; priority "
                f"admission controller computed {number} from the given PriorityClass name"
            )
            raise forbidden("", "pods", attributes.name, why)
        spec["priorityClassName"], spec["priority"] = name, number
        spec.setdefault("preemptionPolicy", policy)
        return value

    def _default(self) -> str:
        classes = [
            stored.object
            for _, stored in self._storage.log.state(_CLASSES).items()
            if stored.object.get("globalDefault")
        ]
        if not classes:
            return ""
        return str(min(classes, key=lambda each: each.get("value", 0))["metadata"]["name"])
