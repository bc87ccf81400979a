"""The OpenAPI v2 document in protobuf, read back field by field."""

from __future__ import annotations

import json
from typing import Any

from listwatch.apiserver.discovery import openapi, openapi_v2
from listwatch.apiserver.discovery.openapi_v2_protobuf import document
from listwatch.apiserver.wire.protobuf_primitives import read_fields

Message = dict[int, list[Any]]


def read(data: bytes) -> Message:
    found: Message = {}
    for number, _, value in read_fields(data, "Document"):
        found.setdefault(number, []).append(value)
    return found


def named(data: bytes) -> tuple[str, bytes]:
    entry = read(data)
    return entry[1][0].decode(), entry[2][0]


def extensions(entries: list[bytes]) -> dict[str, Any]:
    return {name: json.loads(read(value)[2][0]) for name, value in map(named, entries)}


SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "Kubernetes", "version": "v1.36.2"},
    "paths": {
        "/api/v1/pods/{name}": {
            "get": {
                "tags": ["core_v1"],
                "operationId": "readPod",
                "produces": ["application/json"],
                "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Pod"}}},
                "x-kubernetes-action": "get",
            },
            "parameters": [
                {"name": "name", "in": "path", "required": True, "type": "string"},
                {"name": "pretty", "in": "query", "type": "string", "uniqueItems": True},
                {"name": "body", "in": "body", "schema": {"type": "object"}},
            ],
        }
    },
    "definitions": {
        "Pod": {
            "type": "object",
            "required": ["spec"],
            "properties": {
                "spec": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maximum": 1.5},
                "data": {"type": "object", "additionalProperties": {"type": "string"}, "default": {"a": 1}},
                "free": {"additionalProperties": True, "enum": ["x", 2]},
            },
            "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Pod"}],
        }
    },
    "securityDefinitions": {"Token": {"type": "apiKey", "name": "authorization", "in": "header"}},
    "security": [{"Token": []}],
}


def test_schemas_come_with_their_kinds() -> None:
    """What kubectl reads: definitions by name, their fields, and the extension that names the kind."""
    whole = read(document(SWAGGER))
    assert whole[1] == [b"2.0"]
    assert read(whole[2][0]) == {1: [b"Kubernetes"], 2: [b"v1.36.2"]}
    name, schema = named(read(whole[9][0])[1][0])
    pod = read(schema)
    assert (name, pod[19], read(pod[22][0])) == ("Pod", [b"spec"], {1: [b"object"]})
    kinds = SWAGGER["definitions"]["Pod"]["x-kubernetes-group-version-kind"]  # type: ignore[index] - it is there
    assert extensions(pod[31]) == {"x-kubernetes-group-version-kind": kinds}
    fields = dict(map(named, read(pod[25][0])[1]))
    spec, data, free = (read(fields[each]) for each in ("spec", "data", "free"))
    assert spec[15] == [2]
    assert len(spec[7]) == 1
    assert read(read(read(spec[23][0])[1][0])[22][0]) == {1: [b"string"]}
    assert read(read(read(data[21][0])[1][0])[22][0]) == {1: [b"string"]}
    assert json.loads(read(data[5][0])[2][0]) == {"a": 1}
    assert read(free[21][0]) == {2: [1]}
    assert [json.loads(read(each)[2][0]) for each in free[20]] == ["x", 2]


def test_paths_come_with_operations_and_parameters() -> None:
    """Each parameter is where its place is, each answer under its code."""
    whole = read(document(SWAGGER))
    path, item = named(read(whole[8][0])[2][0])
    operation = read(read(item)[2][0])
    assert path == "/api/v1/pods/{name}"
    assert (operation[1], operation[5], operation[6]) == ([b"core_v1"], [b"readPod"], [b"application/json"])
    assert extensions(operation[13]) == {"x-kubernetes-action": "get"}
    code, answer = named(read(operation[9][0])[1][0])
    response = read(read(answer)[1][0])
    assert (code, response[1]) == ("200", [b"OK"])
    assert read(read(response[2][0])[1][0]) == {1: [b"#/definitions/Pod"]}
    in_path, in_query, body = (read(read(each)[1][0]) for each in read(item)[9])
    assert read(read(in_path[2][0])[4][0]) == {1: [1], 2: [b"path"], 4: [b"name"], 5: [b"string"]}
    assert read(read(in_query[2][0])[3][0]) == {2: [b"query"], 4: [b"pretty"], 6: [b"string"], 20: [1]}
    assert read(body[1][0])[2] == [b"body"]
    assert named(read(whole[12][0])[1][0]) == ("Token", b"")
    assert named(read(whole[13][0])[1][0])[0] == "Token"


def test_every_built_in_document_has_a_form() -> None:
    """All that the server serves can be written, and has as many definitions and paths as in JSON."""
    texts = [found for path in openapi.paths() if (found := openapi.document(path)) is not None]
    swagger = openapi_v2.swagger(map(json.loads, texts), version="v1.36.2")
    whole = read(document(swagger))
    assert len(read(whole[9][0])[1]) == len(swagger["definitions"])
    assert len(read(whole[8][0])[2]) == len(swagger["paths"])
