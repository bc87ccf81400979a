"""The recorder against a server in memory: what arrives, when, and what is counted when it does not."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from memory_cluster import MemoryCluster, memory_cluster
from virtual_time import run_virtual

from listwatch.api.core_v1 import Node, ObjectReference, Pod
from listwatch.api.events_v1 import Event
from listwatch.apimachinery.errors import ConnectionLost
from listwatch.apimachinery.http import Request, Response
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.event_recorder import EventRecorder
from listwatch.event_recorder.event_writer import NOTE_BYTES

POD = Pod.from_dict({"metadata": {"name": "p", "namespace": "default", "uid": "u", "resourceVersion": "7"}})
WHAT = {"reason": "Restarted", "action": "Restarting", "note": "its configuration has changed"}


class Bench:
    """A recorder, its wire, and somebody who looks at the server."""

    def __init__(self, cluster: MemoryCluster, **settings: Any) -> None:
        client, self.wire = cluster.connect()
        self.reader, _ = cluster.connect()
        self.clock = cluster.clock
        facts = {"reporting_controller": "example.com/tester", "reporting_instance": "tester-1"}
        self.recorder = EventRecorder(client, clock=cluster.clock, random=lambda: 0.0, **(facts | settings))

    def tell(self, regarding: Any = POD, **changed: Any) -> None:
        """Record an event."""
        self.recorder.event(regarding, **(WHAT | changed))

    async def events(self, namespace: str = "default") -> list[Event]:
        """What the server has."""
        return list(await self.reader.resource(Event, namespace=namespace).list())

    async def counts(self) -> list[int]:
        """How often each event has happened, as far as the server knows."""
        return [1 if each.series is None else each.series.count for each in await self.events()]


def refuse(code: int, reason: str) -> Response:
    """A Status that says no."""
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return Response.of(code, json.dumps(status).encode(), content_type="application/json")


def test_an_event() -> None:
    """An event arrives with all that was told, where its object is, under a name of its own."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            async with bench.recorder:
                related = ObjectReference(kind="Node", name="n")
                bench.tell(type="Warning", related=related)
                bench.tell(Node(metadata=ObjectMeta(name="system:Node")))
                assert bench.wire.calls == []  # nothing has been sent yet: telling never waits
                assert await bench.recorder.flush(5.0) == 0
            of_node, event = await bench.events()
            assert event.name.startswith("p.")
            assert of_node.name.startswith("event.")  # an object's name need not be an event's
            assert event.regarding == ObjectReference(
                api_version="v1", kind="Pod", name="p", namespace="default", uid="u", resource_version="7"
            )
            assert event.related == related
            assert (event.type, event.reason, event.action) == ("Warning", "Restarted", "Restarting")
            assert event.note == "its configuration has changed"
            assert (event.reporting_controller, event.reporting_instance) == (
                "example.com/tester",
                "tester-1",
            )
            assert event.event_time is not None
            assert event.series is None
            assert of_node.regarding.namespace is None

    run_virtual(main)


def test_series() -> None:
    """The second occurrence makes a series with count 2 at once; later ones are told after the silence."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            async with bench.recorder:
                for wanted in ([1], [2], [2], [2]):
                    bench.tell()
                    await asyncio.sleep(1)
                    assert await bench.counts() == wanted
                assert bench.wire.calls == ["POST", "PATCH"]
                await asyncio.sleep(361)
                assert await bench.counts() == [4]
                (event,) = await bench.events()
                assert event.series is not None
                assert event.series.last_observed_time is not None
                assert event.event_time is not None
                assert (event.series.last_observed_time - event.event_time).total_seconds() == 3
                bench.tell()
                await asyncio.sleep(1)
                assert await bench.counts() == [4, 1]

    run_virtual(main)


def test_what_waits_is_one_write() -> None:
    """While the server is away repetitions gather in one event, and it is made with its count."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster, queue_limit=2)
            async with bench.recorder:
                bench.wire.cut()
                for number in range(100):
                    bench.tell()
                    bench.tell(reason="Other")
                    await asyncio.sleep(0.01 * number)
                assert bench.recorder.metrics().dropped == 0
                bench.wire.mend()
                assert await bench.recorder.flush(60) == 0
                assert await bench.counts() == [100, 100]

    run_virtual(main)


