"""What faults do, as a client meets it in memory."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, Caller, OpenWatch, config_map

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ConnectionLost, ConnectionRefused
from listwatch.apimachinery.http import Response
from listwatch.apiserver.faults import (
    Compact,
    Delay,
    DropBookmarks,
    DuplicateFrames,
    Effect,
    Expire,
    Fault,
    FaultPlan,
    Freeze,
    Partition,
    Refuse,
    Reset,
    SlowBody,
    Stale,
    TearFrame,
)

WATCH = f"{CONFIG_MAPS}?watch=1"
NAMES = "abcd"


def faulty(**options: Any) -> tuple[FaultPlan, Caller]:
    """A plan, and a caller of the server that it troubles."""
    clock = LoopClock()
    plan = FaultPlan(clock=clock)
    caller = Caller(clock=clock, interceptor=plan.intercept, **options)
    plan.bind(caller.server)
    return plan, caller


async def read_into(pieces: list[bytes], answer: Response) -> None:
    """Read an answer to its end, keeping what came before it broke."""
    try:
        async for chunk in answer.chunks:
            pieces.append(chunk)  # noqa: PERF401 - a comprehension would lose what came before the break
    finally:
        await answer.aclose()


async def watched(effect: Effect, **options: Any) -> tuple[OpenWatch, Caller]:
    """A watch that a fault has struck, after four objects have been made and time has passed."""
    plan, caller = faulty(**options)
    plan.add(Fault(verb="watch", effect=effect))
    watch = await caller.watch(f"{WATCH}&timeoutSeconds=100&allowWatchBookmarks=true")
    for name in NAMES:
        await caller.create(CONFIG_MAPS, config_map(name))
        await watch.settle()
    return watch, caller


def test_delay(virtual: Any) -> None:
    """The answer comes later."""

    async def main() -> None:
        plan, caller = faulty()
        plan.add(Fault(effect=Delay(seconds=5)))
        start = asyncio.get_running_loop().time()
        assert (await caller.get(CONFIG_MAPS)).status == 200
        assert asyncio.get_running_loop().time() - start == 5

    virtual(main)


def test_refuse(virtual: Any) -> None:
    """A Status in the server's form, with the header if wanted; nothing is done."""

    async def main() -> None:
        plan, caller = faulty()
        with plan.add(Fault(verb="create", effect=Refuse(code=429, retry_after=7))):
            answer = await caller.send("POST", CONFIG_MAPS, config_map("a"))
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        assert answer.json["reason"] == "TooManyRequests"
        assert answer.json["details"] == {"retryAfterSeconds": 7}
        assert (await caller.get(f"{CONFIG_MAPS}/a")).status == 404
        with plan.add(Fault(effect=Refuse(code=500, message="no"))):
            assert (await caller.get(CONFIG_MAPS)).json["message"] == "no"
        assert (await caller.get(CONFIG_MAPS)).status == 200

    virtual(main)


def test_reset(virtual: Any) -> None:
    """Before the answer the server has acted; in the body just so many bytes arrive; a refusal is cut like all."""

    async def main() -> None:
        plan, caller = faulty()
        plan.add(Fault(verb="create", effect=Reset()))
        with pytest.raises(ConnectionLost):
            await caller.send("POST", CONFIG_MAPS, config_map("a"))
        plan.add(Fault(verb="get", effect=Reset(at_byte=10)))
        for target in (f"{CONFIG_MAPS}/a", f"{CONFIG_MAPS}/none"):
            answer = await caller.open("GET", target)
            pieces: list[bytes] = []
            with pytest.raises(ConnectionLost, match="after 10 bytes"):
                await read_into(pieces, answer)
            assert len(b"".join(pieces)) == 10

    virtual(main)


def test_tear_frame(virtual: Any) -> None:
    """The stream ends properly, in the midst of a line."""

    async def main() -> None:
        plan, caller = faulty()
        plan.add(Fault(verb="watch", effect=TearFrame(event=2)))
        answer = await caller.open("GET", WATCH)
        for name in NAMES:
            await caller.create(CONFIG_MAPS, config_map(name))
        first, second = (await answer.read()).split(b"\n")
        assert json.loads(first)["object"]["metadata"]["name"] == "a"
        with pytest.raises(ValueError, match=r"JSON|Expecting|Unterminated"):
            json.loads(second)

    virtual(main)


def test_duplicate_frames(virtual: Any) -> None:
    """Every event comes as often as was said."""

    async def main() -> None:
        watch, _ = await watched(DuplicateFrames(times=3))
        assert [name for _, name in watch.told()] == [name for name in NAMES for _ in range(3)]
        await watch.close()

    virtual(main)


def test_drop_bookmarks(virtual: Any) -> None:
    """Changes arrive, bookmarks do not."""

    async def main() -> None:
        watch, _ = await watched(DropBookmarks(), bookmark_interval=10)
        await asyncio.sleep(200)
        assert watch.told() == [("ADDED", name) for name in NAMES]
        assert watch.has_ended

    virtual(main)


@pytest.mark.parametrize("after", [0, 2])
def test_freeze(virtual: Any, after: int) -> None:
    """After so many events there is silence, longer than the watch should have lasted."""

    async def main() -> None:
        watch, _ = await watched(Freeze(after_events=after))
        await asyncio.sleep(1000)
        assert watch.told() == [("ADDED", name) for name in NAMES[:after]]
        assert not watch.has_ended
        await watch.close()

    virtual(main)


