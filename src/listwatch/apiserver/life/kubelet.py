"""A kubelet: takes the pods of one node up, runs them, and takes them down again, step by step.

In:    the pods bound to this node               (a watch, through life/client.py)
Out:   status patches, final deletions, Events, logs; its node's Lease, renewed
Next:  nobody; what it writes is what others watch
Rules: a client like any other, as system:node:NAME. What to do is decided in life/pod_steps.py and pod_runs.py; here is
       only when. A pod that is older than this kubelet's own last write to it is not looked at.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, Final

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Peer, Transport
from listwatch.apimachinery.meta import compare_resource_version
from listwatch.apiserver.life.agenda import Agenda
from listwatch.apiserver.life.client import MERGE_PATCH, STRATEGIC_MERGE_PATCH, LifeClient
from listwatch.apiserver.life.container_runs import ContainerRuns
from listwatch.apiserver.life.delays import RETRY_DELAY, Delays
from listwatch.apiserver.life.mirror import Mirror
from listwatch.apiserver.life.objects import Container, Pod
from listwatch.apiserver.life.pod_runs import Ran, next_turn, turn_patch
from listwatch.apiserver.life.pod_steps import (
    EXIT_KILLED,
    NOT_FOUND,
    Step,
    canonical_image,
    image_id,
    next_step,
    status_patch,
)
from listwatch.apiserver.life.programs import Identity, Program, Programs
from listwatch.apiserver.life.records import kubelet_event, lease_object, micro_time, node_object, rfc3339
from listwatch.apiserver.life.runs import LOG, Run, annotation
from listwatch.apiserver.verbs.pod_logs import PodLogs

NOT_READY_TAINT = "node.kubernetes.io/not-ready"
LEASES: Final = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
TURNS: Final = frozenset({Step.BACK_OFF, Step.BECOME_READY, Step.EXIT, Step.RESTART, Step.OPEN_GATES})

_log = logging.getLogger("listwatch.apiserver.life")


class AddressPool:
    """Addresses for pods, from 10.244.0.2 on. One for all nodes, so that no two pods share one."""

    def __init__(self) -> None:
        self._next = int(IPv4Address("10.244.0.2"))
        self._by_uid: dict[str, str] = {}

    def take(self, uid: str) -> str:
        """The pod's address; always the same for one uid until it is released. None is given twice."""
        if uid not in self._by_uid:
            self._by_uid[uid] = str(IPv4Address(self._next))
            self._next += 1
        return self._by_uid[uid]

    def claim(self, uid: str, address: str) -> None:
        """The pod has that address already, from a kubelet before us."""
        if uid not in self._by_uid:
            self._by_uid[uid] = address
            self._next = max(self._next, int(IPv4Address(address)) + 1)

    def release(self, uid: str) -> None:
        """Forget the pod."""
        self._by_uid.pop(uid, None)


@dataclass(frozen=True, slots=True)
class _Planned:
    step: Step
    pod: Pod
    container: str = ""


