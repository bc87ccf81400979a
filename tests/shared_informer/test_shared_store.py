"""The store that sources fill: what it holds of a list that is still arriving."""

from __future__ import annotations

import tracemalloc

import pytest
from informer_kit import pod

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.clock import SystemClock
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.reflector.store import HoldingStore
from listwatch.shared_informer.compact import Packed, Packing
from listwatch.shared_informer.shared_store import SharedStore, SourceStore


def store_of(
    *, is_compact: bool = False, is_shaped: bool = False
) -> tuple[SharedStore[Pod], SourceStore[Pod]]:
    """A store with one source, and that source's way in."""
    store: SharedStore[Pod] = SharedStore(
        name="pods",
        sources=1,
        clock=SystemClock(),
        shape=(lambda obj: obj) if is_shaped else None,
        packing=Packing() if is_compact else None,
    )
    (source,) = store.stores()
    assert isinstance(source, HoldingStore)
    return store, source


@pytest.mark.parametrize("is_compact", [False, True])
def test_what_the_cache_has_is_not_held_twice(is_compact: bool) -> None:
    """Of a list that comes again, an object in the state that is in the cache is let go as soon as it is read."""
    store, source = store_of(is_compact=is_compact)
    source.replace([source.hold(pod("a", 1, uid="u1"))], ResourceVersion("1"))
    cached = store.indexer.cached(pod("a", 1).key)
    assert source.hold(pod("a", 1, uid="u1")) is cached
    for other in (pod("a", 2, uid="u1"), pod("a", 1, uid="u2"), pod("b", 1, uid="u1")):
        assert source.hold(other) is not cached
        assert isinstance(source.hold(other), Packed) == is_compact


def test_states_without_a_version_are_held_each() -> None:
    """Where the server names no versions nothing says that two states are one."""
    store, source = store_of()
    versionless = Pod.from_dict({"metadata": {"name": "a", "namespace": "default", "uid": "u1"}})
    source.replace([versionless], ResourceVersion(""))
    assert source.hold(versionless.copy()) is not store.indexer.cached(versionless.key)


def test_what_is_to_be_shaped_comes_as_the_server_told_it() -> None:
    """With a transform the cache has something else than the server told, and the transform is not applied to that."""
    _, source = store_of(is_shaped=True)
    first = pod("a", 1, uid="u1")
    source.replace([first], ResourceVersion("1"))
    again = pod("a", 1, uid="u1")
    assert source.hold(again) is again


def test_a_second_list_takes_no_second_memory() -> None:
    """A list of what is in the cache already comes and goes object by object: the peak is that of a few."""
    _, source = store_of()
    size, count = 20_000, 100

    def large(number: int) -> Pod:
        filler = f"{number:05}" * (size // 5)
        metadata = {"name": f"p{number}", "resourceVersion": str(number + 1), "uid": f"u{number}"}
        return Pod.from_dict({"metadata": metadata, "spec": {"nodeName": filler}})

    source.replace([source.hold(large(number)) for number in range(count)], ResourceVersion("999"))
    tracemalloc.start()
    try:
        source.replace([source.hold(large(number)) for number in range(count)], ResourceVersion("1000"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * size
