"""One handler's mailbox: order, limits, and what merging keeps true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from informer_kit import pod

from listwatch.api.core_v1 import Pod
from listwatch.shared_informer.mailbox import SYNCED, Backlog, Mailbox, MailboxPolicy, merge
from listwatch.shared_informer.notifications import Added, Deleted, Notification, Updated

P1, P2, P3 = (pod("a", version, uid="u1") for version in (1, 2, 3))
Q4, Q5 = (pod("a", version, uid="u2") for version in (4, 5))

MERGES: list[tuple[str, list[Notification[Pod]], Notification[Pod], list[Notification[Pod]]]] = [
    ("nothing waits", [], Updated(P1, P2), [Updated(P1, P2)]),
    ("add, update", [Added(P1, True)], Updated(P1, P2), [Added(P2, True)]),
    ("add, delete", [Added(P1)], Deleted(P2), []),
    ("update, update", [Updated(P1, P2)], Updated(P2, P3), [Updated(P1, P3)]),
    ("update, delete", [Updated(P1, P2)], Deleted(P3, True), [Deleted(P3, True)]),
    ("delete, add of the same", [Deleted(P2)], Added(P3), [Updated(P2, P3)]),
    ("delete, add of another", [Deleted(P2)], Added(Q4), [Deleted(P2), Added(Q4)]),
    ("then an update", [Deleted(P2), Added(Q4)], Updated(Q4, Q5), [Deleted(P2), Added(Q5)]),
    ("then a deletion", [Deleted(P2), Added(Q4)], Deleted(Q5), [Deleted(P2)]),
    ("an update that made it anew", [Updated(P1, P2)], Updated(P2, Q4), [Updated(P1, Q4)]),
    ("update, resync", [Updated(P1, P2)], Updated(P2, P2), [Updated(P1, P2)]),
    ("resync, update", [Updated(P1, P1)], Updated(P1, P2), [Updated(P1, P2)]),
    ("resync, resync", [Updated(P1, P1)], Updated(P1, P1), [Updated(P1, P1)]),
]


@pytest.mark.parametrize(
    ("waiting", "newer", "expected"), [row[1:] for row in MERGES], ids=[row[0] for row in MERGES]
)
def test_merge(
    waiting: list[Notification[Pod]], newer: Notification[Pod], expected: list[Notification[Pod]]
) -> None:
    """Merging gives the shortest way from what the handler knew to what is so."""
    assert merge(waiting, newer) == expected


@pytest.mark.parametrize(
    ("waiting", "newer"),
    [([Added(P1)], Added(P2)), ([Deleted(P1)], Updated(P1, P2)), ([Deleted(P1)], Deleted(P2))],
)
def test_impossible_order_is_refused(waiting: list[Notification[Pod]], newer: Notification[Pod]) -> None:
    """What cannot follow is an error of ours, not something to make sense of."""
    with pytest.raises(ValueError, match="cannot follow"):
        merge(waiting, newer)


def test_limit_must_be_positive() -> None:
    """A mailbox without room is refused when it is described."""
    with pytest.raises(ValueError, match="at least one"):
        Mailbox(limit=0)


def drained(backlog: Backlog[Pod]) -> list[object]:
    out: list[object] = []
    while (item := backlog.pop()) is not None:
        out.append(item)
    return out


def test_order_depth_and_age() -> None:
    """Below the limit all comes out as it went in, and what waits can be counted and timed."""
    backlog: Backlog[Pod] = Backlog(Mailbox())
    backlog.push([], now=0.0)
    assert backlog.is_empty
    backlog.push([Added(P1), Updated(P1, P2)], now=1.0)
    backlog.push_synced(now=2.0)
    backlog.push([Deleted(P3)], now=4.0)
    assert (backlog.depth, backlog.age(10.0)) == (3, 9.0)
    assert backlog.pop() == Added(P1)
    assert (backlog.depth, backlog.age(10.0)) == (2, 9.0)
    assert drained(backlog) == [Updated(P1, P2), SYNCED, Deleted(P3)]
    assert (backlog.depth, backlog.age(10.0), backlog.is_empty) == (0, 0.0, True)


def test_newest_per_key_merges_beyond_the_limit() -> None:
    """From the limit on each object has one place; once emptied, the mailbox keeps everything again."""
    backlog: Backlog[Pod] = Backlog(Mailbox(limit=2))
    other = pod("b", 1)
    backlog.push([Added(P1, True), Added(other, True)], now=1.0)
    backlog.push_synced(now=1.0)
    assert backlog.depth == 2
    backlog.push([Updated(P1, P2), Updated(P2, P3), Deleted(other)], now=5.0)
    assert (backlog.depth, backlog.merged, backlog.age(6.0)) == (1, 4, 5.0)
    assert drained(backlog) == [Added(P3, True), SYNCED]
    backlog.push([Updated(P3, P1), Updated(P1, P2)], now=7.0)
    assert drained(backlog) == [Updated(P3, P1), Updated(P1, P2)]


def test_mark_keeps_its_place_while_merging() -> None:
    """Whatever merges, the mark comes out behind all that was there before it; also one that comes late."""
    backlog: Backlog[Pod] = Backlog(Mailbox(limit=1))
    backlog.push([Added(P1, True)], now=0.0)
    backlog.push([Updated(P1, P2)], now=0.0)
    backlog.push_synced(now=0.0)
    backlog.push([Added(pod("b", 9))], now=0.0)
    assert [item if item is SYNCED else type(item) for item in drained(backlog)] == [Added, SYNCED, Added]


def test_wait_says_when_it_is_full() -> None:
    """A mailbox that makes others wait loses nothing, and is full from its limit on."""
    backlog: Backlog[Pod] = Backlog(Mailbox(policy=MailboxPolicy.WAIT, limit=2))
    backlog.push([Added(P1)], now=0.0)
    assert not backlog.is_full
    backlog.push([Updated(P1, P2), Updated(P2, P3)], now=0.0)
    assert backlog.is_full
    assert backlog.depth == 3
    backlog.pop()
    assert backlog.is_full
    backlog.pop()
    assert not backlog.is_full


@pytest.mark.parametrize("policy", MailboxPolicy)
def test_resyncs_are_left_out_beyond_the_limit(policy: MailboxPolicy) -> None:
    """Repetitions never make a full mailbox fuller; changes always have a way in."""
    backlog: Backlog[Pod] = Backlog(Mailbox(policy=policy, limit=1))
    backlog.push_resync([Updated(P1, P1)], now=0.0)
    backlog.push_resync([Updated(P1, P1)], now=0.0)
    assert (backlog.depth, backlog.dropped_resyncs) == (1, 1)
    backlog.push([Updated(P1, P2)], now=0.0)
    last = drained(backlog)[-1]
    assert isinstance(last, Updated)
    assert last.new is P2


def test_clear() -> None:
    """A mailbox that is thrown away holds nothing, merged or not."""
    backlog: Backlog[Pod] = Backlog(Mailbox(limit=1))
    for _ in range(2):
        backlog.push([Added(P1)], now=0.0)
        backlog.push([Updated(P1, P2)], now=0.0)
        backlog.clear()
        assert (backlog.depth, backlog.is_empty, backlog.pop()) == (0, True, None)


OPERATIONS = st.lists(
    st.one_of(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["u1", "u2"]), st.booleans()), max_size=6),
        st.integers(1, 4),
        st.just("resync"),
        st.just("synced"),
    ),
    max_size=30,
)


class Model:
    """What is so, and what a reader of the backlog knows of it."""

    def __init__(self, backlog: Backlog[Pod]) -> None:
        self.backlog = backlog
        self.truth: dict[str, Pod] = {}
        self.known: dict[str, Pod] = {}
        self.version = self.marks = 0

    def change(self, script: list[tuple[str, str, bool]]) -> None:
        """Let things happen, and be told."""
        batch: list[Notification[Pod]] = []
        for name, uid, stays in script:
            self.version += 1
            before, obj = self.truth.get(name), pod(name, self.version, uid=uid)
            if stays:
                batch.append(Added(obj) if before is None else Updated(before, obj))
                self.truth[name] = obj
            elif before is not None:
                batch.append(Deleted(pod(name, self.version, uid=before.uid)))
                del self.truth[name]
        self.backlog.push(batch, now=0.0)

    def repeat(self) -> None:
        """Let everything be told again."""
        self.backlog.push_resync([Updated(each, each) for each in self.truth.values()], now=0.0)

    def read(self) -> bool:
        """Take one thing out, which must follow from what is known."""
        match self.backlog.pop():
            case None:
                return False
            case Added(obj, _):
                assert obj.name not in self.known
                self.known[obj.name] = obj
            case Updated(old, new):
                versions = [int(each.resource_version) for each in (self.known[new.name], old, new)]
                assert versions == sorted(versions)
                self.known[new.name] = new
            case Deleted(obj, _):
                assert int(self.known.pop(obj.name).resource_version) < int(obj.resource_version)
            case _:
                self.marks += 1
        return True


@given(OPERATIONS, st.sampled_from(MailboxPolicy), st.integers(1, 6))
def test_what_comes_out_adds_up(operations: list[object], policy: MailboxPolicy, limit: int) -> None:
    """For every policy and pace: the reader ends with the truth, each object's states come in order, depth is what
    waits, the mark comes out once, and a merging mailbox is bounded.
    """
    model = Model(Backlog(Mailbox(policy=policy, limit=limit)))
    backlog = model.backlog
    is_marked = False
    for operation in operations:
        if isinstance(operation, int):
            for _ in range(operation):
                model.read()
        elif isinstance(operation, list):
            model.change(operation)
            # Below the limit a batch of at most six goes in whole; above it three objects have two places each.
            assert policy is not MailboxPolicy.NEWEST_PER_KEY or backlog.depth <= limit + 6
        elif operation == "resync":
            model.repeat()
        elif not is_marked:
            backlog.push_synced(now=0.0)
            is_marked = True
    waiting, marks_before, taken = backlog.depth, model.marks, 0
    while model.read():
        taken += 1
    assert taken == waiting + model.marks - marks_before
    assert (model.marks, backlog.depth) == (is_marked, 0)
    assert model.known.keys() == model.truth.keys()
    assert all(
        each.resource_version == model.truth[name].resource_version for name, each in model.known.items()
    )
