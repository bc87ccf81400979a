"""kr8s: asyncio and sync, with its own discovery, pages of a hundred, waits and scales."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import kr8s
import kr8s.asyncio
import pytest
from kr8s import NotFoundError, ServerError
from kr8s.asyncio.objects import ConfigMap, CustomResourceDefinition, Deployment, Event, Pod, new_class
from kr8s.objects import ConfigMap as SyncConfigMap
from witness_kit import PATIENCE, SHIRTS, Manifest, config_map, deployment, event, pod, shirt

from listwatch.testing import Cluster

pytestmark = [
    pytest.mark.peers,
    pytest.mark.slow,
    # kr8s warns of servers that are newer than itself.
    pytest.mark.filterwarnings("ignore:Kubernetes version .* is not supported:UserWarning"),
]


@pytest.fixture
async def api(lively: Cluster, namespace: str) -> AsyncIterator[kr8s.asyncio.Api]:
    """The client that a kubeconfig of the cluster gives, at home in the test's namespace."""
    made = await kr8s.asyncio.api(kubeconfig=str(lively.kubeconfig_path), namespace=namespace)
    yield made
    await made._session.aclose()  # kr8s keeps its sessions as long as the process lives
    kr8s.Api._instances.clear()


@pytest.fixture
def sync_api(lively: Cluster, namespace: str) -> Iterator[kr8s.Api]:
    """The same for those without a loop."""
    yield kr8s.api(kubeconfig=str(lively.kubeconfig_path), namespace=namespace)
    kr8s.Api._instances.clear()


def here(manifest: Manifest, namespace: str) -> Manifest:
    """The manifest, with the namespace in it that kr8s wants to be told."""
    return manifest | {"metadata": manifest["metadata"] | {"namespace": namespace}}


async def test_a_config_maps_life(api: kr8s.asyncio.Api, namespace: str) -> None:
    """Create, get, patch in two forms, label, delete."""
    made = await ConfigMap(here(config_map("settings", a="1"), namespace), api=api)
    await made.create()
    assert await made.exists()
    await made.patch({"data": {"b": "2"}})
    assert made.data == {"a": "1", "b": "2"}
    await made.patch([{"op": "remove", "path": "/data/a"}], type="json")
    await made.label(app="web")
    found = await ConfigMap.get("settings", namespace=namespace, api=api)
    assert (found.data, found.labels) == ({"b": "2"}, {"app": "web"})
    await found.delete()
    assert not await found.exists()


async def test_errors(api: kr8s.asyncio.Api, namespace: str) -> None:
    """404 is NotFoundError; 409 and 422 are ServerError with the server's sentence and the Status."""
    made = await ConfigMap(here(config_map("settings"), namespace), api=api)
    with pytest.raises(NotFoundError):
        await made.refresh()
    await made.create()
    with pytest.raises(ServerError, match='configmaps "settings" already exists') as error:
        await made.create()
    assert error.value.status["code"] == 409
    empty = await Pod(here(pod("empty"), namespace) | {"spec": {"containers": []}}, api=api)
    with pytest.raises(ServerError, match=r"spec\.containers: Required value") as error:
        await empty.create()
    assert error.value.status["reason"] == "Invalid"


async def test_pages_and_selectors(api: kr8s.asyncio.Api, namespace: str, lively: Cluster) -> None:
    """More than one of kr8s's pages is all there; labels, fields and names select."""
    for number in range(101):
        lively.create(
            config_map(f"c{number:03}", labels={"app": "web" if number % 2 else "db"}), namespace=namespace
        )
    assert len([each async for each in api.get("configmaps")]) == 102
    assert len([each async for each in api.get("cm", label_selector={"app": "web"})]) == 50
    assert [each.name async for each in api.get("configmaps", "c007", "c008")] == ["c007", "c008"]
    by_field = api.get("configmaps", field_selector={"metadata.name": "c100"})
    assert [each.name async for each in by_field] == ["c100"]


async def test_a_watch_goes_on_from_a_version(api: kr8s.asyncio.Api, namespace: str) -> None:
    """api.watch gives what came after a version, in order."""
    before = await ConfigMap(here(config_map("before"), namespace), api=api)
    await before.create()
    after = await ConfigMap(here(config_map("after", labels={"app": "web"}), namespace), api=api)
    await after.create()
    await after.label(app="db")
    await before.delete()
    watching = api.watch("configmaps", since=before.metadata.resourceVersion)
    told = [(kind, each.name) for kind, each in [await anext(watching) for _ in range(3)]]
    assert told == [("ADDED", "after"), ("MODIFIED", "after"), ("DELETED", "before")]
    await watching.aclose()
    selecting = api.watch("configmaps", label_selector={"app": "web"}, since=before.metadata.resourceVersion)
    assert [(await anext(selecting))[0] for _ in range(2)] == ["ADDED", "DELETED"]
    await selecting.aclose()


