"""How many events a second go through reflector, informer, index and handler, next to a bare loop over the bytes.

    python benches/pipeline.py                       # 5,000 pods of 11.6 KB, told twice; five rounds
    python benches/pipeline.py --pods 1000 --rounds 3 -o json

In:    a number of pods and of rounds
Out:   a table or JSON on stdout, progress on stderr, a file in benches/results/
Rules: every single measurement has a process of its own; rounds are interleaved and begin with another contender each
       time; the bytes are the same for all, in pieces as sockets hand them over; whoever has not taken in every pod in
       its newest version is an error, not a result. A missed target is a result
"""
# ruff: noqa: PLC0415 (a process that measures one contender imports that one only)

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import msgspec
import pods
from figures import (
    FORMS_OF_OUTPUT,
    WrongResult,
    cell,
    events_told,
    machine,
    publish,
    round_of,
    spread,
    target,
    tell,
)
from replay import shrunk

_PIECE_BYTES = 1 << 20  # as much as one read takes (client/connection.py)
_FIRST_VERSION = 1000
_BARE, _BARE_SMALL = "bare", "bare-small"
_LEAN, _TEN, _SMALL = "lean", "ten", "small"
_LARGE, _MIXED = "large", "mixed"
_VERSION = b"@VERSION@"
_OF_BARE, _SMALL_RATE, _OF_ONE = 0.7, 80_000, 0.5


class Taken(NamedTuple):
    """What a contender came to.

    Attributes:
        newest: The version of each pod that it has at the end, by namespace and name.
        events: How many events it took in.
        seconds, cpu: From the first piece to the last event.
    """

    newest: dict[str, str]
    events: int
    seconds: float
    cpu: float


Run = Callable[[list[bytes]], Taken]
"""Takes in the events of these pieces."""


def write_events(file: Path, count: int, *, seed: int) -> None:
    """Each pod ADDED, then each MODIFIED, as a watch tells it.

    Args:
        file: Its name says which: `small` for about 1 KB of each pod, `mixed` for the second time in random order.
        count: How many pods.
        seed: Of the pods and of the order.
    """
    version = _FIRST_VERSION
    with file.open("wb") as out:
        for kind in ("ADDED", "MODIFIED"):
            objects = list(_objects(count, seed=seed, is_small=file.stem == _SMALL))
            if file.stem == _MIXED and kind == "MODIFIED":
                random.Random(seed).shuffle(objects)
            for data in objects:
                version += 1
                whole = data.replace(_VERSION, b"%d" % version, 1)
                out.write(b'{"type":"%b","object":%b}\n' % (kind.encode(), whole))


def _objects(count: int, *, seed: int, is_small: bool) -> Iterator[bytes]:
    for pod in pods.pods(count, seed=seed):
        pod["metadata"]["resourceVersion"] = _VERSION.decode()
        yield msgspec.json.encode({"kind": "Pod", "apiVersion": "v1", **(shrunk(pod) if is_small else pod)})


def pieces(file: Path) -> list[bytes]:
    """The bytes as they arrive."""
    body = file.read_bytes()
    return [body[start : start + _PIECE_BYTES] for start in range(0, len(body), _PIECE_BYTES)]


