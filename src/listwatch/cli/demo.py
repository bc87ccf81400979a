"""`listwatch demo`: the article's program and what the article's author typed beside it, in one command.

In:    nothing: no cluster, no configuration
Out:   the lines that the article shows, and an exit
Rules: nothing is simulated here but the typing: a real listener, a real kubeconfig, the public client and ListWatch;
       the list of names, then `ADDED : test-pod` and so on, nothing else
Source: the article's demo; differs: the listed name ends its line. The article prints it with Printf and no newline,
        so that its first event follows on the same line: `test-podADDED : test-pod`
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.life import Delays
from listwatch.cli.shell import Shell, run_command
from listwatch.client.client import Client
from listwatch.client.kubeconfig import load_config
from listwatch.client.resource import ResourceClient
from listwatch.reflector.list_watch import ListWatch

NAMESPACE = "default"
FIRST, SECOND = "test-pod", "test-pod2"
LONGEST_SECONDS = 60.0
"""The whole takes two seconds; on whatever machine, it shall not hang."""


def manifest(name: str) -> dict[str, Any]:
    """The article's pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "test-container", "image": "nginx:latest"}]},
    }


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `demo`, which has no options of its own."""
    subparsers.add_parser(
        "demo",
        help="list and watch pods of an embedded cluster, here and now",
        description="Start an embedded cluster with one running pod, list the pods, and watch them while a second "
        "one comes and goes. What you see is what examples/01_list_watch.py prints on any cluster.",
        allow_abbrev=False,
    )


def run(args: argparse.Namespace) -> int:
    """Run the demo; returns the exit code."""
    return run_command(command(args, Shell()))


async def command(args: argparse.Namespace, shell: Shell) -> int:
    """The demo in any shell.

    Raises:
        ListWatchError: The embedded cluster did not start, or did not do its part in time.
    """
    try:
        async with asyncio.timeout(LONGEST_SECONDS), _cluster() as kubeconfig:
            await _demonstrate(kubeconfig, shell)
    except TimeoutError:
        raise ListWatchError(
            f"the embedded cluster did not play its part within {LONGEST_SECONDS:.0f} s"
        ) from None
    return 0


@asynccontextmanager
async def _cluster() -> AsyncIterator[Path]:
    """A cluster that listens on this machine, and the file that says how to reach it."""
    with tempfile.TemporaryDirectory(prefix="listwatch-demo-") as folder:
        delays = Delays(schedule=0.05, create=0.05, start=0.15, stop=0.15)
        async with EmbeddedCluster(delays=delays) as cluster:
            yield cluster.write_kubeconfig(Path(folder) / "config")


async def _demonstrate(kubeconfig: Path, shell: Shell) -> None:
    async with Client(load_config(kubeconfig=kubeconfig)) as client:
        typing = client.resource(Pod, namespace=NAMESPACE)
        await typing.create(manifest(FIRST))
        await _running(typing, FIRST)
        await _article(client, shell, beside=_Typist(typing))


async def _running(pods: ResourceClient[Pod], name: str) -> None:
    # As in the article, the first pod has come up before the program starts: the list shows it at rest.
    async with pods.watch(field_selector=f"metadata.name={name}") as watch:
        async for event in watch:
            if event.object.status.phase == "Running":
                return


async def _article(client: Client, shell: Shell, *, beside: _Typist) -> None:
    """The article's program. Ends when the second pod is gone; the article's never does."""
    pod_list_watch = ListWatch.from_client(client, Pod, namespace=NAMESPACE)

    for pod in await pod_list_watch.list():
        shell.write(f"{pod.name}\n")

    async for event in pod_list_watch.watch():
        shell.write(f"{shell.paint(event.type.value)} : {event.object.name}\n")
        if await beside.has_seen(event):
            return


class _Typist:
    """Who types `kubectl apply` and `kubectl delete` beside the program, at the moments when the article's author did.

    The moments are read off the events, so that every run prints the same.
    """

    def __init__(self, pods: ResourceClient[Pod]) -> None:
        self._pods = pods
        self._is_deleting = False

    async def has_seen(self, event: WatchEvent[Pod]) -> bool:
        """Do what is next after `event`; whether there is no more to come."""
        pod = event.object
        if pod.name == FIRST and event.type is EventType.ADDED:
            await self._pods.create(manifest(SECOND))
        elif event.type is EventType.DELETED:
            return True
        elif pod.status.phase == "Running" and not self._is_deleting:
            self._is_deleting = True
            await self._pods.delete(pod.name)
        return False
