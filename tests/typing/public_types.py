"""What type checkers make of the public interface. Checked by mypy, never run: see test_public_types.py."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import assert_type

import listwatch
from listwatch import (
    ALL_NAMESPACES,
    APIStatusError,
    Client,
    Config,
    EventType,
    Lister,
    ListerWatcher,
    ListOptions,
    ListWatch,
    Object,
    ObjectKey,
    ObjectList,
    ObjectMeta,
    PatchType,
    Resource,
    ResourceClient,
    ResourceVersion,
    Status,
    SubresourceClient,
    Unstructured,
    Watch,
    Watcher,
    WatchEvent,
    load_config,
    section,
    sync,
)
from listwatch.api.apps_v1 import Deployment
from listwatch.api.autoscaling_v1 import Scale
from listwatch.api.core_v1 import Pod, PodSpec
from listwatch.api.policy_v1 import Eviction


class TabSpec:
    """A user's model."""

    size: int = 0


class Tab(Object, group="example.com", version="v1", plural="tabs"):
    """A user's kind."""

    spec: TabSpec = section(factory=TabSpec)


CRONTABS = Resource("stable.example.com", "v1", "crontabs", "CronTab")


def configuration() -> None:
    """Configurations."""
    assert_type(load_config(), Config)
    assert_type(load_config().namespace, str)
    assert_type(listwatch.__version__, str)
    listwatch.Clinet  # type: ignore[attr-defined]  # noqa: B018


def objects(pod: Pod, tab: Tab) -> None:
    """Objects of all sorts."""
    assert_type(pod.name, str)
    assert_type(pod.key, ObjectKey)
    assert_type(pod.resource_version, ResourceVersion)
    assert_type(pod.metadata, ObjectMeta)
    assert_type(pod.spec, PodSpec)
    assert_type(pod.spec.node_name, str | None)
    assert_type(pod.copy(), Pod)
    assert_type(Pod.from_json(b"{}"), Pod)
    assert_type(tab.spec, TabSpec)
    assert_type(tab.spec.size, int)
    Tab(metadata=ObjectMeta(name="t"), spec=TabSpec())
    Tab(specs=TabSpec())  # type: ignore[call-arg]


async def asynchronous(config: Config) -> None:
    """The asynchronous client."""
    async with Client(config) as client:
        assert_type(client, Client)
        pods = client.resource(Pod, namespace=ALL_NAMESPACES)
        assert_type(pods, ResourceClient[Pod])
        assert_type(client.resource(Tab), ResourceClient[Tab])
        assert_type(client.resource(CRONTABS), ResourceClient[Unstructured])
        assert_type(await client.get_raw("/version"), bytes)

        assert_type(await pods.get("p"), Pod)
        assert_type(await pods.list(limit=5), ObjectList[Pod])
        assert_type(await pods.list_all(), ObjectList[Pod])
        assert_type(pods.pages(), AsyncIterator[ObjectList[Pod]])
        assert_type(await pods.create(Pod()), Pod)
        assert_type(await pods.create({"metadata": {}}), Pod)
        assert_type(await pods.replace(Pod()), Pod)
        assert_type(await pods.patch("p", {}, patch_type=PatchType.MERGE), Pod)
        assert_type(await pods.delete("p"), Pod | Status)
        assert_type(await pods.delete_collection(), ObjectList[Pod] | Status)
        assert_type(pods.status, SubresourceClient[Pod])
        assert_type(pods.scale, SubresourceClient[Scale])
        assert_type(await pods.scale.get("p"), Scale)
        assert_type(await pods.subresource("eviction", Eviction).post("p", {}), Eviction | Status)
        await pods.create(Deployment())  # type: ignore[arg-type]

        for each in await pods.list():
            assert_type(each, Pod)
        assert_type(pods.watch(), Watch[Pod])
        async with pods.watch(resource_version="1") as watch:
            assert_type(watch, Watch[Pod])
            assert_type(watch.batches(), AsyncIterator[list[WatchEvent[Pod]]])
            async for event in watch:
                assert_type(event, WatchEvent[Pod])
                assert_type(event.type, EventType)
                assert_type(event.object, Pod)
                assert_type(event.status, Status | None)
                assert_type(event.error, APIStatusError | None)


async def list_watches(client: Client) -> None:
    """ListWatch and its protocols."""
    pods = ListWatch.from_client(client, Pod, namespace="default")
    assert_type(pods, ListWatch[Pod])
    assert_type(ListWatch.from_client(client, CRONTABS), ListWatch[Unstructured])
    assert_type(await pods.list(), ObjectList[Pod])
    assert_type(pods.watch(ListOptions(resource_version="1")), AsyncIterable[WatchEvent[Pod]])

    async def list_func(options: ListOptions) -> ObjectList[Pod]:
        return ObjectList([])

    async def watch_func(options: ListOptions) -> AsyncIterator[WatchEvent[Pod]]:
        yield WatchEvent(EventType.ADDED, Pod())

    assert_type(ListWatch(list_func=list_func, watch_func=watch_func), ListWatch[Pod])
    fits: ListerWatcher[Pod] = pods
    lister: Lister[Pod] = client.resource(Pod)
    watcher: Watcher[Pod] = client.resource(Pod)
    both: ListerWatcher[Pod] = client.resource(Pod)
    wrong: ListerWatcher[Deployment] = client.resource(Pod)  # type: ignore[arg-type]
    del fits, lister, watcher, both, wrong


def synchronous(config: Config) -> None:
    """The same without await."""
    with sync.Client(config) as client:
        assert_type(client, sync.Client)
        pods = client.resource(Pod)
        assert_type(pods, sync.ResourceClient[Pod])
        assert_type(client.resource(CRONTABS), sync.ResourceClient[Unstructured])
        assert_type(client.get_raw("/version"), bytes)

        assert_type(pods.get("p"), Pod)
        assert_type(pods.list(limit=5), ObjectList[Pod])
        assert_type(pods.list_all(), ObjectList[Pod])
        assert_type(pods.pages(), Iterator[ObjectList[Pod]])
        assert_type(pods.create(Pod(), dry_run=True), Pod)
        assert_type(pods.replace(Pod()), Pod)
        assert_type(pods.patch("p", {}), Pod)
        assert_type(pods.delete("p"), Pod | Status)
        assert_type(pods.delete_collection(), ObjectList[Pod] | Status)
        assert_type(pods.status, sync.SubresourceClient[Pod])
        assert_type(pods.scale.get("p"), Scale)
        assert_type(pods.subresource("eviction", Eviction).post("p", {}), Eviction | Status)
        pods.get(7)  # type: ignore[arg-type]
        pods.get("p", nonsense=True)  # type: ignore[call-arg]

        with pods.watch() as watch:
            assert_type(watch, sync.Watch[Pod])
            assert_type(watch.batches(), Iterator[list[WatchEvent[Pod]]])
        for event in pods.watch():
            assert_type(event, WatchEvent[Pod])

        both = sync.ListWatch.from_client(client, Pod)
        assert_type(both, sync.ListWatch[Pod])
        assert_type(both.list(), ObjectList[Pod])
        assert_type(both.watch(), Iterable[WatchEvent[Pod]])
        assert_type(sync.ListWatch.from_client(client, CRONTABS), sync.ListWatch[Unstructured])
