"""What the simulated scheduler and kubelet read of pods and nodes: typed, and nothing else of them.

Fields that are not named here are skipped while decoding. Nearly everything may be null or missing, because
anybody may write these objects.

Rules: data only; decoding never keeps a reference to the bytes.
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Wire(msgspec.Struct, rename="camel", gc=False):
    pass


class OwnerReference(_Wire):
    """To whom an object belongs (metav1.OwnerReference)."""

    kind: str = ""
    controller: bool | None = None


class Metadata(_Wire):
    """Identity and deletion (metav1.ObjectMeta)."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class Container(_Wire):
    """A container, or an init container, as the spec wants it."""

    name: str
    image: str | None = None
    image_pull_policy: str | None = None
    restart_policy: str | None = None


class Toleration(_Wire):
    """A taint that the pod does not mind (core/v1 Toleration)."""

    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None


class Requirement(_Wire):
    """One line of a node selector term (core/v1 NodeSelectorRequirement)."""

    key: str
    operator: str
    values: list[str] | None = None


class NodeSelectorTerm(_Wire):
    """Requirements that a node must all meet."""

    match_expressions: list[Requirement] | None = None
    match_fields: list[Requirement] | None = None


class NodeSelector(_Wire):
    """Terms of which a node must meet one."""

    node_selector_terms: list[NodeSelectorTerm] | None = None


class NodeAffinity(_Wire):
    """Where the pod must run; preferences are not read."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


class Affinity(_Wire):
    """Affinity to nodes; affinity to other pods is not read."""

    node_affinity: NodeAffinity | None = None


class ReadinessGate(_Wire):
    """A condition that has to hold before the pod is ready (core/v1 PodReadinessGate)."""

    condition_type: str = ""


class PodSpec(_Wire):
    """What a pod wants."""

    restart_policy: str | None = None
    readiness_gates: list[ReadinessGate] | None = None

    node_name: str | None = None
    scheduler_name: str | None = None
    host_network: bool | None = None
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    node_selector: dict[str, str] | None = None
    affinity: Affinity | None = None
    tolerations: list[Toleration] | None = None
    scheduling_gates: list[dict[str, str]] | None = None


class Condition(_Wire):
    """One of a pod's conditions (core/v1 PodCondition)."""

    type: str
    status: str = ""
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class ContainerStatus(_Wire):
    """How a container is (core/v1 ContainerStatus). A state is `{"running": {…}}` or the like."""

    name: str
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    container_id: str | None = msgspec.field(default=None, name="containerID")
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: dict[str, Any] | None = None
    last_state: dict[str, Any] | None = None


class PodStatus(_Wire):
    """How a pod is."""

    phase: str | None = None
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    start_time: str | None = None
    observed_generation: int | None = None
    pod_ip: str | None = msgspec.field(default=None, name="podIP")


class Pod(_Wire):
    """A pod (core/v1 Pod)."""

    metadata: Metadata
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)

    def condition(self, kind: str) -> Condition | None:
        """The condition of that type, if the pod has one."""
        return next((each for each in self.status.conditions or () if each.type == kind), None)


class Taint(_Wire):
    """What keeps pods off a node (core/v1 Taint)."""

    key: str
    value: str | None = None
    effect: str = ""


class NodeSpec(_Wire):
    """What an administrator says about a node."""

    unschedulable: bool | None = None
    taints: list[Taint] | None = None


class Node(_Wire):
    """A node (core/v1 Node)."""

    metadata: Metadata
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)


class WatchFrame(_Wire):
    """One line of a watch, its object still as it came."""

    type: str
    object: msgspec.Raw
