"""The same without await: for scripts, notebooks, threads, and where a loop already runs.

    from listwatch.api.core_v1 import Pod
    from listwatch.sync import Client

    with Client() as client:
        pods = client.resource(Pod, namespace="default")
        for event in pods.watch():
            print(event.type, ":", event.object.name)

Rules: a facade: every verb is the asynchronous one, run on a loop in a thread that the `with` block opens and
       closes; no second implementation, no thread or loop that outlives its block. A user's functions (handlers,
       reconcile) run in threads of their own and may use the client. Loaded when first named
Source: the shape is anyio's blocking portal. Methods have the parameters, results and errors of their namesakes in
        `listwatch`, where they are documented
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from listwatch.client.kubeconfig import load_config
    from listwatch.client.subresource import ALL_NAMESPACES, PatchType
    from listwatch.sync.client import Client, ResourceClient, SubresourceClient, Watch
    from listwatch.sync.controller import Controller
    from listwatch.sync.event_recorder import EventRecorder
    from listwatch.sync.informer import SharedInformer
    from listwatch.sync.informer_factory import SharedInformerFactory
    from listwatch.sync.leader_election import LeaderElector, Leadership
    from listwatch.sync.list_watch import ListWatch
    from listwatch.sync.registration import Registration
    from listwatch.sync.work_queue import WorkQueue

_HOME = {
    "client.kubeconfig": ("load_config",),
    "client.subresource": ("ALL_NAMESPACES", "PatchType"),
    "sync.client": ("Client", "ResourceClient", "SubresourceClient", "Watch"),
    "sync.controller": ("Controller",),
    "sync.event_recorder": ("EventRecorder",),
    "sync.informer": ("SharedInformer",),
    "sync.informer_factory": ("SharedInformerFactory",),
    "sync.leader_election": ("LeaderElector", "Leadership"),
    "sync.list_watch": ("ListWatch",),
    "sync.registration": ("Registration",),
    "sync.work_queue": ("WorkQueue",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "ALL_NAMESPACES",
    "Client",
    "Controller",
    "EventRecorder",
    "LeaderElector",
    "Leadership",
    "ListWatch",
    "PatchType",
    "Registration",
    "ResourceClient",
    "SharedInformer",
    "SharedInformerFactory",
    "SubresourceClient",
    "Watch",
    "WorkQueue",
    "load_config",
]


if not TYPE_CHECKING:  # to a type checker it would mean that there is every name

    def __getattr__(name: str) -> Any:
        module = _MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module 'listwatch.sync' has no attribute {name!r}")
        value = getattr(importlib.import_module(f"listwatch.{module}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
