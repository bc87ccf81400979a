"""The elector against a server in memory: what it sends, when it leads, what it gives back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from memory_cluster import MemoryCluster, memory_cluster
from virtual_time import run_virtual

from listwatch.api.coordination_v1 import Lease, LeaseSpec
from listwatch.api.events_v1 import Event
from listwatch.apimachinery.errors import ConnectionLost, ListWatchError
from listwatch.apimachinery.http import Request, Response
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.apimachinery.object import Object
from listwatch.event_recorder import EventRecorder
from listwatch.leader_election import LeaderElector, Leadership, LeadershipLost, unique_identity

CONFLICT = b'{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409}'


class Events:
    """A recorder that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def event(self, regarding: Object, *, reason: str, action: str, note: str) -> None:
        """Keep it."""
        self.told.append((regarding.name, note))


class Candidate:
    """An elector with its client and wire."""

    def __init__(self, cluster: MemoryCluster, identity: str, **more: Any) -> None:
        self.client, self.wire = cluster.connect()
        self.seen: list[str] = []
        self.events = Events()
        self.clock = cluster.clock
        settings: dict[str, Any] = {"name": "lock", "namespace": "default", "random": lambda: 0.0} | more
        self.elector = LeaderElector(
            self.client,
            identity=identity,
            clock=cluster.clock,
            on_new_leader=self.seen.append,
            recorder=self.events,
            **settings,
        )

    async def lease(self) -> Lease:
        """The Lease as the server has it."""
        return await self.client.resource(Lease, namespace="default").get("lock")

    async def write(self, **spec: Any) -> Lease:
        """Make the Lease so, whoever it belongs to."""
        leases = self.client.resource(Lease, namespace="default")
        with contextlib.suppress(ListWatchError):
            await leases.delete("lock")
        return await leases.create(Lease(metadata=ObjectMeta(name="lock"), spec=LeaseSpec(**spec)))


@asynccontextmanager
async def leading(candidate: Candidate) -> AsyncIterator[tuple[Leadership, asyncio.Task[Any]]]:
    """A candidate that leads in a task of its own, and goes on until it is cancelled."""
    began: asyncio.Future[Leadership] = asyncio.get_running_loop().create_future()

    async def work(leadership: Leadership) -> None:
        began.set_result(leadership)
        await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(candidate.elector.run(work))
    try:
        yield await began, task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, LeadershipLost):
            await task


OTHERS = {"holder_identity": "other", "lease_duration_seconds": 10, "lease_transitions": 4}


