"""Jobs on a simulated cluster: counted as a real cluster counts them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from life_recording import (
    Frame,
    conditions,
    events_of,
    living_cluster,
    recorded_frames,
    template,
    without_repeats,
)

from listwatch.apiserver.life.controllers.job_plan import format_indexes, parse_indexes

Virtual = Callable[[Callable[[], Any]], Any]
JOBS = "/apis/batch/v1/namespaces/default/jobs"
PODS = "/api/v1/namespaces/default/pods"


def job(name: str = "once", *, run: str = "", restart: str = "Never", **spec: Any) -> dict[str, Any]:
    """A Job whose containers run as told."""
    made = template({"j": "1"}, restartPolicy=restart)
    if run:
        made["metadata"]["annotations"] = {"listwatch.dev/run": run}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": made, **spec},
    }


def story_of(frames: list[Frame]) -> list[Any]:
    """Counts and conditions of a Job, step by step. The real controller tells readiness a second late."""
    told = []
    for each in frames:
        status = each["object"]["status"]
        uncounted = status.get("uncountedTerminatedPods")
        told.append(
            (
                each["type"],
                status.get("active"),
                status.get("succeeded"),
                status.get("terminating"),
                uncounted and {name: len(uids) for name, uids in uncounted.items()},
                "startTime" in status,
                "completionTime" in status,
                conditions(each),
            )
        )
    return without_repeats(told)


def test_a_jobs_life_is_told_as_a_real_clusters(virtual: Virtual) -> None:
    """Noted, finalizer taken, counted, complete: statuses, pods' finalizers and Events come as recorded."""

    async def main() -> None:
        async with living_cluster() as user:
            frames, events = await user.watch(JOBS), await user.watch("/api/v1/namespaces/default/events")
            pods = await user.watch(PODS)
            await user.ask("POST", JOBS, job(completions=2, parallelism=1))
            await asyncio.sleep(6)
            await user.ask("DELETE", f"{JOBS}/once?propagationPolicy=Background")
            await asyncio.sleep(2)
            assert await user.items(PODS) == []
        root = "/apis/batch/v1/namespaces/life-job/jobs"
        assert story_of(frames) == story_of(recorded_frames("life_job", root))
        theirs = recorded_frames("life_job", "/api/v1/namespaces/life-job/events")
        assert events_of(events) == events_of(theirs)
        first = pods[0]["object"]["metadata"]
        recorded = recorded_frames("life_job", "/api/v1/namespaces/life-job/pods")[0]["object"]["metadata"]
        assert set(first["labels"]) == set(recorded["labels"])
        assert first["finalizers"] == recorded["finalizers"]
        assert first["generateName"] == recorded["generateName"]

    virtual(main)


@pytest.mark.parametrize(
    ("run", "spec", "reason"),
    [
        ("exit 1", {"backoffLimit": 1}, "BackoffLimitExceeded"),
        ("forever", {"activeDeadlineSeconds": 5}, "DeadlineExceeded"),
    ],
)
def test_a_job_fails(virtual: Virtual, run: str, spec: dict[str, Any], reason: str) -> None:
    """Too many failures or too long a time end a Job as failed, with no pod left running."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", JOBS, job(run=run, **spec))
            await asyncio.sleep(60)
            status = (await user.ask("GET", f"{JOBS}/once"))["status"]
            assert [(each["type"], each["reason"]) for each in status["conditions"]] == [
                ("FailureTarget", reason),
                ("Failed", reason),
            ]
            assert "active" not in status
            assert status["uncountedTerminatedPods"] == {}
            events = await user.items("/api/v1/namespaces/default/events")
            assert ("Warning", reason) in {(each["type"], each["reason"]) for each in events}
            assert all(each["status"]["phase"] != "Running" for each in await user.items(PODS))

    virtual(main)


def test_failed_pods_are_replaced_later_each_time(virtual: Virtual) -> None:
    """After a failure the next pod comes ten seconds later, then twenty, as on a real cluster."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", JOBS, job(run="exit 1", backoffLimit=3))
            counts = []
            for _ in range(4):
                await asyncio.sleep(9)
                counts.append(len(await user.items(PODS)))
            assert counts == [1, 2, 2, 3]

    virtual(main)


def test_an_indexed_job_gives_each_pod_its_number(virtual: Virtual) -> None:
    """Each completion of an Indexed Job is done once, by a pod that knows its number."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", JOBS, job(completions=3, parallelism=2, completionMode="Indexed"))
            await asyncio.sleep(10)
            status = (await user.ask("GET", f"{JOBS}/once"))["status"]
            assert (status["succeeded"], status["completedIndexes"]) == (3, "0-2")
            pods = await user.items(PODS)
            label = "batch.kubernetes.io/job-completion-index"
            assert sorted(each["metadata"]["labels"][label] for each in pods) == ["0", "1", "2"]
            assert sorted(each["spec"]["hostname"] for each in pods) == ["once-0", "once-1", "once-2"]
            names = {each["name"] for each in pods[0]["spec"]["containers"][0]["env"]}
            assert names == {"JOB_COMPLETION_INDEX"}

    virtual(main)


def test_a_suspended_job_has_no_pods_until_it_goes_on(virtual: Virtual) -> None:
    """Suspended, a Job lets go of its pods; resumed, it starts anew, and both are told."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", JOBS, job(run="forever"))
            await asyncio.sleep(1)
            await user.ask("PATCH", f"{JOBS}/once", {"spec": {"suspend": True}})
            await asyncio.sleep(2)
            assert await user.items(PODS) == []
            status = (await user.ask("GET", f"{JOBS}/once"))["status"]
            held = [(each["type"], each["status"], each["reason"]) for each in status["conditions"]]
            assert held == [("Suspended", "True", "JobSuspended")]
            assert "startTime" not in status
            await user.ask("PATCH", f"{JOBS}/once", {"spec": {"suspend": False}})
            await asyncio.sleep(30)
            assert len(await user.items(PODS)) == 1
            reasons = {each["reason"] for each in await user.items("/api/v1/namespaces/default/events")}
            assert {"Suspended", "Resumed"} <= reasons

    virtual(main)


def test_a_finished_job_goes_after_its_time(virtual: Virtual) -> None:
    """With ttlSecondsAfterFinished a Job and its pods go that long after its end."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", JOBS, job(ttlSecondsAfterFinished=20))
            await asyncio.sleep(10)
            assert await user.names(JOBS) == ["once"]
            await asyncio.sleep(20)
            assert await user.names(JOBS) == []
            assert await user.names(PODS) == []

    virtual(main)


@given(st.sets(st.integers(0, 40)))
def test_indexes_survive_their_text(indexes: set[int]) -> None:
    """A set of indexes written and read is the same set."""
    assert parse_indexes(format_indexes(indexes)) == indexes


def test_indexes_are_written_as_the_real_controller_writes_them() -> None:
    """Two in a row stand side by side, more are a range."""
    assert format_indexes({0, 1, 3, 4, 5, 7}) == "0,1,3-5,7"
