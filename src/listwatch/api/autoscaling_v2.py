"""The kinds of autoscaling/v2 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__autoscaling__v2.json
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from listwatch.api.meta_v1 import LabelSelector
from listwatch.apimachinery.object import Object, section

__all__ = [
    "ContainerResourceMetricSource",
    "ContainerResourceMetricStatus",
    "CrossVersionObjectReference",
    "ExternalMetricSource",
    "ExternalMetricStatus",
    "HPAScalingPolicy",
    "HPAScalingRules",
    "HorizontalPodAutoscaler",
    "HorizontalPodAutoscalerBehavior",
    "HorizontalPodAutoscalerCondition",
    "HorizontalPodAutoscalerSpec",
    "HorizontalPodAutoscalerStatus",
    "MetricIdentifier",
    "MetricSpec",
    "MetricStatus",
    "MetricTarget",
    "MetricValueStatus",
    "ObjectMetricSource",
    "ObjectMetricStatus",
    "PodsMetricSource",
    "PodsMetricStatus",
    "ResourceMetricSource",
    "ResourceMetricStatus",
]


class MetricTarget(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    average_utilization: int | None = None
    average_value: str | None = None
    type: str = field(default_factory=str)
    value: str | None = None


class ContainerResourceMetricSource(Struct, kw_only=True, omit_defaults=True, gc=False):
    container: str = field(default_factory=str)
    name: str = field(default_factory=str)
    target: MetricTarget = field(default_factory=MetricTarget)


class MetricValueStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    average_utilization: int | None = None
    average_value: str | None = None
    value: str | None = None


class ContainerResourceMetricStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    container: str = field(default_factory=str)
    current: MetricValueStatus = field(default_factory=MetricValueStatus)
    name: str = field(default_factory=str)


class CrossVersionObjectReference(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    kind: str = field(default_factory=str)
    name: str = field(default_factory=str)


class MetricIdentifier(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    selector: LabelSelector | None = None


class ExternalMetricSource(Struct, kw_only=True, omit_defaults=True, gc=False):
    metric: MetricIdentifier = field(default_factory=MetricIdentifier)
    target: MetricTarget = field(default_factory=MetricTarget)


class ExternalMetricStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    current: MetricValueStatus = field(default_factory=MetricValueStatus)
    metric: MetricIdentifier = field(default_factory=MetricIdentifier)


class HPAScalingPolicy(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    period_seconds: int = field(default_factory=int)
    type: str = field(default_factory=str)
    value: int = field(default_factory=int)


class HPAScalingRules(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    policies: list[HPAScalingPolicy] = field(default_factory=list)
    select_policy: str | None = None
    stabilization_window_seconds: int | None = None
    tolerance: str | None = None


class HorizontalPodAutoscalerBehavior(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    scale_down: HPAScalingRules | None = None
    scale_up: HPAScalingRules | None = None


class HorizontalPodAutoscalerCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class HorizontalPodAutoscalerSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    behavior: HorizontalPodAutoscalerBehavior | None = None
    max_replicas: int = field(default_factory=int)
    metrics: list[MetricSpec] = field(default_factory=list)
    min_replicas: int | None = None
    scale_target_ref: CrossVersionObjectReference = field(default_factory=CrossVersionObjectReference)


class HorizontalPodAutoscalerStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    conditions: list[HorizontalPodAutoscalerCondition] = field(default_factory=list)
    current_metrics: list[MetricStatus] = field(default_factory=list)
    current_replicas: int | None = None
    desired_replicas: int = field(default_factory=int)
    last_scale_time: datetime | None = None
    observed_generation: int | None = None


class MetricSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    container_resource: ContainerResourceMetricSource | None = None
    external: ExternalMetricSource | None = None
    object: ObjectMetricSource | None = None
    pods: PodsMetricSource | None = None
    resource: ResourceMetricSource | None = None
    type: str = field(default_factory=str)


class MetricStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    container_resource: ContainerResourceMetricStatus | None = None
    external: ExternalMetricStatus | None = None
    object: ObjectMetricStatus | None = None
    pods: PodsMetricStatus | None = None
    resource: ResourceMetricStatus | None = None
    type: str = field(default_factory=str)


class ObjectMetricSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    described_object: CrossVersionObjectReference = field(default_factory=CrossVersionObjectReference)
    metric: MetricIdentifier = field(default_factory=MetricIdentifier)
    target: MetricTarget = field(default_factory=MetricTarget)


class ObjectMetricStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    current: MetricValueStatus = field(default_factory=MetricValueStatus)
    described_object: CrossVersionObjectReference = field(default_factory=CrossVersionObjectReference)
    metric: MetricIdentifier = field(default_factory=MetricIdentifier)


class PodsMetricSource(Struct, kw_only=True, omit_defaults=True, gc=False):
    metric: MetricIdentifier = field(default_factory=MetricIdentifier)
    target: MetricTarget = field(default_factory=MetricTarget)


class PodsMetricStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    current: MetricValueStatus = field(default_factory=MetricValueStatus)
    metric: MetricIdentifier = field(default_factory=MetricIdentifier)


class ResourceMetricSource(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    target: MetricTarget = field(default_factory=MetricTarget)


class ResourceMetricStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    current: MetricValueStatus = field(default_factory=MetricValueStatus)
    name: str = field(default_factory=str)


class HorizontalPodAutoscaler(Object, group="autoscaling", version="v2", plural="horizontalpodautoscalers"):
    """Served at `/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers`."""

    spec: HorizontalPodAutoscalerSpec = section(factory=HorizontalPodAutoscalerSpec)
    status: HorizontalPodAutoscalerStatus = section(factory=HorizontalPodAutoscalerStatus)
