"""The standards, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.admission.pod_security_checks import violations

_GOOD = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def _pod(*contexts: dict[str, Any], **spec: Any) -> dict[str, Any]:
    containers = [{"name": f"c{index}", "securityContext": each} for index, each in enumerate(contexts)]
    return {"spec": {"containers": containers, **spec}}


@pytest.mark.parametrize(
    ("pod", "violation"),
    [
        (_pod({}, hostPID=True, hostIPC=True), "host namespaces (hostPID=true, hostIPC=true)"),
        (_pod({}, volumes=[{"name": "v", "hostPath": {}}]), 'hostPath volumes (volume "v")'),
        (
            _pod({"privileged": True}, {"privileged": True}),
            'privileged (containers "c0", "c1" must not set securityContext.privileged=true)',
        ),
        (
            _pod({"capabilities": {"add": ["NET_ADMIN", "CHOWN"]}}),
            'non-default capabilities (container "c0" must not include "NET_ADMIN" in '
            "securityContext.capabilities.add)",
        ),
        (
            _pod({"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (container "c0" must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            _pod({}, securityContext={"sysctls": [{"name": "kernel.msgmax"}]}),
            "forbidden sysctls (kernel.msgmax)",
        ),
        (
            {"spec": {"containers": [{"name": "c", "ports": [{"hostPort": 80}]}]}},
            'hostPort (container "c" uses hostPort 80)',
        ),
    ],
)
def test_baseline(pod: dict[str, Any], violation: str) -> None:
    """Each rule of the baseline is told in the real server's words."""
    assert violations(pod, "baseline") == [violation]


def test_restricted_tells_the_whole_list() -> None:
    """The pod that everybody writes first breaks four rules."""
    assert violations(_pod({}), "restricted") == [
        'allowPrivilegeEscalation != false (container "c0" must set '
        "securityContext.allowPrivilegeEscalation=false)",
        'unrestricted capabilities (container "c0" must set securityContext.capabilities.drop=["ALL"])',
        'runAsNonRoot != true (pod or container "c0" must set securityContext.runAsNonRoot=true)',
        'seccompProfile (pod or container "c0" must set securityContext.seccompProfile.type to '
        '"RuntimeDefault" or "Localhost")',
    ]


@pytest.mark.parametrize(
    ("context", "violation"),
    [
        ({"runAsUser": 0}, 'runAsUser=0 (container "c0" must not set runAsUser=0)'),
        (
            {"runAsNonRoot": False},
            'runAsNonRoot != true (container "c0" must not set securityContext.runAsNonRoot=false)',
        ),
        (
            {"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}},
            'unrestricted capabilities (container "c0" must not include "CHOWN" in '
            "securityContext.capabilities.add)",
        ),
    ],
)
def test_restricted(context: dict[str, Any], violation: str) -> None:
    """Each further rule of the restricted level is told in the real server's words."""
    assert violations(_pod({**_GOOD, **context}), "restricted") == [violation]


def test_what_is_right_is_not_told() -> None:
    """A pod that follows all rules, by itself or by its containers, passes both levels."""
    pod_wide = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    container = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert violations(_pod(container, securityContext=pod_wide), "restricted") == []
    assert violations(_pod(_GOOD, volumes=[{"name": "v", "emptyDir": {}}]), "restricted") == []
    nfs = _pod(_GOOD, volumes=[{"name": "v", "nfs": {}}])
    told = 'restricted volume types (volume "v" uses restricted volume type "nfs")'
    assert violations(nfs, "restricted") == [told]
