"""Pods on a simulated cluster, in memory and in virtual time: a real API server, scheduler and kubelet."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from multidict import CIMultiDict

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.http import Peer, Request, Response
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.life import Delays, Life

Virtual = Callable[[Callable[[], Any]], Any]

PODS = "/api/v1/namespaces/default/pods"
ADMIN = Peer("kubernetes-admin", ("system:masters",))
DELAYS = Delays(schedule=1, create=2, start=4, stop=8)


class User:
    """Somebody with a cluster: asks, and notes what the watch on the pods tells, and when."""

    def __init__(self, cluster: EmbeddedCluster) -> None:
        self.cluster = cluster
        self.frames: list[tuple[float, str, dict[str, Any]]] = []
        self._watching: asyncio.Task[None] | None = None

    async def ask(self, method: str, target: str, body: Any = None, *, patch: str = "merge-patch") -> Any:
        """The decoded answer; anything but a success fails the test."""
        headers: CIMultiDict[str] = CIMultiDict()
        if body is not None:
            kind = f"application/{patch}+json" if method == "PATCH" else "application/json"
            headers["Content-Type"] = kind
        content = json.dumps(body).encode() if body is not None else b""
        answer = await self.cluster.handle(Request(method, target, headers, content, ADMIN))
        decoded = json.loads(await answer.read())
        assert answer.status in {200, 201, 202}, decoded
        return decoded

    async def create(self, name: str, *, metadata: dict[str, Any] | None = None, **spec: Any) -> Any:
        """A pod as the article creates it, with further fields."""
        containers = [{"name": "test-container", "image": "nginx:latest"}]
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, **(metadata or {})},
            "spec": {"containers": containers, **spec},
        }
        return await self.ask("POST", PODS, body)

    async def watch(self, target: str = f"{PODS}?watch=true") -> None:
        """Begin to note frames."""
        answer = await self.cluster.handle(Request("GET", target, CIMultiDict(), b"", ADMIN))
        assert answer.status == 200
        self._watching = asyncio.create_task(self._note(answer))

    async def stop(self) -> None:
        """End the watch."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _note(self, answer: Response) -> None:
        tail = b""
        try:
            async for chunk in answer.chunks:
                *lines, tail = (tail + chunk).split(b"\n")
                for line in lines:
                    frame = json.loads(line)
                    now = asyncio.get_running_loop().time()
                    self.frames.append((now, frame["type"], frame["object"]))
        finally:
            await answer.aclose()

    def told(self, name: str | None = None) -> list[str]:
        """The types of the frames so far, of one pod or of all."""
        return [change for _, change, body in self.frames if name is None or body["metadata"]["name"] == name]


def on_cluster(
    virtual: Virtual, story: Callable[[User], Awaitable[None]], *, delays: Delays = DELAYS, **options: Any
) -> User:
    """Run a story on a cluster in memory; time is virtual, and no task may be left behind."""

    async def main() -> User:
        cluster = EmbeddedCluster(listen=False, clock=LoopClock(), delays=delays, **options)
        user = User(cluster)
        async with cluster:
            await story(user)
            await user.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return user

    found: User = virtual(main)
    return found


