"""What a batch or a list means to a cache: by tables, and as a sum."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from informer_kit import pod

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.key import ObjectKey
from listwatch.shared_informer.notifications import (
    Added,
    Change,
    Deleted,
    Notification,
    Updated,
    changes_to,
    is_same,
    key_of,
    replacement_of,
)

Cache = dict[ObjectKey, Pod]


def cache_of(*pods: Pod) -> Cache:
    return {each.key: each for each in pods}


def put(obj: Pod) -> Change[Pod]:
    return Change(obj.key, obj)


def gone(obj: Pod) -> Change[Pod]:
    return Change(obj.key, obj, is_deletion=True)


def lost(obj: Pod) -> Change[Pod]:
    return Change(obj.key, None, is_deletion=True)


def told(notifications: list[Notification[Pod]]) -> list[str]:
    def one(each: Notification[Pod]) -> str:
        match each:
            case Added(obj, is_initial):
                return f"add {obj.uid}@{obj.resource_version}{' initial' if is_initial else ''}"
            case Updated(old, new):
                return f"update {old.uid}@{old.resource_version} {new.uid}@{new.resource_version}"
            case Deleted(obj, is_final_state_unknown):
                unknown = " unknown" if is_final_state_unknown else ""
                return f"delete {obj.uid}@{obj.resource_version}{unknown}"

    return [one(each) for each in notifications]


def sum_of(cache: Cache, notifications: list[Notification[Pod]]) -> Cache:
    """What somebody knows who knew `cache` and was told."""
    known = dict(cache)
    for each in notifications:
        match each:
            case Added(obj, _):
                assert obj.key not in known
                known[obj.key] = obj
            case Updated(old, new):
                assert known[new.key] is old
                known[new.key] = new
            case Deleted(obj, _):
                del known[obj.key]
    return known


A1, A2, A3 = (pod("a", version, uid="u1") for version in (1, 2, 3))
A4_NEW = pod("a", 4, uid="u2")
CHANGES: list[tuple[str, Cache, list[Change[Pod]], bool, list[str]]] = [
    ("unknown is added", {}, [put(A1)], False, ["add u1@1"]),
    ("known is updated", cache_of(A1), [put(A2)], False, ["update u1@1 u1@2"]),
    ("the same is nothing", cache_of(A1), [put(A1.copy())], False, []),
    ("known is deleted", cache_of(A1), [gone(A2)], False, ["delete u1@2"]),
    ("unknown is not deleted", {}, [gone(A2)], False, []),
    ("a final state that is not there", cache_of(A1), [lost(A2)], False, ["delete u1@1 unknown"]),
    ("a final state of another uid", cache_of(A1), [gone(A4_NEW)], False, ["delete u1@1 unknown"]),
    (
        "a life in one batch",
        {},
        [put(A1), put(A2), gone(A3)],
        False,
        ["add u1@1", "update u1@1 u1@2", "delete u1@3"],
    ),
    ("made anew after a deletion", cache_of(A1), [gone(A2), put(A4_NEW)], True, ["delete u1@2", "add u2@4"]),
    ("made anew unseen, as an update", cache_of(A1), [put(A4_NEW)], False, ["update u1@1 u2@4"]),
    ("made anew unseen, told apart", cache_of(A1), [put(A4_NEW)], True, ["delete u1@1 unknown", "add u2@4"]),
    ("without a version it is news", cache_of(pod("a")), [put(pod("a"))], False, ["update uid-a@ uid-a@"]),
    ("nothing to put", cache_of(A1), [Change(A1.key, None)], False, []),
]


@pytest.mark.parametrize(
    ("cache", "changes", "split", "expected"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
def test_changes(cache: Cache, changes: list[Change[Pod]], split: bool, expected: list[str]) -> None:
    """What is told depends on what was known; 77: old and new are always consecutive states."""
    difference = changes_to(cache.get, changes, split_recreated=split)
    assert told(difference.notifications) == expected
    assert sum_of(cache, difference.notifications) == applied(cache, difference.writes)


def applied(cache: Cache, writes: dict[ObjectKey, Pod | None]) -> Cache:
    return {key: obj for key, obj in (dict(cache) | writes).items() if obj is not None}


B1, B2, C3 = pod("b", 1), pod("b", 2), pod("c", 3)


def test_replacement_tells_deletions_first() -> None:
    """A list tells what is gone, then updates and additions in its own order; what is unchanged is told to nobody."""
    cache = cache_of(A1, B1, C3)
    listed = {each.key: each for each in (pod("z", 5), C3.copy(), B2)}
    difference = replacement_of(cache.get, listed, gone=[A1.key])
    assert told(difference.notifications) == ["delete u1@1 unknown", "add uid-z@5", "update uid-b@1 uid-b@2"]
    assert set(difference.writes) == {A1.key, B2.key, ObjectKey("default", "z")}


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (True, ["delete uid-b@1 unknown", "delete u1@1 unknown", "add u2@4"]),
        (False, ["delete uid-b@1 unknown", "update u1@1 u2@4"]),
    ],
)
def test_replacement_of_a_recreated_object(split: bool, expected: list[str]) -> None:
    """Told apart, the deletion stands with the other deletions; an initial list marks only additions of the unknown."""
    difference = replacement_of(
        cache_of(A1, B1).get, {A1.key: A4_NEW}, gone=[B1.key], is_initial=True, split_recreated=split
    )
    assert told(difference.notifications) == expected


def test_initial_replacement_marks_additions() -> None:
    """The objects of a first list are marked as initial."""
    difference = replacement_of({}.get, {A1.key: A1}, gone=[ObjectKey("default", "never")], is_initial=True)
    assert told(difference.notifications) == ["add u1@1 initial"]


def test_a_replacement_that_nobody_hears_is_written_alike() -> None:
    """Without a handler the cache becomes the same, and no notification is made."""
    known, listed = cache_of(A1, B1), cache_of(A2)
    heard, unheard = (
        replacement_of(known.get, listed, gone=[B1.key], is_heard=is_heard) for is_heard in (True, False)
    )
    assert unheard.writes == heard.writes == {B1.key: None, A2.key: A2}
    assert len(heard.notifications) == 2
    assert unheard.notifications == []


def test_writes_follow_the_last_change_of_each_key() -> None:
    """Carried out in their order, writes never show a version before those that are older."""
    difference = changes_to({}.get, [put(pod("a", 5)), put(pod("b", 6)), put(pod("a", 9))])
    versions = [obj.resource_version for obj in difference.writes.values() if obj is not None]
    assert versions == ["6", "9"]


NAMES = st.sampled_from("abc")
UIDS = st.sampled_from(["u1", "u2"])


@given(
    st.lists(st.tuples(NAMES, UIDS, st.sampled_from(["put", "gone", "lost"])), max_size=30),
    st.lists(st.integers(1, 6), max_size=8),
    st.booleans(),
)
def test_notifications_add_up_to_the_cache(
    script: list[tuple[str, str, str]], cuts: list[int], split: bool
) -> None:
    """However changes are cut into batches, what was told adds up to what was written, and names each key's object."""
    cache: Cache = {}
    version = 0
    rest = list(script)
    while rest:
        size = cuts.pop() if cuts else 3
        batch, rest = rest[:size], rest[size:]
        changes = []
        for name, uid, what in batch:
            version += 1
            obj = pod(name, version, uid=uid)
            changes.append({"put": put, "gone": gone, "lost": lost}[what](obj))
        difference = changes_to(cache.get, changes, split_recreated=split)
        after = applied(cache, difference.writes)
        assert sum_of(cache, difference.notifications) == after
        assert {key_of(each) for each in difference.notifications} >= set(difference.writes)
        if split:
            for each in difference.notifications:
                assert not isinstance(each, Updated) or each.old.uid == each.new.uid
        cache = after


