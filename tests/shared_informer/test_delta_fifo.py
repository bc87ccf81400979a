"""DeltaFIFO: what client-go's own tests hold of it, by their numbers, and a model that it must never differ from.

Behaviour 103 and the parts of 85-101 that tell an ordered queue of single deltas concern client-go's RealFIFO only: the
informer here applies whole batches and relists itself, in one step, and needs no second queue for it.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.shared_informer.delta_fifo import DeltaFIFO
from listwatch.shared_informer.deltas import (
    DeletedFinalStateUnknown,
    Delta,
    Deltas,
    DeltaType,
    NoKeyError,
)
from listwatch.shared_informer.indexer import Indexer

ADDED, UPDATED, DELETED = DeltaType.ADDED, DeltaType.UPDATED, DeltaType.DELETED
REPLACED, SYNC = DeltaType.REPLACED, DeltaType.SYNC


class Thing(NamedTuple):
    """An object of no kind: a name, and a value that tells its states apart."""

    name: str
    value: int = 0


Change = Delta[str, Thing]
Tombstone = DeletedFinalStateUnknown[str, Thing]


def name_of(thing: Thing) -> str:
    if not thing.name:
        raise NoKeyError("a thing without a name")
    return thing.name


def queue(known: dict[str, Thing] | None = None) -> DeltaFIFO[str, Thing]:
    return DeltaFIFO(key_of=name_of, known_objects=known)


def known(*names: str) -> dict[str, Thing]:
    return {name: Thing(name) for name in names}


def gone(thing: Thing) -> Change:
    """The delta of a deletion that was not seen."""
    return Delta(DELETED, DeletedFinalStateUnknown(thing.name, thing))


def drained(fifo: DeltaFIFO[str, Thing]) -> dict[str, list[Change]]:
    popped = {}
    while fifo:
        deltas = fifo.pop()
        popped[deltas.key] = list(deltas)
    return popped


def test_changes_of_a_key_are_collected_oldest_first() -> None:
    """A key is popped once, in the place of its first change, with all its changes in their order."""
    fifo = queue()
    fifo.add(Thing("a", 1))
    fifo.add(Thing("b", 1))
    fifo.update(Thing("a", 2))
    fifo.delete(Thing("a", 3))
    assert fifo.keys() == ["a", "b"]
    assert "a" in fifo
    deltas = fifo.pop()
    assert deltas == Deltas(
        "a",
        (Delta(ADDED, Thing("a", 1)), Delta(UPDATED, Thing("a", 2)), Delta(DELETED, Thing("a", 3))),
        is_initial=False,
    )
    assert (deltas.oldest.type, deltas.newest.type, len(deltas)) == (ADDED, DELETED, 3)
    assert fifo.keys() == ["b"]
    assert "a" not in fifo


def test_a_popped_key_starts_anew() -> None:
    """Changes after a pop are a new entry, at the end of the queue."""
    fifo = queue()
    fifo.add(Thing("a"))
    fifo.add(Thing("b"))
    fifo.pop()
    fifo.update(Thing("a", 1))
    assert drained(fifo) == {"b": [Delta(ADDED, Thing("b"))], "a": [Delta(UPDATED, Thing("a", 1))]}


@given(st.permutations([0] * 25 + [1] * 25))
def test_producers_keep_their_order(turns: list[int]) -> None:
    """Behaviour 85: however two producers take turns, each one's objects come out in the order they were put in."""
    fifo = queue()
    numbers = [itertools.count(), itertools.count()]
    for producer in turns:
        fifo.add(Thing(f"{producer}-{next(numbers[producer]):02}"))
    popped = list(drained(fifo))
    for prefix in "01":
        mine = [name for name in popped if name.startswith(prefix)]
        assert mine == sorted(mine)
        assert len(mine) == 25


def test_an_empty_queue_has_nothing_to_pop() -> None:
    """Popping nothing is an IndexError, as for any queue; a batch of nothing is empty."""
    fifo = queue()
    assert not fifo
    assert fifo.pop_batch() == []
    with pytest.raises(IndexError, match="empty DeltaFIFO"):
        fifo.pop()


# Deletions


