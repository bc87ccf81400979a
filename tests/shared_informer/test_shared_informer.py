"""The informer: fed by hand, and on a server in memory."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any

import pytest
from api_caller import config_map
from informer_kit import (
    Notes,
    Silent,
    SlowNotes,
    Virtual,
    added,
    deleted,
    informer_by_hand,
    modified,
    pod,
    rv,
    server_and_client,
    settle,
    until,
)

from listwatch.api.core_v1 import ConfigMap, Namespace, Pod
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import Forbidden, ListWatchError, Status
from listwatch.apimachinery.http import Request, Response
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.client.client import Client
from listwatch.reflector.failure import Failure
from listwatch.reflector.list_watch import EVERYTHING
from listwatch.reflector.machine import Policy
from listwatch.reflector.states import BackingOff, Broken, Idle, Listing, ReflectorState, Stopped, Watching
from listwatch.shared_informer.field_path import index_by_field
from listwatch.shared_informer.handlers import EventHandlers
from listwatch.shared_informer.shared_informer import SharedInformer


class Refused(Silent):
    """A collection that may not be listed."""

    async def list(self, options: ListOptions = EVERYTHING) -> ObjectList[Any]:
        raise Forbidden(Status(code=403, reason="Forbidden", message="Access Denied"), doing="list")


def test_lifecycle(virtual: Virtual) -> None:
    """61: before the start neither started nor stopped, running started, after the stop both; and again from there."""

    async def main() -> None:
        informer = informer_by_hand()
        assert (informer.has_started, informer.is_stopped) == (False, False)
        assert isinstance(informer.state, Idle)
        await informer.stop()
        for _ in range(2):
            await informer.start()
            await informer.start()
            assert (informer.has_started, informer.is_stopped) == (True, False)
            await settle()
            assert isinstance(informer.state, Listing)
            await informer.stop()
            await informer.stop()
            assert (informer.has_started, informer.is_stopped) == (True, True)
            assert isinstance(informer.state, Stopped)
        assert len(asyncio.all_tasks()) == 1

    virtual(main)


class SlowToClose(Silent):
    """A collection whose connections take a second to close."""

    async def list(self, options: ListOptions = EVERYTHING) -> ObjectList[Any]:
        try:
            return await super().list(options)
        finally:
            await asyncio.sleep(1)


def test_starting_while_it_stops(virtual: Virtual) -> None:
    """A start that comes while the stop is at it waits until watches are closed, then begins anew."""

    async def main() -> None:
        informer = SharedInformer(SlowToClose(), clock=LoopClock())
        await informer.start()
        await settle()
        stop = asyncio.ensure_future(informer.stop())
        await settle()
        await informer.start()
        await stop
        assert not informer.is_stopped
        await settle()
        assert isinstance(informer.state, Listing)
        await informer.stop()
        assert len(asyncio.all_tasks()) == 1

    virtual(main)


def test_adding_while_it_starts(virtual: Virtual) -> None:
    """51: a handler that is added at the moment of starting is told of everything once."""

    async def main() -> None:
        informer = informer_by_hand()
        notes = Notes()
        start = asyncio.ensure_future(informer.start())
        registration = informer.add_event_handler(notes)
        await start
        informer.replace([pod("a", 1)], rv(1))
        await registration.wait_synced()
        assert notes.lines == ["add a@1 initial"]
        await informer.stop()

    virtual(main)


def test_adding_while_active(virtual: Virtual) -> None:
    """65: a handler is synced when it has been told of the initial objects, a late and slow one when it has caught up;
    then both hear of the next.
    """

    async def main() -> None:
        informer = informer_by_hand()
        first, second = Notes(), SlowNotes()
        one = informer.add_event_handler(first)
        assert not one.has_synced
        async with informer:
            informer.replace([pod("pod1", 1)], rv(1))
            assert informer.has_synced
            assert not one.has_synced
            await one.wait_synced()
            two = informer.add_event_handler(second)
            await settle()
            assert not two.has_synced
            second.let()
            await two.wait_synced()
            second.let()
            informer.apply([added(pod("pod2", 2))], rv(2))
            await settle()
            assert first.lines == second.lines == ["add pod1@1 initial", "add pod2@2"]

    virtual(main)


def test_after_the_stop(virtual: Virtual) -> None:
    """59, 63: adding to a stopped informer is refused, removing from it is not; removing twice is nothing."""

    async def main() -> None:
        informer = informer_by_hand(name="pods of mine")
        async with informer:
            registration = informer.add_event_handler(Notes())
        with pytest.raises(
            ListWatchError, match=r"was not added .* pods of mine because it has stopped already"
        ):
            informer.add_event_handler(Notes())
        await informer.remove_event_handler(registration)
        await informer.remove_event_handler(registration)
        assert informer.registrations == []

    virtual(main)


def test_a_foreign_registration(virtual: Virtual) -> None:
    """57: to remove another informer's handler is nothing, for either."""

    async def main() -> None:
        mine, other = informer_by_hand(), informer_by_hand()
        notes = Notes()
        registration = other.add_event_handler(notes)
        async with other:
            await mine.remove_event_handler(registration)
            assert other.registrations == [registration]
            other.replace([pod("a", 1)], rv(1))
            await settle()
            assert notes.lines == ["add a@1 initial"]

    virtual(main)


