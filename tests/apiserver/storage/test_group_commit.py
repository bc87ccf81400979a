"""Group commit: what is held back, what is undone, and what everybody is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, Caller, config_map
from virtual_time import run_virtual

from listwatch.apiserver.storage.data_directory import DataDirectory
from listwatch.apiserver.storage.durable_log import StorageError
from listwatch.apiserver.storage.revision_log import Change, RevisionLog

SERVICES = "/api/v1/namespaces/default/services"


class Slow:
    """A directory whose disk waits for the test, and is full when the test says so."""

    def __init__(self, path: Path) -> None:
        self.opened = DataDirectory.open(path, in_thread=False, history_limit=1000)
        self.batches: list[int] = []
        self.is_full = False
        self.gate = asyncio.Event()
        self.gate.set()
        self._append = self.opened.commits._append
        self.opened.commits._append = self._slowly  # type: ignore[method-assign]

    async def _slowly(
        self, changes: Sequence[Change], facts: dict[str, int], superseded: Sequence[int]
    ) -> None:
        await self.gate.wait()
        if self.is_full:
            raise StorageError("database or disk is full")
        self.batches.append(len(changes))
        await self._append(list(changes), facts, list(superseded))


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory for a cluster."""
    return tmp_path / "data"


def test_writes_of_one_turn_share_a_batch(place: Path) -> None:
    """A hundred requests at once are one transaction, and so are all that come while it is under way."""

    async def main() -> None:
        disk = Slow(place)
        caller = Caller(commits=disk.opened.commits)
        await caller.server.settle()
        disk.batches.clear()
        await asyncio.gather(*(caller.create(CONFIG_MAPS, config_map(f"a{n}")) for n in range(100)))
        assert disk.batches == [100]
        disk.gate.clear()
        tasks = [asyncio.ensure_future(caller.create(CONFIG_MAPS, config_map("b")))]
        for number in range(20):
            await settle()
            tasks.append(asyncio.ensure_future(caller.create(CONFIG_MAPS, config_map(f"b{number}"))))
        await settle()
        disk.gate.set()
        await asyncio.gather(*tasks)
        assert disk.batches == [100, 1, 20]
        await disk.opened.aclose()

    run_virtual(main)


def test_nobody_is_told_before_it_is_kept(place: Path) -> None:
    """Until the disk has a change, neither its answer, nor a read or refusal that saw it, nor a watch tells."""

    async def main() -> None:
        disk = Slow(place)
        caller = Caller(commits=disk.opened.commits)
        old = await caller.watch(f"{CONFIG_MAPS}?watch=true&resourceVersion={caller.server.revision}")
        disk.gate.clear()
        asking = [
            asyncio.ensure_future(caller.send(*what))
            for what in (
                ("POST", CONFIG_MAPS, config_map("a")),
                ("GET", CONFIG_MAPS),
                ("GET", f"{CONFIG_MAPS}/a"),
                ("POST", CONFIG_MAPS, config_map("a")),
            )
        ]
        new = asyncio.ensure_future(caller.watch(f"{CONFIG_MAPS}?watch=true"))
        await settle()
        assert not any(task.done() for task in [*asking, new])
        assert old.events == []
        disk.gate.set()
        assert [answer.status for answer in await asyncio.gather(*asking)] == [201, 200, 200, 409]
        await settle()
        assert old.told() == (await new).told() == [("ADDED", "a")]
        for watch in (old, await new):
            await watch.close()
        await disk.opened.aclose()

    run_virtual(main)


def test_a_watch_that_opens_meanwhile_begins_with_what_is_kept(place: Path) -> None:
    """A watch's first state is that of the disk; what was under way then is told afterwards, once."""

    async def main() -> None:
        disk = Slow(place)
        caller = Caller(commits=disk.opened.commits)
        await caller.create(CONFIG_MAPS, config_map("a"))
        disk.gate.clear()
        task = asyncio.ensure_future(caller.create(CONFIG_MAPS, config_map("b")))
        await settle()
        opening = asyncio.ensure_future(caller.watch(f"{CONFIG_MAPS}?watch=true&allowWatchBookmarks=true"))
        await settle()
        disk.gate.set()
        watch = await opening
        await task
        await settle()
        assert watch.told() == [("ADDED", "a"), ("ADDED", "b")]
        await watch.close()
        await disk.opened.aclose()

    run_virtual(main)


def test_a_full_disk_undoes_what_it_refuses(place: Path) -> None:
    """All who wait get a Status that says why, nothing has happened, watches hear nothing; with room it goes on."""

    async def main() -> None:
        disk = Slow(place)
        caller = Caller(commits=disk.opened.commits)
        await caller.create(CONFIG_MAPS, config_map("a", data={"v": "0"}))
        before, log = await caller.get(CONFIG_MAPS), caller.server.log
        revision = log.revision
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true&resourceVersion={revision}")
        disk.is_full = True
        answers = await asyncio.gather(
            caller.send("POST", CONFIG_MAPS, config_map("b")),
            caller.patch(f"{CONFIG_MAPS}/a", {"data": {"v": "1"}}),
            caller.delete(f"{CONFIG_MAPS}/a"),
            caller.send("POST", CONFIG_MAPS, config_map("a")),
            caller.get(CONFIG_MAPS),
        )
        for answer in answers:
            assert answer.status == 500
            assert answer.json["message"].endswith("undone: database or disk is full")
        assert log.revision == revision
        assert (await caller.get(CONFIG_MAPS)).body == before.body
        disk.is_full = False
        await caller.create(CONFIG_MAPS, config_map("c"))
        await settle()
        assert watch.told() == [("ADDED", "c")]
        await watch.close()
        await disk.opened.aclose()
        again = DataDirectory.open(place, in_thread=False)
        assert again.commits.restored is not None
        assert [key for key, _ in again.commits.restored.state("configmaps").items()] == [
            "default/a",
            "default/c",
        ]
        assert again.commits.restored.revision == revision + 1
        await again.aclose()

    run_virtual(main)


