"""Objects squeezed: nothing is lost, and the cache behaves as it does with whole ones."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from informer_kit import Notes, Virtual, server_and_client, until

from listwatch.api.core_v1 import ConfigMap, Pod
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import Object
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.shared_informer.compact import Packed, Packing, unpacked
from listwatch.shared_informer.indexer import Indexer
from listwatch.shared_informer.shared_informer import SharedInformer

WIDGETS = Resource("example.com", "v1", "widgets", "Widget")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
METADATA = st.fixed_dictionaries(
    {"name": st.text("abc-", min_size=1, max_size=8)},
    optional={
        "namespace": st.sampled_from(["default", "kube-system"]),
        "resourceVersion": st.sampled_from(["1", "23", "opaque value", ""]),
        "uid": st.uuids().map(str),
        "labels": st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3) | st.none(),
        "annotations": st.dictionaries(st.text(max_size=5), st.text(max_size=30), max_size=3),
        "managedFields": st.just([{"manager": "kubectl", "fieldsV1": {"f:data": {}}}]),
        "finalizers": st.lists(st.text(max_size=8), max_size=2),
        "futureField": JSON_VALUES,
    },
)


def pod(number: int, *, phase: str = "Running", version: int = 1) -> Pod:
    """One of many that are alike."""
    return Pod.from_dict(
        {
            "metadata": {
                "name": f"web-{number}",
                "namespace": "default",
                "uid": f"{number:08x}-0000-4000-8000-000000000000",
                "resourceVersion": str(version),
                "labels": {"app": "web", "pod-template-hash": "7d4b9c"},
            },
            "spec": {
                "nodeName": f"node-{number % 5}",
                "containers": [{"name": "app", "image": "registry.example/web:1.2.3"}],
            },
            "status": {"phase": phase, "podIP": f"10.0.{number // 250}.{number % 250}"},
        }
    )


@given(METADATA, st.dictionaries(st.text(max_size=6), JSON_VALUES, max_size=4), st.booleans())
def test_what_comes_out_is_what_went_in(
    metadata: dict[str, Any], fields: dict[str, Any], is_typed: bool
) -> None:
    """Any object, odd ones included, is written after unpacking byte for byte as before."""
    document = json.dumps({**fields, "metadata": metadata}).encode()
    made: Object = (
        ConfigMap.from_json(document) if is_typed else Unstructured.from_json(document, resource=WIDGETS)
    )
    packing: Packing[Object] = Packing(lessons=[3])
    for _ in range(5):  # before and after training
        packed = packing.pack(made)
        assert isinstance(packed, Packed)
        assert (packed.key, packed.resource_version, packed.uid) == (
            made.key,
            made.resource_version,
            made.uid,
        )
        again = unpacked(packed)
        assert type(again) is type(made)
        assert again.to_json() == made.to_json()
        assert (again.kind, again.api_version) == (made.kind, made.api_version)


def test_own_values_go_in() -> None:
    """An object that was changed, as a transform does, is packed as it is now."""
    changed = pod(1)
    changed.metadata.labels["new"] = "label"
    changed.status.phase = "Failed"
    packed: Any = Packing[Pod]().pack(changed)
    assert unpacked(packed).labels["new"] == "label"
    assert unpacked(packed).status.phase == "Failed"


def test_many_alike_take_little() -> None:
    """Once a dictionary is trained, what a pod takes is a fraction of its bytes."""
    packing: Packing[Pod] = Packing(lessons=[200])
    packed: list[Any] = [packing.pack(pod(number)) for number in range(400)]
    assert packing.trained == 1
    assert packed[300].size_bytes < packed[100].size_bytes / 2
    assert packed[300].size_bytes < len(pod(300).to_json()) / 4
    assert packing.repack(packed[100]).size_bytes < packed[100].size_bytes / 2
    assert packing.repack(packed[300]) is packed[300]


def test_a_dictionary_that_does_not_pay_is_replaced() -> None:
    """When objects stop being like those that taught the dictionary, the next ones teach a new one."""
    packing: Packing[Pod] = Packing(lessons=[200])
    for number in range(200 + 2048):
        packing.pack(pod(number))
    assert packing.trained == 1
    for number in range(2048 + 200):
        digest = hashlib.shake_256(str(number).encode()).digest(1000)
        packing.pack(pod(number, phase=base64.b85encode(digest).decode()))
    assert packing.trained == 2


def test_few_objects_have_a_first_lesson() -> None:
    """A small cache gets a dictionary from its first objects, and a better one when it has grown."""
    packing: Packing[Pod] = Packing(lessons=[50, 200])
    for number in range(50):
        packing.pack(pod(number))
    assert packing.trained == 1
    for number in range(50, 249):
        packing.pack(pod(number))
    assert packing.trained == 1
    packing.pack(pod(249))
    assert packing.trained == 2
    assert packing._samples is None


def test_an_object_that_changes_is_held_under_its_first_key() -> None:
    """However often an object is written, packed before or not, its key is in memory once."""
    packing: Packing[Pod] = Packing()
    indexer: Indexer[Pod] = Indexer(keep=packing.pack)
    first = pod(1)
    indexer.replace([first])
    (held,) = indexer.keys()
    for newer in (pod(1, version=2), packing.pack(pod(1, version=3))):
        indexer.apply({newer.key: newer})
        cached: Any = indexer.cached(held)
        assert cached.key is held
        assert cached.resource_version == newer.resource_version


def test_what_cannot_be_packed_stays_whole() -> None:
    """An object without a name, or with a version longer than any server's, is held as it is."""
    packing: Packing[Pod] = Packing()
    for odd in (Pod(), Pod.from_dict({"metadata": {"name": "a", "resourceVersion": "9" * 256}})):
        assert packing.pack(odd) is odd


