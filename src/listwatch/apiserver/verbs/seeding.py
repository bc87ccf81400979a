"""What every cluster has from its first moment on, beside the bootstrap policy.

In:    a `Writer` over a new cluster's storage
Out:   the first namespaces; the service `kubernetes`, by which programs inside of the cluster find the server
Rules: made as if somebody had asked for it, with UIDs, addresses and managed fields; nobody is asked whether it may be.
Source: kube-apiserver's controllers for system namespaces and for the kubernetes service
"""

from __future__ import annotations

from typing import Any, Final

from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.verbs.addresses import FIRST_ADDRESS
from listwatch.apiserver.verbs.namespaces import SEEDED
from listwatch.apiserver.verbs.writing import Writer

JSONObject = dict[str, Any]
_HOME: Final = "default"
_PORT: Final = 6443


def seed(writer: Writer, registry: ResourceRegistry) -> None:
    """Make it; once, since nothing of it may be there."""
    for name in SEEDED:
        _make(writer, registry, "", "namespaces", "", {"metadata": {"name": name}})
    _make(writer, registry, "", "services", _HOME, _service())
    # Where the server itself is to be found, as it would write for its own address.
    _make(writer, registry, "discovery.k8s.io", "endpointslices", _HOME, _slice())
    _make(writer, registry, "", "endpoints", _HOME, _endpoints())


def _make(
    writer: Writer, registry: ResourceRegistry, group: str, name: str, namespace: str, body: JSONObject
) -> None:
    resource = registry.preferred(group, name)
    writer.create_object(resource, namespace, writer.decoded(resource, body)[0])


def _service() -> JSONObject:
    return {
        "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "clusterIP": FIRST_ADDRESS,
            "clusterIPs": [FIRST_ADDRESS],
            "type": "ClusterIP",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": _PORT}],
        },
    }


def _slice() -> JSONObject:
    return {
        "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
        "ports": _ports(),
    }


def _endpoints() -> JSONObject:
    return {
        "metadata": {
            "name": "kubernetes",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [{"addresses": [{"ip": "127.0.0.1"}], "ports": _ports()}],
    }


def _ports() -> list[JSONObject]:
    return [{"name": "https", "port": _PORT, "protocol": "TCP"}]
