"""Write `src/listwatch/api/*_v1.py`, `*_v2.py`: the kinds of Kubernetes as Python classes.

    python tools/generate_api.py [--check]

Reads the OpenAPI documents in `src/listwatch/api/openapi/`. The output depends on them and on this generator
alone. With `--check` nothing is written: exit code 1 and the names of the files that are not what the generator
would write, or that it would not write at all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from api_generator.schema import modules
from api_generator.source import render

API = Path(__file__).resolve().parent.parent / "src/listwatch/api"


def generated(documents: Path = API / "openapi") -> dict[str, str]:
    """The text of every module, by file name."""
    parsed = {path.name: json.loads(path.read_text("utf-8")) for path in sorted(documents.glob("*.json"))}
    return {f"{module.name}.py": render(module) for module in modules(parsed)}


def stale(wanted: dict[str, str], target: Path = API) -> list[str]:
    """The files in `target` that are missing, out of date, or left over, by name."""
    present = {path.name: path.read_text("utf-8") for path in target.glob("*_v[0-9]*.py")}
    names = wanted.keys() | present.keys()
    return sorted(name for name in names if wanted.get(name) != present.get(name))


def main(arguments: Sequence[str] | None = None, *, target: Path = API) -> int:
    """Write or check the modules; the exit code."""
    parser = argparse.ArgumentParser(description="Write the modules of listwatch.api from OpenAPI.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a module is out of date")
    options = parser.parse_args(arguments)
    wanted = generated()
    changed = stale(wanted, target)
    if options.check:
        for name in changed:
            print(f"{target.name}/{name} is stale: run `make generate`", file=sys.stderr)
        return 1 if changed else 0
    for name in changed:
        if name in wanted:
            (target / name).write_text(wanted[name], "utf-8")
        else:
            (target / name).unlink()
    print(f"{len(wanted)} modules, {len(changed)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
