"""The kinds of scheduling/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__scheduling.k8s.io__v1.json
"""

from __future__ import annotations

from types import NoneType

from listwatch.apimachinery.object import Object, section

__all__ = [
    "PriorityClass",
]


class PriorityClass(
    Object, group="scheduling.k8s.io", version="v1", plural="priorityclasses", namespaced=False
):
    """Served at `/apis/scheduling.k8s.io/v1/priorityclasses`."""

    description: str | None = section(factory=NoneType)
    global_default: bool | None = section(factory=NoneType)
    preemption_policy: str | None = section(factory=NoneType)
    value: int = section(factory=int)
