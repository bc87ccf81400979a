"""The addresses and node ports of services.

In:    services that are made or changed
Out:   the same, with an address and ports that no other service has
Rules: in use is what the current services say; a freed address is given again only after the others. No randomness.
       An address of any range may be asked for.
Source: Kubernetes docs, "Service ClusterIP allocation"; ranges are kube-apiserver's defaults, the first one widened
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any, Final

from listwatch.apiserver.kinds.causes import Causes
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.kinds.strategy import assign_cluster_ip, needs_cluster_ip, unassigned_node_ports
from listwatch.apiserver.storage.revision_log import Change
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.wire.statuses import internal_error, invalid

JSONObject = dict[str, Any]
NETWORK: Final = IPv4Network("10.0.0.0/16")
FIRST_ADDRESS: Final = "10.0.0.1"
_FIRST_PORT: Final = 30_000
_PORTS: Final = 2_768
_COLLECTION: Final = "services"


class ServiceAddresses:
    """Which addresses and ports are taken, and the next free ones."""

    def __init__(self, storage: Storage) -> None:
        self._used: dict[object, int] = {}
        self._next_host = 2
        self._next_port = 0
        for _, stored in storage.log.state(_COLLECTION).items():  # noqa: PERF102 (no dict)
            self._take(stored.object)
        storage.listen(self._learn)

    def assign(self, resource: Resource, service: JSONObject, old: JSONObject | None = None) -> None:
        """Give a service, in place, what it waits for. Other resources are left alone.

        Args:
            resource: Of what.
            service: As it is to be stored.
            old: As it is stored; what it has, it may keep.

        Raises:
            APIFailure: 422, it asks for what another one has; 500, there is no address or port left.
        """
        if resource.storage != _COLLECTION:
            return
        causes = self._in_use(service, frozenset() if old is None else frozenset(_taken(old)))
        if causes:
            raise invalid(resource.group, resource.kind, service["metadata"].get("name", ""), causes)
        assign_cluster_ip(service, self._address() if needs_cluster_ip(service) else "")
        for port in unassigned_node_ports(service):
            port["nodePort"] = self._port()

    def _in_use(self, service: JSONObject, own: frozenset[object]) -> Causes:
        causes = Causes()
        spec = service.get("spec", {})
        wanted = spec.get("clusterIPs") or [each for each in [spec.get("clusterIP")] if each]
        for address in wanted:
            if address in self._used and address not in own:
                causes.invalid(
                    "spec.clusterIPs",
                    wanted,
                    f"failed to allocate IP {address}: provided IP is already allocated",
                )
        for index, port in enumerate(spec.get("ports") or ()):
            number = port.get("nodePort")
            if number and number in self._used and number not in own:
                causes.invalid(f"spec.ports[{index}].nodePort", number, "provided port is already allocated")
        return causes

    def _address(self) -> str:
        hosts = NETWORK.num_addresses - 2
        for _ in range(hosts):
            address = str(NETWORK[self._next_host])
            self._next_host = self._next_host % hosts + 1
            if address not in self._used:
                return address
        raise internal_error("failed to allocate a serviceIP: range is full")

    def _port(self) -> int:
        for _ in range(_PORTS):
            port = _FIRST_PORT + self._next_port
            self._next_port = (self._next_port + 1) % _PORTS
            if port not in self._used:
                return port
        raise internal_error("failed to allocate a nodePort: range is full")

    def _learn(self, change: Change) -> None:
        if change.resource != _COLLECTION:
            return
        if change.previous is not None:
            for taken in _taken(change.previous.object):
                self._used[taken] = self._used.get(taken, 1) - 1
                if self._used[taken] <= 0:
                    del self._used[taken]
        if change.type != "DELETED":
            self._take(change.current.object)

    def _take(self, service: JSONObject) -> None:
        for taken in _taken(service):
            self._used[taken] = self._used.get(taken, 0) + 1


def _taken(service: JSONObject) -> Iterator[object]:
    spec = service.get("spec", {})
    yield from (address for address in spec.get("clusterIPs") or () if address != "None")
    yield from (port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort"))
