"""The kinds of coordination/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__coordination.k8s.io__v1.json
"""

from __future__ import annotations

from msgspec import Struct

from listwatch.api.micro_time import MicroTime
from listwatch.apimachinery.object import Object, section

__all__ = [
    "Lease",
    "LeaseSpec",
]


class LeaseSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    acquire_time: MicroTime | None = None
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    lease_transitions: int | None = None
    preferred_holder: str | None = None
    renew_time: MicroTime | None = None
    strategy: str | None = None


class Lease(Object, group="coordination.k8s.io", version="v1", plural="leases"):
    """Served at `/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases`."""

    spec: LeaseSpec = section(factory=LeaseSpec)