def test_what_follows_a_refused_batch_is_undone_with_it(place: Path) -> None:
    """Changes that were made while the refused batch was under way may build on it: they go too."""

    async def main() -> None:
        disk = Slow(place)
        caller = Caller(commits=disk.opened.commits)
        await caller.server.settle()
        revision = caller.server.revision
        disk.gate.clear()
        first = asyncio.ensure_future(caller.send("POST", CONFIG_MAPS, config_map("a")))
        await settle()
        second = asyncio.ensure_future(caller.patch(f"{CONFIG_MAPS}/a", {"data": {"v": "1"}}))
        await settle()
        disk.is_full = True
        disk.gate.set()
        assert [(await task).status for task in (first, second)] == [500, 500]
        disk.is_full = False
        assert caller.server.revision == revision
        assert (await caller.create(CONFIG_MAPS, config_map("a")))["metadata"]["resourceVersion"] == str(
            revision + 1
        )
        await disk.opened.aclose()

    run_virtual(main)


def test_an_address_of_an_undone_service_is_free_again(place: Path) -> None:
    """Those who follow changes one by one are told of an undone one as its opposite."""

    async def main() -> None:
        disk = Slow(place)
        caller = Caller(commits=disk.opened.commits)
        await caller.server.settle()
        used = dict(caller.server._writer._addresses._used)
        disk.is_full = True
        body = {"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}}
        assert (await caller.send("POST", SERVICES, body)).status == 500
        assert caller.server._writer._addresses._used == used
        disk.is_full = False
        await disk.opened.aclose()

    run_virtual(main)


def test_a_namespace_dies_in_spite_of_a_full_disk(place: Path) -> None:
    """The end of a namespace that had to be undone is begun anew, and comes when there is room."""

    async def main() -> None:
        disk = Slow(place)
        caller = Caller(commits=disk.opened.commits)
        await caller.create("/api/v1/namespaces", {"metadata": {"name": "n"}})
        await caller.create("/api/v1/namespaces/n/configmaps", config_map("a"))
        await caller.delete("/api/v1/namespaces/n")
        disk.is_full = True
        await asyncio.sleep(10)
        disk.is_full = False
        assert (await caller.get("/api/v1/namespaces/n")).status == 200
        await asyncio.sleep(10)
        assert (await caller.get("/api/v1/namespaces/n")).status == 404
        await caller.server.aclose()
        await disk.opened.aclose()

    run_virtual(main)


def test_history_goes_on_after_a_restart(place: Path) -> None:
    """A watch resumes from a version of before, exactly; a page token of before goes on; compacted is compacted."""

    async def main() -> None:
        disk = Slow(place)
        caller = Caller(commits=disk.opened.commits)
        await caller.create(CONFIG_MAPS, config_map("a"))
        middle = caller.server.revision
        await caller.create(CONFIG_MAPS, config_map("b"))
        await caller.patch(f"{CONFIG_MAPS}/a", {"data": {"v": "1"}})
        page = (await caller.get(f"{CONFIG_MAPS}?limit=1")).json
        await caller.delete(f"{CONFIG_MAPS}/b")
        listed = (await caller.get(CONFIG_MAPS)).body
        caller.server.compact(middle - 1)
        await caller.create(CONFIG_MAPS, config_map("z"))
        await caller.server.aclose()
        await disk.opened.aclose()
        opened = DataDirectory.open(place, in_thread=False)
        again = Caller(commits=opened.commits)
        assert (
            await again.get(f"{CONFIG_MAPS}?resourceVersionMatch=Exact&resourceVersion={_version(listed)}")
        ).body == listed
        watch = await again.get(f"{CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion={middle}")
        told = [json.loads(line) for line in watch.body.splitlines()]
        assert [(each["type"], each["object"]["metadata"]["name"]) for each in told] == [
            ("ADDED", "b"),
            ("MODIFIED", "a"),
            ("DELETED", "b"),
            ("ADDED", "z"),
        ]
        rest = await again.get(f"{CONFIG_MAPS}?limit=1&continue={page['metadata']['continue']}")
        assert [item["metadata"]["name"] for item in rest.json["items"]] == ["b"]
        old = await again.get(f"{CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion={middle - 2}")
        assert json.loads(old.body)["object"]["code"] == 410
        await again.server.aclose()
        await opened.aclose()

    run_virtual(main)


def _version(listed: bytes) -> Any:
    return json.loads(listed)["metadata"]["resourceVersion"]


def test_a_file_keeps_one_log(place: Path) -> None:
    """A file that holds a log takes no other."""

    async def main() -> None:
        opened = DataDirectory.open(place, in_thread=False)
        caller = Caller(commits=opened.commits)
        await caller.server.settle()
        await opened.aclose()
        again = DataDirectory.open(place, in_thread=False)
        with pytest.raises(ValueError, match="holds another log"):
            again.commits.attach(RevisionLog())
        await again.aclose()

    run_virtual(main)
