"""How a real cluster lives, as recorded, and the same story played on ours: told per object, names and times aside.

In:    tests/recordings/life-1.36.jsonl       (a real API server, controller manager and scheduler)
Out:   `Tale`s that can be compared
Rules: between objects the order of frames is anybody's; for one object it is fixed. Random parts of names become
       numbers in the order of their appearance.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from multidict import CIMultiDict

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.http import Peer, Request, Response
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.life import Delays

RECORDING = Path(__file__).parent / "recordings" / "life-1.36.jsonl"
ADMIN = Peer("kubernetes-admin", ("system:masters",))
LIVELY = Delays(schedule=0.001, create=0.01, start=0.15, stop=0.05)
Frame = dict[str, Any]

_HASH = r"[bcdfghjklmnpqrstvwxz2456789]{7,10}"
_SUFFIX = r"[bcdfghjklmnpqrstvwxz2456789]{5}"


@cache
def recorded() -> tuple[dict[str, Any], ...]:
    """All requests and answers."""
    return tuple(json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines())


def recorded_frames(flow: str, path: str) -> list[Frame]:
    """The frames of one recorded watch."""
    for each in recorded():
        if each["flow"] == flow and each["request"]["path"].startswith(path) and "frames" in each["response"]:
            found: list[Frame] = each["response"]["frames"]
            return found
    raise LookupError(f"{flow}: no watch on {path}")


def template(labels: dict[str, str], **spec: Any) -> dict[str, Any]:
    """The pod template of the recorded flows."""
    containers = [{"name": "c", "image": "nginx:1"}]
    return {
        "metadata": {"labels": labels},
        "spec": {"containers": containers, "terminationGracePeriodSeconds": 1, **spec},
    }


class Names:
    """Gives random parts of names a number each, in the order of their appearance."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def plain(self, text: str) -> str:
        """The text without randomness."""
        return re.sub(rf"(?<=-)(?:{_HASH}|{_SUFFIX})\b", self._number, text)

    def hashes_plain(self, text: str) -> str:
        """The text with hashes numbered, and suffixes as a star."""
        text = re.sub(rf"(?<=-){_HASH}\b", self._number, text)
        return re.sub(rf"(?<=-){_SUFFIX}\b", "*", text)

    def _number(self, found: re.Match[str]) -> str:
        return self._known.setdefault(found[0], f"#{len(self._known)}")


def conditions(frame: Frame) -> list[tuple[Any, ...]]:
    """The conditions of a frame's object, times aside."""
    found = (frame["object"].get("status") or {}).get("conditions") or ()
    return [(each["type"], each["status"], each.get("reason"), each.get("message")) for each in found]


def without_repeats(items: Iterable[Any]) -> list[Any]:
    """The items, those aside that equal the one before."""
    kept: list[Any] = []
    for each in items:
        if not kept or kept[-1] != each:
            kept.append(each)
    return kept


def events_of(frames: Iterable[Frame], *, reporters: str = "-controller") -> list[tuple[str, ...]]:
    """What Events say, suffixes of names aside, sorted."""
    names = Names()
    return sorted(
        (
            each["object"]["involvedObject"]["kind"],
            names.hashes_plain(each["object"]["involvedObject"]["name"]),
            each["object"]["type"],
            each["object"]["reason"],
            names.hashes_plain(each["object"]["message"]),
            each["object"]["reportingComponent"],
        )
        for each in frames
        if each["object"]["reportingComponent"].endswith(reporters)
    )


class Inhabitant:
    """Somebody on a cluster of ours, in memory and in virtual time."""

    def __init__(self, cluster: EmbeddedCluster) -> None:
        self.cluster = cluster
        self._watches: list[asyncio.Task[None]] = []

    async def ask(self, method: str, path: str, body: Any = None, *, patch: str = "merge-patch") -> Any:
        """The answer; anything but a success fails the test."""
        status, answer = await self.try_to(method, path, body, patch=patch)
        assert status in {200, 201, 202}, answer
        return answer

    async def try_to(
        self, method: str, path: str, body: Any = None, *, patch: str = "merge-patch"
    ) -> tuple[int, Any]:
        """Status and answer."""
        headers: CIMultiDict[str] = CIMultiDict()
        if body is not None:
            kind = f"application/{patch}+json" if method == "PATCH" else "application/json"
            headers["Content-Type"] = kind
        content = json.dumps(body).encode() if body is not None else b""
        answer = await self.cluster.handle(Request(method, path, headers, content, ADMIN))
        raw = await answer.read()
        if answer.headers.get("Content-Type", "").startswith("text/plain"):
            return answer.status, raw.decode()
        return answer.status, json.loads(raw)

    async def items(self, path: str) -> list[dict[str, Any]]:
        """All objects of a collection."""
        found: list[dict[str, Any]] = (await self.ask("GET", path))["items"]
        return found

    async def names(self, path: str) -> list[str]:
        """Their names, sorted."""
        return sorted(each["metadata"]["name"] for each in await self.items(path))

    async def watch(self, path: str) -> list[Frame]:
        """Begin to watch; frames come into the list."""
        mark = "&" if "?" in path else "?"
        answer = await self.cluster.handle(
            Request("GET", f"{path}{mark}watch=true", CIMultiDict(), b"", ADMIN)
        )
        assert answer.status == 200
        frames: list[Frame] = []
        self._watches.append(asyncio.create_task(_note(answer, frames)))
        return frames

    async def stop(self) -> None:
        """End all watches."""
        for each in self._watches:
            each.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)


async def _note(answer: Response, frames: list[Frame]) -> None:
    tail = b""
    try:
        async for chunk in answer.chunks:
            *lines, tail = (tail + chunk).split(b"\n")
            frames.extend(json.loads(line) for line in lines)
    finally:
        await answer.aclose()


@asynccontextmanager
async def living_cluster(**options: Any) -> AsyncIterator[Inhabitant]:
    """A simulated cluster; for use inside virtual time. No task may be left behind."""
    cluster = EmbeddedCluster(**{"listen": False, "clock": LoopClock(), "delays": LIVELY, **options})
    async with cluster:
        inhabitant = Inhabitant(cluster)
        await asyncio.sleep(0.5)
        yield inhabitant
        await inhabitant.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}
