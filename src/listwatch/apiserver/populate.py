"""A cluster of any size in seconds: thousands of nodes and pods, copies of a few that were made properly.

In:    an `EmbeddedCluster` or its `APIServer`, numbers, templates
Out:   nodes `node-0` …, pods `pod-0` …, spread over the nodes, running
Rules: the first of each kind goes the way of every request, so a template that is no good is refused; the copies have
       names, UIDs and versions of their own and share all else with it, in memory too. They are changes like any other:
       watches are told, the history retains its limit. Nobody simulates populated nodes; their pods stay as they are.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, Protocol

from listwatch.apimachinery.errors import ConfigError
from listwatch.apimachinery.http import Peer, Request
from listwatch.apiserver.kinds.resources import builtin_resources
from listwatch.apiserver.server import APIServer
from listwatch.apiserver.storage.storage import Storage

JSONObject = dict[str, Any]
_AT_ONCE: Final = 1000
_ADMIN: Final = Peer("listwatch:populate", ("system:masters",))
_READY: Final = {
    "type": "Ready",
    "status": "True",
    "reason": "KubeletReady",
    "message": "kubelet is posting ready status",
}
NODE: Final[Mapping[str, Any]] = {
    "metadata": {"labels": {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}},
    "status": {
        "capacity": {"cpu": "32", "memory": "128Gi", "pods": "110"},
        "allocatable": {"cpu": "32", "memory": "128Gi", "pods": "110"},
        "conditions": [_READY],
    },
}
POD: Final[Mapping[str, Any]] = {
    "metadata": {"labels": {"app": "populated"}},
    "spec": {
        "containers": [
            {
                "name": "main",
                "image": "registry.k8s.io/pause:3.10",
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
            }
        ]
    },
    "status": {
        "phase": "Running",
        "conditions": [
            {"type": each, "status": "True"}
            for each in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        ],
    },
}


class HasServer(Protocol):
    """Anything that has an `APIServer`, such as an `EmbeddedCluster`."""

    @property
    def server(self) -> APIServer:
        """The server."""
        ...


async def populate(
    cluster: HasServer | APIServer,
    *,
    nodes: int = 0,
    pods: int = 0,
    namespace: str = "default",
    template: Mapping[str, Any] = POD,
    node_template: Mapping[str, Any] = NODE,
) -> None:
    """Make so many nodes and pods. Other tasks run in between.

    Args:
        cluster: Where; it has started.
        nodes: How many nodes.
        pods: How many pods, dealt out to these nodes in turn; without nodes they are Pending and have none.
        namespace: Of the pods; it exists.
        template: A Pod without a name. Its `status` is taken over.
        node_template: A Node without a name, likewise.

    Raises:
        ConfigError: The server refuses a template, or there are objects of these names. What was made stays.
    """
    server = cluster if isinstance(cluster, APIServer) else cluster.server
    if nodes:
        await _first(server, "/api/v1/nodes", "node-0", node_template)
        names: Iterator[tuple[str, JSONObject]] = ((f"node-{number}", {}) for number in range(1, nodes))
        await _multiply(server, "nodes", "", "node-0", names)
    if pods:
        pod = dict(template)
        if nodes:
            pod["spec"] = {**pod.get("spec", {}), "nodeName": "node-0"}
        else:
            pod.pop("status", None)
        stored = await _first(server, f"/api/v1/namespaces/{namespace}/pods", "pod-0", pod)
        # One spec for all pods of a node: they differ in nothing else.
        changes: list[JSONObject] = [
            {"spec": {**stored["spec"], "nodeName": f"node-{number}"}} for number in range(nodes)
        ] or [{}]
        copies = ((f"pod-{number}", changes[number % len(changes)]) for number in range(1, pods))
        await _multiply(server, "pods", namespace, "pod-0", copies)


async def _multiply(
    server: APIServer, resource: str, namespace: str, original: str, copies: Iterator[tuple[str, JSONObject]]
) -> None:
    try:
        while multiply(server.storage, resource, namespace, original, copies) == _AT_ONCE:
            await server.settle()
            await asyncio.sleep(0)
    except ValueError as error:
        raise ConfigError(f"cannot populate the cluster: {error}") from error
    await server.settle()


def multiply(
    storage: Storage, resource: str, namespace: str, original: str, copies: Iterator[tuple[str, JSONObject]]
) -> int:
    """Store copies of an object of the core group, unchecked; gives how many there were, at most a thousand.

    Args:
        storage: Where.
        resource: The plural.
        namespace: "" for none.
        original: The object's name.
        copies: Names, and the top-level fields in which each differs. Fields are shared, so nobody may change them.
            What is left stays in the iterator.

    Raises:
        ValueError: There is no original, or an object of a copy's name. The copies before it are stored.
    """
    kept = builtin_resources().find("", "v1", resource)
    found = storage.get(kept, namespace, original) if kept is not None else None
    if kept is None or found is None:
        raise ValueError(f"there is no {original} to copy")
    count = 0
    for name, fields in islice(copies, _AT_ONCE):
        if storage.get(kept, namespace, name) is not None:
            raise ValueError(f"{name} exists already")
        metadata = {**found.object["metadata"], "name": name, "uid": str(uuid.uuid4())}
        storage.put(kept, namespace, name, {**found.object, **fields, "metadata": metadata})
        count += 1
    return count


async def _first(server: APIServer, path: str, name: str, template: Mapping[str, Any]) -> JSONObject:
    """Make the original of all copies, with its status."""
    body = {**template, "metadata": {**template.get("metadata", {}), "name": name}}
    made = await _send(server, "POST", path, body)
    if status := template.get("status"):
        made = await _send(server, "PUT", f"{path}/{name}/status", {**made, "status": status})
    return made


async def _send(server: APIServer, method: str, path: str, body: JSONObject) -> JSONObject:
    answer = await server.handle(Request(method, path, body=json.dumps(body).encode(), peer=_ADMIN))
    document: JSONObject = json.loads(await answer.read())
    if answer.status >= 400:
        raise ConfigError(f"cannot populate the cluster: {document['message']}")
    return document


def parse_populate(text: str) -> dict[str, int]:
    """`nodes=5000,pods=150000` as arguments of `populate`.

    Raises:
        ValueError: It says something else.
    """
    numbers: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        if name not in {"nodes", "pods"} or not (number.isascii() and number.isdigit()):
            raise ValueError(f"{part!r} is not nodes=N or pods=N")
        numbers[name] = int(number)
    return numbers
