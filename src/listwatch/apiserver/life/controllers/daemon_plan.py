"""What a DaemonSet does next: one pod on each node that will have it, as pure functions.

In:    the set, its pods, all nodes
Out:   `Action`s; a status
Next:  life/controllers/daemon_set.py
Rules: pure. Which nodes will do is the scheduler's own decision, asked with the tolerations that daemons have. Not
       simulated: maxSurge.
Source: kubernetes/pkg/controller/daemon/daemon_controller.go, update.go, util/daemonset_util.go
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from listwatch.apiserver.life.controllers.actions import Action, Note, create, delete
from listwatch.apiserver.life.controllers.collections import PODS
from listwatch.apiserver.life.controllers.deployment_rollout import scaled_value
from listwatch.apiserver.life.controllers.owners import (
    JSONObject,
    is_available,
    is_deleted,
    is_ready,
    labels_of,
    phase_of,
    pod_from_template,
)
from listwatch.apiserver.life.controllers.revisions import REVISION_HASH
from listwatch.apiserver.life.objects import Node, Pod
from listwatch.apiserver.life.placement import place

GENERATION = "pod-template-generation"
_TAINTS = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)


def daemon_pod(owner: JSONObject, node: str, digest: str) -> JSONObject:
    """The pod of one node."""
    body = pod_from_template(owner["spec"]["template"], owner)
    meta, spec = body["metadata"], body["spec"]
    generation = (owner["metadata"].get("annotations") or {}).get(
        "deprecated.daemonset.template.generation", "1"
    )
    meta["labels"] = {**labels_of(body), REVISION_HASH: digest, GENERATION: generation}
    taints = [*_TAINTS]
    if spec.get("hostNetwork"):
        taints.append(("node.kubernetes.io/network-unavailable", "NoSchedule"))
    added = [{"key": key, "operator": "Exists", "effect": effect} for key, effect in taints]
    spec["tolerations"] = [*(spec.get("tolerations") or ()), *added]
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    affinity = dict(spec.get("affinity") or {})
    held = dict(affinity.get("nodeAffinity") or {})
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    terms = (held.get(required) or {}).get("nodeSelectorTerms") or []
    held[required] = {"nodeSelectorTerms": [{**each, **term} for each in terms] or [term]}
    spec["affinity"] = {**affinity, "nodeAffinity": held}
    return body


def node_of(pod: JSONObject) -> str:
    """The node that a daemon's pod runs on, or is meant for."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    held = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    for term in held.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field.get("key") == "metadata.name" and len(field.get("values") or ()) == 1:
                return str(field["values"][0])
    return ""


def eligible(owner: JSONObject, nodes: Iterable[JSONObject]) -> list[str]:
    """The nodes that shall have a pod."""
    found: list[str] = []
    for each in nodes:
        name = each["metadata"]["name"]
        body = {"metadata": {}, "spec": daemon_pod(owner, name, "")["spec"]}
        pod, node = msgspec.convert(body, Pod), msgspec.convert(each, Node)
        if place(pod, [node]).candidates and not is_deleted(each):
            found.append(name)
    return found


def by_node(pods: Iterable[JSONObject]) -> dict[str, list[JSONObject]]:
    """Pods by node, oldest first."""
    found: defaultdict[str, list[JSONObject]] = defaultdict(list)
    for pod in sorted(
        pods, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"])
    ):
        found[node_of(pod)].append(pod)
    return found


def plan(
    owner: JSONObject, pods: Sequence[JSONObject], nodes: Sequence[str], digest: str, now: datetime
) -> list[Action]:
    """Pods to make and to delete.

    Args:
        owner: The set.
        pods: All that it controls.
        nodes: The nodes that shall have a pod.
        digest: The hash of the present template.
        now: For availability.
    """
    if is_deleted(owner):
        return []
    placed = by_node(pods)
    actions: list[Action] = []
    for node in nodes:
        alive = []
        for pod in placed.get(node, []):
            if is_deleted(pod):
                alive.append(pod)
            elif phase_of(pod) in {"Failed", "Succeeded"}:
                actions.append(_failed(owner, pod, node))
            else:
                alive.append(pod)
        working = [pod for pod in alive if not is_deleted(pod)]
        actions += [_deleted(owner, pod) for pod in working[1:]]
        if not alive:
            actions.append(_made(owner, node, digest))
    for node, some in placed.items():
        if node not in nodes:
            actions += [_deleted(owner, pod) for pod in some if not is_deleted(pod)]
    return actions or _rolled(owner, placed, nodes, digest, now)


def _rolled(
    owner: JSONObject,
    placed: dict[str, list[JSONObject]],
    nodes: Sequence[str],
    digest: str,
    now: datetime,
) -> list[Action]:
    """Old pods that may go: those that do not work at once, the others as many as may be missing."""
    strategy = owner["spec"].get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return []
    given = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
    room = scaled_value(given, len(nodes), round_up=True)
    seconds = owner["spec"].get("minReadySeconds", 0)
    actions: list[Action] = []
    candidates: list[JSONObject] = []
    for node in nodes:
        working = [pod for pod in placed.get(node, []) if not is_deleted(pod)]
        if not working or not is_available(working[0], seconds, now):
            room -= 1
        for pod in working[:1]:
            if labels_of(pod).get(REVISION_HASH) == digest:
                continue
            if is_available(pod, seconds, now):
                candidates.append(pod)
            else:
                actions.append(_deleted(owner, pod))
    return actions + [_deleted(owner, pod) for pod in candidates[: max(0, room)]]


def status_of(
    owner: JSONObject, pods: Sequence[JSONObject], nodes: Sequence[str], digest: str, now: datetime
) -> JSONObject:
    """The status of a set with these pods; arguments as for `plan`."""
    placed, before = by_node(pods), owner.get("status") or {}
    seconds = owner["spec"].get("minReadySeconds", 0)
    chosen = [placed[node][0] for node in nodes if placed.get(node)]
    chosen = [pod for pod in chosen if not is_deleted(pod)]
    available = sum(1 for pod in chosen if is_available(pod, seconds, now))
    rare = {
        "updatedNumberScheduled": sum(1 for pod in chosen if labels_of(pod).get(REVISION_HASH) == digest),
        "numberAvailable": available,
        "numberUnavailable": len(nodes) - available,
        "observedGeneration": owner["metadata"].get("generation", 0),
    }
    kept = {name: before[name] for name in ("collisionCount", "conditions") if name in before}
    return {
        "currentNumberScheduled": len(chosen),
        "desiredNumberScheduled": len(nodes),
        "numberMisscheduled": sum(1 for node in placed if node not in nodes),
        "numberReady": sum(1 for pod in chosen if is_ready(pod)),
        **{name: each for name, each in rare.items() if each},
        **kept,
    }


def _made(owner: JSONObject, node: str, digest: str) -> Action:
    return create(
        PODS,
        daemon_pod(owner, node, digest),
        namespace=owner["metadata"]["namespace"],
        note=Note(owner, "SuccessfulCreate", "Created pod: {name}"),
        failure=Note(owner, "FailedCreate", "Error creating: ", "Warning"),
    )


def _deleted(owner: JSONObject, pod: JSONObject) -> Action:
    return delete(PODS, pod, note=Note(owner, "SuccessfulDelete", "Deleted pod: {name}"))


def _failed(owner: JSONObject, pod: JSONObject, node: str) -> Action:
    meta = pod["metadata"]
    message = (
        f"Found failed daemon pod {meta['namespace']}/{meta['name']} on node {node}, will try to kill it"
    )
    return delete(PODS, pod, note=Note(owner, "FailedDaemonPod", message, "Warning"))
