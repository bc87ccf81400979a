"""Deployments on a simulated cluster: told as a real cluster's are, and what no update may ever do."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from life_recording import (
    Frame,
    Inhabitant,
    Names,
    conditions,
    events_of,
    living_cluster,
    recorded_frames,
    template,
    without_repeats,
)

Virtual = Callable[[Callable[[], Any]], Any]
APPS = "/apis/apps/v1/namespaces/default"
PODS = "/api/v1/namespaces/default/pods"


def deployment(name: str = "web", **spec: Any) -> dict[str, Any]:
    """As in the recording, with other fields."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": template({"app": name}),
            **spec,
        },
    }


def image(value: str) -> dict[str, Any]:
    """A patch of the template."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": value}]}}}}


async def settle(seconds: float = 3) -> None:
    """Let the controllers do their work."""
    await asyncio.sleep(seconds)


def story_of(frames: list[Frame]) -> list[Any]:
    """What a Deployment says of itself, step by step, without the numbers that depend on who was faster."""
    names = Names()
    told = [
        (
            each["object"]["metadata"].get("annotations"),
            each["object"]["metadata"]["generation"],
            [(*found[:3], names.plain(found[3])) for found in conditions(each)],
        )
        for each in frames
    ]
    return without_repeats(told)


def test_a_deployments_life_is_told_as_a_real_clusters(virtual: Virtual) -> None:
    """Created, scaled, updated, deleted: conditions, annotations, generations and Events come as recorded."""

    async def main() -> None:
        async with living_cluster() as user:
            told = [await user.watch(f"{APPS}/{each}") for each in ("deployments", "replicasets")]
            events = await user.watch("/api/v1/namespaces/default/events")
            await user.ask("POST", f"{APPS}/deployments", deployment())
            await settle()
            await user.ask("PATCH", f"{APPS}/deployments/web/scale", {"spec": {"replicas": 3}})
            await settle(2)
            await user.ask(
                "PATCH", f"{APPS}/deployments/web", image("nginx:2"), patch="strategic-merge-patch"
            )
            await settle(5)
            await user.ask("DELETE", f"{APPS}/deployments/web")
            await settle()
            assert await user.items(PODS) == []
        root = "/apis/apps/v1/namespaces/life-deploy"
        assert story_of(told[0]) == story_of(recorded_frames("life_deployment", f"{root}/deployments"))
        last = recorded_frames("life_deployment", f"{root}/deployments")[-1]["object"]["status"]
        ours = told[0][-1]["object"]["status"]
        assert {**ours, "conditions": 0} == {**last, "conditions": 0}
        theirs = recorded_frames("life_deployment", "/api/v1/namespaces/life-deploy/events")
        assert events_of(events) == events_of(theirs)
        first = recorded_frames("life_deployment", f"{root}/replicasets")[0]["object"]
        mine = told[1][0]["object"]
        assert mine["metadata"]["annotations"] == first["metadata"]["annotations"]
        assert set(mine["spec"]["selector"]["matchLabels"]) == {"app", "pod-template-hash"}
        assert mine["metadata"]["labels"] == mine["spec"]["selector"]["matchLabels"]
        assert mine["metadata"]["name"] == f"web-{mine['metadata']['labels']['pod-template-hash']}"

    virtual(main)


@pytest.mark.parametrize(
    ("surge", "unavailable", "most", "fewest"),
    [(1, 0, 5, 4), (0, 1, 4, 3), ("25%", "25%", 5, 3), (4, 0, 8, 4)],
)
def test_an_update_keeps_its_bounds(
    virtual: Virtual, surge: Any, unavailable: Any, most: int, fewest: int
) -> None:
    """While an update rolls there are never more pods than maxSurge allows, nor fewer ready ones than promised."""

    async def main() -> None:
        async with living_cluster() as user:
            rolling = {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable},
            }
            await user.ask("POST", f"{APPS}/deployments", deployment(replicas=4, strategy=rolling))
            await settle()
            frames = await user.watch(PODS)
            await user.ask(
                "PATCH", f"{APPS}/deployments/web", image("nginx:2"), patch="strategic-merge-patch"
            )
            await settle(10)
            pods: dict[str, Any] = {}
            for each in frames:
                uid = each["object"]["metadata"]["uid"]
                if each["type"] == "DELETED":
                    pods.pop(uid)
                else:
                    pods[uid] = each["object"]
                if len(pods) < 4:
                    continue  # the watch still tells what there was
                living = [pod for pod in pods.values() if "deletionTimestamp" not in pod["metadata"]]
                ready = [
                    pod
                    for pod in living
                    if any(
                        found["type"] == "Ready" and found["status"] == "True"
                        for found in pod["status"].get("conditions", ())
                    )
                ]
                assert fewest <= len(ready)
                assert len(living) <= most
            assert {pod["spec"]["containers"][0]["image"] for pod in pods.values()} == {"nginx:2"}
            assert len(pods) == 4

    virtual(main)


def test_recreate_waits_for_the_last_old_pod(virtual: Virtual) -> None:
    """With the strategy Recreate no new pod is made before all old ones are gone."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", f"{APPS}/deployments", deployment(strategy={"type": "Recreate"}))
            await settle()
            frames = await user.watch(PODS)
            await user.ask(
                "PATCH", f"{APPS}/deployments/web", image("nginx:2"), patch="strategic-merge-patch"
            )
            await settle()
            images = [
                (each["type"], each["object"]["spec"]["containers"][0]["image"])
                for each in frames
                if each["type"] == "DELETED" or each["object"]["status"]["phase"] in {"Succeeded", "Failed"}
            ]
            first_new = next(
                index
                for index, each in enumerate(frames)
                if each["object"]["spec"]["containers"][0]["image"] == "nginx:2"
            )
            ended = {
                each["object"]["metadata"]["uid"]
                for each in frames[:first_new]
                if each["object"]["status"]["phase"] in {"Succeeded", "Failed"}
            }
            assert len(ended) == 2
            assert {found for _, found in images} == {"nginx:1"}
            assert len(await user.items(PODS)) == 2

    virtual(main)


