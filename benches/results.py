"""What many single measurements say together: medians, spreads, ratios, and whether the targets are met.

In:    one mapping per round and contender     (from measure.py, through run.py)
Out:   the results, as plain values that are the JSON file
Next:  report.py
Rules: pure; a ratio is taken within a round, between processes that ran minutes apart at most, and then the
       median of the rounds, so that a machine which slows down for a while slows both sides of it
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

from peers import BY_NAME, OURS, OURS_WITH

Round = dict[str, dict[str, Any]]
"""What each contender measured in one round."""

KILOBYTE = 1000
"""Bytes; a list of 10,000 pods of 11.5 KB is 115 MB."""

_ENOUGH_PODS = 5_000  # with fewer, times are noise, and what the warm-up left free hides some of what is kept
_SPEED = (("lightkube", 8.0), ("kubernetes", 30.0))
_MEMORY = ((OURS, 8.0), (OURS_WITH, 12.5))


def figures(rounds: list[Round], traced: Round) -> dict[str, Any]:
    """Per contender: every figure as median, least and most of all rounds."""
    names = [name for name in BY_NAME if name in rounds[0]]
    return {name: _figure(name, rounds, traced.get(name)) for name in names}


def targets(measured: dict[str, Any], *, pods: int) -> list[dict[str, Any]]:
    """What was asked for, what was measured and whether it is enough; only where both
    sides were measured, on enough pods to mean something."""
    found: list[dict[str, Any]] = []
    if pods < _ENOUGH_PODS:
        return found
    for ours in (OURS, OURS_WITH):
        for peer, wanted in _SPEED:
            if ours in measured and peer in measured:
                ratio = measured[peer]["times_slower"][ours]["decode"]["median"]
                title = f"{BY_NAME[ours].title}: times faster than {peer}, at least"
                found.append(_target(title, wanted, ratio, met=ratio >= wanted))
    for ours, wanted in _MEMORY:
        kept = measured.get(ours, {}).get("kept_kb_per_pod")
        if kept is not None:
            title = f"{BY_NAME[ours].title}: KB kept per pod, at most"
            found.append(_target(title, wanted, kept["median"], met=kept["median"] <= wanted))
    return found


def _target(title: str, wanted: float, measured: float, *, met: bool) -> dict[str, Any]:
    return {"target": title, "wanted": wanted, "measured": round(measured, 2), "met": met}


def _figure(name: str, rounds: list[Round], traced: dict[str, Any] | None) -> dict[str, Any]:
    contender = BY_NAME[name]
    mine = [measured[name] for measured in rounds]

    def per_pod(field: str) -> dict[str, float] | None:
        sizes = [m[field] for m in mine]
        return None if None in sizes else _spread(size / mine[0]["pods"] / KILOBYTE for size in sizes)

    return {
        "title": contender.title,
        "group": contender.group,
        "version": contender.version,
        "decode_cpu_seconds": _spread(map(decode, mine)),
        "decode_wall_seconds": _spread(m["decode"]["wall"] for m in mine),
        "with_reading_cpu_seconds": _spread(map(with_reading, mine)),
        "with_reading_wall_seconds": _spread(m["decode"]["wall"] + m["read"]["wall"] for m in mine),
        "kept_kb_per_pod": per_pod("kept_bytes"),
        "kept_after_reading_kb_per_pod": per_pod("kept_after_reading_bytes"),
        "peak_kb_per_pod": per_pod("peak_bytes"),
        "allocated_kb_per_pod": traced and round(traced["allocated_bytes"] / traced["pods"] / KILOBYTE, 3),
        "times_slower": {
            ours: {
                "decode": _ratio(rounds, name, ours, decode),
                "with_reading": _ratio(rounds, name, ours, with_reading),
            }
            for ours in (OURS, OURS_WITH)
            if ours in rounds[0]
        },
    }


def decode(measured: dict[str, Any]) -> float:
    """CPU seconds to decode and keep the list."""
    return float(measured["decode"]["cpu"])


def with_reading(measured: dict[str, Any]) -> float:
    """CPU seconds to decode and keep the list, then to read one image of each pod."""
    return float(measured["decode"]["cpu"] + measured["read"]["cpu"])


def _ratio(
    rounds: list[Round], theirs: str, ours: str, of: Callable[[dict[str, Any]], float]
) -> dict[str, float]:
    return _spread(of(measured[theirs]) / of(measured[ours]) for measured in rounds)


def _spread(values: Iterable[float]) -> dict[str, float]:
    known = sorted(values)
    return {
        "median": round(median(known), 4),
        "least": round(known[0], 4),
        "most": round(known[-1], 4),
    }
