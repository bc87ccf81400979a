"""What counts as a handler, and what its methods are given."""

from __future__ import annotations

from typing import Any

import pytest
from informer_kit import Notes, pod

from listwatch.api.core_v1 import Pod
from listwatch.shared_informer.handlers import (
    EventHandlers,
    FilteringEventHandler,
    ResourceEventHandler,
    caller,
    handler_name,
)
from listwatch.shared_informer.notifications import Added, Deleted, Updated

P1, P2 = pod("a", 1, phase="Pending"), pod("a", 2, phase="Running")


def test_objects_are_the_handlers_own() -> None:
    """What a handler changes reaches neither the notification nor the next handler."""

    def spoil(obj: Pod, **_: bool) -> None:
        obj.metadata.labels["spoilt"] = "yes"
        obj.status.phase = "Spoilt"

    call = caller(EventHandlers(on_add=spoil, on_update=lambda old, new: (spoil(old), spoil(new))))
    call(Added(P1))
    call(Updated(P1, P2))
    assert P1.copy().status.phase == "Pending"
    assert "spoilt" not in P1.labels | P2.labels


def test_a_repetition_is_one_object() -> None:
    """For a resync old and new are the same object, as in client-go."""
    seen: list[bool] = []
    caller(EventHandlers(on_update=lambda old, new: seen.append(old is new)))(Updated(P1, P1))
    assert seen == [True]


def test_keywords_may_be_left_out() -> None:
    """75: a function gets `is_initial` and `is_final_state_unknown` only if it takes them."""
    seen: list[Any] = []
    call = caller(
        EventHandlers(on_add=lambda obj: seen.append(obj.name), on_delete=lambda obj: seen.append(obj.name))
    )
    call(Added(P1, True))
    call(Deleted(P1, True))
    call(Updated(P1, P2))
    call = caller(
        EventHandlers(
            on_add=lambda obj, is_initial: seen.append(is_initial),
            on_delete=lambda obj, *, is_final_state_unknown: seen.append(is_final_state_unknown),
        )
    )
    call(Added(P1, True))
    call(Deleted(P1))
    call = caller(EventHandlers(on_add=lambda obj, **known: seen.append(known)))
    call(Added(P1, True))
    assert seen == ["a", "a", True, False, {"is_initial": True}]


def test_subclass_overrides_what_it_wants() -> None:
    """The base class takes everything and does nothing; 75: a typed handler gets its own kind of object."""

    class OnlyDeletions(ResourceEventHandler[Pod]):
        def on_delete(self, obj: Pod, *, is_final_state_unknown: bool) -> str:
            return obj.spec.node_name or ""

    call = caller(OnlyDeletions())
    assert [call(each) for each in (Added(P1), Updated(P1, P2), Deleted(P2))] == [None, None, "n1"]


@pytest.mark.parametrize("handler", [object(), EventHandlers(), lambda obj: None])
def test_not_a_handler(handler: object) -> None:
    """Something without any of the methods is refused at once."""
    with pytest.raises(TypeError, match="none of on_add, on_update, on_delete"):
        caller(handler)


def test_a_method_that_cannot_be_called() -> None:
    """A method that is no function is refused when the handler is added, not when the first event comes."""
    handler = EventHandlers(on_add=print)
    handler.on_delete = "no function"  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"on_delete is no function"):
        caller(handler)


def test_filtering_turns_transitions_into_additions_and_deletions() -> None:
    """75: what begins to match is added, what ceases to match is deleted, what never does is not told."""
    notes = Notes()
    call = caller(FilteringEventHandler(lambda obj: obj.status.phase == "Running", notes))
    steps = [Added(P1), Updated(P1, P2), Updated(P2, pod("a", 3, phase="Running"))]
    steps += [Updated(pod("a", 3, phase="Running"), pod("a", 4)), Updated(pod("a", 4), pod("a", 5))]
    for each in (*steps, Deleted(pod("a", 5))):
        call(each)
    call(Added(pod("b", 6, phase="Running"), True))
    call(Deleted(pod("b", 7, phase="Running"), True))
    assert notes.lines == ["add a@2", "update a@2->3", "delete a@3", "add b@6 initial", "delete b@7 unknown"]


def test_names() -> None:
    """Handlers are called by their own name, or that of their class or function."""
    assert handler_name(Notes("mine")) == "mine"
    assert handler_name(EventHandlers(on_add=test_names)).endswith("test_names")
    assert handler_name(EventHandlers()).endswith("EventHandlers")
    assert handler_name(ResourceEventHandler()).endswith("ResourceEventHandler")
