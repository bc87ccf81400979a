"""Reading a cache: one object by its key, those of an index, a look at one in a compact cache.

    python benches/reads.py                  # caches of 10,000 and 100,000 pods of about 1 KB; five rounds

In:    nothing
Out:   a table or JSON on stdout, a file in benches/results/
Rules: each figure is the time of many reads through their number, the median of the rounds; a result of another length
       than it should have is an error; a missed target is a result
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pods
from figures import FORMS_OF_OUTPUT, cell, machine, publish, spread, target
from replay import shrunk

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.key import ObjectKey
from listwatch.shared_informer.compact import Packing
from listwatch.shared_informer.indexer import Indexer
from listwatch.shared_informer.lister import Lister

_SIZES = (10_000, 100_000)
_FOUND = (10, 1000)
_WHOLE = 2000


def filled(count: int) -> Indexer[Pod]:
    """A cache of small pods, sorted into groups of 10 and of 1,000."""
    template = Pod.from_dict(shrunk(next(iter(pods.pods(1)))))
    numbers = itertools.count()

    def made() -> Pod:
        one = template.copy()
        number = next(numbers)
        one.metadata.name = f"pod-{number}"
        return Pod.from_json(one.to_json())

    indexer: Indexer[Pod] = Indexer(
        indices={
            str(found): lambda pod, found=found: [str(int(pod.name.removeprefix("pod-")) // found)]  # type: ignore[misc]
            for found in _FOUND
        }
    )
    indexer.replace([made() for _ in range(count)])
    return indexer


def timed(read: Callable[[int], Any], times: int) -> float:
    """Microseconds a read."""
    began = time.perf_counter()
    for number in range(times):
        read(number)
    return (time.perf_counter() - began) / times * 1e6


def cases(indexer: Indexer[Pod], count: int) -> dict[str, tuple[Callable[[int], Any], int]]:
    """What is read, and how often."""
    namespace = indexer.keys()[0].namespace
    keys = [ObjectKey(namespace, f"pod-{number}") for number in range(count)]
    lister = Lister(indexer, resource=Pod.resource)
    found: dict[str, tuple[Callable[[int], Any], int]] = {
        "get by key": (lambda number: indexer.get(keys[number % count]), 100_000),
        "get by namespace and name": (
            lambda number: lister.get(f"pod-{number % count}", namespace=namespace),
            50_000,
        ),
    }
    for size in _FOUND:
        if any(len(indexer.by_index(str(size), str(group))) != size for group in range(5)):
            raise ValueError(f"an index by {size} gives another number")
        found[f"list {size:,} by index"] = (
            lambda number, size=size: indexer.by_index(str(size), str(number % (count // size))),  # type: ignore[misc]
            100_000 // size,
        )
    return found


def whole_pods() -> list[Pod]:
    """Pods of 6 KB, without managedFields."""
    made = []
    for number, pod in enumerate(pods.pods(_WHOLE)):
        pod["metadata"]["name"] += f"-{number}"
        pod["metadata"].pop("managedFields", None)
        made.append(Pod.from_json(msgspec.json.encode(pod)))
    return made


def compact_cases() -> dict[str, tuple[Callable[[int], Any], int]]:
    """A look at a pod of 6 KB, in a plain and in a compact cache."""
    made = whole_pods()
    keys = [pod.key for pod in made]
    found: dict[str, tuple[Callable[[int], Any], int]] = {}
    for form, keep in (("plain", None), ("compact", Packing[Pod]().pack)):
        indexer: Indexer[Pod] = Indexer(keep=keep)
        indexer.replace(made)

        def get(number: int, indexer: Indexer[Pod] = indexer) -> Pod | None:
            return indexer.get(keys[number % _WHOLE])

        def look(number: int, indexer: Indexer[Pod] = indexer) -> str:
            pod = indexer.get(keys[number % _WHOLE])
            return "" if pod is None else pod.spec.node_name or ""

        found[f"{form}: get a pod of 6 KB"] = (get, 5000)
        found[f"{form}: get it and read its spec"] = (look, 5000)
    return found


def main() -> int:
    """Run what the command line asks for; 0 also if a target is missed."""
    parser = argparse.ArgumentParser(description="Measure reads of a cache.")
    parser.add_argument("--rounds", type=int, default=5, metavar="R", help="default 5")
    parser.add_argument("-o", "--output", choices=FORMS_OF_OUTPUT, default="table")
    options = parser.parse_args()
    measured: dict[str, list[float]] = {}
    for count in _SIZES:
        for name, (read, times) in cases(filled(count), count).items():
            measured[f"{count:,}: {name}"] = [timed(read, times) for _ in range(options.rounds)]
    for name, (read, times) in compact_cases().items():
        measured[name] = [timed(read, times) for _ in range(options.rounds)]
    figures = {name: spread(values) for name, values in measured.items()}
    looked = "get it and read its spec"  # until then nothing is unpacked
    dearer = figures[f"compact: {looked}"]["median"] - figures[f"plain: {looked}"]["median"]
    results = {
        "benchmark": "reads",
        "machine": machine(),
        "parameters": {"rounds": options.rounds},
        "figures": figures,
        "targets": [
            *(
                target(
                    f"{count:,}: get by key, µs",
                    wanted=1.0,
                    found=figures[f"{count:,}: get by key"]["median"],
                )
                for count in _SIZES
            ),
            target("a look in a compact cache is dearer by µs", wanted=15.0, found=dearer),
        ],
    }
    rows = [("reads", "µs"), *((name, cell(figure)) for name, figure in figures.items())]
    publish(results, rows, form=options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
