"""The kinds of authorization/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__authorization.k8s.io__v1.json
"""

from __future__ import annotations

from msgspec import Struct, field

from listwatch.api.meta_v1 import FieldSelectorRequirement, LabelSelectorRequirement
from listwatch.apimachinery.object import Object, section

__all__ = [
    "FieldSelectorAttributes",
    "LabelSelectorAttributes",
    "LocalSubjectAccessReview",
    "NonResourceAttributes",
    "NonResourceRule",
    "ResourceAttributes",
    "ResourceRule",
    "SelfSubjectAccessReview",
    "SelfSubjectAccessReviewSpec",
    "SelfSubjectRulesReview",
    "SelfSubjectRulesReviewSpec",
    "SubjectAccessReview",
    "SubjectAccessReviewSpec",
    "SubjectAccessReviewStatus",
    "SubjectRulesReviewStatus",
]


class FieldSelectorAttributes(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    raw_selector: str | None = None
    requirements: list[FieldSelectorRequirement] = field(default_factory=list)


class LabelSelectorAttributes(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    raw_selector: str | None = None
    requirements: list[LabelSelectorRequirement] = field(default_factory=list)


class NonResourceAttributes(Struct, kw_only=True, omit_defaults=True, gc=False):
    path: str | None = None
    verb: str | None = None


class NonResourceRule(Struct, kw_only=True, omit_defaults=True, gc=False):
    non_resource_urls: list[str] = field(default_factory=list, name="nonResourceURLs")
    verbs: list[str] = field(default_factory=list)


class ResourceAttributes(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    field_selector: FieldSelectorAttributes | None = None
    group: str | None = None
    label_selector: LabelSelectorAttributes | None = None
    name: str | None = None
    namespace: str | None = None
    resource: str | None = None
    subresource: str | None = None
    verb: str | None = None
    version: str | None = None


class ResourceRule(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_groups: list[str] = field(default_factory=list)
    resource_names: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)


class SelfSubjectAccessReviewSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    non_resource_attributes: NonResourceAttributes | None = None
    resource_attributes: ResourceAttributes | None = None


class SelfSubjectRulesReviewSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    namespace: str | None = None


class SubjectAccessReviewSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    extra: dict[str, list[str]] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    non_resource_attributes: NonResourceAttributes | None = None
    resource_attributes: ResourceAttributes | None = None
    uid: str | None = None
    user: str | None = None


class SubjectAccessReviewStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allowed: bool = field(default_factory=bool)
    denied: bool | None = None
    evaluation_error: str | None = None
    reason: str | None = None


class SubjectRulesReviewStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    evaluation_error: str | None = None
    incomplete: bool = field(default_factory=bool)
    non_resource_rules: list[NonResourceRule] = field(default_factory=list)
    resource_rules: list[ResourceRule] = field(default_factory=list)


class LocalSubjectAccessReview(
    Object, group="authorization.k8s.io", version="v1", plural="localsubjectaccessreviews"
):
    """Served at `/apis/authorization.k8s.io/v1/namespaces/{namespace}/localsubjectaccessreviews`."""

    spec: SubjectAccessReviewSpec = section(factory=SubjectAccessReviewSpec)
    status: SubjectAccessReviewStatus = section(factory=SubjectAccessReviewStatus)


class SelfSubjectAccessReview(
    Object, group="authorization.k8s.io", version="v1", plural="selfsubjectaccessreviews", namespaced=False
):
    """Served at `/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`."""

    spec: SelfSubjectAccessReviewSpec = section(factory=SelfSubjectAccessReviewSpec)
    status: SubjectAccessReviewStatus = section(factory=SubjectAccessReviewStatus)


class SelfSubjectRulesReview(
    Object, group="authorization.k8s.io", version="v1", plural="selfsubjectrulesreviews", namespaced=False
):
    """Served at `/apis/authorization.k8s.io/v1/selfsubjectrulesreviews`."""

    spec: SelfSubjectRulesReviewSpec = section(factory=SelfSubjectRulesReviewSpec)
    status: SubjectRulesReviewStatus = section(factory=SubjectRulesReviewStatus)


class SubjectAccessReview(
    Object, group="authorization.k8s.io", version="v1", plural="subjectaccessreviews", namespaced=False
):
    """Served at `/apis/authorization.k8s.io/v1/subjectaccessreviews`."""

    spec: SubjectAccessReviewSpec = section(factory=SubjectAccessReviewSpec)
    status: SubjectAccessReviewStatus = section(factory=SubjectAccessReviewStatus)
