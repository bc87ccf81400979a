"""Which controllers there are, and that they may be left out."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from life_recording import living_cluster, template

from listwatch.apiserver.life import CONTROLLERS, Life, checked_names

Virtual = Callable[[Callable[[], Any]], Any]
APPS = "/apis/apps/v1/namespaces/default"


def test_names_are_checked() -> None:
    """Known names come in their order, each once; an unknown one is an error that lists the known ones."""
    assert checked_names(["job", "deployment", "job"]) == ("deployment", "job")
    with pytest.raises(ValueError, match="no such controller: banana; there are: deployment, replicaset"):
        checked_names(["banana"])


@pytest.mark.parametrize(("controllers", "sets", "pods"), [((), 0, 0), (("deployment",), 1, 0), (None, 1, 2)])
def test_only_what_was_chosen_runs(virtual: Virtual, controllers: Any, sets: int, pods: int) -> None:
    """Without the ReplicaSet's controller a ReplicaSet makes no pods, without any nothing happens."""

    async def main() -> None:
        async with living_cluster(controllers=controllers) as user:
            body = {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web"},
                "spec": {
                    "replicas": 2,
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": template({"a": "b"}),
                },
            }
            await user.ask("POST", f"{APPS}/deployments", body)
            await asyncio.sleep(3)
            assert len(await user.items(f"{APPS}/replicasets")) == sets
            assert len(await user.items("/api/v1/namespaces/default/pods")) == pods

    virtual(main)


def test_nothing_is_written_when_nothing_changes(virtual: Virtual) -> None:
    """A settled cluster, its Leases aside, stays at its version for an hour."""

    async def main() -> None:
        async with living_cluster() as user:
            await asyncio.sleep(5)
            before = user.cluster.server.revision
            await asyncio.sleep(3600)
            renewals = 3600 / 10
            assert user.cluster.server.revision - before <= renewals + 1

    virtual(main)


def test_writes_are_signed_as_on_a_real_cluster(virtual: Virtual) -> None:
    """Field managers are kube-controller-manager, kubelet and whoever asked, with the recorded subresources."""

    async def main() -> None:
        async with living_cluster() as user:
            body = {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web"},
                "spec": {
                    "replicas": 1,
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": template({"a": "b"}),
                },
            }
            await user.ask("POST", f"{APPS}/deployments", body)
            await asyncio.sleep(3)

            def signed(value: Any) -> set[tuple[str, str]]:
                return {
                    (each["manager"], each.get("subresource", ""))
                    for each in value["metadata"]["managedFields"]
                }

            found = await user.ask("GET", f"{APPS}/deployments/web")
            assert ("kube-controller-manager", "status") in signed(found)
            sets = await user.items(f"{APPS}/replicasets")
            assert signed(sets[0]) == {("kube-controller-manager", ""), ("kube-controller-manager", "status")}
            pods = await user.items("/api/v1/namespaces/default/pods")
            assert signed(pods[0]) == {("kube-controller-manager", ""), ("kubelet", "status")}

    virtual(main)


def test_a_fault_of_one_object_does_not_stop_the_others(virtual: Virtual) -> None:
    """An object that a controller cannot make sense of is logged and left; the next one is looked after."""
    assert {"deployment", "job", "garbagecollector"} <= set(CONTROLLERS)
    assert Life.__doc__

    async def main() -> None:
        async with living_cluster() as user:
            odd = {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "metadata": {"name": "odd"},
                "spec": {
                    "schedule": "0 0 31 2 *",
                    "jobTemplate": {"spec": {"template": template({"c": "1"}, restartPolicy="Never")}},
                },
            }
            path = "/apis/batch/v1/namespaces/default/cronjobs"
            await user.ask("POST", path, odd)
            fine = {**odd, "metadata": {"name": "fine"}, "spec": {**odd["spec"], "schedule": "* * * * *"}}
            await user.ask("POST", path, fine)
            await asyncio.sleep(90)
            assert len(await user.items("/apis/batch/v1/namespaces/default/jobs")) == 1

    virtual(main)
