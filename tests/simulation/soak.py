"""The simulation of test_convergence.py for as long as one likes, with fresh seeds.

    make soak                                  # until Ctrl-C
    python tests/simulation/soak.py --seconds 3600 --seed 7

In:    a time, a first seed
Out:   a line for each batch; a failure is made small, printed as Python with its seed, and ends it with exit code 1
"""
# ruff: noqa: E402, T201 (a program: it finds its helpers itself, and prints)

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import test_convergence as simulation
from faults import FaultKind, FaultyTransport
from informer_follower import InformerFollower
from reflector_follower import ReflectorFollower


class Struck:
    """Counts what the transports of all runs let happen."""

    def __init__(self) -> None:
        self.faults: Counter[FaultKind] = Counter()
        self.runs = 0
        count = FaultyTransport._count
        make = FaultyTransport.__init__

        def counted(transport: FaultyTransport, kind: FaultKind) -> None:
            self.faults[kind] += 1
            count(transport, kind)

        def made(transport: FaultyTransport, *args: object) -> None:
            self.runs += 1
            make(transport, *args)  # type: ignore[arg-type]

        FaultyTransport._count = counted  # type: ignore[method-assign]
        FaultyTransport.__init__ = made  # type: ignore[method-assign]


def main() -> int:
    """Batches until the time is up, or somebody has had enough; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description="Simulate until stopped.")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--runs", type=int, default=500, help="in a batch")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    simulation.RUNS = options.runs
    struck, start, number = Struck(), time.monotonic(), options.seed
    try:
        while time.monotonic() - start < options.seconds:
            simulation.SEED = number
            part = 2 + number % 4
            simulation.check_many(0, ReflectorFollower, handlers=False)
            simulation.check_many(part, InformerFollower, handlers=True)
            _tell(struck, number, time.monotonic() - start)
            number += simulation.PARTS
    except KeyboardInterrupt:
        pass
    except AssertionError as error:
        print(f"\n{error}\n\nthe batch of this failure: --seed {number} --runs {options.runs}")
        return 1
    for kind, count in sorted(struck.faults.items()):
        print(f"{count:9,}  {kind.name.lower()}: {kind}")
    return 0


def _tell(struck: Struck, number: int, seconds: float) -> None:
    faults = sum(struck.faults.values())
    print(
        f"{seconds:8.0f} s  seed {number:<12} {struck.runs:9,} runs, {faults:9,} faults, all well", flush=True
    )


if __name__ == "__main__":
    sys.exit(main())
