"""Expressions about a write: their variables, conditions, and questions about permission."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.access.identity import User
from listwatch.apiserver.admission.chain import Asker
from listwatch.apiserver.admission.expressions import compiled, conditions_hold, permit_all, values
from listwatch.apiserver.cel import CompileError, EvaluationError
from listwatch.apiserver.kinds.resources import builtin_resources
from listwatch.apiserver.verbs.admitting import Attributes

_PODS = builtin_resources().find("", "v1", "pods")
assert _PODS is not None
_WRITE = Attributes("UPDATE", _PODS, "default", "p", {"spec": {"n": 1}}, {"spec": {"n": 2}}, "status")
_ASKER = Asker(User("ann", ("staff",), "u1", {"scope": ("a",)}), {"fieldManager": "me"}, [], "patch")


def _value(source: str) -> Any:
    return compiled(source).evaluate(values(_WRITE, _ASKER, {"metadata": {"name": "default"}}, permit_all))


@pytest.mark.parametrize(
    "source",
    [
        "object.spec.n == 1 && oldObject.spec.n == 2",
        "request.operation == 'UPDATE' && request.subResource == 'status'",
        "request.kind.kind == 'Pod' && request.resource.resource == 'pods' && request.name == 'p'",
        "request.userInfo.username == 'ann' && 'staff' in request.userInfo.groups",
        "request.userInfo.extra['scope'] == ['a'] && !request.dryRun",
        "request.options.kind == 'PatchOptions' && request.options.fieldManager == 'me'",
        "namespaceObject.metadata.name == 'default'",
        "authorizer.group('').resource('pods').namespace('default').name('p').check('get').allowed()",
        "authorizer.serviceAccount('default', 'builder').path('/healthz').check('get').allowed()",
        "authorizer.requestResource.check('update').allowed()",
    ],
)
def test_what_can_be_named(source: str) -> None:
    """Objects, request, namespace and authorizer are as the documentation has them."""
    assert _value(source) is True


def test_who_is_asked_about_is_told() -> None:
    """The authorizer is given user and target, as the expression put them together."""
    asked: list[Any] = []

    def authorize(user: Any, target: Any) -> tuple[bool, str]:
        asked.append((user if isinstance(user, str) else user.name, dict(target)))
        return False, "because"

    known = values(_WRITE, _ASKER, None, authorize)
    check = "authorizer.group('apps').resource('deployments').subresource('scale').check('update')"
    assert compiled(f"{check}.reason()").evaluate(known) == "because"
    account = "authorizer.serviceAccount('ns', 'sa').path('/x').check('get')"
    assert compiled(f"{account}.allowed()").evaluate(known) is False
    assert compiled("authorizer.requestResource.check('delete').allowed()").evaluate(known) is False
    assert asked == [
        ("ann", {"group": "apps", "resource": "deployments", "subresource": "scale", "verb": "update"}),
        ("system:serviceaccount:ns:sa", {"path": "/x", "verb": "get"}),
        (
            "ann",
            {
                "group": "",
                "resource": "pods",
                "version": "v1",
                "subresource": "status",
                "namespace": "default",
                "name": "p",
                "verb": "delete",
            },
        ),
    ]


def test_the_request_has_known_fields() -> None:
    """A field that requests do not have is told when the expression is compiled."""
    with pytest.raises(CompileError, match="undefined field 'user'"):
        compiled("request.user == 'x'")


def test_one_false_condition_decides_over_failures() -> None:
    """A condition that fails counts only if none is false."""
    failing, false = {"expression": "object.nope"}, {"expression": "false"}
    known = values(_WRITE, _ASKER, None, permit_all)
    assert conditions_hold([failing, false], known, compiled) is False
    assert conditions_hold([{"expression": "true"}], known, compiled) is True
    with pytest.raises(
        EvaluationError, match=r"expression 'object.nope' resulted in error: no such key: nope"
    ):
        conditions_hold([failing, {"expression": "true"}], known, compiled)
