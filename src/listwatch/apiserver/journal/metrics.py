"""Counts under kube-apiserver's names, as `/metrics` tells them.

In:    `Trace`s, as an observer of the server
Out:   Prometheus' text format, written when somebody asks
Rules: counting is a few additions per exchange; nothing is formatted until it is read. Paths that are no
       resource and were not found are counted under no name.
Source: apiserver pkg/endpoints/metrics, pkg/storage/etcd3/metrics (1.34 and later: `resource` in the place of `kind`);
        Prometheus' text exposition format 0.0.4
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from listwatch.apiserver.journal.exchange import End, Trace
from listwatch.apiserver.wire.request_info import RequestInfo

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
DURATION_BUCKETS: Final = (
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0,
    4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
)  # fmt: skip
SIZE_BUCKETS: Final = (1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9)
_VERBS: Final = {
    "get": "GET",
    "list": "LIST",
    "watch": "WATCH",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETECOLLECTION",
}
_READ_ONLY: Final = frozenset({"GET", "LIST", "WATCH", "HEAD"})


class Subject(NamedTuple):
    """What most metrics are broken down by."""

    verb: str
    group: str
    version: str
    resource: str
    subresource: str
    scope: str

    def labels(self) -> dict[str, str]:
        """In the form of labels."""
        return {"component": "apiserver", **self._asdict()}


class _Histogram:
    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class _Answers:
    """The answers to requests of one subject."""

    __slots__ = ("codes", "durations", "sizes")

    def __init__(self) -> None:
        self.codes: dict[int, int] = {}
        self.durations = _Histogram(DURATION_BUCKETS)
        self.sizes = _Histogram(SIZE_BUCKETS)


class Metrics:
    """An observer that counts.

    Threads: counted in the server's loop; read there too.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[Subject, str], _Answers] = {}
        self._open: dict[int, Subject] = {}
        self._long_running: defaultdict[Subject, int] = defaultdict(int)
        self._in_flight = {"mutating": 0, "readOnly": 0}
        self._events: defaultdict[tuple[str, str, str], int] = defaultdict(int)

    def began(self, trace: Trace) -> None:
        """A request is under way."""
        subject = self._open[trace.number] = subject_of(trace.target)
        if subject.verb == "WATCH":
            self._long_running[subject] += 1
        else:
            self._in_flight[_kind(subject)] += 1

    def answered(self, trace: Trace) -> None:
        """Nothing to count: an answer counts when it is over."""

    def ended(self, trace: Trace, end: End) -> None:
        """A request is over."""
        info = trace.target
        subject = self._open.pop(trace.number)
        if subject.verb == "WATCH":
            self._long_running[subject] -= 1
            self._events[info.group, info.version, info.resource] += trace.events
        else:
            self._in_flight[_kind(subject)] -= 1
        if trace.status == 404 and not info.resource:
            subject = subject._replace(subresource="")
        key = subject, "All" if info.query.get("dryRun") == "All" else ""
        answers = self._answers.get(key)
        if answers is None:
            answers = self._answers[key] = _Answers()
        answers.codes[trace.status] = answers.codes.get(trace.status, 0) + 1
        answers.durations.observe(trace.duration)
        answers.sizes.observe(trace.sent_bytes)

    def render(self, objects: Mapping[tuple[str, str], int]) -> str:
        """All of it as text.

        Args:
            objects: How many objects are stored, by group and resource.
        """
        return "".join([*self._present(), *self._past(), *_stored(objects)])

    def _present(self) -> Iterator[str]:
        yield from _family(
            "apiserver_current_inflight_requests",
            "gauge",
            "Requests that are being answered, long-running ones apart, per request kind.",
            (({"request_kind": kind}, count) for kind, count in self._in_flight.items()),
        )
        yield from _family(
            "apiserver_longrunning_requests",
            "gauge",
            "Long-running requests that are open, by verb, group, version, resource, scope and component.",
            ((subject.labels(), count) for subject, count in self._long_running.items()),
        )

    def _past(self) -> Iterator[str]:
        yield from _histograms(
            "apiserver_request_duration_seconds",
            "Response latency in seconds for each verb, dry run value, group, version, resource and scope.",
            (
                ({**subject.labels(), "dry_run": dry_run}, answers.durations)
                for (subject, dry_run), answers in self._answers.items()
            ),
        )
        yield from _family(
            "apiserver_request_total",
            "counter",
            "Requests by verb, dry run value, group, version, resource, scope, component and HTTP response code.",
            (
                ({**subject.labels(), "dry_run": dry_run, "code": str(code)}, count)
                for (subject, dry_run), answers in self._answers.items()
                for code, count in answers.codes.items()
            ),
        )
        yield from _histograms(
            "apiserver_response_sizes",
            "Response size in bytes for each group, version, verb, resource, subresource, scope and component.",
            (
                (subject.labels(), answers.sizes)
                for (subject, dry_run), answers in self._answers.items()
                if not dry_run and subject.verb in {"GET", "LIST"}
            ),
        )
        yield from _family(
            "apiserver_watch_events_total",
            "counter",
            "Events sent to clients that watch.",
            (
                ({"group": group, "version": version, "resource": name}, count)
                for (group, version, name), count in self._events.items()
            ),
        )


def _stored(objects: Mapping[tuple[str, str], int]) -> Iterator[str]:
    yield from _family(
        "apiserver_resource_objects",
        "gauge",
        "Stored objects by group and resource.",
        (({"group": group, "resource": name}, count) for (group, name), count in objects.items()),
    )
    yield from _family(
        "apiserver_storage_objects",
        "gauge",
        "Stored objects by resource; the older name of apiserver_resource_objects.",
        (
            ({"resource": f"{name}.{group}" if group else name}, count)
            for (group, name), count in objects.items()
        ),
    )


def subject_of(info: RequestInfo) -> Subject:
    """What a request counts under. Of a path that is no resource the path stands for the subresource."""
    verb = _VERBS.get(info.verb, info.verb.upper())
    if not info.resource:
        return Subject(verb, "", "", "", info.path, "")
    scope = "resource" if info.name else "namespace" if info.namespace else "cluster"
    if verb == "POST":
        scope = "resource"
    return Subject(verb, info.group, info.version, info.resource, info.subresource, scope)


def _kind(subject: Subject) -> str:
    return "readOnly" if subject.verb in _READ_ONLY else "mutating"


def _family(
    name: str, type_: str, help_: str, samples: Iterable[tuple[Mapping[str, str], float]]
) -> Iterator[str]:
    yield f"# HELP {name} {help_}\n# TYPE {name} {type_}\n"
    for labels, value in samples:
        yield f"{name}{_labels(labels)} {_number(value)}\n"


def _histograms(
    name: str, help_: str, samples: Iterable[tuple[Mapping[str, str], _Histogram]]
) -> Iterator[str]:
    yield f"# HELP {name} {help_}\n# TYPE {name} histogram\n"
    for labels, histogram in samples:
        count = 0
        for bound, inside in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
            count += inside
            le = "+Inf" if bound == float("inf") else _number(bound)
            yield f"{name}_bucket{_labels({**labels, 'le': le})} {count}\n"
        yield f"{name}_sum{_labels(labels)} {_number(histogram.total)}\n"
        yield f"{name}_count{_labels(labels)} {count}\n"


def _labels(labels: Mapping[str, str]) -> str:
    told = ",".join(f'{name}="{_escaped(labels[name])}"' for name in sorted(labels))
    return f"{{{told}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