def test_the_articles_run(virtual: Virtual) -> None:
    """ADDED, three MODIFIED while a pod starts; four MODIFIED and DELETED after its deletion."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("test-pod2")
        await asyncio.sleep(60)
        await user.ask("DELETE", f"{PODS}/test-pod2")
        await asyncio.sleep(60)

    user = on_cluster(virtual, story)
    assert user.told() == ["ADDED", *["MODIFIED"] * 3, *["MODIFIED"] * 4, "DELETED"]
    outlines = [
        (
            body["spec"].get("nodeName"),
            body["status"].get("phase"),
            [next(iter(each["state"])) for each in body["status"].get("containerStatuses", [])],
            {each["type"]: each["status"] for each in body["status"].get("conditions", [])}.get(
                "PodReadyToStartContainers"
            ),
            body["metadata"].get("deletionGracePeriodSeconds"),
        )
        for _, _, body in user.frames
    ]
    node = "listwatch-node"
    assert outlines == [
        (None, "Pending", [], None, None),
        (node, "Pending", [], None, None),
        (node, "Pending", ["waiting"], "False", None),
        (node, "Running", ["running"], "True", None),
        (node, "Running", ["running"], "True", 30),
        (node, "Succeeded", ["terminated"], "True", 30),
        (node, "Succeeded", ["terminated"], "False", 30),
        (node, "Succeeded", ["terminated"], "False", 0),
        (node, "Succeeded", ["terminated"], "False", 0),
    ]


def test_running_pods_look_as_on_a_real_node(virtual: Virtual) -> None:
    """The status of a running pod has a real one's conditions, in their order, and its addresses and
    images.
    """

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p")
        await asyncio.sleep(60)

    status = on_cluster(virtual, story).frames[-1][2]["status"]
    assert [(each["type"], each["status"], "reason" in each) for each in status["conditions"]] == [
        ("PodReadyToStartContainers", "True", False),
        ("Initialized", "True", False),
        ("Ready", "True", False),
        ("ContainersReady", "True", False),
        ("PodScheduled", "True", False),
    ]
    assert (status["podIP"], status["podIPs"]) == ("10.244.0.2", [{"ip": "10.244.0.2"}])
    assert (status["hostIP"], status["hostIPs"]) == ("10.0.0.2", [{"ip": "10.0.0.2"}])
    assert (status["observedGeneration"], status["qosClass"]) == (1, "BestEffort")
    container = status["containerStatuses"][0]
    assert container["image"] == "docker.io/library/nginx:latest"
    assert container["imageID"].startswith("docker.io/library/nginx@sha256:")
    assert container["containerID"].startswith("containerd://")
    assert container["state"] == {"running": {"startedAt": "2026-01-01T00:00:07Z"}}
    assert status["startTime"] == "2026-01-01T00:00:03Z"


def test_each_step_takes_its_delay(virtual: Virtual) -> None:
    """The frames come after the delays given, and time is nothing else."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p")
        await asyncio.sleep(100)
        await user.ask("DELETE", f"{PODS}/p")
        await asyncio.sleep(100)

    times = [when for when, _, _ in on_cluster(virtual, story).frames]
    up, down = times[:4], times[4:]
    assert [round(when - up[0], 3) for when in up] == [0, 1, 3, 7]
    assert [round(when - down[0], 3) for when in down] == [0, 8, 10, 12, 12]


