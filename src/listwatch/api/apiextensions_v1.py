"""The kinds of apiextensions/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__apiextensions.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field

from listwatch.apimachinery.object import Object, section

__all__ = [
    "CustomResourceColumnDefinition",
    "CustomResourceConversion",
    "CustomResourceDefinition",
    "CustomResourceDefinitionCondition",
    "CustomResourceDefinitionNames",
    "CustomResourceDefinitionSpec",
    "CustomResourceDefinitionStatus",
    "CustomResourceDefinitionVersion",
    "CustomResourceSubresourceScale",
    "CustomResourceSubresources",
    "CustomResourceValidation",
    "ExternalDocumentation",
    "JSONSchemaProps",
    "SelectableField",
    "ServiceReference",
    "ValidationRule",
    "WebhookClientConfig",
    "WebhookConversion",
]


class CustomResourceColumnDefinition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    description: str | None = None
    format: str | None = None
    json_path: str = field(default_factory=str)
    name: str = field(default_factory=str)
    priority: int | None = None
    type: str = field(default_factory=str)


class CustomResourceConversion(Struct, kw_only=True, omit_defaults=True, gc=False):
    strategy: str = field(default_factory=str)
    webhook: WebhookConversion | None = None


class CustomResourceDefinitionCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    observed_generation: int | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class CustomResourceDefinitionNames(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    categories: list[str] = field(default_factory=list)
    kind: str = field(default_factory=str)
    list_kind: str | None = None
    plural: str = field(default_factory=str)
    short_names: list[str] = field(default_factory=list)
    singular: str | None = None


class CustomResourceDefinitionSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    conversion: CustomResourceConversion | None = None
    group: str = field(default_factory=str)
    names: CustomResourceDefinitionNames = field(default_factory=CustomResourceDefinitionNames)
    preserve_unknown_fields: bool | None = None
    scope: str = field(default_factory=str)
    versions: list[CustomResourceDefinitionVersion] = field(default_factory=list)


class CustomResourceDefinitionStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    accepted_names: CustomResourceDefinitionNames = field(default_factory=CustomResourceDefinitionNames)
    conditions: list[CustomResourceDefinitionCondition] = field(default_factory=list)
    observed_generation: int | None = None
    stored_versions: list[str] = field(default_factory=list)


class CustomResourceDefinitionVersion(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    additional_printer_columns: list[CustomResourceColumnDefinition] = field(default_factory=list)
    deprecated: bool | None = None
    deprecation_warning: str | None = None
    name: str = field(default_factory=str)
    schema: CustomResourceValidation | None = None
    selectable_fields: list[SelectableField] = field(default_factory=list)
    served: bool = field(default_factory=bool)
    storage: bool = field(default_factory=bool)
    subresources: CustomResourceSubresources | None = None


class CustomResourceSubresourceScale(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    label_selector_path: str | None = None
    spec_replicas_path: str = field(default_factory=str)
    status_replicas_path: str = field(default_factory=str)


class CustomResourceSubresources(Struct, kw_only=True, omit_defaults=True, gc=False):
    scale: CustomResourceSubresourceScale | None = None
    status: dict[str, Any] | None = None


class CustomResourceValidation(Struct, kw_only=True, omit_defaults=True, gc=False):
    open_api_v3_schema: JSONSchemaProps | None = field(default=None, name="openAPIV3Schema")


class ExternalDocumentation(Struct, kw_only=True, omit_defaults=True, gc=False):
    description: str | None = None
    url: str | None = None


class JSONSchemaProps(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    ref: str | None = field(default=None, name="$ref")
    schema: str | None = field(default=None, name="$schema")
    additional_items: Any = None
    additional_properties: Any = None
    all_of: list[JSONSchemaProps] = field(default_factory=list)
    any_of: list[JSONSchemaProps] = field(default_factory=list)
    default: Any = None
    definitions: dict[str, JSONSchemaProps] = field(default_factory=dict)
    dependencies: dict[str, Any] = field(default_factory=dict)
    description: str | None = None
    enum: list[Any] = field(default_factory=list)
    example: Any = None
    exclusive_maximum: bool | None = None
    exclusive_minimum: bool | None = None
    external_docs: ExternalDocumentation | None = None
    format: str | None = None
    id: str | None = None
    items: Any = None
    max_items: int | None = None
    max_length: int | None = None
    max_properties: int | None = None
    maximum: float | None = None
    min_items: int | None = None
    min_length: int | None = None
    min_properties: int | None = None
    minimum: float | None = None
    multiple_of: float | None = None
    not_: JSONSchemaProps | None = None
    nullable: bool | None = None
    one_of: list[JSONSchemaProps] = field(default_factory=list)
    pattern: str | None = None
    pattern_properties: dict[str, JSONSchemaProps] = field(default_factory=dict)
    properties: dict[str, JSONSchemaProps] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    title: str | None = None
    type: str | None = None
    unique_items: bool | None = None
    x_kubernetes_embedded_resource: bool | None = field(default=None, name="x-kubernetes-embedded-resource")
    x_kubernetes_int_or_string: bool | None = field(default=None, name="x-kubernetes-int-or-string")
    x_kubernetes_list_map_keys: list[str] = field(default_factory=list, name="x-kubernetes-list-map-keys")
    x_kubernetes_list_type: str | None = field(default=None, name="x-kubernetes-list-type")
    x_kubernetes_map_type: str | None = field(default=None, name="x-kubernetes-map-type")
    x_kubernetes_preserve_unknown_fields: bool | None = field(
        default=None, name="x-kubernetes-preserve-unknown-fields"
    )
    x_kubernetes_validations: list[ValidationRule] = field(
        default_factory=list, name="x-kubernetes-validations"
    )


class SelectableField(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    json_path: str = field(default_factory=str)


class ServiceReference(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    namespace: str = field(default_factory=str)
    path: str | None = None
    port: int | None = None


class ValidationRule(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    field_path: str | None = None
    message: str | None = None
    message_expression: str | None = None
    optional_old_self: bool | None = None
    reason: str | None = None
    rule: str = field(default_factory=str)


class WebhookClientConfig(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    ca_bundle: bytes | None = None
    service: ServiceReference | None = None
    url: str | None = None


class WebhookConversion(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    client_config: WebhookClientConfig | None = None
    conversion_review_versions: list[str] = field(default_factory=list)


class CustomResourceDefinition(
    Object, group="apiextensions.k8s.io", version="v1", plural="customresourcedefinitions", namespaced=False
):
    """Served at `/apis/apiextensions.k8s.io/v1/customresourcedefinitions`."""

    spec: CustomResourceDefinitionSpec = section(factory=CustomResourceDefinitionSpec)
    status: CustomResourceDefinitionStatus = section(factory=CustomResourceDefinitionStatus)
