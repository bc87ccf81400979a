"""What a Job does next: pods to make and to delete, counts, conditions, as pure functions.

In:    the Job and its pods
Out:   a `JobPlan`; statuses
Next:  life/controllers/job.py, which writes them in the order in which nothing is counted twice or lost
Rules: pure. A pod that ended is noted in `uncountedTerminatedPods` before its finalizer is taken, and counted after.
       Not simulated: backoffLimitPerIndex, podFailurePolicy, successPolicy.
Source: kubernetes/pkg/controller/job/job_controller.go, indexed_job_utils.go, backoff_utils.go; recorded statuses
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from listwatch.apiserver.life.controllers.actions import Action, Note, Verb, create, delete, patch, tell
from listwatch.apiserver.life.controllers.collections import PODS
from listwatch.apiserver.life.controllers.owners import (
    JSONObject,
    annotations_of,
    is_active,
    is_deleted,
    is_ready,
    is_terminating,
    labels_of,
    phase_of,
    pod_from_template,
)
from listwatch.apiserver.life.records import rfc3339
from listwatch.apiserver.wire.timestamps import parse_timestamp

TRACKING = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
_CHANGES = {Verb.CREATE: 1, Verb.DELETE: -1}
FIRST_BACKOFF, LONGEST_BACKOFF = 10.0, 600.0


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What is to be done about a Job.

    Attributes:
        pods: Pods to make or to delete, and Events.
        status: With everything noted that has ended, before anything of it is counted.
        is_noted: Whether the status must be written before finalizers are taken.
        ended: The pods whose finalizers are to be taken.
        again: Seconds until something is due by itself; None if nothing is.
    """

    pods: list[Action]
    status: JSONObject
    is_noted: bool
    ended: list[JSONObject] = field(default_factory=list)
    again: float | None = None


def condition(job: JSONObject, kind: str) -> JSONObject | None:
    """The condition of that type, if it holds."""
    for each in (job.get("status") or {}).get("conditions") or ():
        if each["type"] == kind and each["status"] == "True":
            found: JSONObject = each
            return found
    return None


def is_finished(job: JSONObject) -> bool:
    """Whether it is complete or has failed."""
    return condition(job, "Complete") is not None or condition(job, "Failed") is not None


def is_indexed(job: JSONObject) -> bool:
    """Whether each completion has a number of its own."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def index_of(pod: JSONObject) -> int | None:
    """The completion that the pod works at."""
    given = annotations_of(pod).get(INDEX, "")
    return int(given) if given.isdecimal() else None


def parse_indexes(text: str) -> set[int]:
    """The set that "0-2,4" means."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def format_indexes(indexes: Iterable[int]) -> str:
    """A set as "0-2,4": three or more in a row are a range, two stand side by side."""
    runs: list[list[int]] = []
    for each in sorted(indexes):
        if runs and each == runs[-1][1] + 1:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    parts = []
    for first, last in runs:
        parts.append(
            str(first) if first == last else f"{first},{last}" if last == first + 1 else f"{first}-{last}"
        )
    return ",".join(parts)


def is_failed(pod: JSONObject) -> bool:
    """Whether it counts as failed: also a pod that was deleted before it could end."""
    return phase_of(pod) == "Failed" or (is_deleted(pod) and phase_of(pod) != "Succeeded")


def _is_tracked(pod: JSONObject) -> bool:
    return TRACKING in (pod["metadata"].get("finalizers") or ())