@pytest.mark.parametrize("moment", [0, 0.5, 1, 2, 3, 5, 7, 30])
@pytest.mark.parametrize("grace", [None, 0, 2])
def test_a_pod_may_be_deleted_at_any_moment(virtual: Virtual, moment: float, grace: int | None) -> None:
    """However far it has come up, a deleted pod goes down and away, and nothing is told of it afterwards."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p")
        await asyncio.sleep(moment)
        query = "" if grace is None else f"?gracePeriodSeconds={grace}"
        await user.ask("DELETE", f"{PODS}/p{query}")
        await asyncio.sleep(60)
        assert (await user.ask("GET", PODS))["items"] == []

    told = on_cluster(virtual, story).told()
    assert told[0] == "ADDED"
    assert told[-1] == "DELETED"
    assert told.count("DELETED") == 1


def test_containers_that_are_slow_to_stop_are_killed(virtual: Virtual) -> None:
    """With a grace period shorter than the stop delay, containers end at its end, with 137."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p", terminationGracePeriodSeconds=3)
        await asyncio.sleep(60)
        await user.ask("DELETE", f"{PODS}/p")
        await asyncio.sleep(60)

    frames = on_cluster(virtual, story).frames
    (marked, _, _), (ended, _, body) = frames[4:6]
    assert ended - marked == 3
    assert body["status"]["phase"] == "Failed"
    assert body["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137


def test_a_shorter_grace_period_hurries_a_pod_that_is_stopping(virtual: Virtual) -> None:
    """A second deletion with less time shortens the wait that had begun."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p")
        await asyncio.sleep(60)
        await user.ask("DELETE", f"{PODS}/p")
        await asyncio.sleep(1)
        await user.ask("DELETE", f"{PODS}/p?gracePeriodSeconds=2")
        await asyncio.sleep(60)

    frames = on_cluster(virtual, story).frames
    ended = next(when for when, _, body in frames if body["status"].get("phase") == "Failed")
    assert ended - frames[4][0] == 3


def test_the_next_pod_of_the_same_name_comes_up(virtual: Virtual) -> None:
    """A pod that replaces a force-deleted one is another pod, and starts from the beginning."""

    async def story(user: User) -> None:
        await user.watch()
        for _ in range(3):
            await user.create("p")
            await asyncio.sleep(6)
            await user.ask("DELETE", f"{PODS}/p?gracePeriodSeconds=0")
        await user.create("p")
        await asyncio.sleep(60)
        assert (await user.ask("GET", f"{PODS}/p"))["status"]["phase"] == "Running"

    on_cluster(virtual, story)


def test_finalizers_hold_a_pod_that_is_down(virtual: Virtual) -> None:
    """A pod with finalizers is taken down as any other, and goes when the last finalizer does."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p", metadata={"finalizers": ["example.com/hold"]})
        await asyncio.sleep(60)
        await user.ask("DELETE", f"{PODS}/p")
        await asyncio.sleep(600)
        held = await user.ask("GET", f"{PODS}/p")
        assert (held["status"]["phase"], held["metadata"]["deletionGracePeriodSeconds"]) == ("Succeeded", 0)
        await user.ask("PATCH", f"{PODS}/p", {"metadata": {"finalizers": None}})
        await asyncio.sleep(1)

    told = on_cluster(virtual, story).told()
    assert told[-1] == "DELETED"
    assert told.count("MODIFIED") <= 3 + 4 + 1


@pytest.mark.parametrize(
    "spec",
    [
        {"nodeName": "another-node"},
        {"schedulerName": "another-scheduler"},
        {"schedulingGates": [{"name": "example.com/wait"}]},
    ],
)
def test_other_peoples_pods_are_left_alone(virtual: Virtual, spec: dict[str, Any]) -> None:
    """A pod of another node or scheduler, or behind a gate, is not touched."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p", **spec)
        await asyncio.sleep(600)

    assert on_cluster(virtual, story).told() == ["ADDED"]


def test_a_pod_starts_when_its_gate_opens(virtual: Virtual) -> None:
    """Removing the last scheduling gate makes the scheduler look at the pod."""

    async def story(user: User) -> None:
        await user.create("p", schedulingGates=[{"name": "example.com/wait"}])
        await asyncio.sleep(60)
        await user.ask("PATCH", f"{PODS}/p", {"spec": {"schedulingGates": None}})
        await asyncio.sleep(60)
        assert (await user.ask("GET", f"{PODS}/p"))["status"]["phase"] == "Running"

    on_cluster(virtual, story)


def test_a_pod_may_name_our_node_itself(virtual: Virtual) -> None:
    """A pod that is born bound needs no scheduler: one MODIFIED less."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p", nodeName="listwatch-node")
        await asyncio.sleep(60)

    user = on_cluster(virtual, story)
    assert user.told() == ["ADDED", "MODIFIED", "MODIFIED"]
    assert user.frames[-1][2]["status"]["phase"] == "Running"