def test_the_same_handler_twice(virtual: Virtual) -> None:
    """A handler that is added twice is told twice, and each time has its own registration."""

    async def main() -> None:
        calls: list[str] = []
        handler = EventHandlers(on_add=lambda obj: calls.append(obj.name))
        async with informer_by_hand() as informer:
            one, two = informer.add_event_handler(handler), informer.add_event_handler(handler)
            informer.replace([pod("a", 1)], rv(1))
            await settle()
            await informer.remove_event_handler(one)
            informer.apply([added(pod("b", 2))], rv(2))
            await settle()
            assert calls == ["a", "a", "b"]
            assert informer.registrations == [two]

    virtual(main)


def test_the_cache_is_first(virtual: Virtual) -> None:
    """77: when a handler is told, the cache has the whole batch, or the new list, whose deletions are told first."""

    async def main() -> None:
        seen: list[tuple[str, list[str]]] = []
        informer = informer_by_hand()

        def note(what: str) -> Any:
            return lambda obj, *_: seen.append(
                (what, sorted(str(each.resource_version) for each in informer.indexer.list()))
            )

        informer.add_event_handler(
            EventHandlers(on_add=note("add"), on_update=note("update"), on_delete=note("delete"))
        )
        async with informer:
            informer.replace([pod("a", 1), pod("b", 2), pod("c", 3)], rv(3))
            await settle()
            seen.clear()
            informer.apply([modified(pod("a", 4)), modified(pod("a", 5)), deleted(pod("b", 6))], rv(6))
            await settle()
            assert seen == [("update", ["3", "5"])] * 2 + [("delete", ["3", "5"])]
            seen.clear()
            informer.replace([pod("d", 9), pod("a", 8)], rv(9))
            await settle()
            assert seen == [("delete", ["8", "9"]), ("add", ["8", "9"]), ("update", ["8", "9"])]

    virtual(main)


def test_second_list_is_not_initial(virtual: Virtual) -> None:
    """83: what a later list adds is news, not initial; what it does not change is told to nobody."""

    async def main() -> None:
        notes = Notes()
        async with informer_by_hand() as informer:
            informer.add_event_handler(notes)
            informer.replace([pod("a", 1), pod("b", 2)], rv(2))
            informer.replace([pod("a", 1), pod("c", 3)], rv(3))
            await settle()
            assert notes.lines == ["add a@1 initial", "add b@2 initial", "delete b@2 unknown", "add c@3"]

    virtual(main)


def test_recreated_objects_can_be_told_apart(virtual: Virtual) -> None:
    """A new uid under an old name is an update, as in client-go, or a deletion and an addition, as one chooses."""

    async def main() -> None:
        for split, expected in ((False, ["update a@1->5"]), (True, ["delete a@1 unknown", "add a@5"])):
            notes = Notes()
            async with informer_by_hand(split_recreated=split) as informer:
                informer.add_event_handler(notes)
                informer.replace([pod("a", 1, uid="old")], rv(1))
                informer.replace([pod("a", 5, uid="new")], rv(5))
                await settle()
                assert notes.lines[1:] == expected

    virtual(main)


