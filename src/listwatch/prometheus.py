"""What informers, queues, controllers, electors and recorders do, for Prometheus, under the names that dashboards know.

In:    snapshots, read when Prometheus asks         (WorkQueue.metrics, Controller.metrics, SharedInformer …)
Out:   metric families for a `prometheus_client` registry
Rules: silent by default: nothing is registered, and nothing is counted for this module's sake; a scrape reads what is
       there, and crosses no thread
Source: client-go's workqueue, leader election, informer and reflector metrics, and controller-runtime's, by their names
        and labels; what begins with `listwatch_` nobody else has. Needs the extra `metrics`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple, Self

from listwatch.controller.controller import Controller
from listwatch.controller.reconcile import RECONCILE_TIME_BUCKETS
from listwatch.event_recorder.event_recorder import EventRecorder
from listwatch.leader_election.leader_elector import LeaderElector
from listwatch.reflector import states
from listwatch.shared_informer.informer_view import InformerView
from listwatch.shared_informer.shared_informer_factory import SharedInformerFactory
from listwatch.workqueue.metrics import DURATION_BUCKETS
from listwatch.workqueue.work_queue import WorkQueue

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
    from prometheus_client.registry import Collector
    from prometheus_client.utils import floatToGoString
except ModuleNotFoundError as error:
    raise ImportError(
        "listwatch.prometheus needs prometheus_client, which is not installed: pip install 'listwatch[metrics]'"
    ) from error

MAX_PRIORITIES: Final = 25
"""So many values the label `priority` has at most; keys of all further ones count for the lowest of these."""

_STATES: Final = (
    states.Idle,
    states.Listing,
    states.Watching,
    states.BackingOff,
    states.Broken,
    states.Stopped,
)
_QUEUE: Final = ("name", "controller")
_CONTROLLER: Final = ("controller",)
_COLLECTION: Final = ("name", "group", "version", "resource")
_NAME: Final = ("name",)
_HANDLER: Final = ("name", "handler")


class _Family(NamedTuple):
    kind: type[GaugeMetricFamily | CounterMetricFamily | HistogramMetricFamily]
    name: str
    labels: tuple[str, ...]
    help: str


def _gauge(name: str, labels: tuple[str, ...], told: str) -> _Family:
    return _Family(GaugeMetricFamily, name, labels, told)


def _counter(name: str, labels: tuple[str, ...], told: str) -> _Family:
    return _Family(CounterMetricFamily, name, labels, told)


def _histogram(name: str, labels: tuple[str, ...], told: str) -> _Family:
    return _Family(HistogramMetricFamily, name, labels, told)


FAMILIES: Final = (
    _gauge("workqueue_depth", (*_QUEUE, "priority"), "Keys that wait for a worker."),
    _counter("workqueue_adds_total", _QUEUE, "Keys that joined the line or were marked to run again."),
    _counter("workqueue_retries_total", _QUEUE, "Keys that were added with a delay or a rate limit."),
    _histogram("workqueue_queue_duration_seconds", _QUEUE, "How long keys waited for a worker."),
    _histogram("workqueue_work_duration_seconds", _QUEUE, "How long workers had a key."),
    _gauge("workqueue_unfinished_work_seconds", _QUEUE, "Age of all runs in progress together."),
    _gauge("workqueue_longest_running_processor_seconds", _QUEUE, "Age of the oldest run in progress."),
    _gauge("listwatch_workqueue_delayed", _QUEUE, "Keys whose time has not come."),
    _gauge("listwatch_workqueue_running", _QUEUE, "Keys that workers have."),
    _counter("controller_runtime_reconcile_total", (*_CONTROLLER, "result"), "Runs that ended, by result."),
    _counter("controller_runtime_reconcile_errors_total", _CONTROLLER, "Runs that failed."),
    _counter(
        "controller_runtime_terminal_reconcile_errors_total",
        _CONTROLLER,
        "Runs that failed and are not retried.",
    ),
    _counter("controller_runtime_reconcile_timeouts_total", _CONTROLLER, "Runs that took too long."),
    _histogram("controller_runtime_reconcile_time_seconds", _CONTROLLER, "How long runs took."),
    _gauge("controller_runtime_max_concurrent_reconciles", _CONTROLLER, "Workers."),
    _gauge("controller_runtime_active_workers", _CONTROLLER, "Workers that have a key."),
    _gauge("informer_queued_items", _COLLECTION, "Notifications that wait for handlers, of all together."),
    _gauge(
        "informer_store_resource_version",
        _COLLECTION,
        "What the cache has come to; the last 15 digits of the resource version.",
    ),
    _gauge("listwatch_informer_objects", _COLLECTION, "Objects in the cache."),
    _gauge(
        "listwatch_informer_staleness_seconds",
        _COLLECTION,
        "Time since the last proof that the cache is in step.",
    ),
    _gauge("listwatch_informer_synced", _COLLECTION, "Whether the cache has been the whole collection."),
    _gauge("listwatch_informer_state", (*_COLLECTION, "state"), "1 for what the informer is doing."),
    _counter("listwatch_informer_transform_failures_total", _COLLECTION, "Objects whose transform failed."),
    _counter("reflector_lists_total", _NAME, "Lists that reached the cache, streamed ones included."),
    _counter("reflector_watches_total", _NAME, "Watches that were begun, streamed lists included."),
    _counter("listwatch_reflector_events_total", _NAME, "Changes that reached the cache."),
    _counter("listwatch_reflector_bookmarks_total", _NAME, "Bookmarks."),
    _counter("listwatch_reflector_stale_total", _NAME, "Events and bookmarks older than what was known."),
    _counter("listwatch_reflector_duplicates_total", _NAME, "Events that had been seen."),
    _counter("listwatch_reflector_skipped_total", _NAME, "Objects that could not be kept."),
    _gauge("listwatch_handler_depth", _HANDLER, "Notifications that wait for the handler."),
    _gauge("listwatch_handler_age_seconds", _HANDLER, "How long the oldest of them has waited."),
    _counter("listwatch_handler_calls_total", _HANDLER, "Calls of the handler."),
    _counter("listwatch_handler_failures_total", _HANDLER, "Calls of the handler that raised."),
    _counter("listwatch_handler_merged_total", _HANDLER, "Notifications that went into others."),
    _counter("listwatch_handler_dropped_resyncs_total", _HANDLER, "Repetitions that were left out."),
    _gauge("leader_election_master_status", _NAME, "1 while this process leads."),
    _counter("leader_election_slowpath_total", _NAME, "Renewals that had to read the Lease first."),
    _counter("listwatch_events_told_total", _NAME, "Occurrences that a program told of."),
    _counter("listwatch_events_created_total", _NAME, "Events that were made on the server."),
    _counter("listwatch_events_patched_total", _NAME, "Writes of an event's count."),
    _counter("listwatch_events_suppressed_total", _NAME, "New events beyond the limit for one object."),
    _counter("listwatch_events_dropped_total", _NAME, "Occurrences that were lost."),
    _counter("listwatch_events_refused_total", _NAME, "Events that the server did not take."),
    _counter("listwatch_events_given_up_total", _NAME, "Events that could not be sent in all tries."),
    _gauge("listwatch_events_waiting", _NAME, "Events that are to be written."),
)
"""All that there is. Which of them have samples depends on what was added."""


class _Sheet:
    """The families of one scrape, to be filled in."""

    def __init__(self) -> None:
        self.families: dict[str, Any] = {
            each.name: each.kind(each.name, each.help, labels=each.labels) for each in FAMILIES
        }
        self._informers: dict[str, InformerView[Any]] = {}

    def label(self, name: str, informer: InformerView[Any]) -> str | None:
        """What to call an informer that may come from several factories; None if it is told already."""
        if any(each is informer for each in self._informers.values()):
            return None
        names = (name, *(f"{name} ({number})" for number in range(2, len(self._informers) + 2)))
        label = next(each for each in names if each not in self._informers)
        self._informers[label] = informer
        return label

    def put(self, name: str, labels: Sequence[str], value: float) -> None:
        """A sample of a gauge or a counter."""
        self.families[name].add_metric(labels, value)

    def spread(
        self, name: str, labels: Sequence[str], bounds: Iterable[float], counts: Iterable[int], total: float
    ) -> None:
        """A histogram, from counts that are not cumulative."""
        edges = [*map(floatToGoString, bounds), "+Inf"]
        self.families[name].add_metric(labels, list(zip(edges, accumulate(counts), strict=True)), total)


_Write = Callable[[_Sheet], None]


class ListwatchCollector(Collector):
    """Tells Prometheus about what was added to it; to be registered once.

        collector = ListwatchCollector(informer, controller)
        prometheus_client.REGISTRY.register(collector)

    Takes the things of `listwatch` and of `listwatch.sync`. They should have names of their own: the names are labels.
    A controller brings its queue, and a factory all informers that it has at the time of a scrape.

    Promised: what was not added is not told; nothing is told twice. A scrape reads snapshots and may come from any
    thread, if the clocks can be read there (`SystemClock` can); each figure is of one moment, not all of the same.
    Not promised: that a thing is forgotten when it ends. `remove` it.
    """

    def __init__(self, *parts: object) -> None:
        self._parts: dict[tuple[str, str], tuple[object, _Write]] = {}
        for part in parts:
            self.add(part)

    def add(self, part: object, *, name: str = "") -> Self:
        """Tell about this, too. Adding it again changes nothing.

        Args:
            part: A SharedInformer, SharedInformerFactory, WorkQueue, Controller, LeaderElector or EventRecorder.
            name: Its label; its own name by default. Of a factory: put before the names of its informers.

        Raises:
            TypeError: It is none of them, or has no figures.
            ValueError: Another one of its type has that name, or it has none.
        """
        found = list(_writers(_inner(part), name))
        for key, thing, _ in found:
            kind, label = key
            if not label and not isinstance(thing, SharedInformerFactory):
                raise ValueError(f"a {kind} needs a name to be told apart by: add it with name=…")
            taken = self._parts.get(key)
            if taken is not None and taken[0] is not thing:
                raise ValueError(f"another {kind} is called {label!r}: add one of them with name=…")
        # Replaced, not changed: a scrape may be reading it.
        self._parts = self._parts | {key: (thing, write) for key, thing, write in found}
        return self

    def remove(self, part: object) -> None:
        """Tell about this no more. What was not added is nothing to do for."""
        things = [thing for _, thing, _ in _writers(_inner(part), "")]
        self._parts = {
            key: (thing, write)
            for key, (thing, write) in self._parts.items()
            if not any(thing is each for each in things)
        }

    def describe(self) -> Iterator[Metric]:
        """Every family, without samples: registering a second collector is an error, not a doubling."""
        yield from _Sheet().families.values()

    def collect(self) -> Iterator[Metric]:
        """What is so now. Families without samples are left out."""
        sheet = _Sheet()
        # What was added by itself has its name; a factory's informers take what is left.
        parts = sorted(self._parts.values(), key=lambda part: isinstance(part[0], SharedInformerFactory))
        for _, write in parts:
            write(sheet)
        for family in sheet.families.values():
            if family.samples:
                yield family


def _inner(part: object) -> object:
    """What stands behind a thing of `listwatch.sync`, or the thing itself."""
    return getattr(part, "_inner", part)


def _writers(part: object, name: str) -> Iterator[tuple[tuple[str, str], object, _Write]]:
    """For each part of `part` its kind and name, itself, and what puts its figures on a sheet."""
    match part:
        case WorkQueue():
            label = name or part.name
            yield ("work queue", label), part, _queue_writer(part, label)
        case Controller():
            label = name or part.name
            yield ("controller", label), part, _controller_writer(part, label)
            yield ("work queue", label), part.queue, _queue_writer(part.queue, label)
        case InformerView():
            label = name or part.name
            yield ("informer", label), part, _informers_writer(lambda: {label: part})
        case SharedInformerFactory():
            before = f"{name} " if name else ""
            found = _informers_writer(lambda: {f"{before}{each.name}": each for each in part.informers})
            yield ("factory", name), part, found
        case LeaderElector():
            label = name or str(part._lock)  # noqa: SLF001 (its name)
            yield ("leader elector", label), part, _elector_writer(part, label)
        case EventRecorder():
            label = name or part._controller  # noqa: SLF001 (its name)
            yield ("event recorder", label), part, _recorder_writer(part, label)
        case _:
            raise TypeError(
                f"{type(part).__qualname__} has no figures: add a SharedInformer, SharedInformerFactory, WorkQueue, "
                "Controller, LeaderElector or EventRecorder"
            )


def _queue_writer(queue: WorkQueue[Any], name: str) -> _Write:
    labels = (name, name)
    priorities: set[int] = {0}  # seen so far: a depth that is 0 again is told as 0

    def write(sheet: _Sheet) -> None:
        figures = queue.metrics()
        for priority, depth in _few(figures.depth_by_priority, priorities).items():
            sheet.put("workqueue_depth", (*labels, str(priority)), depth)
        sheet.put("workqueue_adds_total", labels, figures.adds_total)
        sheet.put("workqueue_retries_total", labels, figures.retries_total)
        for what, spread in (("queue", figures.queue_duration), ("work", figures.work_duration)):
            sheet.spread(
                f"workqueue_{what}_duration_seconds",
                labels,
                DURATION_BUCKETS,
                spread.counts,
                spread.total_seconds,
            )
        sheet.put("workqueue_unfinished_work_seconds", labels, figures.unfinished_work_seconds)
        sheet.put("workqueue_longest_running_processor_seconds", labels, figures.longest_running_seconds)
        sheet.put("listwatch_workqueue_delayed", labels, figures.delayed)
        sheet.put("listwatch_workqueue_running", labels, figures.running)

    return write


def _few(depths: Mapping[int, int], seen: set[int]) -> dict[int, int]:
    """Depth by priority, of all that were seen, and of no more than `MAX_PRIORITIES`."""
    for priority in depths:
        if len(seen) < MAX_PRIORITIES:
            seen.add(priority)
    lowest = min(seen)
    found = dict.fromkeys(sorted(seen, reverse=True), 0)
    for priority, depth in depths.items():
        found[priority if priority in seen else lowest] += depth
    return found


def _controller_writer(controller: Controller, name: str) -> _Write:
    labels = (name,)

    def write(sheet: _Sheet) -> None:
        figures = controller.metrics()
        prefix = "controller_runtime"
        for result, count in figures.reconcile_total.items():
            sheet.put(f"{prefix}_reconcile_total", (name, result), count)
        for figure in (
            "reconcile_errors_total",
            "terminal_reconcile_errors_total",
            "reconcile_timeouts_total",
            "max_concurrent_reconciles",
            "active_workers",
        ):
            sheet.put(f"{prefix}_{figure}", labels, getattr(figures, figure))
        time = figures.reconcile_time
        sheet.spread(
            f"{prefix}_reconcile_time_seconds",
            labels,
            RECONCILE_TIME_BUCKETS,
            time.counts,
            time.total_seconds,
        )

    return write


def _informers_writer(informers: Callable[[], Mapping[str, InformerView[Any]]]) -> _Write:
    def write(sheet: _Sheet) -> None:
        for name, informer in informers().items():
            label = sheet.label(name, informer)
            if label is not None:
                _write_informer(sheet, informer, label)
                _write_reflectors(sheet, informer, label)
                _write_handlers(sheet, informer, label)

    return write


def _write_informer(sheet: _Sheet, informer: InformerView[Any], name: str) -> None:
    resource = informer.resource
    gvr = ("", "", "") if resource is None else (resource.group, resource.version, resource.plural)
    labels = (name, *gvr)
    sheet.put("informer_queued_items", labels, sum(each.depth for each in informer.registrations))
    digits = informer.resource_version[-15:]
    if digits.isdigit():
        sheet.put("informer_store_resource_version", labels, int(digits))
    sheet.put("listwatch_informer_objects", labels, len(informer.indexer))
    sheet.put("listwatch_informer_staleness_seconds", labels, informer.staleness)
    sheet.put("listwatch_informer_synced", labels, informer.has_synced)
    state = informer.state
    for kind in _STATES:
        sheet.put("listwatch_informer_state", (*labels, kind.__name__), isinstance(state, kind))
    sheet.put("listwatch_informer_transform_failures_total", labels, informer.transform_failures)


def _write_reflectors(sheet: _Sheet, informer: InformerView[Any], name: str) -> None:
    counts = [each.counts for each in informer.reflectors]
    for figure in ("lists", "watches"):
        sheet.put(f"reflector_{figure}_total", (name,), sum(getattr(each, figure) for each in counts))
    for figure in ("events", "bookmarks", "stale", "duplicates", "skipped"):
        total = sum(getattr(each, figure) for each in counts)
        sheet.put(f"listwatch_reflector_{figure}_total", (name,), total)


def _write_handlers(sheet: _Sheet, informer: InformerView[Any], name: str) -> None:
    seen: Counter[str] = Counter()
    for registration in informer.registrations:
        seen[registration.name] += 1
        number = seen[registration.name]
        labels = (name, registration.name if number == 1 else f"{registration.name} ({number})")
        sheet.put("listwatch_handler_depth", labels, registration.depth)
        sheet.put("listwatch_handler_age_seconds", labels, registration.age)
        for figure in ("calls", "failures", "merged", "dropped_resyncs"):
            sheet.put(f"listwatch_handler_{figure}_total", labels, getattr(registration, figure))


def _elector_writer(elector: LeaderElector, name: str) -> _Write:
    def write(sheet: _Sheet) -> None:
        figures = elector.metrics()
        sheet.put("leader_election_master_status", (name,), figures.master_status)
        sheet.put("leader_election_slowpath_total", (name,), figures.slowpath_total)

    return write


def _recorder_writer(recorder: EventRecorder, name: str) -> _Write:
    def write(sheet: _Sheet) -> None:
        figures = recorder.metrics()
        for figure in ("told", "created", "patched", "suppressed", "dropped", "refused", "given_up"):
            sheet.put(f"listwatch_events_{figure}_total", (name,), getattr(figures, figure))
        sheet.put("listwatch_events_waiting", (name,), figures.waiting)

    return write
