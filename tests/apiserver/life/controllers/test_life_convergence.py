"""Random operations on a simulated cluster, in virtual time: in the end everything is as it was asked for."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from life_recording import Frame, Inhabitant, living_cluster, template
from virtual_time import run_virtual

APPS = "/apis/apps/v1/namespaces/default"
PODS = "/api/v1/namespaces/default/pods"
NAMES = ("a", "b")

operations = st.lists(
    st.tuples(
        st.sampled_from(("create", "scale", "image", "delete", "orphan", "kill pod", "foreground", "pause")),
        st.sampled_from(NAMES),
        st.integers(0, 4),
        st.sampled_from((0.0, 0.05, 0.3, 2.0)),
    ),
    min_size=3,
    max_size=14,
)


def deployment(name: str, replicas: int) -> dict[str, Any]:
    """A Deployment of that many pods."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}},
            "template": template({"app": name}),
        },
    }


async def operate(user: Inhabitant, what: str, name: str, number: int) -> None:
    """Do one thing; that it cannot be done now is no failure."""
    path = f"{APPS}/deployments/{name}"
    if what == "create":
        await user.try_to("POST", f"{APPS}/deployments", deployment(name, number))
    elif what == "scale":
        await user.try_to("PATCH", f"{path}/scale", {"spec": {"replicas": number}})
    elif what == "image":
        spec = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": f"nginx:{number}"}]}}}}
        await user.try_to("PATCH", path, spec, patch="strategic-merge-patch")
    elif what == "pause":
        await user.try_to("PATCH", path, {"spec": {"paused": bool(number % 2)}})
    elif what == "kill pod":
        pods = await user.names(PODS)
        if pods:
            await user.try_to("DELETE", f"{PODS}/{pods[number % len(pods)]}?gracePeriodSeconds={number % 2}")
    else:
        policy = {"delete": "Background", "orphan": "Orphan", "foreground": "Foreground"}[what]
        await user.try_to("DELETE", f"{path}?propagationPolicy={policy}")


def most_at_once(frames: list[Frame], app: str) -> int:
    """The largest number of pods of an application that ever lived at one time."""
    living: set[str] = set()
    most = 0
    for each in frames:
        meta = each["object"]["metadata"]
        if meta["labels"]["app"] != app:
            continue
        is_over = each["type"] == "DELETED" or "deletionTimestamp" in meta
        (living.discard if is_over else living.add)(meta["uid"])
        most = max(most, len(living))
    return most


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(operations)
def test_in_the_end_all_is_as_asked_for(story: list[tuple[str, str, int, float]]) -> None:
    """Pods are as many as asked for, none has an owner that is gone, never were there more than the surge allows."""

    async def main() -> None:
        async with living_cluster(records_events=False) as user:
            frames = await user.watch(PODS)
            for what, name, number, pause in story:
                await operate(user, what, name, number)
                await asyncio.sleep(pause)
            for each in await user.items(f"{APPS}/deployments"):
                path = f"{APPS}/deployments/{each['metadata']['name']}"
                await user.ask("PATCH", path, {"spec": {"paused": False}})
            await asyncio.sleep(30)
            sets = {each["metadata"]["uid"]: each for each in await user.items(f"{APPS}/replicasets")}
            owners = {each["metadata"]["uid"]: each for each in await user.items(f"{APPS}/deployments")}
            pods = await user.items(PODS)
            for uid, each in owners.items():
                own = [one for one in sets.values() if owner_of(one) == uid]
                mine = [pod for pod in pods if owner_of(pod) in {one["metadata"]["uid"] for one in own}]
                assert len(mine) == each["spec"]["replicas"]
                status = each["status"]
                assert status["observedGeneration"] == each["metadata"]["generation"]
                counts = [
                    status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")
                ]
                assert counts == [each["spec"]["replicas"]] * 3
            for each in [*pods, *sets.values()]:
                owner = owner_of(each)
                assert owner is None or owner in sets or owner in owners
                assert "deletionTimestamp" not in each["metadata"]
            orphaned = any(what == "orphan" for what, *_ in story)
            if not orphaned:
                assert all(owner_of(each) in owners for each in sets.values())
                for name in NAMES:
                    assert most_at_once(frames, name) <= 4 + 1

    run_virtual(main)


def owner_of(value: dict[str, Any]) -> str | None:
    """The uid of the controller."""
    for each in value["metadata"].get("ownerReferences", ()):
        if each.get("controller"):
            return str(each["uid"])
    return None
