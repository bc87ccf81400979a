"""Results as a table: for a terminal, a pipe, or a page.

In:    the results of a run                        (from results.py)
Out:   text
Rules: pure but for `show`, which prints; colours only where rich is installed and somebody looks
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from peers import BY_NAME

HEAD = (
    "",
    "decode, CPU s",
    "wall s",
    "times ours",
    "and read, CPU s",
    "times ours",
    "KB kept",
    "after reading",
)
_WIDE = 140  # columns from which on a terminal shows spreads
_Cell = Callable[[dict[str, float] | None, int], str]

NOTES = (
    "median (least-most of all rounds); times ours = CPU time as a multiple of the first row of the same round",
    "KB = 1000 bytes of resident memory per pod; `and read` = `spec.containers[0].image` of every pod besides",
)


def show(results: dict[str, Any], *, form: str) -> None:
    """Print the results as `table` (with colours on a terminal) or `markdown`."""
    if form == "markdown":
        print(markdown(results))
    elif not (sys.stdout.isatty() and _rich(results)):
        print(plain(results))


def rows(results: dict[str, Any], *, spreads: bool = True) -> list[tuple[str, ...]]:
    """The cells of the main table, one row a contender; without `spreads` medians only."""
    cell = _spread if spreads else _median
    figures = results["figures"]
    first = next(iter(results["compared_with"]), None)
    return [_row(figure, first, cell) for figure in figures.values()]


def _row(figure: dict[str, Any], first: str | None, cell: _Cell) -> tuple[str, ...]:
    ratio = figure["times_slower"].get(first, {})
    return (
        figure["title"],
        cell(figure["decode_cpu_seconds"], 2),
        _median(figure["decode_wall_seconds"], 2),
        cell(ratio.get("decode"), 1),
        cell(figure["with_reading_cpu_seconds"], 2),
        cell(ratio.get("with_reading"), 1),
        _median(figure["kept_kb_per_pod"], 1),
        _median(figure["kept_after_reading_kb_per_pod"], 1),
    )


def verdicts(results: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The cells of the table of targets."""
    return [
        (t["target"], f"{t['wanted']:g}", f"{t['measured']:g}", "met" if t["met"] else "MISSED")
        for t in results["targets"]
    ]


def facts(results: dict[str, Any]) -> list[str]:
    """The lines below the tables."""
    machine, run = results["machine"], results["parameters"]
    lines = [
        *NOTES,
        f"{run['pods']:,} pods, {run['body_bytes'] / 1e6:.1f} MB, seed {run['seed']}, {run['rounds']} rounds; "
        f"{machine['cores']} cores, {machine['implementation']} {machine['python']}, {machine['system']}",
    ]
    versions = {BY_NAME[name].package: figure["version"] for name, figure in results["figures"].items()}
    lines.append(", ".join(f"{package} {number}" for package, number in versions.items() if package))
    counted = [
        f"{figure['title']} {figure['allocated_kb_per_pod']:.1f}"
        for figure in results["figures"].values()
        if figure["allocated_kb_per_pod"] is not None
    ]
    if counted:
        lines.append("KB kept per pod by tracemalloc, untimed run: " + "; ".join(counted))
    return lines


def plain(results: dict[str, Any]) -> str:
    """Columns of text."""
    parts = [_columns([HEAD, *rows(results)])]
    if results["targets"]:
        parts.append(_columns([("target", "wanted", "measured", ""), *verdicts(results)]))
    return "\n\n".join([*parts, "\n".join(facts(results))])


def markdown(results: dict[str, Any]) -> str:
    """For docs/performance.md."""
    parts = [_piped([HEAD, *rows(results)])]
    if results["targets"]:
        parts.append(_piped([("target", "wanted", "measured", ""), *verdicts(results)]))
    return "\n\n".join([*parts, "\n".join(f"- {fact}" for fact in facts(results))])


def _rich(results: dict[str, Any]) -> bool:
    """Print with rich; False if it is not installed."""
    try:
        from rich.box import SIMPLE  # noqa: PLC0415 (optional)
        from rich.console import Console  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
    except ImportError:
        return False
    console = Console()
    wide = console.width >= _WIDE
    head = HEAD if wide else [title.replace(" ", "\n") for title in HEAD]
    table = Table(*head, title="a list of pods, decoded and kept", box=SIMPLE, padding=(0, 1 if wide else 0))
    for figure, row in zip(results["figures"].values(), rows(results, spreads=wide), strict=True):
        table.add_row(*row, style={"ours": "bold green", "floor": "dim"}.get(figure["group"]))
    table.columns[0].min_width = 20
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", wide
    console.print(table)
    goals = Table("target", "wanted", "measured", "", box=SIMPLE, padding=(0, 1))
    for row in verdicts(results):
        goals.add_row(*row, style="bold red" if row[-1] == "MISSED" else None)
    if results["targets"]:
        console.print(goals)
    for fact in facts(results):
        console.print(fact, style="dim", markup=False, highlight=False)
    return True


def _columns(table: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in table
    )


def _piped(table: Sequence[Sequence[str]]) -> str:
    head, *body = table
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *body])


def _median(spread: dict[str, float] | None, digits: int) -> str:
    return "-" if spread is None else f"{spread['median']:.{digits}f}"


def _spread(spread: dict[str, float] | None, digits: int) -> str:
    if spread is None:
        return "-"
    return f"{_median(spread, digits)} ({spread['least']:.{digits}f}-{spread['most']:.{digits}f})"