def test_an_unschedulable_pod_is_told_why_and_tried_again(virtual: Virtual) -> None:
    """One condition says why; it is not repeated; a node that then fits takes the pod."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p", nodeSelector={"disk": "ssd"})
        await asyncio.sleep(600)
        (condition,) = user.frames[-1][2]["status"]["conditions"]
        assert user.told() == ["ADDED", "MODIFIED"]
        assert (condition["type"], condition["status"], condition["reason"]) == (
            "PodScheduled",
            "False",
            "Unschedulable",
        )
        assert condition["message"].startswith(
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
        )
        await user.ask("PATCH", "/api/v1/nodes/listwatch-node", {"metadata": {"labels": {"disk": "ssd"}}})
        await asyncio.sleep(60)
        body = user.frames[-1][2]
        assert body["status"]["phase"] == "Running"
        scheduled = body["status"]["conditions"][-1]
        assert (scheduled["type"], scheduled["status"]) == ("PodScheduled", "True")
        assert "reason" not in scheduled

    on_cluster(virtual, story)


def test_a_cordoned_node_takes_no_new_pods(virtual: Virtual) -> None:
    """Cordoning keeps new pods off, uncordoning lets them in; running pods stay."""

    async def story(user: User) -> None:
        node = "/api/v1/nodes/listwatch-node"
        await user.create("before")
        await asyncio.sleep(60)
        await user.ask("PATCH", node, {"spec": {"unschedulable": True}})
        await user.create("after")
        await asyncio.sleep(60)
        phases = [
            (await user.ask("GET", f"{PODS}/{name}"))["status"]["phase"] for name in ("before", "after")
        ]
        assert phases == ["Running", "Pending"]
        await user.ask("PATCH", node, {"spec": {"unschedulable": None}})
        await asyncio.sleep(60)
        assert (await user.ask("GET", f"{PODS}/after"))["status"]["phase"] == "Running"

    on_cluster(virtual, story)


def test_events_tell_the_story(virtual: Virtual) -> None:
    """Scheduler and kubelet write the Events that `kubectl describe pod` shows, in their order."""

    async def story(user: User) -> None:
        await user.create("p")
        await asyncio.sleep(60)
        await user.ask("DELETE", f"{PODS}/p")
        await asyncio.sleep(60)
        found = (await user.ask("GET", "/api/v1/namespaces/default/events"))["items"]
        found.sort(key=lambda each: int(each["metadata"]["resourceVersion"]))
        assert [(each["reason"], each["message"]) for each in found] == [
            ("Scheduled", "Successfully assigned default/p to listwatch-node"),
            ("Pulling", 'Pulling image "nginx:latest"'),
            ("Pulled", 'Successfully pulled image "nginx:latest" in 4000ms (4000ms including waiting)'),
            ("Created", "Created container: test-container"),
            ("Started", "Started container test-container"),
            ("Killing", "Stopping container test-container"),
        ]
        assert {each["involvedObject"]["name"] for each in found} == {"p"}

    on_cluster(virtual, story)


def test_events_can_be_switched_off(virtual: Virtual) -> None:
    """Without Events pods come up all the same."""

    async def story(user: User) -> None:
        await user.create("p")
        await asyncio.sleep(60)
        assert (await user.ask("GET", f"{PODS}/p"))["status"]["phase"] == "Running"
        assert (await user.ask("GET", "/api/v1/namespaces/default/events"))["items"] == []

    on_cluster(virtual, story, records_events=False, controllers=())


def test_pods_go_round_the_nodes(virtual: Virtual) -> None:
    """Several nodes get their share, each with its own address; no two pods share one."""

    async def story(user: User) -> None:
        for number in range(6):
            await user.create(f"p{number}")
        await asyncio.sleep(60)
        pods = (await user.ask("GET", PODS))["items"]
        assert sorted(each["spec"]["nodeName"] for each in pods) == [
            *["listwatch-node"] * 2,
            *["listwatch-node2"] * 2,
            *["listwatch-node3"] * 2,
        ]
        assert len({each["status"]["podIP"] for each in pods}) == 6
        assert len({each["status"]["hostIP"] for each in pods}) == 3

    on_cluster(virtual, story, nodes=3)


def test_nodes_are_ready(virtual: Virtual) -> None:
    """As soon as the cluster is up, its node is there: ready, untainted, with labels and addresses."""

    async def story(user: User) -> None:
        node = await user.ask("GET", "/api/v1/nodes/listwatch-node")
        conditions = {each["type"]: each["status"] for each in node["status"]["conditions"]}
        assert (conditions["Ready"], conditions["MemoryPressure"]) == ("True", "False")
        assert "taints" not in node["spec"]
        assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "listwatch-node"
        assert node["status"]["addresses"][0] == {"type": "InternalIP", "address": "10.0.0.2"}

    on_cluster(virtual, story)


def test_an_existing_node_is_taken_over(virtual: Virtual) -> None:
    """A second simulation, as after a restart, finds its node and the pods on it, and goes on with them."""

    async def story(user: User) -> None:
        clock = LoopClock()
        first = Life(user.cluster.handle, clock=clock, delays=DELAYS)
        await first.start()
        await user.create("p")
        await asyncio.sleep(4)
        await first.aclose()
        await asyncio.sleep(60)
        assert (await user.ask("GET", f"{PODS}/p"))["status"]["phase"] == "Pending"
        second = Life(user.cluster.handle, clock=clock, delays=DELAYS)
        await second.start()
        await asyncio.sleep(60)
        assert (await user.ask("GET", f"{PODS}/p"))["status"]["phase"] == "Running"
        await second.aclose()
        await second.aclose()
        third = Life(user.cluster.handle, clock=clock, delays=DELAYS)
        await third.start()
        await user.create("q")
        await asyncio.sleep(60)
        await third.aclose()
        assert len({each["status"]["podIP"] for each in (await user.ask("GET", PODS))["items"]}) == 2

    on_cluster(virtual, story, simulate=False)


def test_it_lives_through_the_ends_of_its_watches(virtual: Virtual) -> None:
    """A server ends watches after some time; half a day later pods still come up and go down."""

    async def story(user: User) -> None:
        await asyncio.sleep(12 * 3600)
        await user.create("p")
        await asyncio.sleep(60)
        assert (await user.ask("GET", f"{PODS}/p"))["status"]["phase"] == "Running"
        await user.ask("DELETE", f"{PODS}/p")
        await asyncio.sleep(60)
        assert (await user.ask("GET", PODS))["items"] == []

    on_cluster(virtual, story)


def test_others_may_write_while_a_pod_comes_up(virtual: Virtual) -> None:
    """Labels that change between and during the steps cost no step and cause none."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p")
        for number in range(40):
            await user.ask("PATCH", f"{PODS}/p", {"metadata": {"labels": {"n": str(number)}}})
            await asyncio.sleep(0.25)

    user = on_cluster(virtual, story)
    assert len(user.told()) == 1 + 3 + 40
    assert user.frames[-1][2]["status"]["phase"] == "Running"


