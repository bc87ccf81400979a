"""Rules that the recordings do not show, and that validation is total."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.kinds.defaults import apply_defaults
from listwatch.apiserver.kinds.schema import SchemaError, Schemas
from listwatch.apiserver.kinds.validation import _RULES, _UPDATES, validate_create, validate_update

CLUSTER = {
    "ClusterRole",
    "ClusterRoleBinding",
    "PriorityClass",
    "PersistentVolume",
    "StorageClass",
    "Namespace",
}


def made(group: str, kind: str, obj: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "x", **({} if kind in CLUSTER else {"namespace": "n"}), **obj.get("metadata", {})}
    version = "v2" if group == "autoscaling" else "v1"
    decoded, _ = Schemas.load().decode(group, version, kind, {**obj, "metadata": metadata})
    apply_defaults(group, version, kind, decoded)
    return decoded


def faults(group: str, kind: str, obj: dict[str, Any]) -> list[str]:
    version = "v2" if group == "autoscaling" else "v1"
    causes = validate_create(group, version, kind, made(group, kind, obj), namespaced=kind not in CLUSTER)
    return [f"{cause.field}: {cause.message}" for cause in causes]


POD = {"containers": [{"name": "c", "image": "i"}]}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": POD}
APP = {"selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE}
RBAC = "rbac.authorization.k8s.io"


@pytest.mark.parametrize(
    ("group", "kind", "obj"),
    [
        ("", "Pod", {"spec": POD}),
        ("apps", "Deployment", {"spec": APP}),
        ("apps", "StatefulSet", {"spec": {**APP, "serviceName": "s"}}),
        ("apps", "DaemonSet", {"spec": APP}),
        ("apps", "ReplicaSet", {"spec": APP}),
        ("batch", "Job", {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}}),
        (
            "batch",
            "CronJob",
            {
                "spec": {
                    "schedule": "* * * * *",
                    "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
                }
            },
        ),
        ("", "ConfigMap", {"data": {"a.b": "c"}}),
        ("", "Secret", {"type": "kubernetes.io/tls", "data": {"tls.crt": "", "tls.key": ""}}),
        ("", "Service", {"spec": {"ports": [{"port": 80}]}}),
        ("", "Service", {"spec": {"type": "ExternalName", "externalName": "a.b."}}),
        ("", "Namespace", {}),
        (
            "",
            "PersistentVolumeClaim",
            {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
        ),
        (
            "",
            "PersistentVolume",
            {
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "capacity": {"storage": "1Gi"},
                    "hostPath": {"path": "/"},
                }
            },
        ),
        (
            RBAC,
            "Role",
            {
                "metadata": {"name": "system:x"},
                "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
            },
        ),
        (
            RBAC,
            "RoleBinding",
            {"roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "u"}]},
        ),
        (
            "networking.k8s.io",
            "Ingress",
            {"spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}},
        ),
        ("networking.k8s.io", "NetworkPolicy", {"spec": {"podSelector": {}}}),
        (
            "autoscaling",
            "HorizontalPodAutoscaler",
            {"spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "d"}}},
        ),
        ("policy", "PodDisruptionBudget", {"spec": {"minAvailable": "50%"}}),
        ("coordination.k8s.io", "Lease", {"spec": {}}),
        ("scheduling.k8s.io", "PriorityClass", {"value": 5}),
        ("storage.k8s.io", "StorageClass", {"provisioner": "p"}),
        (
            "discovery.k8s.io",
            "EndpointSlice",
            {"addressType": "IPv4", "endpoints": [{"addresses": ["1.2.3.4"]}]},
        ),
        ("example.com", "Widget", {"spec": {"anything": None}}),
    ],
)
def test_good_objects_are_taken(group: str, kind: str, obj: dict[str, Any]) -> None:
    """A complete object of each common kind has nothing against it."""
    assert faults(group, kind, obj) == []


@pytest.mark.parametrize(
    ("group", "kind", "obj", "expected"),
    [
        (
            "",
            "Pod",
            {"spec": {"containers": [{}]}},
            ["spec.containers[0].name: Required value", "spec.containers[0].image: Required value"],
        ),
        (
            "",
            "Pod",
            {"spec": {"containers": [{"name": "c", "image": "i"}, {"name": "c", "image": "i"}]}},
            ['spec.containers[1].name: Duplicate value: "c"'],
        ),
        (
            "",
            "Pod",
            {
                "spec": {
                    "containers": [
                        {"name": "c", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/"}]}
                    ]
                }
            },
            ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
        ),
        (
            "",
            "Pod",
            {"spec": {**POD, "restartPolicy": "Sometimes"}},
            [
                'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'
            ],
        ),
        (
            "",
            "Pod",
            {"spec": {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 99999}]}]}},
            [
                "spec.containers[0].ports[0].containerPort: Invalid value: 99999: "
                "must be between 1 and 65535, inclusive"
            ],
        ),
        (
            "",
            "Pod",
            {
                "spec": {
                    "containers": [
                        {
                            "name": "c",
                            "image": "i",
                            "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}},
                        }
                    ]
                }
            },
            [
                'spec.containers[0].resources.requests: Invalid value: "2": '
                "must be less than or equal to cpu limit of 1"
            ],
        ),
        (
            "",
            "Pod",
            {
                "spec": {
                    **POD,
                    "hostNetwork": True,
                    "hostname": "a.b",
                    "nodeName": "N",
                    "nodeSelector": {"/": "a b"},
                    "activeDeadlineSeconds": 0,
                    "terminationGracePeriodSeconds": -1,
                    "ephemeralContainers": [{"name": "e", "image": "i"}],
                    "volumes": [{}, {"name": "v", "hostPath": {}, "emptyDir": {}}],
                    "tolerations": [
                        {"operator": "Equal"},
                        {"key": "k", "operator": "Exists", "value": "v"},
                        {"key": "k", "tolerationSeconds": 1},
                        {"key": "k", "effect": "Odd"},
                    ],
                }
            },
            None,
        ),
        (
            "",
            "Pod",
            {
                "spec": {
                    "initContainers": [{"name": "i", "image": " i "}],
                    "containers": [
                        {
                            "name": "c",
                            "image": "i",
                            "imagePullPolicy": "Odd",
                            "ports": [
                                {"name": "-b--"},
                                {"name": "http", "containerPort": 1, "hostPort": 99999},
                                {"name": "http", "containerPort": 2, "protocol": "ODD"},
                            ],
                            "env": [
                                {"name": ""},
                                {"name": "a=b"},
                                {"name": "c", "value": "v", "valueFrom": {"fieldRef": {"fieldPath": "p"}}},
                                {"name": "d", "valueFrom": {}},
                            ],
                            "volumeMounts": [
                                {},
                                {"name": "v", "mountPath": "/"},
                                {"name": "v", "mountPath": "/"},
                            ],
                            "resources": {"limits": {"cpu": "-1"}},
                            "livenessProbe": {},
                            "startupProbe": {
                                "exec": {},
                                "httpGet": {"port": 1},
                                "periodSeconds": -1,
                                "successThreshold": 2,
                            },
                        }
                    ],
                    "volumes": [{"name": "v"}],
                }
            },
            None,
        ),
        (
            "apps",
            "Deployment",
            {
                "spec": {
                    **APP,
                    "strategy": {"type": "Recreate", "rollingUpdate": {}},
                    "minReadySeconds": 9,
                    "progressDeadlineSeconds": 9,
                }
            },
            [
                "spec.strategy.rollingUpdate: Forbidden: "
                "may not be specified when strategy `type` is 'Recreate'",
                "spec.progressDeadlineSeconds: Invalid value: 9: must be greater than minReadySeconds",
            ],
        ),
        (
            "",
            "ReplicationController",
            {"spec": {}},
            ["spec.selector: Required value", "spec.template: Required value"],
        ),
        (
            "batch",
            "CronJob",
            {
                "spec": {
                    "schedule": "* *",
                    "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
                }
            },
            ['spec.schedule: Invalid value: "* *": expected exactly 5 fields, found 2: [* *]'],
        ),
        (
            "autoscaling",
            "HorizontalPodAutoscaler",
            {"spec": {"minReplicas": 5, "maxReplicas": 3, "scaleTargetRef": {"kind": "D", "name": "d"}}},
            ["spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"],
        ),
        ("autoscaling", "HorizontalPodAutoscaler", {"spec": {"minReplicas": 0}}, None),
        ("policy", "PodDisruptionBudget", {"spec": {"minAvailable": "x", "maxUnavailable": 1}}, None),
        ("apps", "ControllerRevision", {"revision": -1}, None),
        (
            "",
            "PersistentVolume",
            {"spec": {"hostPath": {"path": "/"}, "nfs": {"server": "s", "path": "/"}}},
            None,
        ),
        ("", "PersistentVolume", {"spec": {}}, None),
        (
            "",
            "Service",
            {
                "spec": {
                    "type": "NodePort",
                    "clusterIP": "None",
                    "sessionAffinity": "Odd",
                    "selector": {"/": "a b"},
                    "ports": [
                        {"name": "a", "port": 0},
                        {"name": "a", "port": 1, "targetPort": 0x20000, "protocol": "ODD"},
                        {"name": "b", "port": 1, "targetPort": "--", "protocol": "ODD"},
                    ],
                }
            },
            None,
        ),
        ("", "Service", {"spec": {"type": "LoadBalancer", "clusterIP": "None"}}, None),
        ("", "Service", {"spec": {"type": "ExternalName"}}, ["spec.externalName: Required value"]),
        ("", "Service", {"spec": {"type": "Odd", "ports": [{"port": 1}, {"port": 1}]}}, None),
        ("", "ConfigMap", {"data": {"/": ""}, "binaryData": {"/": "YQ=="}}, None),
        ("", "ConfigMap", {"data": {"a": "x" * 1048577}}, [": Too long: may not be more than 1048576 bytes"]),
        ("", "Secret", {"data": {"/": ""}, "type": "kubernetes.io/basic-auth"}, None),
        ("", "Secret", {"type": "kubernetes.io/service-account-token"}, None),
        (
            RBAC,
            "Role",
            {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"], "resources": ["pods"]}]},
            None,
        ),
        (RBAC, "ClusterRole", {"rules": [{"verbs": ["get"]}]}, None),
        (
            RBAC,
            "ClusterRoleBinding",
            {
                "roleRef": {"apiGroup": "x", "kind": "Role"},
                "subjects": [
                    {"kind": "Odd"},
                    {"kind": "User", "name": "u", "apiGroup": "x"},
                    {"kind": "ServiceAccount", "name": "s", "apiGroup": "x"},
                ],
            },
            None,
        ),
        (
            "networking.k8s.io",
            "Ingress",
            {
                "spec": {
                    "rules": [
                        {"http": {"paths": [{"path": "x", "pathType": "Exact"}, {"path": "/"}]}},
                        {"http": {}},
                    ]
                }
            },
            None,
        ),
        ("discovery.k8s.io", "EndpointSlice", {"addressType": "X", "endpoints": [{}]}, None),
        ("discovery.k8s.io", "EndpointSlice", {}, ["addressType: Required value"]),
        ("scheduling.k8s.io", "PriorityClass", {"value": 1000000001}, None),
        ("scheduling.k8s.io", "PriorityClass", {"metadata": {"name": "system-x"}}, None),
        ("", "Event", {"involvedObject": {"namespace": "other"}}, None),
        (
            "apps",
            "Deployment",
            {"spec": {"template": TEMPLATE}},
            [
                "spec.selector: Required value",
                'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template '
                "`labels`",
            ],
        ),
        (
            "apps",
            "Deployment",
            {"spec": {**APP, "selector": {}}},
            ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
        ),
        (
            "apps",
            "Deployment",
            {"spec": {**APP, "template": {**TEMPLATE, "spec": {**POD, "restartPolicy": "Never"}}}},
            ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
        ),
        (
            "apps",
            "Deployment",
            {"spec": {**APP, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}}},
            [
                'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'
            ],
        ),
        (
            "batch",
            "Job",
            {"spec": {"template": {"spec": POD}}},
            ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
        ),
        ("", "Service", {"spec": {}}, ["spec.ports: Required value"]),
        (
            "",
            "Service",
            {"spec": {"ports": [{"port": 1}, {"port": 2, "name": "b"}]}},
            ["spec.ports[0].name: Required value"],
        ),
        (
            "",
            "Secret",
            {"type": "kubernetes.io/tls"},
            ["data[tls.crt]: Required value", "data[tls.key]: Required value"],
        ),
        (
            "",
            "PersistentVolumeClaim",
            {},
            [
                "spec.accessModes: Required value: at least 1 access mode is required",
                "spec.resources[storage]: Required value",
            ],
        ),
        (
            RBAC,
            "Role",
            {"rules": [{"apiGroups": [""], "resources": ["pods"]}]},
            ["rules[0].verbs: Required value: verbs must contain at least one value"],
        ),
        (
            RBAC,
            "RoleBinding",
            {"roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "ServiceAccount", "name": "s"}]},
            ["subjects[0].namespace: Required value"],
        ),
        (
            "coordination.k8s.io",
            "Lease",
            {"spec": {"leaseDurationSeconds": 0}},
            ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"],
        ),
        (
            "networking.k8s.io",
            "Ingress",
            {},
            ["spec: Invalid value: {}: either `defaultBackend` or `rules` must be specified"],
        ),
        ("storage.k8s.io", "StorageClass", {}, ["provisioner: Required value"]),
        (
            "storage.k8s.io",
            "StorageClass",
            {"provisioner": "p", "volumeBindingMode": "Later"},
            [
                'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"'
            ],
        ),
        (
            "",
            "ConfigMap",
            {"metadata": {"labels": {"a": "b c"}, "annotations": {"/x": ""}, "finalizers": ["mine"]}},
            None,
        ),
        ("", "ConfigMap", {"metadata": {"namespace": "Bad"}}, None),
    ],
)
def test_bad_objects_are_refused(
    group: str, kind: str, obj: dict[str, Any], expected: list[str] | None
) -> None:
    """Each broken rule is told with its field, in the server's words."""
    found = faults(group, kind, obj)
    assert found
    if expected is not None:
        assert found == expected


