"""Defaults of the kinds that the recordings do not show, and two laws for all."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.kinds.defaults import _DEFAULTERS, apply_defaults
from listwatch.apiserver.kinds.defaults_pods import image_pull_policy


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("localhost:5000/a/nginx:1", "IfNotPresent"),
        ("nginx@sha256:00", "IfNotPresent"),
        ("nginx:latest@sha256:00", "IfNotPresent"),
        ("", "IfNotPresent"),
    ],
)
def test_images_are_pulled_by_their_tag(image: str, policy: str) -> None:
    """`latest`, written or meant, is always pulled; a tag or a digest is not pulled again."""
    assert image_pull_policy(image) == policy


def defaulted(group: str, kind: str, obj: dict[str, Any]) -> dict[str, Any]:
    apply_defaults(group, "v1" if group != "autoscaling" else "v2", kind, obj)
    return obj


def test_a_pod_is_completed() -> None:
    """Host ports, requests, probes, handlers, sources and volumes."""
    container = {
        "name": "c",
        "image": "i:1",
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "1"}},
        "livenessProbe": {"httpGet": {"port": 80}},
        "lifecycle": {"preStop": {"httpGet": {"port": 80}}},
        "env": [
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        ],
    }
    volumes = [
        {"name": "e"},
        {"name": "s", "secret": {"secretName": "x"}},
        {"name": "h", "hostPath": {"path": "/"}},
        {"name": "p", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
        {"name": "i", "image": {"reference": "x"}},
    ]
    spec = {"hostNetwork": True, "serviceAccount": "a", "containers": [container], "volumes": volumes}
    pod = defaulted("", "Pod", {"spec": spec})["spec"]
    done = pod["containers"][0]
    assert done["ports"] == [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]
    assert done["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    assert done["livenessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert done["lifecycle"]["preStop"]["httpGet"]["scheme"] == "HTTP"
    assert done["env"][0]["valueFrom"]["fieldRef"]["apiVersion"] == "v1"
    assert done["env"][1]["valueFrom"]["resourceFieldRef"]["divisor"] == "0"
    assert pod["serviceAccountName"] == pod["serviceAccount"] == "a"
    assert pod["volumes"] == [
        {"name": "e", "emptyDir": {}},
        {"name": "s", "secret": {"secretName": "x", "defaultMode": 420}},
        {"name": "h", "hostPath": {"path": "/", "type": ""}},
        {
            "name": "p",
            "projected": {
                "defaultMode": 420,
                "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
            },
        },
        {"name": "i", "image": {"reference": "x", "pullPolicy": "Always"}},
    ]


@pytest.mark.parametrize(
    ("group", "kind", "given_object", "expected"),
    [
        (
            "",
            "Secret",
            {"data": {"a": "YQ=="}, "stringData": {"b": "é"}},
            {"type": "Opaque", "data": {"a": "YQ==", "b": "w6k="}},
        ),
        (
            "",
            "Service",
            {"spec": {"type": "NodePort", "ports": [{"port": 80}], "sessionAffinity": "ClientIP"}},
            {
                "spec": {
                    "type": "NodePort",
                    "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
                    "sessionAffinity": "ClientIP",
                    "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
                    "externalTrafficPolicy": "Cluster",
                    "internalTrafficPolicy": "Cluster",
                }
            },
        ),
        (
            "apps",
            "Deployment",
            {"spec": {"strategy": {"type": "Recreate"}, "replicas": 0}},
            None,
        ),
        (
            "batch",
            "CronJob",
            {"spec": {"schedule": "@daily"}},
            None,
        ),
        (
            "rbac.authorization.k8s.io",
            "RoleBinding",
            {
                "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [{"kind": "User"}, {"kind": "ServiceAccount"}],
            },
            {
                "roleRef": {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"},
                "subjects": [
                    {"kind": "User", "apiGroup": "rbac.authorization.k8s.io"},
                    {"kind": "ServiceAccount"},
                ],
            },
        ),
        (
            "networking.k8s.io",
            "NetworkPolicy",
            {"spec": {"egress": [{"ports": [{"port": 53}]}]}},
            {
                "spec": {
                    "egress": [{"ports": [{"port": 53, "protocol": "TCP"}]}],
                    "policyTypes": ["Ingress", "Egress"],
                }
            },
        ),
        (
            "autoscaling",
            "HorizontalPodAutoscaler",
            {"spec": {"maxReplicas": 3}},
            {
                "spec": {
                    "maxReplicas": 3,
                    "minReplicas": 1,
                    "metrics": [
                        {
                            "type": "Resource",
                            "resource": {
                                "name": "cpu",
                                "target": {"type": "Utilization", "averageUtilization": 80},
                            },
                        }
                    ],
                }
            },
        ),
        (
            "storage.k8s.io",
            "StorageClass",
            {"provisioner": "p"},
            {"provisioner": "p", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
        ),
        (
            "apiextensions.k8s.io",
            "CustomResourceDefinition",
            {"spec": {"names": {"kind": "Widget"}}},
            {
                "spec": {
                    "names": {"kind": "Widget", "singular": "widget", "listKind": "WidgetList"},
                    "conversion": {"strategy": "None"},
                }
            },
        ),
        (
            "",
            "ReplicationController",
            {"spec": {"template": {"metadata": {"labels": {"a": "1"}}, "spec": {"dnsPolicy": "None"}}}},
            None,
        ),
        (
            "",
            "LimitRange",
            {
                "spec": {
                    "limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {"cpu": "1", "memory": "1"}}]
                }
            },
            {
                "spec": {
                    "limits": [
                        {
                            "type": "Container",
                            "max": {"cpu": "2"},
                            "min": {"cpu": "1", "memory": "1"},
                            "default": {"cpu": "2"},
                            "defaultRequest": {"cpu": "2", "memory": "1"},
                        }
                    ]
                }
            },
        ),
        (
            "",
            "PersistentVolume",
            {"spec": {"hostPath": {"path": "/"}}},
            {
                "spec": {
                    "hostPath": {"path": "/", "type": ""},
                    "persistentVolumeReclaimPolicy": "Retain",
                    "volumeMode": "Filesystem",
                },
                "status": {"phase": "Pending"},
            },
        ),
        (
            "",
            "Node",
            {"status": {"capacity": {"cpu": "1"}}},
            {"status": {"capacity": {"cpu": "1"}, "allocatable": {"cpu": "1"}}},
        ),
        (
            "",
            "Endpoints",
            {"subsets": [{"ports": [{"port": 1}]}]},
            {"subsets": [{"ports": [{"port": 1, "protocol": "TCP"}]}]},
        ),
        (
            "discovery.k8s.io",
            "EndpointSlice",
            {"ports": [{"port": 1}]},
            {"ports": [{"port": 1, "protocol": "TCP", "name": ""}]},
        ),
        (
            "apps",
            "StatefulSet",
            {
                "spec": {
                    "updateStrategy": {"type": "OnDelete"},
                    "volumeClaimTemplates": [{"metadata": {"name": "d"}}],
                }
            },
            None,
        ),
        (
            "batch",
            "Job",
            {"spec": {"completions": 3, "backoffLimitPerIndex": 1, "podFailurePolicy": {"rules": []}}},
            None,
        ),
        (
            "networking.k8s.io",
            "IngressClass",
            {"spec": {"parameters": {"kind": "K"}}},
            {"spec": {"parameters": {"kind": "K", "scope": "Cluster"}}},
        ),
        ("storage.k8s.io", "CSIDriver", {"spec": {"attachRequired": False}}, None),
        (
            "scheduling.k8s.io",
            "PriorityClass",
            {"value": 1},
            {"value": 1, "preemptionPolicy": "PreemptLowerPriority"},
        ),
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration",
            {"webhooks": [{"name": "w", "clientConfig": {"service": {"name": "s"}}, "rules": [{}]}]},
            {
                "webhooks": [
                    {
                        "name": "w",
                        "clientConfig": {"service": {"name": "s", "port": 443}},
                        "rules": [{"scope": "*"}],
                        "failurePolicy": "Fail",
                        "matchPolicy": "Equivalent",
                        "namespaceSelector": {},
                        "objectSelector": {},
                        "timeoutSeconds": 10,
                        "reinvocationPolicy": "Never",
                    }
                ]
            },
        ),
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicy",
            {"spec": {"matchConstraints": {"resourceRules": [{}]}}},
            {
                "spec": {
                    "failurePolicy": "Fail",
                    "matchConstraints": {
                        "resourceRules": [{"scope": "*"}],
                        "matchPolicy": "Equivalent",
                        "namespaceSelector": {},
                        "objectSelector": {},
                    },
                }
            },
        ),
        (
            "flowcontrol.apiserver.k8s.io",
            "PriorityLevelConfiguration",
            {"spec": {"limited": {"limitResponse": {"queuing": {"queues": 0}}}}},
            {
                "spec": {
                    "limited": {
                        "limitResponse": {"queuing": {"queues": 64, "handSize": 8, "queueLengthLimit": 50}},
                        "nominalConcurrencyShares": 30,
                        "lendablePercent": 0,
                    }
                }
            },
        ),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema", {"spec": {}}, {"spec": {"matchingPrecedence": 1000}}),
        (
            "autoscaling",
            "HorizontalPodAutoscaler",
            {"spec": {"metrics": [{}], "behavior": {"scaleDown": {"policies": [{}]}}}},
            {
                "spec": {
                    "minReplicas": 1,
                    "metrics": [{}],
                    "behavior": {
                        "scaleUp": {
                            "stabilizationWindowSeconds": 0,
                            "selectPolicy": "Max",
                            "policies": [
                                {"type": "Pods", "value": 4, "periodSeconds": 15},
                                {"type": "Percent", "value": 100, "periodSeconds": 15},
                            ],
                        },
                        "scaleDown": {"selectPolicy": "Max", "policies": [{}]},
                    },
                }
            },
        ),
        ("example.com", "Widget", {"spec": {}}, {"spec": {}}),
    ],
)
def test_other_kinds_are_completed(
    group: str, kind: str, given_object: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    """What is given stays; what is missing comes."""
    before = copy.deepcopy(given_object)
    result = defaulted(group, kind, given_object)
    if expected is None:
        kept = {name: value for name, value in before["spec"].items() if not isinstance(value, dict | list)}
        assert kept.items() <= result["spec"].items()
        assert result["spec"].keys() > before["spec"].keys()
    else:
        assert result == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
NAMES = [
    "spec",
    "metadata",
    "template",
    "containers",
    "ports",
    "rollingUpdate",
    "strategy",
    "limits",
    "rules",
]
parts = st.recursive(
    json_values,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)


@given(st.sampled_from(sorted(_DEFAULTERS)), st.dictionaries(st.sampled_from(NAMES), parts, max_size=4))
def test_defaults_are_total_and_settled(kind: tuple[str, str], obj: dict[str, Any]) -> None:
    """Objects of any shape are taken, and a second time changes nothing more."""
    once = defaulted(*kind, obj)
    assert defaulted(*kind, copy.deepcopy(once)) == once
