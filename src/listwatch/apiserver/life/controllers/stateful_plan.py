"""What a StatefulSet does next: one pod after another, each with its name, as pure functions.

In:    the set, its pods and its revisions
Out:   `Action`s; a status
Next:  life/controllers/stateful_set.py
Rules: pure. The status tells what was there before this round. Not simulated: maxUnavailable, and the deletion of
       claims when a set is scaled down.
Source: kubernetes/pkg/controller/statefulset/stateful_set_control.go, stateful_set_utils.go; recorded statuses
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from listwatch.apiserver.life.controllers.actions import Action, Note, create, delete
from listwatch.apiserver.life.controllers.collections import CLAIMS, PODS
from listwatch.apiserver.life.controllers.owners import (
    TERMINAL,
    JSONObject,
    controller_reference,
    is_available,
    is_deleted,
    is_ready,
    labels_of,
    phase_of,
    pod_from_template,
)
from listwatch.apiserver.life.controllers.revisions import REVISION_HASH

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a set.

    Attributes:
        owner: The set.
        pods: All pods that it controls.
        current: The name of the revision that it rolls from, and that revision's template.
        update: The name of the revision that it rolls to, and the present template.
        claims: The names of the claims that exist in its namespace.
        now: For availability.
    """

    owner: JSONObject
    pods: Sequence[JSONObject]
    current: tuple[str, JSONObject]
    update: tuple[str, JSONObject]
    claims: frozenset[str]
    now: datetime

    @property
    def name(self) -> str:
        """The set's."""
        return str(self.owner["metadata"]["name"])

    @property
    def start(self) -> int:
        """The lowest number."""
        return int((self.owner["spec"].get("ordinals") or {}).get("start", 0))

    @property
    def replicas(self) -> int:
        """How many pods are asked for."""
        return int(self.owner["spec"].get("replicas", 1))

    @property
    def partition(self) -> int:
        """Pods below this number are not updated."""
        update = self.owner["spec"].get("updateStrategy") or {}
        return int((update.get("rollingUpdate") or {}).get("partition", 0))


def ordinal_of(pod: JSONObject) -> int:
    """The number at the end of a pod's name; -1 if there is none."""
    number = pod["metadata"]["name"].rpartition("-")[2]
    return int(number) if number.isdecimal() else -1


def _is_healthy(pod: JSONObject) -> bool:
    return phase_of(pod) == "Running" and is_ready(pod) and not is_deleted(pod)


def _is_up(look: Look, pod: JSONObject) -> bool:
    seconds = int(look.owner["spec"].get("minReadySeconds", 0))
    return phase_of(pod) == "Running" and is_available(pod, seconds, look.now)


def status_of(look: Look) -> JSONObject:
    """The status of a set with these pods."""
    before = look.owner.get("status") or {}
    present = [pod for pod in look.pods if not is_deleted(pod)]
    current, update = look.current[0], look.update[0]
    running = [pod for pod in look.pods if phase_of(pod) == "Running" and is_ready(pod)]
    counts = {
        "readyReplicas": len(running),
        "currentReplicas": sum(1 for pod in present if labels_of(pod).get(REVISION_HASH) == current),
        "updatedReplicas": sum(1 for pod in present if labels_of(pod).get(REVISION_HASH) == update),
    }
    status: JSONObject = {
        "observedGeneration": look.owner["metadata"].get("generation", 0),
        "replicas": len(look.pods),
        "availableReplicas": sum(1 for pod in look.pods if _is_up(look, pod)),
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": before.get("collisionCount", 0),
        **{name: each for name, each in counts.items() if each},
    }
    is_rolling = (look.owner["spec"].get("updateStrategy") or {}).get(
        "type", "RollingUpdate"
    ) == "RollingUpdate"
    if is_rolling and current != update:
        wanted = look.replicas
        if status["replicas"] == counts["updatedReplicas"] == counts["readyReplicas"] == wanted:
            status |= {"currentRevision": update, "currentReplicas": counts["updatedReplicas"]}
    if before.get("conditions"):
        status["conditions"] = before["conditions"]
    return status


