"""PodDisruptionBudgets on a simulated cluster."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from life_recording import living_cluster, template

Virtual = Callable[[Callable[[], Any]], Any]
APPS = "/apis/apps/v1/namespaces/default"
PODS = "/api/v1/namespaces/default/pods"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"


@pytest.mark.parametrize(
    ("spec", "desired", "allowed"),
    [({"minAvailable": 2}, 2, 1), ({"maxUnavailable": "34%"}, 1, 2), ({"minAvailable": "100%"}, 3, 0)],
)
def test_a_budget_says_how_many_may_go(virtual: Virtual, spec: Any, desired: int, allowed: int) -> None:
    """The status follows the pods, and evictions beyond it are refused."""

    async def main() -> None:
        async with living_cluster() as user:
            body = {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web"},
                "spec": {
                    "replicas": 3,
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": template({"a": "b"}),
                },
            }
            await user.ask("POST", f"{APPS}/deployments", body)
            budget = {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": "b"},
                "spec": {"selector": {"matchLabels": {"a": "b"}}, **spec},
            }
            await user.ask("POST", BUDGETS, budget)
            await asyncio.sleep(3)
            status = (await user.ask("GET", f"{BUDGETS}/b"))["status"]
            names = ("expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed")
            assert [status[each] for each in names] == [3, 3, desired, allowed]
            reason = "SufficientPods" if allowed else "InsufficientPods"
            assert status["conditions"][0]["reason"] == reason
            name = (await user.names(PODS))[0]
            eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
            code, _ = await user.try_to("POST", f"{PODS}/{name}/eviction", eviction)
            assert code == (201 if allowed else 429)

    virtual(main)
