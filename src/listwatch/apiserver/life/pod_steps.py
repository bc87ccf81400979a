"""What a kubelet does next about a pod, and what it writes: the whole life of a pod as one pure function.

In:    a `Pod` as the API server has it        (from life/kubelet.py)
Out:   the next `Step`, and the status patch for it
Next:  life/kubelet.py, which waits for the step's delay and sends it
Rules: pure; the object's own state decides, nothing is remembered, so a kubelet that starts anew goes on
       where the last one stopped. A condition's transition time changes only with its status.

Up: CREATE writes ContainerCreating, INITIALIZE completes one init container, START writes Running with an
address. Down: STOP writes the containers' ends, REMOVE_SANDBOX the sandbox's, FINISH deletes for good.
Together with the scheduler's and the API server's own writes these are three MODIFIED up and four down, then
DELETED.

Source: kubelet's status generation (kubelet_pods.go, status/generate.go) and recorded frames of a real API
        server; as real kubelets since 1.27, a pod that was stopped ends Succeeded or Failed before it is
        deleted. What containers do by themselves once they are up is in pod_runs.py. Differs: probes, lifecycle
        hooks and ephemeral containers are not simulated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from hashlib import sha256
from typing import Any

from listwatch.apiserver.life.objects import Container, ContainerStatus, Pod
from listwatch.apiserver.life.runs import Run

TERMINAL_PHASES = frozenset({"Succeeded", "Failed"})
# 128 + SIGKILL: what a container says that did not stop within the grace period.
EXIT_KILLED = 137
NOT_FOUND = 'failed to pull and unpack image "{}": not found'

_COMING_UP = frozenset({"ContainerCreating", "PodInitializing"})
_SANDBOX = "PodReadyToStartContainers"


class Step(Enum):
    """What a kubelet does next about one pod."""

    CREATE = "create"
    INITIALIZE = "initialize"
    START = "start"
    UPDATE = "update"
    STOP = "stop"
    REMOVE_SANDBOX = "remove sandbox"
    FINISH = "finish"
    # What a container does by itself; see pod_runs.py.
    BACK_OFF = "back off"
    BECOME_READY = "become ready"
    EXIT = "exit"
    RESTART = "restart"
    OPEN_GATES = "open gates"


def next_step(pod: Pod, *, node_name: str) -> Step | None:
    """What the kubelet of `node_name` does next about `pod`; None if there is nothing to do."""
    if pod.spec.node_name != node_name:
        return None
    if pod.metadata.deletion_timestamp is not None:
        return _next_step_down(pod)
    status = pod.status
    if status.phase in TERMINAL_PHASES:
        return None
    if status.start_time is None or not status.container_statuses:
        return Step.CREATE
    if any(not _is_initialized(each) for each in status.init_container_statuses or ()):
        return Step.INITIALIZE
    if any(_waits_to_come_up(each) for each in status.container_statuses):
        return Step.START
    if (status.observed_generation or 0) < pod.metadata.generation:
        return Step.UPDATE
    return None


def _next_step_down(pod: Pod) -> Step | None:
    if any("terminated" not in (each.state or {}) for each in all_statuses(pod)):
        return Step.STOP
    sandbox = pod.condition(_SANDBOX)
    if sandbox is not None and sandbox.status == "True":
        return Step.REMOVE_SANDBOX
    if pod.metadata.deletion_grace_period_seconds == 0:
        return None  # finally deleted already; finalizers hold it, and they are not a kubelet's business
    return Step.FINISH


def status_patch(
    step: Step,
    pod: Pod,
    *,
    now: str,
    host_ip: str,
    pod_ip: str = "",
    exit_code: int = 0,
    runs: Mapping[str, Run] | None = None,
) -> dict[str, Any]:
    """The strategic merge patch of the pod's status that `step` sends; guarded by the pod's uid.

    Args:
        step: Any but FINISH, which is a deletion and no patch.
        pod: As last seen.
        now: RFC 3339, seconds.
        host_ip: The node's address.
        pod_ip: The pod's own address; used by START only.
        exit_code: How the containers end; used by STOP only.
        runs: How the containers run, by name; used by START only.
    """
    if step is Step.CREATE:
        status = _created(pod, now=now, host_ip=host_ip)
    elif step is Step.INITIALIZE:
        status = _one_more_initialized(pod, now=now)
    elif step is Step.START:
        status = _started(pod, now=now, pod_ip=pod_ip, runs=runs or {})
    elif step is Step.UPDATE:
        status = _updated(pod, now=now)
    elif step is Step.STOP:
        status = _stopped(pod, now=now, exit_code=exit_code)
    elif step is Step.REMOVE_SANDBOX:
        phase = pod.status.phase or "Failed"
        status = {"conditions": conditions(pod, now=now, phase=phase, is_sandbox_up=False)}
    else:
        raise ValueError(f"{step} is not a status patch")
    status["observedGeneration"] = pod.metadata.generation
    return {"metadata": {"uid": pod.metadata.uid}, "status": status}


def canonical_image(image: str) -> str:
    """An image's full name, as the container runtime reports it: registry, repository and tag."""
    registry, slash, _rest = image.partition("/")
    if not slash or not (registry == "localhost" or "." in registry or ":" in registry):
        image = f"docker.io/{image}" if slash else f"docker.io/library/{image}"
    has_tag = ":" in image.rpartition("/")[2]
    return image if has_tag or "@" in image else f"{image}:latest"


