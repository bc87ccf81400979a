"""ReplicaSets and ReplicationControllers: which pods they take, and which they give up first."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from life_recording import living_cluster, template

from listwatch.apiserver.life.controllers.replica_set import status_of, to_go

Virtual = Callable[[Callable[[], Any]], Any]
SETS = "/apis/apps/v1/namespaces/default/replicasets"
CORE = "/api/v1/namespaces/default"
NOW = datetime(2026, 1, 1, 1, tzinfo=UTC)


def pod(
    name: str, *, node: str = "n", phase: str = "Running", ready: bool = True, **more: Any
) -> dict[str, Any]:
    """A pod in some state."""
    condition = {
        "type": "Ready",
        "status": "True" if ready else "False",
        "lastTransitionTime": more.get("since", "2026-01-01T00:00:00Z"),
    }
    restarts = [{"restartCount": more.get("restarts", 0)}]
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": more.get("since", "2026-01-01T00:00:00Z"),
            "annotations": {"controller.kubernetes.io/pod-deletion-cost": str(more.get("cost", 0))},
        },
        "spec": {"nodeName": node},
        "status": {"phase": phase, "conditions": [condition], "containerStatuses": restarts},
    }


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({}, {"node": ""}),
        ({}, {"phase": "Pending"}),
        ({}, {"ready": False}),
        ({"cost": 5}, {}),
        ({}, {"cost": -5}),
        ({}, {"restarts": 3}),
        ({}, {"since": "2026-01-01T00:59:00Z"}),
    ],
)
def test_which_pod_goes_first(better: dict[str, Any], worse: dict[str, Any]) -> None:
    """Unscheduled, pending, not ready, cheap, restarted or young pods go before others."""
    first = to_go([pod("a", **better), pod("b", **worse)], [], NOW)
    assert [each["metadata"]["name"] for each in first] == ["b", "a"]
    first = to_go([pod("a", **worse), pod("b", **better)], [], NOW)
    assert [each["metadata"]["name"] for each in first] == ["a", "b"]


def test_the_fullest_node_gives_first() -> None:
    """Of pods that are alike those go first that have more of their kind beside them."""
    pods = [pod("a", node="empty"), pod("b", node="full"), pod("c", node="full")]
    assert to_go(pods, pods, NOW)[-1]["metadata"]["name"] == "a"


def test_a_failure_is_a_condition_while_it_lasts() -> None:
    """What could not be made is told in the status, and no longer once it could."""
    owner = {
        "kind": "ReplicaSet",
        "metadata": {"generation": 1},
        "spec": {"replicas": 1, "template": {"metadata": {"labels": {"a": "b"}}}},
    }
    failed = status_of(owner, [], NOW, failure=("FailedCreate", "no"))
    assert [(each["type"], each["reason"], each["message"]) for each in failed["conditions"]] == [
        ("ReplicaFailure", "FailedCreate", "no")
    ]
    assert "conditions" not in status_of({**owner, "status": failed}, [], NOW)


def owner(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    """A set of either kind."""
    is_old = kind == "ReplicationController"
    return {
        "apiVersion": "v1" if is_old else "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"a": "b"} if is_old else {"matchLabels": {"a": "b"}},
            "template": template({"a": "b"}),
            **spec,
        },
    }


@pytest.mark.parametrize(
    ("kind", "path"), [("ReplicaSet", SETS), ("ReplicationController", f"{CORE}/replicationcontrollers")]
)
def test_orphans_are_adopted_and_strangers_let_go(virtual: Virtual, kind: str, path: str) -> None:
    """A pod that fits counts and is owned from then on; one whose label is changed is replaced and nobody's."""

    async def main() -> None:
        async with living_cluster() as user:
            body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "found", "labels": {"a": "b"}}}
            body["spec"] = template({})["spec"]
            await user.ask("POST", f"{CORE}/pods", body)
            await asyncio.sleep(1)
            await user.ask("POST", path, owner(kind, "set"))
            await asyncio.sleep(2)
            assert len(await user.items(f"{CORE}/pods")) == 2
            found = await user.ask("GET", f"{CORE}/pods/found")
            assert [each["kind"] for each in found["metadata"]["ownerReferences"]] == [kind]
            await user.ask("PATCH", f"{CORE}/pods/found", {"metadata": {"labels": {"a": "other"}}})
            await asyncio.sleep(2)
            found = await user.ask("GET", f"{CORE}/pods/found")
            assert "ownerReferences" not in found["metadata"]
            assert len(await user.items(f"{CORE}/pods")) == 3
            status = (await user.ask("GET", f"{path}/set"))["status"]
            assert (status["replicas"], status["readyReplicas"]) == (2, 2)

    virtual(main)


def test_what_cannot_be_made_is_told_and_tried_again(virtual: Virtual) -> None:
    """Pods that the server refuses are a condition and Events, until they are no longer refused."""

    async def main() -> None:
        async with living_cluster() as user:
            quota = {
                "apiVersion": "v1",
                "kind": "ResourceQuota",
                "metadata": {"name": "q"},
                "spec": {"hard": {"pods": "0"}},
            }
            await user.ask("POST", f"{CORE}/resourcequotas", quota)
            await asyncio.sleep(0.1)
            await user.ask("POST", SETS, owner("ReplicaSet", "set"))
            await asyncio.sleep(5)
            status = (await user.ask("GET", f"{SETS}/set"))["status"]
            assert [(each["type"], each["reason"]) for each in status["conditions"]] == [
                ("ReplicaFailure", "FailedCreate")
            ]
            events = [each for each in await user.items(f"{CORE}/events") if each["reason"] == "FailedCreate"]
            assert len(events) > 3
            assert all(each["message"].startswith("Error creating: pods ") for each in events)
            await user.ask("DELETE", f"{CORE}/resourcequotas/q")
            await asyncio.sleep(90)
            status = (await user.ask("GET", f"{SETS}/set"))["status"]
            assert (status.get("conditions"), status["readyReplicas"]) == (None, 2)

    virtual(main)