class _Count:
    """One look at a Job and its pods."""

    def __init__(self, job: JSONObject, pods: Sequence[JSONObject], now: datetime) -> None:
        self.job, self.spec, self.now = job, job["spec"], now
        self.status: JSONObject = dict(job.get("status") or {})
        uncounted = self.status.get("uncountedTerminatedPods") or {}
        self.uncounted = {name: list(uncounted.get(name) or ()) for name in ("succeeded", "failed")}
        self.pods = list(pods)
        self.active = [pod for pod in pods if is_active(pod)]
        self.terminating = sum(1 for pod in pods if is_terminating(pod))
        self.ready = sum(1 for pod in self.active if is_ready(pod))
        self.completed = parse_indexes(self.status.get("completedIndexes") or "")
        known = {*self.uncounted["succeeded"], *self.uncounted["failed"]}
        tracked = [pod for pod in pods if _is_tracked(pod)]
        self.succeeded = [
            pod for pod in tracked if phase_of(pod) == "Succeeded" and pod["metadata"]["uid"] not in known
        ]
        self.failed = [
            pod
            for pod in tracked
            if is_failed(pod) and not is_terminating(pod) and pod["metadata"]["uid"] not in known
        ]
        self.ended = (
            [pod for pod in tracked if pod["metadata"]["uid"] in known] + self.succeeded + self.failed
        )

    def successes(self) -> int:
        """All completions so far."""
        if is_indexed(self.job):
            indexes = {index_of(pod) for pod in self.succeeded} - {None}
            return len(self.completed | {each for each in indexes if each is not None})
        done = int(self.status.get("succeeded") or 0)
        return done + len(self.uncounted["succeeded"]) + len(self.succeeded)

    def failures(self) -> int:
        """All failures so far."""
        return int(self.status.get("failed") or 0) + len(self.uncounted["failed"]) + len(self.failed)


def plan(job: JSONObject, pods: Sequence[JSONObject], now: datetime) -> JobPlan:
    """What is to be done about a Job that has not finished.

    Args:
        job: The Job.
        pods: All pods that it controls.
        now: For conditions and deadlines.
    """
    count = _Count(job, pods, now)
    moment = rfc3339(now)
    status = count.status
    suspended = bool(count.spec.get("suspend"))
    if not status.get("startTime") and not suspended:
        status["startTime"] = moment
    interim = condition(job, "FailureTarget") or condition(job, "SuccessCriteriaMet")
    is_new = interim is None
    interim = interim or _failure(count)
    actions: list[Action] = []
    active, terminating, ready = len(count.active), count.terminating, count.ready
    again: float | None = None
    if interim is not None:
        actions = [_deleted(job, pod) for pod in count.active]
        terminating, active, ready = terminating + active, 0, 0
    elif not is_deleted(job):
        if suspended:
            actions = [action for pod in count.active for action in _dismissed(job, pod)]
            terminating, active, ready = terminating + active, 0, 0
        else:
            actions, again = _managed(count)
            active += sum(_CHANGES.get(each.verb, 0) for each in actions)
        interim = _completion(count, active)
        actions += _suspension(count, suspended=suspended)
    status |= {"active": active, "ready": ready, "terminating": terminating}
    if interim is not None and is_new:
        status["conditions"] = [*(status.get("conditions") or ()), _dated(interim, moment)]
    _note_ended(count, status)
    is_noted = bool(count.succeeded or count.failed) or (interim is not None and is_new)
    deadline = _until_deadline(count)
    waits = [each for each in (again, deadline) if each is not None and each > 0 and interim is None]
    return JobPlan(actions, _tidy(status), is_noted, count.ended, min(waits, default=None))


def _dated(shown: JSONObject, moment: str) -> JSONObject:
    return {**shown, "lastProbeTime": moment, "lastTransitionTime": moment}


def _tidy(status: JSONObject) -> JSONObject:
    """Numbers that are 0 are left out, but for those that the real controller always tells."""
    return {
        name: each
        for name, each in status.items()
        if each is not None
        and not (each == 0 and name in {"active", "succeeded", "failed"})
        and not (each == "" and name == "completedIndexes")
    }


def _note_ended(count: _Count, status: JSONObject) -> None:
    indexed = is_indexed(count.job)
    if indexed:
        fresh = {index_of(pod) for pod in count.succeeded}
        count.completed |= {each for each in fresh if each is not None}
        status["completedIndexes"] = format_indexes(count.completed)
        status["succeeded"] = len(count.completed)
    else:
        count.uncounted["succeeded"] += [pod["metadata"]["uid"] for pod in count.succeeded]
    count.uncounted["failed"] += [pod["metadata"]["uid"] for pod in count.failed]
    status["uncountedTerminatedPods"] = {name: each for name, each in count.uncounted.items() if each}


