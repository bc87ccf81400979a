"""DaemonSets: a pod on every node that will have it.

In:    DaemonSets, pods, nodes, ControllerRevisions        (from life/controllers/caches.py)
Out:   pods, revisions, statuses
Next:  life/controllers/daemon_plan.py decides
Source: kubernetes/pkg/controller/daemon/daemon_controller.go
"""

from __future__ import annotations

from listwatch.apiserver.life.controllers.actions import replace_status
from listwatch.apiserver.life.controllers.claims import claim
from listwatch.apiserver.life.controllers.collections import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.daemon_plan import eligible, plan, status_of
from listwatch.apiserver.life.controllers.owners import (
    JSONObject,
    is_deleted,
    labels_of,
    selector_of,
    until_available,
)
from listwatch.apiserver.life.controllers.revisions import HASH, REVISION_HASH, present, superfluous
from listwatch.apiserver.life.controllers.template_hash import pod_template_hash


class DaemonSetController(Controller):
    """Keeps DaemonSets."""

    name = "daemon-set-controller"
    component = "daemonset-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._sets = self.follow(DAEMON_SETS)
        self._pods = self.follow_controlled(PODS, self._sets, {"DaemonSet"})
        self._revisions = self.follow_controlled(CONTROLLER_REVISIONS, self._sets, {"DaemonSet"})
        self._nodes = self.caches.of(NODES)
        self._nodes.listen(self._node_changed)

    async def sync(self, namespace: str, name: str) -> None:
        """Take the set's next step."""
        owner = self._sets.get(namespace, name)
        if owner is None:
            return
        selector = selector_of(owner["spec"].get("selector"))
        pods, claims = claim(owner, selector, PODS, self._pods.in_namespace(namespace))
        await self.hands.perform(claims)
        if claims:
            return
        uid, status = owner["metadata"]["uid"], owner.get("status") or {}
        digest = pod_template_hash(owner["spec"]["template"], status.get("collisionCount"))
        revisions = self._revisions.controlled_by(uid)
        held, writes = present(owner, revisions, digest, {REVISION_HASH: digest})
        if writes and is_deleted(owner):
            return  # Deleted in the foreground, the set goes when its revisions have gone.
        answers = await self.hands.perform(writes)
        digest = labels_of(held or answers[0]).get(HASH, digest)
        now = self.clock.now()
        nodes = eligible(owner, self._nodes)
        await self.hands.perform(plan(owner, pods, nodes, digest, now))
        after = status_of(owner, pods, nodes, digest, now)
        if after != status:
            await self.hands.do(replace_status(DAEMON_SETS, {**owner, "status": after}))
        used = {digest, *(labels_of(pod).get(REVISION_HASH, "") for pod in pods)}
        await self.hands.perform(superfluous(owner, self._revisions.controlled_by(uid), used))
        wait = until_available(pods, owner["spec"].get("minReadySeconds", 0), now)
        if wait is not None:
            self.enqueue(owner, delay=wait)

    def _node_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        def shape(node: JSONObject | None) -> object:
            return node and (
                node["metadata"].get("labels"),
                node.get("spec"),
                node["metadata"].get("deletionTimestamp"),
            )

        if shape(before) != shape(after):
            for each in self._sets:
                self.enqueue(each)
