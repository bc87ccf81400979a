"""How containers run by themselves: annotations, programs, restarts, logs."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from life_recording import living_cluster

from listwatch.apiserver.life.programs import Container
from listwatch.apiserver.life.runs import Run, parse_run

Virtual = Callable[[Callable[[], Any]], Any]
PODS = "/api/v1/namespaces/default/pods"


def pod(name: str, *, run: str = "", log: str = "", restart: str = "Always", **spec: Any) -> dict[str, Any]:
    """A pod whose container runs as told."""
    said = {"listwatch.dev/run": run, "listwatch.dev/log": log}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": {key: text for key, text in said.items() if text}},
        "spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": restart, **spec},
    }


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("forever", Run()),
        ("2s exit 1", Run(seconds=2, exit_code=1)),
        ("exit 3", Run(seconds=0, exit_code=3)),
        ("500ms", Run(seconds=0.5)),
        ("oom after 5s", Run(seconds=5, exit_code=137, is_out_of_memory=True)),
        ("never ready", Run(ready_after=None)),
        ("ready after 3s, 10s", Run(seconds=10, ready_after=3)),
        ("pull error", Run(is_pullable=False)),
    ],
)
def test_what_annotations_say(text: str, run: Run) -> None:
    """Each form of the annotation means one way to run."""
    assert parse_run(text) == run


def test_what_nobody_understands_is_refused() -> None:
    """Words without a meaning are an error that names them."""
    with pytest.raises(ValueError, match="'banana' in '2s banana'"):
        parse_run("2s banana")


def state(found: dict[str, Any]) -> dict[str, Any]:
    """The state of the only container."""
    held: dict[str, Any] = found["status"]["containerStatuses"][0]
    return held


@pytest.mark.parametrize(
    ("run", "restart", "phase", "reason"),
    [
        ("1s", "Never", "Succeeded", "Completed"),
        ("1s exit 2", "Never", "Failed", "Error"),
        ("1s", "OnFailure", "Succeeded", "Completed"),
        ("oom after 1s", "Never", "Failed", "OOMKilled"),
    ],
)
def test_pods_end(virtual: Virtual, run: str, restart: str, phase: str, reason: str) -> None:
    """A container that is not restarted ends its pod, with the phase that its exit code says."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", PODS, pod("p", run=run, restart=restart))
            await asyncio.sleep(5)
            found = await user.ask("GET", f"{PODS}/p")
            assert found["status"]["phase"] == phase
            assert state(found)["state"]["terminated"]["reason"] == reason
            ready = {each["type"]: each for each in found["status"]["conditions"]}["Ready"]
            expected = ("False", "PodCompleted" if phase == "Succeeded" else "PodFailed")
            assert (ready["status"], ready["reason"]) == expected

    virtual(main)


def test_a_crash_loop_backs_off(virtual: Virtual) -> None:
    """The first restart is at once, the second after ten seconds, the third after twenty, with a reason between."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", PODS, pod("p", run="1s exit 1", log="started"))
            seen = []
            for seconds in (2, 5, 10, 20):
                await asyncio.sleep(seconds)
                held = state(await user.ask("GET", f"{PODS}/p"))
                seen.append((held["restartCount"], held["state"].get("waiting", {}).get("reason")))
            assert seen == [
                (1, None),
                (1, "CrashLoopBackOff"),
                (2, "CrashLoopBackOff"),
                (3, "CrashLoopBackOff"),
            ]
            events = await user.items("/api/v1/namespaces/default/events")
            assert any(
                each["reason"] == "BackOff"
                and each["message"].startswith("Back-off restarting failed container c")
                for each in events
            )
            assert (await user.ask("GET", f"{PODS}/p/log?previous=true")) == "started\n"

    virtual(main)


def test_an_image_that_cannot_be_had(virtual: Virtual) -> None:
    """The pod stays Pending, with ImagePullBackOff, and its log is refused."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", PODS, pod("p", run="pull error"))
            await asyncio.sleep(5)
            found = await user.ask("GET", f"{PODS}/p")
            assert found["status"]["phase"] == "Pending"
            assert state(found)["state"]["waiting"]["reason"] == "ImagePullBackOff"
            code, answer = await user.try_to("GET", f"{PODS}/p/log")
            assert code == 400
            assert answer["message"] == (
                'container "c" in pod "p" is waiting to start: trying and failing to pull image'
            )
            await user.ask("DELETE", f"{PODS}/p")
            await asyncio.sleep(3)
            assert await user.items(PODS) == []

    virtual(main)


