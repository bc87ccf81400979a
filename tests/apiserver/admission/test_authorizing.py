"""Expressions that ask who may do what are answered by roles."""

from __future__ import annotations

import pytest

from tests.api_caller import CONFIG_MAPS, Caller, config_map

_GROUP = "/apis/admissionregistration.k8s.io/v1"
_RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"]}


@pytest.mark.parametrize(
    ("expression", "is_allowed"),
    [
        ("authorizer.group('apps').resource('deployments').check('create').allowed()", True),
        ("authorizer.requestResource.check('delete').allowed()", True),
        ("authorizer.serviceAccount('default', 'builder').path('/healthz').check('get').allowed()", True),
        ("authorizer.serviceAccount('default', 'builder').path('/metrics').check('get').allowed()", False),
        (
            "authorizer.serviceAccount('default', 'builder').group('').resource('pods').namespace('default')"
            ".check('get').allowed()",
            False,
        ),
    ],
)
async def test_roles_answer(expression: str, is_allowed: bool) -> None:
    """The administrator may do everything, a service account what its groups may."""
    caller = Caller()
    named = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": "p"}}
    spec = {"matchConstraints": {"resourceRules": [_RULE]}, "validations": [{"expression": expression}]}
    policy = {**named, "kind": "ValidatingAdmissionPolicy", "spec": spec}
    await caller.create(f"{_GROUP}/validatingadmissionpolicies", policy)
    bound = {"policyName": "p", "validationActions": ["Deny"]}
    binding = {**named, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound}
    await caller.create(f"{_GROUP}/validatingadmissionpolicybindings", binding)
    answer = await caller.send("POST", CONFIG_MAPS, config_map("m"))
    assert answer.status == (201 if is_allowed else 422), answer.json
    await caller.server.aclose()
