"""Faults come, act together, and go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, Caller

from listwatch.apimachinery.clock import LoopClock
from listwatch.apiserver.faults import Delay, Fault, FaultPlan, Refuse
from listwatch.apiserver.journal.journal import Journal


def test_several_faults_act_together(virtual: Any) -> None:
    """All that strike take effect, and the journal names them."""

    async def main() -> None:
        clock = LoopClock()
        plan, journal = FaultPlan(clock=clock), Journal(clock=clock)
        caller = Caller(clock=clock, interceptor=plan.intercept, observers=[journal])
        plan.bind(caller.server)
        plan.add(Fault(effect=Delay(seconds=3), label="slow"))
        plan.add(Fault(effect=Refuse(code=503), label="down", first=1))
        assert (await caller.get(CONFIG_MAPS)).status == 503
        assert asyncio.get_running_loop().time() == 3
        assert (await caller.get(CONFIG_MAPS)).status == 200
        assert [(entry.status, entry.fault) for entry in journal] == [(503, "slow; down"), (200, "slow")]
        plan.clear()
        assert list(plan) == []
        await caller.get(CONFIG_MAPS)
        assert list(journal)[-1].fault == ""

    virtual(main)


def test_unused_faults_are_complained_of(virtual: Any) -> None:
    """A fault that never struck is named, also when it is past."""

    async def main() -> None:
        clock = LoopClock()
        plan = FaultPlan(clock=clock)
        caller = Caller(clock=clock, interceptor=plan.intercept)
        plan.bind(caller.server)
        used = plan.add(Fault(effect=Delay(seconds=1), verb="list"))
        await caller.get(CONFIG_MAPS)
        plan.assert_all_struck()
        with plan.add(Fault(effect=Delay(seconds=1), verb="watch", label="never")) as unused:
            pass
        assert plan.unused == [unused]
        assert len(plan) == 1
        with pytest.raises(AssertionError, match=r"1 faults never struck:\n +<Fault never: struck 0 of 0>"):
            plan.assert_all_struck()
        assert used.struck == 1

    virtual(main)
