"""The cache: client-go's store contract by its numbers, a brute-force model, and readers at every moment of a write."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier
from types import FrameType
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.shared_informer import indexer as indexer_module
from listwatch.shared_informer.deltas import NoKeyError
from listwatch.shared_informer.field_path import index_by_field
from listwatch.shared_informer.indexer import (
    DuplicateIndexError,
    Indexer,
    IndexFailure,
    UnknownIndexError,
)

TraceFunction = Callable[[FrameType, str, Any], Any]


def pod(name: str, *, node: str = "", version: str = "", images: tuple[str, ...] = (), **labels: str) -> Pod:
    return Pod.from_dict(
        {
            "metadata": {
                "name": name,
                "namespace": "default",
                "resourceVersion": version,
                "labels": labels,
            },
            "spec": {"nodeName": node, "containers": [{"name": image, "image": image} for image in images]},
        }
    )


def key(name: str) -> ObjectKey:
    return ObjectKey("default", name)


def names(pods: list[Pod]) -> list[str]:
    return sorted(each.name for each in pods)


def by_node(*pods: Pod) -> Indexer[Pod]:
    indexer: Indexer[Pod] = Indexer(indices={"node": index_by_field("spec.nodeName")})
    for each in pods:
        indexer.put(each)
    return indexer


def images_of(obj: Pod) -> list[str]:
    return [container.image or "" for container in obj.spec.containers]


# One contract


def test_store_contract() -> None:
    """Behaviour 105: put, get, put again, delete, list, keys; each writing call gives what was there before."""
    indexer: Indexer[Pod] = Indexer()
    assert indexer.put(pod("a", version="1")) is None
    assert indexer.put(pod("b", version="2")) is None
    before = indexer.put(pod("a", version="3"))
    assert before is not None
    assert before.resource_version == "1"
    assert [each.resource_version for each in indexer.list()] == ["3", "2"]
    assert indexer.keys() == [key("a"), key("b")]
    assert key("a") in indexer
    found = indexer.get(key("a"))
    assert found is not None
    assert found.resource_version == "3"
    deleted = indexer.delete(key("a"))
    assert deleted is not None
    assert deleted.resource_version == "3"
    assert indexer.delete(key("a")) is None
    assert indexer.get(key("a")) is None
    assert len(indexer) == 1


def test_replace_removes_what_is_missing() -> None:
    """Behaviour 105: a replacement leaves just what it was given, and gives back all that was there before."""
    indexer = by_node(pod("a", node="n1"), pod("b", node="n1"))
    before = indexer.replace([pod("b", node="n2"), pod("c", node="n1")], resource_version="9")
    assert names(indexer.list()) == ["b", "c"]
    assert names(indexer.by_index("node", "n1")) == ["c"]
    assert names(indexer.by_index("node", "n2")) == ["b"]
    assert sorted(before) == [key("a"), key("b")]
    assert key("a") in before
    assert len(before) == 2
    assert before[key("b")].spec.node_name == "n1"
    assert indexer.put(pod("b", node="n3")) is not None
    assert before[key("b")].spec.node_name == "n1"


def test_bad_input_changes_nothing() -> None:
    """An object without a name is refused, and with it everything that came in the same call."""
    indexer = by_node(pod("a", node="n1"))
    with pytest.raises(NoKeyError, match="has no name"):
        indexer.put(Pod())
    with pytest.raises(NoKeyError, match="has no name"):
        indexer.replace([pod("b"), Pod()], resource_version="5")
    assert names(indexer.list()) == ["a"]
    assert indexer.resource_version == ""


def test_resource_version() -> None:
    """Behaviour 111: the version follows each change, bookmark and replacement, downwards too; empty if unknown."""
    indexer: Indexer[Pod] = Indexer()
    assert indexer.resource_version == ""
    steps: list[tuple[Callable[[], object], str]] = [
        (lambda: indexer.put(pod("a", version="5")), "5"),
        (lambda: indexer.put(pod("a", version="7")), "7"),
        (lambda: indexer.put(pod("b")), "7"),
        (lambda: indexer.delete(key("a"), resource_version="8"), "8"),
        (lambda: indexer.delete(key("b")), "8"),
        (lambda: indexer.delete(key("never"), resource_version="9"), "9"),
        (lambda: indexer.bookmark("12"), "12"),
        (lambda: indexer.replace([pod("c", version="2")], resource_version="3"), "3"),
        (lambda: indexer.replace([pod("c", version="2")]), ""),
    ]
    for step, version in steps:
        step()
        assert indexer.resource_version == version


# Nobody corrupts the cache


def test_readers_get_their_own() -> None:
    """Behaviour 115: there is nothing to detect, because what a reader does to an object stays with that reader."""
    indexer = by_node(pod("a", node="n1", app="web"))
    for read in (
        lambda: indexer.get(key("a")),
        lambda: indexer.list()[0],
        lambda: indexer.by_index("node", "n1")[0],
        lambda: indexer.select(lambda _: True)[0],
        lambda: indexer.snapshot()[key("a")],
        lambda: indexer.put(pod("a", node="n1", app="web")),
    ):
        mine = read()
        assert mine is not None
        mine.metadata.labels["app"] = "corrupt"
        mine.spec.node_name = "corrupt"
        theirs = indexer.get(key("a"))
        assert theirs is not None
        assert (theirs.labels["app"], theirs.spec.node_name) == ("web", "n1")


def test_what_is_put_in_stays_the_callers() -> None:
    """Changes to an object after it was put, also to one that had been looked at, do not reach the cache."""
    mine = pod("a", node="n1")
    assert mine.spec.node_name == "n1"
    indexer = by_node(mine)
    mine.spec.node_name = "n2"
    mine.metadata.labels["app"] = "x"
    found = indexer.get(key("a"))
    assert found is not None
    assert found.spec.node_name == "n1"
    assert dict(found.labels) == {}


def test_the_cache_holds_bytes() -> None:
    """Neither index functions nor lookups decode into the cached object: copying it stays cheap."""
    indexer: Indexer[Pod] = Indexer(indices={"image": images_of})
    indexer.put(pod("a", images=("nginx",)))
    indexer.add_index("name", lambda obj: [obj.metadata.name])
    indexer.replace(indexer.list())
    indexer.by_index("image", "nginx")[0].spec.node_name = "x"
    cached = indexer._state.entries[key("a")].object
    assert cached._own_meta is None
    assert not cached._looked


# Indices


def test_an_object_is_found_under_each_of_its_values() -> None:
    """An index function may give several values, none, or one twice."""
    indexer: Indexer[Pod] = Indexer(indices={"image": images_of})
    indexer.put(pod("a", images=("nginx", "redis", "nginx")))
    indexer.put(pod("b", images=("nginx",)))
    indexer.put(pod("c"))
    assert indexer.index_keys("image", "nginx") == [key("a"), key("b")]
    assert names(indexer.by_index("image", "redis")) == ["a"]
    assert indexer.by_index("image", "mysql") == []
    assert sorted(indexer.index_values("image")) == ["nginx", "redis"]
    indexer.put(pod("a", images=("mysql", "redis")))
    assert indexer.index_keys("image", "nginx") == [key("b")]
    assert indexer.index_keys("image", "redis") == indexer.index_keys("image", "mysql") == [key("a")]


def test_untyped_objects_are_indexed_alike() -> None:
    """Index functions by field work on objects without a model."""
    indexer = Indexer[Unstructured](indices={"size": index_by_field("spec.size")})
    indexer.put(Unstructured({"spec": {"size": 3}, "metadata": {"name": "w"}}))
    (found,) = indexer.by_index("size", "3")
    assert found["spec"] == {"size": 3}


def test_empty_buckets_vanish() -> None:
    """Behaviour 109: a value disappears with its last object, and not before."""
    indexer = by_node(pod("a", node="n1"), pod("b", node="n1"))
    indexer.delete(key("a"))
    assert indexer.index_values("node") == ["n1"]
    indexer.put(pod("b", node="n2"))
    assert indexer.index_values("node") == ["n2"]
    indexer.delete(key("b"))
    assert indexer.index_values("node") == []
    assert indexer._state.indices["node"].buckets == {}


def test_unchanged_values_touch_no_index() -> None:
    """A change of an object that moves it nowhere leaves the buckets alone: its place in them is the old one."""
    indexer = by_node(pod("a", node="n1", version="1"), pod("b", node="n1"))
    indexer.put(pod("a", node="n1", version="2"))
    assert indexer.index_keys("node", "n1") == [key("a"), key("b")]
    assert [each.resource_version for each in indexer.by_index("node", "n1")] == ["2", ""]


def test_late_index() -> None:
    """An index that is added while objects are there holds them, and those that come; a removed one is unknown."""
    indexer = by_node(pod("a", node="n1", app="web"), pod("b", node="n2"))
    indexer.add_index("app", index_by_field("metadata.labels['app']"))
    indexer.put(pod("c", node="n1", app="web"))
    assert names(indexer.by_index("app", "web")) == ["a", "c"]
    indexer.remove_index("node")
    assert list(indexer.indices) == ["app"]
    indexer.put(pod("a", node="n1", app="shop"))
    indexer.delete(key("b"))
    assert names(indexer.by_index("app", "web")) == ["c"]
    assert sorted(indexer.index_values("app")) == ["shop", "web"]
    indexer.add_index("node", index_by_field("spec.nodeName"))
    assert names(indexer.by_index("node", "n1")) == ["a", "c"]


def test_unknown_and_duplicate_indices() -> None:
    """A wrong name is told with the right ones, as an error of ours that is also a KeyError; a name is taken once."""
    indexer = by_node()
    for ask in (
        lambda: indexer.by_index("nod", "n1"),
        lambda: indexer.index_keys("nod", "n1"),
        lambda: indexer.index_values("nod"),
        lambda: indexer.select(lambda _: True, index={"nod": {"n1"}}),
        lambda: indexer.remove_index("nod"),
    ):
        with pytest.raises(UnknownIndexError) as caught:
            ask()
        assert str(caught.value) == "no index 'nod'; there are: node"
        assert isinstance(caught.value, KeyError)
        assert isinstance(caught.value, ListWatchError)
    with pytest.raises(DuplicateIndexError, match="an index 'node' already"):
        indexer.add_index("node", index_by_field("spec.nodeName"))


def test_select_asks_all_indices() -> None:
    """Several indices narrow together, values of one index widen; only what matches is handed out."""
    indexer = by_node(
        pod("a", node="n1", app="web"),
        pod("b", node="n1", app="db"),
        pod("c", node="n2", app="web"),
        pod("d", node="n3", app="web"),
    )
    indexer.add_index("app", index_by_field("metadata.labels.app"))
    asked: list[str] = []

    def matches(obj: Pod) -> bool:
        asked.append(obj.name)
        return obj.name != "c"

    assert names(indexer.select(matches, index={"node": {"n1", "n2"}, "app": {"web"}})) == ["a"]
    assert sorted(asked) == ["a", "c"]
    assert indexer.select(matches, index={"node": set()}) == []


# Index functions that fail


def fragile(obj: Pod) -> list[str]:
    return [obj.labels["app"]]


def test_a_failing_index_function_harms_one_object_in_one_index() -> None:
    """The object is kept and is in all other indices; the failure is reported, and stands until it is settled."""
    reported: list[IndexFailure] = []
    indexer: Indexer[Pod] = Indexer(
        indices={"app": fragile, "node": index_by_field("spec.nodeName")}, on_index_failure=reported.append
    )
    indexer.put(pod("a", node="n1", app="web"))
    indexer.put(pod("b", node="n1"))
    assert names(indexer.list()) == names(indexer.by_index("node", "n1")) == ["a", "b"]
    assert names(indexer.by_index("app", "web")) == ["a"]
    assert [(failure.index_name, failure.key, repr(failure.error)) for failure in reported] == [
        ("app", key("b"), "KeyError('app')")
    ]
    assert indexer.index_failures == reported
    indexer.put(pod("b", node="n1", app="web"))
    assert names(indexer.by_index("app", "web")) == ["a", "b"]
    assert indexer.index_failures == []


@pytest.mark.parametrize("settle", ["delete", "replace", "remove_index"])
def test_failures_are_forgotten_with_their_cause(settle: str) -> None:
    """A failure goes with the object or the index that it is about; others stay."""
    indexer: Indexer[Pod] = Indexer(indices={"app": fragile, "again": fragile})
    indexer.put(pod("a"))
    assert {failure.index_name for failure in indexer.index_failures} == {"app", "again"}
    match settle:
        case "delete":
            indexer.delete(key("a"))
        case "replace":
            indexer.replace([])
        case _:
            indexer.remove_index("again")
    assert [failure.index_name for failure in indexer.index_failures] == (
        ["app"] if settle == "remove_index" else []
    )


def test_failures_of_a_replacement_and_of_a_late_index() -> None:
    """Objects whose function fails are kept by a replacement, and counted by an index that comes late."""
    indexer: Indexer[Pod] = Indexer(indices={"app": fragile})
    indexer.replace([pod("a"), pod("b", app="web")])
    assert names(indexer.list()) == ["a", "b"]
    indexer.add_index("late", fragile)
    assert [(failure.index_name, failure.key) for failure in indexer.index_failures] == [
        ("app", key("a")),
        ("late", key("a")),
    ]


@pytest.mark.parametrize("values", ["web", None, 7, [["unhashable"]]])
def test_what_is_no_list_of_values(values: object) -> None:
    """A function that gives something else than a list of values has failed; a text is not taken for its letters."""
    indexer: Indexer[Pod] = Indexer(indices={"bad": lambda _: values})  # type: ignore[return-value]
    indexer.put(pod("a"))
    (failure,) = indexer.index_failures
    assert isinstance(failure.error, TypeError)
    assert indexer.index_values("bad") == []


def test_the_change_stands_when_the_report_fails() -> None:
    """What the callback raises reaches the writer, after the change; no traceback keeps the function's frames."""

    def report(failure: IndexFailure) -> None:
        assert failure.error.__traceback__ is not None
        raise RuntimeError("pager is off")

    indexer = Indexer(indices={"app": fragile}, on_index_failure=report)
    with pytest.raises(RuntimeError, match="pager is off"):
        indexer.put(pod("a"))
    assert names(indexer.list()) == ["a"]
    assert indexer.index_failures[0].error.__traceback__ is None


