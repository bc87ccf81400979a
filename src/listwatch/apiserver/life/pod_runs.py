"""What containers do by themselves once they are up: end, are restarted, become ready, cannot be pulled.

In:    a `Pod`, how its containers run, and for how long they have
Out:   the next `Turn`, and the status patch for it
Next:  life/kubelet.py, which waits for the turn and sends it
Rules: pure. The first restart is at once, each later one after a pause twice as long as the one before, as the real
       kubelet's. When all containers have ended for good the pod has a last phase; its sandbox goes with it.
Source: kubelet's kuberuntime (computePodActions, doBackOff), status/generate.go; messages of pkg/kubelet/images
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from listwatch.apiserver.life.objects import ContainerStatus, Pod
from listwatch.apiserver.life.pod_steps import (
    TERMINAL_PHASES,
    Step,
    as_it_is,
    closed_gate,
    conditions,
    ended,
    running,
)
from listwatch.apiserver.life.runs import Run

LONGEST_BACKOFFS = 30


@dataclass(frozen=True, slots=True)
class Turn:
    """One container's next step, and when it is due: seconds from now."""

    step: Step
    container: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Ran:
    """How a container stands beyond what its status says.

    Attributes:
        run: How it runs.
        seconds: For how long it has been in its present state.
        exit_code: Its end, if a program of its own has come to it.
        is_program: Whether a program decides when it ends.
    """

    run: Run
    seconds: float = 0.0
    exit_code: int | None = None
    is_program: bool = False


def next_turn(pod: Pod, rans: Mapping[str, Ran], *, backoff: float) -> Turn | None:
    """What happens next among the containers of a pod that is up; None if nothing will.

    Args:
        pod: As last seen; neither deleted nor ended.
        rans: By container.
        backoff: Seconds of the first pause between restarts.
    """
    if pod.metadata.deletion_timestamp is not None or pod.status.phase in TERMINAL_PHASES:
        return None
    turns = [
        turn
        for each in pod.status.container_statuses or ()
        if each.name in rans and (turn := _turn(pod, each, rans[each.name], backoff)) is not None
    ]
    if not turns and _are_gates_moved(pod):
        return Turn(Step.OPEN_GATES, "", 0.0)
    return min(turns, key=lambda turn: turn.seconds, default=None)


def _are_gates_moved(pod: Pod) -> bool:
    ready, containers = pod.condition("Ready"), pod.condition("ContainersReady")
    if not pod.spec.readiness_gates or ready is None or containers is None or containers.status != "True":
        return False
    return (ready.status == "True") != (closed_gate(pod) is None)


def _turn(pod: Pod, status: ContainerStatus, ran: Ran, backoff: float) -> Turn | None:
    state = status.state or {}
    if "running" in state:
        if ran.exit_code is not None:
            return Turn(Step.EXIT, status.name, 0.0)
        waits: list[Turn] = []
        if ran.run.seconds is not None and not ran.is_program:
            waits.append(Turn(Step.EXIT, status.name, max(0.0, ran.run.seconds - ran.seconds)))
        if not status.ready and ran.run.ready_after is not None:
            waits.append(Turn(Step.BECOME_READY, status.name, max(0.0, ran.run.ready_after - ran.seconds)))
        return min(waits, key=lambda turn: turn.seconds, default=None)
    if "terminated" in state:
        if not _restarts(pod, state["terminated"].get("exitCode", 0)):
            return None
        step = Step.BACK_OFF if status.restart_count else Step.RESTART
        return Turn(step, status.name, 0.0)
    reason = (state.get("waiting") or {}).get("reason")
    if reason == "CrashLoopBackOff":
        pause = backoff * min(2 ** (status.restart_count - 1), LONGEST_BACKOFFS)
        return Turn(Step.RESTART, status.name, max(0.0, pause - ran.seconds))
    if reason == "ErrImagePull":
        return Turn(Step.BACK_OFF, status.name, 0.0)
    return None


def _restarts(pod: Pod, exit_code: int) -> bool:
    policy = pod.spec.restart_policy or "Always"
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def turn_patch(step: Step, pod: Pod, container: str, ran: Ran, *, now: str) -> dict[str, Any]:
    """The strategic merge patch of the pod's status that a turn sends; guarded by the pod's uid.

    Args:
        step: One that a container does by itself.
        pod: As last seen.
        container: Which; "" for OPEN_GATES.
        ran: How it runs.
        now: RFC 3339, seconds.
    """
    written = [
        _after(step, pod, each, ran, now) if each.name == container else as_it_is(each)
        for each in pod.status.container_statuses or ()
    ]
    phase = _phase(pod, written)
    unready = [each["name"] for each in written if not each["ready"]]
    is_over = phase in TERMINAL_PHASES
    status: dict[str, Any] = {
        "phase": phase,
        "conditions": conditions(
            pod,
            now=now,
            phase=phase,
            is_sandbox_up=not is_over,
            is_ready=not unready and not is_over,
            unready=unready,
        ),
        "containerStatuses": written,
        "observedGeneration": pod.metadata.generation,
    }
    if is_over and pod.status.init_container_statuses:
        status["initContainerStatuses"] = [
            ended(as_it_is(each), now=now, exit_code=0, ready=each.ready)
            for each in pod.status.init_container_statuses
        ]
    return {"metadata": {"uid": pod.metadata.uid}, "status": status}


def _after(step: Step, pod: Pod, status: ContainerStatus, ran: Ran, now: str) -> dict[str, Any]:
    held = as_it_is(status)
    state = status.state or {}
    if step is Step.EXIT:
        code = ran.run.exit_code if ran.exit_code is None else ran.exit_code
        gone = ended(held, now=now, exit_code=code)
        if ran.exit_code is None:
            gone["state"]["terminated"]["reason"] = ran.run.reason
        return gone
    if step is Step.BECOME_READY:
        return held | {"ready": True}
    if step is Step.RESTART:
        fresh = running(pod, status.name, status.image, now=now, restarts=status.restart_count + 1)
        fresh["lastState"] = (
            {"terminated": state["terminated"]} if "terminated" in state else status.last_state or {}
        )
        fresh["ready"] = ran.run.ready_after == 0
        return fresh
    if step is Step.BACK_OFF:
        image = next((each.image for each in pod.spec.containers or () if each.name == status.name), "")
        if "terminated" in state:
            meta = pod.metadata
            message = (
                f"back-off restarting failed container={status.name} "
                f"pod={meta.name}_{meta.namespace}({meta.uid})"
            )
            waiting = {"reason": "CrashLoopBackOff", "message": message}
            return held | {"state": {"waiting": waiting}, "lastState": {"terminated": state["terminated"]}}
        waiting = {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}
        return held | {"state": {"waiting": waiting}}
    return held


def _phase(pod: Pod, written: list[dict[str, Any]]) -> str:
    codes = [
        each["state"]["terminated"].get("exitCode", 0) for each in written if "terminated" in each["state"]
    ]
    if len(codes) < len(written) or any(_restarts(pod, code) for code in codes):
        waits = any(
            (each["state"].get("waiting") or {}).get("reason") in {"ErrImagePull", "ImagePullBackOff"}
            for each in written
        )
        return (pod.status.phase or "Pending") if waits else "Running"
    return "Failed" if any(codes) else "Succeeded"
