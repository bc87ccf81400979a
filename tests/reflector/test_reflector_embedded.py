"""The reflector against the embedded API server, in memory, through the real client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from list_watch_script import Notebook
from virtual_time import run_virtual

from listwatch import Client, Config, ListWatch, ObjectMeta
from listwatch.api.core_v1 import ConfigMap, Pod
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ConnectionRefused
from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.client.resource import ResourceClient
from listwatch.reflector.reflector import Reflector
from listwatch.reflector.states import BackingOff, Watching

Story = Callable[[ResourceClient[ConfigMap], Reflector[ConfigMap], "Line"], Awaitable[None]]


class Line:
    """The way to the server, which can be out of order."""

    def __init__(self, cluster: EmbeddedCluster) -> None:
        self.cluster = cluster
        self.is_up = True
        self.targets: list[str] = []

    def compact(self) -> None:
        """Make the server forget its history."""
        assert self.cluster._server is not None
        self.cluster._server._storage.log.compact()

    async def __call__(self, request: Request) -> Response:
        """Pass a request on."""
        self.targets.append(request.target)
        if not self.is_up:
            raise ConnectionRefused(f"{request!r}: nothing listens")
        return await self.cluster.handle(request)


def a_map(name: str) -> ConfigMap:
    """A small object."""
    return ConfigMap(metadata=ObjectMeta(name=name), data={"k": "v"})


def tell(
    story: Story, *, watch_list: bool | None = None, always_page: bool = False
) -> tuple[Notebook, list[str]]:
    """Run a reflector on config maps while a story happens; its store, and what was asked of the server."""

    async def main() -> tuple[Notebook, list[str]]:
        clock = LoopClock()
        async with EmbeddedCluster(listen=False, clock=clock, simulate=False) as cluster:
            line = Line(cluster)
            config = Config.of(host="http://in-memory", token=cluster.admin_token)
            async with Client(config, transport=line, clock=clock) as client:
                maps = client.resource(ConfigMap, namespace="default")
                await maps.create(a_map("before"))
                line.targets.clear()
                store = Notebook()
                source = ListWatch.from_client(client, ConfigMap, namespace="default")
                reflector: Reflector[ConfigMap] = Reflector(
                    source,
                    store,  # type: ignore[arg-type]
                    clock=clock,
                    random=lambda: 0.0,
                    watch_list=watch_list,
                    page_size=2,
                    always_page=always_page,
                )
                task = asyncio.create_task(reflector.run())
                await asyncio.sleep(1)
                await story(maps, reflector, line)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                return store, [each for each in line.targets if "?" in each]

    return run_virtual(main)


async def changes(maps: ResourceClient[ConfigMap], reflector: Reflector[ConfigMap], line: Line) -> None:
    """One of each."""
    await maps.create(a_map("a"))
    changed = await maps.get("a")
    changed.data = {"k": "w"}
    await maps.replace(changed)
    await maps.delete("before")
    await asyncio.sleep(1)


@pytest.mark.parametrize("watch_list", [None, False])
def test_follows_changes(watch_list: bool | None) -> None:
    """Behaviour 11: streamed or listed, the store ends with the same content, told in the same order."""
    store, targets = tell(changes, watch_list=watch_list)
    assert store.objects.keys() == {"a"}
    told = [each.partition(" @")[0] for each in store.said]
    assert " ".join(told) == "replace before ADDED a MODIFIED a DELETED before"
    assert [
        ("sendInitialEvents" in each, "watch=true" in each) for each in targets if "name=" not in each
    ] == ([(True, True)] if watch_list is None else [(False, False), (False, True)])


def test_history_is_gone() -> None:
    """Behaviours 19, 23: 410 on the watch, 410 on the list at its version, then one at "", in pages."""

    async def story(maps: ResourceClient[ConfigMap], reflector: Reflector[ConfigMap], line: Line) -> None:
        line.is_up = False
        await asyncio.sleep(350)
        line.is_up = True
        for name in "abc":
            await maps.create(a_map(name))
        await maps.delete("before")
        line.compact()
        line.targets.clear()
        await asyncio.sleep(35)

    store, targets = tell(story, watch_list=False, always_page=True)
    assert store.objects.keys() == set("abc")
    kinds = [
        "watch"
        if "watch=true" in each
        else "page"
        if "continue=" in each
        else "at"
        if "resourceVersion=" in each
        else "list"
        for each in targets
    ]
    assert kinds[:4] == ["watch", "at", "list", "page"]
    assert store.said[-1].startswith("replace abc @")


def test_hours_pass() -> None:
    """Through hours of clean ends nothing is listed again, each watch begins where the last one ended, none is lost."""

    async def story(maps: ResourceClient[ConfigMap], reflector: Reflector[ConfigMap], line: Line) -> None:
        for hour in range(3):
            await asyncio.sleep(3600)
            await maps.create(a_map(f"at-{hour}"))
            assert reflector.last_contact is not None
            assert asyncio.get_running_loop().time() - reflector.last_contact <= 61
        await asyncio.sleep(1)
        assert isinstance(reflector.state, Watching)
        assert reflector.counts.lists == 1

    store, targets = tell(story)
    assert store.objects.keys() == {"before", "at-0", "at-1", "at-2"}
    assert len(targets) > 30
    assert all("watch=true" in each for each in targets)


def test_a_server_that_is_away() -> None:
    """While the server is away the state says why; when it is back the watch goes on and nothing was lost."""

    async def story(maps: ResourceClient[ConfigMap], reflector: Reflector[ConfigMap], line: Line) -> None:
        line.is_up = False
        await asyncio.sleep(700)
        state = reflector.state
        assert isinstance(state, BackingOff)
        assert isinstance(state.error, ConnectionRefused)
        line.is_up = True
        await maps.create(a_map("meanwhile"))
        await asyncio.sleep(31)
        assert isinstance(reflector.state, Watching)
        assert reflector.counts.lists == 1

    store, _ = tell(story)
    assert store.objects.keys() == {"before", "meanwhile"}


def test_nothing_is_left_of_it() -> None:
    """When it is cancelled no task of the reflector's or of its watch remains."""

    async def main() -> set[asyncio.Task[object]]:
        clock = LoopClock()
        async with EmbeddedCluster(listen=False, clock=clock, simulate=False) as cluster:
            config = Config.of(host="http://in-memory", token=cluster.admin_token)
            async with Client(config, transport=cluster.handle, clock=clock) as client:
                before = asyncio.all_tasks()
                reflector = Reflector(ListWatch.from_client(client, Pod), Notebook(), clock=clock)
                task = asyncio.create_task(reflector.run())
                await asyncio.sleep(100)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await asyncio.sleep(0)
                return asyncio.all_tasks() - before

    assert run_virtual(main) == set()
