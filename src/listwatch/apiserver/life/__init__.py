"""A simulated scheduler and kubelets, so that pods on an embedded cluster come to life and end.

They are clients of the API server and nothing more: whoever wants to run pods in another way switches them
off.

What is simulated: binding, the steps of `pod_steps`, Events, nodes that are ready. What is not: containers do
not run, fail or complete, they stay up until the pod is deleted; there are no logs, probes, volumes or
resources. Pods with a node or a scheduler of their own are left alone.
"""

from __future__ import annotations

import asyncio
import logging

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Transport
from listwatch.apiserver.life.delays import Delays
from listwatch.apiserver.life.kubelet import AddressPool, Kubelet
from listwatch.apiserver.life.scheduler import Scheduler

__all__ = ["Delays", "Life"]

_log = logging.getLogger("listwatch.apiserver.life")


class Life:
    """One scheduler and a number of nodes, each with its kubelet.

    Promised: after `start` the nodes exist; after `aclose` no task is left. A fault of the simulation's own
    stops the simulation, is logged at once, and is raised by `aclose`.

    Args:
        handle: The API server.
        clock: For delays and timestamps.
        delays: How long the steps of a pod's life take.
        nodes: How many. The first is "listwatch-node", the second "listwatch-node2".
        records_events: Whether scheduler and kubelets write Events.
    """

    def __init__(
        self,
        handle: Transport,
        *,
        clock: Clock,
        delays: Delays | None = None,
        nodes: int = 1,
        records_events: bool = True,
    ) -> None:
        delays = delays or Delays()
        addresses = AddressPool()
        self._scheduler = Scheduler(handle, clock=clock, delays=delays, records_events=records_events)
        self._kubelets = [
            Kubelet(
                handle,
                name="listwatch-node" if number == 1 else f"listwatch-node{number}",
                address=f"10.0.{number // 254}.{number % 254 + 1}",
                addresses=addresses,
                clock=clock,
                delays=delays,
                records_events=records_events,
            )
            for number in range(1, nodes + 1)
        ]
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Register the nodes and begin."""
        for each in self._kubelets:
            await each.register()
        self._task = asyncio.create_task(self._run(), name="listwatch simulation")

    async def aclose(self) -> None:
        """Stop. Pods stay as they are at this moment. Safe to call twice.

        Raises:
            ExceptionGroup: The simulation had stopped before because of a fault of its own.
        """
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._scheduler.run())
                for each in self._kubelets:
                    tasks.create_task(each.run())
        except Exception:
            _log.exception("the simulation of scheduler and kubelets has stopped")
            raise
