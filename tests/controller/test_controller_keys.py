"""Which keys a change concerns: pure tables."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.api.core_v1 import Node, Pod
from listwatch.apimachinery.key import ObjectKey
from listwatch.controller import Change, generation_changed, own_key, owner_key
from listwatch.controller.reconcile import RECONCILE_TIME_BUCKETS, Outcome, Result, Tally

OWNERS = [
    {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "1", "controller": True},
    {"apiVersion": "apps/v1beta2", "kind": "ReplicaSet", "name": "b", "uid": "2"},
    {"apiVersion": "example.com/v1", "kind": "ReplicaSet", "name": "c", "uid": "3", "controller": False},
    {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "4"},
]


def pod(version: str = "1", *, generation: int | None = None, **metadata: Any) -> Pod:
    """A pod in one of its states."""
    meta = {"name": "p", "namespace": "ns", "resourceVersion": version, "generation": generation}
    given = {key: value for key, value in meta.items() if value is not None}
    return Pod.from_dict({"metadata": given | metadata})


def test_own_key() -> None:
    """An object's own key is its namespace and name, the namespace empty if it has none."""
    assert own_key(pod()) == (ObjectKey("ns", "p"),)
    assert own_key(Node.from_dict({"metadata": {"name": "n"}})) == (ObjectKey("", "n"),)


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        ({"kind": "ReplicaSet"}, ["ns/a"]),
        ({"kind": "ReplicaSet", "controller_only": False}, ["ns/a", "ns/b", "ns/c"]),
        (
            {"kind": "ReplicaSet", "api_version": "apps/v1", "controller_only": False},
            ["ns/a", "ns/b"],
        ),
        ({"kind": "ReplicaSet", "api_version": "v1", "controller_only": False}, []),
        ({"kind": "Node", "controller_only": False, "namespaced": False}, ["n"]),
        ({"kind": "Node", "api_version": "v1", "controller_only": False, "namespaced": False}, ["n"]),
        ({"kind": "Node", "namespaced": False}, []),
        ({"kind": "Deployment"}, []),
    ],
)
def test_owner_key(arguments: dict[str, Any], keys: list[str]) -> None:
    """Owners are found by kind and group, whatever the version; by default only the one that controls."""
    kind = arguments.pop("kind")
    owned = pod(ownerReferences=OWNERS)
    assert [str(key) for key in owner_key(kind, **arguments)(owned)] == keys
    assert list(owner_key(kind, **arguments)(pod())) == []


SAME = pod()


@pytest.mark.parametrize(
    ("change", "is_news", "versions"),
    [
        (Change(old=None, new=pod("1")), True, ["1"]),
        (Change(old=None, new=pod("1"), is_initial=True), False, ["1"]),
        (Change(old=pod("1"), new=pod("2")), True, ["1", "2"]),
        (Change(old=pod("1"), new=pod("1")), False, ["1", "1"]),
        (Change(old=SAME, new=SAME), False, ["1"]),
        (Change(old=pod("1"), new=None), True, ["1"]),
        (Change(old=pod(""), new=pod("")), True, ["", ""]),
        (Change(old=None, new=None), True, []),
    ],
)
def test_changes(change: Change[Pod], is_news: bool, versions: list[str]) -> None:
    """Initial objects and repetitions are no news; a change has the states that there are."""
    assert change.is_news is is_news
    assert [state.resource_version for state in change.states()] == versions


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        (Change(old=None, new=pod(generation=1)), True),
        (Change(old=pod(generation=1), new=None), True),
        (Change(old=pod(generation=1), new=pod(generation=2)), True),
        (Change(old=pod(generation=1), new=pod("2", generation=1)), False),
        (Change(old=pod(), new=pod("2")), True),
    ],
)
def test_generation_changed(change: Change[Pod], passes: bool) -> None:
    """Updates that leave the generation alone do not pass, where there is one."""
    assert generation_changed(change) is passes


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_results_that_are_refused(seconds: float) -> None:
    """A wait that is none, or never ends, is refused."""
    with pytest.raises(ValueError, match="requeue_after"):
        Result(requeue_after=seconds)


def test_tally() -> None:
    """Runs are counted by result and by time, under the names that dashboards know."""
    tally = Tally()
    for outcome, seconds in ((Outcome.SUCCESS, 0.005), (Outcome.ERROR, 0.006), (Outcome.REQUEUE_AFTER, 61)):
        tally.count(outcome, seconds)
    metrics = tally.snapshot(workers=3, active=1)
    assert metrics.reconcile_total == {"success": 1, "requeue_after": 1, "error": 1}
    assert metrics.reconcile_errors_total == 1
    assert metrics.reconcile_time.count == 3
    assert metrics.reconcile_time.total_seconds == pytest.approx(61.011)
    assert len(metrics.reconcile_time.counts) == len(RECONCILE_TIME_BUCKETS) + 1
    assert [index for index, count in enumerate(metrics.reconcile_time.counts) if count] == [
        0,
        1,
        len(RECONCILE_TIME_BUCKETS),
    ]
    assert list(RECONCILE_TIME_BUCKETS) == sorted(set(RECONCILE_TIME_BUCKETS))
    assert (metrics.max_concurrent_reconciles, metrics.active_workers) == (3, 1)
