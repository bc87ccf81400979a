"""Rules in CEL: `x-kubernetes-validations` of a schema, compiled, and asked of objects.

In:    a schema; an object, and for an update the stored one
Out:   causes; why a text is no rule
Next:  kind.py asks them after all other validation, definition_rules.py when a definition is made
Rules: pure. A rule that needs the old value is asked only where there is one, and a value that has not changed is asked
       only such rules. All rules of an object share one budget.
Source: KEP-2876, KEP-4008; apiextensions-apiserver pkg/apiserver/schema/cel
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from listwatch.apiserver.cel import CompileError, Declaration, EvaluationError, Program, compile_rule
from listwatch.apiserver.cel.schema_types import declaration_of_schema
from listwatch.apiserver.cel.types import BOOL, STRING, Type, optional_of
from listwatch.apiserver.cel.values import NONE, Optional
from listwatch.apiserver.custom.list_types import map_key
from listwatch.apiserver.custom.structural import MISSING, Structural
from listwatch.apiserver.kinds.causes import Cause, Causes
from listwatch.apiserver.kinds.maps import JSONObject, flag, json_equal, maps, text

VALIDATIONS: Final = "x-kubernetes-validations"
_BUDGET: Final = 10_000_000
_LONGEST_MESSAGE: Final = 5 * 1024
# After one of these an object is not worth asking.
_BLOCKING: Final = frozenset(
    {
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
        "FieldValueNotSupported",
    }
)
NOT_CHECKED: Final = Cause(
    "FieldValueInvalid",
    "<nil>",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)


def is_blocking(causes: list[Cause]) -> bool:
    """Whether the causes that were found leave no sense in asking rules."""
    return any(cause.reason in _BLOCKING for cause in causes)


@dataclass(slots=True)
class Rule:
    """One rule, compiled.

    Attributes:
        uses_old: Whether it names `oldSelf`.
    """

    raw: JSONObject
    program: Program
    message: Program | None
    uses_old: bool

    @property
    def is_old_optional(self) -> bool:
        """Whether it is asked where there is no old value, too."""
        return flag(self.raw, "optionalOldSelf")

    def told(self) -> str:
        """What the rule says when it does not hold, its message's expression aside."""
        message = text(self.raw, "message").strip()
        return message or f"failed rule: {text(self.raw, 'rule').strip()}"


@dataclass(slots=True)
class RuleTree:
    """The rules of a schema: those of a value, and those of what is in it. Parts without rules are left out."""

    schema: Structural
    declaration: Declaration | None = None
    rules: list[Rule] = field(default_factory=list)
    members: dict[str, RuleTree] = field(default_factory=dict)
    rest: RuleTree | None = None
    items: RuleTree | None = None


def compile_rules(schema: Structural, *, is_root: bool = True) -> RuleTree | None:
    """The rules of a validated schema; None if it has none."""
    tree = RuleTree(schema)
    given = maps(schema.raw, VALIDATIONS)
    if given:
        tree.declaration = declaration_of_schema(schema.raw, is_root=is_root)
    if tree.declaration is not None:
        tree.rules = [rule for each in given if (rule := _compiled(each, tree.declaration.type)) is not None]
    for name, part in schema.properties.items():
        if (inner := compile_rules(part, is_root=False)) is not None:
            tree.members[name] = inner
    if isinstance(schema.additional, Structural):
        tree.rest = compile_rules(schema.additional, is_root=False)
    if schema.items is not None:
        tree.items = compile_rules(schema.items, is_root=False)
    return tree if tree.rules or tree.members or tree.rest or tree.items else None


def _compiled(raw: JSONObject, type_: Type) -> Rule | None:
    try:
        return compile_one(raw, type_)
    except CompileError:
        return None  # a definition of another age: what cannot be asked holds


def compile_one(raw: JSONObject, type_: Type) -> Rule:
    """One rule on values of a type.

    Raises:
        CompileError: Its expression is none, or not one of these values.
    """
    source = text(raw, "rule")
    variables = {"self": type_}
    uses_old = False
    try:
        program = compile_rule(source, variables, result=BOOL)
    except CompileError:
        variables["oldSelf"] = optional_of(type_) if flag(raw, "optionalOldSelf") else type_
        program = compile_rule(source, variables, result=BOOL)
        uses_old = True
    expression, message = text(raw, "messageExpression"), None
    if expression.strip():
        message = compile_message(expression, variables)
    return Rule(raw, program, message, uses_old)


