"""Write `src/listwatch/apiserver/data/discovery.json`: which built-in resources the embedded server serves.

    python tools/make_discovery_data.py RECORDING.jsonl

Reads the two aggregated discovery documents (`/api` and `/apis`) out of a recording of a kube-apiserver and
keeps what describes the resources: names, kinds, scopes, verbs, short names, categories, subresources. Groups
and versions stay in the recorded order, which is the order of preference.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src/listwatch/apiserver/data/discovery.json"


def documents(recording: Path) -> list[dict[str, Any]]:
    """The aggregated discovery documents in the recording, that of the core group first."""
    found: dict[str, dict[str, Any]] = {}
    for line in recording.read_text().splitlines():
        step = json.loads(line)
        body = step.get("response", {}).get("body")
        if isinstance(body, dict) and body.get("kind") == "APIGroupDiscoveryList":
            found[step["request"]["path"]] = body
    return [found["/api"], found["/apis"]]


def subresource(entry: dict[str, Any]) -> dict[str, Any]:
    """One subresource; group and version only where they are not those of its resource."""
    kind = entry["responseKind"]
    kept = {"name": entry["subresource"], "kind": kind["kind"], "verbs": entry["verbs"]}
    if kind["version"]:
        kept.update(group=kind["group"], version=kind["version"])
    return kept


def resource(entry: dict[str, Any]) -> dict[str, Any]:
    """One resource."""
    kept = {
        "name": entry["resource"],
        "kind": entry["responseKind"]["kind"],
        "singular": entry["singularResource"],
        "namespaced": entry["scope"] == "Namespaced",
        "verbs": entry["verbs"],
    }
    for field in ("shortNames", "categories"):
        if entry.get(field):
            kept[field] = entry[field]
    if entry.get("subresources"):
        kept["subresources"] = [subresource(each) for each in entry["subresources"]]
    return kept


def main() -> None:
    """Read the recording named on the command line and write the data file."""
    groups = [
        {
            "name": group["metadata"].get("name", ""),
            "versions": [
                {
                    "version": version["version"],
                    "resources": [resource(each) for each in version["resources"]],
                }
                for version in group["versions"]
            ],
        }
        for document in documents(Path(sys.argv[1]))
        for group in document["items"]
    ]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps({"groups": groups}, indent=1) + "\n")
    print(f"{sum(len(version['resources']) for group in groups for version in group['versions'])} resources")


if __name__ == "__main__":
    main()
