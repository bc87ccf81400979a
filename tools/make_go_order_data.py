"""Write `src/listwatch/apiserver/data/go_order.json`: the types whose fields Go has in another order than protobuf.

    python tools/make_go_order_data.py API_DIRECTORY APIMACHINERY_DIRECTORY

Takes source trees of k8s.io/api and k8s.io/apimachinery, and keeps the JSON names of the fields of those structs whose
order in Go is not that of their field numbers, which `protobuf.json` has.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).parent.parent / "src/listwatch/apiserver/data"
STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r'`.*json:"([^",]+)')
EMBEDDED = re.compile(r"^\t(?:[\w.]*\.)?(\w+)\s*`")


def sources(api: Path, apimachinery: Path) -> Iterator[tuple[str, Path]]:
    """The files with types, each with the name of its package in messages."""
    yield "meta.v1", apimachinery / "pkg/apis/meta/v1/types.go"
    for path in sorted(api.glob("*/v*/types*.go")):
        yield f"{path.parts[-3]}.{path.parts[-2]}", path


def fields_of(body: str) -> list[str]:
    """JSON names in order; an embedded struct as its own name in angle brackets."""
    found = []
    for line in body.splitlines():
        named, embedded = NAMED.search(line), EMBEDDED.match(line)
        if named:
            found.append(named[1])
        elif embedded:
            found.append(f"<{embedded[1]}>")
    return found


def main(api: Path, apimachinery: Path) -> None:
    """Compare all structs with their messages, and write those that differ."""
    structs = {
        f"{package}.{name}": fields_of(body)
        for package, path in sources(api, apimachinery)
        for name, body in STRUCT.findall(path.read_text())
    }
    messages = json.loads((DATA / "protobuf.json").read_text())["messages"]
    differing = {}
    for name, members in messages.items():
        numbered = [member[1] for member in members]
        ordered: list[str] = []
        for field in structs.get(name, ()):
            inner = (
                structs.get(f"{name.rpartition('.')[0]}.{field[1:-1]}", ()) if field[0] == "<" else (field,)
            )
            ordered.extend(each for each in inner if each in numbered)
        if ordered != [each for each in numbered if each in ordered]:
            differing[name] = ordered
    (DATA / "go_order.json").write_text(json.dumps(differing, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
