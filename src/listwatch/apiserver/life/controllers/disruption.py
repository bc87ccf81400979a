"""PodDisruptionBudgets: how many pods may be evicted now.

In:    budgets and pods                    (from life/controllers/caches.py)
Out:   the budgets' status
Next:  verbs/subresource_verbs.py refuses evictions by it
Rules: percentages are of the pods' owners' replicas, as far as these are of the built-in kinds; else of the pods that
       there are.
Source: kubernetes/pkg/controller/disruption/disruption.go
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from listwatch.apiserver.life.controllers.actions import replace_status
from listwatch.apiserver.life.controllers.collections import (
    BUDGETS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.deployment_rollout import scaled_value
from listwatch.apiserver.life.controllers.owners import (
    TERMINAL,
    JSONObject,
    controller_of,
    is_deleted,
    is_ready,
    labels_of,
    phase_of,
    selector_of,
)
from listwatch.apiserver.life.records import rfc3339


def status_of(budget: JSONObject, pods: Sequence[JSONObject], expected: int, now: datetime) -> JSONObject:
    """The status of a budget.

    Args:
        budget: The budget.
        pods: Those that it covers and that have not ended.
        expected: How many there should be.
        now: For the condition.
    """
    spec, before = budget["spec"], budget.get("status") or {}
    if spec.get("maxUnavailable") is not None:
        missing = scaled_value(spec["maxUnavailable"], expected, round_up=True)
        desired = max(0, expected - missing)
    else:
        desired = scaled_value(spec.get("minAvailable", 1), expected, round_up=True)
    healthy = sum(1 for pod in pods if is_ready(pod) and not is_deleted(pod))
    allowed = max(0, healthy - desired) if expected > 0 else 0
    held = {each["type"]: each for each in before.get("conditions") or ()}.get("DisruptionAllowed")
    status = "True" if allowed else "False"
    condition = {
        "type": "DisruptionAllowed",
        "status": status,
        "observedGeneration": budget["metadata"].get("generation", 0),
        "lastTransitionTime": rfc3339(now),
        "reason": "SufficientPods" if allowed else "InsufficientPods",
        "message": "",
    }
    if held is not None and held["status"] == status:
        condition["lastTransitionTime"] = held["lastTransitionTime"]
    others = [each for each in before.get("conditions") or () if each["type"] != "DisruptionAllowed"]
    return {
        **{name: each for name, each in before.items() if name == "disruptedPods"},
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "disruptionsAllowed": allowed,
        "expectedPods": expected,
        "observedGeneration": budget["metadata"].get("generation", 0),
        "conditions": [*others, condition],
    }


class DisruptionController(Controller):
    """Keeps the status of PodDisruptionBudgets."""

    name = "disruption-controller"
    component = "controllermanager"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._budgets = self.follow(BUDGETS)
        self._pods = self.caches.of(PODS)
        self._pods.listen(self._pod_changed)
        self._owners = [
            self.caches.of(each) for each in (REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS)
        ]

    async def sync(self, namespace: str, name: str) -> None:
        """Write the budget's status, if it says something else."""
        budget = self._budgets.get(namespace, name)
        if budget is None:
            return
        selector = selector_of(budget["spec"].get("selector"))
        pods = [
            pod
            for pod in self._pods.in_namespace(namespace)
            if phase_of(pod) not in TERMINAL and selector.matches(labels_of(pod))
        ]
        status = status_of(budget, pods, self._expected(budget, pods), self.clock.now())
        if status != (budget.get("status") or {}):
            await self.hands.do(replace_status(BUDGETS, {**budget, "status": status}))

    def _expected(self, budget: JSONObject, pods: Sequence[JSONObject]) -> int:
        if budget["spec"].get("maxUnavailable") is None and isinstance(
            budget["spec"].get("minAvailable"), int
        ):
            return len(pods)
        replicas: dict[str, int] = {}
        for pod in pods:
            reference = controller_of(pod)
            owner = next(
                (
                    found
                    for each in self._owners
                    if reference is not None and (found := each.with_uid(reference["uid"])) is not None
                ),
                None,
            )
            if owner is not None:
                replicas[owner["metadata"]["uid"]] = int(owner["spec"].get("replicas", 1))
            else:
                replicas[pod["metadata"]["uid"]] = 1
        return sum(replicas.values())

    def _pod_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        value = after or before
        if value is None:
            return
        for each in self._budgets.in_namespace(value["metadata"]["namespace"]):
            if selector_of(each["spec"].get("selector")).matches(labels_of(value)):
                self.enqueue(each)
