"""ValidatingAdmissionPolicies: the documentation's examples, and what becomes of faults."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_caller import CONFIG_MAPS, Answer, Caller, config_map

_GROUP = "/apis/admissionregistration.k8s.io/v1"
_DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
_RULE = {
    "apiGroups": ["apps"],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["deployments"],
}


def _deployment(name: str, replicas: int) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


async def _policy(caller: Caller, **spec: Any) -> Answer:
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "demo"},
        "spec": {"matchConstraints": {"resourceRules": [_RULE]}, **spec},
    }
    return await caller.send("POST", f"{_GROUP}/validatingadmissionpolicies", body)


async def _bound(caller: Caller, spec: dict[str, Any], **binding: Any) -> None:
    answer = await _policy(caller, **spec)
    assert answer.status == 201, answer.json
    assert answer.headers.getall("Warning", []) == []
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "binding"},
        "spec": {"policyName": "demo", "validationActions": ["Deny"], **binding},
    }
    await caller.create(f"{_GROUP}/validatingadmissionpolicybindings", body)


async def _refusal(spec: dict[str, Any], replicas: int = 7, **binding: Any) -> dict[str, Any]:
    caller = Caller()
    await _bound(caller, spec, **binding)
    answer = await caller.send("POST", _DEPLOYMENTS, _deployment("d", replicas))
    await caller.server.aclose()
    return answer.json if answer.status >= 400 else {}


async def test_the_documentation_s_first_policy() -> None:
    """A failed validation is a 422 with the real server's sentence; one that holds lets the write pass."""
    spec = {"validations": [{"expression": "object.spec.replicas <= 5"}]}
    status = await _refusal(spec)
    told = (
        "ValidatingAdmissionPolicy 'demo' with binding 'binding' denied request: "
        "failed expression: object.spec.replicas <= 5"
    )
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert status["message"] == f'deployments.apps "d" is forbidden: {told}'
    assert status["details"]["causes"] == [{"message": told}]
    assert await _refusal(spec, 3) == {}


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"message": "too many"}, "too many"),
        ({"messageExpression": "'at most 5, not ' + string(object.spec.replicas)"}, "at most 5, not 7"),
        ({"messageExpression": "object.nope", "message": "fixed"}, "fixed"),
        ({"messageExpression": "'two\\nlines'"}, "failed expression: object.spec.replicas <= 5"),
    ],
)
async def test_messages(validation: dict[str, str], message: str) -> None:
    """An expression makes the message if it can, else the fixed one stands, else the validation itself."""
    status = await _refusal({"validations": [{"expression": "object.spec.replicas <= 5", **validation}]})
    assert status["message"].endswith(f"denied request: {message}")


