"""The Lease as the server has it: reads it, writes it, remembers what was seen and since when.

In:    records to write                           (from leader_election/leader_elector.py)
Out:   what the Lease says, and for how long it has said so
Next:  leader_election/lease_record.py
Rules: no decisions; each write only replaces what was read; every call has a deadline
Source: client-go tools/leaderelection/resourcelock LeaseLock and the observed record of LeaderElector
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from listwatch.api.coordination_v1 import Lease
from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import APIStatusError, NotFound
from listwatch.apimachinery.meta import ObjectMeta, ResourceVersion
from listwatch.client.resource import ResourceClient
from listwatch.leader_election.lease_record import LeaseRecord, Observation, observe

logger = logging.getLogger(__name__)


class LeaseLock:
    """One Lease.

    Args:
        leases: Of its namespace.
        name: Its own.
        patience: Seconds that one call may take.
        on_new_leader: Told each holder as soon as it is seen, "" for nobody.
        clock: Tells the time.

    Attributes:
        seen: What was last read or written; None before the first look.
        is_in_doubt: A write was sent and its answer is not known: it may have happened, or happen yet.
    """

    def __init__(
        self,
        leases: ResourceClient[Lease],
        *,
        name: str,
        patience: float,
        on_new_leader: Callable[[str], None] | None,
        clock: Clock,
    ) -> None:
        self._leases = leases
        self._name = name
        self._patience = patience
        self._on_new_leader = on_new_leader
        self._clock = clock
        self._lease: Lease | None = None  # as the server has it, if nobody wrote since
        self._told: str | None = None
        self.seen: Observation | None = None
        self.is_in_doubt = False

    def __str__(self) -> str:
        return f"{self._leases.namespace}/{self._name}"

    @property
    def record(self) -> LeaseRecord | None:
        """What the Lease said last."""
        return None if self.seen is None else self.seen.record

    @property
    def holder(self) -> str:
        """Whose it was; empty for nobody."""
        return "" if self.record is None else self.record.holder_identity

    @property
    def may_be_written(self) -> bool:
        """Whether it is known well enough to be written without being read first."""
        return self._lease is not None

    @property
    def lease(self) -> Lease:
        """The object, or one that names it."""
        return self._lease or Lease(metadata=ObjectMeta(name=self._name, namespace=self._leases.namespace))

    async def read(self) -> Observation:
        """What it says now.

        Raises:
            TimeoutError, APIStatusError, TransportError: Nothing new is known.
        """
        lease: Lease | None
        try:
            async with asyncio.timeout(self._patience):
                lease = await self._leases.get(self._name)
        except NotFound:
            lease = None
        return self._note(lease)

    async def write(self, record: LeaseRecord) -> ResourceVersion:
        """Put `record` in the place of what was read or written last; make the Lease if there was none.

        Returns:
            The version that it has now.

        Raises:
            Conflict, NotFound: Somebody else wrote since. Nothing has happened; read it.
            TimeoutError, APIStatusError, TransportError: See `is_in_doubt`; read it.
        """
        lease, self._lease = self._lease, None  # until the answer is there nothing is known
        self.is_in_doubt = True
        try:
            async with asyncio.timeout(self._patience):
                if lease is None:
                    meta = ObjectMeta(name=self._name, namespace=self._leases.namespace)
                    written = await self._leases.create(Lease(metadata=meta, spec=record.to_spec()))
                else:
                    lease = lease.copy()
                    lease.spec = record.to_spec()
                    written = await self._leases.replace(lease)
        except APIStatusError as error:
            self.is_in_doubt = error.code >= 500  # one from in between, such as a proxy's, may hide a success
            raise
        self.is_in_doubt = False
        self._note(written)
        return written.resource_version

    def _note(self, lease: Lease | None) -> Observation:
        """Take in what the server has said."""
        self._lease = lease
        record = None if lease is None else LeaseRecord.of_spec(lease.spec)
        self.seen = observe(self.seen, record, now=self._clock.monotonic())
        holder = self.holder
        if holder != self._told and (record is not None or self._told):
            self._told = holder
            if self._on_new_leader is not None:
                try:
                    self._on_new_leader(holder)
                except Exception:  # the caller's code; the election goes on
                    logger.exception("lease %s: on_new_leader(%r) failed", self, holder)
        return self.seen
