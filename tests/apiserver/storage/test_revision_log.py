"""The revision log against a plain list of all that ever happened."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.storage.revision_log import CompactedError, RevisionLog, State

RESOURCES = ("pods", "configmaps")
KEYS = ("a/x", "a/y", "b/x", "b-/x", "c")
WRITES = st.tuples(st.sampled_from(RESOURCES), st.sampled_from(KEYS), st.booleans())
COMPACTIONS = st.integers(min_value=0, max_value=60)
STEPS = st.lists(st.one_of(WRITES, COMPACTIONS), max_size=60)


def _shown(state: State) -> dict[str, Any]:
    return {key: stored.object["n"] for key, stored in state.items()}


class Model:
    """All states of all resources, by revision."""

    def __init__(self, log: RevisionLog) -> None:
        self.log = log
        self.states: dict[str, list[dict[str, int]]] = {resource: [{}] for resource in RESOURCES}
        self.changes: list[tuple[str, str, str, int]] = []

    def step(self, step: Any) -> None:
        """Apply one step to the log and to the model."""
        if isinstance(step, int):
            self.log.compact(min(step, self.log.revision))
            return
        resource, key, is_put = step
        states = {name: dict(each[-1]) for name, each in self.states.items()}
        number = len(self.changes) + 1
        if is_put:
            kind = "MODIFIED" if key in states[resource] else "ADDED"
            states[resource][key] = number
            self.log.put(resource, key, {"metadata": {"name": key}, "n": number})
        elif key in states[resource]:
            kind, number_shown = "DELETED", states[resource].pop(key)
            self.log.delete(resource, key)
            self._remember(states, (resource, kind, key, number_shown))
            return
        else:
            with pytest.raises(KeyError):
                self.log.delete(resource, key)
            return
        self._remember(states, (resource, kind, key, number))

    def _remember(self, states: dict[str, dict[str, int]], change: tuple[str, str, str, int]) -> None:
        self.changes.append(change)
        for name, each in self.states.items():
            each.append(states[name])


def _played(steps: list[Any], **options: int) -> Model:
    model = Model(RevisionLog(**options))
    for step in steps:
        model.step(step)
    return model


@given(STEPS)
def test_the_state_at_every_retained_revision_is_what_it_was(steps: list[Any]) -> None:
    """`at` gives back each state from the floor on, and refuses each below it."""
    model = _played(steps)
    log = model.log
    for resource in RESOURCES:
        for revision, wanted in enumerate(model.states[resource]):
            if revision < log.floor:
                with pytest.raises(CompactedError):
                    log.at(resource, revision)
            else:
                assert _shown(log.at(resource, revision)) == wanted


@given(STEPS)
def test_changes_replayed_over_an_old_state_give_the_current_one(steps: list[Any]) -> None:
    """From every retained revision the track holds exactly the changes since, in order."""
    model = _played(steps)
    log = model.log
    for resource in RESOURCES:
        track = log.track(resource)
        for revision in range(log.floor, log.revision + 1):
            changes = track.read(track.position_after(revision))
            told = [(each.resource, each.type, each.key, each.current.object["n"]) for each in changes]
            assert told == [each for each in model.changes[revision:] if each[0] == resource]


@given(STEPS, st.sampled_from(["a", "b", "b-"]))
def test_a_namespace_has_its_own_track(steps: list[Any], namespace: str) -> None:
    """The track of a namespace holds its changes and no others, whenever it was first asked for."""
    early = RevisionLog()
    early.track("pods", namespace)
    model = Model(early)
    for step in steps:
        model.step(step)
    late = _played(steps)
    for log in (early, late.log):
        track = log.track("pods", namespace)
        wanted = [
            change
            for change in model.changes[log.floor :]
            if change[0] == "pods" and change[2].startswith(namespace + "/")
        ]
        shown = track.read(track.position_after(log.floor))
        assert [(each.resource, each.type, each.key, each.current.object["n"]) for each in shown] == wanted


@given(STEPS, STEPS, STEPS)
def test_forks_go_their_own_ways(past: list[Any], here: list[Any], there: list[Any]) -> None:
    """A fork shares the past and nothing of the future, compaction included."""
    origin = _played(past)
    fork = Model(origin.log.fork())
    fork.states = {name: list(states) for name, states in origin.states.items()}
    fork.changes = list(origin.changes)
    for step in there:
        fork.step(step)
    for step in here:
        origin.step(step)
    for model in (origin, fork):
        for resource in RESOURCES:
            assert _shown(model.log.state(resource)) == model.states[resource][-1]
            for revision in range(model.log.floor, model.log.revision + 1):
                assert _shown(model.log.at(resource, revision)) == model.states[resource][revision]


@given(st.lists(WRITES, min_size=40, max_size=80))
def test_the_history_limit_raises_the_floor(steps: list[Any]) -> None:
    """At least the limit of changes is retained, and not many more."""
    log = _played(steps, history_limit=8).log
    assert log.revision - log.floor <= 8 + 16
    assert log.revision - log.floor >= min(8, log.revision)


def test_a_deletion_carries_its_own_version_and_the_last_state() -> None:
    """The object of a DELETED change is the last state at the version of the deletion; that state is unchanged."""
    log = RevisionLog()
    log.put("pods", "a/x", {"metadata": {"name": "x"}, "n": 1})
    before = log.get("pods", "a/x")
    change = log.delete("pods", "a/x")
    assert before is not None
    assert change.current.object == {"metadata": {"name": "x", "resourceVersion": "2"}, "n": 1}
    assert before.object == {"metadata": {"name": "x", "resourceVersion": "1"}, "n": 1}
    assert change.previous is before


def test_history_goes_back_through_deletions() -> None:
    """`history` tells all retained changes of a key, newest first."""
    log = RevisionLog()
    log.put("pods", "a/x", {"metadata": {}})
    log.put("pods", "a/y", {"metadata": {}})
    log.delete("pods", "a/x")
    log.put("pods", "a/x", {"metadata": {}})
    told = [(change.revision, change.type) for change in log.history("pods", "a/x")]
    assert told == [(4, "ADDED"), (3, "DELETED"), (1, "ADDED")]


def test_reading_a_compacted_position_is_refused() -> None:
    """A reader that fell below the floor is told, not silently moved on."""
    log = RevisionLog()
    position = log.track("pods").end
    log.put("pods", "a/x", {"metadata": {}})
    log.compact()
    with pytest.raises(LookupError):
        log.track("pods").read(position)


@pytest.mark.parametrize("ask", [lambda log: log.at("pods", 9), lambda log: log.compact(9)])
def test_the_future_is_refused(ask: Any) -> None:
    """Neither a state nor a compaction of a revision that is yet to come can be asked for."""
    with pytest.raises(ValueError, match="yet to come"):
        ask(RevisionLog(revision=3))


def test_a_fork_copies_nothing_until_somebody_writes() -> None:
    """Forking shares the retained changes; a reader's place in the original stays right when that writes on."""
    log = RevisionLog()
    for number in range(100):
        log.put("pods", f"a/{number}", {"metadata": {}})
    track = log.track("pods")
    place = track.end
    fork = log.fork()
    assert fork.track("pods").changes is track.changes
    log.put("pods", "a/new", {"metadata": {}})
    assert [change.key for change in track.read(place)] == ["a/new"]
    assert fork.track("pods").end == place
    fork.compact()
    assert (fork.track("pods").dropped, track.dropped) == (100, 0)