async def test_reasons_have_codes() -> None:
    """A validation's reason is the Status', and its code goes with it."""
    status = await _refusal({"validations": [{"expression": "false", "reason": "Forbidden"}]})
    assert (status["code"], status["reason"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("spec", "is_denied"),
    [
        ({"matchConditions": [{"name": "c", "expression": "request.userInfo.username != 'admin'"}]}, False),
        ({"matchConditions": [{"name": "c", "expression": "request.operation == 'CREATE'"}]}, True),
        ({"variables": [{"name": "big", "expression": "object.spec.replicas > 5"}]}, True),
        ({"matchConstraints": {"resourceRules": [{**_RULE, "operations": ["DELETE"]}]}}, False),
        (
            {
                "matchConstraints": {
                    "resourceRules": [_RULE],
                    "excludeResourceRules": [{**_RULE, "resourceNames": ["d"]}],
                }
            },
            False,
        ),
    ],
)
async def test_who_is_asked(spec: dict[str, Any], is_denied: bool) -> None:
    """Constraints, exclusions and conditions decide whether a policy speaks of a write at all."""
    expression = "!variables.big" if "variables" in spec else "false"
    assert bool(await _refusal({"validations": [{"expression": expression}], **spec})) is is_denied


async def test_variables_build_on_one_another() -> None:
    """A variable may name those before it, and is not computed where nobody asks."""
    variables = [
        {"name": "n", "expression": "object.spec.replicas"},
        {"name": "double", "expression": "variables.n * 2"},
        {"name": "broken", "expression": "object.spec.nope"},
    ]
    validations = [{"expression": "variables.double < 10", "messageExpression": "string(variables.double)"}]
    status = await _refusal({"variables": variables, "validations": validations})
    assert status["message"].endswith("denied request: 14")


@pytest.mark.parametrize(("policy", "is_denied"), [("Fail", True), ("Ignore", False)])
async def test_faults_are_decided_by_the_failure_policy(policy: str, is_denied: bool) -> None:
    """A validation that cannot be evaluated refuses, or is passed over."""
    status = await _refusal({"failurePolicy": policy, "validations": [{"expression": "object.spec.x > 1"}]})
    told = "denied request: expression 'object.spec.x > 1' resulted in error: no such key: x"
    assert status.get("message", "").endswith(told) is is_denied


async def test_a_warning_instead_of_a_refusal() -> None:
    """ValidationActions Warn lets the write pass with a header."""
    caller = Caller()
    await _bound(caller, {"validations": [{"expression": "false"}]}, validationActions=["Warn"])
    answer = await caller.send("POST", _DEPLOYMENTS, _deployment("d", 1))
    assert answer.status == 201
    assert answer.headers.getall("Warning") == [
        "299 - \"Validation failed for ValidatingAdmissionPolicy 'demo' with binding 'binding': "
        'failed expression: false"'
    ]
    await caller.server.aclose()


async def test_parameters_come_from_an_object() -> None:
    """A binding's parameters are what `params` is; without them the binding says what happens."""
    caller = Caller()
    spec = {
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "validations": [{"expression": "object.spec.replicas <= int(params.data.most)"}],
    }
    reference = {"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"}
    await _bound(caller, spec, paramRef=reference)
    answer = await caller.send("POST", _DEPLOYMENTS, _deployment("d", 3))
    assert "no params found for policy binding with `Deny` parameterNotFoundAction" in answer.json["message"]
    await caller.create(CONFIG_MAPS, config_map("limits", data={"most": "3"}))
    assert (await caller.send("POST", _DEPLOYMENTS, _deployment("d", 3))).status == 201
    assert (await caller.send("POST", _DEPLOYMENTS, _deployment("e", 4))).status == 422
    await caller.server.aclose()


async def test_old_objects_and_namespaces_can_be_named() -> None:
    """`oldObject` is the object before, `namespaceObject` the namespace's."""
    caller = Caller()
    validations = [
        {"expression": "oldObject == null || object.spec.replicas >= oldObject.spec.replicas"},
        {"expression": "namespaceObject.metadata.name == 'default'"},
    ]
    await _bound(caller, {"validations": validations})
    await caller.create(_DEPLOYMENTS, _deployment("d", 3))
    assert (await caller.patch(f"{_DEPLOYMENTS}/d", {"spec": {"replicas": 4}})).status == 200
    assert (await caller.patch(f"{_DEPLOYMENTS}/d", {"spec": {"replicas": 2}})).status == 422
    await caller.server.aclose()


async def test_a_policy_that_does_not_compile_is_refused() -> None:
    """Every expression that is wrong is a cause, with the field and the compiler's text."""
    caller = Caller()
    answer = await _policy(
        caller,
        variables=[{"name": "a", "expression": "1"}],
        validations=[{"expression": "object.x +"}, {"expression": "variables.b == 1"}, {"expression": "1"}],
    )
    assert answer.status == 422
    causes = {cause["field"]: cause["message"] for cause in answer.json["details"]["causes"]}
    assert "Syntax error: mismatched input '<EOF>'" in causes["spec.validations[0].expression"]
    assert "undefined field 'b'" in causes["spec.validations[1].expression"]
    assert causes["spec.validations[2].expression"] == 'Invalid value: "1": must evaluate to bool'
    await caller.server.aclose()


async def test_an_endless_expression_is_a_fault() -> None:
    """A policy cannot hang the server."""
    ten = "[1,2,3,4,5,6,7,8,9,10]"
    nested = "".join(f"{ten}.all(x{level}, " for level in range(8)) + "true" + ")" * 8
    status = await _refusal({"validations": [{"expression": nested}]})
    assert status["message"].endswith("operation cancelled: actual cost limit exceeded")