@pytest.mark.parametrize(
    ("spec", "calls", "transitions", "waited"),
    [
        pytest.param(None, ["GET", "POST"], 0, 0.0, id="no object"),
        pytest.param({}, ["GET", "PUT"], 1, 0.0, id="object without record"),
        pytest.param(OTHERS | {"holder_identity": ""}, ["GET", "PUT"], 5, 0.0, id="empty holder"),
        pytest.param(OTHERS, ["GET"] * 6 + ["PUT"], 5, 10.0, id="other holder, then expired"),
        pytest.param(OTHERS | {"holder_identity": "baz"}, ["GET", "PUT"], 4, 0.0, id="own record"),
        pytest.param(
            OTHERS | {"lease_duration_seconds": 3}, ["GET"] * 3 + ["PUT"], 5, 4.0, id="other holder with 3 s"
        ),
    ],
)
def test_197_acquire(spec: dict[str, Any] | None, calls: list[str], transitions: int, waited: float) -> None:
    """197: exactly these calls make a leader of each state of the Lease, and not before another's has expired."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")
            if spec is not None:
                await other.write(**spec)
            began = cluster.clock.monotonic()
            async with baz.elector.lead() as leadership:
                assert baz.wire.calls == calls
                assert cluster.clock.monotonic() - began == pytest.approx(waited)
                assert leadership.is_leader
                assert leadership.fencing_token.transitions == transitions
                held = (await other.lease()).spec
                assert (held.holder_identity, held.lease_transitions) == ("baz", transitions)

    run_virtual(main)


def test_199_release() -> None:
    """199: after a release the Lease has no holder, a duration of 1 s, and observers are told that nobody leads."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")
            async with baz.elector.lead():
                assert baz.elector.leader == "baz"
            spec = (await baz.lease()).spec
            assert (spec.holder_identity, spec.lease_duration_seconds, spec.lease_transitions) == ("", 1, 0)
            assert baz.seen == ["baz", ""]
            assert baz.elector.leader == ""

    run_virtual(main)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_201_release_on_cancellation(method: str) -> None:
    """201: cancelled during a call that hangs, it still gives the Lease back, whatever became of the call."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")
            hangs = asyncio.Event()

            async def hang(request: Request) -> None:
                # The server has acted on it: only the answer is missing.
                if request.method == method and not hangs.is_set():
                    hangs.set()
                    await asyncio.get_running_loop().create_future()

            if method == "GET":
                await baz.write(holder_identity="baz", lease_duration_seconds=15)
            baz.wire.after = hang
            if method == "PUT":
                async with leading(baz) as (leadership, task):
                    await hangs.wait()
                    assert leadership.is_leader
                    task.cancel()
                assert baz.events.told == [("lock", "baz became leader"), ("lock", "baz stopped leading")]
            else:
                task = asyncio.create_task(baz.elector.run(lambda leadership: leadership.lost()))
                await hangs.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert baz.events.told == []
            if method != "GET":  # a read claims nothing, so nothing is to be given back
                assert (await baz.lease()).spec.holder_identity == ""

    run_virtual(main)


@pytest.mark.parametrize(
    ("conflict", "calls"),
    [
        (False, ["GET", "POST", "PUT", "PUT", "PUT"]),
        (True, ["GET", "POST", "PUT", "PUT", "GET", "PUT", "PUT"]),
    ],
)
def test_203_fast_path(conflict: bool, calls: list[str]) -> None:
    """203: renewals write without reading; after a conflict one is read and written, then it is fast again."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")

            def refuse(request: Request) -> Response | None:
                if conflict and baz.wire.calls == ["GET", "POST", "PUT", "PUT"]:
                    return Response.of(409, CONFLICT, content_type="application/json")
                return None

            baz.wire.answer = refuse
            async with leading(baz) as (leadership, _):
                await asyncio.sleep(6.5)
                assert baz.wire.calls == calls
                assert leadership.is_leader
                assert baz.elector.metrics().slowpath_total == int(conflict)

    run_virtual(main)


def test_worker_ends_before_release() -> None:
    """While a cancelled worker winds up, the Lease is renewed; it is given back when the worker has ended."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")
            holders: list[str | None] = []

            async def work(leadership: Leadership) -> None:
                try:
                    await asyncio.sleep(3)
                finally:
                    await asyncio.sleep(60)  # much longer than a lease lasts
                    holders.append((await other.lease()).spec.holder_identity)
                    assert leadership.is_leader
                    assert not other.elector.is_leader

            task = asyncio.create_task(baz.elector.run(work))
            await asyncio.sleep(2)
            async with asyncio.TaskGroup() as group:
                group.create_task(other.elector.run(lambda leadership: asyncio.sleep(1)))
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                holders.append((await other.lease()).spec.holder_identity)
            assert holders == ["baz", ""]

    run_virtual(main)


def test_loss_by_deadline() -> None:
    """Without renewals the worker is cancelled at the deadline, before the lease expires, and the loss is told."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")
            left: list[tuple[float, bool]] = []

            async def work(leadership: Leadership) -> None:
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    left.append((cluster.clock.monotonic() - began, leadership.is_leader))
                    assert leadership.is_lost

            task = asyncio.create_task(baz.elector.run(work))
            await asyncio.sleep(1)
            began = cluster.clock.monotonic() - 1
            baz.wire.hang()
            with pytest.raises(
                LeadershipLost, match=r"'baz' no longer leads by lease default/lock: no renewal"
            ):
                await task
            assert left == [(pytest.approx(10.0), False)]
            # One renewal at 2 s, cut at 7 s to leave time for another; then attempts to give it back.
            assert baz.wire.calls[:4] == ["GET", "POST", "PUT", "GET"]
            assert not task.cancelling()

    run_virtual(main)


