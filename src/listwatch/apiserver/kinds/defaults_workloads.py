"""What workloads get where their writer said nothing: Deployment, StatefulSet, Job and their kin.

In:    a decoded object, changed in place
Out:   the same, complete
Next:  apiserver/kinds/defaults.py
Rules: applying twice changes nothing more; a value that is there is never changed
Source: Kubernetes API reference, "Workload Resources"; the recordings; pkg/apis/{apps,batch}/v1/defaults.go
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from listwatch.apiserver.kinds.defaults_pods import default_pod_template
from listwatch.apiserver.kinds.maps import JSONObject, child, labels, maps

_MAX_INT32: Final = 2**31 - 1


def _deployment(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    spec.setdefault("replicas", 1)
    strategy = child(spec, "strategy")
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = child(strategy, "rollingUpdate")
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    default_pod_template(child(spec, "template"))


def _replica_set(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    spec.setdefault("replicas", 1)
    default_pod_template(child(spec, "template"))


def _replication_controller(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    spec.setdefault("replicas", 1)
    template = spec.get("template")
    if isinstance(template, dict):
        default_pod_template(template)
        own = labels(template, "metadata", "labels")
        if own and not spec.get("selector"):
            spec["selector"] = dict(own)
        _inherit_labels(obj, own)


def _inherit_labels(obj: JSONObject, own: dict[str, str]) -> None:
    metadata = child(obj, "metadata")
    if own and not metadata.get("labels"):
        metadata["labels"] = dict(own)


def _stateful_set(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = child(spec, "updateStrategy")
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        child(strategy, "rollingUpdate")
    if strategy["type"] == "RollingUpdate" and isinstance(strategy.get("rollingUpdate"), dict):
        strategy["rollingUpdate"].setdefault("partition", 0)
    retention = child(spec, "persistentVolumeClaimRetentionPolicy")
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    default_pod_template(child(spec, "template"))
    for claim in maps(spec, "volumeClaimTemplates"):
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("apiVersion", "v1")
        child(claim, "spec").setdefault("volumeMode", "Filesystem")
        child(claim, "status").setdefault("phase", "Pending")


def _daemon_set(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    strategy = child(spec, "updateStrategy")
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = child(strategy, "rollingUpdate")
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)
    default_pod_template(child(spec, "template"))
    # Written back by the conversion between versions, so every DaemonSet that was ever stored has it.
    annotations = child(child(obj, "metadata"), "annotations")
    annotations.setdefault("deprecated.daemonset.template.generation", "0")


def _job(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = spec["parallelism"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", _MAX_INT32 if "backoffLimitPerIndex" in spec else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("manualSelector", False)
    template = child(spec, "template")
    default_pod_template(template)
    _inherit_labels(obj, labels(template, "metadata", "labels"))
    failure_policy = spec.get("podFailurePolicy")
    spec.setdefault(
        "podReplacementPolicy", "Failed" if isinstance(failure_policy, dict) else "TerminatingOrFailed"
    )
    for rule in maps(failure_policy, "rules"):
        for pattern in maps(rule, "onPodConditions"):
            pattern["status"] = pattern.get("status") or "True"


def _cron_job(obj: JSONObject) -> None:
    spec = child(obj, "spec")
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    default_pod_template(child(child(child(spec, "jobTemplate"), "spec"), "template"))


DEFAULTERS: Final[dict[tuple[str, str], Callable[[JSONObject], None]]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("", "ReplicationController"): _replication_controller,
}
