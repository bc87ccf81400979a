"""The server against a list of all changes: random writes, lists, pages, watches, compactions and restarts.

`make soak-server` plays longer games with fresh seeds.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from api_caller import Answer, Caller
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from server_model import CORDONED, EVERYTHING, SELECTIONS, Chosen, Key, Model, Object
from server_watcher import Watcher, bare, settle
from virtual_time import VirtualTimeLoop

from listwatch.apimachinery.clock import LoopClock
from listwatch.apiserver.storage.data_directory import DataDirectory

T = TypeVar("T")
NAMESPACES = ("default", "kube-system")
SCOPES = (("configmaps", ""), ("configmaps", "default"), ("configmaps", "kube-system"), ("nodes", ""))
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
WHOLE_NUMBERS = st.integers(0, 10**6)
ENDLESS = 1e7
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
FINALIZER = "example.com/held"
WHERE = [
    *(("configmaps", (namespace, name)) for namespace in NAMESPACES for name in ("n0", "n1", "n-2")),
    *(("nodes", ("", name)) for name in ("n0", "n1", "n.2")),
]
KEYS = st.sampled_from(WHERE)
LABELS = st.sampled_from(({}, {"app": "x"}, {"app": "y"}, {"app": "y", "tier": "t"}))


def collection(resource: str, namespace: str) -> str:
    """The path of a collection."""
    return f"/api/v1/namespaces/{namespace}/{resource}" if namespace else f"/api/v1/{resource}"


class Pages:
    """A list that is read page by page."""

    def __init__(self, scope: tuple[str, str], chosen: Chosen, revision: int, left: list[Object]) -> None:
        self.scope = scope
        self.chosen = chosen
        self.revision = revision
        self.left = left
        self.last: Key = ("", "")
        self.token = ""


class HistoryMachine(RuleBasedStateMachine):
    """One server in memory, from its first change to its last, through any number of restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualTimeLoop()
        self.watchers: list[Watcher] = []
        self.pages: list[Pages] = []
        self.history = 0
        self.clock = LoopClock()  # goes on through restarts
        self.steps = 0

    @initialize(history=st.sampled_from((12, 100_000)))
    def begin(self, history: int) -> None:
        """A new cluster."""
        self.history = history
        self.run(self.begin_server())
        self.model = Model(self.caller.server.revision, self.caller.server.log.floor)

    async def begin_server(self) -> None:
        """A new server."""
        self.caller = Caller(**self.options(), history_limit=self.history)

    def options(self) -> dict[str, Any]:
        """How servers are made."""
        return {"clock": self.clock, "chance": random.Random(1), "minimum_watch_seconds": ENDLESS}

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Do something, and see that all who watch are told of it."""
        return self.loop.run_until_complete(self._run(what))

    async def _run(self, what: Coroutine[Any, Any, T]) -> T:
        self.steps += 1
        result = await what
        if hasattr(self, "model"):
            await settle()
            self.sync_floor()
            for watcher in self.watchers:
                if watcher.is_eager:
                    await watcher.follow()
            self.watchers = [watcher for watcher in self.watchers if not watcher.is_over]
        return result

    def sync_floor(self) -> None:
        """The log may forget by itself, but not too much."""
        log = self.caller.server.log
        assert log.revision == self.model.head
        if log.floor != self.model.floor:
            assert log.floor > self.model.floor
            assert log.revision - log.floor >= self.history, "forgot more than it may"
            self.model.floor = log.floor
        retained = log.track("configmaps").changes, log.track("nodes").changes
        assert sum(map(len, retained)) <= self.history + 16

    # Writes

    @rule(where=KEYS, labels=LABELS, number=st.integers(0, 3), holds=st.booleans())
    def create(self, where: tuple[str, Key], labels: dict[str, str], number: int, holds: bool) -> None:
        """Make an object."""
        self.run(self._create(where, labels, number, holds))

    async def _create(self, where: tuple[str, Key], labels: dict[str, str], number: int, holds: bool) -> None:
        resource, key = where
        body = {
            "metadata": {"name": key[1], "labels": labels, "finalizers": [FINALIZER] if holds else []},
            **self.content(resource, number),
        }
        answer = await self.caller.send("POST", collection(resource, key[0]), body)
        if key in self.model.state(resource):
            assert answer.status == 409
            return
        assert answer.status == 201
        assert answer.json["metadata"].get("labels", {}) == labels
        self.model.add("ADDED", resource, key, answer.json)

    @rule(namespace=st.sampled_from(("default", "kube-system", "")), labels=LABELS, number=st.integers(0, 3))
    def create_some(self, namespace: str, labels: dict[str, str], number: int) -> None:
        """Make all the objects of a namespace that are not there."""
        for resource, key in WHERE:
            if key[0] == namespace and key not in self.model.state(resource):
                self.run(self._create((resource, key), labels, number, holds=False))

    def content(self, resource: str, number: int) -> Object:
        """What an object of a resource can be about."""
        if resource == "nodes":
            return {"spec": {"unschedulable": bool(number % 2)}}
        return {"data": {"v": str(number)}}

    @rule(
        where=KEYS,
        labels=LABELS,
        number=st.integers(0, 3),
        way=st.sampled_from(("put", "merge", "json", "stale")),
    )
    def change(self, where: tuple[str, Key], labels: dict[str, str], number: int, way: str) -> None:
        """Give an object other labels and another content; or try to, on an old version."""
        self.run(self._change(where, labels, number, way))

    async def _change(self, where: tuple[str, Key], labels: dict[str, str], number: int, way: str) -> None:
        resource, key = where
        old = self.model.state(resource).get(key)
        path = f"{collection(resource, key[0])}/{key[1]}"
        content = self.content(resource, number)
        if old is None:
            assert (await self.caller.patch(path, {})).status == 404
            return
        if way == "merge":
            fixed = {**dict.fromkeys(old["metadata"].get("labels", {})), **labels}
            answer = await self.caller.patch(path, {"metadata": {"labels": fixed}, **content})
        elif way == "json":
            steps = [{"op": "add", "path": "/metadata/labels", "value": labels}]
            steps += [{"op": "add", "path": f"/{name}", "value": value} for name, value in content.items()]
            answer = await self.caller.patch(path, steps, "json-patch+json")
        else:
            metadata = {**old["metadata"], "labels": labels}
            if way == "stale":
                metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) - 1)
            answer = await self.caller.send("PUT", path, {**old, **content, "metadata": metadata})
        if way == "stale":
            assert answer.status == 409
            return
        assert answer.status == 200, answer.json
        new = answer.json
        assert new["metadata"].get("labels", {}) == labels
        if new != old:
            self.model.add("MODIFIED", resource, key, new)

    @rule(where=KEYS, is_stale=st.booleans())
    def delete(self, where: tuple[str, Key], is_stale: bool) -> None:
        """Delete an object; one that is held stays, marked."""
        self.run(self._delete(where, is_stale))

    async def _delete(self, where: tuple[str, Key], is_stale: bool) -> None:
        resource, key = where
        old = self.model.state(resource).get(key)
        body = {"preconditions": {"resourceVersion": "1"}} if is_stale else None
        answer = await self.caller.delete(f"{collection(resource, key[0])}/{key[1]}", body)
        if old is None:
            assert answer.status == 404
        elif is_stale:
            assert answer.status == 409
        else:
            assert answer.status == 200
            await self._deleted(resource, key, old)

    async def _deleted(self, resource: str, key: Key, old: Object) -> None:
        """Note what a deletion has done."""
        if not old["metadata"].get("finalizers"):
            self.model.remove(resource, key)
        elif "deletionTimestamp" not in old["metadata"]:
            marked = (await self.caller.get(f"{collection(resource, key[0])}/{key[1]}")).json
            assert marked["metadata"]["deletionTimestamp"]
            self.model.add("MODIFIED", resource, key, marked)

    @precondition(lambda self: len(self.model.state("configmaps")) > 2)
    @rule(scope=st.sampled_from(SCOPES[1:]), chosen=st.sampled_from(SELECTIONS))
    def delete_many(self, scope: tuple[str, str], chosen: Chosen) -> None:
        """Delete a collection, or part of it."""
        self.run(self._delete_many(scope, chosen))

    async def _delete_many(self, scope: tuple[str, str], chosen: Chosen) -> None:
        state = self.model.state(scope[0])
        answer = await self.caller.delete(f"{collection(*scope)}?{chosen.query}")
        assert answer.status == 200
        for key, old in state.items():
            if scope[1] in {"", key[0]} and chosen.holds(old):
                await self._deleted(scope[0], key, old)

    @rule(where=KEYS)
    def release(self, where: tuple[str, Key]) -> None:
        """Take what holds an object; it goes, if it was waiting for that."""
        self.run(self._release(where))

    async def _release(self, where: tuple[str, Key]) -> None:
        resource, key = where
        old = self.model.state(resource).get(key)
        path = f"{collection(resource, key[0])}/{key[1]}"
        answer = await self.caller.patch(path, {"metadata": {"finalizers": None}})
        if old is None:
            assert answer.status == 404
        elif not old["metadata"].get("finalizers"):
            assert answer.json == old
        elif "deletionTimestamp" in old["metadata"]:
            self.model.remove(resource, key)
        else:
            self.model.add("MODIFIED", resource, key, answer.json)

    # Reads

    @rule(where=KEYS)
    def get(self, where: tuple[str, Key]) -> None:
        """One object."""
        resource, key = where
        answer = self.run(self.caller.get(f"{collection(resource, key[0])}/{key[1]}"))
        wanted = self.model.state(resource).get(key)
        assert (answer.json if answer.status == 200 else None) == wanted

    @rule(
        scope=st.sampled_from(SCOPES),
        chosen=st.sampled_from(SELECTIONS),
        match=st.sampled_from(("", "Exact", "NotOlderThan")),
        back=st.integers(-2, 40),
        metadata_only=st.booleans(),
    )
    def list_all(
        self, scope: tuple[str, str], chosen: Chosen, match: str, back: int, metadata_only: bool
    ) -> None:
        """A list of now, of exactly then, or of then and not before."""
        version = max(self.model.head - back, 1)
        query = (
            f"resourceVersionMatch={match}&resourceVersion={version}&{chosen.query}"
            if match
            else chosen.query
        )
        accept = {"accept": METADATA_ONLY} if metadata_only else {}
        answer = self.run(self.caller.get(f"{collection(*scope)}?{query}", **accept))
        if match and version > self.model.head:
            assert answer.status == 504
        elif match == "Exact" and version < self.model.floor:
            assert answer.status == 410
        else:
            shown = version if match == "Exact" else self.model.head
            assert answer.json["metadata"] == {"resourceVersion": str(shown)}
            wanted = self.model.listed(*scope, chosen, shown)
            self.compare(answer, wanted, metadata_only=metadata_only)

    def compare(self, answer: Answer, wanted: list[Object], *, metadata_only: bool = False) -> None:
        """The items of a list."""
        assert answer.status == 200, answer.json
        found = [bare(item, metadata_only=metadata_only) for item in answer.json["items"]]
        assert found == [bare(obj, metadata_only=metadata_only) for obj in wanted]

    @rule(scope=st.sampled_from(SCOPES), chosen=st.sampled_from(SELECTIONS), limit=st.integers(1, 4))
    def first_page(self, scope: tuple[str, str], chosen: Chosen, limit: int) -> None:
        """Begin to read a list page by page."""
        pages = Pages(scope, chosen, self.model.head, self.model.listed(*scope, chosen))
        answer = self.run(self.caller.get(f"{collection(*scope)}?limit={limit}&{chosen.query}"))
        self.turn(pages, answer, limit)

    @precondition(lambda self: self.pages)
    @rule(which=WHOLE_NUMBERS, limit=st.integers(1, 4))
    def next_page(self, which: int, limit: int) -> None:
        """Go on, whatever has happened since."""
        pages = self.pages.pop(which % len(self.pages))
        path = f"{collection(*pages.scope)}?limit={limit}&{pages.chosen.query}&continue="
        answer = self.run(self.caller.get(path + pages.token))
        if 0 < pages.revision < self.model.floor:
            assert answer.status == 410
            answer = self.run(self.caller.get(path + answer.json["metadata"]["continue"]))
            pages.revision = -1
        if pages.revision == -1:  # no snapshot any more: what comes is of now
            pages.revision = self.model.head
            listed = self.model.listed(*pages.scope, pages.chosen)
            pages.left = [obj for obj in listed if self.key(obj) > pages.last]
        self.turn(pages, answer, limit)

    @staticmethod
    def key(obj: Object) -> Key:
        """Where an object stands."""
        return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]

    def turn(self, pages: Pages, answer: Answer, limit: int) -> None:
        """Compare a page, and keep the place if there are more."""
        page, pages.left = pages.left[:limit], pages.left[limit:]
        self.compare(answer, page)
        metadata = answer.json["metadata"]
        assert metadata["resourceVersion"] == str(pages.revision)
        if page:
            pages.last = self.key(page[-1])
        pages.token = metadata.get("continue", "")
        if pages.left:
            assert pages.token
        if pages.chosen is EVERYTHING:
            assert metadata.get("remainingItemCount", 0) == len(pages.left)
            assert bool(pages.token) == bool(pages.left)
        if pages.token:
            self.pages.append(pages)

    # Watches

    @rule(
        scope=st.sampled_from(SCOPES),
        chosen=st.sampled_from((*SELECTIONS, CORDONED)),
        back=st.sampled_from((None, None, -3, -1, 0, 0, 1, 3, 8, 30)),
        options=st.sets(st.sampled_from(("bookmarks", "metadata", "eager", "initial", "short"))),
    )
    def watch(self, scope: tuple[str, str], chosen: Chosen, back: int | None, options: set[str]) -> None:
        """Begin to watch: from some version, or with the state."""
        if chosen is CORDONED:
            scope = ("nodes", "")
        self.run(self._watch(scope, chosen, back, options))

    async def _watch(
        self, scope: tuple[str, str], chosen: Chosen, back: int | None, options: set[str]
    ) -> None:
        is_initial = "initial" in options
        has_bookmarks = "bookmarks" in options or is_initial
        version = None if back is None or is_initial else max(self.model.head - back, 1)
        query = f"watch=true&{chosen.query}&allowWatchBookmarks={str(has_bookmarks).lower()}"
        if is_initial:
            query += "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        elif version is not None:
            query += f"&resourceVersion={version}"
        seconds = 90 if "short" in options else ENDLESS
        if "short" in options:
            query += "&timeoutSeconds=90"
        accept = {"accept": METADATA_ONLY} if "metadata" in options else {}
        answer = await self.caller.open("GET", f"{collection(*scope)}?{query}", **accept)
        assert answer.status == 200
        self.watchers.append(
            Watcher(
                self.model,
                answer,
                scope=scope,
                chosen=chosen,
                version=version,
                ends_initial=is_initial,
                has_bookmarks=has_bookmarks,
                metadata_only="metadata" in options,
                ends_at=self.loop.time() + seconds,
                is_eager="eager" in options,
            )
        )

    @precondition(lambda self: self.watchers)
    @rule(which=WHOLE_NUMBERS)
    def read(self, which: int) -> None:
        """Somebody reads what has heaped up."""
        self.run(self.watchers[which % len(self.watchers)].follow())

    @precondition(lambda self: self.watchers)
    @rule(which=WHOLE_NUMBERS)
    def leave(self, which: int) -> None:
        """Somebody goes away."""
        self.run(self.watchers.pop(which % len(self.watchers)).close())

    @precondition(lambda self: self.watchers)
    @rule()
    def wait(self) -> None:
        """A minute passes: who reads and wants bookmarks has got one."""
        before = [(each, each.bookmarks) for each in self.watchers if each.awaits_bookmarks]
        self.run(self._wait())
        for watcher, count in before:
            assert watcher.bookmarks > count

    async def _wait(self) -> None:
        await settle()
        await asyncio.sleep(61)

    # History

    @rule(share=st.floats(0, 1))
    def compact(self, share: float) -> None:
        """Forget a part of the history."""
        model = self.model
        floor = model.floor + round(share * (model.head - model.floor))
        self.caller.server.compact(floor)
        model.floor = max(model.floor, floor)
        self.run(settle())

    @precondition(lambda self: self.steps > 12)  # or nobody would ever watch for long
    @rule(forgets=st.booleans())
    def restart(self, forgets: bool) -> None:
        """Another server goes on where this one was; perhaps it does not remember how it came there."""
        self.steps = 0
        self.run(self._leave())
        self.run(self.next_server())
        if forgets:
            self.caller.server.compact()
            self.model.floor = self.model.head

    async def _leave(self) -> None:
        for watcher in self.watchers:
            await watcher.close()
        self.watchers = []
        await self.caller.server.aclose()

    async def next_server(self) -> None:
        """Another server on the same state."""
        self.caller = Caller(**self.options(), log=self.caller.server.log.fork())

    def teardown(self) -> None:
        """Leave nothing behind."""
        try:
            for watcher in self.watchers:
                self.run(watcher.follow())
            self.loop.run_until_complete(self._leave())
        finally:
            try:
                self.end()
                self.loop.run_until_complete(self._cancel_all())
            finally:
                self.loop.close()

    @staticmethod
    async def _cancel_all() -> None:
        """After a failure there may be tasks of which nobody knows any more."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def end(self) -> None:
        """The last server is gone."""


