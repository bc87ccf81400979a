"""Conditions that are asked again when something has happened."""

from __future__ import annotations

import threading

import pytest

from listwatch.apimachinery.errors import Forbidden, NotFound, Status
from listwatch.testing.pulse import Pulse, holds


def test_what_is_not_there_is_not_so_yet() -> None:
    """A condition that meets nothing is false; one that is refused otherwise is wrong."""

    def missing() -> bool:
        raise NotFound(Status(code=404))

    def refused() -> bool:
        raise Forbidden(Status(code=403))

    assert holds(lambda: 7) == 7
    assert not holds(missing)
    with pytest.raises(Forbidden):
        holds(refused)


def test_a_beat_in_the_moment_of_asking_is_not_lost() -> None:
    """What happens while the condition is being asked makes it be asked once more, without any wait."""
    pulse, asked = Pulse(), []

    def becomes_true_meanwhile() -> bool:
        asked.append(True)
        pulse.beat()
        return len(asked) == 3

    assert pulse.wait_for(becomes_true_meanwhile, timeout=60, told=str)
    assert len(asked) == 3


def test_beats_and_the_end_come_from_other_threads() -> None:
    """A beat elsewhere wakes who waits, and closing ends every wait."""
    pulse, seen = Pulse(), []

    def asked() -> bool:
        seen.append(True)
        threading.Thread(target=pulse.beat if len(seen) == 1 else pulse.close).start()
        return False

    with pytest.raises(RuntimeError, match="was closed"):
        pulse.wait_for(asked, timeout=60, told=str)
    assert len(seen) >= 2


def test_a_timeout_names_the_condition() -> None:
    """The error says what did not become true, and what the cluster tells of itself."""

    def never() -> bool:
        return False

    with pytest.raises(TimeoutError, match=r"never did not become true within 0\.01 s; all is quiet"):
        Pulse().wait_for(never, timeout=0.01, told=lambda: "all is quiet")
