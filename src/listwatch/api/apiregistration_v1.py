"""The kinds of apiregistration/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__apiregistration.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from listwatch.apimachinery.object import Object, section

__all__ = [
    "APIService",
    "APIServiceCondition",
    "APIServiceSpec",
    "APIServiceStatus",
    "ServiceReference",
]


class APIServiceCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class APIServiceSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    ca_bundle: bytes | None = None
    group: str | None = None
    group_priority_minimum: int = field(default_factory=int)
    insecure_skip_tls_verify: bool | None = field(default=None, name="insecureSkipTLSVerify")
    service: ServiceReference | None = None
    version: str | None = None
    version_priority: int = field(default_factory=int)


class APIServiceStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    conditions: list[APIServiceCondition] = field(default_factory=list)


class ServiceReference(Struct, kw_only=True, omit_defaults=True, gc=False):
    name: str | None = None
    namespace: str | None = None
    port: int | None = None


class APIService(
    Object, group="apiregistration.k8s.io", version="v1", plural="apiservices", namespaced=False
):
    """Served at `/apis/apiregistration.k8s.io/v1/apiservices`."""

    spec: APIServiceSpec = section(factory=APIServiceSpec)
    status: APIServiceStatus = section(factory=APIServiceStatus)
