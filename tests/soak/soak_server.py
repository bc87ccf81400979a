"""The games of test_history_machine.py for as long as one likes, longer ones, with fresh seeds.

    make soak-server SECONDS=600
    python tests/soak/soak_server.py --seconds 3600

In:    a time
Out:   a line for each batch; a fault is made small, printed as the steps that lead to it, and ends it
"""
# ruff: noqa: E402, T201 (a program: it finds its helpers itself, and prints)

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "apiserver")]

from test_history_machine import DurableMachine, HistoryMachine, play

GAMES = 100
STEPS = 120


def main(arguments: list[str]) -> None:
    """Play until the time is over."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600)
    options = parser.parse_args(arguments)
    logging.disable()  # full disks are part of the game
    began, games = time.monotonic(), 0
    while time.monotonic() - began < options.seconds:
        for machine in (HistoryMachine, DurableMachine):
            play(machine, games=GAMES, steps=STEPS)
            games += GAMES
        print(
            f"{games} games of up to {STEPS} steps, {time.monotonic() - began:.0f} s: as the list has it",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