@pytest.mark.parametrize(
    ("group", "kind", "old", "new", "expected"),
    [
        (
            "",
            "ConfigMap",
            {"immutable": True, "data": {"a": "1"}},
            {"immutable": True, "data": {"a": "2"}},
            ["data: Forbidden: field is immutable when `immutable` is set"],
        ),
        (
            "",
            "ConfigMap",
            {"immutable": True},
            {},
            ["immutable: Forbidden: field is immutable when `immutable` is set"],
        ),
        (
            "apps",
            "ControllerRevision",
            {"data": {"a": 1}},
            {"data": {"a": 2}},
            ['data: Invalid value: {"a":2}: field is immutable'],
        ),
        (
            "node.k8s.io",
            "RuntimeClass",
            {"handler": "a"},
            {"handler": "b"},
            ['handler: Invalid value: "b": field is immutable'],
        ),
        (
            "",
            "Pod",
            {
                "spec": {
                    **POD,
                    "activeDeadlineSeconds": 5,
                    "tolerations": [{"key": "a", "operator": "Exists"}],
                }
            },
            {"spec": {**POD, "activeDeadlineSeconds": 6}},
            [
                "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value",
                "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
            ],
        ),
        ("", "Secret", {"type": "a"}, {"type": "b"}, ['type: Invalid value: "b": field is immutable']),
        (
            RBAC,
            "RoleBinding",
            {"roleRef": {"kind": "Role", "name": "r"}},
            {"roleRef": {"kind": "Role", "name": "s"}},
            [
                'roleRef: Invalid value: {"kind":"Role","name":"s","apiGroup":"rbac.authorization.k8s.io"}: '
                "cannot change roleRef"
            ],
        ),
        (
            "scheduling.k8s.io",
            "PriorityClass",
            {"value": 1},
            {"value": 2},
            ["value: Forbidden: may not be changed in an update."],
        ),
        (
            "storage.k8s.io",
            "StorageClass",
            {"provisioner": "p"},
            {"provisioner": "q"},
            ["provisioner: Forbidden: updates to provisioner are forbidden."],
        ),
        (
            "",
            "Service",
            {"spec": {"clusterIPs": ["1.1.1.1"], "ports": [{"port": 1}]}},
            {"spec": {"clusterIPs": ["1.1.1.2"], "ports": [{"port": 1}]}},
            ['spec.clusterIPs[0]: Invalid value: ["1.1.1.2"]: may not change once set'],
        ),
        (
            "",
            "Pod",
            {"spec": POD},
            {"spec": {"containers": [*POD["containers"], {"name": "d", "image": "i"}]}},
            ["spec.containers: Forbidden: pod updates may not add or remove containers"],
        ),
        (
            "",
            "Pod",
            {"spec": {"containers": [{"name": "c", "image": "i:1"}]}},
            {"spec": {"containers": [{"name": "c", "image": "i:2"}], "activeDeadlineSeconds": 5}},
            [],
        ),
    ],
)
def test_what_cannot_change_is_kept(
    group: str, kind: str, old: dict[str, Any], new: dict[str, Any], expected: list[str]
) -> None:
    """Immutable fields of the common kinds."""
    causes = validate_update(group, "v1", kind, made(group, kind, new), made(group, kind, old))
    assert [f"{cause.field}: {cause.message}" for cause in causes] == expected


