"""The real way to a webhook: HTTPS, with the authority that its configuration names."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.admission.review import WebhookError
from listwatch.apiserver.admission.webhook_caller import WebhookCall, call_webhook
from listwatch.apiserver.listener.certificates import CertificateAuthority
from listwatch.apiserver.listener.sockets import Listener, server_context
from tests.api_caller import CONFIG_MAPS, Caller, config_map


async def _webhook(request: Request) -> Response:
    if "broken" in request.target:
        return Response.of(500, b"boom", content_type="text/plain")
    asked = json.loads(request.body)["request"]
    allowed = asked["object"]["metadata"]["name"] != "bad"
    response = {"uid": asked["uid"], "allowed": allowed, "status": {"message": "bad name"}}
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
    return Response.of(200, json.dumps(review).encode(), content_type="application/json")


@pytest.mark.slow
async def test_a_webhook_is_called_over_https() -> None:
    """A real listener, a real certificate: the write waits for the answer, and a wrong authority is no answer."""
    authority = CertificateAuthority(now=datetime.now(UTC))
    pair = authority.issue_server(names=["127.0.0.1"])
    tls = server_context(pair=pair, client_ca_pem=authority.certificate_pem)
    listener = Listener(_webhook, host="127.0.0.1", port=0, tls=tls)
    await listener.start()
    bundle = base64.b64encode(authority.certificate_pem).decode()
    caller = Caller()
    hook = {
        "name": "x.example.com",
        "clientConfig": {"url": f"{listener.url}/x", "caBundle": bundle},
        "rules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"]}
        ],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "hooks"},
        "webhooks": [hook],
    }
    await caller.create("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", body)
    await caller.create(CONFIG_MAPS, config_map("good"))
    refused = await caller.send("POST", CONFIG_MAPS, config_map("bad"))
    assert refused.json["message"] == 'admission webhook "x.example.com" denied the request: bad name'
    other = base64.b64encode(CertificateAuthority(now=datetime.now(UTC)).certificate_pem).decode()
    for call, told in [
        (WebhookCall(f"{listener.url}/x", b"{}", 5, other), "tls: failed to verify certificate: "),
        (WebhookCall(f"{listener.url}/broken", b"{}", 5, bundle), r'an error on the server \("boom"\)'),
        (WebhookCall(f"{listener.url}/x", b"{}", 5, "no base64"), "unable to load root certificates"),
        (WebhookCall("http://127.0.0.1/x", b"{}", 5), "webhooks are called by https only"),
    ]:
        with pytest.raises(WebhookError, match=told):
            await call_webhook(call)
    await caller.server.aclose()
    await listener.aclose()
    with pytest.raises(
        WebhookError, match=r"Post .*: dial tcp 127\.0\.0\.1:\d+: connect: connection refused$"
    ):
        await call_webhook(WebhookCall(f"{listener.url}/x", b"{}", 5, bundle))
