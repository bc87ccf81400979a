"""The kinds of batch/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__batch__v1.json
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from listwatch.api.core_v1 import ObjectReference, PodTemplateSpec
from listwatch.api.meta_v1 import LabelSelector
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.apimachinery.object import Object, section

__all__ = [
    "CronJob",
    "CronJobSpec",
    "CronJobStatus",
    "Job",
    "JobCondition",
    "JobSpec",
    "JobStatus",
    "JobTemplateSpec",
    "PodFailurePolicy",
    "PodFailurePolicyOnExitCodesRequirement",
    "PodFailurePolicyOnPodConditionsPattern",
    "PodFailurePolicyRule",
    "SuccessPolicy",
    "SuccessPolicyRule",
    "UncountedTerminatedPods",
]


class JobSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    active_deadline_seconds: int | None = None
    backoff_limit: int | None = None
    backoff_limit_per_index: int | None = None
    completion_mode: str | None = None
    completions: int | None = None
    managed_by: str | None = None
    manual_selector: bool | None = None
    max_failed_indexes: int | None = None
    parallelism: int | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    pod_replacement_policy: str | None = None
    selector: LabelSelector | None = None
    success_policy: SuccessPolicy | None = None
    suspend: bool | None = None
    template: PodTemplateSpec = field(default_factory=PodTemplateSpec)
    ttl_seconds_after_finished: int | None = None


class JobTemplateSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: JobSpec = field(default_factory=JobSpec)


class CronJobSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    concurrency_policy: str | None = None
    failed_jobs_history_limit: int | None = None
    job_template: JobTemplateSpec = field(default_factory=JobTemplateSpec)
    schedule: str = field(default_factory=str)
    starting_deadline_seconds: int | None = None
    successful_jobs_history_limit: int | None = None
    suspend: bool | None = None
    time_zone: str | None = None


class CronJobStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    active: list[ObjectReference] = field(default_factory=list)
    last_schedule_time: datetime | None = None
    last_successful_time: datetime | None = None


class JobCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_probe_time: datetime | None = None
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class JobStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    active: int | None = None
    completed_indexes: str | None = None
    completion_time: datetime | None = None
    conditions: list[JobCondition] = field(default_factory=list)
    failed: int | None = None
    failed_indexes: str | None = None
    ready: int | None = None
    start_time: datetime | None = None
    succeeded: int | None = None
    terminating: int | None = None
    uncounted_terminated_pods: UncountedTerminatedPods | None = None


class PodFailurePolicy(Struct, kw_only=True, omit_defaults=True, gc=False):
    rules: list[PodFailurePolicyRule] = field(default_factory=list)


class PodFailurePolicyOnExitCodesRequirement(
    Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"
):
    container_name: str | None = None
    operator: str = field(default_factory=str)
    values: list[int] = field(default_factory=list)


class PodFailurePolicyOnPodConditionsPattern(Struct, kw_only=True, omit_defaults=True, gc=False):
    status: str = ""
    type: str = field(default_factory=str)


class PodFailurePolicyRule(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    action: str = field(default_factory=str)
    on_exit_codes: PodFailurePolicyOnExitCodesRequirement | None = None
    on_pod_conditions: list[PodFailurePolicyOnPodConditionsPattern] = field(default_factory=list)


class SuccessPolicy(Struct, kw_only=True, omit_defaults=True, gc=False):
    rules: list[SuccessPolicyRule] = field(default_factory=list)


class SuccessPolicyRule(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    succeeded_count: int | None = None
    succeeded_indexes: str | None = None


class UncountedTerminatedPods(Struct, kw_only=True, omit_defaults=True, gc=False):
    failed: list[str] = field(default_factory=list)
    succeeded: list[str] = field(default_factory=list)


class CronJob(Object, group="batch", version="v1", plural="cronjobs"):
    """Served at `/apis/batch/v1/namespaces/{namespace}/cronjobs`."""

    spec: CronJobSpec = section(factory=CronJobSpec)
    status: CronJobStatus = section(factory=CronJobStatus)


class Job(Object, group="batch", version="v1", plural="jobs"):
    """Served at `/apis/batch/v1/namespaces/{namespace}/jobs`."""

    spec: JobSpec = section(factory=JobSpec)
    status: JobStatus = section(factory=JobStatus)
