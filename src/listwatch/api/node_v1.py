"""The kinds of node/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__node.k8s.io__v1.json
"""

from __future__ import annotations

from types import NoneType

from msgspec import Struct, field

from listwatch.api.core_v1 import Toleration
from listwatch.apimachinery.object import Object, section

__all__ = [
    "Overhead",
    "RuntimeClass",
    "Scheduling",
]


class Overhead(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    pod_fixed: dict[str, str] = field(default_factory=dict)


class Scheduling(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: list[Toleration] = field(default_factory=list)


class RuntimeClass(Object, group="node.k8s.io", version="v1", plural="runtimeclasses", namespaced=False):
    """Served at `/apis/node.k8s.io/v1/runtimeclasses`."""

    handler: str = section(factory=str)
    overhead: Overhead | None = section(factory=NoneType)
    scheduling: Scheduling | None = section(factory=NoneType)
