"""ReplicaSets and ReplicationControllers: as many pods as asked for, decided by pure functions.

In:    the set and its pods                    (from life/controllers/caches.py)
Out:   pods to make or to delete; a status
Rules: the status tells what was there before the pods of this round were made, as the real controller's does. Pods to
       go are chosen in the real controller's order: unscheduled, pending, not ready, cheap to delete, crowded, young.
Source: kubernetes/pkg/controller/replicaset/replica_set.go, replica_set_utils.go; controller_utils.go (ActivePods)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from math import floor, log2
from typing import Any

from listwatch.apimachinery.selector import LabelSelector, label_selector
from listwatch.apiserver.life.controllers.actions import (
    Action,
    Note,
    create,
    delete,
    replace_status,
    with_status,
)
from listwatch.apiserver.life.controllers.claims import claim
from listwatch.apiserver.life.controllers.collections import (
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    Collection,
)
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.hands import Refused
from listwatch.apiserver.life.controllers.owners import (
    JSONObject,
    annotations_of,
    controller_of,
    is_active,
    is_available,
    is_deleted,
    is_ready,
    is_terminating,
    labels_of,
    phase_of,
    pod_from_template,
    ready_since,
    selector_of,
    until_available,
)
from listwatch.apiserver.life.records import rfc3339
from listwatch.apiserver.wire.timestamps import parse_timestamp

BURST = 500
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def manage(
    owner: JSONObject, active: Sequence[JSONObject], related: Sequence[JSONObject], now: datetime
) -> list[Action]:
    """Pods to make or to delete, so that there are as many as asked for.

    Args:
        owner: A ReplicaSet or a ReplicationController.
        active: Its pods that run or will.
        related: The pods of all sets that belong together, to see which node is crowded.
        now: For the pods' ages.
    """
    spec = owner["spec"]
    surplus = len(active) - int(spec.get("replicas", 1))
    if surplus < 0:
        body = pod_from_template(spec["template"], owner)
        namespace = owner["metadata"]["namespace"]
        return [
            create(
                PODS,
                body,
                namespace=namespace,
                note=Note(owner, "SuccessfulCreate", "Created pod: {name}"),
                failure=Note(owner, "FailedCreate", "Error creating: ", "Warning"),
            )
            for _ in range(min(-surplus, BURST))
        ]
    return [
        delete(
            PODS,
            pod,
            note=Note(owner, "SuccessfulDelete", "Deleted pod: {name}"),
            failure=Note(owner, "FailedDelete", "Error deleting: ", "Warning"),
        )
        for pod in to_go(active, related, now)[: max(0, min(surplus, BURST))]
    ]


def to_go(pods: Sequence[JSONObject], related: Sequence[JSONObject], now: datetime) -> list[JSONObject]:
    """The pods, those first that can best be done without."""
    crowd = Counter(pod["spec"].get("nodeName", "") for pod in related if is_active(pod))
    return sorted(pods, key=lambda pod: _worth(pod, crowd, now))


def _worth(pod: JSONObject, crowd: Counter[str], now: datetime) -> tuple[Any, ...]:
    node = pod["spec"].get("nodeName", "")
    since = ready_since(pod)
    restarts = max(
        (each.get("restartCount", 0) for each in pod.get("status", {}).get("containerStatuses") or ()),
        default=0,
    )
    created = parse_timestamp(pod["metadata"]["creationTimestamp"])
    return (
        bool(node),
        _PHASES.get(phase_of(pod), 2),
        is_ready(pod),
        _deletion_cost(pod),
        -crowd[node] if node else 0,
        _age_rank((now - since).total_seconds()) if since is not None else 0,
        -restarts,
        _age_rank((now - created).total_seconds()),
        pod["metadata"]["uid"],
    )


def _age_rank(seconds: float) -> int:
    """Ages of one order of magnitude count as equal, as the real controller has it (LogarithmicScaleDown)."""
    return floor(log2(seconds)) if seconds >= 1 else -1


def _deletion_cost(pod: JSONObject) -> int:
    try:
        return int(annotations_of(pod).get(_DELETION_COST, "0"))
    except ValueError:
        return 0


def status_of(
    owner: JSONObject, pods: Sequence[JSONObject], now: datetime, *, failure: tuple[str, str] | None = None
) -> JSONObject:
    """The status of a set with these pods.

    Args:
        owner: The set.
        pods: All of its pods, those on their way out too.
        now: For availability and the condition's time.
        failure: Reason and message of what went wrong, if something did.
    """
    spec, before = owner["spec"], owner.get("status") or {}
    active = [pod for pod in pods if is_active(pod)]
    wanted = (spec["template"].get("metadata") or {}).get("labels") or {}
    labelled = sum(1 for pod in active if wanted.items() <= labels_of(pod).items())
    ready = sum(1 for pod in active if is_ready(pod))
    available = sum(1 for pod in active if is_available(pod, spec.get("minReadySeconds", 0), now))
    conditions = list(before.get("conditions") or ())
    held = any(each["type"] == "ReplicaFailure" for each in conditions)
    if failure is not None and not held:
        reason, message = failure
        conditions.append(
            {
                "type": "ReplicaFailure",
                "status": "True",
                "reason": reason,
                "message": message,
                "lastTransitionTime": rfc3339(now),
            }
        )
    elif failure is None and held:
        conditions = [each for each in conditions if each["type"] != "ReplicaFailure"]
    status: JSONObject = {
        "replicas": len(active),
        "fullyLabeledReplicas": labelled or None,
        "readyReplicas": ready or None,
        "availableReplicas": available or None,
        "observedGeneration": owner["metadata"].get("generation", 0),
        "conditions": conditions or None,
    }
    if owner["kind"] == "ReplicaSet":
        status["terminatingReplicas"] = sum(1 for pod in pods if is_terminating(pod))
    return {name: each for name, each in status.items() if each is not None}


class ReplicaSetController(Controller):
    """Keeps ReplicaSets."""

    name = "replicaset-controller"
    collection: Collection = REPLICA_SETS

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._sets = self.follow(self.collection)
        self._pods = self.follow_controlled(PODS, self._sets, {self.collection.kind})
        self._pods.listen(self._orphan_changed)

    async def sync(self, namespace: str, name: str) -> None:
        """Bring the number of pods nearer to what is asked for, and tell how it stands."""
        owner = self._sets.get(namespace, name)
        if owner is None:
            return
        candidates = self._pods.in_namespace(namespace)
        pods, claims = claim(owner, self._selector(owner), PODS, candidates)
        await self.hands.perform(claims)
        failure: Refused | None = None
        now = self.clock.now()
        active = [pod for pod in pods if is_active(pod)]
        if not is_deleted(owner) and not claims:
            try:
                await self.hands.perform(manage(owner, active, self._related(owner, pods), now))
            except Refused as refusal:
                failure = refusal
        surplus = len(active) - owner["spec"].get("replicas", 1)
        why = None
        if failure is not None:
            why = ("FailedCreate" if surplus < 0 else "FailedDelete", failure.message)
        status = status_of(owner, pods, now, failure=why)
        if status != (owner.get("status") or {}):
            await self.hands.do(replace_status(self.collection, with_status(owner, status)))
        if failure is not None:
            raise failure
        wait = until_available(active, owner["spec"].get("minReadySeconds", 0), now)
        if wait is not None:
            self.enqueue(owner, delay=wait)

    def _selector(self, owner: JSONObject) -> LabelSelector:
        return selector_of(owner["spec"].get("selector"))

    def _related(self, owner: JSONObject, pods: list[JSONObject]) -> list[JSONObject]:
        reference = controller_of(owner)
        if reference is None:
            return pods
        return [
            pod
            for each in self._sets.controlled_by(reference["uid"])
            for pod in self._pods.controlled_by(each["metadata"]["uid"])
        ]

    def _orphan_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        """A pod without a controller may be somebody's."""
        if after is None or controller_of(after) is not None or not labels_of(after):
            return
        for each in self._sets.in_namespace(after["metadata"]["namespace"]):
            if self._selector(each).matches(labels_of(after)):
                self.enqueue(each)


class ReplicationControllerController(ReplicaSetController):
    """Keeps ReplicationControllers."""

    name = "replication-controller"
    collection = REPLICATION_CONTROLLERS

    def _selector(self, owner: JSONObject) -> LabelSelector:
        return label_selector(owner["spec"].get("selector") or {})
