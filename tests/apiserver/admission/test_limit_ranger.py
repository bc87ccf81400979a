"""LimitRanges: defaults and bounds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_caller import PODS, Caller, pod

_LIMITS = "/api/v1/namespaces/default/limitranges"


def _resources(**resources: dict[str, str]) -> dict[str, Any]:
    return pod("p", containers=[{"name": "main", "image": "nginx", "resources": resources}])


async def _answer(limits: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    caller = Caller()
    spec = {"limits": [{"type": "Container", **limits}]}
    await caller.create(
        _LIMITS, {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": spec}
    )
    answer = await caller.send("POST", PODS, body)
    await caller.server.aclose()
    return dict(answer.json)


async def test_containers_get_what_they_do_not_ask_for() -> None:
    """Missing requests and limits are filled in, and an annotation says so; what is given stays."""
    made = await _answer(
        {"default": {"cpu": "500m", "memory": "1Gi"}, "defaultRequest": {"cpu": "100m", "memory": "1Gi"}},
        _resources(requests={"cpu": "200m"}),
    )
    assert made["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "200m", "memory": "1Gi"},
        "limits": {"cpu": "500m", "memory": "1Gi"},
    }
    assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: memory request for container main; cpu, memory limit for container main"
    )


@pytest.mark.parametrize(
    ("limits", "resources", "why"),
    [
        (
            {"min": {"cpu": "100m"}},
            {"requests": {"cpu": "50m"}},
            "minimum cpu usage per Container is 100m, but request is 50m",
        ),
        (
            {"max": {"memory": "1Gi"}},
            {"limits": {"memory": "2Gi"}},
            "maximum memory usage per Container is 1Gi, but limit is 2Gi",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"requests": {"cpu": "100m"}, "limits": {"cpu": "300m"}},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
        ),
        (
            {"type": "Pod", "max": {"cpu": "1"}},
            {"requests": {"cpu": "1"}, "limits": {"cpu": "1500m"}},
            "maximum cpu usage per Pod is 1, but limit is 1500m",
        ),
        (
            {"type": "Pod", "min": {"cpu": "1"}},
            {},
            "minimum cpu usage per Pod is 1.  No request is specified",
        ),
    ],
)
async def test_bounds(limits: dict[str, Any], resources: dict[str, Any], why: str) -> None:
    """What asks for too little, too much or too unevenly is refused in the real server's words."""
    status = await _answer(limits, _resources(**resources))
    assert (status["code"], status["message"]) == (403, f'pods "p" is forbidden: {why}')
