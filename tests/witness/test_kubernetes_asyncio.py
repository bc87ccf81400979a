"""kubernetes_asyncio, and the official client's asyncio part, which grew out of it: the same tests for both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import kubernetes.aio
import kubernetes.aio.dynamic
import kubernetes_asyncio
import kubernetes_asyncio.dynamic
import pytest
from witness_kit import PATIENCE, SHIRTS, config_map, deployment, pod, shirt

from listwatch.testing import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.peers]


@pytest.fixture(params=[kubernetes_asyncio, kubernetes.aio], ids=["community", "official"])
def library(request: pytest.FixtureRequest) -> Any:
    """One of the two."""
    return request.param


@pytest.fixture
async def api(library: ModuleType, lively: Cluster) -> AsyncIterator[Any]:
    """The client that a kubeconfig of the cluster gives."""
    async with await library.config.new_client_from_config(str(lively.kubeconfig_path)) as made:
        yield made


@pytest.fixture
def core(library: ModuleType, api: Any) -> Any:
    """Of the core group."""
    return library.client.CoreV1Api(api)


async def test_a_config_maps_life(core: Any, namespace: str) -> None:
    """Create, read, patch in two forms, replace, delete."""
    made = await core.create_namespaced_config_map(namespace, config_map("settings", a="1"))
    assert made.metadata.uid
    patched = await core.patch_namespaced_config_map("settings", namespace, {"data": {"b": "2"}})
    assert patched.data == {"a": "1", "b": "2"}
    steps = [{"op": "remove", "path": "/data/a"}]
    patched = await core.patch_namespaced_config_map("settings", namespace, steps)
    patched.data["c"] = "3"
    await core.replace_namespaced_config_map("settings", namespace, patched)
    read = await core.read_namespaced_config_map("settings", namespace)
    assert read.data == {"b": "2", "c": "3"}
    await core.delete_namespaced_config_map("settings", namespace)
    listed = await core.list_namespaced_config_map(namespace, field_selector="metadata.name=settings")
    assert listed.items == []


async def test_errors(library: ModuleType, core: Any, namespace: str) -> None:
    """404, 409 and 422 become ApiException with the code and the Status."""

    async def code(call: Any) -> tuple[int, bool]:
        with pytest.raises(library.client.ApiException) as error:
            await call
        return error.value.status, '"kind":"Status"' in str(error.value.body)

    await core.create_namespaced_config_map(namespace, config_map("settings"))
    assert await code(core.read_namespaced_config_map("none", namespace)) == (404, True)
    again = core.create_namespaced_config_map(namespace, config_map("settings"))
    assert await code(again) == (409, True)
    empty = core.create_namespaced_pod(namespace, pod("p") | {"spec": {"containers": []}})
    assert await code(empty) == (422, True)


async def test_a_watch_goes_on_from_a_version(library: ModuleType, core: Any, namespace: str) -> None:
    """A watch gives what came after a list's version, in order; bookmarks move it on; it ends at its time-out."""
    await core.create_namespaced_config_map(namespace, config_map("before"))
    version = (await core.list_namespaced_config_map(namespace)).metadata.resource_version
    await core.create_namespaced_config_map(namespace, config_map("after", labels={"app": "web"}))
    await core.delete_namespaced_config_map("before", namespace)
    told = []
    async with library.watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=PATIENCE
    ) as stream:
        async for change in stream:
            told.append((change["type"], change["object"].metadata.name))
            if len(told) == 2:
                break
    assert told == [("ADDED", "after"), ("DELETED", "before")]
    selecting = library.watch.Watch()
    types = [
        change["type"]
        async for change in selecting.stream(
            core.list_namespaced_config_map,
            namespace,
            resource_version=version,
            label_selector="app=web",
            allow_watch_bookmarks=True,
            timeout_seconds=1,
        )
    ]
    assert types == ["ADDED", "BOOKMARK"]
    assert int(selecting.resource_version) > int(version)


async def test_an_expired_watch(library: ModuleType, core: Any, namespace: str, lively: Cluster) -> None:
    """A watch from a version that is forgotten raises 410."""
    made = await core.create_namespaced_config_map(namespace, config_map("old"))
    await core.delete_namespaced_config_map("old", namespace)
    lively.compact()
    watching = library.watch.Watch()
    stream = watching.stream(
        core.list_namespaced_config_map, namespace, resource_version=made.metadata.resource_version
    )
    with pytest.raises(library.client.ApiException, match="too old resource version") as error:
        await anext(aiter(stream))
    assert error.value.status == 410


async def test_a_deployment_is_scaled(library: ModuleType, api: Any, core: Any, namespace: str) -> None:
    """A Deployment's pods run, as many as its scale says."""
    apps = library.client.AppsV1Api(api)
    await apps.create_namespaced_deployment(namespace, deployment("web"))
    for replicas in (1, 2):
        scale = await apps.patch_namespaced_deployment_scale(
            "web", namespace, {"spec": {"replicas": replicas}}
        )
        assert scale.spec.replicas == replicas
        async with library.watch.Watch().stream(
            apps.list_namespaced_deployment, namespace, timeout_seconds=PATIENCE
        ) as stream:
            async for change in stream:
                if change["object"].status.available_replicas == replicas:
                    break
    running = await core.list_namespaced_pod(
        namespace, label_selector="app=web", field_selector="status.phase=Running"
    )
    assert len(running.items) == 2


async def test_custom_resources(
    library: ModuleType, api: Any, namespace: str, tmp_path: Path, lively: Cluster
) -> None:
    """The dynamic client finds a definition's kind, applies to it, selects by its field, and watches it."""
    lively.apply(SHIRTS)
    wire = await library.dynamic.DynamicClient(api, cache_file=str(tmp_path / "discovered.json"))
    shirts = await wire.resources.get(api_version="stable.example.com/v1", kind="Shirt")
    version = (await shirts.get(namespace=namespace)).metadata.resourceVersion
    for each in (shirt("s1", "blue"), shirt("s2", "red")):
        applied = await shirts.server_side_apply(body=each, namespace=namespace, field_manager="tailor")
        assert applied.metadata.managedFields[0].manager == "tailor"
        assert applied.spec.stock == 1
    red = await shirts.get(namespace=namespace, field_selector="spec.color=red")
    assert [each.metadata.name for each in red.items] == ["s2"]
    told = []
    async with library.watch.Watch() as watcher:
        stream = shirts.watch(
            namespace=namespace, resource_version=version, watcher=watcher, timeout=PATIENCE
        )
        async for change in stream:
            told.append((change["type"], change["object"].metadata.name))
            if len(told) == 2:
                watcher.stop()
    assert told == [("ADDED", "s1"), ("ADDED", "s2")]
