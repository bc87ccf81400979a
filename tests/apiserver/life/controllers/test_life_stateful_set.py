"""StatefulSets on a simulated cluster: told as a real cluster's are, and updated in their order."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from life_recording import Frame, events_of, living_cluster, recorded_frames, template, without_repeats

Virtual = Callable[[Callable[[], Any]], Any]
SETS = "/apis/apps/v1/namespaces/default/statefulsets"
CORE = "/api/v1/namespaces/default"


def stateful_set(**spec: Any) -> dict[str, Any]:
    """As recorded, with other fields."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db",
            "replicas": 2,
            "selector": {"matchLabels": {"app": "db"}},
            "template": template({"app": "db"}),
            **spec,
        },
    }


def statuses(frames: list[Frame]) -> list[Any]:
    """The statuses of a set, step by step."""
    return without_repeats(each["object"]["status"] for each in frames)


def test_a_sets_life_is_told_as_a_real_clusters(virtual: Virtual) -> None:
    """Created, scaled down: every status, the pods' labels and names and the Events come as recorded."""

    async def main() -> None:
        async with living_cluster() as user:
            frames, events = await user.watch(SETS), await user.watch(f"{CORE}/events")
            pods = await user.watch(f"{CORE}/pods")
            await user.ask("POST", SETS, stateful_set())
            await asyncio.sleep(4)
            await user.ask("PATCH", f"{SETS}/db/scale", {"spec": {"replicas": 1}})
            await asyncio.sleep(3)
        theirs = recorded_frames("life_statefulset", "/apis/apps/v1/namespaces/life-sts/statefulsets")
        # The last recorded frame is of the stand-in node that was taken for dead.
        assert statuses(frames) == statuses(theirs[:-1])
        recorded = recorded_frames("life_statefulset", "/api/v1/namespaces/life-sts/events")
        assert [each for each in events_of(events) if each[0] != "Pod"] == [
            each for each in events_of(recorded) if each[0] != "Pod"
        ]
        ours, other = (
            next(each["object"] for each in some if each["object"]["metadata"]["name"] == "db-1")
            for some in (pods, recorded_frames("life_statefulset", "/api/v1/namespaces/life-sts/pods"))
        )
        assert ours["metadata"]["labels"] == other["metadata"]["labels"]
        assert ours["metadata"]["generateName"] == other["metadata"]["generateName"]
        assert [ours["spec"][each] for each in ("hostname", "subdomain")] == ["db-1", "db"]

    virtual(main)


def update(image: str) -> dict[str, Any]:
    """A patch of the template."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}}


@pytest.mark.parametrize(
    ("strategy", "images"),
    [
        ({"type": "RollingUpdate"}, ["nginx:2", "nginx:2", "nginx:2"]),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, ["nginx:1", "nginx:1", "nginx:2"]),
        ({"type": "OnDelete"}, ["nginx:1", "nginx:1", "nginx:1"]),
    ],
)
def test_updates_go_from_the_last_pod_to_the_first(
    virtual: Virtual, strategy: Any, images: list[str]
) -> None:
    """A new template replaces pods from the highest number down to the partition, one at a time; OnDelete none."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", SETS, stateful_set(replicas=3, updateStrategy=strategy))
            await asyncio.sleep(5)
            frames = await user.watch(f"{CORE}/pods")
            await user.ask("PATCH", f"{SETS}/db", update("nginx:2"), patch="strategic-merge-patch")
            await asyncio.sleep(10)
            found = {each["metadata"]["name"]: each for each in await user.items(f"{CORE}/pods")}
            assert [found[f"db-{number}"]["spec"]["containers"][0]["image"] for number in range(3)] == images
            gone = [each["object"]["metadata"]["name"] for each in frames if each["type"] == "DELETED"]
            assert gone == sorted(gone, reverse=True)
            assert len(gone) == images.count("nginx:2")
            status = (await user.ask("GET", f"{SETS}/db"))["status"]
            assert (status["currentRevision"] == status["updateRevision"]) == (images.count("nginx:2") == 3)
            revisions = await user.names("/apis/apps/v1/namespaces/default/controllerrevisions")
            assert {status["currentRevision"], status["updateRevision"]} <= set(revisions)

    virtual(main)


def test_claims_outlive_pods_and_are_bound(virtual: Virtual) -> None:
    """Each pod has its claim, which gets a volume, and stays when the set is scaled down; Parallel waits for nobody."""

    async def main() -> None:
        async with living_cluster() as user:
            claim = {
                "metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }
            spec = {"volumeClaimTemplates": [claim], "podManagementPolicy": "Parallel"}
            frames = await user.watch(f"{CORE}/pods")
            await user.ask("POST", SETS, stateful_set(**spec))
            await asyncio.sleep(5)
            assert [(each["type"], each["object"]["metadata"]["name"]) for each in frames[:2]] == [
                ("ADDED", "db-0"),
                ("ADDED", "db-1"),
            ]
            claims = {
                each["metadata"]["name"]: each for each in await user.items(f"{CORE}/persistentvolumeclaims")
            }
            assert sorted(claims) == ["data-db-0", "data-db-1"]
            assert {each["status"]["phase"] for each in claims.values()} == {"Bound"}
            volumes = await user.items("/api/v1/persistentvolumes")
            assert {each["status"]["phase"] for each in volumes} == {"Bound"}
            assert {each["spec"]["claimRef"]["name"] for each in volumes} == set(claims)
            await user.ask("PATCH", f"{SETS}/db/scale", {"spec": {"replicas": 0}})
            await asyncio.sleep(5)
            assert await user.items(f"{CORE}/pods") == []
            assert len(await user.items(f"{CORE}/persistentvolumeclaims")) == 2
            for name in claims:
                body = {"metadata": {"finalizers": None}}
                await user.ask("PATCH", f"{CORE}/persistentvolumeclaims/{name}", body)
                await user.try_to("DELETE", f"{CORE}/persistentvolumeclaims/{name}")
            for each in volumes:
                await user.ask("PATCH", f"/api/v1/persistentvolumes/{each['metadata']['name']}", body)
            await asyncio.sleep(2)
            assert await user.items("/api/v1/persistentvolumes") == []

    virtual(main)


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_a_set_that_is_deleted_in_the_foreground_goes(virtual: Virtual, kind: str) -> None:
    """What it rolls from and to is not made again once the set is on its way, or it would wait for that for ever."""

    async def main() -> None:
        async with living_cluster() as user:
            body = stateful_set()
            if kind == "DaemonSet":
                body = {
                    **body,
                    "kind": kind,
                    "spec": {key: body["spec"][key] for key in ("selector", "template")},
                }
            sets = SETS.replace("statefulsets", f"{kind.lower()}s")
            await user.ask("POST", sets, body)
            await asyncio.sleep(5)
            assert await user.items(f"{CORE}/pods")
            await user.ask("DELETE", f"{sets}/db?propagationPolicy=Foreground")
            await asyncio.sleep(45)
            assert await user.items(sets) == []
            for left in (f"{CORE}/pods", "/apis/apps/v1/namespaces/default/controllerrevisions"):
                assert await user.items(left) == []

    virtual(main)
