"""The kinds of flowcontrol/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__flowcontrol.apiserver.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from listwatch.apimachinery.object import Object, section

__all__ = [
    "ExemptPriorityLevelConfiguration",
    "FlowDistinguisherMethod",
    "FlowSchema",
    "FlowSchemaCondition",
    "FlowSchemaSpec",
    "FlowSchemaStatus",
    "GroupSubject",
    "LimitResponse",
    "LimitedPriorityLevelConfiguration",
    "NonResourcePolicyRule",
    "PolicyRulesWithSubjects",
    "PriorityLevelConfiguration",
    "PriorityLevelConfigurationCondition",
    "PriorityLevelConfigurationReference",
    "PriorityLevelConfigurationSpec",
    "PriorityLevelConfigurationStatus",
    "QueuingConfiguration",
    "ResourcePolicyRule",
    "ServiceAccountSubject",
    "Subject",
    "UserSubject",
]


class ExemptPriorityLevelConfiguration(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    lendable_percent: int | None = None
    nominal_concurrency_shares: int | None = None


class FlowDistinguisherMethod(Struct, kw_only=True, omit_defaults=True, gc=False):
    type: str = field(default_factory=str)


class FlowSchemaCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str | None = None
    type: str | None = None


class PriorityLevelConfigurationReference(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)


class FlowSchemaSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    distinguisher_method: FlowDistinguisherMethod | None = None
    matching_precedence: int = 0
    priority_level_configuration: PriorityLevelConfigurationReference = field(
        default_factory=PriorityLevelConfigurationReference
    )
    rules: list[PolicyRulesWithSubjects] = field(default_factory=list)


class FlowSchemaStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    conditions: list[FlowSchemaCondition] = field(default_factory=list)


class GroupSubject(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)


class LimitResponse(Struct, kw_only=True, omit_defaults=True, gc=False):
    queuing: QueuingConfiguration | None = None
    type: str = field(default_factory=str)


class LimitedPriorityLevelConfiguration(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    borrowing_limit_percent: int | None = None
    lendable_percent: int | None = None
    limit_response: LimitResponse = field(default_factory=LimitResponse)
    nominal_concurrency_shares: int | None = None


class NonResourcePolicyRule(Struct, kw_only=True, omit_defaults=True, gc=False):
    non_resource_urls: list[str] = field(default_factory=list, name="nonResourceURLs")
    verbs: list[str] = field(default_factory=list)


class PolicyRulesWithSubjects(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    non_resource_rules: list[NonResourcePolicyRule] = field(default_factory=list)
    resource_rules: list[ResourcePolicyRule] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)


class PriorityLevelConfigurationCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str | None = None
    type: str | None = None


class PriorityLevelConfigurationSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    exempt: ExemptPriorityLevelConfiguration | None = None
    limited: LimitedPriorityLevelConfiguration | None = None
    type: str = field(default_factory=str)


class PriorityLevelConfigurationStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    conditions: list[PriorityLevelConfigurationCondition] = field(default_factory=list)


class QueuingConfiguration(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    hand_size: int = 0
    queue_length_limit: int = 0
    queues: int = 0


class ResourcePolicyRule(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_groups: list[str] = field(default_factory=list)
    cluster_scope: bool | None = None
    namespaces: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)


class ServiceAccountSubject(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    namespace: str = field(default_factory=str)


class Subject(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    group: GroupSubject | None = None
    kind: str = field(default_factory=str)
    service_account: ServiceAccountSubject | None = None
    user: UserSubject | None = None


class UserSubject(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)


class FlowSchema(
    Object, group="flowcontrol.apiserver.k8s.io", version="v1", plural="flowschemas", namespaced=False
):
    """Served at `/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas`."""

    spec: FlowSchemaSpec = section(factory=FlowSchemaSpec)
    status: FlowSchemaStatus = section(factory=FlowSchemaStatus)


class PriorityLevelConfiguration(
    Object,
    group="flowcontrol.apiserver.k8s.io",
    version="v1",
    plural="prioritylevelconfigurations",
    namespaced=False,
):
    """Served at `/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations`."""

    spec: PriorityLevelConfigurationSpec = section(factory=PriorityLevelConfigurationSpec)
    status: PriorityLevelConfigurationStatus = section(factory=PriorityLevelConfigurationStatus)
