"""Namespaces that hold their pods to a standard."""

from __future__ import annotations

from typing import Any

from tests.api_caller import PODS, Caller, pod

_LABELS = {"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn": "restricted"}


async def _caller(labels: dict[str, str]) -> Caller:
    caller = Caller()
    answer = await caller.patch("/api/v1/namespaces/default", {"metadata": {"labels": labels}})
    assert answer.status == 200
    return caller


async def test_a_violation_is_refused_or_warned_of() -> None:
    """The enforced level refuses, the other warns; both list what is wrong."""
    caller = await _caller(_LABELS)
    answer = await caller.send("POST", PODS, pod("p", hostNetwork=True))
    assert (answer.status, answer.json["message"]) == (
        403,
        'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    )
    answer = await caller.send("POST", PODS, pod("p"))
    assert answer.status == 201
    (warning,) = answer.headers.getall("Warning")
    assert warning.startswith(
        '299 - "would violate PodSecurity \\"restricted:latest\\": allowPrivilegeEscalation'
    )
    changed = await caller.patch(f"{PODS}/p", {"metadata": {"labels": {"a": "b"}}})
    assert changed.headers.getall("Warning", []) == []
    await caller.server.aclose()


async def test_what_makes_pods_is_only_warned_of() -> None:
    """A Deployment whose pods would be refused is stored with a warning."""
    caller = await _caller({**_LABELS, "pod-security.kubernetes.io/enforce": "restricted"})
    template: dict[str, Any] = {"metadata": {"labels": {"a": "b"}}, "spec": pod("x")["spec"]}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}
    answer = await caller.send("POST", "/apis/apps/v1/namespaces/default/deployments", body)
    assert answer.status == 201
    assert len(answer.headers.getall("Warning")) == 1
    await caller.server.aclose()
