"""The objects that are written beside pods: Events of scheduler, kubelet and controllers, and the node itself.

Rules: pure. Names of Events are the pod's name and the moment in hexadecimal nanoseconds, as client-go's.
Source: client-go tools/record and tools/events, kubelet's and kube-scheduler's messages; frames as recorded
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from listwatch.apiserver.life.objects import Pod

# The version whose behaviour is simulated, where a node names one.
KUBELET_VERSION = "v1.36.2"

# Room for whatever a test puts on one node; nothing is ever refused for want of it.
_RESOURCES = {"cpu": "8", "ephemeral-storage": "100Gi", "memory": "32Gi", "pods": "65000"}


def rfc3339(moment: datetime) -> str:
    """The moment in whole seconds, as metav1.Time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_time(moment: datetime) -> str:
    """The moment in microseconds, as metav1.MicroTime."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def scheduler_event(
    pod: Pod, *, kind: str, reason: str, action: str, message: str, now: datetime, serial: int
) -> dict[str, Any]:
    """An Event in the newer form, as the scheduler writes it: `eventTime`, an action, no count.

    Args:
        pod: What it is about, in the version that the scheduler saw.
        kind: "Normal" or "Warning".
        reason: One word, CamelCase.
        action: What was tried: "Binding" or "Scheduling".
        message: For people.
        now: The moment, to the microsecond.
        serial: Keeps the names of Events of one moment apart.
    """
    return _event(pod, kind, reason, message, now, serial) | {
        "action": action,
        "eventTime": micro_time(now),
        "reportingComponent": "default-scheduler",
        "reportingInstance": "default-scheduler-listwatch",
        "source": {},
    }


def kubelet_event(
    pod: Pod,
    *,
    kind: str = "Normal",
    reason: str,
    message: str,
    container: str,
    node: str,
    now: datetime,
    serial: int,
) -> dict[str, Any]:
    """An Event in the older form, as a kubelet writes it: first and last time, a count, the container's
    path.
    """
    event = _event(pod, kind, reason, message, now, serial)
    event["involvedObject"]["fieldPath"] = f"spec.containers{{{container}}}"
    return event | {
        "count": 1,
        "firstTimestamp": rfc3339(now),
        "lastTimestamp": rfc3339(now),
        "reportingComponent": "kubelet",
        "reportingInstance": node,
        "source": {"component": "kubelet", "host": node},
    }


def controller_event(
    about: dict[str, Any],
    *,
    kind: str,
    reason: str,
    message: str,
    component: str,
    now: datetime,
    serial: int,
) -> dict[str, Any]:
    """An Event in the older form, as a controller writes it: first and last time, a count, no path.

    Args:
        about: The object, in the version that the controller saw.
        kind: "Normal" or "Warning".
        reason: One word, CamelCase.
        message: For people.
        component: The controller's name.
        now: The moment.
        serial: Keeps the names of Events of one moment apart.
    """
    meta = about["metadata"]
    nanoseconds = int(now.timestamp() * 1_000_000) * 1000 + serial % 1000
    involved = {"apiVersion": about["apiVersion"], "kind": about["kind"]} | {
        name: meta[name] for name in ("name", "namespace", "resourceVersion", "uid") if name in meta
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{meta['name']}.{nanoseconds:x}",
            "namespace": meta.get("namespace") or "default",
        },
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "type": kind,
        "count": 1,
        "firstTimestamp": rfc3339(now),
        "lastTimestamp": rfc3339(now),
        "reportingComponent": component,
        "reportingInstance": "",
        "source": {"component": component},
    }


def _event(pod: Pod, kind: str, reason: str, message: str, now: datetime, serial: int) -> dict[str, Any]:
    meta = pod.metadata
    nanoseconds = int(now.timestamp() * 1_000_000) * 1000 + serial % 1000
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{meta.name}.{nanoseconds:x}", "namespace": meta.namespace},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": meta.name,
            "namespace": meta.namespace,
            "resourceVersion": meta.resource_version,
            "uid": meta.uid,
        },
        "reason": reason,
        "message": message,
        "type": kind,
    }


def lease_object(*, name: str, uid: str, now: datetime) -> dict[str, Any]:
    """The Lease by which a node's kubelet says that it lives.

    Args:
        name: The node's, and the Lease's.
        uid: The node's.
        now: The first time that it says so.
    """
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "ownerReferences": [owner]},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micro_time(now)},
    }


def node_object(*, name: str, address: str, now: datetime) -> dict[str, Any]:
    """A node that is ready, as its kubelet registers it.

    Args:
        name: Also its host name.
        address: Its internal IP address.
        now: The moment of its conditions.
    """
    moment = rfc3339(now)
    healthy = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "beta.kubernetes.io/arch": "amd64",
                "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
            },
        },
        "spec": {},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": address},
                {"type": "Hostname", "address": name},
            ],
            "allocatable": dict(_RESOURCES),
            "capacity": dict(_RESOURCES),
            "conditions": [
                {
                    "type": kind,
                    "status": status,
                    "lastHeartbeatTime": moment,
                    "lastTransitionTime": moment,
                    "reason": reason,
                    "message": message,
                }
                for kind, status, reason, message in healthy
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "containerd://2.1.0",
                "kernelVersion": "simulated",
                "kubeProxyVersion": "",
                "kubeletVersion": KUBELET_VERSION,
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "listwatch (simulated)",
                "systemUUID": "",
            },
        },
    }
