"""Limits, quotas, network policies and metrics."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.kinds.causes import Causes
from listwatch.apiserver.kinds.validation_policies import RULES, validate_metrics

NETWORKING = "networking.k8s.io"


def told(group: str, kind: str, spec: dict[str, Any]) -> list[str]:
    causes = Causes()
    RULES[group, kind](causes, {"spec": spec})
    return [f"{cause.field}: {cause.message}" for cause in causes]


def test_quotas_count_what_can_be_counted() -> None:
    """Names are known ones or counts of a kind; objects come whole."""
    good = {
        "pods": "10",
        "requests.cpu": "500m",
        "limits.memory": "1Gi",
        "requests.storage": "1Ti",
        "count/jobs.batch": "3",
        "requests.nvidia.com/gpu": "4",
        "hugepages-2Mi": "1Gi",
    }
    assert told("", "ResourceQuota", {"hard": good}) == []
    assert told("", "ResourceQuota", {"hard": {"foo": "1", "pods": "1.5", "limits.storage": "-1"}}) == [
        'spec.hard[foo]: Invalid value: "foo": must be a standard resource for quota',
        'spec.hard[pods]: Invalid value: "1.5": must be an integer',
        'spec.hard[limits.storage]: Invalid value: "limits.storage": must be a standard resource for quota',
        'spec.hard[limits.storage]: Invalid value: "-1": must be greater than or equal to 0',
    ]


def test_limits_are_in_order() -> None:
    """The least, what is asked for, what is allowed, and the most."""
    ordered = {
        "type": "Container",
        "min": {"cpu": "1"},
        "defaultRequest": {"cpu": "2"},
        "default": {"cpu": "3000m"},
        "max": {"cpu": "4"},
    }
    assert told("", "LimitRange", {"limits": [ordered]}) == []
    crossed = {"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}, "default": {"memory": "1"}}
    assert told("", "LimitRange", {"limits": [crossed]}) == [
        'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'
    ]
    of_pod = {"type": "Pod", "default": {"cpu": "1"}}
    assert told("", "LimitRange", {"limits": [of_pod]}) == [
        "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, []),
        ({"from": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}, []),
        ({"from": [{}]}, [".from[0]: Required value: must specify a peer"]),
        (
            {"from": [{"podSelector": {}, "ipBlock": {"cidr": "::/0"}}]},
            [".from[0]: Forbidden: may not specify both ipBlock and another peer"],
        ),
        (
            {"from": [{"ipBlock": {"cidr": "10.0"}}]},
            [
                '.from[0].ipBlock.cidr: Invalid value: "10.0": must be a valid CIDR value, '
                "(e.g. 10.9.8.0/24 or 2001:db8::/64)"
            ],
        ),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/16", "except": ["10.1.0.0/24"]}}]},
            ['.from[0].ipBlock.except[0]: Invalid value: "10.1.0.0/24": must be a strict subset of `cidr`'],
        ),
        (
            {"ports": [{"protocol": "X", "port": 0}, {"port": 90, "endPort": 80}]},
            [
                '.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
                ".ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                ".ports[1].endPort: Invalid value: 80: must be greater than or equal to `port`",
            ],
        ),
        (
            {"ports": [{"port": "http", "endPort": 80}]},
            [".ports[0].endPort: Invalid value: 80: may not be specified when `port` is non-numeric"],
        ),
    ],
)
def test_rules_of_network_policies(rule: dict[str, Any], expected: list[str]) -> None:
    """Peers are pods, namespaces or addresses; ports are numbers, ranges or names."""
    assert told(NETWORKING, "NetworkPolicy", {"podSelector": {}, "ingress": [rule]}) == [
        f"spec.ingress[0]{each}" for each in expected
    ]


def test_types_of_network_policies() -> None:
    """There are two directions."""
    assert told(NETWORKING, "NetworkPolicy", {"policyTypes": ["Egress", "Out"]}) == [
        'spec.policyTypes[1]: Unsupported value: "Out": supported values: "Egress", "Ingress"'
    ]


def test_metrics_have_their_source() -> None:
    """What the type names is there, with a target, and nothing else is."""
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    causes = Causes()
    validate_metrics(causes, {"metrics": [{"type": "Resource", "resource": cpu}]})
    assert not causes
    metrics = [
        {"type": "Resource"},
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}, "pods": {}},
        {"type": "Guess"},
        {"type": "Pods", "pods": {"target": {"type": "Percent", "averageValue": "1"}}},
    ]
    validate_metrics(causes, {"metrics": metrics})
    assert [f"{cause.field}: {cause.message}" for cause in causes] == [
        "spec.metrics[0].resource: Required value: must populate information for the given metric source",
        "spec.metrics[1].pods: Forbidden: must populate the given metric source only",
        "spec.metrics[1].resource.target.averageUtilization: Required value: must set either a target raw value "
        "or a target utilization",
        'spec.metrics[2].type: Unsupported value: "Guess": supported values: "ContainerResource", "External", '
        '"Object", "Pods", "Resource"',
        'spec.metrics[3].pods.target.type: Invalid value: "Percent": must be either Utilization, Value, or '
        "AverageValue",
    ]
