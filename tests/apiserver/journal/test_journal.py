"""The journal of requests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, PODS, Caller, config_map

from listwatch.apimachinery.clock import LoopClock
from listwatch.apiserver.journal.journal import Journal, fits_resource


def journal(**options: Any) -> tuple[Journal, Caller]:
    """A journal and a caller of the server that keeps it."""
    clock = LoopClock()
    kept = Journal(clock=clock, **options)
    return kept, Caller(clock=clock, observers=[kept])


def test_what_is_written_down(virtual: Any) -> None:
    """An entry tells who asked for what with which options, and how it went; never credentials."""

    async def main() -> None:
        kept, caller = journal()
        await caller.get(f"{PODS}?limit=5&continue=secret", user_agent="tool/1.0")
        (entry,) = kept
        assert (entry.number, entry.user, entry.user_agent, entry.verb) == (1, "admin", "tool/1.0", "list")
        assert (entry.group, entry.version, entry.resource, entry.namespace) == ("", "v1", "pods", "default")
        assert entry.query == (("limit", "5"), ("continue", "…"))
        assert (entry.option("limit"), entry.option("watch")) == ("5", "")
        assert (entry.status, entry.end, entry.fault) == (400, "complete", "")
        assert str(entry) == f"#1 LIST {PODS}?limit=5&continue=… 400 (admin)"

    virtual(main)


def test_durations_go_to_the_end_of_the_body(virtual: Any) -> None:
    """A watch lasts until it ends; until then it is among what is open."""

    async def main() -> None:
        kept, caller = journal()
        watch = await caller.watch(f"{PODS}?watch=1&timeoutSeconds=7")
        await watch.settle()
        assert [entry.verb for entry in kept.open] == ["watch"]
        assert len(kept) == 0
        await asyncio.sleep(10)
        assert [(entry.verb, entry.duration) for entry in kept] == [("watch", 7.0)]
        assert kept.open == []

    virtual(main)


def test_updates_say_whether_they_named_a_version(virtual: Any) -> None:
    """Of a replacement's body one thing is kept: whether it said what it replaces; of YAML nothing is known."""

    async def main() -> None:
        kept, caller = journal()
        made = await caller.create(CONFIG_MAPS, config_map("a"))
        target = f"{CONFIG_MAPS}/a"
        await caller.send("PUT", target, config_map("a"))
        await caller.send("PUT", target, {**made, "metadata": {"name": "a", "resourceVersion": "7"}})
        await caller.send("PUT", target, b"metadata: {name: a}", content_type="application/yaml")
        assert [entry.names_version for entry in kept] == [None, False, True, None]

    virtual(main)


def test_filters(virtual: Any) -> None:
    """Every filter narrows; what is not given does not matter."""

    async def main() -> None:
        kept, caller = journal()
        await caller.get(PODS, user_agent="kopf/1")
        await caller.get("/apis/apps/v1/deployments", user_agent="lightkube")
        await caller.get(f"{PODS}/none")

        def numbers(**wanted: Any) -> list[int]:
            return [entry.number for entry in kept.requests(**wanted)]

        assert numbers() == [1, 2, 3]
        assert numbers(verb="list") == [1, 2]
        assert numbers(resource="pods") == [1, 3]
        assert numbers(resource="deployments.apps") == [2]
        assert numbers(namespace="") == [2]
        assert numbers(name="none", status=404) == [3]
        assert numbers(user_agent="kopf") == [1]
        assert numbers(user="jane") == []

    virtual(main)


def test_the_oldest_go_first(virtual: Any) -> None:
    """The journal keeps as many as it was told, says how many it has forgotten, and can begin anew."""

    async def main() -> None:
        kept, caller = journal(limit=2)
        for _ in range(5):
            await caller.get("/version")
        assert [entry.number for entry in kept] == [4, 5]
        assert kept.forgotten == 3
        kept.clear()
        assert (list(kept), kept.forgotten) == ([], 0)

    virtual(main)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ("deployments", True),
        ("deployments.apps", True),
        ("deployments.extensions", False),
        ("deployments/status", False),
        ("deployments/*", True),
        ("*", True),
        ("pods", False),
    ],
)
def test_names_of_resources(wanted: str, fits: bool) -> None:
    """A resource is named with or without its group; a part only by name or by `*`."""
    assert fits_resource(wanted, "apps", "deployments", "") is fits