def test_expiry_by_the_local_clock() -> None:
    """A worker that ignores its cancellation is no leader any more, and after its lease another is."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")
            stuck = asyncio.Event()

            async def work(leadership: Leadership) -> None:
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    await stuck.wait()

            task = asyncio.create_task(baz.elector.run(work))
            await asyncio.sleep(1)
            baz.wire.hang()
            async with leading(other) as (leadership, _):
                assert cluster.clock.monotonic() >= 15
                assert not baz.elector.is_leader
                assert leadership.is_leader
                assert not baz.elector.healthy()
                assert baz.elector.healthy(tolerance=60)
                assert other.elector.healthy()
                baz.wire.mend()
                await asyncio.sleep(30)
                assert leadership.is_leader  # the old leader, back on the network, takes nothing back
                stuck.set()
                with pytest.raises(LeadershipLost):
                    await task
                assert leadership.is_leader
                assert (await other.lease()).spec.holder_identity == "other"

    run_virtual(main)


def test_holding_on_while_winding_up() -> None:
    """A worker that winds up late keeps others out, as long as renewals get through again."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")
            ended: list[float] = []

            async def work(leadership: Leadership) -> None:
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    baz.wire.mend()
                    await asyncio.sleep(40)
                    assert not leadership.is_leader
                    ended.append(cluster.clock.monotonic())

            task = asyncio.create_task(baz.elector.run(work))
            await asyncio.sleep(1)
            baz.wire.cut()
            async with leading(other):
                assert cluster.clock.monotonic() >= ended[0] >= 50
            with pytest.raises(LeadershipLost):
                await task

    run_virtual(main)


@pytest.mark.parametrize(
    ("theft", "told"),
    [
        ({"holder_identity": "other"}, "its holder is 'other'"),
        ({"holder_identity": ""}, "its holder is ''"),
        ({"holder_identity": "baz", "lease_transitions": 7}, "its holder is 'baz'"),
    ],
)
def test_loss_by_theft(theft: dict[str, Any], told: str) -> None:
    """Whoever else wrote to the Lease, the term is over as soon as that is read, and theirs is left alone."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")
            async with leading(baz) as (_, task):
                await other.write(lease_duration_seconds=5, **theft)
                with pytest.raises(LeadershipLost, match=told):
                    await task
            assert cluster.clock.monotonic() == pytest.approx(2.0)
            spec = (await other.lease()).spec
            assert (spec.holder_identity, spec.lease_duration_seconds) == (theft["holder_identity"], 5)

    run_virtual(main)


def test_loss_by_deletion() -> None:
    """A Lease that was deleted is a leadership that was lost; the next term makes a new one with a greater token."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")

            def refuse(request: Request) -> Response | None:
                # A write with the uid of an object that is gone; the embedded server would make it anew.
                body = Response.of(409, CONFLICT, content_type="application/json")
                return body if request.method == "PUT" else None

            async with leading(baz) as (first, task):
                await other.client.resource(Lease, namespace="default").delete("lock")
                baz.wire.answer = refuse
                with pytest.raises(LeadershipLost, match="the lease is gone"):
                    await task
            baz.wire.mend()
            async with baz.elector.lead() as second:
                assert second.fencing_token > first.fencing_token
                assert int(second.fencing_token) > int(first.fencing_token)
            assert baz.seen == ["baz", "", "baz", ""]

    run_virtual(main)


def test_a_frozen_leader_blanks_nobody() -> None:
    """A process that slept past its lease and then stops does not blank the record of who leads now."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")
            async with baz.elector.lead() as leadership:
                await other.write(holder_identity="other", lease_duration_seconds=10)
                assert leadership.is_leader  # it cannot know yet
            assert (await other.lease()).spec.holder_identity == "other"

    run_virtual(main)


def test_again_after_loss() -> None:
    """An elector that has lost can stand again, and fencing tokens only ever grow from term to term."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")
            tokens = []
            for candidate in (baz, baz, other, baz):
                async with candidate.elector.lead() as leadership:
                    tokens.append(leadership.fencing_token)
            assert tokens == sorted(tokens)
            assert len(set(tokens)) == 4
            assert [token.transitions for token in tokens] == [0, 1, 2, 3]

    run_virtual(main)


def test_result_and_errors_of_the_work() -> None:
    """`run` gives what the work gives and raises what it raises; the Lease is given back either way."""

    async def answer(leadership: Leadership) -> int:
        assert leadership.identity == "baz"
        return 42

    async def fail(leadership: Leadership) -> None:
        raise KeyError("mine")

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")
            assert await baz.elector.run(answer) == 42
            assert (await baz.lease()).spec.holder_identity == ""
            with pytest.raises(KeyError, match="mine"):
                await baz.elector.run(fail)
            assert (await baz.lease()).spec.holder_identity == ""
            assert not baz.elector.is_leader

    run_virtual(main)


