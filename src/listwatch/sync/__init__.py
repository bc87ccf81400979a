"""The same without await: for scripts, notebooks, threads, and where a loop already runs.

    from listwatch.api.core_v1 import Pod
    from listwatch.sync import Client

    with Client() as client:
        pods = client.resource(Pod, namespace="default")
        for event in pods.watch():
            print(event.type, ":", event.object.name)

Rules: a facade: every verb is the asynchronous one, run on a loop in a thread that the `with` block opens and
       closes; no second implementation, no thread or loop that outlives its block
Source: the shape is anyio's blocking portal. Methods have the parameters, results and errors of their namesakes in
        `listwatch.client`, where they are documented
"""

from __future__ import annotations

from listwatch.client.kubeconfig import load_config
from listwatch.client.subresource import ALL_NAMESPACES, PatchType
from listwatch.sync.client import Client, ResourceClient, SubresourceClient, Watch
from listwatch.sync.list_watch import ListWatch

__all__ = [
    "ALL_NAMESPACES",
    "Client",
    "ListWatch",
    "PatchType",
    "ResourceClient",
    "SubresourceClient",
    "Watch",
    "load_config",
]
