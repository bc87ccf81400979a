"""The rules of aggregated roles."""

from __future__ import annotations

from typing import Any

from listwatch.apiserver.access.aggregation import aggregated, is_aggregated


def _role(
    name: str, *rules: str, labels: dict[str, str] | None = None, selects: Any = None
) -> dict[str, Any]:
    role: dict[str, Any] = {
        "metadata": {"name": name, "labels": labels},
        "rules": [{"verbs": [each]} for each in rules],
    }
    if selects is not None:
        role["aggregationRule"] = {"clusterRoleSelectors": selects}
    return role


def _verbs(role: dict[str, Any]) -> list[str]:
    return [rule["verbs"][0] for rule in role["rules"] or ()]


def test_rules_come_selector_by_selector_and_name_by_name_once_each() -> None:
    """Of each selector the chosen roles in order of name; equal rules once; its own rules are replaced."""
    roles = [
        _role("b", "get", "list", labels={"x": "1"}),
        _role("a", "watch", "get", labels={"x": "1"}),
        _role("c", "create", labels={"y": "1"}),
        _role("d", "delete"),
    ]
    selects = [{"matchLabels": {"y": "1"}}, {"matchLabels": {"x": "1"}}]
    sum_of = _role("sum", "old", labels={"x": "1"}, selects=selects)
    assert _verbs(aggregated(sum_of, [*roles, sum_of])) == ["create", "watch", "get", "list"]
    assert _verbs(sum_of) == ["old"]


def test_roles_without_the_rule_are_left_alone() -> None:
    """Only an aggregation rule makes a role's rules those of others; a bad selector selects nothing."""
    plain = _role("a", "get", labels={"x": "1"})
    assert aggregated(plain, [plain]) is plain
    assert not is_aggregated(plain)
    bad = _role("b", "old", selects=[{"matchExpressions": [{"key": "x", "operator": "Sometimes"}]}])
    assert is_aggregated(bad)
    assert _verbs(aggregated(bad, [plain, bad])) == []
