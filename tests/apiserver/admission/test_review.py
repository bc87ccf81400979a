"""Answers of webhooks, well formed and not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.admission.review import WebhookError, read_answer
from listwatch.apiserver.kinds.resources import builtin_resources
from listwatch.apiserver.verbs.admitting import Attributes

_RESOURCE = builtin_resources().find("", "v1", "configmaps")
assert _RESOURCE is not None
_WRITE = Attributes("CREATE", _RESOURCE, "default", "m", {"metadata": {"name": "m"}})
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def _body(**response: Any) -> bytes:
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    return json.dumps({**review, "response": {"uid": "u", **response}}).encode()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"nonsense", "could not decode response"),
        (b"[]", "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind="),
        (b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', "webhook response was absent"),
        (_body(uid="v"), 'expected response.uid="u", got "v"'),
        (_body(allowed=True, patch="W10="), "webhook returned response.patch but not response.patchType"),
        (_body(allowed=True, patch="!", patchType="JSONPatch"), "could not decode response.patch"),
    ],
)
def test_what_is_no_answer_is_told(body: bytes, told: str) -> None:
    """Each way to answer wrongly has its sentence."""
    with pytest.raises(WebhookError) as raised:
        read_answer("x", body, "u", _WRITE, mutates=True)
    assert str(raised.value).startswith(told)


@given(
    _JSON
    | st.fixed_dictionaries({"allowed": st.booleans(), "patch": _JSON, "status": _JSON, "warnings": _JSON})
)
def test_no_answer_is_a_fault_of_ours(response: Any) -> None:
    """Whatever a webhook sends, it is read or refused with a WebhookError."""
    given_fields = response if isinstance(response, dict) else {"status": response}
    patch = base64.b64encode(json.dumps(given_fields.get("patch")).encode()).decode()
    for body in (
        _body(**{**given_fields, "uid": "u"}),
        _body(allowed=True, patch=patch, patchType="JSONPatch"),
    ):
        try:
            verdict = read_answer("x", body, "u", _WRITE, mutates=True)
        except WebhookError:
            continue
        assert verdict.refusal is None or 400 <= verdict.refusal.code < 600


def test_a_patch_changes_a_copy() -> None:
    """The object that was sent stays as it was."""
    operations = [{"op": "add", "path": "/data", "value": {"a": "b"}}]
    patch = base64.b64encode(json.dumps(operations).encode()).decode()
    verdict = read_answer(
        "x", _body(allowed=True, patch=patch, patchType="JSONPatch"), "u", _WRITE, mutates=True
    )
    assert verdict.changed == {"metadata": {"name": "m"}, "data": {"a": "b"}}
    assert _WRITE.value == {"metadata": {"name": "m"}}
