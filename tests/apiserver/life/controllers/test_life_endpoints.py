"""EndpointSlices and Endpoints on a simulated cluster."""

import asyncio
from collections.abc import Callable
from typing import Any

from life_recording import Frame, living_cluster, recorded_frames

from listwatch.apiserver.life.controllers.backends import distributed, target_port

Virtual = Callable[[Callable[[], Any]], Any]
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
CORE = "/api/v1/namespaces/default"


def pod(name: str = "s1", **spec: Any) -> dict[str, Any]:
    """A pod behind the Service."""
    containers = [{"name": "c", "image": "i", "ports": [{"containerPort": 8080, "name": "web"}]}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "s"}},
        "spec": {"containers": containers, **spec},
    }


def service(name: str = "s", **spec: Any) -> dict[str, Any]:
    """A Service as recorded, with other fields."""
    ports = [{"port": 80, "targetPort": 8080}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "s"}, "ports": ports, **spec},
    }


def told(frame: Frame) -> Any:
    """What a frame says, uids, addresses and times aside."""
    value = frame["object"]
    meta = value["metadata"]
    shown = [
        {**each, "addresses": len(each["addresses"]), "nodeName": 0, "targetRef": each["targetRef"]["name"]}
        for each in value.get("endpoints") or ()
    ]
    owners = [(each["kind"], each["controller"]) for each in meta.get("ownerReferences", ())]
    return frame["type"], meta["labels"], meta["generateName"], owners, shown, value.get("ports")


def test_slices_follow_a_pods_life_as_recorded(virtual: Virtual) -> None:
    """Empty, ready, gone: the slice of a Service says what the recorded one says."""

    async def main() -> None:
        async with living_cluster() as user:
            frames, ends = (
                await user.watch(SLICES),
                await user.watch(f"{CORE}/endpoints?fieldSelector=metadata.name=s"),
            )
            await user.ask("POST", f"{CORE}/services", service())
            await asyncio.sleep(1)
            await user.ask("POST", f"{CORE}/pods", pod())
            await asyncio.sleep(3)
            await user.ask("DELETE", f"{CORE}/pods/s1?gracePeriodSeconds=1")
            await asyncio.sleep(2)
        ours = [told(each) for each in frames if each["object"]["metadata"]["name"] != "kubernetes"]
        theirs = recorded_frames(
            "life_service", "/apis/discovery.k8s.io/v1/namespaces/life-svc/endpointslices"
        )
        recorded = [told(each) for each in theirs]
        # The recorded pod was not ready for a while before its deletion: its node was taken for dead.
        assert ours[:2] == recorded[:2]
        assert ours[-1] == recorded[-1]
        held = [each["object"]["metadata"]["annotations"] for each in ends[:1]]
        recorded_ends = recorded_frames("life_service", "/api/v1/namespaces/life-svc/endpoints")
        assert held[0].keys() == recorded_ends[0]["object"]["metadata"]["annotations"].keys()
        subsets = [each["object"].get("subsets") for each in ends]
        assert [each and sorted(each[0]) for each in subsets] == [None, ["addresses", "ports"], None]
        assert subsets[1][0]["ports"] == recorded_ends[1]["object"]["subsets"][0]["ports"]

    virtual(main)


def test_ports_are_found_by_name_and_unready_pods_may_be_told(virtual: Virtual) -> None:
    """A port is found by the container port's name; who publishes not ready addresses shows all pods as ready."""

    async def main() -> None:
        async with living_cluster() as user:
            never = pod("never")
            never["metadata"]["annotations"] = {"listwatch.dev/run": "never ready"}
            await user.ask("POST", f"{CORE}/pods", never)
            named = service(ports=[{"name": "http", "port": 80, "targetPort": "web"}])
            await user.ask("POST", f"{CORE}/services", named)
            open_one = service("all", publishNotReadyAddresses=True, clusterIP="None")
            await user.ask("POST", f"{CORE}/services", open_one)
            await asyncio.sleep(1)
            found = {
                each["metadata"]["labels"]["kubernetes.io/service-name"]: each
                for each in await user.items(SLICES)
            }
            assert found["s"]["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
            ready = {
                name: [end["conditions"] for end in each["endpoints"]]
                for name, each in found.items()
                if name != "kubernetes"
            }
            assert ready == {
                "s": [{"ready": False, "serving": False, "terminating": False}],
                "all": [{"ready": True, "serving": False, "terminating": False}],
            }
            assert "service.kubernetes.io/headless" in found["all"]["metadata"]["labels"]
            await user.ask("DELETE", f"{CORE}/services/s")
            await asyncio.sleep(1)
            left = [
                each["metadata"]["labels"]["kubernetes.io/service-name"] for each in await user.items(SLICES)
            ]
            assert "s" not in left
            assert "s" not in await user.names(f"{CORE}/endpoints")

    virtual(main)


def test_endpoints_stay_in_their_slices() -> None:
    """Who is in a slice stays there; newcomers fill the gaps, a hundred to a slice."""

    def end(number: int) -> dict[str, Any]:
        return {"targetRef": {"uid": str(number)}}

    first = distributed([end(each) for each in range(150)], [])
    assert [len(each) for each in first] == [100, 50]
    second = distributed([end(each) for each in range(1, 151)], first)
    assert second[0][:99] == first[0][1:]
    assert [len(each) for each in second] == [100, 50]
    assert second[0][99] == end(150)


def test_target_ports() -> None:
    """Numbers stand for themselves, names for container ports, sidecars' too; none is none."""
    spec = {
        "containers": [{"ports": [{"name": "a", "containerPort": 1}]}],
        "initContainers": [{"restartPolicy": "Always", "ports": [{"name": "b", "containerPort": 2}]}],
    }
    found = [
        target_port({"targetPort": each, "port": 9}, {"spec": spec}) for each in (5, "6", "a", "b", "c", None)
    ]
    assert found == [5, 6, 1, 2, None, 9]