def test_expire(virtual: Any) -> None:
    """410 as the answer, of a watch or a page; or in the stream after so many events."""

    async def main() -> None:
        watch, caller = await watched(Expire(after_events=1))
        assert watch.told()[0] == ("ADDED", "a")
        assert (watch.events[-1]["type"], watch.events[-1]["object"]["code"]) == ("ERROR", 410)
        assert watch.has_ended
        plan, caller = faulty()
        plan.add(Fault(verb=("watch", "list"), effect=Expire()))
        for target in (WATCH, f"{CONFIG_MAPS}?limit=1"):
            answer = await caller.get(target)
            assert (answer.status, answer.json["reason"]) == (410, "Expired")

    virtual(main)


def test_compact(virtual: Any) -> None:
    """The server forgets before it answers: a watch from a version of before is told 410."""

    async def main() -> None:
        plan, caller = faulty()
        version = (await caller.create(CONFIG_MAPS, config_map("a")))["metadata"]["resourceVersion"]
        await caller.create(CONFIG_MAPS, config_map("b"))
        plan.add(Fault(verb="watch", effect=Compact()))
        watch = await caller.watch(f"{WATCH}&resourceVersion={version}")
        await watch.settle()
        assert watch.events[0]["object"]["code"] == 410
        await watch.close()

    virtual(main)


def test_slow_body(virtual: Any) -> None:
    """The same bytes, in pieces, with pauses."""

    async def main() -> None:
        plan, caller = faulty()
        whole = (await caller.get("/api")).body
        plan.add(Fault(effect=SlowBody(piece_bytes=50, pause=2)))
        start = asyncio.get_running_loop().time()
        answer = await caller.open("GET", "/api")
        pieces = [chunk async for chunk in answer.chunks]
        assert b"".join(pieces) == whole
        assert max(map(len, pieces)) == 50
        assert asyncio.get_running_loop().time() - start == 2 * (len(pieces) - 1)

    virtual(main)


def test_stale_by_revisions(virtual: Any) -> None:
    """Gets and lists are of an older revision; what was not there then is not found; tables work too."""

    async def main() -> None:
        plan, caller = faulty()
        await caller.create(CONFIG_MAPS, config_map("a", data={"n": "1"}))
        await caller.patch(f"{CONFIG_MAPS}/a", {"data": {"n": "2"}})
        await caller.create(CONFIG_MAPS, config_map("b"))
        with plan.add(Fault(effect=Stale(revisions=2))):
            old = (await caller.get(f"{CONFIG_MAPS}/a")).json
            assert (old["kind"], old["apiVersion"], old["data"]) == ("ConfigMap", "v1", {"n": "1"})
            page = (await caller.get(f"{CONFIG_MAPS}?limit=500")).json
            assert [each["metadata"]["name"] for each in page["items"]] == ["a"]
            assert page["metadata"]["resourceVersion"] == str(caller.server.revision - 2)
            assert (await caller.get(f"{CONFIG_MAPS}/b")).status == 404
            table = await caller.get(
                f"{CONFIG_MAPS}/a", accept="application/json;as=Table;v=v1;g=meta.k8s.io"
            )
            assert len(table.json["rows"]) == 1
        assert (await caller.get(f"{CONFIG_MAPS}/a")).json["data"] == {"n": "2"}

    virtual(main)


def test_stale_by_seconds(virtual: Any) -> None:
    """The lag can be given in time, too; a watch tells everything that much later."""

    async def main() -> None:
        plan, caller = faulty()
        plan.add(Fault(effect=Stale(seconds=10)))
        watch = await caller.watch(WATCH)
        await caller.create(CONFIG_MAPS, config_map("a"))
        await asyncio.sleep(9)
        assert (await caller.get(f"{CONFIG_MAPS}/a")).status == 404
        assert watch.told() == []
        await asyncio.sleep(1.5)
        assert (await caller.get(f"{CONFIG_MAPS}/a")).status == 200
        assert watch.told() == [("ADDED", "a")]
        await watch.close()

    virtual(main)


def test_a_stale_watch_waits_for_later_revisions(virtual: Any) -> None:
    """A watch behind by a revision tells each change when the next one is made."""

    async def main() -> None:
        watch, _ = await watched(Stale(revisions=1))
        assert [name for _, name in watch.told()] == list(NAMES[:-1])
        await watch.close()

    virtual(main)


def test_a_lag_is_of_one_kind() -> None:
    """By revisions or by seconds, not by both or neither."""
    for lag in ({}, {"revisions": 1, "seconds": 1.0}):
        with pytest.raises(ValueError, match="give one of them"):
            Stale(**lag)  # type: ignore[arg-type]  # that is the mistake


def test_partition(virtual: Any) -> None:
    """Who is cut off gets nowhere, open watches included; the others notice nothing; afterwards all is well."""

    async def main() -> None:
        plan, caller = faulty()
        theirs = await caller.open("GET", WATCH, user_agent="victim/1")
        ours = await caller.watch(WATCH)
        reading = asyncio.ensure_future(theirs.read())
        await asyncio.sleep(1)
        with plan.add(Fault(user_agent="victim", effect=Partition())) as fault:
            with pytest.raises(ConnectionLost, match="cut this client off"):
                await reading
            with pytest.raises(ConnectionRefused):
                await caller.get(CONFIG_MAPS, user_agent="victim/1")
            await caller.create(CONFIG_MAPS, config_map("a"))
            assert fault.struck == 1
        assert (await caller.get(CONFIG_MAPS, user_agent="victim/1")).status == 200
        await ours.settle()
        assert ours.told() == [("ADDED", "a")]
        await ours.close()

    virtual(main)
