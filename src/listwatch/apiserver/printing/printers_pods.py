"""The row of a pod: readiness, the one word for its state, restarts.

In:    a Pod
Out:   its cells
Next:  apiserver/printing/printers.py
Rules: pure, total on objects of any shape
Source: kubectl's documentation of `get pods`; the order of precedence is kube-apiserver's printPod
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from listwatch.apiserver.kinds.durations import human_duration, moment_of
from listwatch.apiserver.kinds.maps import JSONObject, flag, items, maps, number, peek, text
from listwatch.apiserver.printing.printer_parts import (
    NONE,
    age_of,
    condition_status,
    is_being_deleted,
    name_of,
)

_FINAL: Final = frozenset({"Failed", "Succeeded"})
_COMPLETED: Final = {
    "Succeeded": "The pod has completed successfully.",
    "Failed": "The pod failed.",
}


@dataclass(slots=True)
class _Restarts:
    count: int = 0
    last: datetime | None = None

    def add(self, status: JSONObject) -> None:
        self.count += number(status, "restartCount")
        finished = moment_of(peek(status, "lastState", "terminated").get("finishedAt"))
        if finished is not None and (self.last is None or finished > self.last):
            self.last = finished

    def text(self, now: datetime) -> str:
        if self.count and self.last is not None:
            return f"{self.count} ({human_duration((now - self.last).total_seconds())} ago)"
        return str(self.count)


@dataclass(slots=True)
class _State:
    """What is known of the pod so far."""

    reason: str
    ready: int
    total: int
    restarts: _Restarts


def pod_cells(pod: JSONObject, now: datetime) -> list[Any]:
    """The cells of a pod; the last four are the wide ones."""
    state = _state(pod)
    address = next((text(each, "ip") for each in maps(pod, "status", "podIPs")), "") or text(
        pod, "status", "podIP"
    )
    return [
        name_of(pod),
        f"{state.ready}/{state.total}",
        state.reason,
        state.restarts.text(now),
        age_of(pod, now),
        address or NONE,
        text(pod, "spec", "nodeName") or NONE,
        text(pod, "status", "nominatedNodeName") or NONE,
        _gates(pod),
    ]


def pod_conditions(pod: JSONObject) -> list[JSONObject]:
    """Marks the row of a pod that is done."""
    phase = text(pod, "status", "phase")
    if phase not in _COMPLETED:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": _COMPLETED[phase]}]


def _gates(pod: JSONObject) -> str:
    gates = maps(pod, "spec", "readinessGates")
    if not gates:
        return NONE
    passed = sum(condition_status(pod, text(gate, "conditionType")) == "True" for gate in gates)
    return f"{passed}/{len(gates)}"


def _state(pod: JSONObject) -> _State:
    phase, reason = text(pod, "status", "phase"), text(pod, "status", "reason")
    state = _State(reason or phase, 0, len(items(pod, "spec", "containers")), _Restarts())
    for condition in maps(pod, "status", "conditions"):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            state.reason = "SchedulingGated"
    initializing, of_sidecars = _look_at_init_containers(pod, state)
    if not initializing or condition_status(pod, "Initialized") == "True":
        state.restarts = of_sidecars
        _look_at_containers(pod, state)
    if is_being_deleted(pod):
        if reason == "NodeLost":
            state.reason = "Unknown"
        elif phase not in _FINAL:
            state.reason = "Terminating"
    return state


def _look_at_init_containers(pod: JSONObject, state: _State) -> tuple[bool, _Restarts]:
    """Whether initial containers hold the pod up, and the restarts of those that keep running beside it."""
    specs = maps(pod, "spec", "initContainers")
    sidecars = {text(each, "name") for each in specs if each.get("restartPolicy") == "Always"}
    state.total += len(sidecars)
    of_sidecars = _Restarts()
    for index, status in enumerate(maps(pod, "status", "initContainerStatuses")):
        is_sidecar = text(status, "name") in sidecars
        state.restarts.add(status)
        if is_sidecar:
            of_sidecars.add(status)
        terminated = peek(status, "state", "terminated")
        is_terminated = isinstance(peek(status, "state").get("terminated"), dict)
        waiting = text(status, "state", "waiting", "reason")
        if is_terminated and number(terminated, "exitCode") == 0:
            continue
        if is_sidecar and flag(status, "started"):
            state.ready += flag(status, "ready")
            continue
        if is_terminated:
            state.reason = f"Init:{_ended(terminated)}"
        elif waiting and waiting != "PodInitializing":
            state.reason = f"Init:{waiting}"
        else:
            state.reason = f"Init:{index}/{len(specs)}"
        return True, of_sidecars
    return False, of_sidecars


def _ended(terminated: JSONObject) -> str:
    reason = text(terminated, "reason")
    if reason:
        return reason
    signal = number(terminated, "signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{number(terminated, 'exitCode')}"


def _look_at_containers(pod: JSONObject, state: _State) -> None:
    running = False
    for status in reversed(maps(pod, "status", "containerStatuses")):
        state.restarts.add(status)
        current = peek(status, "state")
        waiting = text(current, "waiting", "reason")
        if waiting:
            state.reason = waiting
        elif isinstance(current.get("terminated"), dict):
            state.reason = _ended(current["terminated"])
        elif flag(status, "ready") and isinstance(current.get("running"), dict):
            running = True
            state.ready += 1
    if state.reason == "Completed" and running:
        state.reason = "Running" if condition_status(pod, "Ready") == "True" else "NotReady"
