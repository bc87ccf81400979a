"""Namespaces: seeded, required, and ended properly."""

from __future__ import annotations

import asyncio

from api_caller import Caller, config_map, pod
from virtual_time import run_virtual

NAMESPACES = "/api/v1/namespaces"


def test_a_new_cluster_has_its_namespaces_and_its_own_service() -> None:
    """What every cluster has is there from the first request on."""

    async def main() -> None:
        caller = Caller()
        found = (await caller.get(NAMESPACES)).json["items"]
        assert [item["metadata"]["name"] for item in found] == [
            "default",
            "kube-node-lease",
            "kube-public",
            "kube-system",
        ]
        for item in found:
            assert item["metadata"]["labels"] == {"kubernetes.io/metadata.name": item["metadata"]["name"]}
            assert (item["spec"], item["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})
        service = (await caller.get(f"{NAMESPACES}/default/services/kubernetes")).json
        assert service["spec"]["clusterIP"] == "10.0.0.1"

    run_virtual(main)


def test_nothing_is_made_where_there_is_no_namespace() -> None:
    """A create in a namespace that does not exist is a 404 that names the namespace."""

    async def main() -> None:
        answer = await Caller().send("POST", f"{NAMESPACES}/none/configmaps", config_map("a"))
        assert (answer.status, answer.json["message"]) == (404, 'namespaces "none" not found')

    run_virtual(main)


def test_a_deleted_namespace_is_emptied_and_then_gone() -> None:
    """First Terminating, with nothing new let in; then its content goes, then it."""

    async def main() -> None:
        caller = Caller(namespace_deletion_delay=5.0)
        await caller.create(NAMESPACES, {"metadata": {"name": "x"}})
        await caller.create(f"{NAMESPACES}/x/configmaps", config_map("a"))
        await caller.create(f"{NAMESPACES}/x/pods", pod("p"))
        watch = await caller.watch(f"{NAMESPACES}?watch=true&fieldSelector=metadata.name%3Dx")
        content = await caller.watch(f"{NAMESPACES}/x/configmaps?watch=true")
        assert (await caller.delete(f"{NAMESPACES}/x")).json["status"]["phase"] == "Terminating"
        refused = await caller.send("POST", f"{NAMESPACES}/x/configmaps", config_map("b"))
        assert refused.json["details"]["causes"][0]["reason"] == "NamespaceTerminating"
        await asyncio.sleep(4)
        assert (await caller.get(f"{NAMESPACES}/x/configmaps/a")).status == 200
        await asyncio.sleep(2)
        assert (await caller.get(f"{NAMESPACES}/x")).status == 404
        assert watch.told() == [("ADDED", "x"), ("MODIFIED", "x"), ("DELETED", "x")]
        assert content.told() == [("ADDED", "a"), ("DELETED", "a")]
        for each in (watch, content):
            await each.close()
        await caller.server.aclose()

    run_virtual(main)


def test_content_with_finalizers_holds_its_namespace() -> None:
    """A namespace waits for what is in it, and goes as soon as that is gone."""

    async def main() -> None:
        caller = Caller()
        await caller.create(NAMESPACES, {"metadata": {"name": "x"}})
        await caller.create(f"{NAMESPACES}/x/configmaps", config_map("a", finalizers=["example.com/hold"]))
        await caller.delete(f"{NAMESPACES}/x")
        await asyncio.sleep(60)
        assert (await caller.get(f"{NAMESPACES}/x")).json["status"]["phase"] == "Terminating"
        await caller.patch(f"{NAMESPACES}/x/configmaps/a", {"metadata": {"finalizers": None}})
        await asyncio.sleep(1)
        assert (await caller.get(f"{NAMESPACES}/x")).status == 404
        await caller.server.aclose()

    run_virtual(main)


def test_a_finalizer_of_ones_own_is_taken_by_finalize() -> None:
    """The `finalize` subresource takes finalizers from the spec; with the last one the namespace is gone."""

    async def main() -> None:
        caller = Caller()
        mine = {"metadata": {"name": "x"}, "spec": {"finalizers": ["example.com/mine"]}}
        await caller.create(NAMESPACES, mine)
        await caller.delete(f"{NAMESPACES}/x")
        await asyncio.sleep(5)
        left = (await caller.get(f"{NAMESPACES}/x")).json
        assert left["spec"]["finalizers"] == ["example.com/mine"]
        done = {**left, "spec": {"finalizers": []}}
        assert (await caller.send("PUT", f"{NAMESPACES}/x/finalize", done)).status == 200
        assert (await caller.get(f"{NAMESPACES}/x")).status == 404
        await caller.server.aclose()

    run_virtual(main)


def test_the_clusters_own_namespaces_cannot_be_deleted() -> None:
    """`default` and the like stay."""

    async def main() -> None:
        answer = await Caller().delete(f"{NAMESPACES}/default")
        assert (answer.status, answer.json["reason"]) == (403, "Forbidden")

    run_virtual(main)


def test_closing_the_server_leaves_no_task_of_a_dying_namespace() -> None:
    """A namespace that waits for its content does not outlive the server."""

    async def main() -> None:
        caller = Caller()
        await caller.create(NAMESPACES, {"metadata": {"name": "x"}})
        await caller.delete(f"{NAMESPACES}/x")
        await caller.server.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main)
