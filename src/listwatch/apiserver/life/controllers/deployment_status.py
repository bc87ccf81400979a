"""The status of a Deployment, with its conditions, as pure functions.

In:    the Deployment and its ReplicaSets
Out:   a status; seconds until the deadline of its progress
Next:  life/controllers/deployment.py
Rules: pure. A condition that changes goes to the end of the list, as the real controller has it.
Source: kubernetes/pkg/controller/deployment/sync.go (calculateStatus), progress.go, util/deployment_util.go
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from listwatch.apiserver.life.controllers.deployment_rollout import max_unavailable, replicas_of, told_by
from listwatch.apiserver.life.controllers.owners import JSONObject
from listwatch.apiserver.life.records import rfc3339
from listwatch.apiserver.wire.timestamps import parse_timestamp

_NO_DEADLINE = 2147483647


def has_deadline(deployment: JSONObject) -> bool:
    """Whether the progress of updates is watched over."""
    return deployment["spec"].get("progressDeadlineSeconds") not in {None, _NO_DEADLINE}


def find(status: JSONObject, kind: str) -> JSONObject | None:
    """The condition of that type."""
    for each in status.get("conditions") or ():
        if each["type"] == kind:
            found: JSONObject = each
            return found
    return None


def condition(kind: str, status: str, reason: str, message: str, now: datetime) -> JSONObject:
    """A condition that begins now."""
    moment = rfc3339(now)
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": moment,
        "lastTransitionTime": moment,
        "reason": reason,
        "message": message,
    }


def with_condition(status: JSONObject, new: JSONObject) -> JSONObject:
    """The status with that condition, unless it holds already for the same reason."""
    held = find(status, new["type"])
    if held is not None and (held["status"], held["reason"]) == (new["status"], new["reason"]):
        return status
    if held is not None and held["status"] == new["status"]:
        new = {**new, "lastTransitionTime": held["lastTransitionTime"]}
    return {**without_condition(status, new["type"]), "conditions": [*_others(status, new["type"]), new]}


def without_condition(status: JSONObject, kind: str) -> JSONObject:
    """The status without the condition of that type."""
    left = {name: each for name, each in status.items() if name != "conditions"}
    others = _others(status, kind)
    return {**left, "conditions": others} if others else left


def _others(status: JSONObject, kind: str) -> list[JSONObject]:
    return [each for each in status.get("conditions") or () if each["type"] != kind]


def counted(
    deployment: JSONObject, sets: Sequence[JSONObject], new: JSONObject | None, now: datetime
) -> JSONObject:
    """The numbers of the status, the condition Available, and the other conditions as they were."""
    available = sum(told_by(each, "availableReplicas") for each in sets)
    asked = sum(map(replicas_of, sets))
    before = deployment.get("status") or {}
    terminating = [(each.get("status") or {}).get("terminatingReplicas") for each in sets]
    known = [each for each in terminating if each is not None]
    status: JSONObject = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": sum(told_by(each, "replicas") for each in sets),
        "updatedReplicas": told_by(new, "replicas") if new is not None else 0,
        "readyReplicas": sum(told_by(each, "readyReplicas") for each in sets),
        "availableReplicas": available,
        "unavailableReplicas": max(0, asked - available),
        "collisionCount": before.get("collisionCount"),
    }
    status = {name: each for name, each in status.items() if each}
    if before.get("collisionCount") is not None:
        status["collisionCount"] = before["collisionCount"]
    if known:
        status["terminatingReplicas"] = sum(known)
    if before.get("conditions"):
        status["conditions"] = before["conditions"]
    if available >= replicas_of(deployment) - max_unavailable(deployment):
        held = condition(
            "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now
        )
    else:
        message = "Deployment does not have minimum availability."
        held = condition("Available", "False", "MinimumReplicasUnavailable", message, now)
    return with_condition(status, held)


def is_complete(deployment: JSONObject, status: JSONObject) -> bool:
    """Whether all pods are new and available, and no old one is left."""
    wanted = replicas_of(deployment)
    return bool(
        status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
        and status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    )


def is_progressing(before: JSONObject, after: JSONObject) -> bool:
    """Whether something has come nearer to its end between two states."""

    def old_pods(status: JSONObject) -> int:
        return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))

    return bool(
        after.get("updatedReplicas", 0) > before.get("updatedReplicas", 0)
        or old_pods(after) < old_pods(before)
        or after.get("readyReplicas", 0) > before.get("readyReplicas", 0)
        or after.get("availableReplicas", 0) > before.get("availableReplicas", 0)
    )


def until_deadline(deployment: JSONObject, status: JSONObject, now: datetime) -> float | None:
    """Seconds until the progress is late; None if it is not waited for, 0 or less if it is late."""
    held = find(status, "Progressing")
    if not has_deadline(deployment) or held is None or held["reason"] == "NewReplicaSetAvailable":
        return None
    if held["reason"] == "ProgressDeadlineExceeded":
        return 0.0
    limit = timedelta(seconds=deployment["spec"]["progressDeadlineSeconds"])
    return (parse_timestamp(held["lastUpdateTime"]) + limit - now).total_seconds()


def rolled_out(
    deployment: JSONObject, sets: Sequence[JSONObject], new: JSONObject | None, now: datetime
) -> JSONObject:
    """The whole status in the course of an update, with the condition Progressing."""
    before = deployment.get("status") or {}
    status = counted(deployment, sets, new, now)
    if not has_deadline(deployment):
        status = without_condition(status, "Progressing")
    held = find(before, "Progressing")
    is_done = (
        status.get("replicas", 0) == status.get("updatedReplicas", 0)
        and held is not None
        and held["reason"] == "NewReplicaSetAvailable"
    )
    if has_deadline(deployment) and not is_done:
        what = (
            f'ReplicaSet "{new["metadata"]["name"]}"'
            if new is not None
            else f'Deployment "{deployment["metadata"]["name"]}"'
        )
        late = until_deadline(deployment, status, now)
        if is_complete(deployment, status):
            message = f"{what} has successfully progressed."
            status = with_condition(
                status, condition("Progressing", "True", "NewReplicaSetAvailable", message, now)
            )
        elif is_progressing(before, status):
            fresh = condition("Progressing", "True", "ReplicaSetUpdated", f"{what} is progressing.", now)
            if held is not None and held["status"] == "True":
                fresh["lastTransitionTime"] = held["lastTransitionTime"]
            status = with_condition(without_condition(status, "Progressing"), fresh)
        elif late is not None and late <= 0:
            message = f"{what} has timed out progressing."
            status = with_condition(
                status, condition("Progressing", "False", "ProgressDeadlineExceeded", message, now)
            )
    return _with_failures(status, sets, new)


def _with_failures(status: JSONObject, sets: Iterable[JSONObject], new: JSONObject | None) -> JSONObject:
    for each in [new] if new is not None else list(sets):
        failed = find(each.get("status") or {}, "ReplicaFailure")
        if failed is not None:
            shown = {**failed, "lastUpdateTime": failed["lastTransitionTime"]}
            return with_condition(status, shown)
    return without_condition(status, "ReplicaFailure")
