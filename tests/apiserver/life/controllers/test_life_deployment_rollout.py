"""The arithmetic of a rolling update, as a table and as what must hold for any numbers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.life.controllers.deployment_rollout import (
    fenceposts,
    max_replicas,
    new_replicas,
    proportional,
    replicas_of,
    scaled_down_old,
)


def deployment(replicas: int, surge: Any = "25%", unavailable: Any = "25%") -> dict[str, Any]:
    """A Deployment that rolls."""
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    return {"spec": {"replicas": replicas, "strategy": strategy}, "metadata": {}, "status": {}}


def replica_set(uid: str, replicas: int, available: int | None = None, largest: int = 0) -> dict[str, Any]:
    """A ReplicaSet with that many pods asked for and available; older ones have lesser uids."""
    meta: dict[str, Any] = {"uid": uid, "name": uid, "creationTimestamp": uid}
    if largest:
        meta["annotations"] = {"deployment.kubernetes.io/max-replicas": str(largest)}
    return {
        "metadata": meta,
        "spec": {"replicas": replicas},
        "status": {"availableReplicas": replicas if available is None else available},
    }


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (10, "25%", "25%", (3, 2)),
        (1, "25%", "25%", (1, 0)),
        (4, 0, 0, (0, 1)),
        (3, "0%", "10%", (0, 1)),
        (2, 1, 5, (1, 2)),
        (10, "100%", 0, (10, 0)),
    ],
)
def test_surge_rounds_up_and_unavailable_down(
    replicas: int, surge: Any, unavailable: Any, expected: Any
) -> None:
    """Both never are zero at once, and no more may be missing than there are."""
    assert fenceposts(deployment(replicas, surge, unavailable)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([("a", 10, 10)], ("z", 0, 0), [("a", 8)]),
        ([("a", 8, 8)], ("z", 5, 5), [("a", 3)]),
        ([("a", 8, 8)], ("z", 5, 0), []),
        ([("a", 10, 4)], ("z", 0, 0), [("a", 8)]),
        ([("a", 2, 0), ("b", 6, 6)], ("z", 4, 2), [("a", 0), ("b", 6)]),
        ([], ("z", 10, 10), []),
    ],
)
def test_old_sets_give_up_what_can_be_spared(old: Any, new: Any, expected: Any) -> None:
    """Useless pods first, then as many as the available ones can spare; pods that are not yet there are counted on."""
    sets = [replica_set(*each) for each in old]
    found = scaled_down_old(deployment(10), replica_set(*new), sets)
    assert [(each["metadata"]["uid"], left) for each, left in found] == [
        each for each in expected if each not in [(uid, count) for uid, count, _ in old]
    ]


@given(
    st.integers(0, 20),
    st.integers(0, 8),
    st.integers(0, 8),
    st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=3),
    st.tuples(st.integers(0, 20), st.integers(0, 20)),
)
def test_bounds_hold_for_any_state(
    wanted: int, surge: int, unavailable: int, old: list[tuple[int, int]], new: tuple[int, int]
) -> None:
    """Going down never takes available pods below the promise; going up never asks for more than the surge allows."""
    owner = deployment(wanted, surge, unavailable)
    sets = [replica_set(str(index), asked, min(asked, up)) for index, (asked, up) in enumerate(old)]
    mine = replica_set("z", new[0], min(new))
    surge, unavailable = fenceposts(owner)
    for each, left in scaled_down_old(owner, mine, sets):
        assert 0 <= left < replicas_of(each)
    left = {each["metadata"]["uid"]: size for each, size in scaled_down_old(owner, mine, sets)}
    before = sum(each["status"]["availableReplicas"] for each in [*sets, mine])
    after = mine["status"]["availableReplicas"] + sum(
        min(each["status"]["availableReplicas"], left.get(each["metadata"]["uid"], replicas_of(each)))
        for each in sets
    )
    assert after >= min(before, wanted - unavailable)
    grown = new_replicas(owner, [*sets, mine], replicas_of(mine))
    total = sum(map(replicas_of, sets)) + grown
    assert grown == replicas_of(mine) or total <= max_replicas(owner)


def test_a_scaled_update_is_scaled_in_proportion() -> None:
    """In the middle of an update each set gets its share, and the rest goes to the largest."""
    old, new = replica_set("a", 10, largest=13), replica_set("z", 5, largest=13)
    new["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] = "10"
    found = {each["metadata"]["uid"]: size for each, size in proportional(deployment(20), new, [old])}
    assert sum(found.values()) == max_replicas(deployment(20)) == 25
    assert found["a"] > found["z"] > 5
