"""Objects made up from the OpenAPI documents: every kind, every field filled.

The tests of the generated classes and the classes themselves come from the same documents by different
ways: the classes by the generator, the samples by this.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from listwatch.api import openapi
from listwatch.apimachinery.object import Object

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
REF = "#/components/schemas/"


def _documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(files(openapi).iterdir(), key=lambda each: each.name):
        if file.name.endswith(".json"):
            yield file.name, json.loads(file.read_text("utf-8"))


DOCUMENTS = dict(_documents())
SCHEMAS: dict[str, Any] = {
    name: schema
    for document in DOCUMENTS.values()
    for name, schema in document.get("components", {}).get("schemas", {}).items()
}


@dataclass(frozen=True)
class Kind:
    """A kind that the documents describe, found without the generator's help."""

    schema: str
    group: str
    version: str
    kind: str

    @property
    def module(self) -> str:
        return f"listwatch.api.{self.group.split('.')[0] or 'core'}_{self.version}"

    @property
    def cls(self) -> type[Object]:
        return getattr(importlib.import_module(self.module), self.kind)

    def __str__(self) -> str:
        return f"{self.group or 'core'}/{self.version}/{self.kind}"


def _kinds() -> Iterator[Kind]:
    for name, schema in SCHEMAS.items():
        metadata = json.dumps(schema.get("properties", {}).get("metadata", {}))
        if f"{META}ObjectMeta" in metadata:
            for each in schema.get("x-kubernetes-group-version-kind", []):
                yield Kind(name, each["group"], each["version"], each["kind"])


KINDS = sorted(_kinds(), key=str)

STRUCTS = sorted(
    name
    for name, schema in SCHEMAS.items()
    if "properties" in schema
    and name not in {kind.schema for kind in KINDS}
    and not ("x-kubernetes-group-version-kind" in schema and "items" in schema["properties"])
    and name != META + "WatchEvent"
)


def struct_class(schema: str) -> type[Any]:
    """The class that stands for a schema which is no kind."""
    package, _, name = schema.rpartition(".")
    group, version = package.split(".")[-2:]
    return getattr(importlib.import_module(f"listwatch.api.{group}_{version}"), name)


def reference(schema: dict[str, Any]) -> str | None:
    """The schema that this one points at."""
    found = schema.get("$ref") or next((each["$ref"] for each in schema.get("allOf", [])), None)
    return found and found.removeprefix(REF)


def sample(schema: dict[str, Any], within: tuple[str, ...] = ()) -> Any:
    """A value with every field filled, none of it empty; enums get a value that is not among theirs.

    Args:
        schema: Of the value.
        within: The schemas around it; fields that would begin one of these anew are left out.
    """
    name = reference(schema)
    if name is not None:
        return _named(name, within)
    if "properties" in schema:
        return {
            key: sample(value, within)
            for key, value in schema["properties"].items()
            if not any(REF + name + '"' in json.dumps(value) for name in within)
        }
    match schema:
        case {"type": "array", "items": items}:
            return [sample(items, within)]
        case {"type": "object", "additionalProperties": dict() as values}:
            return {"a.key/with-dash_1": sample(values, within)}
    return _scalar(schema)


def _scalar(schema: dict[str, Any]) -> Any:
    match schema:
        case {"type": "object"}:
            return {"f:any": {"deep": [1, None, "x"]}}
        case {"type": "string", "format": "byte"}:
            return "c2VjcmV0IGJ5dGVz"
        case {"type": "string", "format": "date-time"}:
            return "2026-01-02T03:04:05Z"
        case {"type": "string"}:
            return "Unheard-of é☃"
        case {"type": "integer"}:
            return 7
        case {"type": "number"}:
            return 1.5
        case {"type": "boolean"}:
            return True
        case {"format": "int-or-string"}:
            return "25%"
    return {"any": ["thing", 1, False, None]}


def _named(name: str, within: tuple[str, ...]) -> Any:
    if name == META + "MicroTime":
        return "2026-01-02T03:04:05.000006Z"
    if name == "io.k8s.apimachinery.pkg.api.resource.Quantity":
        return "100m"
    return sample(SCHEMAS[name], (*within, name))


@cache
def _json(name: str) -> str:
    return json.dumps(_named(name, ()))


def named_sample(name: str) -> Any:
    """A sample of a schema by its name. Yours to change."""
    return json.loads(_json(name))


def kind_sample(kind: Kind) -> dict[str, Any]:
    """A whole object."""
    value: dict[str, Any] = named_sample(kind.schema)
    value["apiVersion"] = f"{kind.group}/{kind.version}" if kind.group else kind.version
    value["kind"] = kind.kind
    return value