def test_without_release() -> None:
    """With `release_on_stop=False` the Lease is left to expire."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz", release_on_stop=False), Candidate(cluster, "other")
            async with baz.elector.lead():
                pass
            assert baz.wire.calls == ["GET", "POST"]
            began = cluster.clock.monotonic()
            async with other.elector.lead():
                assert cluster.clock.monotonic() - began >= 15

    run_virtual(main)


def test_a_swallowed_cancellation_is_a_loss_all_the_same() -> None:
    """A block that ends without error has led from beginning to end: work that swallows the cancellation has not."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")

            async def work(leadership: Leadership) -> None:
                baz.wire.cut()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(100)
                assert leadership.is_lost

            with pytest.raises(LeadershipLost):
                await baz.elector.run(work)
            await asyncio.sleep(1)  # no cancellation is left over
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0

    run_virtual(main)


def test_a_loss_that_the_body_has_not_noticed() -> None:
    """A cancellation that comes when the body is already done hits nothing that comes after the block."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")

            async def work(leadership: Leadership) -> None:
                await other.write(holder_identity="other")
                await leadership.lost()  # wakes in the round in which the cancellation is asked for

            with pytest.raises(LeadershipLost):
                await baz.elector.run(work)
            await asyncio.sleep(1)

    run_virtual(main)


def test_an_outer_cancellation_wins() -> None:
    """A worker that is cancelled by its owner, too, ends as cancelled, not as lost."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")
            async with leading(baz) as (leadership, task):
                await other.write(holder_identity="other")
                await leadership.lost()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    run_virtual(main)


def test_an_error_of_the_work_wins_over_the_loss() -> None:
    """What the work raises while it winds up after a loss is what the caller gets."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")

            async def work(leadership: Leadership) -> None:
                await other.write(holder_identity="other")
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    raise KeyError("while winding up")

            with pytest.raises(KeyError, match="winding up"):
                await baz.elector.run(work)
            await asyncio.sleep(1)

    run_virtual(main)


def test_closed_client() -> None:
    """Once the client is closed nobody can renew: the term is lost, and a new one is refused, not tried for ever."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")
            async with leading(baz) as (_, task):
                await baz.client.aclose()
                with pytest.raises(LeadershipLost, match="can no longer be renewed") as caught:
                    await task
                assert isinstance(caught.value.__cause__, ListWatchError)
            with pytest.raises(ListWatchError, match="closed"):
                await baz.elector.run(lambda leadership: leadership.lost())

    run_virtual(main)


def test_trouble_while_waiting(caplog: pytest.LogCaptureFixture) -> None:
    """A candidate waits out an outage; the same trouble again is logged once as a warning, then quietly."""
    caplog.set_level(logging.DEBUG, logger="listwatch.leader_election")

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz", random=lambda: 0.5)

            async def lose(request: Request) -> None:
                raise ConnectionLost("no way")

            baz.wire.before = lose
            task = asyncio.create_task(baz.elector.run(lambda leadership: asyncio.sleep(1)))
            await asyncio.sleep(60)
            baz.wire.mend()
            await task

    run_virtual(main)
    levels = [record.levelname for record in caplog.records if "could not stand for it" in record.message]
    assert levels[:3] == ["WARNING", "DEBUG", "DEBUG"]
    assert set(levels[1:]) == {"DEBUG"}


def test_jitter() -> None:
    """Candidates ask again after the retry period times 1 to 2.2."""

    async def main(chance: float) -> list[float]:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz", random=lambda: chance), Candidate(cluster, "other")
            await other.write(holder_identity="other", lease_duration_seconds=1000)
            times: list[float] = []

            async def note(request: Request) -> None:
                times.append(cluster.clock.monotonic())

            baz.wire.before = note
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(9), baz.elector.lead():
                    raise AssertionError
            return times

    assert run_virtual(lambda: main(0.0)) == pytest.approx([0, 2, 4, 6, 8])
    assert run_virtual(lambda: main(0.999999)) == pytest.approx([0, 4.4, 8.8], abs=1e-3)


