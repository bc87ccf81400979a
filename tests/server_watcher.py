"""A watch that is compared, event by event, with what a model of the server says.

An eager watcher reads whatever comes at once; a lazy one only when it is told to, so that changes heap up, and may be
compacted away, behind its back.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from server_model import Chosen, Event, Model, Object

from listwatch.apimachinery.http import Response

INITIAL_END = {"k8s.io/initial-events-end": "true"}


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(12):
        await asyncio.sleep(0)


def bare(obj: Object, *, metadata_only: bool = False) -> Object:
    """An object without what its collection implies."""
    if metadata_only:
        return {"metadata": obj["metadata"]}
    return {name: value for name, value in obj.items() if name not in {"kind", "apiVersion"}}


class Watcher:
    """One open watch.

    Args:
        model: What is true.
        answer: The watch.
        scope: Resource and namespace.
        chosen: Which objects.
        version: From where, or None for "begin with the state".
        ends_initial: Whether the initial events have an end that is marked.
        has_bookmarks: Whether bookmarks may come.
        metadata_only: Whether objects are told by their metadata.
        ends_at: When the server may end it, in loop time.
        is_eager: See above.
    """

    def __init__(
        self,
        model: Model,
        answer: Response,
        *,
        scope: tuple[str, str],
        chosen: Chosen,
        version: int | None,
        ends_initial: bool,
        has_bookmarks: bool,
        metadata_only: bool,
        ends_at: float,
        is_eager: bool,
    ) -> None:
        self.model = model
        self.is_eager = is_eager
        self.is_over = False
        self.bookmarks = 0
        self.has_bookmarks = has_bookmarks
        self._answer = answer
        self._chunks = answer.chunks.__aiter__()
        self._task: asyncio.Task[bytes] | None = None
        self._resource, self._namespace = scope
        self._chosen = chosen
        self._metadata_only = metadata_only
        self._ends_at = ends_at
        self._from = version or 0
        self._position = model.head if version is None else min(version, model.head)
        self._due: list[Event] = []
        self._is_too_old = version is not None and version < model.floor
        self._awaits_end = ends_initial
        self._told = 0
        if version is None:
            self._due = [("ADDED", obj) for obj in model.listed(self._resource, self._namespace, chosen)]

    @property
    def awaits_bookmarks(self) -> bool:
        """Whether there must be one each minute."""
        return self.is_eager and self.has_bookmarks and self._from <= self.model.head

    async def follow(self) -> None:
        """Read what there is; an eager watcher, at each step."""
        while not self.is_over:
            self._advance()
            if not (self.is_eager or self._due or self._is_too_old or self._awaits_end):
                return
            if self._task is None:
                self._task = asyncio.ensure_future(self._next())
            await settle()
            if not self._task.done():
                assert not self._due, f"not told: {self._due}"
                assert not self._is_too_old, "compacted away, and not told so"
                assert not self._awaits_end, "the end of the initial events is not told"
                return
            task, self._task = self._task, None
            self._take(task.result())

    def _advance(self) -> None:
        """What the server has to tell by now."""
        model = self.model
        if self._is_too_old:
            return
        if model.misses(self._resource, self._namespace, self._position):
            assert self._task is None, "one who always reads cannot fall behind"
            if not (self._due or self._awaits_end):
                self._is_too_old = True
                return
            # The initial state is told first, whatever happened since.
            return
        after = max(self._position, self._from)
        new = model.events(self._resource, self._namespace, self._chosen, after, model.head)
        if new or self._task is not None:
            self._due += new
            self._position = model.head

    async def _next(self) -> bytes:
        return await anext(self._chunks, b"")

    def _take(self, chunk: bytes) -> None:
        if not chunk:
            self.is_over = True
            assert not self._due, f"ended without telling {self._due}"
            assert asyncio.get_running_loop().time() >= self._ends_at, "ended too early"
            return
        for line in chunk.splitlines():
            event = json.loads(line)
            if event["type"] == "BOOKMARK":
                self._take_bookmark(event["object"]["metadata"])
            elif event["type"] == "ERROR":
                assert self._is_too_old, f"unexpected {event}"
                assert event["object"]["code"] == 410
                self._is_too_old, self.is_over = False, True
            else:
                self._take_event(event["type"], event["object"])

    def _take_event(self, type_: str, obj: Object) -> None:
        assert self._due, f"told {type_} {obj['metadata']}, which nobody made"
        wanted_type, wanted = self._due.pop(0)
        found = bare(obj, metadata_only=self._metadata_only)
        assert (type_, found) == (wanted_type, bare(wanted, metadata_only=self._metadata_only))
        assert obj["kind"] == ("PartialObjectMetadata" if self._metadata_only else wanted["kind"])

    def _take_bookmark(self, metadata: dict[str, Any]) -> None:
        revision = int(metadata["resourceVersion"])
        assert self.has_bookmarks
        assert self._told <= revision <= self.model.head
        self._told = revision
        self.bookmarks += 1
        if metadata.get("annotations") == INITIAL_END:
            assert self._awaits_end, "a second end of the initial events"
            self._awaits_end = False
        left = [each for each in self._due if int(each[1]["metadata"]["resourceVersion"]) <= revision]
        assert not left, f"a bookmark at {revision} before {left}"

    async def close(self) -> None:
        """Go away."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._answer.aclose()
