"""Measures how fast a list of pods is decoded and how much of it stays, next to other clients.

    make bench                                     # installs the peers, then this
    python benches/run.py --pods 2000 --rounds 3 --only listwatch --only lightkube
    python benches/run.py -o json | jq .targets

In:    a number of pods and of rounds
Out:   a table or JSON on stdout, progress on stderr, a file in benches/results/
Next:  report.py
Rules: every single measurement has a process of its own; rounds are interleaved and begin with another contender
       each time; a contender that read anything but the images that were written is an error, not a result;
       a missed target is a result, not an error
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pods
import report
from peers import BY_NAME, OURS, OURS_WITH
from results import Round, figures, targets

_HERE = Path(__file__).parent
_RESULTS = _HERE / "results"


def main() -> int:
    """Run what the command line asks for; 0 also if a target is missed."""
    options = _options()
    names = _installed(options.only or list(BY_NAME))
    if not names:
        _tell("nothing to measure")
        return 1
    with tempfile.TemporaryDirectory(prefix="listwatch-bench-") as folder:
        body = Path(folder) / "pods.json"
        _tell(f"writing {options.pods:,} pods …")
        body.write_bytes(pods.list_body(options.pods, seed=options.seed))
        wanted = _digest(options.pods, options.seed)
        try:
            rounds = [_round(number, options.rounds, names, body, wanted) for number in range(options.rounds)]
            traced = {
                name: _measure(name, body, trace=True) for name in names if BY_NAME[name].group == "ours"
            }
        except WrongResult as error:
            _tell(f"error: {error}")
            return 1
        size = body.stat().st_size
    results = _results(options, rounds, traced, size)
    _keep(results)
    if options.output == "json":
        print(json.dumps(results, indent=2))
    else:
        report.show(results, form=options.output)
    return 0


class WrongResult(Exception):
    """A contender failed, or read something else than was written."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure decoding a list of pods against other clients.")
    parser.add_argument("--pods", type=_positive, default=10_000, metavar="N", help="default 10000")
    parser.add_argument("--rounds", type=_positive, default=5, metavar="R", help="default 5")
    parser.add_argument("--seed", type=int, default=pods.SEED, help=f"of the pods, default {pods.SEED}")
    parser.add_argument(
        "--only", action="append", choices=list(BY_NAME), help="measure this; may be repeated"
    )
    parser.add_argument("-o", "--output", choices=("table", "markdown", "json"), default="table")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def _installed(names: list[str]) -> list[str]:
    for name in names:
        if BY_NAME[name].version is None:
            _tell(f"left out: {name} ({BY_NAME[name].package} is not installed; `make bench` installs it)")
    return [name for name in BY_NAME if name in names and BY_NAME[name].version is not None]


def _round(number: int, rounds: int, names: list[str], body: Path, wanted: str) -> Round:
    start = number % len(names)
    measured: Round = {}
    for name in [*names[start:], *names[:start]]:
        began = time.monotonic()
        found = measured[name] = _measure(name, body)
        _tell(
            f"round {number + 1}/{rounds}  {name:25} {found['decode']['cpu']:7.3f} s CPU, "
            f"{time.monotonic() - began:5.1f} s in all"
        )
        if found["digest"] != wanted:
            raise WrongResult(f"{name} read other images than were written")
    return measured


def _measure(name: str, body: Path, *, trace: bool = False) -> dict[str, Any]:
    command = [sys.executable, str(_HERE / "measure.py"), name, str(body), *(["--trace"] if trace else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WrongResult(f"{name} ended with {done.returncode}:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _digest(count: int, seed: int) -> str:
    digest = hashlib.sha256()
    for pod in pods.pods(count, seed=seed):
        digest.update(pod["spec"]["containers"][0]["image"].encode())
    return digest.hexdigest()


def _results(options: argparse.Namespace, rounds: list[Round], traced: Round, size: int) -> dict[str, Any]:
    measured = figures(rounds, traced)
    return {
        "benchmark": "decode-list",
        "machine": {
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "implementation": platform.python_implementation(),
            "python": platform.python_version(),
            "system": platform.system(),
            "load_at_the_end": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        },
        "parameters": {
            "pods": options.pods,
            "rounds": options.rounds,
            "seed": options.seed,
            "body_bytes": size,
        },
        "compared_with": [name for name in (OURS, OURS_WITH) if name in measured],
        "figures": measured,
        "targets": targets(measured, pods=options.pods),
        "rounds": rounds,
    }


def _keep(results: dict[str, Any]) -> None:
    _RESULTS.mkdir(exist_ok=True)
    file = _RESULTS / f"{results['benchmark']}.json"
    file.write_text(json.dumps(results, indent=2) + "\n")
    _tell(f"written: {file.relative_to(_HERE.parent)}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