def lines(chunks: list[bytes]) -> Iterator[bytes]:
    """Whole lines; the torn one waits for its other half."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk if rest else chunk).split(b"\n")
        yield from whole


class Meta(msgspec.Struct, gc=False):
    """What a cache cannot do without."""

    name: str
    namespace: str
    resourceVersion: str  # noqa: N815 (the wire's name)
    uid: str


class Whole(msgspec.Struct, gc=False):
    """An object of which nothing but metadata is looked at."""

    metadata: Meta


class Frame(msgspec.Struct, gc=False):
    """An event."""

    type: str
    object: Whole


def bare(chunks: list[bytes]) -> Taken:
    """Split lines, decode metadata, put in a dict: what nobody can do with less."""
    decode = msgspec.json.Decoder(Frame).decode
    cache: dict[tuple[str, str], tuple[Meta, bytes]] = {}
    events = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for line in lines(chunks):
        frame = decode(line)
        metadata = frame.object.metadata
        key = (metadata.namespace, metadata.name)
        if frame.type == "DELETED":
            cache.pop(key, None)
        else:
            cache[key] = (metadata, line)
        events += 1
    seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
    newest = {f"{space}/{name}": one.resourceVersion for (space, name), (one, _) in cache.items()}
    return Taken(newest, events, seconds, cpu)


class RawPod(msgspec.Struct, gc=False):
    """An object of which metadata is decoded and the rest kept."""

    apiVersion: str  # noqa: N815
    kind: str
    metadata: Meta
    spec: msgspec.Raw
    status: msgspec.Raw


class RawFrame(msgspec.Struct, gc=False):
    """An event of one."""

    type: str
    object: RawPod


def keeping(chunks: list[bytes]) -> Taken:
    """The same, but the spec and the status are kept apart from what nobody will ask for."""
    decode = msgspec.json.Decoder(RawFrame).decode
    cache: dict[tuple[str, str], tuple[Meta, bytes, bytes]] = {}
    events = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for line in lines(chunks):
        frame = decode(line)
        pod = frame.object
        metadata = pod.metadata
        key = (metadata.namespace, metadata.name)
        if frame.type == "DELETED":
            cache.pop(key, None)
        else:
            cache[key] = (metadata, bytes(pod.spec), bytes(pod.status))
        events += 1
    seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
    newest = {f"{space}/{name}": one.resourceVersion for (space, name), (one, *_) in cache.items()}
    return Taken(newest, events, seconds, cpu)


class Served:
    """A transport that answers a list with nothing, and a watch with the pieces.

    Attributes:
        began: When the first piece was asked for: wall and CPU seconds.
    """

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks
        self.began = (0.0, 0.0)

    async def __call__(self, request: Any) -> Any:
        """Answer."""
        from multidict import CIMultiDict

        from listwatch.apimachinery.http import Response

        if "watch=true" not in request.target:
            empty = {"kind": "PodList", "apiVersion": "v1", "items": []}
            body = msgspec.json.encode(empty | {"metadata": {"resourceVersion": str(_FIRST_VERSION)}})
            return Response.of(200, body, content_type="application/json")
        return Response(200, CIMultiDict({"Content-Type": "application/json"}), self._body())

    async def _body(self) -> AsyncIterator[bytes]:
        # Let whatever follows the list come to rest first.
        for _ in range(100):
            await asyncio.sleep(0)
        self.began = (time.perf_counter(), time.process_time())
        for chunk in self._chunks:
            yield chunk
            # A socket is read by the event loop: other tasks get their turn between two reads.
            await asyncio.sleep(0)
        await asyncio.get_running_loop().create_future()


class Counting:
    """The handler: counts, and says when it has seen enough."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self.events = 0
        self.is_done = asyncio.Event()
        self.ended = (0.0, 0.0)

    def on_add(self, obj: Any, *, is_initial: bool) -> None:
        """One."""
        self._count()

    def on_update(self, old: Any, new: Any) -> None:
        """One."""
        self._count()

    def on_delete(self, obj: Any, *, is_final_state_unknown: bool) -> None:
        """One."""
        self._count()

    def _count(self) -> None:
        self.events += 1
        if self.events == self._wanted:
            self.ended = (time.perf_counter(), time.process_time())
            self.is_done.set()


def informer(*, keep_managed_fields: bool = False, handlers: int = 1, compact: bool = False) -> Run:
    """Client, reflector, shared informer with one index, and as many handlers, each told of every event."""

    def run(chunks: list[bytes]) -> Taken:
        return asyncio.run(
            _informer(chunks, keep_managed_fields=keep_managed_fields, handlers=handlers, compact=compact)
        )

    return run


async def _informer(chunks: list[bytes], *, keep_managed_fields: bool, handlers: int, compact: bool) -> Taken:
    from listwatch.api.core_v1 import Pod
    from listwatch.client.client import Client
    from listwatch.client.config import Config
    from listwatch.shared_informer.mailbox import Mailbox, MailboxPolicy
    from listwatch.shared_informer.shared_informer import SharedInformer

    served, events = Served(chunks), sum(chunk.count(b"\n") for chunk in chunks)
    counting = [Counting(events) for _ in range(handlers)]
    client = Client(
        Config(host="http://in.memory"), transport=served, keep_managed_fields=keep_managed_fields
    )
    pods_informer = SharedInformer.from_client(
        client,
        Pod,
        namespace="",
        indexers={"namespace": lambda pod: [pod.namespace]},
        watch_list=False,
        compact=compact,
    )
    for handler in counting:
        # Every event is to be told, none merged.
        pods_informer.add_event_handler(handler, mailbox=Mailbox(policy=MailboxPolicy.WAIT))
    async with pods_informer:
        for handler in counting:
            await handler.is_done.wait()
        newest = {
            f"{pod.namespace}/{pod.name}": str(pod.resource_version) for pod in pods_informer.indexer.list()
        }
    await client.aclose()
    wall, cpu = max(handler.ended for handler in counting)
    return Taken(newest, events, wall - served.began[0], cpu - served.began[1])


class Contender(NamedTuple):
    """Somebody to measure, with which events, and next to whom."""

    title: str
    run: Run
    of: str = _BARE
    events: str = _LARGE


CONTENDERS = {
    _BARE: Contender("bare loop: split, decode metadata, put in a dict", bare),
    "keeping": Contender("bare loop that keeps spec and status apart", keeping),
    _LEAN: Contender("listwatch: reflector, informer, index, handler", informer()),
    "managed": Contender("the same, managedFields kept", informer(keep_managed_fields=True)),
    _TEN: Contender("the same, lean, ten handlers", informer(handlers=10)),
    "compact": Contender("the same, lean, compact", informer(compact=True)),
    "compact-mixed": Contender("… changes in random order", informer(compact=True), events=_MIXED),
    _BARE_SMALL: Contender("small events: bare loop", bare, _BARE_SMALL, _SMALL),
    _SMALL: Contender("small events: listwatch", informer(), _BARE_SMALL, _SMALL),
    "small-ten": Contender("small events: ten handlers", informer(handlers=10), _BARE_SMALL, _SMALL),
}


