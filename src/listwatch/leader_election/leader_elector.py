"""Stands for leadership with a Lease, keeps it while work goes on, gives it back when the work has stopped.

In:    a Lease's name, an identity, a worker
Out:   a `Leadership` for as long as it lasts    (leader_election/leadership.py)
Next:  leader_election/lease_lock.py, leader_election/leadership_block.py
Rules: every decision is lease_record.py's; a term's time counts from before its last renewal was sent; the Lease is
       given back only after the worker has ended, and only if it is still this term's
Source: client-go tools/leaderelection LeaderElector; differs: waits for the worker before it releases, never blanks
        another's record, loses at once when it reads another holder, keeps renewing while the worker winds up
"""

from __future__ import annotations

import asyncio
import logging
import platform
import random as _random
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from listwatch.api.coordination_v1 import Lease
from listwatch.apimachinery.clock import Clock, SystemClock
from listwatch.apimachinery.errors import (
    APIStatusError,
    Conflict,
    CredentialError,
    ListWatchError,
    NotFound,
    ProtocolError,
    TransportError,
)
from listwatch.apimachinery.object import Object
from listwatch.client.client import Client
from listwatch.leader_election.leadership import FencingToken, Leadership
from listwatch.leader_election.leadership_block import LeadershipBlock
from listwatch.leader_election.lease_lock import LeaseLock
from listwatch.leader_election.lease_record import LeaseRecord, claim, is_of_term, released, renewed

T = TypeVar("T")
logger = logging.getLogger(__name__)

JITTER_FACTOR: Final = 1.2
"""Candidates ask again after `retry_period` times 1 to 2.2, so that they do not all ask together."""

_TROUBLE: Final = (APIStatusError, TransportError, ProtocolError, CredentialError, TimeoutError)


class Recorder(Protocol):
    """Where to tell what happened to a Lease: an `EventRecorder` is one."""

    def event(self, regarding: Object, *, reason: str, action: str, note: str) -> None:
        """Tell it. Must neither wait nor fail."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderElectionMetrics:
    """One moment of an elector. In brackets, under which name dashboards know it.

    Attributes:
        master_status: Whether it leads (`leader_election_master_status`, 1 or 0).
        slowpath_total: Renewals that had to read the Lease first (`leader_election_slowpath_total`).
    """

    master_status: bool
    slowpath_total: int


def unique_identity() -> str:
    """A name that no other process has, which begins with the host's for people to read."""
    return f"{platform.node()}_{uuid.uuid4()}"