def test_retries_and_giving_up(caplog: pytest.LogCaptureFixture) -> None:
    """What the network loses is tried again with a rising wait, so many times; then it is counted and the next goes."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster, max_tries=5)
            times: list[float] = []

            async def lose(request: Request) -> None:
                times.append(cluster.clock.monotonic())
                raise ConnectionLost("away")

            async with bench.recorder:
                bench.wire.before = lose
                bench.tell()
                await asyncio.sleep(60)
                assert times == pytest.approx([0, 1, 3, 7, 15])
                assert bench.recorder.metrics().given_up == 1
                bench.wire.mend()
                bench.tell()
                await bench.recorder.flush(5)
                assert await bench.counts() == [1]

    run_virtual(main)
    assert "event Restarted of Pod default/p was given up after 5 tries" in caplog.text


@pytest.mark.parametrize("code", [429, 500, 503])
def test_overload_is_waited_out(code: int) -> None:
    """A server that cannot right now is asked again."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)

            def busy(request: Request) -> Response | None:
                return refuse(code, "") if len(bench.wire.calls) <= 3 else None

            bench.wire.answer = busy
            async with bench.recorder:
                bench.tell()
                await asyncio.sleep(10)
                assert bench.wire.calls == ["POST"] * 4
                assert await bench.counts() == [1]

    run_virtual(main)


def test_refusals_are_final(caplog: pytest.LogCaptureFixture) -> None:
    """What the server refuses is not tried again, and is counted; later events are sent."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            bench.wire.answer = lambda request: refuse(403, "Forbidden")
            async with bench.recorder:
                bench.tell()
                bench.tell(ObjectReference(kind="Pod", namespace="nowhere", name="p"))
                await asyncio.sleep(100)
                assert bench.wire.calls == ["POST", "POST"]
                bench.wire.mend()
                bench.tell()
                bench.tell(ObjectReference(kind="Pod", namespace="nowhere", name="p"))
                await asyncio.sleep(1)
                assert await bench.counts() == [1]
                assert bench.recorder.metrics().refused == 3

    run_virtual(main)
    assert caplog.text.count("was refused") == 3


def test_a_lost_answer_makes_no_second_event() -> None:
    """If the server has made an event and its answer is lost, trying again finds it and goes on with its count."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)

            async def lose(request: Request) -> None:
                raise ConnectionLost("the answer is lost")

            async with bench.recorder:
                bench.wire.after = lose
                bench.tell()
                await asyncio.sleep(0.5)
                bench.tell()
                bench.wire.mend()
                await asyncio.sleep(5)
                assert await bench.counts() == [2]
                assert bench.wire.calls == ["POST", "POST", "PATCH"]

    run_virtual(main)


def test_a_name_that_is_taken() -> None:
    """An event of another reporter under the same name is left alone: another name is taken."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            one, two = Bench(cluster), Bench(cluster)
            async with one.recorder, two.recorder:
                one.tell()
                two.tell()
                await asyncio.sleep(1)
                assert await one.counts() == [1, 1]

    run_virtual(main)


def test_a_forgotten_event_is_told_anew() -> None:
    """Servers forget events after a while: a count for one that is gone makes it again."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            async with bench.recorder:
                bench.tell()
                await asyncio.sleep(1)
                (event,) = await bench.events()
                await bench.reader.resource(Event, namespace="default").delete(event.name)
                bench.tell()
                await asyncio.sleep(1)
                assert await bench.counts() == [2]

    run_virtual(main)


def test_full_queue() -> None:
    """More events than may wait are dropped and counted; what waited is sent later."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster, queue_limit=3)
            async with bench.recorder:
                bench.wire.hang()
                for number in range(10):
                    bench.tell(reason=f"Reason{number}")
                metrics = bench.recorder.metrics()
                assert (metrics.told, metrics.waiting, metrics.dropped) == (10, 3, 7)
                bench.wire.mend()
                assert await bench.recorder.flush(60) == 0
                assert len(await bench.events()) == 3

    run_virtual(main)


def test_limit_is_counted() -> None:
    """New events beyond the limit for one object are not sent, and counted."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            async with bench.recorder:
                for number in range(30):
                    bench.tell(reason=f"Reason{number}")
                await bench.recorder.flush(5)
                metrics = bench.recorder.metrics()
                assert (metrics.created, metrics.suppressed) == (25, 5)

    run_virtual(main)