def image_id(image: str) -> str:
    """A digest that is always the same for one image; no registry is asked."""
    full = canonical_image(image)
    if "@" in full:
        return full
    repository = full.rpartition(":")[0]
    return f"{repository}@sha256:{sha256(full.encode()).hexdigest()}"


def _created(pod: Pod, *, now: str, host_ip: str) -> dict[str, Any]:
    inits = pod.spec.init_containers or []
    reason = "PodInitializing" if inits else "ContainerCreating"
    status: dict[str, Any] = {
        "phase": "Pending",
        "conditions": conditions(
            pod, now=now, phase="Pending", is_sandbox_up=False, incomplete=[each.name for each in inits]
        ),
        "hostIP": host_ip,
        "hostIPs": [{"ip": host_ip}],
        "startTime": now,
        "containerStatuses": [_waiting(each, reason) for each in pod.spec.containers or ()],
    }
    if inits:
        status["initContainerStatuses"] = [_waiting(each, "PodInitializing") for each in inits]
    return status


def _one_more_initialized(pod: Pod, *, now: str) -> dict[str, Any]:
    statuses = pod.status.init_container_statuses or []
    turn = next(each.name for each in statuses if not _is_initialized(each))
    wanted = {each.name: each for each in pod.spec.init_containers or ()}
    is_sidecar = turn in wanted and wanted[turn].restart_policy == "Always"
    incomplete = [each.name for each in statuses if not _is_initialized(each) and each.name != turn]
    written = []
    for each in statuses:
        if each.name != turn:
            written.append(as_it_is(each))
            continue
        up = running(pod, each.name, each.image, now=now, restarts=each.restart_count)
        written.append(up if is_sidecar else ended(up, now=now, exit_code=0, ready=True))
    return {
        "conditions": conditions(pod, now=now, phase="Pending", is_sandbox_up=True, incomplete=incomplete),
        "initContainerStatuses": written,
    }


def _started(pod: Pod, *, now: str, pod_ip: str, runs: Mapping[str, Run]) -> dict[str, Any]:
    wanted = {each.name: each.image or "" for each in pod.spec.containers or ()}
    written: list[dict[str, Any]] = []
    for each in pod.status.container_statuses or ():
        run = runs.get(each.name, Run())
        image = wanted.get(each.name, each.image)
        if run.is_pullable:
            up = running(pod, each.name, image, now=now, restarts=each.restart_count)
            written.append(up | {"ready": run.ready_after == 0})
        else:
            message = NOT_FOUND.format(canonical_image(image))
            waiting = {"reason": "ErrImagePull", "message": message}
            written.append(as_it_is(each) | {"state": {"waiting": waiting}})
    unready = [each["name"] for each in written if not each["ready"]]
    phase = "Running" if all("running" in each["state"] for each in written) else "Pending"
    return {
        "phase": phase,
        "conditions": conditions(
            pod, now=now, phase=phase, is_sandbox_up=True, is_ready=not unready, unready=unready
        ),
        "podIP": pod_ip,
        "podIPs": [{"ip": pod_ip}],
        "containerStatuses": written,
    }