def test_deletions_with_nothing_between_are_one() -> None:
    """Two deletions become the newer one; with a re-creation between them both stay."""
    fifo = queue()
    fifo.add(Thing("a", 1))
    fifo.delete(Thing("a", 2))
    fifo.delete(Thing("a", 3))
    fifo.add(Thing("a", 4))
    fifo.delete(Thing("a", 5))
    assert drained(fifo)["a"] == [
        Delta(ADDED, Thing("a", 1)),
        Delta(DELETED, Thing("a", 3)),
        Delta(ADDED, Thing("a", 4)),
        Delta(DELETED, Thing("a", 5)),
    ]


@pytest.mark.parametrize("seen_first", [True, False])
def test_of_two_deletions_the_seen_one_is_kept(seen_first: bool) -> None:
    """A deletion that was seen wins over a tombstone, whichever was told first."""
    fifo = queue(known("a"))
    seen: Change = Delta(DELETED, Thing("a", 9))
    if seen_first:
        fifo.delete(Thing("a", 9))
        fifo.replace([])
    else:
        fifo.replace([])
        fifo.delete(Thing("a", 9))
    assert drained(fifo)["a"] == [seen]


def test_tombstones_are_typed_and_still_have_the_object() -> None:
    """A tombstone says its key, that the final state is unknown, and the last one that is known."""
    fifo = queue(known("a"))
    fifo.replace([])
    (delta,) = fifo.pop()
    assert delta.is_tombstone
    assert delta.object == DeletedFinalStateUnknown("a", Thing("a"))
    assert delta.last_known == Thing("a")
    fifo.delete(DeletedFinalStateUnknown("a", Thing("a", 7)))
    (delta,) = fifo.pop()
    assert delta.is_tombstone
    assert delta.last_known == Thing("a", 7)


@pytest.mark.parametrize("store", [None, known("other")])
def test_deletion_of_the_unknown_is_dropped(store: dict[str, Thing] | None) -> None:
    """An object that is neither queued nor known cannot be deleted: nobody was ever told of it."""
    fifo = queue(store)
    fifo.delete(Thing("a"))
    assert fifo.keys() == []
    assert fifo.has_synced


def test_what_the_store_knows_can_be_deleted() -> None:
    """Behaviour 91: an addition, an update and a deletion of objects known to the store alone are all queued."""
    fifo = queue(known("foo", "bar", "baz"))
    fifo.add(Thing("foo", 10))
    fifo.update(Thing("bar", 15))
    fifo.delete(Thing("baz", 20))
    assert [fifo.pop().newest.last_known.value for _ in range(3)] == [10, 15, 20]


# Replace


FOO = Thing("foo", 5)


@pytest.mark.parametrize(
    ("calls", "deltas"),
    [
        pytest.param([("add", FOO), ("replace",)], [Delta(ADDED, FOO), gone(FOO)], id="only queued"),
        pytest.param(
            [("add", FOO), ("delete", FOO), ("replace",)],
            [Delta(ADDED, FOO), Delta(DELETED, FOO)],
            id="deleted explicitly",
        ),
        pytest.param(
            [("add", FOO), ("replace",), ("replace",)], [Delta(ADDED, FOO), gone(FOO)], id="replaced twice"
        ),
        pytest.param(
            [("add", FOO), ("delete", FOO), ("add", FOO._replace(value=6)), ("replace",)],
            [
                Delta(ADDED, FOO),
                Delta(DELETED, FOO),
                Delta(ADDED, Thing("foo", 6)),
                gone(Thing("foo", 6)),
            ],
            id="created again",
        ),
    ],
)
def test_replace_deletes_what_is_only_queued(calls: list[tuple[str, ...]], deltas: list[Change]) -> None:
    """Behaviour 87: a replacement tells the end of an object that nobody has seen yet once, with its newest state."""
    fifo = queue()
    for name, *arguments in calls:
        getattr(fifo, name)(*(arguments or [[]]))
    assert drained(fifo)["foo"] == deltas


def test_replace_prefers_the_queued_state_for_a_tombstone() -> None:
    """The newest queued state of a vanished object is nearer to its last than the one that was applied."""
    fifo = queue(known("foo", "bar"))
    fifo.update(FOO)
    fifo.replace([])
    assert drained(fifo) == {"foo": [Delta(UPDATED, FOO), gone(FOO)], "bar": [gone(Thing("bar"))]}


