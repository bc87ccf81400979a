"""Whatever happens on the way, who follows a collection ends where the server is, and was told no lie until then.

Every run is a `Scenario`: writes, faults, restarts and pauses that Hypothesis chooses, played in virtual time. A run
that fails is made as small as possible and printed as Python, `check(Scenario(…))`, which plays it again; put it into
`FOUND` and it is played from then on. The runs are those of `LISTWATCH_SIMULATION_SEED`, the same ones every time
unless it is set; a failure prints it. `LISTWATCH_SIMULATION_RUNS` says how many runs each test has; `make soak` goes
on for as long as you like.
"""

from __future__ import annotations

import os

import pytest
from found import FOUND
from hypothesis import HealthCheck, Phase, given, seed, settings
from informer_follower import InformerFollower
from reflector_follower import ReflectorFollower
from steps import Scenario, scenarios
from world import FollowerFactory, run, tell

SEED = int(os.environ.get("LISTWATCH_SIMULATION_SEED") or 20261123)
RUNS = int(os.environ.get("LISTWATCH_SIMULATION_RUNS", "875"))
PARTS = 6
"""So many tests share the runs; 2 of them are of reflectors alone."""


def check(scenario: Scenario, make: FollowerFactory = InformerFollower) -> None:
    """Run one scenario; fails with what was wrong and how to see it again."""
    problems = run(scenario, make)
    if problems:
        again = f"LISTWATCH_SIMULATION_SEED={SEED} LISTWATCH_SIMULATION_RUNS={RUNS}"
        raise AssertionError(tell(problems, scenario, make.__name__, again))


def check_many(part: int, make: FollowerFactory, *, handlers: bool) -> None:
    """Run as many scenarios as `RUNS` says; no two parts have the same."""

    @seed(SEED + part)
    @settings(
        max_examples=RUNS,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(scenario=scenarios(handlers=handlers))
    def runs(scenario: Scenario) -> None:
        check(scenario, make)

    runs()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(2))
def test_reflectors_converge(part: int) -> None:
    """Every replacement and every change that a store is told is the server's own, in order, once; in the end all."""
    check_many(part, ReflectorFollower, handlers=False)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(2, PARTS))
def test_informers_converge(part: int) -> None:
    """Cache and handlers end where the server is; what each handler was told adds up, in order, nothing twice."""
    check_many(part, InformerFollower, handlers=True)


@pytest.mark.parametrize("make", [ReflectorFollower, InformerFollower], ids=["reflector", "informer"])
@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_stays_found(name: str, make: FollowerFactory) -> None:
    """Every scenario that has failed once, or that is worth knowing by name, goes well."""
    check(FOUND[name], make)
