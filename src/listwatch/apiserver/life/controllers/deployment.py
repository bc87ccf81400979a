"""Deployments: rolls their pods from one template to the next.

In:    Deployments, ReplicaSets, pods              (from life/controllers/caches.py)
Out:   ReplicaSets, the Deployment's status, Events "ScalingReplicaSet"
Next:  life/controllers/replica_set.py makes the pods
Rules: what to do is decided by life/controllers/deployment_plan.py; here is only when.
Source: kubernetes/pkg/controller/deployment/deployment_controller.go
"""

from __future__ import annotations

from listwatch.apiserver.life.controllers.actions import replace_status
from listwatch.apiserver.life.controllers.claims import claim
from listwatch.apiserver.life.controllers.collections import DEPLOYMENTS, PODS, REPLICA_SETS
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.deployment_plan import bare_template, find_new, new_name, plan
from listwatch.apiserver.life.controllers.deployment_status import condition, until_deadline, with_condition
from listwatch.apiserver.life.controllers.hands import Refused
from listwatch.apiserver.life.controllers.owners import (
    TERMINAL,
    JSONObject,
    controller_of,
    controller_uid,
    labels_of,
    phase_of,
    selector_of,
)


class DeploymentController(Controller):
    """Keeps Deployments."""

    name = "deployment-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._deployments = self.follow(DEPLOYMENTS)
        self._sets = self.follow_controlled(REPLICA_SETS, self._deployments, {"Deployment"})
        self._sets.listen(self._orphan_changed)
        self._pods = self.caches.of(PODS)
        self._pods.listen(self._pod_changed)

    async def sync(self, namespace: str, name: str) -> None:
        """Take the next step of whatever the Deployment is at."""
        deployment = self._deployments.get(namespace, name)
        if deployment is None:
            return
        selector = selector_of(deployment["spec"].get("selector"))
        sets, claims = claim(deployment, selector, REPLICA_SETS, self._sets.in_namespace(namespace))
        await self.hands.perform(claims)
        if claims:
            return  # what was claimed comes as a change
        now = self.clock.now()
        actions = plan(deployment, sets, old_pods_run=self._old_pods_run(deployment, sets), now=now)
        try:
            await self.hands.perform(actions)
        except Refused as refusal:
            await self._collided(deployment, refusal)
            raise
        late = until_deadline(deployment, deployment.get("status") or {}, now)
        if late is not None and late > 0:
            self.enqueue(deployment, delay=late + 1)

    async def _collided(self, deployment: JSONObject, refusal: Refused) -> None:
        """The name of the new ReplicaSet is taken by another, or it could not be made at all."""
        _, name = new_name(deployment)
        status = deployment.get("status") or {}
        taken = self._sets.get(deployment["metadata"]["namespace"], name)
        if refusal.reason == "AlreadyExists" and taken is not None:
            is_ours = controller_uid(taken) == deployment["metadata"]["uid"]
            if is_ours and bare_template(taken) == bare_template(deployment):
                return
            status = {**status, "collisionCount": status.get("collisionCount", 0) + 1}
        elif refusal.status in {403, 422} and not refusal.is_futile:
            message = f'Failed to create new replica set "{name}": {refusal.message}'
            now = self.clock.now()
            status = with_condition(
                status, condition("Progressing", "False", "ReplicaSetCreateError", message, now)
            )
        if status != (deployment.get("status") or {}):
            await self.hands.do(replace_status(DEPLOYMENTS, {**deployment, "status": status}))

    def _old_pods_run(self, deployment: JSONObject, sets: list[JSONObject]) -> bool:
        new = find_new(deployment, sets)
        return any(
            phase_of(pod) not in TERMINAL
            for each in sets
            if each is not new
            for pod in self._pods.controlled_by(each["metadata"]["uid"])
        )

    def _pod_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        """A Deployment that recreates its pods waits for the last of the old ones to go."""
        value = before or after
        if value is None or (after is not None and phase_of(after) not in TERMINAL):
            return
        owner = self._sets.with_uid(controller_uid(value))
        deployment = self._deployments.with_uid(controller_uid(owner)) if owner is not None else None
        if deployment is not None and deployment["spec"].get("strategy", {}).get("type") == "Recreate":
            self.enqueue(deployment)

    def _orphan_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        """A ReplicaSet without a controller may be somebody's."""
        if after is None or controller_of(after) is not None:
            return
        for each in self._deployments.in_namespace(after["metadata"]["namespace"]):
            if selector_of(each["spec"].get("selector")).matches(labels_of(after)):
                self.enqueue(each)
