"""Rules: operations, groups, versions, resources, scope, names."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.admission.matching import is_exempt, rule_matches
from listwatch.apiserver.kinds.resources import Resource, builtin_resources
from listwatch.apiserver.verbs.admitting import Attributes


def _resource(group: str, version: str, name: str) -> Resource:
    found = builtin_resources().find(group, version, name)
    assert found is not None
    return found


_RULE = {"operations": ["CREATE"], "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}


@pytest.mark.parametrize(
    ("rule", "subresource", "matches"),
    [
        ({}, "", True),
        ({"operations": ["*"]}, "", True),
        ({"operations": ["UPDATE", "DELETE"]}, "", False),
        ({"apiGroups": ["*"]}, "", True),
        ({"apiGroups": [""]}, "", False),
        ({"apiVersions": ["v1beta1"]}, "", False),
        ({"resources": ["*"]}, "", True),
        ({"resources": ["*"]}, "status", False),
        ({"resources": ["*/*"]}, "status", True),
        ({"resources": ["deployments/*"]}, "scale", True),
        ({"resources": ["*/scale"]}, "scale", True),
        ({"resources": ["deployments/status"]}, "", False),
        ({"scope": "Namespaced"}, "", True),
        ({"scope": "Cluster"}, "", False),
        ({"resourceNames": ["d"]}, "", True),
        ({"resourceNames": ["e"]}, "", False),
    ],
)
def test_rules(rule: dict[str, Any], subresource: str, matches: bool) -> None:
    """All parts of a rule have to speak of a write; a star speaks of every value."""
    resource = _resource("apps", "v1", "deployments")
    attributes = Attributes("CREATE", resource, "default", "d", {}, subresource=subresource)
    assert rule_matches({**_RULE, **rule}, attributes, resource) is matches


def test_the_guards_are_not_guarded() -> None:
    """Neither webhooks nor policies are asked about webhooks and policies."""
    group = "admissionregistration.k8s.io"
    hooks = _resource(group, "v1", "validatingwebhookconfigurations")
    assert is_exempt(Attributes("CREATE", hooks, "", "h", {})) is True
    assert is_exempt(Attributes("CREATE", _resource("", "v1", "pods"), "default", "p", {})) is False
