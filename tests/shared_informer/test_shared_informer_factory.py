"""One informer for each collection, started, awaited and stopped together."""

from __future__ import annotations

import asyncio

import pytest
from api_caller import config_map
from informer_kit import Notes, Virtual, server_and_client, until

from listwatch.api.apps_v1 import Deployment
from listwatch.api.core_v1 import ConfigMap, Namespace, Pod
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.resource import Resource
from listwatch.client.subresource import ALL_NAMESPACES
from listwatch.reflector.failure import Failure
from listwatch.reflector.states import BackingOff, Broken, Idle, Listing, Reason, ReflectorState
from listwatch.shared_informer.field_path import index_by_field
from listwatch.shared_informer.indexer import DuplicateIndexError
from listwatch.shared_informer.shared_informer_factory import SharedInformerFactory, SyncResult


def test_the_same_is_shared(virtual: Virtual) -> None:
    """Who asks for the same kind, place and selection gets the same informer; each difference makes another."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            factory = SharedInformerFactory(client, namespace="default", clock=LoopClock())
            pods = factory.informer_for(Pod)
            same = [
                factory.informer_for(Pod, namespace="default"),
                factory.informer_for(Pod, namespace=["default", "default"]),
                factory.informer_for(Pod, label_selector=""),
            ]
            assert all(each is pods for each in same)
            others = [
                factory.informer_for(Pod, namespace=ALL_NAMESPACES),
                factory.informer_for(Pod, label_selector="app=web"),
                factory.informer_for(Pod, field_selector="spec.nodeName=n"),
                factory.informer_for(Pod, metadata_only=True),
                factory.informer_for(Pod, fields=["metadata"]),
                factory.informer_for(Pod.resource),
                factory.informer_for(Deployment),
            ]
            assert len({id(each) for each in (pods, *others)}) == 8
            assert len(factory.informers) == 8
            names = [each.name for each in factory.informers]
            assert len(set(names)) == 8
            assert {
                "pods in default",
                "pods",
                "pods in default, app=web",
                "deployments.apps in default",
            } <= set(names)

    virtual(main)


def test_indices_add_up(virtual: Virtual) -> None:
    """Each part of a program may ask for its indices; the same twice is fine, a name for two things is not."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            factory = SharedInformerFactory(client, clock=LoopClock())
            for _ in range(2):
                pods = factory.informer_for(Pod, indexers={"node": index_by_field("spec.nodeName")})
            factory.informer_for(Pod, indexers={"phase": index_by_field("status.phase")})
            assert set(pods.indexer.indices) == {"node", "phase"}
            with pytest.raises(DuplicateIndexError):
                factory.informer_for(Pod, indexers={"node": index_by_field("status.phase")})

    virtual(main)


def test_start_wait_stop(virtual: Virtual) -> None:
    """Informers are started together, also those that come later with another start; stopped, and started again."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            async with SharedInformerFactory(client, namespace="default", clock=LoopClock()) as factory:
                maps = factory.informer_for(ConfigMap)
                assert not maps.has_started
                result = await factory.wait_for_sync()
                assert isinstance(result.missing["configmaps in default"], Idle)
                notes = Notes()
                maps.add_event_handler(notes)
                await factory.start()
                result = await factory.wait_for_sync(timeout=10)
                assert result.ok
                assert result.synced == ("configmaps in default",)
                assert str(result) == "all synced"
                result.raise_if_missing()
                namespaces = factory.informer_for(Namespace)
                await factory.start()
                await maps.stop()
                assert (await factory.wait_for_sync(timeout=10)).ok
                await factory.start()
                assert maps.is_stopped
                await maps.start()
            assert maps.is_stopped
            assert namespaces.is_stopped
            await client.resource(ConfigMap, namespace="default").create(config_map("later"))
            async with factory:
                await until(lambda: "later" in notes.known)
        assert len(asyncio.all_tasks()) == 1

    virtual(main)


def test_the_missing_are_named(virtual: Virtual) -> None:
    """What has not synced is named, with what it is doing instead; the rest is not held up."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            factory = SharedInformerFactory(client, namespace="default", clock=LoopClock())
            factory.informer_for(Pod)
            factory.informer_for(Resource("stable.example.com", "v1", "crontabs"))
            async with factory:
                start = asyncio.get_running_loop().time()
                result = await factory.wait_for_sync(timeout=7)
                assert asyncio.get_running_loop().time() == pytest.approx(start + 7)
                assert not result.ok
                assert result.synced == ("pods in default",)
                assert isinstance(result.missing["crontabs.stable.example.com in default"], BackingOff)
                with pytest.raises(
                    ListWatchError,
                    match=r"not synced: crontabs.stable.example.com in default: backing off, not found",
                ):
                    result.raise_if_missing()

    virtual(main)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (Idle(since=0.0), "pods: idle"),
        (Listing(since=0.0, reason=Reason.START, is_streaming=True), "pods: listing"),
        (Broken(since=0.0, failure=Failure.FORBIDDEN, error=ValueError("no")), "pods: broken, forbidden: no"),
        (
            BackingOff(since=0.0, failure=Failure.VERY_SHORT_WATCH, error=None, seconds=1.0, failures=1),
            "pods: backing off, very short watch",
        ),
        (
            BackingOff(since=0.0, failure=Failure.CUT, error=ValueError("cut"), seconds=1.0, failures=1),
            "pods: backing off, cut: cut",
        ),
    ],
)
def test_what_is_told_of_the_missing(state: ReflectorState, text: str) -> None:
    """71: the text of a result names what is missing and what it is doing, with the error if there is one."""
    assert str(SyncResult(synced=(), missing={"pods": state})) == text


def test_an_empty_factory(virtual: Virtual) -> None:
    """A factory without informers has nothing to wait for."""

    async def main() -> None:
        async with server_and_client() as (_, client), SharedInformerFactory(client) as factory:
            assert (await factory.wait_for_sync()).ok

    virtual(main)
