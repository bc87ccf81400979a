"""The kinds of policy/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
api__v1.json
apis__policy__v1.json
"""

from __future__ import annotations

from datetime import datetime
from types import NoneType

from msgspec import Struct, field

from listwatch.api.meta_v1 import Condition, DeleteOptions, LabelSelector
from listwatch.apimachinery.object import Object, section

__all__ = [
    "Eviction",
    "PodDisruptionBudget",
    "PodDisruptionBudgetSpec",
    "PodDisruptionBudgetStatus",
]


class PodDisruptionBudgetSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    max_unavailable: int | str | None = None
    min_available: int | str | None = None
    selector: LabelSelector | None = None
    unhealthy_pod_eviction_policy: str | None = None


class PodDisruptionBudgetStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    conditions: list[Condition] = field(default_factory=list)
    current_healthy: int = 0
    desired_healthy: int = 0
    disrupted_pods: dict[str, datetime] = field(default_factory=dict)
    disruptions_allowed: int = 0
    expected_pods: int = 0
    observed_generation: int | None = None


class Eviction(Object, group="policy", version="v1", plural="eviction"):
    """Served at `/api/v1/namespaces/{namespace}/pods/{name}/eviction`."""

    delete_options: DeleteOptions | None = section(factory=NoneType)


class PodDisruptionBudget(Object, group="policy", version="v1", plural="poddisruptionbudgets"):
    """Served at `/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets`."""

    spec: PodDisruptionBudgetSpec = section(factory=PodDisruptionBudgetSpec)
    status: PodDisruptionBudgetStatus = section(factory=PodDisruptionBudgetStatus)
