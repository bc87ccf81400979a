"""The collections that controllers read and write: which kind, at which path.

Rules: data only.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Collection(NamedTuple):
    """All objects of one resource."""

    api_version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def path(self) -> str:
        """Of all namespaces, such as `/apis/apps/v1/deployments`."""
        root = "/apis" if "/" in self.api_version else "/api"
        return f"{root}/{self.api_version}/{self.plural}"

    def in_namespace(self, namespace: str) -> str:
        """Of one namespace; the whole collection if its objects have none."""
        if not self.namespaced:
            return self.path
        root = "/apis" if "/" in self.api_version else "/api"
        return f"{root}/{self.api_version}/namespaces/{namespace}/{self.plural}"

    def of(self, namespace: str, name: str) -> str:
        """The path of one object."""
        return f"{self.in_namespace(namespace)}/{name}"


PODS: Final = Collection("v1", "pods", "Pod")
NODES: Final = Collection("v1", "nodes", "Node", namespaced=False)
NAMESPACES: Final = Collection("v1", "namespaces", "Namespace", namespaced=False)
SERVICES: Final = Collection("v1", "services", "Service")
ENDPOINTS: Final = Collection("v1", "endpoints", "Endpoints")
CONFIG_MAPS: Final = Collection("v1", "configmaps", "ConfigMap")
SERVICE_ACCOUNTS: Final = Collection("v1", "serviceaccounts", "ServiceAccount")
CLAIMS: Final = Collection("v1", "persistentvolumeclaims", "PersistentVolumeClaim")
VOLUMES: Final = Collection("v1", "persistentvolumes", "PersistentVolume", namespaced=False)
REPLICATION_CONTROLLERS: Final = Collection("v1", "replicationcontrollers", "ReplicationController")
DEPLOYMENTS: Final = Collection("apps/v1", "deployments", "Deployment")
REPLICA_SETS: Final = Collection("apps/v1", "replicasets", "ReplicaSet")
STATEFUL_SETS: Final = Collection("apps/v1", "statefulsets", "StatefulSet")
DAEMON_SETS: Final = Collection("apps/v1", "daemonsets", "DaemonSet")
CONTROLLER_REVISIONS: Final = Collection("apps/v1", "controllerrevisions", "ControllerRevision")
JOBS: Final = Collection("batch/v1", "jobs", "Job")
CRON_JOBS: Final = Collection("batch/v1", "cronjobs", "CronJob")
ENDPOINT_SLICES: Final = Collection("discovery.k8s.io/v1", "endpointslices", "EndpointSlice")
BUDGETS: Final = Collection("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget")
STORAGE_CLASSES: Final = Collection("storage.k8s.io/v1", "storageclasses", "StorageClass", namespaced=False)
CUSTOM_RESOURCES: Final = Collection(
    "apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
