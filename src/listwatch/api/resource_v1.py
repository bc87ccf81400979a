"""The kinds of resource/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__resource.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field

from listwatch.api.core_v1 import NodeSelector
from listwatch.api.meta_v1 import Condition
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.apimachinery.object import Object, section

__all__ = [
    "AllocatedDeviceStatus",
    "AllocationResult",
    "CELDeviceSelector",
    "CapacityRequestPolicy",
    "CapacityRequestPolicyRange",
    "CapacityRequirements",
    "Counter",
    "CounterSet",
    "Device",
    "DeviceAllocationConfiguration",
    "DeviceAllocationResult",
    "DeviceAttribute",
    "DeviceCapacity",
    "DeviceClaim",
    "DeviceClaimConfiguration",
    "DeviceClass",
    "DeviceClassConfiguration",
    "DeviceClassSpec",
    "DeviceConstraint",
    "DeviceCounterConsumption",
    "DeviceRequest",
    "DeviceRequestAllocationResult",
    "DeviceSelector",
    "DeviceSubRequest",
    "DeviceTaint",
    "DeviceToleration",
    "ExactDeviceRequest",
    "NetworkDeviceData",
    "NodeAllocatableResourceMapping",
    "OpaqueDeviceConfiguration",
    "ResourceClaim",
    "ResourceClaimConsumerReference",
    "ResourceClaimSpec",
    "ResourceClaimStatus",
    "ResourceClaimTemplate",
    "ResourceClaimTemplateSpec",
    "ResourcePool",
    "ResourceSlice",
    "ResourceSliceSpec",
]


class AllocatedDeviceStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    conditions: list[Condition] = field(default_factory=list)
    data: Any = None
    device: str = field(default_factory=str)
    driver: str = field(default_factory=str)
    network_data: NetworkDeviceData | None = None
    pool: str = field(default_factory=str)
    share_id: str | None = field(default=None, name="shareID")


class DeviceAllocationResult(Struct, kw_only=True, omit_defaults=True, gc=False):
    config: list[DeviceAllocationConfiguration] = field(default_factory=list)
    results: list[DeviceRequestAllocationResult] = field(default_factory=list)


class AllocationResult(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allocation_timestamp: datetime | None = None
    devices: DeviceAllocationResult = field(default_factory=DeviceAllocationResult)
    node_selector: NodeSelector | None = None


class CELDeviceSelector(Struct, kw_only=True, omit_defaults=True, gc=False):
    expression: str = field(default_factory=str)


class CapacityRequestPolicy(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    default: str | None = None
    valid_range: CapacityRequestPolicyRange | None = None
    valid_values: list[str] = field(default_factory=list)


class CapacityRequestPolicyRange(Struct, kw_only=True, omit_defaults=True, gc=False):
    max: str | None = None
    min: str = field(default_factory=str)
    step: str | None = None


class CapacityRequirements(Struct, kw_only=True, omit_defaults=True, gc=False):
    requests: dict[str, str] = field(default_factory=dict)


class Counter(Struct, kw_only=True, omit_defaults=True, gc=False):
    value: str = field(default_factory=str)


class CounterSet(Struct, kw_only=True, omit_defaults=True, gc=False):
    counters: dict[str, Counter] = field(default_factory=dict)
    name: str = field(default_factory=str)


class Device(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    all_nodes: bool | None = None
    allow_multiple_allocations: bool | None = None
    attributes: dict[str, DeviceAttribute] = field(default_factory=dict)
    binding_conditions: list[str] = field(default_factory=list)
    binding_failure_conditions: list[str] = field(default_factory=list)
    binds_to_node: bool | None = None
    capacity: dict[str, DeviceCapacity] = field(default_factory=dict)
    consumes_counters: list[DeviceCounterConsumption] = field(default_factory=list)
    name: str = field(default_factory=str)
    node_allocatable_resource_mappings: dict[str, NodeAllocatableResourceMapping] = field(
        default_factory=dict
    )
    node_name: str | None = None
    node_selector: NodeSelector | None = None
    taints: list[DeviceTaint] = field(default_factory=list)


class DeviceAllocationConfiguration(Struct, kw_only=True, omit_defaults=True, gc=False):
    opaque: OpaqueDeviceConfiguration | None = None
    requests: list[str] = field(default_factory=list)
    source: str = field(default_factory=str)


class DeviceAttribute(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    bool_: bool | None = None
    bools: list[bool] = field(default_factory=list)
    int_: int | None = None
    ints: list[int] = field(default_factory=list)
    string: str | None = None
    strings: list[str] = field(default_factory=list)
    version: str | None = None
    versions: list[str] = field(default_factory=list)


class DeviceCapacity(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    request_policy: CapacityRequestPolicy | None = None
    value: str = field(default_factory=str)


class DeviceClaim(Struct, kw_only=True, omit_defaults=True, gc=False):
    config: list[DeviceClaimConfiguration] = field(default_factory=list)
    constraints: list[DeviceConstraint] = field(default_factory=list)
    requests: list[DeviceRequest] = field(default_factory=list)


class DeviceClaimConfiguration(Struct, kw_only=True, omit_defaults=True, gc=False):
    opaque: OpaqueDeviceConfiguration | None = None
    requests: list[str] = field(default_factory=list)


class DeviceClassConfiguration(Struct, kw_only=True, omit_defaults=True, gc=False):
    opaque: OpaqueDeviceConfiguration | None = None


class DeviceClassSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    config: list[DeviceClassConfiguration] = field(default_factory=list)
    extended_resource_name: str | None = None
    selectors: list[DeviceSelector] = field(default_factory=list)


class DeviceConstraint(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    distinct_attribute: str | None = None
    match_attribute: str | None = None
    requests: list[str] = field(default_factory=list)


class DeviceCounterConsumption(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    counter_set: str = field(default_factory=str)
    counters: dict[str, Counter] = field(default_factory=dict)


class DeviceRequest(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    exactly: ExactDeviceRequest | None = None
    first_available: list[DeviceSubRequest] = field(default_factory=list)
    name: str = field(default_factory=str)


class DeviceRequestAllocationResult(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    admin_access: bool | None = None
    binding_conditions: list[str] = field(default_factory=list)
    binding_failure_conditions: list[str] = field(default_factory=list)
    consumed_capacity: dict[str, str] = field(default_factory=dict)
    device: str = field(default_factory=str)
    driver: str = field(default_factory=str)
    pool: str = field(default_factory=str)
    request: str = field(default_factory=str)
    share_id: str | None = field(default=None, name="shareID")
    tolerations: list[DeviceToleration] = field(default_factory=list)


class DeviceSelector(Struct, kw_only=True, omit_defaults=True, gc=False):
    cel: CELDeviceSelector | None = None


class DeviceSubRequest(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allocation_mode: str | None = None
    capacity: CapacityRequirements | None = None
    count: int | None = None
    device_class_name: str = field(default_factory=str)
    name: str = field(default_factory=str)
    selectors: list[DeviceSelector] = field(default_factory=list)
    tolerations: list[DeviceToleration] = field(default_factory=list)


class DeviceTaint(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    effect: str = field(default_factory=str)
    key: str = field(default_factory=str)
    time_added: datetime | None = None
    value: str | None = None


class DeviceToleration(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    effect: str | None = None
    key: str | None = None
    operator: str | None = None
    toleration_seconds: int | None = None
    value: str | None = None


class ExactDeviceRequest(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    admin_access: bool | None = None
    allocation_mode: str | None = None
    capacity: CapacityRequirements | None = None
    count: int | None = None
    device_class_name: str = field(default_factory=str)
    selectors: list[DeviceSelector] = field(default_factory=list)
    tolerations: list[DeviceToleration] = field(default_factory=list)


class NetworkDeviceData(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    hardware_address: str | None = None
    interface_name: str | None = None
    ips: list[str] = field(default_factory=list)


class NodeAllocatableResourceMapping(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allocation_multiplier: str | None = None
    capacity_key: str | None = None


class OpaqueDeviceConfiguration(Struct, kw_only=True, omit_defaults=True, gc=False):
    driver: str = field(default_factory=str)
    parameters: Any = None


class ResourceClaimConsumerReference(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_group: str | None = None
    name: str = field(default_factory=str)
    resource: str = field(default_factory=str)
    uid: str = field(default_factory=str)


class ResourceClaimSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    devices: DeviceClaim = field(default_factory=DeviceClaim)


class ResourceClaimStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allocation: AllocationResult | None = None
    devices: list[AllocatedDeviceStatus] = field(default_factory=list)
    reserved_for: list[ResourceClaimConsumerReference] = field(default_factory=list)


class ResourceClaimTemplateSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: ResourceClaimSpec = field(default_factory=ResourceClaimSpec)


class ResourcePool(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    generation: int = field(default_factory=int)
    name: str = field(default_factory=str)
    resource_slice_count: int = field(default_factory=int)


class ResourceSliceSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    all_nodes: bool | None = None
    devices: list[Device] = field(default_factory=list)
    driver: str = field(default_factory=str)
    node_name: str | None = None
    node_selector: NodeSelector | None = None
    per_device_node_selection: bool | None = None
    pool: ResourcePool = field(default_factory=ResourcePool)
    shared_counters: list[CounterSet] = field(default_factory=list)


class DeviceClass(Object, group="resource.k8s.io", version="v1", plural="deviceclasses", namespaced=False):
    """Served at `/apis/resource.k8s.io/v1/deviceclasses`."""

    spec: DeviceClassSpec = section(factory=DeviceClassSpec)


class ResourceClaim(Object, group="resource.k8s.io", version="v1", plural="resourceclaims"):
    """Served at `/apis/resource.k8s.io/v1/namespaces/{namespace}/resourceclaims`."""

    spec: ResourceClaimSpec = section(factory=ResourceClaimSpec)
    status: ResourceClaimStatus = section(factory=ResourceClaimStatus)


class ResourceClaimTemplate(Object, group="resource.k8s.io", version="v1", plural="resourceclaimtemplates"):
    """Served at `/apis/resource.k8s.io/v1/namespaces/{namespace}/resourceclaimtemplates`."""

    spec: ResourceClaimTemplateSpec = section(factory=ResourceClaimTemplateSpec)


class ResourceSlice(Object, group="resource.k8s.io", version="v1", plural="resourceslices", namespaced=False):
    """Served at `/apis/resource.k8s.io/v1/resourceslices`."""

    spec: ResourceSliceSpec = section(factory=ResourceSliceSpec)
