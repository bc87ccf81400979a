"""Who owns what, write by write: laws of apply and update, and the documented cases."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from field_kit import SHAPE, things
from hypothesis import given

from listwatch.apiserver.apply.applying import applied
from listwatch.apiserver.apply.conflicts import ConflictError
from listwatch.apiserver.apply.field_sets import (
    FieldSet,
    difference,
    intersection,
    recursive_difference,
    union,
)
from listwatch.apiserver.apply.managed_fields import Owned, Owners, applier, updater
from listwatch.apiserver.apply.merging import merge
from listwatch.apiserver.apply.shapes import Shape
from listwatch.apiserver.apply.typed_fields import claimed
from listwatch.apiserver.apply.updating import Write, updated
from listwatch.apiserver.kinds.maps import json_equal

NOW = "2026-01-01T00:00:00Z"
A = 'k:{"name":"a"}'


class Renamed:
    """Two versions of the kind: `v2` calls `text` `word`; `v0` was there once."""

    def shape(self, api_version: str) -> Shape | None:
        return None if api_version == "v0" else SHAPE

    def convert(self, value: dict[str, Any], api_version: str, to: str) -> dict[str, Any]:
        if api_version == to:
            return value
        old, new = ("text", "word") if to == "v2" else ("word", "text")
        return {new if name == old else name: part for name, part in value.items()}


def write_of(api_version: str = "v1", reset: FieldSet | None = None) -> Write:
    """A write of the whole object, or without a part."""
    return Write(Renamed(), api_version, lambda fields: recursive_difference(fields, reset or {}))


@dataclass
class Thing:
    """An object with its owners, and short ways to write it."""

    value: dict[str, Any] = field(default_factory=dict)
    owners: Owners = field(default_factory=dict)

    def apply(self, name: str, config: dict[str, Any], *, force: bool = False, version: str = "v1") -> None:
        self.value, self.owners = applied(
            write_of(version), self.value, config, self.owners, applier(name, ""), force=force
        )

    def update(self, name: str, value: dict[str, Any], *, version: str = "v1", now: str = NOW) -> None:
        write = write_of(version)
        self.owners = updated(write, self.value, value, self.owners, updater(name, version, ""), now)
        self.value = value

    def owned(self) -> Mapping[str, FieldSet]:
        return {manager.name: owned.fields for manager, owned in self.owners.items()}


def test_what_is_applied_no_longer_goes() -> None:
    """Fields that their only owner stops to apply are removed, item by item and entry by entry."""
    thing = Thing()
    thing.apply("one", {"labels": {"a": "x", "b": "x"}, "items": [{"name": "a", "value": 1}, {"name": "b"}]})
    thing.apply("one", {"labels": {"a": "x"}, "items": [{"name": "a"}]})
    assert thing.value == {"labels": {"a": "x"}, "items": [{"name": "a"}]}
    thing.apply("one", {})
    assert thing.value == {}
    assert thing.owned() == {}


def test_shared_fields_stay_with_the_other_owner() -> None:
    """Who stops to apply a field that another owns too leaves it, and no longer owns it."""
    thing = Thing()
    thing.apply("one", {"labels": {"a": "x", "b": "x"}})
    thing.apply("two", {"labels": {"a": "x"}})
    thing.apply("one", {})
    assert thing.value == {"labels": {"a": "x"}}
    assert thing.owned() == {"two": {"f:labels": {"f:a": {}}}}


def test_an_item_goes_with_what_was_put_into_it() -> None:
    """An item that its owner applies no longer goes, defaults and other updaters' parts in it too."""
    thing = Thing()
    thing.apply("one", {"items": [{"name": "a"}, {"name": "b"}]})
    thing.value = {"items": [{"name": "a", "value": 7}, {"name": "b"}]}
    thing.update("two", {"items": [{"name": "a", "value": 7, "ports": [{"port": 1}]}, {"name": "b"}]})
    thing.apply("one", {"items": [{"name": "b"}]})
    assert thing.value == {"items": [{"name": "b"}]}
    assert list(thing.owned()) == ["one"]


def test_parts_of_a_kept_item_stay() -> None:
    """Of an item that is still applied only those parts go that were applied."""
    thing = Thing()
    thing.apply("one", {"items": [{"name": "a", "value": 1}]})
    thing.update("two", {"items": [{"name": "a", "value": 1, "ports": [{"port": 1, "protocol": "TCP"}]}]})
    thing.apply("one", {"items": [{"name": "a"}]})
    assert thing.value == {"items": [{"name": "a", "ports": [{"port": 1, "protocol": "TCP"}]}]}
    assert set(thing.owned()) == {"one", "two"}


def test_a_conflict_names_every_field_of_every_owner() -> None:
    """Another value for an owned field is a conflict; the same value is shared; force takes it."""
    thing = Thing()
    thing.apply("one", {"text": "x", "number": 1})
    thing.update("two", {"text": "x", "number": 1, "labels": {"a": "x"}})
    with pytest.raises(ConflictError) as caught:
        thing.apply("three", {"text": "y", "number": 1, "labels": {"a": "y"}})
    assert caught.value.causes == [
        (".text", 'conflict with "one"'),
        (".labels.a", 'conflict with "two" using v1'),
    ]
    assert str(caught.value) == (
        'Apply failed with 2 conflicts: conflicts with "one":\n- .text\nconflicts with "two" using v1:\n- .labels.a'
    )
    thing.apply("three", {"text": "y", "number": 1, "labels": {"a": "y"}}, force=True)
    assert thing.owned() == {
        "one": {"f:number": {}},
        "two": {"f:labels": {}},
        "three": {"f:text": {}, "f:number": {}, "f:labels": {"f:a": {}}},
    }


