"""What a test of anything that talks to Kubernetes needs: a cluster of its own, in milliseconds.

    from listwatch.testing import Cluster

    with Cluster() as cluster:
        cluster.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}")

With pytest there is the fixture `cluster`, without an import. See docs/testing-with-listwatch.md.

Rules: beside the command line: uses the embedded server and the clients; nothing of the library uses it. Names are
imported when they are first used, since pytest loads the plugin in every session.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from listwatch.apiserver.faults import (
        Compact,
        Delay,
        DropBookmarks,
        DuplicateFrames,
        Expire,
        Fault,
        Freeze,
        Partition,
        Refuse,
        Reset,
        SlowBody,
        Stale,
        TearFrame,
    )
    from listwatch.testing.cluster import Cluster
    from listwatch.testing.virtual_clock import VirtualClock

__all__ = [
    "Cluster",
    "Compact",
    "Delay",
    "DropBookmarks",
    "DuplicateFrames",
    "Expire",
    "Fault",
    "Freeze",
    "Partition",
    "Refuse",
    "Reset",
    "SlowBody",
    "Stale",
    "TearFrame",
    "VirtualClock",
]

_HOMES = {"Cluster": "testing.cluster", "VirtualClock": "testing.virtual_clock"} | dict.fromkeys(
    set(__all__) - {"Cluster", "VirtualClock"}, "apiserver.faults"
)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"listwatch.{home}"), name)