def _updated(pod: Pod, *, now: str) -> dict[str, Any]:
    """The spec has changed under a running pod: containers with another image are started anew."""
    wanted = {each.name: each.image or "" for each in pod.spec.containers or ()}
    written = []
    for each in pod.status.container_statuses or ():
        image = wanted.get(each.name, each.image)
        if "running" not in (each.state or {}) or canonical_image(image) == canonical_image(each.image):
            written.append(as_it_is(each))
            continue
        restarted = running(pod, each.name, image, now=now, restarts=each.restart_count + 1)
        restarted["lastState"] = ended(as_it_is(each), now=now, exit_code=0)["state"]
        written.append(restarted)
    return {
        "conditions": conditions(
            pod, now=now, phase=pod.status.phase or "Running", is_sandbox_up=True, is_ready=True
        ),
        "containerStatuses": written,
    }


def _stopped(pod: Pod, *, now: str, exit_code: int) -> dict[str, Any]:
    has_run = all("waiting" not in (each.state or {}) for each in pod.status.container_statuses or ())
    phase = "Succeeded" if exit_code == 0 and has_run else "Failed"
    sandbox = pod.condition(_SANDBOX)
    status: dict[str, Any] = {
        "phase": phase,
        "conditions": conditions(
            pod, now=now, phase=phase, is_sandbox_up=sandbox is not None and sandbox.status == "True"
        ),
        "containerStatuses": [
            ended(as_it_is(each), now=now, exit_code=exit_code)
            for each in pod.status.container_statuses or ()
        ],
    }
    if pod.status.init_container_statuses:
        status["initContainerStatuses"] = [
            ended(as_it_is(each), now=now, exit_code=exit_code, ready=each.ready)
            for each in pod.status.init_container_statuses
        ]
    return status


