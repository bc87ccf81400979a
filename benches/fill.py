"""An informer filled from a replay: how long it takes and how much it keeps, next to the floor and the peers.

    python benches/fill.py                           # 10,000 pods of 11.5 KB, five rounds
    python benches/fill.py --pods 100000 --rounds 1 --only listwatch

In:    a number of pods and of rounds
Out:   a table or JSON on stdout, progress on stderr, a file in benches/results/
Next:  replay.py (serves), fillers.py (who is measured)
Rules: the server and every single measurement have a process each; rounds are interleaved and begin with another
       contender each time; whoever has not got every pod is an error, not a result; a missed target is a result
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pods
from figures import FORMS_OF_OUTPUT, WrongResult, cell, machine, publish, round_of, spread, target
from fillers import FILLERS, FLOORS, OVER_TLS
from replay import served

_HERE = Path(__file__).parent
_OURS, _COMPACT = "listwatch", "listwatch-compact"
_ONCE = {"kr8s"}
"""Takes minutes: measured in the first round only."""


def main() -> int:
    """Run what the command line asks for; 0 also if a target is missed."""
    options = _options()
    names = [name for name in FILLERS if not options.only or name in options.only]
    with contextlib.ExitStack() as stack:
        urls = dict.fromkeys(names, stack.enter_context(served(options.pods, seed=options.seed))[0])
        if tls := [name for name in names if name in OVER_TLS]:
            arguments = ["--tls", "--streams-only"]
            server = stack.enter_context(served(options.pods, seed=options.seed, arguments=arguments))
            urls |= dict.fromkeys(tls, server[0])
        rounds = [_round(number, options, names, urls) for number in range(options.rounds)]
    results = _results(options, rounds)
    publish(results, _table(results), form=options.output)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how an informer is filled.")
    parser.add_argument("--pods", type=int, default=10_000, metavar="N", help="default 10000")
    parser.add_argument("--rounds", type=int, default=5, metavar="R", help="default 5")
    parser.add_argument("--seed", type=int, default=pods.SEED, help=f"of the pods, default {pods.SEED}")
    parser.add_argument(
        "--only", action="append", choices=list(FILLERS), help="measure this; may be repeated"
    )
    parser.add_argument("-o", "--output", choices=FORMS_OF_OUTPUT, default="table")
    return parser.parse_args()


def _round(
    number: int, options: argparse.Namespace, names: list[str], urls: dict[str, str]
) -> dict[str, Any]:
    names = [name for name in names if number == 0 or name not in _ONCE]
    measured = round_of(
        number,
        names,
        lambda name: [sys.executable, str(_HERE / "fillers.py"), name, urls[name], str(options.pods)],
        lambda found: f"{found['wall']:8.3f} s, {found['cpu']:8.3f} s CPU",
    )
    for name, found in measured.items():
        if found["pods"] != options.pods:
            raise WrongResult(f"{name} has {found['pods']} pods of {options.pods}")
    return measured


def _results(options: argparse.Namespace, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    figures = {}
    for name, filler in FILLERS.items():
        if name not in rounds[0]:
            continue
        own = [one for one in rounds if name in one]
        floor = FLOORS.get(name)
        figures[name] = {
            "title": filler.title,
            "wall_seconds": spread([one[name]["wall"] for one in own]),
            "cpu_seconds": spread([one[name]["cpu"] for one in own]),
            # Within a round: a machine that slows down for a while slows both sides.
            "times_floor": _ratio(own, name, floor),
            "times_ours": _ratio(own, name, _OURS),
            "kept_kb_per_pod": spread([one[name]["kept_bytes"] / options.pods / 1000 for one in own]),
            "peak_of_kept": spread(
                [one[name]["peak_bytes"] / max(one[name]["kept_bytes"], 1) for one in own]
            ),
        }
        if "relist_peak_bytes" in own[0][name]:
            figures[name]["relist_peak_of_kept"] = spread(
                [one[name]["relist_peak_bytes"] / one[name]["kept_bytes"] for one in own]
            )
    return {
        "benchmark": "fill",
        "machine": machine(),
        "parameters": {"pods": options.pods, "rounds": options.rounds, "seed": options.seed},
        "figures": figures,
        "targets": list(_targets(figures)),
        "rounds": rounds,
    }


def _ratio(rounds: list[dict[str, Any]], name: str, other: str | None) -> dict[str, float] | None:
    if other not in rounds[0]:
        return None
    return spread([one[name]["wall"] / one[other]["wall"] for one in rounds])


def _targets(figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if (ours := figures.get(_OURS)) is None:
        return
    if ours["times_floor"] is not None:
        yield target("times the floor", wanted=2.5, found=ours["times_floor"]["median"])
    for name, least in (("kubernetes", 30), ("lightkube", 8)):
        if name in figures:
            found = figures[name]["times_ours"]["median"]
            yield target(f"times faster than {name}", wanted=least, found=found, is_most=False)
    yield target("KB kept a pod", wanted=7.5, found=ours["kept_kb_per_pod"]["median"])
    yield target("peak, times what is kept", wanted=1.5, found=ours["peak_of_kept"]["median"])
    yield target(
        "peak of a relist, times what is kept", wanted=2.2, found=ours["relist_peak_of_kept"]["median"]
    )
    if (compact := figures.get(_COMPACT)) is not None:
        yield target("compact: KB kept a pod", wanted=1.0, found=compact["kept_kb_per_pod"]["median"])


def _table(results: dict[str, Any]) -> list[tuple[str, ...]]:
    run = results["parameters"]
    head = (
        f"{run['pods']:,} pods, {run['rounds']} rounds, median (least-most)",
        "wall s",
        "CPU s",
        "times floor",
        "times ours",
        "KB kept",
        "peak of kept",
        "relist peak",
    )
    cells = (
        "wall_seconds",
        "cpu_seconds",
        "times_floor",
        "times_ours",
        "kept_kb_per_pod",
        "peak_of_kept",
        "relist_peak_of_kept",
    )
    return [
        head,
        *(
            (figure["title"], *("-" if figure.get(name) is None else cell(figure[name]) for name in cells))
            for figure in results["figures"].values()
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