def test_it_cannot_be_packed_twice() -> None:
    """Packing what is packed gives it back."""
    packing: Packing[Pod] = Packing()
    packed = packing.pack(pod(1))
    assert packing.pack(packed) is packed


def test_an_indexer_of_packed_objects() -> None:
    """Lookups, selections, indices and snapshots give what they give for whole objects, and hold none."""
    packing: Packing[Pod] = Packing(lessons=[20])
    compact: Indexer[Pod] = Indexer(
        indices={"node": lambda obj: [obj.spec.node_name or ""]}, keep=packing.pack
    )
    plain: Indexer[Pod] = Indexer(indices={"node": lambda obj: [obj.spec.node_name or ""]})
    for indexer in (compact, plain):
        indexer.swap({pod(n).key: pod(n) for n in range(30)})
        indexer.apply({pod(3).key: pod(3, phase="Failed", version=2), pod(4).key: None})
        indexer.put(pod(31))
        indexer.delete(pod(5).key)
    compact.rekeep(packing.repack)
    assert isinstance(compact.cached(pod(3).key), Packed)
    assert compact.get(pod(3).key) == plain.get(pod(3).key)
    assert compact.by_index("node", "node-1") == plain.by_index("node", "node-1")
    assert compact.list() == plain.list()
    assert dict(compact.snapshot()) == dict(plain.snapshot())
    assert compact.select(lambda obj: obj.labels["app"] == "web" and obj.name.endswith("1")) == plain.select(
        lambda obj: obj.labels["app"] == "web" and obj.name.endswith("1")
    )
    compact.replace([pod(7)])
    assert isinstance(compact.cached(ObjectKey("default", "web-7")), Packed)


def test_a_cache_does_not_change_what_another_holds() -> None:
    """A squeezed object is its own entry in a cache; put in a second one with other indices it is another entry."""
    packing: Packing[Pod] = Packing()
    first: Indexer[Pod] = Indexer(indices={"node": lambda obj: [obj.spec.node_name or ""]}, keep=packing.pack)
    second: Indexer[Pod] = Indexer(indices={"app": lambda obj: [obj.labels["app"]]}, keep=packing.pack)
    first.put(pod(1))
    shared = first.cached(pod(1).key)
    assert shared is not None
    second.apply({shared.key: shared})
    first.add_index("phase", lambda obj: [obj.status.phase or ""])
    assert first.index_keys("node", "node-1") == first.index_keys("phase", "Running") == [shared.key]
    assert second.index_keys("app", "web") == [shared.key]
    assert first.by_index("node", "node-1") == second.by_index("app", "web") == [pod(1)]


