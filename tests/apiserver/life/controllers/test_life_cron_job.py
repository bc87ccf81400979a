"""Schedules, and CronJobs on a simulated cluster."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from life_recording import living_cluster, template

from listwatch.apiserver.kinds.cron_schedule import parse_schedule

Virtual = Callable[[Callable[[], Any]], Any]
CRON_JOBS = "/apis/batch/v1/namespaces/default/cronjobs"
JOBS = "/apis/batch/v1/namespaces/default/jobs"


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("*/5 * * * *", "2026-01-01T00:03:20", "2026-01-01T00:05:00"),
        ("0 0 1 1 *", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("@hourly", "2026-01-01T00:00:00", "2026-01-01T01:00:00"),
        ("30 4 * * mon-fri", "2026-01-02T05:00:00", "2026-01-05T04:30:00"),
        ("0 12 13 * 5", "2026-02-01T00:00:00", "2026-02-06T12:00:00"),
        ("0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("15,45 9-17/4 * jun *", "2026-01-01T00:00:00", "2026-06-01T09:15:00"),
        ("@every 90s", "2026-01-01T00:00:00", "2026-01-01T00:01:30"),
        ("0 0 31 2 *", "2026-01-01T00:00:00", None),
    ],
)
def test_the_next_moment(schedule: str, after: str, expected: str | None) -> None:
    """The next moment that fits, or none."""
    found = parse_schedule(schedule).after(datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert (found and found.replace(tzinfo=None).isoformat()) == expected


def test_a_schedule_means_the_clocks_of_its_zone() -> None:
    """Nine o'clock in Berlin is eight in winter and seven in summer."""
    nine, zone = parse_schedule("0 9 * * *"), ZoneInfo("Europe/Berlin")
    found = [nine.after(datetime(2026, month, 1, tzinfo=UTC), zone) for month in (1, 7)]
    assert [each and each.hour for each in found] == [8, 7]


@pytest.mark.parametrize(
    "text", ["* * * *", "61 * * * *", "a * * * *", "*/0 * * * *", "5-1 * * * *", "@every x", "@often"]
)
def test_what_is_no_schedule(text: str) -> None:
    """Anything else is an error."""
    with pytest.raises(ValueError, match=r"."):
        parse_schedule(text)


def cron_job(*, run: str = "1s", **spec: Any) -> dict[str, Any]:
    """Every minute, a Job."""
    made = template({"c": "1"}, restartPolicy="Never")
    made["metadata"]["annotations"] = {"listwatch.dev/run": run}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "tick"},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": made}}, **spec},
    }


def test_a_job_every_minute(virtual: Virtual) -> None:
    """Jobs are named after their moment; of those that are complete only as many as asked for are kept."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", CRON_JOBS, cron_job(successfulJobsHistoryLimit=2))
            await asyncio.sleep(4 * 60 + 30)
            jobs = await user.items(JOBS)
            assert len(jobs) == 2
            minute = int(datetime(2026, 1, 1, 0, 4, tzinfo=UTC).timestamp()) // 60
            assert [each["metadata"]["name"] for each in jobs] == [f"tick-{minute - 1}", f"tick-{minute}"]
            status = (await user.ask("GET", f"{CRON_JOBS}/tick"))["status"]
            assert status["lastScheduleTime"] == "2026-01-01T00:04:00Z"
            assert "lastSuccessfulTime" in status
            assert "active" not in status
            reasons = {each["reason"] for each in await user.items("/api/v1/namespaces/default/events")}
            assert {"SuccessfulCreate", "SawCompletedJob", "SuccessfulDelete"} <= reasons
            await user.ask("PATCH", f"{CRON_JOBS}/tick", {"spec": {"suspend": True}})
            await asyncio.sleep(180)
            assert [each["metadata"]["name"] for each in await user.items(JOBS)][-1] == f"tick-{minute}"
            await user.ask("DELETE", f"{CRON_JOBS}/tick")
            await asyncio.sleep(5)
            assert await user.items(JOBS) == []

    virtual(main)


@pytest.mark.parametrize(("policy", "jobs", "active"), [("Allow", 3, 3), ("Forbid", 1, 1), ("Replace", 1, 1)])
def test_what_happens_while_a_job_still_runs(virtual: Virtual, policy: str, jobs: int, active: int) -> None:
    """Jobs run beside each other, wait for the one before, or take its place: as the policy says."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", CRON_JOBS, cron_job(run="forever", concurrencyPolicy=policy))
            await asyncio.sleep(3 * 60 + 30)
            assert len(await user.items(JOBS)) == jobs
            status = (await user.ask("GET", f"{CRON_JOBS}/tick"))["status"]
            assert len(status["active"]) == active
            if policy == "Replace":
                assert status["active"][0]["name"] == (await user.names(JOBS))[0]

    virtual(main)
