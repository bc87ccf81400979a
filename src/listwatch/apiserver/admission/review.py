"""AdmissionReviews: what a webhook is sent, and how its answer is read.

In:    `Attributes`; the body of an answer
Out:   JSON; a `Verdict`, or `WebhookError` for what is no answer
Next:  webhooks.py
Rules: pure; sentences as the real server's
Source: admission.k8s.io/v1; apiserver pkg/admission/plugin/webhook/request, webhook/errors
"""

from __future__ import annotations

import base64
import json
from typing import Any

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.admission.chain import Asker, Verdict
from listwatch.apiserver.admission.expressions import request_document
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.verbs.admitting import Attributes
from listwatch.apiserver.verbs.patch import PatchError, apply_json_patch
from listwatch.apiserver.wire.statuses import APIFailure

JSONObject = dict[str, Any]
VERSION = "admission.k8s.io/v1"


class WebhookError(Exception):
    """There is no answer, or what came is none; the failure policy decides."""


def review_body(attributes: Attributes, asker: Asker, requested: Resource, uid: str) -> bytes:
    """The AdmissionReview that asks about a write."""
    request = request_document(attributes, asker, requested=requested, uid=uid)
    request["object"] = attributes.value
    request["oldObject"] = attributes.old
    review = {"kind": "AdmissionReview", "apiVersion": VERSION, "request": request}
    return json.dumps(review, separators=(",", ":"), ensure_ascii=False).encode()


def read_answer(name: str, body: bytes, uid: str, attributes: Attributes, *, mutates: bool) -> Verdict:
    """What a webhook says.

    Raises:
        WebhookError: The body is no AdmissionReview that answers `uid`, or its patch does not apply.
    """
    response = _response(body, uid)
    given = response.get("warnings")
    listed = given if isinstance(given, list) else []
    warnings = tuple(_clean(text) for text in listed if isinstance(text, str))
    patch = response.get("patch")
    if patch and not mutates:
        raise WebhookError("validating webhook may not return response.patch")
    if not response.get("allowed"):
        status = response.get("status")
        return Verdict(refusal=_refusal(name, status if isinstance(status, dict) else {}), warnings=warnings)
    if not patch or attributes.value is None:
        return Verdict(warnings=warnings)
    if response.get("patchType") != "JSONPatch":
        raise WebhookError("webhook returned response.patch but not response.patchType")
    return Verdict(_patched(attributes.value, patch), warnings=warnings)


def _response(body: bytes, uid: str) -> JSONObject:
    try:
        review = json.loads(body)
    except ValueError as error:
        raise WebhookError(f"could not decode response: {error}") from None
    if not isinstance(review, dict) or (review.get("apiVersion"), review.get("kind")) != (
        VERSION,
        "AdmissionReview",
    ):
        given = review if isinstance(review, dict) else {}
        group, _, version = str(given.get("apiVersion", "")).rpartition("/")
        got = f"{group}/{version}, Kind={given.get('kind', '')}"
        raise WebhookError(f"expected webhook response of {VERSION}, Kind=AdmissionReview, got {got}")
    response = review.get("response")
    if not isinstance(response, dict):
        raise WebhookError("webhook response was absent")
    if response.get("uid") != uid:
        raise WebhookError(
            f"expected response.uid={go_quote(uid)}, got {go_quote(str(response.get('uid') or ''))}"
        )
    return response


def _refusal(name: str, given: JSONObject) -> APIFailure:
    told = f"admission webhook {go_quote(name)} denied the request"
    why = _clean(str(given.get("message") or given.get("reason") or ""))
    status: JSONObject = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"{told}: {why}" if why else f"{told} without explanation",
    }
    if isinstance(given.get("reason"), str) and given["reason"]:
        status["reason"] = _clean(given["reason"])
    if isinstance(given.get("details"), dict):
        status["details"] = given["details"]
    code = given.get("code")
    status["code"] = code if isinstance(code, int) and 400 <= code < 600 else 400
    return APIFailure(status)


def _clean(text: str) -> str:
    """Without halves of characters, which JSON can name and UTF-8 cannot write."""
    return text.encode(errors="replace").decode()


def _patched(value: JSONObject, patch: object) -> JSONObject:
    try:
        operations = json.loads(base64.b64decode(str(patch), validate=True))
    except ValueError as error:
        raise WebhookError(f"could not decode response.patch: {error}") from None
    try:
        patched = apply_json_patch(value, operations)
    except PatchError as error:
        raise WebhookError(str(error)) from None
    if not isinstance(patched, dict):
        raise WebhookError("the patched object is no object")
    return patched
