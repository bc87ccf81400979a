"""Never two leaders, and always one again: electors on one server, with everything between them going wrong."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass

from hypothesis import example, given, settings
from hypothesis import strategies as st
from memory_cluster import MemoryCluster, memory_cluster
from virtual_time import run_virtual

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ConnectionLost
from listwatch.apimachinery.http import Request
from listwatch.leader_election import FencingToken, LeaderElector, Leadership, LeadershipLost

LEASE, RENEW, RETRY = 15.0, 10.0, 2.0
CANDIDATES = 3
STEP = 0.25


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one candidate's wire, from one moment on.

    Attributes:
        after: Seconds since the last trouble.
        who: Which candidate.
        kind: What.
        seconds: How slow, for "slow".
    """

    after: float
    who: int
    kind: str
    seconds: float


troubles = st.lists(
    st.builds(
        Trouble,
        after=st.floats(0, 25),
        who=st.integers(0, CANDIDATES - 1),
        kind=st.sampled_from(["cut", "hang", "lose answers", "slow", "mend", "stop", "stubborn", "freeze"]),
        seconds=st.floats(0, 12),
    ),
    max_size=12,
)


class FreezableClock(LoopClock):
    """Time goes on, but while it is frozen nobody who sleeps wakes up: a process that gets no CPU."""

    def __init__(self) -> None:
        super().__init__()
        self._runs = asyncio.Event()
        self._runs.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep at least so long."""
        await super().sleep(seconds)
        await self.thawed()

    async def thawed(self) -> None:
        """Returns when it is not frozen. Not even a cancellation gets through before."""
        cancellation = None
        while not self._runs.is_set():
            try:
                await self._runs.wait()
            except asyncio.CancelledError as error:
                cancellation = error
        if cancellation is not None:
            raise cancellation

    def freeze(self) -> None:
        """Wake nobody from now on."""
        self._runs.clear()

    def thaw(self) -> None:
        """Wake everybody whose time has come."""
        self._runs.set()


class Process:
    """A candidate that stands for leadership for ever, with a worker that may be slow to stop."""

    def __init__(self, cluster: MemoryCluster, number: int, seed: int) -> None:
        client, self.wire = cluster.connect()
        self.clock = FreezableClock()
        self.elector = LeaderElector(
            client,
            name="lock",
            namespace="default",
            identity=f"p{number}",
            lease_duration=LEASE,
            renew_deadline=RENEW,
            retry_period=RETRY,
            clock=self.clock,
            random=random.Random(seed).random,
        )
        self.tokens: list[FencingToken] = []
        self.rivals: list[LeaderElector] = []
        self.stubbornness = 0.0
        self.everybody: list[LeaderElector] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, if not begun."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Cancel it and wait."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(LeadershipLost):
                await self.elector.run(self._work)

    async def _work(self, leadership: Leadership) -> None:
        self.tokens.append(leadership.fencing_token)
        # Two terms that overlap do so when the later one begins.
        self.rivals += [each for each in self.everybody if each is not self.elector and each.is_leader]
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(self.stubbornness)


def apply(trouble: Trouble, process: Process) -> None:
    """Let it happen."""
    wire = process.wire

    async def lose(request: Request) -> None:
        raise ConnectionLost("the answer is lost")

    async def frozen(request: Request) -> None:
        await process.clock.thawed()

    async def slow(request: Request) -> None:
        await asyncio.sleep(trouble.seconds)

    match trouble.kind:
        case "cut":
            wire.cut()
        case "hang":
            wire.hang()
        case "lose answers":
            wire.after = lose
        case "slow":
            wire.after = slow
        case "freeze":
            process.clock.freeze()
            wire.before = frozen
        case "stubborn":
            process.stubbornness = trouble.seconds * 3
        case "mend":
            wire.mend()
            process.clock.thaw()


@settings(max_examples=60, deadline=None)
@example([Trouble(3, 0, "slow", 4.5), Trouble(9.1, 0, "freeze", 0), Trouble(25, 0, "mend", 0)], 0)
@given(plan=troubles, seed=st.integers(0, 2**32))
def test_never_two_leaders(plan: list[Trouble], seed: int) -> None:
    """At no moment do two candidates lead; tokens grow from term to term; after the last trouble one leads again."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            processes = [Process(cluster, number, seed + number) for number in range(CANDIDATES)]
            order: list[FencingToken] = []

            async def watch() -> None:
                while True:
                    leaders = [each for each in processes if each.elector.is_leader]
                    assert len(leaders) <= 1, leaders
                    if leaders and (not order or order[-1] != leaders[0].tokens[-1]):
                        order.append(leaders[0].tokens[-1])
                    await asyncio.sleep(STEP)

            watcher = asyncio.create_task(watch())
            for each in processes:
                each.everybody = [process.elector for process in processes]
                each.start()
            for trouble in plan:
                await asyncio.sleep(trouble.after)
                process = processes[trouble.who]
                if trouble.kind == "stop":
                    process.clock.thaw()
                    await process.stop()
                    process.start()
                else:
                    apply(trouble, process)
                assert not watcher.done()
            for each in processes:
                each.wire.mend()
                each.clock.thaw()
                each.stubbornness = 0.0
            # A hung call, then a lease, then a candidate's longest pause, then a stubborn worker.
            await asyncio.sleep(RENEW + LEASE + RETRY * 2.2 + 36)
            assert sum(each.elector.is_leader for each in processes) == 1
            for each in processes:
                await each.stop()
            assert not watcher.done()
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher
            assert order == sorted(order)
            assert [each.rivals for each in processes] == [[]] * CANDIDATES

    run_virtual(main)


@settings(max_examples=20, deadline=None)
@given(dies_after=st.floats(0, 60), seed=st.integers(0, 2**32))
def test_progress_after_death(dies_after: float, seed: int) -> None:
    """When the leader's host dies, another leads within one lease and one pause."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            processes = [Process(cluster, number, seed + number) for number in range(CANDIDATES)]
            for each in processes:
                each.start()
            await asyncio.sleep(dies_after + 0.1)
            leader = next(each for each in processes if each.elector.is_leader)
            leader.wire.hang()
            others = [each for each in processes if each is not leader]
            await asyncio.sleep(LEASE + 2 * RETRY * 2.2)
            assert sum(each.elector.is_leader for each in others) == 1
            assert not leader.elector.is_leader
            leader.wire.mend()
            for each in processes:
                await each.stop()

    run_virtual(main)