def test_flush_has_a_deadline() -> None:
    """`flush` sends what waits and counts that are not told yet; with the network gone it ends in time and says so."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            async with bench.recorder:
                assert await bench.recorder.flush(5) == 0  # nothing was ever told
                for _ in range(5):
                    bench.tell()
                    await asyncio.sleep(1)
                assert await bench.counts() == [2]
                assert await bench.recorder.flush(5) == 0
                assert await bench.counts() == [5]
                bench.wire.hang()
                bench.tell()
                bench.tell(reason="Other")
                began = cluster.clock.monotonic()
                assert await bench.recorder.flush(5) == 2
                assert cluster.clock.monotonic() - began == pytest.approx(5)

    run_virtual(main)


def test_flush_cuts_waits_short() -> None:
    """A recorder that waits before its next try does not keep `flush` waiting as long."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            async with bench.recorder:
                bench.wire.cut()
                bench.tell()
                await asyncio.sleep(16)  # the next try would be in 15 s
                began = cluster.clock.monotonic()
                asyncio.get_running_loop().call_later(1, bench.wire.mend)
                assert await bench.recorder.flush(5) == 0
                assert cluster.clock.monotonic() - began <= 2

    run_virtual(main)


def test_close() -> None:
    """Closing sends what waits, ends the task, counts what is lost; what is told afterwards is dropped."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            bench.tell()
            assert await bench.recorder.aclose() == 0
            assert await bench.counts() == [1]
            bench.tell()
            assert bench.recorder.metrics().dropped == 1
            assert await bench.recorder.aclose() == 0
            lost = Bench(cluster)
            lost.wire.hang()
            for _ in range(3):
                lost.tell()
            assert await lost.recorder.aclose(flush_timeout=2) == 1
            assert lost.recorder.metrics().dropped == 3
            assert "waiting" in repr(lost.recorder)

    run_virtual(main)


def test_closed_client() -> None:
    """With the client closed events are refused, not tried for ever."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            client, _ = cluster.connect()
            async with EventRecorder(client, reporting_controller="x", clock=cluster.clock) as recorder:
                await client.aclose()
                recorder.event(POD, **WHAT)
                assert await recorder.flush(5) == 0
                assert recorder.metrics().refused == 1

    run_virtual(main)


def test_a_fault_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody foresaw costs one event, is logged with its traceback, and the next event is sent."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)

            def fail(request: Request) -> Response | None:
                raise KeyError("a fault")

            async with bench.recorder:
                bench.wire.answer = fail
                bench.tell()
                await asyncio.sleep(1)
                bench.wire.mend()
                bench.tell()
                await bench.recorder.flush(5)
                assert await bench.counts() == [1]

    run_virtual(main)
    assert "was not sent" in caplog.text
    assert "a fault" in caplog.text


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        ("short", "short"),
        ("x" * NOTE_BYTES, "x" * NOTE_BYTES),
        ("x" * (NOTE_BYTES + 1), "x" * (NOTE_BYTES - 3) + "…"),
        ("é" * NOTE_BYTES, "é" * 510 + "…"),
    ],
)
def test_long_notes_are_cut(note: str, kept: str) -> None:
    """A note that no server takes is cut, in bytes, between two characters, and shows it."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            async with bench.recorder:
                bench.tell(note=note)
            (event,) = await bench.events()
            assert event.note == kept

    run_virtual(main)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"type": "Error"}, "Normal or Warning"),
        ({"reason": ""}, "reason"),
        ({"action": ""}, "action"),
        ({"reason": "x" * 129}, "reason"),
        ({"action": "ä" * 65}, "action"),
    ],
)
def test_misuse_is_told(changed: dict[str, Any], told: str) -> None:
    """What no server would take is an error where it is written."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster)
            with pytest.raises(ValueError, match=told):
                bench.tell(**changed)
            assert bench.recorder.metrics().told == 0
            with pytest.raises(ValueError, match="reporting_controller"):
                Bench(cluster, reporting_controller="")

    run_virtual(main)


def test_notes_stay_out_of_logs(caplog: pytest.LogCaptureFixture) -> None:
    """What an event says to people may be confidential: no log line holds it."""
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async with memory_cluster() as cluster:
            bench = Bench(cluster, max_tries=2)
            bench.wire.cut()
            async with bench.recorder:
                bench.tell(note="hunter2")
                await asyncio.sleep(5)

    run_virtual(main)
    assert "given up" in caplog.text
    assert "hunter2" not in caplog.text