def counted(job: JSONObject, status: JSONObject, tracked: set[str], now: datetime) -> JSONObject:
    """The status after finalizers were taken: what is noted and no longer tracked is counted; perhaps it is the end.

    Args:
        job: The Job.
        status: As noted.
        tracked: The uids of pods that have the finalizer still.
        now: For the last condition.
    """
    status = dict(status)
    uncounted = status.get("uncountedTerminatedPods") or {}
    left: dict[str, list[str]] = {}
    for name in ("succeeded", "failed"):
        held = uncounted.get(name) or []
        left[name] = [uid for uid in held if uid in tracked]
        status[name] = int(status.get(name) or 0) + len(held) - len(left[name])
    status["uncountedTerminatedPods"] = {name: each for name, each in left.items() if each}
    is_over = not any(left.values()) and not any(status.get(each) for each in ("active", "terminating"))
    interim = next(
        (
            each
            for each in status.get("conditions") or ()
            if each["type"] in {"FailureTarget", "SuccessCriteriaMet"}
        ),
        None,
    )
    if interim is not None and is_over:
        kind = "Failed" if interim["type"] == "FailureTarget" else "Complete"
        last = _dated({**interim, "type": kind}, rfc3339(now))
        status["conditions"] = [*status["conditions"], last]
        if kind == "Complete":
            status["completionTime"] = rfc3339(now)
    return _tidy(status)


def end_note(job: JSONObject, status: JSONObject) -> Note | None:
    """The Event that tells of the Job's end."""
    for each in status.get("conditions") or ():
        if each["type"] == "Complete":
            return Note(job, "Completed", "Job completed")
        if each["type"] == "Failed":
            return Note(job, each["reason"], each["message"], "Warning")
    return None


def _failure(count: _Count) -> JSONObject | None:
    limit = count.spec.get("backoffLimit", 6)
    policy = count.spec["template"]["spec"].get("restartPolicy")
    restarts = 0
    if policy == "OnFailure":
        restarts = sum(
            each.get("restartCount", 0)
            for pod in count.active
            for name in ("initContainerStatuses", "containerStatuses")
            for each in (pod.get("status") or {}).get(name) or ()
        )
    late = _until_deadline(count)
    if count.failures() > limit or (restarts and restarts >= max(1, limit)):
        reason, message = "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    elif late is not None and late <= 0:
        reason, message = "DeadlineExceeded", "Job was active longer than specified deadline"
    else:
        return None
    return {"type": "FailureTarget", "status": "True", "reason": reason, "message": message}


def _completion(count: _Count, active: int) -> JSONObject | None:
    wanted, done = count.spec.get("completions"), count.successes()
    is_complete = done > 0 and active == 0 if wanted is None else done >= wanted
    if not is_complete:
        return None
    return {
        "type": "SuccessCriteriaMet",
        "status": "True",
        "reason": "CompletionsReached",
        "message": "Reached expected number of succeeded pods",
    }


def _until_deadline(count: _Count) -> float | None:
    limit, began = count.spec.get("activeDeadlineSeconds"), count.status.get("startTime")
    if limit is None or not began or count.spec.get("suspend"):
        return None
    return (parse_timestamp(began) + timedelta(seconds=limit) - count.now).total_seconds()


def _suspension(count: _Count, *, suspended: bool) -> list[Action]:
    """Condition and Event of a Job that was stopped or goes on; the count's status is changed."""
    conditions = list(count.status.get("conditions") or ())
    held = next((each for each in conditions if each["type"] == "Suspended"), None)
    if suspended == (held is not None and held["status"] == "True") or (held is None and not suspended):
        return []
    reason, message = ("JobSuspended", "Job suspended") if suspended else ("JobResumed", "Job resumed")
    fresh = {
        "type": "Suspended",
        "status": "True" if suspended else "False",
        "reason": reason,
        "message": message,
    }
    others = [each for each in conditions if each["type"] != "Suspended"]
    moment = rfc3339(count.now)
    count.status["conditions"] = [*others, _dated(fresh, moment)]
    count.status["startTime"] = None if suspended else moment
    return [tell(Note(count.job, "Suspended" if suspended else "Resumed", message))]