def test_a_listener_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """What `on_new_leader` raises is logged, and the election goes on."""

    def fail(identity: str) -> None:
        raise RuntimeError("listener")

    async def main() -> None:
        async with memory_cluster() as cluster:
            client, _ = cluster.connect()
            elector = LeaderElector(client, name="lock", clock=cluster.clock, on_new_leader=fail)
            async with elector.lead() as leadership:
                assert leadership.identity == elector.identity
                assert "leads" in repr(elector)
                assert "leads" in repr(leadership)
            assert "waits" in repr(elector)

    run_virtual(main)
    assert "on_new_leader" in caplog.text


def test_one_term_at_a_time() -> None:
    """An elector in use refuses a second term, and the first is not harmed."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")
            async with baz.elector.lead() as leadership:
                with pytest.raises(RuntimeError, match="one term at a time"):
                    await baz.elector.run(lambda again: again.lost())
                await asyncio.sleep(30)
                assert leadership.is_leader
                assert leadership.seconds_left > 10
            assert leadership.seconds_left == 0

    run_virtual(main)


def test_release_gives_up() -> None:
    """With the network gone, giving back ends at a deadline, and the term with it."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")
            async with baz.elector.lead():
                baz.wire.cut()
            assert cluster.clock.monotonic() == pytest.approx(10.0)
            assert not baz.elector.is_leader

    run_virtual(main)


def test_a_foreign_field_survives() -> None:
    """What others keep in the Lease, labels and fields that are not known here, survives renewals."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz = Candidate(cluster, "baz")
            lease = await baz.write(strategy="OldestEmulationVersion", preferred_holder="other")
            lease.metadata.labels["team"] = "x"
            await baz.client.resource(Lease, namespace="default").replace(lease)
            async with leading(baz):
                await asyncio.sleep(5)
                held = await baz.lease()
            assert held.labels == {"team": "x"}
            assert (held.spec.strategy, held.spec.preferred_holder) == ("OldestEmulationVersion", "other")
            assert held.spec.renew_time is not None
            assert held.spec.acquire_time is not None
            assert held.spec.renew_time > held.spec.acquire_time

    run_virtual(main)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"lease_duration": 10.0}, "lease_duration"),
        ({"renew_deadline": 2.4}, "renew_deadline"),
        ({"retry_period": 0.0}, "retry_period"),
        ({"retry_period": -1.0}, "retry_period"),
        ({"identity": ""}, "identity is empty"),
        ({"name": ""}, "name is empty"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], told: str) -> None:
    """Durations that leave no time to stop or to retry, and empty names, are refused with the reason."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            client, _ = cluster.connect()
            with pytest.raises(ValueError, match=told):
                LeaderElector(client, **({"name": "lock"} | settings))

    run_virtual(main)


def test_identities_are_unique() -> None:
    """Every identity that is made up differs from every other."""
    assert len({unique_identity() for _ in range(100)}) == 100


def test_events_of_the_lease() -> None:
    """With an event recorder, who becomes and ceases to be the leader is told as events of the Lease."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            client, _ = cluster.connect()
            async with EventRecorder(client, reporting_controller="tester", clock=cluster.clock) as recorder:
                elector = LeaderElector(
                    client,
                    name="lock",
                    namespace="default",
                    identity="baz",
                    recorder=recorder,
                    clock=cluster.clock,
                )
                await elector.run(lambda leadership: asyncio.sleep(1))
            events = await client.resource(Event, namespace="default").list()
            assert sorted(event.note or "" for event in events) == [
                "baz became leader",
                "baz stopped leading",
            ]
            assert {(event.regarding.kind, event.regarding.name) for event in events} == {("Lease", "lock")}

    run_virtual(main)


def test_observers_are_told() -> None:
    """Who waits is told each leader as soon as it looks: the first, nobody after a release, and then itself."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            baz, other = Candidate(cluster, "baz"), Candidate(cluster, "other")
            assert other.elector.healthy()
            assert other.elector.leader == ""
            async with leading(baz):
                task = asyncio.create_task(other.elector.run(lambda leadership: asyncio.sleep(1)))
                await asyncio.sleep(5)
                assert other.elector.leader == "baz"
            await task
            assert other.seen == ["baz", "", "other", ""]
            assert other.elector.healthy()

    run_virtual(main)