async def _revisions(user: Inhabitant) -> list[tuple[str, int]]:
    return sorted(
        (
            each["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
            each["spec"]["replicas"],
        )
        for each in await user.items(f"{APPS}/replicasets")
    )


def test_going_back_makes_an_old_template_the_newest_revision(virtual: Virtual) -> None:
    """A template that was there before takes its old ReplicaSet, which gets the next revision number."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", f"{APPS}/deployments", deployment(revisionHistoryLimit=1))
            await settle()
            for each in ("nginx:2", "nginx:1"):
                await user.ask("PATCH", f"{APPS}/deployments/web", image(each), patch="strategic-merge-patch")
                await settle(5)
            assert await _revisions(user) == [("2", 0), ("3", 2)]
            found = await user.ask("GET", f"{APPS}/deployments/web")
            assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
            await user.ask(
                "PATCH", f"{APPS}/deployments/web", image("nginx:3"), patch="strategic-merge-patch"
            )
            await settle(5)
            assert await _revisions(user) == [("3", 0), ("4", 2)]

    virtual(main)


def test_a_paused_deployment_is_scaled_and_not_updated(virtual: Virtual) -> None:
    """Paused, it takes another number of replicas but no new template; resumed, it takes that too."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", f"{APPS}/deployments", deployment())
            await settle()
            paused = {"spec": {"paused": True, "replicas": 3, **image("nginx:2")["spec"]}}
            await user.ask("PATCH", f"{APPS}/deployments/web", paused, patch="strategic-merge-patch")
            await settle()
            assert await _revisions(user) == [("1", 3)]
            found = await user.ask("GET", f"{APPS}/deployments/web")
            assert "DeploymentPaused" in {each["reason"] for each in found["status"]["conditions"]}
            await user.ask("PATCH", f"{APPS}/deployments/web", {"spec": {"paused": False}})
            await settle(5)
            assert await _revisions(user) == [("1", 0), ("2", 3)]

    virtual(main)


def test_an_update_that_gets_nowhere_is_told_after_its_deadline(virtual: Virtual) -> None:
    """Pods that cannot be scheduled make Progressing false once progressDeadlineSeconds are over."""

    async def main() -> None:
        async with living_cluster() as user:
            stuck = deployment(progressDeadlineSeconds=20)
            stuck["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such"}
            await user.ask("POST", f"{APPS}/deployments", stuck)
            await settle(10)
            assert "ProgressDeadlineExceeded" not in str(await user.ask("GET", f"{APPS}/deployments/web"))
            await settle(15)
            found = await user.ask("GET", f"{APPS}/deployments/web")
            held = {each["type"]: each for each in found["status"]["conditions"]}["Progressing"]
            assert (held["status"], held["reason"]) == ("False", "ProgressDeadlineExceeded")
            assert held["message"].endswith("has timed out progressing.")

    virtual(main)