class DurableMachine(HistoryMachine):
    """The same on a disk, which may be full; a restart reads what is there."""

    async def begin_server(self) -> None:
        """A new directory."""
        self._folder = tempfile.TemporaryDirectory()
        self._open()
        await self.caller.server.settle()

    def _open(self) -> None:
        self.directory = DataDirectory.open(
            Path(self._folder.name), synchronous="off", history_limit=self.history, in_thread=False
        )
        self.caller = Caller(**self.options(), history_limit=self.history, commits=self.directory.commits)

    async def next_server(self) -> None:
        """Another server reads what is on the disk."""
        await self.directory.aclose()
        self._open()
        await self.caller.server.settle()

    @rule(where=KEYS)
    def find_the_disk_full(self, where: tuple[str, Key]) -> None:
        """A change that does not fit is refused, and has not happened."""
        self.run(self._find_the_disk_full(where))

    async def _find_the_disk_full(self, where: tuple[str, Key]) -> None:
        resource, key = where
        connection = self.directory._file._connection
        connection.execute("PRAGMA max_page_count=1")  # not below what there is
        body = {"metadata": {"name": key[1], "annotations": {"big": "x" * 40_000}}}
        answer = await self.caller.send("POST", collection(resource, key[0]), body)
        assert answer.status == (409 if key in self.model.state(resource) else 500)
        connection.execute("PRAGMA max_page_count=1073741823")

    def end(self) -> None:
        """The last server is gone."""
        self.loop.run_until_complete(self.directory.aclose())
        self._folder.cleanup()


def play(machine: type[RuleBasedStateMachine], *, games: int, steps: int) -> None:
    """Play games of some steps each."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    chosen = settings(
        max_examples=games,
        stateful_step_count=steps,
        suppress_health_check=checks,
        deadline=None,
        phases=PHASES,
    )
    run_state_machine_as_test(machine, settings=chosen)  # type: ignore[no-untyped-call]


def test_the_server_says_what_the_list_of_changes_says() -> None:
    """Whatever is written, read, forgotten and restarted: nothing is lost, repeated, early, late or out of order."""
    play(HistoryMachine, games=80, steps=50)


def test_the_server_on_disk_says_what_the_list_of_changes_says() -> None:
    """The same where each restart reads the disk, and the disk may be full."""
    play(DurableMachine, games=40, steps=50)