def test_without_simulation_pods_stay_pending(virtual: Virtual) -> None:
    """Switched off, nothing happens to a pod, and there is no node."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p")
        await asyncio.sleep(600)
        assert (await user.ask("GET", "/api/v1/nodes"))["items"] == []

    assert on_cluster(virtual, story, simulate=False).told() == ["ADDED"]


def test_a_fault_of_the_simulation_is_not_silent(virtual: Virtual, caplog: pytest.LogCaptureFixture) -> None:
    """If the simulation breaks, that is logged at once and raised at the end, and no task is left."""

    async def story(user: User) -> None:
        async def garbled(request: Request) -> Response:
            answer = await user.cluster.handle(request)
            if "watch=true" not in request.target:
                return answer
            await answer.aclose()
            return Response.of(200, b"<html>\n", content_type="text/html")

        life = Life(garbled, clock=LoopClock())
        await life.start()
        await asyncio.sleep(1)
        assert "has stopped" in caplog.text
        with pytest.raises(ExceptionGroup):
            await life.aclose()

    on_cluster(virtual, story, simulate=False)


def test_a_node_that_is_refused_is_an_error(virtual: Virtual) -> None:
    """If the server does not take the node, the start fails with the server's words."""

    async def story(user: User) -> None:
        async def nobody(request: Request) -> Response:
            request.peer = None
            return await user.cluster.handle(request)

        with pytest.raises(RuntimeError, match="cannot register node listwatch-node: 403 nodes is forbidden"):
            await Life(nobody, clock=LoopClock()).start()

    on_cluster(virtual, story, simulate=False)


