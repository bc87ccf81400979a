"""Leader election without await.

In:    a client, a Lease's name, a block or a plain function
Out:   a `Leadership` for as long as it lasts
Rules: the asynchronous elector decides, renews and gives back, on the client's loop; the work is done in the thread
       that asked for leadership. A thread cannot be cancelled: the Lease is kept until the work has noticed, and ended
Source: client-go tools/leaderelection, RunOrDie
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import random as _random
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from listwatch.apimachinery.clock import Clock
from listwatch.leader_election import leader_elector as aio
from listwatch.leader_election import leadership as aio_leadership
from listwatch.leader_election.leader_elector import LeaderElectionMetrics, Recorder
from listwatch.leader_election.leadership import FencingToken, LeadershipLost
from listwatch.sync.client import Client
from listwatch.sync.loop_thread import ClosedError, ClosedMeanwhileError, LoopThread

T = TypeVar("T")


class Leadership:
    """As `listwatch.Leadership`, for plain code: one term. `is_leader` is read without crossing threads.

    Work that takes its time looks at `is_leader` before each step that only a leader may take, or lets a thread
    wait for `wait_lost`.
    """

    def __init__(self, thread: LoopThread, inner: aio_leadership.Leadership) -> None:
        self._thread = thread
        self._inner = inner

    @property
    def identity(self) -> str:
        """Who leads."""
        return self._inner.identity

    @property
    def fencing_token(self) -> FencingToken:
        """Of this term; see there."""
        return self._inner.fencing_token

    @property
    def is_leader(self) -> bool:
        """Whether this process leads right now."""
        return self._inner.is_leader

    @property
    def seconds_left(self) -> float:
        """For how long it leads if no further renewal comes; 0 if it does not lead."""
        return self._inner.seconds_left

    @property
    def renewed_at(self) -> float:
        """When the last renewal that succeeded was sent, by the monotonic clock in seconds."""
        return self._inner.renewed_at

    @property
    def is_lost(self) -> bool:
        """Whether it was lost against the worker's will."""
        return self._inner.is_lost

    def wait_lost(self, timeout: float | None = None) -> bool:
        """Wait until it is lost, or `timeout` seconds are over. Whether it is lost; true also if the client closes."""

        async def wait() -> bool:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._inner.lost()
            return self._inner.is_lost

        try:
            return self._thread.run(wait())
        except ClosedError:
            return True

    def __repr__(self) -> str:
        return repr(self._inner)


