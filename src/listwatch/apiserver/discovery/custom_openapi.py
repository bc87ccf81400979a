"""How custom kinds are described in OpenAPI: a document for each group and version that has some.

In:    the registry; data/custom_openapi.json              (from tools/make_custom_openapi_data.py)
Out:   OpenAPI v3 documents
Next:  openapi.py serves them beside the packaged ones; kubectl explains and validates by them
Rules: pure apart from reading the packaged data, once. A document says what its definitions say at this moment.
Source: apiextensions-apiserver pkg/controller/openapi/builder; the recordings
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources as package_resources
from typing import Any, Final

from listwatch.apiserver.custom.kind import DefinedKind
from listwatch.apiserver.custom.structural_rules import EMBEDDED
from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry

JSONObject = dict[str, Any]
_NAMESPACED: Final = "/namespaces/{namespace}"


def custom_paths(registry: ResourceRegistry) -> list[str]:
    """The paths of all documents of custom kinds, such as `apis/example.com/v1`."""
    return [
        f"apis/{group.name}/{version}"
        for group in registry.groups()
        for version in group.versions
        if any(each.custom is not None for each in registry.in_version(group.name, version))
    ]


def custom_document(registry: ResourceRegistry, path: str) -> JSONObject | None:
    """The document of a path such as `apis/example.com/v1`, or None."""
    _, _, rest = path.partition("apis/")
    group, _, version = rest.partition("/")
    found = [each for each in registry.in_version(group, version) if isinstance(each.custom, DefinedKind)]
    if not found:
        return None
    data = _data()
    schemas: JSONObject = {}
    paths: JSONObject = {}
    for resource in found:
        schemas |= custom_schemas(resource)
        paths |= _paths(resource)
    used = copy.deepcopy(data["schemas"])
    if not any("scale" in resource.subresources for resource in found):
        used = {name: each for name, each in used.items() if ".autoscaling." not in name}
    return {
        "openapi": data["openapi"],
        "info": data["info"],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted((used | schemas).items()))},
    }


def custom_schemas(resource: Resource) -> JSONObject:
    """The schemas of one custom kind and of its list, by their names."""
    custom = resource.custom
    if not isinstance(custom, DefinedKind):
        return {}
    data, words = _data(), _words(resource)
    raw = _with_embedded(custom.version.json_schema, is_root=True)
    own = {name: each for name, each in raw.items() if name != EMBEDDED}
    own["properties"] = {**own.get("properties", {}), **copy.deepcopy(data["members"])}
    gvk = {"group": resource.group, "kind": resource.kind, "version": resource.version}
    own["x-kubernetes-group-version-kind"] = [gvk]
    listed = _filled(data["list"], words)
    listed["x-kubernetes-group-version-kind"] = [{**gvk, "kind": resource.list_kind}]
    name = words["<schema>"]
    return {name: own, name.removesuffix(resource.kind) + resource.list_kind: listed}


def _with_embedded(schema: Any, *, is_root: bool = False) -> Any:
    """A schema whose embedded objects have the members that every object has."""
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    if isinstance(properties := schema.get("properties"), dict):
        found["properties"] = {name: _with_embedded(part) for name, part in properties.items()}
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            found[name] = _with_embedded(schema[name])
    if schema.get(EMBEDDED) is True and not is_root:
        found["properties"] = {**found.get("properties", {}), **copy.deepcopy(_data()["members"])}
    return found


def _paths(resource: Resource) -> JSONObject:
    data, words = _data()["paths"], _words(resource)
    base = f"/apis/{resource.group}/{resource.version}"
    at = f"{base}{_NAMESPACED if resource.namespaced else ''}/{resource.name}"
    found = {at: data["collection"], f"{at}/{{name}}": data["object"]}
    found |= {
        f"{at}/{{name}}/{part}": data[part] for part in ("status", "scale") if part in resource.subresources
    }
    if resource.namespaced:
        found[f"{base}/{resource.name}"] = data["all"]
    filled = {path: _filled(item, words) for path, item in found.items()}
    if resource.namespaced:
        return filled
    return {path: _without_namespace(item) for path, item in filled.items()}


def _without_namespace(item: JSONObject) -> JSONObject:
    changed: JSONObject = {}
    for name, value in item.items():
        if name == "parameters":
            changed[name] = [each for each in value if each["name"] != "namespace"]
        elif isinstance(value, dict) and "operationId" in value:
            changed[name] = {**value, "operationId": value["operationId"].replace("Namespaced", "")}
        else:
            changed[name] = value
    return changed


def _words(resource: Resource) -> dict[str, str]:
    group, version, kind = resource.group, resource.version, resource.kind
    camel = "".join(part[:1].upper() + part[1:] for part in group.split("."))
    reverse = ".".join(reversed(group.split(".")))
    return {
        "<schema>": f"{reverse}.{version}.{kind}",
        "<operation>": f"{camel}{version[:1].upper()}{version[1:]}",
        "<tag>": f"{camel[:1].lower()}{camel[1:]}_{version}",
        "<group>": group,
        "<version>": version,
        "<kind>": kind,
        "<plural>": resource.name,
    }


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, words) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, words) for each in value]
    if isinstance(value, str) and "<" in value:
        for placeholder, word in words.items():
            value = value.replace(placeholder, word)
    return value


@cache
def _data() -> Any:
    path = package_resources.files("listwatch.apiserver") / "data" / "custom_openapi.json"
    return json.loads(path.read_bytes())
