"""The kinds of discovery/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__discovery.k8s.io__v1.json
"""

from __future__ import annotations

from msgspec import Struct, field

from listwatch.api.core_v1 import ObjectReference
from listwatch.apimachinery.object import Object, section

__all__ = [
    "Endpoint",
    "EndpointConditions",
    "EndpointHints",
    "EndpointPort",
    "EndpointSlice",
    "ForNode",
    "ForZone",
]


class EndpointConditions(Struct, kw_only=True, omit_defaults=True, gc=False):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    addresses: list[str] = field(default_factory=list)
    conditions: EndpointConditions = field(default_factory=EndpointConditions)
    deprecated_topology: dict[str, str] = field(default_factory=dict)
    hints: EndpointHints | None = None
    hostname: str | None = None
    node_name: str | None = None
    target_ref: ObjectReference | None = None
    zone: str | None = None


class EndpointHints(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    for_nodes: list[ForNode] = field(default_factory=list)
    for_zones: list[ForZone] = field(default_factory=list)


class EndpointPort(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    app_protocol: str | None = None
    name: str | None = None
    port: int | None = None
    protocol: str | None = None


class ForNode(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)


class ForZone(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str = field(default_factory=str)


class EndpointSlice(Object, group="discovery.k8s.io", version="v1", plural="endpointslices"):
    """Served at `/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices`."""

    address_type: str = section(factory=str)
    endpoints: list[Endpoint] = section(factory=list)
    ports: list[EndpointPort] = section(factory=list)
