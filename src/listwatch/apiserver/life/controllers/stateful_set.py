"""StatefulSets: pods with names that stay, one after another, and claims that outlive them.

In:    StatefulSets, pods, claims, ControllerRevisions     (from life/controllers/caches.py)
Out:   pods, claims, revisions, statuses
Next:  life/controllers/stateful_plan.py decides
Source: kubernetes/pkg/controller/statefulset/stateful_set.go
"""

from __future__ import annotations

from listwatch.apiserver.life.controllers.actions import replace_status
from listwatch.apiserver.life.controllers.claims import claim
from listwatch.apiserver.life.controllers.collections import CLAIMS, CONTROLLER_REVISIONS, PODS, STATEFUL_SETS
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.owners import (
    JSONObject,
    controller_of,
    is_deleted,
    labels_of,
    selector_of,
    until_available,
)
from listwatch.apiserver.life.controllers.revisions import (
    REVISION_HASH,
    data_of,
    present,
    superfluous,
    template_of,
)
from listwatch.apiserver.life.controllers.stateful_plan import Look, plan, status_of
from listwatch.apiserver.life.controllers.template_hash import revision_hash


class StatefulSetController(Controller):
    """Keeps StatefulSets."""

    name = "statefulset-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._sets = self.follow(STATEFUL_SETS)
        self._pods = self.follow_controlled(PODS, self._sets, {"StatefulSet"})
        self._pods.listen(self._orphan_changed)
        self._revisions = self.follow_controlled(CONTROLLER_REVISIONS, self._sets, {"StatefulSet"})
        self._claims = self.caches.of(CLAIMS)

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
        status = owner.get("status") or {}
        uid = owner["metadata"]["uid"]
        revisions = self._revisions.controlled_by(uid)
        digest = revision_hash(data_of(owner), status.get("collisionCount", 0))
        update, writes = present(owner, revisions, digest)
        if writes and is_deleted(owner):
            return  # Deleted in the foreground, the set goes when its revisions have gone.
        answers = await self.hands.perform(writes)
        update = update or answers[0]
        new = update["metadata"]["name"]
        current = next(
            (each for each in revisions if each["metadata"]["name"] == status.get("currentRevision")), update
        )
        now = self.clock.now()
        look = Look(
            owner,
            pods,
            (current["metadata"]["name"], template_of(current)),
            (new, owner["spec"]["template"]),
            frozenset(each["metadata"]["name"] for each in self._claims.in_namespace(namespace)),
            now,
        )
        await self.hands.perform(plan(look))
        after = status_of(look)
        if after != status:
            await self.hands.do(replace_status(STATEFUL_SETS, {**owner, "status": after}))
        used = {new, current["metadata"]["name"], *(labels_of(pod).get(REVISION_HASH, "") for pod in pods)}
        await self.hands.perform(superfluous(owner, self._revisions.controlled_by(uid), used))
        wait = until_available(pods, owner["spec"].get("minReadySeconds", 0), now)
        if wait is not None:
            self.enqueue(owner, delay=wait)

    def _orphan_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        if after is None or controller_of(after) is not None or not labels_of(after):
            return
        for each in self._sets.in_namespace(after["metadata"]["namespace"]):
            if selector_of(each["spec"].get("selector")).matches(labels_of(after)):
                self.enqueue(each)