# A model: a dict, asked by brute force


FUNCTIONS: dict[str, Callable[[Pod], list[str]]] = {
    "node": lambda obj: [obj.spec.node_name or ""],
    "image": images_of,
    "fragile": fragile,
}
NAMES = st.sampled_from("abcde")
PODS = st.builds(
    lambda name, node, images, labels: pod(name, node=node, images=images, **labels),
    NAMES,
    st.sampled_from(["", "n1", "n2"]),
    st.lists(st.sampled_from(["nginx", "redis", "mysql"]), max_size=3).map(tuple),
    st.sampled_from([{}, {"app": "web"}, {"app": "db"}]),
)
VALUES = ["", "n1", "n2", "nginx", "redis", "mysql", "web", "db"]


def values_of(function: Callable[[Pod], list[str]], obj: Pod) -> list[str]:
    try:
        return function(obj)
    except KeyError:
        return []


class BruteForce(RuleBasedStateMachine):
    """Random writes, after each of which every lookup is what a walk over all objects finds."""

    def __init__(self) -> None:
        super().__init__()
        self.indexer: Indexer[Pod] = Indexer(indices={"node": FUNCTIONS["node"]})
        self.indices = {"node"}
        self.model: dict[ObjectKey, Pod] = {}

    @rule(obj=PODS)
    def put(self, obj: Pod) -> None:
        assert self.indexer.put(obj) == self.model.get(obj.key)
        self.model[obj.key] = obj

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        assert self.indexer.delete(key(name)) == self.model.pop(key(name), None)

    @rule(objects=st.lists(PODS, max_size=4))
    def replace(self, objects: list[Pod]) -> None:
        before = self.indexer.replace(objects)
        assert dict(before) == self.model
        self.model = {obj.key: obj for obj in objects}

    @rule(name=st.sampled_from(sorted(FUNCTIONS)))
    def toggle_index(self, name: str) -> None:
        if name in self.indices:
            self.indexer.remove_index(name)
        else:
            self.indexer.add_index(name, FUNCTIONS[name])
        self.indices ^= {name}

    @invariant()
    def lookups_agree(self) -> None:
        indexer, model = self.indexer, self.model
        assert dict(indexer.snapshot()) == model
        assert set(indexer.keys()) == set(model)
        assert set(indexer.indices) == self.indices
        failed = set()
        for name in self.indices:
            found = {at: values_of(FUNCTIONS[name], obj) for at, obj in model.items()}
            assert set(indexer.index_values(name)) == {value for values in found.values() for value in values}
            for value in VALUES:
                expected = {at for at, values in found.items() if value in values}
                keys = indexer.index_keys(name, value)
                assert set(keys) == expected
                assert len(keys) == len(expected)
            if name == "fragile":
                failed = {at for at, values in found.items() if not values}
        assert {failure.key for failure in indexer.index_failures} == failed


