"""Webhooks: which are asked, what they are told, what their answers do."""

from __future__ import annotations

import base64
import itertools
import json
import re
from typing import Any

import pytest

from listwatch.apiserver.admission.review import WebhookError
from listwatch.apiserver.admission.webhook_caller import WebhookCall
from tests.api_caller import CONFIG_MAPS, PODS, Caller, config_map, pod

_CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1"
_RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["*"]}


class Hooks:
    """Webhooks without a network: answers by URL, and what was sent."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, call: WebhookCall) -> bytes:
        request = json.loads(call.body)["request"]
        path = call.url.partition("?")[0].rpartition("/")[2]
        self.sent.append((call.url, request))
        answer = self.answers.get(path, {"allowed": True})
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, bytes):
            return answer
        response = {"uid": request["uid"], **(answer(request) if callable(answer) else answer)}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        return json.dumps(review).encode()


def _patch(*operations: dict[str, Any]) -> dict[str, Any]:
    encoded = base64.b64encode(json.dumps(list(operations)).encode()).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": encoded}


def _hook(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "name": f"{name}.example.com",
        "clientConfig": {"url": f"https://hooks.example.com/{name}"},
        "rules": [_RULE],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        **spec,
    }


async def _caller(*hooks: dict[str, Any], kind: str = "Validating", **options: Any) -> tuple[Caller, Hooks]:
    calls = Hooks()
    uids = (f"uid-{number}" for number in itertools.count())
    caller = Caller(webhook_caller=calls, new_uid=lambda: next(uids), **options)
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": "hooks"},
        "webhooks": list(hooks),
    }
    answer = await caller.send("POST", f"{_CONFIGURATIONS}/{kind.lower()}webhookconfigurations", body)
    assert answer.status == 201, answer.json
    assert answer.headers.getall("Warning", []) == []
    return caller, calls


async def test_a_webhook_is_told_what_the_real_server_tells() -> None:
    """The review names kind, resource, operation, user, both objects, options and dry run."""
    caller, calls = await _caller(_hook("look"))
    await caller.create(f"{CONFIG_MAPS}?fieldManager=me", config_map("a"))
    await caller.delete(f"{CONFIG_MAPS}/a?dryRun=All")
    (url, created), (_, deleted) = calls.sent
    assert url == "https://hooks.example.com/look?timeout=10s"
    assert created["kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
    assert created["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
    assert (created["name"], created["namespace"], created["operation"]) == ("a", "default", "CREATE")
    assert created["userInfo"]["username"] == "admin"
    assert created["object"]["metadata"]["name"] == "a"
    assert created["oldObject"] is None
    assert created["options"] == {
        "kind": "CreateOptions",
        "apiVersion": "meta.k8s.io/v1",
        "fieldManager": "me",
    }
    assert created["dryRun"] is False
    assert (deleted["operation"], deleted["object"], deleted["dryRun"]) == ("DELETE", None, True)
    assert deleted["oldObject"]["metadata"]["name"] == "a"
    await caller.server.aclose()


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        ({"allowed": False}, 400, 'admission webhook "x.example.com" denied the request without explanation'),
        (
            {"allowed": False, "status": {"message": "no", "code": 403, "reason": "Forbidden"}},
            403,
            'admission webhook "x.example.com" denied the request: no',
        ),
        (
            {"allowed": False, "status": {"reason": "Because"}},
            400,
            'admission webhook "x.example.com" denied the request: Because',
        ),
        (
            WebhookError('Post "https://hooks.example.com/x?timeout=10s": context deadline exceeded'),
            500,
            'Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: '
            'Post "https://hooks.example.com/x?timeout=10s": context deadline exceeded',
        ),
        (
            {"allowed": True, "uid": "other"},
            500,
            'Internal error occurred: failed calling webhook "x.example.com": expected response.uid="uid-2", '
            'got "other"',
        ),
        (
            b"{}",
            500,
            'Internal error occurred: failed calling webhook "x.example.com": expected webhook response of '
            "admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
        ),
        (
            _patch(),
            500,
            'Internal error occurred: failed calling webhook "x.example.com": '
            "validating webhook may not return response.patch",
        ),
    ],
)
async def test_refusals_and_faults_are_worded_as_the_real_server_words_them(
    answer: Any, code: int, message: str
) -> None:
    """A denial carries the webhook's code and reason; a fault is an internal error that names the webhook."""
    caller, calls = await _caller(_hook("x"))
    calls.answers["x"] = answer
    refused = await caller.send("POST", CONFIG_MAPS, config_map("a"))
    told = re.sub(r"uid-\d+", "uid-2", refused.json["message"])
    assert (refused.status, told) == (code, message)
    assert (await caller.get(f"{CONFIG_MAPS}/a")).status == 404
    await caller.server.aclose()


