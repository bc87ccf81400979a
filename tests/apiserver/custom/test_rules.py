"""Rules in CEL: when they are asked, where they are told, and what they say."""

from __future__ import annotations

from typing import Any

import pytest
from custom_widgets import root

from listwatch.apiserver.custom.definition_rules import rule_problems
from listwatch.apiserver.custom.rules import ask_rules, compile_rules
from listwatch.apiserver.custom.structural import MISSING, structural
from listwatch.apiserver.kinds.causes import Causes

INTEGER = {"type": "integer"}


def schema(*rules: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A schema whose `spec` has rules."""
    parts = {"min": INTEGER, "max": INTEGER, **properties}
    return root(spec={"type": "object", "properties": parts, "x-kubernetes-validations": list(rules)})


def told(given: dict[str, Any], spec: Any, old: Any = MISSING) -> list[str]:
    """What the rules have against a spec."""
    tree = compile_rules(structural(given))
    assert tree is not None
    causes = Causes()
    ask_rules(causes, tree, {"spec": spec}, old=old if old is MISSING else {"spec": old})
    return [f"{cause.field}: {cause.message}" for cause in causes]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"rule": "self.min <= self.max"}, "spec: Invalid value: failed rule: self.min <= self.max"),
        ({"rule": "self.min <= self.max", "message": "no"}, "spec: Invalid value: no"),
        (
            {"rule": "self.min <= self.max", "messageExpression": "'min ' + string(self.min)"},
            "spec: Invalid value: min 3",
        ),
        (
            {"rule": "self.min <= self.max", "messageExpression": "string(1 / 0)", "message": "plan b"},
            "spec: Invalid value: plan b",
        ),
        (
            {
                "rule": "self.min <= self.max",
                "reason": "FieldValueForbidden",
                "fieldPath": ".min",
                "message": "no",
            },
            "spec.min: Forbidden: no",
        ),
        (
            {"rule": "self.min <= self.max", "reason": "FieldValueRequired"},
            "spec: Required value: failed rule",
        ),
        ({"rule": "self.max < self.min", "message": "holds"}, ""),
    ],
)
def test_a_rule_that_does_not_hold_is_told(rule: dict[str, Any], problem: str) -> None:
    """With its message, the message's expression, its reason and its field's path."""
    found = told(schema(rule), {"min": 3, "max": 2})
    assert [each[: len(problem)] for each in found] == ([problem] if problem else [])


def test_simple_values_are_shown() -> None:
    """A rule on a number shows it."""
    given = schema({"rule": "true"}, n={**INTEGER, "x-kubernetes-validations": [{"rule": "self < 3"}]})
    assert told(given, {"n": 5}) == ["spec.n: Invalid value: 5: failed rule: self < 3"]


def test_a_transition_rule_needs_an_old_value() -> None:
    """Without one it is not asked, unless it says that it can do without."""
    rule = {"rule": "self.min >= oldSelf.min", "message": "shrinks"}
    assert told(schema(rule), {"min": 1}) == []
    assert told(schema(rule), {"min": 1}, {"min": 2}) == ["spec: Invalid value: shrinks"]
    optional = {"rule": "oldSelf.hasValue() || self.min == 0", "optionalOldSelf": True}
    assert len(told(schema(optional), {"min": 1})) == 1
    assert told(schema(optional), {"min": 1}, {"min": 2}) == []


def test_what_did_not_change_is_not_asked_again() -> None:
    """An old fault is tolerated where nothing changed; an item of a map is known by its key."""
    item = {
        "type": "object",
        "properties": {"k": INTEGER, "n": INTEGER},
        "x-kubernetes-validations": [{"rule": "self.n < 3"}, {"rule": "self.n >= oldSelf.n"}],
    }
    listed = {
        "type": "array",
        "items": item,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
    }
    given = schema({"rule": "!has(self.min) || self.min < 3"}, list=listed)
    assert told(given, {"min": 5}, {"min": 5}) == []
    old = {"list": [{"k": 1, "n": 9}]}
    assert told(given, {"list": [{"k": 2, "n": 0}, {"k": 1, "n": 9}]}, old) == []
    assert told(given, {"list": [{"k": 1, "n": 8}]}, old) == [
        "spec.list[0]: Invalid value: failed rule: self.n < 3",
        "spec.list[0]: Invalid value: failed rule: self.n >= oldSelf.n",
    ]


def test_an_error_while_a_rule_is_asked_is_told() -> None:
    """A missing key is a refusal that says so."""
    found = told(schema({"rule": "self.min <= self.max"}), {"min": 1})
    assert found == ["spec: Invalid value: no such key: max evaluating rule: self.min <= self.max"]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"rule": ""}, ".rule: Required value: rule is not specified"),
        ({"rule": "self.nope == 1"}, "undefined field 'nope'"),
        ({"rule": "1"}, "cel expression must evaluate to a bool"),
        ({"rule": "true", "messageExpression": "1"}, "messageExpression must evaluate to a string"),
        ({"rule": "true", "message": "a\nb"}, "message must not contain line breaks"),
        ({"rule": "true\n|| false"}, "message must be specified if rule contains line breaks"),
        ({"rule": "true", "reason": "Because"}, ".reason: Unsupported value"),
        ({"rule": "true", "fieldPath": ".nope"}, "fieldPath must be a valid path"),
        ({"rule": "true", "optionalOldSelf": True}, "may not be set if oldSelf is not used in rule"),
    ],
)
def test_a_definition_with_a_bad_rule_is_refused(rule: dict[str, Any], problem: str) -> None:
    """Each fault is told at the rule's place in the schema."""
    (cause,) = rule_problems(schema(rule), "s")
    assert cause.field.startswith("s.properties[spec].x-kubernetes-validations[0]")
    assert problem in f"{cause.field}: {cause.message}"


def test_an_old_value_that_nobody_can_know_is_refused() -> None:
    """Items of plain lists have no history."""
    item = {**INTEGER, "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}
    (cause,) = rule_problems(root(spec={"type": "array", "items": item}), "s")
    assert cause.message.endswith("uncorrelatable portion of the schema within s.properties[spec]")
