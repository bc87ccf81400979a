"""Where a pod may run: the filters of a scheduler, as one pure function.

In:    a `Pod` without a node, and all `Node`s       (from life/scheduler.py)
Out:   the names of the nodes that will do, or why none does, in kube-scheduler's words
Next:  life/scheduler.py binds the pod
Rules: pure. Honours node selector, required node affinity, taints and cordons. Resources, ports, volumes,
       affinity between pods, spreading and preemption are not simulated: every node has room.
Source: kube-scheduler plugins nodeaffinity, tainttoleration, nodeunschedulable; messages as recorded
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from listwatch.apiserver.life.objects import Node, NodeSelectorTerm, Pod, Requirement, Taint, Toleration

_REPELLING = frozenset({"NoSchedule", "NoExecute"})
_CORDONED = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")


@dataclass(frozen=True, slots=True)
class Placement:
    """The nodes that will do, in the order given; if none, `message` says why."""

    candidates: tuple[str, ...]
    message: str = ""


def is_schedulable(pod: Pod, *, scheduler_name: str) -> bool:
    """Whether the pod waits for the scheduler of that name, now."""
    return (
        not pod.spec.node_name
        and (pod.spec.scheduler_name or "default-scheduler") == scheduler_name
        and not pod.spec.scheduling_gates
        and pod.metadata.deletion_timestamp is None
        and pod.status.phase in {None, "", "Pending"}
    )


def place(pod: Pod, nodes: Collection[Node]) -> Placement:
    """The nodes on which `pod` may run."""
    candidates: list[str] = []
    reasons: Counter[str] = Counter()
    for node in nodes:
        reason = _why_not(pod, node)
        if reason is None:
            candidates.append(node.metadata.name)
        else:
            reasons[reason] += 1
    if candidates:
        return Placement(tuple(candidates))
    if not nodes:
        return Placement((), "no nodes available to schedule pods")
    total = len(nodes)
    listed = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items(), key=_as_text))
    return Placement(
        (),
        f"0/{total} nodes are available: {listed}. no new claims to deallocate, preemption: "
        f"0/{total} nodes are available: {total} Preemption is not helpful for scheduling.",
    )


def _as_text(counted: tuple[str, int]) -> str:
    # kube-scheduler sorts the finished phrases, number and all.
    return f"{counted[1]} {counted[0]}"


def _why_not(pod: Pod, node: Node) -> str | None:
    tolerations = pod.spec.tolerations or []
    if node.spec.unschedulable and not _is_tolerated(_CORDONED, tolerations):
        return "node(s) were unschedulable"
    for taint in node.spec.taints or ():
        if taint.effect in _REPELLING and not _is_tolerated(taint, tolerations):
            return "node(s) had untolerated taint(s)"
    if not _is_wanted(pod, node):
        return "node(s) didn't match Pod's node affinity/selector"
    return None


def _is_tolerated(taint: Taint, tolerations: Iterable[Toleration]) -> bool:
    return any(_tolerates(each, taint) for each in tolerations)


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if (toleration.operator or "Equal") == "Exists":
        return True
    return bool(toleration.key) and (toleration.value or "") == (taint.value or "")


def _is_wanted(pod: Pod, node: Node) -> bool:
    labels = node.metadata.labels or {}
    for key, value in (pod.spec.node_selector or {}).items():
        if labels.get(key) != value:
            return False
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity else None
    if required is None:
        return True
    return any(_matches(term, node, labels) for term in required.node_selector_terms or ())


def _matches(term: NodeSelectorTerm, node: Node, labels: Mapping[str, str]) -> bool:
    expressions, fields = term.match_expressions or [], term.match_fields or []
    if not expressions and not fields:
        return False  # an empty term selects nothing
    own = {"metadata.name": node.metadata.name}
    return all(_meets(each, labels) for each in expressions) and all(_meets(each, own) for each in fields)


def _meets(requirement: Requirement, facts: Mapping[str, str]) -> bool:
    value, values = facts.get(requirement.key), requirement.values or []
    match requirement.operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            try:
                difference = int(value or "") - int(values[0])
            except (ValueError, IndexError):
                return False
            return difference > 0 if requirement.operator == "Gt" else difference < 0
    return False
