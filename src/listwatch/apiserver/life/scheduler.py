"""A scheduler: gives each waiting pod a node, or tells it why there is none.

In:    pods without a node, and all nodes        (watches, through life/client.py)
Out:   bindings; PodScheduled False with a reason; Events "Scheduled" and "FailedScheduling"
Next:  life/kubelet.py, which sees the pod once it is bound
Rules: a client like any other, as system:kube-scheduler. Which nodes will do is decided in life/placement.py;
       among these it goes round. A pod that found no node is tried again when a node changes.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Peer, Transport
from listwatch.apiserver.life.agenda import Agenda
from listwatch.apiserver.life.client import STRATEGIC_MERGE_PATCH, LifeClient
from listwatch.apiserver.life.delays import RETRY_DELAY, Delays
from listwatch.apiserver.life.mirror import Mirror
from listwatch.apiserver.life.objects import Node, Pod
from listwatch.apiserver.life.placement import is_schedulable, place
from listwatch.apiserver.life.records import rfc3339, scheduler_event

SCHEDULER_NAME = "default-scheduler"

_log = logging.getLogger("listwatch.apiserver.life")


class Scheduler:
    """Binds pods until cancelled. One task for the bindings, one for each of its two watches.

    Args:
        handle: The API server.
        clock: For the delays.
        delays: `schedule` is the time between a pod's creation and its binding.
        records_events: Whether to write Events.
    """

    def __init__(self, handle: Transport, *, clock: Clock, delays: Delays, records_events: bool) -> None:
        self._clock = clock
        self._delays = delays
        self._records_events = records_events
        peer = Peer("system:kube-scheduler", ("system:masters",))
        self._client = LifeClient(handle, peer=peer, user_agent="kube-scheduler", clock=clock)
        self._agenda: Agenda[str, None] = Agenda(clock=clock)
        self._nodes: dict[str, Node] = {}
        self._waiting: dict[str, Pod] = {}
        self._homeless: set[str] = set()
        self._turn = 0
        self._serial = 0

    async def run(self) -> None:
        """Schedule until cancelled."""
        pods = Mirror(Pod, changed=self._pod_changed, gone=self._pod_gone)
        nodes = Mirror(Node, changed=self._node_changed, gone=self._node_gone)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._client.follow("/api/v1/nodes", observer=nodes))
            tasks.create_task(
                self._client.follow("/api/v1/pods", field_selector="spec.nodeName=", observer=pods)
            )
            tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            uid, _ = await self._agenda.due()
            await self._schedule(uid, self._waiting[uid])
            await asyncio.sleep(0)  # others get their turn also when thousands of pods are due

    def _pod_changed(self, pod: Pod) -> None:
        uid = pod.metadata.uid
        if not is_schedulable(pod, scheduler_name=SCHEDULER_NAME):
            self._pod_gone(uid)
            return
        before = self._waiting.get(uid)
        self._waiting[uid] = pod
        if before is not None and uid in self._homeless and before.spec == pod.spec:
            return  # most likely the condition that we wrote ourselves; see `_try_again`
        self._agenda.keep(uid, None, delay=self._delays.schedule)

    def _pod_gone(self, uid: str) -> None:
        self._waiting.pop(uid, None)
        self._homeless.discard(uid)
        self._agenda.discard(uid)

    def _node_changed(self, node: Node) -> None:
        before = self._nodes.get(node.metadata.uid)
        self._nodes[node.metadata.uid] = node
        if before is None or (before.spec, before.metadata.labels) != (node.spec, node.metadata.labels):
            self._try_again()

    def _node_gone(self, uid: str) -> None:
        self._nodes.pop(uid, None)
        self._try_again()  # to tell them how many nodes are left

    def _try_again(self) -> None:
        for uid in self._homeless:
            self._agenda.keep(uid, None, delay=self._delays.schedule)

    async def _schedule(self, uid: str, pod: Pod) -> None:
        placement = place(pod, self._nodes.values())
        if not placement.candidates:
            self._homeless.add(uid)
            await self._tell_why_not(pod, placement.message)
            return
        node = placement.candidates[self._turn % len(placement.candidates)]
        meta = pod.metadata
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        path = f"/api/v1/namespaces/{meta.namespace}/pods/{meta.name}"
        status, answer = await self._client.call("POST", f"{path}/binding", binding)
        if status in {200, 201}:
            self._turn += 1
            self._homeless.discard(uid)
            message = f"Successfully assigned {meta.namespace}/{meta.name} to {node}"
            await self._record(pod, "Normal", "Scheduled", "Binding", message)
        elif status == 429 or status >= 500:
            self._retry(uid)
        elif status not in {404, 409}:  # gone, or bound by somebody else
            _log.warning("binding %s/%s: %d %s", meta.namespace, meta.name, status, answer.get("message"))

    def _retry(self, uid: str) -> None:
        if uid in self._waiting:  # it may have gone while we asked
            self._agenda.keep(uid, None, delay=RETRY_DELAY)

    async def _tell_why_not(self, pod: Pod, message: str) -> None:
        before = pod.condition("PodScheduled")
        if before is not None and (before.reason, before.message) == ("Unschedulable", message):
            return
        meta = pod.metadata
        condition: dict[str, Any] = {
            "type": "PodScheduled",
            "observedGeneration": meta.generation,
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": rfc3339(self._clock.now()),
            "reason": "Unschedulable",
            "message": message,
        }
        if before is not None and before.status == "False" and before.last_transition_time:
            condition["lastTransitionTime"] = before.last_transition_time
        patch = {"metadata": {"uid": meta.uid}, "status": {"conditions": [condition]}}
        path = f"/api/v1/namespaces/{meta.namespace}/pods/{meta.name}/status"
        status, answer = await self._client.call("PATCH", path, patch, content_type=STRATEGIC_MERGE_PATCH)
        if status == 200:
            await self._record(pod, "Warning", "FailedScheduling", "Scheduling", message)
        elif status == 429 or status >= 500:
            self._retry(meta.uid)
        elif status not in {404, 409}:
            _log.warning("%s/%s: %d %s", meta.namespace, meta.name, status, answer.get("message"))

    async def _record(self, pod: Pod, kind: str, reason: str, action: str, message: str) -> None:
        """Write an Event; best effort, as a real scheduler's are."""
        if not self._records_events:
            return
        self._serial += 1
        event = scheduler_event(
            pod,
            kind=kind,
            reason=reason,
            action=action,
            message=message,
            now=self._clock.now(),
            serial=self._serial,
        )
        path = f"/api/v1/namespaces/{pod.metadata.namespace}/events"
        status, answer = await self._client.call("POST", path, event)
        if status != 201:
            _log.debug("no event %s for %s: %s", reason, pod.metadata.name, answer.get("message"))
