"""The persistent map against a plain dict."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.storage.sorted_map import SortedMap

KEYS = st.text("ab/-0", max_size=4)
STEPS = st.lists(st.tuples(KEYS, st.one_of(st.none(), st.integers())), max_size=300)


def _play(steps: list[tuple[str, int | None]]) -> list[tuple[SortedMap[int], dict[str, int]]]:
    versions: list[tuple[SortedMap[int], dict[str, int]]] = []
    current: SortedMap[int] = SortedMap()
    model: dict[str, int] = {}
    for key, value in steps:
        model = dict(model)
        if value is None:
            current = current.remove(key)
            model.pop(key, None)
        else:
            current = current.set(key, value)
            model[key] = value
        versions.append((current, model))
    return versions


@given(STEPS)
def test_every_version_stays_what_it_was(steps: list[tuple[str, int | None]]) -> None:
    """A version of the map has the entries that it had when it was made, whatever is done afterwards."""
    for version, model in _play(steps):
        assert list(version.items()) == sorted(model.items())
        assert len(version) == len(model)


@given(STEPS, KEYS, st.one_of(st.none(), KEYS))
def test_ranges_and_their_counts_are_those_of_the_sorted_keys(
    steps: list[tuple[str, int | None]], start: str, stop: str | None
) -> None:
    """`items` gives the keys from start up to stop, and `count` says how many these are."""
    for version, model in _play(steps)[-1:]:
        wanted = [
            (key, value)
            for key, value in sorted(model.items())
            if key >= start and (stop is None or key < stop)
        ]
        assert list(version.items(start, stop)) == wanted
        assert version.count(start, stop) == len(wanted)


@given(STEPS, KEYS)
def test_get_and_contains_agree_with_a_dict(steps: list[tuple[str, int | None]], key: str) -> None:
    """A key is found exactly if a dict would find it."""
    for version, model in _play(steps)[-1:]:
        assert version.get(key) == model.get(key)
        assert (key in version) == (key in model)


def test_a_map_of_many_nodes_splits_and_shrinks() -> None:
    """Ten thousand keys in and out again leave an empty map, and every step in between is sorted."""
    current: SortedMap[int] = SortedMap()
    keys = [f"{number * 7919 % 10_000:05}" for number in range(10_000)]
    for number, key in enumerate(keys):
        current = current.set(key, number)
    assert list(current) == sorted(keys)
    assert current.count("00100", "00200") == 100
    for key in keys:
        current = current.remove(key)
    assert list(current.items()) == []


def test_removing_what_is_not_there_gives_the_same_map() -> None:
    """`remove` of an unknown key does not make a new version."""
    current: SortedMap[int] = SortedMap[int]().set("a", 1)
    assert current.remove("b") is current