async def test_a_webhook_that_may_fail_is_passed_over() -> None:
    """FailurePolicy Ignore lets the write through when the webhook cannot be asked."""
    caller, calls = await _caller(_hook("x", failurePolicy="Ignore"))
    calls.answers["x"] = WebhookError("gone")
    assert (await caller.send("POST", CONFIG_MAPS, config_map("a"))).status == 201
    await caller.server.aclose()


async def test_patches_change_what_is_stored_one_after_the_other() -> None:
    """Each mutating webhook sees what the one before it made; the result has its kind's types and defaults."""
    caller, calls = await _caller(_hook("a"), _hook("b"), kind="Mutating")
    calls.answers["a"] = _patch({"op": "add", "path": "/data", "value": {"by": "a"}})
    calls.answers["b"] = lambda request: _patch(
        {"op": "add", "path": "/data/saw", "value": request["object"]["data"]["by"]}
    )
    made = await caller.create(CONFIG_MAPS, config_map("m"))
    assert made["data"] == {"by": "a", "saw": "a"}
    assert (await caller.get(f"{CONFIG_MAPS}/m")).json["data"] == {"by": "a", "saw": "a"}
    await caller.server.aclose()


async def test_a_webhook_is_asked_again_if_it_wants_and_something_changed() -> None:
    """ReinvocationPolicy IfNeeded gives a second look after a later webhook's change, and only one."""
    caller, calls = await _caller(_hook("a", reinvocationPolicy="IfNeeded"), _hook("b"), kind="Mutating")
    calls.answers["b"] = _patch({"op": "add", "path": "/data", "value": {"by": "b"}})
    await caller.create(CONFIG_MAPS, config_map("m"))
    assert [url.partition("?")[0].rpartition("/")[2] for url, _ in calls.sent] == ["a", "b", "a"]
    await caller.server.aclose()


async def test_a_patch_that_breaks_the_object_is_refused() -> None:
    """What a webhook makes is decoded as its kind again."""
    caller, calls = await _caller(_hook("a"), kind="Mutating")
    calls.answers["a"] = _patch({"op": "add", "path": "/data", "value": {"n": 1}})
    answer = await caller.send("POST", CONFIG_MAPS, config_map("m"))
    assert answer.status == 400
    assert "cannot unmarshal number" in answer.json["message"]
    await caller.server.aclose()


async def test_warnings_reach_whoever_asked() -> None:
    """A webhook's warnings are headers of the answer."""
    caller, calls = await _caller(_hook("x"))
    calls.answers["x"] = {"allowed": True, "warnings": ["old field"]}
    answer = await caller.send("POST", CONFIG_MAPS, config_map("a"))
    assert answer.headers.getall("Warning") == ['299 - "old field"']
    await caller.server.aclose()


