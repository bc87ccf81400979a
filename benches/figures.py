"""What the benchmarks have in common: spreads, what the machine was, columns, the file of results.

In:    numbers of several rounds
Out:   medians with their spread, JSON in benches/results/, columns of text
Next:  fill.py, follow.py, idle.py, pipeline.py, reads.py, startup.py, watchers.py, workqueue.py
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

FORMS_OF_OUTPUT = ("table", "markdown", "json")
_RESULTS = Path(__file__).parent / "results"


class WrongResult(Exception):
    """A contender failed, or has not what it was given."""


def round_of(
    number: int,
    names: Sequence[str],
    command: Callable[[str], list[str]],
    told: Callable[[dict[str, Any]], str],
) -> dict[str, dict[str, Any]]:
    """Everybody once, each in a process of its own, another first in each round.

    Args:
        number: Of the round, from 0.
        names: Of the contenders.
        command: What to run for one of them: it prints a JSON object.
        told: What to say of that on the way.

    Raises:
        WrongResult: A process failed.
    """
    start = number % len(names)
    measured = {}
    for name in [*names[start:], *names[:start]]:
        done = subprocess.run(command(name), capture_output=True, text=True, check=False)
        if done.returncode:
            raise WrongResult(f"{name} ended with {done.returncode}:\n{done.stderr}")
        measured[name] = json.loads(done.stdout)
        tell(f"round {number + 1}  {name:22} {told(measured[name])}")
    return measured


def events_told(found: dict[str, Any]) -> str:
    """A rate, to say on the way."""
    return f"{found['events'] / found['cpu']:10,.0f} events per CPU second"


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": round(median(values), 3), "least": round(min(values), 3), "most": round(max(values), 3)}


def machine() -> dict[str, Any]:
    """Where this was measured."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_at_the_end": round(os.getloadavg()[0], 2),
    }


def target(title: str, *, wanted: float, found: float, is_most: bool = True) -> dict[str, Any]:
    """What was wanted at most (or at least), and whether it is so."""
    is_met = found <= wanted if is_most else found >= wanted
    bound = "at most" if is_most else "at least"
    return {"target": f"{title}, {bound}", "wanted": wanted, "measured": round(found, 3), "met": is_met}


def publish(results: dict[str, Any], table: Sequence[Sequence[str]], *, form: str) -> None:
    """Keep the results, and print them in one of `FORMS_OF_OUTPUT`."""
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"{results['benchmark']}.json").write_text(json.dumps(results, indent=2) + "\n")
    if form == "json":
        print(json.dumps(results, indent=2))
        return
    if form == "markdown":
        print(markdown(table))
        return
    print(columns(table))
    for each in results["targets"]:
        verdict = "met" if each["met"] else "MISSED"
        print(f"{each['target']} {each['wanted']:,}: {each['measured']:,}: {verdict}")
    told = results["machine"]
    print(f"{told['cores']} cores, Python {told['python']}, load {told['load_at_the_end']}\n")


def markdown(table: Sequence[Sequence[str]]) -> str:
    """The table as docs/performance.md has it."""
    head, *rows = table
    rule = ["---", *("--:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def columns(table: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first to the left."""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in table
    )


def cell(found: dict[str, float], digits: int = 2) -> str:
    """A median and its spread, to show."""
    return f"{found['median']:,.{digits}f} ({found['least']:,.{digits}f}-{found['most']:,.{digits}f})"


def tell(line: str) -> None:
    """Say how far a run has come."""
    print(line, file=sys.stderr, flush=True)