def test_handlers_cannot_corrupt(virtual: Virtual) -> None:
    """What a handler does to its objects reaches neither the cache nor a handler that comes after it."""

    async def main() -> None:
        def spoil(obj: Pod) -> None:
            obj.metadata.labels["app"] = "spoilt"

        phases: list[str] = []
        async with informer_by_hand() as informer:
            informer.add_event_handler(EventHandlers(on_add=spoil))
            informer.add_event_handler(EventHandlers(on_add=lambda obj: phases.append(obj.labels["app"])))
            informer.replace([pod("a", 1)], rv(1))
            await settle()
            assert phases == ["a"]
            assert [each.labels["app"] for each in informer.indexer.list()] == ["a"]

    virtual(main)


def upper(obj: Pod) -> Pod:
    if obj.labels["app"] == "bad":
        raise ValueError("cannot be transformed")
    obj.metadata.annotations["seen"] = obj.metadata.annotations.get("seen", "") + "once"
    return obj


def test_transform(virtual: Virtual, caplog: pytest.LogCaptureFixture) -> None:
    """55, 79: cache and handlers see what the transform made, of each state exactly once, deletions and relists
    included; where it fails, the object keeps the state it had, or is not there, and that is counted.
    """

    async def main() -> None:
        seen: list[str] = []

        def note(obj: Pod, *new: Pod) -> None:
            seen.append((new or (obj,))[-1].metadata.annotations["seen"])

        async with informer_by_hand(transform=upper) as informer:
            notes = Notes()
            informer.add_event_handler(EventHandlers(on_add=note, on_update=note, on_delete=note))
            informer.add_event_handler(notes)
            informer.replace([pod("a", 1), pod("bad", 1)], rv(1))
            informer.apply([modified(pod("a", 2)), added(pod("bad", 3)), added(pod("b", 3))], rv(3))
            informer.replace([pod("a", 4), pod("b", 3)], rv(4))
            informer.apply([deleted(pod("a", 5)), deleted(pod("bad", 6))], rv(6))
            await settle()
            assert set(seen) == {"once"}
            assert notes.lines == [
                "add a@1 initial",
                "update a@1->2",
                "add b@3",
                "update a@2->4",
                "delete a@5",
            ]
            assert informer.transform_failures == 2
            assert informer.resource_version == "6"

    virtual(main)
    assert [each.getMessage().partition(":")[0] for each in caplog.records] == ["informer pods"] * 2


def test_a_failing_transform_keeps_the_last_good_state(
    virtual: Virtual, caplog: pytest.LogCaptureFixture
) -> None:
    """81: in a batch in which one object fails, the others are told in order; the one keeps its state until it is
    deleted, also by a deletion whose last state fails.
    """

    async def main() -> None:
        def fail_from_2(obj: Pod) -> Pod:
            if obj.name == "a" and obj.resource_version != "1":
                raise ValueError(obj.name)
            return obj

        async with informer_by_hand(transform=fail_from_2) as informer:
            notes = Notes()
            informer.add_event_handler(notes)
            informer.replace([pod("a", 1)], rv(1))
            informer.apply([added(pod("b", 2)), modified(pod("a", 3)), added(pod("c", 4))], rv(4))
            assert sorted(str(each.resource_version) for each in informer.indexer.list()) == ["1", "2", "4"]
            informer.replace([pod("a", 5), pod("b", 2), pod("c", 4)], rv(5))
            informer.apply([deleted(pod("a", 6))], rv(6))
            await settle()
            assert notes.lines == ["add a@1 initial", "add b@2", "add c@4", "delete a@1 unknown"]

    virtual(main)
    assert len(caplog.records) == 3


def test_a_failing_index_function(virtual: Virtual, caplog: pytest.LogCaptureFixture) -> None:
    """81: an index function that fails on an object is logged; the object is cached and told all the same."""

    async def main() -> None:
        def fussy(obj: Pod) -> list[str]:
            return [{"a": "yes"}[obj.name]]

        async with informer_by_hand(indexers={"fussy": fussy}) as informer:
            notes = Notes()
            informer.add_event_handler(notes)
            informer.replace([pod("a", 1), pod("b", 1)], rv(1))
            await settle()
            assert len(notes.lines) == len(informer.indexer) == 2
            assert len(informer.indexer.by_index("fussy", "yes")) == 1

    virtual(main)
    assert "default/b is in the cache, but not in index fussy" in caplog.text