def test_replace_tells_deletions_first() -> None:
    """Among keys with nothing queued, those that vanished come before those that are there."""
    fifo = queue(known("old", "kept"))
    fifo.replace([Thing("new"), Thing("kept", 1)])
    assert list(drained(fifo).items()) == [
        ("old", [gone(Thing("old"))]),
        ("new", [Delta(REPLACED, Thing("new"))]),
        ("kept", [Delta(REPLACED, Thing("kept", 1))]),
    ]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_bad_input_changes_nothing(place: int) -> None:
    """One object without a name, anywhere among them, and the whole call has not happened."""
    fifo = queue(known("vanishing"))
    objects = [Thing("a"), Thing("b")]
    objects.insert(place, Thing(""))
    with pytest.raises(NoKeyError):
        fifo.replace(objects)
    for put in (fifo.add, fifo.update, fifo.delete):
        with pytest.raises(NoKeyError):
            put(Thing(""))
    assert fifo.keys() == []
    assert not fifo.has_synced


def test_a_failing_transform_changes_nothing() -> None:
    """What the transform raises is the caller's, and none of the objects has been taken."""

    def transform(thing: Thing) -> Thing:
        return thing._replace(value=10 // thing.value)

    fifo = DeltaFIFO(key_of=name_of, known_objects=known("vanishing"), transform=transform)
    with pytest.raises(ZeroDivisionError):
        fifo.replace([Thing("a", 1), Thing("b", 0)])
    assert fifo.keys() == []


def test_key_error_names_its_cause() -> None:
    """Behaviour 107: the error of a key function that fails holds the cause, and its text; never the object."""
    fifo: DeltaFIFO[str, dict[str, str]] = DeltaFIFO(key_of=lambda thing: thing["name"])
    with pytest.raises(NoKeyError, match="no key for a dict: KeyError: 'name'") as caught:
        fifo.add({"password": "hunter2"})
    assert isinstance(caught.value.__cause__, KeyError)
    assert "hunter2" not in str(caught.value)


# Transform


def test_each_object_is_transformed_once() -> None:
    """Behaviour 89: objects that are put in, also by a replacement, go through once; tombstones and resyncs never."""
    store = known("a", "b", "c")

    def transform(thing: Thing) -> Thing:
        return thing._replace(value=thing.value + 100)

    fifo = DeltaFIFO(key_of=name_of, known_objects=store, transform=transform)
    fifo.add(Thing("new", 1))
    fifo.update(Thing("a", 2))
    fifo.delete(Thing("b", 3))
    fifo.resync()
    fifo.replace([Thing("a", 4)])
    assert drained(fifo) == {
        "new": [Delta(ADDED, Thing("new", 101)), gone(Thing("new", 101))],
        "a": [Delta(UPDATED, Thing("a", 102)), Delta(REPLACED, Thing("a", 104))],
        "b": [Delta(DELETED, Thing("b", 103))],
        "c": [Delta(SYNC, Thing("c")), gone(Thing("c"))],
    }


def test_the_key_is_that_of_the_transformed_object() -> None:
    """A transform may rename: queue and store then speak of the same key, and nothing seems to vanish."""
    store: dict[str, Thing] = {}
    fifo = DeltaFIFO(
        key_of=name_of, known_objects=store, transform=lambda thing: thing._replace(name=thing.name.upper())
    )
    fifo.replace([Thing("pod1")])
    store.update({deltas.key: deltas.newest.last_known for deltas in fifo.pop_batch()})
    fifo.replace([Thing("pod1", 1)])
    assert drained(fifo) == {"POD1": [Delta(REPLACED, Thing("POD1", 1))]}


# Resync


def test_resync_tells_what_is_known_again() -> None:
    """Each known object with nothing queued is told again; without a store there is nothing to tell."""
    fifo = queue(known("a", "b"))
    fifo.update(Thing("a", 1))
    fifo.resync()
    fifo.resync()
    assert drained(fifo) == {"a": [Delta(UPDATED, Thing("a", 1))], "b": [Delta(SYNC, Thing("b"))]}
    alone = queue()
    alone.add(Thing("a"))
    alone.resync()
    assert drained(alone) == {"a": [Delta(ADDED, Thing("a"))]}


def test_resync_of_a_deleted_object() -> None:
    """Behaviour 93: an object whose deletion is queued is not told again."""
    fifo = queue(known("foo"))
    fifo.delete(FOO)
    fifo.resync()
    assert drained(fifo)["foo"] == [Delta(DELETED, FOO)]


def test_resync_after_an_update() -> None:
    """Behaviour 95: an object whose update is queued is not told again in its older state."""
    fifo = queue(known("foo"))
    fifo.update(FOO)
    fifo.resync()
    assert drained(fifo)["foo"] == [Delta(UPDATED, FOO)]


# The first complete picture


def test_deletions_count_for_the_first_picture() -> None:
    """Behaviour 97: tombstones of the first replacement are part of it, and have to be popped before it is synced."""
    fifo = queue(known("foo", "bar", "baz"))
    fifo.replace([FOO])
    for _ in range(3):
        assert not fifo.has_synced
        assert fifo.pop().is_initial
    assert fifo.has_synced


@pytest.mark.parametrize(
    ("calls", "pops", "synced"),
    [
        ([], 0, False),
        ([("add", FOO)], 0, True),
        ([("update", FOO)], 0, True),
        ([("delete", FOO)], 0, True),
        ([("replace", [])], 0, True),
        ([("replace", [Thing("a"), Thing("b")])], 0, False),
        ([("replace", [Thing("a"), Thing("b")])], 1, False),
        ([("replace", [Thing("a"), Thing("b")])], 2, True),
        ([("replace", [Thing("a", 1), Thing("a", 2)])], 0, False),
        ([("replace", [Thing("a", 1), Thing("a", 2)])], 1, True),
        ([("add", FOO), ("replace", [Thing("a")])], 0, True),
        ([("replace", [Thing("a")]), ("add", FOO)], 1, True),
        ([("replace", [Thing("a")]), ("update", Thing("a", 1)), ("replace", [Thing("b")])], 1, True),
        ([("resync",)], 0, False),
    ],
)
def test_has_synced(calls: list[tuple[object, ...]], pops: int, synced: bool) -> None:
    """Behaviour 99: synced once the keys of the first replacement are popped, or if there is none before a change."""
    fifo = queue()
    for name, *arguments in calls:
        getattr(fifo, str(name))(*arguments)
    for _ in range(pops):
        fifo.pop()
    assert fifo.has_synced is synced


def test_a_second_picture_is_not_initial() -> None:
    """Behaviour 83: after a broken watch the same objects come again, and are not the initial list any more."""
    fifo = queue()
    fifo.replace([FOO])
    assert fifo.pop().is_initial
    fifo.replace([FOO])
    assert not fifo.pop().is_initial


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_batches(limit: int) -> None:
    """Behaviour 101: a batch never repeats a key, mixes the first picture with later changes or exceeds its limit."""
    fifo = queue()
    fifo.replace([Thing("a"), Thing("b"), Thing("c")])
    fifo.update(Thing("b", 1))
    for name in "dea":
        fifo.add(Thing(name, 1))
    batches = []
    while batch := fifo.pop_batch(limit=limit):
        assert len({deltas.key for deltas in batch}) == len(batch) <= limit
        assert len({deltas.is_initial for deltas in batch}) == 1
        batches.append(batch)
    assert [deltas.key for batch in batches for deltas in batch] == list("abcde")
    assert [deltas.is_initial for batch in batches for deltas in batch] == [True] * 3 + [False] * 2
    assert len(batches) == -(-3 // limit) + -(-2 // limit)


# Kubernetes objects


def pod(name: str, *, node: str = "") -> Pod:
    made = Pod(metadata=ObjectMeta(namespace="default", name=name))
    made.spec.node_name = node or None
    return made


def test_with_pods_and_an_indexer() -> None:
    """By default the key is namespace and name, and an Indexer is what is known."""
    indexer: Indexer[Pod] = Indexer()
    fifo: DeltaFIFO[ObjectKey, Pod] = DeltaFIFO(known_objects=indexer)
    fifo.replace([pod("a"), pod("b")])
    for deltas in fifo.pop_batch():
        indexer.put(deltas.newest.last_known)
    fifo.replace([pod("b", node="n1")])
    assert [(str(deltas.key), [str(delta.type) for delta in deltas]) for deltas in fifo.pop_batch()] == [
        ("default/a", ["Deleted"]),
        ("default/b", ["Replaced"]),
    ]
    with pytest.raises(NoKeyError, match="has no name"):
        fifo.add(Pod())
    assert repr(fifo) == "<DeltaFIFO 0 queued>"


# A model: all deltas in the order of their arrival, and nothing clever.


class Naive:
    """What a DeltaFIFO is, written down for reading: slow, but plain."""

    def __init__(self, known: dict[str, Thing]) -> None:
        self.known = known
        self.told: list[tuple[str, Change]] = []
        self.initial: set[str] | None = None

    def of(self, key: str) -> list[Change]:
        return [delta for each, delta in self.told if each == key]

    def keys(self) -> list[str]:
        return list(dict.fromkeys(key for key, _ in self.told))

    def tell(self, key: str, delta: Change) -> None:
        if self.initial is None:
            self.initial = set()
        changes = self.of(key)
        if changes and delta.type is DELETED is changes[-1].type:
            if not delta.is_tombstone:
                last = max(place for place, (each, _) in enumerate(self.told) if each == key)
                self.told[last] = (key, delta)
        else:
            self.told.append((key, delta))

    def replace(self, objects: list[Thing]) -> None:
        first = self.initial is None
        names = {thing.name for thing in objects}
        for key in [*self.keys(), *self.known]:
            if key not in names:
                changes = self.of(key)
                self.tell(key, gone(changes[-1].last_known if changes else self.known[key]))
        for thing in objects:
            self.tell(thing.name, Delta(REPLACED, thing))
        if first:
            self.initial = set(self.keys())

    def pop(self) -> Deltas[str, Thing]:
        key = self.told[0][0]
        changes = self.of(key)
        self.told = [(each, delta) for each, delta in self.told if each != key]
        is_initial = key in (self.initial or ())
        (self.initial or set()).discard(key)
        return Deltas(key, tuple(changes), is_initial)


NAMES = st.sampled_from("abcd")


class Convergence(RuleBasedStateMachine):
    """A server, a lossy line, the queue, and a consumer who applies what he pops to a store."""

    def __init__(self) -> None:
        super().__init__()
        self.server: dict[str, Thing] = {}
        self.store: dict[str, Thing] = {}
        self.fifo = queue(self.store)
        self.naive = Naive(self.store)
        self.versions = itertools.count(1)

    @rule(name=NAMES, told=st.booleans())
    def write(self, name: str, told: bool) -> None:
        thing = Thing(name, next(self.versions))
        is_new = name not in self.server
        self.server[name] = thing
        if told:
            (self.fifo.add if is_new else self.fifo.update)(thing)
            self.naive.tell(name, Delta(ADDED if is_new else UPDATED, thing))

    @rule(name=NAMES, told=st.booleans())
    def remove(self, name: str, told: bool) -> None:
        thing = self.server.pop(name, None)
        if thing is not None and told:
            self.fifo.delete(thing)
            if name in self.store or self.naive.of(name):
                self.naive.tell(name, Delta(DELETED, thing))
            elif self.naive.initial is None:
                self.naive.initial = set()

    @rule()
    def relist(self) -> None:
        self.fifo.replace(list(self.server.values()))
        self.naive.replace(list(self.server.values()))

    @rule()
    def resync(self) -> None:
        queued = self.naive.keys()
        self.fifo.resync()
        for key, thing in self.store.items():
            if key not in queued:
                self.naive.tell(key, Delta(SYNC, thing))

    @precondition(lambda self: self.fifo)
    @rule()
    def pop(self) -> None:
        deltas = self.fifo.pop()
        assert deltas == self.naive.pop()
        for delta in deltas:
            if delta.type is DELETED:
                # Nobody is told the end of what he never knew, and a tombstone has what he knew last.
                known = self.store.pop(deltas.key)
                assert not delta.is_tombstone or delta.last_known == known
            else:
                self.store[deltas.key] = delta.last_known

    @invariant()
    def queue_is_as_the_model(self) -> None:
        assert self.fifo.keys() == self.naive.keys()
        assert self.fifo.has_synced is (self.naive.initial == set())

    def teardown(self) -> None:
        self.relist()
        while self.fifo:
            self.pop()
        assert self.store == self.server


class TestConvergence(Convergence.TestCase):  # type: ignore[valid-type, misc]
    """Whatever was lost on the line, a relist and an empty queue make the store equal to the server."""
