"""Parts that all groups share.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
api.json
api__v1.json
apis.json
apis__authorization.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from listwatch.api.micro_time import MicroTime
from listwatch.apimachinery.errors import Status, StatusCause, StatusDetails
from listwatch.apimachinery.meta import ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference

__all__ = [
    "APIGroup",
    "APIGroupList",
    "APIResource",
    "APIResourceList",
    "APIVersions",
    "Condition",
    "DeleteOptions",
    "FieldSelectorRequirement",
    "GroupVersionForDiscovery",
    "LabelSelector",
    "LabelSelectorRequirement",
    "ListMeta",
    "ManagedFieldsEntry",
    "MicroTime",
    "ObjectMeta",
    "OwnerReference",
    "Preconditions",
    "ServerAddressByClientCIDR",
    "ShardInfo",
    "Status",
    "StatusCause",
    "StatusDetails",
]


class GroupVersionForDiscovery(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    group_version: str = field(default_factory=str)
    version: str = field(default_factory=str)


class APIGroup(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    name: str = field(default_factory=str)
    preferred_version: GroupVersionForDiscovery = field(default_factory=GroupVersionForDiscovery)
    server_address_by_client_cidrs: list[ServerAddressByClientCIDR] = field(
        default_factory=list, name="serverAddressByClientCIDRs"
    )
    versions: list[GroupVersionForDiscovery] = field(default_factory=list)


class APIGroupList(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    groups: list[APIGroup] = field(default_factory=list)
    kind: str | None = None


class APIResource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    categories: list[str] = field(default_factory=list)
    group: str | None = None
    kind: str = field(default_factory=str)
    name: str = field(default_factory=str)
    namespaced: bool = field(default_factory=bool)
    short_names: list[str] = field(default_factory=list)
    singular_name: str = field(default_factory=str)
    storage_version_hash: str | None = None
    verbs: list[str] = field(default_factory=list)
    version: str | None = None


class APIResourceList(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    group_version: str = field(default_factory=str)
    kind: str | None = None
    resources: list[APIResource] = field(default_factory=list)


class APIVersions(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    server_address_by_client_cidrs: list[ServerAddressByClientCIDR] = field(
        default_factory=list, name="serverAddressByClientCIDRs"
    )
    versions: list[str] = field(default_factory=list)


class Condition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str = field(default_factory=str)
    observed_generation: int | None = None
    reason: str = field(default_factory=str)
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class DeleteOptions(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    dry_run: list[str] = field(default_factory=list)
    grace_period_seconds: int | None = None
    ignore_store_read_error_with_cluster_breaking_potential: bool | None = None
    kind: str | None = None
    orphan_dependents: bool | None = None
    preconditions: Preconditions | None = None
    propagation_policy: str | None = None


class FieldSelectorRequirement(Struct, kw_only=True, omit_defaults=True, gc=False):
    key: str = field(default_factory=str)
    operator: str = field(default_factory=str)
    values: list[str] = field(default_factory=list)


class LabelSelector(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    match_expressions: list[LabelSelectorRequirement] = field(default_factory=list)
    match_labels: dict[str, str] = field(default_factory=dict)


class LabelSelectorRequirement(Struct, kw_only=True, omit_defaults=True, gc=False):
    key: str = field(default_factory=str)
    operator: str = field(default_factory=str)
    values: list[str] = field(default_factory=list)


class Preconditions(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    resource_version: str | None = None
    uid: str | None = None


class ServerAddressByClientCIDR(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    client_cidr: str = field(default_factory=str, name="clientCIDR")
    server_address: str = field(default_factory=str)


class ShardInfo(Struct, kw_only=True, omit_defaults=True, gc=False):
    selector: str = field(default_factory=str)
