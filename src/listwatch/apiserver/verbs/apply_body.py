"""The body of a server-side apply: YAML, and so JSON too.

In:    bytes
Out:   the applied object
Next:  patching.py
Rules: pure. A name that stands twice in an object is told where unknown fields are told, or refused where they are.
Source: apiserver pkg/endpoints/handlers/patch.go (applyPatcher); messages of sigs.k8s.io/yaml
"""

from __future__ import annotations

import json
from typing import Any, Final

import yaml

from listwatch.apiserver.kinds.schema import FieldValidation
from listwatch.apiserver.wire.negotiation import YAMLLoader, check_yaml_size, encode_json, json_value
from listwatch.apiserver.wire.statuses import bad_request

JSONObject = dict[str, Any]
_MERGE_KEY: Final = "tag:yaml.org,2002:merge"


def decode_config(body: bytes, validation: FieldValidation) -> tuple[JSONObject, list[str]]:
    """What is applied, and the warnings for it.

    Raises:
        APIFailure: 400, the body is no YAML, or no object, or with `Strict` has a name twice.
    """
    repeated: list[str] = []
    try:
        value = _json(body, repeated) if body.lstrip()[:1] == b"{" else None
        if value is None:
            value = _yaml(body, repeated)
    except (yaml.YAMLError, RecursionError, TypeError, ValueError, OverflowError) as error:
        told = str(error).replace("\n", " ")
        raise bad_request(f"error decoding patch: error converting YAML to JSON: yaml: {told}") from error
    if not isinstance(value, dict):
        found = _go_type(value)
        problem = f"json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
        raise bad_request(f"error decoding patch: error unmarshaling JSON: while decoding JSON: {problem}")
    if not repeated or validation == "Ignore":
        return value, []
    lines = "".join(f"\n  {each}" for each in repeated)
    told = f"error converting YAML to JSON: yaml: unmarshal errors:{lines}"
    if validation == "Strict":
        raise bad_request(f"error strict decoding patch: {told}")
    return value, [told]


def _json(body: bytes, repeated: list[str]) -> Any:
    """The value of JSON text; None if the text is YAML at best."""

    def members(pairs: list[tuple[str, Any]]) -> JSONObject:
        value: JSONObject = {}
        for name, part in pairs:
            if name in value:
                repeated.append(f'line 1: key "{name}" already set in map')
            value[name] = part
        return value

    try:
        plain = json_value(body)
        json.loads(body, object_pairs_hook=members)
    except ValueError:
        repeated.clear()
        return None
    return plain


class _Loader(YAMLLoader):
    """Reads YAML as the API does, and remembers the names that stand twice in a map."""

    repeated: list[str]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = key.value
            if key.tag == _MERGE_KEY or not isinstance(name, str):
                continue
            if name in seen:
                self.repeated.append(f'line {key.start_mark.line + 1}: key "{name}" already set in map')
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def _yaml(body: bytes, repeated: list[str]) -> Any:
    loader = _Loader(body)
    loader.repeated = repeated
    try:
        value = loader.get_single_data()
    finally:
        loader.dispose()
    # Back and forth, so that what is no JSON (other keys than text, binary) is refused or becomes text.
    check_yaml_size(value)
    return json_value(encode_json(value))


def _go_type(value: object) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case list():
            return "array"
        case None:
            return "null"
        case _:
            return "number"