def _managed(count: _Count) -> tuple[list[Action], float | None]:
    """Pods to make or to delete, and the seconds to wait before a failed one is replaced."""
    active, parallelism = len(count.active), int(count.spec.get("parallelism", 1))
    completions, done = count.spec.get("completions"), count.successes()
    if completions is None:
        wanted = active if done else parallelism
    else:
        wanted = max(0, min(int(completions) - done, parallelism))
    if active > wanted:
        surplus = count.active[: active - wanted]
        return [action for pod in surplus for action in _dismissed(count.job, pod)], None
    if active == wanted:
        return [], None
    wait = backoff(count.pods, count.now)
    if wait > 0:
        return [], wait
    if is_indexed(count.job):
        busy = {index_of(pod) for pod in count.active} | {index_of(pod) for pod in count.succeeded}
        free = [
            each for each in range(int(completions or 0)) if each not in busy and each not in count.completed
        ]
        return [_made(count.job, each) for each in free[: wanted - active]], None
    return [_made(count.job, None) for _ in range(wanted - active)], None


def _finished_at(pod: JSONObject) -> datetime:
    ends = [
        (each.get("state") or {}).get("terminated", {}).get("finishedAt")
        for each in (pod.get("status") or {}).get("containerStatuses") or ()
    ]
    known = [parse_timestamp(each) for each in ends if each]
    return max(known, default=parse_timestamp(pod["metadata"]["creationTimestamp"]))


def backoff(pods: Iterable[JSONObject], now: datetime) -> float:
    """Seconds until another pod may be made: ten after a failure, twice as many after each further one in a row."""
    ended = sorted((pod for pod in pods if not is_active(pod) and not is_terminating(pod)), key=_finished_at)
    failures = 0
    for pod in reversed(ended):
        if not is_failed(pod):
            break
        failures += 1
    if not failures:
        return 0.0
    pause = min(FIRST_BACKOFF * 2 ** (failures - 1), LONGEST_BACKOFF)
    return float(pause - (now - _finished_at(ended[-1])).total_seconds())


def without_tracking(pod: JSONObject) -> Action:
    """Take the Job's finalizer from a pod."""
    left = [each for each in pod["metadata"].get("finalizers") or () if each != TRACKING]
    return patch(PODS, pod, {"metadata": {"finalizers": left or None}})


def _dismissed(job: JSONObject, pod: JSONObject) -> list[Action]:
    """A pod that is no longer wanted is not counted, however it ends."""
    return [without_tracking(pod), _deleted(job, pod)]


def _deleted(job: JSONObject, pod: JSONObject) -> Action:
    return delete(
        PODS,
        pod,
        note=Note(job, "SuccessfulDelete", "Deleted pod: {name}"),
        failure=Note(job, "FailedDelete", "Error deleting: ", "Warning"),
    )


def _made(job: JSONObject, index: int | None) -> Action:
    body = pod_from_template(job["spec"]["template"], job)
    meta = body["metadata"]
    meta["finalizers"] = [TRACKING]
    if index is not None:
        meta["generateName"] = f"{job['metadata']['name']}-{index}-"
        meta["labels"] = {**labels_of(body), INDEX: str(index)}
        meta["annotations"] = {**annotations_of(body), INDEX: str(index)}
        spec = body["spec"]
        spec["hostname"] = f"{job['metadata']['name']}-{index}"
        source = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
        for name in ("initContainers", "containers"):
            if spec.get(name):
                spec[name] = [
                    {
                        **each,
                        "env": [
                            *(each.get("env") or ()),
                            {"name": "JOB_COMPLETION_INDEX", "valueFrom": source},
                        ],
                    }
                    for each in spec[name]
                ]
    return create(
        PODS,
        body,
        namespace=job["metadata"]["namespace"],
        note=Note(job, "SuccessfulCreate", "Created pod: {name}"),
        failure=Note(job, "FailedCreate", "Error creating: ", "Warning"),
    )
