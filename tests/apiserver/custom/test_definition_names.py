"""Names and conditions of definitions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from custom_widgets import definition

from listwatch.apiserver.custom.definition_names import approval, approved, established, named, with_condition

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def conditions(obj: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Status and reason by type."""
    return {each["type"]: (each["status"], each["reason"]) for each in obj["status"]["conditions"]}


def test_free_names_are_accepted_then_established() -> None:
    """First named, then established; asked again nothing changes."""
    first = named(definition(), [], NOW)
    assert conditions(first) == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("False", "Installing"),
    }
    done = established(first, NOW)
    assert conditions(done)["Established"] == ("True", "InitialNamesAccepted")
    assert established(named(done, [], NOW), NOW) == done


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"plural": "others", "kind": "Other", "singular": "widget"}, "SingularConflict"),
        ({"plural": "others", "kind": "Widget"}, "KindConflict"),
        ({"plural": "others", "kind": "Other", "shortNames": ["widgets"]}, "ShortNamesConflict"),
        ({"plural": "others", "kind": "Other", "listKind": "Widget"}, "ListKindConflict"),
    ],
)
def test_a_name_in_use_is_refused_with_its_reason(names: dict[str, Any], reason: str) -> None:
    """Whoever has a name keeps it; the other is not established."""
    first = named(definition(names={"plural": "widgets", "singular": "widget", "kind": "Widget"}), [], NOW)
    second = established(named(definition(names=names), [first], NOW), NOW)
    assert conditions(second) == {"NamesAccepted": ("False", reason), "Established": ("False", "NotAccepted")}
    other_group = {**first, "spec": {**first["spec"], "group": "other.example.com"}}
    assert conditions(named(definition(names=names), [other_group], NOW))["NamesAccepted"][0] == "True"


@pytest.mark.parametrize(
    ("annotation", "state", "status"),
    [
        ("", "missing", "False"),
        ("https://github.com/x/y/pull/1", "approved", "True"),
        ("unapproved, for a test", "bypassed", "False"),
        ("whatever", "invalid", "False"),
    ],
)
def test_definitions_in_kubernetes_groups_tell_of_their_approval(
    annotation: str, state: str, status: str
) -> None:
    """The annotation decides; other groups have no such condition."""
    obj = definition(group="x.k8s.io")
    obj["metadata"]["annotations"] = {"api-approved.kubernetes.io": annotation}
    assert approval(obj)[0] == state
    assert conditions(approved(obj, NOW))["KubernetesAPIApprovalPolicyConformant"][0] == status
    assert approved(definition(), NOW) == definition()


def test_a_conditions_time_is_that_of_its_last_change_of_status() -> None:
    """A new reason alone moves no time."""
    later = datetime(2026, 1, 2, tzinfo=UTC)
    first = with_condition({}, "T", "True", "A", "", NOW)
    again = with_condition(first, "T", "True", "B", "", later)
    other = with_condition(again, "T", "False", "B", "", later)
    times = [obj["status"]["conditions"][0]["lastTransitionTime"] for obj in (first, again, other)]
    assert times == ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]
