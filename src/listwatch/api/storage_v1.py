"""The kinds of storage/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__storage.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime
from types import NoneType

from msgspec import Struct, field

from listwatch.api.core_v1 import PersistentVolumeSpec, TopologySelectorTerm
from listwatch.api.meta_v1 import LabelSelector
from listwatch.apimachinery.object import Object, section

__all__ = [
    "CSIDriver",
    "CSIDriverSpec",
    "CSINode",
    "CSINodeDriver",
    "CSINodeSpec",
    "CSIStorageCapacity",
    "StorageClass",
    "TokenRequest",
    "VolumeAttachment",
    "VolumeAttachmentSource",
    "VolumeAttachmentSpec",
    "VolumeAttachmentStatus",
    "VolumeAttributesClass",
    "VolumeError",
    "VolumeNodeResources",
]


class CSIDriverSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    attach_required: bool | None = None
    fs_group_policy: str | None = None
    node_allocatable_update_period_seconds: int | None = None
    pod_info_on_mount: bool | None = None
    prevent_pod_scheduling_if_missing: bool | None = None
    requires_republish: bool | None = None
    se_linux_mount: bool | None = None
    service_account_token_in_secrets: bool | None = None
    storage_capacity: bool | None = None
    token_requests: list[TokenRequest] = field(default_factory=list)
    volume_lifecycle_modes: list[str] = field(default_factory=list)


class CSINodeDriver(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allocatable: VolumeNodeResources | None = None
    name: str = field(default_factory=str)
    node_id: str = field(default_factory=str, name="nodeID")
    topology_keys: list[str] = field(default_factory=list)


class CSINodeSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    drivers: list[CSINodeDriver] = field(default_factory=list)


class TokenRequest(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    audience: str = field(default_factory=str)
    expiration_seconds: int | None = None


class VolumeAttachmentSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    inline_volume_spec: PersistentVolumeSpec | None = None
    persistent_volume_name: str | None = None


class VolumeAttachmentSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    attacher: str = field(default_factory=str)
    node_name: str = field(default_factory=str)
    source: VolumeAttachmentSource = field(default_factory=VolumeAttachmentSource)


class VolumeAttachmentStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    attach_error: VolumeError | None = None
    attached: bool = field(default_factory=bool)
    attachment_metadata: dict[str, str] = field(default_factory=dict)
    detach_error: VolumeError | None = None


class VolumeError(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    error_code: int | None = None
    message: str | None = None
    time: datetime | None = None


class VolumeNodeResources(Struct, kw_only=True, omit_defaults=True, gc=False):
    count: int | None = None


class CSIDriver(Object, group="storage.k8s.io", version="v1", plural="csidrivers", namespaced=False):
    """Served at `/apis/storage.k8s.io/v1/csidrivers`."""

    spec: CSIDriverSpec = section(factory=CSIDriverSpec)


class CSINode(Object, group="storage.k8s.io", version="v1", plural="csinodes", namespaced=False):
    """Served at `/apis/storage.k8s.io/v1/csinodes`."""

    spec: CSINodeSpec = section(factory=CSINodeSpec)


class CSIStorageCapacity(Object, group="storage.k8s.io", version="v1", plural="csistoragecapacities"):
    """Served at `/apis/storage.k8s.io/v1/namespaces/{namespace}/csistoragecapacities`."""

    capacity: str | None = section(factory=NoneType)
    maximum_volume_size: str | None = section(factory=NoneType)
    node_topology: LabelSelector | None = section(factory=NoneType)
    storage_class_name: str = section(factory=str)


class StorageClass(Object, group="storage.k8s.io", version="v1", plural="storageclasses", namespaced=False):
    """Served at `/apis/storage.k8s.io/v1/storageclasses`."""

    allow_volume_expansion: bool | None = section(factory=NoneType)
    allowed_topologies: list[TopologySelectorTerm] = section(factory=list)
    mount_options: list[str] = section(factory=list)
    parameters: dict[str, str] = section(factory=dict)
    provisioner: str = section(factory=str)
    reclaim_policy: str | None = section(factory=NoneType)
    volume_binding_mode: str | None = section(factory=NoneType)


class VolumeAttachment(
    Object, group="storage.k8s.io", version="v1", plural="volumeattachments", namespaced=False
):
    """Served at `/apis/storage.k8s.io/v1/volumeattachments`."""

    spec: VolumeAttachmentSpec = section(factory=VolumeAttachmentSpec)
    status: VolumeAttachmentStatus = section(factory=VolumeAttachmentStatus)


class VolumeAttributesClass(
    Object, group="storage.k8s.io", version="v1", plural="volumeattributesclasses", namespaced=False
):
    """Served at `/apis/storage.k8s.io/v1/volumeattributesclasses`."""

    driver_name: str = section(factory=str)
    parameters: dict[str, str] = section(factory=dict)