class TestBruteForce(BruteForce.TestCase):  # type: ignore[valid-type, misc]
    """The indices are never anything but what the objects say."""

    settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


# Threads. What must hold is said once, as scenarios, and proved three ways: with a reader between any two steps of the
# writer, with a writer between any two steps of a reader, and in threads that run as they like.


class Scenario(NamedTuple):
    """A cache, the writes that follow one another in it, and what any reader must find at any time."""

    indexer: Indexer[Pod]
    write: Callable[[int], object]
    read: Callable[[], None]


STATES = [pod("a", images=("always", f"image-{n}"), version=str(n + 1)) for n in range(3)]


def moving() -> Scenario:
    """An object that moves between buckets is found under the value it keeps, and nowhere where it is not."""
    indexer: Indexer[Pod] = Indexer(indices={"image": index_by_field("spec.containers[*].image")})

    def read() -> None:
        assert names(indexer.by_index("image", "always")) == ["a"]
        assert indexer.index_keys("image", "always") == [key("a")]
        assert indexer.get(key("a")) is not None
        for number in range(3):
            # Whoever is found under a value has it, even if it is on its way to another.
            found = {each.resource_version for each in indexer.by_index("image", f"image-{number}")}
            assert found <= {str(number + 1)}
        anywhere = {f"image-{number}" for number in range(3)}
        assert names(indexer.select(lambda _: True, index={"image": anywhere})) == ["a"]

    return Scenario(indexer, lambda number: indexer.put(STATES[number % 3]), read)