def test_an_update_takes_what_it_changes() -> None:
    """Who changes a field by an update owns it alone; who removes one leaves it to nobody."""
    thing = Thing()
    thing.apply("one", {"text": "x", "number": 1})
    thing.update("two", {"text": "y", "number": 1})
    assert thing.owned() == {"one": {"f:number": {}}, "two": {"f:text": {}}}
    thing.update("three", {"number": 1})
    assert thing.owned() == {"one": {"f:number": {}}}


def test_times_are_those_of_taking() -> None:
    """An update sets the time of who updates, if anything changes, and of nobody else."""
    thing = Thing()
    thing.update("one", {"text": "x", "number": 1}, now="first")
    thing.update("two", {"text": "y", "number": 1}, now="second")
    thing.update("one", {"text": "y", "number": 1}, now="third")
    assert {manager.name: owned.time for manager, owned in thing.owners.items()} == {
        "one": "first",
        "two": "second",
    }


def test_owners_of_other_versions_are_compared_in_theirs() -> None:
    """A field that is called otherwise in another version conflicts, and goes, under its name there."""
    thing = Thing()
    thing.update("one", {"word": "x"}, version="v2")
    thing.value = {"text": "x"}
    with pytest.raises(ConflictError) as caught:
        thing.apply("two", {"text": "y"})
    assert caught.value.causes == [(".word", 'conflict with "one" using v2')]
    thing.apply("two", {"text": "y"}, force=True)
    assert thing.owned() == {"two": {"f:text": {}}}
    thing.value = {"word": "y"}
    thing.apply("two", {"number": 1}, version="v2")
    assert thing.value == {"number": 1}
    assert thing.owned() == {"two": {"f:number": {}}}


def test_owners_of_versions_that_are_gone_are_forgotten() -> None:
    """What is owned in terms of a version that is no longer served is owned no more, and is left as it is."""
    thing = Thing({"text": "x"}, {applier("one", ""): Owned({"f:text": {}}, "v0")})
    thing.apply("one", {"number": 1})
    assert thing.value == {"text": "x", "number": 1}
    assert thing.owned() == {"one": {"f:number": {}}}


def test_what_a_part_does_not_reach_is_left() -> None:
    """A writer of a part neither takes nor loses fields outside of it."""
    write = write_of(reset={"f:labels": {}})
    owners: Owners = {updater("one", "v1", ""): Owned({"f:labels": {"f:a": {}}, "f:text": {}}, "v1")}
    live, new = {"labels": {"a": "x"}, "text": "x"}, {"labels": {"a": "y"}, "text": "y"}
    after = updated(write, live, new, owners, updater("two", "v1", "part"), NOW)
    assert {manager.name: owned.fields for manager, owned in after.items()} == {
        "one": {"f:labels": {"f:a": {}}},
        "two": {"f:text": {}},
    }


@given(things(), things())
def test_apply_is_idempotent(live: dict[str, Any], config: dict[str, Any]) -> None:
    """Applying the same again changes neither the object nor its owners."""
    thing = Thing(live)
    thing.apply("one", config)
    before = Thing(thing.value, thing.owners)
    thing.apply("one", config)
    assert json_equal(thing.value, before.value)
    assert thing.owned() == before.owned()


@given(things(), things())
def test_appliers_of_disjoint_fields_never_conflict(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Two who apply nothing in common get all they want, in either order."""
    disjoint = {name: part for name, part in other.items() if name not in one}
    thing = Thing()
    thing.apply("one", one)
    thing.apply("two", disjoint)
    assert json_equal(thing.value, merge(SHAPE, one, disjoint))
    assert intersection(thing.owned().get("one", {}), thing.owned().get("two", {})) == {}


@given(things(), things())
def test_the_only_owner_gets_exactly_what_it_applies(first: dict[str, Any], second: dict[str, Any]) -> None:
    """An object with one applier has, after each apply, the fields of the last one, and they are owned."""
    thing = Thing()
    thing.apply("one", first)
    thing.apply("one", second)
    assert claimed(SHAPE, thing.value) == claimed(SHAPE, second)
    assert thing.owned().get("one", {}) == claimed(SHAPE, second)


@given(things(), things(), things())
def test_nothing_goes_that_another_owns(
    one: dict[str, Any], other: dict[str, Any], later: dict[str, Any]
) -> None:
    """Whatever an applier stops to apply, what the other applies stays as the other wants it."""
    thing = Thing()
    thing.apply("one", one)
    thing.apply("two", other, force=True)
    with suppress(ConflictError):
        thing.apply("one", later)
    assert difference(thing.owned().get("two", {}), claimed(SHAPE, thing.value)) == {}
    assert json_equal(merge(SHAPE, thing.value, other), thing.value)


@given(things(), things(), things())
def test_an_update_gives_every_field_one_updater(
    first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]
) -> None:
    """After updates alone no field has two owners, and all that is owned is there."""
    thing = Thing()
    for name, value in (("one", first), ("two", second), ("three", third)):
        thing.update(name, value)
    sets = list(thing.owned().values())
    together: FieldSet = {}
    for fields in sets:
        assert intersection(together, fields) == {}
        together = union(together, fields)
    assert difference(claimed(SHAPE, thing.value), together) == {}
