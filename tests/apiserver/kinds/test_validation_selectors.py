"""Selectors that objects hold."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.kinds.causes import Causes
from listwatch.apiserver.kinds.validation_selectors import validate_affinity, validate_label_selector

HARD = "requiredDuringSchedulingIgnoredDuringExecution"
SOFT = "preferredDuringSchedulingIgnoredDuringExecution"
VALUES = "must be specified when `operator` is 'In' or 'NotIn'"
SINGLE = "must be specified single value when `operator` is 'Lt' or 'Gt'"


def told(causes: Causes) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in causes]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"key": "a", "operator": "In", "values": ["b"]}, []),
        ({"key": "a", "operator": "Exists"}, []),
        ({"key": "a", "operator": "In"}, [f".values: Required value: {VALUES}"]),
        (
            {"key": "a", "operator": "Exists", "values": ["b"]},
            [".values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"],
        ),
        (
            {"key": "a", "operator": "Equals", "values": ["b"]},
            ['.operator: Invalid value: "Equals": not a valid selector operator'],
        ),
    ],
)
def test_label_selectors(expression: dict[str, Any], expected: list[str]) -> None:
    """Each operator goes with as many values as it needs."""
    causes = Causes()
    validate_label_selector(causes, {"matchExpressions": [expression]}, "s")
    assert told(causes) == [f"s.matchExpressions[0]{each}" for each in expected]


def test_labels_in_selectors_are_labels() -> None:
    """Keys and values that no object could have are refused where they stand."""
    causes = Causes()
    validate_label_selector(
        causes,
        {
            "matchLabels": {"a b": "c"},
            "matchExpressions": [{"key": "k", "operator": "In", "values": ["x y"]}],
        },
        "s",
    )
    assert [cause.field for cause in causes] == ["s.matchLabels", "s.matchExpressions[0].values[0]"]


@pytest.mark.parametrize(
    ("affinity", "expected"),
    [
        (
            {"nodeAffinity": {HARD: {"nodeSelectorTerms": []}}},
            [
                f"a.nodeAffinity.{HARD}.nodeSelectorTerms: Required value: must have at least one node selector "
                "term"
            ],
        ),
        (
            {
                "nodeAffinity": {
                    HARD: {
                        "nodeSelectorTerms": [
                            {
                                "matchExpressions": [
                                    {"key": "zone", "operator": "In"},
                                    {"key": "size", "operator": "Gt", "values": ["1", "2"]},
                                    {"key": "size", "operator": "Gt", "values": ["1"]},
                                ]
                            }
                        ]
                    }
                }
            },
            [
                f"a.nodeAffinity.{HARD}.nodeSelectorTerms[0].matchExpressions[0].values: Required value: {VALUES}",
                f"a.nodeAffinity.{HARD}.nodeSelectorTerms[0].matchExpressions[1].values: Required value: {SINGLE}",
            ],
        ),
        (
            {"nodeAffinity": {SOFT: [{"weight": 101, "preference": {}}]}},
            [f"a.nodeAffinity.{SOFT}[0].weight: Invalid value: 101: must be in the range 1-100"],
        ),
        (
            {
                "podAntiAffinity": {
                    SOFT: [
                        {
                            "weight": 1,
                            "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": {}},
                        }
                    ]
                }
            },
            [],
        ),
    ],
)
def test_affinities(affinity: dict[str, Any], expected: list[str]) -> None:
    """Terms of nodes have operators of their own, and weights have bounds."""
    causes = Causes()
    validate_affinity(causes, affinity, "a")
    assert told(causes) == expected


def test_pods_are_near_something() -> None:
    """A term of other pods names what they have in common."""
    causes = Causes()
    validate_affinity(causes, {"podAffinity": {HARD: [{"labelSelector": {}}]}}, "a")
    assert told(causes)[0] == f"a.podAffinity.{HARD}[0].topologyKey: Required value: can not be empty"
