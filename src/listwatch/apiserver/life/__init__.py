"""A simulated scheduler, kubelets and controllers, so that objects on an embedded cluster come to life and end.

They are clients of the API server and nothing more: whoever wants to run things in another way switches them off.

What is simulated: binding, the steps of `pod_steps`, containers that run as annotations or programs say (`runs`,
`programs`), logs, Events, nodes that are ready, and the controllers of `controllers/manager.py`. What is not: probes,
volumes, resources. Pods with a node or a scheduler of their own are left alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Transport
from listwatch.apiserver.life.controllers.manager import CONTROLLERS, ControllerManager, checked_names
from listwatch.apiserver.life.delays import Delays
from listwatch.apiserver.life.kubelet import AddressPool, Kubelet
from listwatch.apiserver.life.programs import Program
from listwatch.apiserver.life.scheduler import Scheduler
from listwatch.apiserver.verbs.pod_logs import PodLogs

__all__ = ["CONTROLLERS", "Delays", "Life", "checked_names"]

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
        records_events: Whether scheduler, kubelets and controllers write Events.
        controllers: Which controllers to run, of `CONTROLLERS`; by default all.
        certificate: Of the authority that signs for the server, as PEM, for "kube-root-ca.crt".
        logs: Where to keep what containers print; the API server's, if it shall show it.
        programs: What runs as the containers of which image; see `programs`.

    Raises:
        ValueError: There is no such controller.
    """

    def __init__(
        self,
        handle: Transport,
        *,
        clock: Clock,
        delays: Delays | None = None,
        nodes: int = 1,
        records_events: bool = True,
        controllers: Iterable[str] | None = None,
        certificate: str = "",
        logs: PodLogs | None = None,
        programs: Mapping[str, Program] | None = None,
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
                logs=logs,
                programs=programs,
            )
            for number in range(1, nodes + 1)
        ]
        self._manager: ControllerManager | None = None
        names = checked_names(CONTROLLERS if controllers is None else controllers)
        if names:
            self._manager = ControllerManager(
                handle, clock=clock, names=names, records_events=records_events, certificate=certificate
            )
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
        finally:
            await asyncio.sleep(0)  # the timers of the watches that were closed see that they are cancelled

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._manager is not None:
                    tasks.create_task(self._manager.run())
                tasks.create_task(self._scheduler.run())
                for each in self._kubelets:
                    tasks.create_task(each.run())
        except Exception:
            _log.exception("the simulation of scheduler, kubelets and controllers has stopped")
            raise
