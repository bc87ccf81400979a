"""A server's parts, before anybody asks them."""

from __future__ import annotations

import random
import uuid

import pytest

from listwatch.apimachinery.clock import LoopClock
from listwatch.apiserver.assembly import FIRST_REVISION, Assembly
from listwatch.apiserver.storage.revision_log import RevisionLog


async def _assembled(log: RevisionLog | None = None) -> Assembly:
    parts = Assembly(
        clock=LoopClock(),
        new_uid=lambda: str(uuid.uuid4()),
        chance=random.Random(1),
        log=log,
        history_limit=100,
        commits=None,
    )
    parts.add_gate("RBAC", None, {})
    parts.add_reading(minimum_watch_seconds=1800, bookmark_interval=60)
    parts.add_writing()
    parts.add_conversions(None, None)
    parts.add_deletion(1)
    parts.add_admission((), None, None)
    return parts


async def test_a_new_cluster_begins_at_its_first_revision() -> None:
    """The bootstrap policy ends there, and what `begin` makes comes after it."""
    parts = await _assembled()
    assert parts.storage.revision == FIRST_REVISION
    made: set[str] = set()
    parts.storage.listen(lambda change: made.add(change.resource))
    parts.begin()
    assert made == {"namespaces", "services", "endpoints", "endpointslices.discovery.k8s.io"}
    await parts.ends.aclose()


async def test_what_another_server_has_left_is_taken_up() -> None:
    """With a log nothing is made again."""
    first = await _assembled()
    first.begin()
    second = await _assembled(first.storage.log.fork())
    second.begin()
    assert second.storage.revision == first.storage.revision
    for parts in (first, second):
        await parts.ends.aclose()


async def test_all_parts_that_write_ask_the_same_admission() -> None:
    """Creates, updates and deletes pass one chain."""
    parts = await _assembled()
    assert parts.writer.admission is parts.deleter.admission is parts.admission
    with pytest.raises(LookupError):
        parts.registry.preferred("", "widgets")
