"""A controller manager: which controllers there are, and all of them running.

In:    names of controllers
Out:   one set of caches, one task for each controller
Next:  life/controllers/caches.py, life/controllers/controller.py
Rules: controllers know nothing of each other; what one writes another sees.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from importlib import import_module

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Peer, Transport
from listwatch.apiserver.life.client import LifeClient
from listwatch.apiserver.life.controllers.caches import Caches
from listwatch.apiserver.life.controllers.controller import Controller, Surroundings
from listwatch.apiserver.life.controllers.hands import MANAGER

# Module and class by the name that users know.
_CLASSES = {
    "deployment": ("deployment", "DeploymentController"),
    "replicaset": ("replica_set", "ReplicaSetController"),
    "replicationcontroller": ("replica_set", "ReplicationControllerController"),
    "statefulset": ("stateful_set", "StatefulSetController"),
    "daemonset": ("daemon_set", "DaemonSetController"),
    "cronjob": ("cron_job", "CronJobController"),
    "disruption": ("disruption", "DisruptionController"),
    "persistentvolume-binder": ("volumes", "VolumeController"),
    "job": ("job", "JobController"),
    "ttl-after-finished": ("job", "FinishedJobController"),
    "endpoint": ("endpoints", "EndpointsController"),
    "endpointslice": ("endpoints", "EndpointSliceController"),
    "garbagecollector": ("garbage", "GarbageCollector"),
    "serviceaccount": ("service_accounts", "ServiceAccountController"),
    "root-ca": ("service_accounts", "RootCertificateController"),
}
CONTROLLERS = tuple(_CLASSES)


def checked_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each once, in the order of `CONTROLLERS`.

    Raises:
        ValueError: There is no such controller.
    """
    wanted = set(names)
    unknown = sorted(wanted - set(CONTROLLERS))
    if unknown:
        raise ValueError(f"no such controller: {', '.join(unknown)}; there are: {', '.join(CONTROLLERS)}")
    return tuple(each for each in CONTROLLERS if each in wanted)


class ControllerManager:
    """Runs controllers until cancelled.

    Args:
        handle: The API server.
        clock: For delays and timestamps.
        names: Which controllers; see `CONTROLLERS`.
        records_events: Whether controllers write Events.
        certificate: Of the authority that signs for the server, as PEM.
    """

    def __init__(
        self,
        handle: Transport,
        *,
        clock: Clock,
        names: Iterable[str] = CONTROLLERS,
        records_events: bool = True,
        certificate: str = "",
    ) -> None:
        peer = Peer("system:kube-controller-manager", ("system:masters",))
        client = LifeClient(handle, peer=peer, user_agent=MANAGER, clock=clock)
        self.caches = Caches(client)
        self._around = Surroundings(
            handle=handle, clock=clock, caches=self.caches, records_events=records_events
        )
        self._names = checked_names(names)
        self._certificate = certificate

    async def run(self) -> None:
        """Run until cancelled."""
        # Made here and not before: their modules take longer to import than a whole cluster to start.
        controllers = [_made(name, self._around, self._certificate) for name in self._names]
        async with asyncio.TaskGroup() as tasks:
            self.caches.start(tasks)
            for each in controllers:
                tasks.create_task(each.run())


def _made(name: str, around: Surroundings, certificate: str) -> Controller:
    module, cls = _CLASSES[name]
    kind: type[Controller] = getattr(import_module(f"listwatch.apiserver.life.controllers.{module}"), cls)
    if name == "root-ca":
        return kind(around, certificate=certificate)  # type: ignore[call-arg]
    return kind(around)
