"""DaemonSets on a simulated cluster."""

import asyncio
from collections.abc import Callable
from typing import Any

from life_recording import living_cluster, template

Virtual = Callable[[Callable[[], Any]], Any]
SETS = "/apis/apps/v1/namespaces/default/daemonsets"
PODS = "/api/v1/namespaces/default/pods"


def test_a_pod_on_every_node_that_will_have_it(virtual: Virtual) -> None:
    """Tainted nodes are left out, cordoned ones are not; an update replaces pods one node after another."""

    async def main() -> None:
        async with living_cluster(nodes=3) as user:
            taint = {"spec": {"taints": [{"key": "x", "effect": "NoSchedule"}]}}
            await user.ask("PATCH", "/api/v1/nodes/listwatch-node3", taint)
            await user.ask("PATCH", "/api/v1/nodes/listwatch-node2", {"spec": {"unschedulable": True}})
            body = {
                "apiVersion": "apps/v1",
                "kind": "DaemonSet",
                "metadata": {"name": "agent"},
                "spec": {"selector": {"matchLabels": {"d": "1"}}, "template": template({"d": "1"})},
            }
            await user.ask("POST", SETS, body)
            await asyncio.sleep(3)
            pods = await user.items(PODS)
            assert sorted(each["spec"]["nodeName"] for each in pods) == ["listwatch-node", "listwatch-node2"]
            status = (await user.ask("GET", f"{SETS}/agent"))["status"]
            names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable")
            assert [status[each] for each in names] == [2, 2, 2, 2]
            image = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}}}
            await user.ask("PATCH", f"{SETS}/agent", image, patch="strategic-merge-patch")
            frames = await user.watch(f"{SETS}?fieldSelector=metadata.name=agent")
            await asyncio.sleep(5)
            assert min(each["object"]["status"].get("numberAvailable", 0) for each in frames) >= 1
            images = {each["spec"]["containers"][0]["image"] for each in await user.items(PODS)}
            assert images == {"nginx:2"}
            status = (await user.ask("GET", f"{SETS}/agent"))["status"]
            assert (status["updatedNumberScheduled"], status["observedGeneration"]) == (2, 2)
            await user.ask("PATCH", "/api/v1/nodes/listwatch-node3", {"spec": {"taints": None}})
            await asyncio.sleep(3)
            assert len(await user.items(PODS)) == 3
            assert len(await user.items("/apis/apps/v1/namespaces/default/controllerrevisions")) == 2
            await user.ask("DELETE", f"{SETS}/agent")
            await asyncio.sleep(3)
            assert await user.items(PODS) == []

    virtual(main)
