"""The shared caches: news from watches and from answers, whichever is newer."""

import json
from typing import Any

import msgspec

from listwatch.apiserver.life.controllers.caches import Cache
from listwatch.apiserver.life.controllers.collections import PODS


def value(version: int, *, uid: str = "u", name: str = "p", owner: str = "") -> dict[str, Any]:
    """A pod."""
    meta: dict[str, Any] = {"name": name, "namespace": "n", "uid": uid, "resourceVersion": str(version)}
    if owner:
        meta["ownerReferences"] = [{"uid": owner, "controller": True}]
    return {"metadata": meta, "spec": {"x": version}}


def frame(found: dict[str, Any]) -> msgspec.Raw:
    """As it comes from a watch."""
    return msgspec.Raw(json.dumps(found).encode())


def cache() -> tuple[Cache, list[Any]]:
    """A cache of whole objects, and what its listener was told: versions before and after."""
    made, told = Cache(PODS), []
    made.is_whole = True

    def changed(before: Any, after: Any) -> None:
        told.append(tuple(each and int(each["metadata"]["resourceVersion"]) for each in (before, after)))

    made.listen(changed)
    return made, told


def test_every_change_is_told_once() -> None:
    """An answer that comes before its frame is news, its frame then is not; older versions never count."""
    made, told = cache()
    made.saw("ADDED", frame(value(1)))
    made.wrote(value(3))
    made.saw("MODIFIED", frame(value(2)))
    made.saw("MODIFIED", frame(value(3)))
    made.saw("MODIFIED", frame(value(4)))
    made.saw("DELETED", frame(value(5)))
    assert told == [(None, 1), (1, 3), (3, 4), (4, None)]


def test_what_we_deleted_stays_gone() -> None:
    """Frames that were on their way when a deletion was answered bring nothing back; a new object of that name does."""
    made, told = cache()
    made.saw("ADDED", frame(value(1)))
    made.removed("u")
    made.saw("MODIFIED", frame(value(2)))
    assert made.get("n", "p") is None
    made.saw("DELETED", frame(value(3)))
    made.saw("ADDED", frame(value(4, uid="v")))
    assert made.get("n", "p") == value(4, uid="v")
    assert told == [(None, 1), (1, None), (None, 4)]


def test_a_new_watch_tells_what_vanished() -> None:
    """What a watch that begins anew does not tell again is gone."""
    made, told = cache()
    made.saw("ADDED", frame(value(1)))
    made.saw("ADDED", frame(value(2, uid="v", name="q")))
    made.began()
    made.saw("ADDED", frame(value(2, uid="v", name="q")))
    made.caught_up()
    assert [each["metadata"]["name"] for each in made] == ["q"]
    assert told[-1] == (1, None)
    assert made.has_synced.is_set()


def test_objects_are_found_by_controller_and_namespace() -> None:
    """Indices follow every change, and are empty when the last object is gone."""
    made, _ = cache()
    made.saw("ADDED", frame(value(1, owner="a")))
    assert [each["metadata"]["uid"] for each in made.controlled_by("a")] == ["u"]
    made.saw("MODIFIED", frame(value(2, owner="b")))
    assert made.controlled_by("a") == []
    assert len(made.controlled_by("b")) == len(made.in_namespace("n")) == 1
    made.saw("DELETED", frame(value(3, owner="b")))
    assert (made.controlled_by("b"), made.in_namespace("n"), len(made)) == ([], [], 0)


def test_strange_objects_are_passed_over() -> None:
    """An object without metadata costs a log line and nothing else."""
    made, told = cache()
    made.saw("ADDED", msgspec.Raw(b'{"kind": "x"}'))
    made.saw("ADDED", msgspec.Raw(b"[]"))
    assert told == []


def test_outlines_hold_metadata_only() -> None:
    """A cache that nobody needs whole keeps names and owners, not the rest."""
    made = Cache(PODS)
    made.saw("ADDED", frame(value(1, owner="a")))
    held = made.with_uid("u")
    assert held is not None
    assert "spec" not in held
    assert held["metadata"]["ownerReferences"] == [{"uid": "a", "controller": True}]
