"""The kinds of autoscaling/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
api__v1.json
apis__autoscaling__v1.json
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from listwatch.apimachinery.object import Object, section

__all__ = [
    "CrossVersionObjectReference",
    "HorizontalPodAutoscaler",
    "HorizontalPodAutoscalerSpec",
    "HorizontalPodAutoscalerStatus",
    "Scale",
    "ScaleSpec",
    "ScaleStatus",
]


class CrossVersionObjectReference(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    kind: str = field(default_factory=str)
    name: str = field(default_factory=str)


class HorizontalPodAutoscalerSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    max_replicas: int = field(default_factory=int)
    min_replicas: int | None = None
    scale_target_ref: CrossVersionObjectReference = field(default_factory=CrossVersionObjectReference)
    target_cpu_utilization_percentage: int | None = field(default=None, name="targetCPUUtilizationPercentage")


class HorizontalPodAutoscalerStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    current_cpu_utilization_percentage: int | None = field(
        default=None, name="currentCPUUtilizationPercentage"
    )
    current_replicas: int = field(default_factory=int)
    desired_replicas: int = field(default_factory=int)
    last_scale_time: datetime | None = None
    observed_generation: int | None = None


class ScaleSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    replicas: int = 0


class ScaleStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    replicas: int = field(default_factory=int)
    selector: str | None = None


class HorizontalPodAutoscaler(Object, group="autoscaling", version="v1", plural="horizontalpodautoscalers"):
    """Served at `/apis/autoscaling/v1/namespaces/{namespace}/horizontalpodautoscalers`."""

    spec: HorizontalPodAutoscalerSpec = section(factory=HorizontalPodAutoscalerSpec)
    status: HorizontalPodAutoscalerStatus = section(factory=HorizontalPodAutoscalerStatus)


class Scale(Object, group="autoscaling", version="v1", plural="scale"):
    """Served at `/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale`."""

    spec: ScaleSpec = section(factory=ScaleSpec)
    status: ScaleStatus = section(factory=ScaleStatus)
