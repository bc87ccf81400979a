"""The kinds of core/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
api__v1.json
apis__storage.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime
from types import NoneType

from msgspec import Struct, field

from listwatch.api.meta_v1 import Condition, LabelSelector
from listwatch.api.micro_time import MicroTime
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.apimachinery.object import Object, section

__all__ = [
    "AWSElasticBlockStoreVolumeSource",
    "Affinity",
    "AppArmorProfile",
    "AttachedVolume",
    "AzureDiskVolumeSource",
    "AzureFilePersistentVolumeSource",
    "AzureFileVolumeSource",
    "Binding",
    "CSIPersistentVolumeSource",
    "CSIVolumeSource",
    "Capabilities",
    "CephFSPersistentVolumeSource",
    "CephFSVolumeSource",
    "CinderPersistentVolumeSource",
    "CinderVolumeSource",
    "ClientIPConfig",
    "ClusterTrustBundleProjection",
    "ComponentCondition",
    "ComponentStatus",
    "ConfigMap",
    "ConfigMapEnvSource",
    "ConfigMapKeySelector",
    "ConfigMapNodeConfigSource",
    "ConfigMapProjection",
    "ConfigMapVolumeSource",
    "Container",
    "ContainerExtendedResourceRequest",
    "ContainerImage",
    "ContainerPort",
    "ContainerResizePolicy",
    "ContainerRestartRule",
    "ContainerRestartRuleOnExitCodes",
    "ContainerState",
    "ContainerStateRunning",
    "ContainerStateTerminated",
    "ContainerStateWaiting",
    "ContainerStatus",
    "ContainerUser",
    "DaemonEndpoint",
    "DownwardAPIProjection",
    "DownwardAPIVolumeFile",
    "DownwardAPIVolumeSource",
    "EmptyDirVolumeSource",
    "EndpointAddress",
    "EndpointPort",
    "EndpointSubset",
    "Endpoints",
    "EnvFromSource",
    "EnvVar",
    "EnvVarSource",
    "EphemeralContainer",
    "EphemeralVolumeSource",
    "Event",
    "EventSeries",
    "EventSource",
    "ExecAction",
    "FCVolumeSource",
    "FileKeySelector",
    "FlexPersistentVolumeSource",
    "FlexVolumeSource",
    "FlockerVolumeSource",
    "GCEPersistentDiskVolumeSource",
    "GRPCAction",
    "GitRepoVolumeSource",
    "GlusterfsPersistentVolumeSource",
    "GlusterfsVolumeSource",
    "HTTPGetAction",
    "HTTPHeader",
    "HostAlias",
    "HostIP",
    "HostPathVolumeSource",
    "ISCSIPersistentVolumeSource",
    "ISCSIVolumeSource",
    "ImageVolumeSource",
    "ImageVolumeStatus",
    "KeyToPath",
    "Lifecycle",
    "LifecycleHandler",
    "LimitRange",
    "LimitRangeItem",
    "LimitRangeSpec",
    "LinuxContainerUser",
    "LoadBalancerIngress",
    "LoadBalancerStatus",
    "LocalObjectReference",
    "LocalVolumeSource",
    "ModifyVolumeStatus",
    "NFSVolumeSource",
    "Namespace",
    "NamespaceCondition",
    "NamespaceSpec",
    "NamespaceStatus",
    "Node",
    "NodeAddress",
    "NodeAffinity",
    "NodeAllocatableResourceClaimStatus",
    "NodeCondition",
    "NodeConfigSource",
    "NodeConfigStatus",
    "NodeDaemonEndpoints",
    "NodeFeatures",
    "NodeRuntimeHandler",
    "NodeRuntimeHandlerFeatures",
    "NodeSelector",
    "NodeSelectorRequirement",
    "NodeSelectorTerm",
    "NodeSpec",
    "NodeStatus",
    "NodeSwapStatus",
    "NodeSystemInfo",
    "ObjectFieldSelector",
    "ObjectReference",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PersistentVolumeClaimCondition",
    "PersistentVolumeClaimSpec",
    "PersistentVolumeClaimStatus",
    "PersistentVolumeClaimTemplate",
    "PersistentVolumeClaimVolumeSource",
    "PersistentVolumeSpec",
    "PersistentVolumeStatus",
    "PhotonPersistentDiskVolumeSource",
    "Pod",
    "PodAffinity",
    "PodAffinityTerm",
    "PodAntiAffinity",
    "PodCertificateProjection",
    "PodCondition",
    "PodDNSConfig",
    "PodDNSConfigOption",
    "PodExtendedResourceClaimStatus",
    "PodIP",
    "PodOS",
    "PodReadinessGate",
    "PodResourceClaim",
    "PodResourceClaimStatus",
    "PodSchedulingGate",
    "PodSchedulingGroup",
    "PodSecurityContext",
    "PodSpec",
    "PodStatus",
    "PodTemplate",
    "PodTemplateSpec",
    "PortStatus",
    "PortworxVolumeSource",
    "PreferredSchedulingTerm",
    "Probe",
    "ProjectedVolumeSource",
    "QuobyteVolumeSource",
    "RBDPersistentVolumeSource",
    "RBDVolumeSource",
    "ReplicationController",
    "ReplicationControllerCondition",
    "ReplicationControllerSpec",
    "ReplicationControllerStatus",
    "ResourceClaim",
    "ResourceFieldSelector",
    "ResourceHealth",
    "ResourceQuota",
    "ResourceQuotaSpec",
    "ResourceQuotaStatus",
    "ResourceRequirements",
    "ResourceStatus",
    "SELinuxOptions",
    "ScaleIOPersistentVolumeSource",
    "ScaleIOVolumeSource",
    "ScopeSelector",
    "ScopedResourceSelectorRequirement",
    "SeccompProfile",
    "Secret",
    "SecretEnvSource",
    "SecretKeySelector",
    "SecretProjection",
    "SecretReference",
    "SecretVolumeSource",
    "SecurityContext",
    "Service",
    "ServiceAccount",
    "ServiceAccountTokenProjection",
    "ServicePort",
    "ServiceSpec",
    "ServiceStatus",
    "SessionAffinityConfig",
    "SleepAction",
    "StorageOSPersistentVolumeSource",
    "StorageOSVolumeSource",
    "Sysctl",
    "TCPSocketAction",
    "Taint",
    "Toleration",
    "TopologySelectorLabelRequirement",
    "TopologySelectorTerm",
    "TopologySpreadConstraint",
    "TypedLocalObjectReference",
    "TypedObjectReference",
    "Volume",
    "VolumeDevice",
    "VolumeMount",
    "VolumeMountStatus",
    "VolumeNodeAffinity",
    "VolumeProjection",
    "VolumeResourceRequirements",
    "VolumeStatus",
    "VsphereVirtualDiskVolumeSource",
    "WeightedPodAffinityTerm",
    "WindowsSecurityContextOptions",
]


class AWSElasticBlockStoreVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    partition: int | None = None
    read_only: bool | None = None
    volume_id: str = field(default_factory=str, name="volumeID")


class Affinity(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAntiAffinity | None = None


class AppArmorProfile(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    localhost_profile: str | None = None
    type: str = field(default_factory=str)


class AttachedVolume(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    device_path: str = field(default_factory=str)
    name: str = field(default_factory=str)


class AzureDiskVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    caching_mode: str | None = None
    disk_name: str = field(default_factory=str)
    disk_uri: str = field(default_factory=str, name="diskURI")
    fs_type: str | None = None
    kind: str | None = None
    read_only: bool = False


class AzureFilePersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    read_only: bool | None = None
    secret_name: str = field(default_factory=str)
    secret_namespace: str | None = None
    share_name: str = field(default_factory=str)


class AzureFileVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    read_only: bool | None = None
    secret_name: str = field(default_factory=str)
    share_name: str = field(default_factory=str)


class CSIPersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    controller_expand_secret_ref: SecretReference | None = None
    controller_publish_secret_ref: SecretReference | None = None
    driver: str = field(default_factory=str)
    fs_type: str | None = None
    node_expand_secret_ref: SecretReference | None = None
    node_publish_secret_ref: SecretReference | None = None
    node_stage_secret_ref: SecretReference | None = None
    read_only: bool | None = None
    volume_attributes: dict[str, str] = field(default_factory=dict)
    volume_handle: str = field(default_factory=str)


class CSIVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    driver: str = field(default_factory=str)
    fs_type: str | None = None
    node_publish_secret_ref: LocalObjectReference | None = None
    read_only: bool | None = None
    volume_attributes: dict[str, str] = field(default_factory=dict)


class Capabilities(Struct, kw_only=True, omit_defaults=True, gc=False):
    add: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)


class CephFSPersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    monitors: list[str] = field(default_factory=list)
    path: str | None = None
    read_only: bool | None = None
    secret_file: str | None = None
    secret_ref: SecretReference | None = None
    user: str | None = None


class CephFSVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    monitors: list[str] = field(default_factory=list)
    path: str | None = None
    read_only: bool | None = None
    secret_file: str | None = None
    secret_ref: LocalObjectReference | None = None
    user: str | None = None


class CinderPersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    read_only: bool | None = None
    secret_ref: SecretReference | None = None
    volume_id: str = field(default_factory=str, name="volumeID")


class CinderVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None
    volume_id: str = field(default_factory=str, name="volumeID")


class ClientIPConfig(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    timeout_seconds: int | None = None


class ClusterTrustBundleProjection(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    label_selector: LabelSelector | None = None
    name: str | None = None
    optional: bool | None = None
    path: str = field(default_factory=str)
    signer_name: str | None = None


class ComponentCondition(Struct, kw_only=True, omit_defaults=True, gc=False):
    error: str | None = None
    message: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class ConfigMapEnvSource(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = ""
    optional: bool | None = None


class ConfigMapKeySelector(Struct, kw_only=True, omit_defaults=True, gc=False):
    key: str = field(default_factory=str)
    name: str = ""
    optional: bool | None = None


class ConfigMapNodeConfigSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    kubelet_config_key: str = field(default_factory=str)
    name: str = field(default_factory=str)
    namespace: str = field(default_factory=str)
    resource_version: str | None = None
    uid: str | None = None


class ConfigMapProjection(Struct, kw_only=True, omit_defaults=True, gc=False):
    items: list[KeyToPath] = field(default_factory=list)
    name: str = ""
    optional: bool | None = None


class ConfigMapVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    default_mode: int | None = None
    items: list[KeyToPath] = field(default_factory=list)
    name: str = ""
    optional: bool | None = None


class ResourceRequirements(Struct, kw_only=True, omit_defaults=True, gc=False):
    claims: list[ResourceClaim] = field(default_factory=list)
    limits: dict[str, str] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)


class Container(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    args: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    env: list[EnvVar] = field(default_factory=list)
    env_from: list[EnvFromSource] = field(default_factory=list)
    image: str | None = None
    image_pull_policy: str | None = None
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    name: str = field(default_factory=str)
    ports: list[ContainerPort] = field(default_factory=list)
    readiness_probe: Probe | None = None
    resize_policy: list[ContainerResizePolicy] = field(default_factory=list)
    resources: ResourceRequirements = field(default_factory=ResourceRequirements)
    restart_policy: str | None = None
    restart_policy_rules: list[ContainerRestartRule] = field(default_factory=list)
    security_context: SecurityContext | None = None
    startup_probe: Probe | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    termination_message_path: str | None = None
    termination_message_policy: str | None = None
    tty: bool | None = None
    volume_devices: list[VolumeDevice] = field(default_factory=list)
    volume_mounts: list[VolumeMount] = field(default_factory=list)
    working_dir: str | None = None


class ContainerExtendedResourceRequest(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    container_name: str = field(default_factory=str)
    request_name: str = field(default_factory=str)
    resource_name: str = field(default_factory=str)


class ContainerImage(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    names: list[str] = field(default_factory=list)
    size_bytes: int | None = None


class ContainerPort(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    container_port: int = field(default_factory=int)
    host_ip: str | None = field(default=None, name="hostIP")
    host_port: int | None = None
    name: str | None = None
    protocol: str | None = None


class ContainerResizePolicy(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    resource_name: str = field(default_factory=str)
    restart_policy: str = field(default_factory=str)


class ContainerRestartRule(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    action: str = field(default_factory=str)
    exit_codes: ContainerRestartRuleOnExitCodes | None = None


class ContainerRestartRuleOnExitCodes(Struct, kw_only=True, omit_defaults=True, gc=False):
    operator: str = field(default_factory=str)
    values: list[int] = field(default_factory=list)


class ContainerState(Struct, kw_only=True, omit_defaults=True, gc=False):
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None
    waiting: ContainerStateWaiting | None = None


class ContainerStateRunning(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    started_at: datetime | None = None


class ContainerStateTerminated(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    container_id: str | None = field(default=None, name="containerID")
    exit_code: int = field(default_factory=int)
    finished_at: datetime | None = None
    message: str | None = None
    reason: str | None = None
    signal: int | None = None
    started_at: datetime | None = None


class ContainerStateWaiting(Struct, kw_only=True, omit_defaults=True, gc=False):
    message: str | None = None
    reason: str | None = None


class ContainerStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allocated_resources: dict[str, str] = field(default_factory=dict)
    allocated_resources_status: list[ResourceStatus] = field(default_factory=list)
    container_id: str | None = field(default=None, name="containerID")
    image: str = field(default_factory=str)
    image_id: str = field(default_factory=str, name="imageID")
    last_state: ContainerState = field(default_factory=ContainerState)
    name: str = field(default_factory=str)
    ready: bool = field(default_factory=bool)
    resources: ResourceRequirements | None = None
    restart_count: int = field(default_factory=int)
    started: bool | None = None
    state: ContainerState = field(default_factory=ContainerState)
    stop_signal: str | None = None
    user: ContainerUser | None = None
    volume_mounts: list[VolumeMountStatus] = field(default_factory=list)


class ContainerUser(Struct, kw_only=True, omit_defaults=True, gc=False):
    linux: LinuxContainerUser | None = None


class DaemonEndpoint(Struct, kw_only=True, omit_defaults=True, gc=False):
    port: int = field(default_factory=int, name="Port")


class DownwardAPIProjection(Struct, kw_only=True, omit_defaults=True, gc=False):
    items: list[DownwardAPIVolumeFile] = field(default_factory=list)


class DownwardAPIVolumeFile(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    field_ref: ObjectFieldSelector | None = None
    mode: int | None = None
    path: str = field(default_factory=str)
    resource_field_ref: ResourceFieldSelector | None = None


class DownwardAPIVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    default_mode: int | None = None
    items: list[DownwardAPIVolumeFile] = field(default_factory=list)


class EmptyDirVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    medium: str | None = None
    size_limit: str | None = None


class EndpointAddress(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    hostname: str | None = None
    ip: str = field(default_factory=str)
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointPort(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    app_protocol: str | None = None
    name: str | None = None
    port: int = field(default_factory=int)
    protocol: str | None = None


class EndpointSubset(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    addresses: list[EndpointAddress] = field(default_factory=list)
    not_ready_addresses: list[EndpointAddress] = field(default_factory=list)
    ports: list[EndpointPort] = field(default_factory=list)


class EnvFromSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    config_map_ref: ConfigMapEnvSource | None = None
    prefix: str | None = None
    secret_ref: SecretEnvSource | None = None


class EnvVar(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    name: str = field(default_factory=str)
    value: str | None = None
    value_from: EnvVarSource | None = None


class EnvVarSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    config_map_key_ref: ConfigMapKeySelector | None = None
    field_ref: ObjectFieldSelector | None = None
    file_key_ref: FileKeySelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    secret_key_ref: SecretKeySelector | None = None


class EphemeralContainer(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    args: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    env: list[EnvVar] = field(default_factory=list)
    env_from: list[EnvFromSource] = field(default_factory=list)
    image: str | None = None
    image_pull_policy: str | None = None
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    name: str = field(default_factory=str)
    ports: list[ContainerPort] = field(default_factory=list)
    readiness_probe: Probe | None = None
    resize_policy: list[ContainerResizePolicy] = field(default_factory=list)
    resources: ResourceRequirements = field(default_factory=ResourceRequirements)
    restart_policy: str | None = None
    restart_policy_rules: list[ContainerRestartRule] = field(default_factory=list)
    security_context: SecurityContext | None = None
    startup_probe: Probe | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    target_container_name: str | None = None
    termination_message_path: str | None = None
    termination_message_policy: str | None = None
    tty: bool | None = None
    volume_devices: list[VolumeDevice] = field(default_factory=list)
    volume_mounts: list[VolumeMount] = field(default_factory=list)
    working_dir: str | None = None


class EphemeralVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    volume_claim_template: PersistentVolumeClaimTemplate | None = None


class EventSeries(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    count: int | None = None
    last_observed_time: MicroTime | None = None


class EventSource(Struct, kw_only=True, omit_defaults=True, gc=False):
    component: str | None = None
    host: str | None = None


class ExecAction(Struct, kw_only=True, omit_defaults=True, gc=False):
    command: list[str] = field(default_factory=list)


class FCVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    lun: int | None = None
    read_only: bool | None = None
    target_wwns: list[str] = field(default_factory=list, name="targetWWNs")
    wwids: list[str] = field(default_factory=list)


class FileKeySelector(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    key: str = field(default_factory=str)
    optional: bool = False
    path: str = field(default_factory=str)
    volume_name: str = field(default_factory=str)


class FlexPersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    driver: str = field(default_factory=str)
    fs_type: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    read_only: bool | None = None
    secret_ref: SecretReference | None = None


class FlexVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    driver: str = field(default_factory=str)
    fs_type: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None


class FlockerVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    dataset_name: str | None = None
    dataset_uuid: str | None = field(default=None, name="datasetUUID")


class GCEPersistentDiskVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    partition: int | None = None
    pd_name: str = field(default_factory=str)
    read_only: bool | None = None


class GRPCAction(Struct, kw_only=True, omit_defaults=True, gc=False):
    port: int = field(default_factory=int)
    service: str = ""


class GitRepoVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False):
    directory: str | None = None
    repository: str = field(default_factory=str)
    revision: str | None = None


class GlusterfsPersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    endpoints: str = field(default_factory=str)
    endpoints_namespace: str | None = None
    path: str = field(default_factory=str)
    read_only: bool | None = None


class GlusterfsVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    endpoints: str = field(default_factory=str)
    path: str = field(default_factory=str)
    read_only: bool | None = None


class HTTPGetAction(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    host: str | None = None
    http_headers: list[HTTPHeader] = field(default_factory=list)
    path: str | None = None
    port: int | str = field(default_factory=int)
    scheme: str | None = None


class HTTPHeader(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    value: str = field(default_factory=str)


class HostAlias(Struct, kw_only=True, omit_defaults=True, gc=False):
    hostnames: list[str] = field(default_factory=list)
    ip: str = field(default_factory=str)


class HostIP(Struct, kw_only=True, omit_defaults=True, gc=False):
    ip: str = field(default_factory=str)


class HostPathVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False):
    path: str = field(default_factory=str)
    type: str | None = None


class ISCSIPersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    chap_auth_discovery: bool | None = None
    chap_auth_session: bool | None = None
    fs_type: str | None = None
    initiator_name: str | None = None
    iqn: str = field(default_factory=str)
    iscsi_interface: str | None = None
    lun: int = field(default_factory=int)
    portals: list[str] = field(default_factory=list)
    read_only: bool | None = None
    secret_ref: SecretReference | None = None
    target_portal: str = field(default_factory=str)


class ISCSIVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    chap_auth_discovery: bool | None = None
    chap_auth_session: bool | None = None
    fs_type: str | None = None
    initiator_name: str | None = None
    iqn: str = field(default_factory=str)
    iscsi_interface: str | None = None
    lun: int = field(default_factory=int)
    portals: list[str] = field(default_factory=list)
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None
    target_portal: str = field(default_factory=str)


class ImageVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    pull_policy: str | None = None
    reference: str | None = None


class ImageVolumeStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    image_ref: str = field(default_factory=str)


class KeyToPath(Struct, kw_only=True, omit_defaults=True, gc=False):
    key: str = field(default_factory=str)
    mode: int | None = None
    path: str = field(default_factory=str)


class Lifecycle(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str | None = None


class LifecycleHandler(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    sleep: SleepAction | None = None
    tcp_socket: TCPSocketAction | None = None


class LimitRangeItem(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    default: dict[str, str] = field(default_factory=dict)
    default_request: dict[str, str] = field(default_factory=dict)
    max: dict[str, str] = field(default_factory=dict)
    max_limit_request_ratio: dict[str, str] = field(default_factory=dict)
    min: dict[str, str] = field(default_factory=dict)
    type: str = field(default_factory=str)


class LimitRangeSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    limits: list[LimitRangeItem] = field(default_factory=list)


class LinuxContainerUser(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    gid: int = field(default_factory=int)
    supplemental_groups: list[int] = field(default_factory=list)
    uid: int = field(default_factory=int)


class LoadBalancerIngress(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    hostname: str | None = None
    ip: str | None = None
    ip_mode: str | None = None
    ports: list[PortStatus] = field(default_factory=list)


class LoadBalancerStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    ingress: list[LoadBalancerIngress] = field(default_factory=list)


class LocalObjectReference(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = ""


class LocalVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    path: str = field(default_factory=str)


class ModifyVolumeStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    status: str = field(default_factory=str)
    target_volume_attributes_class_name: str | None = None


class NFSVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    path: str = field(default_factory=str)
    read_only: bool | None = None
    server: str = field(default_factory=str)


class NamespaceCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class NamespaceSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    finalizers: list[str] = field(default_factory=list)


class NamespaceStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    conditions: list[NamespaceCondition] = field(default_factory=list)
    phase: str | None = None


class NodeAddress(Struct, kw_only=True, omit_defaults=True, gc=False):
    address: str = field(default_factory=str)
    type: str = field(default_factory=str)


class NodeAffinity(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    preferred_during_scheduling_ignored_during_execution: list[PreferredSchedulingTerm] = field(
        default_factory=list
    )
    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


class NodeAllocatableResourceClaimStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    containers: list[str] = field(default_factory=list)
    resource_claim_name: str = field(default_factory=str)
    resources: dict[str, str] = field(default_factory=dict)


class NodeCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_heartbeat_time: datetime | None = None
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class NodeConfigSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    config_map: ConfigMapNodeConfigSource | None = None


class NodeConfigStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    active: NodeConfigSource | None = None
    assigned: NodeConfigSource | None = None
    error: str | None = None
    last_known_good: NodeConfigSource | None = None


class NodeDaemonEndpoints(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    kubelet_endpoint: DaemonEndpoint = field(default_factory=DaemonEndpoint)


class NodeFeatures(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    supplemental_groups_policy: bool | None = None


class NodeRuntimeHandler(Struct, kw_only=True, omit_defaults=True, gc=False):
    features: NodeRuntimeHandlerFeatures | None = None
    name: str = ""


class NodeRuntimeHandlerFeatures(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    recursive_read_only_mounts: bool | None = None
    user_namespaces: bool | None = None


class NodeSelector(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    node_selector_terms: list[NodeSelectorTerm] = field(default_factory=list)


class NodeSelectorRequirement(Struct, kw_only=True, omit_defaults=True, gc=False):
    key: str = field(default_factory=str)
    operator: str = field(default_factory=str)
    values: list[str] = field(default_factory=list)


class NodeSelectorTerm(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    match_expressions: list[NodeSelectorRequirement] = field(default_factory=list)
    match_fields: list[NodeSelectorRequirement] = field(default_factory=list)


class NodeSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    config_source: NodeConfigSource | None = None
    external_id: str | None = field(default=None, name="externalID")
    pod_cidr: str | None = field(default=None, name="podCIDR")
    pod_cidrs: list[str] = field(default_factory=list, name="podCIDRs")
    provider_id: str | None = field(default=None, name="providerID")
    taints: list[Taint] = field(default_factory=list)
    unschedulable: bool | None = None


class NodeSystemInfo(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    architecture: str = field(default_factory=str)
    boot_id: str = field(default_factory=str, name="bootID")
    container_runtime_version: str = field(default_factory=str)
    kernel_version: str = field(default_factory=str)
    kube_proxy_version: str = field(default_factory=str)
    kubelet_version: str = field(default_factory=str)
    machine_id: str = field(default_factory=str, name="machineID")
    operating_system: str = field(default_factory=str)
    os_image: str = field(default_factory=str)
    swap: NodeSwapStatus | None = None
    system_uuid: str = field(default_factory=str, name="systemUUID")


class NodeStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    addresses: list[NodeAddress] = field(default_factory=list)
    allocatable: dict[str, str] = field(default_factory=dict)
    capacity: dict[str, str] = field(default_factory=dict)
    conditions: list[NodeCondition] = field(default_factory=list)
    config: NodeConfigStatus | None = None
    daemon_endpoints: NodeDaemonEndpoints = field(default_factory=NodeDaemonEndpoints)
    declared_features: list[str] = field(default_factory=list)
    features: NodeFeatures | None = None
    images: list[ContainerImage] = field(default_factory=list)
    node_info: NodeSystemInfo = field(default_factory=NodeSystemInfo)
    phase: str | None = None
    runtime_handlers: list[NodeRuntimeHandler] = field(default_factory=list)
    volumes_attached: list[AttachedVolume] = field(default_factory=list)
    volumes_in_use: list[str] = field(default_factory=list)


class NodeSwapStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    capacity: int | None = None


class ObjectFieldSelector(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    field_path: str = field(default_factory=str)


class ObjectReference(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    field_path: str | None = None
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    resource_version: str | None = None
    uid: str | None = None


class PersistentVolumeClaimCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_probe_time: datetime | None = None
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class VolumeResourceRequirements(Struct, kw_only=True, omit_defaults=True, gc=False):
    limits: dict[str, str] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)


class PersistentVolumeClaimSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    access_modes: list[str] = field(default_factory=list)
    data_source: TypedLocalObjectReference | None = None
    data_source_ref: TypedObjectReference | None = None
    resources: VolumeResourceRequirements = field(default_factory=VolumeResourceRequirements)
    selector: LabelSelector | None = None
    storage_class_name: str | None = None
    volume_attributes_class_name: str | None = None
    volume_mode: str | None = None
    volume_name: str | None = None


class PersistentVolumeClaimStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    access_modes: list[str] = field(default_factory=list)
    allocated_resource_statuses: dict[str, str] = field(default_factory=dict)
    allocated_resources: dict[str, str] = field(default_factory=dict)
    capacity: dict[str, str] = field(default_factory=dict)
    conditions: list[PersistentVolumeClaimCondition] = field(default_factory=list)
    current_volume_attributes_class_name: str | None = None
    modify_volume_status: ModifyVolumeStatus | None = None
    phase: str | None = None


class PersistentVolumeClaimTemplate(Struct, kw_only=True, omit_defaults=True, gc=False):
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: PersistentVolumeClaimSpec = field(default_factory=PersistentVolumeClaimSpec)


class PersistentVolumeClaimVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    claim_name: str = field(default_factory=str)
    read_only: bool | None = None


class PersistentVolumeSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    access_modes: list[str] = field(default_factory=list)
    aws_elastic_block_store: AWSElasticBlockStoreVolumeSource | None = None
    azure_disk: AzureDiskVolumeSource | None = None
    azure_file: AzureFilePersistentVolumeSource | None = None
    capacity: dict[str, str] = field(default_factory=dict)
    cephfs: CephFSPersistentVolumeSource | None = None
    cinder: CinderPersistentVolumeSource | None = None
    claim_ref: ObjectReference | None = None
    csi: CSIPersistentVolumeSource | None = None
    fc: FCVolumeSource | None = None
    flex_volume: FlexPersistentVolumeSource | None = None
    flocker: FlockerVolumeSource | None = None
    gce_persistent_disk: GCEPersistentDiskVolumeSource | None = None
    glusterfs: GlusterfsPersistentVolumeSource | None = None
    host_path: HostPathVolumeSource | None = None
    iscsi: ISCSIPersistentVolumeSource | None = None
    local: LocalVolumeSource | None = None
    mount_options: list[str] = field(default_factory=list)
    nfs: NFSVolumeSource | None = None
    node_affinity: VolumeNodeAffinity | None = None
    persistent_volume_reclaim_policy: str | None = None
    photon_persistent_disk: PhotonPersistentDiskVolumeSource | None = None
    portworx_volume: PortworxVolumeSource | None = None
    quobyte: QuobyteVolumeSource | None = None
    rbd: RBDPersistentVolumeSource | None = None
    scale_io: ScaleIOPersistentVolumeSource | None = field(default=None, name="scaleIO")
    storage_class_name: str | None = None
    storageos: StorageOSPersistentVolumeSource | None = None
    volume_attributes_class_name: str | None = None
    volume_mode: str | None = None
    vsphere_volume: VsphereVirtualDiskVolumeSource | None = None


class PersistentVolumeStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_phase_transition_time: datetime | None = None
    message: str | None = None
    phase: str | None = None
    reason: str | None = None


class PhotonPersistentDiskVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    pd_id: str = field(default_factory=str, name="pdID")


class PodAffinity(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] = field(
        default_factory=list
    )
    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] = field(default_factory=list)


class PodAffinityTerm(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    label_selector: LabelSelector | None = None
    match_label_keys: list[str] = field(default_factory=list)
    mismatch_label_keys: list[str] = field(default_factory=list)
    namespace_selector: LabelSelector | None = None
    namespaces: list[str] = field(default_factory=list)
    topology_key: str = field(default_factory=str)


class PodAntiAffinity(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] = field(
        default_factory=list
    )
    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] = field(default_factory=list)


class PodCertificateProjection(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    certificate_chain_path: str | None = None
    credential_bundle_path: str | None = None
    key_path: str | None = None
    key_type: str = field(default_factory=str)
    max_expiration_seconds: int | None = None
    signer_name: str = field(default_factory=str)
    user_annotations: dict[str, str] = field(default_factory=dict)


class PodCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_probe_time: datetime | None = None
    last_transition_time: datetime | None = None
    message: str | None = None
    observed_generation: int | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class PodDNSConfig(Struct, kw_only=True, omit_defaults=True, gc=False):
    nameservers: list[str] = field(default_factory=list)
    options: list[PodDNSConfigOption] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)


class PodDNSConfigOption(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str | None = None
    value: str | None = None


class PodExtendedResourceClaimStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    request_mappings: list[ContainerExtendedResourceRequest] = field(default_factory=list)
    resource_claim_name: str = field(default_factory=str)


class PodIP(Struct, kw_only=True, omit_defaults=True, gc=False):
    ip: str = field(default_factory=str)


class PodOS(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)


class PodReadinessGate(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    condition_type: str = field(default_factory=str)


class PodResourceClaim(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    name: str = field(default_factory=str)
    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None


class PodResourceClaimStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    name: str = field(default_factory=str)
    resource_claim_name: str | None = None


class PodSchedulingGate(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)


class PodSchedulingGroup(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    pod_group_name: str | None = None


class PodSecurityContext(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    app_armor_profile: AppArmorProfile | None = None
    fs_group: int | None = None
    fs_group_change_policy: str | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    se_linux_change_policy: str | None = None
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    supplemental_groups: list[int] = field(default_factory=list)
    supplemental_groups_policy: str | None = None
    sysctls: list[Sysctl] = field(default_factory=list)
    windows_options: WindowsSecurityContextOptions | None = None


class PodSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    active_deadline_seconds: int | None = None
    affinity: Affinity | None = None
    automount_service_account_token: bool | None = None
    containers: list[Container] = field(default_factory=list)
    dns_config: PodDNSConfig | None = None
    dns_policy: str | None = None
    enable_service_links: bool | None = None
    ephemeral_containers: list[EphemeralContainer] = field(default_factory=list)
    host_aliases: list[HostAlias] = field(default_factory=list)
    host_ipc: bool | None = field(default=None, name="hostIPC")
    host_network: bool | None = None
    host_pid: bool | None = field(default=None, name="hostPID")
    host_users: bool | None = None
    hostname: str | None = None
    hostname_override: str | None = None
    image_pull_secrets: list[LocalObjectReference] = field(default_factory=list)
    init_containers: list[Container] = field(default_factory=list)
    node_name: str | None = None
    node_selector: dict[str, str] = field(default_factory=dict)
    os: PodOS | None = None
    overhead: dict[str, str] = field(default_factory=dict)
    preemption_policy: str | None = None
    priority: int | None = None
    priority_class_name: str | None = None
    readiness_gates: list[PodReadinessGate] = field(default_factory=list)
    resource_claims: list[PodResourceClaim] = field(default_factory=list)
    resources: ResourceRequirements | None = None
    restart_policy: str | None = None
    runtime_class_name: str | None = None
    scheduler_name: str | None = None
    scheduling_gates: list[PodSchedulingGate] = field(default_factory=list)
    scheduling_group: PodSchedulingGroup | None = None
    security_context: PodSecurityContext | None = None
    service_account: str | None = None
    service_account_name: str | None = None
    set_hostname_as_fqdn: bool | None = field(default=None, name="setHostnameAsFQDN")
    share_process_namespace: bool | None = None
    subdomain: str | None = None
    termination_grace_period_seconds: int | None = None
    tolerations: list[Toleration] = field(default_factory=list)
    topology_spread_constraints: list[TopologySpreadConstraint] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)


class PodStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allocated_resources: dict[str, str] = field(default_factory=dict)
    conditions: list[PodCondition] = field(default_factory=list)
    container_statuses: list[ContainerStatus] = field(default_factory=list)
    ephemeral_container_statuses: list[ContainerStatus] = field(default_factory=list)
    extended_resource_claim_status: PodExtendedResourceClaimStatus | None = None
    host_ip: str | None = field(default=None, name="hostIP")
    host_ips: list[HostIP] = field(default_factory=list, name="hostIPs")
    init_container_statuses: list[ContainerStatus] = field(default_factory=list)
    message: str | None = None
    node_allocatable_resource_claim_statuses: list[NodeAllocatableResourceClaimStatus] = field(
        default_factory=list
    )
    nominated_node_name: str | None = None
    observed_generation: int | None = None
    phase: str | None = None
    pod_ip: str | None = field(default=None, name="podIP")
    pod_ips: list[PodIP] = field(default_factory=list, name="podIPs")
    qos_class: str | None = None
    reason: str | None = None
    resize: str | None = None
    resource_claim_statuses: list[PodResourceClaimStatus] = field(default_factory=list)
    resources: ResourceRequirements | None = None
    start_time: datetime | None = None


class PodTemplateSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    metadata: ObjectMeta = field(default_factory=ObjectMeta)
    spec: PodSpec = field(default_factory=PodSpec)


class PortStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    error: str | None = None
    port: int = field(default_factory=int)
    protocol: str = field(default_factory=str)


class PortworxVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    read_only: bool | None = None
    volume_id: str = field(default_factory=str, name="volumeID")


class PreferredSchedulingTerm(Struct, kw_only=True, omit_defaults=True, gc=False):
    preference: NodeSelectorTerm = field(default_factory=NodeSelectorTerm)
    weight: int = field(default_factory=int)


class Probe(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    exec: ExecAction | None = None
    failure_threshold: int | None = None
    grpc: GRPCAction | None = None
    http_get: HTTPGetAction | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    success_threshold: int | None = None
    tcp_socket: TCPSocketAction | None = None
    termination_grace_period_seconds: int | None = None
    timeout_seconds: int | None = None


class ProjectedVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    default_mode: int | None = None
    sources: list[VolumeProjection] = field(default_factory=list)


class QuobyteVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    group: str | None = None
    read_only: bool | None = None
    registry: str = field(default_factory=str)
    tenant: str | None = None
    user: str | None = None
    volume: str = field(default_factory=str)


class RBDPersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    image: str = field(default_factory=str)
    keyring: str | None = None
    monitors: list[str] = field(default_factory=list)
    pool: str | None = None
    read_only: bool | None = None
    secret_ref: SecretReference | None = None
    user: str | None = None


class RBDVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    image: str = field(default_factory=str)
    keyring: str | None = None
    monitors: list[str] = field(default_factory=list)
    pool: str | None = None
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None
    user: str | None = None


class ReplicationControllerCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class ReplicationControllerSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    min_ready_seconds: int = 0
    replicas: int | None = None
    selector: dict[str, str] = field(default_factory=dict)
    template: PodTemplateSpec | None = None


class ReplicationControllerStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    available_replicas: int | None = None
    conditions: list[ReplicationControllerCondition] = field(default_factory=list)
    fully_labeled_replicas: int | None = None
    observed_generation: int | None = None
    ready_replicas: int | None = None
    replicas: int = field(default_factory=int)


class ResourceClaim(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    request: str | None = None


class ResourceFieldSelector(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    container_name: str | None = None
    divisor: str | None = None
    resource: str = field(default_factory=str)


class ResourceHealth(Struct, kw_only=True, omit_defaults=True, gc=False):
    health: str | None = None
    message: str | None = None
    resource_id: str = field(default_factory=str, name="resourceID")


class ResourceQuotaSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    hard: dict[str, str] = field(default_factory=dict)
    scope_selector: ScopeSelector | None = None
    scopes: list[str] = field(default_factory=list)


class ResourceQuotaStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    hard: dict[str, str] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)


class ResourceStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    resources: list[ResourceHealth] = field(default_factory=list)


class SELinuxOptions(Struct, kw_only=True, omit_defaults=True, gc=False):
    level: str | None = None
    role: str | None = None
    type: str | None = None
    user: str | None = None


class SecretReference(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str | None = None
    namespace: str | None = None


class ScaleIOPersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    gateway: str = field(default_factory=str)
    protection_domain: str | None = None
    read_only: bool | None = None
    secret_ref: SecretReference = field(default_factory=SecretReference)
    ssl_enabled: bool | None = None
    storage_mode: str | None = None
    storage_pool: str | None = None
    system: str = field(default_factory=str)
    volume_name: str | None = None


class ScaleIOVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    gateway: str = field(default_factory=str)
    protection_domain: str | None = None
    read_only: bool | None = None
    secret_ref: LocalObjectReference = field(default_factory=LocalObjectReference)
    ssl_enabled: bool | None = None
    storage_mode: str | None = None
    storage_pool: str | None = None
    system: str = field(default_factory=str)
    volume_name: str | None = None


class ScopeSelector(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    match_expressions: list[ScopedResourceSelectorRequirement] = field(default_factory=list)


class ScopedResourceSelectorRequirement(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    operator: str = field(default_factory=str)
    scope_name: str = field(default_factory=str)
    values: list[str] = field(default_factory=list)


class SeccompProfile(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    localhost_profile: str | None = None
    type: str = field(default_factory=str)


class SecretEnvSource(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = ""
    optional: bool | None = None


class SecretKeySelector(Struct, kw_only=True, omit_defaults=True, gc=False):
    key: str = field(default_factory=str)
    name: str = ""
    optional: bool | None = None


class SecretProjection(Struct, kw_only=True, omit_defaults=True, gc=False):
    items: list[KeyToPath] = field(default_factory=list)
    name: str = ""
    optional: bool | None = None


class SecretVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    default_mode: int | None = None
    items: list[KeyToPath] = field(default_factory=list)
    optional: bool | None = None
    secret_name: str | None = None


class SecurityContext(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allow_privilege_escalation: bool | None = None
    app_armor_profile: AppArmorProfile | None = None
    capabilities: Capabilities | None = None
    privileged: bool | None = None
    proc_mount: str | None = None
    read_only_root_filesystem: bool | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    windows_options: WindowsSecurityContextOptions | None = None


class ServiceAccountTokenProjection(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    audience: str | None = None
    expiration_seconds: int | None = None
    path: str = field(default_factory=str)


class ServicePort(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    app_protocol: str | None = None
    name: str | None = None
    node_port: int | None = None
    port: int = field(default_factory=int)
    protocol: str | None = None
    target_port: int | str | None = None


class ServiceSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    allocate_load_balancer_node_ports: bool | None = None
    cluster_ip: str | None = field(default=None, name="clusterIP")
    cluster_ips: list[str] = field(default_factory=list, name="clusterIPs")
    external_ips: list[str] = field(default_factory=list, name="externalIPs")
    external_name: str | None = None
    external_traffic_policy: str | None = None
    health_check_node_port: int | None = None
    internal_traffic_policy: str | None = None
    ip_families: list[str] = field(default_factory=list)
    ip_family_policy: str | None = None
    load_balancer_class: str | None = None
    load_balancer_ip: str | None = field(default=None, name="loadBalancerIP")
    load_balancer_source_ranges: list[str] = field(default_factory=list)
    ports: list[ServicePort] = field(default_factory=list)
    publish_not_ready_addresses: bool | None = None
    selector: dict[str, str] = field(default_factory=dict)
    session_affinity: str | None = None
    session_affinity_config: SessionAffinityConfig | None = None
    traffic_distribution: str | None = None
    type: str | None = None


class ServiceStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    conditions: list[Condition] = field(default_factory=list)
    load_balancer: LoadBalancerStatus = field(default_factory=LoadBalancerStatus)


class SessionAffinityConfig(Struct, kw_only=True, omit_defaults=True, gc=False):
    client_ip: ClientIPConfig | None = field(default=None, name="clientIP")


class SleepAction(Struct, kw_only=True, omit_defaults=True, gc=False):
    seconds: int = field(default_factory=int)


class StorageOSPersistentVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    read_only: bool | None = None
    secret_ref: ObjectReference | None = None
    volume_name: str | None = None
    volume_namespace: str | None = None


class StorageOSVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    read_only: bool | None = None
    secret_ref: LocalObjectReference | None = None
    volume_name: str | None = None
    volume_namespace: str | None = None


class Sysctl(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)
    value: str = field(default_factory=str)


class TCPSocketAction(Struct, kw_only=True, omit_defaults=True, gc=False):
    host: str | None = None
    port: int | str = field(default_factory=int)


class Taint(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    effect: str = field(default_factory=str)
    key: str = field(default_factory=str)
    time_added: datetime | None = None
    value: str | None = None


class Toleration(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    effect: str | None = None
    key: str | None = None
    operator: str | None = None
    toleration_seconds: int | None = None
    value: str | None = None


class TopologySelectorLabelRequirement(Struct, kw_only=True, omit_defaults=True, gc=False):
    key: str = field(default_factory=str)
    values: list[str] = field(default_factory=list)


class TopologySelectorTerm(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    match_label_expressions: list[TopologySelectorLabelRequirement] = field(default_factory=list)


class TopologySpreadConstraint(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    label_selector: LabelSelector | None = None
    match_label_keys: list[str] = field(default_factory=list)
    max_skew: int = field(default_factory=int)
    min_domains: int | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None
    topology_key: str = field(default_factory=str)
    when_unsatisfiable: str = field(default_factory=str)


class TypedLocalObjectReference(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_group: str | None = None
    kind: str = field(default_factory=str)
    name: str = field(default_factory=str)


class TypedObjectReference(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_group: str | None = None
    kind: str = field(default_factory=str)
    name: str = field(default_factory=str)
    namespace: str | None = None


class Volume(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    aws_elastic_block_store: AWSElasticBlockStoreVolumeSource | None = None
    azure_disk: AzureDiskVolumeSource | None = None
    azure_file: AzureFileVolumeSource | None = None
    cephfs: CephFSVolumeSource | None = None
    cinder: CinderVolumeSource | None = None
    config_map: ConfigMapVolumeSource | None = None
    csi: CSIVolumeSource | None = None
    downward_api: DownwardAPIVolumeSource | None = field(default=None, name="downwardAPI")
    empty_dir: EmptyDirVolumeSource | None = None
    ephemeral: EphemeralVolumeSource | None = None
    fc: FCVolumeSource | None = None
    flex_volume: FlexVolumeSource | None = None
    flocker: FlockerVolumeSource | None = None
    gce_persistent_disk: GCEPersistentDiskVolumeSource | None = None
    git_repo: GitRepoVolumeSource | None = None
    glusterfs: GlusterfsVolumeSource | None = None
    host_path: HostPathVolumeSource | None = None
    image: ImageVolumeSource | None = None
    iscsi: ISCSIVolumeSource | None = None
    name: str = field(default_factory=str)
    nfs: NFSVolumeSource | None = None
    persistent_volume_claim: PersistentVolumeClaimVolumeSource | None = None
    photon_persistent_disk: PhotonPersistentDiskVolumeSource | None = None
    portworx_volume: PortworxVolumeSource | None = None
    projected: ProjectedVolumeSource | None = None
    quobyte: QuobyteVolumeSource | None = None
    rbd: RBDVolumeSource | None = None
    scale_io: ScaleIOVolumeSource | None = field(default=None, name="scaleIO")
    secret: SecretVolumeSource | None = None
    storageos: StorageOSVolumeSource | None = None
    vsphere_volume: VsphereVirtualDiskVolumeSource | None = None


class VolumeDevice(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    device_path: str = field(default_factory=str)
    name: str = field(default_factory=str)


class VolumeMount(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    mount_path: str = field(default_factory=str)
    mount_propagation: str | None = None
    name: str = field(default_factory=str)
    read_only: bool | None = None
    recursive_read_only: str | None = None
    sub_path: str | None = None
    sub_path_expr: str | None = None


class VolumeMountStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    mount_path: str = field(default_factory=str)
    name: str = field(default_factory=str)
    read_only: bool | None = None
    recursive_read_only: str | None = None
    volume_status: VolumeStatus | None = None


class VolumeNodeAffinity(Struct, kw_only=True, omit_defaults=True, gc=False):
    required: NodeSelector | None = None


class VolumeProjection(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    cluster_trust_bundle: ClusterTrustBundleProjection | None = None
    config_map: ConfigMapProjection | None = None
    downward_api: DownwardAPIProjection | None = field(default=None, name="downwardAPI")
    pod_certificate: PodCertificateProjection | None = None
    secret: SecretProjection | None = None
    service_account_token: ServiceAccountTokenProjection | None = None


class VolumeStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    image: ImageVolumeStatus | None = None


class VsphereVirtualDiskVolumeSource(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    fs_type: str | None = None
    storage_policy_id: str | None = field(default=None, name="storagePolicyID")
    storage_policy_name: str | None = None
    volume_path: str = field(default_factory=str)


class WeightedPodAffinityTerm(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    pod_affinity_term: PodAffinityTerm = field(default_factory=PodAffinityTerm)
    weight: int = field(default_factory=int)


class WindowsSecurityContextOptions(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    gmsa_credential_spec: str | None = None
    gmsa_credential_spec_name: str | None = None
    host_process: bool | None = None
    run_as_user_name: str | None = None


class Binding(Object, group="", version="v1", plural="bindings"):
    """Served at `/api/v1/namespaces/{namespace}/bindings`."""

    target: ObjectReference = section(factory=ObjectReference)


class ComponentStatus(Object, group="", version="v1", plural="componentstatuses", namespaced=False):
    """Served at `/api/v1/componentstatuses`."""

    conditions: list[ComponentCondition] = section(factory=list)


class ConfigMap(Object, group="", version="v1", plural="configmaps"):
    """Served at `/api/v1/namespaces/{namespace}/configmaps`."""

    binary_data: dict[str, bytes] = section(factory=dict)
    data: dict[str, str] = section(factory=dict)
    immutable: bool | None = section(factory=NoneType)


class Endpoints(Object, group="", version="v1", plural="endpoints"):
    """Served at `/api/v1/namespaces/{namespace}/endpoints`."""

    subsets: list[EndpointSubset] = section(factory=list)


class Event(Object, group="", version="v1", plural="events"):
    """Served at `/api/v1/namespaces/{namespace}/events`."""

    action: str | None = section(factory=NoneType)
    count: int | None = section(factory=NoneType)
    event_time: MicroTime | None = section(factory=NoneType)
    first_timestamp: datetime | None = section(factory=NoneType)
    involved_object: ObjectReference = section(factory=ObjectReference)
    last_timestamp: datetime | None = section(factory=NoneType)
    message: str | None = section(factory=NoneType)
    reason: str | None = section(factory=NoneType)
    related: ObjectReference | None = section(factory=NoneType)
    reporting_component: str = section(factory=str)
    reporting_instance: str = section(factory=str)
    series: EventSeries | None = section(factory=NoneType)
    source: EventSource = section(factory=EventSource)
    type: str | None = section(factory=NoneType)


class LimitRange(Object, group="", version="v1", plural="limitranges"):
    """Served at `/api/v1/namespaces/{namespace}/limitranges`."""

    spec: LimitRangeSpec = section(factory=LimitRangeSpec)


class Namespace(Object, group="", version="v1", plural="namespaces", namespaced=False):
    """Served at `/api/v1/namespaces`."""

    spec: NamespaceSpec = section(factory=NamespaceSpec)
    status: NamespaceStatus = section(factory=NamespaceStatus)


class Node(Object, group="", version="v1", plural="nodes", namespaced=False):
    """Served at `/api/v1/nodes`."""

    spec: NodeSpec = section(factory=NodeSpec)
    status: NodeStatus = section(factory=NodeStatus)


class PersistentVolume(Object, group="", version="v1", plural="persistentvolumes", namespaced=False):
    """Served at `/api/v1/persistentvolumes`."""

    spec: PersistentVolumeSpec = section(factory=PersistentVolumeSpec)
    status: PersistentVolumeStatus = section(factory=PersistentVolumeStatus)


class PersistentVolumeClaim(Object, group="", version="v1", plural="persistentvolumeclaims"):
    """Served at `/api/v1/namespaces/{namespace}/persistentvolumeclaims`."""

    spec: PersistentVolumeClaimSpec = section(factory=PersistentVolumeClaimSpec)
    status: PersistentVolumeClaimStatus = section(factory=PersistentVolumeClaimStatus)


class Pod(Object, group="", version="v1", plural="pods"):
    """Served at `/api/v1/namespaces/{namespace}/pods`."""

    spec: PodSpec = section(factory=PodSpec)
    status: PodStatus = section(factory=PodStatus)


class PodTemplate(Object, group="", version="v1", plural="podtemplates"):
    """Served at `/api/v1/namespaces/{namespace}/podtemplates`."""

    template: PodTemplateSpec = section(factory=PodTemplateSpec)


class ReplicationController(Object, group="", version="v1", plural="replicationcontrollers"):
    """Served at `/api/v1/namespaces/{namespace}/replicationcontrollers`."""

    spec: ReplicationControllerSpec = section(factory=ReplicationControllerSpec)
    status: ReplicationControllerStatus = section(factory=ReplicationControllerStatus)


class ResourceQuota(Object, group="", version="v1", plural="resourcequotas"):
    """Served at `/api/v1/namespaces/{namespace}/resourcequotas`."""

    spec: ResourceQuotaSpec = section(factory=ResourceQuotaSpec)
    status: ResourceQuotaStatus = section(factory=ResourceQuotaStatus)


class Secret(Object, group="", version="v1", plural="secrets"):
    """Served at `/api/v1/namespaces/{namespace}/secrets`."""

    data: dict[str, bytes] = section(factory=dict)
    immutable: bool | None = section(factory=NoneType)
    string_data: dict[str, str] = section(factory=dict)
    type: str | None = section(factory=NoneType)


class Service(Object, group="", version="v1", plural="services"):
    """Served at `/api/v1/namespaces/{namespace}/services`."""

    spec: ServiceSpec = section(factory=ServiceSpec)
    status: ServiceStatus = section(factory=ServiceStatus)


class ServiceAccount(Object, group="", version="v1", plural="serviceaccounts"):
    """Served at `/api/v1/namespaces/{namespace}/serviceaccounts`."""

    automount_service_account_token: bool | None = section(factory=NoneType)
    image_pull_secrets: list[LocalObjectReference] = section(factory=list)
    secrets: list[ObjectReference] = section(factory=list)
