"""One contender, once, in a process of its own: prints one JSON line.

In:    a contender's name and the file with the body
Out:   seconds of decoding and of reading all images afterwards, bytes kept, the digest of what was read
Next:  run.py (starts this, many times)
Rules: libraries are loaded and warmed up on another body first; the cycle collector stays as Python starts it;
       memory is what the process holds after a collection and after free pages went back to the system
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import hashlib
import json
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pods
from peers import BY_NAME, Decoding

_SMAPS = Path("/proc/self/smaps_rollup")
_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


class Stopwatch:
    """Wall and CPU seconds of a `with` block."""

    wall = cpu = 0.0

    def __enter__(self) -> Stopwatch:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu

    def seconds(self) -> dict[str, float]:
        return {"wall": self.wall, "cpu": self.cpu}


def resident_bytes() -> int | None:
    """Resident memory after everything that can be freed is freed; None where the system does not tell."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        return _kilobytes(_SMAPS, "Rss:") * 1024
    except (OSError, AttributeError):
        return None


def _kilobytes(file: Path, field: str) -> int:
    line = next(line for line in file.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1])


def forget_peak() -> None:
    if _CLEAR_REFS.exists():
        _CLEAR_REFS.write_text("5")


def peak_bytes() -> int | None:
    return _kilobytes(_STATUS, "VmHWM:") * 1024 if _STATUS.exists() else None


def _warm(decoding: Decoding) -> None:
    for pod in decoding.pods(decoding.decode(pods.list_body(50, seed=1))):
        decoding.image(pod)


def _less(after: int | None, before: int | None) -> int | None:
    return None if after is None or before is None else after - before


def timed(decoding: Decoding, file: Path) -> dict[str, Any]:
    """Decode and keep, then read; memory by the system's account."""
    _warm(decoding)
    before = resident_bytes()
    body = file.read_bytes()
    gc.collect()
    forget_peak()
    with Stopwatch() as decode:
        kept = decoding.decode(body)
    peak, size = peak_bytes(), len(body)
    del body
    kept_bytes = _less(resident_bytes(), before)
    digest = hashlib.sha256()
    with Stopwatch() as read:
        images = [decoding.image(pod) for pod in decoding.pods(kept)]
    kept_after = _less(resident_bytes(), before)
    for image in images:
        digest.update(image.encode())
    return {
        "pods": len(images),
        "body_bytes": size,
        "decode": decode.seconds(),
        "read": read.seconds(),
        "kept_bytes": kept_bytes,
        "kept_after_reading_bytes": kept_after,
        "peak_bytes": _less(_less(peak, before), size),
        "digest": digest.hexdigest(),
    }


def traced(decoding: Decoding, file: Path) -> dict[str, Any]:
    """The bytes that Python allocated for what is kept. Slow: no times."""
    _warm(decoding)
    body = file.read_bytes()
    gc.collect()
    tracemalloc.start()
    kept = decoding.decode(body)
    gc.collect()
    allocated, peak = tracemalloc.get_traced_memory()
    count = len(decoding.pods(kept))
    tracemalloc.stop()
    return {"pods": count, "allocated_bytes": allocated, "allocated_peak_bytes": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure one contender once.")
    parser.add_argument("name", choices=sorted(BY_NAME))
    parser.add_argument("body", type=Path)
    parser.add_argument("--trace", action="store_true", help="count Python's allocations in place of time")
    args = parser.parse_args()
    decoding = BY_NAME[args.name].load()
    result = (traced if args.trace else timed)(decoding, args.body)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
