"""Beginning: bare Python, `import listwatch`, `listwatch --version`.

    python benches/startup.py                # eleven rounds

In:    nothing
Out:   a table or JSON on stdout, a file in benches/results/
Rules: wall time from the start of a process to its end; rounds are interleaved; "more" is within a round
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from figures import FORMS_OF_OUTPUT, cell, machine, publish, spread, target

_COMMANDS = {
    "bare Python": [sys.executable, "-c", "pass"],
    "import listwatch": [sys.executable, "-c", "import listwatch"],
    "listwatch --version": [str(Path(sys.executable).with_name("listwatch")), "--version"],
}


def milliseconds(command: list[str]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


def main() -> int:
    """Run what the command line asks for; 0 also if a target is missed."""
    parser = argparse.ArgumentParser(description="Measure how long it takes to begin.")
    parser.add_argument("--rounds", type=int, default=11, metavar="R", help="default 11")
    parser.add_argument("-o", "--output", choices=FORMS_OF_OUTPUT, default="table")
    options = parser.parse_args()
    for command in _COMMANDS.values():
        milliseconds(command)
    rounds = [
        {name: milliseconds(command) for name, command in _COMMANDS.items()} for _ in range(options.rounds)
    ]
    bare, imported, version = _COMMANDS
    figures = {name: spread([one[name] for one in rounds]) for name in _COMMANDS}
    figures["import listwatch, more than bare Python"] = spread([one[imported] - one[bare] for one in rounds])
    results = {
        "benchmark": "startup",
        "machine": machine(),
        "parameters": {"rounds": options.rounds},
        "figures": figures,
        "targets": [
            target("listwatch --version, ms", wanted=120.0, found=figures[version]["median"]),
            target(
                "import listwatch, ms more than bare Python",
                wanted=60.0,
                found=figures["import listwatch, more than bare Python"]["median"],
            ),
        ],
    }
    rows = [("beginning", "ms"), *((name, cell(figure, 0)) for name, figure in figures.items())]
    publish(results, rows, form=options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