def env(field: str) -> dict[str, Any]:
    source = {"fieldRef": {"fieldPath": field}}
    return {"spec": {"containers": [{**POD["containers"][0], "env": [{"name": "A", "valueFrom": source}]}]}}


def ingress(host: str, backend: dict[str, Any]) -> dict[str, Any]:
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {"spec": {"rules": [{"host": host, "http": {"paths": [path]}}]}}


@pytest.mark.parametrize(
    ("group", "kind", "obj", "expected"),
    [
        (
            "",
            "Pod",
            env("metadata.foo"),
            [
                'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.foo": '
                "error converting fieldPath: field label not supported: metadata.foo"
            ],
        ),
        ("", "Pod", env("metadata.labels['a']"), []),
        (
            "",
            "Service",
            {"spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]}},
            [
                "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of "
                "valid ports is 30000-32767"
            ],
        ),
        (
            "",
            "PersistentVolumeClaim",
            {"spec": {"accessModes": ["RW"], "resources": {"requests": {"storage": "-1Gi"}}}},
            [
                'spec.accessModes: Unsupported value: "RW": supported values: "ReadOnlyMany", "ReadWriteMany", '
                '"ReadWriteOnce", "ReadWriteOncePod"',
                'spec.resources[storage]: Invalid value: "-1Gi": must be greater than zero',
            ],
        ),
        (
            "batch",
            "CronJob",
            {
                "spec": {
                    "schedule": "TZ=UTC * * * * *",
                    "timeZone": "Mars/Base",
                    "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
                }
            },
            [
                'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use '
                "timeZone field instead",
                'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base',
            ],
        ),
        (
            "networking.k8s.io",
            "Ingress",
            ingress("*.example.com", {"service": {"name": "a", "port": {}}}),
            ["spec.rules[0].http.paths[0].backend: Required value: port name or number is required"],
        ),
        (
            "networking.k8s.io",
            "Ingress",
            ingress("a.b", {}),
            ["spec.rules[0].http.paths[0].backend: Required value: resource or service backend is required"],
        ),
        (
            "networking.k8s.io",
            "Ingress",
            ingress("a.b", {"service": {"name": "a", "port": {"name": "x", "number": 1}}}),
            [
                'spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both port name & port number'
            ],
        ),
    ],
)
def test_frequent_mistakes(group: str, kind: str, obj: dict[str, Any], expected: list[str]) -> None:
    """What people get wrong most often is told as kube-apiserver tells it."""
    assert faults(group, kind, obj) == expected


def test_hosts_of_ingresses_are_names() -> None:
    """Upper case is refused, and so is a wildcard in the middle."""
    backend = {"service": {"name": "a", "port": {"number": 80}}}
    assert faults("networking.k8s.io", "Ingress", ingress("*.a.example.com", backend)) == []
    for host in ("A.b", "*.A"):
        (found,) = faults("networking.k8s.io", "Ingress", ingress(host, backend))
        assert found.startswith(f'spec.rules[0].host: Invalid value: "{host}": a ')


def test_a_statefulset_mounts_the_claims_that_it_makes() -> None:
    """Its template is looked at for labels, restart policy and deadline only: its claims' volumes are not there."""
    mounts = {
        "containers": [{"name": "c", "image": "i", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}]
    }
    claims = {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {}}]}
    obj = {"spec": {**APP, **claims, "template": {**TEMPLATE, "spec": mounts}}}
    assert faults("apps", "StatefulSet", obj) == []
    late = {"spec": {**APP, "template": {**TEMPLATE, "spec": {**POD, "activeDeadlineSeconds": 5}}}}
    assert faults("apps", "StatefulSet", late) == [
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported"
    ]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"])
