"""What may be chosen for an informer, by name, for those who pass it on.

Source: none; client-go has SharedIndexInformerOptions and setters
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypedDict

from listwatch.apimachinery.backoff import Backoff
from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.object import AnyObject
from listwatch.reflector.failure import Failure
from listwatch.reflector.machine import Policy
from listwatch.reflector.state_feed import OnState
from listwatch.reflector.watch_list_support import WatchListSupport
from listwatch.shared_informer.indexer import IndexFunction
from listwatch.shared_informer.transform import Transform


class ReflectorOptions(TypedDict, total=False):
    """What an informer passes on to its reflectors; see `Reflector`."""

    page_size: int
    always_page: bool
    watch_list: bool | None
    support: WatchListSupport | None
    backoff: Backoff | None
    slow_backoff: Backoff | None
    min_watch_seconds: float
    marker_seconds: float
    liveness_seconds: float
    policies: Mapping[Failure, Policy] | None


class InformerOptions(ReflectorOptions, Generic[AnyObject], total=False):
    """What `SharedInformer` takes besides lists and watches; see there."""

    indexers: Mapping[str, IndexFunction[AnyObject]] | None
    resync_period: float
    transform: Transform[AnyObject] | None
    fields: Iterable[str] | None
    compact: bool
    split_recreated: bool
    clock: Clock | None
    random: Callable[[], float]
    name: str
    on_state: OnState | None
