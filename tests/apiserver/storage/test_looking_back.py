"""Keys, histories, views and differences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from listwatch.apiserver.kinds.resources import builtin_resources
from listwatch.apiserver.storage.looking_back import (
    UnknownResourceError,
    View,
    find_place,
    find_resource,
    history,
)
from listwatch.apiserver.storage.revision_log import CompactedError, Origin, RevisionLog

REGISTRY = builtin_resources()
START = datetime(2026, 1, 1, tzinfo=UTC)


def value(name: str, **more: Any) -> dict[str, Any]:
    """A stored object."""
    return {"metadata": {"name": name, "namespace": "default"}, **more}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("pods", "pods"),
        ("pod", "pods"),
        ("Pod", "pods"),
        ("po", "pods"),
        ("deploy", "deployments.apps"),
        ("deployments.apps", "deployments.apps"),
        ("Deployment.apps", "deployments.apps"),
    ],
)
def test_names_of_resources(name: str, found: str) -> None:
    """A resource goes by plural, singular, kind and short names, with or without its group."""
    assert find_resource(REGISTRY, name).qualified == found


def test_a_name_that_nothing_has() -> None:
    """An unknown name, or a known one in a wrong group, is named."""
    for name in ("gadgets", "pods.apps"):
        with pytest.raises(UnknownResourceError, match=name):
            find_resource(REGISTRY, name)


@pytest.mark.parametrize(
    ("key", "of_object", "namespace", "found"),
    [
        ("pods/shop/web", True, None, ("shop", "web")),
        ("pods/web", True, None, ("default", "web")),
        ("pods/web", True, "shop", ("shop", "web")),
        ("nodes/n1", True, None, ("", "n1")),
        ("nodes/n1", True, "shop", ("", "n1")),
        ("pods", False, None, ("", "")),
        ("pods/shop", False, None, ("shop", "")),
        ("pods", False, "shop", ("shop", "")),
        ("nodes", False, None, ("", "")),
    ],
)
def test_keys(key: str, of_object: bool, namespace: str | None, found: tuple[str, str]) -> None:
    """A key of an object ends with its name, that of a collection with its namespace."""
    place = find_place(REGISTRY, key, of_object=of_object, namespace=namespace)
    assert (place.namespace, place.name) == found


@pytest.mark.parametrize(
    ("key", "of_object"),
    [
        ("pods", True),
        ("pods/a/b/c", True),
        ("nodes", True),
        ("nodes/a/b", True),
        ("pods/a/b", False),
        ("nodes/a", False),
    ],
)
def test_keys_with_the_wrong_number_of_parts(key: str, of_object: bool) -> None:
    """Too few or too many parts are refused with the form that is right."""
    with pytest.raises(ValueError, match="is no key of"):
        find_place(REGISTRY, key, of_object=of_object)


def test_a_history_goes_through_deletions() -> None:
    """All retained changes, oldest first, signed or not; copies that may be changed."""
    log = RevisionLog()
    log.put("configmaps", "default/a", value("a")).origin = Origin(START, "jane", 7)
    log.delete("configmaps", "default/a")
    log.put("configmaps", "default/a", value("a", data={"n": "2"}))
    steps = history(log, find_place(REGISTRY, "cm/a", of_object=True))
    assert [(step.revision, step.type, step.user, step.request) for step in steps] == [
        (1, "ADDED", "jane", 7),
        (2, "DELETED", "", 0),
        (3, "ADDED", "", 0),
    ]
    assert (steps[0].time, steps[1].time) == (START, None)
    assert (steps[0].object["kind"], steps[0].object["apiVersion"]) == ("ConfigMap", "v1")
    steps[2].object["data"]["n"] = "spoiled"
    assert View(log, REGISTRY, 3).get("cm/a")["data"] == {"n": "2"}  # type: ignore[index]  # it is there


def test_differences() -> None:
    """What was added, changed and deleted; what was changed back and forth is changed; the rest is not told."""
    log = RevisionLog()
    for name in "abc":
        log.put("configmaps", f"default/{name}", value(name))
    before = View(log, REGISTRY, log.revision)
    log.put("configmaps", "default/b", value("b", data={}))
    log.delete("configmaps", "default/c")
    log.put("configmaps", "default/d", value("d"))
    log.put("pods", "default/x", value("x"))
    after = View(log, REGISTRY, log.revision)
    told = [
        (each.type, each.key, each.before is None, each.after is None) for each in before.differences(after)
    ]
    assert sorted(told) == [
        ("ADDED", "configmaps/default/d", True, False),
        ("ADDED", "pods/default/x", True, False),
        ("DELETED", "configmaps/default/c", False, True),
        ("MODIFIED", "configmaps/default/b", False, False),
    ]
    assert list(after.differences(after)) == []


def test_a_view_outlives_compaction() -> None:
    """What was taken stays; what was not can no longer be had."""
    log = RevisionLog()
    log.put("configmaps", "default/a", value("a"))
    log.put("configmaps", "default/b", value("b"))
    view = View(log, REGISTRY, 1)
    log.compact()
    assert [each["metadata"]["name"] for each in view.list("configmaps")] == ["a"]
    with pytest.raises(CompactedError):
        View(log, REGISTRY, 1)


def test_the_revision_at_a_moment() -> None:
    """The newest change that had been made by then; the floor where none had."""
    log = RevisionLog()
    for number in range(3):
        change = log.put("configmaps", f"default/{number}", value(str(number)))
        change.origin = Origin(START + timedelta(seconds=number * 10))
    assert [log.revision_at(START + timedelta(seconds=at)) for at in (-1, 0, 9, 10, 100)] == [0, 1, 1, 2, 3]