async def test_pods_and_deployments(api: kr8s.asyncio.Api, namespace: str) -> None:
    """Pods become ready, their logs can be read; a Deployment is scaled and has its pods; rows for people come, too."""
    web = await Pod(here(pod("web"), namespace), api=api)
    await web.create()
    await web.wait("condition=Ready", timeout=PATIENCE)
    assert await web.ready()
    made = await Deployment(here(deployment("web"), namespace), api=api)
    await made.create()
    await made.wait("condition=Available", timeout=PATIENCE)
    await made.scale(2)
    await made.wait("jsonpath='{.status.readyReplicas}'=2", timeout=PATIENCE)
    assert made.replicas == 2
    assert len(await made.pods()) == 2
    tables = [each async for each in api.get("pods", as_object=kr8s.asyncio.objects.Table)]
    assert [len(each.rows) for each in tables] == [3]
    await made.delete(propagation_policy="Foreground")
    await made.wait("delete", timeout=PATIENCE)
    assert [each.name async for each in api.get("pods")] == ["web"]


async def test_events_and_leases(api: kr8s.asyncio.Api, namespace: str) -> None:
    """Events are found by what they are about; a Lease is an object of a class made for it."""
    await (await Event(event("e1", about="web", namespace=namespace), api=api)).create()
    found = api.get("events", field_selector={"involvedObject.name": "web"})
    assert [each.raw.message async for each in found] == ["seen by a peer"]
    leases = new_class("Lease", "coordination.k8s.io/v1", asyncio=True)
    held = {"metadata": {"name": "the-one", "namespace": namespace}, "spec": {"holderIdentity": "me"}}
    lease = await leases(held, api=api)
    await lease.create()
    await lease.patch({"spec": {"leaseTransitions": 1}})
    assert lease.spec.to_dict() == {"holderIdentity": "me", "leaseTransitions": 1}


async def test_custom_resources(api: kr8s.asyncio.Api, namespace: str) -> None:
    """A definition is waited for; its kind is found by discovery, selected by a field, scaled; its status is apart."""
    definition = await CustomResourceDefinition(SHIRTS, api=api)
    await definition.create()
    await definition.wait("condition=Established", timeout=PATIENCE)
    shirts = new_class("Shirt", "stable.example.com/v1", asyncio=True, scalable=True, scalable_spec="stock")
    for each in (shirt("s1", "blue"), shirt("s2", "red")):
        await (await shirts(here(each, namespace), api=api)).create()
    bad = await shirts(here(shirt("s3", "mauve"), namespace), api=api)
    with pytest.raises(ServerError, match="Unsupported value"):
        await bad.create()
    red = [each async for each in api.get("shirts.stable.example.com", field_selector="spec.color=red")]
    assert [each.name for each in red] == ["s2"]
    await red[0].patch({"status": {"stock": 7}, "spec": {"color": "green"}}, subresource="status")
    await red[0].refresh()
    assert (red[0].spec.color, red[0].status.stock) == ("red", 7)
    await definition.delete()
    await definition.wait("delete", timeout=PATIENCE)


async def test_who_and_what(api: kr8s.asyncio.Api) -> None:
    """The server tells who asks, its version, and all its kinds."""
    assert await api.whoami() == "kubernetes-admin"
    assert (await api.version())["major"] == "1"
    assert {"pods", "leases"} <= {each["name"] for each in await api.api_resources()}
    assert "apps/v1" in [each async for each in api.api_versions()]


def test_sync(sync_api: kr8s.Api, namespace: str) -> None:
    """The same without a loop, in kr8s's own thread."""
    made = SyncConfigMap(here(config_map("settings", a="1"), namespace), api=sync_api)
    made.create()
    assert [each.name for each in sync_api.get("configmaps", "settings")] == ["settings"]
    watching = sync_api.watch("configmaps", field_selector="metadata.name=settings")
    kind, seen = next(watching)
    assert (kind, seen.data) == ("ADDED", {"a": "1"})
    watching.close()
    made.delete()
