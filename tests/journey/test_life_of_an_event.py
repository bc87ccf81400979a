"""One pod, from the moment somebody creates it to the moment a controller acts on it. Read this first.

    server ─▶ wire ─▶ codec ─▶ ListWatch ─▶ Reflector ─▶ DeltaFIFO ┐
                                                                   ├─▶ Indexer ─▶ Lister
                                                  SharedInformer ◀─┘      │
                                     reconcile ◀─ WorkQueue ◀─ handlers ◀─┘

The program below is an ordinary one: an informer and a controller. Between its stages stand three listeners, which pass
on what goes by. Afterwards each stage is looked at in turn. All in memory and in virtual time: the pod takes seconds to
start, the test milliseconds.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import msgspec

from listwatch import Client, Config, EventType, ListOptions, ListWatch, ObjectKey, ObjectMeta, WatchEvent
from listwatch.api.core_v1 import Container, Pod, PodSpec
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.codec import Codec
from listwatch.apimachinery.http import Request, Response, Transport
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.client.frames import LineBuffer
from listwatch.controller import Controller
from listwatch.reflector.states import Listing, ReflectorState, Stopped, Watching
from listwatch.shared_informer.delta_fifo import DeltaFIFO
from listwatch.shared_informer.deltas import DeltaType
from listwatch.shared_informer.field_path import index_by_field
from listwatch.shared_informer.handlers import EventHandlers
from listwatch.shared_informer.indexer import Indexer
from listwatch.shared_informer.shared_informer import SharedInformer

Virtual = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]

KEY = ObjectKey("default", "test-pod")
POD = Pod(
    metadata=ObjectMeta(name="test-pod", labels={"app": "demo"}),
    spec=PodSpec(containers=[Container(name="test-container", image="nginx:latest")]),
)


class Overheard:
    """What went by between the stages."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.chunks: list[bytes] = []
        self.events: list[WatchEvent[Pod]] = []
        self.states: list[ReflectorState] = []
        self.told: list[str] = []
        self.reconciled: list[str] = []
        self.running = asyncio.Event()

    def transport(self, cluster: EmbeddedCluster) -> Transport:
        """Between client and server."""

        async def pass_on(request: Request) -> Response:
            response = await cluster.handle(request)
            self.requests.append(f"{request.method} {request.target.partition('?')[0]}")
            if "watch=true" in request.target:
                response.chunks = self._chunks(response.chunks)
            return response

        return pass_on

    async def _chunks(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self.chunks.append(chunk)
            yield chunk

    def list_watch(self, inner: ListWatch[Pod]) -> ListWatch[Pod]:
        """Between ListWatch and Reflector."""

        async def watch(options: ListOptions) -> AsyncIterator[WatchEvent[Pod]]:
            async for event in inner.watch(options):
                self.events.append(event)
                yield event

        return ListWatch(list_func=inner.list, watch_func=watch, supports_watch_list=True)

    def handler(self) -> EventHandlers:
        """Beside the controller."""
        return EventHandlers(
            on_add=lambda pod: self.told.append(f"added, {pod.status.phase}"),
            on_update=lambda old, new: self.told.append(f"{old.status.phase} to {new.status.phase}"),
            on_delete=lambda pod: self.told.append(f"deleted, {pod.status.phase}"),
        )


async def run_the_program(cluster: EmbeddedCluster, overheard: Overheard) -> tuple[Any, ...]:
    """Follow the pods, create one, act on it until it runs; then stop everything."""
    clock = LoopClock()
    config = Config.of(host="http://in-memory", token=cluster.admin_token)
    async with Client(config, transport=overheard.transport(cluster), clock=clock) as client:
        informer = SharedInformer(
            overheard.list_watch(ListWatch.from_client(client, Pod, namespace="default")),
            resource=Pod.resource,
            indexers={"node": index_by_field("spec.nodeName")},
            clock=clock,
            on_state=overheard.states.append,
        )
        informer.add_event_handler(overheard.handler())

        async def reconcile(key: ObjectKey) -> None:
            pod = informer.lister.get(key.name, namespace=key.namespace)
            overheard.reconciled.append(pod.status.phase or "")
            if pod.status.phase == "Running":
                overheard.running.set()

        controller = Controller(reconcile, name="journey", clock=clock)
        controller.watch(informer)
        async with informer, controller:
            await informer.wait_synced()
            created = await client.resource(Pod).create(POD)
            await overheard.running.wait()
        return created, informer, controller


def test_one_pod_through_every_stage(virtual: Virtual) -> None:
    """A created pod passes server, wire, codec, ListWatch, Reflector, FIFO, Indexer, Lister, handlers, queue and
    controller, and is at each stage what that stage says it is.
    """

    async def journey() -> None:
        overheard = Overheard()
        async with EmbeddedCluster(listen=False, clock=LoopClock()) as cluster:
            created, informer, controller = await run_the_program(cluster, overheard)
        events = [event for event in overheard.events if event.type is not EventType.BOOKMARK]

        # The server: four changes of one object, in a log of all changes. A scheduler and a kubelet made three of them.
        assert overheard.requests == [
            "GET /api/v1/namespaces/default/pods",  # a watch that begins with what is there
            "POST /api/v1/namespaces/default/pods",
        ]
        versions = [event.object.resource_version for event in events]
        assert versions[0] == created.resource_version
        assert versions == sorted(versions, key=int)

        # The wire: a line of JSON for each change, whatever the chunks.
        (lines,) = LineBuffer().feed(b"".join(overheard.chunks))
        frames = [json.loads(line) for line in lines.splitlines()]
        assert [frame["type"] for frame in frames] == ["BOOKMARK", "ADDED", *["MODIFIED"] * 3]
        assert {frame["object"]["metadata"]["name"] for frame in frames[1:]} == {"test-pod"}

        # The codec: metadata decoded, the rest left as it came, in one call for all lines.
        _, added, *_ = Codec(Pod).events(lines)
        pod = added.object
        assert (added.type, pod.key, pod.labels) == (EventType.ADDED, KEY, {"app": "demo"})
        assert json.loads(pod._wire.spec) == frames[1]["object"]["spec"]
        # The object: typed when looked at, one reader's own, and what nobody changed leaves as it came.
        pod.copy().spec.containers[0].image = "mine:latest"
        assert pod.spec.containers[0].image == "nginx:latest"
        assert msgspec.json.decode(pod.to_json()) == frames[1]["object"]

        # ListWatch: what the article's program prints.
        assert [f"{event.type} : {event.object.name}" for event in events] == [
            "ADDED : test-pod",
            *["MODIFIED : test-pod"] * 3,
        ]

        # The Reflector: one list (here a stream that marks its end), then one watch; and where it has come to.
        assert [type(state) for state in overheard.states] == [Listing, Watching, Stopped]
        (reflector,) = informer.reflectors
        assert (reflector.counts.lists, reflector.counts.events, reflector.counts.skipped) == (1, 4, 0)
        assert reflector.resource_version == versions[-1]

        # DeltaFIFO: had nobody popped meanwhile, all four changes would wait under one key, oldest first.
        fifo: DeltaFIFO[ObjectKey, Pod] = DeltaFIFO(known_objects=Indexer[Pod]())
        for event in events:
            (fifo.add if event.type is EventType.ADDED else fifo.update)(event.object)
        deltas = fifo.pop()
        assert (deltas.key, len(fifo)) == (KEY, 0)
        assert [delta.type for delta in deltas] == [DeltaType.ADDED, *[DeltaType.UPDATED] * 3]

        # The Indexer: the newest state under its key, found by its node, in step with the last change.
        assert informer.indexer.keys() == [KEY]
        (node,) = informer.indexer.index_values("node")
        assert informer.indexer.index_keys("node", node) == [KEY]
        assert informer.indexer.resource_version == informer.resource_version == versions[-1]

        # The Lister: the cache asked as one asks the server. What it gives is the asker's own.
        (found,) = informer.lister.list(label_selector="app=demo", field_selector="status.phase=Running")
        found.metadata.labels["app"] = "spoiled"
        assert informer.lister.get("test-pod", namespace="default").labels == {"app": "demo"}

        # Handlers: each change once and in order, with the state before it.
        assert overheard.told == [
            "added, Pending",
            "Pending to Pending",
            "Pending to Pending",
            "Pending to Running",
        ]

        # The WorkQueue: not changes but the key, and never twice in line.
        figures = controller.queue.metrics()
        assert figures.adds_total == figures.work_duration.count == len(overheard.reconciled)
        assert (figures.depth, figures.running) == (0, 0)

        # The controller: called with the key, it looked how things are, until they were as they should be.
        assert set(overheard.reconciled) == {"Pending", "Running"}
        assert overheard.reconciled[-1] == "Running"
        assert controller.metrics().reconcile_total["success"] == len(overheard.reconciled)

    virtual(journey)
