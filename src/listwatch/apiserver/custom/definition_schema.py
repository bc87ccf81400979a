"""Whether the schema of a version may be: structural, of what is supported, its defaults valid by itself.

In:    `openAPIV3Schema` of a version
Out:   causes
Next:  definition_validation.py
Rules: pure; total on any JSON
Source: apiextensions-apiserver pkg/apis/apiextensions/validation, pkg/apiserver/schema/defaulting/validation.go
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Final

from listwatch.apiserver.custom.embedded import check_embedded
from listwatch.apiserver.custom.list_types import check_lists
from listwatch.apiserver.custom.pruning import prune_value
from listwatch.apiserver.custom.structural import structural
from listwatch.apiserver.custom.structural_rules import (
    EMBEDDED,
    PRESERVE,
    junctors,
    parts,
    structural_problems,
)
from listwatch.apiserver.custom.value_validation import NIL_PATH, validate_value
from listwatch.apiserver.custom.version import has_rules
from listwatch.apiserver.kinds.causes import Cause, Causes
from listwatch.apiserver.kinds.maps import JSONObject, flag, items, peek, text

_TYPES: Final = ("array", "boolean", "integer", "number", "object", "string")
_UNSUPPORTED: Final = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_GENERAL: Final = frozenset({"metadata", "kind", "apiVersion"})
# With a status subresource, in the server's own names.
_ROOT_FIELDS: Final = {
    "description": "Description",
    "type": "Type",
    "format": "Format",
    "title": "Title",
    "maximum": "Maximum",
    "exclusiveMaximum": "ExclusiveMaximum",
    "minimum": "Minimum",
    "exclusiveMinimum": "ExclusiveMinimum",
    "maxLength": "MaxLength",
    "minLength": "MinLength",
    "pattern": "Pattern",
    "maxItems": "MaxItems",
    "minItems": "MinItems",
    "uniqueItems": "UniqueItems",
    "multipleOf": "MultipleOf",
    "required": "Required",
    "items": "Items",
    "properties": "Properties",
    "externalDocs": "ExternalDocs",
    "example": "Example",
    PRESERVE: "XPreserveUnknownFields",
    "x-kubernetes-validations": "XValidations",
}
_LIST_TYPE: Final = "x-kubernetes-list-type"
_MAP_TYPE: Final = "x-kubernetes-map-type"
_MAP_KEYS: Final = "x-kubernetes-list-map-keys"


def check_schema(causes: Causes, schema: JSONObject, path: str, *, has_status: bool) -> None:
    """Collect everything against a schema that stands at `path`.

    Args:
        causes: Where to.
        schema: As given.
        path: Of `openAPIV3Schema`.
        has_status: Whether the version has a status subresource.
    """
    if has_status:
        _check_root(causes, schema, path)
    if flag(schema, "nullable"):
        causes.forbidden(f"{path}.nullable", "nullable cannot be true at the root")
    problems = structural_problems(schema, path) or _default_problems(schema, path)
    causes.extend(problems)
    _check(causes, schema, path, _Place(is_root=True))
    if not problems and has_rules(schema):
        from listwatch.apiserver.custom.definition_rules import rule_problems  # noqa: PLC0415 - CEL

        causes.extend(rule_problems(schema, path))


def _check_root(causes: Causes, schema: JSONObject, path: str) -> None:
    if text(schema, "type") not in {"", "object"}:
        told = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        causes.invalid(f"{path}.type", text(schema, "type"), told)
    elif set(schema) - set(_ROOT_FIELDS):
        known = " ".join(_ROOT_FIELDS.values())
        told = f"only [{known}] fields are allowed at the root of the schema if the status subresource is enabled"
        causes.invalid(path, schema, told)


def _default_problems(schema: JSONObject, path: str) -> list[Cause]:
    """What is wrong with defaults: each must be pruned already, and valid by the schema at whose place it stands."""
    causes = Causes()
    for part, inner, _ in parts(schema, path):
        _check_defaults(causes, part, inner)
    return causes


def _check_defaults(causes: Causes, schema: JSONObject, path: str) -> None:
    value = schema.get("default")
    if value is not None:
        compiled, at = structural(schema), f"{path}.default"
        pruned = copy.deepcopy(value)
        if prune_value(pruned, compiled):
            causes.invalid(at, value, "must not have unknown fields")
        found = Causes()
        check_embedded(found, value, compiled, at)
        check_lists(found, value, compiled, at)
        for cause in validate_value(value, schema):
            field = at if cause.field == NIL_PATH else f"{at}.{cause.field}"
            found.append(Cause(cause.reason, field, cause.message))
        causes.extend(found)
    for part, inner, _ in parts(schema, path):
        _check_defaults(causes, part, inner)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a schema a part of it stands."""

    is_root: bool = False
    is_in_metadata: bool = False
    no_defaults: str = ""


def _check(causes: Causes, schema: JSONObject, path: str, place: _Place) -> None:
    _check_supported(causes, schema, path, place)
    if flag(schema, "uniqueItems"):
        told = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        causes.forbidden(f"{path}.uniqueItems", told)
    additional = schema.get("additionalProperties")
    if peek(schema, "properties") and additional is not None and additional is not True:
        told = "additionalProperties and properties are mutual exclusive"
        causes.forbidden(f"{path}.additionalProperties", told)
    inner_place = replace(place, is_root=False)
    for part, inner, _ in parts(schema, path):
        _check(causes, part, inner, _place_of(inner, schema, path, place))
    for part, inner in junctors(schema, path):
        _check(causes, part, inner, inner_place)
    if schema.get(PRESERVE) is False:
        causes.invalid(f"{path}.{PRESERVE}", False, "must be true or undefined")
    _check_map_type(causes, schema, path)
    _check_list_type(causes, schema, path)
    if text(schema, _LIST_TYPE) == "map":
        _check_map_list(causes, schema, path)
    _check_keys(causes, schema, path)


