"""lightkube: typed and generic resources, sync and asyncio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import lightkube
import pytest
from lightkube import ApiError, KubeConfig
from lightkube.core.exceptions import ConditionError
from lightkube.generic_resource import create_namespaced_resource, load_in_cluster_generic_resources
from lightkube.models.autoscaling_v1 import ScaleSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.operators import not_in
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.coordination_v1 import Lease
from lightkube.resources.core_v1 import ConfigMap, Event, Pod
from lightkube.types import CascadeType, PatchType
from witness_kit import PATIENCE, SHIRTS, config_map, deployment, event, pod, shirt

from listwatch.testing import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.peers]


@pytest.fixture
def client(lively: Cluster, namespace: str) -> Iterator[lightkube.Client]:
    """The client that a kubeconfig of the cluster gives, at home in the test's namespace."""
    kubeconfig = KubeConfig.from_file(lively.kubeconfig_path)
    timeout = httpx2.Timeout(PATIENCE)
    with lightkube.Client(
        config=kubeconfig, namespace=namespace, field_manager="witness", timeout=timeout
    ) as made:
        yield made


def made(name: str, *, app: str = "", **data: str) -> ConfigMap:
    """A ConfigMap."""
    return ConfigMap.from_dict(config_map(name, labels={"app": app}, **data))


def names(objects: Iterator[Any]) -> list[str | None]:
    """Their names."""
    return [each.metadata.name for each in objects if each.metadata]


def test_a_config_maps_life(client: lightkube.Client) -> None:
    """Create, get, patch in its four forms, replace, delete."""
    client.create(made("settings", a="1"))
    assert client.patch(ConfigMap, "settings", {"data": {"b": "2"}}).data == {"a": "1", "b": "2"}
    merged = client.patch(ConfigMap, "settings", {"data": {"a": None}}, patch_type=PatchType.MERGE)
    assert merged.data == {"b": "2"}
    steps = [{"op": "add", "path": "/data/c", "value": "3"}]
    assert client.patch(ConfigMap, "settings", steps, patch_type=PatchType.JSON).data == {"b": "2", "c": "3"}
    applied = client.apply(ConfigMap(metadata=ObjectMeta(name="settings"), data={"d": "4"}))
    assert applied.data == {"b": "2", "c": "3", "d": "4"}
    gone = client.apply(ConfigMap(metadata=ObjectMeta(name="settings"), data={}))
    assert gone.data == {"b": "2", "c": "3"}
    gone.data = {"e": "5"}
    assert client.replace(gone).data == {"e": "5"}
    client.delete(ConfigMap, "settings")
    with pytest.raises(ApiError, match='configmaps "settings" not found'):
        client.get(ConfigMap, "settings")


def test_errors(client: lightkube.Client) -> None:
    """404, both 409s and 422 become ApiError with the whole Status."""
    stale = client.create(made("settings"))
    client.patch(ConfigMap, "settings", {"data": {"a": "1"}})
    calls = {
        (404, "NotFound"): lambda: client.get(ConfigMap, "none"),
        (409, "AlreadyExists"): lambda: client.create(made("settings")),
        (409, "Conflict"): lambda: client.replace(stale),
        (422, "Invalid"): lambda: client.create(made("Bad_Name")),
    }
    for expected, call in calls.items():
        with pytest.raises(ApiError) as error:
            call()
        assert (error.value.status.code, error.value.status.reason) == expected


def test_pages_and_selectors(client: lightkube.Client) -> None:
    """A list in chunks is the whole list; labels select by sets, fields by their paths; a collection can go at once."""
    client.create(Pod.from_dict(pod("web")))
    for number, app in enumerate(("web", "web", "db", "cache", "db")):
        client.create(made(f"c{number}", app=app))
    assert names(client.list(ConfigMap, chunk_size=2)) == ["c0", "c1", "c2", "c3", "c4", "kube-root-ca.crt"]
    assert names(client.list(ConfigMap, labels={"app": ["web", "cache"]})) == ["c0", "c1", "c3"]
    assert names(client.list(ConfigMap, fields={"metadata.name": "c4"})) == ["c4"]
    assert names(client.list(ConfigMap, labels={"app": not_in(["web"])})) == [
        "c2",
        "c3",
        "c4",
        "kube-root-ca.crt",
    ]
    client.deletecollection(Pod)
    assert names(client.list(Pod)) == []


def test_a_watch_goes_on_over_its_end(client: lightkube.Client) -> None:
    """List, then watch from the list's version; after the server's time-out the client goes on where it was."""
    client.create(made("before"))
    listed = client.list(ConfigMap)
    assert "before" in names(listed)
    client.create(made("after", app="web"))
    watching = client.watch(ConfigMap, resource_version=listed.resourceVersion, server_timeout=1)
    kind, after = next(watching)
    assert (kind, after.metadata.name) == ("ADDED", "after")
    selecting = client.watch(
        ConfigMap, resource_version=listed.resourceVersion, labels={"app": "web"}, server_timeout=1
    )
    assert next(selecting)[0] == "ADDED"
    client.patch(ConfigMap, "after", {"metadata": {"labels": {"app": "db"}}})
    assert next(selecting)[0] == "DELETED"
    assert next(watching)[0] == "MODIFIED"
    for stream in (watching, selecting):
        stream.close()