@given(
    st.dictionaries(NAMES, st.tuples(UIDS, st.integers(1, 3)), max_size=3),
    st.dictionaries(NAMES, st.tuples(UIDS, st.integers(1, 3)), max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_a_replacement_adds_up_to_the_list(
    before: dict[str, Any], after: dict[str, Any], split: bool, initial: bool
) -> None:
    """From any cache to any list: the sum is the list, deletions stand first, and nothing unchanged is mentioned."""
    cache = cache_of(*(pod(name, version, uid=uid) for name, (uid, version) in before.items()))
    listed = cache_of(*(pod(name, version, uid=uid) for name, (uid, version) in after.items()))
    difference = replacement_of(
        cache.get,
        listed,
        gone=[key for key in cache if key not in listed],
        is_initial=initial,
        split_recreated=split,
    )
    total = sum_of(cache, difference.notifications)
    assert {k: (o.uid, o.resource_version) for k, o in total.items()} == {
        k: (o.uid, o.resource_version) for k, o in listed.items()
    }
    kinds = [isinstance(each, Deleted) for each in difference.notifications]
    assert kinds == sorted(kinds, reverse=True)
    unchanged = {key for key, obj in listed.items() if key in cache and is_same(cache[key], obj)}
    assert unchanged.isdisjoint(difference.writes)
