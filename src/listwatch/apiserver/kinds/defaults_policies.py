"""What the remaining kinds get where their writer said nothing: networking, access, storage, admission.

In:    a decoded object, changed in place
Out:   the same, complete
Next:  apiserver/kinds/defaults.py
Rules: applying twice changes nothing more; a value that is there is never changed
Source: Kubernetes API reference; pkg/apis/*/v1/defaults.go for what it does not say
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from listwatch.apiserver.kinds.maps import JSONObject, child, items, maps, text

_RBAC: Final = "rbac.authorization.k8s.io"


def _binding(obj: JSONObject) -> None:
    reference = child(obj, "roleRef")
    if not reference.get("apiGroup"):
        reference["apiGroup"] = _RBAC
    for subject in maps(obj, "subjects"):
        if not subject.get("apiGroup") and subject.get("kind") in {"User", "Group"}:
            subject["apiGroup"] = _RBAC


def _network_policy(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    for direction in ("ingress", "egress"):
        for rule in maps(spec, direction):
            for port in maps(rule, "ports"):
                port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if items(spec, "egress") else ["Ingress"]


def _ingress_class(obj: JSONObject) -> None:
    parameters = child(obj, "spec").get("parameters")
    if isinstance(parameters, dict):
        parameters.setdefault("scope", "Cluster")


def _storage_class(obj: JSONObject) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _csi_driver(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    for name, value in (
        ("attachRequired", True),
        ("podInfoOnMount", False),
        ("storageCapacity", False),
        ("fsGroupPolicy", "ReadWriteOnceWithFSType"),
        ("requiresRepublish", False),
        ("seLinuxMount", False),
    ):
        spec.setdefault(name, value)
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]


def _priority_class(obj: JSONObject) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def default_autoscaler(obj: JSONObject, version: str) -> None:
    """Complete a HorizontalPodAutoscaler; with no metric at all it looks at 80 % of the CPU."""
    spec = child(obj, "spec")
    spec.setdefault("minReplicas", 1)
    if version == "v1":
        return
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if isinstance(behavior, dict):
        percent: JSONObject = {"type": "Percent", "value": 100, "periodSeconds": 15}
        _scaling_rules(
            child(behavior, "scaleUp"),
            window=0,
            policies=[{"type": "Pods", "value": 4, "periodSeconds": 15}, dict(percent)],
        )
        _scaling_rules(child(behavior, "scaleDown"), window=None, policies=[dict(percent)])


def _scaling_rules(rules: JSONObject, *, window: int | None, policies: list[JSONObject]) -> None:
    if window is not None:
        rules.setdefault("stabilizationWindowSeconds", window)
    rules.setdefault("selectPolicy", "Max")
    if not rules.get("policies"):
        rules["policies"] = policies


def _webhooks(obj: JSONObject, *, mutating: bool) -> None:
    for hook in maps(obj, "webhooks"):
        hook.setdefault("failurePolicy", "Fail")
        hook.setdefault("matchPolicy", "Equivalent")
        hook.setdefault("namespaceSelector", {})
        hook.setdefault("objectSelector", {})
        hook.setdefault("timeoutSeconds", 10)
        if mutating:
            hook.setdefault("reinvocationPolicy", "Never")
        _rules(hook, "rules")
        _service_port(hook.get("clientConfig"))


def _rules(parent: Any, *path: str) -> None:
    for rule in maps(parent, *path):
        rule.setdefault("scope", "*")


def _service_port(config: Any) -> None:
    if isinstance(config, dict) and isinstance(config.get("service"), dict):
        config["service"].setdefault("port", 443)


def _mutating_webhooks(obj: JSONObject) -> None:
    _webhooks(obj, mutating=True)


def _validating_webhooks(obj: JSONObject) -> None:
    _webhooks(obj, mutating=False)


def _admission_policy(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    spec.setdefault("failurePolicy", "Fail")
    _match_resources(spec.get("matchConstraints"))


def _admission_policy_binding(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    _match_resources(spec.get("matchResources"))


def _match_resources(match: Any) -> None:
    if isinstance(match, dict):
        match.setdefault("matchPolicy", "Equivalent")
        match.setdefault("namespaceSelector", {})
        match.setdefault("objectSelector", {})
        _rules(match, "resourceRules")
        _rules(match, "excludeResourceRules")


def _custom_resource_definition(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    names = child(spec, "names")
    kind = text(names, "kind")
    if kind:
        if not names.get("singular"):
            names["singular"] = kind.lower()
        if not names.get("listKind"):
            names["listKind"] = f"{kind}List"
    conversion = child(spec, "conversion")
    conversion.setdefault("strategy", "None")
    webhook = conversion.get("webhook")
    if isinstance(webhook, dict):
        _service_port(webhook.get("clientConfig"))


def _api_service(obj: JSONObject) -> None:
    _service_port(child(obj, "spec"))


def _flow_schema(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    spec["matchingPrecedence"] = spec.get("matchingPrecedence") or 1000


def _priority_level(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    limited, exempt = spec.get("limited"), spec.get("exempt")
    if isinstance(limited, dict):
        limited.setdefault("nominalConcurrencyShares", 30)
        limited.setdefault("lendablePercent", 0)
        queuing = child(limited, "limitResponse").get("queuing")
        if isinstance(queuing, dict):
            for name, value in (("queues", 64), ("handSize", 8), ("queueLengthLimit", 50)):
                queuing[name] = queuing.get(name) or value
    if isinstance(exempt, dict):
        exempt.setdefault("nominalConcurrencyShares", 0)
        exempt.setdefault("lendablePercent", 0)


DEFAULTERS: Final[dict[tuple[str, str], Callable[[JSONObject], None]]] = {
    (_RBAC, "RoleBinding"): _binding,
    (_RBAC, "ClusterRoleBinding"): _binding,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    ("networking.k8s.io", "IngressClass"): _ingress_class,
    ("storage.k8s.io", "StorageClass"): _storage_class,
    ("storage.k8s.io", "CSIDriver"): _csi_driver,
    ("scheduling.k8s.io", "PriorityClass"): _priority_class,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _mutating_webhooks,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _validating_webhooks,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): _admission_policy,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): _admission_policy_binding,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _custom_resource_definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): _flow_schema,
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): _priority_level,
}