def forwards() -> Scenario:
    """What one look has shown, a later look by any other way shows too, or something newer."""
    indexer = by_node()
    indexer.add_index("image", index_by_field("spec.containers[*].image"))

    def write(number: int) -> None:
        node = "odd" if number % 2 else "even"
        indexer.put(pod("a", node=node, version=str(number + 1), images=("always",)))

    def read() -> None:
        seen = 0
        for look in (
            lambda: indexer.by_index("node", "even") + indexer.by_index("node", "odd"),
            lambda: [indexer.get(key("a"))],
            lambda: indexer.by_index("image", "always"),
            lambda: indexer.by_index("node", "odd") + indexer.by_index("node", "even"),
            indexer.list,
        ):
            seen = max(seen, int(indexer.resource_version))
            found = [int(each.resource_version) for each in look() if each is not None]
            assert all(version >= seen for version in found)
            seen = max([seen, *found])
        found_under = {
            each.resource_version for each in indexer.by_index("node", "odd" if seen % 2 == 0 else "even")
        }
        if str(seen) not in found_under:
            assert int(indexer.list()[0].resource_version) > seen

    return Scenario(indexer, write, read)


def coming_and_going() -> Scenario:
    """Objects and buckets that appear and vanish around an object do not hide it, and no lookup trips over them."""
    indexer = by_node(pod("a", node="n1"))
    guest = pod("guest", node="n2")

    def write(number: int) -> None:
        if number % 2:
            indexer.delete(guest.key)
        else:
            indexer.put(guest)

    def read() -> None:
        assert names(indexer.by_index("node", "n1")) == ["a"]
        assert names(indexer.by_index("node", "n2")) in ([], ["guest"])
        assert "n1" in indexer.index_values("node")
        assert set(indexer.keys()) >= {key("a")}
        assert len(indexer.list()) in {1, 2}
        assert names(indexer.select(lambda obj: obj.name == "a", index={"node": {"n1", "n2"}})) == ["a"]

    return Scenario(indexer, write, read)


