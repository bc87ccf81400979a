"""What makes a schema structural: every field has a type of its own, and conditions only restrict.

In:    a JSON schema
Out:   causes, sorted by their text as the server sorts them
Next:  definition_schema.py
Rules: pure; total on any JSON
Source: KEP-2337; apiextensions-apiserver pkg/apiserver/schema (validation.go, complete.go)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from listwatch.apiserver.custom.patterns import pattern_problem
from listwatch.apiserver.kinds.causes import Cause, Causes
from listwatch.apiserver.kinds.maps import JSONObject, flag, maps, peek, text

_ROOT, _ITEM, _FIELD = "root", "item", "field"
_TYPE_WANTED: Final = {
    _ROOT: "must not be empty at the root",
    _ITEM: "must not be empty for specified array items",
    _FIELD: "must not be empty for specified object fields",
}
_INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
EMBEDDED: Final = "x-kubernetes-embedded-resource"
PRESERVE: Final = "x-kubernetes-preserve-unknown-fields"
INT_OR_STRING: Final = "x-kubernetes-int-or-string"
_FORBIDDEN_NESTED: Final = (
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    ("externalDocs", "must be undefined to be structural"),
    (PRESERVE, "must be false to be structural"),
    (EMBEDDED, "must be false to be structural"),
    (INT_OR_STRING, "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
)


def structural_problems(schema: JSONObject, path: str) -> list[Cause]:
    """Everything that keeps a schema, which stands at `path`, from being structural."""
    causes = Causes()
    _invariants(causes, schema, _ROOT, path)
    _completeness(causes, schema, path)
    return sorted(causes, key=lambda cause: f"{cause.field}: {cause.message}")


def parts(schema: JSONObject, path: str) -> Iterator[tuple[JSONObject, str, str]]:
    """The schemas of what is in a value: each with its path and its level."""
    if isinstance(items := schema.get("items"), dict):
        yield items, f"{path}.items", _ITEM
    for name, part in peek(schema, "properties").items():
        if isinstance(part, dict):
            yield part, f"{path}.properties[{name}]", _FIELD
    if isinstance(additional := schema.get("additionalProperties"), dict):
        yield additional, f"{path}.additionalProperties", _FIELD


def junctors(schema: JSONObject, path: str) -> Iterator[tuple[JSONObject, str]]:
    """The schemas that restrict a value further, each with its path."""
    for name in ("anyOf", "allOf", "oneOf"):
        for index, part in enumerate(maps(schema, name)):
            yield part, f"{path}.{name}[{index}]"
    if isinstance(negated := schema.get("not"), dict):
        yield negated, f"{path}.not"


def _invariants(causes: Causes, schema: JSONObject, level: str, path: str) -> None:
    type_, is_embedded = text(schema, "type"), flag(schema, EMBEDDED)
    if type_ == "array" and not isinstance(schema.get("items"), dict):
        causes.required(f"{path}.items", "must be specified")
    for part, inner, inner_level in parts(schema, path):
        _invariants(causes, part, inner_level, inner)
    if schema.get("additionalProperties") is not None:
        if level == _ROOT:
            causes.forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if is_embedded:
            causes.forbidden(
                f"{path}.additionalProperties", "must not be used if x-kubernetes-embedded-resource is set"
            )
    if flag(schema, INT_OR_STRING):
        for name in (PRESERVE, EMBEDDED):
            if flag(schema, name):
                causes.invalid(f"{path}.{name}", True, "must be false if x-kubernetes-int-or-string is true")
    _restrictions(causes, schema, path)
    _own_type(causes, schema, level, path)
    _general_fields(causes, schema, level, path)


def _own_type(causes: Causes, schema: JSONObject, level: str, path: str) -> None:
    type_ = text(schema, "type")
    if flag(schema, EMBEDDED) and type_ != "object":
        told = "must be object if x-kubernetes-embedded-resource is true"
        causes.invalid(f"{path}.type", type_, told) if type_ else causes.required(f"{path}.type", told)
    elif not type_ and not flag(schema, INT_OR_STRING) and not flag(schema, PRESERVE):
        causes.required(f"{path}.type", _TYPE_WANTED[level])
    if level == _ROOT and type_ and type_ != "object":
        causes.invalid(f"{path}.type", type_, "must be object at the root")
    if flag(schema, EMBEDDED) and not flag(schema, PRESERVE) and not peek(schema, "properties"):
        causes.required(
            f"{path}.properties",
            "must not be empty if x-kubernetes-embedded-resource is true without "
            "x-kubernetes-preserve-unknown-fields",
        )


def _general_fields(causes: Causes, schema: JSONObject, level: str, path: str) -> None:
    properties = peek(schema, "properties")
    is_object = level == _ROOT or flag(schema, EMBEDDED)
    for name in ("kind", "apiVersion"):
        if is_object and name in properties and text(properties, name, "type") != "string":
            at = f"{path}.properties[{name}].type"
            causes.invalid(at, text(properties, name, "type"), "must be string")
    if "metadata" not in properties:
        return
    metadata, at = peek(properties, "metadata"), f"{path}.properties[metadata]"
    if is_object and text(metadata, "type") != "object":
        causes.invalid(f"{at}.type", text(metadata, "type"), "must be object")
    if level == _ROOT:
        rest = {name: value for name, value in metadata.items() if name not in {"type", "default"}}
        if rest.get("properties") and not set(rest["properties"]) - {"name", "generateName"}:
            del rest["properties"]
        if rest:
            causes.forbidden(
                at,
                "must not specify anything other than name and generateName, but metadata is implicitly specified",
            )


def _restrictions(
    causes: Causes,
    schema: JSONObject,
    path: str,
    *,
    skips_any_of: bool | None = None,
    skips_first_all_of: bool | None = None,
) -> None:
    if skips_any_of is None:
        skips_any_of = schema.get("anyOf") == _INT_OR_STRING
    all_of = maps(schema, "allOf")
    if skips_first_all_of is None:
        skips_first_all_of = bool(all_of) and all_of[0].get("anyOf") == _INT_OR_STRING
    for part, inner in junctors(schema, path):
        if skips_any_of and inner.startswith(f"{path}.anyOf["):
            continue
        first = skips_first_all_of and inner == f"{path}.allOf[0]"
        _nested(causes, part, inner, skips_any_of=first)
    pattern = text(schema, "pattern")
    if pattern and (problem := pattern_problem(pattern)):
        causes.invalid(
            f"{path}.pattern", pattern, f"must be a valid regular expression, but isn't: {problem}"
        )


def _nested(causes: Causes, schema: JSONObject, path: str, *, skips_any_of: bool = False) -> None:
    _restrictions(causes, schema, path, skips_any_of=skips_any_of, skips_first_all_of=False)
    for part, inner, _ in parts(schema, path):
        if not inner.endswith(".additionalProperties"):
            _nested(causes, part, inner)
    for name, told in _FORBIDDEN_NESTED:
        if not _is_zero(schema.get(name)):
            causes.forbidden(f"{path}.{name}", told)
    if "metadata" in peek(schema, "properties"):
        causes.forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _is_zero(value: Any) -> bool:
    return value is None or value is False or value in ("", [])


def _completeness(causes: Causes, schema: JSONObject, path: str) -> None:
    for part, inner in junctors(schema, path):
        _complete(causes, part, schema, path, inner)
    for part, inner, _ in parts(schema, path):
        _completeness(causes, part, inner)


def _complete(causes: Causes, nested: JSONObject, own: JSONObject, path: str, at: str) -> None:
    """Whether everything that a restriction speaks of is there outside of it."""
    for part, inner in junctors(nested, at):
        _complete(causes, part, own, path, inner)
    if isinstance(items := nested.get("items"), dict):
        if isinstance(own_items := own.get("items"), dict):
            _complete(causes, items, own_items, f"{path}.items", f"{at}.items")
        else:
            causes.required(f"{path}.items", f"because it is defined in {at}.items")
    known = peek(own, "properties")
    for name, part in peek(nested, "properties").items():
        here, there = f"{path}.properties[{name}]", f"{at}.properties[{name}]"
        if not isinstance(known.get(name), dict):
            causes.required(here, f"because it is defined in {there}")
        elif isinstance(part, dict):
            _complete(causes, part, known[name], here, there)
