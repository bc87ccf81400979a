"""A kubelet: takes the pods of one node up and, once they are deleted, down again, step by step.

In:    the pods bound to this node               (a watch, through life/client.py)
Out:   status patches, final deletions, Events "Pulling", "Pulled", "Created", "Started", "Killing"
Next:  nobody; what it writes is what others watch
Rules: a client like any other, as system:node:NAME. What to do is decided in life/pod_steps.py; here is only
       when. A pod that is older than this kubelet's own last write to it is not looked at.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Peer, Transport
from listwatch.apimachinery.meta import compare_resource_version
from listwatch.apiserver.life.agenda import Agenda
from listwatch.apiserver.life.client import MERGE_PATCH, STRATEGIC_MERGE_PATCH, LifeClient
from listwatch.apiserver.life.delays import RETRY_DELAY, Delays
from listwatch.apiserver.life.mirror import Mirror
from listwatch.apiserver.life.objects import Container, Pod
from listwatch.apiserver.life.pod_steps import EXIT_KILLED, Step, image_id, next_step, status_patch
from listwatch.apiserver.life.records import kubelet_event, node_object, rfc3339

NOT_READY_TAINT = "node.kubernetes.io/not-ready"

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


class Kubelet:
    """Runs the pods of one node until cancelled. One task for the steps, one for its watch.

    Args:
        handle: The API server.
        name: The node's name.
        address: The node's address.
        addresses: Where the pods' addresses come from.
        clock: For delays and timestamps.
        delays: How long the steps take.
        records_events: Whether to write Events.
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
    ) -> None:
        self._name = name
        self._address = address
        self._addresses = addresses
        self._clock = clock
        self._delays = delays
        self._records_events = records_events
        self._client = LifeClient(
            handle, peer=Peer(f"system:node:{name}", ("system:nodes",)), user_agent="kubelet", clock=clock
        )
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

    async def run(self) -> None:
        """Run pods until cancelled."""
        pods = Mirror(Pod, changed=self._pod_changed, gone=self._pod_gone)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                self._client.follow(
                    "/api/v1/pods", field_selector=f"spec.nodeName={self._name}", observer=pods
                )
            )
            tasks.create_task(self._work())

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
        step = next_step(pod, node_name=self._name)
        before = self._agenda.get(uid)
        if step is None:
            self._agenda.discard(uid)
        elif before is not None and before.step is step:
            self._agenda.keep(uid, _Planned(step, pod), delay=self._delay(step, pod))
        else:
            self._agenda.put(uid, _Planned(step, pod), delay=self._delay(step, pod))

    def _pod_gone(self, uid: str) -> None:
        self._agenda.discard(uid)
        self._written.pop(uid, None)
        self._addresses.release(uid)

    def _delay(self, step: Step, pod: Pod) -> float:
        match step:
            case Step.CREATE | Step.REMOVE_SANDBOX | Step.FINISH | Step.UPDATE:
                return self._delays.create
            case Step.INITIALIZE | Step.START:
                return self._delays.start
            case Step.STOP:
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
            patch = status_patch(
                step,
                pod,
                now=rfc3339(self._clock.now()),
                host_ip=self._address,
                pod_ip=self._pod_ip(pod) if step is Step.START else "",
                exit_code=EXIT_KILLED if self._delays.stop > self._grace(pod) else 0,
            )
            status, answer = await self._client.call(
                "PATCH", f"{path}/status", patch, content_type=STRATEGIC_MERGE_PATCH
            )
        if status == 200:
            if step is not Step.FINISH:
                self._remember(uid, answer.get("metadata", {}).get("resourceVersion"))
            await self._tell_of(step, pod)
        elif status == 429 or status >= 500:
            if self._agenda.get(uid) is None:
                self._agenda.put(uid, planned, delay=RETRY_DELAY)
        elif status not in {404, 409}:  # gone, or another pod of that name
            _log.warning(
                "%s %s/%s: %d %s", step.value, meta.namespace, meta.name, status, answer.get("message")
            )

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

    async def _tell_of(self, step: Step, pod: Pod) -> None:
        containers = pod.spec.containers or []
        if step is Step.CREATE:
            pulled = [each for each in containers if self._must_pull(each)]
            await self._record(pod, "Pulling", 'Pulling image "{image}"', pulled)
        elif step is Step.START:
            took = f"{round(self._delays.start * 1000)}ms"
            for each in containers:
                message = 'Container image "{image}" already present on machine'
                if self._must_pull(each):
                    message = f'Successfully pulled image "{{image}}" in {took} ({took} including waiting)'
                    self._images.add(image_id(each.image or ""))
                await self._record(pod, "Pulled", message, [each])
                await self._record(pod, "Created", "Created container: {name}", [each])
                await self._record(pod, "Started", "Started container {name}", [each])

    def _must_pull(self, container: Container) -> bool:
        if container.image_pull_policy == "Never":
            return False
        return container.image_pull_policy == "Always" or image_id(container.image or "") not in self._images

    async def _record(self, pod: Pod, reason: str, message: str, containers: Iterable[Container]) -> None:
        """Write an Event for each of the containers; best effort, as a real kubelet's are."""
        if not self._records_events:
            return
        path = f"/api/v1/namespaces/{pod.metadata.namespace}/events"
        for each in containers:
            self._serial += 1
            event = kubelet_event(
                pod,
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
