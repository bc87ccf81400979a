"""HOW one of several processes is told that it is the one, with a Lease.

    Lease ◀─▶ lease_lock ─▶ leader_elector ─▶ leadership, leadership_block ─▶ the worker
                  └ lease_record: whose is it, may I take it?

`lease_record` decides; `lease_lock` alone talks to the server.
"""

from __future__ import annotations

from listwatch.leader_election.leader_elector import LeaderElectionMetrics, LeaderElector, unique_identity
from listwatch.leader_election.leadership import FencingToken, Leadership, LeadershipLost
from listwatch.leader_election.lease_record import LeaseRecord

__all__ = [
    "FencingToken",
    "LeaderElectionMetrics",
    "LeaderElector",
    "Leadership",
    "LeadershipLost",
    "LeaseRecord",
    "unique_identity",
]
