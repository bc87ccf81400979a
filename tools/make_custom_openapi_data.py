"""Make src/listwatch/apiserver/data/custom_openapi.json: how kube-apiserver describes a custom kind.

In:    the recorded OpenAPI v3 document of a definition   (tests/recordings, flow custom_resources)
Out:   the same document with placeholders for what differs between definitions

Run it after recording anew: `python tools/make_custom_openapi_data.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RECORDING = ROOT / "tests" / "recordings" / "kube-apiserver-1.36.jsonl"
TARGET = ROOT / "src" / "listwatch" / "apiserver" / "data" / "custom_openapi.json"
FLOW, STEP = "custom_resources", 20
BASE = "/apis/open.example.com/v1"
PARTS = {
    f"{BASE}/namespaces/{{namespace}}/widgets": "collection",
    f"{BASE}/namespaces/{{namespace}}/widgets/{{name}}": "object",
    f"{BASE}/namespaces/{{namespace}}/widgets/{{name}}/status": "status",
    f"{BASE}/namespaces/{{namespace}}/widgets/{{name}}/scale": "scale",
    f"{BASE}/widgets": "all",
}
# Longest first: each word of the recorded definition, and its placeholder.
WORDS = {
    "com.example.open.v1.Widget": "<schema>",
    "OpenExampleComV1": "<operation>",
    "openExampleCom_v1": "<tag>",
    "open.example.com": "<group>",
    "Widget": "<kind>",
    "widgets": "<plural>",
}


def recorded() -> Any:
    """The recorded document."""
    for line in RECORDING.read_text().splitlines():
        step = json.loads(line)
        if (step["flow"], step["n"]) == (FLOW, STEP):
            return step["response"]["body"]
    raise LookupError(f"{FLOW} has no step {STEP}")


def with_placeholders(value: Any) -> Any:
    """A copy with placeholders for the words of the definition."""
    if isinstance(value, dict):
        if {"group", "kind", "version"} == set(value) and value["group"] == "open.example.com":
            return {"group": "<group>", "kind": with_placeholders(value["kind"]), "version": "<version>"}
        return {with_placeholders(key): with_placeholders(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_placeholders(each) for each in value]
    if isinstance(value, str):
        for word, placeholder in WORDS.items():
            value = value.replace(word, placeholder)
    return value


def main() -> None:
    """Write the data."""
    document = recorded()
    schemas = document["components"]["schemas"]
    own = schemas.pop("com.example.open.v1.Widget")
    of_list = schemas.pop("com.example.open.v1.WidgetList")
    data = {
        "info": document["info"],
        "openapi": document["openapi"],
        "paths": {part: with_placeholders(document["paths"][path]) for path, part in PARTS.items()},
        "members": {name: own["properties"][name] for name in ("apiVersion", "kind", "metadata")},
        "list": with_placeholders(of_list),
        "schemas": schemas,
    }
    TARGET.write_text(json.dumps(data, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