def test_fields(virtual: Virtual) -> None:
    """With a list of fields, the cache and the handlers have nothing else; reading works on what is left."""

    async def main() -> None:
        async with informer_by_hand(
            fields=["metadata.labels", "spec.nodeName"], indexers={"node": index_by_field("spec.nodeName")}
        ) as informer:
            informer.replace([pod("a", 1, phase="Running")], rv(1))
            kept = informer.indexer.by_index("node", "n1")[0]
            assert (kept.labels["app"], kept.status.phase or "") == ("a", "")
            assert informer.lister.get("a", namespace="default").spec.node_name == "n1"

    virtual(main)


def test_stale_events_are_counted(virtual: Virtual) -> None:
    """What is older than what is known changes nothing, and can be seen to have happened."""

    async def main() -> None:
        async with informer_by_hand() as informer:
            informer.replace([pod("a", 5)], rv(5))
            informer.apply([modified(pod("a", 4)), added(pod("z", 3))], rv(5))
            assert (len(informer.indexer), informer.stale_events) == (1, 2)

    virtual(main)


def test_freshness_by_hand(virtual: Virtual) -> None:
    """Staleness is infinite at first, zero with each proof, and grows with time; bookmarks are proof."""

    async def main() -> None:
        async with informer_by_hand() as informer:
            assert (informer.staleness, informer.resource_version) == (math.inf, "")
            informer.replace([], rv(5))
            await asyncio.sleep(30)
            assert informer.staleness == pytest.approx(30)
            wait = asyncio.ensure_future(informer.caught_up("7"))
            await settle()
            informer.bookmark(rv(8))
            await wait
            assert (informer.staleness, informer.resource_version) == (0, "8")
            assert informer.indexer.resource_version == "8"
            assert repr(informer) == "<SharedInformer pods of 0 at 8>"

    virtual(main)


def test_waiting_in_vain(virtual: Virtual) -> None:
    """Who waits for the first list or a version is told when the informer stops."""

    async def main() -> None:
        async with informer_by_hand() as informer:
            waits = [
                asyncio.ensure_future(informer.wait_synced()),
                asyncio.ensure_future(informer.caught_up("7")),
            ]
            await settle()
        for each in waits:
            with pytest.raises(ListWatchError, match="informer pods has stopped"):
                await each

    virtual(main)


def test_forbidden_is_visible(virtual: Virtual) -> None:
    """53: a list that is refused is seen at once, with its error, as a state; and the informer goes on trying."""

    async def main() -> None:
        told: list[ReflectorState] = []
        informer = SharedInformer(Refused(), clock=LoopClock(), on_state=told.append)
        with pytest.raises(ValueError, match="without resource="):
            _ = informer.lister
        async with informer:
            async for state in informer.states():
                if isinstance(state, BackingOff):
                    break
            assert state.failure is Failure.FORBIDDEN
            assert "Access Denied" in str(state.error)
            assert informer.state is told[-1]
            assert asyncio.get_running_loop().time() < 1
            assert not informer.has_synced

    virtual(main)


def test_giving_up(virtual: Virtual, caplog: pytest.LogCaptureFixture) -> None:
    """Where a policy says to give up, `run` raises what it was, and nobody waits any longer."""

    async def main() -> None:
        informer = SharedInformer(Refused(), clock=LoopClock(), policies={Failure.FORBIDDEN: Policy.GIVE_UP})
        registration = informer.add_event_handler(Notes())
        waits = [asyncio.ensure_future(each.wait_synced()) for each in (informer, registration)]
        with pytest.raises(Forbidden):
            await informer.run()
        for each in waits:
            with pytest.raises(ListWatchError, match="has given up") as info:
                await each
            assert isinstance(info.value.__cause__, Forbidden)
        assert repr(registration).endswith("depth=0 failures=0>")
        assert isinstance(informer.state, Broken)
        assert informer.is_stopped

    with caplog.at_level(logging.ERROR):
        virtual(main)
    assert "has given up" in caplog.text


