"""Whether a workload may be stored: Deployment, StatefulSet, Job and their kin.

In:    an object, decoded and defaulted; for an update also the stored one
Out:   causes
Next:  apiserver/kinds/validation.py
Rules: pure, total on objects of any shape
Source: Kubernetes API reference; order and wording of pkg/apis/{apps,batch,autoscaling}/validation, the recordings
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from listwatch.apimachinery import names
from listwatch.apimachinery.selector import LabelSelector, SelectorError, label_selector_from_object
from listwatch.apiserver.kinds.causes import Causes, immutable
from listwatch.apiserver.kinds.cron_schedule import parse_schedule
from listwatch.apiserver.kinds.maps import JSONObject, json_equal, labels, peek, text
from listwatch.apiserver.kinds.validation_pods import validate_pod_template
from listwatch.apiserver.kinds.validation_policies import validate_metrics
from listwatch.apiserver.kinds.validation_selectors import validate_label_selector

_ALWAYS: Final = ("Always",)


def _selector(causes: Causes, spec: JSONObject, kind: str) -> LabelSelector | None:
    """Checks `spec.selector`; None if it is of no use."""
    selector = spec.get("selector")
    if selector is None:
        causes.required("spec.selector")
        return None
    validate_label_selector(causes, peek(spec, "selector"), "spec.selector")
    try:
        parsed = label_selector_from_object(selector)
    except SelectorError:
        causes.invalid("spec.selector", selector, "invalid label selector")
        return None
    if parsed.is_empty:
        causes.invalid("spec.selector", selector, f"empty selector is invalid for {kind}")
        return None
    return parsed


def _template(causes: Causes, spec: JSONObject, selector: LabelSelector | None) -> None:
    """Checks `spec.template` of what keeps its pods running."""
    template = peek(spec, "template")
    own = labels(template, "metadata", "labels")
    if "selector" not in spec or (selector is not None and not selector.matches(own)):
        causes.invalid("spec.template.metadata.labels", own, "`selector` does not match template `labels`")
    validate_pod_template(causes, template, "spec.template")
    policy = text(template, "spec", "restartPolicy")
    if policy in {"OnFailure", "Never"}:
        causes.unsupported("spec.template.spec.restartPolicy", policy, _ALWAYS)


def _counts(causes: Causes, spec: JSONObject, *fields: str) -> None:
    for field in fields:
        causes.not_negative(f"spec.{field}", spec.get(field))


def _amount(causes: Causes, path: str, value: object) -> int | None:
    """Checks a number or a percentage; gives it as a number, for the question whether it is zero."""
    if isinstance(value, int) and not isinstance(value, bool):
        causes.not_negative(path, value)
        return value
    if isinstance(value, str):
        problems = names.percent_problems(value)
        causes.all_invalid(path, value, problems)
        return None if problems else int(value[:-1])
    return None


def _deployment(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    _counts(causes, spec, "replicas")
    _template(causes, spec, _selector(causes, spec, "deployment"))
    strategy = peek(spec, "strategy")
    rolling = strategy.get("rollingUpdate")
    if text(strategy, "type") == "Recreate" and rolling is not None:
        causes.forbidden(
            "spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"
        )
    elif text(strategy, "type") == "RollingUpdate":
        _rolling(causes, "spec.strategy.rollingUpdate", peek(strategy, "rollingUpdate"))
    _counts(causes, spec, "minReadySeconds", "revisionHistoryLimit")
    deadline, ready = spec.get("progressDeadlineSeconds"), spec.get("minReadySeconds", 0)
    if isinstance(deadline, int):
        causes.not_negative("spec.progressDeadlineSeconds", deadline)
        if isinstance(ready, int) and deadline <= ready:
            causes.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _rolling(causes: Causes, path: str, rolling: JSONObject) -> None:
    missing = _amount(causes, f"{path}.maxUnavailable", rolling.get("maxUnavailable"))
    surplus = _amount(causes, f"{path}.maxSurge", rolling.get("maxSurge"))
    if missing == 0 and surplus == 0:
        causes.invalid(
            f"{path}.maxUnavailable",
            rolling.get("maxUnavailable"),
            "may not be 0 when `maxSurge` is 0",
        )


def _replica_set(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    _counts(causes, spec, "replicas", "minReadySeconds")
    _template(causes, spec, _selector(causes, spec, "replicaset"))


def _stateful_set(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    _counts(causes, spec, "replicas", "minReadySeconds", "revisionHistoryLimit")
    selector, template = _selector(causes, spec, "statefulset"), peek(spec, "template")
    own = labels(template, "metadata", "labels")
    if "selector" not in spec or (selector is not None and not selector.matches(own)):
        causes.invalid("spec.template.metadata.labels", own, "`selector` does not match template `labels`")
    # The rest of the template is not looked at, as upstream: the volumes of its claims are not in it.
    policy = text(template, "spec", "restartPolicy")
    if policy and policy != "Always":
        causes.unsupported("spec.template.spec.restartPolicy", policy, _ALWAYS)
    if peek(template, "spec").get("activeDeadlineSeconds") is not None:
        causes.forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in StatefulSet is not Supported",
        )


def _daemon_set(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    _template(causes, spec, _selector(causes, spec, "daemonset"))
    _counts(causes, spec, "minReadySeconds", "revisionHistoryLimit")
    strategy = peek(spec, "updateStrategy")
    if text(strategy, "type") == "RollingUpdate":
        _rolling(causes, "spec.updateStrategy.rollingUpdate", peek(strategy, "rollingUpdate"))


def _replication_controller(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    _counts(causes, spec, "minReadySeconds", "replicas")
    selector = labels(spec, "selector")
    if not selector:
        causes.required("spec.selector")
    if not isinstance(spec.get("template"), dict):
        causes.required("spec.template")
        return
    template = peek(spec, "template")
    own = labels(template, "metadata", "labels")
    if selector and not selector.items() <= own.items():
        causes.invalid("spec.template.metadata.labels", own, "`selector` does not match template `labels`")
    validate_pod_template(causes, template, "spec.template")


def _job(causes: Causes, obj: JSONObject) -> None:
    _job_spec(causes, peek(obj, "spec"), "spec")


def _job_spec(causes: Causes, spec: JSONObject, path: str) -> None:
    for field in (
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ):
        causes.not_negative(f"{path}.{field}", spec.get(field))
    if text(spec, "completionMode") == "Indexed" and spec.get("completions") is None:
        causes.required(f"{path}.completions", "when completion mode is Indexed")
    template = peek(spec, "template")
    validate_pod_template(causes, template, f"{path}.template")
    policy = text(template, "spec", "restartPolicy")
    if policy == "Always":
        causes.required(f"{path}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def _cron_job(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    schedule = text(spec, "schedule")
    if not schedule:
        causes.required("spec.schedule")
    elif "TZ" in schedule:
        causes.invalid(
            "spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        )
    else:
        try:
            parse_schedule(schedule)
        except ValueError as error:
            causes.invalid("spec.schedule", schedule, str(error))
    zone = text(spec, "timeZone")
    if zone and not _is_time_zone(zone):
        causes.invalid("spec.timeZone", zone, f"unknown time zone {zone}")
    _counts(causes, spec, "startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    _job_spec(causes, peek(spec, "jobTemplate", "spec"), "spec.jobTemplate.spec")


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return name.lower() != "local"


def _autoscaler(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    fewest, most = spec.get("minReplicas"), spec.get("maxReplicas")
    if isinstance(fewest, int) and fewest < 1:
        causes.invalid("spec.minReplicas", fewest, "must be greater than or equal to 1")
    if not isinstance(most, int) or most < 1:
        causes.invalid("spec.maxReplicas", most or 0, "must be greater than 0")
    if isinstance(fewest, int) and isinstance(most, int) and most < fewest:
        causes.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    for name in ("kind", "name"):
        if not text(spec, "scaleTargetRef", name):
            causes.required(f"spec.scaleTargetRef.{name}")
    validate_metrics(causes, spec)


def _disruption_budget(causes: Causes, obj: JSONObject) -> None:
    spec = peek(obj, "spec")
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        causes.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        _amount(causes, f"spec.{name}", spec.get(name))
    validate_label_selector(causes, peek(spec, "selector"), "spec.selector")


def _update_selector(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    immutable(causes, new, old, "spec.selector")


_STATEFUL_CHANGES: Final = frozenset(
    {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)


def _update_stateful_set(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    spec, before = _without(peek(new, "spec")), _without(peek(old, "spec"))
    if not json_equal(spec, before):
        causes.forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
            "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
            "'minReadySeconds' are forbidden",
        )


def _without(spec: JSONObject) -> JSONObject:
    return {name: value for name, value in spec.items() if name not in _STATEFUL_CHANGES}


def _update_job(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    indexed = text(new, "spec", "completionMode") == "Indexed"
    moved_together = peek(new, "spec").get("completions") == peek(new, "spec").get("parallelism")
    if not (indexed and moved_together):
        immutable(causes, new, old, "spec.completions")
    immutable(causes, new, old, "spec.selector")
    if not _is_restartable(new, old):
        immutable(causes, new, old, "spec.template")
    immutable(
        causes,
        new,
        old,
        "spec.completionMode",
        "spec.podFailurePolicy",
        "spec.backoffLimitPerIndex",
        "spec.managedBy",
        "spec.successPolicy",
    )


def _is_restartable(new: JSONObject, old: JSONObject) -> bool:
    """A job that is suspended and has not begun may change where its pods go, and how they are labelled."""
    if peek(old, "spec").get("suspend") is not True or text(old, "status", "startTime"):
        return False
    return json_equal(_unplaced(new), _unplaced(old))


_PLACEMENT: Final = frozenset({"nodeSelector", "affinity", "tolerations", "schedulingGates"})


def _unplaced(job: JSONObject) -> Any:
    return {
        name: value for name, value in peek(job, "spec", "template", "spec").items() if name not in _PLACEMENT
    }


def _update_controller_revision(causes: Causes, new: JSONObject, old: JSONObject) -> None:
    immutable(causes, new, old, "data")


def _controller_revision(causes: Causes, obj: JSONObject) -> None:
    if obj.get("data") is None:
        causes.required("data", "data is mandatory")
    causes.not_negative("revision", obj.get("revision"))


def _pod_template(causes: Causes, obj: JSONObject) -> None:
    validate_pod_template(causes, peek(obj, "template"), "template")


RULES: Final[dict[tuple[str, str], Callable[[Causes, JSONObject], None]]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ControllerRevision"): _controller_revision,
    ("", "ReplicationController"): _replication_controller,
    ("", "PodTemplate"): _pod_template,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("policy", "PodDisruptionBudget"): _disruption_budget,
}
UPDATES: Final[dict[tuple[str, str], Callable[[Causes, JSONObject, JSONObject], None]]] = {
    ("apps", "Deployment"): _update_selector,
    ("apps", "ReplicaSet"): _update_selector,
    ("apps", "DaemonSet"): _update_selector,
    ("apps", "StatefulSet"): _update_stateful_set,
    ("apps", "ControllerRevision"): _update_controller_revision,
    ("batch", "Job"): _update_job,
}