def test_no_selector_matches_no_template(kind: str) -> None:
    """A workload without a selector is told two things, as kube-apiserver tells them."""
    assert faults("apps", kind, {"spec": {"template": TEMPLATE}}) == [
        "spec.selector: Required value",
        'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    ]


def changed_through(subresource: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    stored = {"metadata": {"resourceVersion": "1"}}
    pods = [made("", "Pod", {**stored, "spec": spec}) for spec in (new, old)]
    causes = validate_update("", "v1", "Pod", *pods, subresource=subresource)
    return [f"{cause.field}: {cause.message}" for cause in causes]


def test_ephemeral_containers_come_and_stay() -> None:
    """What `kubectl debug` adds is taken through its subresource only; none changes or goes."""
    debugger = {"name": "d", "image": "busybox", "targetContainerName": "c"}
    with_one = {**POD, "ephemeralContainers": [debugger]}
    assert changed_through("ephemeralcontainers", POD, with_one) == []
    assert changed_through("", POD, with_one)[0].startswith(
        "spec: Forbidden: pod updates may not change fields"
    )
    path = "spec.ephemeralContainers"
    assert changed_through("ephemeralcontainers", with_one, POD) == [
        f'{path}: Forbidden: existing ephemeral containers "d" may not be removed\n'
    ]
    other = {**POD, "ephemeralContainers": [{**debugger, "image": "alpine", "targetContainerName": "z"}]}
    assert changed_through("ephemeralcontainers", with_one, other) == [
        f'{path}: Forbidden: existing ephemeral containers "d" may not be changed\n',
        f'{path}[0].targetContainerName: Not found: "z"',
    ]
    probed = {**POD, "ephemeralContainers": [{**debugger, "resources": {"limits": {"cpu": "1"}}}]}
    assert changed_through("ephemeralcontainers", POD, probed) == [
        f"{path}[0].resources: Forbidden: cannot be set for an Ephemeral Container"
    ]


def test_a_resize_changes_resources() -> None:
    """A container's requests change through `resize`, not through the pod."""
    more = {"containers": [{**POD["containers"][0], "resources": {"requests": {"cpu": "1"}}}]}
    assert changed_through("resize", POD, more) == []
    assert changed_through("", POD, more)[0].startswith("spec: Forbidden: pod updates may not change fields")


def test_a_statefulset_changes_only_in_what_it_may() -> None:
    """The one sentence for every other field of its spec."""
    old = made("apps", "StatefulSet", {"spec": {**APP, "serviceName": "s"}})
    new = copy.deepcopy(old)
    new["spec"]["replicas"] = 9
    assert validate_update("apps", "v1", "StatefulSet", new, old) == []
    new["spec"]["serviceName"] = "t"
    causes = validate_update("apps", "v1", "StatefulSet", new, old)
    assert [cause.field for cause in causes] == ["spec"]
    assert causes[0].message.startswith("Forbidden: updates to statefulset spec for fields other than")


def test_names_are_required_and_generated_ones_are_prefixes() -> None:
    """No name at all is one cause; a prefix may end with a hyphen; cluster objects have no namespace."""
    causes = validate_create("", "v1", "ConfigMap", {"metadata": {"namespace": "n"}}, namespaced=True)
    assert [cause.message for cause in causes] == ["Required value: name or generateName is required"]
    metadata = {"generateName": "a-", "name": "a-x1", "namespace": "n"}
    assert validate_create("", "v1", "ConfigMap", {"metadata": metadata}, namespaced=True) == []
    causes = validate_create(
        "", "v1", "Namespace", {"metadata": {"name": "a", "namespace": "n"}}, namespaced=False
    )
    assert [cause.message for cause in causes] == ["Forbidden: not allowed on this type"]


def test_secrets_do_not_show() -> None:
    """A Secret whose content is bad is refused without showing it."""
    found = faults(
        "", "Secret", {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "c2VjcmV0"}}
    )
    assert found
    assert not any("secret\n" in text or "c2VjcmV0" in text for text in found)
    assert "<secret contents redacted>" in found[0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
NAMES = [
    "metadata", "spec", "status", "data", "template", "containers", "ports", "volumes", "name", "env", "rules",
    "selector", "labels", "finalizers", "ownerReferences", "tolerations", "schedule", "subjects", "resources",
]  # fmt: skip
parts = st.recursive(
    json_values,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(NAMES), parts, max_size=4)


@given(st.sampled_from(sorted({*_RULES, *_UPDATES})), objects, objects)
def test_validation_is_total(kind: tuple[str, str], new: dict[str, Any], old: dict[str, Any]) -> None:
    """Objects of any shape are judged, never crashed on, and never changed."""
    before = copy.deepcopy((new, old))
    validate_create(kind[0], "v1", kind[1], new, namespaced=True)
    validate_update(kind[0], "v1", kind[1], new, old)
    assert (new, old) == before
    try:
        decoded, _ = Schemas.load().decode(kind[0], "v1", kind[1], new)
    except SchemaError:
        return
    validate_create(kind[0], "v1", kind[1], decoded, namespaced=True)
