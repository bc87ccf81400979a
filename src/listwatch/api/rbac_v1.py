"""The kinds of rbac/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__rbac.authorization.k8s.io__v1.json
"""

from __future__ import annotations

from types import NoneType

from msgspec import Struct, field

from listwatch.api.meta_v1 import LabelSelector
from listwatch.apimachinery.object import Object, section

__all__ = [
    "AggregationRule",
    "ClusterRole",
    "ClusterRoleBinding",
    "PolicyRule",
    "Role",
    "RoleBinding",
    "RoleRef",
    "Subject",
]


class AggregationRule(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    cluster_role_selectors: list[LabelSelector] = field(default_factory=list)


class PolicyRule(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_groups: list[str] = field(default_factory=list)
    non_resource_urls: list[str] = field(default_factory=list, name="nonResourceURLs")
    resource_names: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)


class RoleRef(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_group: str = ""
    kind: str = field(default_factory=str)
    name: str = field(default_factory=str)


class Subject(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_group: str | None = None
    kind: str = field(default_factory=str)
    name: str = field(default_factory=str)
    namespace: str | None = None


class ClusterRole(
    Object, group="rbac.authorization.k8s.io", version="v1", plural="clusterroles", namespaced=False
):
    """Served at `/apis/rbac.authorization.k8s.io/v1/clusterroles`."""

    aggregation_rule: AggregationRule | None = section(factory=NoneType)
    rules: list[PolicyRule] = section(factory=list)


class ClusterRoleBinding(
    Object, group="rbac.authorization.k8s.io", version="v1", plural="clusterrolebindings", namespaced=False
):
    """Served at `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings`."""

    role_ref: RoleRef = section(factory=RoleRef)
    subjects: list[Subject] = section(factory=list)


class Role(Object, group="rbac.authorization.k8s.io", version="v1", plural="roles"):
    """Served at `/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles`."""

    rules: list[PolicyRule] = section(factory=list)


class RoleBinding(Object, group="rbac.authorization.k8s.io", version="v1", plural="rolebindings"):
    """Served at `/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings`."""

    role_ref: RoleRef = section(factory=RoleRef)
    subjects: list[Subject] = section(factory=list)
