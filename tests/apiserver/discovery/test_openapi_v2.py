"""The conversion of OpenAPI v3 into v2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_samples import DOCUMENTS

from listwatch.apiserver.discovery.openapi_v2 import swagger
from listwatch.apiserver.kinds.resources import builtin_resources

BUILTIN = swagger(DOCUMENTS.values(), version="v1.36.2")


def converted(schema: dict[str, Any]) -> Any:
    """One schema on its way through a document."""
    return swagger([{"components": {"schemas": {"S": schema}}}], version="v1")["definitions"]["S"]


SCHEMAS = [
    ({"type": "string"}, {"type": "string"}),
    ({"$ref": "#/components/schemas/a.B"}, {"$ref": "#/definitions/a.B"}),
    (
        {"allOf": [{"$ref": "#/components/schemas/a.B"}], "default": {}, "description": "d"},
        {"$ref": "#/definitions/a.B", "default": {}, "description": "d"},
    ),
    (
        {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
        {"format": "int-or-string", "type": "string"},
    ),
    (
        {
            "type": "object",
            "nullable": True,
            "not": {},
            "properties": {"a": {"nullable": True, "type": "string"}},
        },
        {"type": "object", "properties": {"a": {"type": "string"}}},
    ),
    (
        {"type": "array", "items": {"$ref": "#/components/schemas/a.B"}, "x-kubernetes-list-type": "atomic"},
        {"type": "array", "items": {"$ref": "#/definitions/a.B"}, "x-kubernetes-list-type": "atomic"},
    ),
    (
        {"type": "object", "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "number"}]}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ),
    (
        {"properties": {"not": {"type": "string"}, "$ref": {"type": "string"}}},
        {"properties": {"not": {"type": "string"}, "$ref": {"type": "string"}}},
    ),
]


@pytest.mark.parametrize(("v3", "v2"), SCHEMAS, ids=lambda each: json.dumps(each)[:40])
def test_schemas_say_the_same_in_the_words_of_version_2(v3: dict[str, Any], v2: dict[str, Any]) -> None:
    """References move, alternatives go, extensions stay; fields may be called like keywords."""
    assert converted(v3) == v2


def test_an_operation_has_its_body_among_the_parameters() -> None:
    """Bodies, media types and action of an operation are where version 2 has them."""
    item = BUILTIN["paths"]["/api/v1/namespaces/{namespace}/pods"]
    create = item["post"]
    body = create["parameters"][0]
    assert (body["in"], body["required"]) == ("body", True)
    assert body["schema"] == {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"}
    assert create["x-kubernetes-action"] == "post"
    assert create["x-kubernetes-group-version-kind"] == {"group": "", "kind": "Pod", "version": "v1"}
    assert create["responses"]["201"]["schema"] == body["schema"]
    assert "application/yaml" in create["produces"]
    namespace = next(each for each in item["parameters"] if each["name"] == "namespace")
    assert (namespace["in"], namespace["type"]) == ("path", "string")


def _values(value: Any, key: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if isinstance(value.get(key), str):
            yield value[key]
        for each in value.values():
            yield from _values(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each, key)


def test_every_reference_leads_to_a_definition() -> None:
    """The built-in document is closed in itself."""
    names = {reference.removeprefix("#/definitions/") for reference in _values(BUILTIN, "$ref")}
    assert names
    assert names <= set(BUILTIN["definitions"])


def test_every_builtin_kind_has_a_definition_that_names_it() -> None:
    """Clients find kinds by group, version and kind."""
    known = {
        (each["group"], each["version"], each["kind"])
        for definition in BUILTIN["definitions"].values()
        for each in definition.get("x-kubernetes-group-version-kind", ())
    }
    wanted = {(each.group, each.version, each.kind) for each in builtin_resources().stored()}
    assert wanted <= known


def test_what_comes_first_counts() -> None:
    """A custom kind's document may come before the built-in ones and is not overwritten."""
    first = {"components": {"schemas": {"S": {"type": "string"}}}}
    second = {"components": {"schemas": {"S": {"type": "object"}, "T": {"type": "object"}}}}
    document = swagger([first, second], version="v1")
    assert document["definitions"] == {"S": {"type": "string"}, "T": {"type": "object"}}
    assert document["info"] == {"title": "Kubernetes", "version": "v1"}
