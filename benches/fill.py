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
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pods
from fillers import FILLERS, FLOORS
from replay import served

_HERE = Path(__file__).parent
_RESULTS = _HERE / "results"
_OURS = "listwatch"


class WrongResult(Exception):
    """A contender failed, or has not what was served."""


def main() -> int:
    """Run what the command line asks for; 0 also if a target is missed."""
    options = _options()
    names = [name for name in FILLERS if not options.only or name in options.only]
    with served(options.pods, seed=options.seed) as (url, _):
        rounds = [_round(number, options, names, url) for number in range(options.rounds)]
    results = _results(options, rounds)
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / "fill.json").write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2) if options.output == "json" else table(results))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how an informer is filled.")
    parser.add_argument("--pods", type=int, default=10_000, metavar="N", help="default 10000")
    parser.add_argument("--rounds", type=int, default=5, metavar="R", help="default 5")
    parser.add_argument("--seed", type=int, default=pods.SEED, help=f"of the pods, default {pods.SEED}")
    parser.add_argument(
        "--only", action="append", choices=list(FILLERS), help="measure this; may be repeated"
    )
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table")
    return parser.parse_args()


def _round(number: int, options: argparse.Namespace, names: list[str], url: str) -> dict[str, Any]:
    start = number % len(names)
    measured = {}
    for name in [*names[start:], *names[:start]]:
        command = [sys.executable, str(_HERE / "fillers.py"), name, url, str(options.pods)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise WrongResult(f"{name} ended with {done.returncode}:\n{done.stderr}")
        found = measured[name] = json.loads(done.stdout)
        print(
            f"round {number + 1}/{options.rounds}  {name:22} {found['wall']:8.3f} s, {found['cpu']:8.3f} s CPU",
            file=sys.stderr,
            flush=True,
        )
        if found["pods"] != options.pods:
            raise WrongResult(f"{name} has {found['pods']} pods of {options.pods}")
    return measured


def _results(options: argparse.Namespace, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    figures = {}
    for name, filler in FILLERS.items():
        if name not in rounds[0]:
            continue
        floor = FLOORS.get(name)
        figures[name] = {
            "title": filler.title,
            "wall_seconds": _spread([one[name]["wall"] for one in rounds]),
            "cpu_seconds": _spread([one[name]["cpu"] for one in rounds]),
            # Within a round: a machine that slows down for a while slows both sides.
            "times_floor": _spread([one[name]["wall"] / one[floor]["wall"] for one in rounds])
            if floor in rounds[0]
            else None,
            "times_ours": _spread([one[name]["wall"] / one[_OURS]["wall"] for one in rounds])
            if _OURS in rounds[0]
            else None,
            "kept_kb_per_pod": _spread([one[name]["kept_bytes"] / options.pods / 1000 for one in rounds]),
            "peak_of_kept": _spread(
                [one[name]["peak_bytes"] / max(one[name]["kept_bytes"], 1) for one in rounds]
            ),
        }
        if "relist_peak_bytes" in rounds[0][name]:
            figures[name]["relist_peak_of_kept"] = _spread(
                [one[name]["relist_peak_bytes"] / one[name]["kept_bytes"] for one in rounds]
            )
    return {
        "benchmark": "fill",
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_at_the_end": round(os.getloadavg()[0], 2),
        },
        "parameters": {"pods": options.pods, "rounds": options.rounds, "seed": options.seed},
        "figures": figures,
        "rounds": rounds,
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": round(median(values), 3), "least": round(min(values), 3), "most": round(max(values), 3)}


def table(results: dict[str, Any]) -> str:
    """Columns of text."""
    head = ("", "wall s", "CPU s", "times floor", "times ours", "KB kept", "peak of kept", "relist peak")
    rows = [head]
    for figure in results["figures"].values():
        cells = (
            "wall_seconds",
            "cpu_seconds",
            "times_floor",
            "times_ours",
            "kept_kb_per_pod",
            "peak_of_kept",
            "relist_peak_of_kept",
        )
        rows.append((figure["title"], *(_cell(figure.get(name)) for name in cells)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    text = [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    run, machine = results["parameters"], results["machine"]
    text.append(
        f"\n{run['pods']:,} pods, {run['rounds']} rounds, median (least-most); {machine['cores']} cores, "
        f"Python {machine['python']}, load {machine['load_at_the_end']}"
    )
    return "\n".join(text)


def _cell(spread: dict[str, float] | None) -> str:
    if spread is None:
        return "-"
    return f"{spread['median']:.2f} ({spread['least']:.2f}-{spread['most']:.2f})"


if __name__ == "__main__":
    sys.exit(main())
