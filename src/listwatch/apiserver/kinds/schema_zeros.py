"""Which empty values a typed API keeps: what OpenAPI does not say about the wire form.

An API server decodes into typed structures and encodes them again. A field that is optional and holds its
zero value (`""`, `0`, `false`) is then left out, unless it was declared so that "not given" and "zero" differ.
OpenAPI shows both alike, so the fields that keep a given zero are listed here, by type and name.

Rules: data only
Source: the field declarations of Kubernetes 1.36, read once; checked against the recordings by the tests
"""

from __future__ import annotations

from typing import Final

_KEPT_ZEROS: Final = """
AllocatedDeviceStatus: shareID
AppArmorProfile: localhostProfile
AzureFilePersistentVolumeSource: secretNamespace
CSIDriverSpec: attachRequired fsGroupPolicy nodeAllocatableUpdatePeriodSeconds podInfoOnMount
  preventPodSchedulingIfMissing requiresRepublish seLinuxMount serviceAccountTokenInSecrets
  storageCapacity
CSIVolumeSource: fsType readOnly
CertificateSigningRequestSpec: expirationSeconds request
ClientIPConfig: timeoutSeconds
ClusterTrustBundleProjection: name optional signerName
ConfigMap: immutable
ConfigMapEnvSource: optional
ConfigMapKeySelector: optional
ConfigMapProjection: optional
ConfigMapVolumeSource: defaultMode optional
Container: restartPolicy
ContainerStatus: started stopSignal
CronJobSpec: failedJobsHistoryLimit startingDeadlineSeconds successfulJobsHistoryLimit suspend timeZone
CustomResourceDefinitionVersion: deprecationWarning
CustomResourceSubresourceScale: labelSelectorPath
DaemonSetSpec: revisionHistoryLimit
DaemonSetStatus: collisionCount
DeleteOptions: gracePeriodSeconds ignoreStoreReadErrorWithClusterBreakingPotential orphanDependents
  propagationPolicy
DeploymentSpec: progressDeadlineSeconds replicas revisionHistoryLimit
DeploymentStatus: collisionCount terminatingReplicas
Device: allNodes allowMultipleAllocations bindsToNode nodeName
DeviceAttribute: bool int string version
DeviceClassSpec: extendedResourceName
DeviceConstraint: distinctAttribute matchAttribute
DeviceRequestAllocationResult: adminAccess shareID
DeviceToleration: tolerationSeconds
DownwardAPIVolumeFile: mode
DownwardAPIVolumeSource: defaultMode
Endpoint: hostname nodeName zone
EndpointAddress: nodeName
EndpointConditions: ready serving terminating
EndpointPort: appProtocol name port protocol
ExactDeviceRequest: adminAccess
ExemptPriorityLevelConfiguration: lendablePercent nominalConcurrencyShares
FCVolumeSource: lun
GlusterfsPersistentVolumeSource: endpointsNamespace
HPAScalingRules: selectPolicy stabilizationWindowSeconds
HTTPIngressPath: pathType
HorizontalPodAutoscalerSpec: minReplicas targetCPUUtilizationPercentage
HorizontalPodAutoscalerStatus: currentCPUUtilizationPercentage observedGeneration
HostPathVolumeSource: type
ISCSIPersistentVolumeSource: initiatorName
ISCSIVolumeSource: initiatorName
IngressClassParametersReference: apiGroup namespace scope
IngressPortStatus: error
IngressSpec: ingressClassName
JSONSchemaProps: maxItems maxLength maxProperties maximum minItems minLength minProperties minimum
  multipleOf x-kubernetes-list-type x-kubernetes-map-type x-kubernetes-preserve-unknown-fields
JobSpec: activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy
  manualSelector maxFailedIndexes parallelism podReplacementPolicy suspend ttlSecondsAfterFinished
JobStatus: failedIndexes ready terminating
KeyToPath: mode
LeaseSpec: holderIdentity leaseDurationSeconds leaseTransitions preferredHolder strategy
Lifecycle: stopSignal
LimitedPriorityLevelConfiguration: borrowingLimitPercent lendablePercent nominalConcurrencyShares
ListMeta: remainingItemCount
LoadBalancerIngress: ipMode
LocalVolumeSource: fsType
MatchResources: matchPolicy
MetricTarget: averageUtilization
MetricValueStatus: averageUtilization
MutatingAdmissionPolicySpec: failurePolicy
MutatingWebhook: failurePolicy matchPolicy reinvocationPolicy sideEffects timeoutSeconds
NetworkPolicyPort: endPort protocol
NodeAllocatableResourceMapping: capacityKey
NodeFeatures: supplementalGroupsPolicy
NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts userNamespaces
NodeSwapStatus: capacity
ObjectMeta: deletionGracePeriodSeconds
OwnerReference: blockOwnerDeletion controller
ParamRef: parameterNotFoundAction
PersistentVolumeClaimSpec: storageClassName volumeAttributesClassName volumeMode
PersistentVolumeClaimStatus: currentVolumeAttributesClassName
PersistentVolumeSpec: volumeAttributesClassName volumeMode
PodCertificateProjection: maxExpirationSeconds
PodDNSConfigOption: value
PodDisruptionBudgetSpec: unhealthyPodEvictionPolicy
PodFailurePolicyOnExitCodesRequirement: containerName
PodResourceClaim: resourceClaimName resourceClaimTemplateName
PodResourceClaimStatus: resourceClaimName
PodSchedulingGroup: podGroupName
PodSecurityContext: fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy
  supplementalGroupsPolicy
PodSpec: activeDeadlineSeconds automountServiceAccountToken enableServiceLinks hostUsers hostnameOverride
  preemptionPolicy priority runtimeClassName setHostnameAsFQDN shareProcessNamespace
  terminationGracePeriodSeconds
PortStatus: error
Preconditions: resourceVersion uid
PriorityClass: preemptionPolicy
Probe: terminationGracePeriodSeconds
ProjectedVolumeSource: defaultMode
ReplicaSetSpec: replicas
ReplicaSetStatus: terminatingReplicas
ResourceHealth: message
ResourceSliceSpec: allNodes nodeName perDeviceNodeSelection
RollingUpdateStatefulSetStrategy: partition
SeccompProfile: localhostProfile
Secret: immutable
SecretEnvSource: optional
SecretKeySelector: optional
SecretProjection: optional
SecretVolumeSource: defaultMode optional
SecurityContext: allowPrivilegeEscalation privileged procMount readOnlyRootFilesystem runAsGroup
  runAsNonRoot runAsUser
ServiceAccount: automountServiceAccountToken
ServiceAccountTokenProjection: expirationSeconds
ServicePort: appProtocol
ServiceReference: path port
ServiceSpec: allocateLoadBalancerNodePorts internalTrafficPolicy ipFamilyPolicy loadBalancerClass
  trafficDistribution
StatefulSetSpec: replicas revisionHistoryLimit
StatefulSetStatus: collisionCount
StorageClass: allowVolumeExpansion reclaimPolicy volumeBindingMode
SuccessPolicyRule: succeededCount succeededIndexes
TokenRequest: expirationSeconds
TokenRequestSpec: expirationSeconds
Toleration: tolerationSeconds
TopologySpreadConstraint: minDomains nodeAffinityPolicy nodeTaintsPolicy
TypedLocalObjectReference: apiGroup
TypedObjectReference: apiGroup namespace
ValidatingAdmissionPolicySpec: failurePolicy
ValidatingWebhook: failurePolicy matchPolicy sideEffects timeoutSeconds
Validation: reason
ValidationRule: optionalOldSelf reason
VolumeAttachmentSource: persistentVolumeName
VolumeError: errorCode
VolumeMount: mountPropagation recursiveReadOnly
VolumeMountStatus: recursiveReadOnly
VolumeNodeResources: count
WebhookClientConfig: url
WindowsSecurityContextOptions: gmsaCredentialSpec gmsaCredentialSpecName hostProcess runAsUserName
"""