@pytest.mark.parametrize("watch_list", [True, False])
def test_an_informer_with_a_compact_cache(virtual: Virtual, watch_list: bool) -> None:
    """Handlers, lister and cache of a compact informer tell what a plain one's tell, through list, watch and relist."""

    async def main() -> None:
        async with server_and_client() as (server, client):
            maps = client.resource(ConfigMap, namespace="default")
            for number in range(5):
                await maps.create(
                    ConfigMap.from_dict({"metadata": {"name": f"c{number}"}, "data": {"k": "v"}})
                )
            plain, compact = (
                SharedInformer.from_client(
                    client,
                    ConfigMap,
                    namespace="default",
                    indexers={"value": lambda obj: [obj.data.get("k", "")]},
                    watch_list=watch_list,
                    clock=LoopClock(),
                    compact=is_compact,
                )
                for is_compact in (False, True)
            )
            told = Notes(), Notes()
            for informer, notes in zip((plain, compact), told, strict=True):
                informer.add_event_handler(notes)
            async with plain, compact:
                await plain.wait_synced()
                await compact.wait_synced()
                await maps.patch("c1", {"data": {"k": "w"}})
                await maps.delete("c2")
                server.compact()
                await until(lambda: "c2" not in told[0].known and "c2" not in told[1].known)
                assert compact.lister.list() == plain.lister.list()
                assert compact.indexer.by_index("value", "w") == plain.indexer.by_index("value", "w")
                assert isinstance(compact.indexer.cached(ObjectKey("default", "c1")), Packed)
                assert not isinstance(plain.indexer.cached(ObjectKey("default", "c1")), Packed)
            assert told[0].lines == told[1].lines
            assert told[0].known == told[1].known

    virtual(main)


def test_a_transform_sees_whole_objects(virtual: Virtual) -> None:
    """With a transform and a compact cache, the transform is given objects, each state once, and its result is kept."""
    seen: list[str] = []

    def shorten(obj: ConfigMap) -> ConfigMap:
        seen.append(obj.name)
        obj.data = {"short": obj.data["k"][:1]}
        return obj

    async def main() -> None:
        async with server_and_client() as (_, client):
            maps = client.resource(ConfigMap, namespace="default")
            await maps.create(ConfigMap.from_dict({"metadata": {"name": "c"}, "data": {"k": "value"}}))
            informer = SharedInformer.from_client(
                client, ConfigMap, namespace="default", transform=shorten, compact=True, clock=LoopClock()
            )
            async with informer:
                await informer.wait_synced()
                (kept,) = informer.indexer.list()
                assert kept.data == {"short": "v"}
        assert seen == ["c"]

    virtual(main)


def test_what_waits_for_a_late_handler_is_squeezed(virtual: Virtual) -> None:
    """A handler that comes late is told of whole objects; until then they wait as they are held."""

    async def main() -> None:
        async with server_and_client() as (_, client):
            maps = client.resource(ConfigMap, namespace="default")
            await maps.create(ConfigMap.from_dict({"metadata": {"name": "c"}, "data": {"k": "value"}}))
            informer = SharedInformer.from_client(
                client, ConfigMap, namespace="default", compact=True, clock=LoopClock()
            )
            notes = Notes()
            async with informer:
                await informer.wait_synced()
                registration = informer.add_event_handler(notes)
                (waiting,) = registration._backlog._batches[0].items
                assert isinstance(waiting.obj, Packed)  # type: ignore[union-attr]
                await registration.wait_synced()
            assert notes.known == {"c": informer.indexer.list()[0].resource_version}

    virtual(main)