def conditions(
    pod: Pod,
    *,
    now: str,
    phase: str,
    is_sandbox_up: bool,
    is_ready: bool = False,
    incomplete: Sequence[str] = (),
    unready: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """The five conditions that a kubelet writes, in its order.

    Args:
        pod: As last seen.
        now: RFC 3339, seconds.
        phase: Which the pod will have.
        is_sandbox_up: Whether containers may start.
        is_ready: Whether all containers are ready.
        incomplete: Init containers that have not done their work.
        unready: Containers that are not ready; by default all.
    """
    why_not_ready: tuple[str | None, str | None] = (None, None)
    if phase in TERMINAL_PHASES:
        why_not_ready = ("PodCompleted" if phase == "Succeeded" else "PodFailed", None)
    elif not is_ready:
        names = " ".join([each.name for each in pod.spec.containers or ()] if unready is None else unready)
        why_not_ready = ("ContainersNotReady", f"containers with unready status: [{names}]")
    closed = closed_gate(pod) if is_ready else None
    why_gated = why_not_ready if closed is None else ("ReadinessGatesNotReady", closed)
    why_initialized: tuple[str | None, str | None] = (None, None)
    if incomplete:
        names = " ".join(incomplete)
        why_initialized = ("ContainersNotInitialized", f"containers with incomplete status: [{names}]")
    elif phase == "Succeeded":
        why_initialized = ("PodCompleted", None)
    rows = [
        (_SANDBOX, is_sandbox_up, (None, None)),
        ("Initialized", not incomplete, why_initialized),
        ("Ready", is_ready and closed is None, why_gated),
        ("ContainersReady", is_ready, why_not_ready),
        ("PodScheduled", True, (None, None)),
    ]
    return [_condition(pod, kind, holds, reason, message, now) for kind, holds, (reason, message) in rows]


def closed_gate(pod: Pod) -> str | None:
    """What a readiness gate of the pod still waits for, in the kubelet's words; None if all are open."""
    told: list[str] = []
    for each in pod.spec.readiness_gates or ():
        held = pod.condition(each.condition_type)
        if held is None:
            told.append(
                f'corresponding condition of pod readiness gate "{each.condition_type}" does not exist.'
            )
        elif held.status != "True":
            told.append(
                f'the status of pod readiness gate "{each.condition_type}" is not "True", but {held.status}'
            )
    return " ".join(told) or None


def _condition(
    pod: Pod, kind: str, holds: bool, reason: str | None, message: str | None, now: str
) -> dict[str, Any]:
    before = pod.condition(kind)
    status = "True" if holds else "False"
    is_same = before is not None and before.status == status
    condition: dict[str, Any] = {
        "type": kind,
        "observedGeneration": pod.metadata.generation,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": (before.last_transition_time if before and is_same else None) or now,
    }
    # A null takes away what stood there; without need it would only be noise.
    if reason is not None or (before is not None and before.reason is not None):
        condition["reason"] = reason
    if message is not None or (before is not None and before.message is not None):
        condition["message"] = message
    return condition


def _waiting(container: Container, reason: str) -> dict[str, Any]:
    return {
        "name": container.name,
        "image": container.image or "",
        "imageID": "",
        "ready": False,
        "started": False,
        "restartCount": 0,
        "lastState": {},
        "state": {"waiting": {"reason": reason}},
    }


def running(pod: Pod, name: str, image: str, *, now: str, restarts: int) -> dict[str, Any]:
    """The status of a container that has just started."""
    identity = f"{pod.metadata.uid}/{name}/{restarts}"
    return {
        "name": name,
        "image": canonical_image(image),
        "imageID": image_id(image),
        "containerID": f"containerd://{sha256(identity.encode()).hexdigest()}",
        "ready": True,
        "started": True,
        "restartCount": restarts,
        "lastState": {},
        "state": {"running": {"startedAt": now}},
    }


def as_it_is(status: ContainerStatus) -> dict[str, Any]:
    """The status of a container that nothing happens to."""
    written: dict[str, Any] = {
        "name": status.name,
        "image": status.image,
        "imageID": status.image_id,
        "ready": status.ready,
        "started": bool(status.started),
        "restartCount": status.restart_count,
        "lastState": status.last_state or {},
        "state": status.state or {},
    }
    if status.container_id:
        written["containerID"] = status.container_id
    return written


def ended(status: dict[str, Any], *, now: str, exit_code: int, ready: bool = False) -> dict[str, Any]:
    """The same container after its end; one that has ended before stays as it is."""
    state = status["state"]
    if "terminated" in state:
        return status
    if "running" in state:
        end = {
            "containerID": status.get("containerID"),
            "exitCode": exit_code,
            "finishedAt": now,
            "reason": "Completed" if exit_code == 0 else "Error",
            "startedAt": state["running"].get("startedAt"),
        }
    else:
        end = {
            "exitCode": EXIT_KILLED,
            "finishedAt": None,
            "message": "The container could not be located when the pod was terminated",
            "reason": "ContainerStatusUnknown",
            "startedAt": None,
        }
    return status | {"ready": ready, "started": False, "state": {"terminated": end}}


def _is_initialized(status: ContainerStatus) -> bool:
    state = status.state or {}
    return "terminated" in state or ("running" in state and bool(status.started))


def _waits_to_come_up(status: ContainerStatus) -> bool:
    waiting = (status.state or {}).get("waiting")
    return waiting is not None and waiting.get("reason") in _COMING_UP


def all_statuses(pod: Pod) -> list[ContainerStatus]:
    """Of init containers and containers."""
    return [*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())]
