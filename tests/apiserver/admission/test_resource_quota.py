"""ResourceQuotas: the last free place, and what the status says."""

from __future__ import annotations

from typing import Any

from tests.api_caller import CONFIG_MAPS, PODS, Caller, config_map, pod

_QUOTAS = "/api/v1/namespaces/default/resourcequotas"


async def _caller(hard: dict[str, str], **spec: Any) -> Caller:
    caller = Caller()
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}}
    await caller.create(_QUOTAS, {**body, "spec": {"hard": hard, **spec}})
    return caller


def _pod(name: str, **resources: Any) -> dict[str, Any]:
    return pod(name, containers=[{"name": "main", "image": "nginx", "resources": resources}])


async def test_no_more_than_the_quota_allows() -> None:
    """The object beyond the quota is refused with what was asked, used and allowed; a deletion makes room."""
    caller = await _caller({"count/configmaps": "2", "pods": "1"})
    for name in ("a", "b"):
        await caller.create(CONFIG_MAPS, config_map(name))
    answer = await caller.send("POST", CONFIG_MAPS, config_map("c"))
    assert (answer.status, answer.json["reason"]) == (403, "Forbidden")
    assert answer.json["message"] == (
        'configmaps "c" is forbidden: exceeded quota: q, requested: count/configmaps=1, '
        "used: count/configmaps=2, limited: count/configmaps=2"
    )
    status = (await caller.get(f"{_QUOTAS}/q")).json["status"]
    assert status == {
        "hard": {"count/configmaps": "2", "pods": "1"},
        "used": {"count/configmaps": "2", "pods": "0"},
    }
    await caller.delete(f"{CONFIG_MAPS}/a")
    assert (await caller.get(f"{_QUOTAS}/q")).json["status"]["used"]["count/configmaps"] == "1"
    await caller.create(CONFIG_MAPS, config_map("c"))
    await caller.server.aclose()


async def test_compute_resources_are_summed() -> None:
    """Requests and limits of pods count, in the unit of the quota; a container that says nothing is refused."""
    caller = await _caller({"requests.cpu": "1", "limits.memory": "2Gi"})
    answer = await caller.send("POST", PODS, _pod("p"))
    assert answer.json["message"] == (
        'pods "p" is forbidden: failed quota: q: must specify limits.memory for: main; requests.cpu for: main'
    )
    await caller.create(PODS, _pod("p", requests={"cpu": "600m"}, limits={"memory": "1Gi"}))
    answer = await caller.send("POST", PODS, _pod("r", requests={"cpu": "600m"}, limits={"memory": "2Gi"}))
    assert answer.json["message"] == (
        'pods "r" is forbidden: exceeded quota: q, requested: limits.memory=2Gi,requests.cpu=600m, '
        "used: limits.memory=1Gi,requests.cpu=600m, limited: limits.memory=2Gi,requests.cpu=1"
    )
    await caller.server.aclose()


async def test_an_update_counts_for_what_it_adds() -> None:
    """A service that becomes a NodePort takes its ports then."""
    caller = await _caller({"services.nodeports": "0", "services": "1"})
    path = "/api/v1/namespaces/default/services"
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"ports": [{"port": 80}]},
    }
    await caller.delete(f"{path}/kubernetes")
    await caller.create(path, body)
    answer = await caller.patch(f"{path}/s", {"spec": {"type": "NodePort"}})
    assert answer.status == 403
    assert "requested: services.nodeports=1" in answer.json["message"]
    assert (await caller.patch(f"{path}/s", {"metadata": {"labels": {"a": "b"}}})).status == 200
    await caller.server.aclose()


async def test_scopes_choose_pods() -> None:
    """A quota with a scope counts the pods of that scope only."""
    caller = await _caller({"pods": "0"}, scopes=["BestEffort"])
    assert (await caller.send("POST", PODS, _pod("p"))).status == 403
    assert (await caller.send("POST", PODS, _pod("p", requests={"cpu": "1"}))).status == 201
    await caller.server.aclose()
    selector = {
        "matchExpressions": [
            {"scopeName": "PriorityClass", "operator": "In", "values": ["system-node-critical"]}
        ]
    }
    caller = await _caller({"pods": "0"}, scopeSelector=selector)
    assert (await caller.send("POST", PODS, _pod("p"))).status == 201
    critical = pod("c", priorityClassName="system-node-critical")
    assert (await caller.send("POST", PODS, critical)).status == 403
    await caller.server.aclose()


async def test_a_dry_run_is_refused_too_and_takes_nothing() -> None:
    """A dry run finds out whether there is room, and leaves it."""
    caller = await _caller({"configmaps": "1"})
    assert (await caller.send("POST", f"{CONFIG_MAPS}?dryRun=All", config_map("a"))).status == 201
    await caller.create(CONFIG_MAPS, config_map("a"))
    assert (await caller.send("POST", f"{CONFIG_MAPS}?dryRun=All", config_map("b"))).status == 403
    await caller.server.aclose()
