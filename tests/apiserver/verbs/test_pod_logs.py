"""What is asked of a log, and what is answered: pure parts and refusals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from manual_clock import ManualClock

from listwatch.apiserver.verbs.pod_logs import LogOptions, PodLogs, log_status, parse_log_options, shown
from listwatch.apiserver.wire.request_info import Query
from listwatch.apiserver.wire.statuses import APIFailure

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINES = [(NOW + timedelta(seconds=each), f"line {each}") for each in range(4)]


def pod(*names: str, statuses: bool = True, node: str = "n") -> dict[str, Any]:
    """A pod with these containers."""
    return {
        "metadata": {"name": "p", "uid": "u"},
        "spec": {"containers": [{"name": each} for each in names], "nodeName": node},
        "status": {"containerStatuses": [{"name": each} for each in names] if statuses else []},
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (LogOptions(), ["line 0\n", "line 1\n", "line 2\n", "line 3\n"]),
        (LogOptions(tail_lines=1), ["line 3\n"]),
        (LogOptions(tail_lines=0), []),
        (LogOptions(tail_lines=9), ["line 0\n", "line 1\n", "line 2\n", "line 3\n"]),
        (LogOptions(since=NOW + timedelta(seconds=2)), ["line 2\n", "line 3\n"]),
        (LogOptions(tail_lines=1, timestamps=True), ["2026-01-01T00:00:03.000000000Z line 3\n"]),
    ],
)
def test_what_is_shown(options: LogOptions, expected: list[str]) -> None:
    """The last lines, the lines since a moment, with their times: as asked."""
    assert shown(LINES, options) == expected


@pytest.mark.parametrize(
    "query",
    ["tailLines=-1", "limitBytes=0", "sinceSeconds=0", "sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z"],
)
def test_options_that_make_no_sense(query: str) -> None:
    """Numbers out of range, and two beginnings, are refused as invalid."""
    with pytest.raises(APIFailure) as refused:
        parse_log_options(Query(query), NOW)
    assert refused.value.status["code"] == 422


def test_options_are_read() -> None:
    """Every option has its place."""
    text = "container=c&follow=true&previous=1&timestamps=true&sinceSeconds=5&tailLines=3&limitBytes=7"
    assert parse_log_options(Query(text), NOW) == LogOptions(
        container="c",
        follow=True,
        previous=True,
        timestamps=True,
        since=NOW - timedelta(seconds=5),
        tail_lines=3,
        limit_bytes=7,
    )


@pytest.mark.parametrize(
    ("found", "container", "message"),
    [
        (pod("a", "b"), "", "a container name must be specified for pod p, choose one of: [a b]"),
        (pod("a"), "x", "container x is not valid for pod p"),
        (pod("a", statuses=False, node=""), "a", "pod p does not have a host assigned"),
        (pod("a", statuses=False), "a", 'container "a" in pod "p" is not available'),
    ],
)
def test_whose_log(found: dict[str, Any], container: str, message: str) -> None:
    """A container must be meant clearly, exist, and have begun."""
    with pytest.raises(APIFailure) as refused:
        log_status(found, LogOptions(container=container))
    assert (refused.value.status["code"], refused.value.status["message"]) == (400, message)


def test_only_the_last_runs_are_kept() -> None:
    """Of a container's runs the present one and the one before have logs; those of a pod that is gone are gone."""
    logs, clock = PodLogs(), ManualClock()
    for number in range(3):
        logs.begin("u", "c", number, clock=clock).write(str(number))
    kept = [logs.find("u", "c", number) for number in range(3)]
    assert [each and [line for _, line in each.lines] for each in kept] == [None, ["1"], ["2"]]
    assert kept[1] is not None
    assert kept[1].is_over
    logs.forget("u")
    assert logs.find("u", "c", 2) is None
