"""Faults on purpose: which requests meet which misfortune.

    cluster.faults.add(Fault(verb="watch", resource="pods", nth=2, effect=Reset(at_byte=100)))

Rules: whether a fault strikes is decided by values alone, in order of the requests' arrival; what it does is done
in one thin layer between the request and the server's answer, so that clients meet it over sockets and in memory alike.
"""

from listwatch.apiserver.faults.effects import (
    Compact,
    Delay,
    DropBookmarks,
    DuplicateFrames,
    Effect,
    Expire,
    Freeze,
    Partition,
    Refuse,
    Reset,
    SlowBody,
    Stale,
    TearFrame,
)
from listwatch.apiserver.faults.fault import Fault
from listwatch.apiserver.faults.plan import FaultPlan

__all__ = [
    "Compact",
    "Delay",
    "DropBookmarks",
    "DuplicateFrames",
    "Effect",
    "Expire",
    "Fault",
    "FaultPlan",
    "Freeze",
    "Partition",
    "Refuse",
    "Reset",
    "SlowBody",
    "Stale",
    "TearFrame",
]