def plan(look: Look) -> list[Action]:
    """Pods and claims to make, pods to delete."""
    if is_deleted(look.owner):
        return []
    is_ordered = look.owner["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady"
    by_number = {ordinal_of(pod): pod for pod in look.pods}
    wanted = range(look.start, look.start + look.replicas)
    actions: list[Action] = []
    for number in wanted:
        more, waits = _kept(look, number, by_number.get(number))
        actions += more
        if is_ordered and waits:
            return actions
    condemned = [by_number[number] for number in sorted(by_number, reverse=True) if number not in wanted]
    unhealthy = next((pod for _, pod in sorted(by_number.items()) if not _is_healthy(pod)), None)
    for pod in condemned:
        if is_deleted(pod):
            if is_ordered:
                return actions
            continue
        if is_ordered and not _is_up(look, pod) and pod is not unhealthy:
            return actions
        actions.append(_deleted(look, pod))
        if is_ordered:
            return actions
    return actions or _updated(look, [by_number[number] for number in reversed(wanted)])


def _kept(look: Look, number: int, pod: JSONObject | None) -> tuple[list[Action], bool]:
    """What one of the wanted pods needs, and whether those after it have to wait."""
    if pod is None:
        return _made(look, number), True
    if is_deleted(pod):
        return [], True
    if phase_of(pod) in TERMINAL:
        message = (
            f"StatefulSet {look.owner['metadata']['namespace']}/{look.name} is recreating failed Pod {{name}}"
        )
        return [delete(PODS, pod, note=Note(look.owner, "RecreatingFailedPod", message, "Warning"))], True
    return [], not _is_up(look, pod)


def _updated(look: Look, pods: Sequence[JSONObject]) -> list[Action]:
    """The next pod that has to go so that it comes again from the new template."""
    strategy = (look.owner["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate")
    if strategy != "RollingUpdate":
        return []
    for pod in pods:
        if ordinal_of(pod) < look.start + look.partition:
            return []
        if labels_of(pod).get(REVISION_HASH) != look.update[0] and not is_deleted(pod):
            return [_deleted(look, pod)]
        if not _is_healthy(pod) or not _is_up(look, pod):
            return []
    return []


def _deleted(look: Look, pod: JSONObject) -> Action:
    done = f"Delete Pod {{name}} in StatefulSet {look.name} successful"
    failed = f"delete Pod {pod['metadata']['name']} in StatefulSet {look.name} failed error: "
    return delete(
        PODS,
        pod,
        note=Note(look.owner, "SuccessfulDelete", done),
        failure=Note(look.owner, "FailedDelete", failed, "Warning"),
    )


def _made(look: Look, number: int) -> list[Action]:
    name = f"{look.name}-{number}"
    is_old = number < look.start + look.partition
    revision, template = look.current if is_old else look.update
    body = pod_from_template(template, look.owner)
    meta, spec = body["metadata"], body["spec"]
    meta["name"] = name
    meta["labels"] = {**labels_of(body), POD_NAME: name, POD_INDEX: str(number), REVISION_HASH: revision}
    spec["hostname"] = name
    if look.owner["spec"].get("serviceName"):
        spec["subdomain"] = look.owner["spec"]["serviceName"]
    actions: list[Action] = []
    volumes = {each["name"]: each for each in spec.get("volumes") or ()}
    for each in look.owner["spec"].get("volumeClaimTemplates") or ():
        claim = f"{each['metadata']['name']}-{name}"
        volumes[each["metadata"]["name"]] = {
            "name": each["metadata"]["name"],
            "persistentVolumeClaim": {"claimName": claim},
        }
        if claim not in look.claims:
            actions.append(_claim(look, each, claim, name))
    if volumes:
        spec["volumes"] = list(volumes.values())
    done = f"Create Pod {{name}} in StatefulSet {look.name} successful"
    failed = f"create Pod {name} in StatefulSet {look.name} failed error: "
    namespace = look.owner["metadata"]["namespace"]
    actions.append(
        create(
            PODS,
            body,
            namespace=namespace,
            note=Note(look.owner, "SuccessfulCreate", done),
            failure=Note(look.owner, "FailedCreate", failed, "Warning"),
        )
    )
    return actions


def _claim(look: Look, template: JSONObject, name: str, pod: str) -> Action:
    held = template["metadata"]
    labels = {
        **(held.get("labels") or {}),
        **((look.owner["spec"].get("selector") or {}).get("matchLabels") or {}),
    }
    meta: JSONObject = {"name": name, "labels": labels}
    if held.get("annotations"):
        meta["annotations"] = held["annotations"]
    policy = look.owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    if policy.get("whenDeleted") == "Delete":
        meta["ownerReferences"] = [controller_reference(look.owner)]
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": template["spec"]}
    message = f"Create Claim {name} Pod {pod} in StatefulSet {look.name} success"
    return create(
        CLAIMS,
        body,
        namespace=look.owner["metadata"]["namespace"],
        note=Note(look.owner, "SuccessfulCreate", message),
    )
