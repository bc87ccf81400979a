"""How far a cache has come, how long ago that was proven, and waiting for more."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from informer_kit import Virtual, settle

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ListWatchError
from listwatch.shared_informer.freshness import Freshness, is_newer, oldest, order


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("9", "10", -1), ("10", "10", 0), ("2", "1", 1), ("", "1", None), ("1", "0", None)],
)
def test_order(one: str, other: str, expected: int | None) -> None:
    """Versions are ordered as KEP-5504 says, or have no order."""
    assert order(one, other) == expected


VERSIONS = st.one_of(st.integers(0, 2000).map(str), st.sampled_from(["", "x", "01", "\u0663", "1x"]))


@given(VERSIONS, VERSIONS)
def test_is_newer(one: str, other: str) -> None:
    """The quick answer is the full one's."""
    assert is_newer(one, other) is (order(one, other) == 1)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [(["5"], "5"), (["10", "9"], "9"), (["9", "9"], "9"), (["9", ""], ""), (["x", "x"], "x")],
)
def test_oldest(versions: list[str], expected: str) -> None:
    """A cache of several sources is only as far as the last of them; unknown is unknown."""
    assert oldest(versions) == expected


def test_staleness(virtual: Virtual) -> None:
    """Infinite before the first contact of each source, then the seconds since the least recent one."""

    async def main() -> None:
        fresh = Freshness(sources=2, clock=LoopClock())
        assert fresh.staleness() == math.inf
        fresh.note(0, "5")
        assert fresh.staleness() == math.inf
        await asyncio.sleep(10)
        fresh.note(1, "7")
        assert fresh.staleness() == pytest.approx(10)
        assert fresh.staleness([asyncio.get_running_loop().time() - 4, None]) == pytest.approx(4)
        assert fresh.resource_version == "5"

    virtual(main)


def test_caught_up(virtual: Virtual) -> None:
    """Returns at once for what has been reached, else when it is reached, and not before."""

    async def main() -> None:
        fresh = Freshness(sources=1, clock=LoopClock())
        fresh.note(0, "5")
        await fresh.caught_up("4")
        waits = [asyncio.ensure_future(fresh.caught_up(version)) for version in ("6", "7")]
        await settle()
        fresh.note(0, "")
        fresh.note(0, "6")
        await settle()
        assert [each.done() for each in waits] == [True, False]
        fresh.note(0, "10")
        await asyncio.gather(*waits)

    virtual(main)


def test_caught_up_limits(virtual: Virtual) -> None:
    """Too late is a TimeoutError, no version a ValueError; who is cancelled is forgotten."""

    async def main() -> None:
        fresh = Freshness(sources=1, clock=LoopClock())
        with pytest.raises(TimeoutError):
            await fresh.caught_up("6", timeout=3)
        for bad in ("", "0", "x"):
            with pytest.raises(ValueError, match="cannot be ordered"):
                await fresh.caught_up(bad)
        assert fresh._waiting == []

    virtual(main)


def test_caught_up_in_vain(virtual: Virtual) -> None:
    """When no more will come, those who wait and those who come are told; until it goes on."""

    async def main() -> None:
        fresh = Freshness(sources=1, clock=LoopClock())
        wait = asyncio.ensure_future(fresh.caught_up("6"))
        await settle()
        fresh.fail("it has stopped", KeyError("why"))
        with pytest.raises(ListWatchError, match="version 6: it has stopped") as info:
            await wait
        assert isinstance(info.value.__cause__, KeyError)
        with pytest.raises(ListWatchError, match="stopped"):
            await fresh.caught_up("6")
        fresh.reset()
        with pytest.raises(TimeoutError):
            await fresh.caught_up("6", timeout=1)
        fresh.note(0, "6")
        fresh.fail("stopped")
        await fresh.caught_up("6")

    virtual(main)
