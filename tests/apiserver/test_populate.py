"""Clusters of any size, from templates."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from api_caller import CONFIG_MAPS, Caller
from virtual_time import run_virtual

from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.populate import parse_populate, populate


def test_pods_are_dealt_out_to_nodes() -> None:
    """Every pod is running on a node, as evenly as can be, and each object is one of its own."""

    async def main() -> None:
        caller = Caller()
        before = caller.server.revision
        await populate(caller.server, nodes=3, pods=2500)
        nodes = (await caller.get("/api/v1/nodes")).json["items"]
        pods = (await caller.get("/api/v1/pods")).json["items"]
        assert {node["metadata"]["name"] for node in nodes} == {"node-0", "node-1", "node-2"}
        assert {pod["metadata"]["name"] for pod in pods} == {f"pod-{number}" for number in range(2500)}
        spread = Counter(pod["spec"]["nodeName"] for pod in pods)
        assert max(spread.values()) - min(spread.values()) <= 1
        every = [*nodes, *pods]
        assert len({each["metadata"]["uid"] for each in every}) == len(every)
        versions = {int(each["metadata"]["resourceVersion"]) for each in every}
        assert len(versions) == len(every)
        assert min(versions) > before
        assert max(versions) == caller.server.revision
        chosen = await caller.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1,status.phase%3DRunning")
        assert len(chosen.json["items"]) == spread["node-1"]

    run_virtual(main)


def test_a_copy_is_as_good_as_any_object() -> None:
    """A copied object is read, written back without a change, patched and watched like one that was created."""

    async def main() -> None:
        caller = Caller()
        watch = await caller.watch("/api/v1/pods?watch=true")
        await populate(caller.server, nodes=1, pods=3)
        path = "/api/v1/namespaces/default/pods/pod-2"
        found = (await caller.get(path)).json
        assert (await caller.send("PUT", path, found)).json == found
        patched = await caller.patch(path, {"metadata": {"labels": {"x": "y"}}})
        assert patched.json["metadata"]["labels"]["x"] == "y"
        assert "x" not in (await caller.get(path.replace("2", "1"))).json["metadata"]["labels"]
        await watch.settle()
        kinds = Counter(type_ for type_, _ in watch.told())
        assert kinds == {"ADDED": 3, "MODIFIED": 2}
        await watch.close()

    run_virtual(main)


def test_pods_without_nodes_are_pending() -> None:
    """With no node to be on, pods wait for a scheduler."""

    async def main() -> None:
        caller = Caller()
        await populate(
            caller.server, pods=2, template={"spec": {"containers": [{"name": "c", "image": "i"}]}}
        )
        pods = (await caller.get("/api/v1/pods")).json["items"]
        assert [pod["status"]["phase"] for pod in pods] == ["Pending", "Pending"]

    run_virtual(main)


def test_what_is_no_good_is_refused() -> None:
    """A template that the server refuses, or names that are taken, end it with what the server says."""

    async def main() -> None:
        caller = Caller()
        with pytest.raises(ConfigError, match=r"spec\.containers"):
            await populate(caller.server, pods=2, template={"spec": {}})
        await populate(caller.server, nodes=2)
        with pytest.raises(ConfigError, match="already exists"):
            await populate(caller.server, nodes=2)
        with pytest.raises(ConfigError, match="not found"):
            await populate(caller.server, pods=1, namespace="none")
        assert (await caller.get(CONFIG_MAPS)).status == 200

    run_virtual(main)


async def test_a_populated_cluster_stays(tmp_path: Path) -> None:
    """In a data directory the copies are kept like all else."""
    async with EmbeddedCluster(listen=False, simulate=False, data_dir=tmp_path, synchronous="off") as first:
        await populate(first, nodes=2, pods=1200)
        revision = first.server.revision
    async with EmbeddedCluster(listen=False, simulate=False, data_dir=tmp_path) as second:
        assert second.server.revision == revision
        assert len(second.server.log.state("pods")) == 1200


@pytest.mark.parametrize(
    ("text", "numbers"), [("nodes=5,pods=10", {"nodes": 5, "pods": 10}), ("pods=0", {"pods": 0})]
)
def test_numbers_are_read(text: str, numbers: dict[str, int]) -> None:
    """The option of the command line."""
    assert parse_populate(text) == numbers


@pytest.mark.parametrize("text", ["", "nodes", "nodes=x", "nodes=-1", "services=3", "nodes=1;pods=2"])
def test_other_text_is_refused(text: str) -> None:
    """Anything else is an error that quotes it."""
    with pytest.raises(ValueError, match="is not nodes=N or pods=N"):
        parse_populate(text)


def test_the_templates_are_json() -> None:
    """The templates can be shown, copied and changed as JSON."""
    from listwatch.apiserver.populate import NODE, POD  # noqa: PLC0415 - beside what uses them

    assert json.loads(json.dumps(NODE)) == NODE
    assert json.loads(json.dumps(POD)) == POD
