"""The OpenAPI v2 document, for clients that know no other: older kubectl, Terraform, code generators.

In:    OpenAPI v3 documents, parsed
Out:   one Swagger 2.0 document of all kinds and paths
Next:  endpoints.py, which makes it when it is first asked for
Rules: pure. It says what the v3 documents say, as far as version 2 has words for it: alternatives (`oneOf`, `anyOf`,
       `not`) and `nullable` are left out, as kube-apiserver leaves them out.
Source: OpenAPI Specification 2.0; kube-openapi's conversion of structural schemas; the published `swagger.json`
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

JSONObject = dict[str, Any]
_V3_SCHEMAS: Final = "#/components/schemas/"
_V2_SCHEMAS: Final = "#/definitions/"
_WITHOUT_WORDS: Final = frozenset({"oneOf", "anyOf", "allOf", "not", "nullable"})
_METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_ANY_BODY: Final = "*/*"


def swagger(documents: Iterable[JSONObject], *, version: str) -> JSONObject:
    """One document of all.

    Args:
        documents: OpenAPI v3; of what two of them describe, the first counts.
        version: Of the server, such as `v1.36.2`.
    """
    paths: JSONObject = {}
    definitions: JSONObject = {}
    for each in documents:
        for path, item in each.get("paths", {}).items():
            if path not in paths:
                paths[path] = _path_item(item)
        for name, schema in each.get("components", {}).get("schemas", {}).items():
            if name not in definitions:
                definitions[name] = _schema(schema)
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": dict(sorted(paths.items())),
        "definitions": dict(sorted(definitions.items())),
        "securityDefinitions": {
            "BearerToken": {"type": "apiKey", "name": "authorization", "in": "header"},
        },
        "security": [{"BearerToken": []}],
    }


def _schema(schema: JSONObject) -> JSONObject:
    """A schema in the words of version 2."""
    reference = schema.get("$ref")
    if reference is None and len(schema.get("allOf", ())) == 1:
        reference = schema["allOf"][0].get("$ref")
    converted: JSONObject = {}
    for name, value in schema.items():
        if name in _WITHOUT_WORDS or name == "$ref":
            continue
        match name:
            case "properties":
                converted[name] = {key: _schema(each) for key, each in value.items()}
            case "items" | "additionalProperties" if isinstance(value, dict):
                converted[name] = _schema(value)
            case _:
                converted[name] = value
    if reference is not None:
        return {"$ref": reference.replace(_V3_SCHEMAS, _V2_SCHEMAS), **converted}
    if "type" not in converted and ("oneOf" in schema or "anyOf" in schema):
        # Quantities and numbers that may be text: version 2 knows them as text with a format.
        types = {each.get("type") for each in (*schema.get("oneOf", ()), *schema.get("anyOf", ()))}
        if "string" in types:
            converted["type"] = "string"
    return converted


def _path_item(item: JSONObject) -> JSONObject:
    converted: JSONObject = {}
    for name, value in item.items():
        if name in _METHODS:
            converted[name] = _operation(value)
        elif name == "parameters":
            converted[name] = [_parameter(each) for each in value]
        else:
            converted[name] = value
    return converted


def _operation(operation: JSONObject) -> JSONObject:
    converted: JSONObject = {"schemes": ["https"]}
    produces: dict[str, None] = {}
    parameters = [_parameter(each) for each in operation.get("parameters", ())]
    for name, value in operation.items():
        match name:
            case "requestBody":
                content = value.get("content", {})
                converted["consumes"] = list(content) or [_ANY_BODY]
                body: JSONObject = {"in": "body", "name": "body", "schema": _content_schema(content)}
                parameters.insert(0, {**body, "required": True} if value.get("required") else body)
            case "responses":
                converted[name] = {code: _response(each, produces) for code, each in value.items()}
            case "parameters":
                pass
            case _:
                converted[name] = value
    converted.setdefault("consumes", [_ANY_BODY])
    converted["produces"] = list(produces) or ["application/json"]
    if parameters:
        converted["parameters"] = parameters
    return converted


def _response(response: JSONObject, produces: dict[str, None]) -> JSONObject:
    content = response.get("content", {})
    produces.update(dict.fromkeys(content))
    converted: JSONObject = {"description": response.get("description", "")}
    if content and (schema := _content_schema(content)):
        converted["schema"] = schema
    return converted


def _content_schema(content: JSONObject) -> JSONObject:
    """The schema of a body; all its media types have the same."""
    first: JSONObject = next(iter(content.values()), {})
    return _schema(first.get("schema", {}))


def _parameter(parameter: JSONObject) -> JSONObject:
    """A parameter; what version 3 says in a schema of its own, version 2 says beside its name."""
    converted = {name: value for name, value in parameter.items() if name != "schema"}
    return {**converted, **_schema(parameter.get("schema", {}))}
