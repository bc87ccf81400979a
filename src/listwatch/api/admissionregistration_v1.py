"""The kinds of admissionregistration/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__admissionregistration.k8s.io__v1.json
"""

from __future__ import annotations

from msgspec import Struct, field

from listwatch.api.meta_v1 import Condition, LabelSelector
from listwatch.apimachinery.object import Object, section

__all__ = [
    "ApplyConfiguration",
    "AuditAnnotation",
    "ExpressionWarning",
    "JSONPatch",
    "MatchCondition",
    "MatchResources",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingAdmissionPolicyBindingSpec",
    "MutatingAdmissionPolicySpec",
    "MutatingWebhook",
    "MutatingWebhookConfiguration",
    "Mutation",
    "NamedRuleWithOperations",
    "ParamKind",
    "ParamRef",
    "RuleWithOperations",
    "ServiceReference",
    "TypeChecking",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingAdmissionPolicyBindingSpec",
    "ValidatingAdmissionPolicySpec",
    "ValidatingAdmissionPolicyStatus",
    "ValidatingWebhook",
    "ValidatingWebhookConfiguration",
    "Validation",
    "Variable",
    "WebhookClientConfig",
]


class ApplyConfiguration(Struct, kw_only=True, omit_defaults=True, gc=False):
    expression: str | None = None


class AuditAnnotation(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    key: str = field(default_factory=str)
    value_expression: str = field(default_factory=str)


class ExpressionWarning(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    field_ref: str = field(default_factory=str)
    warning: str = field(default_factory=str)


class JSONPatch(Struct, kw_only=True, omit_defaults=True, gc=False):
    expression: str | None = None


class MatchCondition(Struct, kw_only=True, omit_defaults=True, gc=False):
    expression: str = field(default_factory=str)
    name: str = field(default_factory=str)


class MatchResources(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    exclude_resource_rules: list[NamedRuleWithOperations] = field(default_factory=list)
    match_policy: str | None = None
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    resource_rules: list[NamedRuleWithOperations] = field(default_factory=list)


class MutatingAdmissionPolicyBindingSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    match_resources: MatchResources | None = None
    param_ref: ParamRef | None = None
    policy_name: str | None = None


class MutatingAdmissionPolicySpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    failure_policy: str | None = None
    match_conditions: list[MatchCondition] = field(default_factory=list)
    match_constraints: MatchResources | None = None
    mutations: list[Mutation] = field(default_factory=list)
    param_kind: ParamKind | None = None
    reinvocation_policy: str | None = None
    variables: list[Variable] = field(default_factory=list)


class WebhookClientConfig(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    ca_bundle: bytes | None = None
    service: ServiceReference | None = None
    url: str | None = None


class MutatingWebhook(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    admission_review_versions: list[str] = field(default_factory=list)
    client_config: WebhookClientConfig = field(default_factory=WebhookClientConfig)
    failure_policy: str | None = None
    match_conditions: list[MatchCondition] = field(default_factory=list)
    match_policy: str | None = None
    name: str = field(default_factory=str)
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    reinvocation_policy: str | None = None
    rules: list[RuleWithOperations] = field(default_factory=list)
    side_effects: str = field(default_factory=str)
    timeout_seconds: int | None = None


class Mutation(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    apply_configuration: ApplyConfiguration | None = None
    json_patch: JSONPatch | None = None
    patch_type: str = field(default_factory=str)


class NamedRuleWithOperations(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_groups: list[str] = field(default_factory=list)
    api_versions: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    resource_names: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    scope: str | None = None


class ParamKind(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    kind: str | None = None


class ParamRef(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    name: str | None = None
    namespace: str | None = None
    parameter_not_found_action: str | None = None
    selector: LabelSelector | None = None


class RuleWithOperations(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_groups: list[str] = field(default_factory=list)
    api_versions: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    scope: str | None = None


class ServiceReference(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    namespace: str = field(default_factory=str)
    path: str | None = None
    port: int | None = None


class TypeChecking(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    expression_warnings: list[ExpressionWarning] = field(default_factory=list)


class ValidatingAdmissionPolicyBindingSpec(
    Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"
):
    match_resources: MatchResources | None = None
    param_ref: ParamRef | None = None
    policy_name: str = field(default_factory=str)
    validation_actions: list[str] = field(default_factory=list)


class ValidatingAdmissionPolicySpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    audit_annotations: list[AuditAnnotation] = field(default_factory=list)
    failure_policy: str | None = None
    match_conditions: list[MatchCondition] = field(default_factory=list)
    match_constraints: MatchResources | None = None
    param_kind: ParamKind | None = None
    validations: list[Validation] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)


class ValidatingAdmissionPolicyStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    conditions: list[Condition] = field(default_factory=list)
    observed_generation: int | None = None
    type_checking: TypeChecking | None = None


class ValidatingWebhook(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    admission_review_versions: list[str] = field(default_factory=list)
    client_config: WebhookClientConfig = field(default_factory=WebhookClientConfig)
    failure_policy: str | None = None
    match_conditions: list[MatchCondition] = field(default_factory=list)
    match_policy: str | None = None
    name: str = field(default_factory=str)
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    rules: list[RuleWithOperations] = field(default_factory=list)
    side_effects: str = field(default_factory=str)
    timeout_seconds: int | None = None


class Validation(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    expression: str = field(default_factory=str)
    message: str | None = None
    message_expression: str | None = None
    reason: str | None = None


class Variable(Struct, kw_only=True, omit_defaults=True, gc=False):
    expression: str = field(default_factory=str)
    name: str = field(default_factory=str)


class MutatingAdmissionPolicy(
    Object,
    group="admissionregistration.k8s.io",
    version="v1",
    plural="mutatingadmissionpolicies",
    namespaced=False,
):
    """Served at `/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies`."""

    spec: MutatingAdmissionPolicySpec = section(factory=MutatingAdmissionPolicySpec)


class MutatingAdmissionPolicyBinding(
    Object,
    group="admissionregistration.k8s.io",
    version="v1",
    plural="mutatingadmissionpolicybindings",
    namespaced=False,
):
    """Served at `/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings`."""

    spec: MutatingAdmissionPolicyBindingSpec = section(factory=MutatingAdmissionPolicyBindingSpec)


class MutatingWebhookConfiguration(
    Object,
    group="admissionregistration.k8s.io",
    version="v1",
    plural="mutatingwebhookconfigurations",
    namespaced=False,
):
    """Served at `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations`."""

    webhooks: list[MutatingWebhook] = section(factory=list)


class ValidatingAdmissionPolicy(
    Object,
    group="admissionregistration.k8s.io",
    version="v1",
    plural="validatingadmissionpolicies",
    namespaced=False,
):
    """Served at `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies`."""

    spec: ValidatingAdmissionPolicySpec = section(factory=ValidatingAdmissionPolicySpec)
    status: ValidatingAdmissionPolicyStatus = section(factory=ValidatingAdmissionPolicyStatus)


class ValidatingAdmissionPolicyBinding(
    Object,
    group="admissionregistration.k8s.io",
    version="v1",
    plural="validatingadmissionpolicybindings",
    namespaced=False,
):
    """Served at `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings`."""

    spec: ValidatingAdmissionPolicyBindingSpec = section(factory=ValidatingAdmissionPolicyBindingSpec)


class ValidatingWebhookConfiguration(
    Object,
    group="admissionregistration.k8s.io",
    version="v1",
    plural="validatingwebhookconfigurations",
    namespaced=False,
):
    """Served at `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations`."""

    webhooks: list[ValidatingWebhook] = section(factory=list)