def test_run_ends_with_its_task_or_a_stop(virtual: Virtual) -> None:
    """`run` goes on until it is cancelled, or somebody stops the informer."""

    async def main() -> None:
        informer = informer_by_hand()
        run = asyncio.ensure_future(informer.run())
        await settle()
        await informer.stop()
        await run
        run = asyncio.ensure_future(informer.run())
        await settle()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert informer.is_stopped
        assert len(asyncio.all_tasks()) == 1

    virtual(main)


def test_several_sources_by_hand(virtual: Virtual) -> None:
    """Several sources make one cache: synced when all have listed, as fresh and as well as the worst of them."""

    async def main() -> None:
        informer: SharedInformer[Pod] = SharedInformer(
            [Silent(), Silent()], resource=Pod.resource, clock=LoopClock()
        )
        notes = Notes()
        registration = informer.add_event_handler(notes)
        async with informer:
            one, two = informer._stores
            one.replace([pod("a", 1), pod("both", 2)], rv(5))
            late = Notes()
            informer.add_event_handler(late)
            await settle()
            assert not informer.has_synced
            assert not registration.has_synced
            two.replace([pod("both", 2), pod("b", 3)], rv(7))
            await registration.wait_synced()
            assert notes.lines == ["add a@1 initial", "add both@2 initial", "add b@3 initial"]
            assert late.lines == notes.lines
            assert informer.resource_version == "5"
            one.bookmark(rv(9))
            assert informer.resource_version == "7"
            one.replace([], rv(10))
            await settle()
            assert notes.lines[3:] == ["delete a@1 unknown"]
            two.apply([deleted(pod("both", 11))], rv(11))
            await two.ready()
            await settle()
            assert notes.known == {"b": "3"}

    virtual(main)
    with pytest.raises(ValueError, match="at least one"):
        SharedInformer([])


# On a server


def test_from_client(virtual: Virtual) -> None:
    """The cache follows the server; what was written can be read back as soon as the cache has caught up."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            maps = client.resource(ConfigMap, namespace="default")
            await maps.create(config_map("a"))
            notes = Notes()
            informer = SharedInformer.from_client(client, ConfigMap, namespace="default", clock=LoopClock())
            informer.add_event_handler(notes)
            async with informer:
                await informer.wait_synced()
                written = await maps.create(config_map("b", data={"k": "v"}))
                await informer.caught_up(written.resource_version, timeout=5)
                assert informer.lister.get("b", namespace="default").data == {"k": "v"}
                await maps.delete("a")
                await until(lambda: len(informer.indexer) == 1)
                assert isinstance(informer.state, Watching)
                assert [each.partition("@")[0] for each in notes.lines] == ["add a", "add b", "delete a"]
                await asyncio.sleep(3600)
                assert informer.staleness < 70
            assert len(informer.indexer) == 1

    virtual(main)


def test_stopped_and_started_again(virtual: Virtual) -> None:
    """An informer goes on where it stopped: handlers are told the differences, once, and nothing twice."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            maps = client.resource(ConfigMap, namespace="default")
            for name in ("stays", "goes"):
                await maps.create(config_map(name))
            notes = Notes()
            informer = SharedInformer.from_client(client, ConfigMap, namespace="default", clock=LoopClock())
            registration = informer.add_event_handler(notes)
            async with informer:
                await registration.wait_synced()
            assert len(notes.lines) == 2
            await maps.delete("goes")
            await maps.create(config_map("comes"))
            await asyncio.sleep(100)
            assert (len(notes.lines), len(informer.indexer)) == (2, 2)
            async with informer:
                await until(lambda: len(notes.lines) == 4)
                await asyncio.sleep(100)
            assert [each.partition("@")[0] for each in notes.lines[2:]] == ["delete goes", "add comes"]
            assert sorted(notes.known) == ["comes", "stays"]

    virtual(main)