def replacing() -> Scenario:
    """A reader sees all of one generation or all of the next, by key, as a list and in an index."""
    generations = [[pod(f"pod-{n}", node="n1", version=str(g)) for n in range(5)] for g in (1, 2)]
    indexer = by_node()

    def read() -> None:
        for found in (
            indexer.list(),
            indexer.by_index("node", "n1"),
            list(indexer.snapshot().values()),
            indexer.select(lambda _: True),
        ):
            assert len(found) == 5
            assert len({each.resource_version for each in found}) == 1

    return Scenario(indexer, lambda number: indexer.replace(generations[number % 2]), read)


def sorting_anew() -> Scenario:
    """Adding and removing an index disturbs no lookup in others, also of an object that moves meanwhile."""
    indexer: Indexer[Pod] = Indexer(indices={"image": index_by_field("spec.containers[*].image")})

    def write(number: int) -> None:
        match number % 4:
            case 1:
                indexer.add_index("late", images_of)
            case 3:
                indexer.remove_index("late")
            case _:
                indexer.put(STATES[number % 3])

    def read() -> None:
        assert len(indexer.by_index("image", "always")) == 1
        with suppress(UnknownIndexError):  # it is not there at all, or it is whole
            assert len(indexer.by_index("late", "always")) == 1

    return Scenario(indexer, write, read)


