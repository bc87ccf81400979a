"""Whether the rules of a schema may be: each compiles, and needs no old value where none can be known.

In:    `openAPIV3Schema` of a version, found good otherwise
Out:   causes
Next:  definition_schema.py
Rules: pure; total on any JSON
Source: apiextensions-apiserver pkg/apis/apiextensions/validation; differs: what rules cost is not estimated beforehand
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apiserver.cel import CompileError
from listwatch.apiserver.cel.schema_types import declaration_of_schema
from listwatch.apiserver.cel.types import Type, optional_of
from listwatch.apiserver.custom.rules import VALIDATIONS, compile_message, compile_one
from listwatch.apiserver.custom.structural_rules import parts
from listwatch.apiserver.kinds.causes import Cause, Causes
from listwatch.apiserver.kinds.maps import JSONObject, flag, maps, peek, text

_REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")


def rule_problems(schema: JSONObject, path: str) -> list[Cause]:
    """Everything against the rules of a schema that stands at `path`, and of all that is in it."""
    causes = Causes()
    _check(causes, schema, path, is_root=True, unknown_old="")
    return causes


def _check(causes: Causes, schema: JSONObject, path: str, *, is_root: bool, unknown_old: str) -> None:
    for part, at, _ in parts(schema, path):
        hides = unknown_old
        if not hides and at == f"{path}.items" and text(schema, "x-kubernetes-list-type") != "map":
            hides = path
        if not hides and at != f"{path}.items" and text(schema, "x-kubernetes-map-type") == "atomic":
            hides = path
        _check(causes, part, at, is_root=False, unknown_old=hides)
    rules = maps(schema, VALIDATIONS)
    if not rules:
        return
    before = len(causes)
    for index, rule in enumerate(rules):
        _check_form(causes, rule, schema, f"{path}.{VALIDATIONS}[{index}]")
    if len(causes) != before:
        return
    declaration = declaration_of_schema(schema, is_root=is_root)
    for index, rule in enumerate(rules):
        at = f"{path}.{VALIDATIONS}[{index}]"
        if declaration is None:
            causes.invalid(f"{at}.rule", _shown(rule), "rules cannot be used on values without a type")
        else:
            _check_expressions(causes, rule, declaration.type, at, unknown_old)


def _check_form(causes: Causes, rule: JSONObject, schema: JSONObject, path: str) -> None:
    source, message = text(rule, "rule").strip(), text(rule, "message")
    if not source:
        causes.required(f"{path}.rule", "rule is not specified")
    elif message and not message.strip():
        causes.invalid(f"{path}.message", message, "message must be non-empty if specified")
    elif _has_newlines(message.strip()):
        causes.invalid(f"{path}.message", message, "message must not contain line breaks")
    elif _has_newlines(source) and not message.strip():
        causes.required(f"{path}.message", "message must be specified if rule contains line breaks")
    expression = text(rule, "messageExpression")
    if expression and not expression.strip():
        causes.required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
    reason = text(rule, "reason")
    if reason and reason not in _REASONS:
        causes.unsupported(f"{path}.reason", reason, _REASONS)
    field = text(rule, "fieldPath")
    if field and not field.strip():
        causes.invalid(f"{path}.fieldPath", field, "fieldPath must be non-empty if specified")
    if _has_newlines(field):
        causes.invalid(f"{path}.fieldPath", field, "fieldPath must not contain line breaks")
    if field and not _leads_somewhere(schema, field.strip()):
        causes.invalid(f"{path}.fieldPath", field, "fieldPath must be a valid path")


def _check_expressions(causes: Causes, rule: JSONObject, type_: Type, path: str, unknown_old: str) -> None:
    try:
        compiled = compile_one({**rule, "messageExpression": ""}, type_)
    except CompileError as error:
        told = "cel expression must evaluate to a bool" if "must evaluate to" in str(error) else str(error)
        causes.invalid(f"{path}.rule", _shown(rule), told)
        return
    if compiled.uses_old and unknown_old:
        told = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {unknown_old}"
        causes.invalid(f"{path}.rule", text(rule, "rule"), told)
    if not compiled.uses_old and rule.get("optionalOldSelf") is not None:
        told = "may not be set if oldSelf is not used in rule"
        causes.invalid(f"{path}.optionalOldSelf", flag(rule, "optionalOldSelf"), told)
    expression = text(rule, "messageExpression").strip()
    if not expression:
        return
    variables: dict[str, Type] = {"self": type_}
    if compiled.uses_old:
        variables["oldSelf"] = optional_of(type_) if flag(rule, "optionalOldSelf") else type_
    try:
        compile_message(expression, variables)
    except CompileError as error:
        is_other = "must evaluate to" in str(error)
        told = "messageExpression must evaluate to a string" if is_other else f"messageExpression {error}"
        causes.invalid(f"{path}.messageExpression", _shown(rule), told)


def _has_newlines(told: str) -> bool:
    return "\n" in told or "\r" in told


def _shown(rule: JSONObject) -> JSONObject:
    """A rule as the server shows one: in its own names, with all of them."""
    return {
        "Rule": text(rule, "rule"),
        "Message": text(rule, "message"),
        "MessageExpression": text(rule, "messageExpression"),
        "Reason": rule.get("reason"),
        "FieldPath": text(rule, "fieldPath"),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }


def _leads_somewhere(schema: JSONObject, path: str) -> bool:
    """Whether a field's path, `.spec.size` or `.map['key']`, is one of the schema's."""
    if not path.startswith((".", "[")):
        return False
    found: Any = schema
    for name in _names(path):
        properties, additional = peek(found, "properties"), found.get("additionalProperties")
        found = properties.get(name, additional if isinstance(additional, dict) else None)
        if not isinstance(found, dict):
            return False
    return True


def _names(path: str) -> list[str]:
    names: list[str] = []
    rest = path
    while rest:
        if rest.startswith("['") and "']" in rest:
            name, _, rest = rest[2:].partition("']")
        elif rest.startswith("."):
            end = min(
                (place for place in (rest.find(".", 1), rest.find("[", 1)) if place > 0), default=len(rest)
            )
            name, rest = rest[1:end], rest[end:]
        else:
            return [""]
        names.append(name)
    return names