class LeaderElector:
    """Makes sure that of all processes that name the same Lease, one at a time does the work.

    Used like this::

        elector = LeaderElector(client, name="my-controller", namespace="kube-system")
        await elector.run(work)                  # async def work(leadership): …

    or, if the work is a block::

        async with elector.lead() as leadership:
            ...

    Both wait until this process leads, and end with `LeadershipLost` if it stops leading against its will: the work
    has been cancelled and has ended by then. Run either again to stand for leadership again::

        while True:
            with contextlib.suppress(LeadershipLost):
                await elector.run(work)

    The worker is cancelled when no renewal has succeeded for `renew_deadline`, or as soon as the Lease is seen to be
    somebody else's. It has `lease_duration - renew_deadline` seconds to end before others may begin; should it take
    longer, the elector goes on trying to renew until it has ended, so that nobody begins beside it if that can be
    prevented. Then, and only then, is the Lease given back.

    Promised: see `Leadership`. Not promised: that a worker which ignores its cancellation does no harm; guard what
    matters with `Leadership.fencing_token`.

    Cancellation: while waiting, ends the wait (a claim whose answer is still on its way is given back); while
    leading, cancels the worker, waits for it, and gives the Lease back. A second cancellation gives up giving back.

    Args:
        client: Of the cluster. Needs get, create and update on leases.
        name: Of the Lease; it is made if there is none.
        namespace: Of the Lease; None for the client's own.
        identity: Who this is. No two processes may have the same: they would both lead. None for a unique one.
        lease_duration: Seconds without a sign of life from the leader after which others take over.
        renew_deadline: Seconds without a successful renewal after which the leader gives up.
        retry_period: Seconds between renewals, and between attempts of those who wait.
        release_on_stop: Give the Lease back at the end, so that the next leader need not wait for it to expire.
        on_new_leader: Told each leader as soon as it is seen, the first and oneself among them; "" for nobody.
            Called on the loop, must not wait; what it raises is logged.
        recorder: Told when this process begins and stops leading.
        clock: Tells the time.
        random: Numbers from 0 to below 1, for the jitter.

    Raises:
        ValueError: The durations do not fit together, or a name is empty. Needed:
            lease_duration > renew_deadline > retry_period * 1.2 > 0.

    Source: client-go LeaderElectionConfig and its defaults; NewLeaderElector for what is refused.
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
        if not name:
            raise ValueError("name is empty: say which Lease to use")
        if identity == "":
            raise ValueError("identity is empty, which stands for nobody: leave it out for a unique one")
        if not lease_duration > renew_deadline:
            raise ValueError(
                f"lease_duration ({lease_duration} s) must be greater than renew_deadline ({renew_deadline} s): "
                "between the two a worker stops"
            )
        if not renew_deadline > retry_period * JITTER_FACTOR:
            raise ValueError(
                f"renew_deadline ({renew_deadline} s) must be greater than retry_period * {JITTER_FACTOR} "
                f"({retry_period} s * {JITTER_FACTOR}): one retry must fit in"
            )
        if not retry_period > 0:
            raise ValueError(f"retry_period must be greater than 0, got {retry_period}")
        self.identity = unique_identity() if identity is None else identity
        self.lease_duration = lease_duration
        self.renew_deadline = renew_deadline
        self.retry_period = retry_period
        self.release_on_stop = release_on_stop
        self._patience = (
            renew_deadline / 2
        )  # a call that hangs must leave time for another before the deadline
        self._clock: Clock = SystemClock() if clock is None else clock
        self._lock = LeaseLock(
            client.resource(Lease, namespace=namespace),
            name=name,
            patience=self._patience,
            on_new_leader=on_new_leader,
            clock=self._clock,
        )
        self._recorder = recorder
        self._random = random
        self._is_running = False
        self._term: Leadership | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._slow_renewals = 0
        self._last_trouble = ""

    # What is known

    @property
    def is_leader(self) -> bool:
        """Whether this process leads right now, by the local clock."""
        return self._term is not None and self._term.is_leader

    @property
    def leader(self) -> str:
        """Whose the Lease was when it was last read or written; empty for nobody, and before the first look."""
        return self._lock.holder

    def healthy(self, *, tolerance: float = 0.0) -> bool:
        """False if a term of this process should have ended and has not: its worker hangs.

        Args:
            tolerance: Seconds to grant beyond the lease's duration.

        Source: client-go HealthzAdaptor; differs: it is the worker that is looked at, not the elector alone.
        """
        if self._term is None:
            return True
        return self._clock.monotonic() <= self._term.renewed_at + self.lease_duration + tolerance

    def metrics(self) -> LeaderElectionMetrics:
        """The figures of this moment."""
        return LeaderElectionMetrics(master_status=self.is_leader, slowpath_total=self._slow_renewals)

    def __repr__(self) -> str:
        return f"<LeaderElector {self.identity!r} of lease {self._lock}, {'leads' if self.is_leader else 'waits'}>"

    # Leading

    def lead(self) -> LeadershipBlock:
        """Leadership as a block: entering waits for it, leaving gives it back.

        The task that entered is cancelled when leadership is lost, as `asyncio.timeout` does it.

        Raises:
            LeadershipLost: From the block, after its body was cancelled. An error that the body raises itself goes
                before it. A body that swallows the cancellation and ends gets it, too: a block that ends without
                error has led from beginning to end.
            RuntimeError: On entering, if this elector leads or waits already.
            ListWatchError: On entering, if the client is closed or its configuration unusable. Other trouble is
                logged and tried again.
        """
        return LeadershipBlock(begin=self._begin, finish=self._finish, lease=str(self._lock))

    async def run(self, work: Callable[[Leadership], Awaitable[T]]) -> T:
        """Wait for leadership, do the work, give leadership back.

        Returns:
            What `work` returns.

        Raises: as `lead`, and what `work` raises.
        """
        async with self.lead() as leadership:
            return await work(leadership)

    async def _begin(self, on_loss: Callable[[], None]) -> Leadership:
        if self._is_running:
            raise RuntimeError(f"{self!r} is in use: one elector, one term at a time")
        self._is_running = True
        try:
            self._term = term = await self._acquire(on_loss)
        except BaseException:
            self._is_running = False
            raise
        self._keeper = asyncio.create_task(self._keep(term), name=f"renew lease {self._lock}")
        self._tell("became leader")
        return term

    async def _finish(self, term: Leadership) -> None:
        """The worker has ended: stop renewing, give the Lease back."""
        try:
            if self._keeper is not None:
                self._keeper.cancel()
                await asyncio.wait([self._keeper])
            if self.release_on_stop:
                await self._release(term)
        finally:
            self._term = self._keeper = None
            self._is_running = False
            self._tell("stopped leading")

    # Standing for it

    async def _acquire(self, on_loss: Callable[[], None]) -> Leadership:
        try:
            while (term := await self._attempt(on_loss)) is None:
                await self._clock.sleep(self.retry_period * (1 + JITTER_FACTOR * self._random()))
        except BaseException:
            if self._lock.is_in_doubt and self.release_on_stop:
                await self._release(None)
            raise
        return term

    async def _attempt(self, on_loss: Callable[[], None]) -> Leadership | None:
        """Read, and claim if that is allowed. None: not this time."""
        try:
            seen = await self._lock.read()
            sent_at = self._clock.monotonic()
            record = claim(
                seen,
                identity=self.identity,
                lease_duration=self.lease_duration,
                now=sent_at,
                time=self._clock.now(),
            )
            if record is None:
                return None
            version = await self._lock.write(record)
        except Conflict:
            return None  # another was quicker
        except _TROUBLE as error:
            self._note_trouble("stand for", error)
            return None
        self._last_trouble = ""
        return Leadership(
            identity=self.identity,
            fencing_token=FencingToken(version, record.transitions),
            clock=self._clock,
            lease_duration=self.lease_duration,
            renewed_at=sent_at,
            on_loss=on_loss,
        )

    # Keeping it

    async def _keep(self, term: Leadership) -> None:
        """Renew until cancelled, also after the deadline has passed: the worker may still be at it.

        Ends by itself only when the Lease is no longer this term's, or with the client.
        """
        clock = self._clock
        next_try = term.renewed_at + self.retry_period
        while True:
            now = clock.monotonic()
            deadline = term.renewed_at + self.renew_deadline
            if not term.is_lost and now >= deadline:
                trouble = self._last_trouble or "no answer"
                term.lose(f"no renewal for {now - term.renewed_at:.1f} s: {trouble}")
            until = next_try if term.is_lost else min(next_try, deadline)
            if now < until:
                await clock.sleep(until - now)
                continue
            next_try = now + self.retry_period
            patience = self._patience if term.is_lost else min(self._patience, deadline - now)
            try:
                if not await self._renew(term, patience):
                    return
                self._last_trouble = ""
            except _TROUBLE as error:
                self._note_trouble("renew", error)
            except Exception as error:  # noqa: BLE001 - a closed client, or a fault: nobody renews any more
                term.lose(f"it can no longer be renewed: {error}", error)
                return

    async def _renew(self, term: Leadership, patience: float) -> bool:
        """One renewal. False, and lost, if the Lease is no longer this term's.

        Args:
            term: Which.
            patience: Seconds for all of it.
        """
        async with asyncio.timeout(patience):
            if self._lock.may_be_written:
                try:
                    return await self._renew_once(term)
                except (Conflict, NotFound):
                    pass  # somebody wrote to it, perhaps ourselves in a call whose answer was lost
            self._slow_renewals += 1
            await self._lock.read()
            return await self._renew_once(term)

    async def _renew_once(self, term: Leadership) -> bool:
        record = self._lock.record
        if record is None or not self._is_of(term, record):
            term.lose("the lease is gone" if record is None else f"its holder is {record.holder_identity!r}")
            return False
        sent_at = self._clock.monotonic()
        await self._lock.write(renewed(record, lease_duration=self.lease_duration, time=self._clock.now()))
        term.renew(sent_at)
        return True

    def _is_of(self, term: Leadership, record: LeaseRecord) -> bool:
        transitions = term.fencing_token.transitions
        return is_of_term(record, identity=self.identity, transitions=transitions)

    # Giving it back

    async def _release(self, term: Leadership | None) -> None:
        """Blank the record if it is still ours. Failures are logged: others wait until the Lease expires.

        Args:
            term: Whose; None for a claim that was in doubt.
        """
        try:
            async with asyncio.timeout(self.renew_deadline):
                while not await self._try_release(term):
                    await self._clock.sleep(self.retry_period)
        except TimeoutError:
            trouble = (
                f"not done within {self.renew_deadline:.1f} s; last: {self._last_trouble or 'no answer'}"
            )
            self._note_trouble("give back", TimeoutError(trouble))
        except ListWatchError as error:
            self._note_trouble("give back", error)

    async def _try_release(self, term: Leadership | None) -> bool:
        """One attempt. Whether there is nothing more to do."""
        try:
            while True:
                if not self._lock.may_be_written:
                    await self._lock.read()
                record = self._lock.record
                if record is None or record.holder_identity != self.identity:
                    return True
                if term is not None and not self._is_of(term, record):
                    return True
                try:
                    await self._lock.write(released(record, time=self._clock.now()))
                except (Conflict, NotFound):
                    continue
                return True
        except _TROUBLE as error:
            self._note_trouble("give back", error)
            return False

    # Telling

    def _tell(self, what: str) -> None:
        """Log it, and record it as an event of the Lease."""
        logger.info("lease %s: %s %s", self._lock, self.identity, what)
        if self._recorder is not None:
            note = f"{self.identity} {what}"
            self._recorder.event(self._lock.lease, reason="LeaderElection", action="Elect", note=note)

    def _note_trouble(self, what: str, error: Exception) -> None:
        """Log a failure; one that only repeats itself, quietly."""
        text = str(error) or type(error).__name__
        level = logging.DEBUG if text == self._last_trouble else logging.WARNING
        logger.log(level, "lease %s: %s could not %s it: %s", self._lock, self.identity, what, text)
        self._last_trouble = text