SCENARIOS = [moving, forwards, coming_and_going, replacing, sorting_anew]


@contextmanager
def at_each_step(do: Callable[[int], None]) -> Iterator[None]:
    """Before each instruction that is executed in indexer.py, calls `do` with the instruction's number.

    Readers and the writer take no locks, so a call made there is just what another thread could do there.
    """
    steps = itertools.count()

    def trace(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        if frame.f_code.co_filename != indexer_module.__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            do(next(steps))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("make", SCENARIOS)
def test_a_reader_between_any_two_steps_of_the_writer(make: Callable[[], Scenario]) -> None:
    """What is promised to readers holds before and after every single instruction of every write."""
    scenario = make()
    scenario.write(0)
    stops = []

    def look(step: int) -> None:
        stops.append(step)
        scenario.read()

    for number in range(1, 6):
        with at_each_step(look):
            scenario.write(number)
    assert len(stops) > 100


@pytest.mark.slow
@pytest.mark.parametrize("make", SCENARIOS)
def test_a_writer_between_any_two_steps_of_a_reader(make: Callable[[], Scenario]) -> None:
    """What is promised to readers holds wherever in a lookup one or two writes happen."""
    scenario = make()
    scenario.write(0)
    numbers = itertools.count(1)
    steps = [0]

    for writes in (1, 2):
        stop = 0
        while stop <= steps[-1]:

            def write(step: int, stop: int = stop, writes: int = writes) -> None:
                steps.append(step)
                if step == stop:
                    for _ in range(writes):
                        scenario.write(next(numbers))

            steps.clear()
            with at_each_step(write):
                scenario.read()
            stop += 1
        assert stop > 50


@pytest.mark.parametrize("make", SCENARIOS)
def test_readers_and_a_writer_in_threads(make: Callable[[], Scenario]) -> None:
    """What is promised to readers holds in threads that take turns every few microseconds."""
    scenario = make()
    scenario.write(0)
    start = Barrier(4)

    def reading() -> None:
        start.wait()
        for _ in range(100):
            scenario.read()

    def writing() -> None:
        start.wait()
        for number in itertools.count(1):
            scenario.write(number)
            if all(future.done() for future in readers):
                return

    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(reading) for _ in range(3)]
            pool.submit(writing).result()
            for future in readers:
                future.result()
    finally:
        sys.setswitchinterval(switch_interval)


