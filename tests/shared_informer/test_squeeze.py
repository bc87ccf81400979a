"""Bytes squeezed by a dictionary or against a sibling: they come back whole, and the smaller way is found."""

from __future__ import annotations

import hashlib
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from listwatch.api.core_v1 import Pod
from listwatch.shared_informer.squeeze import Dictionary, Sibling, Squeezer, Way, trained

POD = Pod()
WORDS = b"containers image registry.example/team/app ports protocol volumeMounts serviceAccount tolerations".split()


def noise(seed: object, size: int) -> bytes:
    """Bytes that nothing makes smaller."""
    return hashlib.shake_256(str(seed).encode()).digest(size)


def member(family: int, number: int, *, size: int = 2000, own: int = 40) -> bytes:
    """One of a family: most of it as all of them, a little its own, and words that all families use."""
    return b"|".join([*WORDS, noise(family, size), noise((family, number), own)])


def dictionary() -> Dictionary:
    found = trained(POD, [member(n, 0, size=200) for n in range(300)])
    assert found is not None
    return found


def restored(way: Way, blob: bytes, head: bytes) -> bytes:
    assert blob.startswith(head)
    return way.restore(blob[len(head) :])


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"", b"a", b"b"]),
            st.sampled_from([b"", b"1", b"head"]),
            st.binary(min_size=1, max_size=60),
            st.sampled_from([1, 3, 200, 5000]),
        ),
        max_size=12,
    ),
    st.booleans(),
    st.booleans(),
)
def test_all_comes_back(
    things: list[tuple[bytes, bytes, bytes, int]], is_trained: bool, has_before: bool
) -> None:
    """Whatever is squeezed, in whatever order and family, comes back byte for byte, also much later."""
    squeezer = Squeezer(dictionary() if is_trained else Dictionary(POD))
    before: tuple[Way, bytes] | None = None
    made = []
    for family, head, piece, times in things:
        way, blob = squeezer.squeeze(piece * times, head=head, family=family, before=before)
        before = (way, blob) if has_before else None
        made.append((way, blob, head, piece * times))
    for way, blob, head, raw in made:
        assert restored(way, blob, head) == raw


def test_siblings_are_squeezed_against_each_other() -> None:
    """What one of a family holds already is not held again: its siblings take what is their own."""
    squeezer = Squeezer(dictionary())
    ways, blobs = zip(
        *(squeezer.squeeze(member(7, n), head=b"", family=b"seven") for n in range(10)), strict=True
    )
    assert ways[0] is squeezer.dictionary
    assert len({id(way) for way in ways[1:]}) == 1
    assert isinstance(ways[1], Sibling)
    assert max(map(len, blobs[1:])) < len(blobs[0]) / 20
    assert [way.restore(blob) for way, blob in zip(ways, blobs, strict=True)] == [
        member(7, n) for n in range(10)
    ]


def test_a_large_object_has_siblings_too() -> None:
    """Objects of many blocks and larger than the dictionary's window are squeezed against each other."""
    squeezer = Squeezer(dictionary())
    raws = [member(1, n, size=700_000) for n in range(3)]
    made = [squeezer.squeeze(raw, head=b"", family=b"large") for raw in raws]
    assert len(made[2][1]) < 5000
    assert [way.restore(blob) for way, blob in made] == raws


def test_a_family_without_likeness_is_left_alone() -> None:
    """An owner of things that are not alike costs a few trials, not one for each of them."""
    squeezer = Squeezer(dictionary())
    ways = [squeezer.squeeze(noise(n, 500), head=b"", family=b"node")[0] for n in range(9)]
    assert all(way is squeezer.dictionary for way in ways)
    assert squeezer._families == {b"node": None}


def test_one_that_is_not_alike_does_not_part_the_others() -> None:
    """Among siblings there may be odd ones: those after them are still squeezed against one of their own."""
    squeezer = Squeezer(dictionary())
    raws = [noise(n, 1500) if n % 3 == 2 else member(1, n) for n in range(30)]
    made = [squeezer.squeeze(raw, head=b"", family=b"1") for raw in raws]
    assert [way.restore(blob) for way, blob in made] == raws
    assert sum(isinstance(way, Sibling) for way, _ in made) >= 9


