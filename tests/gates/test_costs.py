"""What an event and a kept object may cost, in counts: of calls, of objects, of bytes. No clock is asked.

A time says something about a machine and the day; these numbers are the same on every run, so a change that makes the
hot path dearer fails here at once. Whoever makes it cheaper lowers the bound.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from multidict import CIMultiDict

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.codec import Codec
from listwatch.apimachinery.http import Request, Response
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.shared_informer.handlers import EventHandlers
from listwatch.shared_informer.mailbox import Mailbox, MailboxPolicy
from listwatch.shared_informer.shared_informer import SharedInformer

sys.path.insert(0, str(Path(__file__).parents[2] / "benches"))

import pods

COUNT = 400
PIECE_BYTES = 64 * 1024  # as much as a socket gives at once


def frames(kind: str, version: int) -> Iterator[bytes]:
    for number, pod in enumerate(pods.pods(COUNT)):
        pod["metadata"]["resourceVersion"] = str(version + number)
        pod["metadata"]["name"] = f"pod-{number}"
        yield (
            msgspec.json.encode({"type": kind, "object": {"kind": "Pod", "apiVersion": "v1", **pod}}) + b"\n"
        )


@pytest.fixture(scope="module")
def chunks() -> list[bytes]:
    body = b"".join([*frames("ADDED", 10_000), *frames("MODIFIED", 20_000)])
    return [body[start : start + PIECE_BYTES] for start in range(0, len(body), PIECE_BYTES)]


@pytest.fixture(scope="module")
def page() -> bytes:
    items = []
    for number, pod in enumerate(pods.pods(2 * COUNT)):
        pod["metadata"]["name"] = f"pod-{number}"
        items.append(pod)
    return msgspec.json.encode(
        {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}, "items": items}
    )


class Replay:
    """A transport: an empty list, then a watch of these chunks."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    async def __call__(self, request: Request) -> Response:
        if "watch=true" not in request.target:
            body = b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[]}'
            return Response.of(200, body, content_type="application/json")
        return Response(200, CIMultiDict({"Content-Type": "application/json"}), self._body())

    async def _body(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
            await asyncio.sleep(0)
        await asyncio.get_running_loop().create_future()


@contextmanager
def counted_calls() -> Iterator[dict[str, int]]:
    """How many functions are called meanwhile, ours and others'."""
    counts = {"python": 0, "c": 0}

    def note(frame: Any, event: str, arg: Any) -> None:
        if event == "call":
            counts["python"] += 1
        elif event == "c_call":
            counts["c"] += 1

    sys.setprofile(note)
    try:
        yield counts
    finally:
        sys.setprofile(None)


async def follow(chunks: list[bytes], *, handlers: int, ran: Callable[[Any], None] = lambda _: None) -> int:
    """Take all in; how many notifications the handlers were told."""
    told = 0
    is_done = asyncio.Event()

    def count(*_: Any) -> None:
        nonlocal told
        told += 1
        if told == 2 * COUNT * handlers:
            is_done.set()

    async with Client(Config(host="http://in.memory"), transport=Replay(chunks)) as client:
        informer = SharedInformer.from_client(
            client,
            Pod,
            namespace="",
            watch_list=False,
            indexers={"namespace": lambda obj: [obj.namespace]},
        )
        for _ in range(handlers):
            informer.add_event_handler(
                EventHandlers(on_add=count, on_update=count), mailbox=Mailbox(policy=MailboxPolicy.WAIT)
            )
        async with informer:
            await is_done.wait()
            ran(informer)
    return told


@pytest.mark.parametrize(("handlers", "python", "c"), [(1, 58, 58), (10, 155, 115)])
def test_calls_per_event(chunks: list[bytes], handlers: int, python: int, c: int) -> None:
    """One event on its whole way, from the bytes to an index and the handlers, calls so many functions and no more."""
    asyncio.run(follow(chunks, handlers=handlers))  # whatever is made once is made
    with counted_calls() as counts:
        asyncio.run(follow(chunks, handlers=handlers))
    events = 2 * COUNT

    assert counts["python"] / events <= python
    assert counts["c"] / events <= c


class CountingDecoder:
    """A decoder that counts how often it is asked."""

    def __init__(self, decoder: msgspec.json.Decoder[Any]) -> None:
        self._decoder = decoder
        self.calls = 0

    def decode_lines(self, lines: bytes | memoryview) -> list[Any]:
        self.calls += 1
        return self._decoder.decode_lines(lines)


def test_decoder_calls_per_chunk(chunks: list[bytes]) -> None:
    """However many events a chunk holds, two decoder calls read them: the torn line and the others."""
    from listwatch.client.frames import LineBuffer  # noqa: PLC0415

    codec: Codec[Pod] = Codec(Pod)
    decoder = CountingDecoder(codec._frames)
    codec._frames = decoder  # type: ignore[assignment]
    buffer = LineBuffer()
    events = sum(len(codec.events(lines)) for chunk in chunks for lines in buffer.feed(chunk))
    assert events == 2 * COUNT
    assert decoder.calls <= 2 * len(chunks)


def kept(page: bytes, *, compact: bool) -> tuple[float, float]:
    """Bytes, and objects that the cycle collector has to visit, per pod that an informer keeps."""

    async def main() -> tuple[float, float]:
        async with Client(
            Config(host="http://in.memory"), transport=Replay([]), keep_managed_fields=False
        ) as client:
            codec: Codec[Pod] = Codec(Pod, keep_managed_fields=False)
            informer = SharedInformer.from_client(client, Pod, namespace="", compact=compact)
            informer.replace([], codec.page(b'{"kind":"PodList","items":[],"metadata":{}}').resource_version)  # type: ignore[arg-type]
            gc.collect()
            before = len(gc.get_objects())
            tracemalloc.start()
            informer.replace(codec.page(page).items, "9")  # type: ignore[arg-type]
            gc.collect()
            bytes_kept, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            objects = len(gc.get_objects()) - before
            return bytes_kept / (2 * COUNT), objects / (2 * COUNT)

    return asyncio.run(main())


@pytest.mark.parametrize(("compact", "bytes_", "objects"), [(False, 6500, 2.2), (True, 1100, 1.3)])
def test_memory_per_object(page: bytes, compact: bool, bytes_: int, objects: float) -> None:
    """A pod of 11.5 KB is kept in so many bytes, and adds so few objects to what the cycle collector visits."""
    kept(page, compact=compact)
    per_pod = kept(page, compact=compact)

    assert per_pod[0] <= bytes_
    assert per_pod[1] <= objects