def test_several_namespaces_and_selectors(virtual: Virtual) -> None:
    """Several namespaces and overlapping selectors under one handle: each object once, while any selector has it."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            for namespace in ("one", "two", "three"):
                await client.resource(Namespace).create({"metadata": {"name": namespace}})
            maps = {n: client.resource(ConfigMap, namespace=n) for n in ("one", "two", "three")}
            for namespace, labels in (
                ("one", {"app": "web"}),
                ("two", {"tier": "front", "app": "web"}),
                ("two", {"tier": "back"}),
                ("three", {"app": "web"}),
            ):
                name = "-".join((namespace, *sorted(labels.values())))
                await maps[namespace].create(config_map(name, labels=labels))
            informer = SharedInformer.from_client(
                client,
                ConfigMap,
                namespace=["one", "two"],
                label_selector=["app=web", "tier=front", "app=web"],
                clock=LoopClock(),
            )
            notes = Notes()
            informer.add_event_handler(notes)
            async with informer:
                assert len(informer.reflectors) == 4
                await informer.wait_synced()
                assert sorted(each.name for each in informer.indexer.list()) == ["one-web", "two-front-web"]
                await maps["two"].patch("two-front-web", {"metadata": {"labels": {"app": "other"}}})
                await maps["one"].patch("one-web", {"metadata": {"labels": {"app": "other"}}})
                await asyncio.sleep(1)
                assert [each.name for each in informer.indexer.list()] == ["two-front-web"]
                assert informer.indexer.list()[0].labels["app"] == "other"
                await maps["two"].delete("two-front-web")
                await asyncio.sleep(1)
                assert len(informer.indexer) == 0
                assert notes.known == {}
                assert all(isinstance(each, Watching) for each in informer.source_states)

    virtual(main)


@pytest.mark.parametrize(
    ("namespace", "labels", "sources"),
    [(["", "default"], "", 1), (None, ["", "app=web"], 1), (["a", "b", "a"], ["x", "y"], 4)],
)
def test_needless_sources_are_left_out(virtual: Virtual, namespace: Any, labels: Any, sources: int) -> None:
    """All namespaces make single ones needless, and no selector makes selectors needless."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            informer = SharedInformer.from_client(client, Pod, namespace=namespace, label_selector=labels)
            assert len(informer.reflectors) == sources
            nodes = SharedInformer.from_client(client, Namespace, namespace=["a", "b"])
            assert len(nodes.reflectors) == 1
            with pytest.raises(ValueError, match="selects nothing"):
                SharedInformer.from_client(client, Pod, namespace=[])

    virtual(main)


@pytest.mark.parametrize("watch_list", [None, False])
def test_metadata_only(virtual: Virtual, watch_list: bool | None) -> None:
    """Metadata alone comes from the server, for lists, streamed or not, and watches."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            maps = client.resource(ConfigMap, namespace="default")
            await maps.create(config_map("a", data={"big": "x" * 1000}, labels={"app": "a"}))
            informer = SharedInformer.from_client(
                client,
                ConfigMap,
                namespace="default",
                metadata_only=True,
                watch_list=watch_list,
                clock=LoopClock(),
            )
            async with informer:
                await informer.wait_synced()
                await maps.create(config_map("b", data={"big": "x" * 1000}))
                await until(lambda: len(informer.indexer) == 2)
                found = informer.lister.list(label_selector="app=a")
                assert [each.name for each in found] == ["a"]
                assert isinstance(found[0], PartialObjectMetadata)
                assert all(b"xxx" not in each.to_json() for each in informer.indexer.list())

    virtual(main)


CRON_TABS = Resource("stable.example.com", "v1", "crontabs")


def test_a_kind_that_comes_later(virtual: Virtual) -> None:
    """An informer for a kind that the server does not have waits, says so, and syncs when the kind is there."""

    async def main() -> None:
        is_served = False

        async def serve(request: Request) -> Response:
            """The server, which after a while has a new collection: another name of its config maps."""
            if is_served:
                request.target = request.target.replace("/apis/stable.example.com/v1/", "/api/v1/")
                request.target = request.target.replace("crontabs", "configmaps")
            return await server.handle(request)

        async with server_and_client() as (server, maker):
            client = Client(maker.config, transport=serve, clock=LoopClock())
            informer = SharedInformer.from_client(client, CRON_TABS, namespace="default", clock=LoopClock())
            async with client, informer:
                await asyncio.sleep(120)
                assert isinstance(informer.state, BackingOff)
                assert informer.state.failure is Failure.NOT_FOUND
                is_served = True
                await informer.wait_synced()
                await maker.resource(ConfigMap, namespace="default").create(config_map("c", data={"k": "v"}))
                await until(lambda: len(informer.indexer) == 1)
                found = informer.lister.get("c", namespace="default")
                assert isinstance(found, Unstructured)
                assert found["data"] == {"k": "v"}

    virtual(main)