def test_many_writes_at_once() -> None:
    """`apply` does to objects and indices what `put` and `delete` one by one do, in the order given."""
    one_by_one: Indexer[Pod] = Indexer(indices={"node": index_by_field("spec.nodeName")})
    at_once: Indexer[Pod] = Indexer(indices={"node": index_by_field("spec.nodeName")})
    for number, writes in enumerate(
        [
            {"a": pod("a", node="n1"), "b": pod("b", node="n1")},
            {"a": pod("a", node="n2", version="5"), "b": None},
            {"b": pod("b", node="n2", version="6"), "a": pod("a", node="n2", version="7")},
        ]
    ):
        named = {ObjectKey("default", name): obj for name, obj in writes.items()}
        for key, obj in named.items():
            if obj is None:
                one_by_one.delete(key)
            else:
                one_by_one.put(obj)
        at_once.apply(named, resource_version=str(number))
        assert at_once.resource_version == str(number)
        for index in ("n1", "n2"):
            assert at_once.index_keys("node", index) == one_by_one.index_keys("node", index)
        assert {each.key: each for each in at_once.list()} == {each.key: each for each in one_by_one.list()}


def test_the_writer_may_look_at_what_is_cached() -> None:
    """`cached` gives the object that is kept, `get` a copy of it."""
    indexer: Indexer[Pod] = Indexer()
    kept = pod("a")
    indexer.apply({kept.key: kept})
    assert indexer.cached(kept.key) is kept
    assert indexer.get(kept.key) is not kept
    assert indexer.cached(ObjectKey("default", "b")) is None


def test_a_swap_is_one_step() -> None:
    """`swap` keeps what is not written, asks index functions about what is, and readers see all of it or nothing."""
    asked: list[str] = []

    def node(obj: Pod) -> list[str]:
        asked.append(obj.name)
        return [obj.spec.node_name or ""]

    indexer: Indexer[Pod] = Indexer(indices={"node": node})
    indexer.swap({key(name): pod(name, node="n1") for name in "abc"}, resource_version="1")
    before = indexer.snapshot()
    asked.clear()
    indexer.swap({key("a"): pod("a", node="n2"), key("b"): None, key("d"): pod("d", node="n2")})
    assert asked == ["a", "d"]
    assert names(indexer.by_index("node", "n1")) == ["c"]
    assert names(indexer.by_index("node", "n2")) == ["a", "d"]
    assert indexer.resource_version == ""
    assert sorted(each.name for each in before) == ["a", "b", "c"]
    assert before[key("a")].spec.node_name == "n1"