class Kubelet:
    """Runs the pods of one node until cancelled. One task for the steps, one for its watch, one for each program.

    Args:
        handle: The API server.
        name: The node's name.
        address: The node's address.
        addresses: Where the pods' addresses come from.
        clock: For delays and timestamps.
        delays: How long the steps take.
        records_events: Whether to write Events.
        logs: Where to keep what containers print.
        programs: What runs as the containers of which image.
    """

    def __init__(
        self,
        handle: Transport,
        *,
        name: str,
        address: str,
        addresses: AddressPool,
        clock: Clock,
        delays: Delays,
        records_events: bool,
        logs: PodLogs | None = None,
        programs: Mapping[str, Program] | None = None,
    ) -> None:
        self._name = name
        self._address = address
        self._addresses = addresses
        self._clock = clock
        self._delays = delays
        self._records_events = records_events
        self._client = LifeClient(
            handle,
            peer=Peer(f"system:node:{name}", ("system:nodes", "system:masters")),
            user_agent="kubelet",
            clock=clock,
        )
        self._logs = logs or PodLogs()
        self._programs = Programs(programs or {}, clock=clock, ended=self._program_ended)
        self._runs = ContainerRuns(clock=clock, job_seconds=delays.run)
        self._pods: dict[str, Pod] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._agenda: Agenda[str, _Planned] = Agenda(clock=clock)
        self._written: dict[str, str] = {}
        self._images: set[str] = set()
        self._serial = 0

    async def register(self) -> None:
        """Make the node known, ready, and free of the taint that new nodes are given.

        An existing node of that name is taken over: its status becomes ours.

        Raises:
            RuntimeError: The server did not accept the node. The message holds its words.
        """
        node = node_object(name=self._name, address=self._address, now=self._clock.now())
        path = f"/api/v1/nodes/{self._name}"
        status, answer = await self._client.call("POST", "/api/v1/nodes", node)
        if status == 409 or (status == 201 and not answer.get("status", {}).get("conditions")):
            status, answer = await self._client.call(
                "PATCH", f"{path}/status", {"status": node["status"]}, content_type=STRATEGIC_MERGE_PATCH
            )
        taints = answer.get("spec", {}).get("taints") or []
        if status in {200, 201} and any(each.get("key") == NOT_READY_TAINT for each in taints):
            others = [each for each in taints if each.get("key") != NOT_READY_TAINT]
            status, answer = await self._client.call(
                "PATCH", path, {"spec": {"taints": others or None}}, content_type=MERGE_PATCH
            )
        if status not in {200, 201}:
            raise RuntimeError(f"cannot register node {self._name}: {status} {answer.get('message')}")
        if self._delays.heartbeat:
            lease = lease_object(name=self._name, uid=answer["metadata"]["uid"], now=self._clock.now())
            status, _ = await self._client.call("POST", LEASES, lease)
            if status == 409:
                await self._renew()

    async def run(self) -> None:
        """Run pods until cancelled."""
        pods = Mirror(Pod, changed=self._pod_changed, gone=self._pod_gone)
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            if self._delays.heartbeat:
                tasks.create_task(self._beat())
            tasks.create_task(
                self._client.follow(
                    "/api/v1/pods", field_selector=f"spec.nodeName={self._name}", observer=pods
                )
            )
            tasks.create_task(self._work())

    async def _beat(self) -> None:
        """Say now and then that the node lives."""
        while True:
            await self._clock.sleep(self._delays.heartbeat)
            await self._renew()

    async def _renew(self) -> None:
        renewed = {"spec": {"holderIdentity": self._name, "renewTime": micro_time(self._clock.now())}}
        await self._client.call("PATCH", f"{LEASES}/{self._name}", renewed, content_type=MERGE_PATCH)

    async def _work(self) -> None:
        while True:
            uid, planned = await self._agenda.due()
            await self._take(uid, planned)
            await asyncio.sleep(0)  # others get their turn also when thousands of pods are due

    def _pod_changed(self, pod: Pod) -> None:
        uid = pod.metadata.uid
        written = self._written.get(uid)
        if written is not None:
            if compare_resource_version(pod.metadata.resource_version, written) < 0:
                return
            del self._written[uid]
        if pod.status.pod_ip and not pod.spec.host_network:
            self._addresses.claim(uid, pod.status.pod_ip)
        self._pods[uid] = pod
        step = next_step(pod, node_name=self._name)
        before = self._agenda.get(uid)
        if step is None:
            self._plan_turn(uid, pod)
        elif before is not None and before.step is step:
            self._agenda.keep(uid, _Planned(step, pod), delay=self._delay(step, pod))
        else:
            self._agenda.put(uid, _Planned(step, pod), delay=self._delay(step, pod))

    def _plan_turn(self, uid: str, pod: Pod) -> None:
        """What the pod's containers do next by themselves."""
        turn = next_turn(pod, self._runs.of(pod), backoff=self._delays.backoff)
        if turn is None:
            self._agenda.discard(uid)
            return
        shortest = self._delays.create if turn.step in {Step.RESTART, Step.BACK_OFF} else 0.0
        self._agenda.put(uid, _Planned(turn.step, pod, turn.container), delay=max(turn.seconds, shortest))

    def _program_ended(self, identity: Identity, code: int) -> None:
        self._runs.ended(identity, code)
        pod = self._pods.get(identity[0])
        if pod is not None and next_step(pod, node_name=self._name) is None:
            self._plan_turn(identity[0], pod)

    def _pod_gone(self, uid: str) -> None:
        self._pods.pop(uid, None)
        self._programs.stop(uid)
        self._runs.forget(uid)
        self._logs.forget(uid)
        self._agenda.discard(uid)
        self._written.pop(uid, None)
        self._addresses.release(uid)

    def _delay(self, step: Step, pod: Pod) -> float:
        match step:
            case Step.CREATE | Step.REMOVE_SANDBOX | Step.FINISH | Step.UPDATE:
                return self._delays.create
            case Step.INITIALIZE | Step.START:
                return self._delays.start
            case _:
                return min(self._delays.stop, self._grace(pod))

    @staticmethod
    def _grace(pod: Pod) -> float:
        seconds = pod.metadata.deletion_grace_period_seconds
        return float("inf") if seconds is None else float(seconds)

    async def _take(self, uid: str, planned: _Planned) -> None:
        """Do the step, and tell of it."""
        step, pod = planned.step, planned.pod
        meta = pod.metadata
        path = f"/api/v1/namespaces/{meta.namespace}/pods/{meta.name}"
        if step is Step.STOP:
            self._programs.stop(uid)
            await self._record(pod, "Killing", "Stopping container {name}", pod.spec.containers or ())
        if step is Step.FINISH:
            options = {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "gracePeriodSeconds": 0,
                "preconditions": {"uid": uid},
            }
            status, answer = await self._client.call("DELETE", path, options)
        else:
            patch = self._patch(planned)
            status, answer = await self._client.call(
                "PATCH", f"{path}/status", patch, content_type=STRATEGIC_MERGE_PATCH
            )
        if status == 200:
            if step is not Step.FINISH:
                self._remember(uid, answer.get("metadata", {}).get("resourceVersion"))
            self._run_containers(step, pod, answer)
            await self._tell_of(step, pod, planned.container)
        elif status == 429 or status >= 500:
            if self._agenda.get(uid) is None:
                self._agenda.put(uid, planned, delay=RETRY_DELAY)
        elif status not in {404, 409}:  # gone, or another pod of that name
            _log.warning(
                "%s %s/%s: %d %s", step.value, meta.namespace, meta.name, status, answer.get("message")
            )

    def _patch(self, planned: _Planned) -> dict[str, Any]:
        step, pod, now = planned.step, planned.pod, rfc3339(self._clock.now())
        rans = self._runs.of(pod)
        if step in TURNS:
            return turn_patch(step, pod, planned.container, rans.get(planned.container, Ran(Run())), now=now)
        return status_patch(
            step,
            pod,
            now=now,
            host_ip=self._address,
            pod_ip=self._pod_ip(pod) if step is Step.START else "",
            exit_code=EXIT_KILLED if self._delays.stop > self._grace(pod) else 0,
            runs={name: each.run for name, each in rans.items()},
        )

    def _run_containers(self, step: Step, pod: Pod, answer: dict[str, Any]) -> None:
        """Logs begin and end with containers, and programs run as those that have one."""
        uid = pod.metadata.uid
        if step in {Step.STOP, Step.EXIT}:
            for each in (answer.get("status") or {}).get("containerStatuses") or ():
                log = self._logs.find(uid, each["name"], each.get("restartCount", 0))
                if log is not None and "running" not in each["state"]:
                    log.end()
            return
        if step not in {Step.START, Step.RESTART, Step.UPDATE} or self._tasks is None:
            return
        images = {each.name: each.image or "" for each in pod.spec.containers or ()}
        for each in answer["status"].get("containerStatuses") or ():
            name, restarts = each["name"], each.get("restartCount", 0)
            if "running" not in each["state"] or self._logs.find(uid, name, restarts) is not None:
                continue
            log = self._logs.begin(uid, name, restarts, clock=self._clock)
            printed = annotation(pod, LOG, name)
            if printed is not None:
                log.write(printed)
            if self._programs.runs(images.get(name, "")):
                self._runs.is_program(uid, name)
                self._programs.start(self._tasks, (uid, name, restarts), images[name], answer, log)

    def _pod_ip(self, pod: Pod) -> str:
        return self._address if pod.spec.host_network else self._addresses.take(pod.metadata.uid)

    def _remember(self, uid: str, version: str | None) -> None:
        """Older frames of this pod may still be on their way; plans made from such are void."""
        if not version:
            return
        planned = self._agenda.get(uid)
        if planned is not None:
            if compare_resource_version(planned.pod.metadata.resource_version, version) >= 0:
                return
            self._agenda.discard(uid)
        self._written[uid] = version

    async def _tell_of(self, step: Step, pod: Pod, container: str) -> None:
        containers = pod.spec.containers or []
        if step is Step.CREATE:
            pulled = [each for each in containers if self._must_pull(each)]
            await self._record(pod, "Pulling", 'Pulling image "{image}"', pulled)
        elif step is Step.START:
            runs = self._runs.of(pod)
            for each in containers:
                if each.name not in runs or runs[each.name].run.is_pullable:
                    await self._tell_of_start(pod, each)
                    continue
                message = (
                    f'Failed to pull image "{{image}}": {NOT_FOUND.format(canonical_image(each.image or ""))}'
                )
                await self._record(pod, "Failed", message, [each], kind="Warning")
                await self._record(pod, "Failed", "Error: ErrImagePull", [each], kind="Warning")
        elif step is Step.RESTART:
            for each in containers:
                if each.name == container:
                    await self._tell_of_start(pod, each)
        elif step is Step.BACK_OFF:
            meta = pod.metadata
            for each in containers:
                if each.name != container:
                    continue
                if self._runs.of(pod)[container].run.is_pullable:
                    where = f"pod {meta.name}_{meta.namespace}({meta.uid})"
                    message = f"Back-off restarting failed container {{name}} in {where}"
                    await self._record(pod, "BackOff", message, [each], kind="Warning")
                else:
                    await self._record(pod, "BackOff", 'Back-off pulling image "{image}"', [each])
                    await self._record(pod, "Failed", "Error: ImagePullBackOff", [each], kind="Warning")

    async def _tell_of_start(self, pod: Pod, container: Container) -> None:
        took = f"{round(self._delays.start * 1000)}ms"
        message = 'Container image "{image}" already present on machine'
        if self._must_pull(container):
            message = f'Successfully pulled image "{{image}}" in {took} ({took} including waiting)'
            self._images.add(image_id(container.image or ""))
        await self._record(pod, "Pulled", message, [container])
        await self._record(pod, "Created", "Created container: {name}", [container])
        await self._record(pod, "Started", "Started container {name}", [container])

    def _must_pull(self, container: Container) -> bool:
        if container.image_pull_policy == "Never":
            return False
        return container.image_pull_policy == "Always" or image_id(container.image or "") not in self._images

    async def _record(
        self, pod: Pod, reason: str, message: str, containers: Iterable[Container], *, kind: str = "Normal"
    ) -> None:
        """Write an Event for each of the containers; best effort, as a real kubelet's are."""
        if not self._records_events:
            return
        path = f"/api/v1/namespaces/{pod.metadata.namespace}/events"
        for each in containers:
            self._serial += 1
            event = kubelet_event(
                pod,
                kind=kind,
                reason=reason,
                message=message.replace("{name}", each.name).replace("{image}", each.image or ""),
                container=each.name,
                node=self._name,
                now=self._clock.now(),
                serial=self._serial,
            )
            status, answer = await self._client.call("POST", path, event)
            if status != 201:
                _log.debug("no event %s for %s: %s", reason, pod.metadata.name, answer.get("message"))