@pytest.mark.parametrize(
    ("spec", "is_asked"),
    [
        ({}, True),
        ({"rules": [{**_RULE, "operations": ["UPDATE"]}]}, False),
        ({"rules": [{**_RULE, "resources": ["pods"]}]}, False),
        ({"rules": [{**_RULE, "resources": ["*/*"], "apiGroups": ["*"]}]}, True),
        ({"rules": [{**_RULE, "scope": "Cluster"}]}, False),
        ({"objectSelector": {"matchLabels": {"a": "b"}}}, True),
        ({"objectSelector": {"matchLabels": {"a": "c"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}, False),
        ({"matchConditions": [{"name": "c", "expression": "object.metadata.name == 'a'"}]}, True),
        ({"matchConditions": [{"name": "c", "expression": "request.userInfo.username != 'admin'"}]}, False),
        (
            {
                "matchConditions": [
                    {"name": "c", "expression": "authorizer.path('/x').check('get').allowed()"}
                ]
            },
            True,
        ),
    ],
)
async def test_who_is_asked(spec: dict[str, Any], is_asked: bool) -> None:
    """Rules, scope, both selectors and match conditions all have to hold."""
    caller, calls = await _caller(_hook("x", **spec))
    await caller.create(CONFIG_MAPS, config_map("a", labels={"a": "b"}))
    assert bool(calls.sent) is is_asked
    await caller.server.aclose()


async def test_an_equivalent_version_is_what_the_rule_says() -> None:
    """A rule for one version is asked about writes in another, and sees the version it knows."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["events"], "operations": ["CREATE"]}
    caller, calls = await _caller(_hook("x", rules=[rule]), _hook("y", rules=[rule], matchPolicy="Exact"))
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "c.example.com/x",
        "reportingInstance": "i",
        "action": "a",
        "reason": "r",
        "type": "Normal",
        "regarding": {"kind": "Pod", "namespace": "default", "name": "p"},
        "note": "n",
    }
    await caller.create("/apis/events.k8s.io/v1/namespaces/default/events", event)
    ((url, request),) = calls.sent
    assert "/x?" in url
    assert request["object"]["message"] == "n"
    assert (request["kind"]["group"], request["requestKind"]["group"]) == ("", "events.k8s.io")
    await caller.server.aclose()


async def test_a_match_condition_that_fails_is_decided_by_the_policy() -> None:
    """An expression that cannot be evaluated refuses, or is passed over."""
    conditions = [{"name": "c", "expression": "object.data.x == '1'"}]
    caller, _ = await _caller(_hook("x", matchConditions=conditions))
    answer = await caller.send("POST", CONFIG_MAPS, config_map("a"))
    assert answer.status == 403
    assert "resulted in error: no such key: data" in answer.json["message"]
    await caller.server.aclose()
    caller, calls = await _caller(_hook("x", matchConditions=conditions, failurePolicy="Ignore"))
    assert (await caller.send("POST", CONFIG_MAPS, config_map("a"))).status == 201
    assert calls.sent == []
    await caller.server.aclose()


async def test_a_dry_run_does_not_reach_a_webhook_with_side_effects() -> None:
    """A webhook that does something else besides refuses dry runs."""
    caller, calls = await _caller(_hook("x", sideEffects="Some"))
    answer = await caller.send("POST", f"{CONFIG_MAPS}?dryRun=All", config_map("a"))
    assert answer.json["message"] == 'admission webhook "x.example.com" does not support dry run'
    assert calls.sent == []
    await caller.server.aclose()


async def test_a_service_needs_somebody_who_knows_its_address() -> None:
    """A service has no address here unless the embedding program gives it one."""
    service = {"namespace": "default", "name": "kubernetes", "path": "/x"}
    hook = _hook("x", clientConfig={"service": service})
    caller, calls = await _caller(hook)
    answer = await caller.send("POST", CONFIG_MAPS, config_map("a"))
    assert answer.json["message"] == (
        'Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: Post '
        '"https://kubernetes.default.svc:443/x?timeout=10s": no endpoints available for service "kubernetes"'
    )
    await caller.server.aclose()
    caller, calls = await _caller(hook, resolve_service=lambda *_: "https://127.0.0.1:8443")
    await caller.create(CONFIG_MAPS, config_map("a"))
    assert calls.sent[0][0] == "https://127.0.0.1:8443/x?timeout=10s"
    await caller.server.aclose()


async def test_configurations_themselves_are_not_asked_about() -> None:
    """No webhook can lock out the repair of webhooks."""
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "operations": ["*"]}
    caller, calls = await _caller(_hook("x", rules=[rule]))
    calls.answers["x"] = {"allowed": False}
    path = f"{_CONFIGURATIONS}/validatingwebhookconfigurations/hooks"
    assert (await caller.send("POST", PODS, pod("p"))).status == 400
    assert (await caller.delete(path)).status == 200
    assert (await caller.send("POST", PODS, pod("p"))).status == 201
    await caller.server.aclose()
