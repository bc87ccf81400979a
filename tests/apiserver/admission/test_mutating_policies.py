"""MutatingAdmissionPolicies: both kinds of mutations, and what becomes of faults."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_caller import PODS, Answer, Caller, pod

_GROUP = "/apis/admissionregistration.k8s.io/v1"
_RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}


def _apply(expression: str) -> dict[str, Any]:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def _json_patch(expression: str) -> dict[str, Any]:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


async def _define(caller: Caller, name: str, *mutations: dict[str, Any], **spec: Any) -> Answer:
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    full = {
        "matchConstraints": {"resourceRules": [_RULE]},
        "reinvocationPolicy": "Never",
        "mutations": list(mutations),
        **spec,
    }
    path = f"{_GROUP}/mutatingadmissionpolic"
    answer = await caller.send(
        "POST", f"{path}ies", {**kind, "kind": "MutatingAdmissionPolicy", "spec": full}
    )
    binding = {**kind, "kind": "MutatingAdmissionPolicyBinding", "spec": {"policyName": name}}
    await caller.create(f"{path}ybindings", binding)
    return answer


async def test_an_apply_configuration_is_merged() -> None:
    """The documentation's sidecar: a container is added, the others and their order stay."""
    caller = Caller()
    answer = await _define(
        caller,
        "sidecar",
        _apply(
            'Object{spec: Object.spec{initContainers: [Object.spec.initContainers{name: "mesh", '
            'image: "mesh:1", restartPolicy: "Always"}]}}'
        ),
        matchConditions=[{"name": "c", "expression": "!has(object.spec.initContainers)"}],
    )
    assert (answer.status, answer.headers.getall("Warning", [])) == (201, [])
    made = await caller.create(PODS, pod("p"))
    assert [each["name"] for each in made["spec"]["initContainers"]] == ["mesh"]
    assert made["spec"]["initContainers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert [each["name"] for each in made["spec"]["containers"]] == ["main"]
    await caller.server.aclose()


async def test_a_json_patch_is_applied() -> None:
    """Operations are made by an expression, keys escaped by its function."""
    caller = Caller()
    expression = (
        '[JSONPatch{op: "add", path: "/metadata/labels", value: {}}, JSONPatch{op: "add", '
        'path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/by"), value: variables.who}]'
    )
    variables = [{"name": "who", "expression": "request.userInfo.username"}]
    await _define(caller, "label", _json_patch(expression), variables=variables)
    made = await caller.create(PODS, pod("p"))
    assert made["metadata"]["labels"] == {"example.com/by": "admin"}
    await caller.server.aclose()


async def test_policies_see_what_the_one_before_made() -> None:
    """In the order of their names; who wants to is asked again when a later one changed something."""
    caller = Caller()

    def label(key: str) -> dict[str, Any]:
        labels = 'object.metadata.?labels.orValue({}).map(k, k).join("")'
        return _apply(f'Object{{metadata: Object.metadata{{annotations: {{"{key}": "saw" + {labels}}}}}}}')

    await _define(caller, "a", label("a"), reinvocationPolicy="IfNeeded")
    await _define(caller, "b", _apply('Object{metadata: Object.metadata{labels: {"x": "y"}}}'))
    made = await caller.create(PODS, pod("p"))
    assert made["metadata"]["annotations"] == {"a": "sawx"}
    await caller.server.aclose()


@pytest.mark.parametrize(("policy", "status"), [("Fail", 403), ("Ignore", 201)])
async def test_faults_are_decided_by_the_failure_policy(policy: str, status: int) -> None:
    """A mutation that cannot be evaluated refuses the write, or is passed over."""
    caller = Caller()
    await _define(caller, "m", _apply("Object{spec: object.nope}"), failurePolicy=policy)
    answer = await caller.send("POST", PODS, pod("p"))
    assert answer.status == status
    if status == 403:
        assert answer.json["message"].endswith(
            "MutatingAdmissionPolicy 'm' with binding 'm' denied request: expression "
            "'Object{spec: object.nope}' resulted in error: no such key: nope"
        )
    await caller.server.aclose()


async def test_a_policy_that_does_not_compile_is_refused() -> None:
    """A mutation's expression is checked when the policy is written."""
    caller = Caller()
    answer = await _define(caller, "m", _json_patch('[JSONPatch{op: 1, path: "/x"}]'))
    assert answer.status == 422
    assert "expected type of field 'op' is 'string' but provided 'int'" in answer.json["message"]
    await caller.server.aclose()
