"""HOW list and watch become one unbroken stream.

list_watch ─▶ stream ─▶ intake (pure: what is news) ─▶ reflector ─▶ store
machine (pure: what to do next) ─▶ reflector ─▶ states, for whoever wants to know
"""

from __future__ import annotations

from listwatch.apimachinery.backoff import Backoff
from listwatch.reflector.failure import Failure, classify
from listwatch.reflector.list_watch import Lister, ListerWatcher, ListWatch, Watcher
from listwatch.reflector.machine import Policy
from listwatch.reflector.reflector import Reflector
from listwatch.reflector.states import (
    BackingOff,
    Broken,
    Idle,
    Listing,
    Reason,
    ReflectorState,
    Stopped,
    Watching,
)
from listwatch.reflector.store import ReflectorStore
from listwatch.reflector.watch_list_support import WatchListSupport, WatchListSupports

__all__ = [
    "BackingOff",
    "Backoff",
    "Broken",
    "Failure",
    "Idle",
    "ListWatch",
    "Lister",
    "ListerWatcher",
    "Listing",
    "Policy",
    "Reason",
    "Reflector",
    "ReflectorState",
    "ReflectorStore",
    "Stopped",
    "WatchListSupport",
    "WatchListSupports",
    "Watcher",
    "Watching",
    "classify",
]