def test_a_server_that_fails_for_a_while_is_tried_again(virtual: Virtual) -> None:
    """Writes that are answered with 429 or 500 are repeated until they succeed."""

    async def story(user: User) -> None:
        refusals = iter([429, 500] * 20)

        async def moody(request: Request) -> Response:
            if request.method != "GET" and "/pods/" in request.target:
                code = next(refusals, 0)
                if code:
                    return Response.of(code, b"{}", content_type="application/json")
            return await user.cluster.handle(request)

        life = Life(moody, clock=LoopClock(), delays=DELAYS)
        await life.start()
        await user.watch()
        await user.create("p")
        await user.create("q", nodeSelector={"no": "where"})
        await asyncio.sleep(60)
        await user.ask("DELETE", f"{PODS}/p")
        await asyncio.sleep(60)
        await life.aclose()

    user = on_cluster(virtual, story, simulate=False)
    assert user.told("p") == ["ADDED", *["MODIFIED"] * 7, "DELETED"]
    assert user.told("q") == ["ADDED", "MODIFIED"]


@pytest.mark.parametrize("lag", [0.3, 1.5, 7])
def test_answers_may_come_later_than_their_frames(virtual: Virtual, lag: float) -> None:
    """A write whose answer is slow has been told by the watch already; nothing is done twice or forgotten."""

    async def story(user: User) -> None:
        async def slow(request: Request) -> Response:
            answer = await user.cluster.handle(request)
            if request.method != "GET":
                await asyncio.sleep(lag)
            return answer

        await up_and_down(user, slow)

    user = on_cluster(virtual, story, simulate=False)
    assert user.told() == ["ADDED", *["MODIFIED"] * 7, "DELETED"]


@pytest.mark.parametrize("lag", [0.3, 1.5, 7])
def test_frames_may_come_later_than_answers(virtual: Virtual, lag: float) -> None:
    """A watch that lags behind the actors' own writes does not make them write again."""

    async def story(user: User) -> None:
        async def late(request: Request) -> Response:
            answer = await user.cluster.handle(request)
            if "watch=true" in request.target:
                answer.chunks = delayed(answer.chunks, lag)
            return answer

        await up_and_down(user, late)

    user = on_cluster(virtual, story, simulate=False)
    assert user.told() == ["ADDED", *["MODIFIED"] * 7, "DELETED"]


async def up_and_down(user: User, handle: Callable[[Request], Awaitable[Response]]) -> None:
    """A pod's life, watched, under actors that talk through `handle`."""
    life = Life(handle, clock=LoopClock(), delays=DELAYS)
    await life.start()
    await user.create("p")
    await user.watch()
    await asyncio.sleep(90)
    await user.ask("DELETE", f"{PODS}/p")
    await asyncio.sleep(90)
    await life.aclose()


async def delayed(chunks: AsyncIterator[bytes], lag: float) -> AsyncIterator[bytes]:
    """The same pieces, each a little later."""
    try:
        async for chunk in chunks:
            await asyncio.sleep(lag)
            yield chunk
    finally:
        await chunks.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", [400, 403, 422])