def test_readiness_comes_late_or_never_or_by_a_gate(virtual: Virtual) -> None:
    """Containers may become ready later or never; a readiness gate holds the pod until its condition is true."""

    async def main() -> None:
        async with living_cluster() as user:
            await user.ask("POST", PODS, pod("late", run="ready after 3s"))
            await user.ask("POST", PODS, pod("never", run="never ready"))
            gated = pod("gated", readinessGates=[{"conditionType": "example.com/open"}])
            await user.ask("POST", PODS, gated)

            async def ready(name: str) -> tuple[str, str, Any]:
                found = await user.ask("GET", f"{PODS}/{name}")
                held = {each["type"]: each for each in found["status"]["conditions"]}
                return held["Ready"]["status"], held["ContainersReady"]["status"], held["Ready"].get("reason")

            await asyncio.sleep(1)
            assert await ready("late") == ("False", "False", "ContainersNotReady")
            assert await ready("gated") == ("False", "True", "ReadinessGatesNotReady")
            opened = {"status": {"conditions": [{"type": "example.com/open", "status": "True"}]}}
            await user.ask("PATCH", f"{PODS}/gated/status", opened, patch="strategic-merge-patch")
            await asyncio.sleep(5)
            assert await ready("late") == ("True", "True", None)
            assert await ready("never") == ("False", "False", "ContainersNotReady")
            assert await ready("gated") == ("True", "True", None)

    virtual(main)


def test_programs_run_as_containers(virtual: Virtual) -> None:
    """A coroutine is the container: its lines are the log, its end the exit code, its error a traceback in the log."""

    async def worker(container: Container) -> int:
        container.print("working as", container.pod["metadata"]["name"])
        await container.sleep(2)
        if container.pod["metadata"]["name"] == "bad":
            raise LookupError("no work")
        container.print("done")
        return 0

    async def endless(container: Container) -> None:
        try:
            await container.sleep(10_000)
        finally:
            stopped.append(container.name)

    stopped: list[str] = []

    async def main() -> None:
        async with living_cluster(programs={"i": worker, "endless:1": endless}) as user:
            await user.ask("POST", PODS, pod("good", restart="Never"))
            await user.ask("POST", PODS, pod("bad", restart="Never"))
            stays = pod("stays")
            stays["spec"]["containers"][0]["image"] = "endless:1"
            await user.ask("POST", PODS, stays)
            following = asyncio.create_task(user.ask("GET", f"{PODS}/good/log?follow=true&container=c"))
            await asyncio.sleep(1)
            with pytest.raises(AssertionError, match=r"ContainerCreating|available|host assigned"):
                await following  # too early: the container had not started
            following = asyncio.create_task(user.ask("GET", f"{PODS}/good/log?follow=true"))
            await asyncio.sleep(5)
            assert await following == "working as good\ndone\n"
            assert (await user.ask("GET", f"{PODS}/good"))["status"]["phase"] == "Succeeded"
            assert (await user.ask("GET", f"{PODS}/bad"))["status"]["phase"] == "Failed"
            assert "LookupError: no work" in await user.ask("GET", f"{PODS}/bad/log?tailLines=2")
            await user.ask("DELETE", f"{PODS}/stays")
            await asyncio.sleep(3)
            assert stopped == ["c"]

    virtual(main)


def test_nodes_renew_their_leases(virtual: Virtual) -> None:
    """Each node has a Lease in kube-node-lease, owned by it, renewed every ten seconds."""

    async def main() -> None:
        async with living_cluster(nodes=2) as user:
            path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
            assert await user.names(path) == ["listwatch-node", "listwatch-node2"]
            first = await user.ask("GET", f"{path}/listwatch-node")
            assert first["metadata"]["ownerReferences"][0]["kind"] == "Node"
            await asyncio.sleep(11)
            again = await user.ask("GET", f"{path}/listwatch-node")
            assert again["spec"]["renewTime"] > first["spec"]["renewTime"]

    virtual(main)
