"""One event: its type, its object or its Status."""

from __future__ import annotations

import pytest

from listwatch.api.core_v1 import Pod, Secret
from listwatch.apimachinery.errors import Expired, Status, TooManyRequests
from listwatch.apimachinery.watch_event import EventType, WatchEvent


def test_types_are_the_wires_words() -> None:
    """A type prints as on the wire and compares with text, so that the article's program reads as it does."""
    assert [f"{each}" for each in EventType] == ["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]
    assert EventType("ADDED") == "ADDED"


def test_an_event_has_its_object() -> None:
    """Type and object, and no error."""
    pod = Pod.from_json(b'{"metadata":{"name":"p"}}')
    event = WatchEvent(EventType.ADDED, pod)
    assert event.object is pod
    assert event.error is None
    assert repr(event) == "<ADDED <Pod p resource_version=None>>"


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        (Status(code=410, reason="Expired", message="too old"), Expired, "<ERROR too old>"),
        (Status(code=429), TooManyRequests, "<ERROR None>"),
    ],
)
def test_an_error_event_is_an_exception_to_be_raised(
    status: Status, error: type[Exception], told: str
) -> None:
    """The Status as the exception of its reason; asking for the object raises it."""
    event: WatchEvent[Pod] = WatchEvent(EventType.ERROR, status=status)
    assert type(event.error) is error
    assert repr(event) == told
    with pytest.raises(error):
        _ = event.object


def test_an_event_of_nothing_says_so() -> None:
    """Neither object nor Status: a programming error, told as one."""
    event: WatchEvent[Pod] = WatchEvent(EventType.ADDED)
    with pytest.raises(ValueError, match="ADDED event without an object"):
        _ = event.object


def test_repr_shows_no_content() -> None:
    """An event about a Secret is shown by the Secret's name."""
    event = WatchEvent(EventType.MODIFIED, Secret(data={"p": b"hush"}))
    assert "hush" not in repr(event)
    assert "aHVzaA" not in repr(event)
