"""CronJobs: a Job whenever the schedule says, and as many old ones kept as asked for.

In:    CronJobs and Jobs                   (from life/controllers/caches.py)
Out:   Jobs, statuses, Events
Next:  life/controllers/job.py runs them; kinds/cron_schedule.py says when
Rules: of several moments that were missed only the last is made up for, if its deadline has not passed.
Source: kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go, utils.go
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from listwatch.apiserver.kinds.cron_schedule import Schedule, parse_schedule
from listwatch.apiserver.life.controllers.actions import Action, Note, create, delete, replace_status, tell
from listwatch.apiserver.life.controllers.collections import CRON_JOBS, JOBS
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.hands import Refused
from listwatch.apiserver.life.controllers.job_plan import condition, is_finished
from listwatch.apiserver.life.controllers.owners import JSONObject, controller_reference, is_deleted
from listwatch.apiserver.life.records import rfc3339
from listwatch.apiserver.wire.timestamps import parse_timestamp

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_MANY_MISSED = 100


def last_due(
    owner: JSONObject, schedule: Schedule, zone: tzinfo, now: datetime
) -> tuple[datetime | None, int]:
    """The last moment of the schedule that has come and that nobody has taken care of, and how many there were.

    Args:
        owner: The CronJob, with the moment of its last Job.
        schedule: When Jobs are due.
        zone: Whose clock it means.
        now: Moments after this have not come.
    """
    spec, status = owner["spec"], owner.get("status") or {}
    since = parse_timestamp(status.get("lastScheduleTime") or owner["metadata"]["creationTimestamp"])
    deadline = spec.get("startingDeadlineSeconds")
    if deadline is not None:
        since = max(since, now - timedelta(seconds=deadline))
    found, count = None, 0
    following = schedule.after(since, zone)
    while following is not None and following <= now:
        found, count = following, count + 1
        if count > _MANY_MISSED:  # only the last one matters: look from nearer on
            following = schedule.after(max(following, now - timedelta(days=1)), zone)
        else:
            following = schedule.after(following, zone)
    return found, count


def job_of(owner: JSONObject, due: datetime) -> JSONObject:
    """The Job of one moment; there is one name for each."""
    template = owner["spec"]["jobTemplate"]
    meta = template.get("metadata") or {}
    made: JSONObject = {
        "name": f"{owner['metadata']['name']}-{int(due.timestamp()) // 60}",
        "annotations": {**(meta.get("annotations") or {}), SCHEDULED: rfc3339(due)},
        "ownerReferences": [controller_reference(owner)],
    }
    if meta.get("labels"):
        made["labels"] = meta["labels"]
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": made, "spec": template["spec"]}


def forgotten(owner: JSONObject, jobs: list[JSONObject]) -> list[Action]:
    """Deletions of finished Jobs beyond the limits, the oldest first."""
    spec = owner["spec"]
    actions: list[Action] = []
    for kind, limit in (
        ("Complete", spec.get("successfulJobsHistoryLimit", 3)),
        ("Failed", spec.get("failedJobsHistoryLimit", 1)),
    ):
        ended = [job for job in jobs if condition(job, kind) is not None and not is_deleted(job)]
        ended.sort(key=lambda job: (job["status"].get("startTime") or "", job["metadata"]["name"]))
        for job in ended[: max(0, len(ended) - int(limit))]:
            note = Note(owner, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")
            actions.append(delete(JOBS, job, policy="Background", note=note))
    return actions


def _zone(name: str | None) -> tzinfo:
    """A time zone by its name; UTC for none.

    Raises:
        ValueError: There is none of that name.
        OSError: Likewise.
    """
    if not name:
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - reads files when imported; most CronJobs do without

    return ZoneInfo(name)


class CronJobController(Controller):
    """Keeps CronJobs."""

    name = "cronjob-controller"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._cron_jobs = self.follow(CRON_JOBS)
        self._jobs = self.follow_controlled(JOBS, self._cron_jobs, {"CronJob"})

    async def sync(self, namespace: str, name: str) -> None:
        """Start a Job if one is due, and come again when the next is."""
        owner = self._cron_jobs.get(namespace, name)
        if owner is None:
            return
        jobs = self._jobs.controlled_by(owner["metadata"]["uid"])
        await self.hands.perform(forgotten(owner, jobs))
        status = await self._noted(owner, jobs)
        spec = owner["spec"]
        if not is_deleted(owner) and not spec.get("suspend"):
            try:
                schedule = parse_schedule(spec["schedule"])
                zone = _zone(spec.get("timeZone"))
            except (ValueError, OSError) as error:
                message = f"unparseable schedule: {spec['schedule']} : {error}"
                await self.hands.tell(Note(owner, "UnparseableSchedule", message, "Warning"))
                return
            now = self.clock.now()
            due, count = last_due(owner, schedule, zone, now)
            if count > _MANY_MISSED:
                message = (
                    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds "
                    "or check clock skew"
                )
                await self.hands.tell(Note(owner, "TooManyMissedTimes", message, "Warning"))
            if due is not None:
                status = await self._started(owner, jobs, status, due)
            following = schedule.after(max(now, due or now), zone)
            if following is not None:
                self.enqueue(owner, delay=(following - now).total_seconds())
        if status != (owner.get("status") or {}):
            await self.hands.do(replace_status(CRON_JOBS, {**owner, "status": status}))

    async def _noted(self, owner: JSONObject, jobs: list[JSONObject]) -> JSONObject:
        """The status, without the Jobs that have ended since."""
        status = dict(owner.get("status") or {})
        known = {job["metadata"]["uid"]: job for job in jobs}
        left = []
        for each in status.get("active") or ():
            job = known.get(each["uid"])
            if job is not None and not is_finished(job):
                left.append(each)
                continue
            if job is not None:
                end = "Complete" if condition(job, "Complete") is not None else "Failed"
                message = f"Saw completed job: {each['name']}, condition: {end}"
                await self.hands.tell(Note(owner, "SawCompletedJob", message))
        status["active"] = left
        ends = [job["status"].get("completionTime") for job in jobs if condition(job, "Complete") is not None]
        latest = max([each for each in ends if each], default=None)
        if latest is not None and latest > (status.get("lastSuccessfulTime") or ""):
            status["lastSuccessfulTime"] = latest
        return {name: each for name, each in status.items() if each}

    async def _started(
        self, owner: JSONObject, jobs: list[JSONObject], status: JSONObject, due: datetime
    ) -> JSONObject:
        """The status after the Job of that moment was made, or left out by the policy."""
        policy, active = owner["spec"].get("concurrencyPolicy", "Allow"), list(status.get("active") or ())
        if active and policy == "Forbid":
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            await self.hands.do(tell(Note(owner, "JobAlreadyActive", message)))
            return status
        if active and policy == "Replace":
            running = {each["uid"] for each in active}
            for job in jobs:
                if job["metadata"]["uid"] in running:
                    note = Note(owner, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")
                    await self.hands.do(delete(JOBS, job, policy="Background", note=note))
            active = []
        try:
            made = await self.hands.do(
                create(
                    JOBS,
                    job_of(owner, due),
                    namespace=owner["metadata"]["namespace"],
                    note=Note(owner, "SuccessfulCreate", "Created job {name}"),
                    failure=Note(owner, "FailedCreate", "Error creating job: ", "Warning"),
                )
            )
        except Refused as refusal:
            if refusal.reason != "AlreadyExists":
                raise
            return {**status, "lastScheduleTime": rfc3339(due)}
        meta = made["metadata"]
        reference = {"apiVersion": "batch/v1", "kind": "Job"} | {
            name: meta[name] for name in ("namespace", "name", "uid", "resourceVersion")
        }
        return {**status, "active": [*active, reference], "lastScheduleTime": rfc3339(due)}
