"""Names of kinds, and the paths of their collections, objects and parts."""

from __future__ import annotations

from itertools import product
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.resource import GroupVersionKind, Resource

PODS = Resource("", "v1", "pods", "Pod")
NODES = Resource("", "v1", "nodes", "Node", namespaced=False)
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")


@pytest.mark.parametrize(
    ("resource", "where", "path"),
    [
        (PODS, {}, "/api/v1/pods"),
        (PODS, {"namespace": ""}, "/api/v1/pods"),
        (PODS, {"namespace": None}, "/api/v1/pods"),
        (PODS, {"namespace": "d"}, "/api/v1/namespaces/d/pods"),
        (PODS, {"namespace": "d", "name": "p"}, "/api/v1/namespaces/d/pods/p"),
        (
            PODS,
            {"namespace": "d", "name": "p", "subresource": "status"},
            "/api/v1/namespaces/d/pods/p/status",
        ),
        (NODES, {}, "/api/v1/nodes"),
        (NODES, {"name": "n"}, "/api/v1/nodes/n"),
        (NODES, {"namespace": "", "name": "n"}, "/api/v1/nodes/n"),
        (DEPLOYMENTS, {"namespace": "d"}, "/apis/apps/v1/namespaces/d/deployments"),
        (
            DEPLOYMENTS,
            {"namespace": "d", "name": "x", "subresource": "scale"},
            "/apis/apps/v1/namespaces/d/deployments/x/scale",
        ),
        (NODES, {"name": "a:b@c"}, "/api/v1/nodes/a:b@c"),
        (NODES, {"name": "a b?c#d"}, "/api/v1/nodes/a%20b%3Fc%23d"),
        (NODES, {"name": "é"}, "/api/v1/nodes/%C3%A9"),
        (NODES, {"name": "..."}, "/api/v1/nodes/..."),
    ],
)
def test_paths(resource: Resource, where: dict[str, Any], path: str) -> None:
    """Collections, objects and parts, of the core group and of others, with names percent-encoded."""
    assert resource.path(**where) == path


@pytest.mark.parametrize(
    ("what", "bad"),
    [
        ("name", ""),  # an empty namespace or subresource means none
        *product(["namespace", "name", "subresource"], [".", "..", "a/b", "/", "a%2fb", "%"]),
    ],
)
def test_segments_that_would_change_the_path_are_refused(what: str, bad: str) -> None:
    """A name that could leave its place in the path never gets into one; the message shows which it was."""
    where = {"namespace": "d", "name": "p", "subresource": "status"} | {what: bad}
    with pytest.raises(ValueError, match=f"{what} .* cannot stand in a URL path"):
        PODS.path(**where)


@pytest.mark.parametrize(
    ("resource", "where", "message"),
    [
        (NODES, {"namespace": "d"}, "nodes are not namespaced: leave namespace='d' out"),
        (PODS, {"name": "p"}, "pods live in namespaces: to name one, say in which"),
        (PODS, {"namespace": "", "name": "p"}, "pods live in namespaces"),
        (
            PODS,
            {"namespace": "d", "subresource": "status"},
            "subresource 'status' needs the name of an object",
        ),
    ],
)
def test_places_that_do_not_exist_are_refused(
    resource: Resource, where: dict[str, Any], message: str
) -> None:
    """Scope and parts are checked before anything is sent."""
    with pytest.raises(ValueError, match=message):
        resource.path(**where)


@given(st.text(min_size=1))
def test_any_accepted_name_is_one_segment(name: str) -> None:
    """Whatever the name: it is refused, or it is one segment that decodes to the name."""
    try:
        path = NODES.path(name=name)
    except (ValueError, UnicodeEncodeError):
        return
    head, _, segment = path.rpartition("/")
    assert (head, unquote(segment)) == ("/api/v1/nodes", name)
    assert not set(segment) & set("?# \n")


@pytest.mark.parametrize(
    ("api_version", "kind", "parsed"),
    [
        ("v1", "Pod", GroupVersionKind("", "v1", "Pod")),
        ("apps/v1", "Deployment", GroupVersionKind("apps", "v1", "Deployment")),
        ("rbac.authorization.k8s.io/v1", "Role", GroupVersionKind("rbac.authorization.k8s.io", "v1", "Role")),
    ],
)
def test_manifest_names(api_version: str, kind: str, parsed: GroupVersionKind) -> None:
    """The two fields of a manifest are read and written without loss."""
    assert GroupVersionKind.parse(api_version, kind) == parsed
    assert parsed.api_version == api_version
    assert str(parsed) == f"{api_version} {kind}"


def test_names_of_resources() -> None:
    """A resource prints as kubectl would name it, and knows its manifest's name."""
    assert [str(PODS), str(DEPLOYMENTS)] == ["pods", "deployments.v1.apps"]
    assert DEPLOYMENTS.group_version_kind == GroupVersionKind("apps", "v1", "Deployment")
    assert (PODS.api_version, DEPLOYMENTS.api_version) == ("v1", "apps/v1")
