"""Managed fields, taken apart and put together."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.apply.managed_fields import (
    Manager,
    Owned,
    applier,
    capped,
    decode_owners,
    encode_owners,
    is_reset,
    same_but_for_times,
    stored_owners,
    updater,
)
from listwatch.apiserver.apply.path_elements import FieldSetError

FIELDS = {"f:a": {}}


def entry(**more: Any) -> dict[str, Any]:
    """An entry, complete but for what `more` says otherwise."""
    plain = {
        "manager": "m",
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": FIELDS,
    }
    return {**plain, **more}


def test_entries_survive_the_way_there_and_back() -> None:
    """What is taken apart and put together is as it was, whoever wrote it."""
    entries = [entry(operation="Apply"), entry(), entry(subresource="status")]
    assert encode_owners(decode_owners(entries)) == entries
    assert encode_owners(stored_owners(entries)) == entries


def test_who_applies_is_the_same_in_every_version() -> None:
    """An applier is known by its name, an updater by name and version."""
    assert set(decode_owners([entry(operation="Apply"), entry(operation="Apply", apiVersion="v2")])) == {
        applier("m", "")
    }
    assert set(decode_owners([entry(), entry(apiVersion="v2")])) == {
        updater("m", "v1", ""),
        updater("m", "v2", ""),
    }


@pytest.mark.parametrize(
    ("malformed", "message"),
    [
        ("x", "must be a list"),
        ([1], "operation must be"),
        ([entry(operation="Steal")], "operation must be `Apply` or `Update`"),
        ([entry(apiVersion="")], "apiVersion must not be empty"),
        ([entry(fieldsType="")], "missing fieldsType in managed fields entry 0"),
        ([entry(fieldsType="V2")], 'invalid fieldsType "V2" in managed fields entry 0'),
        ([entry(fieldsV1={"x": {}})], "2 characters"),
    ],
)
def test_malformed_entries_are_refused(malformed: Any, message: str) -> None:
    """An entry without what makes it one is refused in the server's words."""
    with pytest.raises(FieldSetError) as caught:
        decode_owners(malformed)
    assert message in str(caught.value)


def test_entries_are_in_the_servers_order() -> None:
    """Appliers first, then by time, none being the earliest, then by name; who owns nothing is left out."""
    owners = {
        updater("a", "v1", "status"): Owned(FIELDS, "v1", "2026-01-01T00:00:00Z"),
        updater("a", "v1", ""): Owned(FIELDS, "v1", "2026-01-01T00:00:00Z"),
        updater("z", "v1", ""): Owned(FIELDS, "v1", None),
        applier("y", ""): Owned(FIELDS, "v1", "2026-01-02T00:00:00Z"),
        applier("x", ""): Owned({}, "v1"),
    }
    told = [(each["manager"], each.get("subresource", "")) for each in encode_owners(owners)]
    assert told == [("y", ""), ("z", ""), ("a", ""), ("a", "status")]


@pytest.mark.parametrize(
    ("asked", "resets"), [([], True), ([{}], True), (None, False), ([entry()], False), ([{}, {}], False)]
)
def test_forgetting_is_asked_for_by_nothing(asked: Any, resets: bool) -> None:
    """An empty list or one empty entry asks for it; their absence does not."""
    assert is_reset(asked) is resets


def test_many_updaters_become_one() -> None:
    """Beyond ten, the oldest of a version are put together, with the newest of their times; appliers do not count."""
    owners = {
        updater(f"m{number:02}", "v1", ""): Owned({f"f:{number}": {}}, "v1", f"2026-01-{number:02}T00:00:00Z")
        for number in range(1, 13)
    }
    owners[applier("x", "")] = Owned(FIELDS, "v1")
    left = capped(owners)
    assert len(left) == 11
    ancient = left[Manager("ancient-changes", "Update", "v1")]
    assert ancient == Owned({"f:1": {}, "f:2": {}, "f:3": {}}, "v1", "2026-01-03T00:00:00Z")
    again = capped({**left, updater("new", "v1", ""): Owned(FIELDS, "v1", "2026-02-01T00:00:00Z")})
    assert len(again) == 11
    assert again[Manager("ancient-changes", "Update", "v1")].fields == {f"f:{n}": {} for n in range(1, 5)}


def test_the_oldest_of_each_version_stays_alone() -> None:
    """Fields of different versions are not put together."""
    owners = {
        updater(f"m{number:02}", f"v{number}", ""): Owned(FIELDS, f"v{number}", None) for number in range(12)
    }
    assert capped(owners) == owners


def test_a_write_that_only_tells_the_time_is_none() -> None:
    """Objects that differ in nothing but the times of their entries are the same; in anything else they are not."""
    old = {"metadata": {"name": "a", "managedFields": [entry()]}, "data": {"k": "1"}}
    later = {**old, "metadata": {"name": "a", "managedFields": [entry(time="2027-01-01T00:00:00Z")]}}
    assert same_but_for_times(old, old)
    assert same_but_for_times(old, later)
    assert not same_but_for_times(old, {**later, "data": {"k": "2"}})
    assert not same_but_for_times(old, {**old, "metadata": {"name": "a"}})
    assert not same_but_for_times(
        old, {**old, "metadata": {"name": "a", "managedFields": [entry(manager="n")]}}
    )