def _by_type(text: str) -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    current: set[str] = set()
    for word in text.split():
        if word.endswith(":"):
            current = table.setdefault(word[:-1], set())
        else:
            current.add(word)
    return {name: frozenset(fields) for name, fields in table.items()}


KEPT_ZEROS: Final = _by_type(_KEPT_ZEROS)
"""Type name (without its package) to the scalar fields whose zero value survives."""

NULL_TIMES: Final = _by_type(
    """
CertificateSigningRequestCondition: lastTransitionTime lastUpdateTime
Condition: lastTransitionTime
ContainerStateRunning: startedAt
ContainerStateTerminated: finishedAt startedAt
CustomResourceDefinitionCondition: lastTransitionTime
DaemonSetCondition: lastTransitionTime
DeploymentCondition: lastTransitionTime lastUpdateTime
Event: deprecatedFirstTimestamp deprecatedLastTimestamp eventTime firstTimestamp lastTimestamp
EventSeries: lastObservedTime
FlowSchemaCondition: lastTransitionTime
HorizontalPodAutoscalerCondition: lastTransitionTime
JobCondition: lastProbeTime lastTransitionTime
NamespaceCondition: lastTransitionTime
NodeCondition: lastHeartbeatTime lastTransitionTime
PersistentVolumeClaimCondition: lastProbeTime lastTransitionTime
PodCondition: lastProbeTime lastTransitionTime
PriorityLevelConfigurationCondition: lastTransitionTime
ReplicaSetCondition: lastTransitionTime
ReplicationControllerCondition: lastTransitionTime
StatefulSetCondition: lastTransitionTime
VolumeError: time
"""
)
"""Type name to the times that are written as `null` when unset: times embedded by value have no way out."""

NULL_LISTS: Final = _by_type(
    """
AllocatedDeviceStatus: conditions
ClusterRole: rules
ContainerImage: names
CustomResourceDefinitionStatus: conditions storedVersions
DeviceClaim: requests
EndpointSlice: endpoints ports
HorizontalPodAutoscalerStatus: currentMetrics
ProjectedVolumeSource: sources
Role: rules
TokenRequestSpec: audiences
"""
)
"""Type name to the lists that are optional and yet written as `null` when unset."""
