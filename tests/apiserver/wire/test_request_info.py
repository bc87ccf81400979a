"""Request targets, taken apart."""

from __future__ import annotations

import pytest

from listwatch.apiserver.wire.request_info import Query, parse_request

# method, target → verb, group, version, namespace, resource, name, subresource
CASES = [
    ("GET", "/api/v1/pods", "list", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/pods?watch=true", "watch", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/pods?watch=1", "watch", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/pods?watch=false", "list", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/pods?watch", "watch", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/namespaces/a/pods/", "list", "", "v1", "a", "pods", "", ""),
    ("GET", "/api/v1/namespaces/a/pods/x", "get", "", "v1", "a", "pods", "x", ""),
    ("GET", "/api/v1/namespaces/a/pods/x?watch=true", "get", "", "v1", "a", "pods", "x", ""),
    ("HEAD", "/api/v1/namespaces/a/pods/x", "get", "", "v1", "a", "pods", "x", ""),
    ("PUT", "/api/v1/namespaces/a/pods/x/status", "update", "", "v1", "a", "pods", "x", "status"),
    ("GET", "/api/v1/watch/pods", "watch", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/watch/namespaces/a/pods/x", "watch", "", "v1", "a", "pods", "x", ""),
    ("GET", "/api/v1/namespaces", "list", "", "v1", "", "namespaces", "", ""),
    ("GET", "/api/v1/namespaces/a", "get", "", "v1", "", "namespaces", "a", ""),
    ("PUT", "/api/v1/namespaces/a/finalize", "update", "", "v1", "", "namespaces", "a", "finalize"),
    ("PATCH", "/api/v1/namespaces/a/status", "patch", "", "v1", "", "namespaces", "a", "status"),
    ("POST", "/apis/apps/v1/namespaces/a/deployments", "create", "apps", "v1", "a", "deployments", "", ""),
    (
        "DELETE",
        "/apis/apps/v1/namespaces/a/deployments",
        "deletecollection",
        "apps",
        "v1",
        "a",
        "deployments",
        "",
        "",
    ),
    (
        "DELETE",
        "/apis/apps/v1/namespaces/a/deployments/x",
        "delete",
        "apps",
        "v1",
        "a",
        "deployments",
        "x",
        "",
    ),
    ("GET", "/api/v1/nodes/a%2Fb", "get", "", "v1", "", "nodes", "a/b", ""),
    ("GET", "/api", "get", "", "", "", "", "", ""),
    ("GET", "/api/v1", "get", "", "v1", "", "", "", ""),
    ("GET", "/apis/apps", "get", "apps", "", "", "", "", ""),
    ("GET", "/apis/apps/v1/", "get", "apps", "v1", "", "", "", ""),
    ("GET", "/healthz/ping", "get", "", "", "", "", "", ""),
]


@pytest.mark.parametrize(
    ("method", "target", "verb", "group", "version", "namespace", "resource", "name", "subresource"), CASES
)
def test_a_target_says_what_is_asked_of_what(
    method: str,
    target: str,
    verb: str,
    group: str,
    version: str,
    namespace: str,
    resource: str,
    name: str,
    subresource: str,
) -> None:
    """Verb, resource and name follow from method, path and the watch parameter alone."""
    info = parse_request(method, target)
    found = (info.verb, info.version, info.namespace, info.resource, info.name, info.subresource)
    assert found == (verb, version, namespace, resource, name, subresource)
    assert info.group == group or not info.version


def test_a_proxy_path_keeps_what_follows_it() -> None:
    """What comes after the subresource stays one path."""
    info = parse_request("GET", "/api/v1/namespaces/a/pods/x/proxy/one/two")
    assert (info.subresource, info.rest) == ("proxy", "one/two")


def test_query_parameters_keep_all_their_values() -> None:
    """A repeated parameter has its first value and all its values; an empty one is given."""
    query = Query("dryRun=All&dryRun=None&watch=&x=a%20b+c")
    assert query.get("dryRun") == "All"
    assert query.all("dryRun") == ["All", "None"]
    assert query.flag("watch")
    assert query.get("x") == "a b c"
    assert query.get("missing") == ""
    assert "missing" not in query