def test_an_object_that_has_grown_leads_its_family() -> None:
    """A sibling that lacks half of an object is no help: the object is squeezed by itself, and others against it."""
    squeezer = Squeezer(dictionary())
    squeezer.squeeze(member(1, 0, size=1000), head=b"", family=b"f")
    grown = [member(1, n, size=3000) for n in range(2)]
    first, second = (squeezer.squeeze(raw, head=b"", family=b"f") for raw in grown)
    assert first[0] is squeezer.dictionary
    assert isinstance(second[0], Sibling)
    assert second[0].itself() == grown[0]


def test_a_change_goes_the_way_of_the_last_state() -> None:
    """An object's next state is squeezed as its last was, however many families there have been in between."""
    squeezer = Squeezer(dictionary())
    squeezer.squeeze(member(1, 0), head=b"", family=b"1")
    before = squeezer.squeeze(member(1, 1), head=b"", family=b"1")
    for other in range(2, 500):
        squeezer.squeeze(member(other, 0, size=100), head=b"", family=b"%d" % other)
    assert b"1" not in squeezer._families
    assert squeezer.squeeze(member(1, 1, own=41), head=b"", family=b"1", before=before)[0] is before[0]
    assert squeezer.squeeze(member(1, 1, own=41), head=b"", family=b"1")[0] is squeezer.dictionary


def test_an_only_child_is_not_squeezed_against_its_own_past() -> None:
    """The past of an object that has no siblings is let go; with siblings it is held anyway, and of use."""
    squeezer = Squeezer(dictionary())
    before = squeezer.squeeze(member(1, 0), head=b"", family=b"1")
    for own in range(41, 44):
        before = squeezer.squeeze(member(1, 0, own=own), head=b"", family=b"1", before=before)
        assert before[0] is squeezer.dictionary
    sibling, _ = squeezer.squeeze(member(1, 1), head=b"", family=b"1")
    assert isinstance(sibling, Sibling)
    assert squeezer.squeeze(member(1, 0, own=45), head=b"", family=b"1", before=before)[0] is sibling


def test_a_way_of_another_dictionary_is_left() -> None:
    """After new learning nothing is squeezed the old way any more; what was comes back all the same."""
    old, new = Squeezer(dictionary()), Squeezer(dictionary())
    old.squeeze(member(1, 0), head=b"", family=b"1")
    way, blob = old.squeeze(member(1, 1), head=b"", family=b"1")
    again, _ = new.squeeze(member(1, 1), head=b"", family=b"1", before=(way, blob))
    assert again is new.dictionary
    del old
    assert way.restore(blob) == member(1, 1)


def test_little_is_remembered() -> None:
    """However many families come, a bounded number of names and of open siblings is held."""
    squeezer = Squeezer(dictionary())
    for family in range(400):
        for number in range(2):
            squeezer.squeeze(member(family, number, size=100), head=b"", family=b"%d" % family)
    assert len(squeezer._families) == 256
    assert len(squeezer._open) == 2


def test_what_is_held_takes_its_length() -> None:
    """Zstandard's own results take the space of what was squeezed; what is held of them does not."""
    squeezer = Squeezer(dictionary())
    raws = [member(n // 10, n) for n in range(200)]
    tracemalloc.start()
    try:
        blobs = [squeezer.squeeze(raw, head=b"1", family=b"%d" % (n // 10))[1] for n, raw in enumerate(raws)]
        squeezer._open.clear()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 1.5 * sum(map(sys.getsizeof, blobs))


def test_any_thread_restores() -> None:
    """Many threads restore at once, by the dictionary and against siblings, and all get what was squeezed."""
    squeezer = Squeezer(dictionary())
    raws = [member(n % 7, n) for n in range(100)]
    made = [
        (*squeezer.squeeze(raw, head=b"", family=b"%d" % (n % 7)), raw) for n, raw in enumerate(raws)
    ] * 20

    def check(each: tuple[Way, bytes, bytes]) -> bool:
        way, blob, raw = each
        return way.restore(blob) == raw

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(check, made))


def test_nothing_in_common_is_no_dictionary() -> None:
    """Samples that are too small or too few for a dictionary give none, and no error."""
    assert trained(POD, [b"a", b"b"]) is None