def compile_message(source: str, variables: dict[str, Type]) -> Program:
    """The expression of a rule's message.

    Raises:
        CompileError: It is none.
    """
    return compile_rule(source, variables, result=STRING)


def ask_rules(causes: Causes, tree: RuleTree, value: Any, *, old: Any = MISSING) -> None:
    """Collect what an object's rules have against it.

    Args:
        causes: Where to.
        tree: The rules of its schema.
        value: The object.
        old: The stored one, for an update.
    """
    _Asking(causes).ask(tree, value, "", old)


class _Asking:
    """One object's rules, and what is left of their budget."""

    def __init__(self, causes: Causes) -> None:
        self._causes = causes
        self._left = _BUDGET

    def ask(self, tree: RuleTree, value: Any, path: str, old: Any) -> None:
        if value is None:
            return
        is_changed = old is MISSING or not json_equal(value, old)
        for rule in tree.rules:
            if self._left <= 0:
                return
            if rule.uses_old and old is MISSING and not rule.is_old_optional:
                continue
            if is_changed or rule.uses_old:
                self._ask_one(tree, rule, value, path, old)
        for part, each, at, before in _parts(tree, value, path, old):
            self.ask(part, each, at, before)

    def _ask_one(self, tree: RuleTree, rule: Rule, value: Any, path: str, old: Any) -> None:
        rule_text = text(rule.raw, "message").strip() or text(rule.raw, "rule").strip()
        declaration = tree.declaration or Declaration(rule.program.result)
        try:
            values: dict[str, Any] = {"self": declaration.value(value)}
            if rule.uses_old:
                known = NONE if old is MISSING else declaration.value(old)
                values["oldSelf"] = known if old is MISSING or not rule.is_old_optional else Optional(known)
            holds, steps = rule.program.run(values, budget=self._left)
        except EvaluationError as error:
            self._causes.append(_invalid(path, value, f"{error} evaluating rule: {rule_text}"))
            if "cost limit" in str(error):
                self._left = 0
            return
        self._left -= steps
        if holds is not True:
            self._causes.append(self._failed(rule, value, path, values))

    def _failed(self, rule: Rule, value: Any, path: str, values: dict[str, Any]) -> Cause:
        told = rule.told()
        if rule.message is not None:
            try:
                message = rule.message.evaluate(values, budget=max(self._left, 1))
            except EvaluationError:
                message = ""  # as if there were none
            if isinstance(message, str) and message.strip() and "\n" not in message.strip():
                told = message.strip()[:_LONGEST_MESSAGE]
        at = path + text(rule.raw, "fieldPath").strip() if path else text(rule.raw, "fieldPath").strip()[1:]
        at = at or path
        match text(rule.raw, "reason"):
            case "FieldValueForbidden":
                return Cause("FieldValueForbidden", at or "<nil>", f"Forbidden: {told}")
            case "FieldValueRequired":
                return Cause("FieldValueRequired", at or "<nil>", f"Required value: {told}")
            case "FieldValueDuplicate":
                found = Causes()
                found.duplicate(at or "<nil>", value)
                return found[0]
        return _invalid(at, value, told)


def _invalid(path: str, value: Any, told: str) -> Cause:
    """Simple values are shown, others would be too long."""
    if isinstance(value, dict | list):
        return Cause("FieldValueInvalid", path or "<nil>", f"Invalid value: {told}")
    found = Causes()
    found.invalid(path or "<nil>", value, told)
    return found[0]


def _parts(tree: RuleTree, value: Any, path: str, old: Any) -> Iterator[tuple[RuleTree, Any, str, Any]]:
    """The values in a value that have rules: the rules, the value, its path, what it was."""
    if isinstance(value, dict):
        is_known = isinstance(old, dict) and tree.schema.map_type != "atomic"
        for name, each in value.items():
            named = name in tree.schema.properties
            part = tree.members.get(name) if named else tree.rest
            if part is not None:
                at = (f"{path}.{name}" if path else name) if named else f"{path}[{name}]"
                yield part, each, at, old.get(name, MISSING) if is_known else MISSING
    elif isinstance(value, list) and tree.items is not None:
        before: dict[Any, Any] = {}
        if tree.schema.list_type == "map" and isinstance(old, list):
            before = {map_key(each, tree.schema): each for each in old}
        for index, each in enumerate(value):
            was = before.get(map_key(each, tree.schema), MISSING) if before else MISSING
            yield tree.items, each, f"{path}[{index}]", was
