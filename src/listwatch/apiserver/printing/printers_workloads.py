"""The rows of workloads: Deployment, StatefulSet, Job and their kin.

In:    an object
Out:   its cells
Next:  apiserver/printing/printers.py
Rules: pure, total on objects of any shape
Source: the recordings; kube-apiserver's printers
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from listwatch.apiserver.kinds.durations import age, human_duration, moment_of
from listwatch.apiserver.kinds.maps import JSONObject, items, labels, maps, number, peek, text
from listwatch.apiserver.printing.printer_parts import (
    NONE,
    age_of,
    condition_status,
    containers_and_images,
    go_bool,
    is_being_deleted,
    labels_text,
    name_of,
    selector_text,
)


def _deployment(obj: JSONObject, now: datetime) -> list[Any]:
    spec, status = peek(obj, "spec"), peek(obj, "status")
    return [
        name_of(obj),
        f"{number(status, 'readyReplicas')}/{number(spec, 'replicas')}",
        number(status, "updatedReplicas"),
        number(status, "availableReplicas"),
        age_of(obj, now),
        *containers_and_images(peek(spec, "template")),
        selector_text(spec.get("selector")),
    ]


def _replica_set(obj: JSONObject, now: datetime) -> list[Any]:
    spec, status = peek(obj, "spec"), peek(obj, "status")
    return [
        name_of(obj),
        number(spec, "replicas"),
        number(status, "replicas"),
        number(status, "readyReplicas"),
        age_of(obj, now),
        *containers_and_images(peek(spec, "template")),
        selector_text(spec.get("selector")),
    ]


def _replication_controller(obj: JSONObject, now: datetime) -> list[Any]:
    return [*_replica_set(obj, now)[:-1], labels_text(obj, "spec", "selector")]


def _stateful_set(obj: JSONObject, now: datetime) -> list[Any]:
    spec, status = peek(obj, "spec"), peek(obj, "status")
    return [
        name_of(obj),
        f"{number(status, 'readyReplicas')}/{number(spec, 'replicas')}",
        age_of(obj, now),
        *containers_and_images(peek(spec, "template")),
    ]


def _daemon_set(obj: JSONObject, now: datetime) -> list[Any]:
    spec, status = peek(obj, "spec"), peek(obj, "status")
    return [
        name_of(obj),
        number(status, "desiredNumberScheduled"),
        number(status, "currentNumberScheduled"),
        number(status, "numberReady"),
        number(status, "updatedNumberScheduled"),
        number(status, "numberAvailable"),
        labels_text(spec, "template", "spec", "nodeSelector"),
        age_of(obj, now),
        *containers_and_images(peek(spec, "template")),
        selector_text(spec.get("selector")),
    ]


def _job_state(obj: JSONObject) -> str:
    for condition, shown in (("Complete", "Complete"), ("Failed", "Failed")):
        if condition_status(obj, condition) == "True":
            return shown
    if is_being_deleted(obj):
        return "Terminating"
    for condition in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if condition_status(obj, condition) == "True":
            return condition
    return "Running"


def _job(obj: JSONObject, now: datetime) -> list[Any]:
    spec, status = peek(obj, "spec"), peek(obj, "status")
    succeeded, parallelism = number(status, "succeeded"), number(spec, "parallelism")
    if isinstance(spec.get("completions"), int):
        completions = f"{succeeded}/{spec['completions']}"
    else:
        completions = f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"
    started, completed = moment_of(status.get("startTime")), moment_of(status.get("completionTime"))
    duration = human_duration(((completed or now) - started).total_seconds()) if started is not None else ""
    return [
        name_of(obj),
        _job_state(obj),
        completions,
        duration,
        age_of(obj, now),
        *containers_and_images(peek(spec, "template")),
        selector_text(spec.get("selector")),
    ]


def _cron_job(obj: JSONObject, now: datetime) -> list[Any]:
    spec, status = peek(obj, "spec"), peek(obj, "status")
    last = status.get("lastScheduleTime")
    job = peek(spec, "jobTemplate", "spec")
    return [
        name_of(obj),
        text(spec, "schedule"),
        text(spec, "timeZone") or NONE,
        go_bool(spec.get("suspend")),
        len(items(status, "active")),
        age(last, now) if last else NONE,
        age_of(obj, now),
        *containers_and_images(peek(job, "template")),
        selector_text(job.get("selector")),
    ]


def _pod_template(obj: JSONObject, _: datetime) -> list[Any]:
    template = peek(obj, "template")
    return [
        name_of(obj),
        *containers_and_images(template),
        labels_text(template, "metadata", "labels"),
    ]


def _controller_revision(obj: JSONObject, now: datetime) -> list[Any]:
    controller = NONE
    for owner in maps(obj, "metadata", "ownerReferences"):
        if owner.get("controller") is True:
            group, _, _ = text(owner, "apiVersion").rpartition("/")
            kind = text(owner, "kind").lower()
            controller = f"{kind}.{group}/{text(owner, 'name')}" if group else f"{kind}/{text(owner, 'name')}"
    return [name_of(obj), controller, number(obj, "revision"), age_of(obj, now)]


def _horizontal_autoscaler(obj: JSONObject, now: datetime) -> list[Any]:
    spec, status = peek(obj, "spec"), peek(obj, "status")
    reference = f"{text(spec, 'scaleTargetRef', 'kind')}/{text(spec, 'scaleTargetRef', 'name')}"
    fewest = spec.get("minReplicas")
    return [
        name_of(obj),
        reference,
        _targets(spec, status),
        str(fewest) if isinstance(fewest, int) else "<unset>",
        str(number(spec, "maxReplicas")),
        number(status, "currentReplicas"),
        age_of(obj, now),
    ]


_MOST_TARGETS: Final = 2
_METRIC_PARTS: Final = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}


def _targets(spec: JSONObject, status: JSONObject) -> str:
    if "targetCPUUtilizationPercentage" in spec:
        current = status.get("currentCPUUtilizationPercentage")
        shown = "<unknown>" if current is None else f"{current}%"
        return f"cpu: {shown}/{spec['targetCPUUtilizationPercentage']}%"
    metrics = maps(spec, "metrics")
    if not metrics:
        return NONE
    current = maps(status, "currentMetrics")
    told = [_target(metric, dict(*current[index : index + 1])) for index, metric in enumerate(metrics)]
    head = ", ".join(told[:_MOST_TARGETS])
    return head if len(told) <= _MOST_TARGETS else f"{head} + {len(told) - _MOST_TARGETS} more..."


def _target(metric: JSONObject, current: JSONObject) -> str:
    kind = text(metric, "type")
    part = _METRIC_PARTS.get(kind)
    if part is None:
        return "<unknown type>"
    source, present = peek(metric, part), peek(current, part, "current")
    wanted = peek(source, "target")
    name = f"{text(source, 'name')}: " if kind in {"Resource", "ContainerResource"} else ""
    if isinstance(wanted.get("averageUtilization"), int):
        value = present.get("averageUtilization")
        return f"{name}{'<unknown>' if value is None else f'{value}%'}/{wanted['averageUtilization']}%"
    if "averageValue" in wanted:
        suffix = " (avg)" if kind in {"Object", "External"} else ""
        return f"{name}{present.get('averageValue', '<unknown>')}/{wanted['averageValue']}{suffix}"
    return f"{name}{present.get('value', '<unknown>')}/{wanted.get('value', '<auto>')}"


def _disruption_budget(obj: JSONObject, now: datetime) -> list[Any]:
    spec = peek(obj, "spec")
    shown = [
        str(spec[name]) if isinstance(spec.get(name), int | str) else "N/A"
        for name in ("minAvailable", "maxUnavailable")
    ]
    return [name_of(obj), *shown, number(obj, "status", "disruptionsAllowed"), age_of(obj, now)]


def _lease(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), text(obj, "spec", "holderIdentity"), age_of(obj, now)]


def _config_map(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), len(labels(obj, "data")) + len(labels(obj, "binaryData")), age_of(obj, now)]


def _secret(obj: JSONObject, now: datetime) -> list[Any]:
    return [name_of(obj), text(obj, "type"), len(labels(obj, "data")), age_of(obj, now)]


PRINTERS: Final[dict[tuple[str, str], Callable[[JSONObject, datetime], list[Any]]]] = {
    ("apps", "deployments"): _deployment,
    ("apps", "replicasets"): _replica_set,
    ("apps", "statefulsets"): _stateful_set,
    ("apps", "daemonsets"): _daemon_set,
    ("apps", "controllerrevisions"): _controller_revision,
    ("batch", "jobs"): _job,
    ("batch", "cronjobs"): _cron_job,
    ("autoscaling", "horizontalpodautoscalers"): _horizontal_autoscaler,
    ("policy", "poddisruptionbudgets"): _disruption_budget,
    ("coordination.k8s.io", "leases"): _lease,
    ("", "replicationcontrollers"): _replication_controller,
    ("", "podtemplates"): _pod_template,
    ("", "configmaps"): _config_map,
    ("", "secrets"): _secret,
}