def _place_of(inner: str, schema: JSONObject, path: str, place: _Place) -> _Place:
    found = replace(place, is_root=False)
    if inner == f"{path}.additionalProperties":
        if place.is_in_metadata:
            return replace(found, no_defaults="inside additionalProperties applying to object metadata")
        return found
    name = inner.removeprefix(f"{path}.properties[").removesuffix("]")
    if (place.is_root or flag(schema, EMBEDDED)) and name in _GENERAL and inner != f"{path}.items":
        found = replace(found, is_in_metadata=True)
        if place.is_root:
            found = replace(found, no_defaults=f"in top-level {name}")
    return found


def _check_supported(causes: Causes, schema: JSONObject, path: str, place: _Place) -> None:
    type_ = text(schema, "type")
    if type_ and type_ not in _TYPES:
        causes.unsupported(f"{path}.type", type_, _TYPES)
    if schema.get("default") is not None and place.no_defaults:
        causes.forbidden(f"{path}.default", f"must not be set {place.no_defaults}")
    for name in _UNSUPPORTED:
        if schema.get(name):
            causes.forbidden(f"{path}.{name}", f"{name} is not supported")
    if type_ == "null":
        causes.forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list):
        causes.forbidden(f"{path}.items", "items must be a schema object and not an array")
    if place.is_in_metadata and flag(schema, EMBEDDED):
        causes.forbidden(f"{path}.{EMBEDDED}", "must not be used inside of resource meta")


def _check_map_type(causes: Causes, schema: JSONObject, path: str) -> None:
    map_type, type_ = text(schema, _MAP_TYPE), text(schema, "type")
    if not map_type:
        return
    if type_ != "object":
        _wrong_type(causes, f"{path}.type", type_, "must be object if x-kubernetes-map-type is specified")
    if map_type not in {"atomic", "granular"}:
        causes.unsupported(f"{path}.{_MAP_TYPE}", map_type, ("atomic", "granular"))


def _check_list_type(causes: Causes, schema: JSONObject, path: str) -> None:
    list_type, type_ = text(schema, _LIST_TYPE), text(schema, "type")
    if not list_type:
        return
    element = peek(schema, "items")
    told = "must be atomic as item of a list with x-kubernetes-list-type=set"
    if type_ != "array":
        _wrong_type(causes, f"{path}.type", type_, "must be array if x-kubernetes-list-type is specified")
    elif list_type == "set":
        if text(element, "type") == "array" and text(element, _LIST_TYPE) not in {"", "atomic"}:
            causes.invalid(f"{path}.items.{_LIST_TYPE}", text(element, _LIST_TYPE), told)
        if text(element, "type") == "object" and text(element, _MAP_TYPE) != "atomic":
            causes.invalid(f"{path}.items.{_MAP_TYPE}", element.get(_LIST_TYPE), told)
    if list_type not in {"atomic", "set", "map"}:
        causes.unsupported(f"{path}.{_LIST_TYPE}", list_type, ("atomic", "set", "map"))


def _wrong_type(causes: Causes, path: str, type_: str, told: str) -> None:
    if type_:
        causes.invalid(path, type_, told)
    else:
        causes.required(path, told)


def _check_map_list(causes: Causes, schema: JSONObject, path: str) -> None:
    keys, at = items(schema, _MAP_KEYS), f"{path}.{_MAP_KEYS}"
    element = schema.get("items")
    if not keys:
        causes.required(at, "must not be empty if x-kubernetes-list-type is map")
    if not isinstance(element, dict):
        causes.required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")
        return
    if text(element, "type") != "object":
        told = "must be object if parent array's x-kubernetes-list-type is map"
        causes.invalid(f"{path}.items.type", text(element, "type"), told)
        return
    properties = peek(element, "properties")
    for index, key in enumerate(keys):
        if not isinstance(properties.get(key), dict):
            causes.invalid(at, keys, "entries must all be names of item properties")
        elif text(properties, key, "type") in {"array", "object"}:
            told = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            causes.invalid(f"{path}.items.properties[{key}].type", text(element, "type"), told)
        if key in keys[:index]:
            causes.invalid(at, keys, "must not contain duplicate entries")


def _check_keys(causes: Causes, schema: JSONObject, path: str) -> None:
    keys, list_type = items(schema, _MAP_KEYS), text(schema, _LIST_TYPE)
    if keys and list_type != "map":
        told = "must be map if x-kubernetes-list-map-keys is non-empty"
        _wrong_type(causes, f"{path}.{_LIST_TYPE}", list_type, told)
    element = schema.get("items")
    if list_type not in {"set", "map"} or not isinstance(element, dict):
        return
    if flag(element, "nullable"):
        told = f"cannot be nullable when x-kubernetes-list-type is {list_type}"
        causes.forbidden(f"{path}.items.nullable", told)
    for key in keys if list_type == "map" else ():
        member = peek(element, "properties").get(key)
        if not isinstance(member, dict):
            continue
        at = f"{path}.items.properties[{key}]"
        told = "this property is in x-kubernetes-list-map-keys, so it"
        if key not in items(element, "required") and member.get("default") is None:
            causes.required(f"{at}.default", f"{told} must have a default or be a required property")
        if flag(member, "nullable"):
            causes.forbidden(f"{at}.nullable", f"{told} cannot be nullable")
