"""What a request wants, and how it is refused."""

from __future__ import annotations

import pytest

from listwatch.apiserver.access.attributes import Attributes, attributes_of, refusal
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.wire.request_info import parse_request

JANE = User("jane")
PODS = "/api/v1/namespaces/ns/pods"
WANTED = [
    ("GET", PODS, Attributes(JANE, "list", resource="pods", namespace="ns")),
    ("GET", PODS + "?watch=true", Attributes(JANE, "watch", resource="pods", namespace="ns")),
    ("HEAD", PODS + "/x", Attributes(JANE, "get", resource="pods", name="x", namespace="ns")),
    (
        "POST",
        PODS + "/x/eviction",
        Attributes(JANE, "create", resource="pods", subresource="eviction", name="x", namespace="ns"),
    ),
    (
        "GET",
        "/api/v1/namespaces/ns",
        Attributes(JANE, "get", resource="namespaces", name="ns", namespace="ns"),
    ),
    ("GET", "/api/v1/namespaces", Attributes(JANE, "list", resource="namespaces")),
    ("GET", "/apis/a.b/v1/namespaces/x", Attributes(JANE, "get", "a.b", "namespaces", name="x")),
    ("GET", "/apis/apps/v1/deployments", Attributes(JANE, "list", "apps", "deployments")),
    ("DELETE", "/healthz", Attributes(JANE, "delete", path="/healthz")),
]


@pytest.mark.parametrize(("method", "target", "wanted"), WANTED)
def test_a_request_wants_what_its_line_says(method: str, target: str, wanted: Attributes) -> None:
    """Verb, resource, name and namespace come from the request line; a namespace lies inside itself."""
    assert attributes_of(JANE, parse_request(method, target)) == wanted


NAMED = [
    ("metadata.name%3Dx", "x"),
    ("metadata.name%3D%3Dx", "x"),
    ("spec.nodeName%3Dn,metadata.name%3Dx", "x"),
    ("metadata.name!%3Dx", ""),
    ("metadata.name%3D", ""),
    ("metadata.name%3D..", ""),
    ("metadata.name%3Da%2Fb", ""),
    ("metadata.namespace%3Dx", ""),
]


@pytest.mark.parametrize(("selector", "name"), NAMED)
def test_a_selection_by_name_is_for_that_name(selector: str, name: str) -> None:
    """Lists, watches and collection deletions of one name can be allowed by rules with that name."""
    for method, more in (("GET", ""), ("GET", "&watch=1"), ("DELETE", "")):
        info = parse_request(method, f"{PODS}?fieldSelector={selector}{more}")
        assert attributes_of(JANE, info).name == name


def test_a_refusal_cannot_be_taken_for_markup() -> None:
    """Angle brackets and ampersands of what was asked for are escaped; the reason is told as it is."""
    told = refusal(Attributes(User("<b>"), "get", path="/a&b"), "RBAC: why")
    assert str(told) == 'forbidden: User "&lt;b&gt;" cannot get path "/a&amp;b": RBAC: why'
