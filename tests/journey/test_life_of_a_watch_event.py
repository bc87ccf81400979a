"""One pod, from the moment somebody creates it to the line that a program prints. Read this first.

The stages and their order are ARCHITECTURE.md's; this test walks them one by one, by hand where a program would let
the client do it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from listwatch import Client, Config, EventType, ListOptions, ListWatch, ObjectMeta
from listwatch.api.core_v1 import Container, Pod, PodSpec
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.codec import Codec
from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.client.frames import LineBuffer

Virtual = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]

POD = Pod(
    metadata=ObjectMeta(name="test-pod", labels={"app": "demo"}),
    spec=PodSpec(containers=[Container(name="test-container", image="nginx:latest")]),
)


def test_one_pod_from_birth_to_print(virtual: Virtual) -> None:
    """A created pod passes server, wire, codec, object and ListWatch, and comes out as the article prints it."""

    async def journey() -> None:
        async with EmbeddedCluster(listen=False, clock=LoopClock()) as cluster:
            chunks: list[bytes] = []

            async def overheard(request: Request) -> Response:
                """The transport, with what passes through it kept."""
                response = await cluster.handle(request)
                if "watch=true" in request.target:
                    response.chunks = tapped(response.chunks, chunks)
                return response

            config = Config.of(host="http://in-memory", token=cluster.admin_token)
            async with Client(config, transport=overheard, clock=LoopClock()) as client:
                pod_list_watch = ListWatch.from_client(client, Pod, namespace="default")
                before = await pod_list_watch.list()
                assert before.items == []

                created = await client.resource(Pod).create(POD)
                printed = []
                async for event in pod_list_watch.watch(
                    ListOptions(resource_version=before.resource_version)
                ):
                    printed.append(f"{event.type} : {event.object.name}")
                    if event.object.status.phase == "Running":
                        break
            assert printed == ["ADDED : test-pod", *["MODIFIED : test-pod"] * 3]

            # The server: one change of one object, in a log of all changes.
            assert created.resource_version > before.resource_version
            # The wire: one line of JSON a frame, whatever the chunks.
            lines = LineBuffer().feed(b"".join(chunks))
            frame = json.loads(lines.splitlines()[0])
            assert (frame["type"], frame["object"]["metadata"]["name"]) == ("ADDED", "test-pod")
            # The codec: metadata decoded, the rest bytes, in one call for all frames.
            events = Codec(Pod).events(lines)
            pod = events[0].object
            assert events[0].type is EventType.ADDED
            assert json.loads(pod._wire.spec) == frame["object"]["spec"]
            # The object: typed when looked at, one reader's own.
            other = pod.copy()
            pod.spec.node_name = "somewhere-else"
            assert other.spec.node_name is None
            assert other.spec.containers[0].image == "nginx:latest"
            # And back: what nobody changed leaves as it came.
            assert msgspec.json.decode(other.to_json()) == frame["object"]

    virtual(journey)


async def tapped(chunks: Any, kept: list[bytes]) -> Any:
    async for chunk in chunks:
        kept.append(chunk)
        yield chunk
