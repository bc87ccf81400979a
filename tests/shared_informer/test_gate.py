"""Something that happens once, or turns out never to happen."""

from __future__ import annotations

import asyncio

import pytest
from informer_kit import Virtual, settle

from listwatch.apimachinery.errors import ListWatchError
from listwatch.shared_informer.gate import Gate


def test_gate(virtual: Virtual) -> None:
    """71: done at once, done later, and never done: who waits is told which, each with an error of his own."""

    async def main() -> None:
        gate = Gate()
        waits = [asyncio.ensure_future(gate.wait()) for _ in range(3)]
        await settle()
        waits.pop().cancel()
        gate.fail("the producer died", KeyError("why"))
        errors = await asyncio.gather(*waits, return_exceptions=True)
        assert [str(each) for each in errors] == ["the producer died"] * 2
        assert errors[0] is not errors[1]
        with pytest.raises(ListWatchError, match="died"):
            await gate.wait()
        gate.reset()
        later = asyncio.ensure_future(gate.wait())
        await settle()
        gate.open()
        await later
        gate.fail("too late to fail")
        await gate.wait()
        assert gate.is_open

    virtual(main)


def test_opened_between(virtual: Virtual) -> None:
    """Opened after it failed, it lets everybody through."""

    async def main() -> None:
        gate = Gate()
        gate.fail("not yet")
        gate.open()
        await gate.wait()

    virtual(main)
