"""Definitions of custom resources: from their creation to the end of all that they made."""

from __future__ import annotations

import asyncio
from typing import Any

from api_caller import Caller
from custom_widgets import DEFINITIONS, WIDGETS, definition, root, version, widget
from virtual_time import run_virtual

from listwatch.apiserver.verbs.definitions import Definitions

NAME = f"{DEFINITIONS}/widgets.example.com"


def conditions(answer: Any) -> dict[str, tuple[str, str]]:
    """Status and reason of each condition."""
    return {each["type"]: (each["status"], each["reason"]) for each in answer["status"]["conditions"]}


async def defined(*versions: dict[str, Any], **more: Any) -> Caller:
    """A caller of a server that has a definition and has been asked something of it."""
    caller = Caller()
    await caller.create(DEFINITIONS, definition(*versions, **more))
    await caller.get(WIDGETS)
    return caller


def test_a_definition_is_named_and_established_after_it_was_answered() -> None:
    """The create shows no conditions, the next request all; a watcher is told of each step."""

    async def main() -> None:
        caller = Caller()
        watch = await caller.watch(f"{DEFINITIONS}?watch=true")
        created = await caller.create(DEFINITIONS, definition())
        assert created["status"]["conditions"] is None
        assert created["spec"]["names"]["listKind"] == "WidgetList"
        read = (await caller.get(NAME)).json
        assert conditions(read) == {
            "NamesAccepted": ("True", "NoConflicts"),
            "Established": ("True", "InitialNamesAccepted"),
        }
        assert read["status"]["acceptedNames"]["singular"] == "widget"
        await watch.settle()
        assert [type_ for type_, _ in watch.told()] == ["ADDED", "MODIFIED", "MODIFIED"]
        await watch.close()

    run_virtual(main)


def test_a_name_that_another_has_is_not_accepted_until_it_is_free() -> None:
    """The second definition of a kind waits; when the first is gone, it is established."""

    async def main() -> None:
        caller = await defined()
        await caller.create(DEFINITIONS, definition(plural="wodgets", kind="Widget"))
        second = f"{DEFINITIONS}/wodgets.example.com"
        read = (await caller.get(second)).json
        assert conditions(read)["NamesAccepted"] == ("False", "ListKindConflict")
        assert conditions(read)["Established"] == ("False", "NotAccepted")
        assert (await caller.get(WIDGETS.replace("widgets", "wodgets"))).status == 404
        await caller.delete(NAME)
        assert conditions((await caller.get(second)).json)["Established"][0] == "True"

    run_virtual(main)


def test_the_objects_of_a_deleted_definition_go_with_it() -> None:
    """Its objects are deleted, their watch tells it and ends, the path is unknown, the definition is gone."""

    async def main() -> None:
        caller = await defined()
        await caller.create(WIDGETS, widget("w"))
        watch = await caller.watch(f"{WIDGETS}?watch=true")
        deleted = (await caller.delete(NAME)).json
        assert deleted["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
        assert conditions(deleted)["Terminating"] == ("True", "InstanceDeletionPending")
        assert (await caller.get(NAME)).status == 404
        await watch.settle()
        assert watch.told() == [("ADDED", "w"), ("DELETED", "w")]
        assert watch.has_ended
        assert (await caller.get(WIDGETS)).body == b"404 page not found\n"

    run_virtual(main)


def test_a_definition_waits_for_objects_that_are_held() -> None:
    """While an object has finalizers the definition stays Terminating, and nothing new can be made."""

    async def main() -> None:
        caller = await defined()
        held = widget("w")
        held["metadata"]["finalizers"] = ["example.com/hold"]
        await caller.create(WIDGETS, held)
        await caller.delete(NAME)
        read = (await caller.get(NAME)).json
        assert conditions(read)["Terminating"] == ("True", "InstanceDeletionInProgress")
        refused = await caller.send("POST", WIDGETS, widget("x"))
        assert refused.status == 405
        await caller.patch(f"{WIDGETS}/w", {"metadata": {"finalizers": None}})
        assert (await caller.get(NAME)).status == 404

    run_virtual(main)


def test_a_changed_definition_ends_watches_and_serves_its_new_versions() -> None:
    """A version that is no longer served is not found; discovery follows at once."""

    async def main() -> None:
        caller = await defined(version("v1"), version("v2", storage=False))
        watch = await caller.watch(f"{WIDGETS}?watch=true")
        found = (await caller.get("/apis/example.com")).json
        assert [each["version"] for each in found["versions"]] == ["v2", "v1"]
        changed = definition(version("v1"), version("v2", storage=False, served=False))
        await caller.patch(NAME, {"spec": changed["spec"]})
        await watch.settle()
        assert watch.has_ended
        assert (await caller.get(WIDGETS.replace("v1", "v2"))).status == 404
        assert (await caller.get(WIDGETS)).status == 200

    run_virtual(main)


def test_a_watch_that_comes_first_is_asked_to_come_again() -> None:
    """The real server begins to read what there is when the first request comes; a watch has to wait for it."""

    async def main() -> None:
        caller = Caller()
        await caller.create(DEFINITIONS, definition())
        first = await caller.get(f"{WIDGETS}?watch=true")
        assert (first.status, first.headers["Retry-After"]) == (429, "1")
        second = await caller.watch(f"{WIDGETS}?watch=true")
        assert second.status == 200
        await second.close()

    run_virtual(main)


def test_a_restart_serves_what_the_log_has() -> None:
    """A server made of another's log knows its definitions and their objects, without a request in between."""

    async def main() -> None:
        caller = await defined()
        await caller.create(WIDGETS, widget("w"))
        again = Caller(log=caller.server.log.fork())
        assert (await again.get(f"{WIDGETS}/w")).json["spec"] == {"size": 3, "color": "red"}
        watch = await again.watch(f"{WIDGETS}?watch=true")
        assert watch.status == 200
        await watch.close()

    run_virtual(main)


def test_a_namespace_takes_its_custom_objects_with_it() -> None:
    """Deleting a namespace deletes custom objects as all others."""

    async def main() -> None:
        caller = await defined()
        await caller.create("/api/v1/namespaces", {"metadata": {"name": "n"}})
        there = WIDGETS.replace("default", "n")
        await caller.create(there, widget("w"))
        await caller.delete("/api/v1/namespaces/n")
        await asyncio.sleep(5)
        assert (await caller.get("/api/v1/namespaces/n")).status == 404
        assert (await caller.get(there)).json["items"] == []

    run_virtual(main)


def test_settling_without_a_change_does_nothing() -> None:
    """Requests are not slowed down by definitions that do not change."""

    async def main() -> None:
        caller = await defined(schema_less())
        revision = caller.server.revision
        await caller.get(NAME)
        assert caller.server.revision == revision
        assert Definitions.settle.__doc__ is not None

    run_virtual(main)


def schema_less() -> dict[str, Any]:
    """A version whose objects may hold anything."""
    return version(schema={**root(), "x-kubernetes-preserve-unknown-fields": True})


def test_a_restart_goes_on_with_what_had_begun() -> None:
    """A definition that waited for its objects still waits, and goes when they do."""

    async def main() -> None:
        caller = await defined()
        held = widget("w")
        held["metadata"]["finalizers"] = ["example.com/hold"]
        await caller.create(WIDGETS, held)
        await caller.delete(NAME)
        await caller.get(NAME)
        again = Caller(log=caller.server.log.fork())
        assert (await again.get(f"{WIDGETS}/w")).status == 200
        await again.patch(f"{WIDGETS}/w", {"metadata": {"finalizers": None}})
        assert (await again.get(NAME)).status == 404

    run_virtual(main)
