"""What a new cluster has."""

from __future__ import annotations

from api_caller import Caller
from virtual_time import run_virtual


def test_a_new_cluster_leads_to_itself() -> None:
    """The first namespaces are there, and the service `kubernetes` has an address and leads to the server."""

    async def main() -> None:
        caller = Caller()
        spaces = (await caller.get("/api/v1/namespaces")).json["items"]
        assert [each["metadata"]["name"] for each in spaces] == [
            "default",
            "kube-node-lease",
            "kube-public",
            "kube-system",
        ]
        at = "/api/v1/namespaces/default"
        service = (await caller.get(f"{at}/services/kubernetes")).json
        assert service["spec"]["clusterIPs"] == [service["spec"]["clusterIP"]]
        endpoints = (await caller.get(f"{at}/endpoints/kubernetes")).json
        slices = (
            await caller.get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes")
        ).json
        assert endpoints["subsets"][0]["ports"] == slices["ports"]
        assert slices["ports"][0]["port"] == service["spec"]["ports"][0]["targetPort"]

    run_virtual(main)


def test_a_restart_seeds_nothing() -> None:
    """A server that takes over a log makes nothing of it again, not even what was deleted."""

    async def main() -> None:
        first = Caller()
        await first.delete("/api/v1/namespaces/default/endpoints/kubernetes")
        second = Caller(log=first.server.log.fork())
        assert (await second.get("/api/v1/namespaces/default/endpoints/kubernetes")).status == 404

    run_virtual(main)
