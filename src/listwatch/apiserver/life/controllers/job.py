"""Jobs: pods that end, counted once each; and Jobs that go a while after their end.

In:    Jobs and pods                       (from life/controllers/caches.py)
Out:   pods, statuses, finalizers taken, Events
Next:  life/controllers/job_plan.py decides
Rules: note, take the finalizer, count: in this order, so that a stop in between loses nothing and counts nothing twice.
Source: kubernetes/pkg/controller/job/job_controller.go; pkg/controller/ttlafterfinished
"""

from __future__ import annotations

from datetime import timedelta

from listwatch.apiserver.life.controllers.actions import delete, replace_status
from listwatch.apiserver.life.controllers.collections import JOBS, PODS
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.job_plan import (
    TRACKING,
    condition,
    counted,
    end_note,
    is_finished,
    plan,
    without_tracking,
)
from listwatch.apiserver.life.controllers.owners import JSONObject, controller_of, is_deleted
from listwatch.apiserver.wire.timestamps import parse_timestamp


class JobController(Controller):
    """Keeps Jobs."""

    name = "job-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._jobs = self.follow(JOBS)
        self._pods = self.follow_controlled(PODS, self._jobs, {"Job"})
        self._pods.listen(self._pod_changed)

    async def sync(self, namespace: str, name: str) -> None:
        """Take the next step of a Job, or let go of a pod whose Job is gone."""
        if namespace.startswith("pod "):
            await self._let_go(namespace.removeprefix("pod "), name)
            return
        job = self._jobs.get(namespace, name)
        if job is None or is_finished(job):
            return
        uid = job["metadata"]["uid"]
        now = self.clock.now()
        planned = plan(job, self._pods.controlled_by(uid), now)
        await self.hands.perform(planned.pods)
        current = job
        if planned.is_noted:
            current = await self.hands.do(replace_status(JOBS, {**job, "status": planned.status}))
        for pod in planned.ended:
            await self.hands.do(without_tracking(pod))
        ended = {pod["metadata"]["uid"] for pod in planned.ended}
        tracked = {
            pod["metadata"]["uid"]
            for pod in self._pods.controlled_by(uid)
            if TRACKING in (pod["metadata"].get("finalizers") or ())
        } - ended
        status = counted(job, planned.status, tracked, now)
        if status != (current.get("status") or {}):
            note = end_note(job, status)
            await self.hands.do(replace_status(JOBS, {**current, "status": status}, note=note))
        if planned.again is not None:
            self.enqueue(job, delay=max(0.0, planned.again))

    async def _let_go(self, namespace: str, name: str) -> None:
        pod = self._pods.get(namespace, name)
        if pod is not None and self._is_lost(pod):
            await self.hands.do(without_tracking(pod))

    def _is_lost(self, pod: JSONObject) -> bool:
        """Whether it is tracked for a Job that is not there or does not care any more."""
        if TRACKING not in (pod["metadata"].get("finalizers") or ()):
            return False
        reference = controller_of(pod)
        job = self._jobs.with_uid(reference["uid"]) if reference is not None else None
        return job is None or (is_finished(job) and not is_active_job(job))

    def _pod_changed(self, before: JSONObject | None, after: JSONObject | None) -> None:
        if after is not None and self._is_lost(after):
            meta = after["metadata"]
            self.enqueue_key((f"pod {meta['namespace']}", meta["name"]))


def is_active_job(job: JSONObject) -> bool:
    """Whether the Job still looks after its pods' finalizers."""
    return not is_finished(job) and not is_deleted(job)


class FinishedJobController(Controller):
    """Deletes finished Jobs when their `ttlSecondsAfterFinished` are over."""

    name = "ttl-after-finished-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._jobs = self.follow(JOBS)

    async def sync(self, namespace: str, name: str) -> None:
        """Delete the Job, or come again when it is time."""
        job = self._jobs.get(namespace, name)
        if job is None or is_deleted(job) or job["spec"].get("ttlSecondsAfterFinished") is None:
            return
        end = condition(job, "Complete") or condition(job, "Failed")
        if end is None:
            return
        due = parse_timestamp(end["lastTransitionTime"]) + timedelta(
            seconds=job["spec"]["ttlSecondsAfterFinished"]
        )
        wait = (due - self.clock.now()).total_seconds()
        if wait > 0:
            self.enqueue(job, delay=wait)
        else:
            await self.hands.do(delete(JOBS, job, policy="Foreground"))