def measure(name: str, file: Path) -> dict[str, Any]:
    """One contender, once, in this process."""
    run = CONTENDERS[name].run
    warm = file.with_suffix(".warm")
    run(pieces(warm))
    chunks = pieces(file)
    wanted: dict[str, str] = {}
    for line in lines(chunks):
        metadata = msgspec.json.decode(line, type=Frame).object.metadata
        wanted[f"{metadata.namespace}/{metadata.name}"] = metadata.resourceVersion
    gc.collect()
    taken = run(chunks)
    if taken.newest != wanted:
        raise WrongResult(f"{name} has {len(taken.newest)} pods, not all in their newest version")
    return {"events": taken.events, "seconds": taken.seconds, "cpu": taken.cpu}


def main() -> int:
    """Run what the command line asks for; 0 also if the target is missed."""
    options = _options()
    if options.measure:
        json.dump(measure(options.measure, options.file), sys.stdout)
        return 0
    names = list(CONTENDERS)
    with tempfile.TemporaryDirectory(prefix="listwatch-bench-") as folder:
        files = {name: Path(folder) / f"{name}.events" for name in (_LARGE, _SMALL, _MIXED)}
        tell(f"writing {2 * options.pods:,} events …")
        for file in files.values():
            write_events(file, options.pods, seed=options.seed)
            write_events(file.with_suffix(".warm"), 50, seed=1)
        rounds = [_round(number, names, files) for number in range(options.rounds)]
        sizes = {name: file.stat().st_size for name, file in files.items()}
    results = _results(options, rounds, sizes)
    publish(results, _table(results), form=options.output)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the way of an event from the bytes to a handler.")
    parser.add_argument("--pods", type=int, default=5000, metavar="N", help="default 5000")
    parser.add_argument("--rounds", type=int, default=5, metavar="R", help="default 5")
    parser.add_argument("--seed", type=int, default=pods.SEED, help=f"of the pods, default {pods.SEED}")
    parser.add_argument("-o", "--output", choices=FORMS_OF_OUTPUT, default="table")
    parser.add_argument("--measure", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _round(number: int, names: list[str], files: dict[str, Path]) -> dict[str, dict[str, Any]]:
    def command(name: str) -> list[str]:
        return [sys.executable, __file__, "--measure", name, "--file", str(files[CONTENDERS[name].events])]

    return round_of(number, names, command, events_told)


def _results(
    options: argparse.Namespace, rounds: list[dict[str, dict[str, Any]]], sizes: dict[str, int]
) -> dict[str, Any]:
    figures = {
        name: {
            "title": contender.title,
            "events_per_cpu_second": spread([one[name]["events"] / one[name]["cpu"] for one in rounds]),
            "events_per_second": spread([one[name]["events"] / one[name]["seconds"] for one in rounds]),
            # Within a round: a machine that slows down for a while slows both sides.
            "of_bare": spread([one[contender.of]["cpu"] / one[name]["cpu"] for one in rounds]),
        }
        for name, contender in CONTENDERS.items()
    }
    return {
        "benchmark": "pipeline",
        "machine": machine(),
        "parameters": {
            "pods": options.pods,
            "events": 2 * options.pods,
            "bytes_per_event": round(sizes[_LARGE] / (2 * options.pods)),
            "bytes_per_small_event": round(sizes[_SMALL] / (2 * options.pods)),
            "rounds": options.rounds,
            "seed": options.seed,
        },
        "figures": figures,
        "targets": _targets(figures, rounds),
        "rounds": rounds,
    }


def _targets(
    figures: dict[str, dict[str, Any]], rounds: list[dict[str, dict[str, Any]]]
) -> list[dict[str, Any]]:
    of_one = median([one[_LEAN]["cpu"] / one[_TEN]["cpu"] for one in rounds])
    wanted = [
        ("part of the bare loop", _OF_BARE, figures[_LEAN]["of_bare"]["median"]),
        ("small events a second", _SMALL_RATE, figures[_SMALL]["events_per_cpu_second"]["median"]),
        ("with ten handlers, part of the rate with one", _OF_ONE, of_one),
    ]
    return [target(title, wanted=least, found=found, is_most=False) for title, least, found in wanted]


def _table(results: dict[str, Any]) -> list[tuple[str, ...]]:
    run = results["parameters"]
    head = (
        f"{run['events']:,} events of {run['bytes_per_event']:,} bytes (small: {run['bytes_per_small_event']:,}), "
        f"{run['rounds']} rounds",
        "events per CPU second",
        "per second",
        "part of the bare loop",
    )
    return [
        head,
        *(
            (
                figure["title"],
                cell(figure["events_per_cpu_second"], 0),
                cell(figure["events_per_second"], 0),
                cell(figure["of_bare"]),
            )
            for figure in results["figures"].values()
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