def test_an_expired_watch(client: lightkube.Client, lively: Cluster) -> None:
    """A watch from a version that is forgotten raises the Status with 410."""
    old = client.create(made("old"))
    client.delete(ConfigMap, "old")
    lively.compact()
    with pytest.raises(ApiError, match="too old resource version") as error:
        next(client.watch(ConfigMap, resource_version=old.metadata.resourceVersion))
    assert error.value.status.code == 410


def test_waiting(client: lightkube.Client) -> None:
    """client.wait sees conditions come true, and sees that they cannot."""
    client.create(Pod.from_dict(pod("web")))
    assert client.wait(Pod, "web", for_conditions=["Ready"]).status.phase == "Running"
    client.create(Deployment.from_dict(deployment("web", replicas=2)))
    assert client.wait(Deployment, "web", for_conditions=["Available"]).status.availableReplicas == 2
    with pytest.raises(ConditionError):
        client.wait(Pod, "web", for_conditions=["Never"], raise_for_conditions=["Ready"])


def test_a_deployment_is_scaled(client: lightkube.Client) -> None:
    """Scale is read and replaced as the typed subresource; what is deleted takes its own with it."""
    client.create(Deployment.from_dict(deployment("web")))
    scale = client.get(Deployment.Scale, "web")
    scale.spec = ScaleSpec(replicas=3)
    # A controller may write the status at any moment: without a version, the replicas alone are replaced.
    scale.metadata.resourceVersion = None
    assert client.replace(scale, "web").spec.replicas == 3
    watching = client.watch(Deployment, fields={"metadata.name": "web"})
    assert any(each.status.readyReplicas == 3 for _, each in watching)
    watching.close()
    version = client.get(Deployment, "web").metadata.resourceVersion
    client.delete(Deployment, "web", cascade=CascadeType.FOREGROUND)
    watching = client.watch(Deployment, fields={"metadata.name": "web"}, resource_version=version)
    assert any(kind == "DELETED" for kind, _ in watching)
    watching.close()
    assert names(client.list(Pod)) == []


def test_events_and_leases(client: lightkube.Client, namespace: str) -> None:
    """Events are found by what they are about; a Lease keeps its microseconds."""
    client.create(Event.from_dict(event("e1", about="web", namespace=namespace)))
    found = client.list(Event, fields={"involvedObject.name": "web", "type": "Normal"})
    assert [each.message for each in found] == ["seen by a peer"]
    held = {"holderIdentity": "me", "renewTime": "2026-01-01T10:00:00.123456Z", "leaseDurationSeconds": 15}
    lease = client.create(Lease.from_dict({"metadata": {"name": "the-one"}, "spec": held}))
    assert lease.spec.renewTime.microsecond == 123456


def test_custom_resources(client: lightkube.Client, namespace: str) -> None:
    """A definition is created and waited for; its kind is used by hand and as the cluster tells of it."""
    client.create(CustomResourceDefinition.from_dict(SHIRTS))
    client.wait(CustomResourceDefinition, SHIRTS["metadata"]["name"], for_conditions=["Established"])
    shirts = create_namespaced_resource("stable.example.com", "v1", "Shirt", "shirts")
    assert client.create(shirts(**shirt("s1", "blue")))["spec"]["stock"] == 1
    client.create(shirts(**shirt("s2", "red")))
    with pytest.raises(ApiError, match="Unsupported value"):
        client.create(shirts(**shirt("s3", "mauve")))
    assert [each.metadata.name for each in client.list(shirts, fields={"spec.color": "red"})] == ["s2"]
    told = client.patch(
        shirts.Status, "s1", {"status": {"stock": 7}, "spec": {"color": "green"}}, patch_type=PatchType.MERGE
    )
    assert (told["spec"]["color"], told["status"]["stock"]) == ("blue", 7)
    load_in_cluster_generic_resources(client)
    loaded = lightkube.generic_resource.get_generic_resource("stable.example.com/v1", "Shirt")
    assert client.get(loaded, "s2", namespace=namespace)["spec"]["color"] == "red"


async def test_asyncio(lively: Cluster, namespace: str) -> None:
    """AsyncClient lists in chunks, watches and waits as Client does."""
    kubeconfig = KubeConfig.from_file(lively.kubeconfig_path)
    async with lightkube.AsyncClient(config=kubeconfig, namespace=namespace) as client:
        for number in range(3):
            await client.create(made(f"c{number}"))
        listed = client.list(ConfigMap, chunk_size=1)
        assert [each.metadata.name async for each in listed][:3] == ["c0", "c1", "c2"]
        await client.delete(ConfigMap, "c1")
        watching = client.watch(ConfigMap, resource_version=listed.resourceVersion)
        kind, gone = await anext(watching)
        assert (kind, gone.metadata.name) == ("DELETED", "c1")
        await watching.aclose()
        await client.create(Pod.from_dict(pod("web")))
        assert (await client.wait(Pod, "web", for_conditions=["Ready"])).status.podIP
