"""Garbage collection on a simulated cluster, as recorded and beyond."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from life_recording import Inhabitant, living_cluster, recorded_frames

Virtual = Callable[[Callable[[], Any]], Any]
MAPS = "/api/v1/namespaces/default/configmaps"
OF_THE_NAMESPACE = {"kube-root-ca.crt", "openshift-service-ca.crt"}


async def make(user: Inhabitant, name: str, *owners: Any, **reference: Any) -> Any:
    """A ConfigMap, owned by others."""
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    if owners:
        body["metadata"]["ownerReferences"] = [
            {
                "apiVersion": each["apiVersion"],
                "kind": each["kind"],
                "name": each["metadata"]["name"],
                "uid": each["metadata"]["uid"],
                **reference,
            }
            for each in owners
        ]
    return await user.ask("POST", MAPS, body)


@pytest.mark.parametrize("policy", ["Background", "Foreground", "Orphan"])
def test_dependents_go_as_recorded(virtual: Virtual, policy: str) -> None:
    """With each propagation policy the objects change and go in the recorded way."""
    name = policy.lower()

    async def main() -> None:
        async with living_cluster() as user:
            frames = await user.watch(MAPS)
            owner = await make(user, name)
            for number in range(2):
                await make(user, f"{name}-{number}", owner, blockOwnerDeletion=True)
            await asyncio.sleep(1)
            await user.ask("DELETE", f"{MAPS}/{name}?propagationPolicy={policy}")
            await asyncio.sleep(2)

        def told(frames: list[Any]) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for each in frames:
                meta = each["object"]["metadata"]
                if meta["name"] in OF_THE_NAMESPACE or not meta["name"].startswith(name):
                    continue
                shown = (each["type"], meta.get("finalizers"), len(meta.get("ownerReferences", ())))
                found.setdefault(meta["name"], []).append(shown)
            return found

        theirs = recorded_frames("life_garbage", "/api/v1/namespaces/life-gc/configmaps")
        assert told(frames) == told(theirs)
        if policy == "Foreground":
            assert [each["type"] for each in frames][-1] == "DELETED"
            assert frames[-1]["object"]["metadata"]["name"] == name

    virtual(main)


def test_an_owner_that_never_was_makes_garbage(virtual: Virtual) -> None:
    """An object whose only owner does not exist, or exists under another uid, is deleted."""

    async def main() -> None:
        async with living_cluster() as user:
            real = await make(user, "real")
            ghost = {**real, "metadata": {"name": "never", "uid": "11111111-1111-1111-1111-111111111111"}}
            other = {**real, "metadata": {"name": "real", "uid": "11111111-1111-1111-1111-111111111111"}}
            await make(user, "of-nobody", ghost)
            await make(user, "of-another", other)
            await make(user, "of-both", real, ghost)
            await asyncio.sleep(1)
            assert set(await user.names(MAPS)) - OF_THE_NAMESPACE == {"real", "of-both"}
            kept = await user.ask("GET", f"{MAPS}/of-both")
            assert [each["name"] for each in kept["metadata"]["ownerReferences"]] == ["real"]

    virtual(main)


def test_an_owner_may_be_of_the_whole_cluster(virtual: Virtual) -> None:
    """A cluster-scoped owner takes what belongs to it in any namespace."""

    async def main() -> None:
        async with living_cluster() as user:
            body = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}}
            body["spec"] = {  # type: ignore[assignment]
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "hostPath": {"path": "/x"},
            }
            owner = await user.ask("POST", "/api/v1/persistentvolumes", body)
            await make(user, "owned", owner)
            await asyncio.sleep(1)
            assert "owned" in await user.names(MAPS)
            await user.ask("PATCH", "/api/v1/persistentvolumes/pv", {"metadata": {"finalizers": None}})
            await user.ask("DELETE", "/api/v1/persistentvolumes/pv")
            await asyncio.sleep(1)
            assert "owned" not in await user.names(MAPS)

    virtual(main)


def test_an_owner_of_an_unknown_kind_proves_nothing(virtual: Virtual) -> None:
    """What belongs to an object of a kind that is not served stays."""

    async def main() -> None:
        async with living_cluster() as user:
            owner = {
                "apiVersion": "example.com/v1",
                "kind": "Widget",
                "metadata": {"name": "w", "uid": "22222222-2222-2222-2222-222222222222"},
            }
            await make(user, "kept", owner)
            await asyncio.sleep(5)
            assert "kept" in await user.names(MAPS)

    virtual(main)


def test_foreground_goes_down_the_whole_tree(virtual: Virtual) -> None:
    """Deleted in the foreground, an owner goes after its dependents, and these after theirs."""

    async def main() -> None:
        async with living_cluster() as user:
            frames = await user.watch(MAPS)
            top = await make(user, "top")
            middle = await make(user, "middle", top, blockOwnerDeletion=True)
            await make(user, "leaf", middle, blockOwnerDeletion=True)
            await asyncio.sleep(1)
            await user.ask("DELETE", f"{MAPS}/top?propagationPolicy=Foreground")
            await asyncio.sleep(1)
            gone = [each["object"]["metadata"]["name"] for each in frames if each["type"] == "DELETED"]
            assert gone == ["leaf", "middle", "top"]

    virtual(main)


def test_custom_resources_are_owners_and_owned_as_they_come(virtual: Virtual) -> None:
    """A kind that is defined while the cluster runs has its garbage collected like any other."""

    async def main() -> None:
        async with living_cluster() as user:
            schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
            definition = {
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": "widgets.example.com"},
                "spec": {
                    "group": "example.com",
                    "scope": "Namespaced",
                    "names": {"plural": "widgets", "kind": "Widget"},
                    "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
                },
            }
            await user.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
            await asyncio.sleep(3)
            widgets = "/apis/example.com/v1/namespaces/default/widgets"
            body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
            widget = await user.ask("POST", widgets, body)
            owner = await make(user, "map-of-widget", widget, blockOwnerDeletion=True)
            reference = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "name": "map-of-widget",
                "uid": owner["metadata"]["uid"],
            }
            owned = {**body, "metadata": {"name": "of-map", "ownerReferences": [reference]}}
            await user.ask("POST", widgets, owned)
            await asyncio.sleep(2)
            assert await user.names(widgets) == ["of-map", "w"]
            await user.ask("DELETE", f"{widgets}/w?propagationPolicy=Foreground")
            await asyncio.sleep(3)
            assert await user.names(widgets) == []
            assert set(await user.names(MAPS)) == {"kube-root-ca.crt"}

    virtual(main)