def test_refused_writes_are_logged_and_left(
    virtual: Virtual, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    """What the server will not have is not sent again and again, and does not stop the others' pods."""

    async def story(user: User) -> None:
        attempts: list[str] = []

        async def strict(request: Request) -> Response:
            is_theirs = any(f"/pods/{name}" in request.target for name in ("bad", "lost"))
            if is_theirs and request.method != "GET":
                attempts.append(request.target)
                return Response.of(code, b'{"message":"will not"}', content_type="application/json")
            return await user.cluster.handle(request)

        life = Life(strict, clock=LoopClock(), delays=DELAYS)
        await life.start()
        for name, spec in (
            ("bad", {}),
            ("bad-bound", {"nodeName": "listwatch-node"}),
            ("lost", {"nodeSelector": {"no": "where"}}),
            ("good", {}),
        ):
            await user.create(name, **spec)
        await asyncio.sleep(60)
        assert (await user.ask("GET", f"{PODS}/good"))["status"]["phase"] == "Running"
        await life.aclose()
        assert attempts == [
            f"{PODS}/bad/binding",
            f"{PODS}/lost/status",
            f"{PODS}/bad-bound/status",
        ]

    on_cluster(virtual, story, simulate=False)
    assert caplog.text.count(f"{code} will not") == 3


def test_images_are_pulled_as_their_policy_says(virtual: Virtual) -> None:
    """IfNotPresent pulls once for each node, Never does not, Always does every time."""

    async def story(user: User) -> None:
        for name, policy in (("a", "IfNotPresent"), ("b", "IfNotPresent"), ("c", "Never"), ("d", "Always")):
            container = {"name": "c", "image": "nginx:1", "imagePullPolicy": policy}
            await user.create(name, containers=[container])
            await asyncio.sleep(60)
        found = (await user.ask("GET", "/api/v1/namespaces/default/events"))["items"]
        pulls = [each["involvedObject"]["name"] for each in found if each["reason"] == "Pulling"]
        assert sorted(pulls) == ["a", "d"]

    on_cluster(virtual, story)


def test_pods_on_the_hosts_network_have_its_address(virtual: Virtual) -> None:
    """With hostNetwork, the pod's address is the node's."""

    async def story(user: User) -> None:
        await user.create("p", hostNetwork=True)
        await asyncio.sleep(60)
        status = (await user.ask("GET", f"{PODS}/p"))["status"]
        assert status["podIP"] == status["hostIP"] == "10.0.0.2"

    on_cluster(virtual, story)


def test_a_running_pod_gets_a_new_image(virtual: Virtual) -> None:
    """A patch of the image shows as one restart."""

    async def story(user: User) -> None:
        await user.watch()
        await user.create("p")
        await asyncio.sleep(60)
        change = {"spec": {"containers": [{"name": "test-container", "image": "nginx:2"}]}}
        await user.ask("PATCH", f"{PODS}/p", change, patch="strategic-merge-patch")
        await asyncio.sleep(60)
        (container,) = (await user.ask("GET", f"{PODS}/p"))["status"]["containerStatuses"]
        assert (container["image"], container["restartCount"]) == ("docker.io/library/nginx:2", 1)

    assert on_cluster(virtual, story).told() == ["ADDED", *["MODIFIED"] * 5]


def test_events_that_are_refused_do_not_matter(virtual: Virtual) -> None:
    """Events are best effort."""

    async def story(user: User) -> None:
        async def eventless(request: Request) -> Response:
            if request.target.endswith("/events"):
                return Response.of(403, b"{}", content_type="application/json")
            return await user.cluster.handle(request)

        await up_and_down(user, eventless)

    assert on_cluster(virtual, story, simulate=False).told()[-1] == "DELETED"


@pytest.mark.parametrize("name", ["schedule", "create", "start", "stop"])
@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_delays_are_seconds(name: str, value: float) -> None:
    """A delay that is no time is refused by name."""
    with pytest.raises(ValueError, match=f"{name} delay"):
        Delays(**{name: value})


@pytest.mark.slow
def test_a_thousand_pods_need_no_more_tasks_than_one(virtual: Virtual) -> None:
    """Pods are entries on an agenda: the number of tasks does not grow with them."""

    async def story(user: User) -> None:
        await asyncio.sleep(1)
        before = len(asyncio.all_tasks())
        for number in range(1000):
            await user.create(f"p{number}")
        await asyncio.sleep(3)
        assert len(asyncio.all_tasks()) <= before + 4  # an actor that waits for a moment needs two
        await asyncio.sleep(60)
        pods = (await user.ask("GET", PODS))["items"]
        assert {each["status"]["phase"] for each in pods} == {"Running"}
        assert len({each["status"]["podIP"] for each in pods}) == 1000

    on_cluster(virtual, story, records_events=False, controllers=())
