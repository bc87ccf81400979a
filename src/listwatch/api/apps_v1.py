"""The kinds of apps/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__apps__v1.json
"""

from __future__ import annotations

from datetime import datetime
from types import NoneType
from typing import Any

from msgspec import Struct, field

from listwatch.api.core_v1 import PersistentVolumeClaim, PodTemplateSpec
from listwatch.api.meta_v1 import LabelSelector
from listwatch.apimachinery.object import Object, section

__all__ = [
    "ControllerRevision",
    "DaemonSet",
    "DaemonSetCondition",
    "DaemonSetSpec",
    "DaemonSetStatus",
    "DaemonSetUpdateStrategy",
    "Deployment",
    "DeploymentCondition",
    "DeploymentSpec",
    "DeploymentStatus",
    "DeploymentStrategy",
    "ReplicaSet",
    "ReplicaSetCondition",
    "ReplicaSetSpec",
    "ReplicaSetStatus",
    "RollingUpdateDaemonSet",
    "RollingUpdateDeployment",
    "RollingUpdateStatefulSetStrategy",
    "StatefulSet",
    "StatefulSetCondition",
    "StatefulSetOrdinals",
    "StatefulSetPersistentVolumeClaimRetentionPolicy",
    "StatefulSetSpec",
    "StatefulSetStatus",
    "StatefulSetUpdateStrategy",
]


class DaemonSetCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class DaemonSetUpdateStrategy(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    rolling_update: RollingUpdateDaemonSet | None = None
    type: str | None = None


class DaemonSetSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None
    selector: LabelSelector = field(default_factory=LabelSelector)
    template: PodTemplateSpec = field(default_factory=PodTemplateSpec)
    update_strategy: DaemonSetUpdateStrategy = field(default_factory=DaemonSetUpdateStrategy)


class DaemonSetStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    collision_count: int | None = None
    conditions: list[DaemonSetCondition] = field(default_factory=list)
    current_number_scheduled: int = field(default_factory=int)
    desired_number_scheduled: int = field(default_factory=int)
    number_available: int | None = None
    number_misscheduled: int = field(default_factory=int)
    number_ready: int = field(default_factory=int)
    number_unavailable: int | None = None
    observed_generation: int | None = None
    updated_number_scheduled: int | None = None


class DeploymentCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class DeploymentStrategy(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    rolling_update: RollingUpdateDeployment | None = None
    type: str | None = None


class DeploymentSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    min_ready_seconds: int | None = None
    paused: bool | None = None
    progress_deadline_seconds: int | None = None
    replicas: int | None = None
    revision_history_limit: int | None = None
    selector: LabelSelector = field(default_factory=LabelSelector)
    strategy: DeploymentStrategy = field(default_factory=DeploymentStrategy)
    template: PodTemplateSpec = field(default_factory=PodTemplateSpec)


class DeploymentStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    available_replicas: int | None = None
    collision_count: int | None = None
    conditions: list[DeploymentCondition] = field(default_factory=list)
    observed_generation: int | None = None
    ready_replicas: int | None = None
    replicas: int | None = None
    terminating_replicas: int | None = None
    unavailable_replicas: int | None = None
    updated_replicas: int | None = None


class ReplicaSetCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class ReplicaSetSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    min_ready_seconds: int | None = None
    replicas: int | None = None
    selector: LabelSelector = field(default_factory=LabelSelector)
    template: PodTemplateSpec = field(default_factory=PodTemplateSpec)


class ReplicaSetStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    available_replicas: int | None = None
    conditions: list[ReplicaSetCondition] = field(default_factory=list)
    fully_labeled_replicas: int | None = None
    observed_generation: int | None = None
    ready_replicas: int | None = None
    replicas: int = field(default_factory=int)
    terminating_replicas: int | None = None


class RollingUpdateDaemonSet(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class RollingUpdateDeployment(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class RollingUpdateStatefulSetStrategy(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    max_unavailable: int | str | None = None
    partition: int | None = None


class StatefulSetCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class StatefulSetOrdinals(Struct, kw_only=True, omit_defaults=True, gc=False):
    start: int = 0


class StatefulSetPersistentVolumeClaimRetentionPolicy(
    Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"
):
    when_deleted: str | None = None
    when_scaled: str | None = None


class StatefulSetUpdateStrategy(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    rolling_update: RollingUpdateStatefulSetStrategy | None = None
    type: str | None = None


class StatefulSetSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    min_ready_seconds: int | None = None
    ordinals: StatefulSetOrdinals | None = None
    persistent_volume_claim_retention_policy: StatefulSetPersistentVolumeClaimRetentionPolicy | None = None
    pod_management_policy: str | None = None
    replicas: int | None = None
    revision_history_limit: int | None = None
    selector: LabelSelector = field(default_factory=LabelSelector)
    service_name: str = ""
    template: PodTemplateSpec = field(default_factory=PodTemplateSpec)
    update_strategy: StatefulSetUpdateStrategy = field(default_factory=StatefulSetUpdateStrategy)
    volume_claim_templates: list[PersistentVolumeClaim] = field(default_factory=list)


class StatefulSetStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    available_replicas: int = 0
    collision_count: int | None = None
    conditions: list[StatefulSetCondition] = field(default_factory=list)
    current_replicas: int | None = None
    current_revision: str | None = None
    observed_generation: int | None = None
    ready_replicas: int | None = None
    replicas: int = field(default_factory=int)
    update_revision: str | None = None
    updated_replicas: int | None = None


class ControllerRevision(Object, group="apps", version="v1", plural="controllerrevisions"):
    """Served at `/apis/apps/v1/namespaces/{namespace}/controllerrevisions`."""

    data: Any = section(factory=NoneType)
    revision: int = section(factory=int)


class DaemonSet(Object, group="apps", version="v1", plural="daemonsets"):
    """Served at `/apis/apps/v1/namespaces/{namespace}/daemonsets`."""

    spec: DaemonSetSpec = section(factory=DaemonSetSpec)
    status: DaemonSetStatus = section(factory=DaemonSetStatus)


class Deployment(Object, group="apps", version="v1", plural="deployments"):
    """Served at `/apis/apps/v1/namespaces/{namespace}/deployments`."""

    spec: DeploymentSpec = section(factory=DeploymentSpec)
    status: DeploymentStatus = section(factory=DeploymentStatus)


class ReplicaSet(Object, group="apps", version="v1", plural="replicasets"):
    """Served at `/apis/apps/v1/namespaces/{namespace}/replicasets`."""

    spec: ReplicaSetSpec = section(factory=ReplicaSetSpec)
    status: ReplicaSetStatus = section(factory=ReplicaSetStatus)


class StatefulSet(Object, group="apps", version="v1", plural="statefulsets"):
    """Served at `/apis/apps/v1/namespaces/{namespace}/statefulsets`."""

    spec: StatefulSetSpec = section(factory=StatefulSetSpec)
    status: StatefulSetStatus = section(factory=StatefulSetStatus)
