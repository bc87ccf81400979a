"""Paths of places."""

from __future__ import annotations

import pytest

from listwatch.apiserver.kinds.resources import builtin_resources
from listwatch.apiserver.storage.looking_back import find_place
from listwatch.testing.objects import path_of

REGISTRY = builtin_resources()


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("pods/shop/web", "/api/v1/namespaces/shop/pods/web"),
        ("deployments/shop/web", "/apis/apps/v1/namespaces/shop/deployments/web"),
        ("nodes/n1", "/api/v1/nodes/n1"),
        ("namespaces/shop", "/api/v1/namespaces/shop"),
        ("clusterroles/system:admin", "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aadmin"),
    ],
)
def test_paths(key: str, path: str) -> None:
    """Every key leads to the path that any client would use, names escaped."""
    place = find_place(REGISTRY, key, of_object=True)
    assert path_of(place) == path
    assert path_of(place, whole=True) == path.rpartition("/")[0]
