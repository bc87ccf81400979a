"""The thread of all test clusters."""

from __future__ import annotations

import asyncio
import threading

import pytest

from listwatch.testing import server_thread
from listwatch.testing.server_thread import shared


def names() -> list[str]:
    """The threads that there are."""
    return [thread.name for thread in threading.enumerate()]


def test_one_thread_for_all_and_none_afterwards() -> None:
    """Whoever comes while it runs shares it; the last to leave ends it."""
    before = names().count("listwatch.testing")
    with shared() as first:
        with shared() as second:
            assert first is second
        assert "listwatch.testing" in names()
        assert first.run(asyncio.sleep(0, "done")) == "done"
    assert names().count("listwatch.testing") == before


def test_a_closed_or_own_thread_is_refused() -> None:
    """Work for a loop that has ended, or that would wait for itself, is refused and not left lying about."""
    thread = server_thread.ServerThread()

    async def inside() -> None:
        thread.run(asyncio.sleep(0))

    with pytest.raises(RuntimeError, match="wait for itself"):
        thread.run(inside())
    thread.close()
    with pytest.raises(RuntimeError, match="closed"):
        thread.run(asyncio.sleep(0))


def test_what_still_runs_is_cancelled_at_the_end() -> None:
    """Tasks that nobody ended are cancelled, and have their chance to clean up."""
    thread = server_thread.ServerThread()
    told = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.append("cleaned up")

    async def begin() -> asyncio.Task[None]:
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        return task

    task = thread.run(begin())
    thread.close()
    assert told == ["cleaned up"]
    assert task.cancelled()