class LeaderElector:
    """As `listwatch.LeaderElector`, for plain code.

        elector = LeaderElector(client, name="my-controller", namespace="kube-system")
        elector.run(work)                        # def work(leadership): …

    or, if the work is a block::

        with elector.lead() as leadership:
            ...

    Both wait until this process leads, and end with `LeadershipLost` if it stopped leading against its will. The work
    runs in the calling thread and is not interrupted: it has to look at `leadership.is_leader`. Until it has ended,
    the elector goes on trying to renew, so that nobody begins beside it if that can be prevented.

    Args:
        client: Of the cluster. If it is closed while this process leads, the Lease is not given back, but expires.
        name, namespace, identity, lease_duration, renew_deadline, retry_period, release_on_stop, clock, random: as
            `listwatch.LeaderElector`.
        on_new_leader: Called on the client's loop: it must be quick, and must not use the client.
        recorder: Told when this process begins and stops leading.
    """

    def __init__(
        self,
        client: Client,
        *,
        name: str,
        namespace: str | None = None,
        identity: str | None = None,
        lease_duration: float = 15.0,
        renew_deadline: float = 10.0,
        retry_period: float = 2.0,
        release_on_stop: bool = True,
        on_new_leader: Callable[[str], None] | None = None,
        recorder: Recorder | None = None,
        clock: Clock | None = None,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self._thread = client._thread
        self._inner = aio.LeaderElector(
            client._inner,
            name=name,
            namespace=namespace,
            identity=identity,
            lease_duration=lease_duration,
            renew_deadline=renew_deadline,
            retry_period=retry_period,
            release_on_stop=release_on_stop,
            on_new_leader=on_new_leader,
            recorder=recorder,
            clock=clock,
            random=random,
        )

    @property
    def identity(self) -> str:
        """Who this is."""
        return self._inner.identity

    @property
    def is_leader(self) -> bool:
        """Whether this process leads right now, by the local clock."""
        return self._inner.is_leader

    @property
    def leader(self) -> str:
        """Whose the Lease was when it was last read or written; empty for nobody, and before the first look."""
        return self._inner.leader

    def healthy(self, *, tolerance: float = 0.0) -> bool:
        """False if a term of this process should have ended and has not; see `listwatch.LeaderElector.healthy`."""
        return self._inner.healthy(tolerance=tolerance)

    def metrics(self) -> LeaderElectionMetrics:
        """The figures of this moment."""
        return self._inner.metrics()

    def __repr__(self) -> str:
        return repr(self._inner)

    def lead(self) -> LeadershipBlock:
        """Leadership as a block: entering waits for it, leaving gives it back.

        Raises: as `listwatch.LeaderElector.lead`.
        """
        return LeadershipBlock(self._thread, self._inner)

    def run(self, work: Callable[[Leadership], T]) -> T:
        """Wait for leadership, do the work, give leadership back; gives what `work` returns.

        Raises: as `lead`, and what `work` raises.
        """
        with self.lead() as leadership:
            return work(leadership)


class LeadershipBlock:
    """One term as a block; see `LeaderElector.lead`. To be used once."""

    def __init__(self, thread: LoopThread, elector: aio.LeaderElector) -> None:
        self._thread = thread
        self._elector = elector
        self._began: concurrent.futures.Future[Leadership] = concurrent.futures.Future()
        self._over: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._body_has_ended = asyncio.Event()
        self._holder: asyncio.Task[object] | None = None
        self._is_wanted = True

    def __enter__(self) -> Leadership:
        self._thread.begin(self._hold())
        try:
            return self._began.result()
        except BaseException:
            if not self._over.done():  # an interrupt
                self._on_loop(self._cancel)
                self._over.exception()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._on_loop(self._body_has_ended.set)
        lost = self._over.exception()
        if lost is not None and error is None:
            raise lost

    def _on_loop(self, function: Callable[[], object]) -> None:
        with contextlib.suppress(ClosedError):  # then the holder has been cancelled
            self._thread.call(function)

    def _cancel(self) -> None:
        self._is_wanted = False
        if self._holder is not None:
            self._holder.cancel()

    async def _hold(self) -> None:
        """Lead until the body has ended, on the loop."""
        self._holder = asyncio.current_task()
        try:
            if not self._is_wanted and self._holder is not None:
                self._holder.cancel()
            async with self._elector.lead() as leadership:
                self._began.set_result(Leadership(self._thread, leadership))
                await self._until_body_has_ended(leadership)
            self._over.set_result(None)
        except asyncio.CancelledError:
            self._end(ClosedMeanwhileError("this client was closed while leadership was waited for or held"))
            raise
        except Exception as error:  # noqa: BLE001 (whatever it is, it is the caller's)
            self._end(error)

    def _end(self, error: Exception) -> None:
        if not self._began.done():
            self._began.set_exception(error)
            self._over.set_result(None)
        elif isinstance(error, ClosedError):
            self._over.set_exception(LeadershipLost(str(error)))
        else:
            self._over.set_exception(error)

    async def _until_body_has_ended(self, leadership: aio_leadership.Leadership) -> None:
        holder = asyncio.current_task()
        cancelled_by_loss = 0
        while not self._body_has_ended.is_set():
            try:
                await self._body_has_ended.wait()
            except asyncio.CancelledError:
                if leadership.is_lost and not cancelled_by_loss:
                    cancelled_by_loss = 1
                if holder is None or holder.cancelling() > cancelled_by_loss:
                    # The client is being closed, and the body runs on: the Lease is not to be given back.
                    self._elector.release_on_stop = False
                    raise
